//! Registering holds the stored files against the data model and names what differs.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, LargeListViewArray, ListViewArray, RecordBatch, StringArray,
    new_null_array,
};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{DataType, Field, Schema};
use sceau::ColumnConfig;
use sceau::snds::{self, Role};

use crate::fixture::{Stored, rows, session};

/// Three rows of nothing with the columns of an SNDS table, changed by `change`.
fn table_of(name: &str, change: impl Fn(&str, DataType) -> Option<DataType>) -> RecordBatch {
    let model = snds::table(name).expect("a table of the model");
    let columns = model
        .columns
        .iter()
        .filter(|column| !column.optional)
        .filter_map(|column| {
            let data_type = change(&column.name, column.data_type.clone().expect("a type"))?;
            Some((column.name.clone(), new_null_array(&data_type, 3), true))
        });
    RecordBatch::try_from_iter_with_nullable(columns).expect("table")
}

#[tokio::test]
async fn an_snds_table_needs_nothing_but_its_place() {
    for name in [
        "er_prs_f", "er_pha_f", "ir_ben_r", "t_mco19b", "t_mco19c", "ki_cci_r", "ir_imb_r",
    ] {
        let table = table_of(name, |_, data_type| Some(data_type));
        let platform = Stored::new()
            .table(name, |table| table, &table)
            .await
            .platform()
            .await;
        let session = session(&platform, &format!("[table.{name}]\ncolumns = \"*\""));
        assert_eq!(
            rows(&session, &format!("SELECT count(*) FROM {name}")).await,
            ["3"]
        );
    }
}

async fn problem(name: &str, table: &RecordBatch) -> String {
    Stored::new()
        .table(name, |table| table, table)
        .await
        .try_platform()
        .await
        .expect_err("a difference")
        .to_string()
}

#[tokio::test]
async fn a_missing_column_is_named_with_its_table() {
    let table = table_of("ir_ben_r", |name, data_type| {
        (name != "BEN_SEX_COD").then_some(data_type)
    });
    assert_eq!(
        problem("ir_ben_r", &table).await,
        "table IR_BEN_R: column BEN_SEX_COD: expected Int16, found no such column; drift = \"lenient\" reads the table as far as its files go"
    );
}

#[tokio::test]
async fn a_column_of_another_type_is_named_with_both_types() {
    let table = table_of("ir_ben_r", |name, data_type| {
        Some(if name == "BEN_SEX_COD" {
            DataType::Utf8
        } else {
            data_type
        })
    });
    assert_eq!(
        problem("ir_ben_r", &table).await,
        "table IR_BEN_R: column BEN_SEX_COD: expected Int16, found Utf8; drift = \"lenient\" reads the table as far as its files go"
    );
}

#[tokio::test]
async fn a_declared_column_that_is_not_stored_is_named() {
    let batch =
        RecordBatch::try_from_iter([("a", Arc::new(Int64Array::from(vec![1])) as ArrayRef)])
            .expect("batch");
    let error = Stored::new()
        .table(
            "t",
            |table| table.column("patient", ColumnConfig::new(Role::Identifier)),
            &batch,
        )
        .await
        .try_platform()
        .await
        .expect_err("a difference");
    assert_eq!(
        error.to_string(),
        "the platform: table.t.columns.patient: expected a stored column of t, found no such column"
    );
}

#[tokio::test]
async fn a_table_without_files_is_named() {
    let error = Stored::new()
        .registered("t", |table| table)
        .try_platform()
        .await
        .expect_err("no files");
    assert_eq!(
        error.to_string(),
        "the platform: table.t.path: expected a prefix below which there are Parquet files, found none below \"t\""
    );
}

#[tokio::test]
async fn columns_that_differ_in_case_alone_are_refused() {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = RecordBatch::try_new(
        Arc::new(Schema::new(vec![
            arrow::datatypes::Field::new("a", DataType::Int64, true),
            arrow::datatypes::Field::new("A", DataType::Int64, true),
        ])),
        vec![Arc::clone(&column), column],
    )
    .expect("batch");
    let error = problem("t", &batch).await;
    assert_eq!(
        error,
        "table t: column A: expected a name that differs from every other in more than case, found a too"
    );
}

