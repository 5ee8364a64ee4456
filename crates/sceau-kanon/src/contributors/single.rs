use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{Accumulator, EmitTo};

use super::function::{People, Wanted};
use super::groups::{add_ids, add_sets, add_state, counts, lists, state};
use super::sets::PeopleSets;

/// The people of one group: an aggregate without GROUP BY.
#[derive(Debug)]
pub(super) struct PeopleOfOne {
    given: People,
    wanted: Wanted,
    sets: PeopleSets,
}

impl PeopleOfOne {
    pub(super) fn new(given: People, wanted: Wanted, k: u32) -> Self {
        let mut sets = PeopleSets::new(k);
        sets.grow(1);
        Self {
            given,
            wanted,
            sets,
        }
    }

    fn take(&mut self) -> PeopleSets {
        let taken = self.sets.take(EmitTo::All);
        self.sets.grow(1);
        taken
    }
}

impl Accumulator for PeopleOfOne {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values] = values else {
            return exec_err!("people are counted over one column");
        };
        if self.sets.is_full(0) {
            return Ok(());
        }
        let groups = vec![0; values.len()];
        match self.given {
            People::Ids => add_ids(&mut self.sets, values, &groups, None),
            People::Sets => add_sets(&mut self.sets, values, &groups, None),
        }
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |column| column.len());
        add_state(&mut self.sets, states, &vec![0; rows])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sets = self.take();
        match self.wanted {
            Wanted::Count => ScalarValue::try_from_array(&counts(&sets), 0),
            Wanted::Set => Ok(ScalarValue::List(Arc::new(lists(&sets)?))),
        }
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        state(&self.take())?
            .iter()
            .map(|column| ScalarValue::try_from_array(column, 0))
            .collect()
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.sets.size()
    }
}
