use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray, Decimal128Array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::Decimal128Type;
use datafusion::logical_expr::EmitTo;

use super::values::{NOTHING, STRANGE};
use crate::contributors::rows::Counting;

/// The greatest key met so far in every group.
#[derive(Debug)]
pub(super) enum Furthest {
    /// [`NOTHING`] where none was met.
    Numbers(Vec<i128>),
    /// Empty where none was met, and how many bytes these keys take.
    Bytes(Vec<Vec<u8>>, usize),
}

impl Furthest {
    pub(super) fn grow(&mut self, groups: usize) {
        match self {
            Self::Numbers(held) => held.resize(groups.max(held.len()), NOTHING),
            Self::Bytes(held, _) => held.resize_with(groups.max(held.len()), Vec::new),
        }
    }

    /// Looks at some rows and says which of them have the key that is now their group's; calls with each group that had another
    /// before.
    pub(super) fn reach(
        &mut self,
        keys: &ArrayRef,
        counting: &Counting,
        groups: &[usize],
        changed: impl FnMut(usize),
    ) -> BooleanBuffer {
        match self {
            Self::Numbers(held) => {
                let keys = keys.as_primitive::<Decimal128Type>().values();
                let order = |row: usize, held: &i128| keys[row].cmp(held);
                let take = |row: usize, held: &mut i128| *held = keys[row];
                reach(held, counting, groups, order, take, changed)
            }
            Self::Bytes(held, bytes) => {
                let keys = keys.as_binary::<i32>();
                let order = |row: usize, held: &Vec<u8>| keys.value(row).cmp(held);
                let take = |row: usize, held: &mut Vec<u8>| {
                    let before = held.capacity();
                    held.clear();
                    held.extend_from_slice(keys.value(row));
                    *bytes += held.capacity() - before;
                };
                reach(held, counting, groups, order, take, changed)
            }
        }
    }

    /// Whether a group has a value that is no number.
    pub(super) fn is_strange(&self, group: usize) -> bool {
        match self {
            Self::Numbers(held) => held[group] == STRANGE,
            Self::Bytes(..) => false,
        }
    }

    /// Removes the groups to emit and returns their keys; NULL where there is none.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> ArrayRef {
        match self {
            Self::Numbers(held) => {
                let taken = emit_to.take_needed(held).into_iter();
                let keys = taken.map(|key| (key != NOTHING).then_some(key));
                Arc::new(keys.collect::<Decimal128Array>())
            }
            Self::Bytes(held, bytes) => {
                let taken = emit_to.take_needed(held);
                *bytes -= taken.iter().map(Vec::capacity).sum::<usize>();
                let keys = taken.iter().map(|key| (!key.is_empty()).then_some(key));
                Arc::new(keys.collect::<BinaryArray>())
            }
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Numbers(held) => held.capacity() * size_of::<i128>(),
            Self::Bytes(held, bytes) => held.capacity() * size_of::<Vec<u8>>() + bytes,
        }
    }
}

fn reach<H>(
    held: &mut [H],
    counting: &Counting,
    groups: &[usize],
    order: impl Fn(usize, &H) -> Ordering,
    mut take: impl FnMut(usize, &mut H),
    mut changed: impl FnMut(usize),
) -> BooleanBuffer {
    for (row, &group) in groups.iter().enumerate() {
        if counting.row(row) && order(row, &held[group]).is_gt() {
            take(row, &mut held[group]);
            changed(group);
        }
    }
    BooleanBuffer::collect_bool(groups.len(), |row| {
        counting.row(row) && order(row, &held[groups[row]]).is_eq()
    })
}
