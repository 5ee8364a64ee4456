//! Questions that an analyst writes to take one person's value out of a release, or a count that the permit has rounded.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use sceau::snds::Role;
use sceau::{ColumnConfig, Release, ReleaseError, Releaser, Session};

use crate::fixture::{Stored, session};

/// Fifteen people in A, thirty in B, one row each. One of A is 103 years old and costs 777; three of A are women, coded 2; two of A
/// have no drug. Beside them `code`, a table of nobody that has every age once.
async fn asked(rules: &str) -> Session {
    let all = 0..45_usize;
    let texts = |of: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
        Arc::new(all.clone().map(of).collect::<StringArray>())
    };
    let ints = |of: &dyn Fn(usize) -> i64| -> ArrayRef {
        Arc::new(all.clone().map(|at| Some(of(at))).collect::<Int64Array>())
    };
    let costs = all.clone().map(|at| match at {
        14 => 777.0,
        at if at % 2 == 0 => 5.0,
        at => 20.0 + at as f64,
    });
    let people = RecordBatch::try_from_iter_with_nullable([
        ("pid", texts(&|at| Some(format!("p{at}"))), true),
        (
            "dep",
            texts(&|at| Some(if at < 15 { "A" } else { "B" }.to_owned())),
            true,
        ),
        (
            "age",
            ints(&|at| if at == 14 { 103 } else { 30 + at as i64 % 15 }),
            true,
        ),
        ("sex", ints(&|at| if at < 3 { 2 } else { 1 }), true),
        (
            "cost",
            Arc::new(Float64Array::from_iter_values(costs)) as ArrayRef,
            true,
        ),
        ("drug", texts(&|at| (at > 1).then(|| "d".to_owned())), true),
    ])
    .expect("people");
    let codes = RecordBatch::try_from_iter([
        (
            "code",
            Arc::new(Int64Array::from_iter_values(0..120)) as ArrayRef,
        ),
        (
            "half",
            Arc::new(Int64Array::from_iter_values(
                (0..120).map(|code| code % 2 + 1),
            )) as ArrayRef,
        ),
    ])
    .expect("codes");
    let platform = Stored::new()
        .table(
            "t",
            |table| {
                table
                    .contributor(["pid"])
                    .column("pid", ColumnConfig::new(Role::Identifier).domain("patient"))
                    .column("dep", ColumnConfig::new(Role::QuasiIdentifier))
                    .column("age", ColumnConfig::new(Role::QuasiIdentifier))
                    .column("sex", ColumnConfig::new(Role::QuasiIdentifier))
                    .column("cost", ColumnConfig::new(Role::Plain))
                    .column("drug", ColumnConfig::new(Role::Plain))
            },
            &people,
        )
        .await
        .table(
            "ref",
            |table| {
                table
                    .column("code", ColumnConfig::new(Role::Plain))
                    .column("half", ColumnConfig::new(Role::Plain))
            },
            &codes,
        )
        .await
        .platform()
        .await;
    session(
        &platform,
        &format!("[release]\n{rules}\n[table.t]\ncolumns = \"*\"\n[table.ref]\ncolumns = \"*\"\n"),
    )
}

