//! The leaf operator: row policy first, then people and parents, masks on what is left.
//!
//! ```text
//! PolicyExec: table=ER_PRS_F, project=diab-2031
//!   DataSourceExec: …            (stored columns; nothing of the researcher's but leakproof conditions)
//! ```
//!
//! It is an operator of its own: `FilterExec` lets a parent's predicates into its own and swaps places with projections.
//! What it gives upwards hides what it read: no ordering, no equivalence, no statistic but a declared number of rows.

mod pushdown;
mod stream;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr,
    PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};

use super::binding::Binding;
use super::contributor::ContributorIds;
use super::parent::{ParentGuard, ParentKey};
use super::people::PeopleGuard;

/// Evaluates a table's row policy on stored batches, keeps and coalesces the survivors, and masks them.
#[derive(Debug, Clone)]
pub struct PolicyExec {
    input: Arc<dyn ExecutionPlan>,
    stored: SchemaRef,
    rows: Vec<Arc<dyn PhysicalExpr>>,
    absorbed: Vec<Arc<dyn PhysicalExpr>>,
    guards: Vec<Guard>,
    parents: Parents,
    outputs: Vec<Output>,
    table: String,
    binding: Arc<Binding>,
    strict: bool,
    expected_rows: f64,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// What a leaf is made from.
pub(super) struct Leaf {
    /// The scan of the stored columns.
    pub(super) input: Arc<dyn ExecutionPlan>,
    /// The row policy: conditions on stored rows that must all be true.
    pub(super) rows: Vec<Arc<dyn PhysicalExpr>>,
    /// What rows are held against besides.
    pub(super) guards: Vec<Guard>,
    /// The columns it gives.
    pub(super) outputs: Vec<Output>,
    /// Their names and types.
    pub(super) schema: SchemaRef,
    pub(super) table: String,
    pub(super) binding: Arc<Binding>,
    pub(super) strict: bool,
    /// A guess at the rows it gives, before their parents are looked at.
    pub(super) expected_rows: f64,
}

/// Who holds rows that know no person against their parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parents {
    /// The leaf.
    Here,
    /// The leaf, unless the join above comes to do it; the number of rows is guessed as if it did.
    Expected,
    /// The join above.
    InJoin,
}

/// What stored rows are held against besides the row policy.
#[derive(Debug, Clone)]
pub(super) enum Guard {
    /// A list of people.
    People(PeopleGuard),
    /// The visible rows of the table that knows their people.
    Parent(Arc<ParentGuard>),
}

/// One output column: where it comes from in the input.
#[derive(Debug, Clone)]
pub(super) enum Output {
    /// The stored value.
    Clear(usize),
    /// An expression over the stored columns.
    Masked(Arc<dyn PhysicalExpr>),
    /// An id of the person that the stored columns name.
    Contributor(Vec<usize>, ContributorIds),
}

