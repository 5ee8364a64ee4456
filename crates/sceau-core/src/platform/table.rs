//! Opens tables: finds their files, holds them against the data model, makes what reads them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::SessionState;
use object_store::ObjectStore;
use object_store::path::Path;
use sha2::{Digest, Sha256};
use url::Url;

use super::config::TableConfig;
use super::drift::{DriftPolicy, TableDrift};
use super::family::{FamilyTable, Year};
use super::listing::{Listing, list, partition_type, single_file};
use super::model::{completed, expected_rows, field_of, only_one_spelling, unknown};
use super::types::{common_type, converts, plain_type, same_type};
use super::years::{Found, PassedOver, Pattern};
use crate::config::{ConfigError, Document};
use crate::snds::{self, TableModel, YEAR};
use crate::storage::StoredFiles;

/// A registered table: its model, completed by what is stored, and the provider that reads it. No session ever holds the
/// provider in a catalog.
#[derive(Debug)]
pub(crate) struct StoredTable {
    pub(crate) model: Arc<TableModel>,
    pub(crate) provider: Arc<dyn TableProvider>,
    pub(crate) partition_columns: Vec<String>,
    pub(crate) rows: usize,
    /// Of a table over several years: the years.
    pub(crate) years: Vec<YearOfFamily>,
    /// Of one year's table that a folder pattern found: the table over all of them.
    pub(crate) family: Option<String>,
    /// Which state of its files it was opened on.
    pub(crate) version: [u8; 32],
}

/// One year of a table over several.
#[derive(Debug)]
pub(crate) struct YearOfFamily {
    /// The model of the year's table, with all columns of the family.
    pub(crate) model: Arc<TableModel>,
    /// Reads the year alone, with all columns of the family.
    pub(crate) provider: Arc<dyn TableProvider>,
}

/// What opening one table of the platform's file gives.
#[derive(Debug)]
pub(super) struct OpenedTable {
    /// The table; with a folder pattern, the table over all years and then each year's.
    pub(super) tables: Vec<StoredTable>,
    pub(super) drift: Vec<TableDrift>,
    pub(super) passed_over: Option<PassedOver>,
}

/// Opens the tables of one store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opener<'a> {
    pub(super) store: &'a Arc<dyn ObjectStore>,
    pub(super) store_url: &'a Url,
    pub(super) state: &'a SessionState,
    pub(super) document: &'a Document,
    pub(super) drift: DriftPolicy,
}

/// The files of a table, or of one year of it.
struct Files {
    url: ListingTableUrl,
    options: ListingOptions,
    /// What they say of themselves.
    stored: SchemaRef,
    listing: Listing,
}

