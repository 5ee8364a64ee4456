//! What a cell is checked on, as columns of its aggregate.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::count_distinct;
use datafusion::functions_nested::expr_fn::array_element;
use datafusion::logical_expr::{Expr, cast, lit};
use sceau_core::permit::Dominance;

use super::expression::{beyond, plain};
use super::flow::{Contributor, Flow};
use super::measure::{Kind, Measure};
use crate::contributors::{
    Extreme, count_merged_people, count_people, mark_unknown, merged_people_at_extreme,
    people_apart, people_at_extreme, people_beyond, people_outside,
};
use crate::dominance::{top_contributors, top_margin, top_share};
use crate::release::ReleaseError;
use crate::release::gate::{Check, Dominant, Rule, Test};

/// The numbers that a cell is checked on, as expressions of the aggregate.
pub(super) struct Checks<'a> {
    input: &'a Flow,
    k: u32,
    found: Vec<(Expr, Check)>,
    largest: Vec<(Expr, Dominant)>,
}

impl<'a> Checks<'a> {
    pub(super) fn new(input: &'a Flow, k: u32) -> Self {
        Self {
            input,
            k,
            found: vec![],
            largest: vec![],
        }
    }

    pub(super) fn into_found(self) -> Vec<(Expr, Check)> {
        self.found
    }

    /// The largest contributors to each amount, and what they may be of it.
    pub(super) fn largest(&self) -> &[(Expr, Dominant)] {
        &self.largest
    }

    /// Everybody that must be behind a cell, and where nobody must, somebody of those who may.
    pub(super) fn of_the_cell(&mut self) {
        let nobody_must = self.nobody_must();
        for contributor in &self.input.people {
            let counted = self.counted(contributor, Expr::Column(contributor.column.clone()));
            let test = if contributor.required {
                Test::AtLeastK
            } else if nobody_must {
                // Ids of two kinds may be the same people: each kind is held to k.
                self.push(counted.clone(), Test::NobodyOrK, Rule::People);
                Test::AnyAtLeastK
            } else {
                Test::NobodyOrK
            };
            self.push(counted, test, Rule::People);
        }
    }

    /// The people behind some of the rows of a cell: none, or enough. Rows of unknown people are somebody's.
    pub(super) fn of_rows(&mut self, condition: &Expr) {
        self.of_people_who(condition, Test::NobodyOrK, Rule::Measures);
    }

    /// The people for whom a condition on a sensitive column is true, and those for whom it is not: neither nobody nor
    /// everybody.
    pub(super) fn of_sensitive(&mut self, condition: &Expr) {
        self.of_people_who(condition, Test::AtLeastK, Rule::Unanimous);
        self.of_people_who(&beyond(condition), Test::AtLeastK, Rule::Unanimous);
    }

    fn of_people_who(&mut self, condition: &Expr, test: Test, rule: Rule) {
        let input = self.input;
        for contributor in &input.people {
            let people = self.counted(contributor, marked(contributor));
            // Who is optional may be nobody's at all.
            let test = if contributor.required {
                test
            } else {
                Test::NobodyOrK
            };
            self.push(filtered(people, Some(condition)), test, rule);
        }
    }

    /// That not all of a cell have one sensitive value.
    pub(super) fn of_variety(&mut self, measure: &Measure) {
        for argument in measure.arguments() {
            if self.input.known_of(argument).sensitive {
                let values = count_distinct(argument.clone());
                self.push(
                    filtered(values, measure.filter()),
                    Test::AtLeastTwo,
                    Rule::Unanimous,
                );
            }
        }
    }

    /// The share of an amount that comes from the few people who make up most of it.
    pub(super) fn of_share(
        &mut self,
        measure: &Measure,
        rule: Dominance,
    ) -> Result<(), ReleaseError> {
        let most = rule.percent / 100.0;
        let top = rule.top;
        self.of_amount(
            measure,
            Dominant::ShareAtMost { top, most },
            &|person, amount| {
                (
                    top_share(top).call(vec![person, amount]),
                    Test::ShareAtMost(most),
                )
            },
        )
    }

    /// What of an amount the two largest contributors leave to the others.
    pub(super) fn of_margin(
        &mut self,
        measure: &Measure,
        percent: f64,
    ) -> Result<(), ReleaseError> {
        let test = Test::MarginAtLeast(percent);
        self.of_amount(
            measure,
            Dominant::MarginAtLeast(percent),
            &|person, amount| (top_margin().call(vec![person, amount]), test),
        )
    }

