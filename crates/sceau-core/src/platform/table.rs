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
use url::Url;

use super::listing::{is_file, list, partition_type};
use crate::config::{ConfigError, Document};
use crate::snds::{self, ColumnModel, KEPT_AS_TEXT, Role, TableModel};

/// Where a table is stored, and, for one that the data model does not know, what it is.
///
/// ```
/// use sceau_core::platform::{ColumnConfig, TableConfig};
/// use sceau_core::snds::Role;
///
/// let prestations = TableConfig::new("snds", "dcir/er_prs_f/");
/// let stays = TableConfig::new("snds", "demo/sejour/")
///     .contributor(["patient"])
///     .column("patient", ColumnConfig::new(Role::Identifier).domain("patient"))
///     .column("region", ColumnConfig::new(Role::QuasiIdentifier));
/// # let _ = (prestations, stays);
/// ```
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    pub(super) store: String,
    path: String,
    contributor: Option<Vec<String>>,
    care_date: Option<String>,
    rows: Option<u64>,
    #[serde(default)]
    columns: BTreeMap<String, ColumnConfig>,
}

/// What one column may tell.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnConfig {
    role: Role,
    domain: Option<String>,
}

impl TableConfig {
    /// A table below a prefix of a store.
    pub fn new(store: &str, path: &str) -> Self {
        Self {
            store: store.to_owned(),
            path: path.to_owned(),
            contributor: None,
            care_date: None,
            rows: None,
            columns: BTreeMap::new(),
        }
    }

    /// The columns that together name the person behind a row.
    pub fn contributor<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.contributor = Some(columns.into_iter().map(str::to_owned).collect());
        self
    }

    /// The column that dates the care.
    pub fn care_date(mut self, column: &str) -> Self {
        self.care_date = Some(column.to_owned());
        self
    }

    /// Roughly how many rows the table has. Joins choose their build side by it; it is declared, since a count of the
    /// stored rows would tell of hidden ones.
    pub fn rows(mut self, rows: u64) -> Self {
        self.rows = Some(rows);
        self
    }

    /// What a column may tell. A column of which nothing is said is not granted by `columns = "*"`.
    pub fn column(mut self, name: &str, column: ColumnConfig) -> Self {
        self.columns.insert(name.to_owned(), column);
        self
    }
}

impl ColumnConfig {
    /// A column of a role.
    pub fn new(role: Role) -> Self {
        Self { role, domain: None }
    }

    /// The pseudonym domain of an identifier.
    pub fn domain(mut self, domain: &str) -> Self {
        self.domain = Some(domain.to_owned());
        self
    }
}

/// A registered table: its model, completed by what is stored, and the provider that reads it. No session ever holds the
/// provider in a catalog.
#[derive(Debug)]
pub(crate) struct StoredTable {
    pub(crate) model: Arc<TableModel>,
    pub(crate) provider: Arc<dyn TableProvider>,
    pub(crate) partition_columns: Vec<String>,
    pub(crate) rows: usize,
    /// Which state of its files it was opened on.
    pub(crate) version: [u8; 32],
}

