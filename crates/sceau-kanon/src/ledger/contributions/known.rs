//! The figures that a project has received, searched for what a new one would isolate.

use std::collections::HashMap;
use std::sync::Arc;

use super::Contributions;
use super::field::Number;
use crate::ledger::LedgerError;
use crate::ledger::known::{Budget, Depth};

/// A figure that a project knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ledger) struct KnownFigure {
    /// What the ids of its people are made of.
    pub(in crate::ledger) space: Arc<str>,
    pub(in crate::ledger) of: Contributions,
}

/// The figures that a project knows.
#[derive(Debug, Default)]
pub(in crate::ledger) struct KnownFigures {
    places: HashMap<(Arc<str>, u32), usize>,
    shelves: Vec<Shelf>,
}

/// Where a figure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::ledger) struct FigurePlace {
    shelf: usize,
    at: u32,
}

impl KnownFigures {
    /// Adds a figure, once more if it is there already.
    pub(in crate::ledger) fn add(&mut self, figure: &KnownFigure) -> FigurePlace {
        let key = (Arc::clone(&figure.space), figure.of.k());
        let shelves = &mut self.shelves;
        let shelf = *self.places.entry(key).or_insert_with(|| {
            shelves.push(Shelf::new(Arc::clone(&figure.space), figure.of.k()));
            shelves.len() - 1
        });
        FigurePlace {
            shelf,
            at: self.shelves[shelf].add(&figure.of),
        }
    }

    /// Takes back one [`add`](Self::add).
    pub(in crate::ledger) fn remove(&mut self, place: FigurePlace) {
        let entry = self.entry(place);
        entry.uses = entry.uses.saturating_sub(1);
    }

    /// Whether the figure of this place is on the disk.
    pub(in crate::ledger) fn is_kept(&self, place: FigurePlace) -> bool {
        self.shelves[place.shelf].entries[place.at as usize].kept
    }

    /// Notes that it is.
    pub(in crate::ledger) fn keep(&mut self, place: FigurePlace) {
        self.entry(place).kept = true;
    }

    fn entry(&mut self, place: FigurePlace) -> &mut Entry {
        &mut self.shelves[place.shelf].entries[place.at as usize]
    }

    /// Whether a figure, added to and subtracted from one or two that are known, is of 1 to k − 1 people. A figure that is known
    /// already tells nothing anew.
    ///
    /// # Errors
    /// [`LedgerError::SearchBound`].
    pub(in crate::ledger) fn isolates(
        &self,
        figure: &KnownFigure,
        depth: Depth,
        budget: &mut Budget,
    ) -> Result<bool, LedgerError> {
        let of = &figure.of;
        let own = self
            .places
            .get(&(Arc::clone(&figure.space), of.k()))
            .map(|&at| &self.shelves[at]);
        if of.sums.iter().all(|sum| sum.is_zero()) || own.is_some_and(|shelf| shelf.holds(of)) {
            return Ok(false);
        }
        for shelf in self
            .shelves
            .iter()
            .filter(|shelf| shelf.space == figure.space)
        {
            if shelf.k != of.k() && shelf.any_near(of, budget)? {
                return Ok(true);
            }
        }
        let Some(shelf) = own else {
            return Ok(false);
        };
        Ok(shelf.one_near(of, budget)? || depth == Depth::Two && shelf.two_near(of, budget)?)
    }
}

/// The figures of one space that were sketched for one k.
#[derive(Debug)]
struct Shelf {
    space: Arc<str>,
    k: u32,
    entries: Vec<Entry>,
    /// The entries by what their sketch begins with: no two figures share it, but by chance.
    same: HashMap<[Number; 2], u32>,
    /// For each small sum of the signature, the entries by what it comes to.
    groups: Vec<HashMap<u16, Vec<u32>>>,
}

#[derive(Debug)]
struct Entry {
    of: Contributions,
    /// How often it was added; of none it is as if it were not there.
    uses: u32,
    kept: bool,
}

impl Shelf {
    fn new(space: Arc<str>, k: u32) -> Self {
        Self {
            space,
            k,
            entries: vec![],
            same: HashMap::new(),
            groups: vec![HashMap::new(); k as usize],
        }
    }

    fn add(&mut self, of: &Contributions) -> u32 {
        if let Some(&at) = self.same.get(&beginning(of)) {
            self.entries[at as usize].uses += 1;
            return at;
        }
        let at = self.entries.len() as u32;
        for (group, &sum) in self.groups.iter_mut().zip(&of.signature) {
            group.entry(sum).or_default().push(at);
        }
        self.same.insert(beginning(of), at);
        self.entries.push(Entry {
            of: of.clone(),
            uses: 1,
            kept: false,
        });
        at
    }

    fn holds(&self, of: &Contributions) -> bool {
        let at = self.same.get(&beginning(of));
        at.is_some_and(|&at| self.entries[at as usize].uses > 0)
    }

