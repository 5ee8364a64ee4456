use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches_with_schema;
use sceau::json_columns_and_rows;
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
    let report = answer
        .released()
        .filter(|_| with_report)
        .map(|(release, _)| release.report());
    match format {
        Format::Table => {
            let (schema, batches) = (answer.schema().clone(), answer.batches());
            writeln!(
                out,
                "{}",
                pretty_format_batches_with_schema(schema, batches)?
            )?;
            if let Some(report) = report {
                writeln!(out, "{report}")?;
            }
        }
        Format::Csv => {
            match answer.released() {
                Some((release, _)) => release.write_csv(&mut *out)?,
                None => {
                    let mut writer = arrow::csv::Writer::new(&mut *out);
                    writer.write(&RecordBatch::new_empty(answer.schema().clone()))?;
                    for batch in answer.batches() {
                        writer.write(batch)?;
                    }
                }
            }
            if let Some(report) = report {
                eprintln!("{report}");
            }
        }
        Format::Json => writeln!(out, "{{{}}}", body(answer, with_report)?)?,
        // The table is in a file.
        Format::Parquet => {
            if let Some(report) = report {
                eprintln!("{report}");
            }
        }
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
    let mut body = json_columns_and_rows(answer.schema(), answer.batches())?;
    if let Some((release, _)) = answer.released() {
        let report = release.report();
        body.push_str(&format!(",\"withheld\":{}", report.withheld));
        if with_report {
            body.push_str(&format!(",\"report\":{}", serde_json::to_string(report)?));
        }
    }
    Ok(body)
}
