use std::sync::Arc;

use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::utils::{merge_schema, split_conjunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Join, LogicalPlan, Operator, Projection};

use super::equal::Origin;
use super::expression::check_expressions;
use super::flow::{Flow, beside};
use super::{Pass, Place};
use crate::contributors::mark_unknown;
use crate::release::{ReleaseError, total};

impl Pass<'_> {
    /// Both sides' people stand behind a joined row; on the nullable side of an outer join there may be nobody.
    pub(super) fn join(&mut self, join: &Join, place: Place) -> Result<Flow, ReleaseError> {
        check_expressions(&LogicalPlan::Join(join.clone()).expressions())?;
        let mut left = self.flow(&join.left, place)?;
        let mut right = self.flow(&join.right, place)?;
        check_total(join, &left, &right)?;
        let equal = equalities(join, &left, &right);
        let multiplies = self.multiplies(join, &left, &right);
        let (here, there) = (left.instances(), right.instances());
        match join.join_type {
            JoinType::Left => {
                link_nullable(&mut right, &left, &equal)?;
                follow(&mut right, &left, &equal);
                right = self.optional(right)?;
            }
            JoinType::Right => {
                link_nullable(&mut left, &right, &equal)?;
                follow(&mut left, &right, &equal);
                left = self.optional(left)?;
            }
            JoinType::Full => {
                left.require_links()?;
                right.require_links()?;
                left = self.optional(left)?;
                right = self.optional(right)?;
            }
            _ => {}
        }
        let plan = Join::try_new(
            Arc::new(left.plan.clone()),
            Arc::new(right.plan.clone()),
            join.on.clone(),
            join.filter.clone(),
            join.join_type,
            join.join_constraint,
            join.null_equality,
            join.null_aware,
        )?;
        let mut joined = beside(left, right, LogicalPlan::Join(plan));
        joined.multiplied |= multiplies;
        joined.tie_by(join, &equal, &here, &there);
        if let Some(filter) = &join.filter {
            joined.ask([filter]);
        }
        // Of an outer join, a pair is equal only where both rows are there.
        if join.join_type == JoinType::Inner {
            joined.equal.extend(equal);
        }
        Ok(joined)
    }

    /// Whether a question can give some people more rows than others by a join: on anything else than equal stored columns,
    /// with rows that it writes itself, or by keeping what is unmatched on both sides.
    fn multiplies(&self, join: &Join, left: &Flow, right: &Flow) -> bool {
        let stored = |flow: &Flow, expr: &Expr| flow.compared_origin(expr).is_some();
        let pairs = |one: &Expr, other: &Expr| {
            (stored(left, one) && stored(right, other))
                || (stored(left, other) && stored(right, one))
        };
        // Of an inner join, what looks at one side only is a condition on that side's rows, as in WHERE.
        let is_of_one_side = |part: &Expr| {
            [left, right].into_iter().any(|side| {
                part.column_refs()
                    .into_iter()
                    .all(|column| side.plan.schema().has_column(column))
            })
        };
        let mut equal = join
            .on
            .iter()
            .filter(|(here, there)| pairs(here, there))
            .count();
        let mut other = join.on.len() - equal;
        for part in join.filter.iter().flat_map(split_conjunction) {
            match part {
                Expr::BinaryExpr(BinaryExpr {
                    left: one,
                    op: Operator::Eq,
                    right: another,
                }) if pairs(one, another) => equal += 1,
                part if join.join_type == JoinType::Inner && is_of_one_side(part) => {}
                _ => other += 1,
            }
        }
        equal == 0 || other > 0 || join.join_type == JoinType::Full
    }

    /// The nullable side of an outer join. Above it a NULL will mean that there was no row, so rows of unknown people are
    /// marked as such; and nothing can be linked to it, since its row may not be there.
    fn optional(&mut self, mut flow: Flow) -> Result<Flow, ReleaseError> {
        flow.parents.clear();
        if flow.people.iter().any(|contributor| contributor.required) {
            let mut exprs: Vec<Expr> = flow
                .plan
                .schema()
                .columns()
                .into_iter()
                .map(Expr::Column)
                .collect();
            for contributor in flow
                .people
                .iter_mut()
                .filter(|contributor| contributor.required)
            {
                let name = self.name("people");
                let here = Expr::Column(contributor.column.clone());
                for expr in &mut exprs {
                    if *expr == here {
                        *expr = mark_unknown(expr.clone()).alias(&name);
                    }
                }
                contributor.column = Column::new_unqualified(name);
                contributor.required = false;
            }
            flow.plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(flow.plan))?);
        }
        Ok(flow)
    }
}

/// # Errors
/// When a condition over rows of people fails on some values.
pub(super) fn check_total(join: &Join, left: &Flow, right: &Flow) -> Result<(), ReleaseError> {
    if left.is_of_nobody() && right.is_of_nobody() {
        return Ok(());
    }
    let schema = merge_schema(&[&left.plan, &right.plan]);
    total::check(&LogicalPlan::Join(join.clone()).expressions(), &schema)
}

/// The columns of both sides that a join makes equal, where it finds a pair.
pub(super) fn equalities(join: &Join, left: &Flow, right: &Flow) -> Vec<(Origin, Origin)> {
    let origin = |expr: &Expr| {
        left.compared_origin(expr)
            .or_else(|| right.compared_origin(expr))
    };
    let mut equal: Vec<_> = join
        .on
        .iter()
        .filter_map(|(here, there)| {
            Some((left.compared_origin(here)?, right.compared_origin(there)?))
        })
        .collect();
    if let Some(filter) = &join.filter {
        equal.extend(
            datafusion::logical_expr::utils::split_conjunction(filter)
                .into_iter()
                .filter_map(|part| match part {
                    Expr::BinaryExpr(binary)
                        if binary.op == datafusion::logical_expr::Operator::Eq =>
                    {
                        Some((origin(&binary.left)?, origin(&binary.right)?))
                    }
                    _ => None,
                }),
        );
    }
    equal
}

/// Who is matched by an identifier is the same person as on the side that is kept, where there is a row at all. The other
/// way round nothing follows: where there is none, the identifier is NULL, and the rows that are kept are many people's.
fn follow(nullable: &mut Flow, kept: &Flow, equal: &[(Origin, Origin)]) {
    for contributor in &mut nullable.people {
        let here =
            |origin: &Origin| origin.person && contributor.instances.contains(&origin.instance);
        let there: Vec<usize> = equal
            .iter()
            .filter_map(|(left, right)| match (here(left), here(right)) {
                (true, false) => Some(right),
                (false, true) => Some(left),
                _ => None,
            })
            .filter(|origin| origin.person)
            .flat_map(|origin| {
                kept.people
                    .iter()
                    .filter(|other| other.instances.contains(&origin.instance))
                    .flat_map(|other| other.instances.iter().copied())
            })
            .collect();
        contributor.instances.extend(there);
    }
}

/// A detail on the nullable side has its parent in its own side or in the other: where its row is there, so is that one.
pub(super) fn link_nullable(
    nullable: &mut Flow,
    kept: &Flow,
    equal: &[(Origin, Origin)],
) -> Result<(), ReleaseError> {
    let mut linked = nullable.clone();
    linked.parents.extend(kept.parents.iter().cloned());
    linked.equal.extend(kept.equal.iter().chain(equal).cloned());
    linked.require_links()?;
    nullable.details.clear();
    Ok(())
}