    /// Every figure is compared: for those of another k, whose signatures say nothing.
    fn any_near(&self, of: &Contributions, budget: &mut Budget) -> Result<bool, LedgerError> {
        for entry in self.entries.iter().filter(|entry| entry.uses > 0) {
            budget.spend_counting()?;
            if is_of_few(&of.minus(&entry.of)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn one_near(&self, of: &Contributions, budget: &mut Budget) -> Result<bool, LedgerError> {
        self.search(&of.signature, 0, budget, |known| {
            is_of_few(&of.minus(known))
        })
    }

    /// Whether it is nearly the sum of two known figures, or the difference of two.
    fn two_near(&self, of: &Contributions, budget: &mut Budget) -> Result<bool, LedgerError> {
        for (at, entry) in (0_u32..).zip(&self.entries) {
            if entry.uses == 0 {
                continue;
            }
            let both = || of.signature.iter().zip(&entry.of.signature);
            let rest: Vec<u16> = both().map(|(of, known)| of.wrapping_sub(*known)).collect();
            let found = self.search(&rest, at, budget, |other| {
                is_of_few(&of.minus(&entry.of).minus(other))
            })?;
            if found {
                return Ok(true);
            }
            let sum: Vec<u16> = both().map(|(of, known)| of.wrapping_add(*known)).collect();
            let found = self.search(&sum, 0, budget, |other| {
                is_of_few(&of.plus(&entry.of).minus(other))
            })?;
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an entry from `from` on is what is looked for, among those with a small sum in common with the wanted ones.
    ///
    /// Each person of a difference changes one of k small sums, so that fewer than k of them leave one as it is: no figure that is
    /// near is missed.
    fn search(
        &self,
        wanted: &[u16],
        from: u32,
        budget: &mut Budget,
        is_it: impl Fn(&Contributions) -> bool,
    ) -> Result<bool, LedgerError> {
        budget.spend(wanted.len() as u64)?;
        for (group, (candidates, sum)) in self.groups.iter().zip(wanted).enumerate() {
            let Some(candidates) = candidates.get(sum) else {
                continue;
            };
            let candidates = &candidates[candidates.partition_point(|&at| at < from)..];
            budget.spend(candidates.len() as u64)?;
            for &at in candidates {
                let entry = &self.entries[at as usize];
                let mut before = entry.of.signature[..group].iter().zip(wanted);
                // Found already under an earlier sum.
                if entry.uses == 0 || before.any(|(here, there)| here == there) {
                    continue;
                }
                budget.spend_counting()?;
                if is_it(&entry.of) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

fn beginning(of: &Contributions) -> [Number; 2] {
    [of.sums[0], of.sums[1]]
}

/// Whether something is left, and of fewer than k people.
fn is_of_few(left: &Contributions) -> bool {
    left.people().is_some_and(|people| people > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const K: u32 = 4;

    fn figure(rows: &[(u64, u8)]) -> KnownFigure {
        let mut of = Contributions::new(K);
        for (person, value) in rows {
            of.add_row(*person, f64::from(*value));
        }
        KnownFigure {
            space: "persons".into(),
            of,
        }
    }

    fn rows() -> impl Strategy<Value = Vec<(u64, u8)>> {
        prop::collection::vec((0..12_u64, 0..3_u8), 0..20)
    }

    /// Whether 1 to k − 1 people are left of it, by looking at every choice.
    fn expected(new: &KnownFigure, known: &[KnownFigure], depth: Depth) -> bool {
        if known.contains(new) || new.of == Contributions::new(K) {
            return false;
        }
        let one = known.iter().any(|one| is_of_few(&new.of.minus(&one.of)));
        one || depth == Depth::Two
            && known.iter().any(|one| {
                known.iter().any(|other| {
                    is_of_few(&new.of.minus(&one.of).minus(&other.of))
                        || is_of_few(&new.of.plus(&one.of).minus(&other.of))
                })
            })
    }

    proptest! {
        #[test]
        fn nothing_that_is_near_is_missed(
            known in prop::collection::vec(rows(), 0..6), new in rows(), gone in prop::option::of(any::<prop::sample::Index>()), three: bool,
        ) {
            let depth = if three { Depth::Two } else { Depth::One };
            let mut all = KnownFigures::default();
            let mut figures: Vec<KnownFigure> = known.iter().map(|rows| figure(rows)).collect();
            let places: Vec<_> = figures.iter().map(|figure| all.add(figure)).collect();
            if let Some(gone) = gone.filter(|_| !figures.is_empty()) {
                let gone = gone.index(figures.len());
                all.remove(places[gone]);
                figures.remove(gone);
            }
            let new = figure(&new);
            let found = all.isolates(&new, depth, &mut Budget::new(u64::MAX)).unwrap();
            prop_assert_eq!(found, expected(&new, &figures, depth));
        }
    }

    #[test]
    fn a_search_is_bounded() {
        let mut all = KnownFigures::default();
        all.add(&figure(&[(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]));
        let new = figure(&[(1, 1), (2, 1), (3, 1), (4, 1)]);
        let refused = all.isolates(&new, Depth::One, &mut Budget::new(3));
        assert!(matches!(
            refused,
            Err(LedgerError::SearchBound { limit: 3 })
        ));
    }
}
