use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Float64Type, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::field::Number;
use super::{Added, Contributions, add, number, write};
use crate::contributors::{Counting, UNKNOWN_PERSON};

/// The contributions to every group of an aggregate at once, side by side.
#[derive(Debug)]
pub(super) struct ContributionsOfGroups {
    k: u32,
    signatures: Vec<u16>,
    sums: Vec<Number>,
}

impl ContributionsOfGroups {
    pub(super) fn new(k: u32) -> Self {
        Self {
            k: Contributions::new(k).k(),
            signatures: vec![],
            sums: vec![],
        }
    }

    /// Makes room for groups `0..groups`.
    fn grow(&mut self, groups: usize) {
        let k = self.k as usize;
        if groups * k > self.signatures.len() {
            self.signatures.resize(groups * k, 0);
            self.sums.resize(groups * 2 * k, Number::ZERO);
        }
    }

    fn add(&mut self, group: usize, person: u64, added: Added) {
        let k = self.k as usize;
        add(
            &mut self.signatures[group * k..][..k],
            &mut self.sums[group * 2 * k..][..2 * k],
            person,
            added,
        );
    }

    /// Adds a sketch to a group's.
    fn merge(&mut self, group: usize, bytes: &[u8]) -> Result<()> {
        let Some(sketch) = Contributions::from_bytes(self.k, bytes) else {
            return exec_err!("a sketch for k = {} is expected", self.k);
        };
        let k = self.k as usize;
        let signature = &mut self.signatures[group * k..][..k];
        for (here, there) in signature.iter_mut().zip(&sketch.signature) {
            *here = here.wrapping_add(*there);
        }
        let sums = &mut self.sums[group * 2 * k..][..2 * k];
        for (here, there) in sums.iter_mut().zip(&sketch.sums) {
            *here += *there;
        }
        Ok(())
    }

    /// The sketches of the groups to emit, which are removed.
    fn take(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let k = self.k as usize;
        let so_many = |of_each: usize| match emit_to {
            EmitTo::All => EmitTo::All,
            EmitTo::First(groups) => EmitTo::First(groups * of_each),
        };
        let signatures = so_many(k).take_needed(&mut self.signatures);
        let sums = so_many(2 * k).take_needed(&mut self.sums);
        let groups = signatures.len() / k;
        if i32::try_from(groups * Contributions::bytes(self.k)).is_err() {
            return exec_err!("too many groups in one batch");
        }
        let each = signatures.chunks_exact(k).zip(sums.chunks_exact(2 * k));
        let sketches = each.map(|(signature, sums)| {
            let mut bytes = Vec::with_capacity(Contributions::bytes(self.k));
            write(signature, sums, &mut bytes);
            bytes
        });
        Ok(Arc::new(BinaryArray::from_iter_values(sketches)))
    }
}

impl GroupsAccumulator for ContributionsOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        // Rows of one person often follow each other, and are added up first.
        let mut open: Option<((usize, u64), Added)> = None;
        each(values, opt_filter, |row, person, number| {
            let added = Added::of(number);
            let whose = (group_indices[row], person);
            open = Some(match open.take() {
                Some((last, before)) if last == whose => (whose, before.and(added)),
                done => {
                    if let Some(((group, person), added)) = done {
                        self.add(group, person, added);
                    }
                    (whose, added)
                }
            });
        })?;
        if let Some(((group, person), added)) = open {
            self.add(group, person, added);
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let [sketches] = values else {
            return exec_err!("the state of contributions is one column");
        };
        let Some(sketches) = sketches.as_binary_opt::<i32>() else {
            return exec_err!("a sketch is bytes, not {}", sketches.data_type());
        };
        for (row, &group) in group_indices.iter().enumerate() {
            match sketches.value(row).as_chunks::<{ size_of::<u64>() }>() {
                ([], []) => {}
                ([person, number], []) => {
                    let number = u64::from_le_bytes(*number);
                    self.add(group, u64::from_le_bytes(*person), Added::of(number));
                }
                _ => self.merge(group, sketches.value(row))?,
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.take(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.take(emit_to)?])
    }

    /// Each row is the state of a group: its person and its value's number, which no sketch is as short as.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |values| values.len());
        let mut bytes = Vec::with_capacity(rows * 2 * size_of::<u64>());
        let mut lengths = vec![0; rows];
        each(values, opt_filter, |row, person, number| {
            bytes.extend_from_slice(&person.to_le_bytes());
            bytes.extend_from_slice(&number.to_le_bytes());
            lengths[row] = 2 * size_of::<u64>();
        })?;
        if i32::try_from(bytes.len()).is_err() {
            return exec_err!("too many rows in one batch");
        }
        let rows = BinaryArray::try_new(OffsetBuffer::from_lengths(lengths), bytes.into(), None)?;
        Ok(vec![Arc::new(rows)])
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.signatures.capacity() * size_of::<u16>()
            + self.sums.capacity() * size_of::<Number>()
    }
}

