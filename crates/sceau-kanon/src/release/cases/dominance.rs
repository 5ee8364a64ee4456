//! Sums that are mostly one person's.

use proptest::prelude::*;

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
async fn cases_23_25_and_27_the_second_largest_could_tell_the_largest() {
    let mut one = vec![9500.0];
    one.extend([50.0; 11]);
    let mut two = vec![1000.0; 2];
    two.extend([10.0; 10]);
    let many = [280.0, 9.0, 9.0, 8.0, 7.0, 9.0, 8.0, 7.0, 8.0, 11.0, 10.0];
    for (values, percent, released) in [
        (one.as_slice(), 10, false),
        (one.as_slice(), 5, true),
        // Exactly as much as is asked for is enough.
        (two.as_slice(), 10, true),
        (two.as_slice(), 11, false),
        (many.as_slice(), 10, true),
        (many.as_slice(), 70, false),
    ] {
        let rules = format!("k = 11\np_percent = {percent}");
        let session = amounts(values, &rules).await.session().await;
        let found = release(&session, "SELECT sum(cost) FROM t").await;
        assert_eq!(
            rows_of(&found).len(),
            usize::from(released),
            "{values:?} {percent}"
        );
        let rules = &found.report().rules;
        let dominance = rules
            .iter()
            .find(|rule| rule.rule == "dominance")
            .expect("rule");
        assert_eq!(dominance.withheld, u64::from(!released), "{dominance:?}");
    }
}

#[tokio::test]
async fn case_27_two_people_make_up_too_much() {
    let values = [280.0, 9.0, 9.0, 8.0, 7.0, 9.0, 8.0, 7.0, 8.0, 11.0, 10.0];
    for (percent, released) in [(75, false), (90, true)] {
        let rules = format!("k = 11\ndominance = {{ top = 2, percent = {percent} }}");
        let session = amounts(&values, &rules).await.session().await;
        let found = rows(&session, "SELECT sum(cost) FROM t").await;
        assert_eq!(found.len(), usize::from(released), "{percent}");
    }
}

#[tokio::test]
async fn case_29_negative_amounts_count_by_their_size() {
    let mut values = vec![-9500.0];
    values.extend([50.0; 11]);
    let session = amounts(&values, RULES).await.session().await;
    assert!(rows(&session, "SELECT sum(cost) FROM t").await.is_empty());
    let session = amounts(&values, "k = 11\np_percent = 10")
        .await
        .session()
        .await;
    assert!(rows(&session, "SELECT sum(cost) FROM t").await.is_empty());
}

#[tokio::test]
async fn whose_amount_it_is_must_be_known() {
    let session = amounts(&[10.0; 20], RULES).await.session().await;
    // The inner sums are cells: the rule holds for each of them, and what is made of them is made of what passed.
    let sql = "SELECT sum(s) FROM (SELECT cost, sum(cost) AS s FROM t GROUP BY cost)";
    assert_eq!(rows(&session, sql).await, ["200.0"]);
}

/// Of twelve people of A one costs 9500 and the others 50, the twelve of B cost 1, the forty of C from 100 to 139 and the three of D 7.
#[tokio::test]
async fn what_is_withheld_together_is_dominated_by_nobody() {
    let mut dep = vec![];
    let mut cost = vec![];
    for (name, costs) in [
        ("A", [vec![9500], vec![50; 11]].concat()),
        ("B", vec![1; 12]),
        ("C", (100..140).collect()),
        ("D", vec![7; 3]),
    ] {
        dep.extend(of(name, costs.len()));
        cost.extend(costs);
    }
    for rule in ["dominance = { top = 1, percent = 85 }", "p_percent = 10"] {
        let session = world()
            .table(
                "t",
                vec![
                    ("pid", texts(people(0, dep.len(), 1))),
                    ("dep", texts(dep.clone())),
                    ("cost", ints(cost.clone())),
                ],
            )
            .await
            .rules(&format!("k = 11\n{rule}"))
            .session()
            .await;
        for condition in ["dep <> 'D'", "true"] {
            for measure in ["sum(cost)", "avg(cost)"] {
                let sql = format!(
                    "SELECT dep, count(*), {measure} FROM t WHERE {condition} GROUP BY ROLLUP (dep)"
                );
                let rows = rows(&session, &sql).await;
                // All less C is A and B, or A, B and D, of which one person is 94 %.
                let starts = |key: &str| rows.iter().any(|row| row.starts_with(key));
                assert!(!(starts("C ") && starts("NULL ")), "{sql}: {rows:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nobody_dominates_what_a_total_leaves(
        people in prop::collection::vec((0..4usize, prop_oneof![3 => 1..20i64, 1 => 100..900i64]), 4..24), k in 2..4usize,
    ) {
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let found = runtime.block_on(async {
            let session = world()
                .table("t", vec![
                    ("pid", texts((0..people.len()).map(|person| Some(format!("p{person}"))))),
                    ("dep", ints(people.iter().map(|of| of.0 as i64))),
                    ("cost", ints(people.iter().map(|of| of.1))),
                ])
                .await
                .rules(&format!("k = {k}\ndominance = {{ top = 1, percent = 70 }}"))
                .session()
                .await;
            rows(&session, "SELECT dep, sum(cost) FROM t GROUP BY ROLLUP (dep)").await
        });
        let is_shown = |dep: usize| found.iter().any(|row| row.starts_with(&format!("{dep} ")));
        if found.iter().any(|row| row.starts_with("NULL ")) {
            let left: Vec<i64> = people.iter().filter(|of| !is_shown(of.0)).map(|of| of.1).collect();
            let most = left.iter().max().copied().unwrap_or_default();
            prop_assert!(left.is_empty() || left.len() >= k, "{people:?}: {found:?}");
            prop_assert!(10 * most <= 7 * left.iter().sum::<i64>(), "{people:?}: {found:?}");
        }
    }
}
