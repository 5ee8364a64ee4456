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
    /// How many groups are not full.
    open: usize,
}

const UNKNOWN_SEEN: u16 = 1 << 15;

/// So many rows are looked at before the first of them is added.
const AHEAD: usize = 256;

impl PeopleSets {
    pub(super) fn new(k: u32) -> Self {
        Self {
            k: slots(k),
            ids: Vec::new(),
            counts: Vec::new(),
            open: 0,
        }
    }

    pub(super) fn k(&self) -> u32 {
        self.k as u32
    }

    /// Makes room for groups `0..groups`.
    pub(super) fn grow(&mut self, groups: usize) {
        if groups > self.counts.len() {
            self.open += groups - self.counts.len();
            self.counts.resize(groups, 0);
            self.ids.resize(groups * self.k, UNKNOWN_PERSON);
        }
    }

    /// Forgets the people of a group.
    pub(super) fn forget(&mut self, group: usize) {
        self.open += usize::from(self.is_full(group));
        let taken = usize::from(self.counts[group] & !UNKNOWN_SEEN);
        let start = group * self.k;
        self.ids[start..start + taken].fill(UNKNOWN_PERSON);
        self.counts[group] = 0;
    }

    /// Whether nobody that is added to any group changes anything.
    pub(super) fn are_full(&self) -> bool {
        self.open == 0
    }

    /// Whether nobody that is added changes anything.
    pub(super) fn is_full(&self, group: usize) -> bool {
        usize::from(self.counts[group]) == self.k
    }

    /// Adds one person to each of some groups that there is room for; `person` has those of each row, if any.
    ///
    /// In an aggregate of very many groups nearly every row's slots are far away in memory. So first of a few hundred rows the
    /// first slot is read, and those that need more are remembered: none of these reads waits for another. What is done
    /// about them finds the slots near.
    pub(super) fn add_each(&mut self, groups: &[usize], person: impl Fn(usize) -> Option<u64>) {
        let mut waiting = [0; AHEAD];
        for start in (0..groups.len()).step_by(AHEAD) {
            // Most aggregates come to an end here: all groups are full.
            if self.are_full() {
                return;
            }
            let mut found = 0;
            for (row, &group) in groups.iter().enumerate().skip(start).take(AHEAD) {
                if self.is_full(group) {
                    continue;
                }
                if let Some(id) = person(row) {
                    waiting[found] = row;
                    found += usize::from(self.ids[group * self.k] != id || id == UNKNOWN_PERSON);
                }
            }
            for &row in &waiting[..found] {
                if let Some(id) = person(row) {
                    self.add(groups[row], id);
                }
            }
        }
    }

    /// Adds one person to a group that there is room for.
    #[inline]
    pub(super) fn add(&mut self, group: usize, id: u64) {
        if self.is_full(group) {
            return;
        }
        let count = &mut self.counts[group];
        if id == UNKNOWN_PERSON {
            *count |= UNKNOWN_SEEN;
            return;
        }
        let taken = usize::from(*count & !UNKNOWN_SEEN);
        let start = group * self.k;
        let slots = &mut self.ids[start..start + self.k];
        let known = slots[..taken]
            .iter()
            .fold(false, |known, &slot| known | (slot == id));
        if !known {
            slots[taken] = id;
            *count += 1;
            if taken + 1 == self.k {
                *count &= !UNKNOWN_SEEN;
                self.open -= 1;
            }
        }
    }

    /// Removes the groups to emit and returns them.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> Self {
        let ids_to = match emit_to {
            EmitTo::All => EmitTo::All,
            EmitTo::First(groups) => EmitTo::First(groups * self.k),
        };
        let taken = Self {
            k: self.k,
            ids: ids_to.take_needed(&mut self.ids),
            counts: emit_to.take_needed(&mut self.counts),
            open: 0,
        };
        self.open = (0..self.groups())
            .filter(|group| !self.is_full(*group))
            .count();
        taken
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
        assert!(sets.is_full(0) && sets.are_full());
        assert_eq!(sets.people(0), (&[7, 8][..], false));
    }

    #[test]
    fn many_people_a_group_are_told_apart_too() {
        let rows: Vec<_> = (0..3 * 40).map(|row| (0, row % 40 + 1)).collect();
        assert_eq!(sets(1_000, &rows).count(0), 40);
        assert_eq!(sets(u32::MAX, &rows).count(0), 40);
    }

    #[test]
    fn a_group_that_forgets_its_people_has_room_and_the_others_keep_theirs() {
        let mut sets = sets(2, &[(0, 7), (0, 8), (1, 7), (1, 8), (2, UNKNOWN_PERSON)]);
        sets.forget(0);
        sets.forget(2);
        assert_eq!((sets.count(0), sets.count(1), sets.count(2)), (0, 2, 0));
        sets.add_each(&[0, 0, 1], |row| Some([9, 7, 9][row]));
        assert_eq!(sets.people(0), (&[9, 7][..], false));
        assert_eq!(sets.people(1), (&[7, 8][..], false));
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
        sets.grow(1);
        assert!(!sets.are_full());
    }
}
