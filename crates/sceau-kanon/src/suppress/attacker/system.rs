//! What an attacker writes down: unknowns, equations between them, and how far each can move.
//!
//! Everything is written as a displacement from the true table, which is one solution: an equation says that a combination of
//! displacements is zero, and a bound says how far below or above the truth an unknown can lie. An inequality between figures becomes
//! an equation with an unknown of its own, its slack.

use std::collections::{BTreeMap, HashSet};

use super::super::table::{Figure, Relation, State, Table};
use super::kernel::Sparse;

/// A hidden figure, or the slack of an inequality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::suppress) struct Unknown {
    /// The cell; `None` for a slack.
    pub(in crate::suppress) cell: Option<usize>,
    /// How far it can lie below the truth, by its own bounds.
    pub(in crate::suppress) below: Option<i64>,
    /// How far it can lie above the truth, by its own bounds.
    pub(in crate::suppress) above: Option<i64>,
}

/// Unknowns that hang together, with their equations.
#[derive(Debug, Default)]
pub(in crate::suppress) struct System {
    pub(in crate::suppress) unknowns: Vec<Unknown>,
    /// Each a combination of displacements that is zero.
    pub(in crate::suppress) equations: Vec<Sparse>,
    /// For each equation the relation that it comes from.
    pub(in crate::suppress) origin: Vec<usize>,
}

fn tighten(bound: &mut Option<i64>, limit: i64) {
    *bound = Some(bound.map_or(limit, |bound| bound.min(limit)));
}

/// Everything that is hidden in one column, as systems that have nothing to do with each other.
pub(in crate::suppress) fn systems(table: &Table, figure: &Figure, hidden: &[bool]) -> Vec<System> {
    let mut whole = System::default();
    let mut unknown_of: Vec<Option<usize>> = vec![None; table.cells.len()];
    for (cell, of) in table.cells.iter().enumerate() {
        if hidden[cell] || of.state == State::Unlisted {
            unknown_of[cell] = Some(whole.unknowns.len());
            whole.unknowns.push(Unknown {
                cell: Some(cell),
                below: figure.least.map(|least| figure.values[cell] - least),
                above: None,
            });
        }
    }
    let mut seen: HashSet<Sparse> = HashSet::new();
    for (relation, of) in figure.relations.iter().enumerate() {
        match of {
            Relation::Adds { total, parts } => {
                let mut equation: Sparse = parts
                    .iter()
                    .filter_map(|&part| Some((unknown_of[part]?, 1)))
                    .chain(unknown_of[*total].map(|total| (total, -1)))
                    .collect();
                equation.sort_unstable();
                if !equation.is_empty() && seen.insert(equation.clone()) {
                    whole.equations.push(equation);
                    whole.origin.push(relation);
                }
            }
            Relation::Covers { total, parts } => {
                let value = |cell: usize| figure.values[cell];
                for &part in parts {
                    let between = [
                        unknown_of[*total].map(|total| (total, 1)),
                        unknown_of[part].map(|part| (part, -1)),
                    ];
                    let slack = value(*total) - value(part);
                    whole.inequality(between.into_iter().flatten().collect(), slack, relation);
                }
                let sum: i64 = parts.iter().map(|&part| value(part)).sum();
                let under = parts
                    .iter()
                    .filter_map(|&part| Some((unknown_of[part]?, 1)))
                    .chain(unknown_of[*total].map(|total| (total, -1)));
                whole.inequality(under.collect(), sum - value(*total), relation);
            }
        }
    }
    whole.split()
}

impl System {
    /// A combination of displacements that is at least `-slack`.
    fn inequality(&mut self, mut terms: Sparse, slack: i64, relation: usize) {
        match terms[..] {
            [] => {}
            [(unknown, 1)] => tighten(&mut self.unknowns[unknown].below, slack),
            [(unknown, _)] => tighten(&mut self.unknowns[unknown].above, slack),
            _ => {
                terms.push((self.unknowns.len(), -1));
                terms.sort_unstable();
                self.unknowns.push(Unknown {
                    cell: None,
                    below: Some(slack),
                    above: None,
                });
                self.equations.push(terms);
                self.origin.push(relation);
            }
        }
    }

    fn split(self) -> Vec<System> {
        let mut leader: Vec<usize> = (0..self.unknowns.len()).collect();
        fn find(leader: &mut [usize], mut of: usize) -> usize {
            while leader[of] != of {
                leader[of] = leader[leader[of]];
                of = leader[of];
            }
            of
        }
        for equation in &self.equations {
            for pair in equation.windows(2) {
                let (left, right) = (find(&mut leader, pair[0].0), find(&mut leader, pair[1].0));
                leader[left.max(right)] = left.min(right);
            }
        }
        let mut systems: BTreeMap<usize, System> = BTreeMap::new();
        let mut place = Vec::with_capacity(self.unknowns.len());
        for (unknown, of) in self.unknowns.into_iter().enumerate() {
            let system = systems.entry(find(&mut leader, unknown)).or_default();
            place.push(system.unknowns.len());
            system.unknowns.push(of);
        }
        for (equation, relation) in self.equations.into_iter().zip(self.origin) {
            let Some(&(first, _)) = equation.first() else {
                continue;
            };
            let system = systems.entry(find(&mut leader, first)).or_default();
            let moved = equation
                .into_iter()
                .map(|(unknown, coefficient)| (place[unknown], coefficient));
            system.equations.push(moved.collect());
            system.origin.push(relation);
        }
        systems.into_values().collect()
    }
}
