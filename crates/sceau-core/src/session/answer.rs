use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::future::poll_fn;
use futures::stream::{BoxStream, unfold};
use futures::{Stream, StreamExt, TryStreamExt};

use super::error::QueryError;
use super::failure::Failure;
use super::question::Unshown;
use super::record::Record;
use super::stack::on_large_stack_now;

/// The answer to a query: a schema, and batches as they are computed.
///
/// Where the platform keeps a journal, the last batch is followed by the record that the answer was handed out, and one
/// that is let go of before its end is recorded as such; that waits for the disk.
pub struct Answer {
    schema: SchemaRef,
    batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
}

/// Who is told how an answer ends.
pub(super) enum Ending {
    /// The journal.
    Journal(Box<Record>),
    /// The question that the answer is a part of.
    Question(Unshown),
}

impl Ending {
    pub(super) fn recorded(record: Record) -> Self {
        Self::Journal(Box::new(record))
    }
}

impl Answer {
    pub(super) fn new(stream: SendableRecordBatchStream, ending: Ending) -> Self {
        let schema = stream.schema();
        let running = Running {
            stream,
            ending,
            rows: 0,
            finished: false,
        };
        Self {
            schema,
            batches: unfold(running, Running::next).fuse().boxed(),
        }
    }

    /// The columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// All batches at once; for answers that fit in memory.
    ///
    /// # Errors
    /// When the query fails while it runs.
    pub async fn collect(self) -> Result<Vec<RecordBatch>, QueryError> {
        self.try_collect().await
    }
}

/// A stream of one column of text, a row a line.
pub(super) fn lines(column: &str, text: &str) -> SendableRecordBatchStream {
    let schema = Arc::new(Schema::new(vec![Field::new(column, DataType::Utf8, false)]));
    let lines: ArrayRef = Arc::new(StringArray::from_iter_values(
        text.lines().collect::<Vec<_>>(),
    ));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![lines]).map_err(Into::into);
    Box::pin(RecordBatchStreamAdapter::new(
        schema,
        futures::stream::iter([batch]),
    ))
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("schema", &self.schema())
            .finish_non_exhaustive()
    }
}

impl Stream for Answer {
    type Item = Result<RecordBatch, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.poll_next_unpin(context)
    }
}

/// An answer that is being handed out.
struct Running {
    stream: SendableRecordBatchStream,
    ending: Ending,
    rows: u64,
    finished: bool,
}

impl Running {
    /// The next batch. After an error there is none.
    async fn next(mut self) -> Option<(Result<RecordBatch, QueryError>, Self)> {
        if self.finished {
            return None;
        }
        let next = match self.begin().await {
            Ok(()) => self.poll().await,
            Err(failure) => Some(Err(failure)),
        };
        match next {
            Some(Ok(batch)) => {
                self.rows += batch.num_rows() as u64;
                Some((Ok(batch), self))
            }
            Some(Err(failure)) => {
                self.finished = true;
                let shown = match &mut self.ending {
                    Ending::Journal(record) => record.failed(failure).await,
                    Ending::Question(unshown) => unshown.keep(failure),
                };
                Some((Err(shown), self))
            }
            None => {
                self.finished = true;
                let Ending::Journal(record) = &mut self.ending else {
                    return None;
                };
                let failure = record.answered(Some(self.rows)).await.err()?;
                Some((Err(failure.shown), self))
            }
        }
    }

    /// Nothing is handed out before it is recorded that it was asked.
    async fn begin(&mut self) -> Result<(), Failure> {
        match &mut self.ending {
            Ending::Journal(record) if !record.is_asked() => record.asked().await,
            _ => Ok(()),
        }
    }

    /// A fault of the engine ends this answer and nothing else.
    async fn poll(&mut self) -> Option<Result<RecordBatch, Failure>> {
        poll_fn(|context| {
            let stream = &mut self.stream;
            let next = || catch_unwind(AssertUnwindSafe(|| stream.poll_next_unpin(context)));
            match on_large_stack_now(next) {
                Ok(next) => {
                    next.map(|next| next.map(|batch| batch.map_err(|error| Failure::of(&error))))
                }
                Err(payload) => Poll::Ready(Some(Err(Failure::panicked(payload.as_ref())))),
            }
        })
        .await
    }
}
