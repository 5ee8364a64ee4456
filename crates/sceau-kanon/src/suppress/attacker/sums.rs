//! Sums of hidden cells that can be computed and rest on too few people.
//!
//! Single cells can be safe and their sum not: of 50, 4, 5 with the total 59 the 4 and the 5 are hidden and neither can be
//! computed, but their sum, 9 people, can. A set of hidden cells has a computable sum when that sum is the same in all tables that fit,
//! so a set is cleared by one known table in which it differs.
//!
//! Cells that every move changes alike and that rest on the same people are one *kind*: a cell with one part is hidden with it, so
//! that most small cells of a cube are there several times. Sets are looked at by how many cells of each kind they have.

use std::collections::HashMap;

use super::moves::Moves;

/// Sets of hidden cells whose sums no known table changes.
#[derive(Debug, Default)]
pub(in crate::suppress) struct ConstantSums {
    /// Sets of unknowns, no two with cells of one kind, that rest on 1 to k - 1 people each.
    pub(in crate::suppress) found: Vec<Vec<usize>>,
    /// Of each kind whose sets were not all looked at, since there were too many, an unknown.
    pub(in crate::suppress) open: Vec<usize>,
}

/// Looks for sets of unknowns that rest on 1 to k - 1 people and whose sum no known table changes. `few` has for each unknown its
/// people, where they are fewer than *k* and it is a hidden cell. Where nothing comes out there are none.
///
/// `budget` is how many cells may be looked at as a set's next one.
pub(in crate::suppress) fn constant_sums(
    moves: &Moves,
    few: &[Option<&[u64]>],
    k: u32,
    budget: &mut u64,
) -> ConstantSums {
    let mut search = Search::of(moves, few, k as usize);
    let mut sums = ConstantSums::default();
    // Sets with a cell of many people are few, and are out of the way when those with cells of less are looked at.
    let mut order: Vec<usize> = (0..search.kinds.len()).collect();
    order.sort_by_key(|&kind| std::cmp::Reverse(search.kinds[kind].people.len()));
    for kind in order {
        if search.barred[kind] || search.kinds[kind].people.is_empty() {
            continue;
        }
        // One kind takes no more than a part of what there is for all.
        let part = (*budget).min(budget.div_ceil(8).max(LEAST));
        search.budget = part;
        search.choose(kind);
        let end = search.extend();
        search.unchoose(kind);
        *budget -= part - search.budget;
        search.barred[kind] = true;
        match end {
            End::Clear => {}
            End::Found(kinds) => {
                let mut set = Vec::new();
                for (kind, count) in kinds {
                    set.extend_from_slice(&search.kinds[kind].cells[..count]);
                    search.barred[kind] = true;
                }
                set.sort_unstable();
                sums.found.push(set);
            }
            End::TooLong => sums.open.push(search.kinds[kind].cells[0]),
        }
    }
    sums
}

/// What a kind may take at least, if there is so much.
const LEAST: u64 = 1 << 20;

/// What unknowns of one kind have in common: the moves that change them, and their people.
type Alike<'a> = (&'a [(usize, i64)], &'a [u64]);

/// Unknowns that every move changes alike and that rest on the same people.
struct Kind<'a> {
    cells: Vec<usize>,
    moves: &'a [(usize, i64)],
    /// Numbers of people.
    people: Vec<usize>,
}

enum End {
    Clear,
    /// Of each kind how many cells.
    Found(Vec<(usize, usize)>),
    TooLong,
}

struct Search<'a> {
    k: usize,
    kinds: Vec<Kind<'a>>,
    /// For each move the kinds that it lowers and those that it raises.
    holders: Vec<[Vec<usize>; 2]>,
    /// For each of the people the kinds that rest on them.
    kinds_of: Vec<Vec<usize>>,
    /// Kinds of which no further cell is to be taken: all such sets were looked at.
    barred: Vec<bool>,
    /// Of each kind how many cells the set has.
    taken: Vec<usize>,
    chosen: Vec<usize>,
    /// For each of the people how many kinds of the set rest on them.
    holds: Vec<u32>,
    /// How many people the set rests on.
    people: usize,
    /// For each kind how many of its people the set does not rest on.
    more: Vec<usize>,
    /// By how much each move changes the sum.
    sum: Vec<i64>,
    /// The moves that do, and where each stands among them.
    changing: Vec<usize>,
    place: Vec<usize>,
    budget: u64,
}

