use std::sync::Arc;

use arrow::array::{Array as _, RecordBatch};
use chrono::Utc;
use datafusion::common::runtime::SpawnedTask;
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::eliminate_cross_join::EliminateCrossJoin;
use datafusion::optimizer::{Analyzer, Optimizer, OptimizerContext};
use futures::TryStreamExt;
use sceau_core::Session;
use sceau_core::session::Question;

use super::gate::{Gate, GatePlanner, gates_are_in};
use super::lineage::{Released, release};
use super::persons::persons;
use super::report::{Asked, Origin, origins, report};
use super::review::reviewed;
use super::total::total;
use super::{Dossier, Release, ReleaseError, ReleaseReviewer, received};

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
    most_bytes: usize,
    reviewer: Option<Arc<dyn ReleaseReviewer>>,
}

/// A table that a person signs for is not longer than this, unless an application says so.
const MOST_CELLS: usize = 100_000;

/// Nor larger: 64 MiB of values.
const MOST_BYTES: usize = 64 << 20;

impl Releaser {
    /// Releases what a session may ask, under the rules of its permit.
    pub fn new(session: &Session) -> Self {
        Self {
            session: session.clone(),
            most_cells: MOST_CELLS,
            most_bytes: MOST_BYTES,
            reviewer: None,
        }
    }

    /// The most cells that one release may have; 100 000 if not set.
    pub fn most_cells(mut self, cells: usize) -> Self {
        self.most_cells = cells;
        self
    }

    /// The most bytes of values, uncompressed, that one release may have; 64 MiB if not set.
    pub fn most_bytes(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// Puts every release before somebody who decides whether it leaves; without one, what passes the rules leaves.
    pub fn reviewer(mut self, reviewer: Arc<dyn ReleaseReviewer>) -> Self {
        self.reviewer = Some(reviewer);
        self
    }

    /// Answers one query with a release.
    ///
    /// # Errors
    /// When the session would not answer it, when it shows rows or values of single persons or is not known not to, when it
    /// fails, or when the [reviewer](Self::reviewer) keeps it. No text holds a value of a row.
    pub async fn sql(&self, text: &str) -> Result<Release, ReleaseError> {
        let (release, _) = self.sql_with_dossier(text).await?;
        Ok(release)
    }

    /// The same, with the report for who signs: not for who asks.
    ///
    /// # Errors
    /// As [`sql`](Self::sql).
    pub async fn sql_with_dossier(&self, text: &str) -> Result<(Release, Dossier), ReleaseError> {
        let mut question = self.session.question(text).await?;
        match self.reviewed_answer(text, &mut question).await {
            Ok((release, dossier)) => {
                let report = release.report();
                question.released(report.released, report.withheld).await?;
                Ok((release, dossier))
            }
            Err(error) => {
                let told = error.to_string();
                question.not_released(error.code(), &told).await?;
                Err(error)
            }
        }
    }

    async fn reviewed_answer(
        &self,
        text: &str,
        question: &mut Question,
    ) -> Result<(Release, Dossier), ReleaseError> {
        let (release, dossier) = self.answer(text, question).await?;
        if let Some(reviewer) = &self.reviewer {
            reviewed(reviewer.as_ref(), &release, &dossier).await?;
        }
        Ok((release, dossier))
    }

    async fn answer(
        &self,
        text: &str,
        question: &mut Question,
    ) -> Result<(Release, Dossier), ReleaseError> {
        let at = Utc::now();
        let plan = prepared(question.plan().clone())?;
        let rules = question.permit().release().clone();
        let persons = persons(&plan);
        let platform = self.session.platform();
        let ledger = received::ledger(platform, question.permit().project()).await?;
        let Released { plan, gate } = release(&plan, &rules, self.most_cells, ledger)?;
        let origins = origins(&plan);
        let physical = question
            .physical_plan(&plan, vec![Arc::new(GatePlanner)])
            .await?;
        if gate
            .as_ref()
            .is_some_and(|gate| !gates_are_in(&physical, gate))
        {
            return Err(ReleaseError::NotChecked);
        }
        let failed = |error| match &gate {
            Some(gate) if gate.tally.refused().is_some() => gate
                .tally
                .refused()
                .cloned()
                .unwrap_or(ReleaseError::Engine),
            Some(gate) if gate.tally.failed() => hidden(error),
            _ => ReleaseError::Query(error),
        };
        let mut answer = question.run(physical).await.map_err(failed)?;
        let schema = answer.schema();
        let mut batches = Vec::new();
        let (mut cells, mut bytes) = (0, 0);
        while let Some(batch) = answer.try_next().await.map_err(failed)? {
            cells += batch.num_rows();
            if cells > self.most_cells {
                return Err(ReleaseError::TooManyCells {
                    limit: self.most_cells,
                });
            }
            bytes += size_of(&batch);
            if bytes > self.most_bytes {
                return Err(ReleaseError::TooManyBytes {
                    limit: self.most_bytes,
                });
            }
            batches.push(batch);
        }
        let mut report = report(question.permit(), gate.as_deref(), cells as u64);
        if let Some(persons) = persons {
            report.rules.insert(report.rules.len().min(1), persons);
        }
        let measures = origins
            .iter()
            .map(|origin| matches!(origin, Origin::Measure(_) | Origin::OfMeasures))
            .collect();
        let release = Release::try_new(
            &schema,
            &batches,
            measures,
            rules.mark().map(str::to_owned),
            report,
        )?;
        let asked = Asked {
            question: text.to_owned(),
            principal: self.session.principal().to_owned(),
            at,
            permit: Arc::new(question.permit().clone()),
        };
        let dossier = Dossier::try_new(asked, &release, &origins, gate.as_deref())?;
        // Whatever becomes of it from here on, it counts as received: a reviewer who keeps it may have shown it, and one who has
        // it wait lets it out without asking again.
        if let Some(gate) = &gate {
            self.record(gate, question.permit().hash(), cells > 0)
                .await?;
        }
        Ok((release, dossier))
    }

    /// Records what is about to leave, and waits until it is on the disk.
    async fn record(&self, gate: &Arc<Gate>, permit: &str, any: bool) -> Result<(), ReleaseError> {
        if gate.differences.is_none() {
            return Ok(());
        }
        let gate = Arc::clone(gate);
        let permit = permit.to_owned();
        let data = self.session.platform().data_version().to_owned();
        SpawnedTask::spawn_blocking(move || match &gate.differences {
            Some(differences) => differences.commit(&permit, &data, any),
            None => Ok(()),
        })
        .join_unwind()
        .await
        .map_err(|_| ReleaseError::Engine)?
    }
}

/// The bytes of the values of a batch's own rows.
fn size_of(batch: &RecordBatch) -> usize {
    let columns = batch.columns().iter();
    // A type whose size is not known counts with all that it holds.
    columns
        .map(|column| {
            let data = column.to_data();
            data.get_slice_memory_size()
                .unwrap_or_else(|_| data.get_array_memory_size())
        })
        .sum()
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

/// Types made explicit, IN and EXISTS made joins, and tables that WHERE matches joined on it, so that people can be followed through them.
fn prepared(plan: LogicalPlan) -> Result<LogicalPlan, ReleaseError> {
    let plan = Analyzer::new().execute_and_check(plan, &ConfigOptions::default(), |_, _| {})?;
    let plan = total(plan)?;
    let rules = Optimizer::with_rules(vec![
        Arc::new(DecorrelatePredicateSubquery::new()),
        Arc::new(EliminateCrossJoin::new()),
    ]);
    Ok(rules.optimize(plan, &OptimizerContext::new().with_max_passes(4), |_, _| {})?)
}
