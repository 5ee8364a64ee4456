use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arrow::array::{Array, ArrayRef, AsArray as _, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, Schema, UInt64Type};
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
use crate::snds::REFERENTIAL_KEYS;

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
    /// The types in which a space is stored, by every table whose people are compared by it.
    compared: BTreeMap<Space, Vec<Vec<DataType>>>,
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
    unranked: Arc<KeySet>,
}

impl Sets {
    pub(super) fn of(&self, space: &Space) -> Option<&Arc<KeySet>> {
        self.by_space.get(space)
    }

    /// The NIRs that are on the list without a rank, and so for every rank.
    pub(super) fn unranked(&self) -> &Arc<KeySet> {
        &self.unranked
    }
}

/// The people that a list names itself.
#[derive(Debug, Default)]
struct Named {
    by_space: BTreeMap<Space, Vec<u128>>,
    unranked: Vec<u128>,
}

/// A version of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    changed: Option<SystemTime>,
    length: u64,
    /// The file itself and its last change, which no copy that keeps the time of the original carries over.
    #[cfg(unix)]
    file: (u64, u64, i64, i64),
}

impl PeopleList {
    /// A list in a file, for tables of the given spaces, each with the types in which its tables store it.
    ///
    /// # Errors
    /// Tells what the file should hold and does not: the first sentence of the pair is what was expected.
    pub(crate) fn open(
        role: ListRole,
        file: &Path,
        spaces: BTreeMap<Space, Vec<Vec<DataType>>>,
        referential: Option<Referential>,
    ) -> Result<Self, (String, String)> {
        let expected = || "a Parquet file of stored identifiers".to_owned();
        let types = columns_of(file)
            .map_err(|problem| (expected(), format!("{}: {problem}", file.display())))?;
        let compared = with_referential(&spaces, referential.as_ref());
        stored_alike(&compared)?;
        let list = Self {
            role,
            file: file.to_owned(),
            spaces: spaces.into_keys().collect(),
            compared,
            referential,
            hasher: RowHasher::random(),
            loaded: Mutex::new(None),
        };
        list.names_people_by(&types)?;
        Ok(list)
    }

    /// Whether a file of these columns names people as the tables do. What it does not name would match nobody, and an
    /// opposition list that matches nobody hides nobody.
    fn names_people_by(&self, types: &BTreeMap<String, DataType>) -> Result<(), (String, String)> {
        let columns: BTreeSet<String> = types.keys().cloned().collect();
        for (space, stored) in &self.compared {
            let held = space.found_in(&columns).into_iter();
            let held = held.flat_map(|names| names.into_iter().zip(stored.iter().flatten()));
            for (name, stored) in held {
                if kind(&types[name]) != kind(stored) {
                    return Err((
                        format!("{name} as {}, as it is stored", kind(stored)),
                        format!(
                            "{name} as {} in {}",
                            kind(&types[name]),
                            self.file.display()
                        ),
                    ));
                }
            }
        }
        for space in &self.spaces {
            let direct = !space.found_in(&columns).is_empty();
            let derived = self.referential.is_some()
                && space.is_in_referential()
                && REFERENTIAL
                    .iter()
                    .any(|known| !known.found_in(&columns).is_empty());
            if !direct && !derived {
                let names: Vec<String> = space
                    .columns()
                    .iter()
                    .map(|names| names.join(" and "))
                    .collect();
                let hint = if space.is_in_referential() && self.referential.is_none() {
                    " (or IR_BEN_R among the platform's tables, from which they can be found)"
                } else {
                    ""
                };
                return Err((
                    format!("a list with {}{hint}", names.join(" or ")),
                    format!(
                        "{} with {}",
                        self.file.display(),
                        columns.into_iter().collect::<Vec<_>>().join(", ")
                    ),
                ));
            }
        }
        Ok(())
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
        let Named {
            by_space: mut keys,
            unranked,
        } = self.named_in_file(&wanted)?;
        let unranked = Arc::new(KeySet::new(unranked));
        if let Some(Referential(table)) = &self.referential {
            self.complete(table.as_ref(), state, &mut keys, &unranked)
                .await?;
        }
        let mut sets = Sets {
            unranked,
            ..Sets::default()
        };
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

    fn named_in_file(&self, wanted: &BTreeSet<Space>) -> Result<Named> {
        let unreadable = || DataFusionError::from(HiddenFailure::Read);
        let file = File::open(&self.file).map_err(|_| unreadable())?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| unreadable())?;
        let types = types_of(reader.schema());
        // The file may be another than the one that was opened.
        self.names_people_by(&types).map_err(|(expected, found)| {
            tracing::error!(role = ?self.role, expected, found, "a list of people was changed and is wrong");
            DataFusionError::from(HiddenFailure::Policy)
        })?;
        let columns: BTreeSet<String> = types.into_keys().collect();
        let mut named = Named::default();
        let pair = Space::Pair.found_in(&columns);
        // Whoever opposed without a rank is hidden whichever twin it is; a cohort takes nobody in for want of a rank.
        let for_every_rank = self.role == ListRole::Opposition || pair.is_empty();
        for batch in reader.build().map_err(|_| unreadable())? {
            let batch = batch.map_err(|_| unreadable())?;
            for space in wanted {
                for names in space.found_in(&columns) {
                    let (hashes, known) = self.hashes(&batch, &names)?;
                    let keys = named.by_space.entry(space.clone()).or_default();
                    keys.extend(valid(&hashes, known.as_ref()));
                }
            }
            if !for_every_rank {
                continue;
            }
            let ranked = match pair.first() {
                Some(names) => self.hashes(&batch, names)?.1,
                None => Some(NullBuffer::new_null(batch.num_rows())),
            };
            let Some(ranked) = ranked else { continue };
            let unranked = NullBuffer::new(!ranked.inner());
            for names in Space::Nir.found_in(&columns) {
                let (hashes, known) = self.hashes(&batch, &names)?;
                let both = NullBuffer::union(Some(&unranked), known.as_ref());
                named.unranked.extend(valid(&hashes, both.as_ref()));
            }
        }
        Ok(named)
    }

