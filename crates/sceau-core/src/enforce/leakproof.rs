//! Which expressions may run on rows that a permit hides.
//!
//! Leakproof is what can neither fail nor tell: comparisons, `IN`, `BETWEEN`, `IS NULL` and `AND`, `OR`, `NOT` of them,
//! over clear columns and literals, through casts that lose nothing. No function, no arithmetic, no cast that can fail,
//! nothing volatile.
//!
//! Two things that look harmless are not. A dynamic filter, of a join or a top-k, leaves out row groups by what hidden rows
//! they hold, and so decides on which visible rows a question's own expressions run, and fail. And the statistics of a
//! column of floating-point numbers leave NaN out, so that a row group is pruned in which a visible NaN is the largest
//! value, unless a hidden row keeps it.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column as LogicalColumn, Result};
use datafusion::logical_expr::{Expr, Operator};
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, Literal, NotExpr,
};
use datafusion::physical_plan::PhysicalExpr;

/// The columns of an operator's output that are stored values, and where its input holds them.
pub(super) trait ClearColumns {
    /// The stored column (name, position, type) behind an output column, if it is shown as stored.
    fn stored(&self, output: usize) -> Option<(&str, usize, &DataType)>;
}

/// A leakproof condition over an operator's output, rewritten over its input; `None` when it is not leakproof.
pub(super) fn over_input(
    expr: &Arc<dyn PhysicalExpr>,
    clear: &impl ClearColumns,
) -> Option<Arc<dyn PhysicalExpr>> {
    let leakproof = is_condition(expr, clear);
    if !leakproof {
        return None;
    }
    let rewritten: Result<Transformed<Arc<dyn PhysicalExpr>>> =
        Arc::clone(expr).transform_down(|part| {
            let Some(column) = part.downcast_ref::<Column>() else {
                return Ok(Transformed::no(part));
            };
            match clear.stored(column.index()) {
                Some((name, at, _)) => {
                    let stored: Arc<dyn PhysicalExpr> = Arc::new(Column::new(name, at));
                    Ok(Transformed::yes(stored))
                }
                None => {
                    datafusion::common::internal_err!("a hidden column in a leakproof condition")
                }
            }
        });
    rewritten.ok().map(|rewritten| rewritten.data)
}

/// Whether a condition is made of comparisons with one another only.
fn is_condition(expr: &Arc<dyn PhysicalExpr>, clear: &impl ClearColumns) -> bool {
    if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
        return match binary.op() {
            Operator::And | Operator::Or => {
                is_condition(binary.left(), clear) && is_condition(binary.right(), clear)
            }
            op if is_comparison(op) => {
                is_operand(binary.left(), clear) && is_operand(binary.right(), clear)
            }
            _ => false,
        };
    }
    if let Some(not) = expr.downcast_ref::<NotExpr>() {
        return is_condition(not.arg(), clear);
    }
    if let Some(is_null) = expr.downcast_ref::<IsNullExpr>() {
        return is_operand(is_null.arg(), clear);
    }
    if let Some(is_not_null) = expr.downcast_ref::<IsNotNullExpr>() {
        return is_operand(is_not_null.arg(), clear);
    }
    if let Some(list) = expr.downcast_ref::<InListExpr>() {
        return is_operand(list.expr(), clear)
            && list
                .list()
                .iter()
                .all(|item| item.downcast_ref::<Literal>().is_some());
    }
    is_literal(expr) || is_boolean_column(expr, clear)
}

fn is_operand(expr: &Arc<dyn PhysicalExpr>, clear: &impl ClearColumns) -> bool {
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        let Some(column) = cast.expr().downcast_ref::<Column>() else {
            return false;
        };
        return clear.stored(column.index()).is_some_and(|(_, _, from)| {
            !from.is_floating() && loses_nothing(from, cast.cast_type())
        });
    }
    is_literal(expr) || is_clear_column(expr, clear)
}

fn is_literal(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<Literal>().is_some()
}

fn is_clear_column(expr: &Arc<dyn PhysicalExpr>, clear: &impl ClearColumns) -> bool {
    expr.downcast_ref::<Column>()
        .and_then(|column| clear.stored(column.index()))
        .is_some_and(|(_, _, data_type)| !data_type.is_nested() && !data_type.is_floating())
}

