//! A release as bytes: CSV, JSON, Parquet.

mod csv;
mod json;
mod parquet;

use std::io;

pub use self::csv::{CsvOptions, Formulas};
pub use self::json::json_columns_and_rows;
pub(super) use self::json::json_value;
pub(super) use self::parquet::read_parquet;

/// Why a release could not be written. No text holds a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Where it was to be written took no more.
    #[error("the release could not be written: {0}")]
    Io(#[from] io::Error),
    /// The format has no way to say a column.
    #[error("column {column} cannot be written as {format}: {reason}")]
    Column {
        /// The column.
        column: String,
        /// The format.
        format: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// The format's writer failed.
    #[error("the release could not be written as {format}")]
    Format {
        /// The format.
        format: &'static str,
    },
}

impl WriteError {
    fn format(format: &'static str, error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, format, "a release could not be written");
        Self::Format { format }
    }
}
