use datafusion::logical_expr::EmitTo;

/// For each group, all its distinct people.
///
/// A sketch forgets who is put in twice, and a group's people can only be told apart by keeping them all: 8 bytes each, and
/// as much again for those that are not sorted in yet. This grows with the people of a group, as COUNT(DISTINCT) does.
#[derive(Debug, Default)]
pub(super) struct Bags {
    bags: Vec<Bag>,
    /// The room of all bags together, in ids.
    room: usize,
}

/// Ids, of which the first are sorted and distinct.
#[derive(Debug, Default)]
struct Bag {
    ids: Vec<u64>,
    sorted: usize,
}

/// A bag is not sorted before it has so many ids.
const FEW: usize = 16;

impl Bags {
    /// Makes room for groups `0..groups`.
    pub(super) fn grow(&mut self, groups: usize) {
        if groups > self.bags.len() {
            self.bags.resize_with(groups, Bag::default);
        }
    }

    /// Adds one person to a group that there is room for.
    #[inline]
    pub(super) fn add(&mut self, group: usize, id: u64) {
        let bag = &mut self.bags[group];
        // Rows of one person often follow each other.
        if bag.ids.last() == Some(&id) {
            return;
        }
        if bag.ids.len() == bag.ids.capacity() {
            let before = bag.ids.capacity();
            bag.make_room();
            self.room = self.room + bag.ids.capacity() - before;
        }
        bag.ids.push(id);
    }

    /// The people of every group to emit, which are removed.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> Vec<Vec<u64>> {
        let taken = emit_to.take_needed(&mut self.bags);
        for bag in &taken {
            self.room -= bag.ids.capacity();
        }
        taken
            .into_iter()
            .map(|mut bag| {
                bag.sort();
                bag.ids
            })
            .collect()
    }

    pub(super) fn size(&self) -> usize {
        self.bags.capacity() * size_of::<Bag>() + self.room * size_of::<u64>()
    }
}

impl Bag {
    /// Room for one more id, by taking out those that are there twice, or else by growing.
    fn make_room(&mut self) {
        self.sort();
        // Half of the room is free after sorting, or else there will be twice as much: a constant number of sortings an id.
        if self.ids.len() * 2 >= self.ids.capacity() {
            self.ids.reserve_exact(self.ids.len().max(FEW));
        }
    }

    fn sort(&mut self) {
        if self.sorted < self.ids.len() {
            self.ids.sort_unstable();
            self.ids.dedup();
            self.sorted = self.ids.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_bag_holds_each_person_once(rows in prop::collection::vec((0..4_usize, 0..60_u64), 0..400), first in 0..4_usize) {
            let mut bags = Bags::default();
            bags.grow(4);
            for &(group, id) in &rows {
                bags.add(group, id);
            }
            let expected = |group| -> Vec<u64> {
                let of_it = rows.iter().filter(|row| row.0 == group).map(|row| row.1);
                of_it.collect::<BTreeSet<_>>().into_iter().collect()
            };
            let all = |groups: std::ops::Range<usize>| groups.map(expected).collect::<Vec<_>>();
            prop_assert_eq!(bags.take(EmitTo::First(first)), all(0..first));
            prop_assert_eq!(bags.take(EmitTo::All), all(first..4));
            prop_assert_eq!(bags.room, 0);
        }

        #[test]
        fn memory_is_bounded_by_the_distinct_people(people in 1..200_u64, rows in 0..3000_u64) {
            let mut bags = Bags::default();
            bags.grow(1);
            for row in 0..rows {
                bags.add(0, row.wrapping_mul(0x9e37_79b9_7f4a_7c15) % people);
            }
            prop_assert!(bags.room as u64 <= 4 * people.max(FEW as u64), "{} for {people}", bags.room);
        }
    }
}