fn is_boolean_column(expr: &Arc<dyn PhysicalExpr>, clear: &impl ClearColumns) -> bool {
    expr.downcast_ref::<Column>()
        .and_then(|column| clear.stored(column.index()))
        .is_some_and(|(_, _, data_type)| data_type == &DataType::Boolean)
}

fn is_comparison(op: &Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

/// Whether every value of one type is a value of the other.
pub(super) fn loses_nothing(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    match (from, to) {
        (from, to) if from == to => true,
        (Utf8 | LargeUtf8 | Utf8View, LargeUtf8 | Utf8View) => true,
        (Dictionary(_, value), to) => loses_nothing(value, to),
        (Decimal128(p, s), Decimal128(wide, scale)) => {
            scale >= s && i16::from(*wide) - i16::from(*scale) >= i16::from(*p) - i16::from(*s)
        }
        (from, Decimal128(precision, scale)) => digits(from).is_some_and(|digits| {
            *scale >= 0 && i16::from(*precision) - i16::from(*scale) >= digits
        }),
        (Int8 | Int16 | Int32 | UInt8 | UInt16 | UInt32 | Float32, Float64) => true,
        (from, to) => match (bits(from), bits(to)) {
            (Some((from_signed, from)), Some((to_signed, to))) => {
                (from_signed == to_signed && from <= to) || (!from_signed && to_signed && from < to)
            }
            _ => false,
        },
    }
}

fn bits(data_type: &DataType) -> Option<(bool, u8)> {
    Some(match data_type {
        DataType::Int8 => (true, 8),
        DataType::Int16 => (true, 16),
        DataType::Int32 => (true, 32),
        DataType::Int64 => (true, 64),
        DataType::UInt8 => (false, 8),
        DataType::UInt16 => (false, 16),
        DataType::UInt32 => (false, 32),
        DataType::UInt64 => (false, 64),
        _ => return None,
    })
}

fn digits(data_type: &DataType) -> Option<i16> {
    Some(match data_type {
        DataType::Int8 | DataType::UInt8 => 3,
        DataType::Int16 | DataType::UInt16 => 5,
        DataType::Int32 | DataType::UInt32 => 10,
        DataType::Int64 => 19,
        DataType::UInt64 => 20,
        _ => return None,
    })
}

/// The same test before physical planning, for filters that a listing of partitions can use: every column of the
/// condition must satisfy `clear`.
pub(super) fn is_leakproof(expr: &Expr, clear: &dyn Fn(&LogicalColumn) -> bool) -> bool {
    let operand = |expr: &Expr| match expr {
        Expr::Column(column) => clear(column),
        Expr::Literal(..) => true,
        _ => false,
    };
    match expr {
        Expr::BinaryExpr(binary) => match binary.op {
            Operator::And | Operator::Or => {
                is_leakproof(&binary.left, clear) && is_leakproof(&binary.right, clear)
            }
            op if is_comparison(&op) => operand(&binary.left) && operand(&binary.right),
            _ => false,
        },
        Expr::Not(inner) => is_leakproof(inner, clear),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => operand(inner),
        Expr::InList(list) => {
            operand(&list.expr)
                && list
                    .list
                    .iter()
                    .all(|item| matches!(item, Expr::Literal(..)))
        }
        Expr::Between(between) => {
            operand(&between.expr) && operand(&between.low) && operand(&between.high)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_that_can_fail_round_or_overflow_are_not_lossless() {
        use DataType::*;
        assert!(loses_nothing(&Int16, &Int64));
        assert!(loses_nothing(&Decimal128(6, 2), &Decimal128(12, 2)));
        assert!(loses_nothing(&Int16, &Decimal128(7, 2)));
        assert!(!loses_nothing(&Int64, &Int16));
        assert!(!loses_nothing(&Int64, &Float64));
        assert!(!loses_nothing(&Utf8, &Int64));
        assert!(!loses_nothing(&Decimal128(6, 2), &Decimal128(6, 3)));
        assert!(!loses_nothing(&Decimal128(6, 2), &Decimal128(6, 1)));
        assert!(!loses_nothing(&Int32, &UInt32));
        assert!(!loses_nothing(
            &Date32,
            &Timestamp(arrow::datatypes::TimeUnit::Nanosecond, None)
        ));
    }
}
