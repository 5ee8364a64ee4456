use std::collections::BTreeSet;

use arrow::array::{ArrayRef, AsArray, Float64Array, UInt64Array};
use arrow::datatypes::{Float64Type, UInt64Type};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use proptest::prelude::*;

use super::*;
use crate::contributors::UNKNOWN_PERSON;
use crate::contributors::check::parts::rows;

const K: u32 = 3;

/// From all rows in order.
fn expected(at: &[f64], columns: &[ArrayRef; 2]) -> u64 {
    let mut rows: Vec<(f64, u64)> = (columns[0].as_primitive::<Float64Type>().iter())
        .zip(columns[1].as_primitive::<UInt64Type>())
        .filter_map(|(value, person)| Some((value?, person.unwrap_or(UNKNOWN_PERSON))))
        .collect();
    if rows.is_empty() {
        return u64::from(K);
    }
    if rows.iter().any(|row| row.0.is_nan()) {
        return 0;
    }
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let people = |above: Option<f64>, below: Option<f64>| {
        let within = |row: &&(f64, u64)| {
            row.1 != UNKNOWN_PERSON
                && above.is_none_or(|above| row.0 > above)
                && below.is_none_or(|below| row.0 < below)
        };
        let people: BTreeSet<u64> = rows.iter().filter(within).map(|row| row.1).collect();
        people.len() as u64
    };
    let mut pieces = vec![];
    let mut above = None;
    for share in at {
        let position = share * (rows.len() - 1) as f64;
        let on_a_row = (position - position.round()).abs() < 1e-6;
        let (lower, upper) = if on_a_row {
            (position.round(), position.round())
        } else {
            (position.floor(), position.ceil())
        };
        pieces.push(people(above, Some(rows[lower as usize].0)));
        above = Some(rows[upper as usize].0);
    }
    pieces.push(people(above, None));
    pieces.into_iter().min().unwrap_or(0).min(u64::from(K))
}

fn check(at: &[f64]) -> Beyond {
    Beyond {
        k: K,
        at: at.iter().map(|share| share.to_bits()).collect(),
    }
}

fn value() -> impl Strategy<Value = f64> {
    let strange = [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    prop_oneof![
        100 => (-4..5_i32).prop_map(f64::from),
        10 => prop::sample::select(vec![0.0, -0.0]),
        1 => prop::sample::select(strange.to_vec()),
    ]
}

fn percentiles() -> impl Strategy<Value = Vec<f64>> {
    let shares = prop::collection::btree_set(0..=100_u32, 1..4);
    shares.prop_map(|shares| {
        shares
            .into_iter()
            .map(|share| f64::from(share) / 100.0)
            .collect()
    })
}

proptest! {
    #[test]
    fn they_are_those_of_the_smallest_piece(
        rows in rows((
            prop::option::weighted(0.9, value()), prop::option::weighted(0.9, 0..30_u64),
        )),
        at in percentiles(),
    ) {
        let values = rows.values.iter().map(|row| row.0).collect::<Float64Array>();
        let people = rows.values.iter().map(|row| row.1).collect::<UInt64Array>();
        rows.are(&check(&at), &[Arc::new(values), Arc::new(people)], |columns| expected(&at, columns));
    }

    #[test]
    fn an_interpolated_percentile_has_as_many_people_on_each_side(
        rows in prop::collection::vec((0..9_i32, 1..9_u64), 1..40), share in 0..=20_u32,
    ) {
        let share = f64::from(share) / 20.0;
        let values: Float64Array = rows.iter().map(|row| Some(f64::from(row.0))).collect();
        let people: UInt64Array = rows.iter().map(|row| Some(row.1)).collect();
        let mut sorted = values.values().to_vec();
        sorted.sort_by(f64::total_cmp);
        let position = share * (sorted.len() - 1) as f64;
        let (lower, upper) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
        let percentile = lower + (upper - lower) * position.fract();
        // A position that is nearly a row is that row.
        let near = (position - position.round()).abs() < 1e-6;
        prop_assume!(!near || position.fract() == 0.0);
        let beyond = |side: &dyn Fn(f64) -> bool| {
            let people = rows.iter().filter(|row| side(f64::from(row.0))).map(|row| row.1);
            people.collect::<BTreeSet<_>>().len() as u64
        };
        let sides = beyond(&|value| value < percentile).min(beyond(&|value| value > percentile));
        let mut groups = check(&[share]).groups(&DataType::Float64).unwrap();
        let group = vec![0; rows.len()];
        groups.update_batch(&[Arc::new(values), Arc::new(people)], &group, None, 1).unwrap();
        let found = groups.evaluate(EmitTo::All).unwrap();
        prop_assert!(found.as_primitive::<UInt64Type>().value(0) <= sides);
    }
}
