//! The way out: a question whose answer describes at least *k* people a cell.

mod error;
mod gate;
mod lineage;
mod persons;
mod releaser;
mod report;

pub use error::ReleaseError;
pub use releaser::{Release, Releaser};
pub use report::{Report, RuleReport};

#[cfg(test)]
mod cases;
