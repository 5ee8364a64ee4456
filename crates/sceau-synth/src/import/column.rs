//! One column of a table: its type, and how its values are read.

use super::format::Format;
use super::number;
use super::schema::{SchemaKind, TableSchema};
use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder,
    Int16Builder, Int32Builder, Int64Builder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Field, TimeUnit};
use chrono::{NaiveDate, NaiveDateTime};
use sceau_core::snds::{KEPT_AS_TEXT, TableModel};
use std::collections::HashMap;

/// A column, with the values read since the last [`Column::take`].
pub(super) struct Column {
    pub(super) name: String,
    /// Whether the data model knows it.
    pub(super) known: bool,
    kind: Kind,
    values: Values,
    /// The model's type, if the column is kept as text because some value does not fit it.
    misfit: Option<DataType>,
}

/// What a value has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Text,
    Integer(u32),
    Decimal(u8, i8),
    Float,
    Date(Vec<Format>),
    Seconds(Vec<Format>),
    /// 0 or 1, as an `Int16`, or one of the words for them.
    Flag {
        yes: Vec<String>,
        no: Vec<String>,
    },
    Boolean {
        yes: Vec<String>,
        no: Vec<String>,
    },
}

enum Value<'v> {
    Text(&'v str),
    Integer(i64),
    Decimal(i128),
    Float(f64),
    Boolean(bool),
}

enum Values {
    Text(StringBuilder),
    I16(Int16Builder),
    I32(Int32Builder),
    I64(Int64Builder),
    Decimal(Decimal128Builder),
    Float(Float64Builder),
    Date(Date32Builder),
    Seconds(TimestampMillisecondBuilder),
    Boolean(BooleanBuilder),
}

impl Column {
    /// The column of a header: typed by the data model, else by the Table Schema, else text.
    pub(super) fn new(
        name: &str,
        model: Option<&TableModel>,
        schema: Option<&TableSchema>,
    ) -> Self {
        let known = model.and_then(|model| model.column(name));
        let described = schema
            .and_then(|schema| schema.field(name))
            .map(|field| &field.kind);
        let kind = match known.and_then(|column| column.data_type.as_ref()) {
            Some(data_type) => Kind::of_model(data_type, described),
            None => described.map_or(Kind::Text, Kind::of_schema),
        };
        let name = known.map_or_else(|| name.to_owned(), |column| column.name.clone());
        let values = Values::new(&kind);
        Self {
            name,
            known: known.is_some(),
            kind,
            values,
            misfit: None,
        }
    }

    /// From now on any text fits.
    pub(super) fn keep_as_text(&mut self) {
        if self.known {
            let stored = self.field().data_type().clone();
            self.misfit = Some(match stored {
                // As the data model has it.
                DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Second, zone),
                stored => stored,
            });
        }
        self.kind = Kind::Text;
        self.values = Values::new(&self.kind);
    }

    /// Of the column in the Parquet file, where any value may be missing.
    pub(super) fn field(&self) -> Field {
        let data_type = match &self.kind {
            Kind::Text => DataType::Utf8,
            Kind::Integer(16) | Kind::Flag { .. } => DataType::Int16,
            Kind::Integer(32) => DataType::Int32,
            Kind::Integer(_) => DataType::Int64,
            Kind::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
            Kind::Float => DataType::Float64,
            Kind::Date(_) => DataType::Date32,
            // Parquet has no moments in seconds: others would read plain numbers.
            Kind::Seconds(_) => DataType::Timestamp(TimeUnit::Millisecond, None),
            Kind::Boolean { .. } => DataType::Boolean,
        };
        let field = Field::new(&self.name, data_type, true);
        match &self.misfit {
            // Whoever registers the table can tell a column that was kept as text from one that is another.
            Some(expected) => field.with_metadata(HashMap::from([(
                KEPT_AS_TEXT.to_owned(),
                expected.to_string(),
            )])),
            None => field,
        }
    }

    /// Whether the value fits; why not, otherwise.
    pub(super) fn check(&self, value: &str) -> Result<(), &'static str> {
        self.kind.read(value).map(|_| ())
    }

    /// Adds a value that fits; `None` is NULL.
    pub(super) fn add(&mut self, value: Option<&str>) -> Result<(), &'static str> {
        let value = value.map(|value| self.kind.read(value)).transpose()?;
        self.values.add(value)
    }

    /// The values added since last time.
    pub(super) fn take(&mut self) -> ArrayRef {
        self.values.take()
    }
}

