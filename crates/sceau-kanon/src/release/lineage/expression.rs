use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, lit};

use crate::release::ReleaseError;

/// Refuses expressions that read rows of their own, and kinds that nobody has thought about.
///
/// Scalar functions are those that the session's front gate allows: each gives the same answer for the same row and looks
/// at no other. That none fails on a person's value is looked at by [`Flow::check_total`](super::flow::Flow::check_total).
pub(super) fn check_expressions<'a>(
    exprs: impl IntoIterator<Item = &'a Expr>,
) -> Result<(), ReleaseError> {
    for expr in exprs {
        let mut verdict = Ok(());
        let _ = expr.apply(|part| {
            verdict = check(part);
            Ok(if verdict.is_ok() {
                TreeNodeRecursion::Continue
            } else {
                TreeNodeRecursion::Stop
            })
        });
        verdict?;
    }
    Ok(())
}

fn check(expr: &Expr) -> Result<(), ReleaseError> {
    match expr {
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::Literal(..)
        | Expr::BinaryExpr(_)
        | Expr::Like(_)
        | Expr::SimilarTo(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_)
        | Expr::ScalarFunction(_) => Ok(()),
        // Allowed where a window or an aggregate is looked at; anywhere else they cannot be.
        Expr::AggregateFunction(_) | Expr::WindowFunction(_) => Ok(()),
        Expr::ScalarSubquery(_) => Err(ReleaseError::Subquery {
            found: "a subquery that gives one value",
            instead: "ask for the value in a release of its own and write it as a number",
        }),
        Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) => {
            Err(ReleaseError::Subquery {
                found: "this EXISTS, IN, ANY or ALL",
                instead: "write it in WHERE, by the person's identifier, or as a join",
            })
        }
        Expr::OuterReferenceColumn(..) => Err(ReleaseError::Subquery {
            found: "a correlated subquery",
            instead: "write it as a join",
        }),
        Expr::GroupingSet(_) => Err(ReleaseError::Margins {
            found: "ROLLUP, CUBE or GROUPING SETS",
        }),
        _ => Err(ReleaseError::not_releasable(
            "an expression of this kind",
            "use columns, literals, operators, CASE and functions",
        )),
    }
}

/// Whether an expression's value depends on a condition: by CASE, by a comparison, or by a function that makes one.
pub(super) fn chooses(expr: &Expr) -> bool {
    !conditions(expr).is_empty()
}

/// The conditions that decide on an expression's value, outermost first. Those within a condition are part of it.
pub(super) fn conditions(expr: &Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    collect(expr, &mut found);
    found.into_iter().map(plain).collect()
}

/// The rows for which a condition is not true.
pub(super) fn beyond(condition: &Expr) -> Expr {
    plain(condition.clone().is_not_true())
}

/// The same condition without IS TRUE and the like. The engine's two planners do not agree on whether these may be NULL, and
/// refuse a plan in which one of them is computed once and used twice.
pub(super) fn plain(condition: Expr) -> Expr {
    let same = condition.clone();
    condition
        .transform(|part| {
            Ok(match part {
                Expr::IsTrue(inner) => Transformed::yes(inner.clone().is_not_null().and(*inner)),
                Expr::IsFalse(inner) => Transformed::yes(inner.clone().is_not_null().and(!*inner)),
                Expr::IsNotTrue(inner) => Transformed::yes(inner.clone().is_null().or(!*inner)),
                Expr::IsNotFalse(inner) => Transformed::yes(inner.clone().is_null().or(*inner)),
                other => Transformed::no(other),
            })
        })
        .map_or(same, |plain| plain.data)
}

fn collect(expr: &Expr, found: &mut Vec<Expr>) {
    let mut add = |condition: Expr| {
        if !found.contains(&condition) {
            found.push(condition);
        }
    };
    match expr {
        Expr::Case(Case {
            expr: base,
            when_then_expr,
            ..
        }) => {
            for (when, _) in when_then_expr {
                add(match base {
                    Some(base) => base.as_ref().clone().eq(when.as_ref().clone()),
                    None => when.as_ref().clone(),
                });
            }
        }
        Expr::BinaryExpr(BinaryExpr { op, .. }) if decides(*op) => return add(expr.clone()),
        Expr::Like(_)
        | Expr::SimilarTo(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Between(_)
        | Expr::InList(_) => return add(expr.clone()),
        Expr::ScalarFunction(ScalarFunction { func, args }) => match (func.name(), args.as_slice())
        {
            ("nullif", [value, other]) => add(value.clone().eq(other.clone())),
            // In place of nothing, nothing: sum(coalesce(x, 0)) is sum(x).
            ("coalesce" | "nvl", [_, fallback]) if is_zero(fallback) => {}
            ("coalesce" | "nvl" | "nvl2", [first, ..]) => add(first.clone().is_null()),
            (
                "contains" | "starts_with" | "ends_with" | "regexp_like" | "isnan" | "iszero"
                | "array_has" | "array_has_all" | "array_has_any" | "empty",
                _,
            ) => return add(expr.clone()),
            _ => {}
        },
        _ => {}
    }
    let mut children = Vec::new();
    let _ = expr.apply_children(|child| {
        children.push(child.clone());
        Ok(TreeNodeRecursion::Continue)
    });
    for child in children {
        collect(&child, found);
    }
}

fn decides(op: Operator) -> bool {
    !matches!(
        op,
        Operator::Plus
            | Operator::Minus
            | Operator::Multiply
            | Operator::Divide
            | Operator::Modulo
            | Operator::StringConcat
            | Operator::BitwiseAnd
            | Operator::BitwiseOr
            | Operator::BitwiseXor
            | Operator::BitwiseShiftLeft
            | Operator::BitwiseShiftRight
    )
}

pub(super) fn is_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Cast(cast) => is_zero(&cast.expr),
        Expr::Literal(value, _) => value
            .cast_to(&arrow::datatypes::DataType::Float64)
            .is_ok_and(|value| lit(value) == lit(0.0)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, when};

    use super::*;

    #[test]
    fn conditions_are_found_wherever_they_decide_on_a_value() {
        let case = when(col("sex").eq(lit(2)), col("cost"))
            .otherwise(lit(1))
            .unwrap();
        assert_eq!(conditions(&(case + lit(3))), [col("sex").eq(lit(2))]);
        let flag = datafusion::logical_expr::cast(
            col("age").gt(lit(100)),
            arrow::datatypes::DataType::Int64,
        );
        assert_eq!(conditions(&(flag * col("cost"))), [col("age").gt(lit(100))]);
        assert!(!chooses(&(col("cost") * lit(2) + col("share"))));
    }
}