impl StoredTable {
    pub(super) async fn open(
        name: &str,
        config: &TableConfig,
        store: &Arc<dyn ObjectStore>,
        store_url: &Url,
        state: &SessionState,
        document: &Document,
    ) -> Result<Self, ConfigError> {
        let storage = |message: String| ConfigError::Storage {
            table: name.to_owned(),
            message,
        };
        let prefix = Path::parse(config.path.trim_matches('/')).map_err(|_| {
            document.invalid(
                &["table", name, "path"],
                "a path below the store, its parts parted by /",
                format!("{:?}", config.path),
            )
        })?;
        let is_file = is_file(store, &prefix).await;
        let listing = list(store, &prefix).await.map_err(storage)?;
        if listing.files == 0 && !is_file {
            return Err(document.invalid(
                &["table", name, "path"],
                "a prefix below which there are Parquet files",
                format!("none below {:?}", prefix.to_string()),
            ));
        }
        let mut url = store_url.clone();
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
            .infer_schema(state, &url)
            .await
            .map_err(|error| storage(schema_problem(&error)))?;

        let known = snds::table(name);
        let mut partitions = Vec::new();
        for (column, values) in &listing.partitions {
            if stored
                .fields()
                .iter()
                .any(|field| field.name().eq_ignore_ascii_case(column))
            {
                return Err(storage(format!(
                    "{column} is a partition of its folders and a column of its files"
                )));
            }
            let modelled = known
                .as_ref()
                .and_then(|model| model.column(column))
                .and_then(|column| column.data_type.clone());
            partitions.push((
                column.clone(),
                modelled.unwrap_or_else(|| partition_type(values)),
            ));
        }
        let table_schema = with_partitions(&stored, &partitions);
        let model = Arc::new(match &known {
            Some(model) => completed(model, config, &table_schema, document, name)?,
            None => declared(name, config, &table_schema, document)?,
        });
        let options = options.with_table_partition_cols(partitions.clone());
        let config_of_listing = ListingTableConfig::new(url)
            .with_listing_options(options)
            .with_schema(Arc::new(as_read(&stored)));
        let provider = ListingTable::try_new(config_of_listing)
            .map_err(|error| storage(schema_problem(&error)))?;
        let rows = config.rows.unwrap_or_else(|| expected_rows(&model));
        Ok(Self {
            model,
            provider: Arc::new(provider),
            partition_columns: partitions.into_iter().map(|(name, _)| name).collect(),
            rows: usize::try_from(rows).unwrap_or(usize::MAX),
            version: listing.version,
        })
    }
}

/// The schema that files are read by: their names and types, and nothing else that they say of themselves.
///
/// Dictionaries are read as the values they stand for. The rows that a policy keeps would share their dictionary with those
/// it removes, and what a question computes on a dictionary it computes on every value of it.
fn as_read(stored: &Schema) -> Schema {
    let plain = |field: &Arc<Field>| {
        Field::new(
            field.name(),
            plain_type(field.data_type()),
            field.is_nullable(),
        )
    };
    Schema::new(stored.fields().iter().map(plain).collect::<Vec<_>>())
}

