//! What a cell is made of, held against what the project received before.
//!
//! The last columns of the aggregate below a gate are sketches of the people behind each cell. Cells that may leave are
//! weighed against the project's ledger before anything above the gate sees them; what left is recorded when the whole
//! answer is there, before it is handed out.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::row::{RowConverter, SortField};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{Result, exec_err};
use datafusion::error::DataFusionError;

use super::totals::keys;
use super::{Gate, Rule, Totals};
use crate::ledger::{Cell, Contributions, Ledger, LedgerError, Sketch, Weighed};
use crate::release::ReleaseError;

/// What one gate holds against a ledger.
#[derive(Debug)]
pub(crate) struct Differences {
    ledger: Arc<Ledger>,
    sketches: Vec<SketchColumn>,
    /// For each column of contributions, what the ids of its people are made of.
    figures: Vec<Arc<str>>,
    weighed: Mutex<Option<Weighed>>,
}

/// A column of sketches.
#[derive(Debug, Clone)]
pub(crate) struct SketchColumn {
    /// What the ids of its people are made of.
    pub(crate) space: Arc<str>,
    /// Whether figures of them follow from those of other columns, as those of the rows that a condition leaves over.
    pub(crate) derived: bool,
}

impl Differences {
    pub(crate) fn new(
        ledger: Arc<Ledger>,
        sketches: Vec<SketchColumn>,
        figures: Vec<Arc<str>>,
    ) -> Self {
        Self {
            ledger,
            sketches,
            figures,
            weighed: Mutex::new(None),
        }
    }

    /// How many columns of the aggregate are for this.
    pub(crate) fn columns(&self) -> usize {
        self.sketches.len() + self.figures.len()
    }

    /// Marks cells that together with what the project received before would tell of fewer than k people, and says whether
    /// there were any.
    pub(super) async fn hold(
        &self,
        gate: &Gate,
        cells: &RecordBatch,
        broken: &mut [Option<Rule>],
    ) -> Result<bool> {
        // What was weighed before had cells that are withheld by now.
        self.settle(None);
        let mut open: Vec<usize> = (0..broken.len())
            .filter(|&cell| broken[cell].is_none())
            .collect();
        // Of two cells that are too near the later one is withheld: the same one, in whatever order the engine gives them.
        let order = in_order(gate, cells)?;
        open.sort_unstable_by_key(|&cell| order[cell]);
        let candidates = self.candidates(gate, cells, &open)?;
        let ledger = Arc::clone(&self.ledger);
        let weighed = SpawnedTask::spawn_blocking(move || ledger.weigh(&candidates))
            .join_unwind()
            .await
            .map_err(|error| DataFusionError::External(Box::new(error)))?
            .map_err(|error| gate.tally.refuse(refusal(&error)))?;
        let mut any = false;
        for (&cell, &withheld) in open.iter().zip(weighed.withheld()) {
            if withheld {
                broken[cell] = Some(Rule::Differences);
                any = true;
            }
        }
        self.settle(Some(weighed));
        Ok(any)
    }

    /// Records that what was weighed has left. It must not be handed out before. `any` says whether there is a cell.
    ///
    /// # Errors
    /// When it could not be recorded, and so must not leave.
    pub(crate) fn commit(&self, permit: &str, data: &str, any: bool) -> Result<(), ReleaseError> {
        match self.settle(None) {
            Some(weighed) => weighed
                .commit(permit, data)
                .map(|_| ())
                .map_err(|error| refusal(&error)),
            None if any => Err(ReleaseError::NotChecked),
            None => Ok(()),
        }
    }

    fn settle(&self, weighed: Option<Weighed>) -> Option<Weighed> {
        let mut place = self.weighed.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, weighed)
    }

    fn candidates(&self, gate: &Gate, cells: &RecordBatch, open: &[usize]) -> Result<Vec<Cell>> {
        let dimensions = gate
            .totals
            .as_ref()
            .map_or(gate.keys, |totals| totals.dimensions);
        let keys = keys(cells, dimensions)?;
        let tables = match &gate.totals {
            Some(totals) => Totals::kept(totals, cells)?,
            None => vec![0; cells.num_rows()],
        };
        let from = cells.num_columns() - self.columns();
        let (sketches, figures) = cells.columns()[from..].split_at(self.sketches.len());
        let sketches = read(sketches, |bytes| Sketch::from_bytes(gate.k, bytes), gate)?;
        let figures = read(
            figures,
            |bytes| Contributions::from_bytes(gate.k, bytes),
            gate,
        )?;
        let candidate = |&cell: &usize| {
            let key = keys[cell].iter().map(|&key| u64::from(key)).collect();
            let mut candidate = Cell::at(key).in_table(u64::from(tables[cell]));
            for (of, sketches) in self.sketches.iter().zip(&sketches) {
                let (space, sketch) = (Arc::clone(&of.space), sketches[cell].clone());
                candidate = if of.derived {
                    candidate.with_derived(space, sketch)
                } else {
                    candidate.with(space, sketch)
                };
            }
            for (space, figures) in self.figures.iter().zip(&figures) {
                candidate = candidate.with_figure(Arc::clone(space), figures[cell].clone());
            }
            candidate
        };
        Ok(open.iter().map(candidate).collect())
    }
}

/// What stands in columns of bytes, a cell each.
fn read<T>(
    columns: &[ArrayRef],
    from_bytes: impl Fn(&[u8]) -> Option<T>,
    gate: &Gate,
) -> Result<Vec<Vec<T>>> {
    let of_column = |column: &ArrayRef| {
        let Some(bytes) = column.as_binary_opt::<i32>() else {
            return exec_err!("a sketch is bytes, not {}", column.data_type());
        };
        let cells: Option<Vec<T>> = bytes.iter().map(|bytes| from_bytes(bytes?)).collect();
        cells.ok_or_else(|| gate.tally.refuse(refusal(&LedgerError::Sketch)))
    };
    columns.iter().map(of_column).collect()
}

/// The place of each cell among all of them by their keys.
fn in_order(gate: &Gate, cells: &RecordBatch) -> Result<Vec<usize>> {
    let mut order = vec![0; cells.num_rows()];
    if gate.keys == 0 {
        return Ok(order);
    }
    let keys = &cells.columns()[..gate.keys];
    let fields = keys
        .iter()
        .map(|key| SortField::new(key.data_type().clone()))
        .collect();
    let rows = RowConverter::new(fields)?.convert_columns(keys)?;
    let mut sorted: Vec<usize> = (0..rows.num_rows()).collect();
    sorted.sort_unstable_by(|&one, &other| rows.row(one).cmp(&rows.row(other)));
    for (place, cell) in sorted.into_iter().enumerate() {
        order[cell] = place;
    }
    Ok(order)
}

/// What who asked is told of a ledger that cannot say whether a release may leave. The rest is for the operator.
pub(crate) fn refusal(error: &LedgerError) -> ReleaseError {
    match error {
        LedgerError::SearchBound { limit } => ReleaseError::TooManyDifferences { limit: *limit },
        other => {
            tracing::error!(error = %other, "a release was refused, since its ledger cannot be used");
            ReleaseError::NoLedger
        }
    }
}
