use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::physical_plan::execute_stream;
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tokio::sync::Mutex;

use super::set::{KeySet, RowHasher};
use super::spaces::Space;
use crate::enforce::HiddenFailure;

/// What a list does to the people on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListRole {
    /// Only they are seen.
    Cohort,
    /// They are never seen.
    Opposition,
}

/// A list of people in a file, read when it is needed and again when it has changed.
#[derive(Debug)]
pub(crate) struct PeopleList {
    role: ListRole,
    file: PathBuf,
    spaces: BTreeSet<Space>,
    referential: Option<Referential>,
    hasher: RowHasher,
    loaded: Mutex<Option<(Stamp, Arc<Sets>)>>,
}

/// The referential that knows a person's identifiers: the stored IR_BEN_R.
#[derive(Debug, Clone)]
pub(crate) struct Referential(pub(crate) Arc<dyn TableProvider>);

/// The people of a list, by each space that some table needs.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    by_space: BTreeMap<Space, Arc<KeySet>>,
}

impl Sets {
    pub(super) fn of(&self, space: &Space) -> Option<&Arc<KeySet>> {
        self.by_space.get(space)
    }
}

/// A version of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    changed: Option<SystemTime>,
    length: u64,
}

impl PeopleList {
    /// A list in a file, for tables of the given spaces.
    ///
    /// # Errors
    /// Tells what the file should hold and does not: the first sentence of the pair is what was expected.
    pub(crate) fn open(
        role: ListRole,
        file: &Path,
        spaces: BTreeMap<Space, Vec<DataType>>,
        referential: Option<Referential>,
    ) -> Result<Self, (String, String)> {
        let expected = || "a Parquet file of stored identifiers".to_owned();
        let types = columns_of(file)
            .map_err(|problem| (expected(), format!("{}: {problem}", file.display())))?;
        let columns: BTreeSet<String> = types.keys().cloned().collect();
        for (space, stored) in known_types(&spaces, referential.is_some()) {
            let names = space.found_in(&columns).unwrap_or_default();
            for (name, stored) in names.into_iter().zip(stored) {
                if kind(&types[name]) != kind(&stored) {
                    return Err((
                        format!("{name} as {}, as it is stored", kind(&stored)),
                        format!("{name} as {} in {}", kind(&types[name]), file.display()),
                    ));
                }
            }
        }
        let spaces: BTreeSet<Space> = spaces.into_keys().collect();
        let list = Self {
            role,
            file: file.to_owned(),
            spaces,
            referential,
            hasher: RowHasher::random(),
            loaded: Mutex::new(None),
        };
        for space in &list.spaces {
            let direct = space.found_in(&columns).is_some();
            let derived = list.referential.is_some()
                && space.is_in_referential()
                && REFERENTIAL
                    .iter()
                    .any(|known| known.found_in(&columns).is_some());
            if !direct && !derived {
                let names: Vec<String> = space
                    .columns()
                    .iter()
                    .map(|names| names.join(" and "))
                    .collect();
                let hint = if space.is_in_referential() && list.referential.is_none() {
                    " (or IR_BEN_R among the platform's tables, from which they can be found)"
                } else {
                    ""
                };
                return Err((
                    format!("a list with {}{hint}", names.join(" or ")),
                    format!(
                        "{} with {}",
                        file.display(),
                        columns.into_iter().collect::<Vec<_>>().join(", ")
                    ),
                ));
            }
        }
        Ok(list)
    }

    pub(crate) fn role(&self) -> ListRole {
        self.role
    }

    pub(super) fn hasher(&self) -> RowHasher {
        self.hasher
    }

    /// The people as the file has them now.
    pub(crate) async fn current(&self, state: &dyn Session) -> Result<Arc<Sets>> {
        let mut loaded = self.loaded.lock().await;
        let stamp = stamp(&self.file)?;
        if let Some((known, sets)) = loaded.as_ref()
            && *known == stamp
        {
            return Ok(Arc::clone(sets));
        }
        let sets = Arc::new(self.read(state).await?);
        tracing::info!(
            role = ?self.role,
            people = sets.by_space.values().map(|set| set.len()).max().unwrap_or(0),
            bytes = sets.by_space.values().map(|set| set.size()).sum::<usize>(),
            "a list of people was read"
        );
        *loaded = Some((stamp, Arc::clone(&sets)));
        Ok(sets)
    }

    async fn read(&self, state: &dyn Session) -> Result<Sets> {
        let mut wanted: BTreeSet<Space> = self.spaces.clone();
        if self.role == ListRole::Opposition {
            wanted.insert(Space::Nir);
        }
        if self.referential.is_some() {
            wanted.extend(REFERENTIAL.iter().cloned());
        }
        let mut keys = self.keys_in_file(&wanted)?;
        if let Some(Referential(table)) = &self.referential {
            self.complete(table.as_ref(), state, &mut keys).await?;
        }
        let mut sets = Sets::default();
        for space in &self.spaces {
            let keys = keys.remove(space).unwrap_or_default();
            sets.by_space
                .insert(space.clone(), Arc::new(KeySet::new(keys)));
        }
        // A row that knows only the NIR of a person who opposed is held against the NIR.
        if self.role == ListRole::Opposition
            && let Some(nirs) = keys.remove(&Space::Nir)
        {
            sets.by_space
                .insert(Space::Nir, Arc::new(KeySet::new(nirs)));
        }
        Ok(sets)
    }

