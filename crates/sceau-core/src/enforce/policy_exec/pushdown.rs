//! What may pass the leaf on its way down, and what it takes in.
//!
//! The policy's own leakproof conjuncts and the researcher's leakproof conditions are offered to the files for pruning
//! and late materialisation; the policy is evaluated again whatever the files claim to have done. The researcher's are
//! taken into the leaf as well, where they run before the masks.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase,
    FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use super::{Output, PolicyExec};
use crate::enforce::leakproof::{ClearColumns, over_input};

pub(super) fn gather(
    exec: &PolicyExec,
    phase: FilterPushdownPhase,
    parent_filters: &[Arc<dyn PhysicalExpr>],
) -> Result<FilterDescription> {
    let stored = exec.input.schema();
    let everywhere: HashSet<usize> = (0..stored.fields().len()).collect();
    let offered: Vec<Arc<dyn PhysicalExpr>> = parent_filters
        .iter()
        .map(|filter| to_stored(exec, filter).unwrap_or_else(nowhere))
        .collect();
    let mut child =
        ChildFilterDescription::from_child_with_allowed_indices(&offered, everywhere, &exec.input)?;
    if phase == FilterPushdownPhase::Pre {
        let own = Stored(&stored);
        child = child.with_self_filters(
            exec.rows
                .iter()
                .filter_map(|row| over_input(row, &own))
                .collect(),
        );
    }
    Ok(FilterDescription::new().with_child(child))
}

pub(super) fn absorb(
    exec: &PolicyExec,
    phase: FilterPushdownPhase,
    result: ChildPushdownResult,
) -> FilterPushdownPropagation<Arc<dyn ExecutionPlan>> {
    let mut absorbed = exec.absorbed.clone();
    let mut verdicts = Vec::with_capacity(result.parent_filters.len());
    for parent in &result.parent_filters {
        let condition = (phase == FilterPushdownPhase::Pre)
            .then(|| to_stored(exec, &parent.filter))
            .flatten();
        verdicts.push(match condition {
            Some(condition) => {
                absorbed.push(condition);
                PushedDown::Yes
            }
            None => PushedDown::No,
        });
    }
    let propagation = FilterPushdownPropagation::with_parent_pushdown_result(verdicts);
    if absorbed.len() == exec.absorbed.len() {
        return propagation;
    }
    propagation.with_updated_node(Arc::new(PolicyExec {
        absorbed,
        ..exec.clone()
    }))
}

/// A researcher's condition over the stored columns, if it may run on rows that the permit hides.
pub(super) fn to_stored(
    exec: &PolicyExec,
    filter: &Arc<dyn PhysicalExpr>,
) -> Option<Arc<dyn PhysicalExpr>> {
    if exec.strict {
        return None;
    }
    over_input(
        filter,
        &Shown {
            exec,
            stored: exec.input.schema(),
        },
    )
}

/// A condition that no child can take: one of several cannot be marked unsupported otherwise.
fn nowhere() -> Arc<dyn PhysicalExpr> {
    Arc::new(Column::new("\u{1}nowhere", usize::MAX))
}

/// The leaf's output columns, of which some are stored values.
struct Shown<'a> {
    exec: &'a PolicyExec,
    stored: arrow::datatypes::SchemaRef,
}

impl ClearColumns for Shown<'_> {
    fn stored(&self, output: usize) -> Option<(&str, usize, &DataType)> {
        match self.exec.outputs.get(output)? {
            Output::Clear(at) => {
                let field = self.stored.fields().get(*at)?;
                Some((field.name(), *at, field.data_type()))
            }
            Output::Masked(_) | Output::Contributor(..) => None,
        }
    }
}

/// The stored columns themselves, over which the policy is written.
struct Stored<'a>(&'a arrow::datatypes::Schema);

impl ClearColumns for Stored<'_> {
    fn stored(&self, at: usize) -> Option<(&str, usize, &DataType)> {
        let field = self.0.fields().get(at)?;
        Some((field.name(), at, field.data_type()))
    }
}
