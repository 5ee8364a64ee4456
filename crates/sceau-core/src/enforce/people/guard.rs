use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;

use super::list::{ListRole, PeopleList, Sets, canonical};
use super::set::{KeySet, RowHasher};
use super::spaces::Space;
use crate::enforce::HiddenFailure;

/// Holds the rows of a stored batch against a list of people.
#[derive(Debug, Clone)]
pub(crate) struct PeopleGuard {
    role: ListRole,
    hasher: RowHasher,
    people: Arc<KeySet>,
    /// The columns of the batch that name the person.
    columns: Vec<usize>,
    /// Those who opposed by their NIR, for rows that do not say which twin they are of.
    by_nir: Option<Arc<KeySet>>,
    /// Those who opposed and did not say which twin they are, for every row.
    unranked: Option<Arc<KeySet>>,
}

impl PeopleGuard {
    pub(crate) fn new(
        list: &PeopleList,
        sets: &Sets,
        space: &Space,
        columns: Vec<usize>,
    ) -> Result<Self> {
        let people = sets.of(space).ok_or(HiddenFailure::Policy)?;
        let of_pairs = list.role() == ListRole::Opposition && *space == Space::Pair;
        let by_nir = of_pairs.then(|| sets.of(&Space::Nir).cloned()).flatten();
        let unranked = of_pairs.then(|| Arc::clone(sets.unranked()));
        Ok(Self {
            role: list.role(),
            hasher: list.hasher(),
            people: Arc::clone(people),
            columns,
            by_nir,
            unranked: unranked.filter(|nirs| nirs.len() > 0),
        })
    }

    /// The rows that the list lets be seen. A row that names nobody is in no cohort, and has not opposed.
    pub(crate) fn keep(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let columns = self
            .columns
            .iter()
            .map(|at| canonical(Some(batch.column(*at))))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let (hashes, known) = self.hasher.hash(&columns)?;
        let listed = self.people.members(&hashes, known.as_ref());
        let kept = match self.role {
            ListRole::Cohort => listed,
            ListRole::Opposition => {
                let mut opposed = listed;
                if let (Some(nirs), Some(known)) = (&self.by_nir, &known) {
                    let without_rank = !known.inner();
                    opposed = &opposed | &(&self.members(nirs, &columns)? & &without_rank);
                }
                if let Some(nirs) = &self.unranked {
                    opposed = &opposed | &self.members(nirs, &columns)?;
                }
                !&opposed
            }
        };
        Ok(BooleanArray::new(kept, None))
    }

    /// The rows whose NIR is in a set.
    fn members(&self, nirs: &KeySet, columns: &[ArrayRef]) -> Result<BooleanBuffer> {
        let (hashes, known) = self.hasher.hash(&columns[..1])?;
        Ok(nirs.members(&hashes, known.as_ref()))
    }
}
