use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::people::{SamePeople, Space};
use crate::pseudonym::ProjectKey;

/// Ids of people that are the same in every process and at any time: the leftmost 64 bits of HMAC-SHA-256, under a key of the
/// ledger's and the project's name.
///
/// Whom the referential knows has one id, whichever columns name them. Anybody else has one of the values that name them, each
/// as text with its length before it: tables that store the same value in another type name the same person.
#[derive(Clone)]
pub(super) struct LastingIds(Arc<Hmac<Sha256>>);

/// The rows of which the people are asked.
pub(super) struct Rows<'a> {
    pub(super) space: &'a Space,
    /// The columns that name the people, as they are hashed.
    pub(super) columns: &'a [ArrayRef],
    /// The hashes of this process, by which the referential is asked.
    pub(super) hashes: &'a [u64],
    pub(super) known: Option<NullBuffer>,
}

impl LastingIds {
    pub(super) fn new(key: &ProjectKey, project: &str) -> Self {
        let key = key.derived("people of a ledger", project.as_bytes());
        let hash = Hmac::new_from_slice(&*key).expect("RFC 2104 takes a key of any length");
        Self(Arc::new(hash))
    }

    /// One id a row, and the rows that have one.
    pub(super) fn ids(
        &self,
        rows: Rows<'_>,
        same: Option<&SamePeople>,
    ) -> Result<(Vec<u64>, Option<NullBuffer>)> {
        let values = rows
            .columns
            .iter()
            .map(bytes)
            .collect::<Result<Vec<LargeBinaryArray>>>()?;
        // What has no bytes names nobody.
        let known = values.iter().fold(rows.known, |known, values| {
            NullBuffer::union(known.as_ref(), values.nulls())
        });
        let is_known = |row: usize| known.as_ref().is_none_or(|known| known.is_valid(row));
        let mut ids: Vec<u64> = Vec::with_capacity(rows.hashes.len());
        for (row, hash) in rows.hashes.iter().enumerate() {
            if !is_known(row) {
                ids.push(0);
                continue;
            }
            // Rows of one person often follow each other.
            let before = row
                .checked_sub(1)
                .filter(|&before| is_known(before) && rows.hashes[before] == *hash);
            let id = match before {
                Some(before) => ids[before],
                None => self.id(rows.space, *hash, &values, row, same),
            };
            ids.push(id);
        }
        Ok((ids, known))
    }

    fn id(
        &self,
        space: &Space,
        hash: u64,
        values: &[LargeBinaryArray],
        row: usize,
        same: Option<&SamePeople>,
    ) -> u64 {
        let values = values.iter().map(|values| values.value(row));
        let person = match space {
            Space::Pair | Space::Nir => same.and_then(|same| same.person(space, hash)),
            Space::Person => values.clone().next().map(number),
            Space::Own(_) => None,
        };
        match person {
            Some(person) => self.tag("person", std::iter::once(&person.to_le_bytes()[..])),
            None => self.tag("values", values),
        }
    }

    fn tag<'a>(&self, kind: &'a str, values: impl Iterator<Item = &'a [u8]>) -> u64 {
        let mut hash = Hmac::clone(&self.0);
        for value in std::iter::once(kind.as_bytes()).chain(values) {
            hash.update(&(value.len() as u64).to_le_bytes());
            hash.update(value);
        }
        let tag: [u8; 32] = hash.finalize().into_bytes().into();
        first(&tag)
    }
}

/// What a ledger's memory of the referential holds of a person: a hash of their number that is the same at any time and on
/// any machine. It never leaves the process as it is.
pub(super) fn number(person: &[u8]) -> u64 {
    first(&Sha256::digest(person).into())
}

fn first(digest: &[u8; 32]) -> u64 {
    digest
        .first_chunk()
        .map_or(0, |first| u64::from_le_bytes(*first))
}

fn bytes(column: &ArrayRef) -> Result<LargeBinaryArray> {
    let binary = matches!(
        column.data_type(),
        DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_)
    );
    let column = if binary {
        Arc::clone(column)
    } else {
        cast(column, &DataType::LargeUtf8)?
    };
    let column = cast(&column, &DataType::LargeBinary)?;
    Ok(column.as_binary::<i64>().clone())
}

impl fmt::Debug for LastingIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastingIds { .. }")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BinaryArray, Int16Array, StringArray};

    fn ids(key: u8, project: &str, columns: Vec<ArrayRef>) -> Vec<Option<u64>> {
        let key = ProjectKey::new(vec![key; 32], 1).expect("key");
        let space = Space::Own(vec!["a".to_owned()]);
        let (hashes, known) = super::super::people::hash(3, &columns).expect("hashes");
        let rows = Rows {
            space: &space,
            columns: &columns,
            hashes: &hashes,
            known,
        };
        let (ids, known) = LastingIds::new(&key, project).ids(rows, None).expect("ids");
        let is_known = |row| known.as_ref().is_none_or(|known| known.is_valid(row));
        let ids = ids.into_iter().enumerate();
        ids.map(|(row, id)| is_known(row).then_some(id)).collect()
    }

    fn text(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    #[test]
    fn a_ledger_knows_a_person_again_whatever_the_type_of_the_columns() {
        let texts = text(&[Some("17"), Some("17"), None, Some("8")]);
        let numbers: ArrayRef = Arc::new(Int16Array::from(vec![Some(17), Some(17), None, Some(8)]));
        let found = ids(7, "p", vec![Arc::clone(&texts)]);
        assert_eq!(found, ids(7, "p", vec![numbers]));
        assert_eq!(found[0], found[1]);
        assert_ne!(found[0], found[3]);
        assert_eq!(found[2], None);
        assert_ne!(found[0], ids(7, "q", vec![Arc::clone(&texts)])[0]);
        assert_ne!(found[0], ids(8, "p", vec![texts])[0]);
    }

    #[test]
    fn the_values_of_a_ledgers_person_are_kept_apart() {
        let of = |left, right| ids(7, "p", vec![text(&[Some(left)]), text(&[Some(right)])]);
        assert_ne!(of("ab", "c"), of("a", "bc"));
        assert_ne!(of("", "abc"), of("abc", ""));
    }

    #[test]
    fn bytes_that_are_no_text_name_somebody() {
        let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"\xff\x00"[..], &b"\xff\x01"[..]]));
        let found = ids(7, "p", vec![bytes]);
        assert!(found[0].is_some() && found[1].is_some() && found[0] != found[1]);
    }
}
