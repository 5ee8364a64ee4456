//! Registering says which stored columns differ from the model, and takes what the platform's file lets it take.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use sceau::platform::{DriftPolicy, TableDrift};
use sceau::{ConfigError, Platform};

use crate::fixture::{Stored, code, rows, session, snds_table};

/// Three people, with the referential's columns changed by `change`: another type, or none.
fn people(change: impl Fn(&str, &ArrayRef) -> Option<ArrayRef>) -> RecordBatch {
    let nirs: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let years: ArrayRef = Arc::new(Int64Array::from(vec![1950, 1960, 1970]));
    let ranks: ArrayRef = Arc::new(Int64Array::from(vec![1, 1, 1]));
    let batch = snds_table(
        "ir_ben_r",
        &[
            ("BEN_NIR_PSA", nirs),
            ("BEN_RNG_GEM", ranks),
            ("BEN_NAI_ANN", years),
        ],
    );
    let columns = batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .filter_map(|(field, column)| {
            Some((field.name().clone(), change(field.name(), column)?, true))
        })
        .collect::<Vec<_>>();
    let more: ArrayRef = new_null_array(&DataType::Boolean, 3);
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().chain([(
        "NEW_TOP".to_owned(),
        more,
        true,
    )]))
    .expect("people")
}

/// A year of birth that is wider, a mark that is narrower, a sex that is text, a commune that is missing.
fn drifted(name: &str, column: &ArrayRef) -> Option<ArrayRef> {
    match name {
        "BEN_NAI_ANN" => Some(cast(column, &DataType::Int32).expect("cast")),
        "BEN_IDT_TOP" => Some(cast(column, &DataType::Int8).expect("cast")),
        "BEN_SEX_COD" => Some(cast(column, &DataType::Utf8).expect("cast")),
        "BEN_RES_COM" => None,
        _ => Some(Arc::clone(column)),
    }
}

async fn platform(batch: &RecordBatch, policy: DriftPolicy) -> Result<Platform, ConfigError> {
    Stored::new()
        .table("ir_ben_r", |table| table.drift(policy), batch)
        .await
        .try_platform()
        .await
}

const SAID: &str = "column BEN_IDT_TOP: expected Int16, found Int8, which converts without loss; \
    column BEN_NAI_ANN: expected Int16, found Int32; column BEN_SEX_COD: expected Int16, found Utf8; \
    column BEN_RES_COM: expected Utf8, found no such column";

#[tokio::test]
async fn strictly_every_difference_is_an_error_that_names_them_all() {
    let error = platform(&people(drifted), DriftPolicy::Strict)
        .await
        .expect_err("drift");
    let way_out = "; drift = \"lenient\" reads the table as far as its files go";
    assert_eq!(
        error.to_string(),
        format!("table IR_BEN_R: {SAID}{way_out}")
    );
}

#[tokio::test]
async fn many_missing_columns_are_told_in_one_breath() {
    const LEFT: [&str; 4] = ["BEN_NIR_PSA", "BEN_RNG_GEM", "BEN_IDT_ANO", "BEN_SEX_COD"];
    let few = people(|name, column| LEFT.contains(&name).then(|| Arc::clone(column)));
    let error = platform(&few, DriftPolicy::Strict)
        .await
        .expect_err("drift");
    let error = error.to_string();
    assert!(error.starts_with("table IR_BEN_R: "), "{error}");
    assert!(error.contains(" columns are missing: "), "{error}");
    assert!(error.contains("BEN_NAI_ANN, "), "{error}");
    assert!(!error.contains("found no such column"), "{error}");
    platform(&few, DriftPolicy::Lenient).await.expect("lenient");
}

#[tokio::test]
async fn leniently_it_is_a_report_and_the_table_is_read_as_far_as_it_goes() {
    let platform = platform(&people(drifted), DriftPolicy::Lenient)
        .await
        .expect("lenient");
    let report: Vec<String> = platform.drift().iter().map(TableDrift::to_string).collect();
    assert_eq!(
        report,
        [format!(
            "table IR_BEN_R: {SAID}; column NEW_TOP: not in the data model, found Boolean"
        )]
    );
    let session = session(&platform, "[table.ir_ben_r]\ncolumns = \"*\"");
    let asked = "SELECT BEN_NAI_ANN FROM ir_ben_r WHERE BEN_NAI_ANN > 1950";
    let shown = rows(&session, asked).await;
    assert_eq!(shown, ["1960", "1970"]);
    let read_as = platform.table_model("ir_ben_r").expect("registered");
    let type_of = |name: &str| read_as.column(name).and_then(|c| c.data_type.clone());
    assert_eq!(type_of("BEN_IDT_TOP"), Some(DataType::Int16));
    assert_eq!(type_of("BEN_NAI_ANN"), Some(DataType::Int32));
    // What the files have beyond the model is nobody's to grant by "*", and what they lack is not there.
    for column in ["NEW_TOP", "BEN_RES_COM"] {
        let asked = format!("SELECT {column} FROM ir_ben_r");
        assert_eq!(
            code(&session, &asked).await,
            sceau::ErrorCode::UnknownColumn,
            "{column}"
        );
    }
}

