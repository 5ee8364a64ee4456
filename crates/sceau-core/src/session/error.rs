use chrono::NaiveDate;

use crate::config::ConfigError;
use crate::enforce::Refusal;
use crate::journal::JournalError;
use crate::sql::SqlError;

/// Why a session cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The permit does not name who asks.
    #[error("the permit of {project} does not name {principal}")]
    NotNamed {
        /// Who asks.
        principal: String,
        /// The project.
        project: String,
    },
    /// The permit does not hold today.
    #[error("the permit of {project} holds from {from} to {until}, and today is not in between")]
    NotValid {
        /// The project.
        project: String,
        /// Its first day.
        from: NaiveDate,
        /// Its last day.
        until: NaiveDate,
    },
    /// The permit asks for what the platform does not have, or contradicts the data model.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The platform keeps a journal, and it cannot be written.
    #[error("the session could not be recorded in the journal, so it was not opened")]
    NotRecorded(#[source] JournalError),
}

impl SessionError {
    /// The kind of reason, as programs read it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotNamed { .. } => "not_named",
            Self::NotValid { .. } => "not_valid",
            Self::Config(_) => "wrong_permit",
            Self::NotRecorded(_) => "not_recorded",
        }
    }
}

/// Why a question is not answered. Shows no hidden value, and does not tell what is denied from what does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    code: ErrorCode,
    message: String,
}

/// What kind of reason it is; its text is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The text is not SQL.
    Syntax,
    /// The text is SQL, and not one query.
    NotAQuery,
    /// The query does something, or calls a function, that is not allowed.
    NotAllowed,
    /// There is no such table under this permit.
    UnknownTable,
    /// There is no such column under this permit.
    UnknownColumn,
    /// The query contradicts itself: types that do not fit, a column that is not grouped by, a function that is not there.
    Invalid,
    /// The query fails on a value that the project may see.
    Execution,
    /// The query needs more memory or disk than it may use.
    Resources,
    /// The stored data cannot be read now.
    Unavailable,
    /// The permit no longer holds.
    Expired,
    /// The permit was changed while the session was open, and no longer allows it.
    NotPermitted,
    /// The permit allows releases only.
    RowsNotPermitted,
    /// The policies were not enforced, so nothing was read.
    NotEnforced,
    /// The question could not be recorded in the journal.
    NotRecorded,
    /// The query meets a fault of the engine: asked in another way it may be answered.
    EngineFault,
    /// The engine stopped in the middle of the query, or something of the machine failed it.
    Internal,
}

impl ErrorCode {
    /// The code as programs read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::NotAQuery => "not_a_query",
            Self::NotAllowed => "not_allowed",
            Self::UnknownTable => "unknown_table",
            Self::UnknownColumn => "unknown_column",
            Self::Invalid => "invalid",
            Self::Execution => "execution",
            Self::Resources => "resources",
            Self::Unavailable => "unavailable",
            Self::Expired => "expired",
            Self::NotPermitted => "not_permitted",
            Self::RowsNotPermitted => "rows_not_permitted",
            Self::NotEnforced => "not_enforced",
            Self::NotRecorded => "not_recorded",
            Self::EngineFault => "engine_fault",
            Self::Internal => "internal",
        }
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl QueryError {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// What kind of reason it is.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The reason in words.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn unknown_table(name: &str) -> Self {
        Self::new(
            ErrorCode::UnknownTable,
            format!("this permit grants no table {name}"),
        )
    }

    pub(super) fn not_a_query() -> Self {
        Self::new(
            ErrorCode::NotAQuery,
            "only a query (SELECT, WITH, VALUES) can be asked",
        )
    }

    pub(super) fn too_long(most: usize) -> Self {
        Self::new(
            ErrorCode::Syntax,
            format!("more than {most} bytes in one text: use a table to join"),
        )
    }

    pub(super) fn too_deep(most: usize) -> Self {
        Self::new(
            ErrorCode::NotAllowed,
            format!("a question that takes more than {most} steps one upon another is not allowed"),
        )
    }

    pub(super) fn not_one_statement() -> Self {
        Self::new(
            ErrorCode::NotAQuery,
            "exactly one query can be asked at a time",
        )
    }

    pub(super) fn refused(refusal: Refusal) -> Self {
        Self::new(ErrorCode::NotAllowed, refusal.0)
    }

    pub(super) fn rows_not_permitted() -> Self {
        Self::new(
            ErrorCode::RowsNotPermitted,
            "this permit shows no rows: ask for a release",
        )
    }

    pub(super) fn expired() -> Self {
        Self::new(ErrorCode::Expired, "the permit no longer holds")
    }

    /// The permit's file was changed and is no permit any more: nothing is answered until it is one again.
    pub(super) fn permit_is_wrong() -> Self {
        Self::new(
            ErrorCode::NotPermitted,
            "the permit was changed and cannot be read: ask the officer who wrote it",
        )
    }

    pub(super) fn no_longer_open(error: &SessionError) -> Self {
        match error {
            SessionError::NotValid { .. } => Self::expired(),
            SessionError::NotNamed { .. } => Self::new(
                ErrorCode::NotPermitted,
                "the permit no longer names who asks",
            ),
            SessionError::NotRecorded(_) => Self::not_recorded(),
            SessionError::Config(_) => Self::permit_is_wrong(),
        }
    }

    pub(super) fn not_recorded() -> Self {
        Self::new(
            ErrorCode::NotRecorded,
            "the question could not be recorded in the journal, so it is not answered",
        )
    }

    pub(super) fn another_platform() -> Self {
        Self::new(
            ErrorCode::NotAllowed,
            "the session is not one of this platform",
        )
    }

    pub(super) fn not_enforced() -> Self {
        Self::new(
            ErrorCode::NotEnforced,
            "the policies of this session were not enforced, so nothing was read",
        )
    }
}

impl From<SqlError> for QueryError {
    fn from(error: SqlError) -> Self {
        let code = match error {
            SqlError::Syntax(_) => ErrorCode::Syntax,
            SqlError::Name(_) => ErrorCode::UnknownColumn,
        };
        Self::new(code, error.to_string())
    }
}
