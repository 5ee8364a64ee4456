use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::pseudonym::ProjectKey;

/// The column in which a release finds the person behind a row. A question's text is planned before it exists, so that no
/// text can name it.
pub const CONTRIBUTOR: &str = "\u{1}contributor";

/// How people are told apart: by a 64-bit hash.
///
/// Two people may share a hash, with a chance of some 10⁻¹⁷ among a hundred: a cell then counts one person fewer, never
/// one more.
#[derive(Debug, Clone)]
pub(crate) enum ContributorSeed {
    /// Under a seed of the session's own: fast, and nothing outside of the session can be held against it.
    OfSession(u64),
    /// Under a key of the ledger's and the project's name: the same in every session.
    OfLedger(PersonHash),
}

impl ContributorSeed {
    pub(crate) fn random() -> Self {
        Self::OfSession(RandomState::new().hash_one(0_u8))
    }

    pub(crate) fn of_ledger(key: &ProjectKey, project: &str) -> Self {
        let key = key.derived("people of a ledger", project.as_bytes());
        let hash = Hmac::new_from_slice(&*key).expect("RFC 2104 takes a key of any length");
        Self::OfLedger(PersonHash(Arc::new(hash)))
    }

    /// One id a row; NULL where any of the columns is, since then nobody knows who it is.
    pub(crate) fn ids(&self, batch: &RecordBatch, columns: &[usize]) -> Result<ArrayRef> {
        let arrays: Vec<&ArrayRef> = columns.iter().map(|at| batch.column(*at)).collect();
        let known = arrays
            .iter()
            .fold(None, |known: Option<NullBuffer>, array| {
                NullBuffer::union(known.as_ref(), array.logical_nulls().as_ref())
            });
        let ids = match self {
            Self::OfSession(seed) => {
                let mut ids = vec![0_u64; batch.num_rows()];
                create_hashes(
                    arrays.iter().copied(),
                    &QualityRandomState::with_seed(*seed),
                    &mut ids,
                )?;
                ids
            }
            Self::OfLedger(hash) => hash.ids(&arrays, batch.num_rows(), known.as_ref())?,
        };
        Ok(Arc::new(UInt64Array::new(ids.into(), known)))
    }
}

/// The leftmost 64 bits of HMAC-SHA-256 over the values that name a person, each as text with its length before it.
///
/// Numbers are written in decimal: tables that store the same value in another type name the same person.
#[derive(Clone)]
pub(crate) struct PersonHash(Arc<Hmac<Sha256>>);

impl PersonHash {
    fn ids(
        &self,
        arrays: &[&ArrayRef],
        rows: usize,
        known: Option<&NullBuffer>,
    ) -> Result<Vec<u64>> {
        let texts = arrays
            .iter()
            .map(|array| cast(array, &DataType::LargeUtf8))
            .collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<_> = texts.iter().map(|text| text.as_string::<i64>()).collect();
        let mut ids: Vec<u64> = Vec::with_capacity(rows);
        for row in 0..rows {
            if known.is_some_and(|known| known.is_null(row)) {
                ids.push(0);
                continue;
            }
            // Rows of one person often follow each other.
            let same = |before: usize| {
                known.is_none_or(|known| known.is_valid(before))
                    && texts
                        .iter()
                        .all(|text| text.value(before) == text.value(row))
            };
            let id = match row.checked_sub(1).filter(|&before| same(before)) {
                Some(before) => ids[before],
                None => self.id(texts.iter().map(|text| text.value(row))),
            };
            ids.push(id);
        }
        Ok(ids)
    }

    fn id<'a>(&self, values: impl Iterator<Item = &'a str>) -> u64 {
        let mut hash = Hmac::clone(&self.0);
        for value in values {
            hash.update(&(value.len() as u64).to_le_bytes());
            hash.update(value.as_bytes());
        }
        let tag: [u8; 32] = hash.finalize().into_bytes().into();
        tag.first_chunk().map_or(0, |id| u64::from_le_bytes(*id))
    }
}

impl fmt::Debug for PersonHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonHash { .. }")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int16Array, StringArray};

    fn ledger(byte: u8, project: &str) -> ContributorSeed {
        ContributorSeed::of_ledger(&ProjectKey::new(vec![byte; 32], 1).expect("key"), project)
    }

    fn ids(seed: &ContributorSeed, columns: Vec<ArrayRef>) -> Vec<Option<u64>> {
        let at: Vec<usize> = (0..columns.len()).collect();
        let names = ["a", "b", "c"];
        let batch = RecordBatch::try_from_iter(names.into_iter().zip(columns)).expect("batch");
        let ids = seed.ids(&batch, &at).expect("ids");
        ids.as_primitive::<arrow::datatypes::UInt64Type>()
            .iter()
            .collect()
    }

    #[test]
    fn a_ledger_knows_a_person_again_whatever_the_type_of_the_columns() {
        let text: ArrayRef = Arc::new(StringArray::from(vec![
            Some("17"),
            Some("17"),
            None,
            Some("8"),
        ]));
        let number: ArrayRef = Arc::new(Int16Array::from(vec![Some(17), Some(17), None, Some(8)]));
        let of_text = ids(&ledger(7, "p"), vec![text.clone()]);
        assert_eq!(of_text, ids(&ledger(7, "p"), vec![number]));
        assert_eq!(of_text[0], of_text[1]);
        assert_ne!(of_text[0], of_text[3]);
        assert_eq!(of_text[2], None);
        assert_ne!(of_text[0], ids(&ledger(7, "q"), vec![text.clone()])[0]);
        assert_ne!(of_text[0], ids(&ledger(8, "p"), vec![text])[0]);
    }

    #[test]
    fn the_values_of_a_ledgers_person_are_kept_apart() {
        let columns = |left: &str, right: &str| -> Vec<ArrayRef> {
            vec![
                Arc::new(StringArray::from(vec![left.to_owned()])),
                Arc::new(StringArray::from(vec![right.to_owned()])),
            ]
        };
        let of = |left, right| ids(&ledger(7, "p"), columns(left, right));
        assert_ne!(of("ab", "c"), of("a", "bc"));
        assert_ne!(of("", "abc"), of("abc", ""));
    }

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
