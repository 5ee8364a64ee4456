use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use toml::value::{Datetime, Value};

use super::mask::Mask;
use super::release::{Dominance, ReleaseRules, Withheld};
use crate::config::{ConfigError, Document};

/// What one project may see, until when, and under which output rules.
///
/// ```
/// let permit = sceau_core::Permit::parse("permit.toml", r#"
///     project    = "diab-2031"
///     principals = ["ana"]
///     valid      = { from = 2026-01-01, until = 2027-12-31 }
///
///     [table.er_prs_f]
///     columns = ["BEN_NIR_PSA", "EXE_SOI_DTD", "PRS_PAI_MNT"]
///     where   = "BEN_RES_DPT IN ('075','092')"
///     [table.er_prs_f.mask]
///     EXE_SOI_DTD = "month"
/// "#)?;
/// assert_eq!(permit.project(), "diab-2031");
/// assert!(permit.names("ana") && !permit.names("eve"));
/// # Ok::<(), sceau_core::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Permit {
    document: Document,
    /// Whether the document was read from a file, where it may change.
    from_file: bool,
    hash: String,
    project: String,
    purpose: Option<String>,
    principals: Vec<String>,
    from: NaiveDate,
    until: NaiveDate,
    key: String,
    strict: bool,
    rows: bool,
    population: Population,
    tables: BTreeMap<String, Grant>,
    release: ReleaseRules,
}

/// Which people and which care, in every table that knows them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Population {
    pub(crate) cohort: Option<String>,
    pub(crate) opposition: Option<String>,
    pub(crate) period: Option<(NaiveDate, NaiveDate)>,
}

/// What is granted of one table, as written.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) columns: Columns,
    pub(crate) deny: Vec<String>,
    pub(crate) filter: Option<String>,
    pub(crate) masks: BTreeMap<String, Mask>,
}

/// Which columns of a table are granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Every classified column.
    All,
    /// These, and no other.
    Listed(Vec<String>),
}

