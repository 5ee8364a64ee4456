//! Under a policy the files are read as sparingly as a hand-written query reads them, seen on the operator's own metrics.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use sceau::{Permit, Platform, TableConfig};

use crate::fixture::{Stored, TestKeys, parquet_bytes, permit_text, rows, session};

/// Ten thousand rows in row groups of a thousand, by day and by number.
fn care() -> RecordBatch {
    let numbers: Vec<i64> = (0..10_000).collect();
    RecordBatch::try_from_iter([
        (
            "day",
            Arc::new(Date32Array::from_iter_values(
                numbers.iter().map(|n| 17_897 + (*n / 100) as i32),
            )) as _,
        ),
        ("n", Arc::new(Int64Array::from(numbers.clone())) as _),
        (
            "dpt",
            Arc::new(StringArray::from_iter_values(
                numbers.iter().map(|n| format!("{:03}", n / 1000)),
            )) as _,
        ),
    ])
    .expect("care")
}

/// What the scan below everything else says of row groups, pages and bytes.
fn read(plan: &Arc<dyn ExecutionPlan>) -> Vec<String> {
    if plan.children().is_empty() {
        let metrics = plan
            .metrics()
            .expect("a scan has metrics")
            .aggregate_by_name();
        let mut said: Vec<String> = metrics
            .iter()
            .filter(|metric| {
                let name = metric.value().name();
                let what_is_read = name.starts_with("row_groups_pruned")
                    || name.starts_with("page_index")
                    || name == "bytes_scanned";
                what_is_read && !name.ends_with("_time")
            })
            .map(|metric| format!("{} {}", metric.value().name(), metric.value()))
            .collect();
        said.sort();
        return said;
    }
    plan.children().into_iter().flat_map(read).collect()
}

#[tokio::test]
async fn where_period_and_questions_prune_as_if_written_by_hand() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("care")).expect("folder");
    std::fs::write(
        folder.path().join("care/a.parquet"),
        parquet_bytes(&care(), 1000),
    )
    .expect("file");
    let store =
        object_store::local::LocalFileSystem::new_with_prefix(folder.path()).expect("store");
    let platform = Platform::builder()
        .store("data", Arc::new(store))
        .keys(Arc::new(TestKeys))
        .table("care", TableConfig::new("data", "care/").care_date("day"))
        .partitions(1)
        .build()
        .await
        .expect("platform");
    let raw = SessionContext::new_with_config(
        SessionConfig::new()
            .with_target_partitions(1)
            .with_collect_statistics(false)
            .set_bool(
                "datafusion.execution.parquet.schema_force_view_types",
                false,
            ),
    );
    let path = folder.path().join("care").display().to_string();
    raw.register_parquet("care", &path, ParquetReadOptions::default())
        .await
        .expect("raw");

    for (population, filter, question, by_hand) in [
        ("", "dpt = '003'", "", "dpt = '003'"),
        (
            "",
            "dpt IN ('003', '007')",
            "n < 3500",
            "dpt IN ('003', '007') AND n < 3500",
        ),
        (
            "",
            "n % 2 = 0",
            "n BETWEEN 8000 AND 8100",
            "n % 2 = 0 AND n BETWEEN 8000 AND 8100",
        ),
        (
            "[population]\nperiod = { from = 2019-02-01, until = 2019-02-28 }",
            "n > 0",
            "dpt <> '004'",
            "day >= DATE '2019-02-01' AND day < DATE '2019-03-01' AND n > 0 AND dpt <> '004'",
        ),
    ] {
        let permit = permit_text(
            "p",
            &format!(
                "{population}\n[table.care]\ncolumns = [\"day\", \"n\", \"dpt\"]\nwhere = \"{filter}\""
            ),
        );
        let permit = Permit::parse("permit.toml", &permit).expect("permit");
        let session = platform.session(&permit, "ana").expect("session");
        let asked = if question.is_empty() {
            String::new()
        } else {
            format!("WHERE {question}")
        };
        let plan = session
            .plan(&format!(
                "SELECT sum(n), count(dpt), max(day) FROM care {asked}"
            ))
            .await
            .expect("plan");
        let ours = session.physical_plan(&plan, vec![]).await.expect("plan");
        let theirs = raw
            .sql(&format!(
                "SELECT sum(n), count(dpt), max(day) FROM care WHERE {by_hand}"
            ))
            .await
            .expect("plan")
            .create_physical_plan()
            .await
            .expect("plan");
        let answers = session
            .run_physical(Arc::clone(&ours))
            .expect("run")
            .collect()
            .await
            .expect("rows");
        let expected = collect(Arc::clone(&theirs), raw.task_ctx())
            .await
            .expect("rows");
        assert_eq!(
            answers
                .iter()
                .map(|batch| batch.columns().to_vec())
                .collect::<Vec<_>>(),
            expected
                .iter()
                .map(|batch| batch.columns().to_vec())
                .collect::<Vec<_>>(),
            "{by_hand}"
        );
        let (ours, theirs) = (read(&ours), read(&theirs));
        assert!(
            theirs
                .iter()
                .any(|metric| metric.starts_with("row_groups_pruned_statistics")),
            "{theirs:?}"
        );
        assert_eq!(ours, theirs, "{by_hand}");
    }
}

#[tokio::test]
async fn a_condition_on_no_column_leaves_no_file_out_and_fails_on_none() {
    let costs: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let batch = RecordBatch::try_from_iter([("cost", costs)]).expect("batch");
    let stored = Stored::new()
        .file("sejour/annee=2019/part-0.parquet", &batch)
        .await
        .registered("sejour", |table| table);
    let platform = stored.platform().await;
    let permit = "[table.sejour]\ncolumns = [\"cost\", \"annee\"]";
    let session = session(&platform, permit);
    let never = "TIMESTAMP '2020-03-15T10:00:00' \
                 BETWEEN TIMESTAMP '2020-03-15T10:00:00' AND CAST(NULL AS TIMESTAMP)";
    for (condition, expected) in [
        (never, "0"),
        ("CAST(NULL AS BOOLEAN)", "0"),
        ("NULL AND annee = 2019", "0"),
        ("NULL OR annee = 2019", "2"),
        ("annee = NULL", "0"),
        ("1 = 2", "0"),
        ("1 = 1", "2"),
    ] {
        for sql in [
            format!("SELECT count(*) FROM sejour WHERE {condition}"),
            format!(
                "SELECT count(*) FROM sejour s LEFT SEMI JOIN sejour t ON s.annee = t.annee AND ({condition})"
            )
            .replace("AND (NULL AND annee", "AND (NULL AND t.annee")
            .replace("AND (NULL OR annee", "AND (NULL OR t.annee")
            .replace("AND (annee", "AND (t.annee"),
        ] {
            assert_eq!(rows(&session, &sql).await, [expected], "{sql}");
        }
    }
}
