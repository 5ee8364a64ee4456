use std::io;
use std::path::{Path, PathBuf};

use sceau_core::pseudonym::KeyError;

use super::Head;

/// Why a ledger cannot be used, or cannot say whether a release may leave. A release that met one does not leave.
///
/// A text names files and records, and nobody's id. It is for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Another writer has the ledger, in this process or another one.
    #[error("{}: another writer has this ledger", file.display())]
    Locked {
        /// The ledger's file.
        file: PathBuf,
    },
    /// The file is no ledger, or one of a version that is not known here.
    #[error("{}: expected a ledger of format {}, found {found}", file.display(), super::file::FORMAT)]
    Format {
        /// The ledger's file.
        file: PathBuf,
        /// What it begins with.
        found: String,
    },
    /// A record is not what the ledger's writer wrote there: it was changed, moved, taken from another project's ledger,
    /// or the key is another one.
    #[error("{}: record {record} is not what was written there, or the key is another one", file.display())]
    Changed {
        /// The ledger's file.
        file: PathBuf,
        /// The record, counted from 1.
        record: u64,
    },
    /// The file that says where the ledger ends is missing, or was changed, or the key is another one.
    #[error("{}: what says where the ledger ends is missing, or is not what was written there, or the key is another one", file.display())]
    End {
        /// The file of the ledger's end.
        file: PathBuf,
    },
    /// Records that were written are gone.
    #[error("{}: expected {expected} records or more, found {found}", file.display())]
    Shortened {
        /// The ledger's file.
        file: PathBuf,
        /// How many records it had.
        expected: u64,
        /// How many it has.
        found: u64,
    },
    /// The ledger is not the one that an anchor was taken from.
    #[error("{}: expected the record {anchor}, found another one in its place", file.display())]
    NotTheAnchor {
        /// The ledger's file.
        file: PathBuf,
        /// The anchor.
        anchor: Head,
    },
    /// A record is authentic and cannot be read: another version of this library wrote it.
    #[error("{}: record {record} is of a kind that is not known here", file.display())]
    Unreadable {
        /// The ledger's file.
        file: PathBuf,
        /// The record, counted from 1.
        record: u64,
    },
    /// Somebody else wrote to the file of the open ledger, or took it away.
    #[error("{}: expected the {expected} bytes that were written, found {found}", file.display())]
    Disturbed {
        /// The ledger's file.
        file: PathBuf,
        /// How many bytes there should be.
        expected: u64,
        /// What is there.
        found: String,
    },
    /// The operating system could not do something with a file or the folder.
    #[error("{} cannot be {action}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file, or the folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An earlier record could not be written; the ledger is to be opened again.
    #[error("{}: nothing is written since a record could not be; open the ledger again", file.display())]
    Stopped {
        /// The ledger's file.
        file: PathBuf,
    },
    /// A release has more sets of people than a record can hold.
    #[error("a release makes a record of {bytes} bytes, expected at most {limit}")]
    TooLarge {
        /// The record's length.
        bytes: usize,
        /// The most it can be.
        limit: usize,
    },
    /// Looking for differences took more comparisons than are allowed: whether the release may leave is not known.
    #[error(
        "the differences to what was received before take more than {limit} comparisons: \
         release fewer cells at a time, or raise the bound"
    )]
    SearchBound {
        /// The most comparisons.
        limit: u64,
    },
    /// A sketch is none that this library makes.
    #[error("a sketch of a released cell cannot be read")]
    Sketch,
    /// The ledger's key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The operating system has no random numbers.
    #[error("no random numbers can be had from the operating system")]
    Random,
    /// The record could not be sealed.
    #[error("a record could not be sealed")]
    Seal,
}

impl LedgerError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
