use std::collections::HashMap;
use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, UInt64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, UInt64Type};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};

use super::UNKNOWN_PERSON;

/// How many people stand outside of what ties the amounts of all others of a group together: exact below `k`, and `k` when there
/// are more, whatever the tie.
///
/// Where a question takes an amount in two ways, so that both are the same for everybody but few (each person's first visit, and
/// the first but for those of 103 years the second), the difference of their sums is the amount of those few. So it is for any
/// tie between several amounts, as of one that is twice the other and the third. Takes ids of people (`UInt64`) and any number of amounts (`Float64`), which
/// are summed person by person; the number of a person's rows is one more. Those without an id are one person.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Float64Array, AsArray};
/// # use arrow::datatypes::UInt64Type;
/// use sceau_kanon::contributors::people_outside;
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("id", Arc::new(UInt64Array::from(vec![1, 2, 3, 4])) as _),
///     ("first", Arc::new(Float64Array::from(vec![5.0, 7.0, 2.0, 4.0])) as _),
///     ("again", Arc::new(Float64Array::from(vec![5.0, 7.0, 2.0, 99.0])) as _),
/// ])?;
/// let outside = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![people_outside(2).call(vec![col("id"), col("first"), col("again")])])?
///     .collect()
///     .await?;
/// assert_eq!(outside[0].column(0).as_primitive::<UInt64Type>().value(0), 1);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn people_outside(k: u32) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(Outside {
        k,
        signature: Signature::variadic_any(Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Outside {
    k: u32,
    signature: Signature,
}

impl AggregateUDFImpl for Outside {
    fn name(&self) -> &str {
        "sceau_people_outside"
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
        let list = |what, kind| {
            let name = format_state_name(args.name, what);
            Arc::new(Field::new(name, DataType::new_list(kind, true), true))
        };
        Ok(vec![
            list("people", DataType::UInt64),
            list("amounts", DataType::Float64),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Amounts {
            k: self.k as usize,
            width: args.expr_fields.len(),
            of: HashMap::new(),
        }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// What each person's amounts add up to, the number of rows before them.
#[derive(Debug)]
struct Amounts {
    k: usize,
    width: usize,
    of: HashMap<u64, Vec<f64>>,
}

impl Amounts {
    fn add(&mut self, person: u64, amounts: impl Iterator<Item = f64>) {
        let width = self.width;
        let sums = self.of.entry(person).or_insert_with(|| vec![0.0; width]);
        for (sum, amount) in sums.iter_mut().zip(amounts) {
            *sum += amount;
        }
    }

    fn outside(&self) -> usize {
        let mut largest = vec![0.0_f64; self.width];
        for amount in self.of.values() {
            if amount.iter().any(|amount| !amount.is_finite()) {
                // Nobody can tell what it is tied to.
                return 1;
            }
            for (largest, amount) in largest.iter_mut().zip(amount) {
                *largest = largest.max(amount.abs());
            }
        }
        // In an order that does not hang on the engine's, and each amount of the size of the others.
        let mut people: Vec<(&u64, &Vec<f64>)> = self.of.iter().collect();
        people.sort_unstable_by_key(|(person, _)| **person);
        let scaled = people.into_iter().map(|(_, amounts)| {
            let of_each = amounts.iter().zip(&largest);
            of_each
                .map(|(amount, largest)| {
                    if *largest > 0.0 {
                        amount / largest
                    } else {
                        0.0
                    }
                })
                .collect()
        });
        outside(self.k, scaled)
    }
}

/// How many vectors the smallest remainder has that a linear tie of all others leaves, up to `k`.
///
/// Vectors are put into bases, each into the first of k that it is independent of. If fewer than k vectors stand outside of a tie,
/// one of the bases has none of them, and what no basis took depends on each basis: it is tied, too. So only what
/// the bases took has to be looked at; and since each basis depends on those before it, every such tie holds for the last.
fn outside(k: usize, vectors: impl Iterator<Item = Vec<f64>>) -> usize {
    let mut bases: Vec<Span> = vec![Span::default(); k];
    let mut taken: Vec<Vec<f64>> = Vec::new();
    for vector in vectors {
        if bases.iter_mut().any(|basis| basis.take(&vector)) {
            taken.push(vector);
        }
    }
    let (Some(first), Some(last)) = (bases.first(), bases.last()) else {
        return 0;
    };
    let rank = first.rows.len();
    if rank == 0 {
        return 0;
    }
    if last.rows.len() == rank {
        return k;
    }
    let mut search = Search {
        k,
        ranks: rank - 1,
        taken: &taken,
        out: Vec::new(),
    };
    search.fewest(last)
}

/// A search for the tie that leaves fewest vectors outside.
struct Search<'a> {
    k: usize,
    /// How many independent vectors a tie holds for.
    ranks: usize,
    taken: &'a [Vec<f64>],
    /// Vectors that are outside: ties that hold for them have been looked at.
    out: Vec<usize>,
}

impl Search<'_> {
    /// The fewest vectors, up to k, outside of a tie that holds for all of `span`.
    fn fewest(&mut self, span: &Span) -> usize {
        let depends = |at: &usize| !span.clone().take(&self.taken[*at]);
        if self.out.iter().any(depends) {
            return self.k;
        }
        let beyond: Vec<usize> = (0..self.taken.len()).filter(|at| !depends(at)).collect();
        let mut fewest = beyond.len().min(self.k);
        if span.rows.len() >= self.ranks {
            return fewest;
        }
        let before = self.out.len();
        for at in beyond {
            if self.out.contains(&at) {
                continue;
            }
            // With k outside there is nothing to be found any more.
            if self.out.len() >= self.k {
                break;
            }
            let mut wider = span.clone();
            wider.take(&self.taken[at]);
            fewest = fewest.min(self.fewest(&wider));
            self.out.push(at);
        }
        self.out.truncate(before);
        fewest
    }
}

/// Independent vectors, each with a column in which those after it have nothing.
#[derive(Debug, Clone, Default)]
struct Span {
    rows: Vec<(usize, Vec<f64>)>,
}

impl Span {
    /// Takes a vector if it is independent of those taken.
    fn take(&mut self, vector: &[f64]) -> bool {
        const NEAR: f64 = 1e-9;
        let mut rest = vector.to_vec();
        let size = |of: &[f64]| of.iter().fold(0.0_f64, |size, entry| size.max(entry.abs()));
        let before = size(&rest);
        for (pivot, row) in &self.rows {
            let times = rest[*pivot] / row[*pivot];
            for (entry, of_row) in rest.iter_mut().zip(row) {
                *entry -= times * of_row;
            }
            rest[*pivot] = 0.0;
        }
        if size(&rest) <= NEAR * before {
            return false;
        }
        let pivot =
            (0..rest.len()).max_by(|&one, &other| rest[one].abs().total_cmp(&rest[other].abs()));
        match pivot {
            Some(pivot) => {
                self.rows.push((pivot, rest));
                true
            }
            None => false,
        }
    }
}

impl Accumulator for Amounts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [people, amounts @ ..] = values else {
            return exec_err!("people stand outside by ids and amounts");
        };
        let Some(people) = people.as_primitive_opt::<UInt64Type>() else {
            return exec_err!("people are numbers, not {}", people.data_type());
        };
        let mut columns = Vec::with_capacity(amounts.len());
        for column in amounts {
            match column.as_primitive_opt::<Float64Type>() {
                Some(column) => columns.push(column),
                None => return exec_err!("an amount is a Float64, not {}", column.data_type()),
            }
        }
        for (row, person) in people.iter().enumerate() {
            let value = |column: &&Float64Array| {
                if column.is_valid(row) {
                    column.value(row)
                } else {
                    0.0
                }
            };
            let amounts = std::iter::once(1.0).chain(columns.iter().map(value));
            self.add(person.unwrap_or(UNKNOWN_PERSON), amounts);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [people, amounts] = states else {
            return exec_err!("the state of people outside is two columns");
        };
        let (people, amounts) = (people.as_list::<i32>(), amounts.as_list::<i32>());
        for (people, amounts) in people.iter().zip(amounts.iter()) {
            if let (Some(people), Some(amounts)) = (people, amounts) {
                let amounts = amounts.as_primitive::<Float64Type>().values();
                let people = people.as_primitive::<UInt64Type>().values();
                for (&person, amounts) in people.iter().zip(amounts.chunks_exact(self.width)) {
                    self.add(person, amounts.iter().copied());
                }
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut people = Vec::with_capacity(self.of.len());
        let mut amounts = Vec::with_capacity(self.of.len() * self.width);
        for (person, of_person) in std::mem::take(&mut self.of) {
            people.push(person);
            amounts.extend(of_person);
        }
        let one = |values: ArrayRef| SingleRowListArrayBuilder::new(values).build_list_scalar();
        Ok(vec![
            one(Arc::new(UInt64Array::from(people))),
            one(Arc::new(Float64Array::from(amounts))),
        ])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::UInt64(Some(self.outside() as u64)))
    }

    fn size(&self) -> usize {
        let person = size_of::<(u64, Vec<f64>)>() + self.width * size_of::<f64>();
        size_of::<Self>() + self.of.capacity() * (person + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amounts(k: usize, rows: &[(u64, [i32; 2])]) -> Amounts {
        let mut found = Amounts {
            k,
            width: 3,
            of: HashMap::new(),
        };
        let people: ArrayRef =
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.0)));
        let column = |at: usize| -> ArrayRef {
            let values = rows.iter().map(|row| f64::from(row.1[at]));
            Arc::new(Float64Array::from_iter_values(values))
        };
        found.update_batch(&[people, column(0), column(1)]).unwrap();
        found
    }

    /// By every tie that two people's amounts make, or one's.
    fn expected(k: usize, rows: &[(u64, [i32; 2])]) -> usize {
        let mut sums: HashMap<u64, [i64; 3]> = HashMap::new();
        for (person, [one, other]) in rows {
            let sum = sums.entry(*person).or_default();
            sum[0] += 1;
            sum[1] += i64::from(*one);
            sum[2] += i64::from(*other);
        }
        let all: Vec<[i64; 3]> = sums.into_values().collect();
        let cross = |a: &[i64; 3], b: &[i64; 3]| {
            [
                a[1] * b[2] - a[2] * b[1],
                a[2] * b[0] - a[0] * b[2],
                a[0] * b[1] - a[1] * b[0],
            ]
        };
        let units = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 7, 50], [1, 50, 7]];
        let others = all.iter().chain(&units);
        let others: Vec<_> = others.collect();
        let ties = (all.iter().chain(&units))
            .flat_map(|a| others.iter().map(move |b| cross(a, b)))
            .chain(units);
        let outside = ties.map(|tie| {
            let beyond = |of: &&[i64; 3]| (0..3).map(|at| of[at] * tie[at]).sum::<i64>() != 0;
            all.iter().filter(beyond).count()
        });
        outside.filter(|count| *count > 0).min().unwrap_or(0).min(k)
    }

    proptest! {
        #[test]
        fn whoever_stands_outside_of_any_tie_is_found(
            rows in prop::collection::vec((0..9_u64, [0..4_i32, 0..4_i32]), 0..24),
            k in 1..5_usize,
            parts in 1..4_usize,
        ) {
            prop_assert_eq!(amounts(k, &rows).outside(), expected(k, &rows), "{:?}", rows);
            let mut whole = amounts(k, &[]);
            for part in 0..parts {
                let part: Vec<_> = rows.iter().skip(part).step_by(parts).copied().collect();
                let state = amounts(k, &part).state().unwrap();
                let state: Vec<ArrayRef> = state.iter().map(|list| list.to_array().unwrap()).collect();
                whole.merge_batch(&state).unwrap();
            }
            prop_assert_eq!(whole.outside(), expected(k, &rows));
        }
    }

    #[test]
    fn what_is_no_number_is_tied_to_nothing() {
        let mut found = amounts(3, &[(1, [1, 1]), (2, [2, 2]), (3, [3, 3])]);
        found.add(4, [1.0, f64::NAN, 1.0].into_iter());
        assert_eq!(found.outside(), 1);
    }

    /// Of as many people as a few bases take and four amounts each, nearly any tie leaves all but a few outside.
    #[test]
    fn many_amounts_of_a_small_group_are_looked_at_in_no_time() {
        let mut found = Amounts {
            k: 11,
            width: 6,
            of: HashMap::new(),
        };
        for person in 1..=64_u64 {
            let amount = |at: u64| (person * person * (at + 3) % (31 + 2 * at)) as f64;
            let amounts = (0..6).map(|at| if at == 0 { 1.0 } else { amount(at) });
            found.add(person, amounts);
        }
        assert_eq!(found.outside(), 11);
    }
}
