//! `information_schema`: the authorised tables and columns, and nothing else.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, UInt64Array};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::common::Result;

use super::tables::{CATALOG, SCHEMA};
use crate::enforce::{ListedNames, ProtectedTable};

/// The schema of that name, with `tables`, `columns` and `schemata`.
pub(super) fn information_schema(tables: &[ProtectedTable]) -> Result<MemorySchemaProvider> {
    let schema = MemorySchemaProvider::new();
    for (name, rows) in [
        ("tables", table_rows(tables)?),
        ("columns", column_rows(tables)?),
        ("schemata", schema_rows()?),
    ] {
        schema.register_table(name.to_owned(), Arc::new(ListedNames::new(rows)?))?;
    }
    Ok(schema)
}

fn table_rows(tables: &[ProtectedTable]) -> Result<RecordBatch> {
    let rows = tables.len();
    Ok(RecordBatch::try_from_iter([
        ("table_catalog", repeated(CATALOG, rows)),
        ("table_schema", repeated(SCHEMA, rows)),
        (
            "table_name",
            texts(tables.iter().map(|table| table.model().name.clone())),
        ),
        ("table_type", repeated("BASE TABLE", rows)),
    ])?)
}

fn column_rows(tables: &[ProtectedTable]) -> Result<RecordBatch> {
    let columns: Vec<_> = tables
        .iter()
        .flat_map(|table| {
            table
                .policy()
                .columns
                .iter()
                .enumerate()
                .map(|(at, column)| (table.model().name.clone(), at as u64 + 1, column))
        })
        .collect();
    let rows = columns.len();
    Ok(RecordBatch::try_from_iter([
        ("table_catalog", repeated(CATALOG, rows)),
        ("table_schema", repeated(SCHEMA, rows)),
        (
            "table_name",
            texts(columns.iter().map(|(table, ..)| table.clone())),
        ),
        (
            "column_name",
            texts(columns.iter().map(|(_, _, column)| column.name.clone())),
        ),
        (
            "ordinal_position",
            Arc::new(UInt64Array::from_iter_values(
                columns.iter().map(|(_, at, _)| *at),
            )) as ArrayRef,
        ),
        (
            "data_type",
            texts(
                columns
                    .iter()
                    .map(|(_, _, column)| column.data_type.to_string()),
            ),
        ),
        (
            "is_nullable",
            texts(
                columns
                    .iter()
                    .map(|(_, _, column)| if column.nullable { "YES" } else { "NO" }.to_owned()),
            ),
        ),
    ])?)
}

fn schema_rows() -> Result<RecordBatch> {
    Ok(RecordBatch::try_from_iter([
        ("catalog_name", repeated(CATALOG, 1)),
        ("schema_name", repeated(SCHEMA, 1)),
    ])?)
}

fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn repeated(value: &str, rows: usize) -> ArrayRef {
    Arc::new(StringArray::from(vec![value; rows]))
}
