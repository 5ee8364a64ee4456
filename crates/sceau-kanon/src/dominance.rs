//! How much of an amount comes from the few people who make up most of it.
//!
//! The **(n, k) rule** withholds a sum of which the largest n contributors make up more than k percent: whoever knows that
//! a sum is nearly all one person's knows that person's amount. Insee asks for it beside the number of people (85 % for the
//! largest one). [`top_share`] gives the share.
//!
//! The **p % rule** withholds a sum from which the second largest contributor, who knows their own amount, can tell the
//! largest one's to within p percent: where all the others together make up less than p percent of the largest. (Hundepool
//! and others, *Statistical Disclosure Control*, 2012, section 4.2.) [`top_margin`] gives that percentage.
//!
//! Both sum amounts a person first, since one person may have many rows. Where amounts can be negative (regularisations of
//! care already paid), contributions are taken by their absolute value, so that a refund does not hide who was paid: the
//! total that shares are taken of is then that of the absolute contributions, not the sum that is shown.

use std::collections::HashMap;
use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, UInt64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, UInt64Type};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};

use crate::contributors::UNKNOWN_PERSON;

/// The share of a total that its `top` largest contributors make up, from 0 to 1; NULL where the total is nothing.
///
/// Takes ids of people and amounts (`UInt64`, `Float64`). An id of NULL is [`UNKNOWN_PERSON`]: all unknown people together
/// count as one, which can only make the share larger. Memory grows with the people of a group, as COUNT(DISTINCT) does.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Float64Array, AsArray};
/// # use arrow::datatypes::Float64Type;
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("id", Arc::new(UInt64Array::from(vec![1, 1, 2, 3])) as _),
///     ("cost", Arc::new(Float64Array::from(vec![50.0, 40.0, 5.0, -5.0])) as _),
/// ])?;
/// let share = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![sceau_kanon::dominance::top_share(1).call(vec![col("id"), col("cost")])])?
///     .collect()
///     .await?;
/// assert_eq!(share[0].column(0).as_primitive::<Float64Type>().value(0), 0.9);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn top_share(top: u32) -> Arc<AggregateUDF> {
    function("sceau_top_share", Wanted::Share { top })
}

/// What all but the two largest contributors of a total add up to, in percent of the largest; NULL where the total is
/// nothing.
///
/// Takes and treats people and amounts as [`top_share`] does.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Float64Array, AsArray};
/// # use arrow::datatypes::Float64Type;
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("id", Arc::new(UInt64Array::from(vec![1, 2, 3, 4])) as _),
///     ("cost", Arc::new(Float64Array::from(vec![200.0, 90.0, 6.0, 4.0])) as _),
/// ])?;
/// let margin = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![sceau_kanon::dominance::top_margin().call(vec![col("id"), col("cost")])])?
///     .collect()
///     .await?;
/// assert_eq!(margin[0].column(0).as_primitive::<Float64Type>().value(0), 5.0);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn top_margin() -> Arc<AggregateUDF> {
    function("sceau_top_margin", Wanted::Margin)
}

/// The `top` largest contributors of a total, and the total, as [`Largest`] reads them: a `List<UInt64>` of ids and amounts, each amount
/// by its bits, the total last.
///
/// Takes and treats people and amounts as [`top_share`] does.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Float64Array, AsArray};
/// # use arrow::datatypes::UInt64Type;
/// use sceau_kanon::dominance::{Largest, top_contributors};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("id", Arc::new(UInt64Array::from(vec![1, 2, 3])) as _),
///     ("cost", Arc::new(Float64Array::from(vec![50.0, 40.0, 10.0])) as _),
/// ])?;
/// let found = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![top_contributors(2).call(vec![col("id"), col("cost")])])?
///     .collect()
///     .await?;
/// let part = found[0].column(0).as_list::<i32>().value(0);
/// let mut largest = Largest::default();
/// largest.add(part.as_primitive::<UInt64Type>().values());
/// assert_eq!((largest.total(), largest.share(1)), (100.0, Some(0.5)));
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn top_contributors(top: u32) -> Arc<AggregateUDF> {
    function("sceau_top_contributors", Wanted::Largest { top })
}

fn function(name: &'static str, wanted: Wanted) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(Contributions {
        name,
        wanted,
        signature: Signature::exact(
            vec![DataType::UInt64, DataType::Float64],
            Volatility::Immutable,
        ),
    }))
}

/// What is asked of the contributions to a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Wanted {
    /// The share of the largest so many.
    Share { top: u32 },
    /// All but the two largest, in percent of the largest.
    Margin,
    /// The largest so many themselves.
    Largest { top: u32 },
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Contributions {
    name: &'static str,
    wanted: Wanted,
    signature: Signature,
}

impl AggregateUDFImpl for Contributions {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.wanted {
            Wanted::Share { .. } | Wanted::Margin => DataType::Float64,
            Wanted::Largest { .. } => DataType::new_list(DataType::UInt64, true),
        })
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = |what, kind| {
            let item = Field::new_list_field(kind, true);
            Arc::new(Field::new_list(
                format_state_name(args.name, what),
                item,
                true,
            ))
        };
        Ok(vec![
            list("people", DataType::UInt64),
            list("amounts", DataType::Float64),
        ])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Amounts {
            wanted: self.wanted,
            of: HashMap::new(),
        }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// What each person of a group adds up to.
