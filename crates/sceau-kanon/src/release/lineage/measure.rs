//! What may be said of a group of people, and which of them it is said of.

use datafusion::common::Result;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, lit};

use super::expression::{check_expressions, plain};
use super::flow::Flow;
use crate::release::ReleaseError;

/// One aggregate function of a question.
pub(super) struct Measure<'a> {
    pub(super) kind: Kind,
    params: &'a AggregateFunctionParams,
}

/// What kinds of aggregate functions there are, as far as single persons are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// How many rows or values.
    Count,
    /// An amount to which every row adds.
    Sum,
    /// A mean, or what is made of means.
    Mean,
    /// The value of one row, unless all rows are of one person anyway.
    OneOf,
}

/// The rows that a measure is made of, as conditions.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Each must be met by nobody, or by enough people.
    pub(super) of: Vec<Expr>,
    /// The question draws a line here: enough people must be on its other side, too, and between it and other lines.
    pub(super) split: Vec<Expr>,
}

impl<'a> Measure<'a> {
    /// # Errors
    /// When the function gives back the value of one person, or is not known.
    pub(super) fn of(expr: &'a Expr) -> Result<Self, ReleaseError> {
        match expr {
            Expr::Alias(alias) => Self::of(&alias.expr),
            Expr::AggregateFunction(AggregateFunction { func, params }) => {
                check_expressions(&params.args)?;
                check_expressions(params.filter.as_deref())?;
                check_expressions(params.order_by.iter().map(|sort| &sort.expr))?;
                Ok(Self {
                    kind: kind(func.name())?,
                    params,
                })
            }
            _ => Err(ReleaseError::Engine),
        }
    }

    /// The amount that a sum or a mean is of, if it is one: not a constant, and a number.
    pub(super) fn amount(&self, input: &Flow) -> Result<Option<Expr>> {
        match self.params.args.first() {
            Some(argument)
                if matches!(self.kind, Kind::Sum | Kind::Mean)
                    && !matches!(argument, Expr::Literal(..))
                    && argument
                        .get_type(input.plan.schema().as_ref())?
                        .is_numeric() =>
            {
                Ok(Some(argument.clone()))
            }
            _ => Ok(None),
        }
    }

    /// The conditions that decide on the measure's value.
    pub(super) fn lines(&self, input: &Flow) -> Vec<Expr> {
        let through = self
            .params
            .args
            .iter()
            .flat_map(|argument| input.lines_through(argument));
        match self.filter() {
            None => through.collect(),
            Some(filter) => {
                let filter = plain(filter.clone());
                through
                    .map(|line| filter.clone().and(line))
                    .chain([filter.clone()])
                    .collect()
            }
        }
    }

    pub(super) fn filter(&self) -> Option<&'a Expr> {
        self.params.filter.as_deref()
    }

    pub(super) fn function(expr: &Expr) -> &str {
        match expr {
            Expr::Alias(alias) => Self::function(&alias.expr),
            Expr::AggregateFunction(call) => call.func.name(),
            _ => "this function",
        }
    }

    /// Whether what comes out was decided by a condition.
    pub(super) fn is_chosen(&self, input: &Flow) -> bool {
        self.filter().is_some()
            || self.kind == Kind::OneOf
            || self
                .params
                .args
                .iter()
                .any(|argument| input.known_of(argument).chosen)
    }

    /// The rows that the measure is made of.
    pub(super) fn rows(&self, input: &Flow) -> Result<Rows, ReleaseError> {
        let mut rows = Rows::default();
        let filter = self.filter().cloned().map(plain);
        let filtered = |condition: Expr| match &filter {
            Some(filter) => filter.clone().and(condition),
            None => condition,
        };
        rows.split = self.lines(input);
        let schema = input.plan.schema();
        for argument in &self.params.args {
            let known = input.known_of(argument);
            let followed = !input.lines_through(argument).is_empty();
            let nullable =
                !matches!(argument, Expr::Literal(..)) && argument.nullable(schema.as_ref())?;
            let present = nullable.then(|| argument.clone().is_not_null());
            let person = known.origin.as_ref().is_some_and(|origin| origin.person);
            match self.kind {
                // How many values are missing is one subtraction away; that an identifier is missing tells of nobody.
                Kind::Count if !person => rows.split.extend(present.map(filtered)),
                Kind::Sum
                    if argument.get_type(schema.as_ref())?.is_numeric()
                        && !matches!(argument, Expr::Literal(..)) =>
                {
                    for term in terms(argument) {
                        if term.get_type(schema.as_ref())?.is_numeric() {
                            rows.of.push(filtered(term.clone().not_eq(lit(0))));
                        }
                    }
                    let adds = filtered(argument.clone().not_eq(lit(0)));
                    // Chosen by what is not followed, a window: its sum may be a count of those who have it.
                    if known.chosen && !followed {
                        rows.split.push(adds);
                    } else {
                        rows.of.push(adds);
                    }
                }
                Kind::Mean if known.chosen && !followed => {
                    rows.split.push(filtered(argument.clone().not_eq(lit(0))))
                }
                Kind::Count | Kind::Sum | Kind::Mean | Kind::OneOf => {
                    rows.of.extend(present.map(filtered))
                }
            }
        }
        Ok(rows)
    }
}

/// What an amount is the sum of: a sum of sums is taken apart by whoever knows one of them.
fn terms(amount: &Expr) -> Vec<&Expr> {
    match amount {
        Expr::Alias(alias) => terms(&alias.expr),
        Expr::Cast(cast) => terms(&cast.expr),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Plus | Operator::Minus,
            right,
        }) => [terms(left), terms(right)].concat(),
        Expr::Literal(..) => vec![],
        term => vec![term],
    }
}

fn kind(function: &str) -> Result<Kind, ReleaseError> {
    let instead = match function {
        "count" | "regr_count" => return Ok(Kind::Count),
        "sum" => return Ok(Kind::Sum),
        "avg" | "corr" | "covar_pop" | "covar_samp" | "stddev" | "stddev_pop" | "var"
        | "var_pop" | "regr_avgx" | "regr_avgy" | "regr_intercept" | "regr_r2" | "regr_slope"
        | "regr_sxx" | "regr_sxy" | "regr_syy" => {
            return Ok(Kind::Mean);
        }
        "min" | "max" | "median" | "percentile_cont" | "bool_and" | "bool_or" => {
            return Ok(Kind::OneOf);
        }
        "first_value" | "last_value" | "nth_value" | "any_value" | "array_agg" | "string_agg" => {
            "group by the value, or use count, sum or avg"
        }
        "approx_distinct" => "use count(DISTINCT …)",
        _ => "use count, sum, avg or stddev",
    };
    Err(ReleaseError::ShowsOnePerson {
        function: function.to_owned(),
        instead,
    })
}
