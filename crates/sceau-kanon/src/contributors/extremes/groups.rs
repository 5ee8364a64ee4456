use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt64Array, make_array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::UInt64Type;
use datafusion::common::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::furthest::Furthest;
use super::values::InOrder;
use crate::contributors::check::columns;
use crate::contributors::function::{People, Wanted};
use crate::contributors::groups::PeopleGroups;
use crate::contributors::rows::{Counting, only};

/// Of every group those who share the extreme value met so far. Whoever shared one before is out when a further one is met.
#[derive(Debug)]
pub(super) struct SharingGroups {
    values: InOrder,
    furthest: Furthest,
    people: PeopleGroups,
}

impl SharingGroups {
    pub(super) fn new(k: u32, given: People, values: InOrder) -> Self {
        Self {
            furthest: if values.gives_numbers() {
                Furthest::Numbers(Vec::new())
            } else {
                Furthest::Bytes(Vec::new(), 0)
            },
            values,
            people: PeopleGroups::new(given, Wanted::Count, k),
        }
    }

    fn grow(&mut self, groups: usize) {
        self.furthest.grow(groups);
        self.people.grow(groups);
    }

    /// Which rows have the extreme value of their group.
    fn reach(&mut self, keys: &ArrayRef, counting: &Counting, groups: &[usize]) -> BooleanBuffer {
        self.furthest
            .reach(keys, counting, groups, |group| self.people.forget(group))
    }
}

impl GroupsAccumulator for SharingGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let [values, people] = columns(values)?;
        let counting = Counting::new(values, opt_filter);
        let sharing = self.reach(&self.values.keys(values)?, &counting, group_indices);
        let (people, groups) = only(sharing, [people], group_indices)?;
        self.people
            .update_batch(&people, &groups, None, total_num_groups)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let [keys, people] = columns(values)?;
        let sharing = self.reach(keys, &Counting::new(keys, None), group_indices);
        let (people, groups) = only(sharing, [people], group_indices)?;
        self.people.merge_batch(&people, &groups, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let people = self.people.evaluate(emit_to)?;
        let people = people.as_primitive::<UInt64Type>().values().iter();
        // Nobody can tell what an extreme beside a value that is no number means.
        let people = people.enumerate().map(|(group, people)| {
            if self.furthest.is_strange(group) {
                1
            } else {
                *people
            }
        });
        let people = UInt64Array::from_iter_values(people);
        self.furthest.take(emit_to);
        Ok(Arc::new(people))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let mut state = vec![self.furthest.take(emit_to)];
        state.extend(self.people.state(emit_to)?);
        Ok(state)
    }

    /// Each row is the state of a group.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [values, people] = columns(values)?;
        let counting = Counting::new(values, opt_filter).into_nulls();
        let keys = self.values.keys(values)?.to_data().into_builder();
        let keys = make_array(keys.nulls(counting).build()?);
        let mut state = vec![keys];
        state.extend((self.people).convert_to_state(std::slice::from_ref(people), opt_filter)?);
        Ok(state)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.furthest.size() + self.people.size()
    }
}
