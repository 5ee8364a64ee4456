use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchemaRef, JoinType};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Aggregate, Distinct, Expr, LogicalPlan};

use crate::release::gate::GateNode;

/// Where a column of a release comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::release) enum Origin {
    /// It is this key of the gate.
    Key(usize),
    /// It is this measure of the gate.
    Measure(usize),
    /// It is computed from measures, perhaps with keys.
    OfMeasures,
    /// It is computed from keys, or has nothing to do with the gate.
    Other,
}

/// Where each column of a plan comes from, looking down to the gate.
pub(in crate::release) fn origins(plan: &LogicalPlan) -> Vec<Origin> {
    let unknown = || vec![Origin::Other; plan.schema().fields().len()];
    match plan {
        LogicalPlan::Extension(extension) => match extension.node.as_any().downcast_ref() {
            Some(GateNode { gate, .. }) => (0..gate.keys)
                .map(Origin::Key)
                .chain((0..gate.measures).map(Origin::Measure))
                .collect(),
            None => unknown(),
        },
        LogicalPlan::Projection(projection) => {
            let below = Below::of(&projection.input);
            projection
                .expr
                .iter()
                .map(|expr| below.origin(expr))
                .collect()
        }
        LogicalPlan::Aggregate(aggregate) => {
            let below = Below::of(&aggregate.input);
            let exprs = aggregate.group_expr.iter().chain(&aggregate.aggr_expr);
            let mut found: Vec<_> = exprs.map(|expr| below.origin(expr)).collect();
            // Grouping sets have columns that stand in no expression.
            found.resize(plan.schema().fields().len(), Origin::OfMeasures);
            found
        }
        LogicalPlan::Window(window) => {
            let mut found = origins(&window.input);
            found.resize(plan.schema().fields().len(), Origin::OfMeasures);
            found
        }
        LogicalPlan::SubqueryAlias(alias) => origins(&alias.input),
        LogicalPlan::Filter(filter) => origins(&filter.input),
        LogicalPlan::Sort(sort) => origins(&sort.input),
        LogicalPlan::Limit(limit) => origins(&limit.input),
        LogicalPlan::Distinct(Distinct::All(input)) => origins(input),
        LogicalPlan::Join(join) => match join.join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                let mut found = origins(&join.left);
                found.extend(origins(&join.right));
                found
            }
            JoinType::LeftSemi | JoinType::LeftAnti => origins(&join.left),
            JoinType::RightSemi | JoinType::RightAnti => origins(&join.right),
            _ => unknown(),
        },
        _ => unknown(),
    }
}

/// What a node computes upon.
struct Below<'a> {
    schema: &'a DFSchemaRef,
    origins: Vec<Origin>,
}

impl<'a> Below<'a> {
    fn of(plan: &'a LogicalPlan) -> Self {
        Self {
            schema: plan.schema(),
            origins: origins(plan),
        }
    }

    fn of_column(&self, column: &Column) -> Origin {
        self.schema
            .index_of_column(column)
            .ok()
            .and_then(|at| self.origins.get(at).copied())
            .unwrap_or(Origin::Other)
    }

    /// Whether it gives one column of the gate whichever grouping set a cell is of, as a UNION of margins does.
    fn is_same_in_each_set(&self, case: &Case) -> bool {
        let is_set = |when: &Expr| {
            when.column_refs()
                .iter()
                .all(|column| column.name == Aggregate::INTERNAL_GROUPING_ID)
        };
        let mut of_each = case
            .when_then_expr
            .iter()
            .map(|(_, then)| self.origin(then));
        case.expr.is_none()
            && case.else_expr.is_none()
            && case.when_then_expr.iter().all(|(when, _)| is_set(when))
            && match of_each.next() {
                Some(first @ (Origin::Key(_) | Origin::Measure(_))) => {
                    of_each.all(|other| other == first)
                }
                _ => false,
            }
    }

    fn origin(&self, expr: &Expr) -> Origin {
        match expr {
            Expr::Alias(alias) => self.origin(&alias.expr),
            Expr::Column(column) => self.of_column(column),
            Expr::Case(case) if self.is_same_in_each_set(case) => {
                self.origin(&case.when_then_expr[0].1)
            }
            _ => {
                let mut of_measures = false;
                let walked = expr.apply(|part| {
                    if let Expr::Column(column) = part {
                        of_measures |= matches!(
                            self.of_column(column),
                            Origin::Measure(_) | Origin::OfMeasures
                        );
                    }
                    Ok(TreeNodeRecursion::Continue)
                });
                debug_assert!(walked.is_ok());
                if of_measures {
                    Origin::OfMeasures
                } else {
                    Origin::Other
                }
            }
        }
    }
}
