use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::SessionConfig;
use object_store::ObjectStore;
use sha2::{Digest, Sha256};
use url::Url;

use super::config::TableConfig;
use super::drift::DriftPolicy;
use super::ledger::LedgerSettings;
use super::table::{Opener, StoredTable};
use super::{Inner, Kept, Options, Platform, Shared};
use crate::config::{ConfigError, Document};
use crate::enforce::Persons;
use crate::journal::{Journal, JournalConfig, StoredJournal};
use crate::pseudonym::{KeyError, KeyProvider, ProjectKey};
use crate::snds::{REFERENTIAL, TableModel};
use crate::sql::{FunctionRegistry, fold};

/// Builds a [`Platform`] in code.
///
/// ```
/// use std::sync::Arc;
/// use object_store::memory::InMemory;
/// use sceau_core::Platform;
/// use sceau_core::pseudonym::EnvKeys;
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let platform = Platform::builder()
///     .store("snds", Arc::new(InMemory::new()))
///     .keys(Arc::new(EnvKeys))
///     .memory_limit(4 << 30)
///     .build()
///     .await?;
/// assert_eq!(platform.table_names().count(), 0);
/// # Ok::<(), sceau_core::ConfigError>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct PlatformBuilder {
    stores: BTreeMap<String, Arc<dyn ObjectStore>>,
    tables: BTreeMap<String, TableConfig>,
    keys: Option<Arc<dyn KeyProvider>>,
    expected_keys: Option<String>,
    journal: Option<(JournalConfig, String)>,
    ledger: Option<LedgerSettings>,
    memory_limit: Option<usize>,
    spill: Option<PathBuf>,
    drift: DriftPolicy,
    options: Options,
    document: Document,
}

impl Default for PlatformBuilder {
    fn default() -> Self {
        Self {
            stores: BTreeMap::new(),
            tables: BTreeMap::new(),
            keys: None,
            expected_keys: None,
            journal: None,
            ledger: None,
            memory_limit: None,
            spill: None,
            drift: DriftPolicy::default(),
            options: Options::default(),
            document: Document::new("the platform", ""),
        }
    }
}

impl PlatformBuilder {
    /// A store under a name that tables speak of it by. Its root is where the tables' paths begin.
    pub fn store(mut self, name: &str, store: Arc<dyn ObjectStore>) -> Self {
        self.stores.insert(name.to_owned(), store);
        self
    }

    /// A table under the name it is asked for by: an SNDS table needs nothing but its place.
    pub fn table(mut self, name: &str, table: TableConfig) -> Self {
        self.tables.insert(name.to_owned(), table);
        self
    }

