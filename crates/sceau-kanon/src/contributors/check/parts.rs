use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt64Array};
use arrow::compute::{filter, take};
use arrow::datatypes::UInt64Type;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use proptest::prelude::*;

use super::{Check, OfOne};

/// Rows of a few groups, and the way in which an answer is found from them.
#[derive(Debug, Clone)]
pub(in crate::contributors) struct Rows<T> {
    pub values: Vec<T>,
    groups: Vec<usize>,
    filter: Vec<Option<bool>>,
    parts: usize,
    /// Whether rows become states as they are.
    converted: bool,
    /// So many groups are emitted before the others.
    first: usize,
}

const GROUPS: usize = 3;

pub(in crate::contributors) fn rows<T: std::fmt::Debug>(
    of: impl Strategy<Value = T>,
) -> impl Strategy<Value = Rows<T>> {
    let kept = prop::option::weighted(0.95, prop::bool::weighted(0.9));
    let rows = prop::collection::vec((of, 0..GROUPS, kept), 0..90);
    (rows, 1..4_usize, any::<bool>(), 0..=GROUPS).prop_map(|(rows, parts, converted, first)| {
        let mut found = Rows {
            values: vec![],
            groups: vec![],
            filter: vec![],
            parts,
            converted,
            first,
        };
        for (value, group, kept) in rows {
            found.values.push(value);
            found.groups.push(group);
            found.filter.push(kept);
        }
        found
    })
}

impl<T> Rows<T> {
    /// What is found in parts, with all groups at once, is what `expected` says of the rows of each group; so is what is found of
    /// each group by itself.
    pub(in crate::contributors) fn are<C: Check>(
        &self,
        check: &C,
        columns: &[ArrayRef; 2],
        expected: impl Fn(&[ArrayRef; 2]) -> u64,
    ) {
        let of_each: Vec<_> = (0..GROUPS)
            .map(|group| {
                let mine = (0..self.groups.len())
                    .map(|row| self.groups[row] == group && self.filter[row] == Some(true));
                let mine = BooleanArray::from_iter(mine.map(Some));
                columns
                    .each_ref()
                    .map(|column| filter(column, &mine).unwrap())
            })
            .collect();
        let expected: Vec<u64> = of_each.iter().map(expected).collect();
        assert_eq!(self.all_at_once(check, columns), expected);
        let alone: Vec<u64> = (of_each.iter().map(|rows| self.alone(check, rows))).collect();
        assert_eq!(alone, expected);
    }

    fn all_at_once<C: Check>(&self, check: &C, columns: &[ArrayRef; 2]) -> Vec<u64> {
        let kinds = check.state(columns[0].data_type());
        let new = || check.groups(columns[0].data_type()).unwrap();
        let mut whole = new();
        let mut merge = |state: &[ArrayRef], groups: &[usize]| {
            for (column, (_, kind)) in state.iter().zip(&kinds) {
                assert_eq!((column.data_type(), column.len()), (kind, groups.len()));
            }
            whole.merge_batch(state, groups, GROUPS).unwrap();
        };
        merge(&new_state(new(), columns), &[0, 1, 2]);
        for part in 0..self.parts {
            let rows = (part..self.groups.len()).step_by(self.parts);
            let mut partial = new();
            if self.converted {
                let (columns, groups, filter) = self.only(rows, columns);
                let state = partial.convert_to_state(&columns, Some(&filter)).unwrap();
                merge(&state, &groups);
                continue;
            }
            // Groups that are emitted have had all their rows; some rows of the others come later.
            let (early, late): (Vec<_>, Vec<_>) =
                rows.partition(|row| self.groups[*row] < self.first || row % 5 < 3);
            let (of_early, groups, filter) = self.only(early.into_iter(), columns);
            partial
                .update_batch(&of_early, &groups, Some(&filter), GROUPS)
                .unwrap();
            assert!(partial.size() >= size_of_val(&partial));
            let state = partial.state(EmitTo::First(self.first)).unwrap();
            merge(&state, &(0..self.first).collect::<Vec<_>>());
            let (of_late, mut groups, filter) = self.only(late.into_iter(), columns);
            groups.iter_mut().for_each(|group| *group -= self.first);
            (partial.update_batch(&of_late, &groups, Some(&filter), GROUPS - self.first)).unwrap();
            let state = partial.state(EmitTo::All).unwrap();
            merge(&state, &(self.first..GROUPS).collect::<Vec<_>>());
            assert_eq!(partial.size(), new().size());
        }
        let mut found = numbers(&whole.evaluate(EmitTo::First(self.first)).unwrap());
        found.extend(numbers(&whole.evaluate(EmitTo::All).unwrap()));
        assert_eq!(whole.size(), new().size());
        found
    }

    fn alone<C: Check>(&self, check: &C, columns: &[ArrayRef; 2]) -> u64 {
        let new = || {
            let groups = check.groups(columns[0].data_type()).unwrap();
            OfOne::new(groups, columns.iter().map(|column| column.data_type()))
        };
        let mut whole = new();
        for part in 0..self.parts {
            let rows = (part..columns[0].len()).step_by(self.parts);
            let rows = UInt64Array::from_iter_values(rows.map(|row| row as u64));
            let mut partial = new();
            let of_part = columns
                .each_ref()
                .map(|column| take(column, &rows, None).unwrap());
            partial.update_batch(&of_part).unwrap();
            let state = partial.state().unwrap();
            let state: Vec<ArrayRef> = state
                .iter()
                .map(|of_one| of_one.to_array().unwrap())
                .collect();
            whole.merge_batch(&state).unwrap();
        }
        match whole.evaluate().unwrap() {
            ScalarValue::UInt64(Some(people)) => people,
            other => panic!("not a number of people: {other}"),
        }
    }

    fn only(
        &self,
        rows: impl Iterator<Item = usize> + Clone,
        columns: &[ArrayRef; 2],
    ) -> ([ArrayRef; 2], Vec<usize>, BooleanArray) {
        let at = UInt64Array::from_iter_values(rows.clone().map(|row| row as u64));
        (
            columns
                .each_ref()
                .map(|column| take(column, &at, None).unwrap()),
            rows.clone().map(|row| self.groups[row]).collect(),
            rows.map(|row| self.filter[row]).collect(),
        )
    }
}

/// The state of groups without rows.
fn new_state(mut groups: impl GroupsAccumulator, columns: &[ArrayRef; 2]) -> Vec<ArrayRef> {
    let none = columns.each_ref().map(|column| column.slice(0, 0));
    groups.update_batch(&none, &[], None, GROUPS).unwrap();
    groups.state(EmitTo::All).unwrap()
}

fn numbers(found: &ArrayRef) -> Vec<u64> {
    found.as_primitive::<UInt64Type>().values().to_vec()
}
