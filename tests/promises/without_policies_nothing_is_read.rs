//! A session whose rule is gone, never runs, or fails unseen reads nothing.

use std::sync::{Arc, LazyLock};

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{Session as DataFusionSession, TableProvider};
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::datasource::provider_as_source;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, TableType};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use sceau::Session;

use crate::fixture::{Stored, code, rows, session};

async fn numbers() -> Session {
    let platform = Stored::new()
        .table("t", |table| table, &batch(vec![1, 2, 3]))
        .await
        .platform()
        .await;
    session(&platform, "[table.t]\ncolumns = [\"v\"]\nwhere = \"v < 3\"")
}

fn batch(values: Vec<i64>) -> RecordBatch {
    RecordBatch::try_from_iter([("v", Arc::new(Int64Array::from(values)) as _)]).expect("batch")
}

async fn refused(
    change: impl Fn(SessionStateBuilder) -> SessionStateBuilder + Send + Sync + 'static,
) {
    let session = numbers().await.customized(change).expect("session");
    for sql in [
        "SELECT v FROM t",
        "SELECT count(*) FROM t",
        "SELECT (SELECT max(v) FROM t)",
    ] {
        assert_eq!(code(&session, sql).await.as_str(), "not_enforced", "{sql}");
    }
}

fn with_config(builder: SessionStateBuilder, key: &str, value: &str) -> SessionStateBuilder {
    let mut builder = builder;
    let config = builder.config().take().unwrap_or_default();
    builder.with_config(config.set_str(key, value))
}

#[tokio::test]
async fn with_the_rule_removed_nothing_is_read() {
    refused(|builder| builder.with_optimizer_rules(vec![])).await;
}

#[tokio::test]
async fn with_no_optimizer_pass_nothing_is_read() {
    refused(|builder| with_config(builder, "datafusion.optimizer.max_passes", "0")).await;
}

#[tokio::test]
async fn with_failing_rules_skipped_nothing_is_read() {
    let session = numbers()
        .await
        .customized(|builder| {
            with_config(builder, "datafusion.optimizer.skip_failed_rules", "true")
        })
        .expect("session");
    // The rule does not fail on the session's own table, and what it gives is still enforced.
    assert_eq!(rows(&session, "SELECT count(*) FROM t").await, ["2"]);
    refused(|builder| {
        with_config(builder, "datafusion.optimizer.skip_failed_rules", "true")
            .with_optimizer_rules(vec![Arc::new(Failing)])
    })
    .await;
}

#[tokio::test]
async fn a_rule_of_the_host_that_puts_a_raw_table_in_is_caught_by_the_final_gate() {
    refused(|builder| builder.with_optimizer_rule(Arc::new(Swap))).await;
}

#[derive(Debug)]
struct Failing;

impl OptimizerRule for Failing {
    fn name(&self) -> &str {
        "failing"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, _: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        datafusion::common::plan_err!("it fails")
    }
}

/// Puts a raw source in the place of every table, after the policies were enforced.
#[derive(Debug)]
struct Swap;

impl OptimizerRule for Swap {
    fn name(&self) -> &str {
        "swap"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        match plan {
            LogicalPlan::TableScan(scan) => {
                Ok(Transformed::yes(LogicalPlan::TableScan(TableScan {
                    source: provider_as_source(Arc::new(Raw)),
                    ..scan
                })))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

#[derive(Debug)]
struct Raw;

#[async_trait]
impl TableProvider for Raw {
    fn schema(&self) -> SchemaRef {
        batch(vec![]).schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn DataFusionSession,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        StreamingTable::try_new(self.schema(), vec![Arc::new(Hidden)])?
            .scan(state, projection, filters, limit)
            .await
    }
}

#[derive(Debug)]
struct Hidden;

impl PartitionStream for Hidden {
    fn schema(&self) -> &SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| batch(vec![]).schema());
        &SCHEMA
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = futures::stream::iter([Ok(batch(vec![1, 2, 3]))]);
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(PartitionStream::schema(self)),
            rows,
        ))
    }
}
