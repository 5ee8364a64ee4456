use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::Result;
use std::sync::Arc;

/// Rows that wait until there are enough for a batch.
pub(super) enum Pieces {
    Rows(Box<BatchCoalescer>),
    /// A question may want rows without columns.
    Counted {
        schema: SchemaRef,
        size: usize,
        waiting: usize,
        all: bool,
    },
}

impl Pieces {
    pub(super) fn new(schema: SchemaRef, size: usize) -> Self {
        if schema.fields().is_empty() {
            return Self::Counted {
                schema,
                size,
                waiting: 0,
                all: false,
            };
        }
        Self::Rows(Box::new(BatchCoalescer::new(schema, size)))
    }

    pub(super) fn push(&mut self, batch: RecordBatch) -> Result<()> {
        match self {
            Self::Rows(rows) => rows.push_batch(batch)?,
            Self::Counted { waiting, .. } => *waiting += batch.num_rows(),
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<()> {
        match self {
            Self::Rows(rows) => rows.finish_buffered_batch()?,
            Self::Counted { all, .. } => *all = true,
        }
        Ok(())
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>> {
        match self {
            Self::Rows(rows) => Ok(rows.next_completed_batch()),
            Self::Counted {
                schema,
                size,
                waiting,
                all,
            } => {
                let ready = if *waiting >= *size {
                    *size
                } else if *all {
                    *waiting
                } else {
                    0
                };
                if ready == 0 {
                    return Ok(None);
                }
                *waiting -= ready;
                let options = RecordBatchOptions::new().with_row_count(Some(ready));
                let batch =
                    RecordBatch::try_new_with_options(Arc::clone(schema), vec![], &options)?;
                Ok(Some(batch))
            }
        }
    }
}
