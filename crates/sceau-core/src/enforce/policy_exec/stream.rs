use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::{BatchCoalescer, filter_record_batch};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::BaselineMetrics;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr, SendableRecordBatchStream};
use futures::StreamExt;

use super::{Guard, Output, PolicyExec};
use crate::enforce::total;

/// Something failed where hidden rows are read. What exactly is not told: it could show a hidden value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenFailure {
    /// The stored files could not be read.
    Read,
    /// The memory that the question may use is exhausted.
    Resources,
    /// The policy could not be applied.
    Policy,
}

impl std::fmt::Display for HiddenFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Read => "the data could not be read",
            Self::Resources => "the question needs more memory than it may use",
            Self::Policy => "the permit could not be applied",
        })
    }
}

impl std::error::Error for HiddenFailure {}

impl HiddenFailure {
    fn of(error: &DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => Self::Resources,
            DataFusionError::External(source) => {
                source.downcast_ref::<Self>().copied().unwrap_or(Self::Read)
            }
            _ => Self::Read,
        }
    }

    /// What failed while a batch that was read was held against the policy.
    fn in_policy(error: &DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => Self::Resources,
            DataFusionError::External(source) => source
                .downcast_ref::<Self>()
                .copied()
                .unwrap_or(Self::Policy),
            _ => Self::Policy,
        }
    }
}

impl From<HiddenFailure> for DataFusionError {
    fn from(failure: HiddenFailure) -> Self {
        DataFusionError::External(Box::new(failure))
    }
}

pub(super) fn execute(
    exec: &PolicyExec,
    partition: usize,
    context: Arc<TaskContext>,
) -> Result<SendableRecordBatchStream> {
    let batch_size = context.session_config().batch_size();
    let input = exec
        .input
        .execute(partition, Arc::clone(&context))
        .map_err(|error| hide(&error))?;
    let layout = Layout::new(exec)?;
    let survivors = Survivors {
        input,
        rows: exec.rows.clone(),
        absorbed: exec.absorbed.clone(),
        guards: exec.guards.clone(),
        coalescer: BatchCoalescer::new(Arc::clone(&layout.survivors), batch_size),
        layout,
        schema: exec.schema(),
        context,
        ready: VecDeque::new(),
        finished: false,
        metrics: BaselineMetrics::new(&exec.metrics, partition),
    };
    let batches = futures::stream::unfold(survivors, |mut survivors| async move {
        let batch = survivors.next().await?;
        Some((batch, survivors))
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(
        exec.schema(),
        batches,
    )))
}

/// Which stored columns survivors keep, and the outputs over them.
struct Layout {
    kept: Vec<usize>,
    survivors: SchemaRef,
    outputs: Vec<Output>,
}

