//! What comes back, and when two of it are the same.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Schema, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use datafusion::common::ScalarValue;

#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Rows {
        schema: String,
        rows: Vec<Vec<Shown>>,
    },
    /// Refused before it ran.
    Refused { code: String, message: String },
    /// Failed while it ran.
    Failed { code: String, message: String },
    /// The engine panicked.
    Panicked(String),
}

/// A value as it is compared: a float by its number or its bits, anything else by an exact text.
#[derive(Debug, Clone)]
pub enum Shown {
    Float(f64),
    Text(String),
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            _ => false,
        }
    }
}

impl Answer {
    pub fn of(schema: &Schema, batches: &[RecordBatch]) -> Self {
        let schema: Vec<String> = schema
            .fields()
            .iter()
            .map(|field| format!("{field:?}"))
            .collect();
        let rows = batches.iter().flat_map(|batch| {
            (0..batch.num_rows()).map(move |row| {
                let columns = batch.columns().iter();
                columns.map(|column| shown(column.as_ref(), row)).collect()
            })
        });
        Self::Rows {
            schema: schema.join(", "),
            rows: rows.collect(),
        }
    }

    pub fn is_rows(&self) -> bool {
        matches!(self, Self::Rows { .. })
    }

    /// Rows were answered, and none.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Rows { rows, .. } if rows.is_empty())
    }

    /// Whether a value is NaN.
    pub fn shows_nan(&self) -> bool {
        let Self::Rows { rows, .. } = self else {
            return false;
        };
        let nan = |value: &Shown| matches!(value, Shown::Float(value) if value.is_nan());
        rows.iter().flatten().any(nan)
    }

    /// `ok`, or the code of the error.
    pub fn code(&self) -> &str {
        match self {
            Self::Rows { .. } => "ok",
            Self::Refused { code, .. } | Self::Failed { code, .. } => code,
            Self::Panicked(_) => "panic",
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows { schema, rows } => {
                writeln!(f, "{} rows of {schema}", rows.len())?;
                rows.iter()
                    .take(12)
                    .try_for_each(|row| writeln!(f, "    {}", line(row)))
            }
            Self::Refused { code, message } => writeln!(f, "refused, {code}: {message}"),
            Self::Failed { code, message } => writeln!(f, "failed, {code}: {message}"),
            Self::Panicked(message) => writeln!(f, "panicked: {message}"),
        }
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

fn line(row: &[Shown]) -> String {
    row.iter()
        .map(Shown::to_string)
        .collect::<Vec<_>>()
        .join(" | ")
}

/// Two answers, the first rows of each, and the first in which they differ.
pub fn side_by_side(one: &Answer, other: &Answer) -> String {
    let mut text = format!("  {one}  {other}");
    if let (Answer::Rows { rows: one, .. }, Answer::Rows { rows: other, .. }) = (one, other)
        && let Some(at) = one.iter().zip(other).position(|(one, other)| one != other)
    {
        text += &format!(
            "  row {at}: {}   against   {}",
            line(&one[at]),
            line(&other[at])
        );
    }
    text
}

/// Dates and moments by their number: beyond the calendar they have no text.
fn shown(array: &dyn Array, row: usize) -> Shown {
    if array.is_null(row) {
        return Shown::Text("NULL".into());
    }
    Shown::Text(match array.data_type() {
        DataType::Float64 => return Shown::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => format!("{:?}", array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => format!("{:?}", array.as_string::<i64>().value(row)),
        DataType::Utf8View => format!("{:?}", array.as_string_view().value(row)),
        DataType::Decimal128(_, scale) => {
            format!(
                "{}e-{scale}",
                array.as_primitive::<Decimal128Type>().value(row)
            )
        }
        DataType::Date32 => format!("d{}", array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(unit, _) => {
            let (ticks, a_second) = match unit {
                TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().value(row), 1),
                TimeUnit::Millisecond => (
                    array.as_primitive::<TimestampMillisecondType>().value(row),
                    1_000,
                ),
                TimeUnit::Microsecond => (
                    array.as_primitive::<TimestampMicrosecondType>().value(row),
                    1_000_000,
                ),
                TimeUnit::Nanosecond => (
                    array.as_primitive::<TimestampNanosecondType>().value(row),
                    1_000_000_000,
                ),
            };
            format!("t{ticks}/{a_second}")
        }
        DataType::Dictionary(..) => {
            let texts = cast(&array.slice(row, 1), &DataType::Utf8).expect("a dictionary of texts");
            return shown(texts.as_ref(), 0);
        }
        _ => match ScalarValue::try_from_array(array, row) {
            Ok(value) => value.to_string(),
            Err(_) => format!("{:?}", array.slice(row, 1)),
        },
    })
}

/// How closely two answers must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closeness {
    /// Every bit, in the same order, with the same words.
    Identical,
    /// The same rows in the same order, but for the last digits of floats.
    Ordered,
    /// The same rows in any order, but for the last digits of floats.
    Multiset,
    /// Both rows, or the same code.
    Codes,
    /// Not at all.
    Nothing,
}

/// Whether two answers agree; the names and types of columns are only compared if asked for.
pub fn agree(a: &Answer, b: &Answer, closeness: Closeness, schemas: bool) -> bool {
    match closeness {
        Closeness::Identical => return a == b || same_words(a, b),
        Closeness::Nothing => return true,
        _ => {}
    }
    let (
        Answer::Rows {
            schema: left,
            rows: a,
        },
        Answer::Rows {
            schema: right,
            rows: b,
        },
    ) = (a, b)
    else {
        return a.code() == b.code();
    };
    if schemas && left != right {
        return false;
    }
    match closeness {
        Closeness::Identical | Closeness::Codes | Closeness::Nothing => true,
        Closeness::Ordered => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| near(a, b)),
        Closeness::Multiset => a.len() == b.len() && same_multiset(a, b),
    }
}

