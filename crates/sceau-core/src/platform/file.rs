use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use super::builder::PlatformBuilder;
use super::config::TableConfig;
use super::drift::DriftPolicy;
use super::engine::EngineFile;
use super::ledger::{Beyond, LedgerSettings};
use crate::config::{ConfigError, Document};
use crate::journal::{JournalConfig, StoredJournal};
use crate::pseudonym::{EnvKeys, FileKeys};
use crate::storage::{self, StoreConfig};

/// A `platform.toml` as a builder, its stores opened.
pub(super) fn builder(file: &Path) -> Result<PlatformBuilder, ConfigError> {
    let document = Document::read(file)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let parsed: PlatformFile = document.parse()?;
    let mut builder = PlatformBuilder::default().drift(parsed.drift);
    for (name, config) in &parsed.store {
        let store = storage::open(config, folder).map_err(|error| {
            document.invalid(
                &["store", name, error.key()],
                error.expected(),
                error.found(),
            )
        })?;
        builder = builder.store(name, store);
    }
    builder = with_keys(builder, &document, folder, parsed.keys.as_ref())?;
    builder = with_journal(builder, &document, folder, parsed.journal)?;
    builder = with_ledger(builder, &document, folder, parsed.ledger)?;
    if let Some(engine) = parsed.engine {
        builder = engine.set(builder, &document, folder)?;
    }
    for (name, table) in parsed.table {
        builder = builder.table(&name, table);
    }
    Ok(builder.described_in(document))
}

/// The journal that a `platform.toml` names. Stores are not opened: who reviews a journal need not reach the data.
pub(super) fn journal(file: &Path) -> Result<StoredJournal, ConfigError> {
    let document = Document::read(file)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let parsed: PlatformFile = document.parse()?;
    let builder = PlatformBuilder::default();
    let builder = with_keys(builder, &document, folder, parsed.keys.as_ref())?;
    let builder = with_journal(builder, &document, folder, parsed.journal)?;
    builder.described_in(document).stored_journal()
}

fn with_keys(
    builder: PlatformBuilder,
    document: &Document,
    folder: &Path,
    keys: Option<&Keys>,
) -> Result<PlatformBuilder, ConfigError> {
    let Some(keys) = keys else { return Ok(builder) };
    Ok(match (keys.provider.as_str(), &keys.path) {
        ("file", Some(path)) => builder.keys(Arc::new(FileKeys::new(folder.join(path)))),
        ("file", None) => {
            return Err(document.invalid(
                &["keys", "path"],
                "the folder of the key files",
                "nothing",
            ));
        }
        ("env", None) => builder.keys(Arc::new(EnvKeys)),
        (_, None) => builder.expecting_keys(&keys.provider),
        (_, Some(path)) => {
            return Err(document.invalid(
                &["keys", "path"],
                "no path, since the keys are in no folder",
                format!("{path:?}"),
            ));
        }
    })
}

fn with_ledger(
    builder: PlatformBuilder,
    document: &Document,
    folder: &Path,
    ledger: Option<LedgerFile>,
) -> Result<PlatformBuilder, ConfigError> {
    let Some(ledger) = ledger else {
        return Ok(builder);
    };
    names_are_said(document, "ledger", &ledger.path, &ledger.key)?;
    let mut settings = LedgerSettings::new(folder.join(ledger.path), &ledger.key);
    settings.beyond = ledger.beyond;
    settings.comparisons = ledger
        .comparisons
        .map(|comparisons| {
            u64::try_from(comparisons)
                .ok()
                .filter(|comparisons| *comparisons > 0)
                .ok_or_else(|| {
                    document.invalid(
                        &["ledger", "comparisons"],
                        "a whole number above 0",
                        comparisons.to_string(),
                    )
                })
        })
        .transpose()?;
    Ok(builder.ledger(settings))
}

/// A folder or key of no name would be the platform file's own folder, or a key that nobody has.
fn names_are_said(
    document: &Document,
    section: &str,
    path: &str,
    key: &str,
) -> Result<(), ConfigError> {
    for (name, value) in [("path", path), ("key", key)] {
        if value.is_empty() {
            return Err(document.invalid(&[section, name], "a name", "an empty text"));
        }
    }
    Ok(())
}

/// The sizes at which a file of the journal may end. Small ones make many files, and opening a journal reads a whole one.
const ROTATE_BYTES: RangeInclusive<u64> = 4 << 10..=4 << 30;

fn with_journal(
    builder: PlatformBuilder,
    document: &Document,
    folder: &Path,
    journal: Option<JournalFile>,
) -> Result<PlatformBuilder, ConfigError> {
    let Some(journal) = journal else {
        return Ok(builder);
    };
    names_are_said(document, "journal", &journal.path, &journal.key)?;
    let mut config = JournalConfig::new(folder.join(journal.path));
    if let Some(bytes) = journal.rotate_bytes {
        config.rotate_bytes = u64::try_from(bytes)
            .ok()
            .filter(|bytes| ROTATE_BYTES.contains(bytes))
            .ok_or_else(|| {
                let (least, most) = (ROTATE_BYTES.start(), ROTATE_BYTES.end());
                document.invalid(
                    &["journal", "rotate_bytes"],
                    format!("a whole number from {least} to {most}"),
                    bytes.to_string(),
                )
            })?;
    }
    Ok(builder.journal(config, &journal.key))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PlatformFile {
    #[serde(default)]
    drift: DriftPolicy,
    #[serde(default)]
    store: BTreeMap<String, StoreConfig>,
    keys: Option<Keys>,
    journal: Option<JournalFile>,
    ledger: Option<LedgerFile>,
    engine: Option<EngineFile>,
    #[serde(default)]
    table: BTreeMap<String, TableConfig>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    provider: String,
    path: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct JournalFile {
    path: String,
    key: String,
    rotate_bytes: Option<i64>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerFile {
    path: String,
    key: String,
    comparisons: Option<i64>,
    #[serde(default)]
    beyond: Beyond,
}
