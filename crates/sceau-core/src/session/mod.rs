//! One principal under one permit: the only door for SQL.

mod answer;
mod catalog;
mod diagnose;
mod error;
mod failure;
mod opened;
mod people;
mod question;
mod record;
mod redact;
mod stack;
mod tables;
mod touched;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::Utc;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion::physical_planner::ExtensionPlanner;

pub use answer::Answer;
pub use error::{ErrorCode, QueryError, SessionError};
pub use question::Question;

use crate::journal::{Door, Entry, Event};
use crate::permit::Permit;
use crate::platform::Platform;
use answer::{Ending, lines};
use failure::Failure;
use opened::{Asked, Customization, Opened};
use record::Record;
use touched::Touched;

/// One principal under one permit: the only door for SQL.
///
/// Every way in, [`sql`](Session::sql) and [`execute`](Session::execute), passes the same gates: one query, of plan nodes
/// and functions that are allowed, over this session's own tables; and before it runs, every source of the physical plan
/// sits under a policy.
///
/// A permit that came from a file is read again before every question, so that a change of it, or of the lists of people
/// it names, holds from the next question on. A question that is being answered goes on under the version it began with.
///
/// Where the platform keeps a journal, every question is in it, answered or refused, before anything of its answer is handed
/// out, and how it ended; one that cannot be recorded is not answered.
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
        let opened = Opened::new(platform, permit.clone(), principal);
        if let Some(journal) = platform.journal() {
            let entry = |event| Entry::new(event, principal, permit.project(), permit.hash());
            let entry = match &opened {
                Ok(_) => entry(Event::Opened),
                Err(error) => {
                    let mut refused = entry(Event::Refused);
                    refused.code = Some(error.code().to_owned());
                    refused.error = Some(error.to_string());
                    refused
                }
            };
            journal.append(&entry).map_err(SessionError::NotRecorded)?;
        }
        Ok(Self {
            platform: platform.clone(),
            principal: principal.into(),
            customizations: vec![],
            current: Arc::new(Mutex::new(Arc::new(opened?))),
        })
    }

    /// Answers one query inside the environment, as a stream of batches.
    ///
    /// # Errors
    /// When the text is not one query, asks for what the permit does not grant, or fails. Texts and codes are the same
    /// for what is denied and what does not exist, and show no hidden value.
    pub async fn sql(&self, text: &str) -> Result<Answer, QueryError> {
        let mut record = self.record(Door::Sql).sql(text);
        match self.start_sql(text, &mut record).await {
            Ok(stream) => Ok(Answer::new(stream, Ending::recorded(record))),
            Err(failure) => Err(record.failed(failure).await),
        }
    }

    /// Answers a plan that was built on [`table`](Session::table), inside the environment.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn execute(&self, plan: LogicalPlan) -> Result<Answer, QueryError> {
        let mut record = self.record(Door::Plan).plan(&plan);
        match self.start_plan(&plan, &mut record).await {
            Ok(stream) => Ok(Answer::new(stream, Ending::recorded(record))),
            Err(failure) => Err(record.failed(failure).await),
        }
    }

    /// A plan that reads one authorised table, to build upon. The name matches in any case. A table that is there is not in
    /// the journal before it is read.
    ///
    /// # Errors
    /// When the permit grants no such table.
    pub async fn table(&self, name: &str) -> Result<LogicalPlanBuilder, QueryError> {
        let found = async { self.current()?.table(name).await }.await;
        match found {
            Ok(table) => Ok(table),
            Err(failure) => {
                let mut record = self.record(Door::Plan).sql(&format!("TABLE {name}"));
                Err(record.failed(failure).await)
            }
        }
    }

    /// How a query would be answered: the plan above the tables, without anything of the policies, files or counts.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn explain(&self, text: &str) -> Result<String, QueryError> {
        let mut record = self.record(Door::Explain).sql(text);
        match self.explained(text, &mut record).await {
            Ok(explained) => Ok(explained),
            Err(failure) => Err(record.failed(failure).await),
        }
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
    ///
    /// # Errors
    /// As [`Platform::session`]: the session is opened anew.
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

    /// Begins a question that is to be answered by a crate that adds stages of its own, such as a release: past the front
    /// gate, and recorded to its end. It is not asked whether the permit allows rows.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn question(&self, text: &str) -> Result<Question, QueryError> {
        let mut record = self.record(Door::Release).sql(text);
        match self.planned(text, &mut record).await {
            Ok((opened, plan)) => Ok(Question::new(opened, plan, record)),
            Err(failure) => Err(record.failed(failure).await),
        }
    }

    /// Records that the answer to a question which was asked for release earlier, and had to wait, leaves now: `text` as it
    /// was typed, who decided that it leaves, and what leaves. It may leave once this returns.
    ///
    /// # Errors
    /// When the permit does not hold any more, or the journal cannot be written.
    pub async fn released_late(
        &self,
        text: &str,
        decided_by: &str,
        cells: u64,
        withheld: u64,
    ) -> Result<(), QueryError> {
        let mut record = self.record(Door::Release).sql(text).decided_by(decided_by);
        match self.current_in(&mut record) {
            Ok(_) => record
                .released(cells, withheld)
                .await
                .map_err(|failure| failure.shown),
            Err(failure) => Err(record.failed(failure).await),
        }
    }

    /// The plan of one query over the protected tables, past the front gate and not optimised. It is not in the journal
    /// before it is run, unless it is refused.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn plan(&self, text: &str) -> Result<LogicalPlan, QueryError> {
        let planned = async {
            let opened = self.current()?;
            opened.plan(opened.query(text)?).await
        }
        .await;
        match planned {
            Ok(plan) => Ok(plan),
            Err(failure) => {
                let mut record = self.record(Door::Plan).sql(text);
                Err(record.failed(failure).await)
            }
        }
    }

    /// The physical plan of a plan that [`plan`](Session::plan) gave, perhaps with nodes that the given planners know:
    /// policies enforced, past the final gate.
    ///
    /// Whether the permit allows rows is asked when it is run. It is not in the journal before, unless it is refused.
    ///
    /// # Errors
    /// As [`sql`](Session::sql); also when the permit changed in between.
    pub async fn physical_plan(
        &self,
        plan: &LogicalPlan,
        planners: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
    ) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        let planned = async { self.current()?.physical_plan(plan, planners).await }.await;
        match planned {
            Ok(plan) => Ok(plan),
            Err(failure) => {
                let mut record = self.record(Door::Plan).plan(plan);
                Err(record.failed(failure).await)
            }
        }
    }

    /// Runs what [`physical_plan`](Session::physical_plan) gave. The plan is checked again: nobody has to be trusted with it
    /// in between. It is recorded when the first batch is asked for.
    ///
    /// # Errors
    /// As [`sql`](Session::sql); also when the permit allows releases only.
    pub fn run_physical(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Answer, QueryError> {
        let mut record = self.record(Door::Plan);
        let started = self.current_in(&mut record).and_then(|opened| {
            opened.allow_rows()?;
            opened.last_check(&plan)?;
            record.reads(Touched::by(&plan, &opened.held_against));
            opened.start(plan)
        });
        match started {
            Ok(stream) => Ok(Answer::new(stream, Ending::recorded(record))),
            Err(failure) => Err(record.failed_now(failure)),
        }
    }

    async fn start_sql(
        &self,
        text: &str,
        record: &mut Record,
    ) -> Result<SendableRecordBatchStream, Failure> {
        let opened = self.current_in(record)?;
        let statement = match opened.read(text)? {
            Asked::Rows(query) => {
                opened.allow_rows()?;
                query
            }
            Asked::Names(statement) => {
                record.through(Door::Names);
                statement
            }
            Asked::Plan(query) => {
                record.through(Door::Explain);
                let plan = opened.plan(query).await?;
                let explained = opened.explained(&plan).await?;
                record.asked().await?;
                return Ok(lines("plan", &explained));
            }
        };
        let plan = opened.plan(statement).await?;
        let physical = opened.physical_plan(&plan, vec![]).await?;
        begin(&opened, physical, record).await
    }

    async fn start_plan(
        &self,
        plan: &LogicalPlan,
        record: &mut Record,
    ) -> Result<SendableRecordBatchStream, Failure> {
        let opened = self.current_in(record)?;
        opened.allow_rows()?;
        opened.admit(plan)?;
        let physical = opened.physical_plan(plan, vec![]).await?;
        begin(&opened, physical, record).await
    }

    async fn explained(&self, text: &str, record: &mut Record) -> Result<String, Failure> {
        let (opened, plan) = self.planned(text, record).await?;
        let explained = opened.explained(&plan).await?;
        record.asked().await?;
        record.answered(None).await?;
        Ok(explained)
    }

    async fn planned(
        &self,
        text: &str,
        record: &mut Record,
    ) -> Result<(Arc<Opened>, LogicalPlan), Failure> {
        let opened = self.current_in(record)?;
        let plan = opened.plan(opened.query(text)?).await?;
        Ok((opened, plan))
    }

    /// Begins the record of a question, under the permit as it was at the last one.
    fn record(&self, door: Door) -> Record {
        Record::begin(&self.platform, &self.principal, &self.opened().permit, door)
    }

    fn opened(&self) -> Arc<Opened> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The permit as it is now, opened.
    fn current(&self) -> Result<Arc<Opened>, Failure> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(changed) = current
            .permit
            .changed()
            .map_err(|error| Failure::permit_is_wrong(&error))?
        {
            let opened = self
                .reopened(changed)
                .map_err(|error| Failure::no_longer_open(&error))?;
            *current = Arc::new(opened);
        }
        if !current.permit.holds_on(Utc::now().date_naive()) {
            return Err(QueryError::expired().into());
        }
        Ok(Arc::clone(&current))
    }

    /// The same for a question that is recorded.
    fn current_in(&self, record: &mut Record) -> Result<Arc<Opened>, Failure> {
        let opened = self.current()?;
        record.under(&opened.permit);
        Ok(opened)
    }

    fn reopened(&self, permit: Permit) -> Result<Opened, SessionError> {
        let opened = Opened::new(&self.platform, permit, &self.principal)?;
        Ok(self.customizations.iter().fold(opened, Opened::customized))
    }
}

/// Starts a plan that was checked, once it is recorded that it was asked.
async fn begin(
    opened: &Opened,
    plan: Arc<dyn ExecutionPlan>,
    record: &mut Record,
) -> Result<SendableRecordBatchStream, Failure> {
    record.reads(Touched::by(&plan, &opened.held_against));
    record.asked().await?;
    opened.start(plan)
}
