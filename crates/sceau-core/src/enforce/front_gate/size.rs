use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNodeRecursion, TreeNodeVisitor};
use datafusion::logical_expr::LogicalPlan;

use super::Refusal;

/// As many steps as a plan may have. A CTE that is named twice stands in the plan twice, so that a chain of them doubles
/// it at each link.
const MOST_STEPS: usize = 10_000;

/// As many steps as may stand one upon another. The engine lets go of a plan step by step, each on the stack of the one
/// above.
const MOST_LEVELS: usize = 1_500;

/// Refuses what would take the memory or the stack of every question as it is planned.
pub(super) fn check_size(plan: &LogicalPlan) -> Result<(), Refusal> {
    let mut size = Size::default();
    // The visitor itself never fails.
    let _ = plan.visit_with_subqueries(&mut size);
    size.refused.map_or(Ok(()), Err)
}

#[derive(Default)]
struct Size {
    steps: usize,
    levels: usize,
    refused: Option<Refusal>,
}

impl TreeNodeVisitor<'_> for Size {
    type Node = LogicalPlan;

    fn f_down(&mut self, _: &LogicalPlan) -> Result<TreeNodeRecursion> {
        self.steps += 1;
        self.levels += 1;
        let (found, most, how) = if self.levels > MOST_LEVELS {
            (true, MOST_LEVELS, " one upon another")
        } else {
            (self.steps > MOST_STEPS, MOST_STEPS, "")
        };
        if !found {
            return Ok(TreeNodeRecursion::Continue);
        }
        self.refused = Some(Refusal(format!(
            "a question of more than {most} steps{how} is not allowed (a WITH counts as often as it is named)"
        )));
        Ok(TreeNodeRecursion::Stop)
    }

    fn f_up(&mut self, _: &LogicalPlan) -> Result<TreeNodeRecursion> {
        self.levels -= 1;
        Ok(TreeNodeRecursion::Continue)
    }
}
