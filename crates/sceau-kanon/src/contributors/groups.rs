use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt64Array, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::UNKNOWN_PERSON;
use super::function::{People, Wanted, set_type};
use super::sets::PeopleSets;

/// The people of every group of an aggregate at once.
///
/// Its state is two columns: one person, and a list of the others. A row that is handed on as it is, because its group
/// will hardly be met again, is its id and no list; nothing is copied for it.
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
        add_state(&mut self.sets, values, group_indices)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sets = self.sets.take(emit_to);
        match self.wanted {
            Wanted::Count => Ok(Arc::new(counts(&sets))),
            Wanted::Set => Ok(Arc::new(lists(&sets)?)),
        }
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        state(&self.sets.take(emit_to))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [values] = values else {
            return exec_err!("people are counted over one column");
        };
        match self.given {
            People::Ids => Ok(vec![
                kept_ids(values, opt_filter)?,
                new_null_array(&set_type(), values.len()),
            ]),
            // Sets may hold more than k here, when they were collected under a larger k: each row becomes its own group.
            People::Sets => {
                let rows: Vec<usize> = (0..values.len()).collect();
                let mut sets = PeopleSets::new(self.sets.k());
                sets.grow(rows.len());
                add_sets(&mut sets, values, &rows, opt_filter)?;
                state(&sets)
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
    let ids = ids_of(ids)?;
    if ids.null_count() == 0 && filter.is_none() {
        for (&id, &group) in ids.values().iter().zip(groups) {
            sets.add(group, id);
        }
        return Ok(());
    }
    let kept = kept(filter);
    for (row, &group) in groups.iter().enumerate() {
        if kept(row) && ids.is_valid(row) {
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
    let (lists, ids) = lists_of(lists)?;
    let kept = kept(filter);
    if ids.is_empty() {
        return Ok(());
    }
    let offsets = lists.value_offsets();
    for (row, &group) in groups.iter().enumerate() {
        if kept(row) && lists.is_valid(row) && !sets.is_full(group) {
            for at in offsets[row] as usize..offsets[row + 1] as usize {
                if ids.is_valid(at) {
                    sets.add(group, ids.value(at));
                }
            }
        }
    }
    Ok(())
}

pub(super) fn add_state(sets: &mut PeopleSets, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
    let [first, others] = state else {
        return exec_err!("the state of a count of people is two columns");
    };
    add_ids(sets, first, groups, None)?;
    add_sets(sets, others, groups, None)
}

pub(super) fn counts(sets: &PeopleSets) -> UInt64Array {
    UInt64Array::from_iter_values((0..sets.groups()).map(|group| sets.count(group)))
}

pub(super) fn lists(sets: &PeopleSets) -> Result<ListArray> {
    let mut ids = Vec::new();
    let mut lengths = Vec::with_capacity(sets.groups());
    for group in 0..sets.groups() {
        let (known, unknown) = sets.people(group);
        ids.extend_from_slice(known);
        ids.extend(unknown.then_some(UNKNOWN_PERSON));
        lengths.push(known.len() + usize::from(unknown));
    }
    list_array(ids, lengths)
}

pub(super) fn state(sets: &PeopleSets) -> Result<Vec<ArrayRef>> {
    let groups = sets.groups();
    let mut firsts = Vec::with_capacity(groups);
    let mut there = Vec::with_capacity(groups);
    let mut others = Vec::new();
    let mut lengths = Vec::with_capacity(groups);
    for group in 0..groups {
        let (known, unknown) = sets.people(group);
        let (first, rest) = match known.split_first() {
            Some((first, rest)) => (Some(*first), rest),
            None => (None, known),
        };
        there.push(first.is_some());
        firsts.push(first.unwrap_or_default());
        others.extend_from_slice(rest);
        others.extend(unknown.then_some(UNKNOWN_PERSON));
        lengths.push(rest.len() + usize::from(unknown));
    }
    let firsts = UInt64Array::try_new(firsts.into(), Some(NullBuffer::from(there)))?;
    Ok(vec![
        Arc::new(firsts),
        Arc::new(list_array(others, lengths)?),
    ])
}

/// The ids that a filter keeps; the others are NULL.
fn kept_ids(ids: &ArrayRef, filter: Option<&BooleanArray>) -> Result<ArrayRef> {
    let found = ids_of(ids)?;
    let Some(filter) = filter else {
        return Ok(Arc::clone(ids));
    };
    let filter = NullBuffer::new(match filter.nulls() {
        Some(known) => filter.values() & known.inner(),
        None => filter.values().clone(),
    });
    Ok(Arc::new(UInt64Array::try_new(
        found.values().clone(),
        NullBuffer::union(Some(&filter), found.nulls()),
    )?))
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

fn ids_of(ids: &ArrayRef) -> Result<&UInt64Array> {
    match ids.as_primitive_opt::<UInt64Type>() {
        Some(ids) => Ok(ids),
        None => exec_err!("an id of a person is a UInt64, not {}", ids.data_type()),
    }
}

fn lists_of(lists: &ArrayRef) -> Result<(&ListArray, &UInt64Array)> {
    let list = lists.as_list_opt::<i32>();
    match list.and_then(|list| Some((list, list.values().as_primitive_opt::<UInt64Type>()?))) {
        Some(found) => Ok(found),
        None => exec_err!(
            "a set of people is a List<UInt64>, not {}",
            lists.data_type()
        ),
    }
}

/// Which rows a filter keeps. A row whose filter is NULL is out, as in SQL.
fn kept(filter: Option<&BooleanArray>) -> impl Fn(usize) -> bool {
    move |row| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}
