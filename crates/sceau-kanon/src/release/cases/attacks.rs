//! Ways to one person's value that went round an earlier version of the rules.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};

use super::world::*;

/// Department A: 14 people of 31 to 44 and one of 103, who cost 777 and has a note of their own. B: 30 people.
async fn one_stands_out(rules: &str) -> sceau_core::Session {
    let ages = (31..45).chain([103]).chain((0..30).map(|n| 30 + n % 30));
    let ages: Vec<i64> = ages.collect();
    let is_the_one = |age: &i64| *age == 103;
    world()
        .table(
            "t",
            vec![
                ("pid", texts(people(0, 45, 1))),
                (
                    "dep",
                    texts((0..45).map(|at| Some(if at < 15 { "A" } else { "B" }.to_owned()))),
                ),
                ("age", ints(ages.iter().copied())),
                ("sex", ints((0..45).map(|at| at % 2))),
                (
                    "cost",
                    floats(
                        ages.iter()
                            .map(|age| if is_the_one(age) { 777.0 } else { 10.0 }),
                    ),
                ),
                (
                    "note",
                    texts(ages.iter().map(|age| {
                        Some(if is_the_one(age) { "secret-103" } else { "ok" }.to_owned())
                    })),
                ),
            ],
        )
        .await
        .rules(rules)
        .session()
        .await
}

/// Whether a question is refused, or what comes out holds none of the numbers that tell.
async fn tells_nothing(session: &sceau_core::Session, sql: &str, telling: &[&str]) {
    let released = match crate::Releaser::new(session).sql(sql).await {
        Err(_) => return,
        Ok(_) => rows(session, sql).await,
    };
    for row in &released {
        for value in row.split(' ') {
            assert!(!telling.contains(&value), "{sql}\n{released:?}");
        }
    }
}

#[tokio::test]
async fn aggregates_under_aggregates_are_cells_too() {
    let session = one_stands_out("k = 11").await;
    for sql in [
        "SELECT s, count(*) FROM (SELECT dep, sum(cost) FILTER (WHERE age=103) s FROM t GROUP BY dep) x GROUP BY s",
        "SELECT avg(s) FROM (SELECT sum(age) FILTER (WHERE age>100) s FROM t) x",
        "SELECT sum(n) FROM (SELECT dep, count(*) n FROM t GROUP BY dep HAVING sum(cost) FILTER (WHERE age=103) > 700) x",
        "SELECT b.s, count(*) FROM t a CROSS JOIN (SELECT sum(cost) FILTER (WHERE age=103) s FROM t) b GROUP BY b.s",
        "SELECT dep, sum(m/power(n,30)), count(*) FROM (SELECT dep, age>100 o, avg(age) m, count(*) n FROM t GROUP BY dep, age>100) x GROUP BY dep",
        "SELECT dep FROM t WHERE age IN (SELECT sum(age) FILTER (WHERE age>100) FROM t) GROUP BY dep",
    ] {
        tells_nothing(&session, sql, &["777", "777.0", "103", "103.0", "15"]).await;
    }
}

