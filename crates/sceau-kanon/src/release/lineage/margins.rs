//! A UNION of cells and totals of the same rows.
//!
//! ```text
//! Union                                         Projection: CASE id WHEN 0 THEN dep WHEN 1 THEN 'all' END, count(*)
//!   Projection: dep, count(*)                     Aggregate: GROUPING SETS ((dep), ()) | count(*)
//!     Aggregate: dep | count(*)            →        t
//!       t
//!   Projection: 'all', count(*)
//!     Aggregate: | count(*)
//!       t
//! ```
//!
//! What one branch shows can be subtracted from what another does, so they have to be looked at together. Branches over the same
//! rows are one aggregate with grouping sets, and each cell is shown by the expressions of its own branch.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable, Filter, GroupingSet, LogicalPlan, Projection, Union, lit, when,
};

/// One branch: an aggregate, and what is made of its columns.
struct Branch<'a> {
    aggregate: &'a Aggregate,
    exprs: Vec<Expr>,
    conditions: Vec<Expr>,
}

/// One aggregate that gives the cells of all branches; none if they are not aggregates of the same rows, or two of them group
/// by the same columns.
pub(super) fn as_grouping_sets(union: &Union) -> Result<Option<LogicalPlan>> {
    let Some(branches) = branches_of(union)? else {
        return Ok(None);
    };
    let Some((first, others)) = branches.split_first() else {
        return Ok(None);
    };
    let rows = &first.aggregate.input;
    if others.is_empty() || others.iter().any(|other| other.aggregate.input != *rows) {
        return Ok(None);
    }
    let mut keys: Vec<Expr> = vec![];
    let mut measures: Vec<Expr> = vec![];
    for branch in &branches {
        for (known, new) in [
            (&mut keys, &branch.aggregate.group_expr),
            (&mut measures, &branch.aggregate.aggr_expr),
        ] {
            for expr in new {
                if !known.contains(expr) {
                    known.push(expr.clone());
                }
            }
        }
    }
    // The id of a set has a bit for every column that it lacks, the last column's lowest.
    let id = |branch: &Branch| {
        let lacks = |key: &Expr| !branch.aggregate.group_expr.contains(key);
        keys.iter()
            .fold(0_u64, |id, key| id << 1 | u64::from(lacks(key)))
    };
    let ids: BTreeSet<u64> = branches.iter().map(id).collect();
    if ids.len() < branches.len() || keys.is_empty() || keys.len() > 16 {
        return Ok(None);
    }
    let sets = branches
        .iter()
        .map(|branch| branch.aggregate.group_expr.clone())
        .collect();
    let sets = Expr::GroupingSet(GroupingSet::GroupingSets(sets));
    let cells = LogicalPlan::Aggregate(Aggregate::try_new(Arc::clone(rows), vec![sets], measures)?);
    shown(union, &branches, &id, cells).map(Some)
}

/// Each cell by the expressions of its own branch, where it meets that branch's conditions.
fn shown(
    union: &Union,
    branches: &[Branch],
    id: &dyn Fn(&Branch) -> u64,
    cells: LogicalPlan,
) -> Result<LogicalPlan> {
    let column = Expr::Column(Column::from_name(Aggregate::INTERNAL_GROUPING_ID));
    let kind = column.get_type(cells.schema().as_ref())?;
    let is_of = |branch: &Branch| -> Result<Expr> {
        let id = lit(id(branch)).cast_to(&kind, cells.schema().as_ref())?;
        Ok(column.clone().eq(id))
    };
    let mut exprs = Vec::with_capacity(union.schema.fields().len());
    for (at, (qualifier, field)) in union.schema.iter().enumerate() {
        let mut cases: Option<datafusion::logical_expr::conditional_expressions::CaseBuilder> =
            None;
        for branch in branches {
            let (is_of, expr) = (is_of(branch)?, branch.exprs[at].clone());
            cases = Some(match cases {
                None => when(is_of, expr),
                Some(mut cases) => cases.when(is_of, expr),
            });
        }
        if let Some(cases) = cases {
            exprs.push(
                cases
                    .end()?
                    .alias_qualified(qualifier.cloned(), field.name()),
            );
        }
    }
    let mut kept = None;
    if branches.iter().any(|branch| !branch.conditions.is_empty()) {
        for branch in branches {
            let meets = branch
                .conditions
                .iter()
                .cloned()
                .fold(is_of(branch)?, Expr::and);
            kept = Some(match kept {
                None => meets,
                Some(kept) => Expr::or(kept, meets),
            });
        }
    }
    let cells = match kept {
        None => cells,
        Some(kept) => LogicalPlan::Filter(Filter::try_new(kept, Arc::new(cells))?),
    };
    Ok(LogicalPlan::Projection(Projection::try_new(
        exprs,
        Arc::new(cells),
    )?))
}

/// The branches of a union, and of the unions that are branches: SQL adds a third to the union of two.
fn branches_of(union: &Union) -> Result<Option<Vec<Branch<'_>>>> {
    let mut all = Vec::new();
    for input in &union.inputs {
        match branches(input)? {
            Some(branches) => all.extend(branches),
            None => return Ok(None),
        }
    }
    Ok(Some(all))
}

/// Aggregates under projections and filters, which become expressions of their columns.
fn branches(plan: &LogicalPlan) -> Result<Option<Vec<Branch<'_>>>> {
    Ok(match plan {
        LogicalPlan::Aggregate(aggregate)
            if !matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]) =>
        {
            Some(vec![Branch {
                aggregate,
                exprs: plan
                    .schema()
                    .columns()
                    .into_iter()
                    .map(Expr::Column)
                    .collect(),
                conditions: vec![],
            }])
        }
        LogicalPlan::Union(union) => branches_of(union)?,
        LogicalPlan::Projection(projection) => match branches(&projection.input)? {
            Some(mut below) => {
                let schema = projection.input.schema();
                for branch in &mut below {
                    branch.exprs = projection
                        .expr
                        .iter()
                        .map(|expr| through(expr, schema, &branch.exprs))
                        .collect::<Result<_>>()?;
                }
                Some(below)
            }
            None => None,
        },
        LogicalPlan::Filter(filter) => match branches(&filter.input)? {
            Some(mut below) => {
                for branch in &mut below {
                    let condition =
                        through(&filter.predicate, filter.input.schema(), &branch.exprs)?;
                    branch.conditions.push(condition);
                }
                Some(below)
            }
            None => None,
        },
        LogicalPlan::SubqueryAlias(alias) => branches(&alias.input)?,
        _ => None,
    })
}

/// An expression over the columns of a plan, as one over what these columns are made of.
fn through(expr: &Expr, schema: &DFSchema, made: &[Expr]) -> Result<Expr> {
    let replaced = expr.clone().transform(|part| {
        Ok(match &part {
            Expr::Column(column) => match schema.maybe_index_of_column(column) {
                Some(at) => Transformed::yes(made[at].clone()),
                None => Transformed::no(part),
            },
            _ => Transformed::no(part),
        })
    })?;
    Ok(replaced.data.unalias())
}