/// Calls with the row, its person and the number of its value, for each row that has a value and that a filter keeps.
fn each(
    values: &[ArrayRef],
    filter: Option<&BooleanArray>,
    mut with: impl FnMut(usize, u64, u64),
) -> Result<()> {
    let [values, people] = values else {
        return exec_err!("contributions are of values and people");
    };
    let (Some(values), Some(people)) = (
        values.as_primitive_opt::<Float64Type>(),
        people.as_primitive_opt::<UInt64Type>(),
    ) else {
        return exec_err!(
            "contributions are of Float64 and UInt64, not {} and {}",
            values.data_type(),
            people.data_type()
        );
    };
    let counting = Counting::new(values, filter);
    for (row, (&value, person)) in values.values().iter().zip(people).enumerate() {
        if counting.row(row) {
            with(row, person.unwrap_or(UNKNOWN_PERSON), number(value));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, UInt64Array};
    use proptest::prelude::*;

    use super::*;

    /// Its group, value and person, and whether the filter keeps it.
    type Row = (usize, Option<i32>, Option<u64>, Option<bool>);

    fn columns(rows: &[Row]) -> ([ArrayRef; 2], Vec<usize>, BooleanArray) {
        let values: Float64Array = rows.iter().map(|row| row.1.map(f64::from)).collect();
        let people: UInt64Array = rows.iter().map(|row| row.2).collect();
        (
            [Arc::new(values), Arc::new(people)],
            rows.iter().map(|row| row.0).collect(),
            rows.iter().map(|row| row.3).collect(),
        )
    }

    fn expected(rows: &[Row]) -> Vec<Contributions> {
        let mut groups = vec![Contributions::new(5); 3];
        for (group, value, person, kept) in rows {
            if let (Some(value), Some(true)) = (value, kept) {
                groups[*group].add_row(person.unwrap_or(UNKNOWN_PERSON), f64::from(*value));
            }
        }
        groups
    }

    proptest! {
        #[test]
        fn parts_merge_to_what_row_after_row_gives(
            rows in prop::collection::vec(
                (
                    0..3_usize,
                    prop::option::weighted(0.9, 0..4_i32),
                    prop::option::weighted(0.9, 1..9_u64),
                    prop::option::weighted(0.9, prop::bool::weighted(0.9)),
                ),
                0..80,
            ),
            parts in 1..4_usize,
            converted: bool,
            first in 0..3_usize,
        ) {
            let mut whole = ContributionsOfGroups::new(5);
            whole.grow(3);
            for part in 0..parts {
                let part: Vec<Row> = rows.iter().skip(part).step_by(parts).copied().collect();
                let (columns, groups, filter) = columns(&part);
                let mut partial = ContributionsOfGroups::new(5);
                if converted {
                    let state = partial.convert_to_state(&columns, Some(&filter)).unwrap();
                    whole.merge_batch(&state, &groups, 3).unwrap();
                } else {
                    partial.update_batch(&columns, &groups, Some(&filter), 3).unwrap();
                    let state = partial.state(EmitTo::First(first)).unwrap();
                    whole.merge_batch(&state, &(0..first).collect::<Vec<_>>(), 3).unwrap();
                    let state = partial.state(EmitTo::All).unwrap();
                    whole.merge_batch(&state, &(first..3).collect::<Vec<_>>(), 3).unwrap();
                }
            }
            let sketches = whole.evaluate(EmitTo::All).unwrap();
            let sketches = sketches.as_binary::<i32>();
            let found: Vec<_> = (0..3)
                .map(|group| Contributions::from_bytes(5, sketches.value(group)).unwrap())
                .collect();
            prop_assert_eq!(found, expected(&rows));
        }
    }
}
