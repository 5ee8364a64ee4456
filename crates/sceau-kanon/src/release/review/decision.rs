use serde::{Deserialize, Serialize};

use super::QuarantineError;
use super::request::Request;

/// What a person decided on a quarantined release: `decision.json` beside it.
///
/// ```json
/// { "id": "5f0c…", "table": "9b74…", "verdict": "approve", "by": "marie", "reason": "no small groups" }
/// ```
///
/// `id` and `table` are those of `request.json`: a decision holds for the table that was looked at and for no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub(super) id: String,
    pub(super) table: String,
    pub(super) verdict: Verdict,
    pub(super) by: String,
    pub(super) reason: String,
}

/// Whether a release may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may.
    Approve,
    /// It may not.
    Refuse,
}

impl Decision {
    pub(super) fn on(request: &Request, verdict: Verdict, by: &str, reason: &str) -> Self {
        Self {
            id: request.id.clone(),
            table: request.table.clone(),
            verdict,
            by: by.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// Whether it may leave.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Who decided.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Why; whoever asked is told, if it was refused.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether the decision is on this request, by somebody else than who asked.
    pub(super) fn check(&self, request: &Request) -> Result<(), QuarantineError> {
        let invalid = |reason| {
            Err(QuarantineError::Invalid {
                id: request.id.clone(),
                reason,
            })
        };
        if self.id != request.id || self.table != request.table {
            return invalid("it was made on another table");
        }
        if self.by.trim().is_empty() {
            return invalid("it does not say who decided");
        }
        if self.by.trim().to_lowercase() == request.principal.trim().to_lowercase() {
            return invalid("nobody decides on their own release");
        }
        Ok(())
    }
}
