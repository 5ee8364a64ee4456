use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{JoinSide, Result, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::ChildrenPropertiesMode;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::{ExecutionPlan, ReplaceChildrenOptions};

use super::exec::ParentJoinExec;
use super::flux_join::FluxJoinExec;
use super::shape::{flux_join, may_stand_for_the_check, stands_for_the_check};
use crate::enforce::policy_exec::PolicyExec;

type Plan = Arc<dyn ExecutionPlan>;

/// Estimates leaves that may come to stand below a join that does their check as if nothing were checked.
///
/// It has to come before the rule that chooses build sides.
#[derive(Debug)]
pub(crate) struct ExpectParentJoins;

impl PhysicalOptimizerRule for ExpectParentJoins {
    fn optimize(&self, plan: Plan, _: &ConfigOptions) -> Result<Plan> {
        let expected = plan.transform_up(|node| {
            let Some(join) = node.downcast_ref::<HashJoinExec>() else {
                return Ok(Transformed::no(node));
            };
            let mut sides = [Arc::clone(join.left()), Arc::clone(join.right())];
            let mut found = false;
            for (side, name) in sides.iter_mut().zip([JoinSide::Left, JoinSide::Right]) {
                if may_stand_for_the_check(join, name) {
                    *side = with_leaf(side, &PolicyExec::expecting_parent_join)?;
                    found = true;
                }
            }
            if !found {
                return Ok(Transformed::no(node));
            }
            Ok(Transformed::yes(over(node, sides.to_vec())?))
        })?;
        Ok(expected.data)
    }

    fn name(&self) -> &str {
        "expect_parent_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Has joins of details and their parents go month by month, where they do the check of parents as well.
///
/// It has to come after the leaves have taken in conditions, and before rows are dealt to partitions.
#[derive(Debug)]
pub(crate) struct JoinByFlux;

impl PhysicalOptimizerRule for JoinByFlux {
    fn optimize(&self, plan: Plan, _: &ConfigOptions) -> Result<Plan> {
        let joined = plan.transform_up(|node| {
            let Some(join) = node.downcast_ref::<HashJoinExec>() else {
                return Ok(Transformed::no(node));
            };
            let sides = [JoinSide::Left, JoinSide::Right];
            let Some(detail) = sides
                .into_iter()
                .find(|side| flux_join(join, *side).is_some())
            else {
                return Ok(Transformed::no(node));
            };
            let mut children = vec![Arc::clone(join.left()), Arc::clone(join.right())];
            let side = usize::from(detail == JoinSide::Right);
            children[side] = with_leaf(&children[side], &PolicyExec::leaving_parents_to_join)?;
            let join = join.builder().with_new_children(children)?.build()?;
            Ok(Transformed::yes(
                Arc::new(FluxJoinExec::new(join, detail)) as Plan
            ))
        })?;
        Ok(joined.data)
    }

    fn name(&self) -> &str {
        "join_by_flux"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The rules with [`JoinByFlux`] among them.
pub(crate) fn by_flux(
    mut rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>,
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let after = rules
        .iter()
        .position(|rule| rule.name() == "FilterPushdown");
    if let Some(after) = after {
        rules.insert(after + 1, Arc::new(JoinByFlux));
    }
    rules
}

/// Leaves the check of parents to joins where they do the same. Nothing may change the plan afterwards.
pub(crate) fn leave_parents_to_joins(plan: Plan) -> Result<Plan> {
    let left = plan.transform_up(|node| {
        if stands_for_the_check(&node).is_none() {
            return Ok(Transformed::no(node));
        }
        let [build, probe] = <[_; 2]>::try_from(node.children())
            .map_err(|_| datafusion::common::internal_datafusion_err!("a join of two sides"))?;
        let probe = with_leaf(probe, &PolicyExec::leaving_parents_to_join)?;
        let join = over(Arc::clone(&node), vec![Arc::clone(build), probe])?;
        // The gate will look again, at the plan as it is to run.
        if stands_for_the_check(&join).is_none() {
            return Ok(Transformed::no(node));
        }
        let join: Plan = Arc::new(ParentJoinExec::new(join));
        Ok(Transformed::yes(join))
    })?;
    Ok(left.data)
}

/// The same operators over another leaf.
fn with_leaf(plan: &Plan, change: &dyn Fn(&PolicyExec) -> PolicyExec) -> Result<Plan> {
    if let Some(leaf) = plan.downcast_ref::<PolicyExec>() {
        return Ok(Arc::new(change(leaf)));
    }
    match <[_; 1]>::try_from(plan.children()) {
        Ok([input]) => over(Arc::clone(plan), vec![with_leaf(input, change)?]),
        Err(_) => internal_err!("a leaf below operators of one input"),
    }
}

fn over(node: Plan, children: Vec<Plan>) -> Result<Plan> {
    node.replace_children(
        children,
        ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
    )
}
