use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, UInt64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};

use super::UNKNOWN_PERSON;
use super::sets::PeopleSets;

/// How many people percentiles leave in the smallest of the pieces that they cut the values of a group into: exact below
/// `k`, and `k` when there are more.
///
/// A percentile is a value between two neighbours, so it tells one person's value where few people lie beyond it. It may
/// leave where at least *k* people have a strictly smaller value and at least *k* a strictly larger one; between two
/// percentiles of the same values, which are told together, as many again. (The rule of k on each side is that of the
/// CASD's and of the ACRO output checks.)
///
/// `percentiles` are shares from 0 to 1. Takes values (`Float64`) and ids of people (`UInt64`); rows of nobody count
/// as rows and not as people. Of `n` rows in order, percentile `p` lies between the rows around position `p (n - 1)`; people
/// are counted beyond these rows' values, so that however a percentile is interpolated it is inside. A value that is no
/// number leaves 0. Where there are no values there is nothing to tell, and the number is `k`.
///
/// Memory grows with the rows of a group, as that of a percentile does.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Float64Array, AsArray};
/// # use arrow::datatypes::UInt64Type;
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("cost", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0])) as _),
///     ("id", Arc::new(UInt64Array::from(vec![1, 2, 3, 4, 4])) as _),
/// ])?;
/// let median = sceau_kanon::contributors::people_beyond(11, &[0.5]);
/// let people = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![median.call(vec![col("cost"), col("id")])])?
///     .collect()
///     .await?;
/// // Two people below 3, one above.
/// assert_eq!(people[0].column(0).as_primitive::<UInt64Type>().value(0), 1);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn people_beyond(k: u32, percentiles: &[f64]) -> Arc<AggregateUDF> {
    let mut at: Vec<u64> = percentiles
        .iter()
        .map(|share| share.clamp(0.0, 1.0).to_bits())
        .collect();
    // Of numbers that are not negative, the order of the bits is the order of the numbers.
    at.sort_unstable();
    at.dedup();
    Arc::new(AggregateUDF::new_from_impl(Beyond {
        k,
        at,
        signature: Signature::exact(
            vec![DataType::Float64, DataType::UInt64],
            Volatility::Immutable,
        ),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Beyond {
    k: u32,
    /// The percentiles in order, as bits: functions are compared.
    at: Vec<u64>,
    signature: Signature,
}

impl AggregateUDFImpl for Beyond {
    fn name(&self) -> &str {
        "sceau_people_beyond"
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
        Ok(ScalarValue::UInt64(Some(u64::from(self.k))))
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
            list("values", DataType::Float64),
            list("people", DataType::UInt64),
        ])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Values {
            k: self.k,
            at: self.at.iter().copied().map(f64::from_bits).collect(),
            rows: Vec::new(),
        }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// Every value of a group, and whose it is.
#[derive(Debug)]
struct Values {
    k: u32,
    at: Vec<f64>,
    rows: Vec<(f64, u64)>,
}

impl Values {
    fn add(&mut self, values: &ArrayRef, people: &ArrayRef) -> Result<()> {
        let (Some(values), Some(people)) = (
            values.as_primitive_opt::<Float64Type>(),
            people.as_primitive_opt::<UInt64Type>(),
        ) else {
            return exec_err!("values of people are Float64 and UInt64");
        };
        for (value, person) in values.iter().zip(people) {
            if let Some(value) = value {
                self.rows.push((value, person.unwrap_or(UNKNOWN_PERSON)));
            }
        }
        Ok(())
    }

    /// The people of the smallest piece.
    fn smallest(&mut self) -> u64 {
        let Some(last) = self.rows.len().checked_sub(1) else {
            return u64::from(self.k);
        };
        if self.rows.iter().any(|row| row.0.is_nan()) {
            return 0;
        }
        self.rows
            .sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
        let mut smallest = u64::from(self.k);
        let mut above = f64::NEG_INFINITY;
        let mut first = true;
        for share in &self.at {
            let (lower, upper) = around(share * last as f64);
            let (lower, upper) = (self.rows[lower].0, self.rows[upper.min(last)].0);
            let below = self.people(|value| (first || value > above) && value < lower);
            smallest = smallest.min(below);
            above = upper;
            first = false;
        }
        smallest.min(self.people(|value| value > above))
    }

    fn people(&self, within: impl Fn(f64) -> bool) -> u64 {
        let mut people = PeopleSets::new(self.k);
        people.grow(1);
        for &(value, person) in &self.rows {
            if person != UNKNOWN_PERSON && within(value) {
                people.add(0, person);
            }
            if people.is_full(0) {
                break;
            }
        }
        people.count(0)
    }
}

/// The rows that a position lies between, or on. That a third of three is not quite one makes it no other row.
fn around(position: f64) -> (usize, usize) {
    let nearest = position.round();
    if (position - nearest).abs() < 1e-6 {
        (nearest as usize, nearest as usize)
    } else {
        (position.floor() as usize, position.ceil() as usize)
    }
}

impl Accumulator for Values {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        match values {
            [values, people] => self.add(values, people),
            _ => exec_err!("percentiles are of values and people"),
        }
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [values, people] = states else {
            return exec_err!("the state of percentiles is values and people");
        };
        let (values, people) = (values.as_list::<i32>(), people.as_list::<i32>());
        for (values, people) in values.iter().zip(people.iter()) {
            if let (Some(values), Some(people)) = (values, people) {
                self.add(&values, &people)?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (values, people): (Vec<f64>, Vec<u64>) =
            std::mem::take(&mut self.rows).into_iter().unzip();
        let one = |values: ArrayRef| -> Result<ScalarValue> {
            let item = Field::new_list_field(values.data_type().clone(), true);
            let offsets = OffsetBuffer::from_lengths([values.len()]);
            let list = ListArray::try_new(Arc::new(item), offsets, values, None)?;
            Ok(ScalarValue::List(Arc::new(list)))
        };
        Ok(vec![
            one(Arc::new(Float64Array::from(values)))?,
            one(Arc::new(UInt64Array::from(people)))?,
        ])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::UInt64(Some(self.smallest())))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.rows.capacity() * size_of::<(f64, u64)>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn values(at: &[f64], rows: &[(f64, u64)]) -> Values {
        Values {
            k: 3,
            at: at.to_vec(),
            rows: rows.to_vec(),
        }
    }

    fn of_each(values: impl IntoIterator<Item = i32>) -> Vec<(f64, u64)> {
        values.into_iter().map(f64::from).zip(1..).collect()
    }

    #[test]
    fn k_people_lie_on_each_side_of_a_percentile_and_between_two() {
        assert_eq!(values(&[0.5], &of_each(1..=7)).smallest(), 3);
        assert_eq!(values(&[0.5], &of_each(1..=6)).smallest(), 2);
        assert_eq!(
            values(&[0.5], &of_each([1, 1, 1, 4, 4, 4, 4])).smallest(),
            0
        );
        assert_eq!(values(&[0.0], &of_each(1..=9)).smallest(), 0);
        assert_eq!(values(&[1.0], &of_each(1..=9)).smallest(), 0);
        assert_eq!(values(&[0.25, 0.75], &of_each(1..=13)).smallest(), 3);
        assert_eq!(values(&[0.5, 0.6], &of_each(1..=13)).smallest(), 0);
    }

    #[test]
    fn nothing_to_tell_strange_values_and_nobody() {
        assert_eq!(values(&[0.5], &[]).smallest(), 3);
        let mut rows = of_each(1..=9);
        rows[8].0 = f64::NAN;
        assert_eq!(values(&[0.5], &rows).smallest(), 0);
        let of_nobody: Vec<_> = rows[..8]
            .iter()
            .map(|row| (row.0, UNKNOWN_PERSON))
            .collect();
        assert_eq!(values(&[0.5], &of_nobody).smallest(), 0);
    }

    proptest! {
        #[test]
        fn parts_merge_and_the_percentile_has_as_many_people_on_each_side(
            rows in prop::collection::vec((0..9i32, 1..9u64), 1..40), parts in 1..4usize, share in 0..=20u32,
        ) {
            let share = f64::from(share) / 20.0;
            let rows: Vec<(f64, u64)> = rows.into_iter().map(|row| (f64::from(row.0), row.1)).collect();
            let mut whole = values(&[share], &[]);
            for part in 0..parts {
                let part: Vec<_> = rows.iter().skip(part).step_by(parts).copied().collect();
                let state = values(&[share], &part).state().unwrap();
                let state: Vec<ArrayRef> = state.iter().map(|list| list.to_array().unwrap()).collect();
                whole.merge_batch(&state).unwrap();
            }
            let mut sorted: Vec<f64> = rows.iter().map(|row| row.0).collect();
            sorted.sort_by(f64::total_cmp);
            let position = share * (sorted.len() - 1) as f64;
            let (lower, upper) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
            let percentile = lower + (upper - lower) * position.fract();
            // A position that is nearly a row is that row.
            let near = (position - position.round()).abs() < 1e-6;
            prop_assume!(!near || position.fract() == 0.0);
            let beyond = |side: &dyn Fn(f64) -> bool| {
                rows.iter().filter(|row| side(row.0)).map(|row| row.1).collect::<BTreeSet<_>>().len() as u64
            };
            let sides = beyond(&|value| value < percentile).min(beyond(&|value| value > percentile));
            prop_assert!(whole.smallest() <= sides);
        }
    }
}
