//! `round` of a decimal has one type from the first look at it to the last.
//!
//! ```text
//! Filter: amount = round(amount, Int64(1))      →      Filter: amount = round(amount, Int32(1))
//! ```
//!
//! DataFusion 55 gives `round(amount, 1)` the scale 1 where the places are written out, and the amount's own scale where they
//! are not. The written `1` is an Int64, which becomes `CAST(1 AS INT)` (not written out: scale 2, to which the other side of
//! the comparison is then cast), and later `1` again (scale 1): the two sides no longer go together, and the question fails
//! when it runs. So places that are constant become the number that `round` takes before types are settled, and places
//! that are not constant then are held for such until the end, whatever the optimizer makes of them.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::functions::math::round::RoundFunc;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::function_rewrite::ApplyFunctionRewrites;
use datafusion::optimizer::simplify_expressions::{ExprSimplifier, SimplifyContext};

use super::calls::calls;

/// Settles the type of every `round`, before DataFusion settles the types of what stands around it.
#[derive(Debug)]
pub struct SettleRounding(ApplyFunctionRewrites);

impl SettleRounding {
    /// The rule, to stand before DataFusion's own.
    pub fn new() -> Self {
        Self(ApplyFunctionRewrites::new(vec![Arc::new(Rounding)]))
    }
}

impl Default for SettleRounding {
    fn default() -> Self {
        Self::new()
    }
}

impl AnalyzerRule for SettleRounding {
    fn analyze(&self, plan: LogicalPlan, config: &ConfigOptions) -> Result<LogicalPlan> {
        if !calls::<RoundFunc>(&plan)? {
            return Ok(plan);
        }
        self.0.analyze(plan, config)
    }

    fn name(&self) -> &str {
        "settle_rounding"
    }
}

/// An expression whose types are not settled yet, with every `round` in it settled.
pub(crate) fn settle_rounding(expr: Expr) -> Result<Expr> {
    Ok(expr.transform_up(settled)?.data)
}

#[derive(Debug)]
struct Rounding;

impl FunctionRewrite for Rounding {
    fn name(&self) -> &str {
        "settle_rounding"
    }

    fn rewrite(&self, expr: Expr, _: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        settled(expr)
    }
}

/// By the function's type: an application may have a `round` of its own.
fn settled(expr: Expr) -> Result<Transformed<Expr>> {
    let Expr::ScalarFunction(call) = &expr else {
        return Ok(Transformed::no(expr));
    };
    let [value, places] = call.args.as_slice() else {
        return Ok(Transformed::no(expr));
    };
    if !call.func.inner().is::<RoundFunc>() {
        return Ok(Transformed::no(expr));
    }
    let (func, places) = match constant(places) {
        Some(places) => (
            Arc::clone(&call.func),
            Expr::Literal(ScalarValue::Int32(Some(places)), None),
        ),
        None => (
            Arc::new(ScalarUDF::from(RoundByRow(RoundFunc::new()))),
            places.clone(),
        ),
    };
    let args = vec![value.clone(), places];
    Ok(Transformed::yes(Expr::ScalarFunction(
        ScalarFunction::new_udf(func, args),
    )))
}

/// The number that an expression stands for, whatever row it is asked of.
fn constant(places: &Expr) -> Option<i32> {
    let number = |value: &ScalarValue| match value.cast_to(&DataType::Int32) {
        Ok(ScalarValue::Int32(number)) if value.data_type().is_integer() => number,
        _ => None,
    };
    if let Expr::Literal(value, _) = places {
        return number(value);
    }
    let varies = |part: &Expr| {
        Ok(matches!(
            part,
            Expr::Column(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::ScalarSubquery(_)
                | Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::SetComparison(_)
                | Expr::Placeholder(_)
                | Expr::ScalarVariable(..)
        ))
    };
    if places.is_volatile() || places.exists(varies).unwrap_or(true) {
        return None;
    }
    let schema = DFSchema::empty();
    let simplifier = ExprSimplifier::new(SimplifyContext::default());
    let simple = simplifier
        .coerce(places.clone(), &schema)
        .and_then(|places| simplifier.simplify(places));
    match simple {
        Ok(Expr::Literal(value, _)) => number(&value),
        _ => None,
    }
}

/// `round`, its places taken from each row: the type does not hang on them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct RoundByRow(RoundFunc);

impl ScalarUDFImpl for RoundByRow {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn is_strict(&self) -> bool {
        self.0.is_strict()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.0.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let written = vec![None; args.scalar_arguments.len()];
        self.0.return_field_from_args(ReturnFieldArgs {
            arg_fields: args.arg_fields,
            scalar_arguments: &written,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.0.invoke_with_args(args)
    }
}
