//! From rows of a program to full-width files of the data model.

use super::writers::{Files, Halt, Writer, Writers};
use crate::Error;
use crate::parquet_file::properties;
use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use sceau_core::snds;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows collected before they are turned into columns.
const BATCH_ROWS: usize = 2_048;

/// What a column is filled with. Columns that a table's list does not name are NULL.
pub(super) enum Fill<R> {
    /// From the rows, as the column's type.
    Rows(fn(&[R], &DataType) -> ArrayRef),
    /// The same in every row, as the column's type.
    Same(&'static str),
}

/// How rows of one kind become a table.
pub(super) struct Sheet<R> {
    folder: PathBuf,
    schema: SchemaRef,
    properties: WriterProperties,
    /// Of each column of the schema.
    columns: Vec<Column<R>>,
}

enum Column<R> {
    Rows(fn(&[R], &DataType) -> ArrayRef),
    /// As many values as a batch may have rows.
    Same(ArrayRef),
}

/// Columns that a project's own extraction adds, or that only a project's software names: the SNDS has none of them.
const NOT_IN_THE_SNDS: [&str; 4] = ["NUM_ENQ", "PFS_EXE_NUM_C", "PFS_PRE_NUM_C", "PRS_MTT_NUM_C"];

impl<R> Sheet<R> {
    /// The sheet of a table of the data model, in its folder below `out`.
    pub(super) fn new(
        out: &Path,
        table: &str,
        fills: Vec<(&'static str, Fill<R>)>,
    ) -> Result<Self, Error> {
        let model = snds::table(table)
            .ok_or_else(|| Error::Options(format!("{table} is not in the data model")))?;
        let folder = out.join(&model.name);
        prepare(&folder)?;
        let mut properties = properties();
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for column in &model.columns {
            if NOT_IN_THE_SNDS.contains(&column.name.as_str()) {
                continue;
            }
            let data_type = column.data_type.clone().unwrap_or(DataType::Utf8);
            let fill = fills
                .iter()
                .find(|(name, _)| *name == column.name)
                .map(|(_, fill)| fill);
            let path = ColumnPath::from(column.name.as_str());
            let filled = match fill {
                Some(Fill::Rows(make)) => Column::Rows(*make),
                Some(Fill::Same(value)) => {
                    Column::Same(super::values::same(value, &data_type, BATCH_ROWS))
                }
                None => Column::Same(new_null_array(&data_type, BATCH_ROWS)),
            };
            // A page of one value repeated is smaller than what a compressor needs to start, and its bounds are those
            // of every other page.
            if matches!(filled, Column::Same(_)) {
                properties = properties
                    .set_column_compression(path.clone(), Compression::UNCOMPRESSED)
                    .set_column_statistics_enabled(path, EnabledStatistics::Chunk);
            } else if column.name.contains("_NIR_")
                || column.name.starts_with("NIR_ANO")
                || column.name == "DCT_ORD_NUM"
            {
                // Nearly every value differs: a dictionary would only be given up.
                properties = properties.set_column_dictionary_enabled(path, false);
            }
            fields.push(Field::new(&column.name, data_type, column.nullable));
            columns.push(filled);
        }
        for (name, _) in &fills {
            debug_assert!(
                fields.iter().any(|field| field.name() == name),
                "{table} has no {name}"
            );
        }
        let schema = Arc::new(Schema::new(fields));
        Ok(Self {
            folder,
            schema,
            properties: properties.build(),
            columns,
        })
    }

    /// Starts a file of the table, or several if one cannot hold all rows.
    pub(super) fn part(&self, name: &str, writers: &Writers) -> Result<Part<R>, Halt> {
        let writer = writers.add(Files {
            folder: self.folder.clone(),
            name: name.to_owned(),
            schema: self.schema.clone(),
            properties: self.properties.clone(),
        })?;
        Ok(Part {
            writer,
            rows: Vec::new(),
            written: 0,
        })
    }

    fn batch(&self, rows: &[R]) -> RecordBatch {
        let columns = self.schema.fields().iter().zip(&self.columns);
        let columns = columns
            .map(|(field, column)| match column {
                Column::Rows(make) => make(rows, field.data_type()),
                Column::Same(values) => values.slice(0, rows.len()),
            })
            .collect();
        RecordBatch::try_new(self.schema.clone(), columns)
            .expect("every fill makes a column of its type, as a test of each table checks")
    }
}

/// One file of a table, being filled.
pub(super) struct Part<R> {
    writer: Writer,
    rows: Vec<R>,
    written: u64,
}

impl<R> Part<R> {
    pub(super) fn add(&mut self, sheet: &Sheet<R>, row: R) -> Result<(), Halt> {
        self.rows.push(row);
        if self.rows.len() == BATCH_ROWS {
            self.flush(sheet)
        } else {
            Ok(())
        }
    }

    fn flush(&mut self, sheet: &Sheet<R>) -> Result<(), Halt> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.writer.write(sheet.batch(&self.rows))?;
        self.written += self.rows.len() as u64;
        self.rows.clear();
        Ok(())
    }

    /// Completes the file and tells how many rows it has.
    pub(super) fn finish(mut self, sheet: &Sheet<R>) -> Result<u64, Halt> {
        self.flush(sheet)?;
        self.writer.finish()?;
        Ok(self.written)
    }
}

/// Makes a table's folder, which may hold no Parquet file of an earlier run.
fn prepare(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            return Err(Error::Occupied {
                path: folder.to_owned(),
            });
        }
    }
    Ok(())
}
