use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

/// A table of `information_schema`: names that the project may know, in memory. Beside [`ProtectedTable`], the only
/// provider in a session's catalog.
///
/// [`ProtectedTable`]: super::ProtectedTable
#[derive(Debug)]
pub(crate) struct ListedNames {
    table: MemTable,
}

impl ListedNames {
    pub(crate) fn new(rows: RecordBatch) -> Result<Self> {
        Ok(Self {
            table: MemTable::try_new(rows.schema(), vec![vec![rows]])?,
        })
    }
}

#[async_trait]
impl TableProvider for ListedNames {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.table.scan(state, projection, filters, limit).await
    }
}
