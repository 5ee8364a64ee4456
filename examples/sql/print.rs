use std::io::{self, Write};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches_with_schema;
use serde_json::{Value, json};

use crate::Format;
use crate::ask::{Answer, Refused};

/// One answer, in the format asked for.
pub fn one(
    out: &mut impl Write,
    answer: &Answer,
    format: Format,
) -> Result<(), Box<dyn std::error::Error>> {
    match format {
        Format::Table => {
            let table = pretty_format_batches_with_schema(answer.schema.clone(), &answer.batches)?;
            writeln!(out, "{table}")?;
        }
        Format::Csv => {
            let mut writer = arrow::csv::Writer::new(&mut *out);
            writer.write(&RecordBatch::new_empty(answer.schema.clone()))?;
            for batch in &answer.batches {
                writer.write(batch)?;
            }
        }
        Format::Json => writeln!(out, "{{{}}}", columns_and_rows(answer)?)?,
    }
    Ok(())
}

/// The report of a release, in words.
pub fn report(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    match &answer.report {
        Some(report) => writeln!(out, "{report}"),
        None => Ok(()),
    }
}

/// One answer or refusal as a line of JSON.
pub fn line(
    out: &mut impl Write,
    n: usize,
    answer: &Result<Answer, Refused>,
    with_report: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let refused = |refused: &Refused| json!({ "code": refused.code, "message": refused.message });
    let body = match answer {
        Err(error) => format!("\"error\":{}", refused(error)),
        Ok(answer) => match columns_and_rows(answer) {
            Ok(mut body) => {
                if let Some(report) = &answer.report {
                    body.push_str(&format!(",\"withheld\":{}", report.withheld));
                    if with_report {
                        body.push_str(&format!(",\"report\":{}", serde_json::to_string(report)?));
                    }
                }
                body
            }
            Err(error) => format!(
                "\"error\":{}",
                json!({ "code": "internal", "message": error.to_string() })
            ),
        },
    };
    writeln!(out, "{{\"n\":{n},{body}}}")?;
    Ok(())
}

/// `"columns":[…],"rows":[[…]]`. Numbers are written as they are, of any size; what JSON has no word for is text.
fn columns_and_rows(answer: &Answer) -> Result<String, ArrowError> {
    let columns: Vec<Value> = answer
        .schema
        .fields()
        .iter()
        .map(|field| json!(field.name()))
        .collect();
    let mut text = format!("\"columns\":{},\"rows\":[", Value::Array(columns));
    let options = FormatOptions::default();
    let mut first_row = true;
    for batch in &answer.batches {
        let formatters = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            text.push_str(if first_row { "[" } else { ",[" });
            first_row = false;
            for (at, (column, formatter)) in batch.columns().iter().zip(&formatters).enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&value(column.as_ref(), row, || {
                    formatter.value(row).to_string()
                }));
            }
            text.push(']');
        }
    }
    text.push(']');
    Ok(text)
}

fn value(column: &dyn Array, row: usize, shown: impl Fn() -> String) -> String {
    if column.is_null(row) || column.data_type() == &DataType::Null {
        return "null".to_owned();
    }
    let shown = shown();
    let data_type = column.data_type();
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
