//! `levenshtein` of two texts that are stored in two ways.
//!
//! ```text
//! Projection: levenshtein(a, string_agg(b))   →   Projection: levenshtein(CAST(a AS LargeUtf8), string_agg(b))
//! ```
//!
//! DataFusion 55 makes the second text go with the first where the first is the larger kind, and fails on the rows where the
//! second is. Its other functions of texts take any two.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::config::ConfigOptions;
use datafusion::functions::string::levenshtein::LevenshteinFunc;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, cast};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::function_rewrite::ApplyFunctionRewrites;

use super::calls::calls;

/// Makes the texts that `levenshtein` compares one kind of text.
#[derive(Debug)]
pub struct CompareOneKindOfText(ApplyFunctionRewrites);

impl CompareOneKindOfText {
    /// The rule, to stand before DataFusion's own.
    pub fn new() -> Self {
        Self(ApplyFunctionRewrites::new(vec![Arc::new(OneKind)]))
    }
}

impl Default for CompareOneKindOfText {
    fn default() -> Self {
        Self::new()
    }
}

impl AnalyzerRule for CompareOneKindOfText {
    fn analyze(&self, plan: LogicalPlan, config: &ConfigOptions) -> Result<LogicalPlan> {
        if !calls::<LevenshteinFunc>(&plan)? {
            return Ok(plan);
        }
        self.0.analyze(plan, config)
    }

    fn name(&self) -> &str {
        "compare_one_kind_of_text"
    }
}

/// An expression whose types are not settled yet, every `levenshtein` in it over one kind of text.
pub(crate) fn compare_one_kind_of_text(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    Ok(expr.transform_up(|part| one_kind(part, schema))?.data)
}

#[derive(Debug)]
struct OneKind;

impl FunctionRewrite for OneKind {
    fn name(&self) -> &str {
        "compare_one_kind_of_text"
    }

    fn rewrite(
        &self,
        expr: Expr,
        schema: &DFSchema,
        _: &ConfigOptions,
    ) -> Result<Transformed<Expr>> {
        one_kind(expr, schema)
    }
}

fn one_kind(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::ScalarFunction(call) = &expr else {
        return Ok(Transformed::no(expr));
    };
    let [first, second] = call.args.as_slice() else {
        return Ok(Transformed::no(expr));
    };
    if !call.func.inner().is::<LevenshteinFunc>()
        || second.get_type(schema)? != DataType::LargeUtf8
        || !matches!(
            first.get_type(schema)?,
            DataType::Utf8 | DataType::Utf8View | DataType::Dictionary(..)
        )
    {
        return Ok(Transformed::no(expr));
    }
    let args = vec![cast(first.clone(), DataType::LargeUtf8), second.clone()];
    Ok(Transformed::yes(Expr::ScalarFunction(
        ScalarFunction::new_udf(Arc::clone(&call.func), args),
    )))
}
