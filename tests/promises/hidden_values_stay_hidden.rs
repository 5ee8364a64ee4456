//! Rows that the permit hides are not in an answer, not in an error and not in a count.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use sceau::snds::Role;
use sceau::{ColumnConfig, Session};

use crate::fixture::{Stored, answer, refusal, rows, session};

/// Two stays in each of two regions. The notes of region B, which the permit hides, are texts that no number can be read
/// from, and its costs are extremes.
fn stays() -> RecordBatch {
    RecordBatch::try_from_iter([
        (
            "patient",
            Arc::new(StringArray::from(vec!["p1", "p2", "p3", "p4"])) as _,
        ),
        (
            "region",
            Arc::new(StringArray::from(vec!["A", "B", "A", "B"])) as _,
        ),
        (
            "note",
            Arc::new(StringArray::from(vec!["20", "HIDDEN", "7", "SECRET"])) as _,
        ),
        (
            "cost",
            Arc::new(Int64Array::from(vec![100, i64::MAX, 50, i64::MIN])) as _,
        ),
    ])
    .expect("stays")
}

async fn stays_of_region_a(extra: &str) -> Session {
    let platform = Stored::new()
        .table(
            "sejour",
            |table| {
                table.contributor(["patient"]).column(
                    "patient",
                    ColumnConfig::new(Role::Identifier).domain("patient"),
                )
            },
            &stays(),
        )
        .await
        .platform()
        .await;
    session(
        &platform,
        &format!(
            "{extra}\n[table.sejour]\ncolumns = [\"patient\", \"region\", \"note\", \"cost\"]\nwhere = \"region = 'A'\""
        ),
    )
}

#[tokio::test]
async fn a_predicate_that_fails_on_a_hidden_row_does_not_fail() {
    let session = stays_of_region_a("").await;
    let sql = "SELECT region, cost FROM sejour WHERE CAST(note AS INT) = 20";
    assert_eq!(rows(&session, sql).await, ["A 100"]);
}

#[tokio::test]
async fn an_expression_of_the_select_list_does_not_run_on_hidden_rows() {
    let session = stays_of_region_a("").await;
    let sql = "SELECT region, CAST(note AS INT) + cost AS v FROM sejour ORDER BY v";
    assert_eq!(rows(&session, sql).await, ["A 57", "A 120"]);
    let sql = "SELECT region, cost * 2 AS v FROM sejour ORDER BY v";
    assert_eq!(rows(&session, sql).await, ["A 100", "A 200"]);
}

#[tokio::test]
async fn aggregates_are_of_the_visible_rows_only() {
    let session = stays_of_region_a("").await;
    assert_eq!(rows(&session, "SELECT count(*) FROM sejour").await, ["2"]);
    assert_eq!(
        rows(
            &session,
            "SELECT min(cost), max(cost), sum(cost) FROM sejour"
        )
        .await,
        ["50 100 150"]
    );
    assert_eq!(
        rows(
            &session,
            "SELECT count(DISTINCT note), min(note) FROM sejour"
        )
        .await,
        ["2 20"]
    );
}

#[tokio::test]
async fn no_way_of_writing_a_predicate_reaches_a_hidden_row() {
    let session = stays_of_region_a("").await;
    for sql in [
        "SELECT cost FROM (SELECT * FROM sejour) t WHERE CAST(note AS INT) > 0",
        "SELECT cost FROM sejour WHERE CASE WHEN region = 'A' THEN CAST(note AS INT) ELSE 1 END > 0",
        "SELECT cost FROM sejour WHERE CAST(note AS INT) > 0 OR region = 'B'",
        "SELECT cost FROM sejour WHERE 1000 / (cost - 9223372036854775807) < 1",
        "SELECT max(CAST(note AS INT)) FROM sejour GROUP BY region HAVING max(CAST(note AS INT)) > 0",
        "SELECT cost FROM sejour WHERE CAST(note AS INT) > 0 UNION ALL SELECT CAST(note AS BIGINT) FROM sejour",
        "SELECT a.cost FROM sejour a JOIN sejour b ON CAST(a.note AS INT) = CAST(b.note AS INT)",
        "SELECT cost FROM sejour a WHERE EXISTS (SELECT 1 FROM sejour b WHERE CAST(b.note AS INT) = CAST(a.note AS INT))",
        "SELECT cost FROM sejour WHERE CAST(note AS INT) = (SELECT max(CAST(note AS INT)) FROM sejour)",
        "SELECT sum(CAST(note AS INT)) OVER (PARTITION BY region) AS s FROM sejour",
        "WITH sejour AS (SELECT * FROM sejour) SELECT CAST(note AS INT) FROM sejour",
        "SELECT CAST(note AS INT) AS n FROM sejour ORDER BY n DESC LIMIT 1",
        "SELECT note FROM sejour WHERE cost + 1 > 0 AND cost - 1 > 0",
    ] {
        let text = answer(&session, sql).await;
        assert!(
            !text.contains("HIDDEN") && !text.contains("SECRET") && !text.contains('B'),
            "{sql}\n{text}"
        );
    }
}

#[tokio::test]
async fn an_error_on_a_visible_value_speaks_of_visible_values() {
    let session = stays_of_region_a("").await;
    let error = refusal(&session, "SELECT 1 / (cost - 50) FROM sejour").await;
    assert_eq!(error.code().as_str(), "execution");
    assert!(!error.message().contains("HIDDEN"), "{error}");
}

