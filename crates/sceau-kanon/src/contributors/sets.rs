use std::mem::size_of;

use datafusion::logical_expr::EmitTo;

use super::UNKNOWN_PERSON;

/// For each group, up to *k* distinct people: all ids in one vector, *k* slots a group.
#[derive(Debug)]
pub(super) struct PeopleSets {
    k: usize,
    /// `k` slots a group, of which the first `count` are taken. Free ones hold [`UNKNOWN_PERSON`], which is never put in.
    ids: Vec<u64>,
    /// For each group the number of slots taken, and in the highest bit whether an unknown person was seen while some were
    /// free. So a full group has exactly the number `k` here.
    counts: Vec<u16>,
}

const UNKNOWN_SEEN: u16 = 1 << 15;

/// Up to so many slots are all compared, taken or not: a loop of always the same length is faster than a shorter one whose
/// end cannot be predicted.
const ALL_COMPARED: usize = 16;

impl PeopleSets {
    pub(super) fn new(k: u32) -> Self {
        Self {
            k: slots(k),
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
            self.ids.resize(groups * self.k, UNKNOWN_PERSON);
        }
    }

    /// Forgets everybody.
    pub(super) fn clear(&mut self) {
        self.counts.fill(0);
        self.ids.fill(UNKNOWN_PERSON);
    }

    /// Whether nobody that is added changes anything.
    pub(super) fn is_full(&self, group: usize) -> bool {
        usize::from(self.counts[group]) == self.k
    }

    /// Adds one person to a group that there is room for.
    #[inline]
    pub(super) fn add(&mut self, group: usize, id: u64) {
        // Most rows of a large aggregate fall here: nothing of the group's slots is read.
        if !self.is_full(group) {
            self.add_to_open(group, id);
        }
    }

    #[inline]
    fn add_to_open(&mut self, group: usize, id: u64) {
        let count = &mut self.counts[group];
        if id == UNKNOWN_PERSON {
            *count |= UNKNOWN_SEEN;
            return;
        }
        let taken = usize::from(*count & !UNKNOWN_SEEN);
        let start = group * self.k;
        let slots = &mut self.ids[start..start + self.k];
        let compared = if slots.len() <= ALL_COMPARED {
            &*slots
        } else {
            &slots[..taken]
        };
        let known = compared
            .iter()
            .fold(false, |known, &slot| known | (slot == id));
        if !known {
            slots[taken] = id;
            *count += 1;
            if taken + 1 == self.k {
                *count &= !UNKNOWN_SEEN;
            }
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

    /// The known people of a group, and whether an unknown one was seen and still matters.
    #[inline]
    pub(super) fn people(&self, group: usize) -> (&[u64], bool) {
        let count = self.counts[group];
        let start = group * self.k;
        let taken = usize::from(count & !UNKNOWN_SEEN);
        (&self.ids[start..start + taken], count & UNKNOWN_SEEN != 0)
    }

    pub(super) fn size(&self) -> usize {
        self.ids.capacity() * size_of::<u64>() + self.counts.capacity() * size_of::<u16>()
    }
}

/// At least one slot, and few enough for the count to leave its highest bit free.
fn slots(k: u32) -> usize {
    usize::from(u16::try_from(k).map_or(MOST, |k| k.clamp(1, MOST)))
}

/// A larger k is cut to this one: whoever asks for more people never finds them.
const MOST: u16 = UNKNOWN_SEEN - 1;

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
        assert_eq!(sets.people(1), (&[7, 8][..], false));
    }

    #[test]
    fn unknown_people_never_add_up_to_known_ones() {
        let sets = sets(
            3,
            &[(0, UNKNOWN_PERSON), (1, UNKNOWN_PERSON), (1, 5), (1, 6)],
        );
        assert_eq!(sets.count(0), 1);
        assert_eq!(sets.count(1), 2);
        assert_eq!(sets.people(1), (&[5, 6][..], true));
    }

    #[test]
    fn a_full_group_is_full_whoever_else_was_seen() {
        let sets = sets(
            2,
            &[(0, UNKNOWN_PERSON), (0, 7), (0, 8), (0, UNKNOWN_PERSON)],
        );
        assert!(sets.is_full(0));
        assert_eq!(sets.people(0), (&[7, 8][..], false));
    }

    #[test]
    fn many_people_a_group_are_told_apart_too() {
        let rows: Vec<_> = (0..3 * 40).map(|row| (0, row % 40 + 1)).collect();
        assert_eq!(sets(1_000, &rows).count(0), 40);
        assert_eq!(sets(u32::MAX, &rows).count(0), 40);
    }

    #[test]
    fn taking_the_first_groups_shifts_the_others_down() {
        let mut sets = sets(2, &[(0, 1), (1, 2), (1, 3), (2, 4)]);
        let first = sets.take(EmitTo::First(1));
        assert_eq!((first.groups(), first.count(0)), (1, 1));
        assert_eq!((sets.groups(), sets.count(0), sets.count(1)), (2, 2, 1));
        sets.add(1, 9);
        assert_eq!(sets.people(1), (&[4, 9][..], false));
        let rest = sets.take(EmitTo::All);
        assert_eq!((rest.groups(), sets.groups()), (2, 0));
    }
}
