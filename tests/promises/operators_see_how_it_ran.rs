//! The operator sees how a question was run, with policy, files and metrics; the researcher sees none of it.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use sceau::snds::Role;
use sceau::{ColumnConfig, Platform, Session, TableConfig};

use crate::fixture::{Stored, permit, rows};

/// A thousand stays: region A in the first half, B in the second, in groups of a hundred rows.
async fn platform() -> Platform {
    let text = |of: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from((0..1000).map(of).collect::<Vec<_>>()))
    };
    let stays = RecordBatch::try_from_iter([
        ("patient", text(&|at| format!("IDENTIFIER-{at}"))),
        (
            "region",
            text(&|at| if at < 500 { "A" } else { "B" }.to_owned()),
        ),
        (
            "cost",
            Arc::new(Int64Array::from_iter_values(0..1000)) as ArrayRef,
        ),
    ])
    .expect("stays");
    Stored::new()
        .with(|builder| builder.partitions(1))
        .file_in_groups("sejour/part-0.parquet", &stays, 100)
        .await
        .registered("sejour", |table: TableConfig| {
            table.contributor(["patient"]).column(
                "patient",
                ColumnConfig::new(Role::Identifier).domain("patient"),
            )
        })
        .platform()
        .await
}

fn session(platform: &Platform, more: &str) -> Session {
    let permit = permit(&format!(
        "{more}\n[table.sejour]\ncolumns = [\"patient\", \"cost\"]\nwhere = \"region = 'A'\"\n[table.sejour.mask]\ncost = {{ sql = \"cost * 7\" }}"
    ));
    platform.session(&permit, "ana").expect("session")
}

const SQL: &str = "SELECT count(*), max(cost) FROM sejour";

#[tokio::test]
async fn the_operator_sees_policy_files_metrics_and_pruning_and_no_row() {
    let platform = platform().await;
    let session = session(&platform, "");
    assert_eq!(rows(&session, SQL).await, ["500 3493"]);
    let told = platform
        .diagnose("olga", &session, SQL)
        .await
        .expect("told");
    assert_eq!((told.rows, told.principal.as_str()), (1, "ana"));
    assert_eq!(told.permit_hash, session.permit().hash());
    let text = told.to_string();
    for part in [
        "PolicyExec: table=sejour",
        "part-0.parquet",
        "row_groups_pruned_statistics=",
        "output_rows=500",
        "where region = ",
        "\"A\"",
        "cost * ",
        "asked as ana under the permit of p",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    // What it computed is not in it, nor the key or an identifier.
    assert!(!text.contains("3493") && !text.contains("ppppp"), "{text}");
    assert!(!text.contains("IDENTIFIER"), "{text}");
}

#[tokio::test]
async fn nothing_of_it_is_in_what_a_session_tells() {
    let platform = platform().await;
    let session = session(&platform, "");
    let mut shown = session.explain(SQL).await.expect("plan");
    shown.push_str(&rows(&session, &format!("EXPLAIN {SQL}")).await.join("\n"));
    let hash = session.permit().hash().to_owned();
    assert!(shown.contains(&hash), "{shown}");
    let shown = shown.replace(&hash, "");
    for part in [
        "PolicyExec",
        "parquet",
        "metrics",
        "output_rows",
        "pruned",
        "where",
        "region",
        "\"A\"",
        "cost * ",
        "500",
        "1000",
    ] {
        assert!(!shown.contains(part), "{part} in\n{shown}");
    }
}

#[tokio::test]
async fn it_works_where_only_releases_are_allowed_and_never_for_another_platforms_session() {
    let one = platform().await;
    let releases_only = session(&one, "[inside]\nrows = false");
    assert!(releases_only.sql(SQL).await.is_err());
    assert_eq!(
        one.diagnose("olga", &releases_only, SQL)
            .await
            .expect("told")
            .rows,
        1
    );
    let other = platform().await;
    let error = other
        .diagnose("olga", &releases_only, SQL)
        .await
        .expect_err("another platform");
    assert_eq!(error.code().as_str(), "not_allowed");
}

#[tokio::test]
async fn the_operators_question_passes_the_same_gates() {
    let platform = platform().await;
    let session = session(&platform, "");
    for (sql, code) in [
        ("SELECT region FROM sejour", "unknown_column"),
        ("SELECT 1; SELECT 2", "not_a_query"),
        ("COPY sejour TO 'x'", "not_a_query"),
        ("EXPLAIN ANALYZE SELECT 1", "not_a_query"),
        ("SELECT * FROM raw", "unknown_table"),
    ] {
        let error = platform
            .diagnose("olga", &session, sql)
            .await
            .expect_err(sql);
        assert_eq!(error.code().as_str(), code, "{sql}");
    }
}
