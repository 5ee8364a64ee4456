use parquet::errors::ParquetError;
use std::path::PathBuf;

/// Why data could not be made or imported; each variant names the file, and the line and column where there is one.
///
/// No message holds a value of the data: the place is named, and who may read the file can look there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A Parquet file could not be written.
    #[error("{}: {source}", path.display())]
    Parquet {
        /// Which.
        path: PathBuf,
        /// What the Parquet writer said.
        source: ParquetError,
    },
    /// The options contradict each other or ask for what cannot be.
    #[error("{0}")]
    Options(String),
    /// The folder already holds Parquet files of this table, which would be mixed with the new ones.
    #[error("{}: already holds Parquet files; choose an empty folder", path.display())]
    Occupied {
        /// The table's folder.
        path: PathBuf,
    },
    /// A Table Schema that does not read.
    #[error("{}: {reason}", path.display())]
    Schema {
        /// The JSON file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A CSV file that is no table: ragged, badly quoted, not UTF-8.
    #[error("{}, line {line}: {reason}", path.display())]
    Csv {
        /// The CSV file.
        path: PathBuf,
        /// The line where the row starts, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A value that does not fit its column's type.
    #[error("{}, line {line}, column {column}: {reason}", path.display())]
    Value {
        /// The CSV file.
        path: PathBuf,
        /// The line where the row starts, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// Why it does not fit, without the value.
        reason: String,
    },
    /// Two files of one table name, in any case, would become one table.
    #[error("{table} is there twice: {} and {}", first.display(), second.display())]
    SameName {
        /// The table's name.
        table: String,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

impl Error {
    /// For `map_err`: an error of the system at this path.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }

    /// For `map_err`: an error of the Parquet writer at this path.
    pub(crate) fn parquet(path: impl Into<PathBuf>) -> impl FnOnce(ParquetError) -> Self {
        let path = path.into();
        |source| Self::Parquet { path, source }
    }
}
