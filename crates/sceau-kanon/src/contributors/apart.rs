use std::collections::{BTreeMap, BTreeSet};
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, UInt64Type};
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};

use super::UNKNOWN_PERSON;
use groups::PairsOfGroups;

mod groups;

/// How many people stand apart from a value that most of a group have: exact below `k`, and `k` when there are more or there
/// is no such value.
///
/// Where everybody but few has one and the same value, and a question can arrange that (`WHERE cost = 5 OR age = 103`), a sum
/// or a mean is the value of those few, one subtraction away. A value is that of most people if no fewer have it alone than
/// have another. Takes values of any type, and ids of people (`UInt64`); who has no value is not looked at, and those without
/// an id are one person.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Int64Array, AsArray};
/// # use arrow::datatypes::UInt64Type;
/// use sceau_kanon::contributors::people_apart;
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("cost", Arc::new(Int64Array::from(vec![5, 5, 5, 777])) as _),
///     ("id", Arc::new(UInt64Array::from(vec![1, 2, 3, 4])) as _),
/// ])?;
/// let apart = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![people_apart(11).call(vec![col("cost"), col("id")])])?
///     .collect()
///     .await?;
/// assert_eq!(apart[0].column(0).as_primitive::<UInt64Type>().value(0), 1);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn people_apart(k: u32) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(Apart {
        k,
        signature: Signature::any(2, Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Apart {
    k: u32,
    signature: Signature,
}

impl AggregateUDFImpl for Apart {
    fn name(&self) -> &str {
        "sceau_people_apart"
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
        let pairs = DataType::new_list(DataType::UInt64, true);
        let name = format_state_name(args.name, "pairs");
        Ok(vec![Arc::new(Field::new(name, pairs, true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Pairs::new(self.k)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(PairsOfGroups::new(self.k)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// Who has which value, as far as it matters.
///
/// Of each value no more than 2 k people are kept: of so many, fewer than k can have another value beside it, so it is that
/// of most. Of each person no more than two values are kept, who has two stands apart from either. Once 3 k people are
/// kept, or two values have k people each, k people stand apart from whatever value.
#[derive(Debug)]
struct Pairs {
    k: usize,
    people: BTreeMap<u64, BTreeSet<u64>>,
    /// Of each value, how many of these people have it.
    holders: BTreeMap<u64, usize>,
    /// Whether k people stand apart from whatever value.
    enough: bool,
}

impl Pairs {
    fn new(k: u32) -> Self {
        Self {
            k: k as usize,
            people: BTreeMap::new(),
            holders: BTreeMap::new(),
            enough: k == 0,
        }
    }

    fn add(&mut self, value: u64, person: u64) {
        if self.enough
            || self
                .holders
                .get(&value)
                .is_some_and(|held| *held >= 2 * self.k)
        {
            return;
        }
        let values = self.people.entry(person).or_default();
        if values.len() < 2 && values.insert(value) {
            *self.holders.entry(value).or_default() += 1;
        }
        let shared = self.holders.values().filter(|held| **held >= self.k);
        self.enough = self.people.len() >= 3 * self.k || shared.count() > 1;
        if self.enough {
            self.have_enough();
        }
    }

    /// Nobody more changes anything.
    fn have_enough(&mut self) {
        self.enough = true;
        self.people.clear();
        self.holders.clear();
    }

    /// Value and person, one after the other.
    fn pairs(&self) -> impl Iterator<Item = u64> {
        self.people
            .iter()
            .flat_map(|(person, values)| values.iter().flat_map(|value| [*value, *person]))
    }

    fn apart(&self) -> usize {
        if self.enough {
            return self.k;
        }
        let apart = |value: &u64| {
            let alone = |values: &&BTreeSet<u64>| values.len() == 1 && values.contains(value);
            let alone = self.people.values().filter(alone).count();
            (alone, self.people.len() - alone)
        };
        self.holders
            .keys()
            .map(apart)
            .filter(|(alone, apart)| alone >= apart)
            .map(|(_, apart)| apart.min(self.k))
            .min()
            .unwrap_or(if self.people.is_empty() { 0 } else { self.k })
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

/// Calls with the row, the value's number and the person of each row that has a value.
fn each(values: &ArrayRef, people: &ArrayRef, mut with: impl FnMut(usize, u64, u64)) -> Result<()> {
    let Some(people) = people.as_primitive_opt::<UInt64Type>() else {
        return exec_err!("people are numbers, not {}", people.data_type());
    };
    for (row, value) in identities(values)?.into_iter().enumerate() {
        if values.is_valid(row) {
            let known = people.is_valid(row).then(|| people.value(row));
            with(row, value, known.unwrap_or(UNKNOWN_PERSON));
        }
    }
    Ok(())
}

impl Accumulator for Pairs {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values, people] = values else {
            return exec_err!("people stand apart by values and ids");
        };
        if self.enough {
            return Ok(());
        }
        each(values, people, |_, value, person| self.add(value, person))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [states] = states else {
            return exec_err!("the state of people apart is one column");
        };
        for state in states.as_list::<i32>().iter() {
            match state {
                None => self.have_enough(),
                Some(pairs) => {
                    for pair in pairs.as_primitive::<UInt64Type>().values().chunks_exact(2) {
                        self.add(pair[0], pair[1]);
                    }
                }
            }
        }
        Ok(())
    }

    /// Value and person, one after the other; NULL where there are enough.
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let pairs = if self.enough {
            ScalarValue::new_null_list(DataType::UInt64, true, 1)
        } else {
            let pairs: Vec<ScalarValue> = (self.pairs())
                .map(|id| ScalarValue::UInt64(Some(id)))
                .collect();
            ScalarValue::List(ScalarValue::new_list_from_iter(
                pairs.into_iter(),
                &DataType::UInt64,
                true,
            ))
        };
        Ok(vec![pairs])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::UInt64(Some(self.apart() as u64)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.people.len() * PERSON
    }
}

/// What a person takes: a set, which is a node of a tree, and up to two values.
const PERSON: usize =
    size_of::<(u64, BTreeSet<u64>)>() + 11 * size_of::<u64>() + 2 * size_of::<(u64, usize)>();

#[cfg(test)]
mod tests {
    use arrow::array::UInt64Array;
    use proptest::prelude::*;

    use super::*;

    fn pairs(rows: &[(u64, u64)]) -> Pairs {
        let mut found = Pairs::new(5);
        for (value, person) in rows {
            found.add(*value, *person);
        }
        found
    }

    /// From all values of everybody.
    fn expected(rows: &[(u64, u64)]) -> usize {
        let mut people: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for (value, person) in rows {
            people.entry(*person).or_default().insert(*value);
        }
        let of = |value: u64| {
            let alone = people
                .values()
                .filter(|values| values.len() == 1 && values.contains(&value));
            let alone = alone.count();
            (alone, people.len() - alone)
        };
        let apart = rows
            .iter()
            .map(|(value, _)| of(*value))
            .filter(|(alone, apart)| alone >= apart)
            .map(|(_, apart)| apart.min(5))
            .min();
        apart.unwrap_or(if rows.is_empty() { 0 } else { 5 })
    }

    proptest! {
        #[test]
        fn parts_merge_to_those_who_stand_apart(
            rows in prop::collection::vec((prop_oneof![4 => Just(0), 1 => 1..4u64], 1..20u64), 0..60),
            parts in 1..5usize,
        ) {
            let mut whole = pairs(&[]);
            for part in 0..parts {
                let part: Vec<_> = rows.iter().skip(part).step_by(parts).copied().collect();
                let states = pairs(&part).state().unwrap();
                let states: Vec<ArrayRef> =
                    states.iter().map(|state| state.to_array().unwrap()).collect();
                whole.merge_batch(&states).unwrap();
            }
            prop_assert_eq!(whole.apart(), expected(&rows));
            prop_assert_eq!(pairs(&rows).apart(), expected(&rows));
        }
    }

    #[test]
    fn the_two_zeros_are_one_value_and_words_are_values_too() {
        let people: ArrayRef = Arc::new(UInt64Array::from(vec![Some(1), Some(2), None]));
        let zeros: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, 3.0]));
        let words: ArrayRef = Arc::new(arrow::array::StringArray::from(vec![
            Some("a"),
            Some("a"),
            None,
        ]));
        for (values, apart) in [(zeros, 1), (words, 0)] {
            let mut found = Pairs::new(5);
            found.update_batch(&[values, Arc::clone(&people)]).unwrap();
            assert_eq!(found.apart(), apart);
        }
    }
}
