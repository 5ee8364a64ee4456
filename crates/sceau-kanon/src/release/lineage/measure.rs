//! What may be said of a group of people, and which of them it is said of.

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, cast, lit, when};

use super::amount::Scale;
use super::checks::filtered;
use super::expression::{check_expressions, plain};
use super::flow::Flow;
use crate::contributors::Extreme;
use crate::release::ReleaseError;
use crate::release::gate::Adds;

/// One aggregate function of a question.
pub(super) struct Measure<'a> {
    pub(super) kind: Kind,
    function: &'a str,
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
    /// The least or the greatest value.
    Extreme(Extreme),
    /// The value that a share of the rows does not reach.
    Percentile,
    /// The value of one row, unless all rows are of one person anyway.
    OneOf,
}

impl Kind {
    /// Whether it gives back the value of one row.
    pub(super) fn is_of_one(self) -> bool {
        matches!(self, Self::Extreme(_) | Self::Percentile | Self::OneOf)
    }
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
                    function: func.name(),
                    params,
                })
            }
            _ => Err(ReleaseError::Engine),
        }
    }

    /// The amounts that a sum or a mean is of: numbers, and not constant.
    pub(super) fn amounts(&self, input: &Flow) -> Result<Vec<Expr>> {
        let mut amounts = Vec::new();
        if matches!(self.kind, Kind::Sum | Kind::Mean) {
            for argument in &self.params.args {
                if !matches!(argument, Expr::Literal(..))
                    && argument
                        .get_type(input.plan.schema().as_ref())?
                        .is_numeric()
                {
                    amounts.extend(input.parts_of(argument)?);
                }
            }
        }
        Ok(amounts)
    }

    /// The numbers that it is made of: all but those that only their presence is counted of.
    pub(super) fn terms(&self, input: &Flow) -> Result<Vec<Expr>> {
        let arguments: &[Expr] = match self.kind {
            Kind::Count if !self.params.distinct || self.counts_people(input) => &[],
            Kind::Percentile => self.params.args.get(..1).unwrap_or_default(),
            _ => self.params.args.as_slice(),
        };
        let mut terms = Vec::new();
        for argument in arguments {
            let kind = argument.get_type(input.plan.schema().as_ref())?;
            let adds = kind.is_numeric() || kind == DataType::Boolean;
            if adds && !matches!(argument, Expr::Literal(..)) {
                terms.push(argument.clone().unalias());
            }
        }
        Ok(terms)
    }

    /// What a row adds of an amount: nothing where the filter leaves it out.
    pub(super) fn added(&self, amount: &Expr) -> Result<Expr> {
        match self.filter() {
            Some(filter) => when(plain(filter.clone()), amount.clone()).end(),
            None => Ok(amount.clone()),
        }
    }

    /// Of a sum or a mean of what is put together, those of its parts; none where what comes out is no sum of them.
    pub(super) fn parts(&self, input: &Flow) -> Result<Option<Vec<Expr>>> {
        let mut all = Vec::new();
        for argument in &self.params.args {
            all.extend(input.parts_to_hand_on(argument)?);
        }
        if all.is_empty() || self.kind == Kind::Count {
            return Ok(Some(vec![]));
        }
        let adds = match self.function {
            "sum" => Some(sum_udaf()),
            "avg" => Some(avg_udaf()),
            _ => None,
        };
        Ok(adds.map(|function| {
            let of_part = |part: Expr| {
                filtered(
                    function.call(vec![cast(part, DataType::Float64)]),
                    self.filter(),
                )
            };
            all.into_iter().map(of_part).collect()
        }))
    }

    /// The rows that it is made of, if not all: those that its filter keeps, and of pairs those that have both.
    pub(super) fn taken(&self) -> Option<Expr> {
        let pairs = self
            .params
            .args
            .iter()
            .filter(|_| self.params.args.len() > 1);
        let present = pairs
            .filter(|argument| !matches!(argument, Expr::Literal(..)))
            .map(|argument| plain(argument.clone().is_not_null()));
        let filter = self.filter().cloned().map(plain);
        filter.into_iter().chain(present).reduce(Expr::and)
    }

    /// The conditions that decide on the measure's value.
    ///
    /// # Errors
    /// When the engine cannot tell what type an argument has.
    pub(super) fn lines(&self, input: &Flow) -> Result<Vec<Expr>> {
        let mut lines = Vec::new();
        for argument in &self.params.args {
            lines.extend(input.lines_through(argument));
            // How many values are missing is one subtraction away; that an identifier is missing tells of nobody.
            if self.kind == Kind::Count && !is_person(argument, input) {
                lines.extend(present(argument, input)?);
            }
        }
        if let Some(filter) = self.filter() {
            let filter = plain(filter.clone());
            lines = lines
                .into_iter()
                .map(|line| filter.clone().and(line))
                .chain([filter.clone()])
                .collect();
        }
        Ok(lines)
    }

    /// The conditions that it was written with, here and below.
    pub(super) fn decided_by(&self, input: &Flow) -> Vec<Expr> {
        let through = self.params.args.iter();
        let through = through.flat_map(|argument| input.lines_through(argument));
        self.filter().cloned().into_iter().chain(through).collect()
    }

    /// Whether what it is made of are amounts.
    pub(super) fn is_of_amounts(&self, input: &Flow) -> bool {
        self.kind == Kind::Count
            || self
                .params
                .args
                .iter()
                .all(|argument| input.is_amount(argument))
    }

    /// Whether what comes out grows as its amounts do: a variance is a square, a square of squares makes the largest amount stand
    /// for the sum of all, and a slope or a correlation divides one amount by another.
    pub(super) fn is_even(&self) -> bool {
        let even = ["avg", "regr_avgx", "regr_avgy", "stddev", "stddev_pop"];
        self.kind != Kind::Mean || even.contains(&self.function)
    }

    /// By what the amounts that it is made of are multiplied.
    pub(super) fn scale(&self, input: &Flow) -> Scale {
        let scales = self
            .params
            .args
            .iter()
            .filter_map(|argument| input.scale_of(argument));
        match self.kind {
            Kind::Count => Scale::default(),
            _ => scales.reduce(Scale::and).unwrap_or_default(),
        }
    }

    pub(super) fn is_distinct(&self) -> bool {
        self.params.distinct
    }

    pub(super) fn arguments(&self) -> &'a [Expr] {
        &self.params.args
    }

    /// Of a percentile, which one, from 0 to 1.
    ///
    /// # Errors
    /// When it is not written out.
    pub(super) fn percentile(&self) -> Result<f64, ReleaseError> {
        let share = match self.params.args.get(1) {
            None => Some(0.5),
            Some(share) => written(share),
        };
        let Some(share) = share.filter(|share| (0.0..=1.0).contains(share)) else {
            return Err(ReleaseError::not_releasable(
                "a percentile that is not written out",
                "write a number from 0 to 1",
            ));
        };
        let descending = self.params.order_by.first().is_some_and(|sort| !sort.asc);
        Ok(if descending { 1.0 - share } else { share })
    }

    /// Whether it counts the people behind the rows, each once.
    pub(super) fn counts_people(&self, input: &Flow) -> bool {
        self.kind == Kind::Count
            && self.params.distinct
            && self.params.args.iter().all(|argument| {
                let origin = input.known_of(argument).origin;
                origin.is_some_and(|origin| origin.person)
            })
    }

    /// How its values in finer grouping sets make those in coarser ones, if they do.
    pub(super) fn adds(&self) -> Option<Adds> {
        match self.kind {
            Kind::Count | Kind::Sum if self.params.distinct => Some(Adds::Distinct),
            Kind::Count | Kind::Sum => Some(Adds::Up),
            _ => None,
        }
    }

    /// # Errors
    /// When it is made so that one person's value can be read from it.
    pub(super) fn check_arguments(&self, input: &Flow) -> Result<(), ReleaseError> {
        if self.kind == Kind::OneOf {
            return Err(self.shows_one_person());
        }
        let refused = |what: &str, instead| Err(ReleaseError::not_releasable(what, instead));
        if !self.is_of_amounts(input) {
            return refused(
                "a sum, a mean or an extreme of a function of columns",
                "take columns, their sums, differences and multiples, or CASE of them",
            );
        }
        let put_together = self
            .params
            .args
            .iter()
            .any(|argument| input.known_of(argument).put_together);
        if put_together && matches!(self.kind, Kind::Sum | Kind::Mean) {
            return refused(
                "a sum or a mean of what a subquery groups by, or takes an extreme of, and puts together from columns",
                "take the columns in the subquery, and put them together outside",
            );
        }
        if self.params.distinct && self.params.args.len() > 1 {
            return refused(
                "DISTINCT of several columns at once",
                "group by them in a subquery, and count those of its cells that may leave",
            );
        }
        if self.params.distinct {
            let columns = self
                .params
                .args
                .iter()
                .all(|argument| input.known_of(argument).origin.is_some());
            if self.kind != Kind::Count || !columns {
                return refused(
                    "DISTINCT of anything else than the values of columns, counted,",
                    "use count(DISTINCT column)",
                );
            }
        }
        if input.multiplied && !self.counts_people(input) {
            return refused(
                "anything but count(DISTINCT person) over a UNION, or a join on more than equal columns,",
                EQUAL_COLUMNS,
            );
        }
        Ok(())
    }

    pub(super) fn filter(&self) -> Option<&'a Expr> {
        self.params.filter.as_deref()
    }

    /// That it gives back the value of one person.
    pub(super) fn shows_one_person(&self) -> ReleaseError {
        ReleaseError::ShowsOnePerson {
            function: self.function.to_owned(),
            instead: "use count, sum, avg or stddev, group by classes of the value, or take it person by person in an inner \
                      GROUP BY on the person's identifier",
        }
    }

    /// Whether what comes out was decided by a condition.
    pub(super) fn is_chosen(&self, input: &Flow) -> bool {
        self.filter().is_some()
            || self.kind.is_of_one()
            || self
                .params
                .args
                .iter()
                .any(|argument| input.known_of(argument).chosen)
    }

    /// The rows that the measure is made of.
    pub(super) fn rows(&self, input: &Flow, alone: bool) -> Result<Rows, ReleaseError> {
        let mut rows = Rows::default();
        let filter = self.filter().cloned().map(plain);
        let filtered = |condition: Expr| match &filter {
            Some(filter) => filter.clone().and(condition),
            None => condition,
        };
        rows.split = self.lines(input)?;
        let schema = input.plan.schema();
        for argument in &self.params.args {
            let known = input.known_of(argument);
            let followed = !input.lines_through(argument).is_empty();
            let present = present(argument, input)?;
            match self.kind {
                // Its missing values are among the conditions.
                Kind::Count if !is_person(argument, input) => {}
                Kind::Sum
                    if argument.get_type(schema.as_ref())?.is_numeric()
                        && !matches!(argument, Expr::Literal(..)) =>
                {
                    // Beside another measure, how many amounts are missing is one subtraction away.
                    if !alone {
                        rows.split.extend(present.clone().map(filtered));
                    }
                    for term in terms(argument) {
                        if term.get_type(schema.as_ref())?.is_numeric() {
                            rows.of.push(filtered(term.clone().not_eq(lit(0))));
                        }
                    }
                    for part in input.parts_of(argument)? {
                        rows.of.push(filtered(plain(part.not_eq(lit(0)))));
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
                Kind::Mean if !alone => rows.split.extend(present.map(filtered)),
                _ => rows.of.extend(present.map(filtered)),
            }
        }
        // What is made of pairs is made of the rows that have both.
        if let [_, _, ..] = self.params.args.as_slice() {
            let both = self
                .params
                .args
                .iter()
                .filter(|argument| !matches!(argument, Expr::Literal(..)))
                .map(|argument| plain(argument.clone().is_not_null()))
                .reduce(Expr::and)
                .map(filtered);
            if self.kind == Kind::Count {
                rows.split.extend(both);
            } else {
                rows.of.extend(both);
            }
        }
        Ok(rows)
    }
}

/// What to ask in place of a join that gives some people more rows than others.
pub(super) const EQUAL_COLUMNS: &str = "join on equal columns only, and put other conditions in WHERE, in a subquery on the \
    optional side of an outer join or in a CASE, or count the person's identifier; years are one table without a UNION \
    (T_MCO_B)";

/// That an argument has a value, where it may have none.
fn present(argument: &Expr, input: &Flow) -> Result<Option<Expr>> {
    let nullable = !matches!(argument, Expr::Literal(..))
        && argument.nullable(input.plan.schema().as_ref())?;
    Ok(nullable.then(|| argument.clone().is_not_null()))
}

/// Whether it is the identifier of somebody who must be there: on the nullable side of an outer join a missing one tells that
/// there was no row.
fn is_person(argument: &Expr, input: &Flow) -> bool {
    input.origin_of(argument).is_some_and(|origin| {
        origin.person
            && input.people.iter().any(|contributor| {
                contributor.required && contributor.instances.contains(&origin.instance)
            })
    })
}

/// A number that is written out.
fn written(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(value, _) => match value.cast_to(&DataType::Float64) {
            Ok(ScalarValue::Float64(number)) => number,
            _ => None,
        },
        Expr::Cast(cast) => written(&cast.expr),
        Expr::TryCast(cast) => written(&cast.expr),
        Expr::Alias(alias) => written(&alias.expr),
        _ => None,
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
        "min" => return Ok(Kind::Extreme(Extreme::Least)),
        "max" => return Ok(Kind::Extreme(Extreme::Greatest)),
        "median" | "percentile_cont" => return Ok(Kind::Percentile),
        "bool_and" | "bool_or" => return Ok(Kind::OneOf),
        "first_value" | "last_value" | "nth_value" | "any_value" | "array_agg" | "string_agg" => {
            "group by the value, or use count, sum or avg"
        }
        "approx_distinct" | "approx_median" | "approx_percentile_cont" => {
            return Err(ReleaseError::not_releasable(
                format!("{function}, an estimate,"),
                "use count(DISTINCT column), median or percentile_cont",
            ));
        }
        _ => "use count, sum, avg or stddev",
    };
    Err(ReleaseError::ShowsOnePerson {
        function: function.to_owned(),
        instead,
    })
}
