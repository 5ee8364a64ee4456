use std::io;
use std::path::{Path, PathBuf};

use super::Damage;

/// Why a journal cannot be opened or written to. An entry that met one is not in the journal: its question must not be
/// answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another writer has the folder, in this process or another one.
    #[error("{}: another writer has this journal", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The end of the journal is not what its writer left there, so nothing can be added to it. [`verify`](super::verify)
    /// tells more; the folder is to be kept for whoever looks into it, and a journal begun in another one.
    #[error("{}: {damage}", folder.display())]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What is wrong in the last file.
        damage: Damage,
    },
    /// Somebody else wrote to a file of the open journal, or took it away.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Disturbed {
        /// The file, or the folder.
        path: PathBuf,
        /// What this writer left there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The operating system could not do something with a file or the folder. After a failed append, for want of disk
    /// space for example, the next one tries again.
    #[error("{} cannot be {action}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file, or the folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operating system could not bring something to the disk, and what is there now cannot be known. The journal
    /// takes nothing more; it is to be opened again once the disk is sound.
    #[error("{} cannot be brought to the disk: {source}", path.display())]
    Flush {
        /// The file, or the folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An earlier append ended with [`JournalError::Flush`].
    #[error("{}: nothing is written since the disk failed; open the journal again", folder.display())]
    Stopped {
        /// The folder.
        folder: PathBuf,
    },
    /// The entry is longer than a record can be.
    #[error("an entry makes a record of {bytes} bytes, expected at most {limit}")]
    TooLarge {
        /// The record's length.
        bytes: usize,
        /// The most it can be.
        limit: usize,
    },
    /// The entry cannot be written as JSON.
    #[error("an entry cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl JournalError {
    pub(super) fn damaged(folder: &Path, damage: Damage) -> Self {
        Self::Damaged {
            folder: folder.to_owned(),
            damage,
        }
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
