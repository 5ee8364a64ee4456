//! Types as they are stored, as they are read, and as the data model wants them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};

use crate::snds::{KEPT_AS_TEXT, is_text};

/// A type without dictionaries, runs and views: values are read as what they stand for, each row's own.
pub(super) fn plain_type(data_type: &DataType) -> DataType {
    let plain = |field: &Arc<Field>| {
        Arc::new(
            field
                .as_ref()
                .clone()
                .with_data_type(plain_type(field.data_type())),
        )
    };
    match data_type {
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::RunEndEncoded(_, values) => plain_type(values.data_type()),
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(item) | DataType::ListView(item) => DataType::List(plain(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            DataType::LargeList(plain(item))
        }
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(plain(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain).collect()),
        DataType::Map(entries, sorted) => DataType::Map(plain(entries), *sorted),
        other => other.clone(),
    }
}

/// Whether a stored type is the model's. Texts are texts however they are laid out, moments are moments in any unit.
pub(super) fn same_type(expected: &DataType, stored: &DataType) -> bool {
    match (expected, stored) {
        (expected, stored) if is_text(expected) => is_text(stored),
        (DataType::Timestamp(_, None), DataType::Timestamp(_, None)) => true,
        (expected, stored) => expected == stored,
    }
}

/// Whether an import kept a column as text, because some value of it did not fit the model's type, and said so in the
/// file. The column is a text then; one of another type without that word is another type.
pub(super) fn is_kept_as_text(field: &Field, expected: &DataType) -> bool {
    is_text(field.data_type()) && field.metadata().get(KEPT_AS_TEXT) == Some(&expected.to_string())
}

/// Whether every value of one type has a value of another that is exactly the same, so that reading it as the other can
/// neither fail nor change it: a cast that fails would tell of a hidden row.
pub(super) fn converts(from: &DataType, to: &DataType) -> bool {
    if let (DataType::Decimal128(digits, scale), DataType::Decimal128(most, finer)) = (from, to) {
        let whole = |digits: u8, scale: i8| i16::from(digits) - i16::from(scale);
        return finer >= scale && whole(*most, *finer) >= whole(*digits, *scale);
    }
    if let (Some(digits), DataType::Decimal128(most, scale)) = (decimal_digits(from), to) {
        return *scale >= 0 && i16::from(*most) - i16::from(*scale) >= digits;
    }
    match (from, to) {
        (DataType::Float32, DataType::Float64) => true,
        (from, DataType::Float64) if from.is_integer() => {
            from.primitive_width().is_some_and(|width| width <= 4)
        }
        (DataType::Date32, DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, None)) => {
            true
        }
        (from, to) if from.is_signed_integer() && to.is_signed_integer() => {
            from.primitive_width() <= to.primitive_width()
        }
        (from, to) if from.is_unsigned_integer() && to.is_integer() => {
            from.primitive_width() < to.primitive_width()
        }
        _ => false,
    }
}

/// The digits that a whole number of a type has at most.
fn decimal_digits(data_type: &DataType) -> Option<i16> {
    Some(match data_type {
        DataType::Int8 | DataType::UInt8 => 3,
        DataType::Int16 | DataType::UInt16 => 5,
        DataType::Int32 | DataType::UInt32 => 10,
        DataType::Int64 => 19,
        DataType::UInt64 => 20,
        _ => return None,
    })
}

/// The type that a column is read as over several years, each of which may store it otherwise. `None` when there is none
/// into which both can be read without a value that fails.
///
/// Numbers widen; a number in one year and a text in another are texts; of two units of time the coarser is kept, since
/// reading it as the finer may fail.
pub(super) fn common_type(one: &DataType, other: &DataType) -> Option<DataType> {
    if one == other || converts(other, one) {
        return Some(one.clone());
    }
    if converts(one, other) {
        return Some(other.clone());
    }
    match (one, other) {
        (one, other) if is_text(one) && is_text(other) => Some(DataType::LargeUtf8),
        (DataType::Timestamp(one, None), DataType::Timestamp(other, None)) => {
            Some(DataType::Timestamp(coarser(*one, *other), None))
        }
        (DataType::Date32, DataType::Timestamp(_, None))
        | (DataType::Timestamp(_, None), DataType::Date32) => {
            Some(DataType::Timestamp(TimeUnit::Millisecond, None))
        }
        (DataType::Decimal128(..), DataType::Decimal128(..)) => wide_decimal(one, other),
        (text, number) | (number, text) if is_text(text) && has_a_text(number) => {
            Some(text.clone())
        }
        (one, other) if one.is_integer() && other.is_integer() => {
            Some(DataType::Int64).filter(|wide| converts(one, wide) && converts(other, wide))
        }
        _ => None,
    }
}

fn wide_decimal(one: &DataType, other: &DataType) -> Option<DataType> {
    let (DataType::Decimal128(digits, scale), DataType::Decimal128(others, finer)) = (one, other)
    else {
        return None;
    };
    let whole =
        (i16::from(*digits) - i16::from(*scale)).max(i16::from(*others) - i16::from(*finer));
    let scale = *scale.max(finer);
    let digits = u8::try_from(whole + i16::from(scale)).ok()?;
    (digits <= 38).then_some(DataType::Decimal128(digits, scale))
}

