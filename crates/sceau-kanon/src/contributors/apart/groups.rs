use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, UInt64Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::pairs::Pairs;
use crate::contributors::check::columns;
use crate::contributors::pairs::{Pair, PairLists, lists, lists_of_one, pairs};
use crate::contributors::rows::{Counting, only};

/// Who has which value in every group at once. Groups in which enough people stand apart, and most soon are, take no more than a
/// look.
///
/// The state of a group is its pairs, value and person one after the other; NULL where there are enough.
#[derive(Debug)]
pub(super) struct PairsOfGroups {
    k: usize,
    /// None where k people stand apart from whatever value.
    groups: Vec<Option<Pairs>>,
    /// How many groups have pairs.
    open: usize,
    /// The bytes that all pairs take.
    bytes: usize,
}

impl PairsOfGroups {
    pub(super) fn new(k: u32) -> Self {
        Self {
            k: k as usize,
            groups: Vec::new(),
            open: 0,
            bytes: 0,
        }
    }

    fn grow(&mut self, groups: usize) {
        if let Some(more) = groups.checked_sub(self.groups.len()) {
            // Where nobody is asked for there are enough.
            let of_new = || (self.k > 0).then(Pairs::default);
            self.groups.resize_with(groups, of_new);
            self.open += if self.k > 0 { more } else { 0 };
        }
    }

    fn add(&mut self, group: usize, pair: Pair) {
        if let Some(pairs) = &mut self.groups[group] {
            let before = pairs.size();
            let enough = pairs.add(self.k, pair);
            self.bytes += pairs.size() - before;
            if enough {
                self.have_enough(group);
            }
        }
    }

    fn have_enough(&mut self, group: usize) {
        if let Some(pairs) = self.groups[group].take() {
            self.bytes -= pairs.size();
            self.open -= 1;
        }
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Option<Pairs>> {
        let taken = emit_to.take_needed(&mut self.groups);
        for pairs in taken.iter().flatten() {
            self.bytes -= pairs.size();
            self.open -= 1;
        }
        taken
    }
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
        if self.open == 0 {
            return Ok(());
        }
        let [values, people] = columns(values)?;
        let counting = Counting::new(values, opt_filter);
        let looked_at = BooleanBuffer::collect_bool(group_indices.len(), |row| {
            self.groups[group_indices[row]].is_some() && counting.row(row)
        });
        let ([values, people], groups) = only(looked_at, [values, people], group_indices)?;
        for (&group, pair) in groups.iter().zip(pairs(identities(&values)?, &people)?) {
            self.add(group, pair);
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
        let [states] = columns(values)?;
        let states = PairLists::new(states)?;
        for (row, &group) in group_indices.iter().enumerate() {
            match states.row(row) {
                None => self.have_enough(group),
                Some(pairs) => pairs.iter().for_each(|pair| self.add(group, *pair)),
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let k = self.k;
        let apart = self.take(emit_to).into_iter().map(|pairs| match pairs {
            Some(mut pairs) => pairs.apart(k) as u64,
            None => k as u64,
        });
        Ok(Arc::new(UInt64Array::from_iter_values(apart)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let taken = self.take(emit_to);
        let mut pairs = Vec::new();
        for of_group in taken.iter().flatten() {
            pairs.extend_from_slice(of_group.kept());
        }
        let lengths =
            (taken.iter()).map(|of_group| of_group.as_ref().map_or(0, |pairs| pairs.kept().len()));
        let open: NullBuffer = taken.iter().map(Option::is_some).collect();
        Ok(vec![lists(pairs, lengths, Some(open))?])
    }

    /// Each row is the state of a group.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [values, people] = columns(values)?;
        let counting = Counting::new(values, opt_filter);
        let pairs = pairs(identities(values)?, people)?;
        Ok(vec![lists_of_one(pairs, values.len(), &counting)?])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.groups.capacity() * size_of::<Option<Pairs>>() + self.bytes
    }
}

/// A number for each value: equal ones have the same.
fn identities(values: &ArrayRef) -> Result<Vec<u64>> {
    if values.data_type().is_numeric() {
        let numbers = cast(values, &DataType::Float64)?;
        // The two zeros are one value.
        let one_zero: Float64Array = numbers
            .as_primitive::<Float64Type>()
            .unary(|value| value + 0.0);
        return Ok(one_zero
            .values()
            .iter()
            .map(|value| value.to_bits())
            .collect());
    }
    let mut hashes = vec![0; values.len()];
    create_hashes([values], &RandomState::with_seed(0), &mut hashes)?;
    Ok(hashes)
}
