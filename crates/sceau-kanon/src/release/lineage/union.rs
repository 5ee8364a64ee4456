use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::{Column, ScalarValue};
use datafusion::functions_nested::expr_fn::make_array;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Projection, Union};

use super::asked::Asked;
use super::equal::Origin;
use super::flow::{Contributor, Flow, Known};
use super::margins::as_grouping_sets;
use super::ties::Ties;
use super::{Pass, Place};
use crate::contributors::mark_unknown;
use crate::release::ReleaseError;

impl Pass<'_> {
    /// Branches one after the other. A person of two branches is one person where both know it by the same kind of id.
    pub(super) fn union(&mut self, union: &Union, place: Place) -> Result<Flow, ReleaseError> {
        if let Some(margins) = as_grouping_sets(union)? {
            return self.flow(&margins, place);
        }
        let before = self.gate.is_some();
        let mut branches = union
            .inputs
            .iter()
            .map(|input| self.flow(input, place))
            .collect::<Result<Vec<_>, _>>()?;
        if self.gate.is_some() && !before {
            return Err(ReleaseError::Margins {
                found: "a UNION of cells",
            });
        }
        for branch in &mut branches {
            branch.require_links()?;
        }
        if branches.iter().all(Flow::is_of_nobody) {
            let columns = union_columns(&branches);
            let plans = branches
                .into_iter()
                .map(|branch| Arc::new(branch.plan))
                .collect();
            return Ok(Flow {
                columns,
                multiplied: true,
                ..Flow::of_nobody(LogicalPlan::Union(Union {
                    inputs: plans,
                    schema: Arc::clone(&union.schema),
                }))
            });
        }
        self.with_people(branches)
    }

    fn with_people(&mut self, branches: Vec<Flow>) -> Result<Flow, ReleaseError> {
        let mut slots = slots(&branches);
        let names: Vec<String> = slots.iter().map(|_| self.name("people")).collect();
        let mut columns = union_columns(&branches);
        let mut asked = Asked::default();
        let mut ties = Ties::default();
        for branch in &branches {
            asked.add_as_picks(&branch.asked);
            ties.add(&branch.ties);
        }
        let instance = self.instance();
        for (at, known) in columns.iter_mut().enumerate() {
            known.origin = person_in_all(&branches, at).then(|| Origin {
                person: true,
                identifier: true,
                ..Origin::new(instance, &at.to_string())
            });
        }
        let inputs = branches
            .into_iter()
            .map(|branch| aligned(branch, &slots, &names).map(Arc::new))
            .collect::<Result<Vec<_>, ReleaseError>>()?;
        let plan = LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?);
        for (slot, name) in slots.iter_mut().zip(names) {
            slot.column = Column::new_unqualified(name);
            slot.instances = vec![instance];
            columns.push(Known::hidden());
        }
        Ok(Flow {
            multiplied: true,
            asked,
            ties,
            columns,
            people: slots,
            ..Flow::of_nobody(plan)
        })
    }
}

/// One column of people for every kind of id, as often as a branch has it. Required where every branch has it so.
fn slots(branches: &[Flow]) -> Vec<Contributor> {
    let mut slots: Vec<Contributor> = Vec::new();
    for branch in branches {
        for (at, contributor) in branch.people.iter().enumerate() {
            let nth = nth_of_its_kind(&branch.people, at);
            let known = slots
                .iter_mut()
                .filter(|slot| slot.space == contributor.space)
                .nth(nth);
            match known {
                Some(slot) => {
                    slot.alone &= contributor.is_alone();
                    slot.set |= contributor.set;
                }
                None => slots.push(Contributor {
                    alone: contributor.is_alone(),
                    ..contributor.clone()
                }),
            }
        }
    }
    for at in 0..slots.len() {
        let nth = nth_of_its_kind(&slots, at);
        slots[at].required = branches.iter().all(|branch| {
            in_slot(branch, &slots[at].space, nth).is_some_and(|contributor| contributor.required)
        });
    }
    slots
}

fn nth_of_its_kind(people: &[Contributor], at: usize) -> usize {
    people[..at]
        .iter()
        .filter(|other| other.space == people[at].space)
        .count()
}

fn in_slot<'a>(branch: &'a Flow, space: &str, nth: usize) -> Option<&'a Contributor> {
    branch
        .people
        .iter()
        .filter(|contributor| contributor.space == space)
        .nth(nth)
}

/// A branch with its own columns and then one for every slot.
fn aligned(
    branch: Flow,
    slots: &[Contributor],
    names: &[String],
) -> Result<LogicalPlan, ReleaseError> {
    let mut exprs: Vec<Expr> = branch
        .visible()
        .into_iter()
        .map(|(column, _)| Expr::Column(column))
        .collect();
    for (at, slot) in slots.iter().enumerate() {
        let people = match in_slot(&branch, &slot.space, nth_of_its_kind(slots, at)) {
            None => Expr::Literal(ScalarValue::try_from(&slot_type(slot.set))?, None),
            Some(contributor) => {
                let mut people = Expr::Column(contributor.column.clone());
                if slot.set && !contributor.set {
                    people =
                        make_array(vec![people]).cast_to(&slot_type(true), branch.plan.schema())?;
                }
                // An absent person and an unknown one are not to be mixed up.
                if contributor.required && !slot.required {
                    people = mark_unknown(people);
                }
                people
            }
        };
        exprs.push(people.alias(&names[at]));
    }
    Ok(LogicalPlan::Projection(Projection::try_new(
        exprs,
        Arc::new(branch.plan),
    )?))
}

fn slot_type(set: bool) -> DataType {
    if set {
        DataType::List(Arc::new(Field::new_list_field(DataType::UInt64, true)))
    } else {
        DataType::UInt64
    }
}

fn union_columns(branches: &[Flow]) -> Vec<Known> {
    let visible: Vec<Vec<_>> = branches.iter().map(Flow::visible).collect();
    let width = visible.first().map_or(0, Vec::len);
    (0..width)
        .map(|at| Known {
            // What differs by branch tells of the branch.
            computed: visible.iter().any(|columns| {
                columns
                    .get(at)
                    .is_none_or(|(_, known)| known.computed || known.origin.is_none())
            }),
            chosen: visible
                .iter()
                .any(|columns| columns.get(at).is_some_and(|(_, known)| known.chosen)),
            sensitive: visible
                .iter()
                .any(|columns| columns.get(at).is_some_and(|(_, known)| known.sensitive)),
            of: visible
                .iter()
                .filter_map(|columns| columns.get(at))
                .flat_map(|(_, known)| known.of.iter().cloned())
                .collect(),
            identifying: visible
                .iter()
                .any(|columns| columns.get(at).is_some_and(|(_, known)| known.identifying)),
            ..Known::default()
        })
        .collect()
}

/// Whether a column identifies the person in every branch.
fn person_in_all(branches: &[Flow], at: usize) -> bool {
    branches.iter().all(|branch| {
        branch
            .visible()
            .get(at)
            .and_then(|(_, known)| known.origin.clone())
            .is_some_and(|origin| branch.is_one_person(&[origin]))
    })
}
