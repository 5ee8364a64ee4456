use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::{Analyzer, Optimizer, OptimizerContext};
use futures::TryStreamExt;
use sceau_core::Session;
use sceau_core::permit::{ReleaseRules, Withheld};

use super::gate::{Gate, GatePlanner, Rule, gates_are_in};
use super::lineage::{Released, release};
use super::persons::persons;
use super::{ReleaseError, Report, RuleReport};

/// The way out of the secure environment: answers questions with cells that describe at least *k* people.
///
/// The people behind every cell are counted in the plan itself, by the person that the permit's tables name, through joins,
/// subqueries and nested aggregates. Cells below *k* are withheld before HAVING, ORDER BY, LIMIT and windows see them;
/// what is not known to be safe is refused with what to ask instead.
///
/// ```no_run
/// # async fn ask(session: sceau_core::Session) -> Result<(), Box<dyn std::error::Error>> {
/// let releaser = sceau_kanon::Releaser::new(&session);
/// let release = releaser.sql("SELECT BEN_RES_DPT, count(*) FROM ER_PRS_F GROUP BY 1").await?;
/// println!("{}", release.report());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Releaser {
    session: Session,
    most_cells: usize,
}

/// What leaves: a table, and the report that goes with it.
#[derive(Debug, Clone)]
pub struct Release {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    report: Report,
}

impl Release {
    /// The columns of the table.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The cells, in the order that the question asked for.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// What was withheld, by which rule.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// A table that a person signs for is not longer than this, unless an application says so.
const MOST_CELLS: usize = 100_000;

impl Releaser {
    /// Releases what a session may ask, under the rules of its permit.
    pub fn new(session: &Session) -> Self {
        Self {
            session: session.clone(),
            most_cells: MOST_CELLS,
        }
    }

    /// The most cells that one release may have; 100 000 if not set.
    pub fn most_cells(mut self, cells: usize) -> Self {
        self.most_cells = cells;
        self
    }

    /// Answers one query with a release.
    ///
    /// # Errors
    /// When the session would not answer it, when it shows rows or values of single persons or is not known not to, or when
    /// it fails. No text holds a value of a row.
    pub async fn sql(&self, text: &str) -> Result<Release, ReleaseError> {
        let plan = prepared(self.session.plan(text).await?)?;
        let permit = self.session.permit();
        let rules = permit.release();
        let persons = persons(&plan);
        let Released { plan, gate } = release(&plan, rules)?;
        let physical = self
            .session
            .physical_plan(&plan, vec![Arc::new(GatePlanner)])
            .await?;
        if gate
            .as_ref()
            .is_some_and(|gate| !gates_are_in(&physical, gate))
        {
            return Err(ReleaseError::NotChecked);
        }
        let failed = |error| match &gate {
            Some(gate) if gate.tally.failed() => hidden(error),
            _ => ReleaseError::Query(error),
        };
        let mut answer = self.session.run_physical(physical).map_err(failed)?;
        let schema = answer.schema();
        let mut batches = Vec::new();
        let mut cells = 0;
        while let Some(batch) = answer.try_next().await.map_err(failed)? {
            cells += batch.num_rows();
            if cells > self.most_cells {
                return Err(ReleaseError::TooManyCells {
                    limit: self.most_cells,
                });
            }
            batches.push(batch);
        }
        let mut report = self.report(rules, gate.as_deref(), cells as u64);
        if let Some(persons) = persons {
            report.rules.insert(report.rules.len().min(1), persons);
        }
        Ok(Release {
            report,
            schema,
            batches,
        })
    }

    fn report(&self, rules: &ReleaseRules, gate: Option<&Gate>, released: u64) -> Report {
        let withheld_by = |rule| gate.map_or(0, |gate| gate.tally.withheld(rule));
        let withheld: u64 = Rule::ALL.into_iter().map(withheld_by).sum();
        let all = withheld + gate.map_or(0, |gate| gate.tally.passed());
        let permit = self.session.permit();
        Report {
            project: permit.project().to_owned(),
            permit: permit.hash().to_owned(),
            k: rules.k,
            released,
            withheld,
            share_withheld: if all == 0 {
                0.0
            } else {
                withheld as f64 / all as f64
            },
            rules: rule_reports(rules, gate, withheld_by),
        }
    }
}

/// Errors from below the gate may hold a value of a row: only that memory ran out may be told.
fn hidden(error: sceau_core::QueryError) -> ReleaseError {
    match error.code() {
        sceau_core::ErrorCode::Resources | sceau_core::ErrorCode::Unavailable => {
            ReleaseError::Query(error)
        }
        _ => ReleaseError::Hidden,
    }
}

/// Types made explicit, and IN and EXISTS made joins, so that people can be followed through them.
fn prepared(plan: LogicalPlan) -> Result<LogicalPlan, ReleaseError> {
    let plan = Analyzer::new().execute_and_check(plan, &ConfigOptions::default(), |_, _| {})?;
    let rules = Optimizer::with_rules(vec![Arc::new(DecorrelatePredicateSubquery::new())]);
    Ok(rules.optimize(plan, &OptimizerContext::new().with_max_passes(4), |_, _| {})?)
}

fn rule_reports(
    rules: &ReleaseRules,
    gate: Option<&Gate>,
    withheld_by: impl Fn(Rule) -> u64,
) -> Vec<RuleReport> {
    let no_person = "no table of the question holds a person";
    let applied = |rule, withheld, note: String| RuleReport {
        rule,
        applied: gate.is_some(),
        withheld,
        note: if gate.is_some() {
            note
        } else {
            no_person.to_owned()
        },
    };
    let not_applied = |rule, note: &str| RuleReport {
        rule,
        applied: false,
        withheld: 0,
        note: note.to_owned(),
    };
    let k = rules.k;
    let mut found = vec![
        applied(
            "people",
            withheld_by(Rule::People),
            format!("a cell describes at least {k} people"),
        ),
        applied(
            "measures",
            withheld_by(Rule::Measures),
            format!(
                "what a measure, or a difference between two measures, is made of comes from nobody or at least {k} people"
            ),
        ),
    ];
    found.push(match rules.dominance {
        Some(dominance) => applied(
            "dominance",
            withheld_by(Rule::Dominance),
            format!(
                "of a sum or a mean, the {} largest contributors make up no more than {} %",
                dominance.top, dominance.percent
            ),
        ),
        None => not_applied("dominance", "the permit does not ask for it"),
    });
    if rules.withheld == Withheld::Mask && gate.is_some_and(|gate| gate.withheld == Withheld::Omit)
    {
        found.push(not_applied(
            "keys of withheld cells",
            "a key is made of an identifier or an amount, which may be one person's own: withheld cells are left out",
        ));
    }
    if rules.rounding > 1 {
        found.push(applied(
            "rounding",
            0,
            format!(
                "counts are rounded to the nearest {}; sums and averages are exact, and beside them a count can be told",
                rules.rounding
            ),
        ));
    }
    found.push(if rules.secondary {
        applied(
            "secondary",
            0,
            "one table without totals: no withheld cell can be computed from the others".to_owned(),
        )
    } else {
        not_applied("secondary", "the permit does not ask for it")
    });
    found.push(not_applied(
        "differences between releases",
        "what this project received before is not looked at yet",
    ));
    found
}
