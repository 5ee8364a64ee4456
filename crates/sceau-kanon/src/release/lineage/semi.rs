//! `IN (SELECT …)` and `EXISTS (…)`, which DataFusion's decorrelation makes semi, anti and mark joins.
//!
//! Rows of the right side decide which rows of the left are counted. Where the match is by the person's identifier they
//! are rows of the same person, and nothing has to be added. Otherwise other people's rows decide: `dep IN (SELECT dep
//! FROM t WHERE …)` with a condition that one person meets tells where that person lives, however large the cell. Then
//! the people of the right side are counted too, by joining it grouped by what it is matched on.

use std::sync::Arc;

use datafusion::common::{Column, JoinType};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_nested::expr_fn::{array_length, array_remove_all};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Expr, Filter, Join, LogicalPlan, Operator, SubqueryAlias, lit,
};

use super::asked::Asked;
use super::expression::check_expressions;
use super::flow::{Flow, Known};
use super::join::{check_total, equalities, link_nullable};
use super::{Pass, Place};
use crate::contributors::UNKNOWN_PERSON;
use crate::release::ReleaseError;

impl Pass<'_> {
    pub(super) fn semi_join(&mut self, join: &Join, place: Place) -> Result<Flow, ReleaseError> {
        check_expressions(&LogicalPlan::Join(join.clone()).expressions())?;
        let mut left = self.flow(&join.left, place)?;
        let mut right = self.flow(&join.right, Place::Under)?;
        check_total(join, &left, &right)?;
        let matched = LogicalPlan::Join(join.clone()).expressions();
        right.asked.any.extend(right.made_of(&matched));
        match join.join_type {
            JoinType::LeftSemi => left.asked.add(&right.asked),
            _ => left.asked.add_as_picks(&right.asked),
        }
        let equal = equalities(join, &left, &right);
        link_nullable(&mut right, &left, &equal)?;
        // What has passed a gate on its way decides as it came out of it.
        if right.people.is_empty() {
            let decides = Arc::new(right.plan);
            return kept(left, join, decides, &right.asked);
        }
        if is_of_same_person(&left, &right, &equal) {
            return kept(left, join, Arc::clone(&join.right), &right.asked);
        }
        match join.join_type {
            JoinType::LeftSemi => match keys(join) {
                Some(keys) => {
                    // Who is matched by another of their identifiers is the same person all the same.
                    let by_person =
                        (equal.iter()).any(|(here, there)| here.identifier && there.identifier);
                    self.grouped(left, right, join, &keys, by_person)
                }
                None => Err(ReleaseError::Subquery {
                    found: "this EXISTS or IN",
                    instead: "match by equality of columns, or by the person's identifier",
                }),
            },
            _ => Err(ReleaseError::Subquery {
                found: "NOT IN, NOT EXISTS, or IN and EXISTS within OR",
                instead: "match by the person's identifier",
            }),
        }
    }

    /// An inner join with the right side grouped by its keys, each with its people.
    fn grouped(
        &mut self,
        left: Flow,
        right: Flow,
        join: &Join,
        matched: &[(Expr, Expr)],
        by_person: bool,
    ) -> Result<Flow, ReleaseError> {
        let keys: Vec<Expr> = matched
            .iter()
            .map(|(_, key)| {
                let name = self.name("key");
                key.clone().alias(name)
            })
            .collect();
        let names: Vec<String> = keys.iter().map(|key| key.qualified_name().1).collect();
        let mut grouped_plan = self.collect(right, keys, vec![])?;
        if !by_person {
            grouped_plan = enough(grouped_plan, self.rules.k)?;
        }
        let alias = self.name("semi");
        grouped_plan.plan = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(
            Arc::new(grouped_plan.plan),
            alias.as_str(),
        )?);
        for known in &mut grouped_plan.columns {
            known.hidden = true;
        }
        for contributor in &mut grouped_plan.people {
            contributor.column = Column::new(Some(alias.as_str()), contributor.column.name.clone());
        }
        let on = matched
            .iter()
            .zip(names)
            .map(|((here, _), name)| {
                (
                    here.clone(),
                    Expr::Column(Column::new(Some(alias.as_str()), name)),
                )
            })
            .collect();
        let plan = Join::try_new(
            Arc::new(left.plan.clone()),
            Arc::new(grouped_plan.plan.clone()),
            on,
            None,
            JoinType::Inner,
            join.join_constraint,
            join.null_equality,
            false,
        )?;
        Ok(super::flow::beside(
            left,
            grouped_plan,
            LogicalPlan::Join(plan),
        ))
    }
}

/// Only the groups of at least k people: what fewer have decides nothing. Counted beside the others' people they could be one person
/// among many known ones: `dep IN (SELECT dep … WHERE dep = 'B' OR age = 103)`.
fn enough(mut grouped: Flow, k: u32) -> Result<Flow, ReleaseError> {
    for contributor in &grouped.people {
        let people = array_remove_all(
            Expr::Column(contributor.column.clone()),
            lit(UNKNOWN_PERSON),
        );
        let count = coalesce(vec![array_length(people), lit(0_u64)]);
        let enough = count.clone().gt_eq(lit(u64::from(k)));
        let enough = if contributor.required {
            enough
        } else {
            enough.or(count.eq(lit(0_u64)))
        };
        let filter = Filter::try_new(enough, Arc::new(grouped.plan))?;
        grouped.plan = LogicalPlan::Filter(filter);
    }
    Ok(grouped)
}

/// What is matched with what, (left, right); none if anything else than equality decides.
fn keys(join: &Join) -> Option<Vec<(Expr, Expr)>> {
    let mut keys = join.on.clone();
    for part in join.filter.iter().flat_map(split_conjunction) {
        let Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) = part
        else {
            return None;
        };
        let of = |expr: &Expr, side: &LogicalPlan| {
            let columns = expr.column_refs();
            !columns.is_empty()
                && columns
                    .into_iter()
                    .all(|column| side.schema().has_column(column))
        };
        if of(left, &join.left) && of(right, &join.right) {
            keys.push((left.as_ref().clone(), right.as_ref().clone()));
        } else if of(right, &join.left) && of(left, &join.right) {
            keys.push((right.as_ref().clone(), left.as_ref().clone()));
        } else {
            return None;
        }
    }
    (!keys.is_empty()).then_some(keys)
}

/// Whether the rows that are matched on the right are those of the person on the left.
fn is_of_same_person(
    left: &Flow,
    right: &Flow,
    equal: &[(super::equal::Origin, super::equal::Origin)],
) -> bool {
    let mut right = right.clone();
    right.equal.extend(left.equal.iter().chain(equal).cloned());
    let persons: Vec<_> = left
        .columns
        .iter()
        .filter_map(|known| known.origin.clone())
        .filter(|origin| {
            origin.person
                && left
                    .people
                    .iter()
                    .any(|contributor| contributor.instances.contains(&origin.instance))
        })
        .collect();
    right.is_one_person(&persons)
}

/// The join as it was, over a left side that carries people.
fn kept(
    mut left: Flow,
    join: &Join,
    right: Arc<LogicalPlan>,
    asked: &Asked,
) -> Result<Flow, ReleaseError> {
    if join.join_type == JoinType::LeftMark {
        left.columns.push(Known {
            chosen: true,
            computed: true,
            of: asked.any.clone(),
            ..Known::default()
        });
    }
    left.plan = LogicalPlan::Join(Join::try_new(
        Arc::new(left.plan),
        right,
        join.on.clone(),
        join.filter.clone(),
        join.join_type,
        join.join_constraint,
        join.null_equality,
        join.null_aware,
    )?);
    Ok(left)
}