impl Opener<'_> {
    pub(super) async fn open(
        &self,
        name: &str,
        config: &TableConfig,
    ) -> Result<OpenedTable, ConfigError> {
        let at_path = |expected: &str| self.invalid(name, expected, &format!("{:?}", config.path));
        if let Some(pattern) = Pattern::of(&config.path).map_err(at_path)? {
            return self.family(name, config, &pattern).await;
        }
        let known = snds::table(name);
        if known
            .as_ref()
            .is_some_and(|model| model.year_column.is_some())
        {
            return Err(at_path(
                "{aa} or {annee} where the year stands, since this is the table over all years",
            ));
        }
        let prefix = Path::parse(config.path.trim_matches('/'))
            .map_err(|_| at_path("a path below the store, its parts parted by /"))?;
        let files = self.files(name, &prefix).await?;
        let model = known.as_deref().cloned().unwrap_or_else(|| unknown(name));
        let partitions = partitions(&files.listing.partitions, &model);
        self.no_column_twice(name, &files, &partitions)?;
        let drift = known
            .is_some()
            .then(|| TableDrift::between(&model, &with_partitions(&files.stored, &partitions)));
        let policy = config.drift.unwrap_or(self.drift);
        let refused_under =
            |policy| (drift.as_ref()).and_then(|drift: &TableDrift| drift.refused(&model, policy));
        if let Some(refused) = refused(policy, refused_under) {
            return Err(refused);
        }
        let read = as_read(&files.stored, &model);
        let rows = config.rows;
        let table = self.single(name, config, &files, model, read, &partitions, rows)?;
        Ok(OpenedTable {
            tables: vec![table],
            drift: drift.into_iter().filter(differs).collect(),
            passed_over: None,
        })
    }

    /// A table a year, and the table over all of them.
    async fn family(
        &self,
        name: &str,
        config: &TableConfig,
        pattern: &Pattern<'_>,
    ) -> Result<OpenedTable, ConfigError> {
        let storage = |message: String| storage_error(name, message);
        let Found { years, passed_over } = pattern.find(self.store).await.map_err(storage)?;
        if years.is_empty() {
            return Err(self.invalid(
                name,
                "a path of which there is at least one year",
                &match passed_over.first() {
                    Some(near) => format!("none at {:?}, of which {near} is not one", config.path),
                    None => format!("none at {:?}", config.path),
                },
            ));
        }
        let known = snds::table(name);
        if let Some(year) = known.as_ref().and_then(|model| model.year) {
            return Err(self.invalid(
                name,
                "a path without a year in braces, since the table's name holds one",
                &format!("{:?}, of {year}", config.path),
            ));
        }
        let mut found = BTreeMap::new();
        for (year, prefix) in &years {
            found.insert(*year, self.files(name, prefix).await?);
        }
        let base = snds::over_years(name).unwrap_or_else(|| unknown(name).over_years());
        let values = same_partitions(&found).map_err(storage)?;
        let partitions = partitions(&values, &base);

        let mut drift = Vec::new();
        let mut models = BTreeMap::new();
        for (year, files) in &found {
            self.no_column_twice(name, files, &partitions)?;
            let model = snds::in_year(name, *year).unwrap_or_else(|| TableModel {
                year: Some(*year),
                ..unknown(&format!("{name}_{year}"))
            });
            if known.is_some() {
                let stored = with_partitions(&files.stored, &partitions);
                drift.push(TableDrift::between(&model, &stored));
            }
            models.insert(*year, model);
        }
        let policy = config.drift.unwrap_or(self.drift);
        let elsewhere = |column: &str| {
            found
                .values()
                .any(|files| field_of(&files.stored, column).is_some())
        };
        for (drift, model) in drift.iter().zip(models.values()) {
            let refused_under = |policy| drift.refused_in_year(model, policy, elsewhere);
            if let Some(refused) = refused(policy, refused_under) {
                return Err(refused);
            }
        }

        let read: BTreeMap<u16, Schema> = found
            .iter()
            .map(|(year, files)| (*year, as_read(&files.stored, &models[year])))
            .collect();
        let merged = Arc::new(merged(&base.name, &read)?);
        let with_year = {
            let mut fields: Vec<Arc<Field>> = merged.fields().to_vec();
            fields.extend(partition_fields(&partitions));
            fields.push(Arc::new(Field::new(YEAR, DataType::Int32, false)));
            Schema::new(fields)
        };
        let model = completed(&base, config, &with_year, self.document, name)?;
        let rows = config.rows.unwrap_or_else(|| expected_rows(&model));
        let a_year = rows / found.len().max(1) as u64;

        let mut tables = Vec::new();
        let mut listed = Vec::new();
        let mut of_family = Vec::new();
        for (year, files) in &found {
            let own = config.of_stored(|column| {
                let partition = |(name, _): &(String, DataType)| name.eq_ignore_ascii_case(column);
                field_of(&read[year], column).is_some() || partitions.iter().any(partition)
            });
            let table = self.single(
                name,
                &own,
                files,
                models[year].clone(),
                read[year].clone(),
                &partitions,
                Some(a_year),
            )?;
            let listing = self.listing(name, files, &read[year], &partitions)?;
            listed.push(Year {
                year: *year,
                files: Arc::new(listing),
            });
            of_family.push((
                models[year].name.clone(),
                models[year].parent.clone(),
                *year,
            ));
            tables.push(StoredTable {
                family: Some(model.name.clone()),
                ..table
            });
        }
        let provider = FamilyTable::new(merged, partition_fields(&partitions), listed);
        let years = of_family
            .into_iter()
            .map(|(name, parent, year)| YearOfFamily {
                provider: Arc::new(provider.only(year)),
                model: Arc::new(TableModel {
                    name,
                    parent: parent.or_else(|| model.parent.clone()),
                    year: Some(year),
                    ..model.clone()
                }),
            })
            .collect();
        let mut partition_columns: Vec<String> =
            partitions.into_iter().map(|(name, _)| name).collect();
        partition_columns.push(YEAR.to_owned());
        let mut hash = Sha256::new();
        for files in found.values() {
            hash.update(files.listing.version);
        }
        let family = StoredTable {
            model: Arc::new(model),
            provider: Arc::new(provider),
            partition_columns,
            rows: usize::try_from(rows).unwrap_or(usize::MAX),
            years,
            family: None,
            version: hash.finalize().into(),
        };
        tables.insert(0, family);
        Ok(OpenedTable {
            tables,
            drift: drift.into_iter().filter(differs).collect(),
            passed_over: passed_over.first().map(|example| PassedOver {
                table: name.to_owned(),
                count: passed_over.len(),
                example: example.to_string(),
            }),
        })
    }

    #[expect(clippy::too_many_arguments, reason = "all that a table is made from")]
    fn single(
        &self,
        name: &str,
        config: &TableConfig,
        files: &Files,
        model: TableModel,
        read: Schema,
        partitions: &[(String, DataType)],
        rows: Option<u64>,
    ) -> Result<StoredTable, ConfigError> {
        let provider = self.listing(name, files, &read, partitions)?;
        let schema = with_partitions(&Arc::new(read), partitions);
        let model = completed(&model, config, &schema, self.document, name)?;
        let rows = rows.unwrap_or_else(|| expected_rows(&model));
        Ok(StoredTable {
            model: Arc::new(model),
            provider: Arc::new(provider),
            partition_columns: partitions.iter().map(|(name, _)| name.clone()).collect(),
            rows: usize::try_from(rows).unwrap_or(usize::MAX),
            years: vec![],
            family: None,
            version: files.listing.version,
        })
    }

    fn listing(
        &self,
        name: &str,
        files: &Files,
        read: &Schema,
        partitions: &[(String, DataType)],
    ) -> Result<StoredFiles, ConfigError> {
        let options = files
            .options
            .clone()
            .with_table_partition_cols(partitions.to_vec());
        let config = ListingTableConfig::new(files.url.clone())
            .with_listing_options(options)
            .with_schema(Arc::new(read.clone()));
        let listing = ListingTable::try_new(config)
            .map_err(|error| storage_error(name, schema_problem(&error)))?;
        Ok(StoredFiles::new(listing))
    }

    async fn files(&self, name: &str, prefix: &Path) -> Result<Files, ConfigError> {
        let storage = |message: String| storage_error(name, message);
        let single = single_file(self.store, prefix).await;
        let is_file = single.is_some();
        let mut listing = list(self.store, prefix).await.map_err(storage)?;
        listing.version = single.unwrap_or(listing.version);
        if listing.files == 0 && !is_file {
            return Err(self.invalid(
                name,
                "a prefix below which there are Parquet files",
                &format!("none below {:?}", prefix.to_string()),
            ));
        }
        let mut url = self.store_url.clone();
        url.set_path(&if is_file {
            prefix.to_string()
        } else {
            format!("{prefix}/")
        });
        let url = ListingTableUrl::parse(url.as_str())
            .map_err(|_| storage(format!("{prefix} cannot be read as a place of files")))?;
        let format = ParquetFormat::default()
            .with_force_view_types(false)
            .with_skip_metadata(false);
        let options = ListingOptions::new(Arc::new(format)).with_file_extension(".parquet");
        let stored = options
            .infer_schema(self.state, &url)
            .await
            .map_err(|error| storage(schema_problem(&error)))?;
        Ok(Files {
            url,
            options,
            stored,
            listing,
        })
    }

    fn no_column_twice(
        &self,
        name: &str,
        files: &Files,
        partitions: &[(String, DataType)],
    ) -> Result<(), ConfigError> {
        match partitions
            .iter()
            .find(|(column, _)| field_of(&files.stored, column).is_some())
        {
            Some((column, _)) => Err(storage_error(
                name,
                format!("{column} is a partition of its folders and a column of its files"),
            )),
            None => Ok(()),
        }
    }

    fn invalid(&self, name: &str, expected: &str, found: &str) -> ConfigError {
        self.document
            .invalid(&["table", name, "path"], expected, found)
    }
}

