use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use datafusion::error::DataFusionError;

use super::Rule;
use crate::release::ReleaseError;
use crate::release::withheld::WithheldCells;

/// What happened at a gate while its plan ran.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: AtomicU64,
    withheld: [AtomicU64; Rule::ALL.len()],
    failed: AtomicBool,
    refused: OnceLock<ReleaseError>,
    pub(crate) cells: WithheldCells,
}

impl Tally {
    pub(super) fn pass(&self, cells: u64) {
        self.passed.fetch_add(cells, Ordering::Relaxed);
    }

    pub(super) fn withhold(&self, rule: Rule) {
        self.withheld[rule as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Something below the gate failed.
    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Why the gate stays shut: nothing of a value, so it may be told.
    pub(super) fn refuse(&self, why: ReleaseError) -> DataFusionError {
        let text = why.to_string();
        let _ = self.refused.set(why);
        DataFusionError::Execution(text)
    }

    pub(crate) fn refused(&self) -> Option<&ReleaseError> {
        self.refused.get()
    }

    pub(crate) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    pub(crate) fn withheld(&self, rule: Rule) -> u64 {
        self.withheld[rule as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}