    fn of_amount(
        &mut self,
        measure: &Measure,
        rule: Dominant,
        check: &dyn Fn(Expr, Expr) -> (Expr, Test),
    ) -> Result<(), ReleaseError> {
        let amounts = measure.amounts(self.input)?;
        if amounts.is_empty() {
            return Ok(());
        }
        let people = self.single_people(
            "an amount of an inner aggregate over several people, under the permit's dominance rule,",
            "group the inner query by the person's identifier, or sum once",
        )?;
        let taken = measure.taken();
        for amount in amounts {
            let amount = cast(amount, DataType::Float64);
            for person in &people {
                let (call, test) = check(person.clone(), amount.clone());
                self.push(filtered(call, taken.as_ref()), test, Rule::Dominance);
                let largest =
                    top_contributors(rule.top()).call(vec![person.clone(), amount.clone()]);
                let largest = (filtered(largest, taken.as_ref()), rule);
                if !self.largest.contains(&largest) {
                    self.largest.push(largest);
                }
            }
        }
        Ok(())
    }

    /// The people who share a minimum or a maximum.
    pub(super) fn of_extreme(&mut self, measure: &Measure, extreme: Extreme) {
        let Some(value) = measure.arguments().first() else {
            return;
        };
        let input = self.input;
        for contributor in &input.people {
            let function = if contributor.set {
                merged_people_at_extreme(self.k, extreme)
            } else {
                people_at_extreme(self.k, extreme)
            };
            let sharing = function.call(vec![value.clone(), marked(contributor)]);
            self.push(
                filtered(sharing, measure.filter()),
                Test::NobodyOrK,
                Rule::Extremes,
            );
        }
    }

    /// The people who stand apart from the value that most have, where a condition picked the values or there are few of them.
    ///
    /// # Errors
    /// When the engine cannot tell what type an amount has.
    pub(super) fn of_those_apart(
        &mut self,
        measure: &Measure,
        picked: &BTreeSet<String>,
    ) -> Result<(), ReleaseError> {
        let input = self.input;
        let mut values = measure.amounts(input)?;
        for argument in measure.arguments() {
            if !values.contains(argument) {
                values.push(argument.clone());
            }
        }
        for argument in &values {
            let known = input.known_of(argument);
            let few = known.quasi && measure.kind != Kind::Count;
            let looked_at = match measure.kind {
                Kind::Sum | Kind::Mean => true,
                Kind::Count => measure.is_distinct() && !measure.counts_people(input),
                _ => false,
            };
            let is_constant = argument.column_refs().is_empty();
            if !looked_at || is_constant || !few && known.of.is_disjoint(picked) {
                continue;
            }
            let mut conditions = vec![measure.filter().cloned()];
            if measure.kind == Kind::Sum && known.chosen {
                // What a condition makes 0 adds nothing: who has it is not among those that the sum is of.
                let adds = argument.clone().not_eq(lit(0));
                conditions.push(Some(match measure.filter() {
                    Some(filter) => plain(filter.clone()).and(adds),
                    None => adds,
                }));
            }
            for condition in conditions {
                for person in self.each_alone() {
                    let call = people_apart(self.k).call(vec![argument.clone(), person]);
                    self.push(
                        filtered(call, condition.as_ref()),
                        Test::NobodyOrK,
                        Rule::Measures,
                    );
                }
            }
        }
        Ok(())
    }

    /// The people outside of what ties several sums together, where the question may have tied them: by taking one stored amount in
    /// several ways, person by person in a subquery or from several readings of a table.
    ///
    /// # Errors
    /// When the engine cannot tell what type an amount has.
    pub(super) fn of_those_outside(&mut self, measures: &[Measure]) -> Result<(), ReleaseError> {
        let input = self.input;
        let mut amounts: Vec<(Expr, Expr)> = vec![];
        for measure in measures {
            // What one sum puts together, another may take off again.
            for term in [measure.terms(input)?, measure.amounts(input)?].concat() {
                let amount = (term.clone(), measure.added(&term)?);
                if !amounts.contains(&amount) {
                    amounts.push(amount);
                }
            }
        }
        // Those that hang together, one through another.
        while let Some(first) = amounts.pop() {
            let mut tied = vec![first];
            let mut at = 0;
            while at < tied.len() {
                let (near, far) = amounts
                    .into_iter()
                    .partition(|other| may_be_tied(input, &tied[at].0, &other.0));
                amounts = far;
                tied.extend::<Vec<_>>(near);
                at += 1;
            }
            if tied.len() < 2 {
                continue;
            }
            if tied.len() > MOST_TIED {
                return Err(ReleaseError::not_releasable(
                    "so many sums of one amount taken in several ways",
                    "ask for fewer at a time",
                ));
            }
            for person in self.each_alone() {
                let taken = tied
                    .iter()
                    .map(|(_, taken)| cast(taken.clone(), DataType::Float64));
                let arguments = std::iter::once(person).chain(taken).collect();
                let call = people_outside(self.k).call(arguments);
                self.push(call, Test::NobodyOrK, Rule::Measures);
            }
        }
        Ok(())
    }

