//! Follows people through a plan, and puts a gate where rows become cells.
//!
//! Each part of a plan becomes a [`Flow`]: the same plan with one more column for every person that stands behind a row.
//! Scans of tables that hold a person start one; projections, filters, joins, unions, windows and aggregates carry it
//! on. An aggregate by the person below another one hands its people on, too. Any other is where people are counted: a [`Gate`]
//! stands above it.
//!
//! Nodes, expressions and functions are allowed by list: what is not known to be safe is refused.
//!
//! [`Gate`]: super::gate::Gate

mod aggregate;
mod amount;
mod asked;
mod beside;
mod checks;
mod contributions;
mod counting;
mod equal;
mod expression;
mod flow;
mod grouping;
mod join;
mod lines;
mod margins;
mod measure;
mod parts;
mod scan;
mod semi;
mod ties;
mod union;
mod window;

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Projection, SubqueryAlias};
use sceau_core::permit::ReleaseRules;

use super::ReleaseError;
use super::gate::Gate;
use crate::ledger::Ledger;
use expression::{check_expressions, conditions};
use flow::{Flow, Known};

/// A plan that may be run, and the gate in it, if any person stands behind its cells.
#[derive(Debug)]
pub(super) struct Released {
    pub(super) plan: LogicalPlan,
    pub(super) gate: Option<Arc<Gate>>,
}

/// Rewrites a plan for release.
///
/// # Errors
/// When the answer would show rows of persons, or anything in the plan is not known to be safe.
pub(super) fn release(
    plan: &LogicalPlan,
    rules: &ReleaseRules,
    most_cells: usize,
    ledger: Option<Arc<Ledger>>,
) -> Result<Released, ReleaseError> {
    no_name_is_ours(plan)?;
    let mut pass = Pass {
        rules,
        most_cells,
        ledger,
        gate: None,
        names: 0,
        instances: 0,
    };
    let flow = pass.flow(plan, Place::Top)?;
    if let Some(detail) = flow.details.first() {
        return Err(detail.unlinked());
    }
    if !flow.people.is_empty() {
        return Err(ReleaseError::RowLevel);
    }
    Ok(Released {
        plan: flow.plan,
        gate: pass.gate,
    })
}

/// What every name that the pass gives begins with.
const OURS: char = '\u{1}';

/// A question may quote any name. One that begins as the pass's own do could pass for a count of people.
fn no_name_is_ours(plan: &LogicalPlan) -> Result<(), ReleaseError> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        let schema = node.schema();
        found |= schema.iter().any(|(qualifier, field)| {
            field.name().contains(OURS)
                || qualifier.is_some_and(|table| table.to_string().contains(OURS))
        });
        Ok(if found {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    })?;
    if found {
        return Err(ReleaseError::not_releasable(
            "a name with a control character",
            "rename it",
        ));
    }
    Ok(())
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing is aggregated above it: what comes out is released.
    Top,
    /// An aggregate stands above it: its people are carried on.
    Under,
}

/// One pass over one plan.
struct Pass<'a> {
    rules: &'a ReleaseRules,
    most_cells: usize,
    /// Where what the project received is kept, if it is.
    ledger: Option<Arc<Ledger>>,
    gate: Option<Arc<Gate>>,
    names: usize,
    instances: usize,
}

