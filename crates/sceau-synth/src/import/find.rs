//! Which tables lie below a folder.

use super::schema::TableSchema;
use crate::Error;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A CSV file, and the Table Schema that goes with it.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) csv: PathBuf,
    pub(super) schema: Option<TableSchema>,
}

pub(super) struct Found {
    /// By name.
    pub(super) tables: Vec<Source>,
    pub(super) schemas_without_data: Vec<PathBuf>,
}

/// Looks through a folder and all below it. A schema goes with the CSV file of its name in its folder, in any case, or
/// with the only one of its name elsewhere.
pub(super) fn find(folder: &Path) -> Result<Found, Error> {
    let (mut tables, mut schemas) = (BTreeMap::<String, PathBuf>::new(), Vec::new());
    for path in files(folder)? {
        let Some(name) = stem(&path) else { continue };
        match extension(&path).as_str() {
            "csv" => {
                if let Some(first) = tables.get(&name.to_uppercase()) {
                    let (first, second) = (first.clone(), path);
                    return Err(Error::SameName {
                        table: name,
                        first,
                        second,
                    });
                }
                tables.insert(name.to_uppercase(), path);
            }
            "json" => schemas.push((name.to_uppercase(), path)),
            _ => {}
        }
    }
    let mut used = vec![false; schemas.len()];
    let mut sources = Vec::new();
    for (key, csv) in tables {
        let beside =
            |(name, path): &(String, PathBuf)| *name == key && path.parent() == csv.parent();
        let elsewhere: Vec<_> = (0..schemas.len())
            .filter(|place| schemas[*place].0 == key)
            .collect();
        let place = schemas.iter().position(beside).or(match elsewhere[..] {
            [only] => Some(only),
            _ => None,
        });
        let schema = match place {
            Some(place) => {
                used[place] = true;
                Some(TableSchema::read(&schemas[place].1)?)
            }
            None => None,
        };
        let name = stem(&csv).unwrap_or(key);
        sources.push(Source { name, csv, schema });
    }
    let unused = schemas.into_iter().zip(used).filter(|(_, used)| !used);
    let schemas_without_data = unused.map(|((_, path), _)| path).collect();
    Ok(Found {
        tables: sources,
        schemas_without_data,
    })
}

/// All files, in the order of their paths.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let mut entries = std::fs::read_dir(folder)
        .map_err(Error::io(folder))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::io(folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(Error::io(&path))?;
        if kind.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn stem(path: &Path) -> Option<String> {
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .map(str::to_owned)
}

fn extension(path: &Path) -> String {
    path.extension()
        .and_then(|text| text.to_str())
        .unwrap_or_default()
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    const SCHEMA: &str = r#"{"fields": []}"#;

    #[test]
    fn tables_are_found_in_any_folder_and_case_and_schemas_without_data_are_listed() {
        let folder = folder(&[
            ("a/ER_PRS_F.CSV", "A\n"),
            ("a/er_prs_f.Json", SCHEMA),
            ("b/c/IR_X.csv", "A\n"),
            ("b/IR_X.json", SCHEMA),
            ("b/IR_PHA_R.json", SCHEMA),
            ("README.md", ""),
        ]);
        let found = find(folder.path()).unwrap();
        let names: Vec<_> = found
            .tables
            .iter()
            .map(|table| (table.name.as_str(), table.schema.is_some()))
            .collect();
        assert_eq!(names, [("ER_PRS_F", true), ("IR_X", true)]);
        assert_eq!(
            found.schemas_without_data,
            [folder.path().join("b/IR_PHA_R.json")]
        );
    }

    #[test]
    fn two_files_of_one_name_are_an_error_that_names_both() {
        let folder = folder(&[("a/IR_X.csv", "A\n"), ("b/ir_x.csv", "A\n")]);
        let error = find(folder.path()).err().unwrap().to_string();
        assert!(
            error.contains("a/IR_X.csv") && error.contains("b/ir_x.csv"),
            "{error}"
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = find(Path::new("no/such/folder")).err().unwrap().to_string();
        assert!(error.starts_with("no/such/folder"), "{error}");
    }
}
