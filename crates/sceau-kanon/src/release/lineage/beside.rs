//! What does not stand beside totals.
//!
//! Of two withheld départements, each with its number as the key, how many people they are together and what the numbers add up to is
//! how many each of them has. So the keys of a table with totals are not added up in it.

use datafusion::logical_expr::{BinaryExpr, Expr};

use super::flow::Flow;
use super::measure::{Kind, Measure};
use crate::release::ReleaseError;

impl Measure<'_> {
    /// # Errors
    /// When it adds up what the cells of a table of totals are told apart by.
    pub(super) fn check_beside_totals(
        &self,
        input: &Flow,
        keys: &[Expr],
    ) -> Result<(), ReleaseError> {
        if !matches!(self.kind, Kind::Sum | Kind::Mean) {
            return Ok(());
        }
        let counted =
            |columns: &[Expr]| columns.iter().any(|column| input.known_of(column).counted);
        let of_key = |key: &Expr, values: &[Expr]| {
            let columns = key.column_refs().into_iter().cloned().map(Expr::Column);
            let columns: Vec<Expr> = columns.collect();
            !input.made_of(values).is_disjoint(&input.made_of(&columns))
                || values.iter().any(|value| columns.contains(value))
                || counted(values) && counted(&columns)
        };
        let arguments = self.arguments().iter();
        let values: Vec<Expr> = arguments.flat_map(values).collect();
        if keys.iter().any(|key| of_key(key, &values)) {
            return Err(ReleaseError::not_releasable(
                "a sum or a mean, in a table of totals, of what the table is grouped by",
                "leave it out, or ask for the table without totals",
            ));
        }
        Ok(())
    }
}

/// The columns that an amount's value is made of, conditions left aside.
fn values(amount: &Expr) -> Vec<Expr> {
    match amount {
        Expr::Column(_) => vec![amount.clone()],
        Expr::Alias(alias) => values(&alias.expr),
        Expr::Cast(cast) => values(&cast.expr),
        Expr::TryCast(cast) => values(&cast.expr),
        Expr::Negative(inner) => values(inner),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.is_numerical_operators() => {
            [values(left), values(right)].concat()
        }
        Expr::Case(case) => (case.when_then_expr.iter().map(|(_, then)| then))
            .chain(&case.else_expr)
            .flat_map(|value| values(value))
            .collect(),
        Expr::ScalarFunction(call) => call.args.iter().flat_map(values).collect(),
        _ => vec![],
    }
}