fn plain_type(data_type: &DataType) -> DataType {
    let plain = |field: &Arc<Field>| {
        Arc::new(
            field
                .as_ref()
                .clone()
                .with_data_type(plain_type(field.data_type())),
        )
    };
    match data_type {
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::RunEndEncoded(_, values) => plain_type(values.data_type()),
        DataType::List(item) => DataType::List(plain(item)),
        DataType::LargeList(item) => DataType::LargeList(plain(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(plain(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain).collect()),
        DataType::Map(entries, sorted) => DataType::Map(plain(entries), *sorted),
        other => other.clone(),
    }
}

fn with_partitions(stored: &SchemaRef, partitions: &[(String, DataType)]) -> Schema {
    let mut fields: Vec<Field> = stored
        .fields()
        .iter()
        .map(|field| {
            let data_type = plain_type(field.data_type());
            field.as_ref().clone().with_data_type(data_type)
        })
        .collect();
    fields.extend(
        partitions
            .iter()
            .map(|(name, data_type)| Field::new(name, data_type.clone(), false)),
    );
    Schema::new(fields)
}

/// The model of an SNDS table, held against what is stored. Columns that only the files have come last, unclassified
/// unless the platform's file says what they may tell.
fn completed(
    model: &TableModel,
    config: &TableConfig,
    stored: &Schema,
    document: &Document,
    name: &str,
) -> Result<TableModel, ConfigError> {
    let mut table = model.clone();
    table.columns.clear();
    for column in &model.columns {
        let mismatch = |expected: String, found: String| ConfigError::StoredSchema {
            table: model.name.clone(),
            column: column.name.clone(),
            expected,
            found,
        };
        let expected = column.data_type.clone().unwrap_or(DataType::Utf8);
        let Some(field) = stored_field(stored, &column.name) else {
            if column.optional {
                continue;
            }
            return Err(mismatch(expected.to_string(), "no such column".into()));
        };
        if !same_type(&expected, field.data_type()) && !is_kept_as_text(field, &expected) {
            return Err(mismatch(
                expected.to_string(),
                field.data_type().to_string(),
            ));
        }
        table.columns.push(ColumnModel {
            data_type: Some(field.data_type().clone()),
            nullable: field.is_nullable(),
            ..column.clone()
        });
    }
    for field in stored.fields() {
        if model.column(field.name()).is_none() {
            table.columns.push(unclassified(field));
        }
    }
    overlay(&mut table, config, document, name)?;
    only_one_spelling(&table, stored)?;
    Ok(table)
}

/// The model of a table that the data model does not know: what is stored, and what the platform says of it.
fn declared(
    name: &str,
    config: &TableConfig,
    stored: &Schema,
    document: &Document,
) -> Result<TableModel, ConfigError> {
    let mut table = TableModel {
        name: name.to_owned(),
        product: String::new(),
        columns: stored
            .fields()
            .iter()
            .map(|field| unclassified(field))
            .collect(),
        contributor: vec![],
        care_date: None,
        parent: None,
    };
    overlay(&mut table, config, document, name)?;
    only_one_spelling(&table, stored)?;
    Ok(table)
}

/// What the platform's file says of a table's columns.
fn overlay(
    table: &mut TableModel,
    config: &TableConfig,
    document: &Document,
    name: &str,
) -> Result<(), ConfigError> {
    for (column, said) in &config.columns {
        let Some(known) = table
            .columns
            .iter_mut()
            .find(|known| known.name.eq_ignore_ascii_case(column))
        else {
            return Err(ConfigError::StoredSchema {
                table: table.name.clone(),
                column: column.clone(),
                expected: "a stored column".into(),
                found: "no such column".into(),
            });
        };
        if let Some(domain) = &said.domain {
            let path = ["table", name, "columns", column, "domain"];
            if said.role != Role::Identifier {
                return Err(document.invalid(
                    &path,
                    "no domain, since the column is no identifier",
                    format!("{domain:?}"),
                ));
            }
            let plain = !domain.is_empty()
                && domain
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !plain {
                return Err(document.invalid(
                    &path,
                    "a name of a-z, 0-9 and _",
                    format!("{domain:?}"),
                ));
            }
        }
        let path = ["table", name, "columns", column];
        if known.role == Some(Role::Identifier) && said.role != Role::Identifier {
            return Err(document.invalid(
                &path,
                "an identifier, since the data model says that it is one",
                "another role",
            ));
        }
        let twin = config
            .columns
            .keys()
            .find(|other| *other != column && other.eq_ignore_ascii_case(column));
        if let Some(twin) = twin {
            return Err(document.invalid(&path, "each column once", format!("{twin:?} too")));
        }
        known.role = Some(said.role);
        known.domain = said.domain.clone();
    }
    let spelt = |key: &str, column: &String| {
        table
            .column(column)
            .map(|known| known.name.clone())
            .ok_or_else(|| {
                document.invalid(
                    &["table", name, key],
                    "stored columns",
                    format!("{column:?}"),
                )
            })
    };
    let contributor = config
        .contributor
        .as_ref()
        .map(|columns| {
            columns
                .iter()
                .map(|column| spelt("contributor", column))
                .collect::<Result<Vec<_>, _>>()
        })
        .transpose()?;
    let care_date = config
        .care_date
        .as_ref()
        .map(|column| spelt("care_date", column))
        .transpose()?;
    table.contributor = match contributor {
        Some(contributor) => contributor,
        None if table.contributor.is_empty() && table.parent.is_none() => Some(people_of(table))
            .filter(|people| people.len() == 1)
            .unwrap_or_default(),
        None => std::mem::take(&mut table.contributor),
    };
    let unnamed = people_of(table);
    if table.contributor.is_empty() && table.parent.is_none() && !unnamed.is_empty() {
        return Err(document.invalid(
            &["table", name, "contributor"],
            format!(
                "the columns that together name the person behind a row, since {} name people",
                unnamed.join(", ")
            ),
            "none",
        ));
    }
    if let Some(care_date) = care_date {
        table.care_date = Some(care_date);
    }
    Ok(())
}

/// The identifiers of people in a table: with one, it is known who a row is about; with several, only the platform knows.
fn people_of(table: &TableModel) -> Vec<String> {
    table
        .columns
        .iter()
        .filter(|column| column.role == Some(Role::Identifier))
        .filter(|column| column.domain.as_deref() == Some("patient"))
        .map(|column| column.name.clone())
        .collect()
}

fn unclassified(field: &Field) -> ColumnModel {
    ColumnModel {
        name: field.name().clone(),
        data_type: Some(field.data_type().clone()),
        nullable: field.is_nullable(),
        role: None,
        domain: None,
        since: None,
        optional: true,
    }
}

fn stored_field<'a>(stored: &'a Schema, column: &str) -> Option<&'a Field> {
    stored
        .fields()
        .iter()
        .find(|field| field.name().eq_ignore_ascii_case(column))
        .map(Arc::as_ref)
}

