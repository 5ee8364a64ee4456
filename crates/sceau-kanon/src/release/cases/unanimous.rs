//! Cells that tell that everybody, or nobody, has a sensitive value.

use super::world::*;

/// In A everybody has x, in B some have x and some y, in C everybody has y; twenty people each.
async fn diagnoses(rules: &str) -> sceau_core::Session {
    let diag = (0..60).map(|at| {
        Some(
            if at < 20 || at < 40 && at % 2 == 0 {
                "x"
            } else {
                "y"
            }
            .to_owned(),
        )
    });
    let dep = [of("A", 20), of("B", 24), of("C", 16)].concat();
    world()
        .table(
            "t",
            vec![
                ("pid", texts(people(0, 60, 1))),
                ("dep", texts(dep)),
                ("diag", texts(diag)),
                (
                    "diag_score",
                    ints((0..60).map(|at| if at < 20 { 5 } else { at })),
                ),
            ],
        )
        .await
        .rules(rules)
        .session()
        .await
}

const RULES: &str = "k = 5\nunanimous = true";

#[tokio::test]
async fn a_group_of_one_sensitive_value_is_withheld() {
    let sql = "SELECT dep, diag, count(*) FROM t GROUP BY dep, diag";
    let session = diagnoses("k = 5").await;
    assert_eq!(
        rows(&session, sql).await,
        ["A x 20", "B x 10", "B y 14", "C y 16"]
    );
    let session = diagnoses(RULES).await;
    let released = release(&session, sql).await;
    let mut found = rows_of(&released);
    found.sort();
    assert_eq!(found, ["B x 10", "B y 14"]);
    let rules = &released.report().rules;
    assert!(
        rules
            .iter()
            .any(|rule| rule.rule == "unanimous" && rule.withheld == 2),
        "{rules:?}"
    );
    assert_eq!(
        rows(&session, "SELECT diag, count(*) FROM t GROUP BY diag").await,
        ["x 30", "y 30"]
    );
    assert!(
        rows(
            &session,
            "SELECT diag, count(*) FROM t WHERE dep = 'A' GROUP BY diag"
        )
        .await
        .is_empty()
    );
    assert_eq!(
        rows(&session, "SELECT dep, count(*) FROM t GROUP BY dep")
            .await
            .len(),
        3
    );
}

#[tokio::test]
async fn nobody_and_everybody_are_withheld_as_measures_too() {
    let session = diagnoses(RULES).await;
    for measure in [
        "count(*) FILTER (WHERE diag = 'x')",
        "avg(CASE WHEN diag = 'x' THEN 1 ELSE 0 END)",
        "sum(CASE WHEN diag = 'y' THEN 1 ELSE 0 END)",
        "count(*) - count(*) FILTER (WHERE diag = 'x')",
    ] {
        let sql = format!("SELECT dep, {measure} FROM t GROUP BY dep");
        let found = rows(&session, &sql).await;
        assert_eq!(found.len(), 1, "{sql}: {found:?}");
        assert!(found[0].starts_with('B'), "{sql}: {found:?}");
    }
    let scores = "SELECT dep, avg(diag_score) FROM t GROUP BY dep";
    let found = rows(&session, scores).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|row| !row.starts_with('A')), "{found:?}");
}
