//! Expressions that cannot fail.
//!
//! That a question fails is an answer too: `1 / (CASE WHEN age = 103 THEN 0 ELSE 1 END)` fails if somebody is 103. So in a
//! release a cast that does not fit and a division by zero give NULL, and over rows of people whatever else fails on some
//! values is refused: functions that are not known to give something for every value, sums of times and decimals that run
//! out of digits, patterns that are made of values.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::functions::core::expr_fn::nullif;
use datafusion::logical_expr::expr::{Cast, ScalarFunction, TryCast};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, lit};

use super::ReleaseError;

/// The same plan with casts and divisions that give NULL where they would fail. Its columns keep their names.
pub(super) fn total(plan: LogicalPlan) -> datafusion::common::Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let schema = datafusion::logical_expr::utils::merge_schema(&node.inputs());
        let names = NamePreserver::new(&node);
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let total = expr.transform_up(|part| {
                Ok(match part {
                    Expr::Cast(Cast { expr, field })
                        if !fits(&expr, field.data_type(), &schema) =>
                    {
                        Transformed::yes(Expr::TryCast(TryCast::new_from_field(expr, field)))
                    }
                    Expr::BinaryExpr(BinaryExpr { left, op, right })
                        if matches!(op, Operator::Divide | Operator::Modulo)
                            && !divides_always(&right) =>
                    {
                        let kind = right.get_type(&schema)?;
                        let mut divisor = nullif(*right, lit(0_i64).cast_to(&kind, &schema)?);
                        // The smallest whole number has no opposite.
                        if kind.is_signed_integer() {
                            divisor = nullif(divisor, lit(-1_i64).cast_to(&kind, &schema)?);
                        }
                        let right = Box::new(divisor);
                        Transformed::yes(Expr::BinaryExpr(BinaryExpr { left, op, right }))
                    }
                    other => Transformed::no(other),
                })
            })?;
            Ok(total.update_data(|total| name.restore(total)))
        })
    })?;
    rewritten.data.recompute_schema()
}

/// Whether anything can be divided by it: a number that is written out, other than 0 and -1.
fn divides_always(divisor: &Expr) -> bool {
    match divisor {
        Expr::Cast(cast) => divides_always(&cast.expr),
        Expr::Literal(value, _) => value
            .cast_to(&DataType::Float64)
            .is_ok_and(|value| lit(value.clone()) != lit(0.0) && lit(value) != lit(-1.0)),
        _ => false,
    }
}

/// Whether no value makes a cast fail.
fn fits(inner: &Expr, to: &DataType, schema: &DFSchema) -> bool {
    use DataType::*;
    if matches!(inner, Expr::Literal(..)) {
        return true;
    }
    let Ok(from) = inner.get_type(schema) else {
        return false;
    };
    let is_text = |kind: &DataType| matches!(kind, Utf8 | LargeUtf8 | Utf8View);
    match (&from, to) {
        (from, to) if from == to => true,
        (_, to) if is_text(to) => true,
        (Boolean, to) => to.is_integer(),
        (from, Float64) => from.is_numeric(),
        (from, to) if from.is_signed_integer() && to.is_signed_integer() => {
            from.primitive_width() <= to.primitive_width()
        }
        _ => false,
    }
}

