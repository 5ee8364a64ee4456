use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, ListArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, UInt64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::bags::Bags;
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
        self.bags.grow(total_num_groups);
        add(
            &mut self.bags,
            self.given,
            values,
            |row| group_indices[row],
            opt_filter,
        )
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.bags.grow(total_num_groups);
        add(
            &mut self.bags,
            Given::Sets,
            values,
            |row| group_indices[row],
            None,
        )
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
        let rows = values.first().map_or(0, |values| values.len());
        let mut bags = Bags::default();
        bags.grow(rows);
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
        let mut bags = Bags::default();
        bags.grow(1);
        Self {
            given,
            wanted,
            bags,
        }
    }

    fn take(&mut self) -> Vec<Vec<u64>> {
        let taken = self.bags.take(EmitTo::All);
        self.bags.grow(1);
        taken
    }
}

impl Accumulator for BagOfOne {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        add(&mut self.bags, self.given, values, |_| 0, None)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        add(&mut self.bags, Given::Sets, states, |_| 0, None)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let wanted = self.wanted;
        ScalarValue::try_from_array(&answer(self.take(), wanted)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::try_from_array(&lists(self.take())?, 0)?])
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
            let Some(ids) = values.as_primitive_opt::<UInt64Type>() else {
                return exec_err!("an id of a person is a UInt64, not {}", values.data_type());
            };
            for (row, id) in ids.iter().enumerate() {
                if let Some(id) = id.filter(|_| kept(row)) {
                    bags.add(group(row), id);
                }
            }
        }
        Given::Sets => {
            let sets = values.as_list_opt::<i32>();
            let ids = sets.and_then(|sets| sets.values().as_primitive_opt::<UInt64Type>());
            let (Some(sets), Some(ids)) = (sets, ids) else {
                return exec_err!(
                    "a set of people is a List<UInt64>, not {}",
                    values.data_type()
                );
            };
            let offsets = sets.value_offsets();
            for row in 0..sets.len() {
                if !kept(row) || sets.is_null(row) {
                    continue;
                }
                for at in offsets[row] as usize..offsets[row + 1] as usize {
                    if ids.is_valid(at) {
                        bags.add(group(row), ids.value(at));
                    }
                }
            }
        }
    }
    Ok(())
}

fn answer(bags: Vec<Vec<u64>>, wanted: Wanted) -> Result<ArrayRef> {
    match wanted {
        Wanted::Set => lists(bags),
        Wanted::Sketch(k) => {
            if i32::try_from(bags.len() * Sketch::bytes(k)).is_err() {
                return exec_err!("too many groups in one batch");
            }
            let sketches = bags.into_iter().map(|people| {
                let mut bytes = Vec::with_capacity(Sketch::bytes(k));
                Sketch::of(k, people).write(&mut bytes);
                bytes
            });
            Ok(Arc::new(BinaryArray::from_iter_values(sketches)))
        }
    }
}

fn lists(bags: Vec<Vec<u64>>) -> Result<ArrayRef> {
    let people: usize = bags.iter().map(Vec::len).sum();
    if i32::try_from(people).is_err() {
        return exec_err!("too many people in one batch of groups");
    }
    let lengths: Vec<usize> = bags.iter().map(Vec::len).collect();
    let mut ids = Vec::with_capacity(people);
    for bag in bags {
        ids.extend(bag);
    }
    Ok(Arc::new(ListArray::try_new(
        Arc::new(Field::new_list_field(DataType::UInt64, true)),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(UInt64Array::from(ids)),
        None,
    )?))
}
