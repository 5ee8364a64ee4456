use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};

/// The column in which a release finds the person behind a row. A question's text is planned before it exists, so that no
/// text can name it.
pub const CONTRIBUTOR: &str = "\u{1}contributor";

/// How a session tells people apart: a 64-bit hash under a seed of its own.
///
/// Two people may share a hash, with a chance of some 10⁻¹⁷ among a hundred: a cell then counts one person fewer, never
/// one more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContributorSeed(u64);

impl ContributorSeed {
    pub(crate) fn random() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }

    /// One id a row; NULL where any of the columns is, since then nobody knows who it is.
    pub(crate) fn ids(self, batch: &RecordBatch, columns: &[usize]) -> Result<ArrayRef> {
        let arrays: Vec<&ArrayRef> = columns.iter().map(|at| batch.column(*at)).collect();
        let mut ids = vec![0_u64; batch.num_rows()];
        create_hashes(
            arrays.iter().copied(),
            &QualityRandomState::with_seed(self.0),
            &mut ids,
        )?;
        let known = arrays
            .iter()
            .fold(None, |known: Option<NullBuffer>, array| {
                NullBuffer::union(known.as_ref(), array.logical_nulls().as_ref())
            });
        Ok(Arc::new(UInt64Array::new(ids.into(), known)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int16Array, StringArray};

    #[test]
    fn a_person_of_whom_a_part_is_missing_is_nobody() {
        let ids: ArrayRef = Arc::new(StringArray::from(vec![
            Some("a"),
            Some("a"),
            None,
            Some("b"),
        ]));
        let ranks: ArrayRef = Arc::new(Int16Array::from(vec![Some(1), Some(1), Some(1), None]));
        let batch = RecordBatch::try_from_iter([("id", ids), ("rank", ranks)]).expect("batch");
        let found = ContributorSeed::random().ids(&batch, &[0, 1]).expect("ids");
        assert_eq!(found.null_count(), 2);
        let found = found.as_any().downcast_ref::<UInt64Array>().expect("ids");
        assert_eq!(found.value(0), found.value(1));
    }
}
