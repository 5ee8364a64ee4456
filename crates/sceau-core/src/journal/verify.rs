use std::path::Path;

use chrono::{DateTime, Utc};

use super::Entry;
use super::chain::Chain;
use super::finding::VerifyError;
use super::folder::{file_name, numbers};
use super::head::Head;
use super::lines::{Lines, Next};
use super::record::{Content, Torn};
use crate::pseudonym::ProjectKey;

/// What a journal is, when nothing is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How many records there are: the entries, and one that opens each file.
    pub records: u64,
    /// How many of them are entries.
    pub entries: u64,
    /// How many files.
    pub files: u64,
    /// The time of the first record.
    pub first: DateTime<Utc>,
    /// The time of the last one.
    pub last: DateTime<Utc>,
    /// The end: the next anchor.
    pub head: Head,
    /// Records at the end that were not finished: more than one if the journal could not be taken up in between. None
    /// stands for something that happened, since the writer was not told that it was recorded. While the journal has a
    /// writer, this can also be a record that is being written.
    pub torn: Vec<Torn>,
    /// Records that were not finished, and after which the journal was taken up.
    pub set_aside: Vec<Torn>,
}

/// An entry of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The record's place in the journal; the first is 1.
    pub sequence: u64,
    /// When it was written.
    pub time: DateTime<Utc>,
    /// The file's name.
    pub file: String,
    /// The line there, counted from 1.
    pub line: u64,
    /// What was recorded.
    pub entry: Entry,
}

/// Checks every record of a journal, from its first one to `anchor` and beyond.
///
/// The journal can have a writer meanwhile.
///
/// # Errors
///
/// [`VerifyError::Damaged`] with all that is wrong, each with its file and line; [`VerifyError::Empty`] if there is no
/// record; [`VerifyError::Read`].
///
/// ```
/// use sceau_core::journal::{Entry, Event, Journal, JournalConfig, VerifyError, verify};
/// use sceau_core::pseudonym::ProjectKey;
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// # let key = ProjectKey::new(vec![7; 32], 1)?;
/// let journal = Journal::open(JournalConfig::new(folder), key.clone())?;
/// journal.append(&Entry::new(Event::Opened, "ana", "diab-2031", "9f86d081884c7d65"))?;
///
/// let file = folder.join("journal-000001.jsonl");
/// let text = std::fs::read_to_string(&file)?;
/// std::fs::write(&file, text.replace("ana", "luc"))?;
///
/// let error = verify(folder, &key, None).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "journal-000001.jsonl:2: expected record 2, found a line that is not authentic",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(
    folder: &Path,
    key: &ProjectKey,
    anchor: Option<&Head>,
) -> Result<Verified, VerifyError> {
    read(folder, key, anchor, |_| {})
}

/// The same, and hands out every entry that is authentic, in the order in which they stand.
///
/// What is wrong further on is known at the end only: nothing should be concluded from the entries before this returns.
///
/// # Errors
///
/// As [`verify`].
pub fn read(
    folder: &Path,
    key: &ProjectKey,
    anchor: Option<&Head>,
    mut each: impl FnMut(Recorded),
) -> Result<Verified, VerifyError> {
    let numbers = numbers(folder).map_err(VerifyError::Read)?;
    let empty = || VerifyError::Empty {
        folder: folder.to_owned(),
    };
    if numbers.is_empty() {
        return Err(empty());
    }
    let files = numbers.len() as u64;
    let mut chain = Chain::whole(key, anchor);
    let (mut records, mut entries, mut last_line) = (0, 0, 0);
    let mut times: Option<(DateTime<Utc>, DateTime<Utc>)> = None;
    for number in numbers {
        chain.file(number);
        let mut lines = Lines::open(folder, number).map_err(VerifyError::Read)?;
        loop {
            let (line, bytes) = match lines.next().map_err(VerifyError::Read)? {
                Next::Line(line, bytes) => (line, bytes),
                Next::Torn(torn) => {
                    chain.torn(torn);
                    break;
                }
                Next::End => break,
            };
            let Some(record) = chain.line(line, bytes) else {
                continue;
            };
            records += 1;
            times = Some((times.map_or(record.time, |(first, _)| first), record.time));
            if let Content::Entry(entry) = record.content {
                entries += 1;
                each(Recorded {
                    sequence: record.head.sequence,
                    time: record.time,
                    file: file_name(number),
                    line,
                    entry: *entry,
                });
            }
        }
        last_line = lines.so_far().0;
    }
    let end = chain.end(last_line)?;
    let (Some((first, last)), Some(head)) = (times, end.head) else {
        return Err(empty());
    };
    Ok(Verified {
        records,
        entries,
        files,
        first,
        last,
        head,
        torn: end.torn,
        set_aside: end.set_aside,
    })
}
