use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::Session;
use datafusion::common::Result;

use super::lasting::{LastingIds, Rows};
use super::people::{Persons, SamePeople, Space, comparable, hash};
use crate::pseudonym::ProjectKey;
use crate::snds::TableModel;

/// The column in which a release finds the person behind a row. A question's text is planned before it exists, so that no
/// text can name it.
pub const CONTRIBUTOR: &str = "\u{1}contributor";

/// By what the people of a table are told apart when they are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountedBy {
    /// A number of the person: `BEN_IDT_ANO`, or `BEN_NIR_IDT` of the EGB.
    Person,
    /// The person that the referential IR_BEN_R gives a pseudo-NIR. Where the table has no rank, twins who share one count as
    /// one.
    Referential,
    /// A pseudo-NIR as it is, since IR_BEN_R is not among the platform's tables: who has had two counts as two.
    PseudoNir,
    /// Columns that the referential does not know.
    Columns(Vec<String>),
}

/// How a session tells people apart: by a 64-bit hash, of the person where the referential knows them. Its seed is the
/// process's own, which is fast, or it is keyed and lasting, for a ledger.
///
/// Two people may share a hash, with a chance of some 10⁻¹⁷ among a hundred: a cell then counts one person fewer, never
/// one more.
#[derive(Debug, Clone)]
pub(crate) struct Contributors {
    seed: u64,
    persons: Option<Arc<Persons>>,
    lasting: Option<LastingIds>,
}

/// Tells the people of one table apart, for one question.
#[derive(Debug, Clone)]
pub(crate) struct ContributorIds {
    seed: u64,
    space: Arc<Space>,
    same: Option<Arc<SamePeople>>,
    lasting: Option<LastingIds>,
}

impl Contributors {
    pub(crate) fn new(persons: Option<Arc<Persons>>) -> Self {
        let seed = match &persons {
            Some(persons) => persons.seed(),
            None => RandomState::new().hash_one(0_u8),
        };
        Self {
            seed,
            persons,
            lasting: None,
        }
    }

    /// The same under a ledger's key and for one project: a person has the same id in every process. `persons` have to
    /// remember everybody.
    pub(crate) fn of_ledger(
        persons: Option<Arc<Persons>>,
        key: &ProjectKey,
        project: &str,
    ) -> Self {
        Self {
            lasting: Some(LastingIds::new(key, project)),
            ..Self::new(persons)
        }
    }

    /// Whether a person of this table has one id with those of every other such table, whatever columns name them.
    pub(crate) fn knows_persons(&self, model: &TableModel) -> bool {
        let space = Space::of(&model.contributor);
        !model.contributor.is_empty()
            && self.lasting.is_some()
            && self.persons.is_some()
            && space.is_in_referential()
    }

    /// By what the people of a table are counted; `None` when it holds none.
    pub(crate) fn counted_by(&self, model: &TableModel) -> Option<CountedBy> {
        if model.contributor.is_empty() {
            return None;
        }
        Some(match (Space::of(&model.contributor), &self.persons) {
            (Space::Person, _) => CountedBy::Person,
            (Space::Pair | Space::Nir, Some(_)) => CountedBy::Referential,
            (Space::Pair | Space::Nir, None) => CountedBy::PseudoNir,
            // The sample of the insured gives each a number of their own.
            (Space::Own(columns), _) if columns == ["BEN_NIR_IDT"] => CountedBy::Person,
            (Space::Own(columns), _) => CountedBy::Columns(columns),
        })
    }

    /// What tells the people of a table apart, as the referential is now.
    pub(crate) async fn of(
        &self,
        contributor: &[String],
        state: &dyn Session,
    ) -> Result<ContributorIds> {
        let space = Space::of(contributor);
        let same = match (&space, &self.persons) {
            (Space::Pair | Space::Nir, Some(persons)) => Some(persons.current(state).await?),
            _ => None,
        };
        Ok(ContributorIds {
            seed: self.seed,
            space: Arc::new(space),
            same,
            lasting: self.lasting.clone(),
        })
    }
}

