//! Other tables that an attacker cannot rule out.

use super::kernel::{Check, Reduced, Sparse};
use super::programme;
use super::system::System;

/// Displacements that lead from the true table to other tables of integers that fit everything released.
///
/// They prove what they show and need no proof themselves: each is checked in integers against every equation and bound.
#[derive(Debug, Default)]
pub(in crate::suppress) struct Moves {
    /// How many there are.
    pub(in crate::suppress) count: usize,
    /// For each unknown the moves that change it, and by how much.
    pub(in crate::suppress) of: Vec<Vec<(usize, i64)>>,
}

/// How many unknowns a system has when it is cheaper to hide more than to look closer.
pub(in crate::suppress) const LARGE: usize = 400;

fn combined(left: &[(usize, i64)], right: &[(usize, i64)], times: i64) -> Sparse {
    let mut all: Sparse = left.to_vec();
    all.extend(right.iter().map(|&(at, by)| (at, by * times)));
    all.sort_unstable_by_key(|&(at, _)| at);
    let mut sum = Sparse::with_capacity(all.len());
    for (at, by) in all {
        match sum.last_mut() {
            Some((last, total)) if *last == at => *total += by,
            _ => sum.push((at, by)),
        }
    }
    sum.retain(|&(_, by)| by != 0);
    sum
}

/// A system with what its equations allow.
pub(in crate::suppress) struct Attack {
    pub(in crate::suppress) system: System,
    check: Check,
    /// A basis of the displacements that the equations allow, bounds left aside.
    pub(in crate::suppress) basis: Vec<Sparse>,
    /// Whether the basis is all of them.
    pub(in crate::suppress) complete: bool,
    pub(in crate::suppress) moves: Moves,
    pub(in crate::suppress) programmes: u64,
}

impl Attack {
    /// `None` where that takes more than `work`, in entries of equations gone through.
    pub(in crate::suppress) fn of(system: System, work: &mut u64) -> Option<Self> {
        let columns = system.unknowns.len();
        let slack = |unknown: usize| system.unknowns[unknown].cell.is_none();
        let reduced = Reduced::of(&system.equations, columns, slack, work)?;
        let (basis, dimensions) = reduced.null_space(&system.equations);
        let mut attack = Self {
            check: Check::of(&system.equations, columns),
            system,
            complete: basis.len() == dimensions,
            basis: Vec::new(),
            moves: Moves {
                count: 0,
                of: vec![Vec::new(); columns],
            },
            programmes: 0,
        };
        for vector in &basis {
            if !attack.try_both(vector) {
                attack.try_near(vector, &basis, work);
            }
        }
        attack.basis = basis;
        Some(attack)
    }

    fn try_both(&mut self, vector: &[(usize, i64)]) -> bool {
        let back: Sparse = vector.iter().map(|&(at, by)| (at, -by)).collect();
        self.try_move(vector) || self.try_move(&back)
    }

    /// A vector that leaves the bounds may stay within them with others of the basis added or taken away: whatever brings it nearer
    /// is, and what comes out is as independent of the others as it was.
    fn try_near(&mut self, vector: &[(usize, i64)], basis: &[Sparse], work: &mut u64) {
        const STEPS: usize = 8;
        let mut near = vector.to_vec();
        for _ in 0..STEPS {
            let Some(&(worst, _)) = (near.iter()).max_by_key(|&&step| self.excess(step)) else {
                return;
            };
            let excess =
                |vector: &Sparse| -> i64 { vector.iter().map(|&step| self.excess(step)).sum() };
            let others = basis.iter().filter(|other| {
                other.as_slice() != vector
                    && other.binary_search_by_key(&worst, |&(at, _)| at).is_ok()
            });
            let mut steps = 0;
            let nearest = others
                .inspect(|other| steps += 2 * (near.len() + other.len()) as u64)
                .flat_map(|other| [combined(&near, other, 1), combined(&near, other, -1)])
                .min_by_key(|candidate| excess(candidate));
            *work = work.saturating_sub(steps + basis.len() as u64);
            if *work == 0 {
                return;
            }
            match nearest {
                Some(nearest) if excess(&nearest) < excess(&near) => near = nearest,
                _ => return,
            }
            if self.try_both(&near) {
                return;
            }
        }
    }

    /// How far a step leaves the bounds whichever way it is taken; the better way for each unknown.
    fn excess(&self, (unknown, by): (usize, i64)) -> i64 {
        let of = &self.system.unknowns[unknown];
        let over = |bound: Option<i64>| bound.map_or(0, |bound| (by.abs() - bound).max(0));
        over(of.below).min(over(of.above))
    }

    /// Keeps a displacement if it leads to a table that fits.
    fn try_move(&mut self, step: &[(usize, i64)]) -> bool {
        let fits = |&(unknown, by): &(usize, i64)| {
            let of = &self.system.unknowns[unknown];
            if by < 0 {
                of.below.is_none_or(|below| -by <= below)
            } else {
                of.above.is_none_or(|above| by <= above)
            }
        };
        if step.is_empty() || !step.iter().all(fits) || !self.check.solves(step) {
            return false;
        }
        for &(unknown, by) in step {
            self.moves.of[unknown].push((self.moves.count, by));
        }
        self.moves.count += 1;
        true
    }

    /// Whether some other table has another value here.
    pub(in crate::suppress) fn can_change(&self, unknown: usize) -> bool {
        !self.moves.of[unknown].is_empty()
    }

    /// Whether the equations alone fix a sum of unknowns.
    pub(in crate::suppress) fn fixed_by_equations(&self, sum: &[usize]) -> bool {
        self.complete
            && self.basis.iter().all(|vector| {
                vector
                    .iter()
                    .filter(|(unknown, _)| sum.contains(unknown))
                    .map(|&(_, by)| by)
                    .sum::<i64>()
                    == 0
            })
    }

    /// Looks for tables in which unknowns differ from the truth, as many at once as their sum at its largest and at its least shows.
    pub(in crate::suppress) fn look_around(&mut self, unknowns: &[usize], work: &mut u64) {
        for upward in [true, false] {
            self.go_far(unknowns, upward, work);
        }
    }

    /// Looks for a table in which a sum of unknowns is another one: at the largest and at the least that it can be.
    pub(in crate::suppress) fn look_for_change(&mut self, sum: &[usize], work: &mut u64) -> bool {
        if self.fixed_by_equations(sum) {
            return false;
        }
        [true, false].into_iter().any(|upward| {
            self.go_far(sum, upward, work).is_some_and(|step| {
                let within = step.iter().filter(|(unknown, _)| sum.contains(unknown));
                within.map(|&(_, by)| by).sum::<i64>() != 0
            })
        })
    }

    /// Keeps the move that takes a sum of unknowns as far as it goes, if it is one of integers. In large systems none is looked for: more
    /// is hidden instead.
    fn go_far(&mut self, sum: &[usize], upward: bool, work: &mut u64) -> Option<Sparse> {
        if self.system.unknowns.len() > LARGE {
            return None;
        }
        let size = (self.system.unknowns.len() + self.system.equations.len()) as u64;
        *work = work.saturating_sub(size * size);
        if *work == 0 {
            return None;
        }
        self.programmes += 1;
        let point = programme::extreme(&self.system, sum, upward)?;
        let step: Sparse = (point.into_iter().enumerate())
            .filter(|&(_, by)| by != 0)
            .collect();
        self.try_move(&step).then_some(step)
    }

    /// How much work the attack was, in unknowns looked at.
    pub(in crate::suppress) fn work(&self) -> u64 {
        self.system.unknowns.len() as u64 * (1 + 20 * self.programmes)
    }
}
