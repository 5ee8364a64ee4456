use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use sceau_core::enforce::PolicyExec;

use super::exec::GateExec;
use super::{Gate, GateNode};

/// Plans a [`GateNode`] as a [`GateExec`].
pub(crate) struct GatePlanner;

#[async_trait]
impl ExtensionPlanner for GatePlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<GateNode>() else {
            return Ok(None);
        };
        let [input] = inputs else {
            return internal_err!("a gate stands above one aggregate");
        };
        Ok(Some(Arc::new(GateExec::try_new(
            Arc::clone(&node.gate),
            Arc::clone(input),
        )?)))
    }
}

/// Whether the gate is in the plan that is going to run, exactly once; or the plan reads no table at all, since an
/// optimizer may see that nothing can come out.
pub(crate) fn gates_are_in(plan: &Arc<dyn ExecutionPlan>, gate: &Arc<Gate>) -> bool {
    let mut gates = 0;
    let mut tables = 0;
    let mut waiting = vec![plan];
    while let Some(node) = waiting.pop() {
        if let Some(found) = node.downcast_ref::<GateExec>() {
            gates += usize::from(Arc::ptr_eq(found.gate(), gate));
        }
        tables += usize::from(node.is::<PolicyExec>());
        waiting.extend(node.children());
    }
    gates == 1 || gates == 0 && tables == 0
}
