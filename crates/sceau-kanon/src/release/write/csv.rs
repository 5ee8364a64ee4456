use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::csv::WriterBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::WriteError;
use crate::release::Release;

/// How a release is written as comma-separated values.
///
/// ```no_run
/// # fn save(release: sceau_kanon::Release) -> Result<(), Box<dyn std::error::Error>> {
/// use sceau_kanon::CsvOptions;
///
/// let french = CsvOptions::default().separator(b';').withheld("*");
/// release.write_csv_with(std::fs::File::create("stays.csv")?, &french)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct CsvOptions {
    separator: u8,
    formulas: Formulas,
    withheld: Option<String>,
}

/// What is done about texts that a spreadsheet would compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formulas {
    /// An apostrophe goes before a text, or a heading, that begins with `=`, `+`, `-`, `@`, a tab or a carriage return, so that
    /// a spreadsheet shows it. Numbers stay as they are.
    Defuse,
    /// Texts are written as they are: for programs that read them.
    Keep,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            separator: b',',
            formulas: Formulas::Defuse,
            withheld: None,
        }
    }
}

impl CsvOptions {
    /// What stands between two values; `,` if not set. Spreadsheets of some countries expect `;`.
    pub fn separator(mut self, separator: u8) -> Self {
        self.separator = separator;
        self
    }

    /// What is done about formulas; [`Formulas::Defuse`] if not set.
    pub fn formulas(mut self, formulas: Formulas) -> Self {
        self.formulas = formulas;
        self
    }

    /// What stands for a measure that is not there: that of a withheld cell whose key is shown, and one that is made of
    /// nobody, which look the same. If not set, as the permit's preset has it (`*`, `[REDACTED]`), else nothing.
    pub fn withheld(mut self, mark: impl Into<String>) -> Self {
        self.withheld = Some(mark.into());
        self
    }
}

impl Release {
    /// Writes the table as comma-separated values with a heading, values quoted where they must be (RFC 4180).
    ///
    /// # Errors
    /// When `out` takes no more.
    ///
    /// ```no_run
    /// # fn save(release: sceau_kanon::Release) -> Result<(), Box<dyn std::error::Error>> {
    /// release.write_csv(std::fs::File::create("stays.csv")?)?;
    /// # Ok(()) }
    /// ```
    pub fn write_csv(&self, out: impl Write) -> Result<(), WriteError> {
        self.write_csv_with(out, &CsvOptions::default())
    }

