use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, UInt64Type};
use datafusion::common::{Result, exec_err};

use super::UNKNOWN_PERSON;
use super::groups::list_array;
use super::rows::Counting;

/// A number that stands for a value, and whose it is.
pub(super) type Pair = [u64; 2];

/// Values and their people; of rows that are nobody's, somebody whom nobody can tell from others.
pub(super) fn pairs(
    values: impl IntoIterator<Item = u64>,
    people: &ArrayRef,
) -> Result<impl Iterator<Item = Pair>> {
    let Some(ids) = people.as_primitive_opt::<UInt64Type>() else {
        return exec_err!("people are numbers, not {}", people.data_type());
    };
    Ok(values.into_iter().enumerate().map(|(row, value)| {
        let known = ids.is_valid(row);
        [
            value,
            if known {
                ids.value(row)
            } else {
                UNKNOWN_PERSON
            },
        ]
    }))
}

/// The pairs of some groups as a column: a list for each, value and person one after the other.
pub(super) struct PairLists<'a> {
    lists: &'a ListArray,
    pairs: &'a UInt64Array,
}

impl<'a> PairLists<'a> {
    pub(super) fn data_type() -> DataType {
        DataType::new_list(DataType::UInt64, true)
    }

    pub(super) fn new(column: &'a ArrayRef) -> Result<Self> {
        let lists = column.as_list_opt::<i32>();
        match lists.and_then(|lists| Some((lists, lists.values().as_primitive_opt()?))) {
            Some((lists, pairs)) => Ok(Self { lists, pairs }),
            None => exec_err!("values and people are lists, not {}", column.data_type()),
        }
    }

    /// The pairs of a row, where it has a list.
    pub(super) fn row(&self, row: usize) -> Option<&'a [Pair]> {
        let offsets = &self.lists.value_offsets()[row..];
        let of_row = &self.pairs.values()[offsets[0] as usize..offsets[1] as usize];
        self.lists.is_valid(row).then_some(of_row.as_chunks().0)
    }
}

/// A list of pairs for each group, of so many; none where `valid` says so.
pub(super) fn lists(
    pairs: Vec<Pair>,
    lengths: impl Iterator<Item = usize>,
    valid: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let lengths = lengths.map(|pairs| 2 * pairs).collect();
    Ok(Arc::new(list_array(
        pairs.into_flattened(),
        lengths,
        valid,
    )?))
}

/// Each row as a group: a list of its pair where it counts.
pub(super) fn lists_of_one(
    pairs: impl Iterator<Item = Pair>,
    rows: usize,
    counting: &Counting,
) -> Result<ArrayRef> {
    let counted = pairs.enumerate().filter(|(row, _)| counting.row(*row));
    let pairs = counted.map(|(_, pair)| pair).collect();
    lists(
        pairs,
        (0..rows).map(|row| usize::from(counting.row(row))),
        None,
    )
}