impl Layout {
    /// Columns that only the policy looks at are dropped before survivors are copied.
    fn new(exec: &PolicyExec) -> Result<Self> {
        let stored = exec.input.schema();
        let mut kept: Vec<usize> = Vec::new();
        for output in &exec.outputs {
            match output {
                Output::Clear(at) => kept.push(*at),
                Output::Contributor(columns, _) => kept.extend(columns),
                Output::Masked(expr) => kept.extend(
                    datafusion::physical_expr::utils::collect_columns(expr)
                        .iter()
                        .map(datafusion::physical_expr::expressions::Column::index),
                ),
            }
        }
        kept.sort_unstable();
        kept.dedup();
        let survivors: SchemaRef = Arc::new(stored.project(&kept)?);
        let moved = |at: &usize| kept.binary_search(at).unwrap_or(usize::MAX);
        let outputs = exec
            .outputs
            .iter()
            .map(|output| {
                Ok(match output {
                    Output::Clear(at) => Output::Clear(moved(at)),
                    Output::Contributor(columns, people) => {
                        Output::Contributor(columns.iter().map(moved).collect(), people.clone())
                    }
                    Output::Masked(expr) => Output::Masked(reindex(expr, &survivors)?),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            kept,
            survivors,
            outputs,
        })
    }
}

fn reindex(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
    datafusion::physical_expr::utils::reassign_expr_columns(Arc::clone(expr), schema)
}

struct Survivors {
    input: SendableRecordBatchStream,
    rows: Vec<Arc<dyn PhysicalExpr>>,
    absorbed: Vec<Arc<dyn PhysicalExpr>>,
    guards: Vec<Guard>,
    layout: Layout,
    /// Makes batches whose borders depend on survivors only, and not on how files and row groups are laid out.
    coalescer: BatchCoalescer,
    schema: SchemaRef,
    context: Arc<TaskContext>,
    ready: VecDeque<RecordBatch>,
    finished: bool,
    metrics: BaselineMetrics,
}

impl Survivors {
    /// The next batch of visible rows as the permit shows them. After an error there is none.
    async fn next(&mut self) -> Option<Result<RecordBatch>> {
        loop {
            while let Some(survivors) = self.ready.pop_front() {
                if survivors.num_rows() == 0 {
                    continue;
                }
                let timer = self.metrics.elapsed_compute().timer();
                let shown = self.show(&survivors);
                drop(timer);
                return Some(match shown {
                    Ok(shown) => {
                        self.metrics.record_output(shown.num_rows());
                        Ok(shown)
                    }
                    Err(error) => Err(self.stop(HiddenFailure::in_policy(&error))),
                });
            }
            if self.finished {
                return None;
            }
            let taken = match self.input.next().await {
                Some(Ok(batch)) => self.push(batch).await,
                Some(Err(error)) => return Some(Err(self.stop(HiddenFailure::of(&error)))),
                None => self.finish(),
            };
            if let Err(error) = taken {
                return Some(Err(self.stop(HiddenFailure::in_policy(&error))));
            }
        }
    }

    fn stop(&mut self, failure: HiddenFailure) -> DataFusionError {
        tracing::warn!(%failure, "a protected table could not be read");
        self.finished = true;
        self.ready.clear();
        failure.into()
    }

    /// Takes a stored batch in; what survives of it is ready or buffered afterwards.
    async fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let timer = self.metrics.elapsed_compute().clone();
        let started = timer.timer();
        let mut batch = batch;
        let mut keep = self.conditions(&batch)?;
        drop(started);
        for guard in &self.guards {
            // What earlier conditions removed is not asked about again.
            if let Some(kept) = keep.take().filter(|kept| kept.true_count() < kept.len()) {
                batch = filter_record_batch(&batch, &kept)?;
            }
            keep = Some(match guard {
                Guard::People(people) => {
                    let _timed = timer.timer();
                    people.keep(&batch)?
                }
                Guard::Parent(parent) => parent.keep(&batch, &self.context).await?,
            });
        }
        let _timed = timer.timer();
        let survivors = batch.project(&self.layout.kept)?;
        // The coalescer counts by columns; a question that asks for none still wants its rows counted.
        if self.layout.kept.is_empty() {
            let rows = keep.map_or(survivors.num_rows(), |keep| keep.true_count());
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let counted = RecordBatch::try_new_with_options(survivors.schema(), vec![], &options)?;
            self.ready.push_back(counted);
            return Ok(());
        }
        match keep {
            Some(keep) => self.coalescer.push_batch_with_filter(survivors, &keep)?,
            None => self.coalescer.push_batch(survivors)?,
        }
        while let Some(full) = self.coalescer.next_completed_batch() {
            self.ready.push_back(full);
        }
        Ok(())
    }

    /// The rows that the policy and the absorbed conditions keep; `None` when there are none.
    fn conditions(&self, batch: &RecordBatch) -> Result<Option<BooleanArray>> {
        let policy = total::keep(&self.rows, batch)?;
        let asked = total::keep(&self.absorbed, batch)?;
        Ok(match (policy, asked) {
            (Some(policy), Some(asked)) => Some(arrow::compute::and(&policy, &asked)?),
            (policy, asked) => policy.or(asked),
        })
    }

    fn finish(&mut self) -> Result<()> {
        self.finished = true;
        if self.layout.kept.is_empty() {
            return Ok(());
        }
        self.coalescer.finish_buffered_batch()?;
        while let Some(rest) = self.coalescer.next_completed_batch() {
            self.ready.push_back(rest);
        }
        Ok(())
    }

    /// Survivors as the permit shows them.
    fn show(&self, survivors: &RecordBatch) -> Result<RecordBatch> {
        let columns = self
            .layout
            .outputs
            .iter()
            .map(|output| {
                Ok(match output {
                    Output::Clear(at) => Arc::clone(survivors.column(*at)),
                    Output::Masked(expr) => total::evaluate(expr, survivors)?,
                    Output::Contributor(columns, people) => people.ids(survivors, columns)?,
                })
            })
            .collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(survivors.num_rows()));
        debug_assert!(
            columns
                .iter()
                .all(|column| column.len() == survivors.num_rows())
        );
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns,
            &options,
        )?)
    }
}

/// What failed is said in the log, and never with data values.
fn hide(error: &DataFusionError) -> DataFusionError {
    let failure = HiddenFailure::of(error);
    tracing::warn!(%failure, "a protected table could not be read");
    failure.into()
}
