//! One CSV file into one Parquet file.

use super::column::Column;
use super::find::Source;
use super::records::{Problem, Record, Records};
use super::{ImportOptions, ImportedTable, KeptAsText, OnMismatch};
use crate::Error;
use crate::parquet_file::{ParquetFile, properties};
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use sceau_core::snds;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows collected before they are written.
const BATCH_ROWS: usize = 8_192;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

pub(super) fn import(
    options: &ImportOptions,
    source: &Source,
    out: &Path,
) -> Result<ImportedTable, Error> {
    let mut table = Table::open(source)?;
    let kept_as_text = match options.on_mismatch {
        OnMismatch::Error => Vec::new(),
        OnMismatch::Text => table.find_mismatches()?,
    };
    let folder = Folder::make(out.join(&source.name))?;
    let rows = table.write(&folder.path.join("part-0.parquet"))?;
    folder.keep();
    let unknown = table.columns.iter().filter(|column| !column.known);
    Ok(ImportedTable {
        name: source.name.clone(),
        source: source.csv.clone(),
        rows,
        unknown_columns: unknown.map(|column| column.name.clone()).collect(),
        kept_as_text,
    })
}

struct Table<'s> {
    source: &'s Source,
    delimiter: Option<u8>,
    columns: Vec<Column>,
}

impl<'s> Table<'s> {
    /// Reads the header.
    fn open(source: &'s Source) -> Result<Self, Error> {
        let model = snds::table(&source.name);
        let schema = source.schema.as_ref();
        let mut best: Option<(usize, u8, Vec<String>)> = None;
        let mut failure = None;
        for delimiter in DELIMITERS {
            let names = match header(&source.csv, Some(delimiter)) {
                Ok(names) => names,
                // Between quoted names any other delimiter is an error: this one is not the file's.
                Err(error) => {
                    failure.get_or_insert(error);
                    continue;
                }
            };
            let columns = names
                .iter()
                .map(|name| Column::new(name, model.as_deref(), schema));
            let known = columns.filter(|column| column.known).count();
            let described = names
                .iter()
                .filter(|name| schema.is_some_and(|schema| schema.field(name).is_some()));
            // The right one gives the most columns that someone knows, then the most columns.
            let score = 1_000_000 * (known + described.count()) + names.len();
            if best.as_ref().is_none_or(|(best, _, _)| score > *best) {
                best = Some((score, delimiter, names));
            }
        }
        let (delimiter, names) = match (best, failure) {
            // One column needs no delimiter, and its values may hold any of them.
            (Some((_, delimiter, names)), _) => ((names.len() > 1).then_some(delimiter), names),
            (None, Some(error)) => return Err(error),
            (None, None) => unreachable!("each delimiter gives names or an error"),
        };
        let mut seen = std::collections::HashSet::new();
        for name in &names {
            if name.is_empty() || !seen.insert(name.to_lowercase()) {
                let reason = match name.as_str() {
                    "" => "a column has no name".to_owned(),
                    _ => format!("two columns are named {name}"),
                };
                return Err(Error::Csv {
                    path: source.csv.clone(),
                    line: 1,
                    reason,
                });
            }
        }
        let columns = names
            .iter()
            .map(|name| Column::new(name, model.as_deref(), schema))
            .collect();
        Ok(Self {
            source,
            delimiter,
            columns,
        })
    }