    /// Where the projects' keys come from.
    pub fn keys(mut self, keys: Arc<dyn KeyProvider>) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Keeps a journal of every question in a folder that has no other writer, under a key of the provider's that no permit
    /// uses. A question that cannot be recorded is then not answered.
    ///
    /// Each question waits for the disk twice: before the first batch of its answer is handed out, and at its end. The
    /// waiting is done where it holds up no other question of the runtime.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use sceau_core::Platform;
    /// use sceau_core::journal::JournalConfig;
    /// # use sceau_core::pseudonym::{KeyError, KeyProvider, ProjectKey};
    /// # #[derive(Debug)]
    /// # struct Keys;
    /// # impl KeyProvider for Keys {
    /// #     fn project_key(&self, name: &str) -> Result<ProjectKey, KeyError> { ProjectKey::new(name.repeat(32).into(), 1) }
    /// # }
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// let platform = Platform::builder()
    ///     .keys(Arc::new(Keys))
    ///     .journal(JournalConfig::new(folder), "journal")
    ///     .build()
    ///     .await?;
    /// assert!(platform.journal().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn journal(mut self, config: JournalConfig, key: &str) -> Self {
        self.journal = Some((config, key.to_owned()));
        self
    }

    /// Keeps ledgers of what projects received, and holds every release against them. A release that cannot be recorded does
    /// not leave.
    ///
    /// People are then told apart by HMAC-SHA-256, which takes longer to count them by, and where the platform has IR_BEN_R all
    /// of its people are kept in memory: 16 bytes for each pair, and 16 for each pseudo-NIR.
    ///
    /// ```
    /// use sceau_core::Platform;
    /// use sceau_core::platform::LedgerSettings;
    ///
    /// let builder = Platform::builder().ledger(LedgerSettings::new("ledgers/", "ledger"));
    /// # let _ = builder;
    /// ```
    pub fn ledger(mut self, settings: LedgerSettings) -> Self {
        self.ledger = Some(settings);
        self
    }

    /// The memory in bytes that all questions together may use; what can spill to disk does so before.
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// Where what does not fit into memory goes while a question runs, instead of the system's folder for temporary files. It
    /// holds authorised cells, and ids that people are counted by, as they are.
    pub fn spill_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spill = Some(folder.into());
        self
    }

    /// What to do with SNDS tables whose stored files are not what the data model says, where a table says nothing itself.
    pub fn drift(mut self, policy: DriftPolicy) -> Self {
        self.drift = policy;
        self
    }

    /// How many partitions a question is split into; the number of cores if not set. With one, the order of rows that a
    /// question leaves open does not depend on hidden rows either.
    pub fn partitions(mut self, partitions: usize) -> Self {
        self.options.partitions = Some(partitions.max(1));
        self
    }

    /// How many rows a batch holds at most; 8192 if not set.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.options.batch_size = Some(rows.max(1));
        self
    }

    /// Whether conditions are evaluated while files are decoded, so that columns of rows that fail are not. It pays on
    /// remote stores and for narrow policies, and costs on local disks.
    pub fn late_materialization(mut self, on: bool) -> Self {
        self.options.late_materialization = on;
        self
    }

    /// The platform's file names a provider that the application brings.
    pub(super) fn expecting_keys(mut self, provider: &str) -> Self {
        self.expected_keys = Some(provider.to_owned());
        self
    }

    pub(super) fn described_in(mut self, document: Document) -> Self {
        self.document = document;
        self
    }

    /// Opens every table and checks its stored files against the data model.
    ///
    /// # Errors
    /// When a table names a store that is not there, has no file, or has files that are not what the data model says; when
    /// the journal cannot be taken up, has another writer, or its key is not there.
    pub async fn build(self) -> Result<Platform, ConfigError> {
        self.check_keys()?;
        self.check_ledger()?;
        // Files come, and are delivered again, while a platform runs: a listing that is kept would hide the ones and fail on
        // the others.
        let mut runtime = RuntimeEnvBuilder::new()
            .with_cache_manager(CacheManagerConfig::default().with_list_files_cache_limit(0));
        if let Some(bytes) = self.memory_limit {
            runtime = runtime.with_memory_pool(Arc::new(FairSpillPool::new(bytes)));
        }
        if let Some(folder) = &self.spill {
            if !folder.is_dir() {
                return Err(self.no_spill_folder(format!("{}", folder.display())));
            }
            runtime = runtime.with_temp_file_path(folder);
        }
        let runtime = runtime.build_arc().map_err(|error| match &self.spill {
            Some(folder) => {
                self.no_spill_folder(format!("{}: {}", folder.display(), error.strip_backtrace()))
            }
            None => self
                .document
                .invalid(&[], "a machine that can run questions", "none"),
        })?;
        for (name, store) in &self.stores {
            let url = store_url(name).ok_or_else(|| {
                self.document
                    .invalid(&["store", name], STORE_NAME, format!("{name:?}"))
            })?;
            runtime.register_object_store(&url, Arc::clone(store));
        }
        let functions = FunctionRegistry::allowed();
        let config = SessionConfig::new()
            .set_bool("datafusion.sql_parser.enable_ident_normalization", false)
            .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
            // A table may be spread over folders, a year each.
            .set_bool(
                "datafusion.execution.listing_table_ignore_subdirectory",
                false,
            );
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&runtime))
            .with_expr_planners(SessionStateDefaults::default_expr_planners())
            .with_scalar_functions(functions.scalar())
            .with_aggregate_functions(functions.aggregate())
            .with_window_functions(functions.window())
            .build();
        let mut tables = BTreeMap::new();
        let mut drift = Vec::new();
        let mut passed_over = Vec::new();
        for (name, config) in &self.tables {
            let url = self
                .stores
                .contains_key(&config.store)
                .then(|| store_url(&config.store))
                .flatten()
                .ok_or_else(|| {
                    self.document.invalid(
                        &["table", name, "store"],
                        "the name of a store",
                        format!("{:?}", config.store),
                    )
                })?;
            let opener = Opener {
                store: &self.stores[&config.store],
                store_url: &url,
                state: &state,
                document: &self.document,
                drift: self.drift,
            };
            let opened = opener.open(name, config).await?;
            drift.extend(opened.drift);
            passed_over.extend(opened.passed_over);
            for table in opened.tables {
                let found = match &table.family {
                    Some(family) => format!("{} beside {family}", table.model.name),
                    None => format!("{name:?}"),
                };
                if tables.insert(fold(&table.model.name), table).is_some() {
                    return Err(self.document.invalid(
                        &["table", name],
                        "a name that differs from every other in more than case",
                        found,
                    ));
                }
            }
        }
        archives_reach_their_parents(&mut tables);
        let persons = tables.get(&fold(REFERENTIAL)).map(|table| {
            Arc::new(Persons::new(
                Arc::clone(&table.provider),
                self.ledger.is_some(),
            ))
        });
        for table in &drift {
            tracing::info!(%table, "stored files are not what the data model says");
        }
        for places in &passed_over {
            tracing::warn!(%places, "not every folder or file beside a table's years is read");
        }
        let journal = self.open_journal()?;
        Ok(Platform {
            inner: Arc::new(Inner {
                data: data_version(&tables),
                tables,
                drift,
                passed_over,
                persons,
                journal,
                ledger: self.ledger,
                shared: Shared::default(),
                keys: self.keys.unwrap_or_else(|| Arc::new(NoKeys)),
                runtime,
                state,
                functions,
                options: self.options,
                folder: self
                    .document
                    .file()
                    .parent()
                    .unwrap_or(Path::new(""))
                    .to_owned(),
            }),
        })
    }

    /// The journal for its reviewer.
    pub(super) fn stored_journal(&self) -> Result<StoredJournal, ConfigError> {
        self.check_keys()?;
        let Some((config, name)) = &self.journal else {
            return Err(self
                .document
                .invalid(&["journal"], "where the journal is", "nothing"));
        };
        Ok(StoredJournal::new(&config.folder, self.journal_key(name)?))
    }

    fn no_spill_folder(&self, found: String) -> ConfigError {
        self.document.invalid(
            &["engine", "spill"],
            "a folder that is there and can be written to",
            found,
        )
    }

    fn check_keys(&self) -> Result<(), ConfigError> {
        match (&self.expected_keys, &self.keys) {
            (Some(provider), None) => Err(self.document.invalid(
                &["keys", "provider"],
                "file, env, or a provider that the application brings",
                format!("{provider:?}, which it does not bring"),
            )),
            _ => Ok(()),
        }
    }

    fn open_journal(&self) -> Result<Option<Kept>, ConfigError> {
        let Some((config, name)) = &self.journal else {
            tracing::warn!("this platform keeps no journal: nobody can tell what was asked of it");
            return Ok(None);
        };
        let key = self.journal_key(name)?;
        let journal = Journal::open(config.clone(), key).map_err(|error| {
            self.document.invalid(
                &["journal", "path"],
                "a folder with a journal that can be taken up, or none",
                error.to_string(),
            )
        })?;
        Ok(Some(Kept {
            journal: Arc::new(journal),
            key: name.clone(),
        }))
    }

    fn journal_key(&self, name: &str) -> Result<ProjectKey, ConfigError> {
        let keys: &dyn KeyProvider = self.keys.as_deref().unwrap_or(&NoKeys);
        keys.project_key(name).map_err(|error| {
            self.document.invalid(
                &["journal", "key"],
                "a key that the platform has",
                error.to_string(),
            )
        })
    }

    fn check_ledger(&self) -> Result<(), ConfigError> {
        let Some(ledger) = &self.ledger else {
            return Ok(());
        };
        if self
            .journal
            .as_ref()
            .is_some_and(|(_, key)| *key == ledger.key)
        {
            return Err(self.document.invalid(
                &["ledger", "key"],
                "a key that is not the journal's, whose reviewers could read the ledgers with it",
                format!("{:?}", ledger.key),
            ));
        }
        let keys: &dyn KeyProvider = self.keys.as_deref().unwrap_or(&NoKeys);
        keys.project_key(&ledger.key).map(drop).map_err(|error| {
            self.document.invalid(
                &["ledger", "key"],
                "a key that the platform has",
                error.to_string(),
            )
        })
    }
}

