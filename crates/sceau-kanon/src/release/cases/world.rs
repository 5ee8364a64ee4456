//! Small platforms in memory.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::ArrowWriter;
use sceau_core::platform::{ColumnConfig, LedgerSettings, PlatformBuilder, TableConfig};
use sceau_core::pseudonym::{KeyError, KeyProvider, ProjectKey};
use sceau_core::session::SessionError;
use sceau_core::snds::Role;
use sceau_core::{Permit, Platform, Session};

use crate::{Release, ReleaseError, Releaser};

#[derive(Debug)]
struct TestKeys;

impl KeyProvider for TestKeys {
    fn project_key(&self, name: &str) -> Result<ProjectKey, KeyError> {
        ProjectKey::new(name.repeat(32).into_bytes(), 1)
    }
}

/// Tables, and the rules that they are released under.
pub(super) struct World {
    store: Arc<dyn ObjectStore>,
    builder: PlatformBuilder,
    grants: String,
    rules: String,
}

pub(super) fn world() -> World {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    World {
        builder: Platform::builder()
            .store("data", Arc::clone(&store))
            .keys(Arc::new(TestKeys)),
        store,
        grants: String::new(),
        rules: "k = 11".to_owned(),
    }
}

impl World {
    /// A table whose first column, if it is one of people, is the person. Diagnoses are sensitive.
    pub(super) async fn table(mut self, name: &str, columns: Vec<(&str, ArrayRef)>) -> Self {
        let person = columns
            .first()
            .map(|(name, _)| *name)
            .filter(|name| name.starts_with("pid"));
        let mut config = TableConfig::new("data", name);
        for (column, _) in &columns {
            config = if Some(*column) == person {
                config.contributor([*column]).column(
                    column,
                    ColumnConfig::new(Role::Identifier).domain(&format!("patient{}", &column[3..])),
                )
            } else {
                let role = if column.starts_with("diag") {
                    Role::Sensitive
                } else {
                    Role::Plain
                };
                config.column(column, ColumnConfig::new(role))
            };
        }
        self.builder = self.builder.table(name, config);
        self.write(name, columns).await;
        self.grants += &format!("[table.{name}]\ncolumns = \"*\"\n");
        self
    }

    /// A table of the data model.
    pub(super) async fn snds(mut self, name: &str, columns: Vec<(&str, ArrayRef)>) -> Self {
        self.builder = self.builder.table(name, TableConfig::new("data", name));
        let granted: Vec<String> = columns
            .iter()
            .map(|(name, _)| format!("{name:?}"))
            .collect();
        self.write(name, columns).await;
        self.grants += &format!("[table.{name}]\ncolumns = [{}]\n", granted.join(", "));
        self
    }

    async fn write(&self, name: &str, columns: Vec<(&str, ArrayRef)>) {
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .expect("batch");
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("writer");
        writer.write(&batch).expect("write");
        let bytes = writer.into_inner().expect("close");
        self.store
            .put(&Path::from(format!("{name}/part-0.parquet")), bytes.into())
            .await
            .expect("put");
    }

    pub(super) fn rules(mut self, rules: &str) -> Self {
        self.rules = rules.to_owned();
        self
    }

    pub(super) fn partitions(mut self, partitions: usize) -> Self {
        self.builder = self.builder.partitions(partitions).batch_size(16);
        self
    }

    /// A platform that keeps its ledgers in this folder.
    pub(super) fn ledger(self, folder: &std::path::Path) -> Self {
        self.ledger_with(LedgerSettings::new(folder, "ledger"))
    }

    pub(super) fn ledger_with(mut self, settings: LedgerSettings) -> Self {
        self.builder = self.builder.ledger(settings);
        self
    }

    pub(super) async fn session(self) -> Session {
        self.try_session().await.expect("session")
    }

    pub(super) async fn try_session(self) -> Result<Session, SessionError> {
        let platform = self.builder.build().await.expect("platform");
        let text = format!(
            "project = \"p\"\nprincipals = [\"ana\"]\nvalid = {{ from = 2020-01-01, until = 2099-12-31 }}\n[release]\n{}\n{}",
            self.rules, self.grants
        );
        let permit = Permit::parse("permit.toml", &text).expect("permit");
        platform.session(&permit, "ana")
    }
}

/// `rows` copies of a person's row, for each of `people` persons numbered from `from`.
pub(super) fn people(from: usize, people: usize, rows: usize) -> Vec<Option<String>> {
    (from..from + people)
        .flat_map(|person| std::iter::repeat_n(Some(format!("p{person}")), rows))
        .collect()
}

pub(super) fn texts(values: impl IntoIterator<Item = impl Into<Option<String>>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<StringArray>())
}

pub(super) fn of(value: &str, times: usize) -> Vec<Option<String>> {
    vec![Some(value.to_owned()); times]
}

pub(super) fn ints(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Int64Array>())
}

pub(super) fn floats(values: impl IntoIterator<Item = f64>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Float64Array>())
}

pub(super) async fn release(session: &Session, sql: &str) -> Release {
    match Releaser::new(session).sql(sql).await {
        Ok(release) => release,
        Err(error) => panic!("{sql}\nwas refused: {error}"),
    }
}

pub(super) async fn refusal(session: &Session, sql: &str) -> ReleaseError {
    match Releaser::new(session).sql(sql).await {
        Ok(release) => panic!("{sql}\nwas released: {:?}", rows_of(&release)),
        Err(error) => error,
    }
}

/// The released rows, each its values in text parted by blanks, in order of their text.
pub(super) async fn rows(session: &Session, sql: &str) -> Vec<String> {
    let mut rows = rows_of(&release(session, sql).await);
    rows.sort();
    rows
}

pub(super) fn rows_of(release: &Release) -> Vec<String> {
    let options = FormatOptions::new().with_null("NULL");
    let mut rows = Vec::new();
    for batch in release.batches() {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).expect("format"))
            .collect();
        for row in 0..batch.num_rows() {
            rows.push(
                columns
                    .iter()
                    .map(|column| column.value(row).to_string())
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
    }
    rows
}

/// One table: per group its people, with so many rows each; people are not shared between groups.
pub(super) async fn groups(groups: &[(&str, usize, usize)]) -> World {
    let mut pid = Vec::new();
    let mut dep = Vec::new();
    for (name, count, rows) in groups {
        let from = pid.len();
        pid.extend(people(from, *count, *rows));
        dep.extend(of(name, count * rows));
    }
    let costs: Vec<f64> = (0..pid.len()).map(|row| 10.0 + row as f64).collect();
    world()
        .table(
            "t",
            vec![
                ("pid", texts(pid)),
                ("dep", texts(dep)),
                ("cost", floats(costs)),
            ],
        )
        .await
}
