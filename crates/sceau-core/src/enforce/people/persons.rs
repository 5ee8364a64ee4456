//! Who is behind a pseudo-NIR.
//!
//! A pseudo-NIR is made of the NIR under which care was paid for: a person has another one as a child, as an adult, in
//! another scheme, and twins can share one. The referential IR_BEN_R gives each pair of pseudo-NIR and rank its person,
//! `BEN_IDT_ANO`. People are counted by it:
//!
//! - a pair counts as its person: the pairs of one person are one, twins are two;
//! - a pseudo-NIR alone, as in the PMSI, counts as whoever it may be of: the pseudo-NIRs of one person are one, and twins
//!   who share one are one. Such a count is never more than the people there are;
//! - a pair or a pseudo-NIR that the referential does not hold counts as one person.
//!
//! Only people with several are remembered: 16 bytes for each of their pairs, and 16 for each of their pseudo-NIRs. A ledger
//! has to know a person again by whatever names them, so that with one everybody is. The referential is read once for every
//! version of its files, in as many passes as keep a pass below [`MOST_BYTES`], and what is remembered counts towards the
//! memory that questions may use.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::execute_stream;
use futures::TryStreamExt;
use tokio::sync::Mutex;

use super::list::{Referential, canonical};
use super::spaces::Space;
use super::unions::{KeyMap, Unions};
use crate::enforce::HiddenFailure;
use crate::enforce::lasting::number;
use crate::snds::REFERENTIAL_KEYS;
use crate::storage::StoredFiles;

/// The bytes that one pass over the referential may take.
const MOST_BYTES: usize = 512 << 20;

/// What a row of the referential takes in a pass.
const ROW_BYTES: usize = std::mem::size_of::<Entry>();

/// The persons behind pseudo-NIRs, as the referential has them.
#[derive(Debug)]
pub(crate) struct Persons {
    referential: Referential,
    seed: u64,
    everybody: bool,
    most_bytes: usize,
    known: Mutex<Option<(Version, Arc<SamePeople>)>>,
}

/// A version of the referential's files; `None` when it is not in files.
type Version = Option<u64>;

/// The pairs and the pseudo-NIRs that are of one person each, with what stands for that person: for those who have several, or
/// for everybody.
#[derive(Debug)]
pub(crate) struct SamePeople {
    pairs: KeyMap,
    nirs: KeyMap,
    /// Held for as long as the maps are.
    _memory: MemoryReservation,
}

impl Persons {
    /// `everybody`: not only those who have several are remembered, and what stands for a person is lasting, as a ledger
    /// needs it.
    pub(crate) fn new(table: Arc<dyn TableProvider>, everybody: bool) -> Self {
        Self {
            referential: Referential(table),
            seed: RandomState::new().hash_one(0_u8),
            everybody,
            most_bytes: MOST_BYTES,
            known: Mutex::default(),
        }
    }

    /// The seed under which rows are hashed.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Whom the referential knows by several identifiers, as its files are now.
    pub(crate) async fn current(&self, state: &dyn Session) -> Result<Arc<SamePeople>> {
        let mut known = self.known.lock().await;
        let version = version(self.referential.0.as_ref(), state).await?;
        if let Some((of, people)) = known.as_ref()
            && version.is_some()
            && *of == version
        {
            return Ok(Arc::clone(people));
        }
        // The old version's memory is given back first.
        *known = None;
        let people = Arc::new(self.read(state).await?);
        tracing::info!(
            pairs = people.pairs.len(),
            pseudo_nirs = people.nirs.len(),
            everybody = self.everybody,
            "people behind pseudo-NIRs were read"
        );
        *known = Some((version, Arc::clone(&people)));
        Ok(people)
    }

    async fn read(&self, state: &dyn Session) -> Result<SamePeople> {
        let memory = MemoryConsumer::new("people behind pseudo-NIRs")
            .register(&state.runtime_env().memory_pool);
        let rows = self.rows(state).await?;
        let passes = (rows.saturating_mul(ROW_BYTES))
            .div_ceil(self.most_bytes)
            .max(1) as u64;
        let mut pairs = Unions::new(self.everybody);
        let mut nirs = Unions::new(self.everybody);
        for pass in 0..passes {
            let mut entries = Vec::new();
            self.pass(state, |entry| {
                if entry.person % passes == pass {
                    if entries.len() == entries.capacity() {
                        let more = entries.len().max(1024);
                        memory.try_grow(more * ROW_BYTES)?;
                        entries.reserve_exact(more);
                    }
                    entries.push(entry);
                }
                Ok(())
            })
            .await?;
            entries.sort_unstable();
            for rows in entries.chunk_by(|one, other| one.person == other.person) {
                let person = rows[0].person;
                pairs.join(person, rows.iter().map(|entry| entry.pair));
                nirs.join(person, rows.iter().map(|entry| entry.nir));
            }
            drop(entries);
            memory.try_resize(pairs.size() + nirs.size())?;
        }
        let (pairs, nirs) = (pairs.into_map(), nirs.into_map());
        memory.try_resize(pairs.size() + nirs.size())?;
        Ok(SamePeople {
            pairs,
            nirs,
            _memory: memory,
        })
    }