impl PolicyExec {
    pub(super) fn try_new(leaf: Leaf) -> Result<Self> {
        if leaf.outputs.len() != leaf.schema.fields().len() {
            return internal_err!("a leaf with outputs beyond its schema");
        }
        Ok(Self {
            properties: properties(&leaf.input, leaf.schema),
            stored: leaf.input.schema(),
            input: leaf.input,
            rows: leaf.rows,
            absorbed: vec![],
            guards: leaf.guards,
            parents: Parents::Here,
            outputs: leaf.outputs,
            table: leaf.table,
            binding: leaf.binding,
            strict: leaf.strict,
            expected_rows: leaf.expected_rows,
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    /// Whose question this operator works for.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The table it reads.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The scan of the stored columns.
    pub(super) fn scan(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    /// How rows reach the parents that they are held against, if they are.
    pub(super) fn parent_key(&self) -> Option<ParentKey<'_>> {
        self.parent_guard().map(ParentGuard::key)
    }

    /// Whether it gives rows whose parent may be hidden, for the join above to throw away.
    pub(super) fn leaves_parents_to_join(&self) -> bool {
        self.parents == Parents::InJoin
    }

    /// The same leaf, for a join that throws away the rows whose parent is hidden.
    pub(super) fn leaving_parents_to_join(&self) -> Self {
        self.with_parents(Parents::InJoin)
    }

    /// The same leaf, with as many rows expected as if the join above came to throw those away.
    pub(super) fn expecting_parent_join(&self) -> Self {
        self.with_parents(Parents::Expected)
    }

    /// The stored column behind an output column, if it is shown as stored.
    pub(super) fn stored_name(&self, output: usize) -> Option<&str> {
        match self.outputs.get(output)? {
            Output::Clear(at) => Some(self.stored.fields().get(*at)?.name()),
            Output::Masked(_) | Output::Contributor(..) => None,
        }
    }

    pub(super) fn shows_stored_columns_only(&self) -> bool {
        self.outputs
            .iter()
            .all(|output| matches!(output, Output::Clear(_)))
    }

    /// Whether it would take in a condition of the researcher's that stands above it.
    pub(super) fn would_absorb(&self, condition: &Arc<dyn PhysicalExpr>) -> bool {
        pushdown::to_stored(self, condition).is_some()
    }

    fn parent_guard(&self) -> Option<&ParentGuard> {
        self.guards.iter().find_map(|guard| match guard {
            Guard::Parent(guard) => Some(guard.as_ref()),
            Guard::People(_) => None,
        })
    }

    fn with_parents(&self, parents: Parents) -> Self {
        Self {
            parents,
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        }
    }

    /// What rows are held against in this operator.
    fn guards(&self) -> Vec<Guard> {
        let here =
            |guard: &&Guard| matches!(guard, Guard::People(_)) || self.parents != Parents::InJoin;
        self.guards.iter().filter(here).cloned().collect()
    }
}

/// As many partitions as the input, and nothing else that the input knows of itself.
fn properties(input: &Arc<dyn ExecutionPlan>, schema: SchemaRef) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(schema),
        Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
        EmissionType::Incremental,
        Boundedness::Bounded,
    ))
}

impl DisplayAs for PolicyExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match format {
            DisplayFormatType::Default | DisplayFormatType::Verbose => {
                write!(
                    f,
                    "PolicyExec: table={}, project={}",
                    self.table,
                    self.binding.project()
                )?;
                if self.leaves_parents_to_join() {
                    f.write_str(", parents=join")?;
                }
                Ok(())
            }
            DisplayFormatType::TreeRender => writeln!(f, "table={}", self.table),
        }
    }
}

impl ExecutionPlan for PolicyExec {
    fn name(&self) -> &'static str {
        "PolicyExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let masks = self.outputs.iter().filter_map(|output| match output {
            Output::Masked(expr) => Some(expr),
            Output::Clear(_) | Output::Contributor(..) => None,
        });
        datafusion::physical_plan::apply_expression_roots(
            self.rows.iter().chain(&self.absorbed).chain(masks),
            f,
        )
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(children).map_err(|_| {
            datafusion::common::internal_datafusion_err!("a leaf reads exactly one source")
        })?;
        Ok(Arc::new(Self {
            properties: properties(&input, self.schema()),
            stored: input.schema(),
            input,
            metrics: ExecutionPlanMetricsSet::new(),
            ..Self::clone(&self)
        }))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(
                datafusion::physical_plan::execution_plan::ChildrenPropertiesMode::Recompute,
            ),
        )
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        stream::execute(self, partition, context)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    /// What the files say is not even asked for.
    fn child_stats_requests(&self, _: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::Skip]
    }

    /// A declared number of rows, scaled by the shape of policy and absorbed conditions; never what the files say.
    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let schema = self.schema();
        let partitions = match args.partition() {
            Some(_) => self.properties.partitioning.partition_count().max(1),
            None => 1,
        };
        let kept = 0.2_f64.powi(i32::try_from(self.absorbed.len()).unwrap_or(i32::MAX));
        let parents = match self.parents {
            Parents::Here => self.parent_guard().map_or(1.0, ParentGuard::share),
            Parents::Expected | Parents::InJoin => 1.0,
        };
        let rows = (self.expected_rows * kept * parents / partitions as f64).max(1.0) as usize;
        let width: usize = schema
            .fields()
            .iter()
            .map(|field| field.data_type().primitive_width().unwrap_or(16))
            .sum();
        let mut statistics = Statistics::new_unknown(&schema);
        statistics.num_rows = Precision::Inexact(rows);
        statistics.total_byte_size = Precision::Inexact(rows.saturating_mul(width));
        Ok(Arc::new(statistics))
    }

    fn gather_filters_for_pushdown(
        &self,
        phase: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        pushdown::gather(self, phase, &parent_filters)
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(pushdown::absorb(self, phase, result))
    }
}