#[derive(Debug)]
struct Amounts {
    wanted: Wanted,
    of: HashMap<u64, f64>,
}

impl Amounts {
    fn add(&mut self, people: &ArrayRef, amounts: &ArrayRef) -> Result<()> {
        let (Some(people), Some(amounts)) = (
            people.as_primitive_opt::<UInt64Type>(),
            amounts.as_primitive_opt::<Float64Type>(),
        ) else {
            return exec_err!("amounts of people are UInt64 and Float64");
        };
        for (person, amount) in people.iter().zip(amounts) {
            if let Some(amount) = amount {
                *self.of.entry(person.unwrap_or(UNKNOWN_PERSON)).or_default() += amount;
            }
        }
        Ok(())
    }

    fn found(&self) -> Option<f64> {
        let mut amounts: Vec<f64> = self.of.values().map(|amount| amount.abs()).collect();
        amounts.sort_unstable_by(|left, right| right.total_cmp(left));
        let total: f64 = amounts.iter().sum();
        match self.wanted {
            Wanted::Share { top } => share(&amounts, total, top),
            Wanted::Margin => margin(&amounts, amounts.iter().skip(2).sum()),
            Wanted::Largest { .. } => None,
        }
    }

    /// See [`Largest`].
    fn largest(&self, top: u32) -> ScalarValue {
        let mut amounts: Vec<(u64, f64)> = (self.of.iter())
            .map(|(person, amount)| (*person, amount.abs()))
            .collect();
        amounts
            .sort_unstable_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        let total: f64 = amounts.iter().map(|(_, amount)| amount).sum();
        let pairs = amounts.into_iter().take(top as usize);
        let pairs = pairs.flat_map(|(person, amount)| [person, amount.to_bits()]);
        let numbers = pairs.chain([total.to_bits()]);
        let numbers: Vec<ScalarValue> = numbers
            .map(|number| ScalarValue::UInt64(Some(number)))
            .collect();
        ScalarValue::List(ScalarValue::new_list_from_iter(
            numbers.into_iter(),
            &DataType::UInt64,
            true,
        ))
    }
}

/// Of amounts in order, the largest first, the share of the first. An amount that is not a number cannot be said to be small.
fn share(amounts: &[f64], total: f64, top: u32) -> Option<f64> {
    if !total.is_finite() {
        return Some(1.0);
    }
    let largest = amounts.first().filter(|largest| **largest > 0.0);
    largest.map(|_| amounts.iter().take(top as usize).sum::<f64>() / total)
}

/// Of amounts in order, what those after the second leave beside the first, in percent.
fn margin(amounts: &[f64], others: f64) -> Option<f64> {
    let all = amounts.iter().sum::<f64>() + others;
    if !all.is_finite() {
        return Some(0.0);
    }
    let largest = amounts.first().filter(|largest| **largest > 0.0);
    largest.map(|largest| 100.0 * others / largest)
}

/// Those who make up most of several totals together.
///
/// Of a person who is among the largest of one total, what they add to others is known where they are among the largest there, too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Largest {
    of: HashMap<u64, f64>,
    total: f64,
}

impl Largest {
    /// Adds a total, as [`top_contributors`] gives it.
    pub fn add(&mut self, part: &[u64]) {
        if let Some((total, contributors)) = part.split_last() {
            self.total += f64::from_bits(*total);
            for pair in contributors.chunks_exact(2) {
                *self.of.entry(pair[0]).or_default() += f64::from_bits(pair[1]);
            }
        }
    }

    /// All amounts, each by its absolute value.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// As [`top_share`].
    pub fn share(&self, top: u32) -> Option<f64> {
        share(&self.in_order(), self.total, top)
    }

    /// As [`top_margin`].
    pub fn margin(&self) -> Option<f64> {
        let amounts = self.in_order();
        let two: f64 = amounts.iter().take(2).sum();
        margin(&amounts, self.total - two)
    }

    fn in_order(&self) -> Vec<f64> {
        let mut amounts: Vec<f64> = self.of.values().copied().collect();
        amounts.sort_unstable_by(|left, right| right.total_cmp(left));
        amounts
    }
}

