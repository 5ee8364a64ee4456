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

/// A system with what its equations allow.
pub(in crate::suppress) struct Attack<'a> {
    pub(in crate::suppress) system: &'a System,
    check: Check,
    /// A basis of the displacements that the equations allow, bounds left aside.
    pub(in crate::suppress) basis: Vec<Sparse>,
    /// Whether the basis is all of them.
    pub(in crate::suppress) complete: bool,
    pub(in crate::suppress) moves: Moves,
    pub(in crate::suppress) programmes: u64,
}

impl<'a> Attack<'a> {
    pub(in crate::suppress) fn of(system: &'a System) -> Self {
        let columns = system.unknowns.len();
        let reduced = Reduced::of(&system.equations, columns, |unknown| {
            system.unknowns[unknown].cell.is_none()
        });
        let (basis, dimensions) = reduced.null_space(&system.equations);
        let mut attack = Self {
            system,
            check: Check::of(&system.equations, columns),
            complete: basis.len() == dimensions,
            basis: Vec::new(),
            moves: Moves {
                count: 0,
                of: vec![Vec::new(); columns],
            },
            programmes: 0,
        };
        for vector in &basis {
            let back: Sparse = vector.iter().map(|&(at, by)| (at, -by)).collect();
            let _ = attack.try_move(vector) || attack.try_move(&back);
        }
        attack.basis = basis;
        attack
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

    /// Looks for tables in which a sum of unknowns is another one: at the largest and at the least that it can be.
    pub(in crate::suppress) fn look_for_change(&mut self, sum: &[usize]) -> bool {
        if self.fixed_by_equations(sum) {
            return false;
        }
        for upward in [true, false] {
            self.programmes += 1;
            let Some(point) = programme::extreme(self.system, sum, upward) else {
                continue;
            };
            let step: Sparse = point
                .into_iter()
                .enumerate()
                .filter(|&(_, by)| by != 0)
                .collect();
            let changes: i64 = step
                .iter()
                .filter(|(unknown, _)| sum.contains(unknown))
                .map(|&(_, by)| by)
                .sum();
            if changes != 0 && self.try_move(&step) {
                return true;
            }
        }
        false
    }
}
