use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions,
};
use arrow::compute::{cast, concat_batches, filter_record_batch, nullif};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, InputDistributionRequirements,
    PhysicalExpr, PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::{StreamExt, TryStreamExt, stream};
use sceau_core::permit::{Rounding, Withheld};

use super::verdict::broken;
use super::{Gate, Rule, unanimous};
use crate::release::ReleaseError;
use crate::release::withheld::Interval;

/// The gate as an operator: reads every cell, keeps those that may leave, and then gives them out.
///
/// All cells are read before the first leaves: otherwise a LIMIT above would decide how many withheld ones are counted.
#[derive(Debug)]
pub(crate) struct GateExec {
    gate: Arc<Gate>,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl GateExec {
    pub(super) fn try_new(gate: Arc<Gate>, input: Arc<dyn ExecutionPlan>) -> Result<Self> {
        let found = input.schema();
        let shown = gate.shown();
        // The planner may spell a measure differently; the checks have names that are ours alone.
        let same = found.fields().len() == gate.columns.len()
            && gate.columns.len() == gate.width()
            && found
                .fields()
                .iter()
                .zip(&gate.columns)
                .skip(shown)
                .all(|(field, column)| field.name() == &column.name);
        if !same {
            return internal_err!("the aggregate below a gate has changed its columns");
        }
        let mask = gate.withheld == Withheld::Mask;
        let fields: Vec<Field> = found.fields()[..shown]
            .iter()
            .enumerate()
            .map(|(at, field)| {
                let nullable = field.is_nullable() || mask && at >= gate.keys;
                Field::new(&gate.columns[at].name, field.data_type().clone(), nullable)
            })
            .collect();
        Ok(Self {
            properties: Arc::new(PlanProperties::new(
                EquivalenceProperties::new(Arc::new(Schema::new(fields))),
                Partitioning::UnknownPartitioning(1),
                EmissionType::Final,
                Boundedness::Bounded,
            )),
            gate,
            input,
        })
    }

    pub(super) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }
}

impl DisplayAs for GateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseGate: k={}", self.gate.k)
    }
}

impl ExecutionPlan for GateExec {
    fn name(&self) -> &'static str {
        "ReleaseGate"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition])
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self::try_new(Arc::clone(&self.gate), input)?)),
            Err(_) => internal_err!("a gate stands above one aggregate"),
        }
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

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a gate has one partition");
        }
        let gate = Arc::clone(&self.gate);
        let schema = self.schema();
        let shown = Arc::clone(&schema);
        let input = self
            .input
            .execute(0, Arc::clone(&context))
            .inspect_err(|_| gate.tally.fail())?;
        let kept = async move {
            let kept = drain(&gate, input, &shown, &context)
                .await
                .inspect_err(|_| gate.tally.fail())?;
            Ok::<_, DataFusionError>(stream::iter(kept.into_iter().map(Ok)))
        };
        let kept = stream::once(kept).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, kept)))
    }
}

/// Reads all cells and gives those that may leave, with no more of their columns than may be shown.
async fn drain(
    gate: &Gate,
    mut input: SendableRecordBatchStream,
    shown: &SchemaRef,
    context: &TaskContext,
) -> Result<Vec<RecordBatch>> {
    let reservation = MemoryConsumer::new("ReleaseGate").register(context.memory_pool());
    let mut kept = Vec::new();
    if gate.sensitive.is_empty() && gate.totals.is_none() && gate.differences.is_none() {
        while let Some(cells) = input.try_next().await? {
            let broken = broken(gate, &cells)?;
            let cells = rounded_cells(gate, &cells)?;
            let cells = opened(gate, &cells, &broken, &[], shown)?;
            reservation.try_grow(cells.get_array_memory_size())?;
            kept.push(cells);
        }
        return Ok(kept);
    }
    // What becomes of a cell depends on the others.
    let schema = input.schema();
    let mut all = Vec::new();
    let mut count = 0;
    while let Some(cells) = input.try_next().await? {
        count += cells.num_rows();
        if let Some(totals) = &gate.totals
            && count > totals.most_cells
        {
            return Err(gate.tally.refuse(ReleaseError::TooManyCells {
                limit: totals.most_cells,
            }));
        }
        reservation.try_grow(cells.get_array_memory_size())?;
        all.push(cells);
    }
    let cells = concat_batches(&schema, &all)?;
    drop(all);
    // What is not shown is looked at by what protects totals, and by nothing else.
    let (all, shown_cells) = match &gate.totals {
        Some(totals) => totals.set_aside(gate, cells)?,
        None => {
            let count = cells.num_rows();
            (cells, count)
        }
    };
    let cells = all.slice(0, shown_cells);
    let mut broken = broken(gate, &cells)?;
    unanimous::mark(gate, &cells, &mut broken)?;
    let mut known = vec![];
    loop {
        if let Some(totals) = &gate.totals {
            known = totals.protect(gate, &all, &mut broken)?;
        }
        let Some(differences) = &gate.differences else {
            break;
        };
        // What is withheld here has to be kept secret beside the totals, too. Each round withholds more, so they end.
        if !differences.hold(gate, &cells, &mut broken).await? || gate.totals.is_none() {
            break;
        }
    }
    let cells = match &gate.totals {
        Some(totals) => {
            totals.withhold_sums_of_nothing(gate, &cells, &mut broken)?;
            totals.of_rounded_cells(gate, &cells, &broken)?
        }
        None => rounded_cells(gate, &cells)?,
    };
    kept.push(opened(gate, &cells, &broken, &known, shown)?);
    Ok(kept)
}

