use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::FilterBuilder;
use datafusion::common::Result;

/// Which rows count: those that have a value and that a filter keeps. A row whose filter is NULL is out, as in SQL.
#[derive(Debug)]
pub(crate) struct Counting(Option<NullBuffer>);

impl Counting {
    pub(crate) fn new(values: &dyn Array, filter: Option<&BooleanArray>) -> Self {
        let kept = filter.map(|filter| {
            NullBuffer::new(match filter.nulls() {
                Some(known) => filter.values() & known.inner(),
                None => filter.values().clone(),
            })
        });
        let present = values.logical_nulls();
        let counting = NullBuffer::union(present.as_ref(), kept.as_ref());
        Self(counting.filter(|rows| rows.null_count() > 0))
    }

    #[inline]
    pub(crate) fn row(&self, row: usize) -> bool {
        self.0.as_ref().is_none_or(|rows| rows.is_valid(row))
    }

    /// None if all do.
    pub(super) fn into_nulls(self) -> Option<NullBuffer> {
        self.0
    }
}

/// Some rows of a batch, and their groups.
pub(super) fn only<const N: usize>(
    rows: BooleanBuffer,
    columns: [&ArrayRef; N],
    groups: &[usize],
) -> Result<([ArrayRef; N], Vec<usize>)> {
    let groups = rows.set_indices().map(|row| groups[row]).collect();
    let chosen = FilterBuilder::new(&BooleanArray::new(rows, None))
        .optimize()
        .build();
    let mut of_rows = columns.map(ArrayRef::clone);
    for column in &mut of_rows {
        *column = chosen.filter(column)?;
    }
    Ok((of_rows, groups))
}
