//! One Parquet file being written.

use crate::Error;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows of a row group: enough to compress well, few enough that many files can be open at once.
const ROW_GROUP_ROWS: usize = 65_536;

/// Rows of a page. A page is kept in a wide form until it is full: with the usual 20,000 rows, sixty files of a hundred
/// columns took more than a gigabyte.
const PAGE_ROWS: usize = 4_096;

/// A Parquet file that appears under its name when it is whole; before, it has `.partial` after it.
pub(crate) struct ParquetFile {
    path: PathBuf,
    partial: PathBuf,
    writer: Option<ArrowWriter<File>>,
    rows: usize,
}

/// Zstandard, and nothing in the file that depends on when or by which version it was written.
pub(crate) fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("sceau-synth".to_owned())
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
}

impl ParquetFile {
    /// Starts the file; its folder is there.
    pub(crate) fn create(
        path: &Path,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, Error> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial).map_err(Error::io(&partial))?;
        let mut created = Self {
            path: path.to_owned(),
            partial,
            writer: None,
            rows: 0,
        };
        let writer =
            ArrowWriter::try_new(file, schema, Some(properties)).map_err(Error::parquet(path))?;
        created.writer = Some(writer);
        Ok(created)
    }

    /// Adds rows.
    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        self.rows += rows.num_rows();
        writer.write(rows).map_err(Error::parquet(&self.path))
    }

    /// The rows written so far.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Writes what is left and gives the file its name.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(Error::parquet(&self.path))?;
        }
        std::fs::rename(&self.partial, &self.path).map_err(Error::io(&self.path))
    }
}

impl Drop for ParquetFile {
    fn drop(&mut self) {
        // After `finish` the file bears its name and this finds nothing.
        let _ = std::fs::remove_file(&self.partial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int32Array};
    use std::sync::Arc;

    fn rows() -> RecordBatch {
        let column: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
        RecordBatch::try_from_iter([("A", column)]).unwrap()
    }

    #[test]
    fn a_file_has_its_name_only_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part-0.parquet");
        let mut file = ParquetFile::create(&path, rows().schema(), properties().build()).unwrap();
        file.write(&rows()).unwrap();
        assert!(!path.exists());
        file.finish().unwrap();
        assert!(path.exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part-0.parquet");
        let mut file = ParquetFile::create(&path, rows().schema(), properties().build()).unwrap();
        file.write(&rows()).unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
