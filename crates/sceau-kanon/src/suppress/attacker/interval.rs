//! How far each unknown can go, all equations and bounds taken together.
//!
//! No unknown goes further than what single equations leave it: that is soon computed, and mostly the end. Whether it is, tables show that
//! stand there; what they leave open is what linear programmes are for.
//!
//! Many unknowns move as one: in a small pattern a cell goes up by what its partners go down. Unknowns whose displacements are multiples
//! of each other share a *direction*, and what a programme finds for it holds for them all. And a direction needs no programme where
//! a table that fits already stands at the direction's bound: it can go no further.

use std::collections::HashMap;

use super::bounds::{Bounds, bounds};
use super::moves::Attack;
use super::programme::{Extreme, Span};

/// How far the unknowns of a system can go.
pub(in crate::suppress) struct Intervals {
    /// For each unknown how far down (as a negative number) and up from the truth, rounded to what integers can reach; `None` where
    /// there is no end.
    pub(in crate::suppress) of: Vec<(Option<i64>, Option<i64>)>,
    /// How many programmes were solved.
    pub(in crate::suppress) programmes: u64,
    /// How many ends were left to what single equations say: the solver gave up, or they would have taken too long.
    pub(in crate::suppress) unsolved: u64,
}

/// See [`Intervals`], for the unknowns that are asked for; the others' ends are what single equations leave them. `work` is what programmes may still take, each the square of its size.
pub(in crate::suppress) fn intervals(
    attack: &Attack,
    is_told: impl Fn(usize) -> bool,
    work: &mut u64,
) -> Intervals {
    let mut rows: Vec<Vec<(usize, i64)>> = vec![Vec::new(); attack.system.unknowns.len()];
    for (place, vector) in attack.basis.iter().enumerate() {
        for &(unknown, by) in vector {
            rows[unknown].push((place, by));
        }
    }
    let mut directions = Directions::default();
    let member: Vec<Option<(usize, i64)>> = rows
        .into_iter()
        .zip(bounds(&attack.system))
        .map(|(row, bounds)| directions.join(row, bounds))
        .collect();
    directions.told = vec![false; directions.coefficients.len()];
    for (unknown, member) in member.iter().enumerate() {
        if let Some((direction, _)) = member {
            directions.told[*direction] |= is_told(unknown);
        }
    }
    let reach = directions.reach(attack.basis.len(), work);
    let of = member
        .into_iter()
        .map(|member| {
            let Some((direction, times)) = member else {
                return (Some(0), Some(0));
            };
            let (low, high) = reach.ends[direction];
            let scaled = |end: Option<f64>| end.map(|end| end * times as f64);
            let (low, high) = if times > 0 {
                (scaled(low), scaled(high))
            } else {
                (scaled(high), scaled(low))
            };
            (
                low.map(|low| (low - NEAR).ceil() as i64),
                high.map(|high| (high + NEAR).floor() as i64),
            )
        })
        .collect();
    Intervals {
        of,
        programmes: reach.programmes,
        unsolved: reach.unsolved,
    }
}

/// How near two results of floating point count as one.
const NEAR: f64 = 1e-6;

#[derive(Default)]
struct Directions {
    of: HashMap<Vec<(usize, i64)>, usize>,
    coefficients: Vec<Vec<(usize, i64)>>,
    /// For each direction how far down (as a negative number) and up its members' bounds let it go.
    bounds: Vec<Ends>,
    /// Whether it is asked how far each goes.
    told: Vec<bool>,
}

type Ends = (Option<f64>, Option<f64>);

struct Reach {
    ends: Vec<Ends>,
    /// For each direction whether a table is known that stands at its bounds.
    reached: Vec<(bool, bool)>,
    programmes: u64,
    unsolved: u64,
}

impl Directions {
    /// The direction of an unknown and how many times it goes there; `None` for one that cannot move.
    fn join(&mut self, mut row: Vec<(usize, i64)>, (low, high): Bounds) -> Option<(usize, i64)> {
        let common = row.iter().fold(0, |common, &(_, by)| gcd(common, by));
        let times = common * row.first()?.1.signum();
        for (_, by) in &mut row {
            *by /= times;
        }
        let next = self.coefficients.len();
        let direction = *self.of.entry(row).or_insert_with_key(|row| {
            self.coefficients.push(row.clone());
            self.bounds.push((None, None));
            next
        });
        let (low, high) = if times > 0 {
            (low, high)
        } else {
            (high.map(|high| -high), low.map(|low| -low))
        };
        let bounds = &mut self.bounds[direction];
        let size = times.abs() as f64;
        if let Some(low) = low.map(|low| low as f64 / size) {
            bounds.0 = Some(bounds.0.map_or(low, |bound| bound.max(low)));
        }
        if let Some(high) = high.map(|high| high as f64 / size) {
            bounds.1 = Some(bounds.1.map_or(high, |bound| bound.min(high)));
        }
        Some((direction, times))
    }

