use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::JournalError;
use super::folder::{create_file, file_path, is_same, sync_folder};

/// The file that the journal is writing, at its end.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
    path: PathBuf,
    number: u64,
    lines: u64,
    bytes: u64,
}

impl OpenFile {
    /// A new file whose first line is this one; both are on disk when this returns.
    pub(super) fn create(folder: &Path, number: u64, line: &[u8]) -> Result<Self, JournalError> {
        let path = file_path(folder, number);
        let file = create_file(&path).map_err(JournalError::io("created", &path))?;
        let mut created = Self {
            file,
            path,
            number,
            lines: 0,
            bytes: 0,
        };
        created.append(line)?;
        sync_folder(folder)?;
        Ok(created)
    }

    /// A file that is there and was read to its end.
    pub(super) fn reopen(
        folder: &Path,
        number: u64,
        lines: u64,
        bytes: u64,
    ) -> Result<Self, JournalError> {
        let path = file_path(folder, number);
        let file = OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(JournalError::io("opened", &path))?;
        Ok(Self {
            file,
            path,
            number,
            lines,
            bytes,
        })
    }

    /// Adds a line, which is on disk when this returns.
    pub(super) fn append(&mut self, line: &[u8]) -> Result<(), JournalError> {
        self.check_undisturbed()?;
        self.file
            .write_all(line)
            .map_err(JournalError::io("written", &self.path))?;
        self.file.sync_data().map_err(self.flush_failed())?;
        self.lines += 1;
        self.bytes += line.len() as u64;
        Ok(())
    }

    /// Waits until the file is on disk with all that is known of it.
    pub(super) fn sync_all(&self) -> Result<(), JournalError> {
        self.file.sync_all().map_err(self.flush_failed())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Without this, records would go on into a file that was removed and be lost with it, and whatever was added by
    /// others would be found only when the journal is verified.
    fn check_undisturbed(&self) -> Result<(), JournalError> {
        let disturbed = |found: String| JournalError::Disturbed {
            path: self.path.clone(),
            expected: format!("the {} bytes that were written", self.bytes),
            found,
        };
        let open = self
            .file
            .metadata()
            .map_err(JournalError::io("read", &self.path))?;
        match fs::metadata(&self.path) {
            Ok(named) if !is_same(&open, &named) => {
                Err(disturbed("another file in its place".to_owned()))
            }
            Ok(_) if open.len() != self.bytes => Err(disturbed(format!("{} bytes", open.len()))),
            Ok(_) => Ok(()),
            Err(error) => Err(disturbed(error.to_string())),
        }
    }

    fn flush_failed(&self) -> impl Fn(std::io::Error) -> JournalError {
        |source| JournalError::Flush {
            path: self.path.clone(),
            source,
        }
    }
}
