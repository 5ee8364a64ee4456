//! The parts of a UNION one after the other.
//!
//! ```text
//! CoalescePartitionsExec                 InOrderExec
//!   UnionExec                      →       UnionExec
//!     PolicyExec: table=A                    PolicyExec: table=A
//!     PolicyExec: table=B                    PolicyExec: table=B
//! ```
//!
//! Where a question runs in one partition, its answer is meant to come in one order. `CoalescePartitionsExec` reads all its
//! inputs at once and hands on what comes first, so that the order tells how much of each had to be read before a visible
//! row was met.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::TaskContext;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::limit::LimitStream;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    PhysicalExpr, PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::{StreamExt, TryStreamExt};

/// Reads partitions in their order where the plan is to have one partition.
#[derive(Debug)]
pub struct ReadInOrder;

impl PhysicalOptimizerRule for ReadInOrder {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if config.execution.target_partitions != 1 {
            return Ok(plan);
        }
        let changed = plan.transform_up(|node| {
            Ok(match node.downcast_ref::<CoalescePartitionsExec>() {
                Some(all_at_once) => {
                    Transformed::yes(Arc::new(InOrderExec::new(all_at_once)) as Arc<_>)
                }
                None => Transformed::no(node),
            })
        })?;
        let plan = changed.data;
        // Whoever runs a plan of several partitions would read them all at once.
        if plan.output_partitioning().partition_count() > 1 {
            return Ok(Arc::new(InOrderExec::new(&CoalescePartitionsExec::new(
                plan,
            ))));
        }
        Ok(plan)
    }

    fn name(&self) -> &'static str {
        "read_in_order"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// All partitions as one: the second when the first has ended.
#[derive(Debug, Clone)]
struct InOrderExec {
    input: Arc<dyn ExecutionPlan>,
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl InOrderExec {
    fn new(all_at_once: &CoalescePartitionsExec) -> Self {
        Self {
            input: Arc::clone(all_at_once.input()),
            fetch: all_at_once.fetch(),
            properties: Arc::clone(all_at_once.properties()),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl DisplayAs for InOrderExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fetch {
            Some(fetch) => write!(f, "InOrderExec: fetch={fetch}"),
            None => f.write_str("InOrderExec"),
        }
    }
}

impl ExecutionPlan for InOrderExec {
    fn name(&self) -> &'static str {
        "InOrderExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self::new(
                &CoalescePartitionsExec::new(input).with_fetch(self.fetch),
            ))),
            Err(_) => internal_err!("InOrderExec has one input"),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("InOrderExec has one partition");
        }
        let input = Arc::clone(&self.input);
        let parts = 0..input.output_partitioning().partition_count();
        let rows = futures::stream::iter(parts)
            .map(move |part| input.execute(part, Arc::clone(&context)))
            .try_flatten();
        let rows: SendableRecordBatchStream =
            Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows));
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        Ok(match self.fetch {
            Some(_) => Box::pin(LimitStream::new(rows, 0, self.fetch, metrics)),
            None => rows,
        })
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
