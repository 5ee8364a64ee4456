//! Sums that are mostly one person's.

use super::world::*;

/// Twelve people with one amount each.
async fn amounts(amounts: &[f64], rules: &str) -> World {
    world()
        .table(
            "t",
            vec![
                ("pid", texts(people(0, amounts.len(), 1))),
                ("cost", floats(amounts.iter().copied())),
            ],
        )
        .await
        .rules(rules)
}

const RULES: &str = "k = 11\ndominance = { top = 1, percent = 85 }";

#[tokio::test]
async fn case_23_one_person_makes_up_most_of_a_sum() {
    let mut values = vec![9500.0];
    values.extend([50.0; 11]);
    let session = amounts(&values, RULES).await.session().await;
    for sql in [
        "SELECT sum(cost) FROM t",
        "SELECT avg(cost) FROM t",
        "SELECT sum(s) FROM (SELECT pid, sum(cost) AS s FROM t GROUP BY pid)",
        "SELECT sum(cost) FILTER (WHERE cost > 1) FROM t",
    ] {
        let released = release(&session, sql).await;
        assert!(rows_of(&released).is_empty(), "{sql}");
        assert!(
            released
                .report()
                .rules
                .iter()
                .any(|rule| rule.rule == "dominance" && rule.withheld == 1),
            "{sql}"
        );
    }
    assert_eq!(rows(&session, "SELECT count(*) FROM t").await, ["12"]);
}

#[tokio::test]
async fn case_25_two_people_make_up_most_of_a_sum() {
    let mut values = vec![1000.0; 2];
    values.extend([10.0; 10]);
    let sql = "SELECT sum(cost) FROM t";
    let session = amounts(&values, RULES).await.session().await;
    assert_eq!(rows(&session, sql).await, ["2100.0"]);
    let session = amounts(&values, "k = 11\ndominance = { top = 2, percent = 90 }")
        .await
        .session()
        .await;
    assert!(rows(&session, sql).await.is_empty());
}

#[tokio::test]
async fn case_29_negative_amounts_count_by_their_size() {
    let mut values = vec![-9500.0];
    values.extend([50.0; 11]);
    let session = amounts(&values, RULES).await.session().await;
    assert!(rows(&session, "SELECT sum(cost) FROM t").await.is_empty());
}

#[tokio::test]
async fn whose_amount_it_is_must_be_known() {
    let session = amounts(&[10.0; 20], RULES).await.session().await;
    let sql = "SELECT sum(s) FROM (SELECT cost, sum(cost) AS s FROM t GROUP BY cost)";
    assert_eq!(refusal(&session, sql).await.code(), "not_releasable");
}
