use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::functions_aggregate::bool_and_or::bool_or_udaf;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, ExprSchemable, LogicalPlan, cast, lit};
use sceau_core::permit::Withheld;

use super::checks::{Checks, filtered, marked};
use super::contributions::contributions;
use super::expression::{beyond, check_expressions};
use super::flow::{Contributor, Flow, Known};
use super::grouping::Keys;
use super::lines::Lines;
use super::measure::{EQUAL_COLUMNS, Kind, Measure};
use super::{Pass, Place};
use crate::contributors::{collect_people, merge_people};
use crate::ledger::{collect_all_people, merge_all_people, sketch_merged_people, sketch_people};
use crate::release::ReleaseError;
use crate::release::gate::{
    Check, Differences, Dominant, Gate, GateNode, SketchColumn, Tally, Totals,
};

/// Of totals, more are looked at than of a table without: each of them with its people.
const MOST_PIECES_OF_TOTALS: usize = 4;

impl Pass<'_> {
    pub(super) fn aggregate(
        &mut self,
        aggregate: &Aggregate,
        place: Place,
    ) -> Result<Flow, ReleaseError> {
        let keys = Keys::of(&aggregate.group_expr)?;
        check_expressions(&keys.columns)?;
        let mut input = self.flow(&aggregate.input, Place::Under)?;
        input.require_links()?;
        let measures = aggregate.aggr_expr.clone();
        if input.people.is_empty() {
            for measure in &measures {
                check_expressions([measure])?;
            }
            let node = LogicalPlan::Aggregate(aggregate.clone());
            let plan = node.with_new_exprs(node.expressions(), vec![input.plan])?;
            return Ok(Flow::made_of_nobody(plan));
        }
        input.check_total(keys.columns.iter().chain(&measures))?;
        self.grouped_by(input, keys, measures, place)
    }

    /// Groups of one person each are still rows of persons, where an aggregate stands above them. Any other group is a cell,
    /// and what is made of it above is made of what has passed the gate.
    fn grouped_by(
        &mut self,
        input: Flow,
        keys: Keys,
        measures: Vec<Expr>,
        place: Place,
    ) -> Result<Flow, ReleaseError> {
        let origins: Vec<_> = keys
            .columns
            .iter()
            .filter_map(|key| input.origin_of(key))
            .collect();
        if place == Place::Under && !keys.has_totals() && input.is_one_person(&origins) {
            return self.collect(input, keys.columns, measures);
        }
        self.gated(input, keys, measures)
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
        self.grouped_by(input, Keys::of_columns(keys), vec![], place)
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
        let counted = !measures.is_empty();
        let mut columns = Vec::with_capacity(keys.len() + measures.len());
        // Which column of the aggregate is decided by which conditions on the rows below.
        let mut lines: Vec<(usize, Expr)> = Vec::new();
        for key in &keys {
            let here = input.lines_through(key);
            lines.extend(here.into_iter().map(|line| (columns.len(), line)));
            let known = input.known_of(key);
            columns.push(Known {
                put_together: known.put_together || !input.parts_to_hand_on(key)?.is_empty(),
                parts: vec![],
                lines: vec![],
                ..known
            });
        }
        for expr in &measures {
            let measure = Measure::of(expr)?;
            if measure.kind.is_of_one() && !one_person {
                return Err(measure.shows_one_person());
            }
            lines.extend(
                measure
                    .lines(&input)?
                    .into_iter()
                    .map(|line| (columns.len(), line)),
            );
            columns.push(Known {
                chosen: measure.is_chosen(&input),
                // Of one person, a count, a sum or a value is that person's own amount.
                computed: !measure.is_of_amounts(&input) || !measure.is_even(),
                gathered: true,
                scale: measure.scale(&input),
                counted: measure.kind == Kind::Count,
                sensitive: input.is_sensitive(expr),
                quasi: measure.kind != Kind::Count && input.known_of(expr).quasi,
                of: input.made_of([expr]),
                ..Known::default()
            });
        }
        let asked = measures.clone();
        for (at, expr) in (keys.len()..).zip(&asked) {
            let parts = Measure::of(expr)?.parts(&input)?;
            columns[at].put_together |= parts.is_none();
            for part in parts.into_iter().flatten() {
                let name = self.name("part");
                columns.push(Known {
                    of: input.made_of([&part]),
                    gathered: true,
                    ..Known::hidden()
                });
                measures.push(part.alias(&name));
                columns[at].parts.push(name);
            }
        }
        for (at, line) in lines {
            let name = self.name("line");
            columns.push(Known {
                of: input.made_of([&line]),
                ..Known::hidden()
            });
            measures.push(bool_or_udaf().call(vec![line]).alias(&name));
            columns[at].lines.push(name);
        }
        let mut people = Vec::with_capacity(input.people.len());
        for contributor in &input.people {
            let name = self.name("people");
            // A ledger needs all people, and not only enough of them.
            let function = match (contributor.set, &self.ledger) {
                (true, Some(_)) => merge_all_people(),
                (false, Some(_)) => collect_all_people(),
                (true, None) => merge_people(self.rules.k),
                (false, None) => collect_people(self.rules.k),
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
            asked: input.asked,
            ties: input.ties,
            // Groups alone, without measures, are as many whatever they were made from.
            multiplied: input.multiplied && counted,
            ..Flow::of_nobody(LogicalPlan::Aggregate(plan))
        })
    }

    /// What comes out of it is cells, and the gate stands above it.
    fn gated(
        &mut self,
        input: Flow,
        keys: Keys,
        measures: Vec<Expr>,
    ) -> Result<Flow, ReleaseError> {
        if self.gate.is_some() {
            return Err(ReleaseError::Margins {
                found: "a second table of cells (a subquery, a join or a UNION)",
            });
        }
        if input.multiplied
            && !keys
                .columns
                .iter()
                .all(|key| input.origin_of(key).is_some() && !input.known_of(key).computed)
        {
            return Err(ReleaseError::not_releasable(
                "groups over a UNION, or by anything else than columns over a join on more than equal columns,",
                EQUAL_COLUMNS,
            ));
        }
        let parsed = measures
            .iter()
            .map(Measure::of)
            .collect::<Result<Vec<_>, _>>()?;
        if !self.rules.rounding.is_exact() {
            for measure in &parsed {
                measure.check_rounded(&input)?;
            }
        }
        if keys.has_totals() {
            for measure in &parsed {
                measure.check_beside_totals(&input, &keys.columns)?;
            }
        }
        input.check_strangers(&keys.columns)?;
        let lines = Lines::of(&input, &parsed)?;
        if lines.pieces.len() > MOST_PIECES_OF_TOTALS && keys.has_totals() {
            return Err(ReleaseError::not_releasable(
                "a table of totals with so many different conditions",
                "make the conditions columns of GROUP BY, or ask for fewer at a time",
            ));
        }
        let checks = self.checks(&input, &parsed, &lines)?;
        let largest = checks.largest().to_vec();
        let mut checks = checks.into_found();
        checks.extend(apart(&input, &keys, &parsed, self.rules.k)?);
        let rounded = (0..parsed.len())
            .filter(|at| parsed[*at].is_count(&input))
            .collect();
        let totals = keys
            .has_totals()
            .then(|| self.totals(&input, &keys, &parsed, &lines, largest))
            .transpose()?;
        let (sketched, differences) = self.differences(&input, &parsed, &lines)?.unzip();
        let sketched = sketched.into_iter().flatten();
        let withheld = match self.rules.withheld {
            Withheld::Mask if !may_be_shown(&keys.columns, measures.len(), &input) => {
                Withheld::Omit
            }
            withheld => withheld,
        };
        let sensitive = if self.rules.unanimous {
            let is_sensitive = |key: &usize| input.known_of(&keys.columns[*key]).sensitive;
            (0..keys.columns.len()).filter(is_sensitive).collect()
        } else {
            vec![]
        };
        let (key_count, measure_count) = (keys.width(), measures.len());
        drop(parsed);
        let mut all = measures;
        let (exprs, found): (Vec<_>, Vec<_>) = checks.into_iter().unzip();
        let (behind, totals) = totals.unzip();
        let behind = behind.into_iter().flatten();
        for expr in exprs.into_iter().chain(behind).chain(sketched) {
            let name = self.name("check");
            all.push(expr.alias(name));
        }
        let named = !keys.columns.iter().any(|key| is_own(key, &input));
        let plan =
            LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input.plan), keys.exprs, all)?);
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
            sensitive,
            totals,
            differences,
            columns: plan.schema().columns(),
            tally: Tally::default(),
        });
        self.gate = Some(Arc::clone(&gate));
        Ok(Flow::of_nobody(GateNode::try_new(gate, plan)?.into_plan()))
    }

    /// What the project's ledger needs to know of each cell: sketches of the people behind it, if a measure is made of all its rows,
    /// behind those of its rows that a measure is made of, and behind those that a condition leaves over; and who adds what to
    /// its measures.
    fn differences(
        &self,
        input: &Flow,
        measures: &[Measure],
        lines: &Lines,
    ) -> Result<Option<(Vec<Expr>, Differences)>, ReleaseError> {
        let Some(ledger) = self.ledger.as_ref().map(Arc::clone) else {
            return Ok(None);
        };
        let left_over: Vec<Expr> = lines.splits.iter().map(beyond).collect();
        // What nothing is told of, nothing can be subtracted from.
        let whole = lines.whole.then_some((None, false));
        let conditions = whole
            .into_iter()
            .chain(lines.made_of().map(|line| (Some(line), false)))
            .chain(left_over.iter().map(|line| (Some(line), true)));
        let (mut exprs, mut sketches) = (vec![], vec![]);
        for (condition, derived) in conditions {
            for (at, contributor) in input.people.iter().enumerate() {
                let function = if contributor.set {
                    sketch_merged_people(self.rules.k)
                } else {
                    sketch_people(self.rules.k)
                };
                exprs.push(filtered(
                    function.call(vec![marked(contributor)]),
                    condition,
                ));
                // The same people, named in another way: where twins share a pseudo-NIR they are fewer, and nothing can be
                // subtracted from a cell by that.
                let again = contributor.persons
                    && input.people[..at]
                        .iter()
                        .any(|other| other.persons && other.space != contributor.space);
                sketches.push(SketchColumn {
                    space: space(contributor),
                    derived: derived || again,
                });
            }
        }
        let figures = contributions(input, measures, self.rules.k)?;
        let (contributions, spaces): (Vec<_>, _) = (figures.into_iter())
            .map(|(expr, contributor)| (expr, space(contributor)))
            .unzip();
        exprs.extend(contributions);
        Ok(Some((exprs, Differences::new(ledger, sketches, spaces))))
    }

    /// Everything that a cell is checked on.
    fn checks<'i>(
        &self,
        input: &'i Flow,
        measures: &[Measure],
        lines: &Lines,
    ) -> Result<Checks<'i>, ReleaseError> {
        let mut checks = Checks::new(input, self.rules.k);
        checks.of_the_cell();
        for condition in lines.all() {
            checks.of_rows(condition);
        }
        if self.rules.unanimous {
            for condition in lines.splits.iter().filter(|line| input.is_sensitive(line)) {
                checks.of_sensitive(condition);
            }
        }
        checks.of_percentiles(measures)?;
        for measure in measures {
            if let Kind::Extreme(extreme) = measure.kind {
                checks.of_extreme(measure, extreme);
            }
            if self.rules.unanimous {
                checks.of_variety(measure);
            }
            for dominance in self.rules.dominance.iter() {
                checks.of_share(measure, *dominance)?;
            }
            if let Some(percent) = self.rules.p_percent {
                checks.of_margin(measure, percent)?;
            }
        }
        Ok(checks)
    }

    /// What secondary suppression needs to know of each cell, as expressions of the aggregate: the number of its rows and their
    /// people, of all of them and of those that meet a condition.
    fn totals(
        &self,
        input: &Flow,
        keys: &Keys,
        measures: &[Measure],
        lines: &Lines,
        largest: Vec<(Expr, Dominant)>,
    ) -> Result<(Vec<Expr>, Totals), ReleaseError> {
        let mut behind = vec![];
        for condition in std::iter::once(None).chain(lines.all().map(Some)) {
            behind.push(filtered(count(lit(1_i64)), condition));
            for contributor in &input.people {
                let function = if contributor.set {
                    merge_people(self.rules.k)
                } else {
                    collect_people(self.rules.k)
                };
                behind.push(filtered(
                    function.call(vec![marked(contributor)]),
                    condition,
                ));
            }
        }
        let before = behind.len();
        for measure in measures.iter().filter(|measure| measure.kind == Kind::Mean) {
            for term in measure.terms(input)? {
                behind.push(sum(cast(measure.added(&term)?, DataType::Float64)));
            }
        }
        let means = behind.len() - before;
        let (largest, dominant): (Vec<_>, Vec<_>) = largest.into_iter().unzip();
        behind.extend(largest);
        let totals = Totals {
            means,
            dominant,
            dimensions: keys.columns.len(),
            contributors: input.people.len(),
            conditions: lines.all().count(),
            adds: measures.iter().map(Measure::adds).collect(),
            secondary: self.rules.secondary,
            of_shown: self.rules.totals_from_cells(),
            aside: keys.aside,
            most_cells: self.most_cells,
        };
        Ok((behind, totals))
    }
}

