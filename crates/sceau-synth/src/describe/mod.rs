//! What is in a folder of tables: rows, sizes, and a few distributions.

mod distribution;
mod questions;

use crate::Error;
pub use distribution::Distribution;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The tables of a folder, and a few distributions of them. Its `Display` is what `sceau-synth describe` prints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// Of each table, by its name.
    pub tables: BTreeMap<String, TableSize>,
    /// How the values of some columns are spread, in the tables that have them.
    pub distributions: Vec<Distribution>,
}

/// How large a table is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableSize {
    /// Parquet files.
    pub files: u64,
    /// Rows of all files.
    pub rows: u64,
    /// Columns.
    pub columns: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Reads the tables below a folder, one folder of Parquet files each, as [`crate::generate`] and [`crate::import`] write
/// them. Rows and sizes come from the files' footers; the distributions read the few columns that they are of.
///
/// ```
/// use sceau_synth::{GenerateOptions, describe, generate};
///
/// let out = tempfile::tempdir()?;
/// let options = GenerateOptions { patients: 30, years: 1, ..GenerateOptions::default() };
/// let summary = generate(&options, out.path())?;
/// let description = describe(out.path())?;
/// assert_eq!(description.tables["ER_PRS_F"].rows, summary.rows("ER_PRS_F"));
/// println!("{description}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the folder or a file in it cannot be read, or a file is no Parquet.
pub fn describe(folder: &Path) -> Result<Description, Error> {
    let mut description = Description::default();
    let mut tables = BTreeMap::new();
    for path in sorted(folder)? {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if !path.is_dir() {
            continue;
        }
        let files: Vec<_> = sorted(&path)?
            .into_iter()
            .filter(|file| file.extension().is_some_and(|end| end == "parquet"))
            .collect();
        if files.is_empty() {
            continue;
        }
        let mut size = TableSize::default();
        for file in &files {
            size.add(file)?;
        }
        description.tables.insert(name.to_owned(), size);
        tables.insert(name.to_owned(), files);
    }
    description.distributions = questions::answer(&tables)?;
    Ok(description)
}

impl TableSize {
    fn add(&mut self, path: &Path) -> Result<(), Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let bytes = file.metadata().map_err(Error::io(path))?.len();
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default())
            .map_err(Error::parquet(path))?;
        let rows = metadata.metadata().file_metadata().num_rows();
        self.files += 1;
        self.rows += u64::try_from(rows).unwrap_or(0);
        self.columns = self.columns.max(metadata.schema().fields().len() as u64);
        self.bytes += bytes;
        Ok(())
    }
}

/// What a folder holds, by name.
fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::io(folder))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::io(folder))?;
    paths.sort();
    Ok(paths)
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tables.is_empty() {
            return writeln!(f, "no tables: no folder in it holds Parquet files");
        }
        writeln!(
            f,
            "{:<12} {:>13} {:>8} {:>6} {:>12}",
            "table", "rows", "columns", "files", "MB"
        )?;
        for (name, size) in &self.tables {
            writeln!(
                f,
                "{name:<12} {:>13} {:>8} {:>6} {:>12.1}",
                size.rows,
                size.columns,
                size.files,
                size.bytes as f64 / 1e6
            )?;
        }
        for distribution in &self.distributions {
            write!(f, "\n{distribution}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GenerateOptions, generate};

    #[test]
    fn a_folder_without_tables_is_said_to_have_none() {
        let empty = tempfile::tempdir().unwrap();
        std::fs::create_dir(empty.path().join("ER_PRS_F")).unwrap();
        let said = describe(empty.path()).unwrap().to_string();
        assert_eq!(said, "no tables: no folder in it holds Parquet files\n");
    }

    #[test]
    fn a_folder_is_described_by_its_tables_and_what_is_known_of_them() {
        let out = tempfile::tempdir().unwrap();
        let options = GenerateOptions {
            patients: 400,
            years: 1,
            ..GenerateOptions::default()
        };
        let summary = generate(&options, out.path()).unwrap();
        let description = describe(out.path()).unwrap();
        for (name, rows) in &summary.tables {
            assert_eq!(description.tables[name].rows, *rows, "{name}");
        }
        assert_eq!(description.tables["ER_PRS_F"].files, 17);
        assert!(description.tables["ER_PRS_F"].columns > 100);
        let titles: Vec<_> = description
            .distributions
            .iter()
            .map(|distribution| distribution.title.as_str())
            .collect();
        assert!(titles.len() >= 8, "{titles:?}");
        for distribution in &description.distributions {
            let counted: u64 = distribution.shares.iter().map(|(_, count)| count).sum();
            assert!(counted <= distribution.total && distribution.total > 0);
        }
        let printed = description.to_string();
        assert!(
            printed.contains("IR_BEN_R") && printed.contains("%"),
            "{printed}"
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = describe(Path::new("/no/such/folder")).unwrap_err();
        assert!(error.to_string().starts_with("/no/such/folder"), "{error}");
    }

    #[test]
    fn an_empty_folder_has_no_tables() {
        let out = tempfile::tempdir().unwrap();
        assert_eq!(describe(out.path()).unwrap(), Description::default());
    }
}
