//! One principal under one permit: the only door for SQL.

mod answer;
mod error;
mod people;
mod redact;
mod stack;
mod tables;

use std::sync::Arc;

use chrono::Utc;
use datafusion::common::TableReference;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use datafusion::sql::parser::Statement as PlannedStatement;
use datafusion::sql::sqlparser::ast::Statement;

pub use answer::Answer;
pub use error::{ErrorCode, QueryError, SessionError};

use crate::enforce::{Binding, FrontGate, check_physical_plan, check_text};
use crate::permit::Permit;
use crate::platform::Platform;
use crate::sql::{Names, parse_statements};
use redact::redacted;
use stack::on_large_stack;

/// One principal under one permit: the only door for SQL.
///
/// Every way in, [`sql`](Session::sql) and [`execute`](Session::execute), passes the same gates: one query, of plan nodes
/// and functions that are allowed, over this session's own tables; and before it runs, every source of the physical plan
/// sits under a policy.
///
/// Sessions are cheap to open and can be used from many threads; clones share everything.
#[derive(Clone)]
pub struct Session {
    permit: Arc<Permit>,
    binding: Arc<Binding>,
    platform: Platform,
    names: Arc<Names>,
    state: SessionState,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("binding", &self.binding)
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn open(
        platform: &Platform,
        permit: &Permit,
        principal: &str,
    ) -> Result<Self, SessionError> {
        if !permit.names(principal) {
            return Err(SessionError::NotNamed {
                principal: principal.to_owned(),
                project: permit.project().to_owned(),
            });
        }
        let today = Utc::now().date_naive();
        if !permit.holds_on(today) {
            let (from, until) = permit.validity();
            return Err(SessionError::NotValid {
                project: permit.project().to_owned(),
                from,
                until,
            });
        }
        let binding = Arc::new(Binding::new(principal, permit.project(), permit.hash()));
        let tables = tables::protect(platform, permit, &binding)?;
        let mut names = Names::default();
        for table in &tables {
            names.add_table(
                table.model().name.clone(),
                table
                    .policy()
                    .columns
                    .iter()
                    .map(|column| column.name.clone())
                    .collect(),
            );
        }
        tracing::info!(
            principal,
            project = permit.project(),
            permit = permit.hash(),
            "session opened"
        );
        Ok(Self {
            state: tables::state(platform, tables, &binding),
            permit: Arc::new(permit.clone()),
            binding,
            platform: platform.clone(),
            names: Arc::new(names),
        })
    }

    /// Answers one query inside the environment, as a stream of batches.
    ///
    /// # Errors
    /// When the text is not one query, asks for what the permit does not grant, or fails. Texts and codes are the same
    /// for what is denied and what does not exist, and show no hidden value.
    pub async fn sql(&self, text: &str) -> Result<Answer, QueryError> {
        self.allow_rows()?;
        let plan = self.plan(text).await?;
        self.run(plan, vec![]).await
    }

