//! Permits: what one project may see, until when, and under which output rules.
//!
//! A permit is a TOML file that a data protection officer writes and reads. It is parsed ([`Permit`]), checked against
//! the data model, and compiled to a [`TablePolicy`] a table: which columns, as what, of which rows.

mod compile;
mod explain;
mod file;
mod mask;
mod release;

pub use compile::{AuthorizedColumn, ColumnValue, TablePolicy};
pub(crate) use compile::{Compiler, Source};
pub(crate) use file::Grant;
pub use file::Permit;
pub use release::{Dominance, ReleaseRules, Withheld};
