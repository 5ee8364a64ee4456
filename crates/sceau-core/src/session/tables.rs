use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::optimizer::{Analyzer, Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;

use super::SessionError;
use super::catalog::information_schema;
use super::people;
use super::touched::{HeldAgainst, StoredColumns};
use crate::config::ConfigError;
use crate::enforce::{
    Binding, Contributors, EnforcePolicies, ExpectParentJoins, KeyPart, ParentCheck, PeopleList,
    ProtectedTable, ProtectedTableParts, by_flux,
};
use crate::engine::{analyzed_soundly, soundly};
use crate::permit::{Compiler, Grant, Permit, Source, TablePolicy};
use crate::platform::{Platform, StoredTable, YearOfFamily};
use crate::snds::{Parent, TableModel, is_text};

/// The tables that a permit grants, compiled.
pub(super) struct Protected {
    pub(super) tables: Vec<ProtectedTable>,
    /// What of other tables is read for those whose people are found there.
    pub(super) held_against: HeldAgainst,
}

/// Compiles the tables that a permit grants.
pub(super) fn protect(
    platform: &Platform,
    permit: &Permit,
    binding: &Arc<Binding>,
) -> Result<Protected, SessionError> {
    if platform.journal_key() == Some(permit.key_name()) {
        return Err(invalid(
            permit,
            &["key"],
            "a key that is not the journal's, whose reviewers could tell people by it",
            format!("{:?}", permit.key_name()),
        )
        .into());
    }
    let maker = Maker {
        platform,
        permit,
        binding,
        compiler: Compiler {
            permit,
            principal: binding.principal(),
            keys: platform.keys(),
            state: platform.state(),
            functions: platform.functions(),
        },
        contributors: contributors(platform, permit)?,
        lists: people::lists(platform, permit)?,
    };
    let mut tables: Vec<ProtectedTable> = Vec::new();
    let mut held_against = HeldAgainst::new();
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
        let target = Target::of(stored);
        let schema = target.provider.schema();
        let policy = maker.compiler.table(name, grant, target.source(&schema))?;
        let (parent, read) = maker.parent(name, target)?.unzip();
        let read = read.unwrap_or_default();
        for year in &stored.years {
            // What the permit says of a year itself goes before what it says of all years.
            let own = maker.entry(&year.model.name).is_some();
            if !own {
                let of_year = target.of_year(year, stored.years.len());
                held_against.insert(year.model.name.clone(), read.clone());
                tables.push(maker.table(of_year, policy.clone(), parent.clone()));
            }
        }
        held_against.insert(stored.model.name.clone(), read);
        tables.push(maker.table(target, policy, parent));
    }
    Ok(Protected {
        tables,
        held_against,
    })
}

/// What a permit says of a table, under the name that it has there.
type Entry<'a> = (&'a str, &'a Grant);

/// People are told apart by a hash of the process's own, or as the ledger of the project tells them apart.
fn contributors(platform: &Platform, permit: &Permit) -> Result<Contributors, ConfigError> {
    let persons = platform.persons().cloned();
    let Some(ledger) = platform.ledger() else {
        return Ok(Contributors::new(persons));
    };
    if permit.key_name() == ledger.key {
        return Err(invalid(
            permit,
            &["key"],
            "a key of the project's own, since whoever has its pseudonyms must not have the ledger's key",
            format!("{:?}, the key of the platform's ledgers", ledger.key),
        ));
    }
    let key = platform.keys().project_key(&ledger.key).map_err(|error| {
        invalid(
            permit,
            &[],
            "a platform that has the key of its ledgers",
            error.to_string(),
        )
    })?;
    Ok(Contributors::of_ledger(persons, &key, permit.project()))
}

/// Makes the protected tables of one session.
struct Maker<'a> {
    platform: &'a Platform,
    permit: &'a Permit,
    binding: &'a Arc<Binding>,
    compiler: Compiler<'a>,
    contributors: Contributors,
    lists: Vec<Arc<PeopleList>>,
}

/// A table that can be put under a policy: a registered one, or one year of a table over several.
#[derive(Clone, Copy)]
struct Target<'a> {
    model: &'a Arc<TableModel>,
    provider: &'a Arc<dyn TableProvider>,
    partition_columns: &'a [String],
    rows: usize,
}

impl<'a> Target<'a> {
    fn of(stored: &'a StoredTable) -> Self {
        Self {
            model: &stored.model,
            provider: &stored.provider,
            partition_columns: &stored.partition_columns,
            rows: stored.rows,
        }
    }

