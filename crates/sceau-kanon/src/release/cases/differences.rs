//! Measures of one cell that can be subtracted from each other.

use super::world::*;

/// Fifteen people of whom two are women; in another group both sexes are many.
async fn by_sex() -> World {
    let mut sex = vec![2; 2];
    sex.extend(vec![1; 13]);
    sex.extend(vec![2; 20]);
    sex.extend(vec![1; 20]);
    let mut dep = of("A", 15);
    dep.extend(of("B", 40));
    let age: Vec<i64> = (0..55).map(|row| 20 + row % 40).collect();
    world()
        .table(
            "t",
            vec![
                ("pid", texts(people(0, 55, 1))),
                ("dep", texts(dep)),
                ("sex", ints(sex)),
                ("age", ints(age)),
                ("cost", floats((0..55).map(f64::from))),
            ],
        )
        .await
}

#[tokio::test]
async fn case_19_a_filtered_numerator_and_its_complement() {
    let session = by_sex().await.session().await;
    for measure in [
        "count(*) FILTER (WHERE sex = 2)",
        "count(*) FILTER (WHERE sex = 1)",
        "sum(CASE WHEN sex = 2 THEN 1 ELSE 0 END)",
        "sum(CASE WHEN sex = 1 THEN 1 ELSE 2 END)",
        "count(CASE WHEN sex = 2 THEN 1 END)",
        "count(nullif(sex, 1))",
        "avg(CAST(sex = 2 AS INT))",
        "sum(CASE sex WHEN 2 THEN cost END)",
        "count(*) FILTER (WHERE (sex = 1) IS NOT TRUE)",
    ] {
        let sql = format!("SELECT dep, count(*), {measure} FROM t GROUP BY dep");
        let released = release(&session, &sql).await;
        let rows = rows_of(&released);
        assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
        assert!(rows[0].starts_with("B 40"), "{sql}: {rows:?}");
        let by_rule: Vec<_> = released
            .report()
            .rules
            .iter()
            .map(|rule| (rule.rule, rule.withheld))
            .collect();
        assert!(by_rule.contains(&("measures", 1)), "{by_rule:?}");
    }
}

#[tokio::test]
async fn two_filters_that_one_person_lies_between() {
    let session = by_sex().await.session().await;
    let sql = "SELECT count(*) FILTER (WHERE age < 39) AS a, count(*) FILTER (WHERE age < 40) AS b FROM t";
    assert!(rows(&session, sql).await.is_empty());
    let sql = "SELECT count(*) FILTER (WHERE age < 35) AS a, count(*) FILTER (WHERE age < 48) AS b FROM t";
    assert_eq!(rows(&session, sql).await, ["30 43"]);
}

#[tokio::test]
async fn a_flag_made_in_a_subquery_counts_like_a_filter() {
    let session = by_sex().await.session().await;
    for inner in [
        "SELECT dep, CASE WHEN sex = 2 THEN 1 ELSE 0 END AS f FROM t",
        "SELECT pid, dep, max(CASE WHEN sex = 2 THEN 1 ELSE 0 END) AS f FROM t GROUP BY pid, dep",
    ] {
        let sql = format!("SELECT dep, sum(f) FROM ({inner}) GROUP BY dep");
        assert_eq!(rows(&session, &sql).await, ["B 20"], "{sql}");
    }
}

#[tokio::test]
async fn a_condition_below_is_a_line_through_the_cell_above() {
    let session = by_sex().await.session().await;
    for inner in [
        "SELECT dep, CASE WHEN sex = 2 THEN cost ELSE 1 END AS x FROM t",
        "SELECT dep, y + 1 AS x FROM (SELECT dep, CASE WHEN sex = 2 THEN cost ELSE 1 END AS y FROM t) i",
        "SELECT pid, dep, sum(CASE WHEN sex = 2 THEN cost ELSE 1 END) AS x FROM t GROUP BY pid, dep",
        "SELECT pid, dep, sum(cost) FILTER (WHERE sex = 2) + 1 AS x FROM t GROUP BY pid, dep",
        "SELECT dep, CASE WHEN n = 2 THEN 7 ELSE 1 END AS x FROM (SELECT pid, dep, max(sex) AS n FROM t GROUP BY pid, dep)",
    ] {
        for measure in ["sum(x)", "avg(x)"] {
            let sql = format!("SELECT dep, {measure} FROM ({inner}) o GROUP BY dep");
            let rows = rows(&session, &sql).await;
            assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
            assert!(rows[0].starts_with('B'), "{sql}: {rows:?}");
        }
    }
}

#[tokio::test]
async fn a_sum_rests_on_those_who_add_to_it() {
    let costs = (0..30).map(|row| if row < 3 { 100.0 } else { 0.0 });
    let session = world()
        .table(
            "t",
            vec![("pid", texts(people(0, 30, 1))), ("cost", floats(costs))],
        )
        .await
        .session()
        .await;
    assert!(rows(&session, "SELECT sum(cost) FROM t").await.is_empty());
    assert!(
        rows(&session, "SELECT sum(cost + 1) FROM t")
            .await
            .is_empty()
    );
    assert!(
        rows(
            &session,
            "SELECT sum(CAST(2 AS DOUBLE) - (1 + cost)) FROM t"
        )
        .await
        .is_empty()
    );
    assert_eq!(rows(&session, "SELECT count(*) FROM t").await, ["30"]);
}

#[tokio::test]
async fn missing_values_are_a_difference_of_counts() {
    let age = (0..30).map(|row| (row >= 3).then(|| row.to_string()));
    let session = world()
        .table(
            "t",
            vec![("pid", texts(people(0, 30, 1))), ("age", texts(age))],
        )
        .await
        .session()
        .await;
    assert!(
        rows(&session, "SELECT count(age), count(*) FROM t")
            .await
            .is_empty()
    );
    assert_eq!(
        rows(&session, "SELECT count(DISTINCT pid), count(*) FROM t").await,
        ["30 30"]
    );
}

#[tokio::test]
async fn a_second_table_of_cells_is_refused() {
    let session = by_sex().await.session().await;
    for sql in [
        "SELECT dep, count(*) FROM t GROUP BY dep UNION ALL SELECT 'all', count(*) FROM t WHERE age > 20",
        "SELECT a.dep, a.n, b.n FROM (SELECT dep, count(*) AS n FROM t GROUP BY dep) a \
         CROSS JOIN (SELECT count(*) AS n FROM t) b",
    ] {
        assert_eq!(refusal(&session, sql).await.code(), "margins", "{sql}");
    }
}