impl Kind {
    fn of_model(data_type: &DataType, described: Option<&SchemaKind>) -> Self {
        match data_type {
            DataType::Int16 => match described {
                Some(SchemaKind::Boolean { yes, no }) => Self::Flag {
                    yes: yes.clone(),
                    no: no.clone(),
                },
                _ => Self::Integer(16),
            },
            DataType::Int32 => Self::Integer(32),
            DataType::Int64 => Self::Integer(64),
            DataType::Decimal128(precision, scale) => Self::Decimal(*precision, *scale),
            DataType::Float64 => Self::Float,
            DataType::Date32 => Self::Date(formats(described, &["%Y-%m-%d"])),
            DataType::Timestamp(TimeUnit::Second, None) => Self::Seconds(formats(
                described,
                &["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"],
            )),
            _ => Self::Text,
        }
    }

    fn of_schema(described: &SchemaKind) -> Self {
        match described {
            SchemaKind::Integer => Self::Integer(64),
            SchemaKind::Year => Self::Integer(16),
            SchemaKind::Number => Self::Float,
            SchemaKind::Boolean { yes, no } => Self::Boolean {
                yes: yes.clone(),
                no: no.clone(),
            },
            SchemaKind::Date(format) if format.is_whole_date() => Self::Date(vec![format.clone()]),
            SchemaKind::Seconds(format) => Self::Seconds(vec![format.clone()]),
            SchemaKind::Date(_) | SchemaKind::Text => Self::Text,
        }
    }

    fn read<'v>(&self, value: &'v str) -> Result<Value<'v>, &'static str> {
        Ok(match self {
            Self::Text => Value::Text(value),
            Self::Integer(bits) => Value::Integer(number::integer(value, *bits)?),
            Self::Decimal(precision, scale) => {
                Value::Decimal(number::decimal(value, *precision, *scale)?)
            }
            Self::Float => Value::Float(number::float(value)?),
            Self::Date(formats) => {
                let date = formats.iter().find_map(|format| {
                    let second = format.seconds(value)?;
                    (second.time() == chrono::NaiveTime::MIN).then(|| second.date())
                });
                Value::Integer(days(
                    date.ok_or("no date of the calendar in the column's format")?,
                ))
            }
            Self::Seconds(formats) => {
                let second = formats.iter().find_map(|format| format.seconds(value));
                let second: NaiveDateTime = second.ok_or("no time in the column's format")?;
                Value::Integer(second.and_utc().timestamp())
            }
            Self::Flag { yes, no } => match number::integer(value, 16) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Integer(i64::from(truth(value, yes, no)?)),
            },
            Self::Boolean { yes, no } => Value::Boolean(truth(value, yes, no)?),
        })
    }
}

impl Values {
    fn new(kind: &Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Integer(16) | Kind::Flag { .. } => Self::I16(Int16Builder::new()),
            Kind::Integer(32) => Self::I32(Int32Builder::new()),
            Kind::Integer(_) => Self::I64(Int64Builder::new()),
            Kind::Decimal(precision, scale) => Self::Decimal(
                Decimal128Builder::new().with_data_type(DataType::Decimal128(*precision, *scale)),
            ),
            Kind::Float => Self::Float(Float64Builder::new()),
            Kind::Date(_) => Self::Date(Date32Builder::new()),
            Kind::Seconds(_) => Self::Seconds(TimestampMillisecondBuilder::new()),
            Kind::Boolean { .. } => Self::Boolean(BooleanBuilder::new()),
        }
    }

    fn add(&mut self, value: Option<Value<'_>>) -> Result<(), &'static str> {
        const RANGE: &str = "out of range";
        match (self, value) {
            (Self::Text(values), Some(Value::Text(text))) => values.append_value(text),
            (Self::I16(values), Some(Value::Integer(number))) => {
                values.append_value(i16::try_from(number).map_err(|_| RANGE)?);
            }
            (Self::I32(values), Some(Value::Integer(number))) => {
                values.append_value(i32::try_from(number).map_err(|_| RANGE)?);
            }
            (Self::I64(values), Some(Value::Integer(number))) => values.append_value(number),
            (Self::Date(values), Some(Value::Integer(number))) => {
                values.append_value(i32::try_from(number).map_err(|_| RANGE)?);
            }
            (Self::Seconds(values), Some(Value::Integer(number))) => {
                values.append_value(number.checked_mul(1_000).ok_or(RANGE)?);
            }
            (Self::Decimal(values), Some(Value::Decimal(number))) => values.append_value(number),
            (Self::Float(values), Some(Value::Float(number))) => values.append_value(number),
            (Self::Boolean(values), Some(Value::Boolean(truth))) => values.append_value(truth),
            (Self::Text(values), _) => values.append_null(),
            (Self::I16(values), _) => values.append_null(),
            (Self::I32(values), _) => values.append_null(),
            (Self::I64(values), _) => values.append_null(),
            (Self::Decimal(values), _) => values.append_null(),
            (Self::Float(values), _) => values.append_null(),
            (Self::Date(values), _) => values.append_null(),
            (Self::Seconds(values), _) => values.append_null(),
            (Self::Boolean(values), _) => values.append_null(),
        }
        Ok(())
    }

    fn take(&mut self) -> ArrayRef {
        match self {
            Self::Text(values) => ArrayBuilder::finish(values),
            Self::I16(values) => ArrayBuilder::finish(values),
            Self::I32(values) => ArrayBuilder::finish(values),
            Self::I64(values) => ArrayBuilder::finish(values),
            Self::Decimal(values) => ArrayBuilder::finish(values),
            Self::Float(values) => ArrayBuilder::finish(values),
            Self::Date(values) => ArrayBuilder::finish(values),
            Self::Seconds(values) => ArrayBuilder::finish(values),
            Self::Boolean(values) => ArrayBuilder::finish(values),
        }
    }
}

