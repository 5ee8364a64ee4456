//! Sums of hidden cells that can be computed and rest on too few people.
//!
//! Single cells can be safe and their sum not: of 50, 4, 5 with the total 59 the 4 and the 5 are hidden and neither can be
//! computed, but their sum, 9 people, can. A set of hidden cells has a computable sum when that sum is the same in all tables that fit,
//! so a set is cleared by one known table in which it differs.

use std::collections::BTreeMap;

use super::moves::Moves;

/// Looks for a set of unknowns that rests on 1 to k - 1 people and whose sum no known table changes. `few` has for each unknown its people,
/// where they are fewer than *k* and it is a hidden cell.
///
/// # Errors
/// An unknown, when the search got too long before the sets with it were all looked at.
pub(in crate::suppress) fn constant_sum(
    moves: &Moves,
    few: &[Option<&[u64]>],
    k: u32,
    budget: &mut u64,
) -> Result<Option<Vec<usize>>, usize> {
    let mut holders: Vec<[Vec<usize>; 2]> = vec![Default::default(); moves.count];
    for (unknown, people) in few.iter().enumerate() {
        if people.is_some() {
            for &(step, by) in &moves.of[unknown] {
                holders[step][usize::from(by > 0)].push(unknown);
            }
        }
    }
    let mut search = Search {
        moves,
        few,
        holders,
        k: k as usize,
        barred: vec![false; few.len()],
        chosen: Vec::new(),
        budget,
    };
    for (unknown, people) in few.iter().enumerate() {
        let Some(people) = people.filter(|people| !people.is_empty()) else {
            continue;
        };
        let sum = moves.of[unknown].iter().copied().collect();
        search.chosen.push(unknown);
        search.barred[unknown] = true;
        match search.extend(sum, people.to_vec()) {
            Some(true) => return Ok(Some(search.chosen)),
            Some(false) => {}
            None => return Err(unknown),
        }
        search.chosen.clear();
    }
    Ok(None)
}

struct Search<'a> {
    moves: &'a Moves,
    few: &'a [Option<&'a [u64]>],
    /// For each move the unknowns that it lowers and those that it raises.
    holders: Vec<[Vec<usize>; 2]>,
    k: usize,
    /// Unknowns that are in the set, or all of whose sets were looked at.
    barred: Vec<bool>,
    chosen: Vec<usize>,
    budget: &'a mut u64,
}

fn union(left: &[u64], right: &[u64]) -> Vec<u64> {
    let mut all = [left, right].concat();
    all.sort_unstable();
    all.dedup();
    all
}

impl Search<'_> {
    /// Whether the chosen set, whose sum the moves change by `sum`, can be extended to one that they do not change. `None` when the
    /// search got too long.
    fn extend(&mut self, sum: BTreeMap<usize, i64>, people: Vec<u64>) -> Option<bool> {
        if sum.is_empty() {
            return Some(true);
        }
        *self.budget = self.budget.checked_sub(1)?;
        // A move that changes the sum must be made up for by a cell that it changes the other way.
        let mut best: Option<Vec<usize>> = None;
        for (&step, &by) in &sum {
            let fits: Vec<usize> = self.holders[step][usize::from(by < 0)]
                .iter()
                .copied()
                .filter(|&unknown| {
                    !self.barred[unknown]
                        && self.few[unknown].is_some_and(|more| union(&people, more).len() < self.k)
                })
                .collect();
            if best.as_ref().is_none_or(|best| fits.len() < best.len()) {
                let none = fits.is_empty();
                best = Some(fits);
                if none {
                    break;
                }
            }
        }
        let fits = best.unwrap_or_default();
        for &unknown in &fits {
            let mut sum = sum.clone();
            for &(step, by) in &self.moves.of[unknown] {
                let entry = sum.entry(step).or_insert(0);
                *entry += by;
                if *entry == 0 {
                    sum.remove(&step);
                }
            }
            let people = union(&people, self.few[unknown].unwrap_or_default());
            self.chosen.push(unknown);
            self.barred[unknown] = true;
            let found = self.extend(sum, people);
            if found != Some(false) {
                return found;
            }
            self.chosen.pop();
        }
        for unknown in fits {
            self.barred[unknown] = false;
        }
        Some(false)
    }
}
