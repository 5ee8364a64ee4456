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
use crate::enforce::hidden_failure::Hidden;
use crate::enforce::shown_only::shown_only;
use crate::enforce::total;

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
        guards: exec.guards(),
        coalescer: BatchCoalescer::new(Arc::clone(&layout.survivors), batch_size),
        counted: 0,
        batch_size,
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
    /// Survivors that no batch was made of yet, where no stored column is kept of them: the coalescer counts by columns.
    counted: usize,
    batch_size: usize,
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
                    Err(error) => Err(self.stop(Hidden::in_policy(&error))),
                });
            }
            if self.finished {
                return None;
            }
            let taken = match self.input.next().await {
                Some(Ok(batch)) => self.push(batch).await,
                Some(Err(error)) => return Some(Err(self.stop(Hidden::reading(&error)))),
                None => self.finish(),
            };
            if let Err(error) = taken {
                return Some(Err(self.stop(Hidden::in_policy(&error))));
            }
        }
    }

    fn stop(&mut self, failure: Hidden) -> DataFusionError {
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
        if self.layout.kept.is_empty() {
            self.counted += keep.map_or(survivors.num_rows(), |keep| keep.true_count());
            while self.counted >= self.batch_size {
                self.hand_out_counted(self.batch_size)?;
            }
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
            return self.hand_out_counted(self.counted);
        }
        self.coalescer.finish_buffered_batch()?;
        while let Some(rest) = self.coalescer.next_completed_batch() {
            self.ready.push_back(rest);
        }
        Ok(())
    }

    /// Makes a batch of rows of which no stored column is kept.
    fn hand_out_counted(&mut self, rows: usize) -> Result<()> {
        self.counted -= rows;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::clone(&self.layout.survivors);
        self.ready
            .push_back(RecordBatch::try_new_with_options(schema, vec![], &options)?);
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
                    Output::Masked(expr) => shown_only(total::evaluate(expr, survivors)?)?,
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
    let failure = Hidden::reading(error);
    tracing::warn!(%failure, "a protected table could not be read");
    failure.into()
}
