use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{ArrayRef, AsArray, Int64Array, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::UInt64Type;
use proptest::prelude::*;

use super::*;
use crate::contributors::UNKNOWN_PERSON;
use crate::contributors::check::parts::rows;

/// From all values of everybody, of whom the text of a value tells it.
fn expected(columns: &[ArrayRef; 2]) -> u64 {
    let values = cast(&columns[0], &DataType::Utf8).unwrap();
    let ids = columns[1].as_primitive::<UInt64Type>();
    let mut people: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for (value, person) in values.as_string::<i32>().iter().zip(ids) {
        if let Some(value) = value {
            let person = person.unwrap_or(UNKNOWN_PERSON);
            people.entry(person).or_default().insert(value);
        }
    }
    let of = |value: &str| {
        let alone = (people.values()).filter(|values| values.len() == 1 && values.contains(value));
        let alone = alone.count();
        (alone, people.len() - alone)
    };
    let apart = (people.values().flatten())
        .map(|value| of(value))
        .filter(|(alone, apart)| alone >= apart)
        .map(|(_, apart)| apart.min(5))
        .min();
    apart.unwrap_or(if people.is_empty() { 0 } else { 5 }) as u64
}

proptest! {
    #[test]
    fn they_are_those_without_the_value_that_most_have(
        rows in rows((
            prop::option::weighted(0.9, prop_oneof![4 => Just(0), 1 => 1..4_i64]),
            prop::option::weighted(0.9, 1..20_u64),
        )),
        as_words: bool,
    ) {
        let mut values: ArrayRef =
            Arc::new(rows.values.iter().map(|row| row.0).collect::<Int64Array>());
        if as_words {
            values = cast(&values, &DataType::Utf8).unwrap();
        }
        let people = rows.values.iter().map(|row| row.1).collect::<UInt64Array>();
        rows.are(&Apart { k: 5 }, &[values, Arc::new(people)], expected);
    }
}
