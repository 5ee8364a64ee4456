//! Rows that hold no person: visible exactly when their parent's row is.
//!
//! ER_PHA_F, ER_CAM_F … reach the person through nine columns of ER_PRS_F, T_MCOaaB and D through two of T_MCOaaC. The
//! keys of the parent's visible rows are read into a [`KeySet`] and every stored row is held against it, whatever the
//! question asks, even of the detail table alone. Where one of the keys is the month of the flux, the keys are read month
//! by month as the rows come by, and months are forgotten when they take more memory than [`MOST_BYTES`] together: a
//! month costs 16 bytes a visible row of the parent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use arrow::record_batch::RecordBatch;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::{Expr, lit};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::TryStreamExt;
use tokio::sync::OnceCell;

use super::authorized_scan::{Wanted, leaf};
use super::people::{KeySet, RowHasher, canonical};
use super::policy_exec::HiddenFailure;
use super::protected_table::Inner;

/// The bytes that the keys of all remembered months may take together; the one in use is kept in any case.
const MOST_BYTES: usize = 1 << 30;

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

impl KeyPart {
    fn comparable(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let column = canonical(Some(column))?;
        if self.as_text {
            return Ok(cast(&column, &DataType::Utf8)?);
        }
        Ok(column)
    }
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
    months: Mutex<Months>,
}

#[derive(Debug, Default)]
struct Months {
    sets: HashMap<Option<i32>, Remembered>,
    clock: u64,
    reservation: Option<MemoryReservation>,
}

#[derive(Debug)]
struct Remembered {
    set: Arc<OnceCell<Arc<KeySet>>>,
    used: u64,
}

impl ParentGuard {
    pub(super) fn new(check: Arc<ParentCheck>, columns: Vec<usize>, state: SessionState) -> Self {
        let month = check
            .on
            .iter()
            .position(|part| part.here.eq_ignore_ascii_case(MONTH));
        Self {
            check,
            columns,
            month,
            state,
            hasher: RowHasher::random(),
            months: Mutex::default(),
        }
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
            .zip(&self.check.on)
            .map(|(at, part)| part.comparable(batch.column(*at)))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let (hashes, known) = self.hasher.hash(&columns)?;
        let months = match self
            .month
            .map(|at| columns[at].as_primitive_opt::<Date32Type>())
        {
            Some(Some(months)) => months,
            _ => {
                let set = self.keys(None, context).await?;
                return Ok(BooleanArray::new(
                    set.members(&hashes, known.as_ref()),
                    None,
                ));
            }
        };
        let mut kept = BooleanBufferBuilder::new(hashes.len());
        kept.append_n(hashes.len(), false);
        let mut current: Option<(i32, Arc<KeySet>)> = None;
        for (row, hash) in hashes.iter().enumerate() {
            if known.as_ref().is_some_and(|known| known.is_null(row)) {
                continue;
            }
            let month = months.value(row);
            let set = match &current {
                Some((known, set)) if *known == month => set,
                _ => {
                    let set = self.keys(Some(month), context).await?;
                    &current.insert((month, set)).1
                }
            };
            kept.set_bit(row, set.contains(*hash));
        }
        Ok(BooleanArray::new(kept.finish(), None))
    }

    /// The keys of the parent's visible rows, of one month or of all.
    async fn keys(&self, month: Option<i32>, context: &Arc<TaskContext>) -> Result<Arc<KeySet>> {
        let cell = {
            let mut months = self.months.lock().unwrap_or_else(PoisonError::into_inner);
            months.clock += 1;
            let used = months.clock;
            let remembered = months.sets.entry(month).or_insert_with(|| Remembered {
                set: Arc::default(),
                used,
            });
            remembered.used = used;
            Arc::clone(&remembered.set)
        };
        let set = cell.get_or_try_init(|| self.read(month, context)).await?;
        self.forget(month, context)?;
        Ok(Arc::clone(set))
    }

    /// Forgets the months that were not used for longest, until the rest fits, and accounts for what is kept.
    fn forget(&self, current: Option<i32>, context: &Arc<TaskContext>) -> Result<()> {
        let mut months = self.months.lock().unwrap_or_else(PoisonError::into_inner);
        let size = |set: &Remembered| set.set.get().map_or(0, |set| set.size());
        let mut total: usize = months.sets.values().map(size).sum();
        while total > MOST_BYTES {
            let oldest = months
                .sets
                .iter()
                .filter(|(month, set)| **month != current && set.set.initialized())
                .min_by_key(|(_, set)| set.used)
                .map(|(month, _)| *month);
            let Some(oldest) = oldest else { break };
            if let Some(forgotten) = months.sets.remove(&oldest) {
                total -= size(&forgotten);
            }
        }
        let reservation = months.reservation.get_or_insert_with(|| {
            MemoryConsumer::new("keys of parent rows").register(context.memory_pool())
        });
        reservation.try_resize(total)
    }

    async fn read(&self, month: Option<i32>, context: &Arc<TaskContext>) -> Result<Arc<KeySet>> {
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
                .zip(&check.on)
                .map(|(column, part)| part.comparable(column))
                .collect::<Result<Vec<_>>>()?;
            let (hashes, known) = self.hasher.hash(&columns)?;
            keys.extend(
                hashes
                    .into_iter()
                    .enumerate()
                    .filter(|(row, _)| known.as_ref().is_none_or(|known| known.is_valid(*row)))
                    .map(|(_, hash)| hash),
            );
        }
        if keys.len() > u32::MAX as usize {
            return Err(HiddenFailure::Resources.into());
        }
        Ok(Arc::new(KeySet::new(keys)))
    }
}
