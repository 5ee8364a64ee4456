//! The files of a table, which has at least one.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::{ListingTable, PartitionedFile};
use datafusion::datasource::physical_plan::FileGroup;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

/// Parquet files below a prefix as one table.
///
/// A listing alone answers with no rows once its files are gone, which reads like an answer: a mount that is away, or a folder
/// that was renamed, would say that nobody had any care. A table was opened on files and so has some, or cannot be read.
/// Where conditions on partitions leave no file to be read, that is no rows.
#[derive(Debug)]
pub(crate) struct StoredFiles(ListingTable);

impl StoredFiles {
    pub(crate) fn new(listing: ListingTable) -> Self {
        Self(listing)
    }

    /// The files there are now.
    ///
    /// # Errors
    /// When there are none, or the store does not answer.
    pub(crate) async fn list(&self, state: &dyn Session) -> Result<Vec<PartitionedFile>> {
        let listed = self.0.list_files_for_scan(state, &[], None).await?;
        let groups = listed.file_groups.into_iter();
        let files: Vec<PartitionedFile> = groups.flat_map(FileGroup::into_inner).collect();
        if files.is_empty() {
            return Err(self.gone());
        }
        Ok(files)
    }

    /// Where and how they are read.
    pub(crate) fn listing(&self) -> &ListingTable {
        &self.0
    }

    fn gone(&self) -> DataFusionError {
        let path = self.0.table_paths().first().map(ToString::to_string);
        let error = object_store::Error::NotFound {
            path: path.unwrap_or_default(),
            source: "no Parquet file is left below it".into(),
        };
        error.into()
    }
}

#[async_trait]
impl TableProvider for StoredFiles {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        self.0.table_type()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.0.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let scan = self.0.scan(state, projection, filters, limit).await?;
        if scan.is::<EmptyExec>() {
            self.list(state).await?;
        }
        Ok(scan)
    }
}