    /// Answers a plan that was built on [`table`](Session::table), inside the environment.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn execute(&self, plan: LogicalPlan) -> Result<Answer, QueryError> {
        self.allow_rows()?;
        self.admit(&plan)?;
        self.run(plan, vec![]).await
    }

    /// A plan that reads one authorised table, to build upon. The name matches in any case.
    ///
    /// # Errors
    /// When the permit grants no such table.
    pub async fn table(&self, name: &str) -> Result<LogicalPlanBuilder, QueryError> {
        let known = self
            .names
            .table(name)
            .ok_or_else(|| QueryError::unknown_table(name))?;
        let provider = self
            .state
            .schema_for_ref(TableReference::bare(known))
            .map_err(|error| redacted(&error))?
            .table(known)
            .await
            .map_err(|error| redacted(&error))?
            .ok_or_else(|| QueryError::unknown_table(name))?;
        LogicalPlanBuilder::scan(
            known,
            datafusion::datasource::provider_as_source(provider),
            None,
        )
        .map_err(|error| redacted(&error))
    }

    /// How a query would be answered: the plan above the tables, without anything of the policies, files or counts.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn explain(&self, text: &str) -> Result<String, QueryError> {
        let plan = self.plan(text).await?;
        let plan = on_large_stack(async { self.state.optimize(&plan) })
            .await
            .map_err(|error| redacted(&error))?;
        Ok(plan.display_indent().to_string())
    }

    /// The permit that this session is under.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Who asks.
    pub fn principal(&self) -> &str {
        self.binding.principal()
    }

    /// Lets an embedding application add to DataFusion's state: optimizer rules, planners, functions, settings.
    ///
    /// Whatever it does, hidden rows stay hidden: a table cannot be scanned unless the policies were enforced, and the
    /// final gate refuses a plan that reads anything else. Functions added here are not allowed in questions.
    pub fn customized(
        mut self,
        change: impl FnOnce(SessionStateBuilder) -> SessionStateBuilder,
    ) -> Self {
        self.state = change(SessionStateBuilder::new_from_existing(self.state)).build();
        self
    }

    /// The plan of one query over the protected tables, past the front gate and not optimised: what a release starts from.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn plan(&self, text: &str) -> Result<LogicalPlan, QueryError> {
        self.still_holds()?;
        on_large_stack(self.plan_text(text)).await
    }

    async fn plan_text(&self, text: &str) -> Result<LogicalPlan, QueryError> {
        let mut statements = parse_statements(text, &self.names, self.platform.functions())?;
        let statement = match (statements.pop(), statements.is_empty()) {
            (Some(Statement::Query(query)), true) => Statement::Query(query),
            (Some(_), true) => return Err(QueryError::not_a_query()),
            _ => return Err(QueryError::not_one_statement()),
        };
        check_text(&statement).map_err(QueryError::refused)?;
        let plan = self
            .state
            .statement_to_plan(PlannedStatement::Statement(Box::new(statement)))
            .await
            .map_err(|error| redacted(&error))?;
        self.admit(&plan)?;
        Ok(plan)
    }

    /// Runs a plan: policies enforced, planned with the given extension planners, checked by the final gate, executed.
    ///
    /// This is what the release crate builds upon; it does not ask whether the permit allows rows.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn run(
        &self,
        plan: LogicalPlan,
        planners: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
    ) -> Result<Answer, QueryError> {
        let physical = self.physical_plan(&plan, planners).await?;
        self.run_physical(physical)
    }

    /// The first half of [`run`](Session::run): the physical plan, past the final gate.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub async fn physical_plan(
        &self,
        plan: &LogicalPlan,
        planners: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
    ) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        self.still_holds()?;
        let physical = on_large_stack(async {
            let optimized = self.state.optimize(plan)?;
            DefaultPhysicalPlanner::with_extension_planners(planners)
                .create_physical_plan(&optimized, &self.state)
                .await
        })
        .await
        .map_err(|error| redacted(&error))?;
        self.last_check(&physical)?;
        Ok(physical)
    }

    /// The second half of [`run`](Session::run). The plan is checked again: nobody has to be trusted with it in between.
    ///
    /// # Errors
    /// As [`sql`](Session::sql).
    pub fn run_physical(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Answer, QueryError> {
        self.last_check(&plan)?;
        let stream =
            execute_stream(plan, self.state.task_ctx()).map_err(|error| redacted(&error))?;
        Ok(Answer::new(stream))
    }

    fn last_check(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<(), QueryError> {
        check_physical_plan(plan, &self.binding).map_err(|source| {
            tracing::error!(%source, "a plan was refused by the final gate");
            QueryError::not_enforced()
        })
    }

    fn admit(&self, plan: &LogicalPlan) -> Result<(), QueryError> {
        FrontGate {
            binding: &self.binding,
            functions: self.platform.functions(),
        }
        .check(plan)
        .map_err(QueryError::refused)
    }

    fn allow_rows(&self) -> Result<(), QueryError> {
        if self.permit.allows_rows() {
            Ok(())
        } else {
            Err(QueryError::rows_not_permitted())
        }
    }

    fn still_holds(&self) -> Result<(), QueryError> {
        if self.permit.holds_on(Utc::now().date_naive()) {
            Ok(())
        } else {
            Err(QueryError::expired())
        }
    }
}
