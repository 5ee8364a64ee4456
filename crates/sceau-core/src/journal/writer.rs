use std::fs::File;
use std::mem;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::file::OpenFile;
use super::folder::{create_folder, lock};
use super::head::Head;
use super::record::{ContentRef, FORMAT, Opening, Torn, seal};
use super::resume::{Tail, tail};
use super::{Entry, JournalError, QuestionId};
use crate::pseudonym::ProjectKey;

/// Where a journal is, and how long its files get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalConfig {
    /// The folder, made if it is not there. It should hold nothing else.
    pub folder: PathBuf,
    /// A file that would grow beyond this many bytes ends, and the next one begins. Opening a journal reads one file.
    pub rotate_bytes: u64,
}

impl JournalConfig {
    /// Files of 16 MiB in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            rotate_bytes: 16 << 20,
        }
    }
}

/// The one writer of a journal: see the [module](super) for what a journal promises.
///
/// It can be used from many threads; appends wait for each other and each waits for the disk, so that an asynchronous
/// program makes them where blocking is allowed. The folder is free for another writer once this one is dropped or its
/// process ends, however it ends.
#[derive(Debug)]
pub struct Journal {
    config: JournalConfig,
    key: ProjectKey,
    state: Mutex<State>,
    opened_at: u64,
    questions: AtomicU64,
    _lock: File,
}

/// An entry is in the journal and on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The journal's end right after the entry: its sequence number and MAC.
    pub head: Head,
    /// The time that the record says.
    pub time: DateTime<Utc>,
    /// The file that holds it.
    pub file: PathBuf,
    /// Its line there, counted from 1.
    pub line: u64,
}

impl Journal {
    /// Begins a journal, or takes one up at its end.
    ///
    /// The last file's records are checked, and the chain goes on from the last of them. A torn record after it is left
    /// where it is: a new file begins, and says in its first record what was left.
    ///
    /// # Errors
    ///
    /// [`JournalError::Locked`] if the folder has a writer; [`JournalError::Damaged`] if the last file is not what its
    /// writer left, or another key was used; [`JournalError::Io`] and [`JournalError::Flush`].
    pub fn open(config: JournalConfig, key: ProjectKey) -> Result<Self, JournalError> {
        create_folder(&config.folder)?;
        let lock = lock(&config.folder)?;
        let tail = tail(&config.folder, &key)?;
        let mut head = tail.head;
        let file = enter(&config, &key, &mut head, tail)?;
        Ok(Self {
            config,
            key,
            opened_at: head.sequence,
            questions: AtomicU64::new(0),
            state: Mutex::new(State {
                head,
                end: End::At(file),
            }),
            _lock: lock,
        })
    }

    /// Adds an entry, which is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Whatever the error, **the entry does not count as recorded**, and what it speaks of must not happen.
    /// [`JournalError::TooLarge`] concerns this entry only. After [`JournalError::Io`] and [`JournalError::Disturbed`] the
    /// next append looks at the disk again, sets aside what is torn there, and goes on if nothing is missing. After
    /// [`JournalError::Flush`] every append ends with [`JournalError::Stopped`].
    pub fn append(&self, entry: &Entry) -> Result<Receipt, JournalError> {
        let state = &mut *self.state();
        // Whatever stops this half way, a panic included, leaves an end that is looked for again.
        let mut file = match mem::replace(&mut state.end, End::Lost) {
            End::At(file) => file,
            End::Lost => self.find_end(&mut state.head)?,
            End::Stopped => {
                state.end = End::Stopped;
                return Err(JournalError::Stopped {
                    folder: self.config.folder.clone(),
                });
            }
        };
        let written = self.write(&mut state.head, &mut file, entry);
        state.end = match written {
            Ok(_) | Err(JournalError::TooLarge { .. } | JournalError::Json(_)) => End::At(file),
            Err(JournalError::Flush { .. }) => End::Stopped,
            Err(_) => End::Lost,
        };
        written
    }

    /// The journal's end as it is now, to be kept elsewhere as an anchor.
    pub fn head(&self) -> Head {
        self.state().head
    }

    /// An id for the entries of a question, which no other question of this journal has.
    ///
    /// It tells roughly how many records the journal had when it was opened, and which question since then this is.
    pub fn question(&self) -> QuestionId {
        let number = self.questions.fetch_add(1, Ordering::Relaxed) + 1;
        QuestionId::from(format!("{}.{number}", self.opened_at))
    }

    fn write(
        &self,
        head: &mut Head,
        file: &mut OpenFile,
        entry: &Entry,
    ) -> Result<Receipt, JournalError> {
        let content = ContentRef::Entry(entry);
        let mut sealed = seal(&self.key, head, &content)?;
        // A file holds one entry at least, however small files are to be.
        let grown = file.bytes() + sealed.line.len() as u64;
        if file.lines() > 1 && grown > self.config.rotate_bytes {
            *file = begin(&self.config, &self.key, head, file.number() + 1, vec![])?;
            sealed = seal(&self.key, head, &content)?;
        }
        file.append(&sealed.line)?;
        *head = sealed.head;
        Ok(Receipt {
            head: sealed.head,
            time: sealed.time,
            file: file.path().to_owned(),
            line: file.lines(),
        })
    }

    /// Looks for the end again after an append that failed, which may have left a torn record.
    fn find_end(&self, head: &mut Head) -> Result<OpenFile, JournalError> {
        let tail = tail(&self.config.folder, &self.key)?;
        if tail.head != *head {
            return Err(JournalError::Disturbed {
                path: self.config.folder.clone(),
                expected: format!("a journal that ends with record {head}"),
                found: format!("one that ends with record {}", tail.head),
            });
        }
        enter(&self.config, &self.key, head, tail)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it held this left `End::Lost`: nothing half done is relied on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct State {
    head: Head,
    end: End,
}

#[derive(Debug)]
enum End {
    /// The next record goes to this file.
    At(OpenFile),
    /// It is to be looked for on the disk.
    Lost,
    /// The disk failed.
    Stopped,
}

/// The file to go on in: the last one if it ends well, or else a new one.
fn enter(
    config: &JournalConfig,
    key: &ProjectKey,
    head: &mut Head,
    tail: Tail,
) -> Result<OpenFile, JournalError> {
    match tail.file {
        Some(file) => Ok(file),
        None => begin(config, key, head, tail.last_file + 1, tail.set_aside),
    }
}

fn begin(
    config: &JournalConfig,
    key: &ProjectKey,
    head: &mut Head,
    number: u64,
    set_aside: Vec<Torn>,
) -> Result<OpenFile, JournalError> {
    for torn in &set_aside {
        tracing::warn!(folder = %config.folder.display(), "{torn}: set aside");
    }
    let opening = Opening {
        number,
        format: FORMAT,
        set_aside,
    };
    let sealed = seal(key, head, &ContentRef::File(&opening))?;
    let file = OpenFile::create(&config.folder, number, &sealed.line)?;
    *head = sealed.head;
    Ok(file)
}