fn storage_error(table: &str, message: String) -> ConfigError {
    ConfigError::Storage {
        table: table.to_owned(),
        message,
    }
}

/// The error of what is refused under a policy, and whether the lenient one takes it.
fn refused(
    policy: DriftPolicy,
    under: impl Fn(DriftPolicy) -> Option<TableDrift>,
) -> Option<ConfigError> {
    Some(ConfigError::Drift {
        drift: under(policy)?,
        lenient_takes: under(DriftPolicy::Lenient).is_none(),
    })
}

fn differs(drift: &TableDrift) -> bool {
    !drift.columns.is_empty()
}

/// The partition columns with their types: the model's, or what all their values can be read as.
fn partitions(values: &[(String, Vec<String>)], model: &TableModel) -> Vec<(String, DataType)> {
    values
        .iter()
        .map(|(column, values)| {
            let modelled = model
                .column(column)
                .and_then(|column| column.data_type.clone());
            (
                column.clone(),
                modelled.unwrap_or_else(|| partition_type(values)),
            )
        })
        .collect()
}

/// The partition columns of all years, which have to have the same, each with all its values.
fn same_partitions(years: &BTreeMap<u16, Files>) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut all: Option<Vec<(String, Vec<String>)>> = None;
    for (year, files) in years {
        let here = &files.listing.partitions;
        let Some(known) = &mut all else {
            all = Some(here.clone());
            continue;
        };
        let names = |columns: &[(String, Vec<String>)]| {
            let names: Vec<_> = columns.iter().map(|(name, _)| name.clone()).collect();
            names.join("/")
        };
        if names(known) != names(here) {
            return Err(format!(
                "its years stand in different partition columns: {year} in {:?}, others in {:?}",
                names(here),
                names(known)
            ));
        }
        for ((_, values), (_, more)) in known.iter_mut().zip(here) {
            values.extend(more.iter().cloned());
        }
    }
    Ok(all.unwrap_or_default())
}