    /// The people of a batch by some columns, and the rows in which none of those is missing.
    fn hashes(
        &self,
        batch: &RecordBatch,
        names: &[&str],
    ) -> Result<(Vec<u128>, Option<NullBuffer>)> {
        let columns = names
            .iter()
            .map(|name| canonical(batch.column_by_name(name)))
            .collect::<Result<Vec<_>>>()?;
        self.hasher.hash(&columns)
    }

    /// Adds every identifier that the referential knows of the people who are named by one: first the persons behind the
    /// pairs and NIRs, then the pairs and NIRs of all persons.
    async fn complete(
        &self,
        table: &dyn TableProvider,
        state: &dyn Session,
        keys: &mut BTreeMap<Space, Vec<u128>>,
        unranked: &KeySet,
    ) -> Result<()> {
        for _ in 0..2 {
            let known: BTreeMap<Space, KeySet> = keys
                .iter()
                .map(|(space, keys)| (space.clone(), KeySet::new(keys.clone())))
                .collect();
            let schema = table.schema();
            let positions = REFERENTIAL_KEYS
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
                        // A NIR names both twins; with a rank it names one of them.
                        let set = match space {
                            Space::Nir => Some(unranked),
                            other => known.get(other),
                        };
                        valid.as_ref().is_none_or(|valid| valid.is_valid(row))
                            && set.is_some_and(|set| set.contains(hashes[row]))
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

/// The people of the rows that name somebody.
fn valid<'h>(hashes: &'h [u128], known: Option<&'h NullBuffer>) -> impl Iterator<Item = u128> + 'h {
    let rows = hashes.iter().enumerate();
    rows.filter(move |(row, _)| known.is_none_or(|known| known.is_valid(*row)))
        .map(|(_, hash)| *hash)
}

const REFERENTIAL: [Space; 3] = [Space::Pair, Space::Nir, Space::Person];

/// A column as hashes compare it: any text as text, any whole number as a 64-bit one.
///
/// Numbers without a sign that are too large for one with a sign keep their bits, so that all stay different: as NULL they
/// would name nobody. Nothing that is compared as an identifier is negative.
pub(in crate::enforce) fn canonical(column: Option<&ArrayRef>) -> Result<ArrayRef> {
    let column = column.ok_or(HiddenFailure::Policy)?;
    let target = match column.data_type() {
        DataType::Utf8 => return Ok(Arc::clone(column)),
        DataType::UInt64 => {
            let bits: &UInt64Array = column.as_primitive::<UInt64Type>();
            return Ok(Arc::new(bits.unary::<_, Int64Type>(u64::cast_signed)));
        }
        DataType::Dictionary(_, values) => return canonical(Some(&cast(column, values)?)),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        other if other.is_integer() => DataType::Int64,
        _ => return Ok(Arc::clone(column)),
    };
    Ok(cast(column, &target)?)
}

fn columns_of(file: &Path) -> Result<BTreeMap<String, DataType>, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| error.to_string())?;
    Ok(types_of(reader.schema()))
}

fn types_of(schema: &Schema) -> BTreeMap<String, DataType> {
    schema
        .fields()
        .iter()
        .map(|field| (field.name().clone(), field.data_type().clone()))
        .collect()
}

/// The spaces in which people are compared and the types of their values: those of the tables and, where it completes the
/// list, the referential's own.
fn with_referential(
    spaces: &BTreeMap<Space, Vec<Vec<DataType>>>,
    referential: Option<&Referential>,
) -> BTreeMap<Space, Vec<Vec<DataType>>> {
    let mut compared = spaces.clone();
    let Some(Referential(table)) = referential else {
        return compared;
    };
    let types = types_of(&table.schema());
    let columns: BTreeSet<String> = types.keys().cloned().collect();
    for space in REFERENTIAL {
        let names = space.found_in(&columns).into_iter().next();
        let stored = names.iter().flatten().map(|name| types[*name].clone());
        compared.entry(space).or_default().push(stored.collect());
    }
    compared
}

/// Whether all tables that name people by a space store it as the same kind of value: one list could not match them all.
fn stored_alike(compared: &BTreeMap<Space, Vec<Vec<DataType>>>) -> Result<(), (String, String)> {
    for (space, stored) in compared {
        let Some((first, others)) = stored.split_first() else {
            continue;
        };
        for other in others {
            for (at, (one, other)) in first.iter().zip(other).enumerate() {
                if kind(one) != kind(other) {
                    let columns = space.columns();
                    let name = columns.first().and_then(|names| names.get(at).copied());
                    let name = name.unwrap_or("the person");
                    return Err((
                        format!("tables that all store {name} as the same kind of value"),
                        format!(
                            "{name} as {} in one and as {} in another",
                            kind(one),
                            kind(other)
                        ),
                    ));
                }
            }
        }
    }
    Ok(())
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
        #[cfg(unix)]
        file: {
            use std::os::unix::fs::MetadataExt as _;
            (meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec())
        },
    })
}