/// Of every sum, mean and number of values that the question's own conditions can arrange, the people who stand apart.
fn apart(
    input: &Flow,
    keys: &Keys,
    measures: &[Measure],
    k: u32,
) -> Result<Vec<(Expr, Check)>, ReleaseError> {
    let mut asked = input.clone();
    asked.ask(
        keys.columns
            .iter()
            .filter(|key| input.origin_of(key).is_none()),
    );
    for measure in measures {
        let lines: Vec<Expr> = measure.decided_by(input);
        asked.ask(&lines);
    }
    let mut checks = Checks::new(input, k);
    for measure in measures {
        checks.of_those_apart(measure, &asked.asked.picks)?;
    }
    checks.of_those_outside(measures)?;
    Ok(checks.into_found())
}

/// What a ledger calls the ids of a contributor.
fn space(contributor: &Contributor) -> Arc<str> {
    if contributor.persons {
        PERSONS.into()
    } else {
        contributor.space.as_str().into()
    }
}

/// What a ledger calls the ids of persons, whichever columns named them.
const PERSONS: &str = "persons";

/// Whether a key may be shown without its measures: one column as it is stored, and something to ask of it. Several keys,
/// or one that is made, would list combinations that single persons have.
fn may_be_shown(keys: &[Expr], measures: usize, input: &Flow) -> bool {
    keys.len() == 1
        && measures > 0
        && keys
            .iter()
            .all(|key| input.origin_of(key).is_some() && !is_own(key, input))
}

/// Whether a key may be one person's own: made of an identifier, or an amount. Shown without its measures it would still
/// tell that such a person, or such an amount, exists; a withheld cell under it is left out instead.
fn is_own(key: &Expr, input: &Flow) -> bool {
    let kind = key.get_type(input.plan.schema().as_ref());
    let amount = kind.map_or(true, |kind| kind.is_floating() || kind.is_decimal());
    amount || input.known_of(key).identifying
}
