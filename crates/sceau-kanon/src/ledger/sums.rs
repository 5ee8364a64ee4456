//! The sums that can be made of a table's cells: its totals, along each of its keys.
//!
//! A total that a project received can be had again by adding up the cells of a finer table; where one of those is withheld,
//! subtracting gives it back. So sums count as known. A person who stands in an even number of the cells of a sum is
//! not in its sketch: what is left is still a part of everybody that subtracting the sum could isolate.

use std::collections::HashMap;

use super::Cell;
use super::contributions::KnownFigure;
use super::record::KnownSet;

/// A sum of cells.
#[derive(Debug)]
pub(super) struct Sum {
    pub(super) of: Summed,
    /// The cells that it is made of, two or more.
    pub(super) cells: Vec<usize>,
    /// Of which of a cell's sets or figures.
    place: usize,
}

impl Sum {
    /// Takes a cell out that it is made of.
    pub(super) fn remove(&mut self, cells: &[Cell], at: usize) {
        self.cells.retain(|&cell| cell != at);
        match &mut self.of {
            Summed::Set(sum) => {
                if let Some(set) = cells[at].sets.get(self.place)
                    && adds_to(sum, set)
                {
                    sum.sketch.remove(&set.sketch);
                }
            }
            Summed::Figure(sum) => {
                if let Some(figure) = cells[at].figures.get(self.place) {
                    sum.of = sum.of.minus(&figure.of);
                }
            }
        }
    }
}

/// What was added up.
#[derive(Debug, PartialEq)]
pub(super) enum Summed {
    Set(KnownSet),
    Figure(KnownFigure),
}

/// Tables of more keys are added up along one key at a time and along all but one.
const MOST_KEYS: usize = 3;

/// Every total of the cells that are kept.
pub(super) fn sums(cells: &[Cell], kept: &[bool]) -> Vec<Sum> {
    let keys = cells.iter().map(|cell| cell.keys.len()).max().unwrap_or(0);
    let mut found = Vec::new();
    for along in subsets(keys) {
        let mut parts: HashMap<(u64, Vec<u64>), Vec<usize>> = HashMap::new();
        for (at, cell) in cells.iter().enumerate() {
            if kept[at] {
                let key = along
                    .iter()
                    .filter_map(|&key| cell.keys.get(key).copied())
                    .collect();
                parts.entry((cell.table, key)).or_default().push(at);
            }
        }
        let mut parts: Vec<_> = parts.into_values().filter(|part| part.len() > 1).collect();
        parts.sort_unstable();
        for part in parts {
            sets(cells, &part, &mut found);
            figures(cells, &part, &mut found);
        }
    }
    found
}

/// Adds up the sets of people that stand in the same place of each cell.
fn sets(cells: &[Cell], part: &[usize], found: &mut Vec<Sum>) {
    let places = part
        .iter()
        .map(|&at| cells[at].sets.len())
        .max()
        .unwrap_or(0);
    for place in 0..places {
        let mut sets = part.iter().filter_map(|&at| cells[at].sets.get(place));
        let Some(first) = sets.next() else {
            continue;
        };
        let mut sum = first.clone();
        for set in sets.filter(|set| adds_to(first, set)) {
            sum.sketch.add(&set.sketch);
        }
        found.push(Sum {
            of: Summed::Set(KnownSet {
                space: sum.space,
                sum: true,
                sketch: sum.sketch,
            }),
            cells: part.to_vec(),
            place,
        });
    }
}

fn adds_to(sum: &KnownSet, set: &KnownSet) -> bool {
    sum.space == set.space && sum.sketch.k() == set.sketch.k()
}

/// The same of figures, whose sums are exact whoever stands in several cells.
fn figures(cells: &[Cell], part: &[usize], found: &mut Vec<Sum>) {
    let of_each = || part.iter().map(|&at| &cells[at].figures);
    let places = of_each().map(Vec::len).min().unwrap_or(0);
    for place in 0..places {
        let sum = of_each()
            .map(|figures| &figures[place])
            .cloned()
            .reduce(|sum, figure| KnownFigure {
                of: sum.of.plus(&figure.of),
                ..sum
            });
        found.extend(sum.map(|sum| Sum {
            of: Summed::Figure(sum),
            cells: part.to_vec(),
            place,
        }));
    }
}

/// Which keys stay apart in a sum: every choice but all of them.
fn subsets(keys: usize) -> Vec<Vec<usize>> {
    if keys <= MOST_KEYS {
        return (0..(1_usize << keys) - 1)
            .map(|chosen| (0..keys).filter(|key| chosen >> key & 1 == 1).collect())
            .collect();
    }
    let one = (0..keys).map(|key| vec![key]);
    let all_but_one = (0..keys).map(|left| (0..keys).filter(|&key| key != left).collect());
    std::iter::once(vec![])
        .chain(one)
        .chain(all_but_one)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_added_up_along_each_choice_of_keys() {
        assert_eq!(subsets(0), Vec::<Vec<usize>>::new());
        assert_eq!(subsets(1), vec![Vec::<usize>::new()]);
        assert_eq!(subsets(2), [vec![], vec![0], vec![1]]);
        assert_eq!(subsets(3).len(), 7);
        assert_eq!(subsets(5).len(), 11);
    }

    #[test]
    fn a_sum_without_a_cell_is_that_of_the_others() {
        let cells: Vec<Cell> = (0..6_u64)
            .map(|at| {
                let people =
                    (at * 20..at * 20 + 30).map(|id| id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let of = Cell::of(5, "domain patient", people);
                Cell {
                    keys: vec![at / 3, at % 3],
                    ..of
                }
            })
            .collect();
        let mut changed = sums(&cells, &[true; 6]);
        for sum in &mut changed {
            if sum.cells.contains(&4) {
                sum.remove(&cells, 4);
            }
        }
        let mut kept = [true; 6];
        kept[4] = false;
        let told = |sums: Vec<Sum>| {
            let several = sums.into_iter().filter(|sum| sum.cells.len() > 1);
            let mut told: Vec<_> = several.map(|sum| (sum.cells, sum.of)).collect();
            told.sort_by(|one, other| one.0.cmp(&other.0));
            told
        };
        assert_eq!(told(changed), told(sums(&cells, &kept)));
    }
}
