use std::collections::BTreeMap;

use super::drift::DriftPolicy;
use crate::snds::Role;

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
    pub(super) path: String,
    pub(super) contributor: Option<Vec<String>>,
    pub(super) care_date: Option<String>,
    pub(super) rows: Option<u64>,
    pub(super) drift: Option<DriftPolicy>,
    #[serde(default)]
    pub(super) columns: BTreeMap<String, ColumnConfig>,
}

/// What one column may tell.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnConfig {
    pub(super) role: Role,
    pub(super) domain: Option<String>,
}

impl TableConfig {
    /// A table below a prefix of a store.
    ///
    /// With `{aa}` or `{annee}` in the path there is a table for every year that is found, `pmsi/T_MCO{aa}B/` or
    /// `dcir/ER_PRS_F_{annee}/`: each year's under the SNDS's own name, `T_MCO19B` or `ER_PRS_F_2019`, and the table over
    /// all of them, `T_MCO_B` or `ER_PRS_F`, with the year as the column [`snds::YEAR`](crate::snds::YEAR).
    pub fn new(store: &str, path: &str) -> Self {
        Self {
            store: store.to_owned(),
            path: path.to_owned(),
            contributor: None,
            care_date: None,
            rows: None,
            drift: None,
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

    /// What to do when the stored files are not what the data model says; the platform's own policy if not set.
    pub fn drift(mut self, policy: DriftPolicy) -> Self {
        self.drift = Some(policy);
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

impl TableConfig {
    /// The same of one year, which may lack some of the columns.
    pub(super) fn of_stored(&self, stored: impl Fn(&str) -> bool) -> Self {
        let mut config = self.clone();
        config.columns.retain(|column, _| stored(column));
        config
    }
}
