use std::io::Write;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Value, json};

use super::WriteError;
use crate::release::Release;

impl Release {
    /// Writes the table as one object, `{"columns":[…],"rows":[[…]]}`, on one line.
    ///
    /// Numbers are written as they are, of any size; what JSON has no word for is text.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn write_json(&self, mut out: impl Write) -> Result<(), WriteError> {
        let body = json_columns_and_rows(self.schema(), self.batches())?;
        writeln!(out, "{{{body}}}")?;
        Ok(())
    }

    /// Writes the table as JSON lines: an object a row, its members the columns. This is what is read a row at a time, as by DuckDB,
    /// pandas or a log.
    ///
    /// # Errors
    /// When two columns have the same name, or `out` takes no more.
    pub fn write_json_lines(&self, mut out: impl Write) -> Result<(), WriteError> {
        let fields = self.schema().fields();
        for (at, field) in fields.iter().enumerate() {
            if fields[..at]
                .iter()
                .any(|before| before.name() == field.name())
            {
                return Err(WriteError::Column {
                    column: field.name().clone(),
                    format: "JSON lines",
                    reason: "two columns have this name: rename one with AS",
                });
            }
        }
        let names: Vec<String> = fields
            .iter()
            .map(|field| Value::from(field.name().as_str()).to_string())
            .collect();
        let options = FormatOptions::default();
        for batch in self.batches() {
            let formatters = formatters(batch, &options).map_err(failed)?;
            for row in 0..batch.num_rows() {
                write!(out, "{{")?;
                for (at, (column, formatter)) in batch.columns().iter().zip(&formatters).enumerate()
                {
                    let comma = if at > 0 { "," } else { "" };
                    let value = json_value(column.as_ref(), row, formatter);
                    write!(out, "{comma}{}:{value}", names[at])?;
                }
                writeln!(out, "}}")?;
            }
        }
        Ok(())
    }
}

/// The members `"columns":[…],"rows":[[…]]` of a JSON object: for an answer that is said together with something else.
///
/// ```
/// # use std::sync::Arc;
/// # use arrow::array::{Int64Array, RecordBatch};
/// let cells = RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(vec![12, 30])) as _)])?;
/// let members = sceau_kanon::json_columns_and_rows(&cells.schema(), &[cells])?;
/// assert_eq!(format!("{{{members},\"withheld\":1}}"), r#"{"columns":["n"],"rows":[[12],[30]],"withheld":1}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a column has a type that cannot be shown.
pub fn json_columns_and_rows(
    schema: &Schema,
    batches: &[RecordBatch],
) -> Result<String, WriteError> {
    let columns: Vec<Value> = schema
        .fields()
        .iter()
        .map(|field| json!(field.name()))
        .collect();
    let mut text = format!("\"columns\":{},\"rows\":[", Value::Array(columns));
    let options = FormatOptions::default();
    let mut first_row = true;
    for batch in batches {
        let formatters = formatters(batch, &options).map_err(failed)?;
        for row in 0..batch.num_rows() {
            text.push_str(if first_row { "[" } else { ",[" });
            first_row = false;
            for (at, (column, formatter)) in batch.columns().iter().zip(&formatters).enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&json_value(column.as_ref(), row, formatter));
            }
            text.push(']');
        }
    }
    text.push(']');
    Ok(text)
}

/// One value as JSON.
pub(in crate::release) fn json_value(
    column: &dyn Array,
    row: usize,
    formatter: &ArrayFormatter<'_>,
) -> String {
    let data_type = column.data_type();
    if column.is_null(row) || data_type == &DataType::Null {
        return "null".to_owned();
    }
    let shown = formatter.value(row).to_string();
    let is_number = data_type.is_integer()
        || data_type.is_floating()
        || matches!(
            data_type,
            DataType::Decimal32(..)
                | DataType::Decimal64(..)
                | DataType::Decimal128(..)
                | DataType::Decimal256(..)
        );
    let plain = data_type == &DataType::Boolean
        || (is_number && serde_json::from_str::<serde_json::Number>(&shown).is_ok());
    if plain {
        shown
    } else {
        json!(shown).to_string()
    }
}

fn formatters<'a>(
    batch: &'a RecordBatch,
    options: &'a FormatOptions<'a>,
) -> Result<Vec<ArrayFormatter<'a>>, ArrowError> {
    batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), options))
        .collect()
}

fn failed(error: ArrowError) -> WriteError {
    WriteError::format("JSON", &error)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};

    use super::*;
    use crate::release::cells::tests::release;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), WriteError>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("JSON");
        String::from_utf8(out).expect("UTF-8")
    }

    fn table() -> Release {
        let keys: ArrayRef = Arc::new(StringArray::from(vec![Some("a\"b"), None]));
        let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
        let means: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN, 0.1]));
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![Some(i64::MAX), None]));
        release(
            vec![
                ("the \"key\"", keys),
                ("flag", flags),
                ("mean", means),
                ("n", counts),
            ],
            None,
        )
    }

    #[test]
    fn one_object_has_columns_and_rows() {
        assert_eq!(
            written(|out| table().write_json(out)),
            "{\"columns\":[\"the \\\"key\\\"\",\"flag\",\"mean\",\"n\"],\"rows\":[[\"a\\\"b\",true,\"NaN\",9223372036854775807],[null,false,0.1,null]]}\n"
        );
    }

    #[test]
    fn a_line_is_an_object_and_says_what_is_null() {
        let lines = written(|out| table().write_json_lines(out));
        let read: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(read[0]["n"], json!(i64::MAX));
        assert_eq!(
            read[1],
            json!({"the \"key\"": null, "flag": false, "mean": 0.1, "n": null})
        );
    }

    #[test]
    fn two_columns_of_one_name_are_no_object() {
        let one: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let twice = release(vec![("n", Arc::clone(&one)), ("n", one)], None);
        let error = twice.write_json_lines(&mut Vec::new()).expect_err("twice");
        assert!(
            error
                .to_string()
                .starts_with("column n cannot be written as JSON lines"),
            "{error}"
        );
        assert!(written(|out| twice.write_json(out)).contains("[\"n\",\"n\"]"));
    }
}
