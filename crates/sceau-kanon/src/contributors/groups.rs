use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::function::{People, Wanted};
use super::sets::PeopleSets;

/// The people of every group of an aggregate at once.
#[derive(Debug)]
pub(super) struct PeopleGroups {
    given: People,
    wanted: Wanted,
    sets: PeopleSets,
}

impl PeopleGroups {
    pub(super) fn new(given: People, wanted: Wanted, k: u32) -> Self {
        Self {
            given,
            wanted,
            sets: PeopleSets::new(k),
        }
    }
}

impl GroupsAccumulator for PeopleGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.sets.grow(total_num_groups);
        let [values] = values else {
            return exec_err!("people are counted over one column");
        };
        match self.given {
            People::Ids => add_ids(&mut self.sets, values, group_indices, opt_filter),
            People::Sets => add_sets(&mut self.sets, values, group_indices, opt_filter),
        }
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.sets.grow(total_num_groups);
        let [values] = values else {
            return exec_err!("the state of a count of people is one column");
        };
        add_sets(&mut self.sets, values, group_indices, None)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sets = self.sets.take(emit_to);
        match self.wanted {
            Wanted::Count => Ok(Arc::new(counts(&sets))),
            Wanted::Set => Ok(Arc::new(lists(&sets)?)),
        }
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(lists(&self.sets.take(emit_to))?)])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [values] = values else {
            return exec_err!("people are counted over one column");
        };
        // Sets may hold more than k here, when they were collected under a larger k: each row becomes its own group.
        let rows: Vec<usize> = (0..values.len()).collect();
        match self.given {
            People::Ids => Ok(vec![Arc::new(singletons(values, opt_filter)?)]),
            People::Sets => {
                let mut sets = PeopleSets::new(self.sets.k());
                sets.grow(rows.len());
                add_sets(&mut sets, values, &rows, opt_filter)?;
                Ok(vec![Arc::new(lists(&sets)?)])
            }
        }
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.sets.size()
    }
}

pub(super) fn add_ids(
    sets: &mut PeopleSets,
    ids: &ArrayRef,
    groups: &[usize],
    filter: Option<&BooleanArray>,
) -> Result<()> {
    let Some(ids) = ids.as_primitive_opt::<UInt64Type>() else {
        return exec_err!("an id of a person is a UInt64, not {}", ids.data_type());
    };
    if ids.null_count() == 0 && filter.is_none() {
        for (&id, &group) in ids.values().iter().zip(groups) {
            sets.add(group, id);
        }
        return Ok(());
    }
    for (row, &group) in groups.iter().enumerate() {
        if kept(filter, row) && ids.is_valid(row) {
            sets.add(group, ids.value(row));
        }
    }
    Ok(())
}

pub(super) fn add_sets(
    sets: &mut PeopleSets,
    lists: &ArrayRef,
    groups: &[usize],
    filter: Option<&BooleanArray>,
) -> Result<()> {
    let (lists, ids) = ids_of(lists)?;
    let offsets = lists.value_offsets();
    for (row, &group) in groups.iter().enumerate() {
        if kept(filter, row) && lists.is_valid(row) {
            for at in offsets[row] as usize..offsets[row + 1] as usize {
                if ids.is_valid(at) {
                    sets.add(group, ids.value(at));
                }
            }
        }
    }
    Ok(())
}

pub(super) fn counts(sets: &PeopleSets) -> UInt64Array {
    UInt64Array::from_iter_values((0..sets.groups()).map(|group| sets.count(group)))
}

pub(super) fn lists(sets: &PeopleSets) -> Result<ListArray> {
    let mut ids = Vec::new();
    let mut lengths = Vec::with_capacity(sets.groups());
    for group in 0..sets.groups() {
        let before = ids.len();
        ids.extend(sets.people(group));
        lengths.push(ids.len() - before);
    }
    list_array(ids, lengths)
}

fn singletons(ids: &ArrayRef, filter: Option<&BooleanArray>) -> Result<ListArray> {
    let Some(ids) = ids.as_primitive_opt::<UInt64Type>() else {
        return exec_err!("an id of a person is a UInt64, not {}", ids.data_type());
    };
    let mut kept_ids = Vec::with_capacity(ids.len());
    let mut lengths = Vec::with_capacity(ids.len());
    for row in 0..ids.len() {
        let keep = kept(filter, row) && ids.is_valid(row);
        if keep {
            kept_ids.push(ids.value(row));
        }
        lengths.push(usize::from(keep));
    }
    list_array(kept_ids, lengths)
}

fn list_array(ids: Vec<u64>, lengths: Vec<usize>) -> Result<ListArray> {
    if i32::try_from(ids.len()).is_err() {
        return exec_err!("too many people in one batch of groups");
    }
    Ok(ListArray::try_new(
        Arc::new(Field::new_list_field(DataType::UInt64, true)),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(UInt64Array::from(ids)),
        None,
    )?)
}

fn ids_of(lists: &ArrayRef) -> Result<(&ListArray, &UInt64Array)> {
    let list = lists.as_list_opt::<i32>();
    match list.and_then(|list| Some((list, list.values().as_primitive_opt::<UInt64Type>()?))) {
        Some(found) => Ok(found),
        None => exec_err!(
            "a set of people is a List<UInt64>, not {}",
            lists.data_type()
        ),
    }
}

/// A row whose filter is NULL is out, as in SQL.
fn kept(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}