    /// The same, otherwise.
    ///
    /// # Errors
    /// As [`write_csv`](Self::write_csv).
    pub fn write_csv_with(&self, out: impl Write, options: &CsvOptions) -> Result<(), WriteError> {
        let fields: Vec<Field> = self
            .schema()
            .fields()
            .iter()
            .map(|field| Field::new(defused(field.name(), options), DataType::Utf8, true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let failed = |error| WriteError::format("CSV", &error);
        let mut writer = WriterBuilder::new()
            .with_delimiter(options.separator)
            .build(out);
        // A table of no rows has a heading too.
        writer
            .write(&RecordBatch::new_empty(Arc::clone(&schema)))
            .map_err(failed)?;
        let mark = options.withheld.as_deref().or(self.mark());
        for batch in self.batches() {
            let columns = batch
                .columns()
                .iter()
                .zip(self.measures())
                .map(|(column, measure)| texts(column, mark.filter(|_| *measure), options))
                .collect::<Result<_, _>>()
                .map_err(failed)?;
            let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(failed)?;
            writer.write(&batch).map_err(failed)?;
        }
        Ok(())
    }
}

fn texts(
    column: &ArrayRef,
    missing: Option<&str>,
    options: &CsvOptions,
) -> Result<ArrayRef, arrow::error::ArrowError> {
    let format = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &format)?;
    let is_text = matches!(
        column.data_type(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    );
    let texts: StringArray = (0..column.len())
        .map(|row| {
            if column.is_null(row) {
                return missing.map(str::to_owned);
            }
            let text = formatter.value(row).to_string();
            Some(if is_text {
                defused(&text, options)
            } else {
                text
            })
        })
        .collect();
    Ok(Arc::new(texts))
}

/// A text that no spreadsheet computes. The wide forms of the four signs are read as the signs by some.
fn defused(text: &str, options: &CsvOptions) -> String {
    const STARTS: [char; 10] = [
        '=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    if options.formulas == Formulas::Defuse && text.starts_with(STARTS) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Decimal128Array, Float64Array, Int64Array};

    use super::*;
    use crate::release::cells::tests::release;

    fn csv(release: &Release, options: &CsvOptions) -> String {
        let mut out = Vec::new();
        release.write_csv_with(&mut out, options).expect("csv");
        String::from_utf8(out).expect("UTF-8")
    }

    fn texts(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(values.iter().copied().collect::<StringArray>())
    }

    #[test]
    fn what_would_be_read_as_something_else_is_quoted() {
        let keys = texts(&[
            Some("a,b"),
            Some("say \"no\""),
            Some("two\nlines"),
            Some("é ß"),
        ]);
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![11, 12, 13, 14]));
        let release = release(vec![("the key, quoted", keys), ("n", counts)], None);
        assert_eq!(
            csv(&release, &CsvOptions::default()),
            "\"the key, quoted\",n\n\"a,b\",11\n\"say \"\"no\"\"\",12\n\"two\nlines\",13\né ß,14\n"
        );
        let semicolons = csv(&release, &CsvOptions::default().separator(b';'));
        assert!(
            semicolons.starts_with("the key, quoted;n\na,b;11\n"),
            "{semicolons}"
        );
    }

    #[test]
    fn no_text_is_a_formula_and_numbers_stay_numbers() {
        let keys = texts(&[
            Some("=1+1"),
            Some("+33"),
            Some("-2"),
            Some("@SUM(A1)"),
            Some("\t=1"),
            Some("\u{ff1d}1"),
            Some("a=1"),
        ]);
        let sums: ArrayRef = Arc::new(Float64Array::from(vec![-1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]));
        let release = release(vec![("=cmd", keys), ("total", sums)], None);
        let defused = csv(&release, &CsvOptions::default());
        assert_eq!(
            defused,
            "'=cmd,total\n'=1+1,-1.5\n'+33,2.0\n'-2,3.0\n'@SUM(A1),4.0\n'\t=1,5.0\n'\u{ff1d}1,6.0\na=1,7.0\n"
        );
        let kept = csv(&release, &CsvOptions::default().formulas(Formulas::Keep));
        assert!(kept.contains("\n=1+1,-1.5\n"), "{kept}");
    }

    #[test]
    fn a_mark_stands_for_a_measure_and_never_for_a_key() {
        let keys = texts(&[None, Some("75")]);
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![Some(12), None]));
        let release = release(vec![("dep", keys), ("n", counts)], Some("*"));
        assert_eq!(csv(&release, &CsvOptions::default()), "dep,n\n,12\n75,*\n");
        let other = CsvOptions::default().withheld("[REDACTED]");
        assert_eq!(csv(&release, &other), "dep,n\n,12\n75,[REDACTED]\n");
    }

    #[test]
    fn a_table_of_no_rows_has_its_heading_and_a_decimal_its_digits() {
        let none: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
        let empty = release(vec![("dep", texts(&[])), ("n", none)], None);
        assert_eq!(csv(&empty, &CsvOptions::default()), "dep,n\n");
        let decimals = Decimal128Array::from(vec![-123_456])
            .with_precision_and_scale(38, 2)
            .expect("decimals");
        let sums = release(vec![("total", Arc::new(decimals))], None);
        assert_eq!(csv(&sums, &CsvOptions::default()), "total\n-1234.56\n");
    }
}
