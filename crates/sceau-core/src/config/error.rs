use std::path::PathBuf;

use crate::platform::TableDrift;

/// What is wrong with a platform or permit file, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key holds something else than what it may hold, is unknown, or is missing.
    #[error("{}{}: {key}: expected {expected}, found {found}", file.display(), Line(*line))]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Its line, counted from 1, where one can be named.
        line: Option<usize>,
        /// The key, dotted from the top of the file.
        key: String,
        /// What the key may hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// The stored files of a table are not what the data model says.
    #[error("table {table}: column {column}: expected {expected}, found {found}")]
    StoredSchema {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What the data model says.
        expected: String,
        /// What is stored.
        found: String,
    },
    /// The stored files of a table are not what the data model says, and the platform takes only what is.
    #[error("{drift}{}", way_out(*lenient_takes))]
    Drift {
        /// The columns that are refused.
        drift: TableDrift,
        /// Whether `drift = "lenient"` takes them.
        lenient_takes: bool,
    },
    /// The stored files of a table could not be listed or opened.
    #[error("table {table}: {message}")]
    Storage {
        /// The table.
        table: String,
        /// What went wrong, without the files' contents.
        message: String,
    },
}

fn way_out(lenient_takes: bool) -> &'static str {
    if lenient_takes {
        "; drift = \"lenient\" reads the table as far as its files go"
    } else {
        ""
    }
}

struct Line(Option<usize>);

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}
