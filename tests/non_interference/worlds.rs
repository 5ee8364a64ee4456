//! The three ways in which the tables stand before a query: protected, as a copy of what is shown, and as plain views.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema};
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::optimizer::Analyzer;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use sceau::engine::{analyzed_soundly, soundly};
use sceau::pseudonym::{KeyError, KeyProvider, ProjectKey, pseudonymize};
use sceau::snds::Role;
use sceau::{ColumnConfig, Permit, Platform, Session, TableConfig};

use crate::cells::batch;
use crate::data::{Cell, Shown, Table, WORLDS, World, acte, etab, sejour};

/// One way to run: everything of it may change how, nothing what is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Setting {
    pub partitions: usize,
    pub late_materialization: bool,
    pub batch_size: usize,
    pub policy_with_casts: bool,
    pub strict: bool,
}

/// Every combination.
pub fn settings() -> Vec<Setting> {
    let mut all = Vec::new();
    for partitions in [1, 4] {
        for late_materialization in [false, true] {
            for batch_size in [4, 1024] {
                for policy_with_casts in [false, true] {
                    for strict in [false, true] {
                        all.push(Setting {
                            partitions,
                            late_materialization,
                            batch_size,
                            policy_with_casts,
                            strict,
                        });
                    }
                }
            }
        }
    }
    all
}

pub fn tables() -> Vec<Table> {
    vec![sejour(), acte(), etab()]
}

/// The protected tables of a world, under every setting.
pub async fn sessions(world: World) -> BTreeMap<Setting, Session> {
    let store = stored(world).await;
    let mut found = BTreeMap::new();
    let mut platforms = BTreeMap::new();
    for setting in settings() {
        let key = (
            setting.partitions,
            setting.late_materialization,
            setting.batch_size,
        );
        if let Entry::Vacant(place) = platforms.entry(key) {
            place.insert(platform(&store, setting).await);
        }
        let permit = permit(setting);
        let session = platforms[&key].session(&permit, "ana").expect("session");
        found.insert(setting, session);
    }
    found
}

pub async fn all_sessions() -> BTreeMap<World, BTreeMap<Setting, Session>> {
    let mut all = BTreeMap::new();
    for world in WORLDS {
        all.insert(world, sessions(world).await);
    }
    all
}

async fn platform(store: &Arc<dyn ObjectStore>, setting: Setting) -> Platform {
    let mut builder = Platform::builder()
        .store("data", Arc::clone(store))
        .keys(Arc::new(TestKeys))
        .partitions(setting.partitions)
        .late_materialization(setting.late_materialization)
        .batch_size(setting.batch_size);
    for table in tables() {
        let mut config = TableConfig::new("data", table.name).rows(table.visible_rows as u64 * 2);
        if table
            .columns
            .iter()
            .any(|column| matches!(column.shown, Shown::Identifier))
        {
            let patient = ColumnConfig::new(Role::Identifier).domain(DOMAIN);
            config = config.contributor(["patient"]).column("patient", patient);
        }
        builder = builder.table(table.name, config);
    }
    builder.build().await.expect("platform")
}

fn permit(setting: Setting) -> Permit {
    let mut text = format!(
        "project = \"p\"\nprincipals = [\"ana\"]\nstrict = {}\nvalid = {{ from = 2020-01-01, until = 2099-12-31 }}\n",
        setting.strict
    );
    for table in tables() {
        let columns: Vec<String> = table
            .shown()
            .map(|column| format!("{:?}", column.name))
            .collect();
        text += &format!(
            "[table.{}]\ncolumns = [{}]\n",
            table.name,
            columns.join(", ")
        );
        if let Some(policy) = table.policies[usize::from(setting.policy_with_casts)] {
            text += &format!("where = {policy:?}\n");
        }
        text += &format!("[table.{}.mask]\n", table.name);
        for column in table.shown() {
            if let Shown::Masked { permit, .. } = &column.shown {
                text += &format!("{} = {permit}\n", column.name);
            }
        }
    }
    Permit::parse("permit.toml", &text).expect("permit")
}

