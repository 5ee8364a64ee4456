//! The fast part: no line of the table may show what it hides.

use std::collections::HashSet;

use super::audit::Pattern;
use super::table::{Relation, State, Table};
use super::watch::Watch;

/// The sums of a table.
///
/// A line whose one hidden cell is what the others leave shows it; so does one that leaves the sum of a few people. That no line
/// does is not enough, but cheap to see to, and most of what an audit asks for.
pub(super) struct Lines<'a> {
    pub(super) table: &'a Table,
    pub(super) k: usize,
    /// Cells that may be computed: those that no row shows, and those of dropped margins that are not primary.
    pub(super) loose: Vec<bool>,
    /// A total and its parts.
    pub(super) of: Vec<(usize, &'a [usize])>,
    /// For each cell the lines that it is in.
    pub(super) through: Vec<Vec<usize>>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(table: &'a Table, pattern: &Pattern, k: u32) -> Self {
        let mut seen = HashSet::new();
        let mut lines = Vec::new();
        let mut through = vec![Vec::new(); table.cells.len()];
        for relation in table.figures.iter().flat_map(|figure| &figure.relations) {
            let Relation::Adds { total, parts } = relation else {
                continue;
            };
            if seen.insert((*total, parts.as_slice())) {
                for &cell in parts.iter().chain([total]) {
                    through[cell].push(lines.len());
                }
                lines.push((*total, parts.as_slice()));
            }
        }
        Self {
            table,
            k: k as usize,
            loose: (table.cells.iter().zip(&pattern.dropped))
                .map(|(cell, &dropped)| match cell.state {
                    State::Unlisted => true,
                    State::Open => dropped,
                    State::Primary | State::Unseen | State::Zero => false,
                })
                .collect(),
            of: lines,
            through,
        }
    }

    /// How many lines the cell with most lines is in.
    pub(super) fn most(&self) -> usize {
        self.through.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// What each line shows if these cells are hidden.
    pub(super) fn watch(&self, hidden: &[bool]) -> Watch<'_> {
        Watch::of(self, hidden)
    }
}