fn numbers(values: Vec<i64>) -> RecordBatch {
    RecordBatch::try_from_iter([("v", Arc::new(Int64Array::from(values)) as ArrayRef)])
        .expect("batch")
}

#[tokio::test]
async fn hive_partitions_are_columns_and_prune() {
    let platform = Stored::new()
        .file("t/annee=2019/mois=01/a.parquet", &numbers(vec![1, 2]))
        .await
        .file("t/annee=2020/mois=02/b.parquet", &numbers(vec![3]))
        .await
        .file("t/annee=2020/_SUCCESS", &numbers(vec![9]))
        .await
        .registered("t", |table| table)
        .platform()
        .await;
    let session = session(
        &platform,
        "[table.t]\ncolumns = [\"v\", \"annee\", \"mois\"]",
    );
    assert_eq!(
        rows(&session, "SELECT v, mois FROM t WHERE annee = 2020").await,
        ["3 02"]
    );
    assert_eq!(
        rows(
            &session,
            "SELECT annee, count(*) FROM t GROUP BY 1 ORDER BY 1"
        )
        .await,
        ["2019 2", "2020 1"]
    );
}

#[tokio::test]
async fn a_policy_on_a_partition_that_is_denied_holds() {
    let platform = Stored::new()
        .file("t/annee=2019/a.parquet", &numbers(vec![1, 2]))
        .await
        .file("t/annee=2020/b.parquet", &numbers(vec![3]))
        .await
        .registered("t", |table| table)
        .platform()
        .await;
    let session = session(
        &platform,
        "[table.t]\ncolumns = [\"v\"]\nwhere = \"annee = 2019\"",
    );
    assert_eq!(
        rows(&session, "SELECT count(*), max(v) FROM t").await,
        ["2 2"]
    );
}

#[tokio::test]
async fn a_file_outside_the_partitions_is_named_and_not_left_out() {
    let error = Stored::new()
        .file("t/annee=2019/a.parquet", &numbers(vec![1]))
        .await
        .file("t/b.parquet", &numbers(vec![3]))
        .await
        .registered("t", |table| table)
        .try_platform()
        .await
        .expect_err("mixed");
    assert!(
        error
            .to_string()
            .starts_with("table t: its files stand in different partition columns"),
        "{error}"
    );
}

#[tokio::test]
async fn a_table_of_several_files_is_one_table() {
    let platform = Stored::new()
        .file("t/a.parquet", &numbers(vec![1]))
        .await
        .file("t/2020/b.parquet", &numbers(vec![3]))
        .await
        .registered("t", |table| table)
        .platform()
        .await;
    let session = session(&platform, "[table.t]\ncolumns = [\"v\"]");
    assert_eq!(rows(&session, "SELECT sum(v) FROM t").await, ["4"]);
}

#[tokio::test]
async fn texts_are_compared_as_texts_and_zeros_in_front_are_kept() {
    let batch = RecordBatch::try_from_iter([(
        "c",
        Arc::new(StringArray::from(vec!["075", "75"])) as ArrayRef,
    )])
    .expect("batch");
    let platform = Stored::new()
        .table("t", |table| table, &batch)
        .await
        .platform()
        .await;
    let session = session(&platform, "[table.t]\ncolumns = [\"c\"]");
    assert_eq!(
        rows(&session, "SELECT c FROM t WHERE c = '075'").await,
        ["075"]
    );
}

