use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray, ListArray, UInt64Array};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, UInt64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::bags::{Bags, Lists};
use super::function::{Given, Wanted};
use super::sketch::Sketch;

/// The people of every group of an aggregate at once.
#[derive(Debug)]
pub(super) struct BagGroups {
    given: Given,
    wanted: Wanted,
    bags: Bags,
}

impl BagGroups {
    pub(super) fn new(given: Given, wanted: Wanted) -> Self {
        Self {
            given,
            wanted,
            bags: Bags::default(),
        }
    }
}

impl GroupsAccumulator for BagGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.bags.grow(total_num_groups)?;
        let group = |row: usize| group_indices[row];
        add(&mut self.bags, self.given, values, group, opt_filter)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.bags.grow(total_num_groups)?;
        let group = |row: usize| group_indices[row];
        add(&mut self.bags, Given::Sets, values, group, None)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        answer(self.bags.take(emit_to), self.wanted)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![lists(self.bags.take(emit_to))?])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [values] = values else {
            return exec_err!("people are taken from one column");
        };
        // Each row is a group of its own: an id is a list of one, and a set stays as it is.
        if opt_filter.is_none() && values.null_count() == 0 {
            match self.given {
                Given::Ids => {
                    let ids = ids_of(values)?.values().clone();
                    return Ok(vec![list_array(ids, std::iter::repeat_n(1, values.len()))?]);
                }
                Given::Sets if sets_of(values)?.1.null_count() == 0 => {
                    return Ok(vec![Arc::clone(values)]);
                }
                Given::Sets => {}
            }
        }
        let mut bags = Bags::default();
        bags.grow(values.len())?;
        let values = std::slice::from_ref(values);
        add(&mut bags, self.given, values, |row| row, opt_filter)?;
        Ok(vec![lists(bags.take(EmitTo::All))?])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.bags.size()
    }
}

/// The people of one group: an aggregate without GROUP BY.
#[derive(Debug)]
pub(super) struct BagOfOne {
    given: Given,
    wanted: Wanted,
    bags: Bags,
}

impl BagOfOne {
    pub(super) fn new(given: Given, wanted: Wanted) -> Self {
        Self {
            given,
            wanted,
            bags: Bags::default(),
        }
    }

    fn take(&mut self) -> Result<Lists> {
        self.bags.grow(1)?;
        Ok(self.bags.take(EmitTo::All))
    }
}

impl Accumulator for BagOfOne {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.bags.grow(1)?;
        add(&mut self.bags, self.given, values, |_| 0, None)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.bags.grow(1)?;
        add(&mut self.bags, Given::Sets, states, |_| 0, None)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let wanted = self.wanted;
        ScalarValue::try_from_array(&answer(self.take()?, wanted)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::try_from_array(&lists(self.take()?)?, 0)?])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.bags.size()
    }
}

/// Adds the people of the rows that a filter keeps; a row whose filter is NULL is out, and an id of NULL is nobody.
fn add(
    bags: &mut Bags,
    given: Given,
    values: &[ArrayRef],
    group: impl Fn(usize) -> usize,
    filter: Option<&BooleanArray>,
) -> Result<()> {
    let [values] = values else {
        return exec_err!("people are taken from one column");
    };
    let kept = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
    match given {
        Given::Ids => {
            let ids = ids_of(values)?;
            if filter.is_none() && ids.null_count() == 0 {
                for (row, &id) in ids.values().iter().enumerate() {
                    bags.add(group(row), id);
                }
                return Ok(());
            }
            for (row, id) in ids.iter().enumerate() {
                if let Some(id) = id.filter(|_| kept(row)) {
                    bags.add(group(row), id);
                }
            }
        }
        Given::Sets => {
            let (sets, ids) = sets_of(values)?;
            let offsets = sets.value_offsets();
            for row in 0..sets.len() {
                if !kept(row) || sets.is_null(row) {
                    continue;
                }
                let of_it = offsets[row] as usize..offsets[row + 1] as usize;
                if ids.null_count() == 0 {
                    bags.add_all(group(row), &ids.values()[of_it]);
                    continue;
                }
                for at in of_it.filter(|&at| ids.is_valid(at)) {
                    bags.add(group(row), ids.value(at));
                }
            }
        }
    }
    Ok(())
}

fn answer(people: Lists, wanted: Wanted) -> Result<ArrayRef> {
    match wanted {
        Wanted::Set => lists(people),
        Wanted::Sketch(k) => {
            let bytes = people.groups() * Sketch::bytes(k);
            if i32::try_from(bytes).is_err() {
                return exec_err!("too many groups in one batch");
            }
            let mut sketches = BinaryBuilder::with_capacity(people.groups(), bytes);
            let mut bytes = Vec::with_capacity(Sketch::bytes(k));
            for group in 0..people.groups() {
                bytes.clear();
                Sketch::of(k, people.of(group).iter().copied()).write(&mut bytes);
                sketches.append_value(&bytes);
            }
            Ok(Arc::new(sketches.finish()))
        }
    }
}

fn lists(people: Lists) -> Result<ArrayRef> {
    let (ids, lengths) = people.into_parts();
    list_array(ids.into(), lengths)
}

fn list_array(ids: ScalarBuffer<u64>, lengths: impl Iterator<Item = usize>) -> Result<ArrayRef> {
    if i32::try_from(ids.len()).is_err() {
        return exec_err!("too many people in one batch of groups");
    }
    Ok(Arc::new(ListArray::try_new(
        Arc::new(Field::new_list_field(DataType::UInt64, true)),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(UInt64Array::new(ids, None)),
        None,
    )?))
}

fn ids_of(values: &ArrayRef) -> Result<&UInt64Array> {
    match values.as_primitive_opt::<UInt64Type>() {
        Some(ids) => Ok(ids),
        None => exec_err!("an id of a person is a UInt64, not {}", values.data_type()),
    }
}

fn sets_of(values: &ArrayRef) -> Result<(&ListArray, &UInt64Array)> {
    let sets = values.as_list_opt::<i32>();
    match sets.and_then(|sets| Some((sets, sets.values().as_primitive_opt::<UInt64Type>()?))) {
        Some(found) => Ok(found),
        None => exec_err!(
            "a set of people is a List<UInt64>, not {}",
            values.data_type()
        ),
    }
}