#[tokio::test]
async fn what_people_are_counted_by_is_never_let_off() {
    let without_rank = people(|name, column| (name != "BEN_RNG_GEM").then(|| Arc::clone(column)));
    let error = platform(&without_rank, DriftPolicy::Lenient)
        .await
        .expect_err("no rank");
    assert_eq!(
        error.to_string(),
        "table IR_BEN_R: column BEN_RNG_GEM: expected Int16, found no such column"
    );
}

#[tokio::test]
async fn nor_is_what_people_are_told_apart_by() {
    let nobody = people(|name, column| (name != "BEN_IDT_ANO").then(|| Arc::clone(column)));
    let error = platform(&nobody, DriftPolicy::Lenient)
        .await
        .expect_err("no person");
    assert_eq!(
        error.to_string(),
        "table IR_BEN_R: column BEN_IDT_ANO: expected Utf8, found no such column"
    );
}

#[tokio::test]
async fn a_table_as_the_model_has_it_is_not_in_the_report() {
    let same = snds_table("ir_ben_r", &[]);
    let platform = platform(&same, DriftPolicy::Strict).await.expect("same");
    assert_eq!(platform.drift(), []);
}

#[tokio::test]
async fn a_column_that_came_later_than_the_tables_year_is_not_missing() {
    // GHS_HS_INNOV exists since 2015.
    let of_year = |name: &str| {
        let batch = snds_table(name, &[]);
        let at = batch.schema().index_of("GHS_HS_INNOV").expect("a column");
        let others: Vec<usize> = (0..batch.num_columns())
            .filter(|other| *other != at)
            .collect();
        batch.project(&others).expect("project")
    };
    let stored = Stored::new()
        .table("t_mco12b", |table| table, &of_year("t_mco12b"))
        .await;
    assert_eq!(stored.platform().await.drift(), []);
    let error = Stored::new()
        .table("t_mco16b", |table| table, &of_year("t_mco16b"))
        .await
        .try_platform()
        .await
        .expect_err("missing");
    assert_eq!(
        error.to_string(),
        "table T_MCO16B: column GHS_HS_INNOV: expected Utf8, found no such column; drift = \"lenient\" reads the table as far as its files go"
    );
}

#[tokio::test]
async fn the_platforms_file_says_how_drift_is_taken() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("ir_ben_r")).expect("folder");
    std::fs::write(
        folder.path().join("ir_ben_r/a.parquet"),
        crate::fixture::parquet_bytes(&people(drifted), 10),
    )
    .expect("file");
    let file = folder.path().join("platform.toml");
    let register = async |top: &str, table: &str| {
        let text = format!(
            "{top}\n[store.data]\nurl = \"file://{}/\"\n[keys]\nprovider = \"env\"\n[table.ir_ben_r]\nstore = \"data\"\npath = \"ir_ben_r/\"\n{table}",
            folder.path().display()
        );
        std::fs::write(&file, text).expect("write");
        Platform::from_file(&file).await
    };
    let drift = |platform: Platform| platform.drift().len();
    assert!(matches!(
        register("", "").await,
        Err(ConfigError::Drift { .. })
    ));
    assert_eq!(
        register("drift = \"lenient\"", "").await.map(drift).ok(),
        Some(1)
    );
    assert_eq!(
        register("", "drift = \"lenient\"").await.map(drift).ok(),
        Some(1)
    );
    let strict = register("drift = \"lenient\"", "drift = \"strict\"").await;
    assert!(matches!(strict, Err(ConfigError::Drift { .. })));
    let wrong = register("drift = \"loose\"", "")
        .await
        .expect_err("no such policy");
    assert!(
        wrong.to_string().contains("platform.toml:1: drift"),
        "{wrong}"
    );
}
