//! What an operator sets up once: stores, tables, keys, the journal.

mod builder;
mod config;
mod diagnosis;
mod drift;
mod engine;
mod family;
mod file;
mod ledger;
mod listing;
mod model;
mod shared;
mod table;
mod types;
mod years;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::execution::SessionState;
use datafusion::execution::runtime_env::RuntimeEnv;

pub use builder::PlatformBuilder;
pub use config::{ColumnConfig, TableConfig};
pub use diagnosis::Diagnosis;
pub use drift::{ColumnDrift, Difference, DriftPolicy, TableDrift};
pub use ledger::{Beyond, LedgerSettings};
pub use years::PassedOver;

use shared::Shared;
pub(crate) use table::{StoredTable, YearOfFamily};

use crate::config::ConfigError;
use crate::enforce::Persons;
use crate::journal::{Journal, StoredJournal};
use crate::permit::Permit;
use crate::pseudonym::{KeyError, KeyProvider, ProjectKey};
use crate::session::{Session, SessionError};
use crate::sql::{FunctionRegistry, fold};

/// The stores, tables, keys and journal of a health-data platform.
///
/// Built once, from a file or in code, and shared by every session; cloning it is cheap.
///
/// ```no_run
/// # async fn ask() -> Result<(), Box<dyn std::error::Error>> {
/// let platform = sceau_core::Platform::from_file("platform.toml").await?;
/// let permit = sceau_core::Permit::from_file("permit.toml")?;
/// let session = platform.session(&permit, "ana")?;
/// let answer = session.sql("SELECT BEN_RES_DPT, count(*) FROM ER_PRS_F GROUP BY 1").await?;
/// for batch in answer.collect().await? {
///     println!("{} rows", batch.num_rows());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Platform {
    inner: Arc<Inner>,
}

struct Inner {
    tables: BTreeMap<String, StoredTable>,
    drift: Vec<TableDrift>,
    passed_over: Vec<PassedOver>,
    persons: Option<Arc<Persons>>,
    keys: Arc<dyn KeyProvider>,
    ledger: Option<LedgerSettings>,
    data: String,
    shared: Shared,
    runtime: Arc<RuntimeEnv>,
    /// Plans the expressions of permits; sees no table.
    state: SessionState,
    functions: FunctionRegistry,
    options: Options,
    folder: PathBuf,
    journal: Option<Kept>,
}

/// The journal of a platform.
struct Kept {
    journal: Arc<Journal>,
    /// The name of its key, which no permit may use.
    key: String,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform")
            .field("tables", &self.table_names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// How questions are run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    pub(crate) partitions: Option<usize>,
    pub(crate) batch_size: Option<usize>,
    pub(crate) late_materialization: bool,
}

impl Platform {
    /// Builds a platform in code.
    pub fn builder() -> PlatformBuilder {
        PlatformBuilder::default()
    }

    /// Builds the platform that a file describes. Paths in the file are relative to its folder.
    ///
    /// # Errors
    /// When the file cannot be read or is wrong (file, line and key are named), or when stored files are not what the
    /// data model says (table and column are named).
    pub async fn from_file(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::builder_from_file(file)?.build().await
    }

    /// What a file describes, to be completed in code: with a key provider of the application's own, a memory limit. What is
    /// set in code stands in the place of what the file says.
    ///
    /// # Errors
    /// As [`Platform::from_file`], but for what is found only when tables are opened.
    pub fn builder_from_file(file: impl AsRef<Path>) -> Result<PlatformBuilder, ConfigError> {
        file::builder(file.as_ref())
    }

