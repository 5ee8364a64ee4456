//! Unquoted names match whatever their case and answers show the data model's spelling; quoted names are exact.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use sceau::Session;

use crate::fixture::{Stored, answer, refusal, rows, session};

async fn mixed() -> Session {
    let table = RecordBatch::try_from_iter([
        (
            "BEN_RES_DPT",
            Arc::new(StringArray::from(vec!["075", "092"])) as _,
        ),
        ("PRS_ACT_QTE", Arc::new(Int64Array::from(vec![1, 2])) as _),
    ])
    .expect("table");
    let lower = RecordBatch::try_from_iter([
        ("ben_res_dpt", Arc::new(StringArray::from(vec!["075"])) as _),
        ("label", Arc::new(StringArray::from(vec!["Paris"])) as _),
    ])
    .expect("table");
    let platform = Stored::new()
        .table("Actes", |table| table, &table)
        .await
        .table("dpt", |table| table, &lower)
        .await
        .platform()
        .await;
    session(
        &platform,
        "[table.actes]\ncolumns = [\"ben_res_dpt\", \"Prs_Act_Qte\"]\nwhere = \"Ben_res_dpt is not null\"\n[table.dpt]\ncolumns = [\"BEN_RES_DPT\", \"label\"]",
    )
}

#[tokio::test]
async fn unquoted_names_match_in_any_case_and_show_the_stored_spelling() {
    let session = mixed().await;
    let text = answer(&session, "select Ben_Res_Dpt, sum(prs_act_qte) AS Total from ACTES group by BEN_RES_DPT order by TOTAL").await;
    assert!(text.contains("| BEN_RES_DPT | total |"), "{text}");
}

#[tokio::test]
async fn quoted_names_are_exact() {
    let session = mixed().await;
    assert_eq!(
        rows(
            &session,
            "SELECT \"BEN_RES_DPT\" FROM \"Actes\" WHERE \"PRS_ACT_QTE\" = 1"
        )
        .await,
        ["075"]
    );
    assert_eq!(
        refusal(&session, "SELECT \"ben_res_dpt\" FROM actes")
            .await
            .code()
            .as_str(),
        "unknown_column"
    );
    assert_eq!(
        refusal(&session, "SELECT 1 FROM \"ACTES\"")
            .await
            .code()
            .as_str(),
        "unknown_table"
    );
}

#[tokio::test]
async fn tables_that_spell_a_column_differently_can_be_joined() {
    let session = mixed().await;
    let sql =
        "SELECT d.LABEL, a.prs_act_qte FROM actes a JOIN DPT d ON a.ben_res_dpt = d.BEN_RES_DPT";
    assert_eq!(rows(&session, sql).await, ["Paris 1"]);
    let error = refusal(&session, "SELECT ben_res_dpt FROM actes, dpt").await;
    assert!(error.message().contains("qualify"), "{error}");
}

#[tokio::test]
async fn a_table_built_upon_in_code_is_found_in_any_case_too() {
    let session = mixed().await;
    let plan = session
        .table("ACTES")
        .await
        .expect("table")
        .build()
        .expect("plan");
    let batches = session
        .execute(plan)
        .await
        .expect("answer")
        .collect()
        .await
        .expect("batches");
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
}

#[tokio::test]
async fn only_authorised_names_are_listed() {
    let session = mixed().await;
    assert_eq!(
        rows(&session, "SHOW TABLES").await,
        ["sceau snds Actes BASE TABLE", "sceau snds dpt BASE TABLE"]
    );
    assert_eq!(
        rows(
            &session,
            "SELECT table_name, column_name FROM information_schema.columns"
        )
        .await,
        [
            "Actes BEN_RES_DPT",
            "Actes PRS_ACT_QTE",
            "dpt ben_res_dpt",
            "dpt label"
        ]
    );
    assert_eq!(
        rows(&session, "DESCRIBE ACTES").await,
        ["BEN_RES_DPT Utf8 NO", "PRS_ACT_QTE Int64 NO"]
    );
    assert_eq!(rows(&session, "SHOW COLUMNS FROM actes").await.len(), 2);
    assert_eq!(
        refusal(&session, "DESCRIBE er_prs_f").await.code().as_str(),
        "unknown_table"
    );
    assert_eq!(
        refusal(&session, "SELECT * FROM information_schema.views")
            .await
            .code()
            .as_str(),
        "unknown_table"
    );
    let plan = answer(&session, "EXPLAIN SELECT label FROM dpt").await;
    assert!(
        plan.contains("under the permit of p") && plan.contains("TableScan: dpt"),
        "{plan}"
    );
}
