use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::UInt64Type;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::{PERSON, Pairs, each};
use crate::contributors::groups::list_array;

/// Who has which value in every group at once. Groups in which enough people stand apart, and most soon are, take no more than a
/// look.
#[derive(Debug)]
pub(super) struct PairsOfGroups {
    k: u32,
    groups: Vec<Pairs>,
    /// How many people all of them keep.
    people: usize,
}

impl PairsOfGroups {
    pub(super) fn new(k: u32) -> Self {
        Self {
            k,
            groups: Vec::new(),
            people: 0,
        }
    }

    fn grow(&mut self, groups: usize) {
        let k = self.k;
        self.groups
            .resize_with(groups.max(self.groups.len()), || Pairs::new(k));
    }

    fn change(&mut self, group: usize, change: impl FnOnce(&mut Pairs)) {
        let pairs = &mut self.groups[group];
        if !pairs.enough {
            let before = pairs.people.len();
            change(pairs);
            self.people = self.people + pairs.people.len() - before;
        }
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Pairs> {
        let taken = emit_to.take_needed(&mut self.groups);
        self.people -= taken.iter().map(|pairs| pairs.people.len()).sum::<usize>();
        taken
    }
}

/// Which rows a filter keeps. A row whose filter is NULL is out, as in SQL.
fn kept(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

impl GroupsAccumulator for PairsOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let [values, people] = values else {
            return exec_err!("people stand apart by values and ids");
        };
        if group_indices.iter().all(|&group| self.groups[group].enough) {
            return Ok(());
        }
        each(values, people, |row, value, person| {
            if kept(opt_filter, row) {
                self.change(group_indices[row], |pairs| pairs.add(value, person));
            }
        })
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let [states] = values else {
            return exec_err!("the state of people apart is one column");
        };
        let states = states.as_list::<i32>();
        let offsets = states.value_offsets();
        let pairs = states.values().as_primitive::<UInt64Type>().values();
        for (row, &group) in group_indices.iter().enumerate() {
            if states.is_null(row) {
                self.change(group, Pairs::have_enough);
                continue;
            }
            let of_row = &pairs[offsets[row] as usize..offsets[row + 1] as usize];
            for pair in of_row.chunks_exact(2) {
                self.change(group, |pairs| pairs.add(pair[0], pair[1]));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let taken = self.take(emit_to);
        let apart = taken.iter().map(|pairs| pairs.apart() as u64);
        Ok(Arc::new(UInt64Array::from_iter_values(apart)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let taken = self.take(emit_to);
        let mut pairs = Vec::new();
        let mut lengths = Vec::with_capacity(taken.len());
        for of_group in &taken {
            let before = pairs.len();
            pairs.extend(of_group.pairs());
            lengths.push(pairs.len() - before);
        }
        let open: NullBuffer = taken.iter().map(|pairs| !pairs.enough).collect();
        Ok(vec![Arc::new(list_array(pairs, lengths, Some(open))?)])
    }

    /// Each row is the state of a group.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [values, people] = values else {
            return exec_err!("people stand apart by values and ids");
        };
        let mut pairs = Vec::with_capacity(2 * values.len());
        let mut lengths = vec![0; values.len()];
        each(values, people, |row, value, person| {
            if kept(opt_filter, row) {
                pairs.extend([value, person]);
                lengths[row] = 2;
            }
        })?;
        Ok(vec![Arc::new(list_array(pairs, lengths, None)?)])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.groups.capacity() * size_of::<Pairs>() + self.people * PERSON
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<(Option<u64>, Option<u64>, usize)>;

    fn columns(rows: &Rows) -> ([ArrayRef; 2], Vec<usize>) {
        let values: UInt64Array = rows.iter().map(|row| row.0).collect();
        let people: UInt64Array = rows.iter().map(|row| row.1).collect();
        let groups = rows.iter().map(|row| row.2).collect();
        ([Arc::new(values), Arc::new(people)], groups)
    }

    proptest! {
        #[test]
        fn groups_are_what_each_is_by_itself(
            rows in prop::collection::vec(
                (
                    prop::option::weighted(0.9, prop_oneof![4 => Just(0), 1 => 1..4_u64]),
                    prop::option::weighted(0.9, 1..20_u64),
                    0..3_usize,
                ),
                0..90,
            ),
            parts in 1..4_usize,
            filter in prop::collection::vec(prop::option::weighted(0.9, any::<bool>()), 90),
            converted: bool,
            first in 0..3_usize,
        ) {
            use datafusion::logical_expr::Accumulator;

            let mut whole = PairsOfGroups::new(5);
            whole.grow(3);
            for part in 0..parts {
                let at: Vec<usize> = (part..rows.len()).step_by(parts).collect();
                let of_part: Rows = at.iter().map(|&row| rows[row]).collect();
                let filter: BooleanArray = at.iter().map(|&row| filter[row]).collect();
                let (columns, groups) = columns(&of_part);
                let mut partial = PairsOfGroups::new(5);
                if converted {
                    let state = partial.convert_to_state(&columns, Some(&filter)).unwrap();
                    whole.merge_batch(&state, &groups, 3).unwrap();
                } else {
                    partial.update_batch(&columns, &groups, Some(&filter), 3).unwrap();
                    let state = partial.state(EmitTo::First(first)).unwrap();
                    whole.merge_batch(&state, &(0..first).collect::<Vec<_>>(), 3).unwrap();
                    let state = partial.state(EmitTo::All).unwrap();
                    whole.merge_batch(&state, &(first..3).collect::<Vec<_>>(), 3).unwrap();
                    prop_assert_eq!(partial.people, 0);
                }
            }
            let expected: UInt64Array = (0..3)
                .map(|group| {
                    let of_group = (0..rows.len())
                        .filter(|&row| rows[row].2 == group && filter[row] == Some(true));
                    let (columns, _) = columns(&of_group.map(|row| rows[row]).collect());
                    let mut alone = Pairs::new(5);
                    alone.update_batch(&columns).unwrap();
                    Some(alone.apart() as u64)
                })
                .collect();
            let found = whole.evaluate(EmitTo::All).unwrap();
            prop_assert_eq!(found.as_primitive::<UInt64Type>(), &expected);
            prop_assert_eq!(whole.people, 0);
        }
    }
}
