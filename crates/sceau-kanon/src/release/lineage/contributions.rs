//! Who adds what to a figure, for the ledger.
//!
//! Two figures over the same people may differ in a few rows of one of them. So of every measure that adds up its rows are
//! told by the people they are of and by the values they have: of a count that there is a row, of a sum or a mean each column
//! that the amount is made of, so that `sum(2 * cost)` is held against `sum(cost)`.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, cast, lit, when};

use super::checks::{filtered, person_of};
use super::expression::{beyond, plain};
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
                    let call =
                        sketch_contributions(k).call(vec![value.clone(), person_of(contributor)]);
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
        for argument in measure.arguments() {
            for column in input.columns_of(argument) {
                values.push(cast(column, DataType::Float64));
            }
        }
    }
    let counts_rows = matches!(measure.kind, Kind::Count | Kind::Mean) && !measure.is_distinct();
    if counts_rows || values.is_empty() && measure.kind == Kind::Sum {
        let present = measure
            .arguments()
            .iter()
            .filter(|argument| !matches!(argument, Expr::Literal(..)))
            .map(|argument| plain(argument.clone().is_not_null()))
            .reduce(Expr::and);
        values.push(match present {
            Some(present) => when(present, lit(1.0)).end()?,
            None => lit(1.0),
        });
    }
    Ok(values)
}
