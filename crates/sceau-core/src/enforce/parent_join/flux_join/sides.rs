//! The two ways to join a part of the details to its parents. Both give the rows in the order of the details, and those of one
//! row in the order in which its parents are read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::UInt32Array;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::{JoinSide, NullEquality, Result, ScalarValue, internal_err};
use datafusion::execution::TaskContext;
use datafusion::functions_aggregate::min_max::{MaxAccumulator, MinAccumulator};
use datafusion::logical_expr::{Accumulator, JoinType, Operator};
use datafusion::physical_expr::expressions::{Column, binary, in_list, lit};
use datafusion::physical_expr::utils::conjunction;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, reset_plan_states};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{HashJoinExec, JoinOn, PartitionMode};
use datafusion::physical_plan::{
    ExecutionPlan, ExecutionPlanProperties, PhysicalExpr, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};

use super::details::{Month, Run};
use super::given::{Given, give};
use crate::enforce::parent_join::shape::FluxKey;
use crate::enforce::policy_exec::PolicyExec;

type Plan = Arc<dyn ExecutionPlan>;

/// More rows than these, and the least and greatest of their keys are not worth comparing every parent with.
const BOUNDED: usize = 4_096;

/// Both sides of the join, and what is asked of them.
pub(super) struct Sides {
    pub(super) details: Plan,
    parents: Plan,
    /// Columns of details and of parents that are compared.
    on: Vec<(usize, usize)>,
    /// For each column of the answer the side and the column there.
    shown: Vec<(Side, usize)>,
    pub(super) schema: SchemaRef,
    /// The column of the month in the details.
    pub(super) month: usize,
    /// For columns of the details the stored column of the parents that they are compared with.
    stored: Vec<(usize, String)>,
    whole: Arc<OnceLock<Whole>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Details,
    Parents,
}

impl Sides {
    pub(super) fn of(
        join: &HashJoinExec,
        detail: JoinSide,
        key: &FluxKey<'_>,
        whole: Arc<OnceLock<Whole>>,
    ) -> Result<Self> {
        let left = join.left().schema().fields().len();
        let of_left = |at: usize| match detail {
            JoinSide::Left => (Side::Details, at),
            _ => (Side::Parents, at),
        };
        let of_right = |at: usize| match detail {
            JoinSide::Left => (Side::Parents, at),
            _ => (Side::Details, at),
        };
        let place = |at: usize| {
            if at < left {
                of_left(at)
            } else {
                of_right(at - left)
            }
        };
        let shown = match &join.projection {
            Some(projection) => projection.iter().map(|at| place(*at)).collect(),
            None => (0..join.join_schema().fields().len()).map(place).collect(),
        };
        let mut on = Vec::with_capacity(join.on().len());
        for (left, right) in join.on() {
            let (Some(left), Some(right)) = (
                left.downcast_ref::<Column>(),
                right.downcast_ref::<Column>(),
            ) else {
                return internal_err!("a join on more than columns");
            };
            on.push(match detail {
                JoinSide::Left => (left.index(), right.index()),
                _ => (right.index(), left.index()),
            });
        }
        let (details, parents) = match detail {
            JoinSide::Left => (join.left(), join.right()),
            _ => (join.right(), join.left()),
        };
        Ok(Self {
            details: Arc::clone(details),
            // Each partition of the details wants all of them.
            parents: gathered(Arc::clone(parents)),
            on,
            shown,
            schema: join.schema(),
            month: key.month,
            stored: (key.compared.iter())
                .map(|(at, stored)| (*at, (*stored).to_owned()))
                .collect(),
            whole,
        })
    }