/// Whether every value of a type can be written as a text.
fn has_a_text(data_type: &DataType) -> bool {
    data_type.is_integer()
        || data_type.is_floating()
        || matches!(data_type, DataType::Decimal128(..) | DataType::Boolean)
}

fn coarser(one: TimeUnit, other: TimeUnit) -> TimeUnit {
    let from_coarse_to_fine = [
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
    ];
    from_coarse_to_fine
        .into_iter()
        .find(|unit| [one, other].contains(unit))
        .unwrap_or(TimeUnit::Nanosecond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        ArrayRef, Date32Array, Decimal128Array, Float32Array, Int8Array, Int16Array, Int32Array,
        Int64Array, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
    };
    use arrow::compute::{CastOptions, cast_with_options};

    fn types() -> Vec<DataType> {
        let mut types = vec![
            DataType::Int8,
            DataType::Int16,
            DataType::Int32,
            DataType::Int64,
            DataType::UInt8,
            DataType::UInt16,
            DataType::UInt32,
            DataType::UInt64,
            DataType::Float32,
            DataType::Float64,
            DataType::Date32,
            DataType::Utf8,
            DataType::LargeUtf8,
            DataType::Boolean,
        ];
        types.extend(
            [(6, 2), (9, 2), (12, 2), (9, 4), (19, 5), (20, 0), (38, 2)]
                .map(|(digits, scale)| DataType::Decimal128(digits, scale)),
        );
        types.extend(
            [
                TimeUnit::Second,
                TimeUnit::Millisecond,
                TimeUnit::Microsecond,
                TimeUnit::Nanosecond,
            ]
            .map(|unit| DataType::Timestamp(unit, None)),
        );
        types
    }

    /// The outermost values of a type.
    fn extremes(data_type: &DataType) -> Option<ArrayRef> {
        Some(match data_type {
            DataType::Int8 => Arc::new(Int8Array::from(vec![i8::MIN, i8::MAX])),
            DataType::Int16 => Arc::new(Int16Array::from(vec![i16::MIN, i16::MAX])),
            DataType::Int32 => Arc::new(Int32Array::from(vec![i32::MIN, i32::MAX])),
            DataType::Int64 => Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX])),
            DataType::UInt8 => Arc::new(UInt8Array::from(vec![0, u8::MAX])),
            DataType::UInt16 => Arc::new(UInt16Array::from(vec![0, u16::MAX])),
            DataType::UInt32 => Arc::new(UInt32Array::from(vec![0, u32::MAX])),
            DataType::UInt64 => Arc::new(UInt64Array::from(vec![0, u64::MAX])),
            DataType::Float32 => Arc::new(Float32Array::from(vec![f32::MIN, f32::MAX])),
            DataType::Date32 => Arc::new(Date32Array::from(vec![i32::MIN, i32::MAX])),
            DataType::Decimal128(digits, scale) => {
                let most = 10_i128.pow(u32::from(*digits)) - 1;
                Arc::new(
                    Decimal128Array::from(vec![-most, most])
                        .with_precision_and_scale(*digits, *scale)
                        .ok()?,
                )
            }
            _ => return None,
        })
    }

    const STRICT: CastOptions<'static> = CastOptions {
        safe: false,
        format_options: arrow::util::display::FormatOptions::new(),
    };

    #[test]
    fn what_converts_loses_nothing_and_cannot_fail_at_the_outermost_values() {
        let mut tried = 0;
        for from in types() {
            for to in types().iter().filter(|to| converts(&from, to)) {
                let Some(values) = extremes(&from) else {
                    continue;
                };
                let there = cast_with_options(&values, to, &STRICT)
                    .unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
                tried += 1;
                // Back again, a moment goes through a calendar that ends before the last day does.
                if from == DataType::Date32 {
                    continue;
                }
                let back = cast_with_options(&there, &from, &STRICT)
                    .unwrap_or_else(|error| panic!("{to} to {from}: {error}"));
                assert_eq!(&back, &values, "{from} to {to}");
            }
        }
        assert!(tried > 40, "{tried}");
    }

    #[test]
    fn every_value_can_be_read_as_a_common_type() {
        for one in types() {
            for other in types() {
                let common = common_type(&one, &other);
                assert_eq!(
                    common.is_some(),
                    common_type(&other, &one).is_some(),
                    "{one} and {other}"
                );
                let Some(common) = common else { continue };
                for from in [&one, &other] {
                    if let Some(values) = extremes(from) {
                        cast_with_options(&values, &common, &STRICT)
                            .unwrap_or_else(|error| panic!("{from} to {common}: {error}"));
                    }
                }
            }
        }
    }

    #[test]
    fn years_that_differ_are_read_as_what_holds_both() {
        let common = |one, other| common_type(&one, &other);
        assert_eq!(
            common(DataType::Int16, DataType::Int64),
            Some(DataType::Int64)
        );
        assert_eq!(
            common(DataType::Int16, DataType::Utf8),
            Some(DataType::Utf8)
        );
        assert_eq!(
            common(DataType::UInt16, DataType::Int16),
            Some(DataType::Int64)
        );
        assert_eq!(common(DataType::Date32, DataType::Utf8), None);
        assert_eq!(common(DataType::Int64, DataType::Float64), None);
    }
}
