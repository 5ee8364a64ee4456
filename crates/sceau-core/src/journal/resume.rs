use std::path::Path;

use super::JournalError;
use super::chain::Chain;
use super::file::OpenFile;
use super::folder::{numbers, sync_folder};
use super::head::Head;
use super::lines::{Lines, Next};
use super::record::Torn;
use crate::pseudonym::ProjectKey;

/// Where a writer takes up a journal.
pub(super) struct Tail {
    /// The last record that is whole.
    pub(super) head: Head,
    /// The last file's number; 0 if there is none.
    pub(super) last_file: u64,
    /// The last file, if it can be written on: it ends in a whole record.
    pub(super) file: Option<OpenFile>,
    /// What a crash left after the last whole record. It stays there, and the next file says so.
    pub(super) set_aside: Vec<Torn>,
}

/// Finds the end of a journal, and checks the file in which its last whole record is.
///
/// Earlier files are not read: that is for [`verify`](super::verify), which takes as long as the journal is.
pub(super) fn tail(folder: &Path, key: &ProjectKey) -> Result<Tail, JournalError> {
    let numbers = numbers(folder)?;
    let last_file = numbers.last().copied().unwrap_or(0);
    let mut set_aside = vec![];
    for number in numbers.into_iter().rev() {
        let mut lines = Lines::open(folder, number)?;
        let mut chain = Chain::middle(key);
        chain.file(number);
        let torn = loop {
            match lines.next()? {
                Next::Line(line, bytes) => drop(chain.line(line, bytes)),
                Next::End => break None,
                Next::Torn(torn) => break Some(torn),
            }
        };
        let (count, bytes) = lines.so_far();
        let file = OpenFile::reopen(folder, number, count, bytes)?;
        // A process that was killed may have left here what never reached the disk; the chain is to go on from what did.
        file.sync_all()?;
        let whole = torn.is_none();
        set_aside.extend(torn);
        if count == 0 {
            continue;
        }
        let end = chain
            .end(count)
            .map_err(|damage| JournalError::damaged(folder, damage))?;
        sync_folder(folder)?;
        set_aside.reverse();
        return Ok(Tail {
            head: end.head.unwrap_or(Head::START),
            last_file,
            file: (whole && number == last_file).then_some(file),
            set_aside,
        });
    }
    set_aside.reverse();
    Ok(Tail {
        head: Head::START,
        last_file,
        file: None,
        set_aside,
    })
}
