//! Rules that an application adds to a session, made to undo its policies.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use datafusion::optimizer::analyzer::Analyzer;
use datafusion::optimizer::{AnalyzerRule, Optimizer};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;

use super::world::{PLAIN, World, stays, told, trapped};
use crate::fixture::{permit, refusal};

const QUESTIONS: [&str; 4] = [
    "SELECT * FROM sejour",
    "SELECT count(*) FROM sejour",
    "SELECT (SELECT max(cost) FROM sejour)",
    "SELECT a.cost FROM sejour a JOIN sejour b USING (patient) WHERE CAST(a.note AS INT) > 0",
];

async fn reads_nothing(
    change: impl Fn(SessionStateBuilder) -> SessionStateBuilder + Send + Sync + 'static,
) {
    let session = trapped().await.customized(change).expect("session");
    for sql in QUESTIONS {
        let refused = refusal(&session, sql).await;
        assert_eq!(refused.code().as_str(), "not_enforced", "{sql}: {refused}");
    }
}

async fn answers_as_before(
    change: impl Fn(SessionStateBuilder) -> SessionStateBuilder + Send + Sync + 'static,
) {
    let (plain, changed) = (
        trapped().await,
        trapped().await.customized(change).expect("session"),
    );
    for sql in QUESTIONS {
        assert_eq!(
            told(&changed, sql, false).await,
            told(&plain, sql, false).await,
            "{sql}"
        );
    }
}

/// Door 20: the rule that enforces policies taken out, or its list replaced by another.
#[tokio::test]
async fn without_its_rule_a_session_reads_nothing() {
    reads_nothing(|state| state.with_optimizer_rules(vec![])).await;
    reads_nothing(|state| state.with_optimizer_rules(Optimizer::new().rules)).await;
    answers_as_before(|state| state.with_analyzer_rules(Analyzer::new().rules)).await;
}

/// Door 54: the operator that enforces a policy taken out of the plan, or read around.
#[tokio::test]
async fn a_plan_without_its_policies_does_not_run() {
    for undo in [Undo::Remove, Undo::Filter, Undo::BelowAnother] {
        reads_nothing(move |state| state.with_physical_optimizer_rule(Arc::new(undo))).await;
    }
}

/// Door 54: an operator of another session, with its raw scan, put in place of the session's own.
#[tokio::test]
async fn a_plan_of_another_session_put_in_place_does_not_run() {
    let everything = World::of(&stays(), PLAIN)
        .await
        .session(&permit("[table.sejour]\ncolumns = [\"region\", \"note\"]"));
    let sql = "SELECT region, note FROM sejour";
    let plan = everything.plan(sql).await.expect("plan");
    let foreign = everything.physical_plan(&plan, vec![]).await.expect("plan");
    let session = trapped()
        .await
        .customized(move |state| {
            state.with_physical_optimizer_rule(Arc::new(Instead(Arc::clone(&foreign))))
        })
        .expect("session");
    let refused = refusal(&session, sql).await;
    assert_eq!(refused.code().as_str(), "not_enforced");
}

/// Door 54: no physical rule at all, which is how filters would not be pushed or partitions not be merged.
#[tokio::test]
async fn without_physical_rules_the_policy_holds() {
    answers_as_before(|state| state.with_physical_optimizer_rules(vec![])).await;
}

/// Door 54: an analyzer's rule that puts the table of another session into a plan that has passed the front gate.
#[tokio::test]
async fn a_table_of_another_session_put_in_place_is_refused() {
    let everything = World::of(&stays(), PLAIN)
        .await
        .session(&permit("[table.sejour]\ncolumns = [\"patient\", \"region\", \"note\", \"cost\", \"day\", \"rate\"]"));
    let other = everything
        .table("sejour")
        .await
        .expect("table")
        .build()
        .expect("plan");
    let session = trapped()
        .await
        .customized(move |state| state.with_analyzer_rule(Arc::new(OtherTable(other.clone()))))
        .expect("session");
    for sql in QUESTIONS {
        let found = told(&session, sql, false).await;
        assert!(!found.starts_with('+'), "{sql}\n{found}");
    }
}

#[derive(Debug, Clone, Copy)]
enum Undo {
    /// Its input instead of the operator.
    Remove,
    /// A filter that keeps everything instead of the operator.
    Filter,
    /// The operator twice, of which the outer would be the one that is looked at.
    BelowAnother,
}

fn policies(
    plan: Arc<dyn ExecutionPlan>,
    change: impl Fn(Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let changed = plan.transform_down(|node| {
        if node.name() != "PolicyExec" {
            return Ok(Transformed::no(node));
        }
        Ok(Transformed::new(
            change(node)?,
            true,
            TreeNodeRecursion::Jump,
        ))
    })?;
    Ok(changed.data)
}

impl PhysicalOptimizerRule for Undo {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        policies(plan, |policy| {
            let raw = Arc::clone(policy.children()[0]);
            Ok(match self {
                Self::Remove => raw,
                Self::Filter => Arc::new(FilterExec::try_new(
                    datafusion::physical_expr::expressions::lit(true),
                    raw,
                )?),
                Self::BelowAnother => {
                    let again = Arc::clone(&policy);
                    datafusion::physical_plan::replace_children_if_necessary(policy, vec![again])?
                }
            })
        })
    }

    fn name(&self) -> &str {
        "undo"
    }

    fn schema_check(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct Instead(Arc<dyn ExecutionPlan>);

impl PhysicalOptimizerRule for Instead {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        policies(plan, |_| Ok(Arc::clone(&self.0)))
    }

    fn name(&self) -> &str {
        "instead"
    }

    fn schema_check(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct OtherTable(LogicalPlan);

impl AnalyzerRule for OtherTable {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let LogicalPlan::TableScan(other) = &self.0 else {
            return Ok(plan);
        };
        let other = source_as_provider(&other.source)?;
        let changed = plan.transform_down_with_subqueries(|node| match node {
            LogicalPlan::TableScan(scan) => {
                Ok(Transformed::yes(LogicalPlan::TableScan(TableScan {
                    source: provider_as_source(Arc::clone(&other)),
                    ..scan
                })))
            }
            node => Ok(Transformed::no(node)),
        })?;
        Ok(changed.data)
    }

    fn name(&self) -> &str {
        "other table"
    }
}

/// A plan that was made in one session and handed to another as it is.
#[tokio::test]
async fn a_finished_plan_runs_in_its_own_session_only() {
    let (one, other) = (trapped().await, trapped().await);
    let plan = one.plan("SELECT cost FROM sejour").await.expect("plan");
    let physical = one.physical_plan(&plan, vec![]).await.expect("plan");
    let refused = other
        .run_physical(Arc::clone(&physical))
        .expect_err("another session");
    assert_eq!(refused.code().as_str(), "not_enforced");
    assert!(other.execute(plan.clone()).await.is_err());
    assert!(other.physical_plan(&plan, vec![]).await.is_err());
    assert!(other.execute(plan).await.is_err());
    let raw = Arc::clone(physical.children().first().copied().unwrap_or(&physical));
    if raw.name() == "DataSourceExec" {
        assert!(one.run_physical(raw).is_err(), "the scan below the policy");
    }
    let answer = one
        .run_physical(physical)
        .expect("its own")
        .collect()
        .await
        .expect("rows");
    assert_eq!(answer.iter().map(RecordBatch::num_rows).sum::<usize>(), 6);
}
