//! What a report says, and what it must not.

use super::world::*;
use crate::{ReleaseError, Releaser};

#[tokio::test]
async fn a_report_counts_what_was_withheld_and_never_names_it() {
    let session = groups(&[("hidden", 10, 1), ("B", 11, 1), ("C", 12, 1)])
        .await
        .rules("k = 11\ndominance = { top = 1, percent = 85 }")
        .session()
        .await;
    let released = release(&session, "SELECT dep, count(*) FROM t GROUP BY dep").await;
    let report = released.report();
    assert_eq!((report.k, report.released, report.withheld), (11, 2, 1));
    assert!((report.share_withheld - 1.0 / 3.0).abs() < 1e-9);
    let text = format!("{report}{}", report.to_json());
    assert!(!text.contains("hidden"), "{text}");
    assert!(
        report.rules.iter().any(|rule| rule.rule == "dominance"),
        "{text}"
    );
}

#[tokio::test]
async fn counts_are_rounded_if_the_permit_says_so() {
    let session = groups(&[("B", 11, 1), ("C", 13, 1)])
        .await
        .rules("k = 11\nrounding = 5")
        .session()
        .await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY dep HAVING count(*) >= 15";
    assert_eq!(rows(&session, sql).await, ["C 15"]);
}

#[tokio::test]
async fn a_row_that_leaves_without_its_measures_is_called_a_row_and_its_cell_withheld() {
    let session = groups(&[("A", 10, 1), ("B", 11, 1)])
        .await
        .rules("k = 11\nwithheld = \"mask\"")
        .session()
        .await;
    let released = release(&session, "SELECT dep, count(*) FROM t GROUP BY dep").await;
    let text = released.report().to_string();
    assert!(
        text.contains("\n2 rows leave, 1 cells are withheld (50.0 %)\n"),
        "{text}"
    );
}

#[tokio::test]
async fn a_masked_release_whose_withheld_cells_are_left_out_says_why() {
    let session = groups(&[("A", 10, 1), ("B", 11, 1)])
        .await
        .rules("k = 11\nwithheld = \"mask\"")
        .session()
        .await;
    let sql = "SELECT dep, lower(dep), count(*) FROM t GROUP BY 1, 2";
    let released = release(&session, sql).await;
    assert_eq!(rows_of(&released), ["B b 11"]);
    assert_eq!(
        note(&released, "keys of withheld cells"),
        (
            false,
            "withheld cells are left out: without its measures a key is shown only where it is one stored column, and none that \
             may be one person's own, as an identifier or an amount"
        )
    );
    let (_, dossier) = crate::Releaser::new(&session)
        .sql_with_dossier(sql)
        .await
        .expect("released");
    assert!(
        !dossier
            .not_checked()
            .iter()
            .any(|what| what.contains("keys of withheld cells")),
        "{:?}",
        dossier.not_checked()
    );
}

#[tokio::test]
async fn of_withheld_cells_that_are_not_named_the_closest_interval_is_told() {
    let session = groups(&[("A", 20, 1), ("B", 15, 1), ("C", 3, 1)])
        .await
        .rules("k = 11")
        .session()
        .await;
    let sql = "SELECT CASE dep WHEN 'A' THEN 0.5 WHEN 'B' THEN 1.5 ELSE 2.5 END AS class, count(*) AS n FROM t \
               GROUP BY ROLLUP (1)";
    let (_, dossier) = crate::Releaser::new(&session)
        .sql_with_dossier(sql)
        .await
        .expect("released");
    assert_eq!((dossier.withheld().len(), dossier.unnamed()), (0, 2));
    let [closest] = dossier.closest_unnamed() else {
        panic!("{:?}", dossier.closest_unnamed());
    };
    assert_eq!(
        (closest.measure.as_str(), closest.low, closest.high),
        ("n", Some(0.0), Some(18.0))
    );
    for text in [dossier.to_text(), dossier.to_html(), dossier.to_json()] {
        assert!(text.contains("18"), "{text}");
    }
}

#[tokio::test]
async fn of_a_table_without_people_no_rule_is_said_to_be_applied() {
    let folder = tempfile::tempdir().expect("folder");
    let world = groups(&[("A", 20, 1)])
        .await
        .rules("k = 11\nunanimous = true\nrounding = 5\ndominance = { top = 1, percent = 85 }");
    let world = world
        .table("codes", vec![("code", texts(of("x", 3)))])
        .await;
    let session = world.ledger(folder.path()).session().await;
    let released = release(&session, "SELECT count(*) FROM codes").await;
    assert_eq!(rows_of(&released), ["3"]);
    assert!(released.report().rules.len() > 6);
    for rule in &released.report().rules {
        assert_eq!(
            (rule.applied, rule.note.as_str()),
            (false, "no table of the question holds a person"),
            "{}",
            rule.rule
        );
    }
}

#[tokio::test]
async fn a_report_promises_no_more_of_differences_than_a_ledger_can_count() {
    let folder = tempfile::tempdir().expect("folder");
    let world = groups(&[("A", 20, 1)]).await.rules("k = 5000");
    let session = world.ledger(folder.path()).session().await;
    let released = release(&session, "SELECT count(*) FROM t").await;
    let (applied, said) = note(&released, "differences between releases");
    assert!(applied && said.contains("fewer than 4096 people"), "{said}");
}

#[tokio::test]
async fn a_release_is_bounded() {
    let session = groups(&[("B", 11, 1), ("C", 13, 1)]).await.session().await;
    let releaser = Releaser::new(&session).most_cells(1);
    let error = releaser
        .sql("SELECT dep, count(*) FROM t GROUP BY dep")
        .await
        .expect_err("too many");
    assert_eq!(error, ReleaseError::TooManyCells { limit: 1 });
}

#[tokio::test]
async fn no_name_of_a_question_passes_for_a_count_of_people() {
    let session = groups(&[("A", 3, 1), ("B", 11, 1)]).await.session().await;
    for name in [
        "\u{1}people1",
        "\u{1}check1",
        "\u{1}check2",
        "\u{1}contributor",
    ] {
        for sql in [
            format!("SELECT dep, count(*) AS \"{name}\" FROM t GROUP BY dep"),
            format!(
                "SELECT dep, count(*) FROM (SELECT dep, cost AS \"{name}\" FROM t) GROUP BY dep"
            ),
            format!("SELECT \"{name}\".dep, count(*) FROM t AS \"{name}\" GROUP BY 1"),
        ] {
            assert_eq!(
                refusal(&session, &sql).await.code(),
                "not_releasable",
                "{sql}"
            );
        }
    }
}

#[tokio::test]
async fn what_a_session_does_not_answer_is_not_released_either() {
    let session = groups(&[("B", 11, 1)]).await.session().await;
    assert_eq!(
        refusal(&session, "SELECT count(*) FROM nowhere")
            .await
            .code(),
        "unknown_table"
    );
    assert_eq!(
        refusal(&session, "DROP TABLE t").await.code(),
        "not_a_query"
    );
    assert_eq!(
        refusal(&session, "SELECT count(\"\u{1}contributor\") FROM t")
            .await
            .code(),
        "unknown_column"
    );
}

/// Whether a rule was applied, and what is said of it.
fn note<'a>(release: &'a crate::Release, name: &str) -> (bool, &'a str) {
    let mut rules = release.report().rules.iter();
    let rule = rules.find(|rule| rule.rule == name).expect(name);
    (rule.applied, &rule.note)
}
