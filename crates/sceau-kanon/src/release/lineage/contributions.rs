//! Who adds what to a figure, for the ledger.
//!
//! Two figures over the same people may differ in a few rows of one of them. So of every measure that adds up its rows are
//! told by the people they are of and by the values they have: of a count that there is a row, of a sum or a mean each column
//! that the amount is made of, so that `sum(2 * cost)` is held against `sum(cost)`. A constant counts the rows that it is added
//! on: `sum(CASE WHEN act = 'X' THEN 1 ELSE 0 END)` is the count of those of X.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, cast, lit, when};

use super::amount::is_literal;
use super::checks::{filtered, person_of};
use super::expression::{beyond, is_zero, plain};
use super::flow::{Contributor, Flow};
use super::measure::{Kind, Measure};
use crate::ledger::sketch_contributions;

/// The columns of the aggregate that tell who adds what, each with the contributor whose people they are of.
///
/// # Errors
/// When the engine cannot tell what type a value has.
pub(super) fn contributions<'a>(
    input: &'a Flow,
    measures: &[Measure],
    k: u32,
) -> Result<Vec<(Expr, &'a Contributor)>> {
    let mut found: Vec<(Expr, &Contributor)> = vec![];
    for measure in measures {
        for value in values(measure, input)? {
            // What a condition leaves over is one subtraction away.
            let rest = measure.filter().map(beyond);
            for condition in [measure.filter().cloned().map(plain)]
                .into_iter()
                .chain(rest.map(Some))
            {
                for contributor in input.people.iter().filter(|of| of.is_alone()) {
                    let person = person_of(contributor);
                    // Where nobody must be, those who are missing are not one person.
                    let value = match contributor.required {
                        true => value.clone(),
                        false => when(plain(person.clone().is_not_null()), value.clone()).end()?,
                    };
                    let call = sketch_contributions(k).call(vec![value, person]);
                    let expr = filtered(call, condition.as_ref());
                    if !found.iter().any(|(known, _)| *known == expr) {
                        found.push((expr, contributor));
                    }
                }
            }
        }
    }
    Ok(found)
}

/// The numbers that a measure adds up, row by row, as far as it adds any.
fn values(measure: &Measure, input: &Flow) -> Result<Vec<Expr>> {
    let mut values = vec![];
    if matches!(measure.kind, Kind::Sum | Kind::Mean) {
        let mut taken = Taken { input, all: vec![] };
        // What is made of pairs is made of the rows that have both.
        let both = (measure.arguments().len() > 1)
            .then(|| present(measure))
            .flatten();
        for argument in measure.arguments() {
            taken.add(argument, both.as_ref());
        }
        values = taken.into_values()?;
    }
    if matches!(measure.kind, Kind::Count | Kind::Mean) && !measure.is_distinct() {
        values.push(where_true(present(measure), lit(1.0))?);
    }
    Ok(values)
}

/// That a row has what a measure is made of.
fn present(measure: &Measure) -> Option<Expr> {
    measure
        .arguments()
        .iter()
        .filter(|argument| !matches!(argument, Expr::Literal(..)))
        .map(|argument| plain(argument.clone().is_not_null()))
        .reduce(Expr::and)
}

/// What amounts are the sum of: columns, and 1 for every constant but 0, each on the rows that it is taken on.
struct Taken<'a> {
    input: &'a Flow,
    all: Vec<(Expr, Vec<Option<Expr>>)>,
}

