use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::Session;
use datafusion::common::Result;

use super::people::{Persons, SamePeople, Space, hash};
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

/// How a session tells people apart: by a 64-bit hash under a seed, of the person where the referential knows them.
///
/// Two people may share a hash, with a chance of some 10⁻¹⁷ among a hundred: a cell then counts one person fewer, never
/// one more.
#[derive(Debug, Clone)]
pub(crate) struct Contributors {
    seed: u64,
    persons: Option<Arc<Persons>>,
}

/// Tells the people of one table apart, for one question.
#[derive(Debug, Clone)]
pub(crate) struct ContributorIds {
    seed: u64,
    space: Arc<Space>,
    same: Option<Arc<SamePeople>>,
}

impl Contributors {
    pub(crate) fn new(persons: Option<Arc<Persons>>) -> Self {
        let seed = match &persons {
            Some(persons) => persons.seed(),
            None => RandomState::new().hash_one(0_u8),
        };
        Self { seed, persons }
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
        let (mut ids, known) = hash(self.seed, &self.space, &columns)?;
        if let Some(same) = &self.same {
            same.unite(&self.space, &mut ids);
        }
        Ok(Arc::new(UInt64Array::new(ids.into(), known)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array as _, Int16Array, StringArray};

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
        };
        let found = contributors.ids(&batch, &[0, 1]).expect("ids");
        assert_eq!(found.null_count(), 2);
        let found = found.as_any().downcast_ref::<UInt64Array>().expect("ids");
        assert_eq!(found.value(0), found.value(1));
    }
}