#[tokio::test]
async fn a_strict_permit_gives_the_same_answers() {
    let session = stays_of_region_a("strict = true").await;
    assert_eq!(
        rows(&session, "SELECT cost FROM sejour WHERE cost > 60").await,
        ["100"]
    );
    assert_eq!(
        rows(
            &session,
            "SELECT count(*) FROM sejour WHERE note IN ('HIDDEN', '7')"
        )
        .await,
        ["1"]
    );
}

#[tokio::test]
async fn a_denied_column_answers_like_one_that_never_existed() {
    let platform = Stored::new()
        .table("sejour", |table| table, &stays())
        .await
        .platform()
        .await;
    let session = session(
        &platform,
        "[table.sejour]\ncolumns = [\"region\", \"cost\"]\nwhere = \"note <> 'HIDDEN'\"",
    );
    let denied = refusal(&session, "SELECT note FROM sejour").await;
    let absent = refusal(&session, "SELECT nota FROM sejour").await;
    assert_eq!(denied.code(), absent.code());
    assert_eq!(denied.message().replace("note", "nota"), absent.message());
    assert_eq!(rows(&session, "SELECT count(*) FROM sejour").await, ["3"]);
    let everything = answer(&session, "SELECT * FROM sejour").await;
    assert!(
        !everything.contains("note") && !everything.contains("patient"),
        "{everything}"
    );
}

#[tokio::test]
async fn deny_takes_away_from_the_star_and_the_star_grants_what_is_classified() {
    let platform = Stored::new()
        .table(
            "sejour",
            |table| {
                table
                    .column("region", ColumnConfig::new(Role::QuasiIdentifier))
                    .column("cost", ColumnConfig::new(Role::Plain))
            },
            &stays(),
        )
        .await
        .platform()
        .await;
    let all = session(&platform, "[table.sejour]\ncolumns = \"*\"");
    assert!(
        answer(&all, "SELECT * FROM sejour LIMIT 1")
            .await
            .starts_with("+--------+---")
    );
    assert!(
        refusal(&all, "SELECT patient FROM sejour")
            .await
            .message()
            .contains("patient")
    );
    let less = session(
        &platform,
        "[table.sejour]\ncolumns = \"*\"\ndeny = [\"cost\"]",
    );
    assert!(
        refusal(&less, "SELECT cost FROM sejour")
            .await
            .message()
            .contains("cost")
    );
}

#[tokio::test]
async fn a_policy_that_cannot_be_computed_on_a_row_hides_the_row_and_says_nothing() {
    let platform = Stored::new()
        .table("sejour", |table| table, &stays())
        .await
        .platform()
        .await;
    let session = session(
        &platform,
        "[table.sejour]\ncolumns = [\"region\", \"cost\"]\nwhere = \"CAST(note AS INT) > 5\"",
    );
    assert_eq!(
        rows(&session, "SELECT cost FROM sejour ORDER BY cost").await,
        ["50", "100"]
    );
}

#[tokio::test]
async fn limits_count_visible_rows() {
    let session = stays_of_region_a("").await;
    assert_eq!(
        rows(&session, "SELECT region FROM sejour LIMIT 2").await,
        ["A", "A"]
    );
    assert_eq!(
        rows(
            &session,
            "SELECT cost FROM sejour ORDER BY cost DESC LIMIT 1"
        )
        .await,
        ["100"]
    );
}

#[tokio::test]
async fn an_explained_plan_shows_neither_policy_nor_files() {
    let session = stays_of_region_a("").await;
    let plan = session
        .explain("SELECT cost FROM sejour WHERE cost > 60")
        .await
        .expect("plan");
    assert!(
        plan.contains("sejour") && plan.contains("cost > Int64(60)"),
        "{plan}"
    );
    assert!(
        !plan.contains("'A'") && !plan.contains("\"A\"") && !plan.contains("parquet"),
        "{plan}"
    );
}

#[tokio::test]
async fn a_dictionary_that_visible_and_hidden_rows_share_tells_nothing() {
    use arrow::array::{DictionaryArray, Int32Array};
    let dictionary: DictionaryArray<arrow::datatypes::Int32Type> =
        vec!["1", "HIDDEN", "2", "SECRET"].into_iter().collect();
    let batch = RecordBatch::try_from_iter([
        ("service", Arc::new(dictionary) as _),
        (
            "region",
            Arc::new(StringArray::from(vec!["A", "B", "A", "B"])) as _,
        ),
        ("n", Arc::new(Int32Array::from(vec![1, 2, 3, 4])) as _),
    ])
    .expect("batch");
    let platform = Stored::new()
        .table("t", |table| table, &batch)
        .await
        .platform()
        .await;
    let session = session(
        &platform,
        "[table.t]\ncolumns = [\"service\", \"n\"]\nwhere = \"region = 'A'\"",
    );
    let sql = "SELECT CAST(service AS INT) + n AS v FROM t ORDER BY v";
    assert_eq!(rows(&session, sql).await, ["2", "5"]);
    assert_eq!(
        rows(&session, "SELECT n FROM t WHERE CAST(service AS INT) = 2").await,
        ["3"]
    );
}

#[tokio::test]
async fn an_error_of_physical_planning_quotes_no_plan() {
    let session = stays_of_region_a("").await;
    // The engine cannot order by an expression over a column that a constant took the place of, and says so with its plan.
    let sql = "WITH c AS (SELECT cost AS x FROM sejour) SELECT false AS f FROM c ORDER BY log10(x)";
    match crate::fixture::ask(&session, sql).await {
        Ok(answer) => assert!(!answer.contains("HIDDEN")),
        Err(error) => {
            let text = error.to_string();
            assert!(
                !text.contains("Exec") && !text.contains("parquet") && !text.contains("region"),
                "{text}"
            );
        }
    }
}
