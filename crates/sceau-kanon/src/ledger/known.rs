//! What a project knows, searched for what a new set would isolate.

use std::collections::HashMap;
use std::sync::Arc;

use super::LedgerError;
use super::record::KnownSet;

/// The sets of people that a project knows something of.
#[derive(Debug, Default)]
pub(super) struct Known {
    places: HashMap<(Arc<str>, u32), usize>,
    shelves: Vec<Shelf>,
}

/// Where a set stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    #[inline]
    fn spend(&mut self, comparisons: u64) -> Result<(), LedgerError> {
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
        let entry = &mut self.shelves[place.shelf].entries[place.at as usize];
        entry.uses = entry.uses.saturating_sub(1);
    }

    /// Whether the set of this place is on the disk.
    pub(super) fn is_kept(&self, place: Place) -> bool {
        self.shelves[place.shelf].entries[place.at as usize].kept
    }

    /// Notes that it is.
    pub(super) fn keep(&mut self, place: Place) {
        self.shelves[place.shelf].entries[place.at as usize].kept = true;
    }

    /// How many different sets are known.
    pub(super) fn len(&self) -> usize {
        let in_use = |shelf: &Shelf| shelf.entries.iter().filter(|entry| entry.uses > 0).count();
        self.shelves.iter().map(in_use).sum()
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
            .filter(|shelf| shelf.space == set.space && shelf.k != set.sketch.k())
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

/// The sets of one space that were sketched for one k.
#[derive(Debug)]
struct Shelf {
    space: Arc<str>,
    k: u32,
    entries: Vec<Entry>,
    /// The signatures of all entries, k groups each, side by side.
    signatures: Vec<u16>,
    /// The entries by what their sketch begins and ends with.
    same: HashMap<[u64; 3], u32>,
    /// For each group of the signature, the entries by what it holds.
    groups: Vec<HashMap<u16, Vec<u32>>>,
}

#[derive(Debug)]
struct Entry {
    set: KnownSet,
    /// How often it was added; of none it is as if it were not there.
    uses: u32,
    kept: bool,
}

/// What counting one difference costs, in comparisons of signatures.
const COUNTING: u64 = 100;

impl Shelf {
    fn new(space: Arc<str>, k: u32) -> Self {
        Self {
            space,
            k,
            entries: vec![],
            signatures: vec![],
            same: HashMap::new(),
            groups: vec![HashMap::new(); k as usize],
        }
    }

    fn add(&mut self, set: &KnownSet) -> u32 {
        if let Some(&at) = self.same.get(&set.sketch.fingerprint()) {
            self.entries[at as usize].uses += 1;
            return at;
        }
        let at = self.entries.len() as u32;
        for (group, &bits) in self.groups.iter_mut().zip(set.sketch.signature()) {
            group.entry(bits).or_default().push(at);
        }
        self.signatures.extend_from_slice(set.sketch.signature());
        self.same.insert(set.sketch.fingerprint(), at);
        self.entries.push(Entry {
            set: set.clone(),
            uses: 1,
            kept: false,
        });
        at
    }

    fn holds(&self, set: &KnownSet) -> bool {
        let at = self.same.get(&set.sketch.fingerprint());
        at.is_some_and(|&at| self.entries[at as usize].uses > 0)
    }

    fn signature(&self, at: u32) -> &[u16] {
        let k = self.k as usize;
        &self.signatures[at as usize * k..][..k]
    }

    /// Every set is compared: for sets of another k, whose signatures say nothing.
    fn any_near(&self, set: &KnownSet, budget: &mut Budget) -> Result<bool, LedgerError> {
        for entry in self.entries.iter().filter(|entry| entry.uses > 0) {
            budget.spend(COUNTING)?;
            if isolates(set.sketch.difference(&[&entry.set.sketch])) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn one_near(&self, set: &KnownSet, budget: &mut Budget) -> Result<bool, LedgerError> {
        self.search(set.sketch.signature(), 0, budget, |at| {
            isolates(
                set.sketch
                    .difference(&[&self.entries[at as usize].set.sketch]),
            )
        })
    }

    fn two_near(&self, set: &KnownSet, budget: &mut Budget) -> Result<bool, LedgerError> {
        let mut wanted = vec![0; self.k as usize];
        for (first, entry) in (0_u32..).zip(&self.entries) {
            if entry.uses == 0 {
                continue;
            }
            let signatures = set.sketch.signature().iter().zip(self.signature(first));
            for (wanted, (here, there)) in wanted.iter_mut().zip(signatures) {
                *wanted = here ^ there;
            }
            let found = self.search(&wanted, first + 1, budget, |second| {
                three_isolate(set, [&entry.set, &self.entries[second as usize].set])
            })?;
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an entry from `from` on, whose signature differs from the wanted one in fewer than k bits, is what is looked
    /// for.
    ///
    /// Each person of a difference changes one bit, so that fewer than k of them leave one of the k groups as it is: no set that
    /// is near is missed.
    fn search(
        &self,
        wanted: &[u16],
        from: u32,
        budget: &mut Budget,
        is_it: impl Fn(u32) -> bool,
    ) -> Result<bool, LedgerError> {
        budget.spend(wanted.len() as u64)?;
        for (group, (candidates, bits)) in self.groups.iter().zip(wanted).enumerate() {
            let Some(candidates) = candidates.get(bits) else {
                continue;
            };
            let candidates = &candidates[candidates.partition_point(|&at| at < from)..];
            budget.spend(candidates.len() as u64)?;
            for &at in candidates {
                let signature = self.signature(at);
                let differing: u32 = signature
                    .iter()
                    .zip(wanted)
                    .map(|(here, there)| (here ^ there).count_ones())
                    .sum();
                if differing >= self.k {
                    continue;
                }
                // Found already under an earlier group.
                if signature[..group]
                    .iter()
                    .zip(wanted)
                    .any(|(here, there)| here == there)
                {
                    continue;
                }
                if self.entries[at as usize].uses == 0 {
                    continue;
                }
                budget.spend(COUNTING)?;
                if is_it(at) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Whether a difference is one of 1 to k − 1 people.
fn isolates(difference: Option<u32>) -> bool {
    difference.is_some_and(|people| people > 0)
}

/// Whether three sets can be added and subtracted so that 1 to k − 1 people are left.
///
/// Whoever is in one or in all three of them is left by every choice of signs; so those must be fewer than k. If they are, all
/// others must be in none or cancel out, and the numbers of people come to 3 (k − 1) at most: three sets of which any two share
/// many people cannot be subtracted. If there are none, the sets are three groups, two in each, and a choice of signs leaves
/// one group, twice.
fn three_isolate(set: &KnownSet, others: [&KnownSet; 2]) -> bool {
    let k = i128::from(set.sketch.k());
    let people = |set: &KnownSet| i128::from(set.sketch.people());
    let [a, b, c] = [people(set), people(others[0]), people(others[1])];
    let left = [a + b - c, a - b + c, b + c - a];
    // Of a sum the number of its people is not known, if some of them are in several of its cells.
    let of_sums = set.sum || others.iter().any(|other| other.sum);
    match set
        .sketch
        .difference(&[&others[0].sketch, &others[1].sketch])
    {
        None => false,
        Some(0) => !of_sums && left.iter().any(|twice| (1..k).contains(&(twice / 2))),
        Some(_) => of_sums || left.iter().any(|left| left.abs() <= 3 * (k - 1)),
    }
}

#[cfg(test)]
mod tests;
