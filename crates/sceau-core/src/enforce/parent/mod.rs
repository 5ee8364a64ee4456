//! Rows that hold no person: visible exactly when their parent's row is.
//!
//! ER_PHA_F, ER_CAM_F … reach the person through nine columns of ER_PRS_F, T_MCOaaB and D through two of T_MCOaaC. The
//! keys of the parent's visible rows are read into a [`KeySet`] and every stored row is held against it, whatever the
//! question asks, even of the detail table alone; only a join of the question's own can do it instead (see
//! [`parent_join`](super::parent_join)). Where one of the keys is the month of the flux, the keys are read month by month
//! as the rows come by, and months that are not in use are forgotten when memory is short. What must fit is
//! one month for each partition: 16 bytes a visible row of the parent, up to 32 while the month is read. Tables whose key
//! has no month hold all keys.

mod months;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Date32Type, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::{Expr, lit};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::TryStreamExt;

use months::{Month, Months, Reading};

use super::authorized_scan::{Wanted, leaf};
use super::estimate::{expected_of_lists, selectivity};
use super::people::{KeySet, RowHasher, canonical, known, whole};
use super::protected_table::Inner;

/// The key by which flux tables are cut into months.
const MONTH: &str = "FLX_DIS_DTD";

/// How a table without a person reaches the one that has it.
#[derive(Debug)]
pub(crate) struct ParentCheck {
    pub(crate) parent: Arc<Inner>,
    /// The whole key.
    pub(crate) on: Vec<KeyPart>,
}

/// One column of the key.
#[derive(Debug, Clone)]
pub(crate) struct KeyPart {
    /// The stored column here.
    pub(crate) here: String,
    /// The stored column of the parent.
    pub(crate) of_parent: String,
    /// Whether one of them is a text and the other a number, so that both are compared as texts.
    pub(crate) as_text: bool,
}

/// What rows and the parents that they are held against have in common.
pub(super) struct ParentKey<'a> {
    /// The table that the parents are rows of.
    pub(super) parent: &'a str,
    /// The whole key.
    pub(super) parts: &'a [KeyPart],
    /// The part that is the month of the flux.
    pub(super) month: Option<&'a KeyPart>,
}

/// Holds stored rows against the visible rows of their parent, for one question.
#[derive(Debug)]
pub(super) struct ParentGuard {
    check: Arc<ParentCheck>,
    /// Where the batch has the key's columns, in the key's order.
    columns: Vec<usize>,
    /// Which part of the key is the month.
    month: Option<usize>,
    state: SessionState,
    hasher: RowHasher,
    /// How each part of the key is compared.
    compared: Vec<Compared>,
    months: Months,
}

/// How a part of the key is compared between two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    /// Both are stored as the same type.
    AsStored,
    /// As the widest type of its kind.
    Widened,
    AsText,
}

impl Compared {
    fn of(part: &KeyPart, here: &DataType, of_parent: &DataType) -> Self {
        // No number with a sign holds all of those without.
        let unsigned = |data_type: &DataType| *data_type == DataType::UInt64;
        match part.as_text {
            true => Self::AsText,
            false if here == of_parent => Self::AsStored,
            false if unsigned(here) || unsigned(of_parent) => Self::AsText,
            false => Self::Widened,
        }
    }

    fn comparable(self, column: &ArrayRef) -> Result<ArrayRef> {
        Ok(match self {
            Self::AsStored => Arc::clone(column),
            Self::Widened => canonical(Some(column))?,
            Self::AsText => cast(column, &DataType::Utf8)?,
        })
    }
}

/// The share of a table's rows that may be expected to be visible, by what its policy looks like.
fn share(table: &Inner) -> f64 {
    let parent = table.parent.as_ref();
    selectivity(&table.policy.rows)
        * expected_of_lists(&table.people)
        * parent.map_or(1.0, |check| share(&check.parent))
}

impl ParentGuard {
    /// `columns`: where `stored`, the table's own rows, have the key's columns.
    pub(super) fn new(
        check: Arc<ParentCheck>,
        columns: Vec<usize>,
        stored: &Schema,
        state: SessionState,
    ) -> Result<Self> {
        let month = check
            .on
            .iter()
            .position(|part| part.here.eq_ignore_ascii_case(MONTH));
        let parents = check.parent.raw.schema();
        let compared = check
            .on
            .iter()
            .zip(&columns)
            .map(|(part, at)| {
                let of_parent = parents.field_with_name(&part.of_parent)?;
                Ok(Compared::of(
                    part,
                    stored.field(*at).data_type(),
                    of_parent.data_type(),
                ))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            check,
            columns,
            month,
            state,
            hasher: RowHasher::random(),
            compared,
            months: Months::default(),
        })
    }

