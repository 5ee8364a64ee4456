use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::functions_aggregate::bool_and_or::bool_or_udaf;
use datafusion::functions_nested::expr_fn::array_element;
use datafusion::logical_expr::{Aggregate, Distinct, Expr, ExprSchemable, LogicalPlan, cast, lit};
use sceau_core::permit::{Dominance, Withheld};

use super::flow::{Contributor, Flow, Known};
use super::measure::{Kind, Measure};
use super::{Pass, Place};
use crate::contributors::{
    collect_people, count_merged_people, count_people, mark_unknown, merge_people,
};
use crate::dominance::top_share;
use crate::release::ReleaseError;
use crate::release::gate::{Check, Gate, GateNode, Rule, Tally, Test};

/// How many lines a question may draw through its cells: their differences are all counted.
const MOST_SPLITS: usize = 6;

impl Pass<'_> {
    pub(super) fn aggregate(
        &mut self,
        aggregate: &Aggregate,
        place: Place,
    ) -> Result<Flow, ReleaseError> {
        super::check_expressions(&aggregate.group_expr)?;
        let mut input = self.flow(&aggregate.input, Place::Under)?;
        input.require_links()?;
        let (keys, measures) = (aggregate.group_expr.clone(), aggregate.aggr_expr.clone());
        if input.people.is_empty() {
            for measure in &measures {
                super::check_expressions([measure])?;
            }
            let node = LogicalPlan::Aggregate(aggregate.clone());
            let plan = node.with_new_exprs(node.expressions(), vec![input.plan])?;
            return Ok(Flow::of_nobody(plan));
        }
        match place {
            Place::Top => self.gated(input, keys, measures),
            Place::Under => self.collect(input, keys, measures),
        }
    }

    /// DISTINCT of rows is GROUP BY all columns; of what has passed the gate, it is itself.
    pub(super) fn distinct(
        &mut self,
        plan: &LogicalPlan,
        input: &LogicalPlan,
        place: Place,
    ) -> Result<Flow, ReleaseError> {
        let mut input = self.flow(input, place)?;
        if input.is_of_nobody() {
            debug_assert!(matches!(plan, LogicalPlan::Distinct(Distinct::All(_))));
            return input.rebuilt(plan);
        }
        input.require_links()?;
        if input.people.is_empty() {
            return input.rebuilt(plan);
        }
        let keys = input
            .visible()
            .into_iter()
            .map(|(column, _)| Expr::Column(column))
            .collect();
        match place {
            Place::Top => self.gated(input, keys, vec![]),
            Place::Under => self.collect(input, keys, vec![]),
        }
    }

    /// An aggregate that another one stands above: its groups carry their people upwards.
    pub(super) fn collect(
        &mut self,
        input: Flow,
        keys: Vec<Expr>,
        mut measures: Vec<Expr>,
    ) -> Result<Flow, ReleaseError> {
        let origins: Vec<_> = keys.iter().filter_map(|key| input.origin_of(key)).collect();
        let one_person = input.is_one_person(&origins);
        let mut columns = Vec::with_capacity(keys.len() + measures.len());
        // Which column of the aggregate is decided by which conditions on the rows below.
        let mut lines: Vec<(usize, Expr)> = Vec::new();
        for key in &keys {
            let here = input.lines_through(key);
            lines.extend(here.into_iter().map(|line| (columns.len(), line)));
            columns.push(Known {
                lines: vec![],
                ..input.known_of(key)
            });
        }
        for expr in &measures {
            let measure = Measure::of(expr)?;
            if measure.kind == Kind::OneOf && !one_person {
                return Err(one_of(expr));
            }
            lines.extend(
                measure
                    .lines(&input)
                    .into_iter()
                    .map(|line| (columns.len(), line)),
            );
            columns.push(Known {
                chosen: measure.is_chosen(&input),
                ..Known::default()
            });
        }
        for (at, line) in lines {
            let name = self.name("line");
            measures.push(bool_or_udaf().call(vec![line]).alias(&name));
            columns[at].lines.push(name);
            columns.push(Known::hidden());
        }
        let mut people = Vec::with_capacity(input.people.len());
        for contributor in &input.people {
            let name = self.name("people");
            let function = if contributor.set {
                merge_people(self.rules.k)
            } else {
                collect_people(self.rules.k)
            };
            measures.push(
                function
                    .call(vec![Expr::Column(contributor.column.clone())])
                    .alias(&name),
            );
            columns.push(Known::hidden());
            people.push(Contributor {
                column: Column::new_unqualified(name),
                set: true,
                alone: contributor.is_alone() && one_person,
                ..contributor.clone()
            });
        }
        let plan = Aggregate::try_new(Arc::new(input.plan), keys, measures)?;
        Ok(Flow {
            columns,
            people,
            equal: input.equal,
            ..Flow::of_nobody(LogicalPlan::Aggregate(plan))
        })
    }

    /// The topmost aggregate: what comes out of it is cells, and the gate stands above it.
    fn gated(
        &mut self,
        input: Flow,
        keys: Vec<Expr>,
        measures: Vec<Expr>,
    ) -> Result<Flow, ReleaseError> {
        if self.gate.is_some() {
            return Err(ReleaseError::Margins {
                found: "a second table of cells (a subquery, a join or a UNION)",
            });
        }
        let mut rounded = Vec::new();
        let mut of = Vec::new();
        let mut splits = Vec::new();
        for (at, expr) in measures.iter().enumerate() {
            let measure = Measure::of(expr)?;
            if measure.kind == Kind::OneOf {
                return Err(one_of(expr));
            }
            if measure.kind == Kind::Count || measure.kind == Kind::Sum && measure.is_chosen(&input)
            {
                rounded.push(at);
            }
            let rows = measure.rows(&input)?;
            add_new(&mut of, rows.of);
            add_new(&mut splits, rows.split);
        }
        if splits.len() > MOST_SPLITS {
            return Err(ReleaseError::not_releasable(
                "a table of so many different conditions",
                "make the conditions columns of GROUP BY, or ask for fewer at a time",
            ));
        }
        let mut checks = Checks {
            people: &input.people,
            k: self.rules.k,
            found: vec![],
        };
        checks.of_the_cell();
        for condition in of.iter().chain(&splits) {
            checks.of_rows(condition);
        }
        for line in &splits {
            let beyond = beyond(line);
            checks.of_rows(&beyond);
            for other in splits.iter().filter(|other| *other != line) {
                checks.of_rows(&other.clone().and(beyond.clone()));
            }
        }
        for &dominance in &self.rules.dominance {
            for expr in &measures {
                checks.of_amount(&Measure::of(expr)?, dominance, &input)?;
            }
        }
        let (exprs, found): (Vec<_>, Vec<_>) = checks.found.into_iter().unzip();
        let (key_count, measure_count) = (keys.len(), measures.len());
        let mut all = measures;
        for expr in exprs {
            let name = self.name("check");
            all.push(expr.alias(name));
        }
        let named = !keys.iter().any(|key| is_own(key, &input));
        let withheld = match self.rules.withheld {
            Withheld::Mask if keys.iter().any(|key| is_own(key, &input)) => Withheld::Omit,
            withheld => withheld,
        };
        let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input.plan), keys, all)?);
        let gate = Arc::new(Gate {
            id: self.instance(),
            k: self.rules.k,
            withheld,
            named,
            keys: key_count,
            measures: measure_count,
            rounded,
            rounding: self.rules.rounding,
            checks: found,
            columns: plan.schema().columns(),
            tally: Tally::default(),
        });
        self.gate = Some(Arc::clone(&gate));
        Ok(Flow::of_nobody(GateNode::try_new(gate, plan)?.into_plan()))
    }
}

