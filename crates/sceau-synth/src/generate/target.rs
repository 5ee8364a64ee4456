//! Where tables are written to, and which columns of them.

use super::Columns;
use super::used::USED;
use crate::Error;
use std::path::{Path, PathBuf};

/// A folder for all tables.
pub(super) struct Target<'o> {
    pub(super) out: &'o Path,
    pub(super) columns: Columns,
}

impl Target<'_> {
    /// Makes a table's folder, which may hold no Parquet file of an earlier run.
    pub(super) fn folder(&self, table: &str) -> Result<PathBuf, Error> {
        let folder = self.out.join(table);
        std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        for entry in std::fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let path = entry.map_err(Error::io(&folder))?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "parquet")
            {
                return Err(Error::Occupied { path: folder });
            }
        }
        Ok(folder)
    }

    /// Whether this column of the table is wanted.
    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        match self.columns {
            Columns::All => true,
            Columns::Used => USED
                .iter()
                .any(|(family, columns)| family_of(table) == *family && columns.contains(&column)),
        }
    }
}

/// `T_MCOaaB` of `T_MCO19B`, else the table itself.
fn family_of(table: &str) -> String {
    match table.strip_prefix("T_MCO") {
        Some(rest) if rest.starts_with(|digit: char| digit.is_ascii_digit()) => {
            format!("T_MCOaa{}", &rest[2..])
        }
        _ => table.to_owned(),
    }
}
