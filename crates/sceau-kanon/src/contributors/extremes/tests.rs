use std::collections::BTreeSet;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, Float64Array, Int64Array,
    IntervalMonthDayNanoArray, ListArray, StringArray, UInt64Array,
};
use arrow::compute::kernels::cmp::eq;
use arrow::compute::{cast, filter};
use arrow::datatypes::{Float64Type, IntervalMonthDayNano, IntervalUnit, TimeUnit, UInt64Type};
use datafusion::functions_aggregate::min_max::{MaxAccumulator, MinAccumulator};
use datafusion::logical_expr::{Accumulator, GroupsAccumulator};
use proptest::prelude::*;

use super::*;
use crate::contributors::UNKNOWN_PERSON;
use crate::contributors::check::parts::rows;

const K: u32 = 4;

/// By the engine's own functions: the extreme value, the rows that equal it, and their people.
fn expected(extreme: Extreme, columns: &[ArrayRef; 2]) -> u64 {
    let values = match columns[0].data_type() {
        DataType::Dictionary(_, values) => cast(&columns[0], values).unwrap(),
        _ => Arc::clone(&columns[0]),
    };
    if holds_nan(&values) {
        return 1;
    }
    let mut found: Box<dyn Accumulator> = match extreme {
        Extreme::Least => Box::new(MinAccumulator::try_new(values.data_type()).unwrap()),
        Extreme::Greatest => Box::new(MaxAccumulator::try_new(values.data_type()).unwrap()),
    };
    found.update_batch(std::slice::from_ref(&values)).unwrap();
    let furthest = found.evaluate().unwrap();
    if furthest.is_null() {
        return 0;
    }
    let sharing = eq(&values, &furthest.to_scalar().unwrap()).unwrap();
    let people = filter(&columns[1], &sharing).unwrap();
    let ids: BTreeSet<u64> = match people.as_list_opt::<i32>() {
        Some(lists) => {
            let lists: Vec<ArrayRef> = lists.iter().flatten().collect();
            let lists = lists
                .iter()
                .flat_map(|ids| ids.as_primitive::<UInt64Type>());
            lists.flatten().collect()
        }
        None => people
            .as_primitive::<UInt64Type>()
            .iter()
            .flatten()
            .collect(),
    };
    let known = ids.iter().filter(|id| **id != UNKNOWN_PERSON).count();
    known.max(usize::from(!ids.is_empty())).min(K as usize) as u64
}

fn holds_nan(values: &ArrayRef) -> bool {
    values.data_type().is_floating()
        && (cast(values, &DataType::Float64)
            .unwrap()
            .as_primitive::<Float64Type>())
        .iter()
        .flatten()
        .any(f64::is_nan)
}

fn kinds() -> Vec<DataType> {
    use DataType::*;
    let dictionary = |of: DataType| Dictionary(Box::new(Int32), Box::new(of));
    vec![
        Boolean,
        Int8,
        Int16,
        Int32,
        Int64,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
        Float16,
        Float32,
        Float64,
        Decimal32(9, 2),
        Decimal64(18, 2),
        Decimal128(12, 2),
        Decimal128(38, 0),
        Decimal256(60, 2),
        Date32,
        Date64,
        Time32(TimeUnit::Second),
        Time64(TimeUnit::Nanosecond),
        Timestamp(TimeUnit::Second, None),
        Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Duration(TimeUnit::Millisecond),
        Interval(IntervalUnit::MonthDayNano),
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        LargeBinary,
        BinaryView,
        FixedSizeBinary(2),
        dictionary(Utf8),
        dictionary(Float64),
        Null,
    ]
}