    fn of_year(self, year: &'a YearOfFamily, years: usize) -> Self {
        Self {
            model: &year.model,
            provider: &year.provider,
            rows: self.rows / years.max(1),
            ..self
        }
    }

    fn source(self, schema: &'a Schema) -> Source<'a> {
        Source {
            model: self.model,
            stored: schema,
        }
    }
}

impl<'a> Maker<'a> {
    fn table(
        &self,
        target: Target<'_>,
        policy: TablePolicy,
        parent: Option<Arc<ParentCheck>>,
    ) -> ProtectedTable {
        let holds_people = !target.model.contributor.is_empty();
        ProtectedTable::new(ProtectedTableParts {
            policy,
            model: Arc::clone(target.model),
            raw: Arc::clone(target.provider),
            partition_columns: target.partition_columns.to_vec(),
            binding: Arc::clone(self.binding),
            strict: self.permit.is_strict(),
            rows: target.rows,
            contributors: self.contributors.clone(),
            people: if holds_people {
                self.lists.clone()
            } else {
                vec![]
            },
            parent,
        })
    }

    /// What the permit says of a table under its own name.
    fn entry(&self, table: &str) -> Option<Entry<'a>> {
        self.permit
            .tables()
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(table))
            .map(|(name, grant)| (name.as_str(), grant))
    }

    /// A table that others reach their people through, and what the permit says of it: of one year what it says of that
    /// year, or else of all.
    fn reached(
        &self,
        table: &'a StoredTable,
    ) -> Result<(Target<'a>, Option<Entry<'a>>), ConfigError> {
        let own = self.entry(&table.model.name);
        if own.is_none()
            && let Some(family) = table
                .family
                .as_ref()
                .and_then(|family| self.platform.table(family))
            && let Some(entry) = self.entry(&family.model.name)
            && let Some(year) = family
                .years
                .iter()
                .find(|year| year.model.name == table.model.name)
        {
            return Ok((
                Target::of(family).of_year(year, family.years.len()),
                Some(entry),
            ));
        }
        // What holds in one year of the parent has to hold in that year of the table too.
        let of_a_year = table
            .years
            .iter()
            .find_map(|year| self.entry(&year.model.name))
            .filter(|(_, grant)| grant.filter.is_some());
        if let (None, Some((name, _))) = (own, of_a_year) {
            return Err(invalid(
                self.permit,
                &["table", name],
                &format!(
                    "an entry for {} too, since a table over all years reaches its people through it",
                    table.model.name
                ),
                "one of a single year".into(),
            ));
        }
        Ok((Target::of(table), own))
    }

    /// The table through which a table without a person is held against the permit, if the permit hides any of its rows, and
    /// the columns that are read of it and of its own parents.
    fn parent(
        &self,
        name: &str,
        target: Target<'_>,
    ) -> Result<Option<(Arc<ParentCheck>, StoredColumns)>, ConfigError> {
        let Some(link) = &target.model.parent else {
            return Ok(None);
        };
        let population = self.permit.population();
        let Some(parent) = self.platform.table(&link.table) else {
            let restricted = !self.lists.is_empty() || population.period.is_some();
            return match restricted {
                true => Err(invalid(
                    self.permit,
                    &["table", name],
                    &format!(
                        "{} among the platform's tables, since a population is given and {} reaches its people through it",
                        link.table, target.model.name
                    ),
                    "no such table".into(),
                )),
                false => Ok(None),
            };
        };
        let (parent, granted) = self.reached(parent)?;
        let schema = parent.provider.schema();
        let rows = self.compiler.rows(
            granted.map_or(link.table.as_str(), |(name, _)| name),
            granted.and_then(|(_, grant)| grant.filter.as_deref()),
            parent.source(&schema),
        )?;
        let grandparent = self.parent(name, parent)?;
        let people = !parent.model.contributor.is_empty() && !self.lists.is_empty();
        if rows.is_empty() && !people && grandparent.is_none() {
            return Ok(None);
        }
        let on = self.key(name, link, target, parent)?;
        let (grandparent, read_further) = grandparent.unzip();
        let mut read: BTreeSet<&str> = on.iter().map(|part| part.of_parent.as_str()).collect();
        for row in &rows {
            read.extend(row.column_refs().iter().map(|column| column.name.as_str()));
        }
        if people {
            let person = parent.model.contributor.iter();
            read.extend(person.filter_map(|column| Some(field(&schema, column)?.name().as_str())));
        }
        let read = read
            .into_iter()
            .map(|column| (parent.model.name.clone(), column.to_owned()))
            .chain(read_further.into_iter().flatten())
            .collect();
        let policy = TablePolicy {
            columns: vec![],
            rows,
        };
        let check = self.table(parent, policy, grandparent).as_parent(on);
        Ok(Some((check, read)))
    }

    /// The key's columns as both tables store them; they must hold the same kind of value.
    fn key(
        &self,
        name: &str,
        link: &Parent,
        target: Target<'_>,
        parent: Target<'_>,
    ) -> Result<Vec<KeyPart>, ConfigError> {
        let (here, there) = (target.provider.schema(), parent.provider.schema());
        link.on
            .iter()
            .map(|(column, of_parent)| {
                let (column, of_parent) = (field(&here, column), field(&there, of_parent));
                match (column, of_parent) {
                    (Some(column), Some(of_parent))
                        if same_kind(column.data_type(), of_parent.data_type()) =>
                    {
                        Ok(KeyPart {
                            as_text: is_text(column.data_type()) != is_text(of_parent.data_type()),
                            here: column.name().clone(),
                            of_parent: of_parent.name().clone(),
                        })
                    }
                    _ => Err(invalid(
                        self.permit,
                        &["table", name],
                        &format!(
                            "the whole key to {} in both tables, of the same types",
                            link.table
                        ),
                        "another".into(),
                    )),
                }
            })
            .collect()
    }
}

