//! How many rows a leaf may be expected to give: a declared number scaled by what the policy looks like, never by what
//! the hidden rows are. Joins choose their build side by it.

use std::sync::Arc;

use datafusion::logical_expr::{Expr, Operator};

use super::people::{ListRole, PeopleList};

/// The share of rows that lists of people leave: a cohort is usually a small part of the population, an opposition list
/// takes next to nobody away.
pub(super) fn expected_of_lists(lists: &[Arc<PeopleList>]) -> f64 {
    const COHORT: f64 = 0.1;
    lists
        .iter()
        .map(|list| match list.role() {
            ListRole::Cohort => COHORT,
            ListRole::Opposition => 1.0,
        })
        .product()
}

/// The share of rows that a conjunction keeps, guessed from its shape alone.
pub(super) fn selectivity(conjuncts: &[Expr]) -> f64 {
    conjuncts
        .iter()
        .map(share)
        .product::<f64>()
        .clamp(1e-6, 1.0)
}

fn share(expr: &Expr) -> f64 {
    const EQUAL: f64 = 0.02;
    const RANGE: f64 = 0.4;
    const OTHER: f64 = 0.5;
    match expr {
        Expr::InList(list) => negated((EQUAL * list.list.len() as f64).min(OTHER), list.negated),
        Expr::Between(between) => negated(RANGE * RANGE, between.negated),
        Expr::Not(inner) => 1.0 - share(inner),
        Expr::IsNotNull(_) => 0.9,
        Expr::IsNull(_) => 0.1,
        Expr::BinaryExpr(binary) => match binary.op {
            Operator::Eq => EQUAL,
            Operator::NotEq => 1.0 - EQUAL,
            Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => RANGE,
            Operator::And => share(&binary.left) * share(&binary.right),
            Operator::Or => (share(&binary.left) + share(&binary.right)).min(1.0),
            _ => OTHER,
        },
        _ => OTHER,
    }
}

fn negated(share: f64, negated: bool) -> f64 {
    if negated { 1.0 - share } else { share }
}