impl Accumulator for Amounts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        match values {
            [people, amounts] => self.add(people, amounts),
            _ => exec_err!("a share is taken of people and amounts"),
        }
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [people, amounts] = states else {
            return exec_err!("the state of a share is people and amounts");
        };
        let (people, amounts) = (people.as_list::<i32>(), amounts.as_list::<i32>());
        for (people, amounts) in people.iter().zip(amounts.iter()) {
            if let (Some(people), Some(amounts)) = (people, amounts) {
                self.add(&people, &amounts)?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (people, amounts): (Vec<u64>, Vec<f64>) =
            std::mem::take(&mut self.of).into_iter().unzip();
        let one = |values: ArrayRef| SingleRowListArrayBuilder::new(values).build_list_scalar();
        Ok(vec![
            one(Arc::new(UInt64Array::from(people))),
            one(Arc::new(Float64Array::from(amounts))),
        ])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(match self.wanted {
            Wanted::Largest { top } => self.largest(top),
            Wanted::Share { .. } | Wanted::Margin => ScalarValue::Float64(self.found()),
        })
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.of.capacity() * (size_of::<(u64, f64)>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amounts(top: u32, rows: &[(u64, f64)]) -> Amounts {
        wanted(Wanted::Share { top }, rows)
    }

    fn margin_of(values: &[f64]) -> Option<f64> {
        wanted(Wanted::Margin, &of_each(values)).found()
    }

    fn wanted(wanted: Wanted, rows: &[(u64, f64)]) -> Amounts {
        let mut found = Amounts {
            wanted,
            of: HashMap::new(),
        };
        let people: ArrayRef =
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.0)));
        let amounts: ArrayRef =
            Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.1)));
        found.update_batch(&[people, amounts]).unwrap();
        found
    }

    /// One row a person, in order.
    fn of_each(values: &[f64]) -> Vec<(u64, f64)> {
        (1..).zip(values.iter().copied()).collect()
    }

    #[test]
    fn worked_examples_of_the_rule() {
        let mut values = vec![9500.0];
        values.extend([50.0; 11]);
        assert!((amounts(1, &of_each(&values)).found().unwrap() - 0.9453).abs() < 1e-4);
        let mut values = vec![1000.0, 1000.0];
        values.extend([10.0; 10]);
        assert!((amounts(1, &of_each(&values)).found().unwrap() - 0.476).abs() < 1e-3);
        assert!((amounts(2, &of_each(&values)).found().unwrap() - 0.952).abs() < 1e-3);
    }

    #[test]
    fn worked_examples_of_the_margin() {
        let mut values = vec![9500.0];
        values.extend([50.0; 11]);
        assert!((margin_of(&values).unwrap() - 5.263).abs() < 1e-3);
        let mut values = vec![1000.0, 1000.0];
        values.extend([10.0; 10]);
        assert_eq!(margin_of(&values), Some(10.0));
        let values = [280.0, 9.0, 9.0, 8.0, 7.0, 9.0, 8.0, 7.0, 8.0, 11.0, 10.0];
        assert!((margin_of(&values).unwrap() - 26.79).abs() < 1e-2);
        assert!((amounts(2, &of_each(&values)).found().unwrap() - 0.795).abs() < 1e-3);
    }

    #[test]
    fn a_refund_does_not_hide_who_was_paid() {
        let mut values = vec![-1000.0];
        values.extend([1.0; 20]);
        assert!(amounts(1, &of_each(&values)).found().unwrap() > 0.95);
        assert_eq!(amounts(1, &of_each(&[0.0, 0.0])).found(), None);
        assert_eq!(amounts(1, &of_each(&[f64::NAN, 1.0])).found(), Some(1.0));
        assert_eq!(
            (margin_of(&[0.0]), margin_of(&[f64::NAN, 1.0])),
            (None, Some(0.0))
        );
        assert_eq!(margin_of(&[-100.0, 1.0, 1.0]), Some(1.0));
    }

    proptest! {
        #[test]
        fn parts_of_a_total_are_dominated_as_the_whole_is(
            values in prop::collection::vec(-50..50i32, 1..20), parts in 1..4usize, top in 1..3u32,
        ) {
            let rows: Vec<(u64, f64)> = (1..).zip(values.into_iter().map(f64::from)).collect();
            let mut largest = Largest::default();
            for part in 0..parts {
                let part: Vec<_> = rows.iter().skip(part).step_by(parts).copied().collect();
                let ScalarValue::List(list) = amounts(1, &part).largest(2) else { unreachable!() };
                largest.add(list.value(0).as_primitive::<UInt64Type>().values());
            }
            let near = |one: Option<f64>, other: Option<f64>| match (one, other) {
                (Some(one), Some(other)) => (one - other).abs() < 1e-9,
                (one, other) => one == other,
            };
            prop_assert!(near(largest.share(top), amounts(top, &rows).found()));
            prop_assert!(near(largest.margin(), wanted(Wanted::Margin, &rows).found()));
        }

        #[test]
        fn parts_merge_to_the_whole(rows in prop::collection::vec((0..9u64, -50..50i32), 1..40), parts in 1..4usize) {
            let rows: Vec<(u64, f64)> = rows.into_iter().map(|(person, amount)| (person, f64::from(amount))).collect();
            let mut whole = amounts(2, &[]);
            for part in 0..parts {
                let part: Vec<_> = rows.iter().skip(part).step_by(parts).copied().collect();
                let state = amounts(2, &part).state().unwrap();
                let state: Vec<ArrayRef> = state.iter().map(|list| list.to_array().unwrap()).collect();
                whole.merge_batch(&state).unwrap();
            }
            prop_assert_eq!(whole.found(), amounts(2, &rows).found());
        }
    }
}
