//! The files of a journal: their names, how they are made, and how they reach the disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::JournalError;

/// The name of a file. Six digits keep listings in order; there may be more.
pub(super) fn file_name(number: u64) -> String {
    format!("journal-{number:06}.jsonl")
}

/// The numbers of the files that are there, in order.
pub(super) fn numbers(folder: &Path) -> Result<Vec<u64>, JournalError> {
    let failed = JournalError::io("listed", folder);
    let mut numbers = vec![];
    for item in fs::read_dir(folder).map_err(&failed)? {
        let name = item.map_err(&failed)?.file_name();
        numbers.extend(name.to_str().and_then(file_number));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes the folder if it is not there, with an entry that survives a power failure.
pub(super) fn create_folder(folder: &Path) -> Result<(), JournalError> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(JournalError::io("created", folder))?;
    match folder.parent() {
        Some(parent) if parent != Path::new("") => sync_folder(parent),
        _ => sync_folder(Path::new(".")),
    }
}

/// Takes the folder for one writer. The lock goes with the returned file, also when the process is killed.
pub(super) fn lock(folder: &Path) -> Result<File, JournalError> {
    let path = folder.join("journal.lock");
    let file = options()
        .open(&path)
        .map_err(JournalError::io("opened", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(JournalError::io("locked", &path)(source)),
    }
}

/// Makes a file that is not there yet. Its entry in the folder is not on disk before [`sync_folder`].
pub(super) fn create_file(path: &Path) -> io::Result<File> {
    options().create_new(true).open(path)
}

/// Waits until the folder's entries are on disk.
pub(super) fn sync_folder(folder: &Path) -> Result<(), JournalError> {
    // Elsewhere a folder cannot be opened, and the file system keeps its entries with the file.
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| JournalError::Flush {
            path: folder.to_owned(),
            source,
        })?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Whether an open file is still the one that its path names.
#[cfg(unix)]
pub(super) fn is_same(open: &fs::Metadata, named: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

#[cfg(not(unix))]
pub(super) fn is_same(open: &fs::Metadata, named: &fs::Metadata) -> bool {
    open.len() == named.len()
}

/// The path of a numbered file.
pub(super) fn file_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(file_name(number))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    // The journal holds what people typed: no one reads it but its owner and its owner's group.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options
}

/// More files than there will be. A name with a larger number was put there by somebody else, and is not counted on from.
const MAX_NUMBER: u64 = 1 << 48;

fn file_number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("journal-")?.strip_suffix(".jsonl")?;
    let number = digits.parse().ok()?;
    // One number has one name; a copy under a longer one is not a file of the journal.
    (0 < number && number <= MAX_NUMBER && file_name(number) == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_name() {
        for number in [1, 42, 999_999, 1_000_000, MAX_NUMBER] {
            assert_eq!(file_number(&file_name(number)), Some(number));
        }
        for other in [
            "journal-1.jsonl",
            "journal-0000001.jsonl",
            "journal-000000.jsonl",
            "journal-+00001.jsonl",
            "journal-000001.jsonl.bak",
            "journal.lock",
            "journal-18446744073709551615.jsonl",
        ] {
            assert_eq!(file_number(other), None, "{other}");
        }
    }
}
