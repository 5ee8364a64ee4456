use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider,
};
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::prelude::SessionConfig;

use super::SessionError;
use crate::config::ConfigError;
use crate::enforce::{
    Binding, ContributorSeed, EnforcePolicies, ProtectedTable, ProtectedTableParts,
};
use crate::permit::{Compiler, Permit, Source};
use crate::platform::Platform;

/// The tables that a permit grants, compiled.
pub(super) fn protect(
    platform: &Platform,
    permit: &Permit,
    binding: &Arc<Binding>,
) -> Result<Vec<ProtectedTable>, SessionError> {
    let compiler = Compiler {
        permit,
        keys: platform.keys(),
        state: platform.state(),
        functions: platform.functions(),
    };
    let seed = ContributorSeed::random();
    let mut tables: Vec<ProtectedTable> = Vec::new();
    for (name, grant) in permit.tables() {
        let stored = platform.table(name).ok_or_else(|| {
            invalid(
                permit,
                &["table", name],
                "a table of the platform",
                format!("{name:?}"),
            )
        })?;
        if tables
            .iter()
            .any(|table| table.model().name == stored.model.name)
        {
            return Err(invalid(
                permit,
                &["table", name],
                "each table once",
                format!("{name:?} twice"),
            )
            .into());
        }
        let schema = stored.provider.schema();
        let source = Source {
            model: &stored.model,
            stored: &schema,
        };
        tables.push(ProtectedTable::new(ProtectedTableParts {
            policy: compiler.table(name, grant, source)?,
            model: Arc::clone(&stored.model),
            raw: Arc::clone(&stored.provider),
            partition_columns: stored.partition_columns.clone(),
            binding: Arc::clone(binding),
            strict: permit.is_strict(),
            rows: stored.rows,
            seed,
        }));
    }
    Ok(tables)
}

fn invalid(permit: &Permit, path: &[&str], expected: &str, found: String) -> ConfigError {
    permit.document().invalid(path, expected, found)
}

const CATALOG: &str = "sceau";
const SCHEMA: &str = "snds";

/// A DataFusion state that knows the protected tables, the allowed functions and nothing else.
pub(super) fn state(
    platform: &Platform,
    tables: Vec<ProtectedTable>,
    binding: &Arc<Binding>,
) -> SessionState {
    let schema = MemorySchemaProvider::new();
    for table in tables {
        let name = table.model().name.clone();
        // A memory schema refuses only names it already has, and these differ.
        let _ = schema.register_table(name, Arc::new(table));
    }
    let catalog = MemoryCatalogProvider::new();
    let _ = catalog.register_schema(SCHEMA, Arc::new(schema));
    let catalogs = MemoryCatalogProviderList::new();
    let _ = catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));

    let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> =
        vec![Arc::new(EnforcePolicies::new(Arc::clone(binding)))];
    rules.extend(Optimizer::new().rules);
    let functions = platform.functions();
    SessionStateBuilder::new()
        .with_config(config(platform))
        .with_runtime_env(Arc::clone(platform.runtime()))
        .with_catalog_list(Arc::new(catalogs))
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_scalar_functions(functions.scalar())
        .with_aggregate_functions(functions.aggregate())
        .with_window_functions(functions.window())
        .with_optimizer_rules(rules)
        .build()
}

fn config(platform: &Platform) -> SessionConfig {
    let options = platform.options();
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false)
        .with_collect_statistics(false)
        // Names are spelt before the text is parsed.
        .set_bool("datafusion.sql_parser.enable_ident_normalization", false)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        // A table may be spread over folders, a year each.
        .set_bool(
            "datafusion.execution.listing_table_ignore_subdirectory",
            false,
        )
        .set_bool(
            "datafusion.execution.parquet.schema_force_view_types",
            false,
        )
        .set_bool(
            "datafusion.execution.parquet.pushdown_filters",
            options.late_materialization,
        );
    if let Some(partitions) = options.partitions {
        config = config.with_target_partitions(partitions);
    }
    if let Some(rows) = options.batch_size {
        config = config.with_batch_size(rows);
    }
    config
}
