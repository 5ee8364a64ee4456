mod grouping;
mod size;
mod tables;
mod text;

pub(crate) use grouping::settle_groupings;
pub(crate) use text::check_text;

use datafusion::common::Result as DataFusionResult;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, WindowFunctionDefinition};

use crate::enforce::binding::Binding;
use crate::enforce::listed_names::ListedNames;
use crate::enforce::protected_table::ProtectedTable;
use crate::sql::{FunctionRegistry, bounded_padding};

/// The first look at a plan, before anything is optimised: plan nodes, expressions and functions by list.
pub(crate) struct FrontGate<'a> {
    pub(crate) binding: &'a Binding,
    pub(crate) functions: &'a FunctionRegistry,
}

/// What a question may not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) String);

impl FrontGate<'_> {
    pub(crate) fn check(&self, plan: &LogicalPlan) -> Result<(), Refusal> {
        size::check_size(plan)?;
        let mut refused = None;
        let walked: DataFusionResult<_> = plan.apply_with_subqueries(|node| {
            let verdict = self.node(node).and_then(|()| {
                let mut inner = Ok(());
                let _ = node.apply_expressions(|expr| {
                    expr.apply(|part| {
                        inner = self.expression(part);
                        Ok(if inner.is_ok() {
                            TreeNodeRecursion::Continue
                        } else {
                            TreeNodeRecursion::Stop
                        })
                    })
                });
                inner
            });
            Ok(match verdict {
                Ok(()) => TreeNodeRecursion::Continue,
                Err(refusal) => {
                    refused = Some(refusal);
                    TreeNodeRecursion::Stop
                }
            })
        });
        match (refused, walked) {
            (Some(refusal), _) => Err(refusal),
            (None, Err(_)) => Err(Refusal("a plan that cannot be read".into())),
            (None, Ok(_)) => Ok(()),
        }
    }

    fn node(&self, node: &LogicalPlan) -> Result<(), Refusal> {
        match node {
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Aggregate(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Join(_)
            | LogicalPlan::Union(_)
            | LogicalPlan::EmptyRelation(_)
            | LogicalPlan::Subquery(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Values(_)
            | LogicalPlan::Distinct(_)
            | LogicalPlan::Unnest(_)
            | LogicalPlan::RecursiveQuery(_) => Ok(()),
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Repartition(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::Extension(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::DescribeTable(_) => Err(Refusal(format!(
                "{} is not allowed: a question is one query",
                first_word(node)
            ))),
        }
    }

    fn scan(&self, scan: &TableScan) -> Result<(), Refusal> {
        let provider = source_as_provider(&scan.source)
            .map_err(|_| Refusal("a table that is not of this session".into()))?;
        if provider.is::<CteWorkTable>() || provider.is::<ListedNames>() {
            return Ok(());
        }
        match provider.downcast_ref::<ProtectedTable>() {
            Some(table) if table.shows_contributor() => Err(Refusal(
                "the ids that people are counted by are not allowed".into(),
            )),
            Some(table) if table.binding() == self.binding => Ok(()),
            _ => Err(Refusal("a table that is not of this session".into())),
        }
    }

    fn expression(&self, expr: &Expr) -> Result<(), Refusal> {
        let unknown = |name: &str| Err(Refusal(format!("the function {name} is not allowed")));
        match expr {
            Expr::ScalarFunction(call) => {
                if !self.functions.has_scalar(&call.func) {
                    return unknown(call.func.name());
                }
                bounded_padding(call).map_err(Refusal)
            }
            Expr::AggregateFunction(call) if !self.functions.has_aggregate(&call.func) => {
                unknown(call.func.name())
            }
            Expr::WindowFunction(call) => match &call.fun {
                WindowFunctionDefinition::AggregateUDF(function)
                    if !self.functions.has_aggregate(function) =>
                {
                    unknown(function.name())
                }
                WindowFunctionDefinition::WindowUDF(function)
                    if !self.functions.has_window(function) =>
                {
                    unknown(function.name())
                }
                _ => Ok(()),
            },
            Expr::AggregateFunction(_)
            | Expr::Alias(_)
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
            | Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::SetComparison(_)
            | Expr::ScalarSubquery(_)
            | Expr::GroupingSet(_)
            | Expr::OuterReferenceColumn(..)
            | Expr::Unnest(_) => Ok(()),
            Expr::Placeholder(_) => Err(Refusal(
                "a parameter ($1, ?) is not allowed: write its value".into(),
            )),
            Expr::ScalarVariable(..) => Err(Refusal("a variable (@x) is not allowed".into())),
            _ => Err(Refusal(
                "an expression of a kind that is not allowed".into(),
            )),
        }
    }
}

fn first_word(node: &LogicalPlan) -> String {
    node.display()
        .to_string()
        .split([':', ' ', '('])
        .next()
        .unwrap_or_default()
        .to_owned()
}
