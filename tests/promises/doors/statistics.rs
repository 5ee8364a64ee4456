//! What the files say of themselves: counts, extremes, order, keys, partitions.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use datafusion::catalog::TableProvider;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use sceau::Session;

use super::world::{answers_from_visible_rows, trapped};
use crate::fixture::{Stored, rows, session};

/// Door 10: aggregates answered from the statistics in a file's footer, which know every row.
#[tokio::test]
async fn counts_and_extremes_are_not_taken_from_footers() {
    answers_from_visible_rows(&[
        "SELECT count(*) FROM sejour",
        "SELECT count(cost), min(cost), max(cost) FROM sejour",
        "SELECT min(note), max(note), min(region), max(region) FROM sejour",
        "SELECT min(day), max(day), min(rate), max(rate) FROM sejour",
        "SELECT min(CAST(cost AS DOUBLE)), max(CAST(cost AS DOUBLE)) FROM sejour",
        "SELECT min(patient), max(patient), count(DISTINCT patient) FROM sejour",
        "SELECT count(*) FROM sejour WHERE cost > 60",
        "SELECT count(*) FROM (SELECT DISTINCT region FROM sejour)",
    ])
    .await;
}

/// Door 44: a condition that is handed to the reader of a file and not evaluated by it. The policy does not depend on it:
/// the layouts of this world read with and without conditions in the reader.
#[tokio::test]
async fn the_policy_holds_whether_or_not_the_reader_evaluates_it() {
    answers_from_visible_rows(&[
        "SELECT region, count(*) FROM sejour GROUP BY region",
        "SELECT count(*) FROM sejour WHERE region <> 'A'",
        "SELECT count(*) FROM sejour WHERE region IN ('B', 'C') OR cost < 0",
        "SELECT count(*) FROM sejour WHERE region = 'B' OR region = 'A'",
        "SELECT count(*) FROM sejour WHERE region IS NULL OR region IS DISTINCT FROM 'A'",
    ])
    .await;
}

/// Door 45: a condition on a partition is taken as done when the files are listed.
#[tokio::test]
async fn a_policy_on_a_partition_holds_although_the_listing_has_evaluated_it() {
    let year = |costs: Vec<i64>| {
        RecordBatch::try_from_iter([("cost", Arc::new(Int64Array::from(costs)) as _)])
            .expect("batch")
    };
    let platform = Stored::new()
        .file("care/year=2019/a.parquet", &year(vec![1, 2]))
        .await
        .file("care/year=2020/a.parquet", &year(vec![i64::MAX, i64::MIN]))
        .await
        .registered("care", |table| table)
        .platform()
        .await;
    for (columns, masks) in [
        ("[\"cost\", \"year\"]", ""),
        ("[\"cost\"]", ""),
        (
            "[\"cost\", \"year\"]",
            "\n[table.care.mask]\nyear = \"null\"",
        ),
    ] {
        let session = session(
            &platform,
            &format!("[table.care]\ncolumns = {columns}\nwhere = \"year = 2019\"{masks}"),
        );
        for (sql, expected) in [
            ("SELECT count(*), max(cost) FROM care", "2 2"),
            ("SELECT sum(cost) FROM care WHERE cost + 1 > 0", "3"),
        ] {
            assert_eq!(rows(&session, sql).await, [expected], "{sql} {columns}");
        }
    }
    let shown = session(
        &platform,
        "[table.care]\ncolumns = [\"cost\", \"year\"]\nwhere = \"year = 2019\"",
    );
    for (sql, expected) in [
        ("SELECT count(*) FROM care WHERE year = 2020", "0"),
        ("SELECT count(*) FROM care WHERE year >= 2019", "2"),
        ("SELECT count(DISTINCT year) FROM care", "1"),
        (
            "SELECT count(*) FROM care WHERE year = 2020 OR cost > 0",
            "2",
        ),
    ] {
        assert_eq!(rows(&shown, sql).await, [expected], "{sql}");
    }
}

async fn provider(session: &Session) -> Arc<dyn TableProvider> {
    let plan = session
        .table("sejour")
        .await
        .expect("table")
        .build()
        .expect("plan");
    match &plan {
        LogicalPlan::TableScan(scan) => source_as_provider(&scan.source).expect("provider"),
        other => panic!("{other}"),
    }
}

/// Doors 46 and 26: keys and dependencies of a table, and a plan of it that would be put in its place.
#[tokio::test]
async fn a_table_tells_no_keys_statistics_defaults_or_plan() {
    let provider = provider(&trapped().await).await;
    assert!(provider.constraints().is_none());
    assert!(provider.get_logical_plan().is_none());
    assert!(provider.get_table_definition().is_none());
    assert!(provider.get_column_default("cost").is_none());
    assert!(provider.statistics().is_none());
}

fn leaf(plan: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    match plan.name() {
        "PolicyExec" => Arc::clone(plan),
        _ => leaf(plan.children().first().expect("a leaf")),
    }
}

/// Door 48: a column that the policy holds equal to one value is taken for a constant, and sorts are left out.
#[tokio::test]
async fn what_the_policy_makes_constant_is_still_sorted_by() {
    answers_from_visible_rows(&[
        "SELECT region, note, sum(cost) FROM sejour GROUP BY ROLLUP (region, note) ORDER BY region NULLS FIRST, note NULLS FIRST",
        "SELECT region, note, sum(cost) FROM sejour GROUP BY ROLLUP (region, note) ORDER BY region DESC, note DESC, 3",
        "SELECT region, count(*) FROM sejour GROUP BY CUBE (region, note) ORDER BY 1, 2",
        "SELECT region, note, grouping(region) FROM sejour GROUP BY GROUPING SETS ((region), (note), ()) ORDER BY 1, 2, 3",
    ])
    .await;
    let session = trapped().await;
    let plan = session.plan("SELECT * FROM sejour").await.expect("plan");
    let physical = session.physical_plan(&plan, vec![]).await.expect("plan");
    let leaf = leaf(&physical);
    assert!(
        leaf.properties()
            .equivalence_properties()
            .oeq_class()
            .is_empty()
    );
    assert!(
        leaf.properties()
            .equivalence_properties()
            .eq_group()
            .is_empty()
    );
    assert!(leaf.properties().output_ordering().is_none());
}
