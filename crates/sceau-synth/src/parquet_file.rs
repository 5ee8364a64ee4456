//! One Parquet file being written.

use crate::Error;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows of a row group: enough to compress well, few enough to be held in memory.
const ROW_GROUP_ROWS: usize = 65_536;

/// Zstandard, and nothing in the file that depends on when or by which version it was written.
pub(crate) fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("sceau-synth".to_owned())
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
}

/// A file that appears under its name when it is whole; before, it has `.partial` after it, and given up it is gone.
pub(crate) struct Partial {
    path: PathBuf,
    temporary: PathBuf,
}

impl Partial {
    /// Makes the file, empty; its folder is there.
    pub(crate) fn create(path: &Path) -> Result<(Self, File), Error> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".partial");
        let temporary = PathBuf::from(temporary);
        let file = File::create(&temporary).map_err(Error::io(&temporary))?;
        let path = path.to_owned();
        Ok((Self { path, temporary }, file))
    }

    /// The name it will have.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The name it has.
    pub(crate) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Gives it its name.
    pub(crate) fn complete(self) -> Result<(), Error> {
        std::fs::rename(&self.temporary, &self.path).map_err(Error::io(&self.path))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // A complete file bears its name, and this finds nothing.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// A Parquet file that is written from batches of rows.
pub(crate) struct ParquetFile {
    partial: Partial,
    writer: ArrowWriter<File>,
}

impl ParquetFile {
    /// Starts the file; its folder is there.
    pub(crate) fn create(
        path: &Path,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, Error> {
        let (partial, file) = Partial::create(path)?;
        let writer =
            ArrowWriter::try_new(file, schema, Some(properties)).map_err(Error::parquet(path))?;
        Ok(Self { partial, writer })
    }

    /// Adds rows.
    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        self.writer
            .write(rows)
            .map_err(Error::parquet(self.partial.path()))
    }

    /// Writes what is left and gives the file its name.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.writer
            .close()
            .map_err(Error::parquet(self.partial.path()))?;
        self.partial.complete()
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
