use std::ops::Range;

use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::EmitTo;

use super::distinct::{Distinct, SPREAD};

/// For each group, all its distinct people.
///
/// A sketch forgets who is put in twice, and a group's people can only be told apart by keeping them all. Rows are noted one
/// after the other, whatever their groups, and brought to their groups and told apart in the end; before, only when more than
/// half of what is held is there again. So nothing is looked for far away in memory for one row, and what is held grows with the
/// people of the groups, as for COUNT(DISTINCT): up to 32 bytes for each of them, and 8 more while they are brought together.
#[derive(Debug, Default)]
pub(super) struct Bags {
    groups: usize,
    /// The people that were told apart, of groups that were taken already too.
    settled: Lists,
    /// How many groups were taken of those.
    taken: usize,
    runs: Vec<Run>,
    ids: Vec<u64>,
    /// With so many ids noted it is asked whether they are worth telling apart.
    enough: usize,
}

/// Lists of ids, side by side.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Where the list of each group ends; it begins where that of the group before ends.
    ends: Vec<usize>,
    ids: Vec<u64>,
}

/// So many of the ids that were noted, one after the other, are of this group.
#[derive(Debug, Clone, Copy)]
struct Run {
    group: u32,
    ids: u32,
}

/// So many people are noted at least before they are looked at.
const FEW: usize = 1 << 15;

/// So many are looked at, about, to tell how often people are there.
const SOME: usize = 1 << 12;

impl Bags {
    /// Makes room for groups `0..groups`.
    ///
    /// # Errors
    /// When they are too many to be numbered.
    pub(super) fn grow(&mut self, groups: usize) -> Result<()> {
        if u32::try_from(groups).is_err() {
            return exec_err!("too many groups of people");
        }
        self.groups = self.groups.max(groups);
        Ok(())
    }

    /// Adds one person to a group that there is room for.
    #[inline]
    pub(super) fn add(&mut self, group: usize, id: u64) {
        // Rows of one person often follow each other.
        let of_last = |run: &Run| run.group as usize == group;
        if self.ids.last() == Some(&id) && self.runs.last().is_some_and(of_last) {
            return;
        }
        self.note(group, 1);
        self.ids.push(id);
        self.settle_if_many();
    }

    /// Adds many people to a group that there is room for.
    pub(super) fn add_all(&mut self, group: usize, mut ids: &[u64]) {
        while let Some((some, others)) = ids.split_at_checked(ids.len().min(FEW))
            && !some.is_empty()
        {
            self.note(group, some.len());
            self.ids.extend_from_slice(some);
            self.settle_if_many();
            ids = others;
        }
    }

    #[inline]
    fn note(&mut self, group: usize, ids: usize) {
        let (group, ids) = (group as u32, ids as u32);
        if let Some(run) = self.runs.last_mut()
            && run.group == group
            && let Some(more) = run.ids.checked_add(ids)
        {
            run.ids = more;
        } else {
            self.runs.push(Run { group, ids });
        }
    }

    /// The people of every group to emit, which are removed.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> Lists {
        let settled = self.settled.groups() - self.taken == self.groups;
        if !(settled && self.ids.is_empty()) || matches!(emit_to, EmitTo::All) && self.taken > 0 {
            self.settle();
        }
        match emit_to {
            EmitTo::All => std::mem::take(self).settled,
            EmitTo::First(groups) => {
                let first = self.taken..self.taken + groups;
                self.taken = first.end;
                self.groups -= groups;
                let lists = self.settled.some(first);
                // Memory may be why they are taken; and to bring the rest together each time would be too often.
                if 2 * self.settled.start_of(self.taken) >= self.settled.ids.len() {
                    self.settle();
                }
                lists
            }
        }
    }

    /// What it takes now, and would if all were brought together.
    pub(super) fn size(&self) -> usize {
        let ids = self.settled.ids.capacity() + self.ids.capacity();
        let together = self.settled.ids.len() + self.ids.len();
        (ids + together + 2 * self.groups) * size_of::<u64>()
            + self.runs.capacity() * size_of::<Run>()
    }

    #[inline]
    fn settle_if_many(&mut self) {
        if self.ids.len() >= self.enough.max(FEW) {
            if self.most_are_there_again() {
                self.settle();
            }
            self.enough = self.settled.ids.len().max(2 * self.ids.len());
        }
    }

    /// Whether more than half of what is held stands there for another time, told from some of it: of each person of a group
    /// either all that is held, or nothing.
    #[inline(never)]
    fn most_are_there_again(&self) -> bool {
        let held = self.ids.len() + self.settled.ids.len();
        let few = u64::MAX / (held / SOME + 1) as u64;
        let mut some = Vec::new();
        let mut look_at = |group: usize, ids: &[u64]| {
            let of_group = (group as u64).wrapping_mul(SPREAD[0]);
            for &id in ids {
                let mixed = (id ^ of_group).wrapping_mul(SPREAD[1]);
                if mixed <= few {
                    some.push(mixed);
                }
            }
        };
        for group in 0..self.settled.groups() - self.taken {
            look_at(group, self.settled.of(self.taken + group));
        }
        for (group, ids) in self.noted() {
            look_at(group, ids);
        }
        2 * Distinct::default().keep(&mut some) < some.len()
    }

    /// What was noted: each time a group, and ids of it.
    fn noted(&self) -> impl Iterator<Item = (usize, &[u64])> {
        let mut rest = &self.ids[..];
        self.runs.iter().map(move |run| {
            let (of_run, others) = rest.split_at(run.ids as usize);
            rest = others;
            (run.group as usize, of_run)
        })
    }

    /// Brings all that were noted to their groups, each person once.
    #[inline(never)]
    fn settle(&mut self) {
        let mut ends = vec![0; self.groups];
        let before = self.settled.groups() - self.taken;
        for (group, length) in ends[..before].iter_mut().enumerate() {
            *length = self.settled.of(self.taken + group).len();
        }
        for run in &self.runs {
            ends[run.group as usize] += run.ids as usize;
        }
        let mut end = 0;
        for of_group in &mut ends {
            // Where its list begins, until it is filled.
            end += std::mem::replace(of_group, end);
        }
        let mut ids = vec![0; end];
        let mut fill = |group: usize, from: &[u64]| {
            let end = &mut ends[group];
            // One at a time is the usual case, for which copying a slice is a detour.
            if let [id] = from {
                ids[*end] = *id;
            } else {
                ids[*end..*end + from.len()].copy_from_slice(from);
            }
            *end += from.len();
        };
        for group in 0..before {
            fill(group, self.settled.of(self.taken + group));
        }
        for (group, of_run) in self.noted() {
            fill(group, of_run);
        }
        self.runs = Vec::new();
        self.ids = Vec::new();
        let mut distinct = Distinct::default();
        let (mut start, mut kept) = (0, 0);
        for end in &mut ends {
            let few = distinct.keep(&mut ids[start..*end]);
            if kept < start {
                ids.copy_within(start..start + few, kept);
            }
            kept += few;
            start = std::mem::replace(end, kept);
        }
        ids.truncate(kept);
        if kept < ids.capacity() / 2 {
            ids.shrink_to_fit();
        }
        self.settled = Lists { ends, ids };
        self.taken = 0;
    }
}

