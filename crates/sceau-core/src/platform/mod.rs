//! What an operator sets up once: stores, tables, keys.

mod builder;
mod config;
mod drift;
mod family;
mod file;
mod listing;
mod model;
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
pub use drift::{ColumnDrift, Difference, DriftPolicy, TableDrift};

pub(crate) use table::{StoredTable, YearOfFamily};

use crate::config::ConfigError;
use crate::enforce::Persons;
use crate::permit::Permit;
use crate::pseudonym::KeyProvider;
use crate::session::{Session, SessionError};
use crate::sql::{FunctionRegistry, fold};

/// The stores, tables and keys of a health-data platform.
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
    persons: Option<Arc<Persons>>,
    keys: Arc<dyn KeyProvider>,
    runtime: Arc<RuntimeEnv>,
    /// Plans the expressions of permits; sees no table.
    state: SessionState,
    functions: FunctionRegistry,
    options: Options,
    folder: PathBuf,
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

    /// What a file describes, to be completed in code: with a key provider of the application's own, a memory limit.
    ///
    /// # Errors
    /// As [`Platform::from_file`], but for what is found only when tables are opened.
    pub fn builder_from_file(file: impl AsRef<Path>) -> Result<PlatformBuilder, ConfigError> {
        file::builder(file.as_ref())
    }

    /// Opens a session: one principal under one permit.
    ///
    /// # Errors
    /// When the permit does not name the principal, does not hold today, or asks for what the platform does not have.
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

    pub(crate) fn table(&self, name: &str) -> Option<&StoredTable> {
        self.inner.tables.get(&fold(name))
    }

    /// Who is behind a pseudo-NIR, where the platform has the referential.
    pub(crate) fn persons(&self) -> Option<&Arc<Persons>> {
        self.inner.persons.as_ref()
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