    async fn rows(&self, state: &dyn Session) -> Result<usize> {
        let scan = self
            .referential
            .0
            .scan(state, Some(&vec![]), &[], None)
            .await?;
        let mut batches = execute_stream(scan, state.task_ctx())?;
        let mut rows = 0;
        while let Some(batch) = batches.try_next().await? {
            rows += batch.num_rows();
        }
        Ok(rows)
    }

    /// Reads the referential and gives every row of it that says who a pair is of.
    async fn pass(
        &self,
        state: &dyn Session,
        mut take: impl FnMut(Entry) -> Result<()> + Send,
    ) -> Result<()> {
        let table = &self.referential.0;
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
        let mut batches = execute_stream(scan, state.task_ctx())?;
        while let Some(batch) = batches.try_next().await? {
            let hashed = |space, columns| hash(self.seed, &comparable(&space, columns)?);
            let (pairs, known) = hashed(Space::Pair, &batch.columns()[..2])?;
            let (nirs, _) = hashed(Space::Nir, &batch.columns()[..1])?;
            let (persons, named) = if self.everybody {
                numbers(&batch.columns()[2..])?
            } else {
                hashed(Space::Person, &batch.columns()[2..])?
            };
            let known = NullBuffer::union(known.as_ref(), named.as_ref());
            for row in 0..batch.num_rows() {
                if known.as_ref().is_none_or(|known| known.is_valid(row)) {
                    take(Entry {
                        person: persons[row],
                        pair: pairs[row],
                        nir: nirs[row],
                    })?;
                }
            }
        }
        Ok(())
    }
}

impl SamePeople {
    /// Takes the identifiers of one person for one, among hashes of a space.
    pub(crate) fn unite(&self, space: &Space, hashes: &mut [u64]) {
        let Some(map) = self.of(space).filter(|map| map.len() > 0) else {
            return;
        };
        for hash in hashes {
            if let Some(same) = map.get(*hash) {
                *hash = same;
            }
        }
    }

    /// What stands for the person of a hash.
    pub(crate) fn person(&self, space: &Space, hash: u64) -> Option<u64> {
        self.of(space)?.get(hash)
    }

    fn of(&self, space: &Space) -> Option<&KeyMap> {
        match space {
            Space::Pair => Some(&self.pairs),
            Space::Nir => Some(&self.nirs),
            Space::Person | Space::Own(_) => None,
        }
    }
}

/// The columns that name a person, as values of one type in every table that names people so.
pub(crate) fn comparable(space: &Space, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            use arrow::datatypes::DataType;
            match (space, at) {
                // A rank is a number wherever it is kept as a text; what is no such value names nobody.
                (Space::Pair, 1) => Ok(cast(&canonical(Some(column))?, &DataType::Int64)?),
                (Space::Pair | Space::Nir | Space::Person, _) => Ok(cast(column, &DataType::Utf8)?),
                (Space::Own(_), _) => canonical(Some(column)),
            }
        })
        .collect()
}

/// One hash a row of [`comparable`] columns, and the rows that name somebody.
pub(crate) fn hash(seed: u64, columns: &[ArrayRef]) -> Result<(Vec<u64>, Option<NullBuffer>)> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut hashes = vec![0_u64; rows];
    create_hashes(columns, &QualityRandomState::with_seed(seed), &mut hashes)?;
    let known = columns
        .iter()
        .fold(None, |known: Option<NullBuffer>, column| {
            NullBuffer::union(known.as_ref(), column.logical_nulls().as_ref())
        });
    Ok((hashes, known))
}

/// The lasting numbers of persons.
fn numbers(persons: &[ArrayRef]) -> Result<(Vec<u64>, Option<NullBuffer>)> {
    let persons = comparable(&Space::Person, persons)?;
    let persons = persons.first().ok_or(HiddenFailure::Policy)?;
    let persons = persons.as_string::<i32>();
    let numbers = (0..persons.len())
        .map(|row| number(persons.value(row).as_bytes()))
        .collect();
    Ok((numbers, persons.nulls().cloned()))
}

/// A row of the referential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    person: u64,
    pair: u64,
    nir: u64,
}

