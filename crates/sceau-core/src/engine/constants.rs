//! What is constant below an operator that fills in NULLs, or in each part of a UNION, is not constant above it.
//!
//! ```text
//! AggregateExec: mode=Partial, gby=[ROLLUP(x)]         AggregateExec: mode=Partial, gby=[ROLLUP(x)]
//!   FilterExec: x = 5                            →       OpaqueExec
//!                                                          FilterExec: x = 5
//!
//! HashJoinExec: join_type=Left                         HashJoinExec: join_type=Left
//!   …                                            →       …
//!   FilterExec: x = 5                                    OpaqueExec
//!                                                          FilterExec: x = 5
//!
//! UnionExec                                            OpaqueExec
//!   ProjectionExec: expr=[a as x]                →       UnionExec
//!   ProjectionExec: expr=[b as x]                          ProjectionExec: expr=[a as x]
//!                                                          ProjectionExec: expr=[b as x]
//! ```
//!
//! DataFusion 55 carries a constant through the first two. Above, `ORDER BY x` then sorts nothing, and a GROUP BY takes its rows to
//! come sorted by x: it closes a group at each change between 5 and NULL and gives the same group several times. (The first
//! stage of an aggregate with grouping sets knows better since its issue 11291; the second does not.) A written-out key,
//! as in `ROLLUP ('a', y)`, is computed below the first stage, since it would be a constant by itself.
//!
//! Of a UNION it knows that each part has its own constant, and sorts the parts one by one by the other columns, to merge
//! them afterwards. With a LIMIT the parts share what bounds it, and one part's rows drop out for another's that come
//! after them: `SELECT 'a' AS x, y … UNION ALL SELECT 'b', y … ORDER BY x DESC, y LIMIT 8` lists the `a`.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{JoinType, Result};
use datafusion::config::ConfigOptions;
use datafusion::physical_expr::AcrossPartitions;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, PhysicalGroupBy};
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr,
    ReplaceChildrenOptions,
};

use super::opaque::OpaqueExec;

/// Hides constants from grouping sets, from the sides of outer joins that NULLs are filled in for, and from what stands
/// above a union of parts that have each their own.
#[derive(Debug)]
pub struct ForgetConstants;

impl PhysicalOptimizerRule for ForgetConstants {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let changed = plan.transform_up(|node| {
            if let Some(aggregate) = node.downcast_ref::<AggregateExec>()
                && aggregate.group_expr().has_grouping_set()
            {
                return Ok(Transformed::yes(
                    Arc::new(over_columns(aggregate)?) as Arc<_>
                ));
            }
            if node.is::<UnionExec>() && parts_have_their_own(&node) {
                return Ok(Transformed::yes(Arc::new(OpaqueExec::new(node)) as Arc<_>));
            }
            if let Some(join_type) = join_type(&node) {
                return forget_filled_in(node, join_type);
            }
            Ok(Transformed::no(node))
        })?;
        Ok(changed.data)
    }

    fn name(&self) -> &'static str {
        "forget_constants"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same aggregate, its keys made of columns of which nothing is known.
fn over_columns(aggregate: &AggregateExec) -> Result<AggregateExec> {
    let input = aggregate.input();
    let group_by = aggregate.group_expr();
    let mut columns: Vec<(Arc<dyn PhysicalExpr>, String)> = input
        .schema()
        .fields()
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), at));
            (column, field.name().clone())
        })
        .collect();
    let stored = columns.len();
    let keys = group_by
        .expr()
        .iter()
        .map(|(key, name)| {
            if !collect_columns(key).is_empty() {
                return (Arc::clone(key), name.clone());
            }
            let written = format!("__key_{}", columns.len());
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(&written, columns.len()));
            columns.push((Arc::clone(key), written));
            (column, name.clone())
        })
        .collect();
    let input: Arc<dyn ExecutionPlan> = if columns.len() == stored {
        Arc::clone(input)
    } else {
        Arc::new(ProjectionExec::try_new(columns, Arc::clone(input))?)
    };
    let input: Arc<dyn ExecutionPlan> = Arc::new(OpaqueExec::new(input));
    let schema = input.schema();
    AggregateExec::try_new(
        *aggregate.mode(),
        PhysicalGroupBy::new(
            keys,
            group_by.null_expr().to_vec(),
            group_by.groups().to_vec(),
            true,
        ),
        aggregate.aggr_expr().to_vec(),
        aggregate.filter_expr().to_vec(),
        input,
        schema,
    )
}

/// Whether something is constant in each partition, and not known to be the same in all.
fn parts_have_their_own(union: &Arc<dyn ExecutionPlan>) -> bool {
    let constants = union.equivalence_properties().constants();
    constants.iter().any(|constant| {
        !matches!(
            constant.across_partitions,
            AcrossPartitions::Uniform(Some(_))
        )
    })
}

fn join_type(node: &Arc<dyn ExecutionPlan>) -> Option<JoinType> {
    if let Some(join) = node.downcast_ref::<HashJoinExec>() {
        return Some(*join.join_type());
    }
    if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
        return Some(*join.join_type());
    }
    node.downcast_ref::<SortMergeJoinExec>()
        .map(SortMergeJoinExec::join_type)
}

fn forget_filled_in(
    join: Arc<dyn ExecutionPlan>,
    join_type: JoinType,
) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let (left, right) = match join_type {
        JoinType::Left => (false, true),
        JoinType::Right => (true, false),
        JoinType::Full => (true, true),
        _ => return Ok(Transformed::no(join)),
    };
    let mut changed = false;
    let children = join
        .children()
        .into_iter()
        .zip([left, right])
        .map(|(child, filled_in)| {
            let something_is_known = child
                .equivalence_properties()
                .eq_group()
                .iter()
                .next()
                .is_some();
            if !filled_in || !something_is_known {
                return Arc::clone(child);
            }
            changed = true;
            Arc::new(OpaqueExec::new(Arc::clone(child))) as Arc<_>
        })
        .collect();
    if !changed {
        return Ok(Transformed::no(join));
    }
    let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Ok(Transformed::yes(join.replace_children(children, options)?))
}
