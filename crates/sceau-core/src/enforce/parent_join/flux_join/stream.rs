//! What is joined when, for one partition of the details.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{AsArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::UInt32Type;
use arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, Result, internal_err, resources_err};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryReservation, UnboundedMemoryPool,
};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlanProperties, SendableRecordBatchStream};
use futures::{StreamExt, stream};
use tokio::sync::Mutex;

use super::details::{Details, Month, Next, Run};
use super::sides::{Reading, Sides};
use crate::enforce::parent_join::pieces::Pieces;

/// So many batches of details are held rather than their parents.
const FEW: usize = 4;

/// The bytes that details may take while they are held, and the least with which a join begins.
const BYTES: usize = 16 << 20;
const LEAST: usize = 64 << 10;

/// The part of a question's memory that details may take, in all partitions of a join together: parents, and whatever else the
/// question holds, want most of it.
const SHARE: usize = 8;

/// How often a month may come back before months are taken to come in no order.
const AGAIN: usize = 3;

pub(super) fn execute(
    sides: Sides,
    partition: usize,
    context: Arc<TaskContext>,
    metrics: &ExecutionPlanMetricsSet,
) -> Result<SendableRecordBatchStream> {
    let schema = Arc::clone(&sides.schema);
    let details = sides.details.execute(partition, Arc::clone(&context))?;
    let partitions = sides.details.output_partitioning().partition_count();
    let held = Held::reserve(&context, partitions)?;
    let batch_size = context.session_config().batch_size();
    let counter = |name: &'static str| MetricBuilder::new(metrics).counter(name, partition);
    let joining = Joining {
        details: Arc::new(Mutex::new(Details::new(details, sides.month))),
        pieces: Pieces::new(Arc::clone(&schema), batch_size),
        few: FEW * batch_size,
        sides,
        partition,
        aside: aside(&context),
        context,
        held,
        streaming: None,
        seen: BTreeSet::new(),
        again: 0,
        hold_parents: true,
        finished: false,
        readings: Readings {
            few: counter("details_held"),
            months: counter("months_held"),
            all: counter("parents_held"),
            rows: counter("parents_read"),
            bytes: counter("parents_bytes_scanned"),
        },
        baseline: BaselineMetrics::new(metrics, partition),
    };
    let batches = stream::unfold(joining, |mut joining| async move {
        let batch = joining.next().await?;
        Some((batch, joining))
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
}

struct Joining {
    sides: Sides,
    partition: usize,
    context: Arc<TaskContext>,
    /// Where what is held is not reserved once more.
    aside: Arc<TaskContext>,
    held: Held,
    /// So many details are few.
    few: usize,
    details: Arc<Mutex<Details>>,
    /// Details that come by at parents that are held.
    streaming: Option<Streaming>,
    /// Months whose parents were read.
    seen: BTreeSet<Month>,
    again: usize,
    /// Whether there is memory to hold parents in.
    hold_parents: bool,
    pieces: Pieces,
    finished: bool,
    readings: Readings,
    baseline: BaselineMetrics,
}

/// How often parents were read, and how.
struct Readings {
    few: Count,
    months: Count,
    all: Count,
    rows: Count,
    bytes: Count,
}

impl Readings {
    fn read(&self, reading: &Reading) {
        let (rows, bytes) = reading.read();
        self.rows.add(rows);
        self.bytes.add(bytes);
    }
}

struct Streaming {
    /// The month of the details; none where they are of all.
    month: Option<Month>,
    reading: Reading,
    /// How many details were handed out before.
    taken: u64,
    begun: bool,
}

impl Streaming {
    fn new(month: Option<Month>, reading: Reading, taken: u64) -> Self {
        Self {
            month,
            reading,
            taken,
            begun: false,
        }
    }
}

impl Joining {
    async fn next(&mut self) -> Option<Result<RecordBatch>> {
        loop {
            match self.pieces.next() {
                Ok(Some(piece)) => {
                    self.baseline.record_output(piece.num_rows());
                    return Some(Ok(piece));
                }
                Ok(None) if self.finished => return None,
                Ok(None) => {}
                Err(error) => return Some(Err(self.stop(error))),
            }
            if let Err(error) = self.step().await {
                return Some(Err(self.stop(error)));
            }
        }
    }

    /// Rows before a failure are not given: how many of them are ready depends on hidden rows.
    fn stop(&mut self, error: DataFusionError) -> DataFusionError {
        self.finished = true;
        self.streaming = None;
        self.pieces = Pieces::new(Arc::clone(&self.sides.schema), 1);
        error
    }

    async fn step(&mut self) -> Result<()> {
        // What was joined before is handed out, but for less than a batch.
        self.held.answer.free();
        if let Some(streaming) = &mut self.streaming {
            match streaming.reading.rows.next().await {
                Some(Ok(batch)) => {
                    streaming.begun = true;
                    return self.pieces.push(batch);
                }
                None => {
                    self.readings.read(&streaming.reading);
                    let month = streaming.month;
                    self.streaming = None;
                    return self.pass_over(month).await;
                }
                Some(Err(error)) => return self.without_parents(error).await,
            }
        }
        let in_order = self.again < AGAIN;
        let mut details = self.details.lock().await;
        let next = details.next(self.few, self.held.bytes, in_order).await?;
        let taken = details.taken();
        let part = match next {
            Next::End => {
                self.finished = true;
                return self.pieces.finish();
            }
            Next::Few(runs) => runs,
            Next::Month(month) if self.hold_parents => {
                drop(details);
                self.saw([month]);
                self.readings.months.add(1);
                let rows = self.passing(Some(month));
                let reading = self.sides.many(month, rows, &self.context)?;
                self.streaming = Some(Streaming::new(Some(month), reading, taken));
                return Ok(());
            }
            Next::Unordered if self.hold_parents && !in_order => {
                drop(details);
                self.readings.all.add(1);
                let rows = self.passing(None);
                let reading = self.sides.all(self.partition, rows, &self.context)?;
                self.streaming = Some(Streaming::new(None, reading, taken));
                return Ok(());
            }
            Next::Month(_) | Next::Unordered => details.some(self.few, self.held.bytes).await?,
        };
        drop(details);
        self.few(part).await
    }

    /// A join that holds no parent asks for no details: those that it was for have none.
    async fn pass_over(&mut self, month: Option<Month>) -> Result<()> {
        let mut details = self.details.lock().await;
        while details.rows_of(month).await?.is_some() {}
        Ok(())
    }

    fn saw(&mut self, months: impl IntoIterator<Item = Month>) {
        let mut again = false;
        for month in months {
            again |= !self.seen.insert(month);
        }
        self.again += usize::from(again);
    }

    /// Where parents do not fit into memory, a part of the details at a time does.
    async fn without_parents(&mut self, error: DataFusionError) -> Result<()> {
        let untouched = match self.streaming.take() {
            Some(streaming) => {
                let details = self.details.lock().await;
                !streaming.begun && !details.failed() && details.taken() == streaming.taken
            }
            None => false,
        };
        let for_memory = matches!(error.find_root(), DataFusionError::ResourcesExhausted(_));
        if untouched && for_memory {
            self.hold_parents = false;
            return Ok(());
        }
        Err(error)
    }

    /// The details that come next, as a stream: those of a month, or all.
    fn passing(&self, month: Option<Month>) -> SendableRecordBatchStream {
        let details = Arc::clone(&self.details);
        let rows = stream::unfold(details, move |details| async move {
            let rows = details.lock().await.rows_of(month).await.transpose()?;
            Some((rows, details))
        });
        Box::pin(RecordBatchStreamAdapter::new(
            self.sides.details.schema(),
            rows,
        ))
    }

    async fn few(&mut self, runs: Vec<Run>) -> Result<()> {
        self.saw(
            runs.iter()
                .flat_map(|run| run.months.iter().copied())
                .collect::<BTreeSet<_>>(),
        );
        self.readings.few.add(1);
        let mut reading = self.sides.few(&runs, &self.aside)?;
        drop(runs);
        let schema = reading.rows.schema();
        let mut parts: Vec<RecordBatch> = Vec::new();
        while let Some(batch) = reading.rows.next().await {
            let batch = batch?;
            // It is copied twice, of which two are held at a time.
            self.held
                .answer
                .try_grow(2 * batch.get_array_memory_size())?;
            parts.push(batch);
        }
        self.readings.read(&reading);
        drop(reading);
        let found = concat_batches(&schema, &parts)?;
        drop(parts);
        let Some(of) = found.column(0).as_primitive_opt::<UInt32Type>() else {
            return internal_err!("joined rows without the number of theirs");
        };
        // As they would come if they had passed by: in the order of the details, and of the parents of each.
        let Ok(rows) = u32::try_from(of.len()) else {
            return resources_err!("more than four billion rows are joined to a few");
        };
        let mut order: Vec<u32> = (0..rows).collect();
        order.sort_by_key(|row| of.value(*row as usize));
        let found = take_record_batch(&found, &UInt32Array::from(order))?;
        let shown: Vec<usize> = (1..found.num_columns()).collect();
        let found = found.project(&shown)?;
        self.held.answer.resize(found.get_array_memory_size());
        self.pieces
            .push(found.with_schema(Arc::clone(&self.sides.schema))?)
    }
}

/// The memory for details that are held: the same whatever they are.
struct Held {
    bytes: usize,
    _details: MemoryReservation,
    answer: MemoryReservation,
}

impl Held {
    fn reserve(context: &Arc<TaskContext>, partitions: usize) -> Result<Self> {
        let details = MemoryConsumer::new("rows that are joined to their parents")
            .register(context.memory_pool());
        let mut bytes = match context.memory_pool().memory_limit() {
            MemoryLimit::Finite(all) => BYTES.min(all / (SHARE * 3 * partitions.max(1))).max(LEAST),
            _ => BYTES,
        };
        // They are held as they come, in one piece, and hashed.
        while let Err(error) = details.try_resize(3 * bytes) {
            bytes /= 2;
            if bytes < LEAST {
                return Err(error);
            }
        }
        Ok(Self {
            bytes,
            _details: details,
            answer: MemoryConsumer::new("joined rows").register(context.memory_pool()),
        })
    }
}

/// The same, with memory of which nobody keeps an account.
fn aside(context: &Arc<TaskContext>) -> Arc<TaskContext> {
    let runtime = RuntimeEnv {
        memory_pool: Arc::new(UnboundedMemoryPool::default()),
        ..context.runtime_env().as_ref().clone()
    };
    Arc::new(TaskContext::new(
        context.task_id(),
        context.session_id(),
        context.session_config().clone(),
        context.scalar_functions().clone(),
        HashMap::new(),
        context.aggregate_functions().clone(),
        context.window_functions().clone(),
        Arc::new(runtime),
    ))
}
