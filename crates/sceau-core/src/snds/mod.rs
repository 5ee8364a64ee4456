//! The SNDS data model: which tables there are, their columns, types, roles and keys.
//!
//! Facts only. This module knows Arrow types and nothing of DataFusion, permits or storage.

mod column;
mod facts;
mod table;

pub use column::{ColumnModel, KEPT_AS_TEXT, Role};
pub use facts::{table, tables};
pub use table::{Parent, TableModel};
