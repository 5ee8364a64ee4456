//! From rows of a program to columns of the data model, encoded.

use super::output::Output;
use super::target::Target;
use crate::Error;
use crate::parquet_file::properties;
use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use sceau_core::snds;
use std::path::PathBuf;
use std::sync::Arc;

/// Rows that are turned into columns at once: few enough that what they are made from stays near the processor while one
/// column after the other is.
const CHUNK: usize = 2_048;

/// What a column is filled with. Columns that a table's list does not name are NULL.
pub(super) enum Fill<R> {
    /// From the rows, as the column's type.
    Rows(fn(&[R], &DataType) -> ArrayRef),
    /// The same in every row, as the column's type.
    Same(&'static str),
}

/// How rows of one kind become a table.
pub(super) struct Sheet<R> {
    table: String,
    folder: PathBuf,
    schema: SchemaRef,
    properties: WriterProperties,
    encoders: ArrowRowGroupWriterFactory,
    /// Of each column of the schema.
    columns: Vec<Column<R>>,
}

enum Column<R> {
    Rows(fn(&[R], &DataType) -> ArrayRef),
    /// [`CHUNK`] values.
    Same(ArrayRef),
}

/// Columns that a project's own extraction adds, or that only a project's software names: the SNDS has none of them.
const NOT_IN_THE_SNDS: [&str; 4] = ["NUM_ENQ", "PFS_EXE_NUM_C", "PFS_PRE_NUM_C", "PRS_MTT_NUM_C"];

impl<R> Sheet<R> {
    /// The sheet of a table of the data model, in its folder below the target's.
    pub(super) fn new(
        target: &Target<'_>,
        table: &str,
        fills: Vec<(&'static str, Fill<R>)>,
    ) -> Result<Self, Error> {
        let model = snds::table(table)
            .ok_or_else(|| Error::Options(format!("{table} is not in the data model")))?;
        let folder = target.folder(&model.name)?;
        let mut properties = properties();
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for column in &model.columns {
            if NOT_IN_THE_SNDS.contains(&column.name.as_str()) || !target.has(table, &column.name) {
                continue;
            }
            let data_type = stored_type(column.data_type.as_ref());
            let fill = fills
                .iter()
                .find(|(name, _)| *name == column.name)
                .map(|(_, fill)| fill);
            let path = ColumnPath::from(column.name.as_str());
            let filled = match fill {
                Some(Fill::Rows(make)) => Column::Rows(*make),
                Some(Fill::Same(value)) => {
                    Column::Same(super::values::same(value, &data_type, CHUNK))
                }
                None => Column::Same(new_null_array(&data_type, CHUNK)),
            };
            // A page of one value repeated is smaller than what a compressor needs to start, and its bounds are those
            // of every other page.
            if matches!(filled, Column::Same(_)) {
                properties = properties
                    .set_column_compression(path.clone(), Compression::UNCOMPRESSED)
                    .set_column_statistics_enabled(path, EnabledStatistics::Chunk);
            } else if column.name == "DCT_ORD_NUM" {
                // Every form has another, and they are counted: steps of one are all there is to store.
                properties = properties
                    .set_column_dictionary_enabled(path.clone(), false)
                    .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
            }
            fields.push(Field::new(&column.name, data_type, column.nullable));
            columns.push(filled);
        }
        for (name, _) in &fills {
            debug_assert!(model.column(name).is_some(), "{table} has no {name}");
        }
        let schema = Arc::new(Schema::new(fields));
        let properties = properties.build();
        let (_, encoders) =
            ArrowWriter::try_new(std::io::sink(), schema.clone(), Some(properties.clone()))
                .and_then(ArrowWriter::into_serialized_writer)
                .map_err(Error::parquet(&folder))?;
        Ok(Self {
            table: model.name.clone(),
            folder,
            schema,
            properties,
            encoders,
            columns,
        })
    }

    /// Files of the table, with this in their name.
    pub(super) fn output(&self, name: &str) -> Output {
        Output::new(
            &self.table,
            &self.folder,
            name,
            self.schema.clone(),
            self.properties.clone(),
        )
    }

    /// The rows as one row group.
    pub(super) fn encode(&self, rows: &[R]) -> Result<Vec<ArrowColumnChunk>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.encoded(rows).map_err(Error::parquet(&self.folder))
    }

    fn encoded(&self, rows: &[R]) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        let mut encoders = self.encoders.create_column_writers(0)?;
        for rows in rows.chunks(CHUNK) {
            let columns = self.schema.fields().iter().zip(&self.columns);
            for ((field, column), encoder) in columns.zip(&mut encoders) {
                let values = match column {
                    Column::Rows(make) => make(rows, field.data_type()),
                    Column::Same(values) => values.slice(0, rows.len()),
                };
                for leaf in compute_leaves(field, &values)? {
                    encoder.write(&leaf)?;
                }
            }
        }
        encoders.into_iter().map(ArrowColumnWriter::close).collect()
    }
}
/// The type that a column is stored in: Parquet has no moments in seconds, and other engines would read plain numbers.
fn stored_type(of_model: Option<&DataType>) -> DataType {
    match of_model {
        Some(DataType::Timestamp(TimeUnit::Second, zone)) => {
            DataType::Timestamp(TimeUnit::Millisecond, zone.clone())
        }
        Some(other) => other.clone(),
        None => DataType::Utf8,
    }
}
