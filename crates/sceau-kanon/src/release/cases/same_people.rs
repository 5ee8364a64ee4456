//! Differences between figures over the same people, by rows of few of them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array};

use super::world::*;

/// 30 people of A and 30 of B with three acts each, X, Y and Z. Person 0 of A is 103 years old; of the others 12 in A are 70.
async fn acts() -> World {
    let (mut pid, mut dep, mut age, mut acts, mut costs) = (vec![], vec![], vec![], vec![], vec![]);
    for person in 0..60_usize {
        for (act, cost) in [("X", 10.0), ("Y", 20.0), ("Z", 40.0)] {
            pid.push(format!("p{person:03}"));
            dep.push(if person < 30 { "A" } else { "B" }.to_owned());
            age.push(match person {
                0 => 103,
                1..=12 => 70,
                _ => 40,
            });
            acts.push(act.to_owned());
            costs.push(cost + person as f64);
        }
    }
    world()
        .table(
            "t",
            vec![
                ("pid", texts(pid)),
                ("dep", texts(dep)),
                ("age", ints(age)),
                ("act", texts(acts)),
                ("cost", floats(costs)),
            ],
        )
        .await
}

/// All people, and all rows but one of the oldest's.
const ONE_ROW_LESS: &str = "NOT (age = 103 AND act = 'X')";

#[tokio::test]
async fn without_a_ledger_two_sums_are_one_person_s_row() {
    let session = acts().await.session().await;
    let sql = |of: &str| format!("SELECT sum(cost) FROM t WHERE dep = 'A' AND {of}");
    assert_eq!(rows(&session, &sql("true")).await, ["3405.0"]);
    // The person of 103 years had X for 10.
    assert_eq!(rows(&session, &sql(ONE_ROW_LESS)).await, ["3395.0"]);
}

#[tokio::test]
async fn a_row_of_one_person_is_not_left_out_however_it_is_asked() {
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    let all = "SELECT dep, count(*), sum(cost), avg(cost) FROM t GROUP BY dep ORDER BY dep";
    assert_eq!(rows(&session, all).await.len(), 2);
    for sql in [
        format!("SELECT sum(cost) FROM t WHERE dep = 'A' AND {ONE_ROW_LESS}"),
        format!("SELECT count(*) FROM t WHERE dep = 'A' AND {ONE_ROW_LESS}"),
        format!("SELECT avg(cost) FROM t WHERE dep = 'A' AND {ONE_ROW_LESS}"),
        format!("SELECT count(act) FROM t WHERE dep = 'A' AND {ONE_ROW_LESS}"),
        format!("SELECT sum(3 * cost) FROM t WHERE dep = 'A' AND {ONE_ROW_LESS}"),
        format!("SELECT sum(cost + 2 * cost) FROM t WHERE dep = 'A' AND {ONE_ROW_LESS}"),
        format!("SELECT stddev(cost) FROM t WHERE dep = 'A' AND {ONE_ROW_LESS}"),
        format!("SELECT dep, count(*) FROM t WHERE {ONE_ROW_LESS} GROUP BY dep HAVING dep = 'A'"),
        format!(
            "SELECT sum(cost) FROM (SELECT cost FROM t WHERE {ONE_ROW_LESS} AND dep = 'A') AS inner_t"
        ),
    ] {
        assert!(rows(&session, &sql).await.is_empty(), "{sql}");
    }
    // What is not changed leaves, and so does the same question again.
    let b = format!("SELECT dep, sum(cost) FROM t WHERE {ONE_ROW_LESS} GROUP BY dep");
    assert_eq!(rows(&session, &b).await, ["B 6105.0"]);
    assert_eq!(rows(&session, all).await.len(), 2);
}

#[tokio::test]
async fn in_the_other_order_it_is_the_same() {
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    let sql = |of: &str| format!("SELECT count(*), sum(cost) FROM t WHERE dep = 'A' AND {of}");
    assert_eq!(rows(&session, &sql(ONE_ROW_LESS)).await.len(), 1);
    assert!(rows(&session, &sql("true")).await.is_empty());
}

