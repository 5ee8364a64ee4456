use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Date32Array, Date64Array, PrimitiveArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use chrono::{Datelike, Days, NaiveDate};
use datafusion::common::{Result, exec_err};

/// What a date is cut to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Grain {
    Year,
    Quarter,
    Month,
}

impl Grain {
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
        }
    }
}

pub(super) fn applies_to(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, None)
    )
}

/// Each date becomes the first day of its year, quarter or month; one beyond the calendar becomes NULL.
///
/// DataFusion's `date_trunc` goes through nanoseconds, which begin in 1677: the SNDS's sentinel 1600-01-01 overflows there.
pub(super) fn cut(array: &ArrayRef, grain: Grain) -> Result<ArrayRef> {
    let first = |days: i64| first_day(days, grain);
    Ok(match array.data_type() {
        DataType::Date32 => {
            let dates: &Date32Array = array.as_primitive::<Date32Type>();
            let cut: Date32Array =
                dates.unary_opt(|days| i32::try_from(first(i64::from(days))?).ok());
            Arc::new(cut)
        }
        DataType::Date64 => {
            Arc::new(cut_ticks::<Date64Type>(array, 86_400_000, first) as Date64Array)
        }
        DataType::Timestamp(TimeUnit::Second, None) => {
            Arc::new(cut_ticks::<TimestampSecondType>(array, 86_400, first) as TimestampSecondArray)
        }
        DataType::Timestamp(TimeUnit::Millisecond, None) => {
            Arc::new(
                cut_ticks::<TimestampMillisecondType>(array, 86_400_000, first)
                    as TimestampMillisecondArray,
            )
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            Arc::new(
                cut_ticks::<TimestampMicrosecondType>(array, 86_400_000_000, first)
                    as TimestampMicrosecondArray,
            )
        }
        DataType::Timestamp(TimeUnit::Nanosecond, None) => {
            Arc::new(
                cut_ticks::<TimestampNanosecondType>(array, 86_400_000_000_000, first)
                    as TimestampNanosecondArray,
            )
        }
        other => return exec_err!("a date mask over {other}"),
    })
}

fn cut_ticks<T>(
    array: &ArrayRef,
    a_day: i64,
    first: impl Fn(i64) -> Option<i64>,
) -> PrimitiveArray<T>
where
    T: ArrowPrimitiveType<Native = i64>,
{
    array
        .as_primitive::<T>()
        .unary_opt(|ticks| first(ticks.div_euclid(a_day))?.checked_mul(a_day))
}

/// Days since 1970-01-01 of the first day of the span that a day lies in.
fn first_day(days: i64, grain: Grain) -> Option<i64> {
    let epoch = NaiveDate::default();
    let day = if days >= 0 {
        epoch.checked_add_days(Days::new(days.unsigned_abs()))?
    } else {
        epoch.checked_sub_days(Days::new(days.unsigned_abs()))?
    };
    let month = match grain {
        Grain::Year => 1,
        Grain::Quarter => (day.month0() / 3) * 3 + 1,
        Grain::Month => day.month(),
    };
    let first = NaiveDate::from_ymd_opt(day.year(), month, 1)?;
    Some(first.signed_duration_since(epoch).num_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> i32 {
        let date: NaiveDate = text.parse().expect("a date");
        i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days())
            .expect("in range")
    }

    fn cut_date(text: &str, grain: Grain) -> Option<i32> {
        let array: ArrayRef = Arc::new(Date32Array::from(vec![days(text)]));
        let cut = cut(&array, grain).expect("cut");
        cut.as_primitive::<Date32Type>().iter().next().flatten()
    }

    #[test]
    fn a_date_becomes_the_first_day_of_its_span() {
        assert_eq!(
            cut_date("2019-08-17", Grain::Month),
            Some(days("2019-08-01"))
        );
        assert_eq!(
            cut_date("2019-08-17", Grain::Quarter),
            Some(days("2019-07-01"))
        );
        assert_eq!(
            cut_date("2019-08-17", Grain::Year),
            Some(days("2019-01-01"))
        );
    }

    #[test]
    fn the_sentinel_of_1600_is_cut_like_any_date() {
        assert_eq!(
            cut_date("1600-01-01", Grain::Month),
            Some(days("1600-01-01"))
        );
        assert_eq!(
            cut_date("1599-12-31", Grain::Year),
            Some(days("1599-01-01"))
        );
    }

    #[test]
    fn dates_beyond_the_calendar_become_null_and_null_stays_null() {
        let array: ArrayRef = Arc::new(Date32Array::from(vec![
            Some(i32::MAX),
            Some(i32::MIN),
            None,
        ]));
        let cut = cut(&array, Grain::Month).expect("cut");
        assert_eq!(cut.null_count(), 3);
    }

    #[test]
    fn a_moment_before_1970_is_cut_downwards() {
        let array: ArrayRef = Arc::new(TimestampSecondArray::from(vec![-1]));
        let cut = cut(&array, Grain::Month).expect("cut");
        assert_eq!(
            cut.as_primitive::<TimestampSecondType>().value(0),
            i64::from(days("1969-12-01")) * 86_400
        );
    }
}