/// One text for the state of all stored files.
fn data_version(tables: &BTreeMap<String, StoredTable>) -> String {
    let mut hash = Sha256::new();
    for (name, table) in tables {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update(table.version);
    }
    HEXLOWER.encode(&hash.finalize()[..16])
}

/// One year's archive of details reaches its people through the same year's archive or, where the platform has none,
/// through the table itself: the whole key is in both.
fn archives_reach_their_parents(tables: &mut BTreeMap<String, StoredTable>) {
    let names: BTreeSet<String> = tables.keys().cloned().collect();
    let reached = |model: &mut Arc<TableModel>| {
        let Some(parent) = &model.parent else { return };
        let Some(table) = model
            .year
            .and_then(|year| parent.table.strip_suffix(&format!("_{year}")))
        else {
            return;
        };
        if names.contains(&fold(&parent.table)) || !names.contains(&fold(table)) {
            return;
        }
        let table = table.to_owned();
        if let Some(parent) = &mut Arc::make_mut(model).parent {
            parent.table = table;
        }
    };
    for table in tables.values_mut() {
        reached(&mut table.model);
        for year in &mut table.years {
            reached(&mut year.model);
        }
    }
}

const STORE_NAME: &str = "a name of letters, digits, - and _";

/// Tables are found under a name of the platform's own, never under the store's real address.
fn store_url(name: &str) -> Option<Url> {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    plain
        .then(|| Url::parse(&format!("sceau://{name}/")).ok())
        .flatten()
}

#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn project_key(&self, name: &str) -> Result<ProjectKey, KeyError> {
        Err(KeyError::Missing {
            name: name.to_owned(),
            place: "the platform, which names no provider of keys".to_owned(),
        })
    }
}
