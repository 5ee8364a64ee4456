//! Attacks on a journal, each of which has to be found; crashes, after which it has to go on; and what comes out of it.

mod attacks;
mod crashes;
mod files;
mod threads;
mod torn;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::folder::{file_path, numbers};
use super::{
    Damage, Entry, Event, Head, Journal, JournalConfig, Problem, Verified, VerifyError, verify,
};
use crate::pseudonym::ProjectKey;

fn key() -> ProjectKey {
    ProjectKey::new((0..32).collect(), 1).unwrap()
}

fn entry(sql: &str) -> Entry {
    let mut entry = Entry::new(Event::Asked, "ana", "diab-2031", "9f86");
    entry.sql = Some(sql.to_owned());
    entry
}

/// A journal on disk, without its writer.
struct Written {
    folder: TempDir,
    head: Head,
}

impl Written {
    /// Entries numbered from 1, in files that end beyond so many bytes.
    fn new(entries: usize, rotate_bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = open(folder.path(), rotate_bytes);
        for number in 1..=entries {
            journal.append(&entry(&format!("SELECT {number}"))).unwrap();
        }
        let head = journal.head();
        Self { folder, head }
    }

    /// All in one file.
    fn one_file(entries: usize) -> Self {
        Self::new(entries, u64::MAX)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, number: u64) -> PathBuf {
        file_path(self.path(), number)
    }

    fn files(&self) -> Vec<u64> {
        numbers(self.path()).unwrap()
    }

    fn lines(&self, file: u64) -> Vec<String> {
        let text = fs::read_to_string(self.file(file)).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    fn write(&self, file: u64, lines: &[String]) {
        fs::write(self.file(file), lines.concat()).unwrap();
    }

    /// Tampers with the lines of a file.
    fn edit(&self, file: u64, edit: impl FnOnce(&mut Vec<String>)) {
        let mut lines = self.lines(file);
        edit(&mut lines);
        self.write(file, &lines);
    }

    fn verify(&self) -> Result<Verified, VerifyError> {
        verify(self.path(), &key(), None)
    }

    fn verify_to(&self, anchor: &Head) -> Result<Verified, VerifyError> {
        verify(self.path(), &key(), Some(anchor))
    }

    fn reopen(&self) -> Journal {
        open(self.path(), u64::MAX)
    }
}

fn open(folder: &Path, rotate_bytes: u64) -> Journal {
    let config = JournalConfig {
        folder: folder.to_owned(),
        rotate_bytes,
    };
    Journal::open(config, key()).unwrap()
}

#[track_caller]
fn damage(result: Result<Verified, VerifyError>) -> Damage {
    match result {
        Err(VerifyError::Damaged(damage)) => damage,
        other => panic!("expected damage, found {other:?}"),
    }
}

/// What is wrong, as file number, line and problem.
#[track_caller]
fn problems(result: Result<Verified, VerifyError>) -> Vec<(String, Problem)> {
    let place = |file: String, line: Option<u64>| match line {
        Some(line) => format!("{file}:{line}"),
        None => file,
    };
    damage(result)
        .findings
        .into_iter()
        .map(|finding| {
            let file = finding
                .file
                .replace("journal-00000", "")
                .replace(".jsonl", "");
            (place(file, finding.line), finding.problem)
        })
        .collect()
}
