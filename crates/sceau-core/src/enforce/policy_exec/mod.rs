//! The leaf operator: row policy first, masks on what is left.
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
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr,
    PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};

use super::binding::Binding;
use super::contributor::ContributorSeed;
pub use stream::HiddenFailure;

/// Evaluates a table's row policy on stored batches, keeps and coalesces the survivors, and masks them.
#[derive(Debug, Clone)]
pub struct PolicyExec {
    input: Arc<dyn ExecutionPlan>,
    rows: Vec<Arc<dyn PhysicalExpr>>,
    absorbed: Vec<Arc<dyn PhysicalExpr>>,
    outputs: Vec<Output>,
    table: String,
    binding: Arc<Binding>,
    strict: bool,
    expected_rows: f64,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// One output column: where it comes from in the input.
#[derive(Debug, Clone)]
pub(super) enum Output {
    /// The stored value.
    Clear(usize),
    /// An expression over the stored columns.
    Masked(Arc<dyn PhysicalExpr>),
    /// An id of the person that the stored columns name.
    Contributor(Vec<usize>, ContributorSeed),
}

impl PolicyExec {
    #[expect(
        clippy::too_many_arguments,
        reason = "made in one place, from a compiled policy"
    )]
    pub(super) fn try_new(
        input: Arc<dyn ExecutionPlan>,
        rows: Vec<Arc<dyn PhysicalExpr>>,
        outputs: Vec<Output>,
        schema: SchemaRef,
        table: String,
        binding: Arc<Binding>,
        strict: bool,
        expected_rows: f64,
    ) -> Result<Self> {
        if outputs.len() != schema.fields().len() {
            return internal_err!("a leaf with outputs beyond its schema");
        }
        Ok(Self {
            properties: properties(&input, schema),
            input,
            rows,
            absorbed: vec![],
            outputs,
            table,
            binding,
            strict,
            expected_rows,
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
            DisplayFormatType::Default | DisplayFormatType::Verbose => write!(
                f,
                "PolicyExec: table={}, project={}",
                self.table,
                self.binding.project()
            ),
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
        let rows = (self.expected_rows * kept / partitions as f64).max(1.0) as usize;
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
