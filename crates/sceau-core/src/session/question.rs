use std::sync::{Arc, Mutex, PoisonError};

use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::ExtensionPlanner;

use super::answer::{Answer, Ending};
use super::error::QueryError;
use super::failure::Failure;
use super::opened::Opened;
use super::record::Record;
use super::touched::Touched;
use crate::permit::Permit;

/// One question on its way out of the environment, under one version of the permit: what a release is made from.
///
/// [`Session::question`](super::Session::question) begins one, past the front gate. Whatever becomes of it is in the journal:
/// released, failed, or let go of.
pub struct Question {
    opened: Arc<Opened>,
    plan: LogicalPlan,
    record: Record,
    unshown: Unshown,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question")
            .field("binding", &self.opened.binding)
            .finish_non_exhaustive()
    }
}

impl Question {
    pub(super) fn new(opened: Arc<Opened>, plan: LogicalPlan, record: Record) -> Self {
        Self {
            opened,
            plan,
            record,
            unshown: Unshown::default(),
        }
    }

    /// The plan over the protected tables, past the front gate and not optimised.
    pub fn plan(&self) -> &LogicalPlan {
        &self.plan
    }

    /// The permit that the question is under. It does not change while the question is answered.
    pub fn permit(&self) -> &Permit {
        &self.opened.permit
    }

    /// The physical plan of what was made of the plan, perhaps with nodes that the given planners know: policies enforced,
    /// past the final gate.
    ///
    /// # Errors
    /// When it cannot be planned; the full text is kept for the journal.
    pub async fn physical_plan(
        &self,
        plan: &LogicalPlan,
        planners: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
    ) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        self.opened
            .physical_plan(plan, planners)
            .await
            .map_err(|failure| self.unshown.keep(failure))
    }

    /// Runs a physical plan, which is checked again, once the journal holds that it was asked. It does not ask whether the
    /// permit allows rows.
    ///
    /// # Errors
    /// When the journal cannot be written, the plan is refused by the final gate, or it cannot be run.
    pub async fn run(&mut self, plan: Arc<dyn ExecutionPlan>) -> Result<Answer, QueryError> {
        match self.start(plan).await {
            Ok(stream) => Ok(Answer::new(stream, Ending::Question(self.unshown.clone()))),
            Err(failure) => Err(self.unshown.keep(failure)),
        }
    }

    async fn start(
        &mut self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<datafusion::physical_plan::SendableRecordBatchStream, Failure> {
        self.opened.last_check(&plan)?;
        self.record
            .reads(Touched::by(&plan, &self.opened.held_against));
        self.record.asked().await?;
        self.opened.start(plan)
    }

    /// Records that the answer leaves the environment. It may leave once this returns.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn released(mut self, cells: u64, withheld: u64) -> Result<(), QueryError> {
        self.record
            .released(cells, withheld)
            .await
            .map_err(|failure| failure.shown)
    }

    /// Records that no answer leaves, and why: as it is told, and in full where a session's error was the reason.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn not_released(mut self, code: &str, told: &str) -> Result<(), QueryError> {
        let full = match self.unshown.take() {
            Some(full) if full != told => format!("{told}: {full}"),
            _ => told.to_owned(),
        };
        self.record
            .failed_with(code, &full)
            .await
            .map_err(|failure| failure.shown)
    }
}

/// The full text of the last error, which is not shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Unshown(Arc<Mutex<Option<String>>>);

impl Unshown {
    /// Keeps the full text, and gives what may be shown.
    pub(super) fn keep(&self, failure: Failure) -> QueryError {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.full);
        failure.shown
    }

    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
