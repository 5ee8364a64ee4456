use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::BaselineMetrics;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr, SendableRecordBatchStream};
use futures::{Stream, StreamExt};

use super::{Output, PolicyExec};
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
            _ => Self::Read,
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
    let metrics = BaselineMetrics::new(&exec.metrics, partition);
    let input = exec
        .input
        .execute(partition, context)
        .map_err(|error| hide(&error))?;
    let layout = Layout::new(exec)?;
    let coalescer = (!exec.rows.is_empty() || !exec.absorbed.is_empty())
        .then(|| BatchCoalescer::new(Arc::clone(&layout.survivors), batch_size));
    let schema = exec.schema();
    Ok(Box::pin(RecordBatchStreamAdapter::new(
        Arc::clone(&schema),
        PolicyStream {
            input,
            rows: exec.rows.clone(),
            absorbed: exec.absorbed.clone(),
            layout,
            coalescer,
            schema,
            ready: VecDeque::new(),
            finished: false,
            metrics,
        },
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
                    Output::Contributor(columns, seed) => {
                        Output::Contributor(columns.iter().map(moved).collect(), *seed)
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

struct PolicyStream {
    input: SendableRecordBatchStream,
    rows: Vec<Arc<dyn PhysicalExpr>>,
    absorbed: Vec<Arc<dyn PhysicalExpr>>,
    layout: Layout,
    /// Absent when every row survives.
    coalescer: Option<BatchCoalescer>,
    schema: SchemaRef,
    ready: VecDeque<RecordBatch>,
    finished: bool,
    metrics: BaselineMetrics,
}

impl PolicyStream {
    /// Takes a stored batch in; what survives of it is ready or buffered afterwards.
    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let keep = self.keep(&batch)?;
        let survivors = batch.project(&self.layout.kept)?;
        let (Some(coalescer), Some(keep)) = (&mut self.coalescer, keep) else {
            self.ready.push_back(survivors);
            return Ok(());
        };
        // The coalescer counts by columns; a question that asks for none still wants its rows counted.
        if self.layout.kept.is_empty() {
            let options = RecordBatchOptions::new().with_row_count(Some(keep.true_count()));
            let counted = RecordBatch::try_new_with_options(survivors.schema(), vec![], &options)?;
            self.ready.push_back(counted);
            return Ok(());
        }
        coalescer.push_batch_with_filter(survivors, &keep)?;
        while let Some(full) = coalescer.next_completed_batch() {
            self.ready.push_back(full);
        }
        Ok(())
    }

    fn keep(&self, batch: &RecordBatch) -> Result<Option<BooleanArray>> {
        let policy = total::keep(&self.rows, batch)?;
        let asked = total::keep(&self.absorbed, batch)?;
        Ok(match (policy, asked) {
            (Some(policy), Some(asked)) => Some(arrow::compute::and(&policy, &asked)?),
            (policy, asked) => policy.or(asked),
        })
    }

    fn finish(&mut self) -> Result<()> {
        self.finished = true;
        if let Some(coalescer) = &mut self.coalescer {
            coalescer.finish_buffered_batch()?;
            while let Some(rest) = coalescer.next_completed_batch() {
                self.ready.push_back(rest);
            }
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
                    Output::Contributor(columns, seed) => seed.ids(survivors, columns)?,
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

impl Stream for PolicyStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(survivors) = this.ready.pop_front() {
                if survivors.num_rows() == 0 {
                    continue;
                }
                let timer = this.metrics.elapsed_compute().clone();
                let _timed = timer.timer();
                let shown = this
                    .show(&survivors)
                    .map_err(|_| HiddenFailure::Policy.into());
                return this.metrics.record_poll(Poll::Ready(Some(shown)));
            }
            if this.finished {
                return Poll::Ready(None);
            }
            let next = ready!(this.input.poll_next_unpin(context));
            let timer = this.metrics.elapsed_compute().clone();
            let _timed = timer.timer();
            let taken = match next {
                Some(Ok(batch)) => this.push(batch),
                Some(Err(error)) => {
                    this.finished = true;
                    return Poll::Ready(Some(Err(hide(&error))));
                }
                None => this.finish(),
            };
            if taken.is_err() {
                this.finished = true;
                return Poll::Ready(Some(Err(HiddenFailure::Policy.into())));
            }
        }
    }
}

/// The full text goes to the log of the operator only when it asks for it, and never with data values.
fn hide(error: &DataFusionError) -> DataFusionError {
    let failure = HiddenFailure::of(error);
    tracing::warn!(%failure, "a protected table could not be read");
    failure.into()
}
