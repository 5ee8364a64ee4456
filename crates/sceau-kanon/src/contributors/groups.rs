use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BinaryViewBuilder, BooleanArray, ListArray,
    UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::UNKNOWN_PERSON;
use super::function::{People, Wanted};
use super::sets::PeopleSets;

/// The people of every group of an aggregate at once.
///
/// Its state is the ids of a group, eight bytes each, as one value of a column of binary views. A row that is handed on as it is,
/// because its group will hardly be met again, is one id, which such a column holds in place of a view: rows are sent to
/// other partitions and merged there as fast as numbers.
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

    /// Forgets the people of a group.
    pub(super) fn forget(&mut self, group: usize) {
        self.sets.forget(group);
    }

    /// Makes room for groups `0..groups`.
    pub(super) fn grow(&mut self, groups: usize) {
        self.sets.grow(groups);
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
        Ok(vec![Arc::new(state(&self.sets.take(emit_to)))])
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
            People::Ids => Ok(vec![Arc::new(singletons(values, opt_filter)?)]),
            // Sets may hold more than k here, when they were collected under a larger k: each row becomes its own group.
            People::Sets => {
                let rows: Vec<usize> = (0..values.len()).collect();
                let mut sets = PeopleSets::new(self.sets.k());
                sets.grow(rows.len());
                add_sets(&mut sets, values, &rows, opt_filter)?;
                Ok(vec![Arc::new(state(&sets))])
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
    let values = ids.values();
    if ids.null_count() == 0 && filter.is_none() {
        sets.add_each(groups, |row| Some(values[row]));
        return Ok(());
    }
    let kept = kept(filter);
    sets.add_each(groups, |row| {
        (kept(row) && ids.is_valid(row)).then(|| values[row])
    });
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

pub(super) fn add_state(sets: &mut PeopleSets, state: &ArrayRef, groups: &[usize]) -> Result<()> {
    let Some(people) = state.as_binary_view_opt() else {
        return exec_err!("people in parts are views, not {}", state.data_type());
    };
    if people.data_buffers().is_empty() && people.null_count() == 0 {
        let views = people.views();
        sets.add_each(groups, |row| person_in_place(views[row]));
        return Ok(());
    }
    for (row, &group) in groups.iter().enumerate() {
        if people.is_valid(row) && !sets.is_full(group) {
            for id in people.value(row).as_chunks::<ID>().0 {
                sets.add(group, u64::from_le_bytes(*id));
            }
        }
    }
    Ok(())
}

/// How many bytes an id has.
const ID: usize = size_of::<u64>();

/// A view of up to twelve bytes holds them after its length.
fn in_place(id: u64) -> u128 {
    u128::from(id) << 32 | ID as u128
}

fn person_in_place(view: u128) -> Option<u64> {
    (view as u32 as usize == ID).then_some((view >> 32) as u64)
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
    list_array(ids, lengths, None)
}

pub(super) fn state(sets: &PeopleSets) -> BinaryViewArray {
    let mut views = BinaryViewBuilder::with_capacity(sets.groups());
    let mut bytes = Vec::new();
    for group in 0..sets.groups() {
        let (known, unknown) = sets.people(group);
        bytes.clear();
        for id in known.iter().chain(unknown.then_some(&UNKNOWN_PERSON)) {
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        views.append_value(&bytes);
    }
    views.finish()
}

/// Each id as the state of a group; one that is missing or that a filter leaves out is nobody.
fn singletons(ids: &ArrayRef, filter: Option<&BooleanArray>) -> Result<BinaryViewArray> {
    let ids = ids_of(ids)?;
    let values = ids.values();
    let views: Vec<u128> = if ids.null_count() == 0 && filter.is_none() {
        values.iter().map(|id| in_place(*id)).collect()
    } else {
        let kept = kept(filter);
        (0..ids.len())
            .map(|row| {
                if kept(row) && ids.is_valid(row) {
                    in_place(values[row])
                } else {
                    0
                }
            })
            .collect()
    };
    Ok(BinaryViewArray::try_new(views.into(), Vec::new(), None)?)
}

/// A list for each group; none where `valid` says so.
pub(super) fn list_array(
    ids: Vec<u64>,
    lengths: Vec<usize>,
    valid: Option<NullBuffer>,
) -> Result<ListArray> {
    if i32::try_from(ids.len()).is_err() {
        return exec_err!("too many people in one batch of groups");
    }
    Ok(ListArray::try_new(
        Arc::new(Field::new_list_field(DataType::UInt64, true)),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(UInt64Array::from(ids)),
        valid,
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
