use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::builder::PlatformBuilder;
use super::config::TableConfig;
use super::drift::DriftPolicy;
use crate::config::{ConfigError, Document};
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
    if let Some(keys) = &parsed.keys {
        builder = match (keys.provider.as_str(), &keys.path) {
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
        };
    }
    for (name, table) in parsed.table {
        builder = builder.table(&name, table);
    }
    Ok(builder.described_in(document))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PlatformFile {
    #[serde(default)]
    drift: DriftPolicy,
    #[serde(default)]
    store: BTreeMap<String, StoreConfig>,
    keys: Option<Keys>,
    #[serde(default)]
    table: BTreeMap<String, TableConfig>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    provider: String,
    path: Option<String>,
}
