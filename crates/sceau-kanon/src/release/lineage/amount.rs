//! Which expressions are amounts.
//!
//! A sum over a function of a column can be made to tell one person's value: `sum(5 * (2 + age / 103))` counts the people of
//! at least that age, since whole numbers are divided with a remainder. So what is summed or averaged is a column, a sum,
//! difference or multiple of such, or one of them by a condition, and the people on both sides of every condition are
//! counted.

use arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};

/// By what the columns of an amount are multiplied, and how much is added to them.
///
/// A number that is large enough cuts a line between values: a whole one in which `9223372036854775705 + age` no longer fits,
/// or a floating-point one beside which `cost + 1e18 - 1e18` loses what is small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    least: f64,
    most: f64,
    added: f64,
}

/// As for a column as it is stored.
impl Default for Scale {
    fn default() -> Self {
        Self {
            least: 1.0,
            most: 1.0,
            added: 0.0,
        }
    }
}

impl Scale {
    fn of_constant(constant: f64) -> Self {
        Self {
            least: f64::INFINITY,
            most: 0.0,
            added: constant.abs(),
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
            added: self.added + other.added,
        }
    }

    fn times(self, factor: f64) -> Self {
        let factor = factor.abs();
        Self {
            least: self.least * factor,
            most: self.most * factor,
            added: self.added * factor,
        }
    }

    /// Whether it cuts no line: whole numbers below 2⁴³ do not run over, and floating-point ones keep their hundredths.
    fn is_fine(self) -> bool {
        self.most <= 5e5
            && self.added <= 1e6
            && (self.most == 0.0
                || self.least >= 1e-9
                    && self.most <= self.least * 1e8
                    && self.added <= self.least * 4e11)
    }
}

/// How an expression is made of amounts, if it is one; `column` tells it of a column.
pub(super) fn scale_of(
    expr: &Expr,
    schema: &DFSchema,
    column: &dyn Fn(&Column) -> Option<Scale>,
) -> Option<Scale> {
    let scale = scale(expr, schema, column)?;
    (scale.is_fine() && !runs_over(expr, schema)).then_some(scale)
}

fn scale(
    expr: &Expr,
    schema: &DFSchema,
    column: &dyn Fn(&Column) -> Option<Scale>,
) -> Option<Scale> {
    let amount = |expr: &Expr| scale_of(expr, schema, column);
    // A sum of larger ones can overflow, and fails then.
    if matches!(
        expr.get_type(schema),
        Ok(DataType::Decimal128(29.., _) | DataType::Decimal256(..))
    ) {
        return None;
    }
    match expr {
        Expr::Literal(..) => Some(Scale::of_constant(number(expr).unwrap_or_default())),
        Expr::Column(name) => column(name),
        Expr::Alias(alias) => amount(&alias.expr),
        Expr::Negative(inner) => amount(inner),
        Expr::Cast(cast) if widens(&cast.expr, cast.field.data_type(), schema) => {
            amount(&cast.expr)
        }
        Expr::TryCast(cast) if widens(&cast.expr, cast.field.data_type(), schema) => {
            amount(&cast.expr)
        }
        Expr::Cast(_) | Expr::TryCast(_) if is_literal(expr) => {
            Some(Scale::of_constant(number(expr).unwrap_or_default()))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::Plus | Operator::Minus => Some(amount(left)?.and(amount(right)?)),
            Operator::Multiply if is_literal(right) => {
                Some(amount(left)?.times(number(right).unwrap_or(1.0)))
            }
            Operator::Multiply if is_literal(left) => {
                Some(amount(right)?.times(number(left).unwrap_or(1.0)))
            }
            Operator::Divide if is_literal(right) && has_no_remainder(left, right, schema) => {
                Some(amount(left)?.times(1.0 / number(right).unwrap_or(1.0)))
            }
            _ => condition(expr, schema),
        },
        Expr::Case(Case {
            when_then_expr,
            else_expr,
            ..
        }) => when_then_expr
            .iter()
            .map(|(_, then)| then)
            .chain(else_expr)
            .map(|value| amount(value))
            .reduce(|one, other| Some(one?.and(other?)))?,
        Expr::ScalarFunction(ScalarFunction { func, args }) => match (func.name(), args.as_slice())
        {
            ("coalesce" | "nvl", [value, other]) if is_literal(other) => {
                Some(amount(value)?.and(amount(other)?))
            }
            ("nullif", [value, other]) if is_literal(other) => amount(value),
            _ => condition(expr, schema),
        },
        _ => condition(expr, schema),
    }
}

/// Whether whole numbers are added or multiplied in a type in which stored ones may not fit any more.
fn runs_over(expr: &Expr, schema: &DFSchema) -> bool {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else {
        return false;
    };
    let computes = matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply);
    let written = is_literal(left) || is_literal(right);
    computes
        && expr.get_type(schema).is_ok_and(|kind| {
            kind.is_unsigned_integer()
                || kind.is_signed_integer() && written && kind != DataType::Int64
        })
}

/// A condition is counted on both sides, so that a sum of it is a count.
fn condition(expr: &Expr, schema: &DFSchema) -> Option<Scale> {
    let is_condition = expr
        .get_type(schema)
        .is_ok_and(|kind| kind == DataType::Boolean);
    is_condition.then(|| Scale::of_constant(1.0))
}

/// A number that is written out.
fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(value, _) => match value.cast_to(&DataType::Float64) {
            Ok(ScalarValue::Float64(number)) => number,
            _ => None,
        },
        Expr::Cast(cast) => number(&cast.expr),
        Expr::TryCast(cast) => number(&cast.expr),
        Expr::Negative(inner) => number(inner),
        Expr::Alias(alias) => number(&alias.expr),
        _ => None,
    }
}

pub(super) fn is_literal(expr: &Expr) -> bool {
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
