use std::fmt;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::execution_plan::ChildrenPropertiesMode;
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::{StreamExt, stream};

use super::pieces::Pieces;

/// Above a join that holds rows against their parents: cuts its batches by the number of rows alone.
///
/// All batches but the last of a partition have exactly as many rows as the session's batches have.
#[derive(Debug)]
pub(in crate::enforce) struct ParentJoinExec {
    join: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl ParentJoinExec {
    pub(super) fn new(join: Arc<dyn ExecutionPlan>) -> Self {
        Self {
            properties: Arc::clone(join.properties()),
            join,
        }
    }

    pub(in crate::enforce) fn join(&self) -> &Arc<dyn ExecutionPlan> {
        &self.join
    }
}

impl DisplayAs for ParentJoinExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParentJoinExec")
    }
}

impl ExecutionPlan for ParentJoinExec {
    fn name(&self) -> &'static str {
        "ParentJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.join]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
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
            Ok([join]) => Ok(Arc::new(Self::new(join))),
            Err(_) => internal_err!("one join stands for a check"),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let rows = context.session_config().batch_size();
        let schema = self.schema();
        let cut = Cut {
            input: self.join.execute(partition, context)?,
            pieces: Pieces::new(Arc::clone(&schema), rows),
            finished: false,
        };
        let batches = stream::unfold(cut, |mut cut| async move {
            let batch = cut.next().await?;
            Some((batch, cut))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        match inputs {
            [join] => Ok(Arc::clone(join)),
            _ => internal_err!("one join stands for a check"),
        }
    }
}

struct Cut {
    input: SendableRecordBatchStream,
    pieces: Pieces,
    finished: bool,
}

impl Cut {
    async fn next(&mut self) -> Option<Result<RecordBatch>> {
        loop {
            match self.pieces.next() {
                Ok(Some(piece)) => return Some(Ok(piece)),
                Ok(None) if self.finished => return None,
                Ok(None) => {}
                Err(error) => return Some(Err(self.stop(error))),
            }
            let taken = match self.input.next().await {
                Some(Ok(batch)) => self.pieces.push(batch),
                // Rows before a failure are not given: how many of them are ready depends on hidden rows.
                Some(Err(error)) => Err(error),
                None => {
                    self.finished = true;
                    self.pieces.finish()
                }
            };
            if let Err(error) = taken {
                return Some(Err(self.stop(error)));
            }
        }
    }

    fn stop(&mut self, error: DataFusionError) -> DataFusionError {
        self.finished = true;
        self.pieces = Pieces::new(self.input.schema(), 1);
        error
    }
}
