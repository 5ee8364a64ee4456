//! Small platforms in memory, built in code.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow::compute::cast;
use arrow::util::pretty::pretty_format_batches;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use sceau::pseudonym::{KeyError, KeyProvider, ProjectKey};
use sceau::snds;
use sceau::{ErrorCode, Permit, Platform, PlatformBuilder, QueryError, Session, TableConfig};

/// The nine columns by which rows of the DCIR hang together.
pub const DCIR_KEY: [&str; 9] = [
    "DCT_ORD_NUM",
    "FLX_DIS_DTD",
    "FLX_EMT_NUM",
    "FLX_EMT_ORD",
    "FLX_EMT_TYP",
    "FLX_TRT_DTD",
    "ORG_CLE_NUM",
    "PRS_ORD_NUM",
    "REM_TYP_AFF",
];

/// The first of January 2019, in days since 1970.
pub const JANUARY: i32 = 17_897;

/// A key of its own for every project, made from its name.
#[derive(Debug)]
pub struct TestKeys;

impl KeyProvider for TestKeys {
    fn project_key(&self, name: &str) -> Result<ProjectKey, KeyError> {
        ProjectKey::new(name.repeat(32).into_bytes(), 1)
    }
}

/// A store in memory and the tables in it.
pub struct Stored {
    store: Arc<dyn ObjectStore>,
    builder: PlatformBuilder,
}

impl Stored {
    pub fn new() -> Self {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        Self {
            builder: Platform::builder()
                .store("data", Arc::clone(&store))
                .keys(Arc::new(TestKeys)),
            store,
        }
    }

    /// Another provider of keys.
    /// Where the files are, to change them under a platform.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    pub fn keys(mut self, keys: Arc<dyn KeyProvider>) -> Self {
        self.builder = self.builder.keys(keys);
        self
    }

    /// Into how many partitions questions are split, and how many rows a batch has.
    pub fn split(mut self, partitions: usize, batch_size: usize) -> Self {
        self.builder = self.builder.partitions(partitions).batch_size(batch_size);
        self
    }

    /// Anything else that a platform's builder can be told.
    pub fn with(mut self, change: impl FnOnce(PlatformBuilder) -> PlatformBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Writes one file of a table.
    pub async fn file(self, path: &str, batch: &RecordBatch) -> Self {
        self.file_in_groups(path, batch, 1024).await
    }

    pub async fn file_in_groups(self, path: &str, batch: &RecordBatch, rows: usize) -> Self {
        let bytes = parquet_bytes(batch, rows);
        self.store
            .put(&Path::from(path), bytes.into())
            .await
            .expect("put");
        self
    }

    /// Registers a table of one file under its name.
    pub async fn table(
        self,
        name: &str,
        config: impl FnOnce(TableConfig) -> TableConfig,
        batch: &RecordBatch,
    ) -> Self {
        let stored = self.file(&format!("{name}/part-0.parquet"), batch).await;
        stored.registered(name, config)
    }

    pub fn registered(self, name: &str, config: impl FnOnce(TableConfig) -> TableConfig) -> Self {
        self.registered_at(name, name, config)
    }

    /// Registers a table below a path, which may be a pattern of years.
    pub fn registered_at(
        mut self,
        name: &str,
        path: &str,
        config: impl FnOnce(TableConfig) -> TableConfig,
    ) -> Self {
        self.builder = self
            .builder
            .table(name, config(TableConfig::new("data", path)));
        self
    }

    pub async fn try_platform(self) -> Result<Platform, sceau::ConfigError> {
        self.builder.build().await
    }

    pub async fn platform(self) -> Platform {
        self.try_platform().await.expect("platform")
    }
}

/// A table of the data model: the given columns, and NULL in every other.
pub fn snds_table(name: &str, columns: &[(&str, ArrayRef)]) -> RecordBatch {
    let model = snds::table(name).expect("a table of the model");
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    let all = model
        .columns
        .iter()
        .filter(|column| !column.optional)
        .map(|column| {
            let given = columns.iter().find(|(name, _)| *name == column.name);
            let array = match given {
                Some((_, array)) => {
                    cast(array, column.data_type.as_ref().expect("a type")).expect("fits")
                }
                None => new_null_array(column.data_type.as_ref().expect("a type"), rows),
            };
            (column.name.clone(), array, true)
        });
    RecordBatch::try_from_iter_with_nullable(all).expect("table")
}

pub fn parquet_bytes(batch: &RecordBatch, rows: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows))
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("writer");
    writer.write(batch).expect("write");
    writer.into_inner().expect("close")
}

/// A permit for project `p` and principal `ana`, from its table parts on.
pub fn permit(tables: &str) -> Permit {
    Permit::parse("permit.toml", &permit_text("p", tables)).expect("permit")
}

pub fn permit_text(project: &str, tables: &str) -> String {
    format!(
        "project = \"{project}\"\nprincipals = [\"ana\"]\nvalid = {{ from = 2020-01-01, until = 2099-12-31 }}\n{tables}"
    )
}

pub fn session(platform: &Platform, tables: &str) -> Session {
    platform.session(&permit(tables), "ana").expect("session")
}

/// The answer as a table in text.
pub async fn ask(session: &Session, sql: &str) -> Result<String, QueryError> {
    let batches = session.sql(sql).await?.collect().await?;
    Ok(pretty_format_batches(&batches).expect("format").to_string())
}

pub async fn answer(session: &Session, sql: &str) -> String {
    ask(session, sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The rows of an answer, each its values in text parted by blanks, in the order they came.
pub async fn rows(session: &Session, sql: &str) -> Vec<String> {
    answer(session, sql)
        .await
        .lines()
        .skip(3)
        .filter(|line| line.starts_with('|'))
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

pub async fn refusal(session: &Session, sql: &str) -> QueryError {
    match ask(session, sql).await {
        Ok(answer) => panic!("{sql} was answered:\n{answer}"),
        Err(error) => error,
    }
}

pub async fn code(session: &Session, sql: &str) -> ErrorCode {
    refusal(session, sql).await.code()
}
