//! Which sums are counts.
//!
//! `sum(1)`, `sum(CASE WHEN sex = 1 THEN 1.0 ELSE 0.0 END)` and the sum of an inner `count(*)` are counts by another name, and a permit
//! that has counts rounded means them too. A sum of another constant, `sum(100)`, is a multiple of a count that rounding
//! would let through.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, lit};

use super::flow::Flow;
use super::measure::{Kind, Measure};
use crate::release::ReleaseError;

impl Measure<'_> {
    /// Whether it is a count, which the permit may have rounded.
    pub(super) fn is_count(&self, input: &Flow) -> bool {
        let whole = |argument: &Expr| {
            let kind = argument.get_type(input.plan.schema().as_ref());
            kind.is_ok_and(|kind| kind.is_integer())
        };
        match (self.kind, self.arguments()) {
            (Kind::Count, _) => true,
            (Kind::Sum, [argument]) => {
                counts(argument, input) || self.is_chosen(input) && whole(argument)
            }
            _ => false,
        }
    }

    /// # Errors
    /// When it is a multiple of a count, or a sum of several, which to round would tell the count itself.
    pub(super) fn check_rounded(&self, input: &Flow) -> Result<(), ReleaseError> {
        match (self.kind, self.arguments()) {
            (Kind::Sum, [argument])
                if is_of_constants(argument, input) && !counts(argument, input) =>
            {
                Err(ReleaseError::not_releasable(
                    "a sum of constants other than 0 and 1, under a permit that has counts rounded,",
                    "use count(*), with FILTER for a condition, and multiply what comes out",
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Whether each row adds 1, or 0, or as many as an inner aggregate counted.
fn counts(expr: &Expr, input: &Flow) -> bool {
    match expr {
        Expr::Literal(value, _) => is_zero_or_one(value),
        _ => made_of(expr, input, &counts) && !is_arithmetic(expr),
    }
}

/// Whether nothing but constants and counts are added.
fn is_of_constants(expr: &Expr, input: &Flow) -> bool {
    matches!(expr, Expr::Literal(..)) || made_of(expr, input, &is_of_constants)
}

/// Whether all that an expression's value can come from are counts, conditions, or what `part` says.
fn made_of(expr: &Expr, input: &Flow, part: &dyn Fn(&Expr, &Flow) -> bool) -> bool {
    match expr {
        Expr::Column(_) => input.known_of(expr).counted,
        Expr::Alias(alias) => part(&alias.expr, input),
        Expr::Cast(cast) => part(&cast.expr, input),
        Expr::TryCast(cast) => part(&cast.expr, input),
        Expr::Negative(inner) => part(inner, input),
        Expr::Case(Case {
            when_then_expr,
            else_expr,
            ..
        }) => {
            when_then_expr.iter().all(|(_, then)| part(then, input))
                && else_expr.as_ref().is_none_or(|other| part(other, input))
        }
        Expr::ScalarFunction(ScalarFunction { func, args })
            if matches!(func.name(), "coalesce" | "nvl" | "nullif") =>
        {
            args.iter().all(|argument| part(argument, input))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.is_numerical_operators() => {
            part(left, input) && part(right, input)
        }
        other => other
            .get_type(input.plan.schema().as_ref())
            .is_ok_and(|kind| kind == arrow::datatypes::DataType::Boolean),
    }
}

fn is_arithmetic(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(BinaryExpr { op, .. }) => op.is_numerical_operators(),
        Expr::Negative(_) => true,
        _ => false,
    }
}

fn is_zero_or_one(value: &ScalarValue) -> bool {
    value.is_null()
        || value
            .cast_to(&arrow::datatypes::DataType::Float64)
            .is_ok_and(|value| [lit(0.0), lit(1.0)].contains(&lit(value)))
}