    /// Holds the details, and has the parents of their months come by. The answer has one more column, the first: which of the
    /// details a row is of.
    pub(super) fn few(&self, runs: &[Run], context: &Arc<TaskContext>) -> Result<Reading> {
        let stored = self.details.schema();
        let rows = concat_batches(&stored, runs.iter().map(|run| &run.rows))?;
        let months: BTreeSet<Month> = runs
            .iter()
            .flat_map(|run| run.months.iter().copied())
            .collect();
        let parents = over_scan(&self.parents, &|leaf| {
            let mut conditions = self.of_months(leaf, &months)?;
            if rows.num_rows() <= BOUNDED {
                conditions.extend(self.within(leaf, &rows)?);
            }
            pruned(leaf.scan(), conditions, context)
        })?;
        let mut fields: Vec<_> = stored.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new("row", DataType::UInt32, false)));
        let mut columns = rows.columns().to_vec();
        let number = u32::try_from(rows.num_rows()).unwrap_or(u32::MAX);
        columns.push(Arc::new(UInt32Array::from_iter_values(0..number)));
        let schema = Arc::new(Schema::new(fields));
        let rows = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let build: Plan = Arc::new(Given::of(schema, rows));
        let width = stored.fields().len() + 1;
        let shown = [width - 1]
            .into_iter()
            .chain(self.shown.iter().map(|(side, at)| match side {
                Side::Details => *at,
                Side::Parents => width + at,
            }))
            .collect();
        let on = self.on.iter().copied();
        let join = hash_join(build, Arc::clone(&parents), on, shown)?;
        Ok(Reading {
            rows: join.execute(0, Arc::clone(context))?,
            parents: Some(parents),
        })
    }

    /// Holds the parents of one month, and has its details come by.
    pub(super) fn many(
        &self,
        month: Month,
        details: SendableRecordBatchStream,
        context: &Arc<TaskContext>,
    ) -> Result<Reading> {
        let parents = over_scan(&self.parents, &|leaf| {
            let conditions = self.of_months(leaf, &BTreeSet::from([month]))?;
            filtered(leaf.scan(), conditions, context)
        })?;
        let probe: Plan = Arc::new(Given::new(self.details.schema(), 1));
        let join = self.on_parents(Arc::clone(&parents), probe)?;
        give(&join, 0, details)?;
        Ok(Reading {
            rows: join.execute(0, Arc::clone(context))?,
            parents: Some(parents),
        })
    }

    /// Holds the parents of all months, once for all partitions, and has details come by.
    pub(super) fn all(
        &self,
        partition: usize,
        details: SendableRecordBatchStream,
        context: &Arc<TaskContext>,
    ) -> Result<Reading> {
        let partitions = self.details.output_partitioning().partition_count();
        let mut first = None;
        let whole = self.whole.get_or_init(|| {
            let parents = reset_plan_states(Arc::clone(&self.parents))?;
            first = Some(Arc::clone(&parents));
            let probe: Plan = Arc::new(Given::new(self.details.schema(), partitions));
            self.on_parents(parents, probe).map(Mutex::new)
        });
        let join = match whole {
            Ok(join) => join.lock().unwrap_or_else(PoisonError::into_inner),
            Err(_) => return internal_err!("parents of all months cannot be read"),
        };
        give(&join, partition, details)?;
        Ok(Reading {
            rows: join.execute(partition, Arc::clone(context))?,
            parents: first,
        })
    }

    fn on_parents(&self, parents: Plan, details: Plan) -> Result<Plan> {
        let width = parents.schema().fields().len();
        let shown = self
            .shown
            .iter()
            .map(|(side, at)| match side {
                Side::Details => width + at,
                Side::Parents => *at,
            })
            .collect();
        let on = self.on.iter().map(|&(detail, parent)| (parent, detail));
        hash_join(parents, details, on, shown)
    }

    /// That a stored parent is of one of these months.
    fn of_months(
        &self,
        leaf: &PolicyExec,
        months: &BTreeSet<Month>,
    ) -> Result<Vec<Arc<dyn PhysicalExpr>>> {
        let stored = leaf.scan().schema();
        let Some(column) = self.stored_column(self.month, &stored)? else {
            return internal_err!("parents without a month");
        };
        let months: Vec<Arc<dyn PhysicalExpr>> = months
            .iter()
            .map(|month| lit(ScalarValue::Date32(Some(*month))))
            .collect();
        Ok(vec![match <[_; 1]>::try_from(months) {
            Ok([month]) => binary(column, Operator::Eq, month, &stored)?,
            Err(months) => in_list(column, months, &false, &stored)?,
        }])
    }

    /// That the keys of a stored parent lie within those of the details.
    fn within(&self, leaf: &PolicyExec, rows: &RecordBatch) -> Result<Vec<Arc<dyn PhysicalExpr>>> {
        let stored = leaf.scan().schema();
        let mut conditions = Vec::new();
        for &(at, _) in self.stored.iter().filter(|(at, _)| *at != self.month) {
            let values = rows.column(at);
            let Some(column) = self.stored_column(at, &stored)? else {
                continue;
            };
            if column.data_type(&stored)? != *values.data_type()
                || !(values.data_type().is_integer() || values.data_type().is_temporal())
            {
                continue;
            }
            let (mut least, mut greatest) = (
                MinAccumulator::try_new(values.data_type())?,
                MaxAccumulator::try_new(values.data_type())?,
            );
            least.update_batch(std::slice::from_ref(values))?;
            greatest.update_batch(std::slice::from_ref(values))?;
            let (least, greatest) = (least.evaluate()?, greatest.evaluate()?);
            if least.is_null() || greatest.is_null() {
                continue;
            }
            for (op, value) in [(Operator::GtEq, least), (Operator::LtEq, greatest)] {
                conditions.push(binary(Arc::clone(&column), op, lit(value), &stored)?);
            }
        }
        Ok(conditions)
    }

    fn stored_column(&self, at: usize, stored: &Schema) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let Some((_, name)) = self.stored.iter().find(|(of, _)| *of == at) else {
            return Ok(None);
        };
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new_with_schema(name, stored)?);
        Ok(Some(column))
    }
}

