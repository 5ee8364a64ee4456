use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::kernels::cmp::eq;
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::functions_aggregate::min_max::{MaxAccumulator, MinAccumulator};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};

use super::function::{People, set_type};
use super::groups::{add_ids, add_sets, add_state, counts, state};
use super::sets::PeopleSets;

/// Which end of the values of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extreme {
    /// What `min` gives.
    Least,
    /// What `max` gives.
    Greatest,
}

/// How many people share the least or the greatest value of a group: exact below `k`, and `k` when there are more.
///
/// A minimum or a maximum is somebody's value. It may leave where at least *k* people have it, as when ages are top-coded
/// (the CASD's rules of confidentiality and the ACRO checks both refuse it otherwise). Takes values of any type that `min` and `max` order, and ids of people (`UInt64`).
/// Where nobody has a value the number is 0; where a value is not a number it is 1, since nobody can tell what an extreme
/// beside it means.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Int64Array, AsArray};
/// # use arrow::datatypes::UInt64Type;
/// use sceau_kanon::contributors::{Extreme, people_at_extreme};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("age", Arc::new(Int64Array::from(vec![40, 110, 110, 110])) as _),
///     ("id", Arc::new(UInt64Array::from(vec![1, 2, 3, 3])) as _),
/// ])?;
/// let oldest = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![people_at_extreme(11, Extreme::Greatest).call(vec![col("age"), col("id")])])?
///     .collect()
///     .await?;
/// assert_eq!(oldest[0].column(0).as_primitive::<UInt64Type>().value(0), 2);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn people_at_extreme(k: u32, extreme: Extreme) -> Arc<AggregateUDF> {
    function("sceau_people_at_extreme", k, extreme, People::Ids)
}

/// As [`people_at_extreme`], where each value is that of a set of people (`List<UInt64>`).
pub fn merged_people_at_extreme(k: u32, extreme: Extreme) -> Arc<AggregateUDF> {
    function("sceau_merged_people_at_extreme", k, extreme, People::Sets)
}

