//! Plans that were not written as text: built in code, over views, over other tables, with nodes that no text makes.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::TableProvider;
use datafusion::common::{DFSchemaRef, Result};
use datafusion::datasource::file_format::format_as_file_type;
use datafusion::datasource::file_format::parquet::ParquetFormatFactory;
use datafusion::datasource::{MemTable, ViewTable, provider_as_source, source_as_provider};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{
    DdlStatement, DropTable, Expr, Extension, LogicalPlan, LogicalPlanBuilder, Prepare,
    SetVariable, Statement, UserDefinedLogicalNodeCore, placeholder,
};
use datafusion::prelude::{SessionContext, cast, col, lit};
use sceau::Session;
use sceau::enforce::ProtectedTable;

use super::world::{HIDDEN, stays, trapped};

async fn table(session: &Session) -> LogicalPlanBuilder {
    session.table("sejour").await.expect("table")
}

async fn provider(session: &Session) -> Arc<dyn TableProvider> {
    let plan = table(session).await.build().expect("plan");
    match &plan {
        LogicalPlan::TableScan(scan) => source_as_provider(&scan.source).expect("provider"),
        other => panic!("{other}"),
    }
}

async fn answer(session: &Session, plan: LogicalPlan) -> Vec<RecordBatch> {
    session
        .execute(plan)
        .await
        .expect("answer")
        .collect()
        .await
        .expect("batches")
}

async fn is_refused(session: &Session, what: &str, plan: LogicalPlan, codes: &[&str]) {
    match session.execute(plan).await {
        Ok(answer) => panic!("{what} was answered: {:?}", answer.schema()),
        Err(error) => {
            assert!(
                codes.contains(&error.code().as_str()),
                "{what}: {} {error}",
                error.code()
            );
            assert!(
                HIDDEN.iter().all(|word| !error.message().contains(word)),
                "{what}: {error}"
            );
        }
    }
}

