use std::io::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::ChunkReader;

use super::WriteError;
use crate::release::Release;

impl Release {
    /// Writes the table as a Parquet file whose metadata says what it was released under: `sceau.project`, `sceau.permit`
    /// (the hash of the permit's text) and `sceau.k`. It has the columns of the table and no other.
    ///
    /// # Errors
    /// When a column has a type that Parquet does not have, or `out` takes no more.
    pub fn write_parquet(&self, out: impl Write + Send) -> Result<(), WriteError> {
        let report = self.report();
        let said = [
            ("sceau.project", report.project.clone()),
            ("sceau.permit", report.permit.clone()),
            ("sceau.k", report.k.to_string()),
        ];
        let said = said.map(|(key, value)| KeyValue::new(key.to_owned(), value));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("sceau ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(said.to_vec()))
            .build();
        let failed = |error: ParquetError| WriteError::format("Parquet", &error);
        let schema = Arc::clone(self.schema());
        let mut writer = ArrowWriter::try_new(out, schema, Some(properties)).map_err(failed)?;
        for batch in self.batches() {
            writer.write(batch).map_err(failed)?;
        }
        writer.close().map_err(failed)?;
        Ok(())
    }
}

/// The table of a file that [`Release::write_parquet`] wrote.
pub(in crate::release) fn read_parquet(
    bytes: impl ChunkReader + 'static,
) -> Result<(SchemaRef, Vec<RecordBatch>), ParquetError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let schema = Arc::clone(reader.schema());
    let batches = reader.build()?.collect::<Result<_, _>>()?;
    Ok((schema, batches))
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;
    use crate::release::cells::tests::release;

    #[test]
    fn a_file_says_what_it_was_released_under_and_is_read_back() {
        let keys: ArrayRef = Arc::new(StringArray::from(vec![Some("75"), None]));
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![Some(12), None]));
        let release = release(vec![("dep", keys), ("n", counts)], None);
        let mut file = tempfile::tempfile().expect("file");
        release.write_parquet(&mut file).expect("Parquet");

        let reader = SerializedFileReader::new(file.try_clone().expect("file")).expect("Parquet");
        let metadata = reader.metadata().file_metadata();
        let said = metadata.key_value_metadata().expect("metadata");
        let value = |key: &str| {
            said.iter()
                .find(|said| said.key == key)
                .and_then(|said| said.value.clone())
        };
        assert_eq!(value("sceau.permit").as_deref(), Some("565f2240a6d4d566"));
        assert_eq!(value("sceau.project").as_deref(), Some("diab-2031"));
        assert_eq!(value("sceau.k").as_deref(), Some("11"));
        assert_eq!(metadata.schema_descr().num_columns(), 2);

        let (_, batches) = read_parquet(file).expect("read");
        assert_eq!(batches[0].columns(), release.batches()[0].columns());
    }
}