/// The values of a type that stand at some places of a list of them, a few of which are equal.
fn column(kind: &DataType, at: &[Option<usize>]) -> ArrayRef {
    use DataType::*;
    let numbers = [3, 1, 100, 0, 1, 100, 7];
    let signed = [3, -1, 100, 0, -1, 100, -7];
    let large = [3, 1, 1 << 63, 0, 1, u64::MAX, u64::MAX];
    let floats = [
        0.0,
        -0.0,
        1.5,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -2.0,
        f64::NAN,
    ];
    let words = [
        "a",
        "",
        "more than twelve letters",
        "more than twelve letters!",
        "é",
        "a",
        "b",
    ];
    let of = |row: &Option<usize>| row.map(|row| row.min(6));
    let made: ArrayRef = match kind {
        Float16 | Float32 | Float64 => Arc::new(Float64Array::from_iter(
            at.iter().map(|row| of(row).map(|row| floats[row])),
        )),
        UInt64 => Arc::new(UInt64Array::from_iter(
            at.iter().map(|row| of(row).map(|row| large[row])),
        )),
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView => Arc::new(
            StringArray::from_iter(at.iter().map(|row| of(row).map(|row| words[row]))),
        ),
        Dictionary(_, values) => column(values, at),
        FixedSizeBinary(_) => {
            let rows = at
                .iter()
                .map(|row| of(row).map(|row| [numbers[row] as u8, row as u8 / 6]));
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(rows, 2).unwrap())
        }
        Interval(_) => Arc::new(IntervalMonthDayNanoArray::from_iter(at.iter().map(|row| {
            of(row).map(|row| IntervalMonthDayNano::new(signed[row], row as i32 / 6, 0))
        }))),
        UInt8 | UInt16 | UInt32 | Boolean | Time32(_) | Time64(_) => Arc::new(
            Int64Array::from_iter(at.iter().map(|row| of(row).map(|row| numbers[row]))),
        ),
        _ => Arc::new(Int64Array::from_iter(
            at.iter()
                .map(|row| of(row).map(|row| i64::from(signed[row]))),
        )),
    };
    match kind {
        Null => arrow::array::new_null_array(kind, at.len()),
        Time32(_) => cast(&cast(&made, &Int32).unwrap(), kind).unwrap(),
        Date32 => cast(&cast(&made, &Int32).unwrap(), kind).unwrap(),
        _ => cast(&made, kind).unwrap(),
    }
}

fn sets(of: impl Iterator<Item = Option<Vec<u64>>>) -> ArrayRef {
    let ids = of.map(|set| set.map(|set| set.into_iter().map(Some)));
    Arc::new(ListArray::from_iter_primitive::<UInt64Type, _, _>(ids))
}

fn extreme() -> impl Strategy<Value = Extreme> {
    prop::sample::select(vec![Extreme::Least, Extreme::Greatest])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn they_are_those_who_share_the_engines_extreme_of_every_type(
        rows in rows((prop::option::weighted(0.9, 0..300_usize), prop::option::weighted(0.9, 0..9_u64))),
        extreme in extreme(),
    ) {
        for kind in kinds() {
            // What is no number is rare.
            let at: Vec<_> = rows.values.iter().map(|row| row.0.map(|at| if at == 299 { 6 } else { at % 6 })).collect();
            let people = rows.values.iter().map(|row| row.1).collect::<UInt64Array>();
            let columns = [column(&kind, &at), Arc::new(people) as ArrayRef];
            prop_assert_eq!(columns[0].data_type(), &kind);
            let check = AtExtreme { k: K, extreme, given: People::Ids };
            rows.are(&check, &columns, |columns| expected(extreme, columns));
        }
    }

    #[test]
    fn they_are_those_of_sets_who_share_it(
        rows in rows((
            prop::option::weighted(0.9, 0..6_usize),
            prop::option::weighted(0.9, prop::collection::vec(0..9_u64, 0..6)),
        )),
        extreme in extreme(),
    ) {
        for kind in [DataType::Int32, DataType::Utf8View] {
            let at: Vec<_> = rows.values.iter().map(|row| row.0).collect();
            let people = sets(rows.values.iter().map(|row| row.1.clone()));
            let check = AtExtreme { k: K, extreme, given: People::Sets };
            rows.are(&check, &[column(&kind, &at), people], |columns| expected(extreme, columns));
        }
    }
}

#[test]
fn the_two_zeros_are_two_values_and_what_is_no_number_hides_them() {
    let sharing = |extreme, values: Vec<f64>| {
        let check = AtExtreme {
            k: K,
            extreme,
            given: People::Ids,
        };
        let mut groups = check.groups(&DataType::Float64).unwrap();
        let people = UInt64Array::from_iter_values(1..=values.len() as u64);
        let rows = vec![0; values.len()];
        let columns: [ArrayRef; 2] = [Arc::new(Float64Array::from(values)), Arc::new(people)];
        groups.update_batch(&columns, &rows, None, 1).unwrap();
        let found = groups
            .evaluate(datafusion::logical_expr::EmitTo::All)
            .unwrap();
        found.as_primitive::<UInt64Type>().value(0)
    };
    assert_eq!(sharing(Extreme::Greatest, vec![-0.0, 0.0, -0.0]), 1);
    assert_eq!(sharing(Extreme::Least, vec![-0.0, 0.0, -0.0]), 2);
    for strange in [f64::NAN, -f64::NAN] {
        assert_eq!(sharing(Extreme::Greatest, vec![strange, strange, 1.0]), 1);
        assert_eq!(sharing(Extreme::Least, vec![2.0, strange, 2.0, strange]), 1);
    }
}

#[test]
fn values_that_hold_others_have_no_extremes() {
    let check = AtExtreme {
        k: K,
        extreme: Extreme::Least,
        given: People::Ids,
    };
    assert!(
        check
            .groups(&DataType::new_list(DataType::Int64, true))
            .is_err()
    );
}
