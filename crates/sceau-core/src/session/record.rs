//! The entries that one question leaves in the journal.
//!
//! ```text
//! Asked     before the first batch is handed out     Refused   it was not admitted
//! Answered  at its end      Failed  its answer failed      Abandoned  whoever asked let it go      Released  it left
//! ```
//!
//! A question whose answer was begun and that has no second entry was cut off with the process.

use std::fmt::Write as _;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use datafusion::logical_expr::LogicalPlan;

use super::error::QueryError;
use super::failure::Failure;
use super::stack::on_large_stack_now;
use super::touched::Touched;
use crate::journal::{Door, Entry, Event, Journal, JournalError};
use crate::permit::Permit;
use crate::platform::Platform;

/// The longest text of a question in bytes. As JSON it fits in a record whatever its characters.
pub(super) const LONGEST_QUESTION: usize = 2 << 20;

/// What is kept of an error or of a plan that was built in code.
const LONGEST_TEXT: usize = 64 << 10;

/// What is kept of a person's name.
const LONGEST_NAME: usize = 1 << 10;

/// Writes one question's entries: whatever becomes of it, and wherever it is let go of.
#[derive(Debug)]
pub(super) struct Record {
    journal: Option<Arc<Journal>>,
    begun: Instant,
    /// Who asks what, as far as it is known.
    asked: Entry,
    stage: Stage,
    pending: Arc<Mutex<Pending>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begun,
    Asked,
    Ended,
}

/// An entry that another thread is writing, and the one that has to follow it if the question is let go of meanwhile.
#[derive(Debug, Default)]
struct Pending {
    writing: bool,
    then: Option<Entry>,
}

impl Record {
    pub(super) fn begin(platform: &Platform, principal: &str, permit: &Permit, door: Door) -> Self {
        let journal = platform.journal().map(Arc::clone);
        let mut asked = Entry::new(Event::Asked, principal, permit.project(), permit.hash());
        asked.question = journal.as_ref().map(|journal| journal.question());
        asked.door = Some(door);
        Self {
            journal,
            begun: Instant::now(),
            asked,
            stage: Stage::Begun,
            pending: Arc::default(),
        }
    }

    /// The text of the question. One that is too long is refused, and its beginning recorded.
    pub(super) fn sql(mut self, text: &str) -> Self {
        if self.journal.is_some() {
            self.asked.sql = Some(beginning(text, LONGEST_QUESTION));
        }
        self
    }

    /// The question as a plan that was built in code.
    pub(super) fn plan(mut self, plan: &LogicalPlan) -> Self {
        if self.journal.is_some() {
            let mut text = Bounded::new(LONGEST_TEXT);
            // What does not fit is left out.
            let _ = on_large_stack_now(|| write!(text, "{}", plan.display_indent()));
            self.asked.plan = Some(text.finish());
        }
        self
    }

    /// The operator asks, in the principal's place.
    pub(super) fn operator(mut self, name: &str) -> Self {
        self.asked.operator = Some(name.to_owned());
        self
    }

    /// A person decided that it leaves.
    pub(super) fn decided_by(mut self, name: &str) -> Self {
        self.asked.decided_by = Some(beginning(name, LONGEST_NAME));
        self
    }

    pub(super) fn through(&mut self, door: Door) {
        self.asked.door = Some(door);
    }

    /// The permit as it turned out to be now.
    pub(super) fn under(&mut self, permit: &Permit) {
        permit.project().clone_into(&mut self.asked.project);
        permit.hash().clone_into(&mut self.asked.permit_hash);
    }

    /// What will be read for it.
    pub(super) fn reads(&mut self, touched: Touched) {
        self.asked.tables = touched.tables.into_iter().collect();
        self.asked.columns = touched.columns.into_iter().collect();
    }

    pub(super) fn is_asked(&self) -> bool {
        self.stage != Stage::Begun
    }

    /// The question is admitted. Nothing of its answer may be handed out before this returns.
    pub(super) async fn asked(&mut self) -> Result<(), Failure> {
        // From here on, letting go of it is an event of its own.
        self.stage = Stage::Asked;
        let written = self.write(self.asked.clone()).await;
        if written.is_err() {
            self.stage = Stage::Begun;
        }
        written
    }

    /// The answer was handed out to its end.
    pub(super) async fn answered(&mut self, rows: Option<u64>) -> Result<(), Failure> {
        let mut entry = self.end(Event::Answered);
        entry.rows = rows;
        self.write(entry).await
    }

    /// The answer is to leave the environment, once this returns.
    pub(super) async fn released(&mut self, released: u64, withheld: u64) -> Result<(), Failure> {
        let mut entry = self.end(Event::Released);
        entry.cells_released = Some(released);
        entry.cells_withheld = Some(withheld);
        self.write(entry).await
    }