/// The cells that leave, in the order of their text.
async fn rows(session: &Session, sql: &str) -> Vec<String> {
    let release = Releaser::new(session)
        .sql(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut rows = texts_of(&release);
    rows.sort();
    rows
}

fn texts_of(release: &Release) -> Vec<String> {
    let options = FormatOptions::new().with_null("NULL");
    let mut rows = Vec::new();
    for batch in release.batches() {
        for row in 0..batch.num_rows() {
            let values = batch.columns().iter().map(|column| {
                let formatter = ArrayFormatter::try_new(column, &options).expect("format");
                formatter.value(row).to_string()
            });
            rows.push(values.collect::<Vec<_>>().join(" "));
        }
    }
    rows
}

async fn refusal(session: &Session, sql: &str) -> ReleaseError {
    match Releaser::new(session).sql(sql).await {
        Ok(release) => panic!("{sql} was released: {:?}", texts_of(&release)),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_table_of_nobody_gives_no_person_a_weight() {
    let session = asked("k = 11").await;
    let weighted = "CASE WHEN code = 103 THEN 1000 ELSE 1 END AS w FROM ref";
    for sql in [
        format!("SELECT sum(w) FROM t JOIN (SELECT code, {weighted}) r ON t.age = r.code"),
        format!("SELECT avg(w), stddev(w) FROM t JOIN (SELECT code, {weighted}) r ON t.age = r.code"),
        format!(
            "SELECT sum(w) FROM t JOIN (SELECT a.code, b.w FROM ref a JOIN \
             (SELECT code, sum(w) AS w FROM (SELECT code, {weighted}) i GROUP BY code) b ON a.code = b.code) r ON t.age = r.code"
        ),
        "SELECT sum(w) FROM t JOIN (SELECT a.code, v.w FROM ref a LEFT JOIN (VALUES (103, 1000), (30, 1)) v(code, w) \
         ON a.code = v.code) r ON t.age = r.code"
            .to_owned(),
        // As many rows for one person as the table of nobody has.
        "SELECT count(*), count(DISTINCT pid) FROM t JOIN (SELECT a.code FROM ref a CROSS JOIN ref b \
         WHERE a.code = 103 OR b.code = 1) r ON t.age = r.code"
            .to_owned(),
        "SELECT count(*), count(DISTINCT pid) FROM t LEFT JOIN (SELECT a.code FROM ref a CROSS JOIN ref b \
         WHERE a.code = 103) r ON t.age = r.code"
            .to_owned(),
        "SELECT count(*), count(DISTINCT pid) FROM t JOIN ref r ON t.sex = r.half WHERE age = 103 OR r.code IN (0, 1)".to_owned(),
        "SELECT count(*), count(DISTINCT pid) FROM t JOIN ref r ON t.sex = r.half WHERE r.code <= t.age AND r.code IN (0, 1, 102)"
            .to_owned(),
    ] {
        assert_eq!(refusal(&session, &sql).await.code(), "not_releasable", "{sql}");
    }
    for (sql, found) in [
        (
            "SELECT count(*) FROM t JOIN ref r ON t.age = r.code WHERE r.half = 1 AND t.dep = 'B'",
            &["16"][..],
        ),
        (
            "SELECT old, count(*) FROM t JOIN (SELECT code, CASE WHEN code < 40 THEN 'no' ELSE 'yes' END AS old FROM ref) r \
             ON t.age = r.code GROUP BY old",
            &["no 30", "yes 15"],
        ),
        (
            "SELECT sum(2 * half) FROM t JOIN ref r ON t.age = r.code WHERE t.dep = 'B'",
            &["88"],
        ),
    ] {
        assert_eq!(rows(&session, sql).await, found, "{sql}");
    }
}

#[tokio::test]
async fn what_an_inner_count_leaves_out_is_a_difference_too() {
    let session = asked("k = 11").await;
    for counted in [
        "count(drug)",
        "count(DISTINCT drug)",
        "count(TRY_CAST(replace(CAST(age AS VARCHAR), '103', 'x') AS INT))",
    ] {
        let sql = format!(
            "SELECT dep, count(*), sum(n) FROM (SELECT pid, dep, {counted} AS n FROM t GROUP BY pid, dep) i GROUP BY dep"
        );
        assert_eq!(rows(&session, &sql).await, ["B 30 30"], "{sql}");
    }
    let rows_a_person = "SELECT dep, sum(n) FROM (SELECT pid, dep, count(*) AS n FROM t GROUP BY pid, dep) i GROUP BY dep";
    assert_eq!(rows(&session, rows_a_person).await, ["A 15", "B 30"]);
}

#[tokio::test]
async fn a_count_by_another_name_is_rounded_as_well() {
    let session = asked("k = 11\nrounding = 10").await;
    for measure in [
        "count(*)",
        "count(age)",
        "regr_count(age, sex)",
        "sum(1)",
        "sum(1.0)",
        "sum(CASE WHEN dep IN ('A', 'B') THEN 1.0 ELSE 0.0 END)",
        "CAST(sum(CAST(dep IN ('A', 'B') AS INT)) AS DOUBLE)",
    ] {
        let sql = format!("SELECT CAST({measure} AS DOUBLE) FROM t");
        assert_eq!(rows(&session, &sql).await, ["50.0"], "{sql}");
        if measure.starts_with("regr") {
            // Of totals, fewer conditions are looked at than two columns that may be missing make.
            continue;
        }
        let sql = format!("SELECT dep, CAST({measure} AS DOUBLE) FROM t GROUP BY ROLLUP (dep)");
        assert_eq!(
            rows(&session, &sql).await,
            ["A 20.0", "B 30.0", "NULL 50.0"],
            "{sql}"
        );
    }
    let inner = "SELECT sum(n) FROM (SELECT pid, count(*) AS n FROM t GROUP BY pid) i";
    assert_eq!(rows(&session, inner).await, ["50"]);
    for measure in [
        "sum(100)",
        "sum(0.001)",
        "sum(CASE WHEN dep = 'A' THEN 100 ELSE 0 END)",
        "sum(1 + 1)",
    ] {
        let sql = format!("SELECT {measure} FROM t");
        assert_eq!(
            refusal(&session, &sql).await.code(),
            "not_releasable",
            "{sql}"
        );
    }
    assert_eq!(
        rows(&session, "SELECT sum(cost) FROM t WHERE dep = 'B'").await,
        rows(
            &asked("k = 11").await,
            "SELECT sum(cost) FROM t WHERE dep = 'B'"
        )
        .await
    );
}

#[tokio::test]
async fn a_total_of_rounded_cells_is_not_rounded_again() {
    let session = asked("k = 8\nrounding = \"midpoint-6\"").await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY ROLLUP (dep)";
    assert_eq!(rows(&session, sql).await, ["A 15", "B 27", "NULL 42"]);
}

#[tokio::test]
async fn who_stands_apart_from_a_value_that_the_question_gave_to_the_others_is_counted() {
    let session = asked("k = 11").await;
    let of_one = "cost = 5 OR age = 103";
    for sql in [
        format!("SELECT count(*), sum(cost) FROM t WHERE {of_one}"),
        format!("SELECT avg(cost) FROM t WHERE {of_one}"),
        format!("SELECT stddev(cost) FROM t WHERE {of_one}"),
        format!("SELECT sum(cost) FILTER (WHERE {of_one}) FROM t"),
        format!("SELECT sum(CASE WHEN {of_one} THEN cost ELSE 0 END) FROM t"),
        format!("SELECT sum(cost) FROM (SELECT *, {of_one} AS o FROM t) i WHERE o"),
        format!("SELECT o, sum(cost) FROM (SELECT *, {of_one} AS o FROM t) i GROUP BY o HAVING o"),
        format!("SELECT sum(cost) FROM (SELECT * FROM t ORDER BY CASE WHEN {of_one} THEN 0 ELSE 1 END LIMIT 23) i"),
        "SELECT sum(cost) FROM t WHERE (cost - 5) * (age - 103) = 0".to_owned(),
        "SELECT sum(cost) FROM t WHERE NOT (cost <> 5 AND age <> 103)".to_owned(),
        "SELECT sum(cost) FROM t WHERE cost IN (5, 777)".to_owned(),
        "SELECT sum(cost) FROM t WHERE pid IN (SELECT pid FROM t WHERE cost = 5) OR age = 103".to_owned(),
        "SELECT sum(cost) FROM t WHERE pid IN (SELECT pid FROM t WHERE cost = 5 UNION ALL SELECT pid FROM t WHERE age = 103)".to_owned(),
        "SELECT sum(cost) FROM t WHERE pid NOT IN (SELECT pid FROM t WHERE cost <> 5 AND age <> 103)".to_owned(),
        "SELECT sum(c) FROM (SELECT pid, max(cost) AS c, max(age) AS a FROM t GROUP BY pid HAVING max(cost) = 5 OR max(age) = 103) i".to_owned(),
        "SELECT CASE WHEN age = 103 THEN 'x' WHEN cost = 5 THEN 'x' ELSE 'y' END AS g, sum(cost) FROM t GROUP BY 1 HAVING CASE WHEN age = 103 THEN 'x' WHEN cost = 5 THEN 'x' ELSE 'y' END = 'x'".to_owned(),
        "SELECT count(DISTINCT dep) FROM t WHERE dep = 'B' OR age = 103".to_owned(),
        // How many there are of each is told by the sum of a code that has two values.
        "SELECT sum(sex), count(*) FROM t WHERE dep = 'A'".to_owned(),
        "SELECT avg(sex) FROM t".to_owned(),
    ] {
        let released = Releaser::new(&session).sql(&sql).await;
        let left = released.map(|release| texts_of(&release));
        assert!(left.as_ref().is_err() || left.as_ref().is_ok_and(Vec::is_empty), "{sql}: {left:?}");
    }
    for (sql, found) in [
        ("SELECT sum(cost) FROM t WHERE cost = 5", "110.0"),
        ("SELECT round(avg(age)) FROM t", "38.0"),
        (
            "SELECT sum(cost) FROM t WHERE dep = 'B' OR age < 40",
            "960.0",
        ),
        (
            "SELECT round(sum(cost)) FROM t WHERE cost >= 5 AND cost < 700",
            "1034.0",
        ),
        (
            "SELECT count(DISTINCT dep) FROM t WHERE age < 40 OR sex = 1",
            "2",
        ),
    ] {
        assert_eq!(rows(&session, sql).await, [found], "{sql}");
    }
}

#[tokio::test]
async fn what_is_added_to_everybody_s_amount_makes_nobody_s_share_smaller() {
    let session = asked("k = 11\ndominance = { top = 1, percent = 50 }").await;
    for measure in [
        "sum(cost)",
        "sum(cost + 100000)",
        "avg(2 * (cost + 1000) - 3)",
        "sum(coalesce(cost, 0) + 1000)",
        "sum(CASE WHEN age >= 0 THEN cost + 1000 END)",
        "sum(CASE WHEN age >= 0 THEN cost ELSE 1000 END)",
        "sum(cost + 50 * age)",
        "sum(50 * age - cost)",
        "regr_avgx(age, cost)",
        "regr_avgy(cost, age)",
        "regr_avgx(100 + age, cost + 1000)",
    ] {
        let sql = format!("SELECT dep, {measure} FROM t GROUP BY dep HAVING dep = 'A'");
        assert!(rows(&session, &sql).await.is_empty(), "{sql}");
    }
    for measure in [
        "sum(cost + 1000)",
        "sum(age + 1)",
        "regr_avgx(cost, age)",
        "count(*)",
        "sum(CASE WHEN dep = 'B' THEN cost END)",
    ] {
        let sql = format!("SELECT dep, {measure} FROM t GROUP BY dep HAVING dep = 'B'");
        assert_eq!(rows(&session, &sql).await.len(), 1, "{sql}");
    }
}

#[tokio::test]
async fn no_number_is_so_large_that_it_cuts_a_line_between_values() {
    let session = asked("k = 11").await;
    for measure in [
        "avg(age + 9223372036854775705)",
        "sum(CAST(age * 89600000000000000 AS DOUBLE))",
        "sum(CAST(age * 300000 * 300000 * 300000 AS DOUBLE))",
        "sum(CAST(CAST(age AS BIGINT) * CAST(-9223372036854775808 AS BIGINT) AS DOUBLE))",
        "sum(cost + ((cost + 1e18) - 1e18))",
        "sum(cost * 1e-12 + 1000000)",
        "avg(cost * 2.4e305)",
        "sum(CASE WHEN dep = 'A' THEN 1e18 ELSE 0 END + cost)",
        "max(age * 89600000000000000)",
    ] {
        let sql = format!("SELECT dep, {measure} FROM t GROUP BY dep");
        assert_eq!(
            refusal(&session, &sql).await.code(),
            "not_releasable",
            "{sql}"
        );
    }
    // Nor is one made step by step.
    for inner in [
        "SELECT dep, pid, cost * 100000 AS x FROM t",
        "SELECT dep, pid, sum(cost * 100000) AS x FROM t GROUP BY dep, pid",
        "SELECT dep, pid, x FROM (SELECT dep, pid, cost * 100000 AS x FROM t) j",
    ] {
        let sql = format!("SELECT dep, sum(x * 100000) FROM ({inner}) i GROUP BY dep");
        assert_eq!(
            refusal(&session, &sql).await.code(),
            "not_releasable",
            "{sql}"
        );
    }
    for (measure, found) in [
        ("round(sum(cost * 100))", "81000.0"),
        ("round(sum(cost / 1000), 2)", "0.81"),
        ("sum(2 * age + 10)", "2520"),
        ("round(sum(nullif(cost, 99999999)))", "810.0"),
    ] {
        let sql = format!("SELECT {measure} FROM t WHERE dep = 'B'");
        assert_eq!(rows(&session, &sql).await, [found], "{sql}");
    }
}

#[tokio::test]
async fn an_amount_is_taken_apart_wherever_it_was_put_together() {
    let rules = "k = 11\ndominance = { top = 1, percent = 50 }";
    let session = asked(rules).await;
    for below in [
        "SELECT dep, cost + 100000 AS x FROM t",
        "SELECT dep, cost + 50 * age AS x FROM t",
        "SELECT dep, 2 * y - 3 AS x FROM (SELECT dep, cost + 50 * age AS y FROM t) j",
        "SELECT pid, dep, sum(cost + 1000) AS x FROM t GROUP BY pid, dep",
        "SELECT pid, dep, sum(y) AS x FROM (SELECT *, cost + 50 * age AS y FROM t) j GROUP BY pid, dep",
        "SELECT pid, dep, avg(y) AS x FROM (SELECT *, cost + 50 * age AS y FROM t) j GROUP BY pid, dep",
        "SELECT pid, dep, max(cost + 50 * age) AS x FROM t GROUP BY pid, dep",
        "SELECT DISTINCT pid, dep, cost + 50 * age AS x FROM t",
    ] {
        let sql = format!("SELECT sum(x) FROM ({below}) i WHERE dep = 'A'");
        let released = Releaser::new(&session).sql(&sql).await;
        let left = released.map(|release| texts_of(&release));
        assert!(
            left.as_ref().is_err() || left.as_ref().is_ok_and(Vec::is_empty),
            "{sql}: {left:?}"
        );
    }
    for (below, found) in [
        ("SELECT dep, cost + 10 AS x FROM t", "1110.0"),
        ("SELECT dep, cost + age AS x FROM t", "1920.0"),
        (
            "SELECT pid, dep, sum(cost + age) AS x FROM t GROUP BY pid, dep",
            "1920.0",
        ),
    ] {
        let sql = format!("SELECT sum(x) FROM ({below}) i WHERE dep = 'B'");
        assert_eq!(rows(&session, &sql).await, [found], "{sql}");
    }
    // Two people alone are not coded 1, whatever is added to their codes.
    let session = asked("k = 11").await;
    for sql in [
        "SELECT sum(x), sum(age) FROM (SELECT *, CASE WHEN drug IS NULL THEN cost ELSE 0 END + age AS x FROM t) i",
        "SELECT sum(cost + age), sum(age) FROM t WHERE cost = 5 OR age = 103",
        "SELECT sum(x), sum(age) FROM (SELECT *, cost + age AS x FROM t) i WHERE cost = 5 OR age = 103",
    ] {
        assert!(rows(&session, sql).await.is_empty(), "{sql}");
    }
}

/// Twenty patients of each of two doctors; one of the first doctor's is 103 years old.
#[tokio::test]
async fn patients_of_one_doctor_are_not_one_person() {
    let texts = |of: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new((0..40).map(|at| Some(of(at))).collect::<StringArray>())
    };
    let ages = (0..40).map(|at| if at == 0 { 103 } else { 30 + at });
    let people = RecordBatch::try_from_iter([
        ("pid", texts(&|at| format!("p{at}"))),
        ("doctor", texts(&|at| format!("d{}", at / 20))),
        (
            "age",
            Arc::new(Int64Array::from_iter_values(ages)) as ArrayRef,
        ),
    ])
    .expect("people");
    let platform = Stored::new()
        .table(
            "t",
            |table| {
                let of = |domain| ColumnConfig::new(Role::Identifier).domain(domain);
                table
                    .contributor(["pid"])
                    .column("pid", of("patient"))
                    .column("doctor", of("professional"))
                    .column("age", ColumnConfig::new(Role::Plain))
            },
            &people,
        )
        .await
        .platform()
        .await;
    let session = session(&platform, "[release]\nk = 11\n[table.t]\ncolumns = \"*\"\n");
    let joined = "SELECT count(DISTINCT a.pid) FROM t a JOIN t b ON";
    let by_doctor = format!("{joined} a.doctor = b.doctor WHERE b.age = 103 OR b.age >= 50");
    assert_eq!(refusal(&session, &by_doctor).await.code(), "not_releasable");
    let by_person = format!("{joined} a.pid = b.pid AND a.doctor = b.doctor");
    assert_eq!(rows(&session, &by_person).await, ["40"]);
}