impl Taken<'_> {
    /// Takes an amount on the rows that meet a condition.
    fn add(&mut self, amount: &Expr, on: Option<&Expr>) {
        match amount {
            Expr::Alias(alias) => self.add(&alias.expr, on),
            Expr::Negative(inner) => self.add(inner, on),
            _ if is_literal(amount) => {
                if !is_zero(amount) && !is_null(amount) {
                    self.take(lit(1.0), on.cloned());
                }
            }
            Expr::Cast(cast) => self.add(&cast.expr, on),
            Expr::TryCast(cast) => self.add(&cast.expr, on),
            Expr::Column(_) => self.add_column(amount, on),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
                Operator::Plus | Operator::Minus => {
                    // Where one is missing, neither is added.
                    let on = and(on, amount.clone().is_not_null());
                    self.add(left, on.as_ref());
                    self.add(right, on.as_ref());
                }
                Operator::Multiply if is_literal(left) => self.add(right, on),
                Operator::Multiply | Operator::Divide => self.add(left, on),
                _ => self.take(lit(1.0), and(on, amount.clone())),
            },
            Expr::Case(case) => {
                for branch in 0..case.when_then_expr.len() {
                    self.add(
                        &case.when_then_expr[branch].1,
                        and(on, takes(case, branch)).as_ref(),
                    );
                }
                if let Some(other) = &case.else_expr {
                    let on = and(on, takes(case, case.when_then_expr.len()));
                    self.add(other, on.as_ref());
                }
            }
            Expr::ScalarFunction(call) => match (call.name(), call.args.as_slice()) {
                ("coalesce" | "nvl", [value, other]) => {
                    self.add(value, on);
                    self.add(other, and(on, value.clone().is_null()).as_ref());
                }
                ("nullif", [value, _]) => {
                    self.add(value, and(on, amount.clone().is_not_null()).as_ref());
                }
                _ => self.take(lit(1.0), and(on, amount.clone())),
            },
            condition => self.take(lit(1.0), and(on, condition.clone())),
        }
    }

    fn add_column(&mut self, column: &Expr, on: Option<&Expr>) {
        for column in self.input.columns_of(column) {
            let kind = column.get_type(self.input.plan.schema().as_ref());
            let value = match kind {
                Ok(DataType::Boolean) => {
                    self.take(lit(1.0), and(on, column));
                    continue;
                }
                // Of a span of time, its ends.
                Ok(DataType::Date32) => cast(column, DataType::Int32),
                Ok(DataType::Date64 | DataType::Timestamp(..) | DataType::Duration(_)) => {
                    cast(column, DataType::Int64)
                }
                _ => column,
            };
            self.take(cast(value, DataType::Float64), on.cloned());
        }
    }

    fn take(&mut self, value: Expr, on: Option<Expr>) {
        match self.all.iter_mut().find(|(known, _)| *known == value) {
            Some((_, conditions)) if conditions.contains(&on) => {}
            Some((_, conditions)) => conditions.push(on),
            None => self.all.push((value, vec![on])),
        }
    }

    /// Each by itself, and what is taken on several conditions on all of them as well: by CASE a column may be put together
    /// from its parts.
    fn into_values(self) -> Result<Vec<Expr>> {
        let mut values = vec![];
        for (value, conditions) in self.all {
            if conditions.len() > 1 {
                let any = conditions
                    .iter()
                    .cloned()
                    .reduce(|one, other| Some(one?.or(other?)));
                values.push(where_true(any.flatten(), value.clone())?);
            }
            for condition in conditions {
                values.push(where_true(condition, value.clone())?);
            }
        }
        Ok(values)
    }
}

/// The rows that take this branch of a CASE; the branch after the last is ELSE.
fn takes(case: &Case, branch: usize) -> Expr {
    let branches = case.when_then_expr.iter().enumerate();
    Expr::Case(Case {
        expr: case.expr.clone(),
        when_then_expr: branches
            .map(|(at, (when, _))| (when.clone(), Box::new(lit(at == branch))))
            .collect(),
        else_expr: Some(Box::new(lit(branch == case.when_then_expr.len()))),
    })
}

fn and(on: Option<&Expr>, condition: Expr) -> Option<Expr> {
    let condition = plain(condition);
    Some(match on {
        Some(on) => on.clone().and(condition),
        None => condition,
    })
}

fn where_true(condition: Option<Expr>, value: Expr) -> Result<Expr> {
    match condition {
        Some(condition) => when(condition, value).end(),
        None => Ok(value),
    }
}

fn is_null(literal: &Expr) -> bool {
    match literal {
        Expr::Literal(value, _) => value.is_null(),
        Expr::Alias(alias) => is_null(&alias.expr),
        Expr::Cast(cast) => is_null(&cast.expr),
        Expr::TryCast(cast) => is_null(&cast.expr),
        Expr::Negative(inner) => is_null(inner),
        _ => false,
    }
}
