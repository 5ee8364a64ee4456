use arrow::array::{Array, ArrayRef};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::common::Result;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use std::hash::{BuildHasher as _, RandomState};

/// 128-bit hashes of rows, under seeds of their own.
///
/// Among ten million people and a billion rows the chance that any row is taken for another's is below 10⁻²¹.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowHasher(u64, u64);

impl RowHasher {
    pub(crate) fn random() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(0_u8), random.hash_one(1_u8))
    }

    /// One hash a row, and the rows of which no part is NULL.
    pub(crate) fn hash(self, columns: &[ArrayRef]) -> Result<(Vec<u128>, Option<NullBuffer>)> {
        let (high, low) = (self.first_half(columns)?, self.second_half(columns)?);
        let hashes = high
            .into_iter()
            .zip(low)
            .map(|(high, low)| whole(high, low))
            .collect();
        Ok((hashes, known(columns)))
    }

    /// The first 64 bits of the hashes: enough to tell that most rows are in no set.
    pub(crate) fn first_half(self, columns: &[ArrayRef]) -> Result<Vec<u64>> {
        half(self.0, columns)
    }

    /// The last 64 bits.
    pub(crate) fn second_half(self, columns: &[ArrayRef]) -> Result<Vec<u64>> {
        half(self.1, columns)
    }
}

/// A hash from its halves.
pub(crate) fn whole(first: u64, second: u64) -> u128 {
    (u128::from(first) << 64) | u128::from(second)
}

/// The rows of which no part is NULL; `None` when that is all of them.
pub(crate) fn known(columns: &[ArrayRef]) -> Option<NullBuffer> {
    columns
        .iter()
        .fold(None, |known: Option<NullBuffer>, column| {
            NullBuffer::union(known.as_ref(), column.logical_nulls().as_ref())
        })
}

fn half(seed: u64, columns: &[ArrayRef]) -> Result<Vec<u64>> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut hashes = vec![0_u64; rows];
    create_hashes(columns, &QualityRandomState::with_seed(seed), &mut hashes)?;
    Ok(hashes)
}

/// A set of hashed keys: sorted, with an index on their first bits. 16 bytes a key, and less than one for the index.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    keys: Vec<u128>,
    /// Where the keys with each prefix begin; one more than there are prefixes.
    starts: Vec<u32>,
    prefix_bits: u32,
}

impl KeySet {
    pub(crate) fn new(mut keys: Vec<u128>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        keys.shrink_to_fit();
        // About eight keys a prefix.
        let prefix_bits = (keys.len() / 8).checked_ilog2().unwrap_or(0).min(28);
        let prefixes = 1_usize << prefix_bits;
        let mut starts = Vec::with_capacity(prefixes + 1);
        let mut at = 0_usize;
        for prefix in 0..prefixes {
            while at < keys.len() && prefix_of(keys[at], prefix_bits) < prefix {
                at += 1;
            }
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        starts.push(u32::try_from(keys.len()).unwrap_or(u32::MAX));
        Self {
            keys,
            starts,
            prefix_bits,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The bytes that the set takes.
    pub(crate) fn size(&self) -> usize {
        self.keys.capacity() * 16 + self.starts.capacity() * 4
    }

    pub(crate) fn contains(&self, key: u128) -> bool {
        self.around(key).binary_search(&key).is_ok()
    }

    /// Whether a key that begins like this is in the set.
    pub(crate) fn may_contain(&self, first: u64) -> bool {
        self.around(whole(first, 0))
            .binary_search_by_key(&first, |key| (key >> 64) as u64)
            .is_ok()
    }

    /// The keys that begin as the index sees this one begin.
    fn around(&self, key: u128) -> &[u128] {
        let prefix = prefix_of(key, self.prefix_bits);
        let (Some(from), Some(to)) = (self.starts.get(prefix), self.starts.get(prefix + 1)) else {
            return &[];
        };
        // Beyond four billion keys the index stops helping, and a search over the rest is still right.
        let to = if *to == u32::MAX {
            self.keys.len()
        } else {
            *to as usize
        };
        &self.keys[*from as usize..to]
    }

    /// The rows whose key is in the set; a row of which a part is NULL is not.
    pub(crate) fn members(&self, hashes: &[u128], known: Option<&NullBuffer>) -> BooleanBuffer {
        BooleanBuffer::collect_bool(hashes.len(), |row| {
            known.is_none_or(|known| known.is_valid(row)) && self.contains(hashes[row])
        })
    }
}

fn prefix_of(key: u128, bits: u32) -> usize {
    if bits == 0 {
        return 0;
    }
    (key >> (128 - bits)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn a_key_set_is_a_set(keys in prop::collection::vec(any::<u128>(), 0..500), others in prop::collection::vec(any::<u128>(), 0..100)) {
            let set = KeySet::new(keys.clone());
            let expected: HashSet<u128> = keys.iter().copied().collect();
            prop_assert_eq!(set.len(), expected.len());
            for key in keys.iter().chain(&others) {
                prop_assert_eq!(set.contains(*key), expected.contains(key));
                let first = (*key >> 64) as u64;
                let begins = expected.iter().any(|key| (*key >> 64) as u64 == first);
                prop_assert_eq!(set.may_contain(first), begins);
            }
        }
    }

    #[test]
    fn keys_that_share_their_first_bits_are_told_apart() {
        let keys: Vec<u128> = (0..1000).collect();
        let set = KeySet::new(keys);
        assert!(set.contains(999) && !set.contains(1000) && !set.contains(u128::MAX));
    }
}
