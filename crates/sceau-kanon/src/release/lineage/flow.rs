use std::collections::{BTreeSet, HashSet};

use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};

use super::amount::Scale;
use super::asked::Asked;
use super::equal::{Equalities, Origin};
use super::expression::{chooses, conditions};
use super::ties::Ties;
use crate::release::ReleaseError;

/// A part of a plan, and the people behind its rows.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// The part, with the hidden columns that people are carried in.
    pub(super) plan: LogicalPlan,
    /// What is known of each of its columns, in order.
    pub(super) columns: Vec<Known>,
    /// The people behind a row: one for every table of the part that holds a person.
    pub(super) people: Vec<Contributor>,
    /// Tables that hold no person and whose person is not known yet.
    pub(super) details: Vec<Detail>,
    /// Tables of which every row of the part has one: what a detail may be linked to.
    pub(super) parents: Vec<(usize, String)>,
    /// Columns that are equal in every row.
    pub(super) equal: Vec<(Origin, Origin)>,
    /// Whether the question itself may have given some people more rows than others: by a UNION, or by a join on anything
    /// else than equal columns.
    pub(super) multiplied: bool,
    /// What the question's conditions look at.
    pub(super) asked: Asked,
    /// What people are joined with others by.
    pub(super) ties: Ties,
}

/// What is known of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Not a column of the question.
    pub(super) hidden: bool,
    /// The column of a table that it is, unchanged.
    pub(super) origin: Option<Origin>,
    /// Whether it is made of an identifier.
    pub(super) identifying: bool,
    /// Whether it tells of a sensitive column.
    pub(super) sensitive: bool,
    /// Whether its value was chosen by a condition, as a CASE does.
    pub(super) chosen: bool,
    /// Whether it is made by anything else than sums, differences and multiples of stored amounts.
    pub(super) computed: bool,
    /// By what the amounts that it is made of are multiplied.
    pub(super) scale: Scale,
    /// Whether an inner aggregate counted it.
    pub(super) counted: bool,
    /// Whether it comes out of an inner aggregate, or is made of what does.
    pub(super) gathered: bool,
    /// Whether it is of a table that holds no person, or is made of such a column.
    pub(super) reference: bool,
    /// Whether it tells of a quasi-identifier.
    pub(super) quasi: bool,
    /// The stored columns that it is made of, by name.
    pub(super) of: BTreeSet<String>,
    /// The hidden columns that hold what it is the sum of, by name.
    pub(super) parts: Vec<String>,
    /// Whether it was put together below, and its parts could not be handed on.
    pub(super) put_together: bool,
    /// The hidden columns that hold those conditions, by name.
    pub(super) lines: Vec<String>,
}

/// A column that tells the people behind a row.
#[derive(Debug, Clone)]
pub(super) struct Contributor {
    pub(super) column: Column,
    /// A set of people a row, as an inner aggregate gives, rather than one.
    pub(super) set: bool,
    /// Of a set: whether it is of one person, since the inner aggregate was by the person.
    pub(super) alone: bool,
    /// Whether every row has somebody here; on the nullable side of an outer join it has not.
    pub(super) required: bool,
    /// Ids of one space mean the same people.
    pub(super) space: String,
    /// Whether the ids are those of persons: the same in every such space, for whom the referential knows.
    pub(super) persons: bool,
    /// The tables whose people these are.
    pub(super) instances: Vec<usize>,
}

/// A table without a person, waiting for the join that says whose rows these are.
#[derive(Debug, Clone)]
pub(super) struct Detail {
    pub(super) instance: usize,
    pub(super) table: String,
    pub(super) parent: String,
    /// Pairs of (column here, column of the parent).
    pub(super) on: Vec<(String, String)>,
}

impl Known {
    /// What is known of a column that the pass adds.
    pub(super) fn hidden() -> Self {
        Self {
            hidden: true,
            ..Self::default()
        }
    }
}

impl Contributor {
    /// Whether a row has one person here, if any.
    pub(super) fn is_alone(&self) -> bool {
        !self.set || self.alone
    }
}

impl Detail {
    pub(super) fn unlinked(&self) -> ReleaseError {
        ReleaseError::UnlinkedDetail {
            table: self.table.clone(),
            parent: self.parent.clone(),
            on: self
                .on
                .iter()
                .map(|(here, there)| {
                    if here == there {
                        here.clone()
                    } else {
                        format!("{here} = {there}")
                    }
                })
                .collect(),
        }
    }
}

impl Flow {
    pub(super) fn of_nobody(plan: LogicalPlan) -> Self {
        Self {
            columns: vec![Known::default(); plan.schema().fields().len()],
            plan,
            people: vec![],
            details: vec![],
            parents: vec![],
            equal: vec![],
            multiplied: false,
            asked: Asked::default(),
            ties: Ties::default(),
        }
    }

