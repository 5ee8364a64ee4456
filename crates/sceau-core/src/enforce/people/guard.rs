use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
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
    /// Those who opposed by their NIR alone, for rows that do not say which twin they are of.
    by_nir: Option<Arc<KeySet>>,
}

impl PeopleGuard {
    pub(crate) fn new(
        list: &PeopleList,
        sets: &Sets,
        space: &Space,
        columns: Vec<usize>,
    ) -> Result<Self> {
        let people = sets.of(space).ok_or(HiddenFailure::Policy)?;
        let by_nir = (list.role() == ListRole::Opposition && *space == Space::Pair)
            .then(|| sets.of(&Space::Nir).cloned())
            .flatten();
        Ok(Self {
            role: list.role(),
            hasher: list.hasher(),
            people: Arc::clone(people),
            columns,
            by_nir,
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
        Ok(BooleanArray::new(
            match self.role {
                ListRole::Cohort => listed,
                ListRole::Opposition => match &self.by_nir {
                    Some(nirs) if known.is_some() => {
                        let (hashes, valid) = self.hasher.hash(&columns[..1])?;
                        let by_nir = nirs.members(&hashes, valid.as_ref());
                        let unranked = known.map_or_else(
                            || arrow::buffer::BooleanBuffer::new_unset(hashes.len()),
                            |known| !known.inner(),
                        );
                        !&(&listed | &(&by_nir & &unranked))
                    }
                    _ => !&listed,
                },
            },
            None,
        ))
    }
}
