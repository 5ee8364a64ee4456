//! The way out: a question whose answer describes at least *k* people a cell.

mod cells;
mod error;
mod gate;
mod lineage;
mod persons;
mod releaser;
mod report;
mod review;
mod totals;
mod write;

pub use cells::Release;
pub use error::ReleaseError;
pub use releaser::Releaser;
pub use report::{Dossier, Interval, Report, RuleReport, WithheldCell};
pub use review::{
    Decision, Quarantine, QuarantineError, ReleaseReviewer, Review, ReviewFailed, Verdict, Waiting,
};
pub use totals::totals_from_cells;
pub use write::{CsvOptions, Formulas, WriteError, json_columns_and_rows};

#[cfg(test)]
mod cases;