#[tokio::test]
async fn one_row_in_the_place_of_another_is_told_by_its_value() {
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    let sql = |measure: &str, act: &str| {
        format!("SELECT {measure} FROM t WHERE dep = 'A' AND NOT (age = 103 AND act = '{act}')")
    };
    assert_eq!(rows(&session, &sql("sum(cost)", "X")).await.len(), 1);
    assert!(rows(&session, &sql("sum(cost)", "Y")).await.is_empty());
    // There are as many rows.
    assert_eq!(rows(&session, &sql("count(*)", "X")).await.len(), 1);
    assert_eq!(rows(&session, &sql("count(*)", "Y")).await.len(), 1);
}

#[tokio::test]
async fn rows_of_enough_people_may_be_left_out() {
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    let sql = |of: &str| format!("SELECT count(*), sum(cost) FROM t WHERE dep = 'A' AND {of}");
    assert_eq!(rows(&session, &sql("true")).await.len(), 1);
    for of in [
        "NOT (age = 70 AND act = 'X')",
        "act <> 'X'",
        "act <> 'Y'",
        "age <> 70",
    ] {
        assert_eq!(rows(&session, &sql(of)).await.len(), 1, "{of}");
    }
}

#[tokio::test]
async fn what_a_condition_leaves_over_is_held_against_other_figures_too() {
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    let both = "SELECT sum(cost), sum(cost) FILTER (WHERE act = 'Z') FROM t WHERE dep = 'A'";
    assert_eq!(rows(&session, both).await.len(), 1);
    // X and Y together, but for one row.
    let rest = format!("SELECT sum(cost) FROM t WHERE dep = 'A' AND act <> 'Z' AND {ONE_ROW_LESS}");
    assert!(rows(&session, &rest).await.is_empty());
}

#[tokio::test]
async fn cells_add_up_to_figures_that_are_known() {
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    let by_act = "SELECT act, sum(cost) FROM t WHERE dep = 'A' GROUP BY act";
    assert_eq!(rows(&session, by_act).await.len(), 3);
    let sql = |of: &str| format!("SELECT sum(cost) FROM t WHERE dep = 'A' AND {of}");
    assert!(rows(&session, &sql(ONE_ROW_LESS)).await.is_empty());
    assert_eq!(rows(&session, &sql("true")).await.len(), 1);
    // And the other way round: the total of cells is held against what is known.
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    assert_eq!(rows(&session, &sql(ONE_ROW_LESS)).await.len(), 1);
    assert!(rows(&session, by_act).await.len() < 3);
}

#[tokio::test]
async fn three_figures_over_the_same_people_do_not_leave_one_row() {
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    let sql = |of: &str| format!("SELECT sum(cost) FROM t WHERE dep = 'A' AND {of}");
    assert_eq!(rows(&session, &sql("true")).await.len(), 1);
    assert_eq!(rows(&session, &sql("act = 'Z'")).await.len(), 1);
    let third = format!("act <> 'Z' AND {ONE_ROW_LESS}");
    assert!(rows(&session, &sql(&third)).await.is_empty());
    // Another order: the sum of two is nearly the third.
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    assert_eq!(rows(&session, &sql(&third)).await.len(), 1);
    assert_eq!(rows(&session, &sql("act = 'Z'")).await.len(), 1);
    assert!(rows(&session, &sql("true")).await.is_empty());
}

#[tokio::test]
async fn through_a_subquery_by_person_values_tell() {
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    let sql = |of: &str| {
        format!(
            "SELECT avg(spent) FROM (SELECT pid, sum(cost) AS spent FROM t WHERE dep = 'A' AND {of} GROUP BY pid)"
        )
    };
    assert_eq!(rows(&session, &sql("true")).await.len(), 1);
    assert!(rows(&session, &sql(ONE_ROW_LESS)).await.is_empty());
}

