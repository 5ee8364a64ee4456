//! The Parquet files below a table's prefix, and the Hive partitions that their folders spell.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::DataType;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use sha2::{Digest, Sha256};

/// What stands below a prefix.
pub(super) struct Listing {
    /// Which files they are: another text whenever one was added, removed or replaced.
    pub(super) version: [u8; 32],
    /// How many Parquet files.
    pub(super) files: usize,
    /// The partition columns in the order of the folders, each with the values it has.
    pub(super) partitions: Vec<(String, Vec<String>)>,
}

/// Lists the files of a table.
///
/// Every file must stand in the same partition columns: one that does not would be left out of every answer without a
/// word.
pub(super) async fn list(store: &Arc<dyn ObjectStore>, prefix: &Path) -> Result<Listing, String> {
    let mut objects = BTreeSet::new();
    let mut listing = Listing {
        version: [0; 32],
        files: 0,
        partitions: vec![],
    };
    let mut found = store.list(Some(prefix));
    while let Some(object) = found
        .try_next()
        .await
        .map_err(|_| format!("its files cannot be listed below {prefix}"))?
    {
        if object.location.extension() != Some("parquet") {
            continue;
        }
        objects.insert(state(&object));
        let partitions = partitions_of(&object.location, prefix);
        if listing.files == 0 {
            listing.partitions = partitions
                .into_iter()
                .map(|(key, value)| (key, vec![value]))
                .collect();
        } else {
            let same = partitions.len() == listing.partitions.len()
                && partitions
                    .iter()
                    .zip(&listing.partitions)
                    .all(|(a, b)| a.0 == b.0);
            if !same {
                return Err(format!(
                    "its files stand in different partition columns: {} is not below {}",
                    object.location,
                    listing
                        .partitions
                        .iter()
                        .map(|(key, _)| format!("{key}=…"))
                        .collect::<Vec<_>>()
                        .join("/")
                ));
            }
            for ((_, values), (_, value)) in listing.partitions.iter_mut().zip(partitions) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        listing.files += 1;
    }
    listing.version = version(&objects);
    Ok(listing)
}

/// The state of the object at this very path, if there is one: a table may be one file.
pub(super) async fn single_file(store: &Arc<dyn ObjectStore>, path: &Path) -> Option<[u8; 32]> {
    if path.extension() != Some("parquet") {
        return None;
    }
    let object = store.head(path).await.ok()?;
    Some(version(&BTreeSet::from([state(&object)])))
}

fn state(object: &ObjectMeta) -> String {
    format!(
        "{} {} {} {:?}",
        object.location, object.size, object.last_modified, object.e_tag
    )
}

fn version(objects: &BTreeSet<String>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for object in objects {
        hash.update((object.len() as u64).to_le_bytes());
        hash.update(object);
    }
    hash.finalize().into()
}

fn partitions_of(file: &Path, prefix: &Path) -> Vec<(String, String)> {
    let Some(below) = file.prefix_match(prefix) else {
        return vec![];
    };
    let parts: Vec<String> = below.map(|part| part.as_ref().to_owned()).collect();
    let folders = parts.len().saturating_sub(1);
    parts
        .iter()
        .take(folders)
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// The type that all values of a partition column can be read as.
pub(super) fn partition_type(values: &[String]) -> DataType {
    let is_number = |value: &String| {
        let digits = value.strip_prefix('-').unwrap_or(value);
        (digits == "0" || !digits.starts_with('0')) && value.parse::<i64>().is_ok()
    };
    let is_date = |value: &String| value.len() == 10 && value.parse::<chrono::NaiveDate>().is_ok();
    if values.iter().all(is_number) {
        DataType::Int64
    } else if values.iter().all(is_date) {
        DataType::Date32
    } else {
        DataType::Utf8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_values_are_numbers_dates_or_texts() {
        let values = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        assert_eq!(partition_type(&values(&["2019", "2020"])), DataType::Int64);
        assert_eq!(partition_type(&values(&["01", "12"])), DataType::Utf8);
        assert_eq!(partition_type(&values(&["2019-02-01"])), DataType::Date32);
        assert_eq!(partition_type(&values(&["2019-02"])), DataType::Utf8);
        assert_eq!(partition_type(&values(&["2019", "x"])), DataType::Utf8);
    }

    #[test]
    fn folders_without_an_equals_sign_are_no_partitions() {
        let found = partitions_of(
            &Path::from("dcir/er_prs_f/2019/flux=2019-02/part-0.parquet"),
            &Path::from("dcir/er_prs_f"),
        );
        assert_eq!(found, [("flux".to_owned(), "2019-02".to_owned())]);
    }
}