/// The schema that files are read by: their names and types, and nothing else that they say of themselves. A type that
/// converts to the model's is read as that.
///
/// Dictionaries are read as the values they stand for. The rows that a policy keeps would share their dictionary with those
/// it removes, and what a question computes on a dictionary it computes on every value of it. Views are read as what they
/// look at: the visible rows' views would carry the pages that they were read from, hidden rows and all, out with an answer.
fn as_read(stored: &Schema, model: &TableModel) -> Schema {
    let plain = |field: &Arc<Field>| {
        let stored = plain_type(field.data_type());
        let expected = model
            .column(field.name())
            .and_then(|column| column.data_type.clone());
        let read = match expected {
            Some(expected) if !same_type(&expected, &stored) && converts(&stored, &expected) => {
                expected
            }
            _ => stored,
        };
        Field::new(field.name(), read, field.is_nullable())
    };
    Schema::new(stored.fields().iter().map(plain).collect::<Vec<_>>())
}

/// The columns of all years, each of a type that every year can be read as, and NULL in a year that lacks it.
fn merged(table: &str, years: &BTreeMap<u16, Schema>) -> Result<Schema, ConfigError> {
    let mut fields: Vec<Field> = Vec::new();
    for (year, schema) in years {
        for field in schema.fields() {
            let Some(known) = fields.iter_mut().find(|known| known.name() == field.name()) else {
                fields.push(field.as_ref().clone().with_nullable(true));
                continue;
            };
            let Some(common) = common_type(known.data_type(), field.data_type()) else {
                return Err(ConfigError::StoredSchema {
                    table: table.to_owned(),
                    column: field.name().clone(),
                    expected: format!("{}, as in other years", known.data_type()),
                    found: format!("{} in {year}", field.data_type()),
                });
            };
            *known = Field::new(field.name(), common, true);
        }
    }
    let schema = Schema::new(fields);
    only_one_spelling(table, &schema)?;
    Ok(schema)
}

fn partition_fields(partitions: &[(String, DataType)]) -> Vec<Arc<Field>> {
    partitions
        .iter()
        .map(|(name, data_type)| Arc::new(Field::new(name, data_type.clone(), false)))
        .collect()
}

fn with_partitions(stored: &SchemaRef, partitions: &[(String, DataType)]) -> Schema {
    let mut fields: Vec<Arc<Field>> = stored
        .fields()
        .iter()
        .map(|field| {
            let data_type = plain_type(field.data_type());
            Arc::new(field.as_ref().clone().with_data_type(data_type))
        })
        .collect();
    fields.extend(partition_fields(partitions));
    Schema::new(fields)
}

/// What DataFusion says of a schema it cannot make out, without its backtrace.
fn schema_problem(error: &datafusion::common::DataFusionError) -> String {
    let text = error.strip_backtrace();
    format!(
        "its files cannot be read as one table: {}",
        text.lines().next().unwrap_or_default()
    )
}
