//! Functions that show the value of one person.

use super::world::*;
use crate::ReleaseError;

/// So many people of each age, whose amounts are their ages.
async fn ages(ages: &[i64]) -> World {
    world()
        .table(
            "t",
            vec![
                ("pid", texts(people(0, ages.len(), 1))),
                ("age", ints(ages.iter().copied())),
                ("cost", floats(ages.iter().map(|age| *age as f64))),
                (
                    "name",
                    texts(ages.iter().map(|age| Some(format!("n{age:03}")))),
                ),
            ],
        )
        .await
}

#[tokio::test]
async fn case_11_an_extreme_is_shared_by_k_people() {
    let mut alone: Vec<i64> = (31..45).collect();
    alone.push(103);
    let session = ages(&alone).await.session().await;
    for measure in [
        "max(age)",
        "min(age)",
        "max(cost)",
        "min(name)",
        "max(age + 1)",
    ] {
        let sql = format!("SELECT {measure} FROM t");
        let released = release(&session, &sql).await;
        assert!(rows_of(&released).is_empty(), "{sql}");
        let rules = &released.report().rules;
        assert!(
            rules
                .iter()
                .any(|rule| rule.rule == "extremes" && rule.withheld == 1),
            "{rules:?}"
        );
    }
    let mut top_coded: Vec<i64> = (31..45).collect();
    top_coded.extend([110; 12]);
    for partitions in [1, 3] {
        let session = ages(&top_coded)
            .await
            .partitions(partitions)
            .session()
            .await;
        let sql = "SELECT max(age), max(cost), max(name), max(2 * age) FROM t";
        assert_eq!(rows(&session, sql).await, ["110 110.0 n110 220"]);
        assert!(
            rows(&session, "SELECT max(age), min(age) FROM t")
                .await
                .is_empty()
        );
        let filtered = "SELECT max(age) FILTER (WHERE age < 110) FROM t";
        assert!(rows(&session, filtered).await.is_empty());
        let sorted =
            "SELECT name, max(age) FROM t GROUP BY name HAVING max(age) > 0 ORDER BY max(age)";
        assert_eq!(rows(&session, sorted).await, ["n110 110"]);
    }
    // Twelve rows of one person are one person.
    let session = groups(&[("A", 1, 12), ("B", 20, 1)]).await.session().await;
    assert!(
        rows(&session, "SELECT max(dep), min(dep) FROM t")
            .await
            .is_empty()
    );
    assert_eq!(rows(&session, "SELECT max(dep) FROM t").await, ["B"]);
}

#[tokio::test]
async fn a_percentile_has_k_people_on_each_side() {
    let of = |count: i64| (0..count).collect::<Vec<_>>();
    let session = ages(&of(23)).await.session().await;
    for (measure, value) in [
        ("median(age)", "11.0"),
        ("median(cost)", "11.0"),
        ("percentile_cont(cost, 0.5)", "11.0"),
        ("percentile_cont(0.5) WITHIN GROUP (ORDER BY cost)", "11.0"),
    ] {
        let sql = format!("SELECT {measure} FROM t");
        assert_eq!(rows(&session, &sql).await, [value], "{sql}");
    }
    for measure in [
        "percentile_cont(cost, 0.45)",
        "percentile_cont(0.4) WITHIN GROUP (ORDER BY cost DESC)",
        "percentile_cont(cost, 0)",
        "percentile_cont(cost, 1)",
        "median(cost) FILTER (WHERE age > 0)",
    ] {
        let sql = format!("SELECT {measure} FROM t");
        assert!(rows(&session, &sql).await.is_empty(), "{sql}");
    }
    let session = ages(&of(22)).await.session().await;
    assert!(rows(&session, "SELECT median(age) FROM t").await.is_empty());
    // Between two percentiles of the same values as many again.
    let session = ages(&of(101)).await.session().await;
    let sql =
        "SELECT percentile_cont(cost, 0.25), median(cost), percentile_cont(cost, 0.75) FROM t";
    assert_eq!(rows(&session, sql).await, ["25.0 50.0 75.0"]);
    let near = "SELECT percentile_cont(cost, 0.5), percentile_cont(cost, 0.6) FROM t";
    assert!(rows(&session, near).await.is_empty());
    let unwritten = "SELECT percentile_cont(cost, age) FROM t GROUP BY age";
    assert!(crate::Releaser::new(&session).sql(unwritten).await.is_err());
}

#[tokio::test]
async fn case_13_single_values_are_refused_wherever_they_stand() {
    let session = groups(&[("A", 30, 2)]).await.session().await;
    for function in [
        "first_value(cost)",
        "last_value(cost)",
        "nth_value(cost, 2)",
        "any_value(cost)",
        "array_agg(cost)",
        "string_agg(dep, ',')",
        "bit_xor(1)",
        "bit_and(1)",
        "bool_or(cost > 35)",
        "bool_and(cost > 35)",
    ] {
        for sql in [
            format!("SELECT dep, {function} FROM t GROUP BY dep"),
            format!("SELECT dep FROM t GROUP BY dep HAVING {function} IS NOT NULL"),
            format!("SELECT dep FROM t GROUP BY dep ORDER BY {function}"),
        ] {
            assert!(
                matches!(
                    refusal(&session, &sql).await,
                    ReleaseError::ShowsOnePerson { .. }
                ),
                "{sql}"
            );
        }
    }
}