    fn reach(&self, dimensions: usize, work: &mut u64) -> Reach {
        let span = Span {
            directions: &self.coefficients,
            bounds: &self.bounds,
            dimensions,
        };
        // What a programme takes grows faster than its size.
        let size = (dimensions + self.coefficients.len()) as u64;
        let mut reach = Reach {
            ends: self.bounds.clone(),
            reached: self.reached_along_the_basis(dimensions),
            programmes: 0,
            unsolved: 0,
        };
        let mut solve = |reach: &mut Reach, directions: &[usize], upward| {
            let Some(left) = work.checked_sub(size * size) else {
                return Extreme::Unknown;
            };
            *work = left;
            reach.programmes += 1;
            let extreme = span.extreme(directions, upward);
            if let Extreme::At(stands) = &extreme {
                reach.mark(stands, &self.bounds);
            }
            extreme
        };
        // Most ends are at the bounds: many directions are taken there at once, as long as that gets on.
        loop {
            let mut gets_on = false;
            for upward in [true, false] {
                let before = reach.open(self, upward);
                if before.len() > 1 {
                    solve(&mut reach, &before, upward);
                    let after = reach.open(self, upward);
                    gets_on |= after.len() * 10 < before.len() * 9;
                }
            }
            if !gets_on {
                break;
            }
        }
        for direction in (0..self.coefficients.len()).filter(|&direction| self.told[direction]) {
            for upward in [false, true] {
                if reach.is_reached(direction, upward) {
                    continue;
                }
                let end = match solve(&mut reach, &[direction], upward) {
                    Extreme::At(stands) => Some(stands[direction]),
                    Extreme::Endless => None,
                    Extreme::Unknown => {
                        reach.unsolved += 1;
                        continue;
                    }
                };
                let ends = &mut reach.ends[direction];
                *(if upward { &mut ends.1 } else { &mut ends.0 }) = end;
            }
        }
        reach
    }

    /// The truth stands at bounds of zero; so does each multiple of a basis vector at the first bound it meets.
    fn reached_along_the_basis(&self, dimensions: usize) -> Vec<(bool, bool)> {
        let mut reached: Vec<(bool, bool)> = self
            .bounds
            .iter()
            .map(|&(low, high)| (low == Some(0.0), high == Some(0.0)))
            .collect();
        let mut by_vector: Vec<Vec<(usize, i64)>> = vec![Vec::new(); dimensions];
        for (direction, row) in self.coefficients.iter().enumerate() {
            for &(vector, by) in row {
                by_vector[vector].push((direction, by));
            }
        }
        for along in &by_vector {
            for sign in [1, -1] {
                let stop = |&(direction, by): &(usize, i64)| {
                    let (low, high) = self.bounds[direction];
                    let limit = if by * sign > 0 {
                        high
                    } else {
                        low.map(|low| -low)
                    };
                    limit.map(|limit| limit / by.abs() as f64)
                };
                let far = along.iter().filter_map(stop).fold(f64::INFINITY, f64::min);
                for step in along {
                    if stop(step).is_some_and(|at| at <= far) {
                        let up = step.1 * sign > 0;
                        let reached = &mut reached[step.0];
                        *(if up { &mut reached.1 } else { &mut reached.0 }) = true;
                    }
                }
            }
        }
        reached
    }
}

impl Reach {
    fn is_reached(&self, direction: usize, upward: bool) -> bool {
        let (down, up) = self.reached[direction];
        if upward { up } else { down }
    }

    /// The directions that are asked for and whose bound has not been reached.
    fn open(&self, of: &Directions, upward: bool) -> Vec<usize> {
        (0..of.bounds.len())
            .filter(|&direction| {
                let (low, high) = of.bounds[direction];
                let bound = if upward { high } else { low };
                of.told[direction] && bound.is_some() && !self.is_reached(direction, upward)
            })
            .collect()
    }

    /// Notes which bounds a table that fits stands at.
    fn mark(&mut self, stands: &[f64], bounds: &[Ends]) {
        for ((reached, &at), &(low, high)) in self.reached.iter_mut().zip(stands).zip(bounds) {
            reached.0 |= low.is_some_and(|low| at <= low + NEAR);
            reached.1 |= high.is_some_and(|high| at >= high - NEAR);
        }
    }
}

fn gcd(left: i64, right: i64) -> i64 {
    let (mut left, mut right) = (left.abs(), right.abs());
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}