/// The engine lists the types that do not go together in the order of a hash table, which is another each time.
fn same_words(a: &Answer, b: &Answer) -> bool {
    let message = |answer: &Answer| match answer {
        Answer::Refused { message, .. } | Answer::Failed { message, .. } => Some(message.clone()),
        Answer::Rows { .. } | Answer::Panicked(_) => None,
    };
    let (Some(left), Some(right)) = (message(a), message(b)) else {
        return false;
    };
    if a.code() != "invalid" {
        return false;
    }
    let words = |text: &str| {
        let mut words: Vec<String> = text
            .split([' ', ','])
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        words.sort();
        words
    };
    a.code() == b.code() && words(&left) == words(&right)
}

fn near(a: &[Shown], b: &[Shown]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| match (a, b) {
            (Shown::Float(a), Shown::Float(b)) => {
                a == b
                    || (a.is_nan() && b.is_nan())
                    || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3)
            }
            (a, b) => a == b,
        })
}

fn same_multiset(a: &[Vec<Shown>], b: &[Vec<Shown>]) -> bool {
    let rounded = |row: &Vec<Shown>| -> String {
        row.iter()
            .map(|value| match value {
                Shown::Float(value) if value.is_nan() => "NaN|".to_owned(),
                Shown::Float(value) => format!("{:.5e}|", value + 0.0),
                Shown::Text(text) => format!("{text}|"),
            })
            .collect()
    };
    let (mut left, mut right): (Vec<_>, Vec<_>) = (a.iter().collect(), b.iter().collect());
    left.sort_by_cached_key(|row| rounded(row));
    right.sort_by_cached_key(|row| rounded(row));
    if left.iter().zip(&right).all(|(a, b)| near(a, b)) {
        return true;
    }
    // Two floats on either side of a rounding sort apart: look for each row's partner.
    left.iter().all(|row| {
        let partner = right.iter().position(|other| near(row, other));
        partner.map(|at| right.swap_remove(at)).is_some()
    })
}
