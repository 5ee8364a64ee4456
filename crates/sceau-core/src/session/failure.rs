//! Why a question is not answered, told twice: as the one who asked may see it, and in full for the journal.

use datafusion::common::DataFusionError;

use super::error::{QueryError, SessionError};
use super::redact::{redacted, without_plan};
use crate::config::ConfigError;
use crate::enforce::{Hidden, Refusal, UnprotectedSource};
use crate::journal::JournalError;
use crate::sql::SqlError;

/// What crosses the border, and what does not.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) shown: QueryError,
    /// The full text, for the journal only.
    pub(super) full: String,
}

impl Failure {
    fn new(shown: QueryError, full: impl ToString) -> Self {
        Self {
            shown,
            full: full.to_string(),
        }
    }

    /// The engine's error on a question, before or while it runs.
    pub(super) fn of(error: &DataFusionError) -> Self {
        Self::new(redacted(error), in_full(error))
    }

    /// The engine's error while it made a physical plan.
    pub(super) fn of_planning(error: &DataFusionError) -> Self {
        Self::new(without_plan(error), in_full(error))
    }

    /// The engine stopped in the middle of a question.
    pub(super) fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let said = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied());
        Self::new(
            super::redact::panicked(),
            format!("the engine panicked: {}", said.unwrap_or("no message")),
        )
    }

    /// The permit's file was changed and is no permit any more.
    pub(super) fn permit_is_wrong(error: &ConfigError) -> Self {
        tracing::error!(%error, "a permit was changed and is wrong");
        Self::new(QueryError::permit_is_wrong(), error)
    }

    /// The permit's file was changed and no longer allows the session.
    pub(super) fn no_longer_open(error: &SessionError) -> Self {
        if let SessionError::Config(error) = error {
            return Self::permit_is_wrong(error);
        }
        Self::new(QueryError::no_longer_open(error), error)
    }

    pub(super) fn not_enforced(source: &UnprotectedSource) -> Self {
        tracing::error!(%source, "a plan was refused by the final gate");
        Self::new(QueryError::not_enforced(), source)
    }

    pub(super) fn not_recorded(error: &JournalError) -> Self {
        tracing::error!(%error, "the journal cannot be written");
        Self::new(QueryError::not_recorded(), error)
    }
}

fn in_full(error: &DataFusionError) -> String {
    let full = error.strip_backtrace();
    match Hidden::within(error).and_then(Hidden::said) {
        Some(said) => format!("{full}: {said}"),
        None => full,
    }
}

impl From<QueryError> for Failure {
    fn from(shown: QueryError) -> Self {
        Self {
            full: shown.message().to_owned(),
            shown,
        }
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        QueryError::from(error).into()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        QueryError::refused(refusal).into()
    }
}
