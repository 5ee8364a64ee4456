//! A person between a release and the outside.
//!
//! The CNIL's reference methodology MR-005 (SEC-EXP-1 to 3) asks that only anonymous data are exported, that an export is
//! approved beforehand, and that one that is flagged raises an alert, is put in quarantine and is looked at by a person. The
//! library checks what a program can check; a [`ReleaseReviewer`] is where a platform puts the rest.

mod decision;
mod error;
mod quarantine;
mod request;

use std::fmt;

use async_trait::async_trait;

pub use decision::{Decision, Verdict};
pub use error::QuarantineError;
pub use quarantine::Quarantine;
pub use request::Waiting;

use super::{Dossier, Release, ReleaseError};

/// Decides on a release before it leaves.
///
/// ```
/// use sceau_kanon::{Dossier, Release, ReleaseReviewer, Review, ReviewFailed};
///
/// /// Lets nothing leave of which more than a fifth had to be withheld.
/// #[derive(Debug)]
/// struct MostlyThere;
///
/// #[async_trait::async_trait]
/// impl ReleaseReviewer for MostlyThere {
///     async fn review(&self, _: &Release, dossier: &Dossier) -> Result<Review, ReviewFailed> {
///         Ok(if dossier.report().share_withheld > 0.2 {
///             Review::refuse("group by coarser columns")
///         } else {
///             Review::Approve
///         })
///     }
/// }
/// ```
#[async_trait]
pub trait ReleaseReviewer: fmt::Debug + Send + Sync {
    /// Sees the table that would leave, and the report for who signs. What is decided, and in which words, is told to whoever
    /// asked: it must not tell what was withheld.
    ///
    /// # Errors
    /// When it cannot be decided now: the release does not leave.
    async fn review(&self, release: &Release, dossier: &Dossier) -> Result<Review, ReviewFailed>;
}

/// What is decided on a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Review {
    /// It leaves.
    Approve,
    /// It waits for a person, and can be asked for by this id later.
    Quarantine {
        /// What it is asked for by.
        id: String,
        /// What is told to whoever asked.
        reason: String,
    },
    /// It does not leave.
    Refuse {
        /// What is told to whoever asked.
        reason: String,
    },
}

impl Review {
    /// It does not leave, for this reason.
    pub fn refuse(reason: impl Into<String>) -> Self {
        Self::Refuse {
            reason: reason.into(),
        }
    }
}

/// A release could not be decided on. The text goes to the log of the platform, not to whoever asked.
#[derive(Debug, thiserror::Error)]
#[error("the release could not be decided on: {0}")]
pub struct ReviewFailed(Box<dyn std::error::Error + Send + Sync>);

impl ReviewFailed {
    /// For this reason: an error or a text.
    pub fn new(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

/// Hands nothing out unless it is approved.
pub(super) async fn reviewed(
    reviewer: &dyn ReleaseReviewer,
    release: &Release,
    dossier: &Dossier,
) -> Result<(), ReleaseError> {
    match reviewer.review(release, dossier).await {
        Ok(Review::Approve) => Ok(()),
        Ok(Review::Quarantine { id, reason }) => Err(ReleaseError::Quarantined { id, reason }),
        Ok(Review::Refuse { reason }) => Err(ReleaseError::Refused { reason }),
        Err(error) => {
            tracing::error!(%error, "a release was not reviewed and did not leave");
            Err(ReleaseError::NotReviewed)
        }
    }
}
