//! What a computation needs: the cells that would stand in its way.

use std::collections::{BTreeMap, BTreeSet};

use super::attacker::{Attack, LARGE, Reduced, Sparse, add, negate};
use super::audit::{Finding, Pattern};
use super::table::{Relation, State, Table};

/// For each computed sum of a system's unknowns the open cells that the computation needs.
pub(super) fn explain(
    table: &Table,
    pattern: &Pattern,
    relations: &[Relation],
    attack: &Attack,
    computed: Vec<Vec<usize>>,
    work: &mut u64,
) -> Vec<Finding> {
    if computed.is_empty() {
        return Vec::new();
    }
    let columns = attack.system.unknowns.len();
    // Which cells exactly a computation needs takes another elimination: for large systems those next to what is computed are named.
    let small = columns <= LARGE;
    let reduced = small.then(|| numbered(attack, work)).flatten();
    let around = Around::of(table, relations, attack);
    // Of a small system every sum has all cells around it.
    let mut around_all = None;
    computed
        .into_iter()
        .map(|sum| {
            let used = attack
                .fixed_by_equations(&sum)
                .then(|| reduced.as_ref()?.combination(&sum))
                .flatten();
            let needed = match used {
                Some(used) => weighty(relations, attack, used),
                None if small => around_all
                    .get_or_insert_with(|| around.cells(0..columns))
                    .clone(),
                None => around.cells(sum.iter().copied()),
            };
            let open =
                |&cell: &usize| table.cells[cell].state == State::Open && !pattern.hidden[cell];
            Finding {
                cells: sum
                    .iter()
                    .filter_map(|&unknown| attack.system.unknowns[unknown].cell)
                    .collect(),
                breakers: needed.into_iter().filter(open).collect(),
            }
        })
        .collect()
}

/// The equations, reduced, each with a column of its own after the unknowns, which tells what it was used for.
fn numbered(attack: &Attack, work: &mut u64) -> Option<Reduced> {
    let columns = attack.system.unknowns.len();
    let numbered: Vec<Sparse> = (attack.system.equations.iter().enumerate())
        .map(|(number, equation)| {
            let mut equation = equation.clone();
            equation.push((columns + number, 1));
            equation
        })
        .collect();
    Reduced::of(&numbered, columns, |_| false, work)
}

/// The cells that stand in a combination of equations and do not cancel out.
fn weighty(relations: &[Relation], attack: &Attack, used: Vec<(usize, u64)>) -> BTreeSet<usize> {
    let columns = attack.system.unknowns.len();
    let mut weights = BTreeMap::new();
    let mut needed = BTreeSet::new();
    for (number, weight) in used {
        match &relations[attack.system.origin[number - columns]] {
            Relation::Adds { total, parts } => {
                let parts = parts.iter().map(|&part| (part, weight));
                for (cell, weight) in parts.chain([(*total, negate(weight))]) {
                    let sum = weights.entry(cell).or_insert(0);
                    *sum = add(*sum, weight);
                }
            }
            Relation::Covers { total, parts } => {
                needed.extend(parts.iter().copied().chain([*total]));
            }
        }
    }
    needed.extend((weights.into_iter()).filter_map(|(cell, weight)| (weight != 0).then_some(cell)));
    needed
}

/// The cells that stand in one relation with others.
struct Around<'a> {
    relations: &'a [Relation],
    attack: &'a Attack,
    /// For each cell its relations.
    through: Vec<Vec<usize>>,
}

impl<'a> Around<'a> {
    fn of(table: &Table, relations: &'a [Relation], attack: &'a Attack) -> Self {
        let mut through = vec![Vec::new(); table.cells.len()];
        for (relation, of) in relations.iter().enumerate() {
            let (total, parts) = of.members();
            for &cell in parts.iter().chain([&total]) {
                through[cell].push(relation);
            }
        }
        Self {
            relations,
            attack,
            through,
        }
    }

    /// The cells around these unknowns, and those that they are.
    fn cells(&self, unknowns: impl Iterator<Item = usize>) -> BTreeSet<usize> {
        let beside: BTreeSet<usize> = unknowns
            .filter_map(|unknown| self.attack.system.unknowns[unknown].cell)
            .flat_map(|cell| &self.through[cell])
            .copied()
            .collect();
        (beside.into_iter())
            .map(|relation| self.relations[relation].members())
            .flat_map(|(total, parts)| parts.iter().copied().chain([total]))
            .collect()
    }
}