    /// It is refused, or its answer failed. Gives what may be shown of it.
    pub(super) async fn failed(&mut self, failure: Failure) -> QueryError {
        let code = failure.shown.code().as_str();
        match self.failed_with(code, &failure.full).await {
            Ok(()) => failure.shown,
            Err(unrecorded) => unrecorded.shown,
        }
    }

    /// The same, for a reason that is no error of a session.
    pub(super) async fn failed_with(&mut self, code: &str, full: &str) -> Result<(), Failure> {
        let entry = self.failure(code, full);
        self.write(entry).await
    }

    /// The same where nothing can be waited for but the disk.
    pub(super) fn failed_now(&mut self, failure: Failure) -> QueryError {
        let entry = self.failure(failure.shown.code().as_str(), &failure.full);
        let written = match &self.journal {
            Some(journal) => journal.append(&entry).map(drop),
            None => Ok(()),
        };
        match written {
            Ok(()) => failure.shown,
            Err(error) => Failure::not_recorded(&error).shown,
        }
    }

    fn failure(&mut self, code: &str, full: &str) -> Entry {
        let event = match self.stage {
            Stage::Begun => Event::Refused,
            Stage::Asked | Stage::Ended => Event::Failed,
        };
        let mut entry = self.end(event);
        entry.code = Some(code.to_owned());
        entry.error = Some(beginning(full, LONGEST_TEXT));
        entry
    }

    /// The entry of an end. One that is the question's only entry says what was asked.
    fn end(&mut self, event: Event) -> Entry {
        let mut entry = match self.stage {
            Stage::Begun => Entry {
                event,
                ..self.asked.clone()
            },
            Stage::Asked | Stage::Ended => self.asked.followed_by(event),
        };
        self.stage = Stage::Ended;
        entry.duration_ms = u64::try_from(self.begun.elapsed().as_millis()).ok();
        entry
    }

    /// Writes an entry, which is on the disk when this returns, on a thread that may wait.
    async fn write(&self, entry: Entry) -> Result<(), Failure> {
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return recorded(journal.append(&entry).map(drop));
        };
        let (journal, pending) = (Arc::clone(journal), Arc::clone(&self.pending));
        lock(&pending).writing = true;
        let writer = runtime.spawn_blocking(move || {
            let written = journal.append(&entry);
            let mut pending = lock(&pending);
            pending.writing = false;
            if let Some(then) = pending.then.take() {
                abandon(&journal, &then);
            }
            written.map(drop)
        });
        match writer.await {
            Ok(written) => recorded(written),
            Err(error) => {
                lock(&self.pending).writing = false;
                tracing::error!(%error, "the journal was not written");
                Err(QueryError::not_recorded().into())
            }
        }
    }
}

impl Drop for Record {
    /// Whoever asked let go of the question. This waits for the disk: nothing else can be waited for here.
    fn drop(&mut self) {
        let Some(journal) = self.journal.take() else {
            return;
        };
        if self.stage == Stage::Ended {
            return;
        }
        let entry = self.end(Event::Abandoned);
        let mut pending = lock(&self.pending);
        if pending.writing {
            pending.then = Some(entry);
        } else {
            abandon(&journal, &entry);
        }
    }
}

fn abandon(journal: &Journal, entry: &Entry) {
    if let Err(error) = journal.append(entry) {
        tracing::error!(%error, "the journal cannot be written");
    }
}

fn recorded(written: Result<(), JournalError>) -> Result<(), Failure> {
    written.map_err(|error| Failure::not_recorded(&error))
}

fn lock(pending: &Mutex<Pending>) -> std::sync::MutexGuard<'_, Pending> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As much of a text as fits, and how long it was if that is not all.
fn beginning(text: &str, most: usize) -> String {
    let mut kept = Bounded::new(most);
    if kept.write_str(text).is_ok() {
        return kept.finish();
    }
    format!("{}… ({} bytes in all)", kept.text, text.len())
}

/// A text that takes so many bytes and no more.
struct Bounded {
    text: String,
    most: usize,
    full: bool,
}

impl Bounded {
    fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            most,
            full: false,
        }
    }

    fn finish(mut self) -> String {
        if self.full {
            self.text.push('…');
        }
        mem::take(&mut self.text)
    }
}

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, more: &str) -> std::fmt::Result {
        let room = self.most - self.text.len();
        if more.len() <= room {
            self.text.push_str(more);
            return Ok(());
        }
        self.full = true;
        self.text.push_str(&more[..more.floor_char_boundary(room)]);
        Err(std::fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        assert_eq!(beginning("étés", 4), "ét… (6 bytes in all)");
        assert_eq!(beginning("étés", 6), "étés");
        let mut text = Bounded::new(3);
        assert!(text.write_str("ab").is_ok() && text.write_str("éa").is_err());
        assert_eq!(text.finish(), "ab…");
    }

    #[test]
    fn the_longest_question_fits_in_a_record_whatever_its_characters() {
        // JSON needs six bytes at most for one.
        const { assert!(6 * (LONGEST_QUESTION + LONGEST_TEXT + LONGEST_NAME) < 14 << 20) }
    }
}