    fn keys_in_file(&self, wanted: &BTreeSet<Space>) -> Result<BTreeMap<Space, Vec<u128>>> {
        let unreadable = || DataFusionError::from(HiddenFailure::Read);
        let file = File::open(&self.file).map_err(|_| unreadable())?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| unreadable())?;
        let columns: BTreeSet<String> = reader
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let mut keys = BTreeMap::new();
        let held: Vec<(Space, Vec<&str>)> = wanted
            .iter()
            .filter_map(|space| Some((space.clone(), space.found_in(&columns)?)))
            .collect();
        for batch in reader.build().map_err(|_| unreadable())? {
            let batch = batch.map_err(|_| unreadable())?;
            for (space, names) in &held {
                self.take(&batch, names, keys.entry(space.clone()).or_default())?;
            }
        }
        Ok(keys)
    }

    /// Adds the people of a batch by some columns.
    fn take(&self, batch: &RecordBatch, names: &[&str], keys: &mut Vec<u128>) -> Result<()> {
        let columns = names
            .iter()
            .map(|name| canonical(batch.column_by_name(name)))
            .collect::<Result<Vec<_>>>()?;
        let (hashes, known) = self.hasher.hash(&columns)?;
        keys.extend(
            hashes
                .into_iter()
                .enumerate()
                .filter(|(row, _)| known.as_ref().is_none_or(|known| known.is_valid(*row)))
                .map(|(_, hash)| hash),
        );
        Ok(())
    }

    /// Adds every identifier that the referential knows of the people who are named by one: first the persons behind the
    /// pairs and NIRs, then the pairs and NIRs of all persons.
    async fn complete(
        &self,
        table: &dyn TableProvider,
        state: &dyn Session,
        keys: &mut BTreeMap<Space, Vec<u128>>,
    ) -> Result<()> {
        for _ in 0..2 {
            let known: BTreeMap<Space, KeySet> = keys
                .iter()
                .map(|(space, keys)| (space.clone(), KeySet::new(keys.clone())))
                .collect();
            // A list of NIRs names both twins; one of pairs names one of them.
            let by_pair = known.contains_key(&Space::Pair);
            let names = ["BEN_NIR_PSA", "BEN_RNG_GEM", "BEN_IDT_ANO"];
            let schema = table.schema();
            let positions = names
                .iter()
                .map(|name| {
                    schema
                        .fields()
                        .iter()
                        .position(|field| field.name().eq_ignore_ascii_case(name))
                        .ok_or_else(|| HiddenFailure::Policy.into())
                })
                .collect::<Result<Vec<_>>>()?;
            let scan = table.scan(state, Some(&positions), &[], None).await?;
            let mut rows = execute_stream(scan, state.task_ctx())?;
            while let Some(batch) = rows.try_next().await? {
                let columns = (0..3)
                    .map(|at| canonical(Some(batch.column(at))))
                    .collect::<Result<Vec<_>>>()?;
                let hashed: [(Space, _); 3] = [
                    (Space::Pair, self.hasher.hash(&columns[..2])?),
                    (Space::Nir, self.hasher.hash(&columns[..1])?),
                    (Space::Person, self.hasher.hash(&columns[2..])?),
                ];
                for row in 0..batch.num_rows() {
                    let named = hashed.iter().any(|(space, (hashes, valid))| {
                        (*space != Space::Nir || !by_pair)
                            && valid.as_ref().is_none_or(|valid| valid.is_valid(row))
                            && known
                                .get(space)
                                .is_some_and(|set| set.contains(hashes[row]))
                    });
                    if !named {
                        continue;
                    }
                    for (space, (hashes, valid)) in &hashed {
                        if valid.as_ref().is_none_or(|valid| valid.is_valid(row)) {
                            keys.entry(space.clone()).or_default().push(hashes[row]);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

const REFERENTIAL: [Space; 3] = [Space::Pair, Space::Nir, Space::Person];

/// A column as hashes compare it: any text as text, any whole number as a 64-bit one.
pub(in crate::enforce) fn canonical(column: Option<&ArrayRef>) -> Result<ArrayRef> {
    let column = column.ok_or(HiddenFailure::Policy)?;
    let target = match column.data_type() {
        DataType::Utf8 => return Ok(Arc::clone(column)),
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(_, _) => DataType::Utf8,
        other if other.is_integer() => DataType::Int64,
        _ => return Ok(Arc::clone(column)),
    };
    Ok(cast(column, &target)?)
}

fn columns_of(file: &Path) -> Result<BTreeMap<String, DataType>, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| error.to_string())?;
    Ok(reader
        .schema()
        .fields()
        .iter()
        .map(|field| (field.name().clone(), field.data_type().clone()))
        .collect())
}

/// The spaces in which a list is read, and the types of their values: those that tables need and, where the referential
/// completes the list, the SNDS's own.
fn known_types(
    spaces: &BTreeMap<Space, Vec<DataType>>,
    completed: bool,
) -> BTreeMap<Space, Vec<DataType>> {
    let mut known = spaces.clone();
    if completed {
        known
            .entry(Space::Pair)
            .or_insert_with(|| vec![DataType::Utf8, DataType::Int16]);
        known
            .entry(Space::Nir)
            .or_insert_with(|| vec![DataType::Utf8]);
        known
            .entry(Space::Person)
            .or_insert_with(|| vec![DataType::Utf8]);
    }
    known
}

/// What a type is compared as: a list of numbers would match nobody among texts, without a word.
fn kind(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Dictionary(_, values) => kind(values),
        whole if whole.is_integer() => "whole numbers".to_owned(),
        other => other.to_string(),
    }
}

fn stamp(file: &Path) -> Result<Stamp> {
    let meta = std::fs::metadata(file).map_err(|_| HiddenFailure::Read)?;
    Ok(Stamp {
        changed: meta.modified().ok(),
        length: meta.len(),
    })
}
