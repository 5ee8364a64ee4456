//! Columns of values, as the type that the data model asks for.

use super::day::Day;
use arrow::array::{
    ArrayRef, AsArray, Date32Array, Decimal128Array, Float64Array, Int16Array, Int32Array,
    Int64Array, StringArray, StringBuilder, TimestampMillisecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use std::fmt::Write as _;
use std::sync::Arc;

/// Text.
pub(super) fn text<'r, R, T>(rows: &'r [R], get: impl Fn(&'r R) -> T) -> ArrayRef
where
    T: AsRef<str>,
{
    Arc::new(StringArray::from_iter_values(rows.iter().map(get)))
}

/// Text that may be missing.
pub(super) fn maybe_text<'r, R, T>(rows: &'r [R], get: impl Fn(&'r R) -> Option<T>) -> ArrayRef
where
    T: AsRef<str>,
{
    Arc::new(rows.iter().map(get).collect::<StringArray>())
}

/// Whole numbers, as the integer type, as text or (in units, not cents) as a decimal.
pub(super) fn whole<R>(rows: &[R], data_type: &DataType, get: impl Fn(&R) -> i64) -> ArrayRef {
    let values = rows.iter().map(&get);
    match data_type {
        // What does not fit is a mistake of the tables below, which their test would show.
        DataType::Int16 => Arc::new(Int16Array::from_iter_values(
            values.map(|value| i16::try_from(value).expect("fits the column")),
        )),
        DataType::Int32 => Arc::new(Int32Array::from_iter_values(
            values.map(|value| i32::try_from(value).expect("fits the column")),
        )),
        DataType::Int64 => Arc::new(Int64Array::from_iter_values(values)),
        DataType::Float64 => Arc::new(Float64Array::from_iter_values(
            values.map(|value| value as f64),
        )),
        DataType::Decimal128(_, _) => cents(rows, data_type, |row| get(row) * 100),
        _ => {
            let mut texts = StringBuilder::with_capacity(rows.len(), 4 * rows.len());
            for value in values {
                write!(texts, "{value}").expect("memory takes text");
                texts.append_value("");
            }
            Arc::new(texts.finish())
        }
    }
}

/// Whole numbers that may be missing.
pub(super) fn maybe_whole<R>(
    rows: &[R],
    data_type: &DataType,
    get: impl Fn(&R) -> Option<i64>,
) -> ArrayRef {
    let values = rows.iter().map(get).collect::<Int64Array>();
    cast(&values, data_type).expect("an integer column")
}

/// Amounts in cents, as a decimal of at least two places.
pub(super) fn cents<R>(rows: &[R], data_type: &DataType, get: impl Fn(&R) -> i64) -> ArrayRef {
    let DataType::Decimal128(precision, scale) = data_type else {
        return Arc::new(Float64Array::from_iter_values(
            rows.iter().map(|row| get(row) as f64 / 100.0),
        ));
    };
    let factor = 10_i128.pow(u32::try_from(scale - 2).expect("two places or more"));
    let values = rows.iter().map(|row| i128::from(get(row)) * factor);
    let values = Decimal128Array::from_iter_values(values)
        .with_precision_and_scale(*precision, *scale)
        .expect("a precision and scale of the data model");
    debug_assert!(
        values.validate_decimal_precision(*precision).is_ok(),
        "an amount is too large"
    );
    Arc::new(values)
}

/// Days, as dates or as midnights.
pub(super) fn days<R>(rows: &[R], data_type: &DataType, get: impl Fn(&R) -> Day) -> ArrayRef {
    match data_type {
        DataType::Timestamp(TimeUnit::Millisecond, None) => {
            let ticks = rows.iter().map(|row| i64::from(get(row).0) * 86_400_000);
            Arc::new(TimestampMillisecondArray::from_iter_values(ticks))
        }
        _ => Arc::new(Date32Array::from_iter_values(
            rows.iter().map(|row| get(row).0),
        )),
    }
}

/// One value, written as text, `count` times.
pub(super) fn same(value: &str, data_type: &DataType, count: usize) -> ArrayRef {
    let text: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
        value, count,
    )));
    let values = cast(&text, data_type).expect("a constant of the column's type");
    debug_assert!(
        values.null_count() == 0 && (count == 0 || !value.is_empty()),
        "{value}"
    );
    debug_assert!(data_type != &DataType::Utf8 || values.as_string::<i32>().value(0) == value);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Array;
    use arrow::util::display::array_value_to_string;

    fn shown(array: &dyn Array) -> Vec<String> {
        (0..array.len())
            .map(|row| array_value_to_string(array, row).unwrap())
            .collect()
    }

    #[test]
    fn an_amount_in_cents_has_the_places_of_its_column() {
        let rows = [1_234_i64, -5];
        assert_eq!(
            shown(&cents(&rows, &DataType::Decimal128(6, 2), |row| *row)),
            ["12.34", "-0.05"]
        );
        assert_eq!(
            shown(&cents(&rows, &DataType::Decimal128(9, 5), |row| *row)),
            ["12.34000", "-0.05000"]
        );
    }

    #[test]
    fn a_day_is_a_date_or_a_midnight() {
        let rows = [Day::new(2019, 6, 28)];
        assert_eq!(
            shown(&days(&rows, &DataType::Date32, |row| *row)),
            ["2019-06-28"]
        );
        let midnight = DataType::Timestamp(TimeUnit::Millisecond, None);
        assert_eq!(
            shown(&days(&rows, &midnight, |row| *row)),
            ["2019-06-28T00:00:00"]
        );
    }

    #[test]
    fn a_constant_takes_the_type_of_its_column() {
        assert_eq!(shown(&same("1", &DataType::Int16, 2)), ["1", "1"]);
        assert_eq!(
            shown(&same("1600-01-01", &DataType::Date32, 1)),
            ["1600-01-01"]
        );
        assert_eq!(shown(&same("0", &DataType::Decimal128(6, 2), 1)), ["0.00"]);
    }
}
