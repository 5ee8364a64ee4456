use std::sync::Arc;

use chrono::Utc;
use datafusion::common::TableReference;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use datafusion::sql::parser::Statement as PlannedStatement;
use datafusion::sql::sqlparser::ast::Statement;

use super::error::{QueryError, SessionError};
use super::redact::{redacted, without_plan};
use super::stack::{on_large_stack, on_large_stack_now};
use super::tables;
use crate::enforce::{Binding, FrontGate, check_physical_plan, check_text, leave_parents_to_joins};
use crate::permit::Permit;
use crate::platform::Platform;
use crate::sql::{Names, parse_statements};

/// One version of a permit, opened for one principal: the tables compiled, the engine set up.
pub(super) struct Opened {
    pub(super) permit: Arc<Permit>,
    pub(super) binding: Arc<Binding>,
    platform: Platform,
    names: Names,
    state: SessionState,
}

/// What a text asks for.
pub(super) enum Asked {
    /// Rows: a query.
    Rows(Statement),
    /// The names of the authorised tables or columns.
    Names(Statement),
    /// How a query would be answered.
    Plan(Statement),
}

/// A change that the embedding application makes to the engine's state.
pub(super) type Customization = Arc<dyn Fn(SessionState) -> SessionState + Send + Sync>;

impl Opened {
    pub(super) fn new(
        platform: &Platform,
        permit: Permit,
        principal: &str,
    ) -> Result<Self, SessionError> {
        if !permit.names(principal) {
            return Err(SessionError::NotNamed {
                principal: principal.to_owned(),
                project: permit.project().to_owned(),
            });
        }
        if !permit.holds_on(Utc::now().date_naive()) {
            let (from, until) = permit.validity();
            return Err(SessionError::NotValid {
                project: permit.project().to_owned(),
                from,
                until,
            });
        }
        let binding = Arc::new(Binding::new(principal, permit.project(), permit.hash()));
        let tables = tables::protect(platform, &permit, &binding)?;
        let mut names = Names::default();
        for table in &tables {
            let columns = &table.policy().columns;
            names.add_table(
                table.model().name.clone(),
                columns.iter().map(|column| column.name.clone()).collect(),
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
            permit: Arc::new(permit),
            binding,
            platform: platform.clone(),
            names,
        })
    }

    pub(super) fn customized(mut self, change: &Customization) -> Self {
        self.state = change(self.state);
        self
    }

    /// The engine's state for one question: its clock starts now.
    pub(super) fn state(&self) -> SessionState {
        let mut state = self.state.clone();
        state.mark_start_execution();
        state
    }

    /// What a text asks for.
    pub(super) fn read(&self, text: &str) -> Result<Asked, QueryError> {
        on_large_stack_now(|| {
            let mut statements = parse_statements(text, &self.names, self.platform.functions())?;
            let (Some(statement), true) = (statements.pop(), statements.is_empty()) else {
                return Err(QueryError::not_one_statement());
            };
            check_text(&statement).map_err(QueryError::refused)?;
            match statement {
                Statement::Query(_) => Ok(Asked::Rows(statement)),
                Statement::ShowTables { .. } | Statement::ShowColumns { .. } => {
                    Ok(Asked::Names(statement))
                }
                Statement::ExplainTable { table_name, .. } => {
                    self.describe(&table_name.to_string())
                }
                Statement::Explain {
                    analyze: false,
                    verbose: false,
                    statement,
                    ..
                } if matches!(*statement, Statement::Query(_)) => Ok(Asked::Plan(*statement)),
                _ => Err(QueryError::not_a_query()),
            }
        })
    }

    /// The query that a text is.
    pub(super) fn query(&self, text: &str) -> Result<Statement, QueryError> {
        match self.read(text)? {
            Asked::Rows(query) => Ok(query),
            Asked::Names(_) | Asked::Plan(_) => Err(QueryError::not_a_query()),
        }
    }

    fn describe(&self, name: &str) -> Result<Asked, QueryError> {
        let table = self
            .names
            .table(name.trim_matches('"'))
            .ok_or_else(|| QueryError::unknown_table(name))?;
        let text = format!(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = '{}' ORDER BY ordinal_position",
            table.replace('\'', "''")
        );
        let mut statements = parse_statements(&text, &Names::default(), self.platform.functions())?;
        statements
            .pop()
            .map(Asked::Names)
            .ok_or_else(QueryError::not_a_query)
    }

    pub(super) async fn plan(&self, statement: Statement) -> Result<LogicalPlan, QueryError> {
        on_large_stack(async {
            let plan = self
                .state()
                .statement_to_plan(PlannedStatement::Statement(Box::new(statement)))
                .await
                .map_err(|error| redacted(&error))?;
            self.admit(&plan)?;
            Ok(plan)
        })
        .await
    }

    pub(super) async fn table(&self, name: &str) -> Result<LogicalPlanBuilder, QueryError> {
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
        let source = datafusion::datasource::provider_as_source(provider);
        LogicalPlanBuilder::scan(known, source, None).map_err(|error| redacted(&error))
    }

    pub(super) async fn optimized(&self, plan: &LogicalPlan) -> Result<LogicalPlan, QueryError> {
        on_large_stack(async {
            self.state()
                .optimize(plan)
                .map_err(|error| redacted(&error))
        })
        .await
    }

    pub(super) async fn physical_plan(
        &self,
        plan: &LogicalPlan,
        planners: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
    ) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        let state = self.state();
        let physical = on_large_stack(async {
            let optimized = state.optimize(plan).map_err(|error| redacted(&error))?;
            DefaultPhysicalPlanner::with_extension_planners(planners)
                .create_physical_plan(&optimized, &state)
                .await
                .and_then(leave_parents_to_joins)
                .map_err(|error| without_plan(&error))
        })
        .await?;
        self.last_check(&physical)?;
        Ok(physical)
    }

    pub(super) fn admit(&self, plan: &LogicalPlan) -> Result<(), QueryError> {
        FrontGate {
            binding: &self.binding,
            functions: self.platform.functions(),
        }
        .check(plan)
        .map_err(QueryError::refused)
    }

    pub(super) fn last_check(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<(), QueryError> {
        check_physical_plan(plan, &self.binding).map_err(|source| {
            tracing::error!(%source, "a plan was refused by the final gate");
            QueryError::not_enforced()
        })
    }
}