/// Whether a key may be one person's own: made of an identifier, or an amount. Shown without its measures it would still
/// tell that such a person, or such an amount, exists; a withheld cell under it is left out instead.
fn is_own(key: &Expr, input: &Flow) -> bool {
    let kind = key.get_type(input.plan.schema().as_ref());
    let amount = kind.map_or(true, |kind| kind.is_floating() || kind.is_decimal());
    amount || input.known_of(key).identifying
}

/// The rows for which a condition is not true.
fn beyond(line: &Expr) -> Expr {
    super::expression::plain(line.clone().is_not_true())
}

fn add_new(known: &mut Vec<Expr>, new: Vec<Expr>) {
    for expr in new {
        if !known.contains(&expr) {
            known.push(expr);
        }
    }
}

fn one_of(expr: &Expr) -> ReleaseError {
    ReleaseError::ShowsOnePerson {
        function: Measure::function(expr).to_owned(),
        instead: "use count, sum, avg or stddev, group by classes of the value, or take it person by person in an inner \
                  GROUP BY on the person's identifier",
    }
}

/// The numbers of people that a cell is checked on, as expressions of the aggregate.
struct Checks<'a> {
    people: &'a [Contributor],
    k: u32,
    found: Vec<(Expr, Check)>,
}

impl Checks<'_> {
    /// Everybody that must be behind a cell, and where nobody must, somebody of those who may.
    fn of_the_cell(&mut self) {
        let nobody_must = !self.people.iter().any(|contributor| contributor.required);
        for contributor in self.people {
            let counted = self.counted(contributor, Expr::Column(contributor.column.clone()));
            let test = if contributor.required {
                Test::AtLeastK
            } else if nobody_must {
                Test::AnyAtLeastK
            } else {
                Test::NobodyOrK
            };
            self.push(counted, test, Rule::People);
        }
    }

    /// The people behind some of the rows of a cell: none, or enough. Rows of unknown people are somebody's.
    fn of_rows(&mut self, condition: &Expr) {
        for contributor in self.people {
            let people = Expr::Column(contributor.column.clone());
            let people = if contributor.required {
                mark_unknown(people)
            } else {
                people
            };
            let Expr::AggregateFunction(mut call) = self.counted(contributor, people) else {
                continue;
            };
            call.params.filter = Some(Box::new(condition.clone()));
            self.push(
                Expr::AggregateFunction(call),
                Test::NobodyOrK,
                Rule::Measures,
            );
        }
    }

    /// The share of an amount that comes from the few people who make up most of it.
    fn of_amount(
        &mut self,
        measure: &Measure,
        rule: Dominance,
        input: &Flow,
    ) -> Result<(), ReleaseError> {
        let Some(amount) = measure.amount(input)? else {
            return Ok(());
        };
        let nobody_must = !self.people.iter().any(|contributor| contributor.required);
        for contributor in self
            .people
            .iter()
            .filter(|contributor| contributor.required || nobody_must)
        {
            if !contributor.is_alone() {
                return Err(ReleaseError::not_releasable(
                    "an amount of an inner aggregate over several people, under the permit's dominance rule,",
                    "group the inner query by the person's identifier, or sum once",
                ));
            }
            let person = Expr::Column(contributor.column.clone());
            let person = if contributor.set {
                array_element(person, lit(1_i64))
            } else {
                person
            };
            let share =
                top_share(rule.top).call(vec![person, cast(amount.clone(), DataType::Float64)]);
            let Expr::AggregateFunction(mut call) = share else {
                continue;
            };
            call.params.filter = measure.filter().cloned().map(Box::new);
            self.push(
                Expr::AggregateFunction(call),
                Test::ShareAtMost(rule.percent / 100.0),
                Rule::Dominance,
            );
        }
        Ok(())
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
        self.found.push((expr, Check { test, rule }));
    }
}
