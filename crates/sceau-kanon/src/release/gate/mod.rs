//! The gate between cells and everything that is done with them.
//!
//! ```text
//! Filter: count(*) > 100                 Filter: count(*) > 100
//!   Aggregate: dep | count(*)      →       ReleaseGate: k=11
//!                                            Aggregate: dep | count(*), count_people(…)
//! ```
//!
//! It stands directly above the topmost aggregate, so that HAVING, ORDER BY, LIMIT and windows work on what is protected
//! and never below it. Cells that break a rule are dropped, or lose their measures; the columns that the rules are
//! checked on do not come out. Nothing moves through it: no predicate, no limit, no projection.

mod exec;
mod node;
mod planner;
mod tally;

use datafusion::common::Column;
use sceau_core::permit::{Rounding, Withheld};

pub(crate) use node::GateNode;
pub(crate) use planner::{GatePlanner, gates_are_in};
pub(crate) use tally::Tally;

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
}

/// The rule that a condition is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// A cell describes at least k people.
    People,
    /// So does every measure of it, and every difference between two of them.
    Measures,
    /// No few people make up most of a sum.
    Dominance,
}

impl Rule {
    pub(crate) const ALL: [Self; 3] = [Self::People, Self::Measures, Self::Dominance];
}
