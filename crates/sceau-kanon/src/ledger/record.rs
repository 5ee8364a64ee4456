//! The text of a record: one release, as bytes, lowest byte first.
//!
//! ```text
//! time u64 · permit text · data text · spaces u16 · space text … · sets u32 · set …
//! text = length u16 · UTF-8        set = space u16 · kind u8 · k u16 · sketch
//! ```

use std::sync::Arc;

use super::LedgerError;
use super::file::MOST_BYTES;
use super::sketch::Sketch;

/// One release, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Seconds since 1970, by the writer's clock.
    pub(super) time: u64,
    /// The hash of the permit that it was made under.
    pub(super) permit: String,
    /// Which state of the data it was made from.
    pub(super) data: String,
    pub(super) sets: Vec<KnownSet>,
}

/// A set of people that a project knows something of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownSet {
    /// What its ids are made of: ids of one space mean the same people.
    pub(super) space: Arc<str>,
    /// Whether it is a sum of cells, rather than one.
    pub(super) sum: bool,
    pub(super) sketch: Sketch,
}

impl Record {
    pub(super) fn write(&self) -> Result<Vec<u8>, LedgerError> {
        let mut spaces: Vec<&str> = self.sets.iter().map(|set| &*set.space).collect();
        spaces.sort_unstable();
        spaces.dedup();
        let mut bytes = self.time.to_le_bytes().to_vec();
        write_text(&mut bytes, &self.permit)?;
        write_text(&mut bytes, &self.data)?;
        bytes.extend_from_slice(&short(spaces.len())?.to_le_bytes());
        for space in &spaces {
            write_text(&mut bytes, space)?;
        }
        let sets = u32::try_from(self.sets.len()).map_err(|_| too_large(usize::MAX))?;
        bytes.extend_from_slice(&sets.to_le_bytes());
        for set in &self.sets {
            let space = spaces.binary_search(&&*set.space).unwrap_or(0);
            bytes.extend_from_slice(&short(space)?.to_le_bytes());
            bytes.push(u8::from(set.sum));
            bytes.extend_from_slice(&short(set.sketch.k() as usize)?.to_le_bytes());
            set.sketch.write(&mut bytes);
            if bytes.len() > MOST_BYTES {
                return Err(too_large(bytes.len()));
            }
        }
        Ok(bytes)
    }

    /// Reads what [`write`](Self::write) made, all of it, and nothing else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let time = u64::from_le_bytes(take(&mut rest)?);
        let permit = read_text(&mut rest)?;
        let data = read_text(&mut rest)?;
        let count = u16::from_le_bytes(take(&mut rest)?);
        let spaces: Vec<Arc<str>> = (0..count)
            .map(|_| read_text(&mut rest).map(Into::into))
            .collect::<Option<_>>()?;
        let count = u32::from_le_bytes(take(&mut rest)?);
        let mut sets = Vec::new();
        for _ in 0..count {
            let space = u16::from_le_bytes(take(&mut rest)?);
            let [kind] = take(&mut rest)?;
            let k = u32::from(u16::from_le_bytes(take(&mut rest)?));
            let (sketch, after) = rest.split_at_checked(Sketch::bytes(k))?;
            rest = after;
            sets.push(KnownSet {
                space: Arc::clone(spaces.get(usize::from(space))?),
                sum: match kind {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
                sketch: Sketch::from_bytes(k, sketch)?,
            });
        }
        rest.is_empty().then_some(Self {
            time,
            permit,
            data,
            sets,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

fn read_text(rest: &mut &[u8]) -> Option<String> {
    let length = u16::from_le_bytes(take(rest)?);
    let (text, after) = rest.split_at_checked(usize::from(length))?;
    *rest = after;
    Some(std::str::from_utf8(text).ok()?.to_owned())
}

fn write_text(bytes: &mut Vec<u8>, text: &str) -> Result<(), LedgerError> {
    bytes.extend_from_slice(&short(text.len())?.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    Ok(())
}

fn short(number: usize) -> Result<u16, LedgerError> {
    u16::try_from(number).map_err(|_| too_large(number))
}

fn too_large(bytes: usize) -> LedgerError {
    LedgerError::TooLarge {
        bytes,
        limit: MOST_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> impl Strategy<Value = Record> {
        let set = (
            0..3_u8,
            any::<bool>(),
            1..12_u32,
            prop::collection::vec(any::<u64>(), 0..4),
        )
            .prop_map(|(space, sum, k, people)| KnownSet {
                space: format!("domain {space}").into(),
                sum,
                sketch: Sketch::of(k, people),
            });
        (
            any::<u64>(),
            "\\PC{0,20}",
            "\\PC{0,20}",
            prop::collection::vec(set, 0..6),
        )
            .prop_map(|(time, permit, data, sets)| Record {
                time,
                permit,
                data,
                sets,
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(record in record()) {
            let bytes = record.write().unwrap();
            prop_assert_eq!(Record::read(&bytes), Some(record));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Record::read(&bytes);
        }

        #[test]
        fn a_changed_or_cut_record_is_never_a_panic(record in record(), at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
            let mut bytes = record.write().unwrap();
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
                prop_assert_eq!(Record::read(&bytes), None);
            } else {
                bytes[at] = byte;
                let _ = Record::read(&bytes);
            }
        }
    }
}
