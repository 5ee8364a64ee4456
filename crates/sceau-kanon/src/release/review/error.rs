use sceau_core::QueryError;

/// Why a quarantined release is not handed out, or a decision not taken. No text holds a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuarantineError {
    /// There is no such release, or it is another project's, which looks the same.
    #[error("there is no release {id}")]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// Nobody has decided yet.
    #[error("nobody has decided on release {id} yet")]
    Undecided {
        /// What was asked for.
        id: String,
    },
    /// It was decided that it does not leave.
    #[error("release {id} was refused: {reason}")]
    Refused {
        /// What was asked for.
        id: String,
        /// The reason that was given.
        reason: String,
    },
    /// It was decided already, and a decision stands.
    #[error("release {id} is decided already")]
    Decided {
        /// What was to be decided on.
        id: String,
    },
    /// A decision that is none: it names nobody, names who asked, or was made on something else.
    #[error("the decision on release {id} does not count: {reason}")]
    Invalid {
        /// What was decided on.
        id: String,
        /// Why it does not count.
        reason: &'static str,
    },
    /// What is stored is not what was put in quarantine.
    #[error("what is stored of release {id} is not what was put there")]
    Changed {
        /// What was asked for.
        id: String,
    },
    /// The session may not ask any more.
    #[error(transparent)]
    Session(#[from] QueryError),
    /// The store of the quarantine cannot be used.
    #[error("the quarantine cannot be reached")]
    Store,
}

impl QuarantineError {
    /// The kind of reason, as programs read it; its text is stable, and there may be new ones.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_release",
            Self::Undecided { .. } => "undecided",
            Self::Refused { .. } => "refused",
            Self::Decided { .. } => "decided",
            Self::Invalid { .. } => "invalid_decision",
            Self::Changed { .. } => "changed",
            Self::Session(error) => error.code().as_str(),
            Self::Store => "unavailable",
        }
    }

    pub(super) fn store(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "the quarantine cannot be reached");
        Self::Store
    }
}