    pub(super) fn key(&self) -> ParentKey<'_> {
        ParentKey {
            parent: &self.check.parent.model.name,
            parts: &self.check.on,
            month: self.month.and_then(|at| self.check.on.get(at)),
        }
    }

    /// The share of rows that may be expected to have a visible parent.
    pub(super) fn share(&self) -> f64 {
        share(&self.check.parent)
    }

    /// The rows whose parent is visible. A row of which a part of the key is missing has no parent.
    pub(super) async fn keep(
        &self,
        batch: &RecordBatch,
        context: &Arc<TaskContext>,
    ) -> Result<BooleanArray> {
        let columns = self
            .columns
            .iter()
            .zip(&self.compared)
            .map(|(at, compared)| compared.comparable(batch.column(*at)))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let first = self.hasher.first_half(&columns)?;
        let mut kept = BooleanBufferBuilder::new(first.len());
        kept.append_n(first.len(), false);
        for (month, rows) in self.by_month(&columns) {
            let set = self.keys(month, context).await?;
            // Half a hash tells of most rows that nobody visible is their parent; the rest are hashed once more.
            let likely: UInt32Array = rows
                .into_iter()
                .filter(|row| set.may_contain(first[*row as usize]))
                .collect::<Vec<u32>>()
                .into();
            let second = if likely.len() == first.len() {
                self.hasher.second_half(&columns)?
            } else {
                let columns = columns
                    .iter()
                    .map(|column| take(column, &likely, None))
                    .collect::<Result<Vec<_>, _>>()?;
                self.hasher.second_half(&columns)?
            };
            for (row, second) in likely.values().iter().zip(second) {
                let row = *row as usize;
                kept.set_bit(row, set.contains(whole(first[row], second)));
            }
        }
        Ok(BooleanArray::new(kept.finish(), None))
    }

    /// The rows of which no part of the key is missing, month after month, so that no month is asked for twice and only one
    /// is in use at a time.
    fn by_month(&self, columns: &[ArrayRef]) -> BTreeMap<Month, Vec<u32>> {
        let rows = columns.first().map_or(0, |column| column.len());
        let known = known(columns);
        let months = self
            .month
            .and_then(|at| columns[at].as_primitive_opt::<Date32Type>());
        let mut found: BTreeMap<Month, Vec<u32>> = BTreeMap::new();
        let complete =
            (0..rows).filter(|row| known.as_ref().is_none_or(|known| known.is_valid(*row)));
        // Rows of a month mostly stand together.
        let mut together: (Month, Vec<u32>) = (None, Vec::new());
        for row in complete {
            let month = months.map(|months| months.value(row));
            if month != together.0 {
                let (month, rows) = std::mem::replace(&mut together, (month, Vec::new()));
                found.entry(month).or_default().extend(rows);
            }
            // A batch has fewer rows than that.
            together.1.push(u32::try_from(row).unwrap_or(u32::MAX));
        }
        found.entry(together.0).or_default().extend(together.1);
        found.retain(|_, rows| !rows.is_empty());
        found
    }

    async fn keys(&self, month: Month, context: &Arc<TaskContext>) -> Result<Arc<KeySet>> {
        self.months
            .keys(month, context, |reading| self.read(month, reading, context))
            .await
    }

    /// Reads the keys of the parent's visible rows, of one month or of all.
    async fn read(
        &self,
        month: Month,
        reading: Reading,
        context: &Arc<TaskContext>,
    ) -> Result<(Vec<u128>, Reading)> {
        let check = &self.check;
        let of_month = month.zip(self.month).map(|(month, at)| {
            let column = Expr::Column(Column::new_unqualified(&check.on[at].of_parent));
            column.eq(lit(ScalarValue::Date32(Some(month))))
        });
        let wanted: Vec<Wanted<'_>> = check
            .on
            .iter()
            .map(|part| Wanted::Stored(&part.of_parent))
            .collect();
        let extra: Vec<Expr> = of_month.into_iter().collect();
        let plan = leaf(&check.parent, &wanted, None, &extra, &[], &self.state).await?;
        let plan: Arc<dyn ExecutionPlan> = Arc::new(plan);
        let plan = FilterPushdown::new().optimize(plan, self.state.config_options())?;
        let mut rows = execute_stream(plan, Arc::clone(context))?;
        let mut keys = Vec::new();
        while let Some(batch) = rows.try_next().await? {
            let columns = batch
                .columns()
                .iter()
                .zip(&self.compared)
                .map(|(column, compared)| compared.comparable(column))
                .collect::<Result<Vec<_>>>()?;
            let (hashes, known) = self.hasher.hash(&columns)?;
            keys.extend(
                hashes
                    .into_iter()
                    .enumerate()
                    .filter(|(row, _)| known.as_ref().is_none_or(|known| known.is_valid(*row)))
                    .map(|(_, hash)| hash),
            );
            self.months.grow(&reading, &keys)?;
        }
        Ok((keys, reading))
    }
}
