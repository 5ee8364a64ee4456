//! Rows that are at hand, as a side of a join.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};

type Plan = Arc<dyn ExecutionPlan>;

/// Rows that somebody has at hand, once.
pub(super) struct Given {
    rows: Vec<Mutex<Option<SendableRecordBatchStream>>>,
    properties: Arc<PlanProperties>,
}

impl Given {
    pub(super) fn new(schema: SchemaRef, partitions: usize) -> Self {
        Self {
            rows: (0..partitions).map(|_| Mutex::default()).collect(),
            properties: Arc::new(PlanProperties::new(
                EquivalenceProperties::new(schema),
                Partitioning::UnknownPartitioning(partitions),
                EmissionType::Incremental,
                Boundedness::Bounded,
            )),
        }
    }

    pub(super) fn of(schema: SchemaRef, rows: RecordBatch) -> Self {
        let stream = futures::stream::once(std::future::ready(Ok(rows)));
        let rows: SendableRecordBatchStream =
            Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), stream));
        Self {
            rows: vec![Mutex::new(Some(rows))],
            ..Self::new(schema, 1)
        }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

impl DisplayAs for Given {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

impl ExecutionPlan for Given {
    fn name(&self) -> &'static str {
        "Given"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Plan> {
        vec![]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(self: Arc<Self>, _: Vec<Plan>, _: ReplaceChildrenOptions) -> Result<Plan> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Plan>) -> Result<Plan> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let given = self
            .rows
            .get(partition)
            .and_then(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        match given {
            Some(rows) => Ok(rows),
            None => internal_err!("rows that are given once"),
        }
    }
}

/// Gives a join the rows of one partition of its probe side.
pub(super) fn give(join: &Plan, partition: usize, rows: SendableRecordBatchStream) -> Result<()> {
    let given = join
        .children()
        .get(1)
        .and_then(|probe| probe.downcast_ref::<Given>())
        .and_then(|given| given.rows.get(partition));
    let Some(slot) = given else {
        return internal_err!("a join over other rows than those given");
    };
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(rows);
    Ok(())
}