    /// Goes through the file once and turns columns with a value that does not fit into text.
    fn find_mismatches(&mut self) -> Result<Vec<KeptAsText>, Error> {
        let mut found: Vec<Option<KeptAsText>> = self.columns.iter().map(|_| None).collect();
        let (path, delimiter) = (&self.source.csv, self.delimiter);
        let columns = &self.columns;
        let missing = Missing::of(self.source);
        each_row(path, delimiter, columns.len(), |record, values| {
            for ((column, value), found) in columns.iter().zip(values).zip(&mut found) {
                if found.is_some() || missing.has(value) {
                    continue;
                }
                if let Err(reason) = column.check(value) {
                    let column = column.name.clone();
                    *found = Some(KeptAsText {
                        column,
                        line: record.line,
                        reason: reason.to_owned(),
                    });
                }
            }
            Ok(())
        })?;
        for (column, found) in self.columns.iter_mut().zip(&found) {
            if found.is_some() {
                column.keep_as_text();
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// Writes all rows and tells how many.
    fn write(&mut self, target: &Path) -> Result<u64, Error> {
        let fields: Vec<_> = self.columns.iter().map(Column::field).collect();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let mut file = ParquetFile::create(target, schema.clone(), properties().build())?;
        let (mut rows, mut waiting) = (0, 0);
        let (path, delimiter) = (&self.source.csv, self.delimiter);
        let columns = &mut self.columns;
        let missing = Missing::of(self.source);
        each_row(path, delimiter, columns.len(), |record, values| {
            for (column, value) in columns.iter_mut().zip(values) {
                let value = (!missing.has(value)).then_some(*value);
                column.add(value).map_err(|reason| Error::Value {
                    path: path.clone(),
                    line: record.line,
                    column: column.name.clone(),
                    reason: reason.to_owned(),
                })?;
            }
            rows += 1;
            waiting += 1;
            if waiting == BATCH_ROWS {
                waiting = 0;
                file.write(&batch(&schema, columns, target)?)?;
            }
            Ok(())
        })?;
        file.write(&batch(&schema, &mut self.columns, target)?)?;
        file.finish()?;
        Ok(rows)
    }
}

/// Values that stand for NULL: nothing, and what the Table Schema declares.
struct Missing<'s>(&'s [String]);

impl<'s> Missing<'s> {
    fn of(source: &'s Source) -> Self {
        Self(source.schema.as_ref().map_or(&[], |schema| &schema.missing))
    }

    fn has(&self, value: &str) -> bool {
        value.is_empty() || self.0.iter().any(|missing| missing == value)
    }
}

fn batch(schema: &SchemaRef, columns: &mut [Column], target: &Path) -> Result<RecordBatch, Error> {
    let arrays = columns.iter_mut().map(Column::take).collect();
    RecordBatch::try_new(schema.clone(), arrays)
        .map_err(|error| Error::parquet(target)(error.into()))
}

/// The names of the columns, if the file had this delimiter.
fn header(path: &Path, delimiter: Option<u8>) -> Result<Vec<String>, Error> {
    let mut record = Record::default();
    let there = records(path, delimiter)?
        .next(&mut record)
        .map_err(|problem| error(path, problem))?;
    if !there || record.blank {
        return Err(Error::Csv {
            path: path.to_owned(),
            line: 1,
            reason: "no header".to_owned(),
        });
    }
    let names = record
        .fields()
        .map(|name| name.map(str::to_owned))
        .collect::<Option<_>>();
    names.ok_or_else(|| not_utf8(path, 1))
}

/// Calls with the values of each row, which are as many as the header's.
fn each_row(
    path: &Path,
    delimiter: Option<u8>,
    columns: usize,
    mut call: impl FnMut(&Record, &[&str]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut records = records(path, delimiter)?;
    let mut record = Record::default();
    let mut head = true;
    while records
        .next(&mut record)
        .map_err(|problem| error(path, problem))?
    {
        // A blank line is a row only where one value makes a row.
        if std::mem::take(&mut head) || (record.blank && columns > 1) {
            continue;
        }
        if record.len() != columns {
            let reason = format!("{} values for {columns} columns", record.len());
            return Err(Error::Csv {
                path: path.to_owned(),
                line: record.line,
                reason,
            });
        }
        let values = record.fields().collect::<Option<Vec<_>>>();
        call(&record, &values.ok_or_else(|| not_utf8(path, record.line))?)?;
    }
    Ok(())
}

fn records(path: &Path, delimiter: Option<u8>) -> Result<Records<BufReader<File>>, Error> {
    let file = File::open(path).map_err(Error::io(path))?;
    Ok(Records::new(BufReader::new(file), delimiter))
}

fn error(path: &Path, problem: Problem) -> Error {
    match problem {
        Problem::Io(source) => Error::Io {
            path: path.to_owned(),
            source,
        },
        Problem::Form { line, reason } => Error::Csv {
            path: path.to_owned(),
            line,
            reason: reason.to_owned(),
        },
    }
}

fn not_utf8(path: &Path, line: u64) -> Error {
    Error::Csv {
        path: path.to_owned(),
        line,
        reason: "the text is not UTF-8".to_owned(),
    }
}

/// The folder of a table, which goes away again if the table fails and it was not there before.
struct Folder {
    path: PathBuf,
    new: bool,
}

impl Folder {
    /// Refuses a folder with Parquet files other than the one an earlier import wrote.
    fn make(path: PathBuf) -> Result<Self, Error> {
        let new = !path.exists();
        std::fs::create_dir_all(&path).map_err(Error::io(&path))?;
        for entry in std::fs::read_dir(&path).map_err(Error::io(&path))? {
            let name = PathBuf::from(entry.map_err(Error::io(&path))?.file_name());
            if name.extension().is_some_and(|text| text == "parquet")
                && name != Path::new("part-0.parquet")
            {
                return Err(Error::Occupied { path });
            }
        }
        Ok(Self { path, new })
    }

    fn keep(mut self) {
        self.new = false;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.new {
            // It fails, as it should, if something is in it.
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}
