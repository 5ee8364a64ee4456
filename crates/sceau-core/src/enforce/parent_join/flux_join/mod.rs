//! Joins the rows of a detail table to their visible parents, flux month by flux month.
//!
//! One of the nine keys is the month in which the flux came, and both tables are cut by it. So an inner join of the question's on
//! the whole key needs to hold but a month of one side, where a hash join holds all of it:
//!
//! ```text
//! before                                              after
//! HashJoinExec: type=Inner, on=[the nine keys]        FluxJoinExec: on=[the nine keys]
//!   PolicyExec: table=ER_PRS_F                          PolicyExec: table=ER_PRS_F
//!   PolicyExec: table=ER_PHA_F                          PolicyExec: table=ER_PHA_F, parents=join
//! ```
//!
//! Details are read in their order.
//!
//! * **Few** of them, of however many months, are held, and the parents of these months come by, without the row groups in
//!   which none of their keys can be. A question for one medicine reads what a join written by hand would.
//! * **Many** of one month are not held: the visible parents of that month are, and the details come by.
//! * Where there is **no memory** for the parents of a month, as many details as are few are held at a time, and the month's
//!   parents read for each such part.
//! * Where months come in **no order**, the parents of all of them are held, once for all partitions.
//!
//! # What it tells
//!
//! Details that come from their leaf are held against no parent yet, and how many of them are hidden decides which of the ways
//! is taken. So all of them give the same rows, in the same order: that of the details, and for each of them that of its
//! parents; and batches are cut anew, by the number of visible rows alone. What is held of details is reserved before the first
//! comes, the same whatever they are; what parents take, and joined rows, is of visible rows. Whether a month's parents are read
//! at all depends on hidden details, and which row groups are does; so nothing of the question's may run on parents before
//! they are joined: between both leaves and the join stand only operators that hand rows on as they are. Masks of the parents are
//! the permit's and fail on no value. What is left is time, as for every leaf.

mod details;
mod given;
mod sides;
mod stream;

use std::fmt;
use std::sync::{Arc, OnceLock};

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{JoinSide, Result, Statistics, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{Distribution, EquivalenceProperties, Partitioning};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType,
};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::projection::{
    EmbeddedProjection, ProjectionExec, try_embed_projection,
};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, PhysicalExpr, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};

use super::shape::{FluxKey, flux_join};
use sides::{Sides, Whole};

/// The operator: see the module.
#[derive(Debug, Clone)]
pub(in crate::enforce) struct FluxJoinExec {
    /// The join that the engine planned. It never runs itself.
    join: Arc<HashJoinExec>,
    /// On which side of it the detail table is.
    detail: JoinSide,
    /// The parents of all months, where months come in no order: one for all partitions.
    whole: Arc<OnceLock<Whole>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl FluxJoinExec {
    /// `detail`: the side of the join whose leaf leaves its check to it.
    pub(super) fn new(join: HashJoinExec, detail: JoinSide) -> Self {
        let side = match detail {
            JoinSide::Left => join.left(),
            _ => join.right(),
        };
        let partitions = side.output_partitioning().partition_count();
        Self {
            properties: Arc::new(PlanProperties::new(
                EquivalenceProperties::new(join.schema()),
                Partitioning::UnknownPartitioning(partitions),
                EmissionType::Incremental,
                Boundedness::Bounded,
            )),
            join: Arc::new(join),
            detail,
            whole: Arc::default(),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    /// The join that it does.
    pub(super) fn join(&self) -> &HashJoinExec {
        &self.join
    }

    /// How the two sides hang together, if everything holds that lets the join stand for the check.
    pub(in crate::enforce) fn key(&self) -> Option<FluxKey<'_>> {
        flux_join(&self.join, self.detail)
    }

    /// The sides of the join, each with whether it is the detail table's.
    pub(in crate::enforce) fn sides(&self) -> [(&Arc<dyn ExecutionPlan>, bool); 2] {
        let of_details = self.detail == JoinSide::Left;
        [
            (self.join.left(), of_details),
            (self.join.right(), !of_details),
        ]
    }
}

impl DisplayAs for FluxJoinExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on: Vec<String> = (self.join.on().iter())
            .map(|(left, right)| format!("({left}, {right})"))
            .collect();
        write!(f, "FluxJoinExec: on=[{}]", on.join(", "))?;
        if let Some(projection) = &self.join.projection {
            let schema = self.join.join_schema();
            let shown: Vec<&str> = (projection.iter())
                .filter_map(|at| schema.fields().get(*at))
                .map(|field| field.name().as_str())
                .collect();
            write!(f, ", projection=[{}]", shown.join(", "))?;
        }
        Ok(())
    }
}

impl EmbeddedProjection for FluxJoinExec {
    fn with_projection(&self, projection: Option<Vec<usize>>) -> Result<Self> {
        Ok(Self::new(
            self.join.with_projection(projection)?,
            self.detail,
        ))
    }
}

impl ExecutionPlan for FluxJoinExec {
    fn name(&self) -> &'static str {
        "FluxJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![self.join.left(), self.join.right()]
    }

    /// Parents are read whole by every partition of the details, each for its own months.
    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(
            self.sides()
                .map(|(_, of_details)| {
                    if of_details {
                        Distribution::UnspecifiedDistribution
                    } else {
                        Distribution::SinglePartition
                    }
                })
                .to_vec(),
        )
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false, false]
    }

    /// Rows dealt out anew would have every partition read every month.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false, false]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let on = self
            .join
            .on()
            .iter()
            .flat_map(|(left, right)| [left, right]);
        datafusion::physical_plan::apply_expression_roots(on, f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let join = self.join.builder().with_new_children(children)?.build()?;
        Ok(Arc::new(Self::new(join, self.detail)))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        let join = self.join.builder().build()?;
        Ok(Arc::new(Self::new(join, self.detail)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let Some(key) = self.key() else {
            return internal_err!("a join that checks no parents");
        };
        let sides = Sides::of(&self.join, self.detail, &key, Arc::clone(&self.whole))?;
        stream::execute(sides, partition, context, &self.metrics)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    /// Partitions of the two sides have nothing to do with each other.
    fn child_stats_requests(&self, _: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(None); 2]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        self.join.statistics_from_inputs(inputs, args)
    }

    fn try_swapping_with_projection(
        &self,
        projection: &ProjectionExec,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        try_embed_projection(projection, self)
    }
}
