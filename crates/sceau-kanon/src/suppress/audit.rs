//! Whether a pattern of hidden cells holds.

use std::collections::BTreeSet;

use super::attacker::{
    Attack, Reduced, Sparse, System, add, constant_sum, intervals, negate, systems,
};
use super::proof::{Interval, Proof};
use super::table::{People, Relation, State, Table};

/// Which cells are hidden, and of which nobody cares whether they can be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) hidden: Vec<bool>,
    /// Cells of dropped margins: a total that its released parts make up anyway is no secret.
    pub(super) dropped: Vec<bool>,
}

/// Something that an attacker can compute and should not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// The cells whose sum it is; often one.
    pub(super) cells: Vec<usize>,
    /// Open cells of which at least one has to be hidden before this can no longer be computed the same way.
    pub(super) breakers: Vec<usize>,
}

/// How many sets of cells a search for sums may look at, a system.
const SUMS: u64 = 200_000;

/// All that can be computed and should not be. Empty: the pattern holds, proved by tables of integers.
pub(super) fn audit(table: &Table, pattern: &Pattern, k: u32) -> Vec<Finding> {
    let mut findings = Vec::new();
    for_each(table, pattern, |figure, system| {
        findings.extend(inspect(table, pattern, k, figure, system).findings);
    });
    findings
}

/// The intervals of a pattern, and what they rest on.
pub(super) fn prove(table: &Table, pattern: &Pattern, k: u32) -> Proof {
    let mut proof = Proof::default();
    for_each(table, pattern, |figure, system| {
        let seen = inspect(table, pattern, k, figure, system);
        let computed = seen.findings.into_iter().flat_map(|finding| finding.cells);
        proof.computed.extend(computed);
        let found = intervals(&seen.attack);
        proof.programmes += found.programmes + seen.attack.programmes;
        proof.unsolved += found.unsolved;
        proof.tables += seen.attack.moves.count as u64;
        for (unknown, (low, high)) in system.unknowns.iter().zip(found.of) {
            if let Some(cell) = unknown.cell.filter(|&cell| cares(table, pattern, cell)) {
                let truth = table.figures[figure].values[cell];
                proof.intervals.push(Interval {
                    cell,
                    figure,
                    low: low.map(|low| truth + low),
                    high: high.map(|high| truth + high),
                });
            }
        }
    });
    proof
        .intervals
        .sort_by_key(|interval| (interval.figure, interval.cell));
    proof
}

fn for_each(table: &Table, pattern: &Pattern, mut see: impl FnMut(usize, &System)) {
    for (place, figure) in table.figures.iter().enumerate() {
        for system in systems(table, figure, &pattern.hidden) {
            see(place, &system);
        }
    }
}

fn cares(table: &Table, pattern: &Pattern, cell: usize) -> bool {
    match table.cells[cell].state {
        State::Primary => true,
        State::Open => !pattern.dropped[cell],
        State::Zero | State::Unlisted => false,
    }
}

struct Seen<'a> {
    attack: Attack<'a>,
    findings: Vec<Finding>,
}

fn inspect<'a>(
    table: &Table,
    pattern: &Pattern,
    k: u32,
    figure: usize,
    system: &'a System,
) -> Seen<'a> {
    let mut attack = Attack::of(system);
    let mut computed: Vec<Vec<usize>> = Vec::new();
    for (unknown, of) in system.unknowns.iter().enumerate() {
        let matters = of.cell.is_some_and(|cell| cares(table, pattern, cell));
        if matters && !attack.can_change(unknown) && !attack.look_for_change(&[unknown]) {
            computed.push(vec![unknown]);
        }
    }
    if computed.is_empty() {
        let few: Vec<Option<&[u64]>> = system
            .unknowns
            .iter()
            .map(|unknown| match &table.cells[unknown.cell?] {
                cell if matches!(cell.state, State::Unlisted | State::Zero) => None,
                cell => match &cell.people {
                    People::Few(ids) => Some(ids.as_slice()),
                    People::Many => None,
                },
            })
            .collect();
        let mut budget = SUMS;
        loop {
            match constant_sum(&attack.moves, &few, k, &mut budget) {
                Ok(None) => break,
                Ok(Some(sum)) => {
                    if !attack.look_for_change(&sum) {
                        computed.push(sum);
                        break;
                    }
                }
                // Not shown to be safe is not safe.
                Err(unknown) => {
                    computed.push(vec![unknown]);
                    break;
                }
            }
        }
    }
    let findings = explain(table, pattern, figure, &attack, computed);
    Seen { attack, findings }
}

/// For each computed sum the open cells that the computation needs.
fn explain(
    table: &Table,
    pattern: &Pattern,
    figure: usize,
    attack: &Attack,
    computed: Vec<Vec<usize>>,
) -> Vec<Finding> {
    if computed.is_empty() {
        return Vec::new();
    }
    let system = attack.system;
    let columns = system.unknowns.len();
    let numbered: Vec<Sparse> = system
        .equations
        .iter()
        .enumerate()
        .map(|(number, equation)| {
            let mut equation = equation.clone();
            equation.push((columns + number, 1));
            equation
        })
        .collect();
    let reduced = Reduced::of(&numbered, columns, |_| false);
    let relations = &table.figures[figure].relations;
    let open = |cell: usize| table.cells[cell].state == State::Open && !pattern.hidden[cell];
    let around = || -> BTreeSet<usize> {
        let cells: BTreeSet<usize> = system.unknowns.iter().filter_map(|of| of.cell).collect();
        relations
            .iter()
            .map(Relation::members)
            .filter(|(total, parts)| {
                cells.contains(total) || parts.iter().any(|part| cells.contains(part))
            })
            .flat_map(|(total, parts)| parts.iter().copied().chain([total]))
            .collect()
    };
    computed
        .into_iter()
        .map(|sum| {
            let used = attack
                .fixed_by_equations(&sum)
                .then(|| reduced.combination(&sum))
                .flatten();
            let needed: BTreeSet<usize> = match used {
                Some(used) => {
                    let mut weights = std::collections::BTreeMap::new();
                    let mut loose = BTreeSet::new();
                    for (number, weight) in used {
                        match &relations[system.origin[number - columns]] {
                            Relation::Adds { total, parts } => {
                                let signed = parts
                                    .iter()
                                    .map(|&part| (part, weight))
                                    .chain([(*total, negate(weight))]);
                                for (cell, weight) in signed {
                                    let sum = weights.entry(cell).or_insert(0);
                                    *sum = add(*sum, weight);
                                }
                            }
                            Relation::Covers { total, parts } => {
                                loose.extend(parts.iter().copied().chain([*total]));
                            }
                        }
                    }
                    let weighty = weights.into_iter().filter(|&(_, weight)| weight != 0);
                    loose.extend(weighty.map(|(cell, _)| cell));
                    loose
                }
                None => around(),
            };
            Finding {
                cells: sum
                    .iter()
                    .filter_map(|&unknown| system.unknowns[unknown].cell)
                    .collect(),
                breakers: needed.into_iter().filter(|&cell| open(cell)).collect(),
            }
        })
        .collect()
}