impl Pass<'_> {
    fn flow(&mut self, plan: &LogicalPlan, place: Place) -> Result<Flow, ReleaseError> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Values(_) | LogicalPlan::EmptyRelation(_) => {
                check_expressions(&plan.expressions())?;
                Ok(Flow::made_of_nobody(plan.clone()))
            }
            LogicalPlan::Projection(projection) => {
                check_expressions(&projection.expr)?;
                let input = self.flow(&projection.input, place)?;
                self.project(input, projection.expr.clone())
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let input = self.flow(&alias.input, place)?;
                renamed(input, alias)
            }
            LogicalPlan::Filter(filter) => {
                check_expressions([&filter.predicate])?;
                let mut input = self.flow(&filter.input, place)?;
                let equalities = input.equalities_in(&filter.predicate);
                input.multiplied |= input.is_multiplied_by(&filter.predicate);
                input.ask([&filter.predicate]);
                input.tie(&filter.predicate);
                input.equal.extend(equalities);
                input.rebuilt(plan)
            }
            LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => {
                check_expressions(&plan.expressions())?;
                let [input] = plan.inputs()[..] else {
                    return Err(ReleaseError::Engine);
                };
                let mut input = self.flow(input, place)?;
                input.ask(&plan.expressions());
                input.rebuilt(plan)
            }
            LogicalPlan::Window(window) => {
                let input = self.flow(&window.input, place)?;
                window::window(input, window)
            }
            LogicalPlan::Join(join) => match join.join_type {
                JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                    self.join(join, place)
                }
                JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
                    self.semi_join(join, place)
                }
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                    Err(ReleaseError::not_releasable(
                        format!("a {} join", join.join_type),
                        "write the table whose rows are kept on the left",
                    ))
                }
            },
            LogicalPlan::Union(union) => self.union(union, place),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate, place),
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(plan, input, place),
            LogicalPlan::Distinct(Distinct::On(_)) => Err(ReleaseError::ShowsOnePerson {
                function: "DISTINCT ON".to_owned(),
                instead: "use GROUP BY with count, sum or avg",
            }),
            LogicalPlan::Unnest(_) => Err(ReleaseError::not_releasable(
                "unnest",
                "aggregate without it",
            )),
            LogicalPlan::RecursiveQuery(_) => Err(ReleaseError::not_releasable(
                "a recursive query",
                "write its steps as joins",
            )),
            LogicalPlan::Subquery(_)
            | LogicalPlan::Repartition(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::Extension(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::DescribeTable(_) => Err(ReleaseError::not_releasable(
                "this kind of statement",
                "ask one SELECT",
            )),
        }
    }

    /// A projection that also hands on what is hidden, and the conditions that it decides values by.
    fn project(&mut self, mut input: Flow, mut exprs: Vec<Expr>) -> Result<Flow, ReleaseError> {
        input.check_total(&exprs)?;
        let mut columns: Vec<Known> = exprs.iter().map(|expr| input.known_of(expr)).collect();
        if input.is_of_nobody() {
            // Of nobody no condition is counted, so what one chose is no amount: it could be one for each person.
            for known in &mut columns {
                known.computed |= known.chosen;
            }
        } else {
            for at in 0..exprs.len() {
                for part in input.parts_to_hand_on(&exprs[at])? {
                    // A column brings its parts along by itself.
                    if columns[at].parts.contains(&part.qualified_name().1) {
                        continue;
                    }
                    let name = self.name("part");
                    columns.push(Known {
                        hidden: true,
                        ..input.known_of(&part)
                    });
                    exprs.push(part.alias(&name));
                    columns[at].parts.push(name);
                }
                for condition in conditions(&exprs[at]) {
                    let name = self.name("line");
                    columns.push(Known {
                        of: input.made_of([&condition]),
                        ..Known::hidden()
                    });
                    exprs.push(condition.alias(&name));
                    columns[at].lines.push(name);
                }
            }
        }
        for (column, known) in input.hidden() {
            exprs.push(Expr::Column(column));
            columns.push(known);
        }
        input.plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(input.plan))?);
        input.columns = columns;
        Ok(input)
    }

    /// A name that no question can hold and no other part of the plan has.
    fn name(&mut self, what: &str) -> String {
        self.names += 1;
        format!("{OURS}{what}{}", self.names)
    }

    fn instance(&mut self) -> usize {
        self.instances += 1;
        self.instances
    }
}

/// `(…) AS alias`: every column gets another qualifier, those of people too.
fn renamed(mut input: Flow, alias: &SubqueryAlias) -> Result<Flow, ReleaseError> {
    let qualifier = alias.alias.clone();
    input.plan = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(
        Arc::new(input.plan),
        qualifier.clone(),
    )?);
    for contributor in &mut input.people {
        contributor.column = Column::new(Some(qualifier.clone()), contributor.column.name.clone());
    }
    Ok(input)
}