    /// The same, where the question itself made the values and the rows: nothing that is summed or counted of them is stored.
    pub(super) fn made_of_nobody(plan: LogicalPlan) -> Self {
        let mut flow = Self::of_nobody(plan);
        for known in &mut flow.columns {
            known.computed = true;
            known.reference = true;
        }
        flow.multiplied = true;
        flow
    }

    /// Whether no person stands behind the rows.
    pub(super) fn is_of_nobody(&self) -> bool {
        self.people.is_empty() && self.details.is_empty()
    }

    /// # Errors
    /// When an expression over rows of people fails on some values.
    pub(super) fn check_total<'a>(
        &self,
        exprs: impl IntoIterator<Item = &'a Expr>,
    ) -> Result<(), ReleaseError> {
        if self.is_of_nobody() {
            return Ok(());
        }
        crate::release::total::check(exprs, self.plan.schema())
    }

    /// The same node over this flow's plan, which keeps all columns.
    pub(super) fn rebuilt(mut self, node: &LogicalPlan) -> Result<Self, ReleaseError> {
        self.check_total(&node.expressions())?;
        self.plan = node.with_new_exprs(node.expressions(), vec![self.plan])?;
        Ok(self)
    }

    pub(super) fn hidden(&self) -> Vec<(Column, Known)> {
        self.part(true)
    }

    pub(super) fn visible(&self) -> Vec<(Column, Known)> {
        self.part(false)
    }

    fn part(&self, hidden: bool) -> Vec<(Column, Known)> {
        self.plan
            .schema()
            .columns()
            .into_iter()
            .zip(self.columns.iter().cloned())
            .filter(|(_, known)| known.hidden == hidden)
            .collect()
    }

    /// What is known of an expression over the flow's columns.
    pub(super) fn known_of(&self, expr: &Expr) -> Known {
        match expr {
            Expr::Alias(alias) => self.known_of(&alias.expr),
            Expr::Column(column) => self.known_of_column(column),
            other => Known {
                hidden: false,
                origin: None,
                chosen: chooses(other)
                    || other
                        .column_refs()
                        .iter()
                        .any(|column| self.known_of_column(column).chosen),
                computed: !self.is_amount(other),
                scale: self.scale_of(other).unwrap_or_default(),
                parts: vec![],
                put_together: other
                    .column_refs()
                    .iter()
                    .any(|column| self.known_of_column(column).put_together),
                counted: false,
                gathered: other
                    .column_refs()
                    .iter()
                    .any(|column| self.known_of_column(column).gathered),
                reference: other
                    .column_refs()
                    .iter()
                    .any(|column| self.known_of_column(column).reference),
                lines: self.lines_of(other),
                quasi: other
                    .column_refs()
                    .iter()
                    .any(|column| self.known_of_column(column).quasi),
                of: self.made_of([other]),
                identifying: other
                    .column_refs()
                    .iter()
                    .any(|column| self.known_of_column(column).identifying),
                sensitive: self.is_sensitive(other),
            },
        }
    }

    /// The stored columns that expressions are made of.
    pub(super) fn made_of<'a>(
        &self,
        exprs: impl IntoIterator<Item = &'a Expr>,
    ) -> BTreeSet<String> {
        let columns = exprs.into_iter().flat_map(Expr::column_refs);
        columns
            .flat_map(|column| self.known_of_column(column).of)
            .collect()
    }

    /// Whether an expression tells of a sensitive column.
    pub(super) fn is_sensitive(&self, expr: &Expr) -> bool {
        expr.column_refs()
            .iter()
            .any(|column| self.known_of_column(column).sensitive)
    }

    /// Whether an expression is an amount: what is summed of it tells no more of one person than the amount itself.
    pub(super) fn is_amount(&self, expr: &Expr) -> bool {
        self.scale_of(expr).is_some()
    }

    /// By what an amount is multiplied, here and below, if it is one.
    pub(super) fn scale_of(&self, expr: &Expr) -> Option<Scale> {
        super::amount::scale_of(expr, self.plan.schema().as_ref(), &|column| {
            let known = self.known_of_column(column);
            (!known.computed).then_some(known.scale)
        })
    }

    /// The conditions made further below that decide on an expression's value.
    pub(super) fn lines_of(&self, expr: &Expr) -> Vec<String> {
        let mut lines = Vec::new();
        for column in expr.column_refs() {
            for line in self.known_of_column(column).lines {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        lines
    }

    /// The conditions that decide on an expression's value: its own, and those made further below.
    pub(super) fn lines_through(&self, expr: &Expr) -> Vec<Expr> {
        let below = self
            .lines_of(expr)
            .into_iter()
            .filter_map(|name| self.hidden_column(&name))
            .map(Expr::Column);
        conditions(expr).into_iter().chain(below).collect()
    }

    /// A hidden column by its name, which no other column has.
    pub(super) fn hidden_column(&self, name: &str) -> Option<Column> {
        self.hidden()
            .into_iter()
            .map(|(column, _)| column)
            .find(|column| column.name == name)
    }

    fn known_of_column(&self, column: &Column) -> Known {
        self.plan
            .schema()
            .maybe_index_of_column(column)
            .and_then(|at| self.columns.get(at))
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn origin_of(&self, expr: &Expr) -> Option<Origin> {
        self.known_of(expr).origin
    }

    /// As [`origin_of`](Self::origin_of), through the casts that comparing two columns of different widths needs.
    pub(super) fn compared_origin(&self, expr: &Expr) -> Option<Origin> {
        match expr {
            Expr::Cast(cast) => {
                let from = cast.expr.get_type(self.plan.schema().as_ref()).ok()?;
                keeps_apart(&from, cast.field.data_type()).then(|| self.origin_of(&cast.expr))?
            }
            Expr::TryCast(cast) => {
                let from = cast.expr.get_type(self.plan.schema().as_ref()).ok()?;
                keeps_apart(&from, cast.field.data_type()).then(|| self.origin_of(&cast.expr))?
            }
            other => self.origin_of(other),
        }
    }

    /// The columns that a condition makes equal.
    pub(super) fn equalities_in(&self, condition: &Expr) -> Vec<(Origin, Origin)> {
        split_conjunction(condition)
            .into_iter()
            .filter_map(|part| match part {
                Expr::BinaryExpr(BinaryExpr {
                    left,
                    op: Operator::Eq,
                    right,
                }) => Some((self.compared_origin(left)?, self.compared_origin(right)?)),
                _ => None,
            })
            .collect()
    }

    /// Whether a condition on joined rows gives some people more of them than others: it looks at a table of nobody and at another
    /// one at the same time, and at anything else than whether two of their columns are equal.
    pub(super) fn is_multiplied_by(&self, condition: &Expr) -> bool {
        split_conjunction(condition).into_iter().any(|part| {
            let columns: Vec<Known> = part
                .column_refs()
                .into_iter()
                .map(|column| self.known_of_column(column))
                .collect();
            let tables: HashSet<Option<usize>> = columns
                .iter()
                .map(|known| known.origin.as_ref().map(|origin| origin.instance))
                .collect();
            columns.iter().any(|known| known.reference)
                && tables.len() > 1
                && self.equalities_in(part).is_empty()
        })
    }

    /// Whether rows that agree in these columns are rows of one person, whoever of the people behind them is asked.
    pub(super) fn is_one_person(&self, columns: &[Origin]) -> bool {
        let equal = Equalities::new(&self.equal);
        self.people.iter().all(|contributor| {
            columns.iter().any(|column| {
                equal
                    .of(column)
                    .any(|origin| origin.person && contributor.instances.contains(&origin.instance))
            })
        })
    }

    /// Finds the person of details whose whole key is joined to their parent's.
    pub(super) fn link_details(&mut self) {
        let equal = Equalities::new(&self.equal);
        let parents = &self.parents;
        self.details
            .retain(|detail| !is_linked(detail, parents, &equal));
    }

    /// # Errors
    /// When a detail's person is still not known.
    pub(super) fn require_links(&mut self) -> Result<(), ReleaseError> {
        self.link_details();
        match self.details.first() {
            Some(detail) => Err(detail.unlinked()),
            None => Ok(()),
        }
    }
}

/// Whether a cast never makes two different values equal.
fn keeps_apart(from: &DataType, to: &DataType) -> bool {
    let text = |kind: &DataType| {
        matches!(
            kind,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        )
    };
    if text(from) && text(to) {
        return true;
    }
    match (from.primitive_width(), to.primitive_width()) {
        (Some(narrow), Some(wide)) if from.is_signed_integer() => {
            to.is_signed_integer() && narrow <= wide
        }
        (Some(narrow), Some(wide)) if from.is_unsigned_integer() => {
            to.is_integer() && narrow < wide
        }
        _ => false,
    }
}

fn is_linked(detail: &Detail, parents: &[(usize, String)], equal: &Equalities) -> bool {
    parents
        .iter()
        .filter(|(_, table)| table.eq_ignore_ascii_case(&detail.parent))
        .any(|(parent, _)| {
            detail.on.iter().all(|(here, there)| {
                equal.holds(
                    &Origin::new(detail.instance, here),
                    &Origin::new(*parent, there),
                )
            })
        })
}

/// Two flows side by side, as a join makes them.
pub(super) fn beside(left: Flow, right: Flow, plan: LogicalPlan) -> Flow {
    let mut joined = left;
    joined.plan = plan;
    joined.columns.extend(right.columns);
    joined.people.extend(right.people);
    joined.details.extend(right.details);
    joined.parents.extend(right.parents);
    joined.equal.extend(right.equal);
    joined.multiplied |= right.multiplied;
    joined.asked.add(&right.asked);
    joined.ties.add(&right.ties);
    joined
}
