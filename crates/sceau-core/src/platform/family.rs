//! One table over the files of several years.
//!
//! ```text
//! pmsi/T_MCO19B/*.parquet   ─┐
//! pmsi/T_MCO20B/*.parquet   ─┴─  one scan of T_MCO_B, with ANNEE as a partition column
//! ```
//!
//! It stays one source of a plan, so that a policy stands before it as before any other table: no union, and no projection
//! that fills in columns. Files are read by one schema, into which every year's types convert without a value that could
//! fail; a column that a year lacks is NULL in it. A condition on the year leaves whole years out before their files are
//! listed.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result, ScalarValue, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::listing::helpers::filter_partitioned_file;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use crate::snds::YEAR;
use crate::storage::StoredFiles;

/// The files of several years as one table.
#[derive(Debug, Clone)]
pub(crate) struct FamilyTable {
    schema: TableSchema,
    years: Arc<[Year]>,
    only: Option<u16>,
}

/// One year's files.
#[derive(Debug)]
pub(super) struct Year {
    pub(super) year: u16,
    pub(super) files: Arc<StoredFiles>,
}

impl FamilyTable {
    /// `columns` are those of the files, `partitions` those that their folders spell; the year comes after them.
    pub(super) fn new(columns: SchemaRef, mut partitions: Vec<FieldRef>, years: Vec<Year>) -> Self {
        partitions.push(Arc::new(Field::new(YEAR, DataType::Int32, false)));
        Self {
            schema: TableSchema::builder(columns)
                .with_table_partition_cols(partitions)
                .build(),
            years: years.into(),
            only: None,
        }
    }

    /// The same table, of one year only.
    pub(super) fn only(&self, year: u16) -> Self {
        Self {
            only: Some(year),
            ..self.clone()
        }
    }

    /// The files that conditions on partition columns leave.
    pub(crate) async fn files(
        &self,
        state: &dyn Session,
        filters: &[Expr],
    ) -> Result<Vec<PartitionedFile>> {
        let partitions = self.schema.table_partition_cols();
        let all = DFSchema::from_unqualified_fields(partitions.clone(), Default::default())?;
        let year_alone = Field::new(YEAR, DataType::Int32, false);
        let year_alone =
            DFSchema::from_unqualified_fields(vec![year_alone].into(), Default::default())?;
        let (of_year, of_partitions): (Vec<Expr>, Vec<Expr>) =
            filters.iter().cloned().partition(|filter| {
                filter
                    .column_refs()
                    .iter()
                    .all(|column| column.name == YEAR)
            });
        let mut files = Vec::new();
        for part in self.years.iter() {
            if self.only.is_some_and(|only| only != part.year) {
                continue;
            }
            let year = ScalarValue::Int32(Some(i32::from(part.year)));
            let mut any = PartitionedFile::new(String::new(), 0);
            any.partition_values = vec![year.clone()];
            if filter_partitioned_file(any, &of_year, &year_alone)?.is_none() {
                continue;
            }
            for mut file in part.files.list(state).await? {
                file.partition_values.push(year.clone());
                // They are of the year's own columns.
                file.statistics = None;
                file.ordering = None;
                files.extend(filter_partitioned_file(file, &of_partitions, &all)?);
            }
        }
        Ok(files)
    }
}

#[async_trait]
impl TableProvider for FamilyTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.files(state, filters).await?;
        let first = self.years.first().map(|year| year.files.listing());
        let (Some(first), false) = (first, files.is_empty()) else {
            let schema = project_schema(&self.schema(), projection)?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        };
        let Some(place) = first.table_paths().first() else {
            return datafusion::common::internal_err!("a year without a place");
        };
        // Sorted by path, so that a year's files stay together and the order of rows does not change from scan to scan.
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let format = &first.options().format;
        let config = FileScanConfigBuilder::new(
            place.object_store(),
            format.file_source(self.schema.clone()),
        )
        .with_file_groups(groups)
        .with_projection_indices(projection.cloned())?
        .with_limit(limit)
        .build();
        format.create_physical_plan(state, config).await
    }
}