impl Permit {
    /// Reads a permit file.
    ///
    /// # Errors
    /// When the file cannot be read, or a key is unknown, missing or wrong: the error names file, line and key.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let permit = Self::from_document(Document::read(file.as_ref())?)?;
        Ok(Self {
            from_file: true,
            ..permit
        })
    }

    /// Reads a permit from a text; errors speak of it as `name`.
    ///
    /// # Errors
    /// As [`Permit::from_file`].
    pub fn parse(name: impl AsRef<Path>, text: &str) -> Result<Self, ConfigError> {
        Self::from_document(Document::new(name.as_ref(), text))
    }

    /// The permit as its file has it now, if it came from a file and that has changed.
    ///
    /// # Errors
    /// As [`Permit::from_file`]: a file that is gone is no permit.
    pub(crate) fn changed(&self) -> Result<Option<Self>, ConfigError> {
        if !self.from_file {
            return Ok(None);
        }
        let document = Document::read(self.document.file())?;
        if document.text() == self.document.text() {
            return Ok(None);
        }
        let changed = Self::from_document(document)?;
        Ok(Some(Self {
            from_file: true,
            ..changed
        }))
    }

    /// The project's name.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// What the data is to be used for, in the officer's words.
    pub fn purpose(&self) -> Option<&str> {
        self.purpose.as_deref()
    }

    /// SHA-256 of the permit's text in hexadecimal: the version that a plan, a report and a journal entry speak of.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Who may ask under this permit.
    pub fn principals(&self) -> &[String] {
        &self.principals
    }

    /// Whether a principal may ask under this permit.
    pub fn names(&self, principal: &str) -> bool {
        self.principals.iter().any(|known| known == principal)
    }

    /// The first and the last day on which the permit holds, both included, in UTC.
    pub fn validity(&self) -> (NaiveDate, NaiveDate) {
        (self.from, self.until)
    }

    /// Whether the permit holds on a day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.until
    }

    /// Whether pseudonymised rows may be seen inside the environment; if not, only releases can be asked for.
    pub fn allows_rows(&self) -> bool {
        self.rows
    }

    /// Whether nothing that the researcher writes may be evaluated before the policy.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The output rules.
    pub fn release(&self) -> &ReleaseRules {
        &self.release
    }

    pub(crate) fn key_name(&self) -> &str {
        &self.key
    }

    pub(crate) fn population(&self) -> &Population {
        &self.population
    }

    /// The granted tables, by the name the permit gives them.
    pub(crate) fn tables(&self) -> &BTreeMap<String, Grant> {
        &self.tables
    }

    /// The folder that the permit's file is in.
    pub(crate) fn folder(&self) -> &Path {
        self.document.file().parent().unwrap_or(Path::new(""))
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    fn from_document(document: Document) -> Result<Self, ConfigError> {
        let file: PermitFile = document.parse()?;
        let (from, until) = span(&document, &["valid"], &file.valid)?;
        if file.project.is_empty() {
            return Err(document.invalid(&["project"], "a name", "an empty text"));
        }
        if file.principals.is_empty() {
            return Err(document.invalid(&["principals"], "at least one name", "none"));
        }
        let mut tables = BTreeMap::new();
        for (name, table) in &file.table {
            tables.insert(name.clone(), grant(&document, name, table)?);
        }
        let population = match &file.population {
            None => Population::default(),
            Some(population) => Population {
                cohort: population.cohort.clone(),
                opposition: population.opposition.clone(),
                period: population
                    .period
                    .as_ref()
                    .map(|period| span(&document, &["population", "period"], period))
                    .transpose()?,
            },
        };
        Ok(Self {
            hash: hex(&Sha256::digest(document.text().as_bytes())),
            key: file.key.unwrap_or_else(|| file.project.clone()),
            project: file.project,
            purpose: file.purpose,
            principals: file.principals,
            from,
            until,
            strict: file.strict,
            rows: file.inside.is_none_or(|inside| inside.rows),
            population,
            tables,
            release: release(&document, file.release)?,
            document,
            from_file: false,
        })
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PermitFile {
    project: String,
    purpose: Option<String>,
    principals: Vec<String>,
    valid: Span,
    key: Option<String>,
    #[serde(default)]
    strict: bool,
    inside: Option<InsideFile>,
    population: Option<PopulationFile>,
    table: BTreeMap<String, GrantFile>,
    release: Option<ReleaseFile>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    from: Datetime,
    until: Datetime,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct InsideFile {
    rows: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PopulationFile {
    cohort: Option<String>,
    opposition: Option<String>,
    period: Option<Span>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantFile {
    columns: Value,
    #[serde(rename = "where")]
    filter: Option<String>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    mask: BTreeMap<String, Value>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseFile {
    k: Option<i64>,
    dominance: Option<Dominance>,
    p_percent: Option<f64>,
    unanimous: Option<bool>,
    secondary: Option<bool>,
    rounding: Option<i64>,
    withheld: Option<Withheld>,
}

fn grant(document: &Document, table: &str, file: &GrantFile) -> Result<Grant, ConfigError> {
    let expected = "\"*\" or a list of column names";
    let path = ["table", table, "columns"];
    let columns = match &file.columns {
        Value::String(star) if star == "*" => Columns::All,
        Value::Array(names) => {
            let mut listed = Vec::with_capacity(names.len());
            for name in names {
                match name {
                    Value::String(name) => listed.push(name.clone()),
                    other => return Err(document.invalid(&path, expected, other.to_string())),
                }
            }
            if listed.is_empty() {
                return Err(document.invalid(&path, "at least one column", "an empty list"));
            }
            Columns::Listed(listed)
        }
        other => return Err(document.invalid(&path, expected, other.to_string())),
    };
    let mut masks = BTreeMap::new();
    for (column, value) in &file.mask {
        let mask = Mask::parse(value).ok_or_else(|| {
            document.invalid(
                &["table", table, "mask", column],
                Mask::GRAMMAR,
                value.to_string(),
            )
        })?;
        masks.insert(column.clone(), mask);
    }
    Ok(Grant {
        columns,
        deny: file.deny.clone(),
        filter: file.filter.clone(),
        masks,
    })
}

fn release(document: &Document, file: Option<ReleaseFile>) -> Result<ReleaseRules, ConfigError> {
    let mut rules = ReleaseRules::default();
    let Some(file) = file else { return Ok(rules) };
    if let Some(k) = file.k {
        rules.k = u32::try_from(k)
            .ok()
            .filter(|k| (2..=10_000).contains(k))
            .ok_or_else(|| {
                document.invalid(
                    &["release", "k"],
                    "a whole number from 2 to 10000",
                    k.to_string(),
                )
            })?;
    }
    if let Some(dominance) = file.dominance {
        if dominance.top == 0 || !(dominance.percent > 0.0 && dominance.percent <= 100.0) {
            return Err(document.invalid(
                &["release", "dominance"],
                "top of at least 1 and percent above 0 and up to 100",
                format!("top = {}, percent = {}", dominance.top, dominance.percent),
            ));
        }
        rules.dominance = Some(dominance);
    }
    if let Some(percent) = file.p_percent {
        if !(percent > 0.0 && percent <= 100.0) {
            return Err(document.invalid(
                &["release", "p_percent"],
                "a percentage above 0 and up to 100",
                percent.to_string(),
            ));
        }
        rules.p_percent = Some(percent);
    }
    if let Some(unanimous) = file.unanimous {
        rules.unanimous = unanimous;
    }
    if let Some(rounding) = file.rounding {
        rules.rounding = u32::try_from(rounding).map_err(|_| {
            document.invalid(
                &["release", "rounding"],
                "a whole number of at least 0",
                rounding.to_string(),
            )
        })?;
    }
    if let Some(secondary) = file.secondary {
        rules.secondary = secondary;
    }
    if let Some(withheld) = file.withheld {
        rules.withheld = withheld;
    }
    Ok(rules)
}

fn span(
    document: &Document,
    path: &[&str],
    span: &Span,
) -> Result<(NaiveDate, NaiveDate), ConfigError> {
    let day = |name: &'static str, value: &Datetime| {
        let found = value.to_string();
        match (value.date, value.time, value.offset) {
            (Some(date), None, None) => NaiveDate::from_ymd_opt(
                i32::from(date.year),
                u32::from(date.month),
                u32::from(date.day),
            ),
            _ => None,
        }
        .ok_or_else(|| {
            let path: Vec<&str> = path.iter().copied().chain([name]).collect();
            document.invalid(&path, "a date like 2026-01-31", found)
        })
    };
    let (from, until) = (day("from", &span.from)?, day("until", &span.until)?);
    if from > until {
        return Err(document.invalid(
            path,
            "from not later than until",
            format!("from = {from}, until = {until}"),
        ));
    }
    Ok((from, until))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
