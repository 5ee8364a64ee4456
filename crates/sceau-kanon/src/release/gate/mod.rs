//! The gate between cells and everything that is done with them.
//!
//! ```text
//! Filter: count(*) > 100                 Filter: count(*) > 100
//!   Aggregate: dep | count(*)      →       ReleaseGate: k=11
//!                                            Aggregate: dep | count(*), count_people(…)
//! ```
//!
//! It stands directly above the first aggregate, from the tables upwards, whose groups are not one person's each, so that
//! HAVING, ORDER BY, LIMIT, windows and aggregates of cells work on what is protected and never below it. Cells that break a rule are dropped, or lose their measures; the columns that the rules are
//! checked on do not come out. Nothing moves through it: no predicate, no limit, no projection. Where there are totals beside
//! cells, it collects them all before it decides.

mod differences;
mod dominant;
mod exec;
mod node;
mod planner;
mod rounded_totals;
mod tally;
mod totals;
mod unanimous;
mod verdict;
mod views;

use datafusion::common::Column;
use sceau_core::permit::{Rounding, Withheld};

pub(crate) use differences::{Differences, SketchColumn, refusal};
pub(crate) use dominant::Dominant;
pub(crate) use node::GateNode;
pub(crate) use planner::{GatePlanner, gates_are_in};
pub(crate) use tally::Tally;
pub(crate) use totals::{Adds, Totals};

/// What one gate checks.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) id: usize,
    pub(crate) k: u32,
    pub(crate) withheld: Withheld,
    /// Whether who signs is told the keys of withheld cells: not those that may be one person's own.
    pub(crate) named: bool,
    /// How many of the first columns are keys.
    pub(crate) keys: usize,
    /// How many columns come after the keys and are shown.
    pub(crate) measures: usize,
    /// Of the measures, those that are counts to be rounded.
    pub(crate) rounded: Vec<usize>,
    /// To what.
    pub(crate) rounding: Rounding,
    /// What is checked, on the columns after the measures, one each.
    pub(crate) checks: Vec<Check>,
    /// Of the keys, those that are sensitive, if no group may be seen to have one value of them.
    pub(crate) sensitive: Vec<usize>,
    /// Where there are totals beside the cells: what ties them together. The columns after the checks are then the number of
    /// rows, and the people of every contributor.
    pub(crate) totals: Option<Totals>,
    /// Where the project's ledger is asked: what is sketched in the last columns.
    pub(crate) differences: Option<Differences>,
    /// Every column of the input, as the aggregate names it.
    pub(crate) columns: Vec<Column>,
    pub(crate) tally: Tally,
}

/// One condition that a cell must meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Check {
    pub(crate) test: Test,
    pub(crate) rule: Rule,
}

/// A condition on the value of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Test {
    /// At least k people.
    AtLeastK,
    /// Nobody, or at least k people.
    NobodyOrK,
    /// At least k people in this column or in another that says so.
    AnyAtLeastK,
    /// A share that is not above this one.
    ShareAtMost(f64),
    /// A percentage that is not below this one.
    MarginAtLeast(f64),
    /// At least two values.
    AtLeastTwo,
}

/// The rule that a condition is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// A cell describes at least k people.
    People,
    /// So does every measure of it, and every difference between two of them.
    Measures,
    /// A minimum or maximum is shared by at least k people.
    Extremes,
    /// At least k people are on each side of a percentile.
    Percentiles,
    /// No few people make up most of a sum.
    Dominance,
    /// Not everybody and not nobody of a group has a sensitive value.
    Unanimous,
    /// No withheld cell can be computed from the others.
    Secondary,
    /// No few people are the difference to what the project received before.
    Differences,
}

impl Rule {
    pub(crate) const ALL: [Self; 8] = [
        Self::People,
        Self::Measures,
        Self::Extremes,
        Self::Percentiles,
        Self::Dominance,
        Self::Unanimous,
        Self::Secondary,
        Self::Differences,
    ];
}

impl Gate {
    /// How many columns of the aggregate are shown.
    pub(crate) fn shown(&self) -> usize {
        self.keys + self.measures
    }

    /// How many columns the aggregate has: those shown, those checked, those that totals need, and sketches.
    pub(crate) fn width(&self) -> usize {
        let behind = self.totals.as_ref().map_or(0, Totals::columns);
        let sketches = self.differences.as_ref().map_or(0, Differences::columns);
        self.shown() + self.checks.len() + behind + sketches
    }
}