/// Joined rows, as parents are read.
pub(super) struct Reading {
    pub(super) rows: SendableRecordBatchStream,
    /// What reads the parents; none where another partition does.
    parents: Option<Plan>,
}

impl Reading {
    /// How many visible parents were read so far, and how many bytes of them.
    pub(super) fn read(&self) -> (usize, usize) {
        let (mut rows, mut bytes) = (0, 0);
        let mut waiting: Vec<&Plan> = self.parents.iter().collect();
        while let Some(plan) = waiting.pop() {
            if let Some(metrics) = plan.metrics() {
                if plan.is::<PolicyExec>() {
                    rows += metrics.output_rows().unwrap_or_default();
                }
                let scanned = metrics.sum_by_name("bytes_scanned");
                bytes += scanned.map_or(0, |scanned| scanned.as_usize());
            }
            waiting.extend(plan.children());
        }
        (rows, bytes)
    }
}

/// The join that all partitions share, once one needs it.
/// One that gives it rows holds it until it runs: a plan may run twice at a time.
pub(super) type Whole = Result<Mutex<Plan>>;

fn hash_join(
    build: Plan,
    probe: Plan,
    on: impl Iterator<Item = (usize, usize)>,
    shown: Vec<usize>,
) -> Result<Plan> {
    let build = gathered(build);
    let column = |plan: &Plan, at: usize| -> Arc<dyn PhysicalExpr> {
        Arc::new(Column::new(plan.schema().field(at).name(), at))
    };
    let on: JoinOn = on
        .map(|(here, there)| (column(&build, here), column(&probe, there)))
        .collect();
    Ok(Arc::new(HashJoinExec::try_new(
        build,
        probe,
        on,
        None,
        &JoinType::Inner,
        Some(shown),
        PartitionMode::CollectLeft,
        NullEquality::NullEqualsNothing,
        false,
    )?))
}

fn gathered(plan: Plan) -> Plan {
    match plan.output_partitioning().partition_count() {
        1 => plan,
        _ => Arc::new(CoalescePartitionsExec::new(plan)),
    }
}

/// The same operators over a leaf that reads less. Each reading has operators of its own.
fn over_scan(plan: &Plan, scan: &dyn Fn(&PolicyExec) -> Result<Plan>) -> Result<Plan> {
    let children = match plan.downcast_ref::<PolicyExec>() {
        Some(leaf) => vec![scan(leaf)?],
        None => plan
            .children()
            .into_iter()
            .map(|child| over_scan(child, scan))
            .collect::<Result<_>>()?,
    };
    Arc::clone(plan).replace_children(
        children,
        ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
    )
}

/// A scan of the rows that meet all conditions.
fn filtered(
    scan: &Plan,
    conditions: Vec<Arc<dyn PhysicalExpr>>,
    context: &Arc<TaskContext>,
) -> Result<Plan> {
    let scan = reset_plan_states(Arc::clone(scan))?;
    let filter: Plan = Arc::new(FilterExec::try_new(conjunction(conditions), scan)?);
    FilterPushdown::new().optimize(filter, context.session_config().options())
}

/// A scan that leaves out what its files know not to meet the conditions, and may give other rows too.
fn pruned(
    scan: &Plan,
    conditions: Vec<Arc<dyn PhysicalExpr>>,
    context: &Arc<TaskContext>,
) -> Result<Plan> {
    let plan = filtered(scan, conditions, context)?;
    Ok(match plan.downcast_ref::<FilterExec>() {
        Some(filter) if filter.projection().is_none() => Arc::clone(filter.input()),
        _ => plan,
    })
}