    /// The person of a row, of every contributor that is one.
    fn each_alone(&self) -> Vec<Expr> {
        let nobody_must = self.nobody_must();
        let people = self.input.people.iter();
        people
            .filter(|contributor| contributor.is_alone())
            .filter(|contributor| contributor.required || nobody_must)
            .map(person_of)
            .collect()
    }

    /// The people on each side of percentiles, and between them where the same values are asked for several.
    ///
    /// # Errors
    /// When a percentile is not written out, or it is not known whose the values are.
    pub(super) fn of_percentiles(&mut self, measures: &[Measure]) -> Result<(), ReleaseError> {
        let mut asked: Vec<(&Expr, Option<&Expr>, Vec<f64>)> = vec![];
        for measure in measures {
            if measure.kind == Kind::Percentile
                && let Some(value) = measure.arguments().first()
            {
                let share = measure.percentile()?;
                let filter = measure.filter();
                match asked
                    .iter_mut()
                    .find(|known| (known.0, known.1) == (value, filter))
                {
                    Some(known) => known.2.push(share),
                    None => asked.push((value, filter, vec![share])),
                }
            }
        }
        for (value, filter, shares) in asked {
            let people = self.single_people(
                "a percentile of an inner aggregate over several people",
                "group the inner query by the person's identifier",
            )?;
            for person in people {
                let value = cast(value.clone(), DataType::Float64);
                let beyond = people_beyond(self.k, &shares).call(vec![value, person]);
                self.push(filtered(beyond, filter), Test::AtLeastK, Rule::Percentiles);
            }
        }
        Ok(())
    }

    /// For every contributor that must be there, or of those who may where none must, the person of a row.
    fn single_people(
        &self,
        what: &'static str,
        instead: &'static str,
    ) -> Result<Vec<Expr>, ReleaseError> {
        let nobody_must = self.nobody_must();
        self.input
            .people
            .iter()
            .filter(|contributor| contributor.required || nobody_must)
            .map(|contributor| {
                if !contributor.is_alone() {
                    return Err(ReleaseError::not_releasable(what, instead));
                }
                Ok(person_of(contributor))
            })
            .collect()
    }

    fn nobody_must(&self) -> bool {
        !self
            .input
            .people
            .iter()
            .any(|contributor| contributor.required)
    }

    fn counted(&self, contributor: &Contributor, people: Expr) -> Expr {
        let function = if contributor.set {
            count_merged_people(self.k)
        } else {
            count_people(self.k)
        };
        function.call(vec![people])
    }

    fn push(&mut self, expr: Expr, test: Test, rule: Rule) {
        let check = (expr, Check { test, rule });
        if !self.found.contains(&check) {
            self.found.push(check);
        }
    }
}

/// How many sums of one amount are looked at together: what it takes grows with each.
const MOST_TIED: usize = 5;

/// Whether a question may have made it so that two amounts are the same for most people.
fn may_be_tied(input: &Flow, one: &Expr, other: &Expr) -> bool {
    let tables = |expr: &Expr| -> BTreeSet<Option<usize>> {
        let columns = expr.column_refs().into_iter();
        columns
            .map(|column| {
                input
                    .origin_of(&Expr::Column(column.clone()))
                    .map(|origin| origin.instance)
            })
            .collect()
    };
    let counted = |expr: &Expr| input.known_of(expr).counted;
    let (made, of) = (input.known_of(one), input.known_of(other));
    let shared = !made.of.is_disjoint(&of.of) || counted(one) && counted(other);
    shared && (made.gathered || of.gathered || tables(one) != tables(other))
}

/// Of a contributor that is one person a row, that person.
pub(super) fn person_of(contributor: &Contributor) -> Expr {
    let person = Expr::Column(contributor.column.clone());
    if contributor.set {
        array_element(person, lit(1_i64))
    } else {
        person
    }
}

/// The people of a row; where somebody must be there and nobody is known, somebody unknown.
pub(super) fn marked(contributor: &Contributor) -> Expr {
    let people = Expr::Column(contributor.column.clone());
    if contributor.required {
        mark_unknown(people)
    } else {
        people
    }
}

pub(super) fn filtered(call: Expr, condition: Option<&Expr>) -> Expr {
    match (call, condition) {
        (Expr::AggregateFunction(mut call), Some(condition)) => {
            call.params.filter = Some(Box::new(condition.clone()));
            Expr::AggregateFunction(call)
        }
        (call, _) => call,
    }
}