/// # Errors
/// When an expression over rows of people fails on some values, or is not known not to.
pub(super) fn check<'a>(
    exprs: impl IntoIterator<Item = &'a Expr>,
    schema: &DFSchema,
) -> Result<(), ReleaseError> {
    for expr in exprs {
        let mut verdict = Ok(());
        let _ = expr.apply(|part| {
            verdict = check_one(part, schema);
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

fn check_one(expr: &Expr, schema: &DFSchema) -> Result<(), ReleaseError> {
    let of_columns = |pattern: &Expr| {
        if is_literal(pattern) {
            return Ok(());
        }
        Err(ReleaseError::not_releasable(
            "a pattern that is made of columns",
            "write the pattern out",
        ))
    };
    match expr {
        Expr::Like(like) | Expr::SimilarTo(like) => of_columns(&like.pattern),
        Expr::BinaryExpr(BinaryExpr { op, right, .. }) if is_pattern(*op) => of_columns(right),
        Expr::BinaryExpr(binary) => check_arithmetic(binary, expr, schema),
        Expr::ScalarFunction(call) => check_function(call, schema),
        _ => Ok(()),
    }
}

/// A pattern that is none makes the question fail.
fn is_pattern(op: Operator) -> bool {
    use Operator::*;
    matches!(
        op,
        RegexMatch
            | RegexIMatch
            | RegexNotMatch
            | RegexNotIMatch
            | LikeMatch
            | ILikeMatch
            | NotLikeMatch
            | NotILikeMatch
    )
}

/// Whole numbers wrap and floating-point ones become infinite. Decimals and times fail where they do not fit any more, and
/// by what is added to it a question could choose which person's value does not.
fn check_arithmetic(
    binary: &BinaryExpr,
    whole: &Expr,
    schema: &DFSchema,
) -> Result<(), ReleaseError> {
    use Operator::{Divide, Minus, Modulo, Multiply, Plus};
    let BinaryExpr { left, op, right } = binary;
    if !matches!(op, Plus | Minus | Multiply | Divide | Modulo) {
        return Ok(());
    }
    let [left_type, right_type, result] =
        [left.as_ref(), right, whole].map(|expr| expr.get_type(schema).unwrap_or(DataType::Null));
    let fits = match (&left_type, &right_type) {
        (left, right) if left.is_decimal() || right.is_decimal() => {
            *op != Modulo && has_room(&result)
        }
        (left, right) if left.is_numeric() && right.is_numeric() => true,
        (DataType::Date32 | DataType::Date64, DataType::Date32 | DataType::Date64) => true,
        (time, DataType::Interval(_)) => is_calendar(time) && is_short(right),
        (DataType::Interval(_), time) => is_calendar(time) && is_short(left),
        _ => is_literal(left) && is_literal(right),
    };
    if fits {
        return Ok(());
    }
    Err(ReleaseError::not_releasable(
        format!("{op} of {left_type} and {right_type} in rows of people"),
        "cast decimals to DOUBLE and times to DATE, and write intervals of less than a hundred years",
    ))
}

/// Whether a decimal has as many digits as an operation can give.
fn has_room(result: &DataType) -> bool {
    match result {
        DataType::Decimal32(digits, _) => *digits < 9,
        DataType::Decimal64(digits, _) => *digits < 18,
        DataType::Decimal128(digits, _) => *digits < 38,
        DataType::Decimal256(digits, _) => *digits < 76,
        other => other.is_floating(),
    }
}

/// Days, and times that reach further than any date: those in nanoseconds end in 2262.
fn is_calendar(kind: &DataType) -> bool {
    match kind {
        DataType::Date32 | DataType::Date64 => true,
        DataType::Timestamp(unit, _) => *unit != TimeUnit::Nanosecond,
        _ => false,
    }
}

fn is_short(interval: &Expr) -> bool {
    const MONTHS: i32 = 1_200;
    const DAYS: i32 = 36_600;
    match interval {
        Expr::Literal(ScalarValue::IntervalYearMonth(Some(months)), _) => {
            months.saturating_abs() <= MONTHS
        }
        Expr::Literal(ScalarValue::IntervalDayTime(Some(span)), _) => {
            span.days.saturating_abs() <= DAYS
        }
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(span)), _) => {
            span.months.saturating_abs() <= MONTHS && span.days.saturating_abs() <= DAYS
        }
        _ => false,
    }
}

fn check_function(call: &ScalarFunction, schema: &DFSchema) -> Result<(), ReleaseError> {
    let name = call.func.name();
    if call.args.iter().all(is_literal) {
        return Ok(());
    }
    let decimal = call.args.iter().any(|argument| {
        argument
            .get_type(schema)
            .is_ok_and(|kind| kind.is_decimal())
    });
    let total = if NEVER_FAIL.contains(&name) {
        true
    } else if ROUNDING.contains(&name) {
        !decimal && call.args.iter().skip(1).all(is_literal)
    } else {
        WITH_LITERALS
            .iter()
            .find(|(function, _)| *function == name)
            .is_some_and(|(_, column)| {
                let mut others = call.args.iter().enumerate();
                others.all(|(at, argument)| at == *column || is_literal(argument))
            })
    };
    if total {
        return Ok(());
    }
    Err(ReleaseError::not_releasable(
        format!("the function {name} of these values"),
        "use one that fails on no value, its other arguments written out, decimals cast to DOUBLE",
    ))
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

/// Functions that give a value, or NULL, whatever they are given.
const NEVER_FAIL: &[&str] = &[
    "ascii",
    "bit_length",
    "btrim",
    "cbrt",
    "character_length",
    "coalesce",
    "concat",
    "concat_ws",
    "contains",
    "current_date",
    "current_time",
    "ends_with",
    "exp",
    "greatest",
    "initcap",
    "isnan",
    "iszero",
    "least",
    "ln",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "nanvl",
    "now",
    "nullif",
    "nvl",
    "nvl2",
    "octet_length",
    "pi",
    "reverse",
    "rtrim",
    "sqrt",
    "starts_with",
    "strpos",
    "upper",
];

/// Functions of a number. A decimal that is rounded upwards may not fit its own type.
const ROUNDING: &[&str] = &["ceil", "floor", "round", "signum", "trunc"];

/// Functions that fail on some second or third argument, and where the column stands that they are asked of.
const WITH_LITERALS: &[(&str, usize)] = &[
    ("date_part", 1),
    ("date_trunc", 1),
    ("left", 0),
    ("lpad", 0),
    ("regexp_count", 0),
    ("regexp_like", 0),
    ("regexp_replace", 0),
    ("replace", 0),
    ("right", 0),
    ("rpad", 0),
    ("split_part", 0),
    ("substr", 0),
    ("translate", 0),
];
