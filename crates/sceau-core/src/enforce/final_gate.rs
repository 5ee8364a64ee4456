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
use super::parent_join::{FluxJoinExec, ParentJoinExec, stands_for_the_check};
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
    let mut waiting: Vec<Waiting> = vec![(Arc::clone(plan), Above::Anything)];
    while let Some((node, above)) = waiting.pop() {
        if let Some(parent_join) = node.downcast_ref::<ParentJoinExec>() {
            let sides = sides_of(parent_join, above)?;
            waiting.extend(sides);
            continue;
        }
        if let Some(join) = node.downcast_ref::<FluxJoinExec>() {
            if join.key().is_none() || above != Above::Anything {
                return Err(UnprotectedSource("a join that checks no parents".into()));
            }
            waiting.extend(join.sides().map(|(side, of_details)| {
                let above = if of_details { Above::ParentJoin } else { above };
                (Arc::clone(side), above)
            }));
            continue;
        }
        let below = match node.downcast_ref::<PolicyExec>() {
            Some(policy) if policy.binding() != binding => {
                return Err(UnprotectedSource("a PolicyExec of another session".into()));
            }
            Some(_) if above == Above::Policy => {
                return Err(UnprotectedSource("a PolicyExec below another".into()));
            }
            Some(policy) if policy.leaves_parents_to_join() && above != Above::ParentJoin => {
                return Err(UnprotectedSource("rows held against no parent".into()));
            }
            Some(_) => Above::Policy,
            None => {
                let allowed = match above {
                    Above::Policy => may_stand_below(&node),
                    _ => !node.children().is_empty() || brings_its_own_rows(&node),
                };
                if !allowed {
                    return Err(UnprotectedSource(node.name().to_owned()));
                }
                above
            }
        };
        waiting.extend(
            node.children()
                .into_iter()
                .map(|child| (Arc::clone(child), below)),
        );
    }
    Ok(())
}

/// A node that is still to be looked at, and what stands above it.
type Waiting = (Arc<dyn ExecutionPlan>, Above);

/// What stands above a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Above {
    Anything,
    /// A join that holds the rows of the one leaf below against their parents, and what hands these rows on.
    ParentJoin,
    Policy,
}

/// The build and the probe side of a join that stands for a leaf's check.
fn sides_of(parent_join: &ParentJoinExec, above: Above) -> Result<[Waiting; 2], UnprotectedSource> {
    let join = parent_join.join();
    let sides = <[_; 2]>::try_from(join.children());
    match (sides, stands_for_the_check(join), above) {
        (Ok([build, probe]), Some(_), Above::Anything) => Ok([
            (Arc::clone(build), Above::Anything),
            (Arc::clone(probe), Above::ParentJoin),
        ]),
        _ => Err(UnprotectedSource("a join that checks no parents".into())),
    }
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
