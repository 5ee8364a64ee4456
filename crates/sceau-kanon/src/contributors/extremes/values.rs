use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::{DataType, Decimal128Type, DecimalType, Float64Type, Int64Type, UInt64Type};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, not_impl_err};

use super::Extreme;
use crate::contributors::keys::{NO_NUMBER, of_float};

/// What values become so that the furthest one is the greatest.
///
/// Whole and floating-point numbers, dates, times and amounts become numbers of 128 bits, values of other types the bytes of the
/// engine's row format. Both are in the order that `min` and `max` have of the values: that of `total_cmp` for floating-point
/// numbers, where the two zeros are two values, so that k people are needed who have the further one.
#[derive(Debug)]
pub(super) struct InOrder {
    extreme: Extreme,
    kind: DataType,
    /// For values that do not become numbers.
    bytes: Option<RowConverter>,
}

/// What a value that is no number becomes: further than any other, whichever way.
pub(super) const STRANGE: i128 = i128::MAX;

/// Less than what any value becomes.
pub(super) const NOTHING: i128 = i128::MIN;

impl InOrder {
    /// # Errors
    /// When `min` and `max` order no such values.
    pub(super) fn new(given: &DataType, extreme: Extreme) -> Result<Self> {
        let kind = unpacked(given);
        if kind.is_nested() {
            return not_impl_err!("who shares an extreme of {kind} is not counted");
        }
        let bytes = match become_numbers(kind) {
            true => None,
            false => {
                let order = SortOptions {
                    descending: extreme == Extreme::Least,
                    ..SortOptions::default()
                };
                let field = SortField::new_with_options(kind.clone(), order);
                Some(RowConverter::new(vec![field])?)
            }
        };
        Ok(Self {
            extreme,
            kind: kind.clone(),
            bytes,
        })
    }

    pub(super) fn key_type(given: &DataType) -> DataType {
        if become_numbers(unpacked(given)) {
            NUMBERS
        } else {
            DataType::Binary
        }
    }

    pub(super) fn gives_numbers(&self) -> bool {
        self.bytes.is_none()
    }

    /// The keys of values. Those of NULL mean nothing.
    pub(super) fn keys(&self, values: &ArrayRef) -> Result<ArrayRef> {
        let values = match values.data_type() {
            DataType::Dictionary(..) => cast(values, &self.kind)?,
            _ => Arc::clone(values),
        };
        match &self.bytes {
            None => Ok(Arc::new(self.numbers(&values)?)),
            Some(converter) => {
                let rows = converter.convert_columns(&[values])?;
                Ok(Arc::new(rows.try_into_binary()?))
            }
        }
    }

    fn numbers(&self, values: &ArrayRef) -> Result<Decimal128Array> {
        let turned = match self.extreme {
            Extreme::Least => -1,
            Extreme::Greatest => 0,
        };
        let key = |number: i128| number ^ turned;
        Ok(match &self.kind {
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                cast(values, &DataType::Float64)?
                    .as_primitive::<Float64Type>()
                    .unary(|value| match of_float(value) {
                        NO_NUMBER => STRANGE,
                        number => key(i128::from(number)),
                    })
            }
            DataType::UInt64 => {
                (values.as_primitive::<UInt64Type>()).unary(|value| key(i128::from(value)))
            }
            // No amount has as many digits as would reach the two marks.
            DataType::Decimal128(..) => (values.as_primitive::<Decimal128Type>())
                .unary(|value| key(value.clamp(NOTHING + 1, STRANGE - 1))),
            _ => cast(values, &DataType::Int64)?
                .as_primitive::<Int64Type>()
                .unary(|value| key(i128::from(value))),
        })
    }
}

/// The type of keys that are numbers: what holds 128 bits.
const NUMBERS: DataType = Decimal128Type::DEFAULT_TYPE;

/// Whether a number of 128 bits can stand for such a value.
fn become_numbers(kind: &DataType) -> bool {
    use DataType::*;
    kind.is_integer()
        || kind.is_floating()
        || matches!(
            kind,
            Boolean
                | Decimal128(..)
                | Date32
                | Date64
                | Time32(_)
                | Time64(_)
                | Timestamp(..)
                | Duration(_)
        )
}

/// What a dictionary holds.
fn unpacked(kind: &DataType) -> &DataType {
    match kind {
        DataType::Dictionary(_, values) => unpacked(values),
        _ => kind,
    }
}