impl<'a> Search<'a> {
    fn of(moves: &'a Moves, few: &[Option<&[u64]>], k: usize) -> Self {
        let mut numbers: HashMap<u64, usize> = HashMap::new();
        let mut known: HashMap<Alike, usize> = HashMap::new();
        let mut kinds: Vec<Kind> = Vec::new();
        for (unknown, people) in few.iter().enumerate() {
            let Some(people) = *people else { continue };
            let moves = moves.of[unknown].as_slice();
            let kind = *known.entry((moves, people)).or_insert_with(|| {
                let mut number = |id: &u64| {
                    let next = numbers.len();
                    *numbers.entry(*id).or_insert(next)
                };
                kinds.push(Kind {
                    cells: Vec::new(),
                    moves,
                    people: people.iter().map(&mut number).collect(),
                });
                kinds.len() - 1
            });
            kinds[kind].cells.push(unknown);
        }
        let mut holders: Vec<[Vec<usize>; 2]> = vec![Default::default(); moves.count];
        let mut kinds_of = vec![Vec::new(); numbers.len()];
        for (at, kind) in kinds.iter().enumerate() {
            for &(step, by) in kind.moves {
                holders[step][usize::from(by > 0)].push(at);
            }
            for &person in &kind.people {
                kinds_of[person].push(at);
            }
        }
        Self {
            k,
            holders,
            kinds_of,
            barred: vec![false; kinds.len()],
            taken: vec![0; kinds.len()],
            chosen: Vec::new(),
            holds: vec![0; numbers.len()],
            people: 0,
            more: kinds.iter().map(|kind| kind.people.len()).collect(),
            sum: vec![0; moves.count],
            changing: Vec::new(),
            place: vec![0; moves.count],
            kinds,
            budget: 0,
        }
    }

    /// Whether the set can have another cell of a kind.
    fn fits(&self, kind: usize) -> bool {
        !self.barred[kind]
            && self.people + self.more[kind] < self.k
            && self.taken[kind] < self.kinds[kind].cells.len()
    }

    fn choose(&mut self, kind: usize) {
        self.chosen.push(kind);
        self.taken[kind] += 1;
        self.shift(kind, 1);
        if self.taken[kind] > 1 {
            return;
        }
        for &person in &self.kinds[kind].people {
            self.holds[person] += 1;
            if self.holds[person] == 1 {
                self.people += 1;
                for &other in &self.kinds_of[person] {
                    self.more[other] -= 1;
                }
            }
        }
    }

    fn unchoose(&mut self, kind: usize) {
        self.chosen.pop();
        self.taken[kind] -= 1;
        self.shift(kind, -1);
        if self.taken[kind] > 0 {
            return;
        }
        for &person in &self.kinds[kind].people {
            self.holds[person] -= 1;
            if self.holds[person] == 0 {
                self.people -= 1;
                for &other in &self.kinds_of[person] {
                    self.more[other] += 1;
                }
            }
        }
    }

    fn shift(&mut self, kind: usize, times: i64) {
        for &(step, by) in self.kinds[kind].moves {
            let before = self.sum[step];
            self.sum[step] += by * times;
            if before == 0 {
                self.place[step] = self.changing.len();
                self.changing.push(step);
            } else if self.sum[step] == 0 {
                let at = self.place[step];
                self.changing.swap_remove(at);
                if let Some(&moved) = self.changing.get(at) {
                    self.place[moved] = at;
                }
            }
        }
    }

