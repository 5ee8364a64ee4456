use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::runtime::SpawnedTask;
use sceau_core::Platform;
use sceau_core::platform::{Beyond, LedgerSettings};
use sceau_core::pseudonym::ProjectKey;

use super::ReleaseError;
use super::gate::refusal;
use crate::ledger::{Ledger, LedgerConfig, LedgerError, Threes};

/// The ledgers of a platform's projects, each opened when it is first needed and kept open: it has one writer.
#[derive(Debug, Default)]
struct Ledgers {
    open: Mutex<HashMap<String, Arc<Ledger>>>,
}

/// The ledger of a project, if the platform keeps any.
///
/// # Errors
/// When it cannot be opened: then nothing may leave.
pub(super) async fn ledger(
    platform: &Platform,
    project: &str,
) -> Result<Option<Arc<Ledger>>, ReleaseError> {
    let Some(settings) = platform.ledger().cloned() else {
        return Ok(None);
    };
    let ledgers = platform.shared::<Ledgers>();
    let project = project.to_owned();
    let key = platform
        .platform_key(&settings.key)
        .map_err(|error| refusal(&error.into()))?;
    // Opening reads the whole ledger, and waits for the disk.
    SpawnedTask::spawn_blocking(move || ledgers.of(&project, &settings, &key))
        .join_unwind()
        .await
        .map_err(|_| ReleaseError::Engine)?
        .map(Some)
        .map_err(|error| refusal(&error))
}

impl Ledgers {
    fn of(
        &self,
        project: &str,
        settings: &LedgerSettings,
        key: &ProjectKey,
    ) -> Result<Arc<Ledger>, LedgerError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = open.get(project) {
            if !ledger.is_stopped() {
                return Ok(Arc::clone(ledger));
            }
            // It goes, and with it its lock, when the last release that it was weighed for is settled.
            open.remove(project);
        }
        let mut config = LedgerConfig::new(&settings.path);
        config.comparisons = settings.comparisons.unwrap_or(config.comparisons);
        config.threes = match settings.beyond {
            Beyond::Refuse => Threes::Always,
            Beyond::Pairs => Threes::WithinBound,
        };
        let ledger = Ledger::open(&config, project, key)?;
        open.insert(project.to_owned(), Arc::clone(&ledger));
        Ok(ledger)
    }
}