const DOMAIN: &str = "patient";

#[derive(Debug)]
struct TestKeys;

impl KeyProvider for TestKeys {
    fn project_key(&self, name: &str) -> Result<ProjectKey, KeyError> {
        ProjectKey::new(name.repeat(32).into_bytes(), 1)
    }
}

/// A copy that holds what is shown and nothing else, in batches of so many rows. Every world and every permit has the same.
pub fn copy(batch_size: usize) -> SessionContext {
    // A question runs on the defaults, in one partition: no setting of the library's is shared.
    // As a session sets the engine up.
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_batch_size(batch_size)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool("datafusion.optimizer.enable_topk_aggregation", false)
        .set_bool(
            "datafusion.execution.skip_physical_aggregate_schema_check",
            true,
        );
    // The engine by itself gives wrong answers to some questions, and so would be no measure of ours.
    let state = SessionStateBuilder::new()
        .with_default_features()
        .with_config(config)
        .with_analyzer_rules(analyzed_soundly(Analyzer::new().rules))
        .with_physical_optimizer_rules(soundly(PhysicalOptimizer::new().rules))
        .build();
    let context = SessionContext::new_with_state(state);
    for table in tables() {
        let shown = authorised(&table);
        let batches = (0..shown.num_rows()).step_by(batch_size).map(|from| {
            let rows = batch_size.min(shown.num_rows() - from);
            shown.slice(from, rows)
        });
        let copied = MemTable::try_new(shown.schema(), vec![batches.collect()]).expect("a table");
        context
            .register_table(table.name, Arc::new(copied))
            .expect("registered");
    }
    context
}

/// The cells that a permit shows of a table: no policy and no mask is evaluated here, they are known by design.
pub fn authorised(table: &Table) -> RecordBatch {
    let columns: Vec<(&str, DataType)> = table
        .shown()
        .map(|column| (column.name, plain_layout(column.shown_type())))
        .collect();
    let rows: Vec<Vec<Cell>> = (0..table.visible_rows)
        .map(|i| {
            let cells = table.shown().map(|column| match column.shown {
                Shown::Identifier => pseudonym((column.visible)(i)),
                _ => (column.visible)(i),
            });
            cells.collect()
        })
        .collect();
    batch(&columns, &rows)
}

/// How texts are laid out is no matter of what they are.
fn plain_layout(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::Dictionary(..) => DataType::Utf8,
        other => other.clone(),
    }
}

fn pseudonym(stored: Cell) -> Cell {
    let Cell::Text(stored) = stored else {
        return Cell::Null;
    };
    let key = TestKeys.project_key("p").expect("key");
    let made = pseudonymize(&StringArray::from(vec![stored]), &key, DOMAIN).expect("pseudonym");
    assert_eq!(made.len(), 1);
    Cell::Text(made.value(0).to_owned())
}

/// The policies as someone who knows no better would write them: views of masks over a filter over the stored table.
pub async fn views(world: World, with_casts: bool) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_batch_size(1024)
        .set_bool(
            "datafusion.execution.parquet.schema_force_view_types",
            false,
        )
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool(
            "datafusion.execution.listing_table_ignore_subdirectory",
            false,
        );
    let context = SessionContext::new_with_config(config);
    let url = ObjectStoreUrl::parse("mem://data").expect("url");
    context.register_object_store(url.as_ref(), stored(world).await);
    for table in tables() {
        let mut options = ParquetReadOptions::default();
        if let Some(partition) = table.partition {
            options = options.table_partition_cols(vec![(partition.to_owned(), DataType::Int64)]);
        }
        let stored = format!("stored_{}", table.name);
        context
            .register_parquet(&stored, format!("mem://data/{}/", table.name), options)
            .await
            .expect("stored");
        let columns: Vec<String> = table
            .shown()
            .map(|column| match &column.shown {
                Shown::Masked { view, .. } => format!("{view} AS {}", column.name),
                Shown::Identifier => format!("reverse({0}) AS {0}", column.name),
                Shown::Clear | Shown::Denied => column.name.to_owned(),
            })
            .collect();
        let filter = table.policies[usize::from(with_casts)]
            .map(|policy| format!(" WHERE {policy}"))
            .unwrap_or_default();
        let view = format!(
            "CREATE VIEW {} AS SELECT {} FROM {stored}{filter}",
            table.name,
            columns.join(", ")
        );
        context.sql(&view).await.expect("view");
    }
    context
}

