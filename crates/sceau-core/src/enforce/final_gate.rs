use std::sync::Arc;

use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::work_table::WorkTableExec;

use super::binding::Binding;
use super::policy_exec::PolicyExec;

/// A physical plan reads something that no policy stands before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan reads a source that no policy stands before: {0}")]
pub struct UnprotectedSource(pub String);

/// The last look at a plan before it runs: every source sits under a [`PolicyExec`] of this session, or holds nothing
/// but what the question itself brought.
///
/// # Errors
/// Names the first operator that is neither.
pub fn check_physical_plan(
    plan: &Arc<dyn ExecutionPlan>,
    binding: &Binding,
) -> Result<(), UnprotectedSource> {
    let mut waiting = vec![(Arc::clone(plan), false)];
    while let Some((node, protected)) = waiting.pop() {
        let protected = match node.downcast_ref::<PolicyExec>() {
            Some(policy) if policy.binding() != binding => {
                return Err(UnprotectedSource("a PolicyExec of another session".into()));
            }
            Some(_) if protected => {
                return Err(UnprotectedSource("a PolicyExec below another".into()));
            }
            Some(_) => true,
            None => {
                let allowed = if protected {
                    may_stand_below(&node)
                } else {
                    !node.children().is_empty() || brings_its_own_rows(&node)
                };
                if !allowed {
                    return Err(UnprotectedSource(node.name().to_owned()));
                }
                protected
            }
        };
        waiting.extend(
            node.children()
                .into_iter()
                .map(|child| (Arc::clone(child), protected)),
        );
    }
    Ok(())
}

/// What DataFusion puts between a leaf and its files.
fn may_stand_below(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.is::<DataSourceExec>()
        || node.is::<RepartitionExec>()
        || node.is::<CoalescePartitionsExec>()
        || node.is::<CooperativeExec>()
        || node.is::<EmptyExec>()
}

/// Leaves whose rows come from the question: none, one without columns, those of a recursive query, VALUES.
fn brings_its_own_rows(node: &Arc<dyn ExecutionPlan>) -> bool {
    node.is::<EmptyExec>()
        || node.is::<PlaceholderRowExec>()
        || node.is::<WorkTableExec>()
        || node
            .downcast_ref::<DataSourceExec>()
            .is_some_and(|source| source.data_source().is::<MemorySourceConfig>())
}