impl Lists {
    /// The ids of a group.
    pub(super) fn of(&self, group: usize) -> &[u64] {
        &self.ids[self.start_of(group)..self.ends[group]]
    }

    fn start_of(&self, group: usize) -> usize {
        group.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.ends.len()
    }

    /// All ids, and how many each group has.
    pub(super) fn into_parts(self) -> (Vec<u64>, impl Iterator<Item = usize>) {
        let mut start = 0;
        let lengths = self
            .ends
            .into_iter()
            .map(move |end| end - std::mem::replace(&mut start, end));
        (self.ids, lengths)
    }

    /// A copy of the lists of some groups.
    fn some(&self, groups: Range<usize>) -> Self {
        let start = groups
            .start
            .checked_sub(1)
            .map_or(0, |before| self.ends[before]);
        let ends = &self.ends[groups];
        let end = ends.last().copied().unwrap_or(start);
        Self {
            ends: ends.iter().map(|end| end - start).collect(),
            ids: self.ids[start..end].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn sorted(lists: &Lists) -> Vec<Vec<u64>> {
        let of = |group| {
            let mut ids = lists.of(group).to_vec();
            ids.sort_unstable();
            ids
        };
        (0..lists.groups()).map(of).collect()
    }

    proptest! {
        #[test]
        fn a_bag_holds_each_person_once(
            rows in prop::collection::vec((0..4_usize, prop::collection::vec(0..60_u64, 0..6)), 0..200), first in 0..5_usize, often: bool,
        ) {
            let mut bags = Bags::default();
            bags.grow(4).unwrap();
            for (group, ids) in &rows {
                match ids[..] {
                    [id] => bags.add(*group, id),
                    _ => bags.add_all(*group, ids),
                }
                if often {
                    bags.settle();
                }
            }
            let expected = |group| -> Vec<u64> {
                let of_it = rows.iter().filter(|row| row.0 == group).flat_map(|row| row.1.iter().copied());
                of_it.collect::<BTreeSet<_>>().into_iter().collect()
            };
            let all = |groups: std::ops::Range<usize>| groups.map(expected).collect::<Vec<_>>();
            prop_assert_eq!(sorted(&bags.take(EmitTo::First(first))), all(0..first));
            if first < 4 {
                prop_assert_eq!(sorted(&bags.take(EmitTo::First(1))), all(first..first + 1));
                bags.grow(4 - first).unwrap();
                bags.add(3 - first, 77);
                let mut rest = all(first + 1..4);
                rest.push(vec![77]);
                prop_assert_eq!(sorted(&bags.take(EmitTo::All)), rest);
            }
            prop_assert_eq!(bags.take(EmitTo::All).groups(), 0);
        }
    }

    #[test]
    fn memory_is_bounded_by_the_distinct_people() {
        for people in [10, 40_000, 100_000] {
            let mut bags = Bags::default();
            bags.grow(2).unwrap();
            for row in 0..1_000_000_u64 {
                bags.add(
                    (row % 2) as usize,
                    row.wrapping_mul(0x9e37_79b9_7f4a_7c15) % people,
                );
                let held = bags.ids.len() + bags.settled.ids.len();
                assert!(
                    held as u64 <= 2 * (2 * people).max(FEW as u64),
                    "{held} for {people}"
                );
            }
        }
    }

    #[test]
    fn a_person_who_comes_in_two_groups_in_turn_is_in_both() {
        let mut bags = Bags::default();
        bags.grow(2).unwrap();
        for group in [0, 0, 1, 1, 0] {
            bags.add(group, 7);
        }
        assert_eq!(sorted(&bags.take(EmitTo::All)), [[7], [7]]);
    }
}
