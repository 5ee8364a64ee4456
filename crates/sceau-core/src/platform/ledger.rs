use std::path::PathBuf;

/// Where the ledgers of what projects received are kept, under which key, and how far they look.
///
/// The release crate keeps them: one file a project, that has no other writer. With a ledger, people are told apart by a
/// keyed hash that is the same in every session, so that what a project receives today can be held against what it received
/// before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerSettings {
    /// The folder, made if it is not there.
    pub path: PathBuf,
    /// The name of the key, one that no permit uses and that is not the journal's.
    pub key: String,
    /// The most comparisons that one release may take; the release crate's own bound if not set.
    pub comparisons: Option<u64>,
    /// What happens beyond that bound.
    pub beyond: Beyond,
}

/// What happens to a release when looking for differences of three sets of people takes too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Beyond {
    /// It is refused.
    #[default]
    Refuse,
    /// Pairs of sets are looked at, and threes no further.
    Pairs,
}

impl LedgerSettings {
    /// Ledgers in this folder, under the key of this name.
    pub fn new(path: impl Into<PathBuf>, key: &str) -> Self {
        Self {
            path: path.into(),
            key: key.to_owned(),
            comparisons: None,
            beyond: Beyond::Refuse,
        }
    }
}