#[tokio::test]
async fn failing_or_not_failing_tells_nothing() {
    let session = one_stands_out("k = 11").await;
    for (with, without) in [
        (
            "1/(CASE WHEN age=103 THEN 0 ELSE 1 END) = 1",
            "1/(CASE WHEN age=102 THEN 0 ELSE 1 END) = 1",
        ),
        (
            "CAST(CASE WHEN age=103 THEN 'x' ELSE '1' END AS INT) > 0",
            "CAST(CASE WHEN age=102 THEN 'x' ELSE '1' END AS INT) > 0",
        ),
        (
            "substr('abc', 1, age - CASE WHEN age = 103 THEN 104 ELSE 0 END) = 'abc'",
            "substr('abc', 1, age - CASE WHEN age = 102 THEN 104 ELSE 0 END) = 'abc'",
        ),
        (
            "regexp_like('x', CASE WHEN age = 103 THEN '(' ELSE 'x' END)",
            "regexp_like('x', CASE WHEN age = 102 THEN '(' ELSE 'x' END)",
        ),
        (
            "note LIKE CASE WHEN age = 103 THEN '\\' ELSE 'x' END",
            "note LIKE CASE WHEN age = 102 THEN '\\' ELSE 'x' END",
        ),
        (
            "CAST(age AS DECIMAL(38,0)) * CAST(1e36 AS DECIMAL(38,0)) > 0",
            "CAST(age AS DECIMAL(38,0)) * CAST(1e35 AS DECIMAL(38,0)) > 0",
        ),
        (
            "ceil(CAST(CASE WHEN age = 103 THEN 9.9 ELSE 1.0 END AS DECIMAL(2,1))) > 0",
            "ceil(CAST(CASE WHEN age = 102 THEN 9.9 ELSE 1.0 END AS DECIMAL(2,1))) > 0",
        ),
        (
            "DATE '2000-01-01' + CASE WHEN age = 103 THEN INTERVAL '3000000 months' ELSE INTERVAL '1 month' END > DATE '2000-01-01'",
            "DATE '2000-01-01' + CASE WHEN age = 102 THEN INTERVAL '3000000 months' ELSE INTERVAL '1 month' END > DATE '2000-01-01'",
        ),
        (
            "make_date(2000, CASE WHEN age=103 THEN 13 ELSE 1 END, 1) IS NOT NULL",
            "make_date(2000, CASE WHEN age=102 THEN 13 ELSE 1 END, 1) IS NOT NULL",
        ),
    ] {
        let outcome = |condition: &str| {
            let sql = format!("SELECT count(*) FROM t WHERE {condition}");
            let session = session.clone();
            async move {
                crate::Releaser::new(&session)
                    .sql(&sql)
                    .await
                    .map(|_| ())
                    .map_err(|error| error.code())
            }
        };
        assert_eq!(outcome(with).await, outcome(without).await, "{with}");
    }
}

#[tokio::test]
async fn arithmetic_that_selects_is_refused() {
    let session = one_stands_out("k = 11").await;
    for measure in [
        "sum(5*(2 + age/103))",
        "avg(1.0 + age/103)",
        "sum(power(2, floor(age/103.0)))",
        "sum(least(age,102))",
        "sum(greatest(age,102)) - 102*count(*)",
        "power(sum(power(age*1.0,100)), 1.0/100)",
        "ln(sum(exp(age)))",
        "sum(character_length(note))",
        "sum(age % 103)",
        "sum(signum(age-102))",
        "corr(age, 1+age/103)",
        "sum(DISTINCT age)",
        "count(DISTINCT age/103)",
        "max(age % 103)",
        "min(abs(age - 103))",
        "max(least(age, 102))",
        "median(age / 103)",
        "sum(CAST(age/103.0 AS INT))",
    ] {
        let sql = format!("SELECT dep, count(*), {measure} FROM t GROUP BY dep");
        assert_eq!(
            refusal(&session, &sql).await.code(),
            "not_releasable",
            "{sql}"
        );
    }
    for measure in [
        "sum(cost)",
        "avg(cost * 2)",
        "sum(cost + age)",
        "stddev(cost)",
        "sum(cost / 100)",
        "sum(coalesce(cost, 0))",
    ] {
        let sql = format!("SELECT dep, {measure} FROM t GROUP BY dep");
        assert_eq!(rows(&session, &sql).await.len(), 2, "{sql}");
    }
}