    /// The journal that a platform's file names, for whoever reviews it: no store is opened, and the platform may be running
    /// meanwhile. Where an application brings its own provider of keys,
    /// [`StoredJournal::new`](crate::journal::StoredJournal::new) takes the key.
    ///
    /// # Errors
    /// When the file cannot be read, is wrong or names no journal, or the key is not there.
    ///
    /// ```no_run
    /// let journal = sceau_core::Platform::stored_journal("platform.toml")?;
    /// let verified = journal.verify(None)?;
    /// println!("{} entries; keep {} elsewhere", verified.entries, verified.head);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stored_journal(file: impl AsRef<Path>) -> Result<StoredJournal, ConfigError> {
        file::journal(file.as_ref())
    }

    /// Opens a session: one principal under one permit.
    ///
    /// Where there is a journal, this waits for the disk: whether the session is opened or not is in it.
    ///
    /// # Errors
    /// When the permit does not name the principal, does not hold today, or asks for what the platform does not have; when
    /// the journal cannot be written.
    pub fn session(&self, permit: &Permit, principal: &str) -> Result<Session, SessionError> {
        Session::open(self, permit, principal)
    }

    /// The names of the registered tables, as they are spelt.
    pub fn table_names(&self) -> impl Iterator<Item = &str> {
        self.inner
            .tables
            .values()
            .map(|table| table.model.name.as_str())
    }

    /// The data model of a registered table, by its name in any case.
    pub fn table_model(&self, name: &str) -> Option<&crate::snds::TableModel> {
        self.table(name).map(|table| table.model.as_ref())
    }

    /// How the stored files of SNDS tables differ from the data model, a table at a time; those that do not are left out.
    pub fn drift(&self) -> &[TableDrift] {
        &self.inner.drift
    }

    /// What stands beside the years of folder patterns and looks like one, a table at a time: no question reads it.
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.inner.passed_over
    }

    /// Where the ledgers of what projects received are kept, if they are.
    pub fn ledger(&self) -> Option<&LedgerSettings> {
        self.inner.ledger.as_ref()
    }

    /// A text that is another one whenever a stored file was added, removed or replaced between the builds of two platforms:
    /// which state of the data it was opened on. Questions read files as they are, and files that change under a platform do
    /// not change it.
    pub fn data_version(&self) -> &str {
        &self.inner.data
    }

    /// The one value of a type that goes with this platform, made when it is first asked for: where a crate that builds upon
    /// this one keeps what all sessions share.
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.inner.shared.get()
    }

    /// A key of the platform's own, which no permit makes pseudonyms with.
    ///
    /// # Errors
    /// When the provider has no such key.
    pub fn platform_key(&self, name: &str) -> Result<ProjectKey, KeyError> {
        self.inner.keys.project_key(name)
    }

    pub(crate) fn table(&self, name: &str) -> Option<&StoredTable> {
        self.inner.tables.get(&fold(name))
    }

    /// Who is behind a pseudo-NIR, where the platform has the referential.
    pub(crate) fn persons(&self) -> Option<&Arc<Persons>> {
        self.inner.persons.as_ref()
    }

    /// The journal in which questions are recorded, if the platform keeps one: for its
    /// [`head`](crate::journal::Journal::head), which is to be kept elsewhere, and for entries of the application's own.
    pub fn journal(&self) -> Option<&Arc<Journal>> {
        self.inner.journal.as_ref().map(|kept| &kept.journal)
    }

    /// The name of the journal's key.
    pub(crate) fn journal_key(&self) -> Option<&str> {
        self.inner.journal.as_ref().map(|kept| kept.key.as_str())
    }

    /// Whether both are one platform.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The folder that the platform's file is in.
    pub(crate) fn folder(&self) -> &Path {
        &self.inner.folder
    }

    pub(crate) fn keys(&self) -> &dyn KeyProvider {
        self.inner.keys.as_ref()
    }

    pub(crate) fn runtime(&self) -> &Arc<RuntimeEnv> {
        &self.inner.runtime
    }

    pub(crate) fn state(&self) -> &SessionState {
        &self.inner.state
    }

    pub(crate) fn functions(&self) -> &FunctionRegistry {
        &self.inner.functions
    }

    pub(crate) fn options(&self) -> Options {
        self.inner.options
    }
}
