use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt64Array};
use arrow::datatypes::Float64Type;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::log::Log;
use super::pieces::Pieces;
use crate::contributors::check::columns;
use crate::contributors::keys::of_float;
use crate::contributors::pairs::{Pair, PairLists, lists, lists_of_one, pairs};
use crate::contributors::rows::{Counting, only};

/// Every value of every group, and whose it is. The state of a group is its rows.
#[derive(Debug)]
pub(super) struct RowsOfGroups {
    k: u32,
    at: Vec<f64>,
    log: Log,
}

impl RowsOfGroups {
    pub(super) fn new(k: u32, at: Vec<f64>) -> Self {
        Self {
            k,
            at,
            log: Log::default(),
        }
    }
}

impl GroupsAccumulator for RowsOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.log.grow(total_num_groups)?;
        let [values, people] = columns(values)?;
        match Counting::new(values, opt_filter).into_nulls() {
            None => self.log.add(group_indices, rows(values, people)?),
            Some(counting) => {
                let counting = counting.into_inner();
                let ([values, people], groups) = only(counting, [values, people], group_indices)?;
                self.log.add(&groups, rows(&values, &people)?);
            }
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.log.grow(total_num_groups)?;
        let [states] = columns(values)?;
        let states = PairLists::new(states)?;
        for (at, &group) in group_indices.iter().enumerate() {
            self.log.add_to(group, states.row(at).unwrap_or_default());
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut taken = self.log.take(emit_to);
        let mut pieces = Pieces::new(self.k, &self.at);
        let smallest = (0..taken.groups()).map(|group| pieces.smallest(taken.rows(group)));
        Ok(Arc::new(UInt64Array::from_iter_values(smallest)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let taken = self.log.take(emit_to);
        let lengths: Vec<usize> = taken.lengths().collect();
        Ok(vec![lists(taken.into_rows(), lengths.into_iter(), None)?])
    }

    /// Each row is the state of a group.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [values, people] = columns(values)?;
        let counting = Counting::new(values, opt_filter);
        let rows = rows(values, people)?;
        Ok(vec![lists_of_one(rows, values.len(), &counting)?])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.at.capacity() * size_of::<f64>() + self.log.size()
    }
}

/// Each value, as a number in its order, and its person. The two zeros are one value.
fn rows(values: &ArrayRef, people: &ArrayRef) -> Result<impl Iterator<Item = Pair>> {
    let Some(values) = values.as_primitive_opt::<Float64Type>() else {
        return exec_err!("percentiles are of Float64, not {}", values.data_type());
    };
    pairs(
        values.values().iter().map(|value| of_float(value + 0.0)),
        people,
    )
}