async fn declared(
    config: impl FnOnce(sceau::TableConfig) -> sceau::TableConfig,
    name: &str,
    batch: &RecordBatch,
) -> Result<sceau::Platform, String> {
    Stored::new()
        .table(name, config, batch)
        .await
        .try_platform()
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn an_identifier_of_the_model_keeps_its_domain_where_the_platform_names_none() {
    let table = table_of("ir_imb_r", |_, data_type| Some(data_type));
    let named = |table: sceau::TableConfig| {
        table.column("BEN_NIR_PSA", ColumnConfig::new(Role::Identifier))
    };
    let platform = declared(named, "ir_imb_r", &table).await.expect("platform");
    let model = platform.table_model("ir_imb_r").expect("table");
    assert_eq!(
        model.column("BEN_NIR_PSA").expect("column").domain,
        Some("patient".to_owned())
    );
}

#[tokio::test]
async fn an_identifier_of_the_model_stays_one() {
    let table = table_of("ir_imb_r", |_, data_type| Some(data_type));
    let weakened =
        |table: sceau::TableConfig| table.column("BEN_NIR_PSA", ColumnConfig::new(Role::Plain));
    let error = declared(weakened, "ir_imb_r", &table)
        .await
        .expect_err("weakened");
    assert!(
        error.contains("table.ir_imb_r.columns.BEN_NIR_PSA: expected an identifier"),
        "{error}"
    );
}

#[tokio::test]
async fn a_column_is_declared_once_whatever_its_case() {
    let batch = RecordBatch::try_from_iter([(
        "Patient",
        Arc::new(StringArray::from(vec!["p1"])) as ArrayRef,
    )])
    .expect("batch");
    let twice = |table: sceau::TableConfig| {
        table
            .column(
                "Patient",
                ColumnConfig::new(Role::Identifier).domain("patient"),
            )
            .column("patient", ColumnConfig::new(Role::Plain))
    };
    let error = declared(twice, "t", &batch).await.expect_err("twice");
    assert!(error.contains("table.t.columns."), "{error}");
}

#[tokio::test]
async fn a_table_that_names_people_counts_them_by_the_one_identifier_it_has_and_asks_when_there_are_two()
 {
    let ids = || Arc::new(StringArray::from(vec!["p1"])) as ArrayRef;
    let patient = || ColumnConfig::new(Role::Identifier).domain("patient");
    let one = RecordBatch::try_from_iter([("patient", ids())]).expect("batch");
    let platform = declared(|table| table.column("patient", patient()), "t", &one)
        .await
        .expect("platform");
    assert_eq!(
        platform.table_model("t").expect("table").contributor,
        ["patient"]
    );

    let two = RecordBatch::try_from_iter([("patient", ids()), ("mother", ids())]).expect("batch");
    let both = |table: sceau::TableConfig| {
        table
            .column("patient", patient())
            .column("mother", patient())
    };
    let error = declared(both, "t", &two).await.expect_err("two");
    assert!(
        error.contains("table.t.contributor: expected the columns that together name the person"),
        "{error}"
    );
}

#[tokio::test]
async fn a_column_of_list_views_is_read_as_lists() {
    let item = || Arc::new(Field::new_list_field(DataType::Int64, true));
    let values = || Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef;
    // The views overlap, and the second is empty.
    let views = ListViewArray::new(
        item(),
        ScalarBuffer::from(vec![1, 0, 0]),
        ScalarBuffer::from(vec![2, 0, 3]),
        values(),
        None,
    );
    let large = LargeListViewArray::new(
        item(),
        ScalarBuffer::from(vec![1_i64, 0, 0]),
        ScalarBuffer::from(vec![2_i64, 0, 3]),
        values(),
        None,
    );
    for (kind, column) in [
        ("ListView", Arc::new(views) as ArrayRef),
        ("LargeListView", Arc::new(large) as ArrayRef),
    ] {
        let batch = RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
            ("codes", column),
        ])
        .expect("batch");
        let platform = declared(|table| table, "t", &batch)
            .await
            .unwrap_or_else(|error| panic!("{kind}: {error}"));
        let session = session(
            &platform,
            "[table.t]\ncolumns = [\"id\", \"codes\"]\nwhere = \"id <> 2\"",
        );
        let sql = "SELECT id, codes, array_length(codes), codes[1] FROM t ORDER BY id";
        assert_eq!(
            rows(&session, sql).await,
            ["1 [2, 3] 2 2", "3 [1, 2, 3] 3 1"],
            "{kind}"
        );
    }
}
