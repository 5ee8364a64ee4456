use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{Stream, StreamExt, TryStreamExt};

use super::error::QueryError;
use super::redact::{panicked, redacted};

/// The answer to a query: a schema, and batches as they are computed.
pub struct Answer {
    stream: SendableRecordBatchStream,
    /// Whether the engine failed in a way that leaves nothing to go on with.
    broken: bool,
}

impl Answer {
    pub(super) fn new(stream: SendableRecordBatchStream) -> Self {
        Self {
            stream,
            broken: false,
        }
    }

    /// An answer of one column of text, a row a line.
    pub(super) fn of_lines(column: &str, text: &str) -> Self {
        let schema = Arc::new(Schema::new(vec![Field::new(column, DataType::Utf8, false)]));
        let lines: ArrayRef = Arc::new(StringArray::from_iter_values(
            text.lines().collect::<Vec<_>>(),
        ));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![lines]).map_err(Into::into);
        Self::new(Box::pin(RecordBatchStreamAdapter::new(
            schema,
            futures::stream::iter([batch]),
        )))
    }

    /// The columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        self.stream.schema()
    }

    /// All batches at once; for answers that fit in memory.
    ///
    /// # Errors
    /// When the query fails while it runs.
    pub async fn collect(self) -> Result<Vec<RecordBatch>, QueryError> {
        self.try_collect().await
    }
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
        if self.broken {
            return Poll::Ready(None);
        }
        let stream = &mut self.stream;
        let polled = catch_unwind(AssertUnwindSafe(|| stream.poll_next_unpin(context)));
        match polled {
            Ok(next) => next.map(|next| next.map(|batch| batch.map_err(|error| redacted(&error)))),
            // A fault of the engine ends this answer and nothing else.
            Err(_) => {
                self.broken = true;
                Poll::Ready(Some(Err(panicked())))
            }
        }
    }
}