/// What tells a version of a table's files from another.
async fn version(table: &dyn TableProvider, state: &dyn Session) -> Result<Version> {
    let Some(table) = table.downcast_ref::<StoredFiles>() else {
        return Ok(None);
    };
    let mut files: Vec<_> = (table.list(state).await?.into_iter())
        .map(|file| file.object_meta)
        .collect();
    files.sort_by(|one, other| one.location.cmp(&other.location));
    let mut hasher = std::hash::DefaultHasher::new();
    for file in files {
        file.location.hash(&mut hasher);
        file.size.hash(&mut hasher);
        file.last_modified.hash(&mut hasher);
        file.e_tag.hash(&mut hasher);
    }
    Ok(Some(hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int16Array, RecordBatch, StringArray};
    use arrow::datatypes::Int64Type;
    use datafusion::datasource::MemTable;
    use datafusion::prelude::SessionContext;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// A pseudo-NIR, its rank and the person.
    type Known = (String, i16, Option<String>);

    fn referential(rows: &[Known]) -> RecordBatch {
        let column = |of: fn(&Known) -> Option<String>| {
            Arc::new(rows.iter().map(of).collect::<StringArray>()) as ArrayRef
        };
        let ranks = Int16Array::from(rows.iter().map(|row| row.1).collect::<Vec<_>>());
        RecordBatch::try_from_iter_with_nullable([
            ("BEN_NIR_PSA", column(|row| Some(row.0.clone())), true),
            ("BEN_RNG_GEM", Arc::new(ranks) as ArrayRef, true),
            ("BEN_IDT_ANO", column(|row| row.2.clone()), true),
        ])
        .expect("batch")
    }

    async fn ids(
        batch: &RecordBatch,
        most_bytes: usize,
        everybody: bool,
        space: &Space,
        columns: usize,
    ) -> Vec<u64> {
        let table = MemTable::try_new(batch.schema(), vec![vec![batch.clone()]]).expect("table");
        let persons = Persons {
            most_bytes,
            ..Persons::new(Arc::new(table), everybody)
        };
        let state = SessionContext::new().state();
        let same = persons.current(&state).await.expect("read");
        let (mut found, _) = hash(
            persons.seed,
            &comparable(space, &batch.columns()[..columns]).expect("columns"),
        )
        .expect("hashes");
        same.unite(space, &mut found);
        found
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Runtime::new()
            .expect("runtime")
            .block_on(future)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pairs_count_persons_and_pseudo_nirs_never_count_more(
            rows in prop::collection::vec((0_u8..12, 1_i16..3, prop::option::weighted(0.9, 0_u8..12)), 1..30),
            most_bytes in 24_usize..400,
            everybody: bool,
        ) {
            // A pair is of one person: the referential's key is the pair.
            let mut seen = HashSet::new();
            let rows: Vec<_> = rows
                .into_iter()
                .filter(|(nir, rank, _)| seen.insert((*nir, *rank)))
                .map(|(nir, rank, person)| (format!("n{nir}"), rank, person.map(|p| format!("p{p}"))))
                .collect();
            let batch = referential(&rows);
            let pairs = run(ids(&batch, most_bytes, everybody, &Space::Pair, 2));
            for (one, a) in rows.iter().zip(&pairs) {
                for (other, b) in rows.iter().zip(&pairs) {
                    let same_pair = (&one.0, one.1) == (&other.0, other.1);
                    let same = same_pair || one.2.is_some() && one.2 == other.2;
                    prop_assert_eq!(a == b, same, "{:?} {:?}", one, other);
                }
            }
            let nirs = run(ids(&batch, most_bytes, everybody, &Space::Nir, 1));
            for (one, a) in rows.iter().zip(&nirs) {
                for (other, b) in rows.iter().zip(&nirs) {
                    if one.2.is_some() && one.2 == other.2 {
                        prop_assert_eq!(a, b, "{:?} {:?}", one, other);
                    }
                }
            }
        }
    }

    #[test]
    fn what_stands_for_a_ledgers_person_is_the_same_whenever_and_by_whatever_it_is_made() {
        let row = |nir: &str, person: &str| (nir.to_owned(), 1, Some(person.to_owned()));
        let before = referential(&[row("a", "P"), row("b", "P"), row("c", "Q")]);
        let after = referential(&[row("z", "P"), row("c", "Q"), row("b", "P"), row("a", "P")]);
        for (space, columns) in [(Space::Pair, 2), (Space::Nir, 1)] {
            let one = run(ids(&before, MOST_BYTES, true, &space, columns));
            let other = run(ids(&after, 24, true, &space, columns));
            assert_eq!(one, [number(b"P"), number(b"P"), number(b"Q")]);
            assert_eq!(other, [one[0], one[2], one[0], one[0]]);
        }
    }

    #[test]
    fn a_person_is_alike_whatever_types_a_table_keeps_identifiers_in() {
        let nirs: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let large = arrow::compute::cast(&nirs, &arrow::datatypes::DataType::LargeUtf8);
        let ranks: ArrayRef = Arc::new(Int16Array::from(vec![1, 2]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["1", "2"]));
        let wide: ArrayRef = Arc::new(arrow::array::PrimitiveArray::<Int64Type>::from(vec![1, 2]));
        let of = |columns: [&ArrayRef; 2]| {
            let columns: Vec<ArrayRef> = columns.into_iter().map(Arc::clone).collect();
            let columns = comparable(&Space::Pair, &columns).expect("columns");
            hash(7, &columns).expect("hashes").0
        };
        let large = large.expect("text");
        assert_eq!(of([&nirs, &ranks]), of([&large, &texts]));
        assert_eq!(of([&nirs, &ranks]), of([&nirs, &wide]));
    }
}
