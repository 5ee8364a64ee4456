//! Every mask of the grammar, on stored values that it must not show.

use std::sync::Arc;

use arrow::array::{Date32Array, Decimal128Array, Int16Array, RecordBatch, StringArray};
use sceau::snds::Role;
use sceau::{ColumnConfig, Platform};

use crate::fixture::{Stored, permit_text, rows, session};

fn care() -> RecordBatch {
    let amounts = Decimal128Array::from(vec![Some(1234), Some(-999), None])
        .with_precision_and_scale(6, 2)
        .expect("fits");
    RecordBatch::try_from_iter([
        (
            "patient",
            Arc::new(StringArray::from(vec!["p1", "p2", "p1"])) as _,
        ),
        // 2019-08-17, 1600-01-01, none
        (
            "day",
            Arc::new(Date32Array::from(vec![Some(18125), Some(-135140), None])) as _,
        ),
        (
            "age",
            Arc::new(Int16Array::from(vec![Some(43), Some(-1), None])) as _,
        ),
        ("amount", Arc::new(amounts) as _),
        (
            "commune",
            Arc::new(StringArray::from(vec![Some("75113"), Some("é2"), None])) as _,
        ),
    ])
    .expect("care")
}

async fn platform() -> Platform {
    Stored::new()
        .table(
            "care",
            |table| {
                table.column(
                    "patient",
                    ColumnConfig::new(Role::Identifier).domain("patient"),
                )
            },
            &care(),
        )
        .await
        .platform()
        .await
}

async fn masked(column: &str, mask: &str) -> Vec<String> {
    let platform = platform().await;
    let session = session(
        &platform,
        &format!("[table.care]\ncolumns = [\"{column}\"]\n[table.care.mask]\n{column} = {mask}"),
    );
    rows(&session, &format!("SELECT {column} FROM care")).await
}

#[tokio::test]
async fn dates_are_cut_to_year_quarter_and_month() {
    assert_eq!(
        masked("day", "\"year\"").await,
        ["2019-01-01", "1600-01-01", ""]
    );
    assert_eq!(
        masked("day", "\"quarter\"").await,
        ["2019-07-01", "1600-01-01", ""]
    );
    assert_eq!(
        masked("day", "\"month\"").await,
        ["2019-08-01", "1600-01-01", ""]
    );
}

#[tokio::test]
async fn numbers_are_cut_into_bands() {
    assert_eq!(masked("age", "\"band(5)\"").await, ["40", "-5", ""]);
    assert_eq!(
        masked("amount", "\"band(5)\"").await,
        ["10.00", "-10.00", ""]
    );
}

#[tokio::test]
async fn texts_are_cut_to_their_first_characters() {
    assert_eq!(masked("commune", "\"prefix(2)\"").await, ["75", "é2", ""]);
    assert_eq!(masked("commune", "\"prefix(1)\"").await, ["7", "é", ""]);
}

#[tokio::test]
async fn constants_null_and_redaction_hide_even_what_is_missing() {
    assert_eq!(masked("commune", "\"const('x')\"").await, ["x", "x", "x"]);
    assert_eq!(masked("age", "\"const(0)\"").await, ["0", "0", "0"]);
    assert_eq!(masked("commune", "\"redact\"").await, ["***", "***", "***"]);
    assert_eq!(masked("age", "\"redact\"").await, ["", "", ""]);
    assert_eq!(masked("amount", "\"null\"").await, ["", "", ""]);
}

#[tokio::test]
async fn an_expression_may_use_columns_that_are_denied() {
    assert_eq!(
        masked("amount", "{ sql = \"round(amount, 0) + age\" }").await,
        ["55", "-11", ""]
    );
}

#[tokio::test]
async fn a_mask_that_fails_on_a_row_shows_nothing_there() {
    assert_eq!(
        masked("age", "{ sql = \"CAST(commune AS INT) - 75000\" }").await,
        ["113", "", ""]
    );
}

#[tokio::test]
async fn a_masked_column_filters_and_groups_by_what_is_shown() {
    let platform = platform().await;
    let session = session(
        &platform,
        "[table.care]\ncolumns = [\"age\", \"amount\"]\n[table.care.mask]\nage = \"band(5)\"",
    );
    assert!(
        rows(&session, "SELECT age FROM care WHERE age = 43")
            .await
            .is_empty()
    );
    assert_eq!(
        rows(
            &session,
            "SELECT age, count(*) FROM care WHERE age >= 40 GROUP BY age"
        )
        .await,
        ["40 1"]
    );
}

#[tokio::test]
async fn an_identifier_is_a_pseudonym_even_if_nothing_is_said() {
    let platform = platform().await;
    let session = session(&platform, "[table.care]\ncolumns = [\"patient\"]");
    let shown = rows(&session, "SELECT patient FROM care").await;
    assert_eq!(shown[0], shown[2]);
    assert_ne!(shown[0], shown[1]);
    assert!(shown.iter().all(|id| id.len() == 32), "{shown:?}");
}

#[tokio::test]
async fn an_identifier_is_never_shown_in_clear_nor_in_part() {
    let platform = platform().await;
    for mask in [
        "patient = \"clear\"",
        "patient = \"prefix(1)\"",
        "patient = { sql = \"upper(patient)\" }",
        "age = { sql = \"length(patient)\" }",
    ] {
        let text = permit_text(
            "p",
            &format!("[table.care]\ncolumns = [\"patient\", \"age\"]\n[table.care.mask]\n{mask}"),
        );
        let permit = sceau::Permit::parse("permit.toml", &text).expect("permit");
        let error = platform
            .session(&permit, "ana")
            .expect_err(mask)
            .to_string();
        assert!(error.contains("identifier"), "{mask}: {error}");
    }
}
