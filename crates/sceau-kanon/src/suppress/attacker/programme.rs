//! Linear programmes over what an attacker knows.

use good_lp::solvers::microlp::microlp;
use good_lp::{
    Expression, ProblemVariables, ResolutionError, Solution, SolverModel, Variable, constraint,
    variable,
};

use super::system::System;

/// A displacement in integers, within the bounds, that takes a sum of unknowns as far up or down as it goes. `None` if there is
/// none to be had: no bound, or a corner that is not integer.
pub(in crate::suppress) fn extreme(
    system: &System,
    sum: &[usize],
    upward: bool,
) -> Option<Vec<i64>> {
    // No bound is no obstacle to finding another table: a box around the truth keeps the programme bounded.
    const FAR: f64 = (1_u64 << 40) as f64;
    let mut variables = ProblemVariables::new();
    let unknowns: Vec<Variable> = system
        .unknowns
        .iter()
        .map(|unknown| {
            let low = unknown.below.map_or(-FAR, |below| -(below as f64));
            let high = unknown.above.map_or(FAR, |above| above as f64);
            variables.add(variable().min(low).max(high))
        })
        .collect();
    let objective: Expression = sum.iter().map(|&unknown| unknowns[unknown]).sum();
    let problem = if upward {
        variables.maximise(objective)
    } else {
        variables.minimise(objective)
    };
    let mut model = problem.using(microlp);
    for equation in &system.equations {
        let left: Expression = equation
            .iter()
            .map(|&(unknown, coefficient)| coefficient as f64 * unknowns[unknown])
            .sum();
        model.add_constraint(constraint!(left == 0.0));
    }
    let solution = model.solve().ok()?;
    unknowns
        .iter()
        .map(|&unknown| {
            let value = solution.value(unknown);
            let near = value.round();
            ((value - near).abs() < 1e-6).then_some(near as i64)
        })
        .collect()
}

/// How far the directions of a system can go: see [`Span::extreme`].
pub(super) struct Span<'a> {
    /// For each direction its coefficients over the basis.
    pub(super) directions: &'a [Vec<(usize, i64)>],
    /// For each direction how far down and up its own bounds let it go.
    pub(super) bounds: &'a [(Option<f64>, Option<f64>)],
    /// How many vectors the basis has.
    pub(super) dimensions: usize,
}

/// What a programme found.
pub(super) enum Extreme {
    /// Where every direction stands at the optimum.
    At(Vec<f64>),
    /// There is no optimum: it goes on for ever.
    Endless,
    /// The solver gave up.
    Unknown,
}

impl Span<'_> {
    /// Takes some directions together as far up or down as all bounds allow.
    ///
    /// The variables are multiples of the basis vectors, so that the equations hold by themselves. Most basis vectors have an unknown of
    /// their own, whose bounds are the variable's; only the other directions are rows.
    pub(super) fn extreme(&self, together: &[usize], upward: bool) -> Extreme {
        let mut variables = ProblemVariables::new();
        let mut own = vec![(None, None); self.dimensions];
        for (direction, &bounds) in self.directions.iter().zip(self.bounds) {
            if let [(vector, 1)] = direction[..] {
                own[vector] = bounds;
            }
        }
        let multiples: Vec<Variable> = own
            .into_iter()
            .map(|(low, high)| {
                let low = low.unwrap_or(f64::NEG_INFINITY);
                let high = high.unwrap_or(f64::INFINITY);
                variables.add(variable().min(low).max(high))
            })
            .collect();
        let along = |direction: &[(usize, i64)]| -> Expression {
            direction
                .iter()
                .map(|&(vector, by)| by as f64 * multiples[vector])
                .sum()
        };
        let objective: Expression = together
            .iter()
            .map(|&direction| along(&self.directions[direction]))
            .sum();
        let problem = if upward {
            variables.maximise(objective)
        } else {
            variables.minimise(objective)
        };
        let mut model = problem.using(microlp);
        for (direction, &(low, high)) in self.directions.iter().zip(self.bounds) {
            if matches!(direction[..], [(_, 1)]) {
                continue;
            }
            if let Some(low) = low {
                model.add_constraint(constraint!(along(direction) >= low));
            }
            if let Some(high) = high {
                model.add_constraint(constraint!(along(direction) <= high));
            }
        }
        match model.solve() {
            Ok(solution) => {
                let at: Vec<f64> = multiples
                    .iter()
                    .map(|&multiple| solution.value(multiple))
                    .collect();
                let stands = |direction: &Vec<(usize, i64)>| {
                    direction
                        .iter()
                        .map(|&(vector, by)| by as f64 * at[vector])
                        .sum()
                };
                Extreme::At(self.directions.iter().map(stands).collect())
            }
            Err(ResolutionError::Unbounded) => Extreme::Endless,
            Err(_) => Extreme::Unknown,
        }
    }
}
