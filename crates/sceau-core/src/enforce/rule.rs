//! Puts an authorised scan in the place of every protected table.
//!
//! ```text
//! Filter: v > 3                          Filter: v > 3
//!   TableScan: t  (ProtectedTable)   →     TableScan: t  (AuthorizedScan)
//! ```
//!
//! Filters and a row limit that a scan built by hand carries become nodes above the leaf; left inside they would be
//! applied before the policy.
//!
//! ```text
//! TableScan: t, filters=[v > 3], fetch=5  →  Limit: fetch=5
//!                                              Filter: v > 3
//!                                                TableScan: t  (AuthorizedScan)
//! ```

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Result, plan_err};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::logical_plan::TableScanBuilder;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, TableScan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use super::binding::Binding;
use super::protected_table::ProtectedTable;

/// The optimizer rule that enforces the policies of one session.
///
/// It goes by the provider's type and never by a table's name, enters subqueries, and finds nothing to do when it runs
/// again. A protected table of another session is refused.
#[derive(Debug)]
pub struct EnforcePolicies {
    binding: Arc<Binding>,
}

impl EnforcePolicies {
    pub(crate) fn new(binding: Arc<Binding>) -> Self {
        Self { binding }
    }
}

impl OptimizerRule for EnforcePolicies {
    fn name(&self) -> &str {
        "enforce_policies"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::TableScan(scan) = plan else {
            return Ok(Transformed::no(plan));
        };
        let Ok(provider) = source_as_provider(&scan.source) else {
            return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
        };
        let Some(table) = provider.downcast_ref::<ProtectedTable>() else {
            return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
        };
        if table.binding() != self.binding.as_ref() {
            return plan_err!("a table of another session");
        }
        let leaf = LogicalPlan::TableScan(TableScan {
            source: provider_as_source(Arc::new(table.authorize())),
            filters: vec![],
            fetch: None,
            statistics_requests: Default::default(),
            ..scan.clone()
        });
        if scan.filters.is_empty() && scan.fetch.is_none() {
            return Ok(Transformed::yes(leaf));
        }
        above(leaf, &scan).map(Transformed::yes)
    }
}

/// The filters and the limit of a scan as nodes above the leaf. A filter may use columns that the scan does not show.
fn above(leaf: LogicalPlan, scan: &TableScan) -> Result<LogicalPlan> {
    let shown: Vec<_> = scan.projected_schema.columns();
    let LogicalPlan::TableScan(leaf) = leaf else {
        return plan_err!("not a scan");
    };
    let whole = TableScanBuilder::new(leaf.table_name, leaf.source).build()?;
    let mut builder = LogicalPlanBuilder::from(LogicalPlan::TableScan(whole));
    for filter in &scan.filters {
        builder = builder.filter(filter.clone())?;
    }
    if let Some(fetch) = scan.fetch {
        builder = builder.limit(0, Some(fetch))?;
    }
    builder
        .project(
            shown
                .into_iter()
                .map(datafusion::logical_expr::Expr::Column),
        )?
        .build()
}