/// Unquoted names match in any case, so two columns may not differ in case alone.
fn only_one_spelling(table: &TableModel, stored: &Schema) -> Result<(), ConfigError> {
    for (at, field) in stored.fields().iter().enumerate() {
        let twin = stored.fields()[..at]
            .iter()
            .find(|other| other.name().eq_ignore_ascii_case(field.name()));
        if let Some(twin) = twin {
            return Err(ConfigError::StoredSchema {
                table: table.name.clone(),
                column: field.name().clone(),
                expected: "a name that differs from every other in more than case".into(),
                found: format!("{} too", twin.name()),
            });
        }
    }
    Ok(())
}

/// Whether a stored type is the model's. Texts are texts however they are laid out, moments are moments in any unit.
fn same_type(expected: &DataType, stored: &DataType) -> bool {
    match (expected, stored) {
        (expected, stored) if is_text(expected) => is_text(stored),
        (DataType::Timestamp(_, None), DataType::Timestamp(_, None)) => true,
        (expected, stored) => expected == stored,
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// Whether an import kept a column as text, because some value of it did not fit the model's type, and said so in the
/// file. The column is a text then; one of another type without that word is an error.
fn is_kept_as_text(field: &Field, expected: &DataType) -> bool {
    is_text(field.data_type()) && field.metadata().get(KEPT_AS_TEXT) == Some(&expected.to_string())
}

/// A guess at a table's size by its kind, where nobody declared one: what counts is which of two tables is larger.
fn expected_rows(model: &TableModel) -> u64 {
    match model.product.as_str() {
        "NOMENCLATURE" => 10_000,
        "BENEFICIAIRE" | "Causes de décès" => 1_000_000,
        "DCIR" | "DCIRS" | "EGB" | "DAMIR" if model.contributor.is_empty() => 20_000_000,
        "DCIR" | "DCIRS" | "EGB" | "DAMIR" => 30_000_000,
        product if product.starts_with("PMSI") => 3_000_000,
        _ => 1_000_000,
    }
}

/// What DataFusion says of a schema it cannot make out, without its backtrace.
fn schema_problem(error: &datafusion::common::DataFusionError) -> String {
    let text = error.strip_backtrace();
    format!(
        "its files cannot be read as one table: {}",
        text.lines().next().unwrap_or_default()
    )
}
