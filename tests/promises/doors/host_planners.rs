//! Catalogs and planners that an application adds to a session: raw tables by another way.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider,
    Session as EngineSession, TableProvider,
};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::datasource::{MemTable, ViewTable, provider_as_source};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::QueryPlanner;
use datafusion::functions::core::{input_file_name, version};
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannedRelation, PlannerResult, RawBinaryExpr, RelationPlanner,
    RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::sqlparser::ast::TableFactor;

use super::world::{HIDDEN, are_refused, stays, told, trapped};

fn raw() -> Arc<dyn TableProvider> {
    Arc::new(MemTable::try_new(stays().schema(), vec![vec![stays()]]).expect("table"))
}

fn raw_plan() -> Result<LogicalPlan> {
    LogicalPlanBuilder::scan("raw", provider_as_source(raw()), None)?.build()
}

/// Door 28: a raw table in a catalog of the session, under another name or in place of the protected one.
#[tokio::test]
async fn a_raw_table_in_a_catalog_is_not_read() {
    let session = trapped()
        .await
        .customized(|mut state| {
            let catalogs = state.catalog_list().clone().expect("catalogs");
            let own = catalogs
                .catalog("sceau")
                .expect("catalog")
                .schema("snds")
                .expect("schema");
            own.register_table("raw".into(), raw()).expect("registered");
            let view = ViewTable::new(raw_plan().expect("plan"), None);
            own.register_table("view".into(), Arc::new(view))
                .expect("registered");
            let schema = Arc::new(MemorySchemaProvider::new());
            schema
                .register_table("sejour".into(), raw())
                .expect("registered");
            let catalog = Arc::new(MemoryCatalogProvider::new());
            catalog.register_schema("snds", schema).expect("registered");
            catalogs.register_catalog("host".into(), catalog);
            state
        })
        .expect("session");
    are_refused(
        &session,
        &[
            "SELECT * FROM raw",
            "SELECT * FROM view",
            "SELECT * FROM host.snds.sejour",
            "SELECT count(*) FROM raw",
            "SELECT (SELECT max(secret) FROM raw)",
            "SELECT cost FROM sejour WHERE cost IN (SELECT cost FROM host.snds.sejour)",
            "WITH sejour AS (SELECT * FROM raw) SELECT * FROM sejour",
        ],
        &["not_allowed", "unknown_table"],
    )
    .await;
    let count = told(&session, "SELECT count(*) FROM sejour", false).await;
    assert!(count.contains("| 6 "), "{count}");
    for listed in ["SHOW TABLES", "SELECT * FROM information_schema.columns"] {
        let told = told(&session, listed, false).await;
        assert!(!told.contains("raw") && !told.contains("secret"), "{told}");
    }
    assert!(session.table("raw").await.is_err());

    let replaced = trapped()
        .await
        .customized(|mut state| {
            let catalogs = state.catalog_list().clone().expect("catalogs");
            let own = catalogs
                .catalog("sceau")
                .expect("catalog")
                .schema("snds")
                .expect("schema");
            own.deregister_table("sejour").expect("taken out");
            own.register_table("sejour".into(), raw())
                .expect("registered");
            state
        })
        .expect("session");
    are_refused(
        &replaced,
        &["SELECT * FROM sejour", "SELECT count(*) FROM sejour"],
        &["not_allowed"],
    )
    .await;
    let plan = replaced
        .table("sejour")
        .await
        .expect("table")
        .build()
        .expect("plan");
    let refused = replaced.execute(plan).await.expect_err("a raw table");
    assert_eq!(refused.code().as_str(), "not_allowed");
}

/// What the question answers in a session that was changed: not allowed, or what it answers in any other.
async fn opens_nothing(
    change: impl Fn(SessionStateBuilder) -> SessionStateBuilder + Send + Sync + 'static,
) {
    let (plain, changed) = (
        trapped().await,
        trapped().await.customized(change).expect("session"),
    );
    for sql in [
        "SELECT * FROM sejour",
        "SELECT count(*) FROM sejour",
        "SELECT cost + 1 FROM sejour WHERE CAST(note AS INT) > 10",
        "SELECT upper(note), length(note) FROM sejour",
    ] {
        let found = told(&changed, sql, false).await;
        assert!(
            found == told(&plain, sql, false).await || !found.starts_with('+'),
            "{sql}\n{found}"
        );
        assert!(
            HIDDEN.iter().all(|word| !found.contains(word)),
            "{sql}\n{found}"
        );
        assert!(!found.contains("parquet"), "{sql}\n{found}");
    }
}

/// Door 54: planners of relations and expressions, and of whole questions.
#[tokio::test]
async fn planners_of_the_application_open_nothing() {
    opens_nothing(|state| state.with_relation_planners(vec![Arc::new(RawRelation)])).await;
    opens_nothing(|state| state.with_expr_planners(vec![Arc::new(FileNames)])).await;
    opens_nothing(|state| state.with_query_planner(Arc::new(RawQuery))).await;
}

/// Door 54: a function put in place of another after the front gate, which then runs, above the policy.
#[tokio::test]
async fn a_function_put_in_place_of_another_tells_of_no_file_and_no_hidden_row() {
    opens_nothing(|mut state| {
        state
            .analyzer()
            .get_or_insert_default()
            .add_function_rewrite(Arc::new(AnyFunction));
        state
    })
    .await;
}

#[derive(Debug)]
struct RawRelation;

impl RelationPlanner for RawRelation {
    fn plan_relation(
        &self,
        _: TableFactor,
        _: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            raw_plan()?,
            None,
        ))))
    }
}

/// Puts the name of the file in the place of every sum and comparison.
#[derive(Debug)]
struct FileNames;

impl ExprPlanner for FileNames {
    fn plan_binary_op(
        &self,
        _: RawBinaryExpr,
        _: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        Ok(PlannerResult::Planned(input_file_name().call(vec![])))
    }
}

#[derive(Debug)]
struct RawQuery;

#[async_trait]
impl QueryPlanner for RawQuery {
    async fn create_physical_plan(
        &self,
        _: &LogicalPlan,
        session: &dyn EngineSession,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        raw().scan(session, None, &[], None).await
    }
}

#[derive(Debug)]
struct AnyFunction;

impl FunctionRewrite for AnyFunction {
    fn name(&self) -> &str {
        "any function"
    }

    fn rewrite(&self, expr: Expr, _: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        match &expr {
            Expr::ScalarFunction(call) if call.name() == "upper" => {
                Ok(Transformed::yes(input_file_name().call(vec![])))
            }
            Expr::ScalarFunction(call) if call.name() == "version" => plan_err!("again"),
            Expr::ScalarFunction(_) => Ok(Transformed::yes(version().call(vec![]))),
            _ => Ok(Transformed::no(expr)),
        }
    }
}