/// The cells that may leave, and no more of their columns than may be shown.
fn opened(
    gate: &Gate,
    cells: &RecordBatch,
    broken: &[Option<Rule>],
    known: &[Vec<Interval>],
    shown: &SchemaRef,
) -> Result<RecordBatch> {
    for verdict in broken {
        match verdict {
            Some(rule) => gate.tally.withhold(*rule),
            None => gate.tally.pass(1),
        }
    }
    let keep: BooleanArray = broken.iter().map(|rule| Some(rule.is_none())).collect();
    name_withheld(gate, cells, &keep, known)?;
    let columns = cells.columns()[..gate.shown()].to_vec();
    let (columns, keep) = match gate.withheld {
        Withheld::Omit => (columns, Some(keep)),
        Withheld::Mask => (masked(gate, columns, &keep)?, None),
    };
    let options = RecordBatchOptions::new().with_row_count(Some(cells.num_rows()));
    let cells = RecordBatch::try_new_with_options(Arc::clone(shown), columns, &options)?;
    match keep {
        Some(keep) => Ok(filter_record_batch(&cells, &keep)?),
        None => Ok(cells),
    }
}

fn masked(gate: &Gate, columns: Vec<ArrayRef>, keep: &BooleanArray) -> Result<Vec<ArrayRef>> {
    let withheld = arrow::compute::not(keep)?;
    columns
        .into_iter()
        .enumerate()
        .map(|(at, column)| {
            if at < gate.keys {
                Ok(column)
            } else {
                Ok(nullif(&column, &withheld)?)
            }
        })
        .collect()
}

/// Tells who signs which cells are withheld, and what can be computed of them.
fn name_withheld(
    gate: &Gate,
    cells: &RecordBatch,
    keep: &BooleanArray,
    known: &[Vec<Interval>],
) -> Result<()> {
    let keys = &cells.columns()[..gate.keys];
    for row in (0..cells.num_rows()).filter(|row| !keep.value(*row)) {
        let intervals = known.get(row).cloned().unwrap_or_default();
        if gate.named {
            gate.tally.cells.name(keys, row, intervals)?;
        } else {
            gate.tally.cells.leave_unnamed(intervals);
        }
    }
    Ok(())
}

/// The same cells with counts as the permit has them shown.
fn rounded_cells(gate: &Gate, cells: &RecordBatch) -> Result<RecordBatch> {
    let mut columns = cells.columns().to_vec();
    for measure in &gate.rounded {
        let at = gate.keys + measure;
        columns[at] = rounded(&columns[at], gate.rounding)?;
    }
    Ok(RecordBatch::try_new(cells.schema(), columns)?)
}

/// Counts as the permit has them shown: whole numbers, of whatever type they are.
pub(super) fn rounded(column: &ArrayRef, rounding: Rounding) -> Result<ArrayRef> {
    if rounding.is_exact() {
        return Ok(Arc::clone(column));
    }
    let whole = cast(column, &DataType::Int64)?;
    let rounded: Int64Array = whole
        .as_primitive::<Int64Type>()
        .unary(|count| rounding.of(count));
    Ok(cast(&rounded, column.data_type())?)
}
