use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Utc;
use datafusion::common::TableReference;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use datafusion::sql::parser::Statement as PlannedStatement;
use datafusion::sql::sqlparser::ast::Statement;

use super::error::{QueryError, SessionError};
use super::failure::Failure;
use super::record::LONGEST_QUESTION;
use super::stack::{on_large_stack, on_large_stack_now};
use super::tables::{self, Protected};
use super::touched::HeldAgainst;
use crate::enforce::{
    Binding, FrontGate, check_physical_plan, check_text, leave_parents_to_joins, settle_groupings,
};
use crate::permit::{Permit, TablePolicy};
use crate::platform::Platform;
use crate::sql::{Names, parse_statements};

/// One version of a permit, opened for one principal: the tables compiled, the engine set up.
pub(super) struct Opened {
    pub(super) permit: Arc<Permit>,
    pub(super) binding: Arc<Binding>,
    /// What of other tables is read for a table whose people are found there.
    pub(super) held_against: HeldAgainst,
    /// What the permit makes of each table.
    pub(super) policies: BTreeMap<String, TablePolicy>,
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
        // The conditions and masks of a permit may be deep.
        let Protected {
            tables,
            held_against,
        } = on_large_stack_now(|| tables::protect(platform, &permit, &binding))?;
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
        let policies = tables
            .iter()
            .map(|table| (table.model().name.clone(), table.policy().clone()))
            .collect();
        Ok(Self {
            held_against,
            policies,
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
    pub(super) fn read(&self, text: &str) -> Result<Asked, Failure> {
        if text.len() > LONGEST_QUESTION {
            return Err(QueryError::too_long(LONGEST_QUESTION).into());
        }
        on_large_stack_now(|| {
            let mut statements = parse_statements(text, &self.names, self.platform.functions())?;
            let (Some(mut statement), true) = (statements.pop(), statements.is_empty()) else {
                return Err(QueryError::not_one_statement().into());
            };
            check_text(&statement)?;
            settle_groupings(&mut statement)?;
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
                _ => Err(QueryError::not_a_query().into()),
            }
        })
    }

    /// The query that a text is.
    pub(super) fn query(&self, text: &str) -> Result<Statement, Failure> {
        match self.read(text)? {
            Asked::Rows(query) => Ok(query),
            Asked::Names(_) | Asked::Plan(_) => Err(QueryError::not_a_query().into()),
        }
    }

    fn describe(&self, name: &str) -> Result<Asked, Failure> {
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
            .ok_or_else(|| QueryError::not_a_query().into())
    }

    pub(super) async fn plan(&self, statement: Statement) -> Result<LogicalPlan, Failure> {
        on_large_stack(async {
            let plan = self
                .state()
                .statement_to_plan(PlannedStatement::Statement(Box::new(statement)))
                .await
                .map_err(|error| Failure::of(&error))?;
            self.admit(&plan)?;
            Ok(plan)
        })
        .await
    }

    pub(super) async fn table(&self, name: &str) -> Result<LogicalPlanBuilder, Failure> {
        let known = self
            .names
            .table(name)
            .ok_or_else(|| QueryError::unknown_table(name))?;
        let provider = self
            .state
            .schema_for_ref(TableReference::bare(known))
            .map_err(|error| Failure::of(&error))?
            .table(known)
            .await
            .map_err(|error| Failure::of(&error))?
            .ok_or_else(|| QueryError::unknown_table(name))?;
        let source = datafusion::datasource::provider_as_source(provider);
        LogicalPlanBuilder::scan(known, source, None).map_err(|error| Failure::of(&error))
    }

    pub(super) async fn optimized(&self, plan: &LogicalPlan) -> Result<LogicalPlan, Failure> {
        on_large_stack(async {
            self.state()
                .optimize(plan)
                .map_err(|error| Failure::of(&error))
        })
        .await
    }

    pub(super) async fn physical_plan(
        &self,
        plan: &LogicalPlan,
        planners: Vec<Arc<dyn ExtensionPlanner + Send + Sync>>,
    ) -> Result<Arc<dyn ExecutionPlan>, Failure> {
        let state = self.state();
        on_large_stack(async {
            let optimized = state.optimize(plan).map_err(|error| Failure::of(&error))?;
            let physical = DefaultPhysicalPlanner::with_extension_planners(planners)
                .create_physical_plan(&optimized, &state)
                .await
                .and_then(leave_parents_to_joins)
                .map_err(|error| Failure::of_planning(&error))?;
            self.last_check(&physical)?;
            Ok(physical)
        })
        .await
    }

    pub(super) fn admit(&self, plan: &LogicalPlan) -> Result<(), Failure> {
        FrontGate {
            binding: &self.binding,
            functions: self.platform.functions(),
        }
        .check(plan)
        .map_err(Failure::from)
    }

    pub(super) fn last_check(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<(), Failure> {
        check_physical_plan(plan, &self.binding)
            .map_err(|source| Failure::not_enforced(&source))?;
        if is_higher_than(plan, MOST_LEVELS) {
            return Err(QueryError::too_deep(MOST_LEVELS).into());
        }
        Ok(())
    }

    /// Starts a plan that was checked.
    pub(super) fn start(
        &self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<SendableRecordBatchStream, Failure> {
        let context = self.state().task_ctx();
        on_large_stack_now(|| execute_stream(plan, context)).map_err(|error| Failure::of(&error))
    }

    /// Whether pseudonymised rows may be seen.
    pub(super) fn allow_rows(&self) -> Result<(), Failure> {
        if self.permit.allows_rows() {
            Ok(())
        } else {
            Err(QueryError::rows_not_permitted().into())
        }
    }

    /// A plan as the researcher may see it.
    pub(super) async fn explained(&self, plan: &LogicalPlan) -> Result<String, Failure> {
        let plan = self.optimized(plan).await?;
        Ok(format!(
            "under the permit of {} ({})\n{}",
            self.permit.project(),
            self.permit.hash(),
            on_large_stack_now(|| plan.display_indent().to_string())
        ))
    }
}

/// As many operators as may stand one upon another. Each asks the one below for rows on its own stack, partly in tasks of
/// the engine's that have no more than a thread's.
const MOST_LEVELS: usize = 200;

fn is_higher_than(plan: &Arc<dyn ExecutionPlan>, most: usize) -> bool {
    let mut waiting = vec![(plan, 1)];
    while let Some((node, level)) = waiting.pop() {
        if level > most {
            return true;
        }
        waiting.extend(node.children().into_iter().map(|child| (child, level + 1)));
    }
    false
}
