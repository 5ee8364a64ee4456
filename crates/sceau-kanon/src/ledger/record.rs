//! The text of a record: one release, as bytes, lowest byte first.
//!
//! ```text
//! time u64 · permit text · data text · spaces u16 · space text … · sets u32 · set … · figures u32 · figure …
//! text = length u16 · UTF-8        set = space u16 · kind u8 · k u16 · sketch        figure = space u16 · k u16 · contributions
//! ```
//!
//! A record without figures may end after its sets.

use std::sync::Arc;

use super::LedgerError;
use super::contributions::{Contributions, KnownFigure};
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
    pub(super) figures: Vec<KnownFigure>,
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
        let of_sets = self.sets.iter().map(|set| &*set.space);
        let of_figures = self.figures.iter().map(|figure| &*figure.space);
        let mut spaces: Vec<&str> = of_sets.chain(of_figures).collect();
        spaces.sort_unstable();
        spaces.dedup();
        let mut bytes = self.time.to_le_bytes().to_vec();
        write_text(&mut bytes, &self.permit)?;
        write_text(&mut bytes, &self.data)?;
        bytes.extend_from_slice(&short(spaces.len())?.to_le_bytes());
        for space in &spaces {
            write_text(&mut bytes, space)?;
        }
        let space = |space: &Arc<str>| short(spaces.binary_search(&&**space).unwrap_or(0));
        bytes.extend_from_slice(&count(self.sets.len())?);
        for set in &self.sets {
            bytes.extend_from_slice(&space(&set.space)?.to_le_bytes());
            bytes.push(u8::from(set.sum));
            bytes.extend_from_slice(&short(set.sketch.k() as usize)?.to_le_bytes());
            set.sketch.write(&mut bytes);
            if bytes.len() > MOST_BYTES {
                return Err(too_large(bytes.len()));
            }
        }
        bytes.extend_from_slice(&count(self.figures.len())?);
        for figure in &self.figures {
            bytes.extend_from_slice(&space(&figure.space)?.to_le_bytes());
            bytes.extend_from_slice(&short(figure.of.k() as usize)?.to_le_bytes());
            figure.of.write(&mut bytes);
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
        let space = |rest: &mut &[u8]| -> Option<Arc<str>> {
            let space = u16::from_le_bytes(take(rest)?);
            spaces.get(usize::from(space)).map(Arc::clone)
        };
        let mut sets = Vec::new();
        for _ in 0..count {
            let space = space(&mut rest)?;
            let [kind] = take(&mut rest)?;
            let k = u32::from(u16::from_le_bytes(take(&mut rest)?));
            let (sketch, after) = rest.split_at_checked(Sketch::bytes(k))?;
            rest = after;
            sets.push(KnownSet {
                space,
                sum: match kind {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
                sketch: Sketch::from_bytes(k, sketch)?,
            });
        }
        let mut figures = Vec::new();
        if !rest.is_empty() {
            for _ in 0..u32::from_le_bytes(take(&mut rest)?) {
                let space = space(&mut rest)?;
                let k = u32::from(u16::from_le_bytes(take(&mut rest)?));
                let (of, after) = rest.split_at_checked(Contributions::bytes(k))?;
                rest = after;
                figures.push(KnownFigure {
                    space,
                    of: Contributions::from_bytes(k, of)?,
                });
            }
        }
        rest.is_empty().then_some(Self {
            time,
            permit,
            data,
            sets,
            figures,
        })
    }
}

fn count(of: usize) -> Result<[u8; 4], LedgerError> {
    let count = u32::try_from(of).map_err(|_| too_large(usize::MAX))?;
    Ok(count.to_le_bytes())
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
        let rows = prop::collection::vec((any::<u64>(), 0..9_u8), 0..4);
        let figure = (0..3_u8, 1..12_u32, rows).prop_map(|(space, k, rows)| {
            let mut of = Contributions::new(k);
            for (person, value) in rows {
                of.add_row(person, f64::from(value));
            }
            KnownFigure {
                space: format!("domain {space}").into(),
                of,
            }
        });
        (
            any::<u64>(),
            "\\PC{0,20}",
            "\\PC{0,20}",
            prop::collection::vec(set, 0..6),
            prop::collection::vec(figure, 0..4),
        )
            .prop_map(|(time, permit, data, sets, figures)| Record {
                time,
                permit,
                data,
                sets,
                figures,
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
                // Where its figures begin it may end.
                if let Some(read) = Record::read(&bytes) {
                    prop_assert_eq!(read, Record { figures: vec![], ..record });
                }
            } else {
                bytes[at] = byte;
                let _ = Record::read(&bytes);
            }
        }
    }
}
