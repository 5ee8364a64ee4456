//! Which columns a question picks its rows by.
//!
//! `SELECT sum(cost) … WHERE cost = 5 OR age = 103` is the cost of whoever is 103, plus 5 for each of the others: where the
//! question itself says which values most people have, a sum or a mean is that of the few who have another. So the columns
//! that conditions look at are followed, and where one of them is summed, the people who stand apart from the value that
//! most have are counted.

use std::collections::BTreeSet;

use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};

use super::flow::Flow;

/// The stored columns that conditions look at, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// By any condition.
    pub(super) any: BTreeSet<String>,
    /// By one that can pick a person here and a value there.
    pub(super) picks: BTreeSet<String>,
}

impl Asked {
    pub(super) fn add(&mut self, other: &Self) {
        self.any.extend(other.any.iter().cloned());
        self.picks.extend(other.picks.iter().cloned());
    }

    /// Of rows that meet one of several conditions, or do not meet one: any of them may pick.
    pub(super) fn add_as_picks(&mut self, other: &Self) {
        self.add(other);
        self.picks.extend(other.any.iter().cloned());
    }
}

impl Flow {
    /// Remembers what a condition, or an order of which the first rows are taken, looks at.
    pub(super) fn ask<'a>(&mut self, conditions: impl IntoIterator<Item = &'a Expr>) {
        for part in conditions.into_iter().flat_map(split_conjunction) {
            let columns = self.known_of(part).of;
            if !self.is_range(part) {
                self.asked.picks.extend(columns.iter().cloned());
            }
            self.asked.any.extend(columns);
        }
    }

    /// Whether a condition keeps a range of one stored column's values, with all that lie between.
    fn is_range(&self, condition: &Expr) -> bool {
        let stored = |expr: &Expr| self.compared_origin(expr).is_some();
        let literal = |expr: &Expr| expr.column_refs().is_empty();
        match condition {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(*op) => {
                stored(left) && literal(right) || literal(left) && stored(right)
            }
            Expr::Between(Between {
                expr, low, high, ..
            }) => stored(expr) && literal(low) && literal(high),
            Expr::IsNotNull(inner) | Expr::IsNull(inner) => stored(inner),
            other => stored(other),
        }
    }
}

fn compares(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}
