//! What leaves the secure environment describes at least *k* people.
//!
//! [`Releaser`] answers a question with a [`Release`]: a table of cells and a [`Report`]. The [`contributors`] of every cell
//! are counted in the plan, and a gate withholds the cells that rest on too few.
#![warn(missing_docs)]

pub mod contributors;
pub mod dominance;
pub mod ledger;
pub mod release;
pub mod suppress;

pub use release::{Release, ReleaseError, Releaser, Report, RuleReport};
