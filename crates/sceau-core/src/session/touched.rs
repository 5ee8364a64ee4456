//! Which stored columns a plan reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use crate::enforce::PolicyExec;

/// The tables and stored columns that are read for a question, as a journal holds them.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Tables, as the data model spells them.
    pub(super) tables: BTreeSet<String>,
    /// `TABLE.COLUMN`.
    pub(super) columns: BTreeSet<String>,
}

/// What is read of other tables for a table whose people are found there: table → `(table, column)`.
pub(super) type HeldAgainst = BTreeMap<String, StoredColumns>;

/// Tables and columns of theirs.
pub(super) type StoredColumns = Vec<(String, String)>;

impl Touched {
    /// What a physical plan reads, with what its tables are held against. The lists of people are not tables of the
    /// platform, and not among it.
    pub(super) fn by(plan: &Arc<dyn ExecutionPlan>, held_against: &HeldAgainst) -> Self {
        let mut touched = Self::default();
        let mut waiting = vec![plan];
        while let Some(node) = waiting.pop() {
            if let Some(leaf) = node.downcast_ref::<PolicyExec>() {
                touched.tables.insert(leaf.table().to_owned());
                for source in node.children() {
                    for field in source.schema().fields() {
                        touched
                            .columns
                            .insert(format!("{}.{}", leaf.table(), field.name()));
                    }
                }
                for (table, column) in held_against.get(leaf.table()).into_iter().flatten() {
                    touched.tables.insert(table.clone());
                    touched.columns.insert(format!("{table}.{column}"));
                }
            }
            waiting.extend(node.children());
        }
        touched
    }
}
