//! Which expressions are amounts.
//!
//! A sum over a function of a column can be made to tell one person's value: `sum(5 * (2 + age / 103))` counts the people of
//! at least that age, since whole numbers are divided with a remainder. So what is summed or averaged is a column, a sum,
//! difference or multiple of such, or one of them by a condition, and the people on both sides of every condition are
//! counted.

use arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};

/// Whether an expression is an amount; `column` tells whether a column is one.
pub(super) fn is_amount(expr: &Expr, schema: &DFSchema, column: &dyn Fn(&Column) -> bool) -> bool {
    let amount = |expr: &Expr| is_amount(expr, schema, column);
    // A sum of larger ones can overflow, and fails then.
    if matches!(
        expr.get_type(schema),
        Ok(DataType::Decimal128(29.., _) | DataType::Decimal256(..))
    ) {
        return false;
    }
    let literal = |expr: &Expr| is_literal(expr);
    match expr {
        Expr::Literal(..) => true,
        Expr::Column(name) => column(name),
        Expr::Alias(alias) => amount(&alias.expr),
        Expr::Negative(inner) => amount(inner),
        Expr::Cast(cast) => {
            amount(&cast.expr) && widens(&cast.expr, cast.field.data_type(), schema)
        }
        Expr::TryCast(cast) => {
            amount(&cast.expr) && widens(&cast.expr, cast.field.data_type(), schema)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::Plus | Operator::Minus => amount(left) && amount(right),
            Operator::Multiply => {
                (amount(left) && literal(right)) || (literal(left) && amount(right))
            }
            Operator::Divide => {
                amount(left) && literal(right) && has_no_remainder(left, right, schema)
            }
            _ => is_condition(expr, schema),
        },
        Expr::Case(Case {
            when_then_expr,
            else_expr,
            ..
        }) => {
            when_then_expr.iter().all(|(_, then)| amount(then))
                && else_expr.as_ref().is_none_or(|other| amount(other))
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) => match (func.name(), args.as_slice())
        {
            ("coalesce" | "nvl", [value, fallback]) => amount(value) && literal(fallback),
            ("nullif", [value, other]) => amount(value) && literal(other),
            _ => false,
        },
        _ => is_condition(expr, schema),
    }
}

/// A condition is counted on both sides, so that a sum of it is a count.
fn is_condition(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema)
        .is_ok_and(|kind| kind == DataType::Boolean)
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(..) => true,
        Expr::Cast(cast) => is_literal(&cast.expr),
        Expr::TryCast(cast) => is_literal(&cast.expr),
        Expr::Negative(inner) => is_literal(inner),
        Expr::Alias(alias) => is_literal(&alias.expr),
        _ => false,
    }
}

/// Whether a cast keeps the value: one that rounds cuts a line between values.
fn widens(inner: &Expr, to: &DataType, schema: &DFSchema) -> bool {
    use DataType::*;
    let Ok(from) = inner.get_type(schema) else {
        return false;
    };
    match (&from, to) {
        (from, to) if from == to => true,
        (Boolean, to) => to.is_numeric(),
        (_, Float64) => from.is_numeric(),
        (Decimal128(_, from), Decimal128(_, to)) => to >= from,
        (from, Decimal128(_, to)) => from.is_integer() && *to >= 0,
        (from, to) if from.is_integer() && to.is_integer() => {
            from.primitive_width() <= to.primitive_width()
        }
        _ => false,
    }
}

fn has_no_remainder(left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    [left, right]
        .into_iter()
        .any(|side| side.get_type(schema).is_ok_and(|kind| kind.is_floating()))
}