#[tokio::test]
async fn rows_that_a_question_multiplies_are_not_counted() {
    let session = one_stands_out("k = 11").await;
    for sql in [
        "SELECT a.dep, sum(a.cost), sum(b.cost) FROM t a LEFT JOIN t b ON a.pid=b.pid AND b.age<>103 GROUP BY a.dep",
        "SELECT a.dep, count(*), count(b.pid) FROM t a LEFT JOIN t b ON a.pid=b.pid AND b.age<>103 GROUP BY a.dep",
        "SELECT a.dep, count(*), count(b.pid) FROM t a LEFT JOIN (SELECT * FROM t WHERE age<>103) b ON a.pid=b.pid GROUP BY a.dep",
        "SELECT a.dep, sum(a.cost), sum(b.cost) FROM t a LEFT JOIN (SELECT * FROM t WHERE age<>103) b ON a.pid=b.pid GROUP BY a.dep",
        "SELECT dep, sum(c1), sum(c2) FROM (SELECT pid, dep, cost c1, 0.0 c2 FROM t UNION ALL SELECT pid, dep, 0.0, cost FROM t WHERE age<>103) x GROUP BY dep",
        "SELECT dep, count(*), count(DISTINCT pid) FROM (SELECT pid,dep FROM t UNION ALL SELECT pid,dep FROM t WHERE age=103) x GROUP BY dep",
        "SELECT dep, count(*), count(DISTINCT pid) FROM t JOIN (VALUES (0),(1)) v(z) ON v.z=0 OR (v.z=1 AND age=103) GROUP BY dep",
        "SELECT count(*), count(a.pid) FROM t a FULL JOIN (SELECT pid FROM t WHERE age=103) b ON a.pid=b.pid AND a.age=0",
        "SELECT a.dep, count(*), count(DISTINCT a.pid) FROM t a JOIN t b ON a.pid=b.pid OR a.age=103 GROUP BY a.dep",
        "SELECT v.z, count(*) FROM t JOIN (VALUES (103),(104)) v(z) ON age < v.z GROUP BY v.z",
        "SELECT src, sum(cost) FROM (SELECT 1 src,cost,pid FROM t UNION ALL SELECT 2,cost,pid FROM t WHERE age<>103) x GROUP BY src",
        "SELECT sum(n) FROM (SELECT pid, count(*) n FROM (SELECT pid FROM t UNION ALL SELECT pid FROM t WHERE age<>103) x GROUP BY pid) y",
        "SELECT CASE WHEN z=0 THEN CASE WHEN age>100 THEN 'old' ELSE dep END ELSE 'all' END g, count(*), sum(cost) FROM t CROSS JOIN (VALUES (0),(1)) v(z) GROUP BY 1",
    ] {
        tells_nothing(
            &session,
            sql,
            &["14", "16", "44", "46", "59", "89", "231.0", "140.0"],
        )
        .await;
    }
}

#[tokio::test]
async fn every_piece_that_conditions_cut_is_of_nobody_or_enough() {
    let session = one_stands_out("k = 11").await;
    for sql in [
        "SELECT count(*), sum(CASE WHEN age>43 THEN CASE WHEN dep='A' THEN 1 ELSE 2 END ELSE 2 END) FROM t",
        "SELECT count(*) FILTER (WHERE dep='A'), count(*) FILTER (WHERE age>43), count(*) FILTER (WHERE dep='A' OR age>43) FROM t",
    ] {
        assert!(rows(&session, sql).await.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn how_many_values_are_missing_is_counted_beside_other_measures() {
    let mut costs: Vec<Option<i64>> = (0..14).map(Some).collect();
    costs.push(None);
    let costs: ArrayRef = Arc::new(Int64Array::from(costs));
    let session = world()
        .table("t", vec![("pid", texts(people(0, 15, 1))), ("cost", costs)])
        .await
        .rules("k = 11")
        .session()
        .await;
    assert!(
        rows(&session, "SELECT count(*), sum(cost), avg(cost) FROM t")
            .await
            .is_empty()
    );
    assert_eq!(rows(&session, "SELECT avg(cost) FROM t").await, ["6.5"]);
}

#[tokio::test]
async fn what_is_made_of_pairs_needs_enough_pairs() {
    let some = |there: &dyn Fn(usize) -> bool| -> ArrayRef {
        let values = (0..40).map(|at| there(at).then(|| (at * at % 17) as i64));
        Arc::new(values.collect::<Int64Array>())
    };
    let session = world()
        .table(
            "t",
            vec![
                ("pid", texts(people(0, 40, 1))),
                ("a", some(&|at| at < 22)),
                ("b", some(&|at| at >= 20)),
                ("c", some(&|at| at < 30)),
            ],
        )
        .await
        .session()
        .await;
    assert!(rows(&session, "SELECT corr(a, b) FROM t").await.is_empty());
    assert!(
        rows(&session, "SELECT regr_count(a, b) FROM t")
            .await
            .is_empty()
    );
    assert_eq!(
        rows(&session, "SELECT corr(a, c) > 0.9 FROM t").await,
        ["true"]
    );
}

#[tokio::test]
async fn masked_keys_are_single_stored_values_with_something_to_ask() {
    let session = one_stands_out("k = 11\nwithheld = \"mask\"").await;
    for sql in [
        "SELECT DISTINCT age, sex, dep FROM t",
        "SELECT DISTINCT age FROM t",
        "SELECT CAST(cost AS INT) c, age, count(*) FROM t WHERE age=103 GROUP BY 1,2",
        "SELECT dep || note, count(*) FROM t GROUP BY 1",
        "SELECT s, count(*) FROM (SELECT dep, sum(age) s FROM t WHERE age>100 GROUP BY dep) x GROUP BY s",
    ] {
        tells_nothing(&session, sql, &["103", "777", "Asecret-103"]).await;
    }
}