/// The files of a world.
async fn stored(world: World) -> Arc<dyn ObjectStore> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    for table in tables() {
        for (path, rows, group) in layout(&table, world) {
            let columns: Vec<(&str, DataType)> = table
                .columns
                .iter()
                .filter(|column| table.partition != Some(column.name))
                .map(|column| (column.name, column.stored.clone()))
                .collect();
            let bytes = parquet(&batch(&columns, &rows), world, group);
            store
                .put(&Path::from(path), bytes.into())
                .await
                .expect("put");
        }
    }
    store
}

/// Files, each with its rows and the size of its row groups. Visible rows come in the same order in every world.
fn layout(table: &Table, world: World) -> Vec<(String, Vec<Vec<Cell>>, usize)> {
    let partition = table.partition.map(|name| {
        let at = table.columns.iter().position(|column| column.name == name);
        at.expect("a column")
    });
    let placed = table.placement(world);
    let mut folders: BTreeMap<String, Vec<Vec<Cell>>> = BTreeMap::new();
    for (at, (visible, row)) in placed.iter().enumerate() {
        let mut cells = if *visible {
            table.stored_visible(world, *row)
        } else {
            table.stored_hidden(world, *row)
        };
        let mut folder = table.name.to_owned();
        if let Some(partition) = partition {
            // A hidden row stands with the visible ones that follow it, or in a folder of hidden ones.
            let next = placed[at..]
                .iter()
                .find(|(visible, _)| *visible)
                .expect("visible rows come last")
                .1;
            let year = match (table.columns[partition].visible)(next) {
                _ if !visible && world != World::Benign && row % 7 == 4 => 2_098,
                Cell::Int(year) => year,
                other => panic!("{other:?} is no year"),
            };
            cells.remove(partition);
            folder += &format!("/{}={year}", table.columns[partition].name);
        }
        folders.entry(folder).or_default().push(cells);
    }
    let mut files = Vec::new();
    for (folder, rows) in folders {
        let (count, groups): (usize, &[usize]) = match world {
            World::Benign | World::Poison => (2, &[5]),
            World::Moved => (3, &[3, 100, 8]),
        };
        for (at, rows) in rows.chunks(rows.len().div_ceil(count)).enumerate() {
            files.push((
                format!("{folder}/part-{at}.parquet"),
                rows.to_vec(),
                groups[at % groups.len()],
            ));
        }
    }
    files
}

fn parquet(batch: &RecordBatch, world: World, group: usize) -> Vec<u8> {
    let mut batch = batch.clone();
    if world == World::Moved {
        // What a file's metadata say is no authorised cell either.
        let note = [("note".to_owned(), "HIDDEN".to_owned())].into();
        let fields: Vec<_> = batch
            .schema()
            .fields()
            .iter()
            .map(|field| {
                field
                    .as_ref()
                    .clone()
                    .with_metadata([("of".to_owned(), "HIDDEN".to_owned())].into())
            })
            .collect();
        batch = batch
            .with_schema(Arc::new(Schema::new(fields).with_metadata(note)))
            .expect("schema");
    }
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("writer");
    writer.write(&batch).expect("write");
    writer.into_inner().expect("close")
}
