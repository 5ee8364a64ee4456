use std::path::{Path, PathBuf};

use super::{Head, Recorded, Verified, VerifyError, read, verify};
use crate::pseudonym::ProjectKey;

/// A journal's folder and the key it was made under: what its reviewer needs.
///
/// [`Platform::stored_journal`](crate::Platform::stored_journal) finds both in a platform's file.
///
/// ```
/// use sceau_core::journal::{Entry, Event, Journal, JournalConfig, StoredJournal};
/// use sceau_core::pseudonym::ProjectKey;
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let key = ProjectKey::new(vec![7; 32], 1)?;
/// let journal = Journal::open(JournalConfig::new(folder), key.clone())?;
/// journal.append(&Entry::new(Event::Opened, "ana", "diab-2031", "9f86d081884c7d65"))?;
///
/// let verified = StoredJournal::new(folder, key).verify(None)?;
/// assert_eq!(verified.entries, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct StoredJournal {
    folder: PathBuf,
    key: ProjectKey,
}

impl StoredJournal {
    /// The journal in this folder.
    pub fn new(folder: impl Into<PathBuf>, key: ProjectKey) -> Self {
        Self {
            folder: folder.into(),
            key,
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks every record; see [`verify`].
    ///
    /// # Errors
    /// As [`verify`].
    pub fn verify(&self, anchor: Option<&Head>) -> Result<Verified, VerifyError> {
        verify(&self.folder, &self.key, anchor)
    }

    /// The same, and hands out every entry; see [`read`].
    ///
    /// # Errors
    /// As [`read`].
    pub fn read(
        &self,
        anchor: Option<&Head>,
        each: impl FnMut(Recorded),
    ) -> Result<Verified, VerifyError> {
        read(&self.folder, &self.key, anchor, each)
    }
}