    /// Looks for an extension of the set to one whose sum no move changes.
    fn extend(&mut self) -> End {
        // A move that changes the sum must be made up for by a cell that it changes the other way: the one with fewest such cells
        // is next.
        let mut best: Option<(usize, &[usize])> = None;
        let mut looks = 0;
        for &step in &self.changing {
            let holders = &self.holders[step][usize::from(self.sum[step] < 0)];
            let most = best.map_or(usize::MAX, |(count, _)| count);
            let mut count = 0;
            for &kind in holders {
                looks += 1;
                count += usize::from(self.fits(kind));
                if count >= most {
                    break;
                }
            }
            if count < most {
                best = Some((count, holders));
                if count == 0 {
                    break;
                }
            }
        }
        let Some((_, holders)) = best else {
            let mut kinds = self.chosen.clone();
            kinds.sort_unstable();
            kinds.dedup();
            return End::Found(
                kinds
                    .into_iter()
                    .map(|kind| (kind, self.taken[kind]))
                    .collect(),
            );
        };
        let fits: Vec<usize> = holders
            .iter()
            .copied()
            .filter(|&kind| self.fits(kind))
            .collect();
        if self.budget < looks {
            self.budget = 0;
            return End::TooLong;
        }
        self.budget -= looks;
        let mut end = End::Clear;
        let mut tried = 0;
        for &kind in &fits {
            self.choose(kind);
            end = self.extend();
            self.unchoose(kind);
            if !matches!(end, End::Clear) {
                break;
            }
            self.barred[kind] = true;
            tried += 1;
        }
        for &kind in &fits[..tried] {
            self.barred[kind] = false;
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of every set of cells that rests on 1 to k - 1 people whether no move changes its sum.
    fn constant(moves: &Moves, few: &[Option<&[u64]>], k: usize, set: u32) -> bool {
        let cells: Vec<usize> = (0..few.len()).filter(|cell| set >> cell & 1 == 1).collect();
        let mut people: Vec<u64> = Vec::new();
        let mut sums = vec![0; moves.count];
        for &cell in &cells {
            let Some(of) = few[cell] else { return false };
            people.extend(of);
            for &(step, by) in &moves.of[cell] {
                sums[step] += by;
            }
        }
        people.sort_unstable();
        people.dedup();
        (1..k).contains(&people.len()) && sums.iter().all(|&sum| sum == 0)
    }

    fn few(cells: &Cells, k: usize) -> Vec<Option<&[u64]>> {
        let few = |people: &&[u64]| people.len() < k;
        (cells.iter())
            .map(|(_, people)| people.as_deref().filter(few))
            .collect()
    }

    type Cells = Vec<(Vec<i64>, Option<Vec<u64>>)>;

    fn cells() -> impl Strategy<Value = Cells> {
        let moves = prop::collection::vec(prop_oneof![3 => Just(0), 1 => -2..=2_i64], 4);
        let people = prop::collection::btree_set(0..6_u64, 0..4);
        let people = people.prop_map(|people| people.into_iter().collect());
        let cell = (moves, prop::option::weighted(0.9, people));
        // Most cells of a cube are there several times.
        prop::collection::vec((cell, 1..4_usize), 1..6).prop_map(|cells| {
            (cells.into_iter())
                .flat_map(|(cell, times)| vec![cell; times])
                .take(12)
                .collect()
        })
    }

    proptest! {
        #[test]
        fn a_sum_that_no_move_changes_is_found_if_there_is_one(cells in cells(), k in 2..6_u32) {
            let moves = Moves {
                count: 4,
                of: (cells.iter())
                    .map(|(by, _)| (0..4).zip(by.iter().copied()).filter(|&(_, by)| by != 0).collect())
                    .collect(),
            };
            let few = few(&cells, k as usize);
            let sums = constant_sums(&moves, &few, k, &mut 1_000_000_000);
            prop_assert!(sums.open.is_empty());
            let is_constant = |set| constant(&moves, &few, k as usize, set);
            prop_assert_eq!(!sums.found.is_empty(), (1..1_u32 << cells.len()).any(is_constant));
            for set in sums.found {
                prop_assert!(is_constant(set.iter().fold(0, |bits, cell| bits | 1 << cell)));
            }
        }

        #[test]
        fn a_search_that_was_too_long_says_so(cells in cells(), budget in 0..20_u64) {
            let moves = Moves {
                count: 4,
                of: (cells.iter())
                    .map(|(by, _)| (0..4).zip(by.iter().copied()).filter(|&(_, by)| by != 0).collect())
                    .collect(),
            };
            let few = few(&cells, 5);
            let whole = constant_sums(&moves, &few, 5, &mut 1_000_000_000);
            let mut left = budget;
            let part = constant_sums(&moves, &few, 5, &mut left);
            prop_assert!(left <= budget);
            prop_assert!(whole.found.is_empty() || !part.found.is_empty() || !part.open.is_empty());
        }
    }
}
