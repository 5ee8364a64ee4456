//! The fast part: no line of the table may show what it hides.

use std::collections::{BTreeSet, HashSet};

use super::audit::Pattern;
use super::table::{People, Relation, State, Table};

/// The sums of a table, and of each how much of it is hidden.
///
/// A line whose one hidden cell is what the others leave shows it; so does one that leaves the sum of a few people. That no line
/// does is not enough, but cheap to see to, and most of what an audit asks for.
pub(super) struct Lines<'a> {
    table: &'a Table,
    k: usize,
    /// Cells that may be computed: those that no row shows, and those of dropped margins that are not primary.
    loose: Vec<bool>,
    lines: Vec<(usize, &'a [usize])>,
    /// For each cell the lines that it is in.
    through: Vec<Vec<usize>>,
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
                    State::Primary | State::Zero => false,
                })
                .collect(),
            lines,
            through,
        }
    }

    /// How many lines the cell with most lines is in.
    pub(super) fn most(&self) -> usize {
        self.through.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn is_hidden(&self, hidden: &[bool], cell: usize) -> bool {
        hidden[cell] || self.table.cells[cell].state == State::Unlisted
    }

    /// Whether a line shows what it hides, if `also` were hidden too.
    fn shows(&self, line: usize, hidden: &[bool], also: Option<usize>) -> bool {
        let (total, parts) = self.lines[line];
        let is_hidden = |cell: usize| also == Some(cell) || self.is_hidden(hidden, cell);
        let total_hidden = is_hidden(total);
        let mut alone = total_hidden.then_some(total);
        let mut count = usize::from(total_hidden);
        let mut many = false;
        let mut people: BTreeSet<u64> = BTreeSet::new();
        for &part in parts {
            if is_hidden(part) {
                count += 1;
                alone = Some(part);
                match &self.table.cells[part].people {
                    People::Many => many = true,
                    People::Few(ids) if !many => people.extend(ids),
                    People::Few(_) => {}
                }
            }
        }
        match (count, alone) {
            (1, Some(cell)) => !self.loose[cell],
            (0, _) => false,
            _ => !total_hidden && !many && (1..self.k).contains(&people.len()),
        }
    }

    /// The open cells of a line that could be hidden.
    pub(super) fn open(&self, line: usize, hidden: &[bool]) -> impl Iterator<Item = usize> {
        let (total, parts) = self.lines[line];
        parts
            .iter()
            .copied()
            .chain([total])
            .filter(|&cell| self.table.cells[cell].state == State::Open && !hidden[cell])
    }

    /// The lines that show what they hide.
    pub(super) fn showing(&self, hidden: &[bool]) -> BTreeSet<usize> {
        (0..self.lines.len())
            .filter(|&line| self.shows(line, hidden, None))
            .collect()
    }

    /// How many more lines would show something if a cell were hidden (fewer: negative), and what is lost by hiding it.
    pub(super) fn price(&self, cell: usize, hidden: &[bool]) -> (i64, u64) {
        let more = self.through[cell]
            .iter()
            .map(|&line| {
                i64::from(self.shows(line, hidden, Some(cell)))
                    - i64::from(self.shows(line, hidden, None))
            })
            .sum();
        (more, self.table.cells[cell].cost)
    }

    /// Hides further cells until no line shows what it hides, or could be kept from it.
    pub(super) fn complete(&self, hidden: &mut [bool]) {
        let mut showing = self.showing(hidden);
        while let Some(line) = showing.pop_first() {
            let best = self
                .open(line, hidden)
                .min_by_key(|&cell| (self.price(cell, hidden), cell));
            // What a line shows whatever is done is found by the audit.
            let Some(best) = best else { continue };
            hidden[best] = true;
            for &line in &self.through[best] {
                if self.shows(line, hidden, None) {
                    showing.insert(line);
                } else {
                    showing.remove(&line);
                }
            }
            if self.shows(line, hidden, None) {
                showing.insert(line);
            }
        }
    }

    /// Shows again, the dearest first, what no line needs hidden.
    pub(super) fn thin(&self, hidden: &mut [bool]) {
        let mut secondary: Vec<usize> = (0..hidden.len())
            .filter(|&cell| {
                hidden[cell] && self.table.cells[cell].state == State::Open && !self.loose[cell]
            })
            .collect();
        secondary.sort_by_key(|&cell| (std::cmp::Reverse(self.table.cells[cell].cost), cell));
        for cell in secondary {
            hidden[cell] = false;
            if self.through[cell]
                .iter()
                .any(|&line| self.shows(line, hidden, None))
            {
                hidden[cell] = true;
            }
        }
    }
}
