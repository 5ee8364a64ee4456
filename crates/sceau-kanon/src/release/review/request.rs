use serde::{Deserialize, Serialize};

use crate::release::Report;

/// What is kept of a quarantined release beside its table and its reports: `request.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) id: String,
    pub(super) project: String,
    pub(super) principal: String,
    /// RFC 3339.
    pub(super) asked_at: String,
    pub(super) question: String,
    /// SHA-256 of `table.parquet`, in hexadecimal.
    pub(super) table: String,
    pub(super) measures: Vec<bool>,
    pub(super) mark: Option<String>,
    pub(super) report: Report,
}

/// A release that waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What it is decided on by.
    pub id: String,
    /// The project that it is for.
    pub project: String,
    /// Who asked.
    pub principal: String,
    /// When, as RFC 3339 in UTC.
    pub asked_at: String,
    /// The question as it was typed.
    pub question: String,
}

impl From<Request> for Waiting {
    fn from(request: Request) -> Self {
        Self {
            id: request.id,
            project: request.project,
            principal: request.principal,
            asked_at: request.asked_at,
            question: request.question,
        }
    }
}