#[tokio::test]
async fn estimates_are_refused_with_what_to_ask_instead() {
    let session = groups(&[("A", 30, 2)]).await.session().await;
    for (function, instead) in [
        ("approx_median(cost)", "median"),
        ("approx_percentile_cont(cost, 0.5)", "percentile_cont"),
        ("approx_distinct(cost)", "count(DISTINCT column)"),
    ] {
        for sql in [
            format!("SELECT dep, {function} FROM t GROUP BY dep"),
            format!("SELECT dep FROM t GROUP BY dep HAVING {function} IS NOT NULL"),
        ] {
            let refused = refusal(&session, &sql).await;
            assert_eq!(refused.code(), "not_releasable", "{sql}");
            assert!(refused.to_string().contains(instead), "{refused}");
        }
    }
}

#[tokio::test]
async fn distinct_pairs_are_refused_with_what_to_ask_instead() {
    let session = groups(&[("A", 30, 2), ("B", 20, 1)]).await.session().await;
    let refused = refusal(&session, "SELECT count(DISTINCT dep, cost) FROM t").await;
    assert_eq!(refused.code(), "not_releasable");
    assert!(refused.to_string().contains("group by them"), "{refused}");
    let instead = "SELECT count(*) FROM (SELECT dep, lower(dep) AS l FROM t GROUP BY 1, 2)";
    assert_eq!(rows(&session, instead).await, ["2"]);
}

#[tokio::test]
async fn a_person_s_own_extreme_may_be_taken_below_an_aggregate() {
    let session = groups(&[("A", 30, 2)]).await.session().await;
    let own =
        "SELECT count(*), round(avg(m)) FROM (SELECT pid, max(cost) AS m FROM t GROUP BY pid)";
    assert_eq!(rows(&session, own).await, ["30 40.0"]);
    // A département's is one person's, and withheld as such.
    let others = "SELECT avg(m) FROM (SELECT dep, max(cost) AS m FROM t GROUP BY dep)";
    assert_eq!(rows(&session, others).await, ["NULL"]);
}

#[tokio::test]
async fn where_no_row_was_matched_nobody_s_identifier_is_many_people_s() {
    let session = groups(&[("A", 30, 2)])
        .await
        .table("rx", vec![("pid", texts(people(0, 12, 1)))])
        .await
        .session()
        .await;
    let joined = "FROM t LEFT JOIN rx ON t.pid = rx.pid GROUP BY";
    let own = format!(
        "SELECT count(*), round(avg(m)) FROM (SELECT t.pid, max(cost) AS m {joined} t.pid)"
    );
    assert_eq!(rows(&session, &own).await, ["30 40.0"]);
    let others = format!(
        "SELECT m, count(*) FROM (SELECT rx.pid, max(cost) AS m {joined} rx.pid) GROUP BY m"
    );
    assert!(rows(&session, &others).await.is_empty());
}

#[tokio::test]
async fn a_window_stays_within_one_person() {
    let session = groups(&[("A", 30, 3)]).await.session().await;
    let own = "SELECT nth, count(*) FROM (SELECT row_number() OVER (PARTITION BY pid ORDER BY cost) AS nth FROM t) \
               GROUP BY nth";
    assert_eq!(rows(&session, own).await, ["1 30", "2 30", "3 30"]);
    for others in [
        "SELECT sum(x) FROM (SELECT lag(cost) OVER (ORDER BY cost) AS x FROM t)",
        "SELECT sum(x) FROM (SELECT first_value(cost) OVER (PARTITION BY dep ORDER BY cost) AS x FROM t)",
    ] {
        assert_eq!(refusal(&session, others).await.code(), "window", "{others}");
    }
}

#[tokio::test]
async fn case_53_why_a_value_failed_is_not_told() {
    let mut pid = people(0, 40, 1);
    pid.push(Some("target".to_owned()));
    let mut note: Vec<Option<String>> = of("12", 40);
    note.push(Some("secret".to_owned()));
    let session = world()
        .table("t", vec![("pid", texts(pid)), ("note", texts(note))])
        .await
        .session()
        .await;
    // Nothing fails: what does not fit is NULL, and a group of one is withheld.
    let sql = "SELECT count(*) FROM t WHERE CAST(note AS INT) = 12";
    assert_eq!(rows(&session, sql).await, ["40"]);
    let sql = "SELECT CAST(note AS INT), count(*) FROM t GROUP BY 1";
    assert_eq!(rows(&session, sql).await, ["12 40"]);
    let sql = "SELECT count(*) FROM t WHERE 1 / (CASE WHEN note = 'secret' THEN 0 ELSE 1 END) = 1";
    assert_eq!(rows(&session, sql).await, ["40"]);
    for sql in [
        "SELECT sum(CAST(note AS INT)) FROM t",
        "SELECT count(*) FROM t WHERE factorial(CASE WHEN note = 'secret' THEN -1 ELSE 1 END) = 1",
        "SELECT count(*) FROM t WHERE 'x' ~ note",
    ] {
        assert_eq!(
            refusal(&session, sql).await.code(),
            "not_releasable",
            "{sql}"
        );
    }
    // Above the gate nothing is hidden any more, and what does not fit is NULL there too.
    let above = "SELECT 1 / (n - n), abs(n - 50) FROM (SELECT count(*) AS n FROM t)";
    assert_eq!(rows(&session, above).await, ["NULL 9"]);
}
