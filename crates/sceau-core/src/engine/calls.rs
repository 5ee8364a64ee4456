use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, ScalarUDFImpl};

/// Whether a plan calls a function of this type anywhere. Rewriting a plan builds the schema of every table in it anew, which
/// most questions need not wait for.
pub(super) fn calls<F: ScalarUDFImpl>(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            found |= expr.exists(|part| {
                Ok(matches!(part, Expr::ScalarFunction(call) if call.func.inner().is::<F>()))
            })?;
            Ok(if found {
                TreeNodeRecursion::Stop
            } else {
                TreeNodeRecursion::Continue
            })
        })
    })?;
    Ok(found)
}
