//! Few people who make up most of what is withheld.
//!
//! That no withheld cell can be computed does not say that their sum cannot: of a line's total, what is shown leaves the sum of what is
//! not. So it is held to the rule that a shown one is held to.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use datafusion::common::{Result, exec_err};

use super::{Gate, Totals};
use crate::dominance::Largest;
use crate::suppress::{Protection, Relation, State, Table};

/// What the largest contributors may be of a total.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dominant {
    /// The largest so many no more than this share.
    ShareAtMost {
        /// So many.
        top: u32,
        /// From 0 to 1.
        most: f64,
    },
    /// All but the two largest no less than this, in percent of the largest.
    MarginAtLeast(f64),
}

impl Dominant {
    /// How many contributors have to be known.
    pub(crate) fn top(self) -> u32 {
        match self {
            Self::ShareAtMost { top, .. } => top,
            Self::MarginAtLeast(_) => 2,
        }
    }

    fn holds(self, largest: &Largest) -> bool {
        match self {
            Self::ShareAtMost { top, most } => largest.share(top).is_none_or(|share| share <= most),
            Self::MarginAtLeast(least) => largest.margin().is_none_or(|margin| margin >= least),
        }
    }
}

impl Totals {
    /// Cells to be withheld besides, by their place in the table, since few people make up most of what is withheld of a line: the line's
    /// total less what is shown of it is such a sum, even if no cell of it is known.
    pub(super) fn dominated(
        &self,
        gate: &Gate,
        cells: &RecordBatch,
        table: &Table,
        protection: &Protection,
        order: &[usize],
    ) -> Result<Vec<usize>> {
        let from = gate.shown() + gate.checks.len() + self.of_people() + self.means;
        let mut columns = Vec::with_capacity(self.dominant.len());
        for (rule, column) in self.dominant.iter().zip(&cells.columns()[from..]) {
            match column.as_list_opt::<i32>() {
                Some(column) => columns.push((rule, column)),
                None => return exec_err!("contributors are a list, not {}", column.data_type()),
            }
        }
        let hides =
            |place: usize| protection.hidden[place] || table.cells[place].state == State::Unlisted;
        let is_open = |place: &usize| !hides(*place) && table.cells[*place].state == State::Open;
        let mut besides = vec![];
        let relations = table.figures.first().map(|rows| rows.relations.as_slice());
        for relation in relations.unwrap_or_default() {
            let Relation::Adds { total, parts } = relation else {
                continue;
            };
            let hidden: Vec<usize> = parts.iter().copied().filter(|&part| hides(part)).collect();
            // What is all of a shown cell has been looked at.
            let nothing = hidden.is_empty() || hidden.len() == parts.len();
            if nothing || hides(*total) || parts.iter().any(|&part| part >= order.len()) {
                continue;
            }
            for (rule, column) in &columns {
                let of = |places: &[usize]| {
                    let mut largest = Largest::default();
                    for &place in places {
                        let part = column.value(order[place]);
                        if let Some(part) = part.as_primitive_opt::<UInt64Type>() {
                            largest.add(part.values());
                        }
                    }
                    largest
                };
                if rule.holds(&of(&hidden)) {
                    continue;
                }
                // The part that says least of the largest beside it, or the total.
                let size = |place: &usize| of(&[*place]).total();
                let open = parts.iter().copied().filter(is_open);
                let best = open.max_by(|one, other| size(one).total_cmp(&size(other)));
                besides.extend(best.or(Some(*total).filter(is_open)));
                break;
            }
        }
        Ok(besides)
    }
}
