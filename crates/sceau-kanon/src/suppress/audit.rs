//! Whether a pattern of hidden cells holds.

use super::attacker::{Attack, constant_sums, intervals, systems};
use super::explain::explain;
use super::proof::{Interval, Proof};
use super::table::{People, State, Table};

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

/// How many cells a search for sums may look at, a system.
const SUMS: u64 = 50_000_000;

/// So many of these are about as much work as one entry of an equation.
const LOOKS: u64 = 8;

/// So often is every entry of an equation gone through, whatever is found.
const OFTEN: u64 = 20;

/// How many kinds of cells whose sums are too many to be looked at are found at once.
const OPEN: usize = 8;

/// What the programmes of a proof may take, each the square of its size.
const PROOF: u64 = 2_000_000_000;

/// What was found out about a pattern.
pub(super) struct Audit {
    /// All that can be computed and should not be. Empty: the pattern holds, proved by tables of integers.
    pub(super) findings: Vec<Finding>,
    /// The systems of each figure. Figures that are one column twice share them.
    attacks: Vec<(Vec<usize>, Vec<Attack>)>,
}

impl Audit {
    /// How much there was to look at, in unknowns.
    pub(super) fn size(&self) -> u64 {
        self.attacks
            .iter()
            .flat_map(|(_, attacks)| attacks)
            .map(Attack::work)
            .sum()
    }
}

/// Looks for what can be computed and should not be. `None` where that takes more than `work`, in entries of equations gone through.
pub(super) fn audit(table: &Table, pattern: &Pattern, k: u32, work: &mut u64) -> Option<Audit> {
    let mut audit = Audit {
        findings: Vec::new(),
        attacks: Vec::new(),
    };
    for figures in alike(table) {
        let mut attacks = Vec::new();
        for system in systems(table, &table.figures[figures[0]], &pattern.hidden) {
            let entries: usize = system.equations.iter().map(Vec::len).sum();
            *work = work.checked_sub(OFTEN * (system.unknowns.len() + entries) as u64)?;
            let mut attack = Attack::of(system, work)?;
            let computed = computed(table, pattern, k, &mut attack, work)?;
            let relations = &table.figures[figures[0]].relations;
            let found = explain(table, pattern, relations, &attack, computed, work);
            audit.findings.extend(found);
            attacks.push(attack);
        }
        audit.attacks.push((figures, attacks));
    }
    Some(audit)
}

/// The figures, those together that say the same of every cell: the number of rows stands beside a `count(*)`.
fn alike(table: &Table) -> Vec<Vec<usize>> {
    let mut alike: Vec<Vec<usize>> = Vec::new();
    for (place, figure) in table.figures.iter().enumerate() {
        let same = alike.iter_mut().find(|of| {
            let other = &table.figures[of[0]];
            (other.least, &other.values) == (figure.least, &figure.values)
                && other.relations == figure.relations
        });
        match same {
            Some(same) => same.push(place),
            None => alike.push(vec![place]),
        }
    }
    alike
}

/// The intervals of a pattern, and what they rest on.
pub(super) fn prove(table: &Table, pattern: &Pattern, audit: &Audit) -> Proof {
    let mut work = PROOF;
    let found = audit.findings.iter().flat_map(|finding| &finding.cells);
    let mut proof = Proof {
        computed: found.copied().collect(),
        ..Proof::default()
    };
    for (figures, attacks) in &audit.attacks {
        for attack in attacks {
            let is_told = |&cell: &usize| {
                cares(table, pattern, cell) && table.cells[cell].state != State::Unseen
            };
            let told: Vec<Option<usize>> = (attack.system.unknowns.iter())
                .map(|unknown| unknown.cell.filter(is_told))
                .collect();
            let found = intervals(attack, |unknown| told[unknown].is_some(), &mut work);
            proof.programmes += found.programmes + attack.programmes;
            proof.unsolved += found.unsolved;
            proof.tables += attack.moves.count as u64;
            for (cell, (low, high)) in told.into_iter().zip(found.of) {
                let Some(cell) = cell else { continue };
                let truth = table.figures[figures[0]].values[cell];
                proof
                    .intervals
                    .extend(figures.iter().map(|&figure| Interval {
                        cell,
                        figure,
                        low: low.map(|low| truth + low),
                        high: high.map(|high| truth + high),
                    }));
            }
        }
    }
    proof
        .intervals
        .sort_by_key(|interval| (interval.figure, interval.cell));
    proof
}

fn cares(table: &Table, pattern: &Pattern, cell: usize) -> bool {
    match table.cells[cell].state {
        State::Primary | State::Unseen => true,
        State::Open => !pattern.dropped[cell],
        State::Zero | State::Unlisted => false,
    }
}

/// The sums of a system's unknowns that can be computed and should not be, or cannot be shown not to be.
fn computed(
    table: &Table,
    pattern: &Pattern,
    k: u32,
    attack: &mut Attack,
    work: &mut u64,
) -> Option<Vec<Vec<usize>>> {
    let mut computed: Vec<Vec<usize>> = Vec::new();
    let mut still: Vec<usize> = Vec::new();
    for unknown in 0..attack.system.unknowns.len() {
        let cell = attack.system.unknowns[unknown].cell;
        let matters = cell.is_some_and(|cell| cares(table, pattern, cell));
        if matters && !attack.can_change(unknown) {
            if attack.fixed_by_equations(&[unknown]) {
                computed.push(vec![unknown]);
            } else {
                still.push(unknown);
            }
        }
    }
    if still.len() > 1 {
        attack.look_around(&still, work);
    }
    for unknown in still {
        if !attack.can_change(unknown) && !attack.look_for_change(&[unknown], work) {
            computed.push(vec![unknown]);
        }
    }
    if !computed.is_empty() {
        return Some(computed);
    }
    let few: Vec<Option<&[u64]>> = (attack.system.unknowns.iter())
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
        let before = budget;
        let sums = constant_sums(&attack.moves, &few, k, &mut budget);
        *work = work.checked_sub((before - budget) / LOOKS)?;
        let found = sums.found.len();
        computed = (sums.found.into_iter())
            .filter(|sum| !attack.look_for_change(sum, work))
            .collect();
        // With what was found on the way the next search may find more.
        if computed.is_empty() && found > 0 {
            continue;
        }
        if computed.is_empty() {
            // Not shown to be safe is not safe.
            let open = sums.open.into_iter().take(OPEN);
            computed.extend(open.map(|unknown| vec![unknown]));
        }
        return Some(computed);
    }
}