fn count(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// Door 22: a scan that already carries filters, a row limit and a projection when the policy's rule comes to it.
#[tokio::test]
async fn what_a_scan_carries_is_applied_above_the_policy() {
    let session = trapped().await;
    let provider = provider(&session).await;
    let source = provider_as_source(Arc::clone(&provider));
    let cost = provider.schema().index_of("cost").expect("cost");
    let scan = |projection, filters: Vec<Expr>, fetch| {
        LogicalPlanBuilder::scan_with_filters_fetch(
            "sejour",
            Arc::clone(&source),
            projection,
            filters,
            fetch,
        )
        .expect("scan")
        .build()
        .expect("plan")
    };
    let number = cast(col("note"), arrow::datatypes::DataType::Int64);
    assert_eq!(
        count(&answer(&session, scan(None, vec![], Some(6))).await),
        6
    );
    assert_eq!(
        count(&answer(&session, scan(None, vec![], Some(1))).await),
        1
    );
    // The filter is over a column that the scan does not show.
    let filtered = scan(Some(vec![cost]), vec![number.clone().eq(lit(20_i64))], None);
    let batches = answer(&session, filtered).await;
    assert_eq!((count(&batches), batches[0].num_columns()), (2, 1));
    let limited = scan(
        Some(vec![cost]),
        vec![number.gt(lit(0_i64)), col("region").not_eq(lit("B"))],
        Some(3),
    );
    assert_eq!(count(&answer(&session, limited).await), 3);
    let hidden = scan(None, vec![col("region").eq(lit("B"))], None);
    assert_eq!(count(&answer(&session, hidden).await), 0);
}

/// Door 25: a view is put in place as it is built, or planned again when it is scanned.
#[tokio::test]
async fn a_view_over_a_table_has_the_policy_of_the_table() {
    let (session, other) = (trapped().await, trapped().await);
    let view = |plan| provider_as_source(Arc::new(ViewTable::new(plan, None)));
    let of = |plan| LogicalPlanBuilder::scan("v", view(plan), None).expect("scan");
    let plan = table(&session).await.build().expect("plan");
    let inlined = of(plan.clone()).build().expect("plan");
    assert_eq!(count(&answer(&session, inlined).await), 6);
    let foreign = of(table(&other).await.build().expect("plan"))
        .build()
        .expect("plan");
    is_refused(
        &session,
        "a view of another session",
        foreign,
        &["not_allowed"],
    )
    .await;
    // With a filter in the scan the view is not put in place, and is no table of the session.
    let kept =
        LogicalPlanBuilder::scan_with_filters("v", view(plan), None, vec![col("cost").gt(lit(60))])
            .expect("scan")
            .build()
            .expect("plan");
    is_refused(&session, "a view", kept, &["not_allowed"]).await;
}

/// Door 28: a raw table in a plan, under whatever name.
#[tokio::test]
async fn a_raw_table_in_a_plan_is_refused() {
    let session = trapped().await;
    let raw: Arc<dyn TableProvider> =
        Arc::new(MemTable::try_new(stays().schema(), vec![vec![stays()]]).expect("table"));
    for name in [
        "raw",
        "sejour",
        "sceau.snds.sejour",
        "information_schema.tables",
    ] {
        let scan = LogicalPlanBuilder::scan(name, provider_as_source(Arc::clone(&raw)), None)
            .expect("scan");
        is_refused(
            &session,
            name,
            scan.clone().build().expect("plan"),
            &["not_allowed"],
        )
        .await;
        let joined = table(&session)
            .await
            .alias("own")
            .and_then(|own| own.cross_join(scan.build()?))
            .and_then(LogicalPlanBuilder::build)
            .expect("plan");
        is_refused(&session, name, joined, &["not_allowed"]).await;
    }
}

/// The table taken to an engine of its own, where no rule of the session runs.
#[tokio::test]
async fn a_table_taken_elsewhere_cannot_be_scanned() {
    let session = trapped().await;
    let elsewhere = SessionContext::new();
    elsewhere
        .register_table("sejour", provider(&session).await)
        .expect("registered");
    for sql in [
        "SELECT * FROM sejour",
        "SELECT count(*) FROM sejour",
        "EXPLAIN ANALYZE SELECT * FROM sejour",
    ] {
        let error = match elsewhere.sql(sql).await {
            Ok(frame) => frame.collect().await.expect_err(sql),
            Err(error) => error,
        };
        assert!(error.to_string().contains("not enforced"), "{sql}: {error}");
    }
    let plan = session.plan("SELECT * FROM sejour").await.expect("plan");
    let frame = elsewhere.execute_logical_plan(plan).await.expect("frame");
    assert!(frame.collect().await.is_err());
}

/// Doors 8, 21 and 37: nodes that text cannot make, or that the engine's own check of statements lets pass.
#[tokio::test]
async fn nodes_that_are_no_part_of_a_question_are_refused() {
    let session = trapped().await;
    let own = table(&session).await;
    let plan = own.clone().build().expect("plan");
    let build = |builder: Result<LogicalPlanBuilder>| builder.expect("plan").build().expect("plan");
    let source = provider_as_source(provider(&session).await);
    let parquet = format_as_file_type(Arc::new(ParquetFormatFactory::new()));
    let refused: Vec<(&str, LogicalPlan)> = vec![
        ("explain", build(own.clone().explain(false, false))),
        ("explain verbose", build(own.clone().explain(true, false))),
        ("explain analyze", build(own.clone().explain(true, true))),
        (
            "extension",
            LogicalPlan::Extension(Extension {
                node: Arc::new(Around(plan.clone())),
            }),
        ),
        (
            "copy",
            build(LogicalPlanBuilder::copy_to(
                plan.clone(),
                "out.parquet".into(),
                parquet,
                HashMap::new(),
                vec![],
            )),
        ),
        (
            "insert",
            build(LogicalPlanBuilder::insert_into(
                plan.clone(),
                "sejour",
                source,
                InsertOp::Append,
            )),
        ),
        (
            "drop",
            LogicalPlan::Ddl(DdlStatement::DropTable(DropTable {
                name: "sejour".into(),
                if_exists: true,
                schema: Arc::clone(plan.schema()),
            })),
        ),
        (
            "prepare",
            LogicalPlan::Statement(Statement::Prepare(Prepare {
                name: "p".into(),
                fields: vec![],
                input: Arc::new(plan.clone()),
            })),
        ),
        (
            "set",
            LogicalPlan::Statement(Statement::SetVariable(SetVariable {
                variable: "datafusion.optimizer.max_passes".into(),
                value: "0".into(),
            })),
        ),
        (
            "parameter",
            build(own.clone().filter(col("cost").eq(placeholder("$1")))),
        ),
        (
            "repartition",
            build(
                own.clone()
                    .repartition(datafusion::logical_expr::Partitioning::RoundRobinBatch(4)),
            ),
        ),
    ];
    for (what, plan) in refused {
        is_refused(&session, what, plan.clone(), &["not_allowed"]).await;
        // Nor below something that is allowed.
        if let Ok(below) = LogicalPlanBuilder::from(plan)
            .limit(0, Some(1))
            .and_then(LogicalPlanBuilder::build)
        {
            is_refused(&session, what, below, &["not_allowed"]).await;
        }
    }
}

/// What may be built in code is answered as text is.
#[tokio::test]
async fn a_plan_built_in_code_gets_the_visible_rows() {
    let session = trapped().await;
    let plan = table(&session)
        .await
        .filter(cast(col("note"), arrow::datatypes::DataType::Int64).gt(lit(10_i64)))
        .and_then(|plan| plan.project(vec![col("cost") * lit(2)]))
        .and_then(|plan| plan.distinct())
        .and_then(LogicalPlanBuilder::build)
        .expect("plan");
    let batches = answer(&session, plan).await;
    let shown = pretty_format_batches(&batches).expect("text").to_string();
    assert_eq!(count(&batches), 2, "{shown}");
    assert!(
        shown.contains("| 200 ") && shown.contains("| 600 "),
        "{shown}"
    );
}

/// A node of an application's own, around a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
struct Around(LogicalPlan);

impl UserDefinedLogicalNodeCore for Around {
    fn name(&self) -> &str {
        "Around"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.0]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.0.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Around")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Self(inputs.remove(0)))
    }
}

/// The ids that a release counts people by: which rows are of one person is not shown where its identifier is denied.
#[tokio::test]
async fn the_ids_that_people_are_counted_by_are_not_shown() {
    let session = trapped().await;
    let provider = provider(&session).await;
    let counted = provider
        .downcast_ref::<ProtectedTable>()
        .and_then(ProtectedTable::with_contributor)
        .expect("a table of people");
    let counted = provider_as_source(Arc::new(counted));
    let scan = || LogicalPlanBuilder::scan("sejour", Arc::clone(&counted), None).expect("scan");
    let whole = scan().build().expect("plan");
    is_refused(&session, "ids of people", whole, &["not_allowed"]).await;
    let costs = scan().project(vec![col("cost")]).expect("project");
    let costs = costs.build().expect("plan");
    is_refused(&session, "a table with ids", costs, &["not_allowed"]).await;
}
