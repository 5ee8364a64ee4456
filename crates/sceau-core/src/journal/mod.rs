//! What was asked and what was decided: an append-only record that shows whether somebody touched it.
//!
//! A platform writes an [`Entry`] when it admits or refuses a question, before anything of the answer is handed out, and
//! another one under the same id when the answer ends. The officer who reviews them [`verify`]s the folder first.
//!
//! ```
//! use sceau_core::journal::{Entry, Event, Journal, JournalConfig, read, verify};
//! use sceau_core::pseudonym::ProjectKey;
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let key = ProjectKey::new((0..32).collect(), ProjectKey::FIRST_VERSION)?;
//! let journal = Journal::open(JournalConfig::new(folder), key.clone())?;
//!
//! let mut asked = Entry::new(Event::Asked, "ana", "diab-2031", "9f86d081884c7d65");
//! asked.question = Some(journal.question());
//! asked.sql = Some("SELECT count(*) FROM er_prs_f".into());
//! journal.append(&asked)?; // on the disk from here on: the answer may be handed out
//!
//! let mut answered = asked.followed_by(Event::Answered);
//! answered.rows = Some(1);
//! let anchor = journal.append(&answered)?.head; // to be kept elsewhere
//!
//! let verified = verify(folder, &key, Some(&anchor))?;
//! assert_eq!((verified.entries, verified.head), (2, anchor));
//!
//! let mut of_ana = 0;
//! read(folder, &key, Some(&anchor), |recorded| {
//!     of_ana += u64::from(recorded.entry.principal == "ana");
//! })?;
//! assert_eq!(of_ana, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Format
//!
//! A journal is a folder of files `journal-000001.jsonl`, `journal-000002.jsonl` and so on, and an empty `journal.lock`.
//! Each line is a record, and plain JSON:
//!
//! ```json
//! {"seq":1,"time":"2031-03-04T09:00:00.000000Z","prev":"000…","file":{"number":1,"format":1},"mac":"5d0…"}
//! {"seq":2,"time":"2031-03-04T09:00:00.000412Z","prev":"5d0…","entry":{"event":"asked","principal":"ana",…},"mac":"c81…"}
//! ```
//!
//! - `seq` counts the records of the whole journal from 1, without a gap.
//! - `time` is the writer's clock, in UTC. It is not checked: clocks are put back.
//! - `prev` is the `mac` of the record before, across files; 64 zeros in the first.
//! - `mac` is HMAC-SHA-256 under the journal's key of 0x1F, `journal`, 0x1F and the bytes of the line before `,"mac":`, in
//!   hexadecimal.
//! - The first record of each file holds `file` and not `entry`: the file's number and, after a crash, `set_aside`, which
//!   says which torn bytes stand at the end of the file before, with their SHA-256.
//!
//! # What is found
//!
//! Whoever does not have the key cannot change, add, remove, repeat, move or shorten a record, nor rename, copy, empty or
//! remove a file, without [`verify`] naming the file and line, except for what the next section says of the end.
//!
//! # What is not found
//!
//! - **Records cut from the end, without an anchor.** A journal that was cut after any of its records looks like one that
//!   was never longer, and so does one that was put back to an older copy, or removed as a whole and begun again. The
//!   [`Head`] kept elsewhere is the anchor that shows it; what was written after the anchor was taken can still be cut.
//!   Cut in the middle of its last record, a journal looks as after a crash.
//! - **Anything done by whoever has the key**: they can write another journal. An anchor that they cannot reach still shows
//!   that its record, and therefore every one before it, is not what it was. The key can be the one that a
//!   [`KeyProvider`](crate::pseudonym::KeyProvider) gives under a name that no permit uses.
//! - **What was never written.** The journal knows what its writer was told; that no question goes around it is for the
//!   session to see to.
//! - **When.** A wrong clock makes wrong times.
//!
//! Old files cannot be removed, and a journal has one key from its first record to its last. To begin afresh, take another
//! folder, and keep the old folder's head.
//!
//! # Crashes
//!
//! A record is on the disk before [`Journal::append`] returns, as far as the disk tells the truth. A process that is killed,
//! or a disk that is full, can leave a last record torn: bytes that no newline ends. They are never cut off or written over:
//! the next writer begins a new file, whose first record accounts for them, and [`verify`] reports them as
//! [`Verified::torn`] before and as [`Verified::set_aside`] after. A power failure can leave a last line that has its newline
//! and not all of its bytes; that cannot be told from a change, and is reported as one.
//!
//! # Limits
//!
//! - The lock is advisory, and on some network file systems it does not reach other machines. Two writers that got past it
//!   make two histories, which each of them meets in its next append, and [`verify`] finds.
//! - A record has 16 MiB at most.
//! - Appends are made one after the other, each with a `fsync` of its own: the disk sets the pace.

mod chain;
mod entry;
mod error;
mod file;
mod finding;
mod folder;
mod head;
mod lines;
mod record;
mod resume;
mod stored;
mod verify;
mod writer;

pub use entry::{Door, Entry, Event, QuestionId};
pub use error::JournalError;
pub use finding::{Damage, Finding, Problem, VerifyError};
pub use head::{Head, HeadError, RecordMac};
pub use record::Torn;
pub use stored::StoredJournal;
pub use verify::{Recorded, Verified, read, verify};
pub use writer::{Journal, JournalConfig, Receipt};

#[cfg(test)]
mod tests;