impl ContributorIds {
    /// One id a row; NULL where any of the columns is, since then nobody knows who it is.
    pub(crate) fn ids(&self, batch: &RecordBatch, columns: &[usize]) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = columns
            .iter()
            .map(|at| Arc::clone(batch.column(*at)))
            .collect();
        let columns = comparable(&self.space, &columns)?;
        let (mut ids, mut known) = hash(self.seed, &columns)?;
        if let Some(lasting) = &self.lasting {
            let rows = Rows {
                space: &self.space,
                columns: &columns,
                hashes: &ids,
                known,
            };
            (ids, known) = lasting.ids(rows, self.same.as_deref())?;
        } else if let Some(same) = &self.same {
            same.unite(&self.space, &mut ids);
        }
        Ok(Arc::new(UInt64Array::new(ids.into(), known)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array as _, AsArray as _, Int16Array, StringArray};
    use arrow::datatypes::UInt64Type;
    use datafusion::datasource::MemTable;
    use datafusion::prelude::SessionContext;

    const PINNED: [u64; 4] = [
        14029704269307038682,
        17170110016099747234,
        17477091218038980889,
        12609876495709689725,
    ];

    #[test]
    fn a_person_of_whom_a_part_is_missing_is_nobody() {
        let ids: ArrayRef = Arc::new(StringArray::from(vec![
            Some("a"),
            Some("a"),
            None,
            Some("b"),
        ]));
        let ranks: ArrayRef = Arc::new(Int16Array::from(vec![Some(1), Some(1), Some(1), None]));
        let batch = RecordBatch::try_from_iter([("id", ids), ("rank", ranks)]).expect("batch");
        let contributors = ContributorIds {
            seed: 1,
            space: Arc::new(Space::Pair),
            same: None,
            lasting: None,
        };
        let found = contributors.ids(&batch, &[0, 1]).expect("ids");
        assert_eq!(found.null_count(), 2);
        let found = found.as_any().downcast_ref::<UInt64Array>().expect("ids");
        assert_eq!(found.value(0), found.value(1));
    }

    /// Three people by all that names them: P had two pseudo-NIRs, Q had one; R shares a twin's.
    fn referential() -> Arc<Persons> {
        let batch = named([
            ("BEN_NIR_PSA", texts(&["a", "b", "c", "b"])),
            (
                "BEN_RNG_GEM",
                Arc::new(Int16Array::from(vec![1, 1, 1, 2])) as ArrayRef,
            ),
            ("BEN_IDT_ANO", texts(&["P", "P", "Q", "R"])),
        ]);
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).expect("table");
        Arc::new(Persons::new(Arc::new(table), true))
    }

    fn texts(values: &[&str]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    fn named<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
        RecordBatch::try_from_iter(columns).expect("batch")
    }

    async fn lasting<const N: usize>(columns: [(&str, ArrayRef); N]) -> Vec<u64> {
        let key = ProjectKey::new(vec![7; 32], 1).expect("key");
        // As a new process does.
        let contributors = Contributors::of_ledger(Some(referential()), &key, "diab-2031");
        let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let state = SessionContext::new().state();
        let of_table = contributors.of(&names, &state).await.expect("referential");
        let positions: Vec<usize> = (0..N).collect();
        let ids = of_table.ids(&named(columns), &positions).expect("ids");
        ids.as_primitive::<UInt64Type>().values().to_vec()
    }

    #[tokio::test]
    async fn a_ledgers_person_has_one_id_by_whatever_the_referential_knows_them() {
        let ranks = |ranks: &[i16]| Arc::new(Int16Array::from(ranks.to_vec())) as ArrayRef;
        let pairs = lasting([
            ("BEN_NIR_PSA", texts(&["a", "b", "c", "b", "z"])),
            ("BEN_RNG_GEM", ranks(&[1, 1, 1, 2, 1])),
        ])
        .await;
        let persons = lasting([("BEN_IDT_ANO", texts(&["P", "Q", "R", "Z"]))]).await;
        let nirs = lasting([("NIR_ANO_17", texts(&["a", "c", "z", "y"]))]).await;
        assert_eq!(pairs[..4], [persons[0], persons[0], persons[1], persons[2]]);
        // Twins who share one are one of them.
        assert!([persons[0], persons[2]].contains(&nirs[0]));
        assert_eq!(nirs[1], persons[1]);
        // Who is not known is told apart by what names them.
        assert_ne!(nirs[2], nirs[3]);
        assert!(!persons.contains(&pairs[4]));
    }

    /// What a ledger recorded years ago is compared with what a release of today counts.
    #[tokio::test]
    async fn ids_of_a_ledger_never_change() {
        let persons = lasting([("BEN_IDT_ANO", texts(&["P", "Q"]))]).await;
        let unknown = lasting([("NIR_ANO_17", texts(&["z"]))]).await;
        let own = lasting([("patient", texts(&["17"]))]).await;
        assert_eq!([persons, unknown, own].concat(), PINNED);
    }
}