fn function(name: &'static str, k: u32, extreme: Extreme, given: People) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(AtExtreme {
        name,
        k,
        extreme,
        given,
        signature: Signature::any(2, Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AtExtreme {
    name: &'static str,
    k: u32,
    extreme: Extreme,
    given: People,
    signature: Signature,
}

impl AggregateUDFImpl for AtExtreme {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::UInt64(Some(0)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let [value, _] = args.input_fields else {
            return exec_err!("an extreme is of values and people");
        };
        let field =
            |what, kind| Arc::new(Field::new(format_state_name(args.name, what), kind, true));
        Ok(vec![
            field("extreme", value.data_type().clone()),
            field("strange", DataType::Boolean),
            field("first", DataType::UInt64),
            field("others", set_type()),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let [value, _] = args.expr_fields else {
            return exec_err!("an extreme is of values and people");
        };
        Ok(Box::new(Sharing::new(
            self.k,
            self.extreme,
            self.given,
            value.data_type(),
        )?))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// Those who share the extreme value met so far.
#[derive(Debug)]
struct Sharing {
    side: Extreme,
    given: People,
    extreme: ScalarValue,
    /// Whether some value was not a number.
    strange: bool,
    people: PeopleSets,
}

impl Sharing {
    fn new(k: u32, side: Extreme, given: People, kind: &DataType) -> Result<Self> {
        let mut people = PeopleSets::new(k);
        people.grow(1);
        Ok(Self {
            side,
            given,
            extreme: ScalarValue::try_from(kind)?,
            strange: false,
            people,
        })
    }

    /// Whether these values reach as far as those before; if they reach further, whoever shared the old extreme is out.
    fn reached(&mut self, values: &ArrayRef) -> Result<bool> {
        self.strange |= holds_nan(values);
        let here = extreme_of(self.side, values)?;
        if here.is_null() {
            return Ok(false);
        }
        if self.extreme.is_null() || self.is_beyond(&here) {
            self.people.clear();
            self.extreme = here;
            return Ok(true);
        }
        Ok(here == self.extreme)
    }

    fn is_beyond(&self, value: &ScalarValue) -> bool {
        let further = match self.side {
            Extreme::Least => std::cmp::Ordering::Less,
            Extreme::Greatest => std::cmp::Ordering::Greater,
        };
        value.partial_cmp(&self.extreme) == Some(further)
    }
}

/// By the engine's own accumulators, so that it is the value that the question sees.
fn extreme_of(side: Extreme, values: &ArrayRef) -> Result<ScalarValue> {
    let kind = values.data_type();
    let mut accumulator: Box<dyn Accumulator> = match side {
        Extreme::Least => Box::new(MinAccumulator::try_new(kind)?),
        Extreme::Greatest => Box::new(MaxAccumulator::try_new(kind)?),
    };
    accumulator.update_batch(std::slice::from_ref(values))?;
    accumulator.evaluate()
}

fn holds_nan(values: &ArrayRef) -> bool {
    if let Some(values) = values.as_primitive_opt::<Float64Type>() {
        return values.iter().flatten().any(f64::is_nan);
    }
    match values.as_primitive_opt::<Float32Type>() {
        Some(values) => values.iter().flatten().any(f32::is_nan),
        None => false,
    }
}

impl Accumulator for Sharing {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values, people] = values else {
            return exec_err!("an extreme is of values and people");
        };
        if self.reached(values)? {
            let shared: BooleanArray = eq(values, &self.extreme.to_scalar()?)?;
            let groups = vec![0; values.len()];
            match self.given {
                People::Ids => add_ids(&mut self.people, people, &groups, Some(&shared))?,
                People::Sets => add_sets(&mut self.people, people, &groups, Some(&shared))?,
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [extremes, strange, first, others] = states else {
            return exec_err!("the state of an extreme is four columns");
        };
        for row in 0..extremes.len() {
            let strange = strange.as_boolean();
            self.strange |= strange.is_valid(row) && strange.value(row);
            if self.reached(&extremes.slice(row, 1))? {
                let people = [first.slice(row, 1), others.slice(row, 1)];
                add_state(&mut self.people, &people, &[0])?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut found = vec![
            self.extreme.clone(),
            ScalarValue::Boolean(Some(self.strange)),
        ];
        for column in state(&self.people)? {
            found.push(ScalarValue::try_from_array(&column, 0)?);
        }
        Ok(found)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.strange {
            return Ok(ScalarValue::UInt64(Some(1)));
        }
        ScalarValue::try_from_array(&counts(&self.people), 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.people.size() + self.extreme.size() - size_of_val(&self.extreme)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, Int64Array, StringArray, UInt64Array};
    use proptest::prelude::*;

    use super::*;

    fn sharing(side: Extreme, rows: &[(Option<i64>, u64)]) -> Sharing {
        let mut found = Sharing::new(5, side, People::Ids, &DataType::Int64).unwrap();
        let values: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>());
        let people: ArrayRef =
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.1)));
        found.update_batch(&[values, people]).unwrap();
        found
    }

    fn expected(side: Extreme, rows: &[(Option<i64>, u64)]) -> u64 {
        let values = rows.iter().filter_map(|row| row.0);
        let extreme = match side {
            Extreme::Least => values.min(),
            Extreme::Greatest => values.max(),
        };
        let people: std::collections::BTreeSet<u64> = rows
            .iter()
            .filter(|row| row.0.is_some() && row.0 == extreme)
            .map(|row| row.1)
            .collect();
        (people.len() as u64).min(5)
    }

    proptest! {
        #[test]
        fn parts_merge_to_those_who_share_the_extreme(
            rows in prop::collection::vec((prop::option::weighted(0.8, 0..4i64), 1..12u64), 0..60),
            parts in 1..5usize,
            greatest: bool,
        ) {
            let side = if greatest { Extreme::Greatest } else { Extreme::Least };
            let mut whole = sharing(side, &[]);
            for part in 0..parts {
                let part: Vec<_> = rows.iter().skip(part).step_by(parts).copied().collect();
                let mut part = sharing(side, &part);
                let state: Vec<ArrayRef> =
                    part.state().unwrap().iter().map(|column| column.to_array().unwrap()).collect();
                whole.merge_batch(&state).unwrap();
            }
            let found = whole.evaluate().unwrap();
            prop_assert_eq!(found, ScalarValue::UInt64(Some(expected(side, &rows))));
        }
    }

    #[test]
    fn words_have_extremes_and_what_is_no_number_hides_them() {
        let ids: ArrayRef = Arc::new(UInt64Array::from(vec![1, 2, 3]));
        let mut words = Sharing::new(5, Extreme::Least, People::Ids, &DataType::Utf8).unwrap();
        let values: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a"]));
        words.update_batch(&[values, Arc::clone(&ids)]).unwrap();
        assert_eq!(words.evaluate().unwrap(), ScalarValue::UInt64(Some(2)));
        let mut strange = Sharing::new(2, Extreme::Least, People::Ids, &DataType::Float64).unwrap();
        let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 1.0, f64::NAN]));
        strange.update_batch(&[values, ids]).unwrap();
        assert_eq!(strange.evaluate().unwrap(), ScalarValue::UInt64(Some(1)));
    }
}