fn field<'a>(schema: &'a Schema, name: &str) -> Option<&'a FieldRef> {
    schema
        .fields()
        .iter()
        .find(|field| field.name().eq_ignore_ascii_case(name))
}

/// Whether values of two types can be the same key: the SNDS keeps some numbers as numbers here and as texts there.
fn same_kind(one: &DataType, other: &DataType) -> bool {
    let plain = |data_type: &DataType| is_text(data_type) || data_type.is_integer();
    one == other || (plain(one) && plain(other))
}

fn invalid(permit: &Permit, path: &[&str], expected: &str, found: String) -> ConfigError {
    permit.document().invalid(path, expected, found)
}

pub(super) const CATALOG: &str = "sceau";
pub(super) const SCHEMA: &str = "snds";

/// A DataFusion state that knows the protected tables, the allowed functions and nothing else.
pub(super) fn state(
    platform: &Platform,
    tables: Vec<ProtectedTable>,
    binding: &Arc<Binding>,
) -> SessionState {
    let names = information_schema(&tables);
    let schema = MemorySchemaProvider::new();
    for table in tables {
        let name = table.model().name.clone();
        // A memory schema refuses only names it already has, and these differ.
        let _ = schema.register_table(name, Arc::new(table));
    }
    let catalog = MemoryCatalogProvider::new();
    let _ = catalog.register_schema(SCHEMA, Arc::new(schema));
    if let Ok(names) = names {
        let _ = catalog.register_schema("information_schema", Arc::new(names));
    }
    let catalogs = MemoryCatalogProviderList::new();
    let _ = catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));

    let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> =
        vec![Arc::new(EnforcePolicies::new(Arc::clone(binding)))];
    rules.extend(Optimizer::new().rules);
    let mut physical: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> =
        vec![Arc::new(ExpectParentJoins)];
    physical.extend(by_flux(soundly(PhysicalOptimizer::new().rules)));
    let functions = platform.functions();
    SessionStateBuilder::new()
        .with_config(config(platform))
        .with_runtime_env(Arc::clone(platform.runtime()))
        .with_catalog_list(Arc::new(catalogs))
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_scalar_functions(functions.scalar())
        .with_aggregate_functions(functions.aggregate())
        .with_window_functions(functions.window())
        .with_analyzer_rules(analyzed_soundly(Analyzer::new().rules))
        .with_optimizer_rules(rules)
        .with_physical_optimizer_rules(physical)
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
        // It ends the process on NaN.
        .set_bool("datafusion.optimizer.enable_topk_aggregation", false)
        // The engine's two planners disagree on whether IS TRUE can be NULL, and would refuse such a plan.
        .set_bool(
            "datafusion.execution.skip_physical_aggregate_schema_check",
            true,
        )
        .set_bool(
            "datafusion.execution.parquet.pushdown_filters",
            options.late_materialization,
        );
    if let Some(partitions) = options.partitions {
        config = config.with_target_partitions(partitions);
    }
    if config.target_partitions() == 1 {
        // How many bytes a batch keeps alive depends on what lies beside its rows in the files. If that decided whether
        // batches are sorted one by one or all in one, it would show in the order of rows that sort the same.
        config = config.with_sort_in_place_threshold_bytes(0);
    }
    if let Some(rows) = options.batch_size {
        config = config.with_batch_size(rows);
    }
    config
}
