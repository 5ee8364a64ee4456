//! The published synthetic files as Parquet: a CSV file and a Table Schema each table.

mod column;
mod find;
mod format;
mod number;
mod records;
mod schema;
mod table;

use crate::Error;
use std::path::{Path, PathBuf};

/// How to import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// What to do with a value that does not fit its column's type.
    pub on_mismatch: OnMismatch,
}

/// What to do with a value that does not fit its column's type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnMismatch {
    /// Stop, and name the file, the line and the column.
    Error,
    /// Keep the whole column as text, and list it in the report: nothing is lost.
    #[default]
    Text,
}

/// What was imported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// The tables, by name.
    pub tables: Vec<ImportedTable>,
    /// Table Schemas that no CSV file goes with.
    pub schemas_without_data: Vec<PathBuf>,
}

/// One table that was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedTable {
    /// Its name, as the CSV file spells it.
    pub name: String,
    /// The CSV file.
    pub source: PathBuf,
    /// Its rows: all of the file's.
    pub rows: u64,
    /// Columns that the data model does not know; the Table Schema typed them, or they are text.
    pub unknown_columns: Vec<String>,
    /// Columns that were kept as text.
    pub kept_as_text: Vec<KeptAsText>,
}

/// A column whose values do not all fit its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAsText {
    /// Its name.
    pub column: String,
    /// The first line with a value that does not fit.
    pub line: u64,
    /// Why it does not fit.
    pub reason: String,
}

/// Turns every CSV file below `src` into `out/<table>/part-0.parquet`.
///
/// The table is named as the file is. A column has the type that the data model gives it, else its Table Schema's, else
/// text; dates are read by the Table Schema's `format`. Every row is kept, and the order of columns. A separator of
/// comma, semicolon, tab or bar is recognised by the header; a table of one column has none.
///
/// Nothing is lost silently. An empty value, or one of the Table Schema's `missingValues`, is NULL and nothing else is;
/// text is kept as it is. A whole number may be written with zeros after the point (`12.0`); what would lose digits does
/// not fit: a leading zero (`007`, which is a code and no number), more decimals than the column has, a number out of
/// range, a date that the calendar does not have.
///
/// ```
/// use sceau_synth::{ImportOptions, import};
///
/// let (src, out) = (tempfile::tempdir()?, tempfile::tempdir()?);
/// std::fs::write(src.path().join("IR_SEX_V.csv"), "BEN_SEX_COD;BEN_SEX_LIB\n1;MASCULIN\n2;FEMININ\n")?;
/// let report = import(&ImportOptions::default(), src.path(), out.path())?;
/// assert_eq!((report.tables[0].name.as_str(), report.tables[0].rows), ("IR_SEX_V", 2));
/// assert!(out.path().join("IR_SEX_V").join("part-0.parquet").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If a file is no table, two files have one name, or a file cannot be written; and if a value does not fit, under
/// [`OnMismatch::Error`]. Tables before the one at fault are complete, of that one nothing is left.
pub fn import(options: &ImportOptions, src: &Path, out: &Path) -> Result<ImportReport, Error> {
    let found = find::find(src)?;
    let mut report = ImportReport {
        schemas_without_data: found.schemas_without_data,
        ..ImportReport::default()
    };
    for source in found.tables {
        report.tables.push(table::import(options, &source, out)?);
    }
    Ok(report)
}
