use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Float64Array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use datafusion::common::{Result, exec_err};

pub(super) fn applies_to(data_type: &DataType) -> bool {
    data_type.is_integer()
        || matches!(
            data_type,
            DataType::Float32 | DataType::Float64 | DataType::Decimal128(_, 0..)
        )
}

/// Each number becomes the largest multiple of the width that is not above it, of the same type; one that does not fit
/// becomes NULL.
pub(super) fn cut(array: &ArrayRef, width: u32) -> Result<ArrayRef> {
    let stored = array.data_type();
    let lossless_or_null = CastOptions::default();
    match stored {
        DataType::Decimal128(precision, scale) => {
            let Some(step) = 10i128
                .checked_pow(u32::from(scale.unsigned_abs()))
                .and_then(|unit| unit.checked_mul(i128::from(width)))
            else {
                return exec_err!("a band of {width} over {stored}");
            };
            let limit = 10i128.pow(u32::from(*precision));
            let numbers: &Decimal128Array = array.as_primitive::<Decimal128Type>();
            let cut: Decimal128Array = numbers.unary_opt(|value| {
                let low = value.div_euclid(step).checked_mul(step)?;
                (low.abs() < limit).then_some(low)
            });
            Ok(Arc::new(cut.with_data_type(stored.clone())))
        }
        DataType::Float32 | DataType::Float64 => {
            let wide = cast_with_options(array, &DataType::Float64, &lossless_or_null)?;
            let step = f64::from(width);
            let cut: Float64Array = wide
                .as_primitive::<Float64Type>()
                .unary(|value| (value / step).floor() * step);
            let cut: ArrayRef = Arc::new(cut);
            Ok(cast_with_options(&cut, stored, &lossless_or_null)?)
        }
        _ if stored.is_integer() => {
            let wide = cast_with_options(array, &DataType::Int64, &lossless_or_null)?;
            let step = i64::from(width);
            let cut: ArrayRef = Arc::new(
                wide.as_primitive::<Int64Type>()
                    .unary_opt::<_, Int64Type>(|value| value.div_euclid(step).checked_mul(step)),
            );
            Ok(cast_with_options(&cut, stored, &lossless_or_null)?)
        }
        other => exec_err!("a band over {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, Int16Array};
    use arrow::datatypes::Int16Type;

    #[test]
    fn numbers_are_cut_down_to_multiples_of_the_width() {
        let array: ArrayRef = Arc::new(Int16Array::from(vec![
            Some(0),
            Some(4),
            Some(5),
            Some(-1),
            None,
        ]));
        let cut = cut(&array, 5).expect("cut");
        let cut: Vec<_> = cut.as_primitive::<Int16Type>().iter().collect();
        assert_eq!(cut, [Some(0), Some(0), Some(5), Some(-5), None]);
    }

    #[test]
    fn a_band_that_does_not_fit_the_type_is_null() {
        let array: ArrayRef = Arc::new(Int16Array::from(vec![i16::MIN]));
        assert!(cut(&array, 5).expect("cut").is_null(0));
    }

    #[test]
    fn amounts_are_cut_in_their_unit_whatever_the_scale() {
        let amounts = Decimal128Array::from(vec![1234, -1])
            .with_precision_and_scale(6, 2)
            .expect("fits");
        let array: ArrayRef = Arc::new(amounts);
        let cut = cut(&array, 5).expect("cut");
        assert_eq!(cut.data_type(), &DataType::Decimal128(6, 2));
        let cut: Vec<_> = cut.as_primitive::<Decimal128Type>().iter().collect();
        assert_eq!(cut, [Some(1000), Some(-500)]);
    }
}