#[tokio::test]
async fn a_ledger_remembers_figures_when_it_is_opened_again() {
    let folder = tempfile::tempdir().expect("folder");
    let sql = |of: &str| format!("SELECT sum(cost) FROM t WHERE dep = 'A' AND {of}");
    let session = acts().await.ledger(folder.path()).session().await;
    assert_eq!(rows(&session, &sql("true")).await.len(), 1);
    drop(session);
    let session = acts().await.ledger(folder.path()).session().await;
    assert!(rows(&session, &sql(ONE_ROW_LESS)).await.is_empty());
}

/// Each pair of figures differs by one row of the person of 103 years.
async fn only_one_leaves(one: &str, other: &str) {
    for (first, second) in [(one, other), (other, one)] {
        let folder = tempfile::tempdir().expect("folder");
        let session = acts().await.ledger(folder.path()).session().await;
        assert_eq!(rows(&session, first).await.len(), 1, "{first}");
        assert!(rows(&session, second).await.is_empty(), "{second}");
    }
}

#[tokio::test]
async fn a_sum_of_constants_by_a_condition_counts_the_rows_that_meet_it() {
    for measure in [
        "sum(CASE WHEN {} THEN 1 ELSE 0 END)",
        "avg(CASE WHEN {} THEN 1.0 ELSE 0.0 END)",
        "sum(CAST({} AS INT))",
        "sum(coalesce(nullif(CASE WHEN {} THEN 1 ELSE 2 END, 2), 0))",
    ] {
        let sql = |of: &str| {
            format!(
                "SELECT {} FROM t WHERE dep = 'A'",
                measure.replace("{}", of)
            )
        };
        only_one_leaves(
            &sql("act IN ('X', 'Y')"),
            &sql(&format!("act IN ('X', 'Y') AND {ONE_ROW_LESS}")),
        )
        .await;
    }
    only_one_leaves(
        "SELECT sum(CASE WHEN act = 'Z' THEN 0 ELSE 2 END) FROM t WHERE dep = 'A'",
        &format!("SELECT count(*) FROM t WHERE dep = 'A' AND act <> 'Z' AND {ONE_ROW_LESS}"),
    )
    .await;
}

#[tokio::test]
async fn a_flag_that_a_subquery_made_counts_the_rows_that_have_it() {
    for flag in ["CASE WHEN {} THEN 1 ELSE 0 END", "CAST({} AS INT)"] {
        let flag = flag.replace("{}", &format!("act <> 'Z' AND {ONE_ROW_LESS}"));
        only_one_leaves(
            "SELECT count(*) FROM t WHERE dep = 'A' AND act <> 'Z'",
            &format!("SELECT sum(flag) FROM (SELECT {flag} AS flag FROM t WHERE dep = 'A')"),
        )
        .await;
    }
}

#[tokio::test]
async fn rows_of_nothing_may_be_left_out_of_a_sum() {
    let folder = tempfile::tempdir().expect("folder");
    let cost = (0..120).map(|row| if row == 0 { 0.0 } else { 5.0 });
    let session = world()
        .table(
            "t",
            vec![("pid", texts(people(0, 60, 2))), ("cost", floats(cost))],
        )
        .await
        .ledger(folder.path())
        .session()
        .await;
    for of in ["true", "cost <> 0"] {
        let sql = format!("SELECT sum(cost) FROM t WHERE {of}");
        assert_eq!(rows(&session, &sql).await, ["595.0"]);
    }
    // Their number is told by a count.
    assert_eq!(rows(&session, "SELECT count(*) FROM t").await, ["120"]);
    let sql = "SELECT avg(cost) FROM t WHERE cost <> 0";
    assert!(rows(&session, sql).await.is_empty());
}