/// The Table Schema's format, or the usual ones.
fn formats(described: Option<&SchemaKind>, usual: &[&str]) -> Vec<Format> {
    match described {
        Some(SchemaKind::Date(format) | SchemaKind::Seconds(format)) => vec![format.clone()],
        _ => usual
            .iter()
            .filter_map(|pattern| Format::new(pattern).ok())
            .collect(),
    }
}

/// One of the words for yes and no; a word that stands for both says nothing.
fn truth(value: &str, yes: &[String], no: &[String]) -> Result<bool, &'static str> {
    let is = |words: &[String]| words.iter().any(|word| word == value);
    match (is(yes), is(no)) {
        (true, false) => Ok(true),
        (false, true) => Ok(false),
        _ => Err("neither of the words for yes and no"),
    }
}

/// Days since 1970-01-01.
fn days(date: NaiveDate) -> i64 {
    (date - NaiveDate::default()).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::util::display::array_value_to_string;
    use sceau_core::snds;

    /// What values of a column become, NULL being empty.
    fn read(column: &mut Column, values: &[Option<&str>]) -> Vec<String> {
        for value in values {
            column.add(*value).unwrap();
        }
        let array = column.take();
        (0..array.len())
            .map(|row| array_value_to_string(&array, row).unwrap())
            .collect()
    }

    #[test]
    fn a_column_has_the_type_of_the_data_model_and_its_spelling() {
        let model = snds::table("ER_PRS_F").unwrap();
        for (name, spelled, data_type) in [
            ("ben_nir_psa", "BEN_NIR_PSA", DataType::Utf8),
            ("PRS_PAI_MNT", "PRS_PAI_MNT", DataType::Decimal128(6, 2)),
            ("EXE_SOI_DTD", "EXE_SOI_DTD", DataType::Date32),
            ("IJR_EMP_NUM", "IJR_EMP_NUM", DataType::Int64),
        ] {
            let column = Column::new(name, Some(&model), None);
            assert!(column.known);
            assert_eq!(column.field(), Field::new(spelled, data_type, true));
        }
        let unknown = Column::new("mine", Some(&model), None);
        assert_eq!(
            (unknown.known, unknown.field().data_type().clone()),
            (false, DataType::Utf8)
        );
    }

    #[test]
    fn missing_values_are_null_and_others_what_they_say() {
        let model = snds::table("T_MCOaaC").unwrap();
        let mut column = Column::new("EXE_SOI_DTD", Some(&model), None);
        assert_eq!(
            read(&mut column, &[Some("2019-06-28 00:00:01"), None]),
            ["2019-06-28T00:00:01", ""]
        );
        let mut text = Column::new("ENT_DAT", Some(&model), None);
        assert_eq!(
            read(&mut text, &[Some("01061999"), Some(" x ")]),
            ["01061999", " x "]
        );
    }

    #[test]
    fn a_flag_is_its_number_or_the_word_that_stands_for_it() {
        let words = |word: &str| vec![word.to_owned()];
        let schema = SchemaKind::Boolean {
            yes: words("O"),
            no: words("N"),
        };
        let kind = Kind::of_model(&DataType::Int16, Some(&schema));
        let read = |value| match kind.read(value) {
            Ok(Value::Integer(number)) => Some(number),
            _ => None,
        };
        assert_eq!(
            [read("O"), read("N"), read("1"), read("9"), read("x")],
            [Some(1), Some(0), Some(1), Some(9), None]
        );
        assert!(truth("0", &words("0"), &words("0")).is_err());
    }

    #[test]
    fn a_column_kept_as_text_takes_anything() {
        let model = snds::table("ER_PRS_F").unwrap();
        let mut column = Column::new("RGM_COD", Some(&model), None);
        assert_eq!(column.check("MB1"), Err("no whole number"));
        column.keep_as_text();
        assert_eq!(
            read(&mut column, &[Some("MB1"), Some("007")]),
            ["MB1", "007"]
        );
    }
}
