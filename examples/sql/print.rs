use std::io::{self, Write};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches_with_schema;
use serde_json::{Value, json};

use crate::Format;
use crate::ask::{Answer, Refused};

/// One answer, in the format asked for. A report goes with a table to read and into JSON; beside CSV it goes to standard
/// error, so that the data stay data.
pub fn one(
    out: &mut impl Write,
    answer: &Answer,
    format: Format,
    with_report: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let report = answer.report.as_ref().filter(|_| with_report);
    match format {
        Format::Table => {
            let table = pretty_format_batches_with_schema(answer.schema.clone(), &answer.batches)?;
            writeln!(out, "{table}")?;
            if let Some(report) = report {
                writeln!(out, "{report}")?;
            }
        }
        Format::Csv => {
            let mut writer = arrow::csv::Writer::new(&mut *out);
            writer.write(&RecordBatch::new_empty(answer.schema.clone()))?;
            for batch in &answer.batches {
                writer.write(batch)?;
            }
            if let Some(report) = report {
                eprintln!("{report}");
            }
        }
        Format::Json => writeln!(out, "{{{}}}", body(answer, with_report)?)?,
    }
    Ok(())
}

/// A refusal as a line of JSON.
pub fn refusal(out: &mut impl Write, refused: &Refused) -> io::Result<()> {
    writeln!(out, "{{\"error\":{}}}", error(refused))
}

/// One answer or refusal as a line of JSON.
pub fn line(
    out: &mut impl Write,
    n: usize,
    answer: &Result<Answer, Refused>,
    with_report: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let body = match answer {
        Err(refused) => format!("\"error\":{}", error(refused)),
        Ok(answer) => match body(answer, with_report) {
            Ok(body) => body,
            Err(problem) => {
                let problem = json!({ "code": "internal", "message": problem.to_string() });
                format!("\"error\":{problem}")
            }
        },
    };
    writeln!(out, "{{\"n\":{n},{body}}}")?;
    Ok(())
}

fn error(refused: &Refused) -> Value {
    json!({ "code": refused.code, "message": refused.message })
}

/// The members of an answer: columns, rows and, of a release, what was withheld.
fn body(answer: &Answer, with_report: bool) -> Result<String, Box<dyn std::error::Error>> {
    let mut body = columns_and_rows(answer)?;
    if let Some(report) = &answer.report {
        body.push_str(&format!(",\"withheld\":{}", report.withheld));
        if with_report {
            body.push_str(&format!(",\"report\":{}", serde_json::to_string(report)?));
        }
    }
    Ok(body)
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
