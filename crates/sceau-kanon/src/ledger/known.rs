//! What a project knows, searched for what a new set would isolate.

mod buckets;
mod shelf;

use std::collections::HashMap;
use std::sync::Arc;

use self::shelf::Shelf;
use super::LedgerError;
use super::record::KnownSet;

/// The sets of people that a project knows something of.
#[derive(Debug, Default)]
pub(super) struct Known {
    places: HashMap<(Arc<str>, u32), usize>,
    shelves: Vec<Shelf>,
}

/// Where a set stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    shelf: usize,
    at: u32,
}

/// How few people a new set would isolate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Isolated {
    /// By its difference to one known set.
    ByOne,
    /// By its difference to two of them.
    ByTwo,
}

/// How many comparisons may still be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    limit: u64,
    left: u64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, left: limit }
    }

    /// The same bound, none of it spent.
    pub(super) fn afresh(self) -> Self {
        Self::new(self.limit)
    }

    /// Counts the people of one difference of figures.
    pub(super) fn spend_counting(&mut self) -> Result<(), LedgerError> {
        self.spend(2 * COUNTING)
    }

    #[inline]
    pub(super) fn spend(&mut self, comparisons: u64) -> Result<(), LedgerError> {
        match self.left.checked_sub(comparisons) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(LedgerError::SearchBound { limit: self.limit }),
        }
    }
}

/// How many sets are looked for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Differences to one known set.
    One,
    /// To two of them as well.
    Two,
}

impl Known {
    /// Adds a set, once more if it is there already.
    pub(super) fn add(&mut self, set: &KnownSet) -> Place {
        let key = (Arc::clone(&set.space), set.sketch.k());
        let shelf = match self.places.get(&key) {
            Some(&shelf) => shelf,
            None => {
                self.shelves
                    .push(Shelf::new(Arc::clone(&set.space), set.sketch.k()));
                self.places.insert(key, self.shelves.len() - 1);
                self.shelves.len() - 1
            }
        };
        Place {
            shelf,
            at: self.shelves[shelf].add(set),
        }
    }

    /// Takes back one [`add`](Self::add).
    pub(super) fn remove(&mut self, place: Place) {
        self.shelves[place.shelf].remove(place.at);
    }

    /// Whether the set of this place is on the disk.
    pub(super) fn is_kept(&self, place: Place) -> bool {
        self.shelves[place.shelf].is_kept(place.at)
    }

    /// Notes that it is.
    pub(super) fn keep(&mut self, place: Place) {
        self.shelves[place.shelf].keep(place.at);
    }

    /// How many different sets are known.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shelves.iter().map(Shelf::len).sum()
    }

    /// Whether a set, beside what is known, isolates 1 to k − 1 people. A set that is known already isolates nobody anew.
    ///
    /// # Errors
    /// [`LedgerError::SearchBound`].
    pub(super) fn isolated(
        &self,
        set: &KnownSet,
        depth: Depth,
        budget: &mut Budget,
    ) -> Result<Option<Isolated>, LedgerError> {
        let key = (Arc::clone(&set.space), set.sketch.k());
        let own = self.places.get(&key).map(|&at| &self.shelves[at]);
        if own.is_some_and(|shelf| shelf.holds(set)) {
            return Ok(None);
        }
        for shelf in self
            .shelves
            .iter()
            .filter(|shelf| shelf.space() == &*set.space && shelf.k() != set.sketch.k())
        {
            if shelf.any_near(set, budget)? {
                return Ok(Some(Isolated::ByOne));
            }
        }
        let Some(shelf) = own else {
            return Ok(None);
        };
        if shelf.one_near(set, budget)? {
            return Ok(Some(Isolated::ByOne));
        }
        if depth == Depth::Two && shelf.two_near(set, budget)? {
            return Ok(Some(Isolated::ByTwo));
        }
        Ok(None)
    }
}

/// What counting one difference costs, in comparisons of signatures.
const COUNTING: u64 = 100;

#[cfg(test)]
mod tests;
