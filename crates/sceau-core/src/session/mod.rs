//! One principal under one permit: the only door for SQL.

mod answer;
mod catalog;
mod error;
mod opened;
mod people;
mod redact;
mod stack;
mod tables;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::Utc;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::physical_planner::ExtensionPlanner;

pub use answer::Answer;
pub use error::{ErrorCode, QueryError, SessionError};

use crate::permit::Permit;
use crate::platform::Platform;
use opened::{Asked, Customization, Opened};
use redact::redacted;

/// One principal under one permit: the only door for SQL.
///
/// Every way in, [`sql`](Session::sql) and [`execute`](Session::execute), passes the same gates: one query, of plan nodes
/// and functions that are allowed, over this session's own tables; and before it runs, every source of the physical plan
/// sits under a policy.
///
/// A permit that came from a file is read again before every question, so that a change of it, or of the lists of people
/// it names, holds from the next question on. A question that is being answered goes on under the version it began with.
///
/// Sessions are cheap to open and can be used from many threads; clones share everything.
#[derive(Clone)]
pub struct Session {
    platform: Platform,
    principal: Arc<str>,
    customizations: Vec<Customization>,
    current: Arc<Mutex<Arc<Opened>>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("binding", &self.opened().binding)
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn open(
        platform: &Platform,
        permit: &Permit,
        principal: &str,
    ) -> Result<Self, SessionError> {
        let opened = Opened::new(platform, permit.clone(), principal)?;
        Ok(Self {
            platform: platform.clone(),
            principal: principal.into(),
            customizations: vec![],
            current: Arc::new(Mutex::new(Arc::new(opened))),
        })
    }

    /// Answers one query inside the environment, as a stream of batches.
    ///
    /// # Errors
    /// When the text is not one query, asks for what the permit does not grant, or fails. Texts and codes are the same
    /// for what is denied and what does not exist, and show no hidden value.
    pub async fn sql(&self, text: &str) -> Result<Answer, QueryError> {
        let opened = self.current()?;
        match opened.read(text)? {
            Asked::Rows(query) => {
                allow_rows(&opened)?;
                let plan = opened.plan(query).await?;
                answer(&opened, opened.physical_plan(&plan, vec![]).await?)
            }
            Asked::Names(statement) => {
                let plan = opened.plan(statement).await?;
                answer(&opened, opened.physical_plan(&plan, vec![]).await?)
            }
            Asked::Plan(query) => {
                let plan = opened.plan(query).await?;
                Ok(Answer::of_lines("plan", &explained(&opened, &plan).await?))
            }
        }
    }

    /// Answers a plan that was built on [`table`](Session::table), inside the environment.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn execute(&self, plan: LogicalPlan) -> Result<Answer, QueryError> {
        let opened = self.current()?;
        allow_rows(&opened)?;
        opened.admit(&plan)?;
        answer(&opened, opened.physical_plan(&plan, vec![]).await?)
    }

    /// A plan that reads one authorised table, to build upon. The name matches in any case.
    ///
    /// # Errors
    /// When the permit grants no such table.
    pub async fn table(&self, name: &str) -> Result<LogicalPlanBuilder, QueryError> {
        self.current()?.table(name).await
    }

    /// How a query would be answered: the plan above the tables, without anything of the policies, files or counts.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn explain(&self, text: &str) -> Result<String, QueryError> {
        let opened = self.current()?;
        let plan = opened.plan(opened.query(text)?).await?;
        explained(&opened, &plan).await
    }

    /// The permit that this session is under, as it was at the last question.
    pub fn permit(&self) -> Arc<Permit> {
        Arc::clone(&self.opened().permit)
    }

    /// The platform that this session is one of.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Who asks.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// Lets an embedding application add to DataFusion's state: optimizer rules, planners, functions, settings.
    ///
    /// Whatever it does, hidden rows stay hidden: a table cannot be scanned unless the policies were enforced, and the
    /// final gate refuses a plan that reads anything else. Functions added here are not allowed in questions. The change is
    /// made again when the permit has changed.
    pub fn customized(
        mut self,
        change: impl Fn(SessionStateBuilder) -> SessionStateBuilder + Send + Sync + 'static,
    ) -> Result<Self, SessionError> {
        let change: Customization = Arc::new(move |state: SessionState| {
            change(SessionStateBuilder::new_from_existing(state)).build()
        });
        self.customizations.push(change);
        let permit = self.permit().as_ref().clone();
        self.current = Arc::new(Mutex::new(Arc::new(self.reopened(permit)?)));
        Ok(self)
    }

    /// The plan of one query over the protected tables, past the front gate and not optimised: what a release starts from.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn plan(&self, text: &str) -> Result<LogicalPlan, QueryError> {
        let opened = self.current()?;
        opened.plan(opened.query(text)?).await
    }

    /// The physical plan of a plan that [`plan`](Session::plan) gave, perhaps with nodes that the given planners know:
    /// policies enforced, past the final gate.
    ///
    /// This is what the release crate builds upon; it does not ask whether the permit allows rows.
    ///
    /// # Errors
    /// As [`sql`](Session::sql); also when the permit changed in between.
    pub async fn physical_plan(
        &self,
        plan: &LogicalPlan,
        planners: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
    ) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        self.current()?.physical_plan(plan, planners).await
    }

    /// Runs what [`physical_plan`](Session::physical_plan) gave. The plan is checked again: nobody has to be trusted with it
    /// in between.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub fn run_physical(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Answer, QueryError> {
        let opened = self.opened();
        opened.last_check(&plan)?;
        answer(&opened, plan)
    }

    /// Both in one.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn run(
        &self,
        plan: LogicalPlan,
        planners: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
    ) -> Result<Answer, QueryError> {
        let opened = self.current()?;
        answer(&opened, opened.physical_plan(&plan, planners).await?)
    }

    fn opened(&self) -> Arc<Opened> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The permit as it is now, opened.
    fn current(&self) -> Result<Arc<Opened>, QueryError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(changed) = current
            .permit
            .changed()
            .map_err(QueryError::permit_is_wrong)?
        {
            let opened = self
                .reopened(changed)
                .map_err(|error| QueryError::no_longer_open(&error))?;
            *current = Arc::new(opened);
        }
        if !current.permit.holds_on(Utc::now().date_naive()) {
            return Err(QueryError::expired());
        }
        Ok(Arc::clone(&current))
    }

    fn reopened(&self, permit: Permit) -> Result<Opened, SessionError> {
        let opened = Opened::new(&self.platform, permit, &self.principal)?;
        Ok(self.customizations.iter().fold(opened, Opened::customized))
    }
}

async fn explained(opened: &Opened, plan: &LogicalPlan) -> Result<String, QueryError> {
    let plan = opened.optimized(plan).await?;
    Ok(format!(
        "under the permit of {} ({})\n{}",
        opened.permit.project(),
        opened.permit.hash(),
        plan.display_indent()
    ))
}

fn answer(opened: &Opened, plan: Arc<dyn ExecutionPlan>) -> Result<Answer, QueryError> {
    let stream =
        execute_stream(plan, opened.state().task_ctx()).map_err(|error| redacted(&error))?;
    Ok(Answer::new(stream))
}

fn allow_rows(opened: &Opened) -> Result<(), QueryError> {
    if opened.permit.allows_rows() {
        Ok(())
    } else {
        Err(QueryError::rows_not_permitted())
    }
}