#[tokio::test]
async fn rows_that_an_amount_leaves_out_are_not_of_its_figure() {
    let less = format!("SELECT sum(cost) FROM t WHERE dep = 'A' AND act <> 'Z' AND {ONE_ROW_LESS}");
    let measure = "sum(cost + CASE WHEN act <> 'Z' THEN 0 END)";
    only_one_leaves(&format!("SELECT {measure} FROM t WHERE dep = 'A'"), &less).await;
    let less = less.replace("sum(", "avg(");
    let measure = "regr_avgx(CASE WHEN act <> 'Z' THEN 1.0 END, cost)";
    only_one_leaves(&format!("SELECT {measure} FROM t WHERE dep = 'A'"), &less).await;
}

#[tokio::test]
async fn a_column_that_several_branches_take_is_one_column() {
    let cases = "CASE act WHEN 'X' THEN cost WHEN 'Y' THEN cost WHEN 'Z' THEN cost END";
    only_one_leaves(
        &format!("SELECT sum({cases}) FROM t WHERE dep = 'A'"),
        &format!("SELECT sum(cost) FROM t WHERE dep = 'A' AND {ONE_ROW_LESS}"),
    )
    .await;
}

#[tokio::test]
async fn those_without_rows_in_an_optional_table_are_not_one_person() {
    let folder = tempfile::tempdir().expect("folder");
    let pid = |people: std::ops::Range<usize>| texts(people.map(|person| format!("p{person:03}")));
    let session = world()
        .table(
            "p",
            vec![
                ("pid", pid(0..60)),
                ("age", ints((0..60).map(|person| person / 20))),
            ],
        )
        .await
        .table(
            "a",
            vec![
                ("pid", pid(0..15)),
                ("cost", floats((0..15).map(f64::from))),
            ],
        )
        .await
        .ledger(folder.path())
        .session()
        .await;
    let sql = |of: &str| format!("SELECT count(*) FROM p LEFT JOIN a ON p.pid = a.pid WHERE {of}");
    assert_eq!(rows(&session, &sql("true")).await, ["60"]);
    // 20 people without acts are left out.
    assert_eq!(rows(&session, &sql("age < 2")).await, ["40"]);
}

#[tokio::test]
async fn days_between_dates_are_averaged() {
    let folder = tempfile::tempdir().expect("folder");
    let days = |from: i32| -> ArrayRef {
        Arc::new(Date32Array::from_iter_values(
            (0..30).map(|day| from + day * day % 7),
        ))
    };
    let session = world()
        .table(
            "stay",
            vec![
                ("pid", texts((0..30).map(|person| format!("p{person}")))),
                ("enters", days(18_000)),
                ("leaves", days(18_010)),
            ],
        )
        .await
        .ledger(folder.path())
        .session()
        .await;
    assert_eq!(
        rows(&session, "SELECT avg(leaves - enters) FROM stay").await,
        ["10.0"]
    );
}

#[tokio::test]
async fn what_is_asked_of_the_same_rows_in_many_ways_leaves() {
    let folder = tempfile::tempdir().expect("folder");
    let session = acts().await.ledger(folder.path()).session().await;
    for (sql, cells) in [
        ("SELECT dep, count(*), sum(cost) FROM t GROUP BY dep", 2),
        ("SELECT act, count(*), avg(cost) FROM t GROUP BY act", 3),
        (
            "SELECT dep, act, count(*), sum(cost) FROM t GROUP BY dep, act",
            6,
        ),
        (
            "SELECT dep, count(*) FILTER (WHERE act = 'X') FROM t GROUP BY dep",
            2,
        ),
        (
            "SELECT dep, sum(cost) FROM t WHERE act = 'X' GROUP BY dep",
            2,
        ),
        (
            "SELECT dep, avg(cost) FROM t WHERE act <> 'Y' GROUP BY dep",
            2,
        ),
        ("SELECT count(*), sum(cost) FROM t", 1),
    ] {
        assert_eq!(rows(&session, sql).await.len(), cells, "{sql}");
    }
}
