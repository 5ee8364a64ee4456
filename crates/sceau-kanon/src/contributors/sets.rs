use std::mem::size_of;

use datafusion::logical_expr::EmitTo;

use super::UNKNOWN_PERSON;

/// For each group, up to *k* distinct people: all ids in one vector, *k* slots a group.
#[derive(Debug)]
pub(super) struct PeopleSets {
    k: usize,
    /// `k` slots a group, of which the first `count` are taken.
    ids: Vec<u64>,
    /// For each group the number of slots taken, and in the highest bit whether an unknown person was seen.
    counts: Vec<u32>,
}

const UNKNOWN_SEEN: u32 = 1 << 31;

impl PeopleSets {
    pub(super) fn new(k: u32) -> Self {
        Self {
            k: slots(k) as usize,
            ids: Vec::new(),
            counts: Vec::new(),
        }
    }

    pub(super) fn k(&self) -> u32 {
        self.k as u32
    }

    /// Makes room for groups `0..groups`.
    pub(super) fn grow(&mut self, groups: usize) {
        if groups > self.counts.len() {
            self.counts.resize(groups, 0);
            self.ids.resize(groups * self.k, 0);
        }
    }

    /// Adds one person to a group that there is room for.
    #[inline]
    pub(super) fn add(&mut self, group: usize, id: u64) {
        let taken = (self.counts[group] & !UNKNOWN_SEEN) as usize;
        // Most rows of a large aggregate fall here: nothing of the group's slots is read.
        if taken == self.k {
            return;
        }
        if id == UNKNOWN_PERSON {
            self.counts[group] |= UNKNOWN_SEEN;
            return;
        }
        let start = group * self.k;
        let slots = &mut self.ids[start..start + self.k];
        if !slots[..taken].contains(&id) {
            slots[taken] = id;
            self.counts[group] += 1;
        }
    }

    /// Removes the groups to emit and returns them.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> Self {
        let ids_to = match emit_to {
            EmitTo::All => EmitTo::All,
            EmitTo::First(groups) => EmitTo::First(groups * self.k),
        };
        Self {
            k: self.k,
            ids: ids_to.take_needed(&mut self.ids),
            counts: emit_to.take_needed(&mut self.counts),
        }
    }

    pub(super) fn groups(&self) -> usize {
        self.counts.len()
    }

    /// How many people a group has, at most `k`; unknown people alone make one.
    pub(super) fn count(&self, group: usize) -> u64 {
        match self.counts[group] {
            UNKNOWN_SEEN => 1,
            count => u64::from(count & !UNKNOWN_SEEN),
        }
    }

    /// The people of a group, and [`UNKNOWN_PERSON`] where such a one was seen and still matters.
    pub(super) fn people(&self, group: usize) -> impl Iterator<Item = u64> + '_ {
        let taken = (self.counts[group] & !UNKNOWN_SEEN) as usize;
        let unknown = self.counts[group] & UNKNOWN_SEEN != 0 && taken < self.k;
        let start = group * self.k;
        self.ids[start..start + taken]
            .iter()
            .copied()
            .chain(unknown.then_some(UNKNOWN_PERSON))
    }

    pub(super) fn size(&self) -> usize {
        self.ids.capacity() * size_of::<u64>() + self.counts.capacity() * size_of::<u32>()
    }
}

/// At least one slot, and few enough for the count to leave its highest bit free.
fn slots(k: u32) -> u32 {
    k.clamp(1, UNKNOWN_SEEN - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(k: u32, rows: &[(usize, u64)]) -> PeopleSets {
        let mut sets = PeopleSets::new(k);
        for &(group, id) in rows {
            sets.grow(group + 1);
            sets.add(group, id);
        }
        sets
    }

    #[test]
    fn a_person_counts_once_and_a_group_stops_at_k() {
        let sets = sets(2, &[(0, 7), (0, 7), (1, 7), (1, 8), (1, 9), (1, 10)]);
        assert_eq!(sets.count(0), 1);
        assert_eq!(sets.count(1), 2);
        assert_eq!(sets.people(1).collect::<Vec<_>>(), [7, 8]);
    }

    #[test]
    fn unknown_people_never_add_up_to_known_ones() {
        let sets = sets(
            3,
            &[(0, UNKNOWN_PERSON), (1, UNKNOWN_PERSON), (1, 5), (1, 6)],
        );
        assert_eq!(sets.count(0), 1);
        assert_eq!(sets.count(1), 2);
        assert_eq!(sets.people(1).collect::<Vec<_>>(), [5, 6, UNKNOWN_PERSON]);
    }

    #[test]
    fn taking_the_first_groups_shifts_the_others_down() {
        let mut sets = sets(2, &[(0, 1), (1, 2), (1, 3), (2, 4)]);
        let first = sets.take(EmitTo::First(1));
        assert_eq!((first.groups(), first.count(0)), (1, 1));
        assert_eq!((sets.groups(), sets.count(0), sets.count(1)), (2, 2, 1));
        sets.add(1, 9);
        assert_eq!(sets.people(1).collect::<Vec<_>>(), [4, 9]);
        let rest = sets.take(EmitTo::All);
        assert_eq!((rest.groups(), sets.groups()), (2, 0));
    }
}
