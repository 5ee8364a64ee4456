use datafusion::error::DataFusionError;
use sceau_core::QueryError;

/// Why a question gets no release. Every text says what to ask instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The question itself cannot be answered, released or not.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The answer would show rows of single persons.
    #[error(
        "a release describes groups of people, and this answer has a row a person: aggregate it (GROUP BY, count, sum, avg)"
    )]
    RowLevel,
    /// A function gives back the value of one person.
    #[error("{function} shows the value of one person: {instead}")]
    ShowsOnePerson {
        /// The function.
        function: String,
        /// What to ask instead.
        instead: &'static str,
    },
    /// A window function looks over the rows of several people.
    #[error(
        "{function} OVER looks over the rows of several people before they are aggregated: put the person's identifier \
         in its PARTITION BY, or use it on the aggregated cells"
    )]
    Window {
        /// The function.
        function: String,
    },
    /// The answer would hold several tables of cells, of which one may be computed back from another.
    #[error(
        "one release holds one table of cells: {found} could be subtracted from it; count both in one aggregate (FILTER, \
         CASE, GROUPING SETS), match people with IN or EXISTS, or ask for each in a release of its own"
    )]
    Margins {
        /// What was found.
        found: &'static str,
    },
    /// A subquery would let other people's rows decide what is counted.
    #[error("{found} decides by the rows of other people: {instead}")]
    Subquery {
        /// What kind of subquery.
        found: &'static str,
        /// What to ask instead.
        instead: &'static str,
    },
    /// A table that holds no person is read without the table that does.
    #[error("{table} holds no person: join {parent} on {}", .on.join(", "))]
    UnlinkedDetail {
        /// The table.
        table: String,
        /// The table to join.
        parent: String,
        /// The columns to join on, all of them.
        on: Vec<String>,
    },
    /// Something that is not known to be safe.
    #[error("{what} cannot be released: {instead}")]
    NotReleasable {
        /// What was asked.
        what: String,
        /// What to ask instead.
        instead: &'static str,
    },
    /// The release is larger than it may be.
    #[error(
        "the release has more than {limit} cells: group by fewer or coarser columns, or narrow the question with WHERE"
    )]
    TooManyCells {
        /// The most cells that a release may have.
        limit: usize,
    },
    /// What has to be withheld beside totals, so that what is withheld cannot be computed back, takes too long to find.
    #[error(
        "the release has too many totals to find what has to be withheld beside them: name the totals that are needed \
         (GROUPING SETS in place of CUBE), group by fewer or coarser columns, or narrow the question with WHERE"
    )]
    TooManyTotals,
    /// The release is larger than it may be.
    #[error(
        "the release has more than {limit} bytes: ask for fewer columns, group by fewer or coarser ones, or narrow the \
         question with WHERE"
    )]
    TooManyBytes {
        /// The most bytes that a release may have.
        limit: usize,
    },
    /// A person decides on it.
    #[error("the release waits as {id}: {reason}")]
    Quarantined {
        /// What it is asked for by, once it is decided.
        id: String,
        /// What is told to whoever asked.
        reason: String,
    },
    /// It was decided that it does not leave.
    #[error("the release was refused: {reason}")]
    Refused {
        /// The reason that was given.
        reason: String,
    },
    /// The platform's reviewer failed.
    #[error(
        "the release could not be put before who decides on it, so it does not leave: ask again later"
    )]
    NotReviewed,
    /// Holding the release against what the project received before would take too long.
    #[error(
        "holding this release against what the project received before takes more than {limit} comparisons: \
         ask for fewer cells at a time"
    )]
    TooManyDifferences {
        /// The most comparisons that a release may take.
        limit: u64,
    },
    /// The ledger of what the project received cannot be read or written.
    #[error(
        "what this project received before cannot be looked up, so nothing leaves: the platform's operator finds the reason \
         in the log"
    )]
    NoLedger,
    /// The question failed on a value that may not be shown, so neither may the reason.
    #[error(
        "the question failed while it read rows of single persons; why is not shown, since the reason may hold a value: \
             avoid casts, divisions and the like on columns, or guard them (TRY_CAST, NULLIF)"
    )]
    Hidden,
    /// The checks are not in the plan that would run, so it was not run.
    #[error("the checks of this release were not enforced, so nothing was read")]
    NotChecked,
    /// A fault of the engine.
    #[error("the engine failed on this question")]
    Engine,
}

impl ReleaseError {
    /// The kind of reason, as programs read it; its text is stable, and there may be new ones. Of a question that cannot be
    /// answered either, it is the code of [`QueryError`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::Query(error) => error.code().as_str(),
            Self::RowLevel => "row_level",
            Self::ShowsOnePerson { .. } => "shows_one_person",
            Self::Window { .. } => "window",
            Self::Margins { .. } => "margins",
            Self::Subquery { .. } => "subquery",
            Self::UnlinkedDetail { .. } => "unlinked_detail",
            Self::NotReleasable { .. } => "not_releasable",
            Self::TooManyCells { .. } => "too_many_cells",
            Self::TooManyTotals => "too_many_totals",
            Self::TooManyBytes { .. } => "too_many_bytes",
            Self::Quarantined { .. } => "quarantined",
            Self::Refused { .. } => "refused",
            Self::NotReviewed => "not_reviewed",
            Self::TooManyDifferences { .. } => "too_many_differences",
            Self::NoLedger => "no_ledger",
            Self::Hidden => "hidden_failure",
            Self::NotChecked => "not_checked",
            Self::Engine => "internal",
        }
    }

    pub(super) fn not_releasable(what: impl Into<String>, instead: &'static str) -> Self {
        Self::NotReleasable {
            what: what.into(),
            instead,
        }
    }
}

impl From<DataFusionError> for ReleaseError {
    /// While a plan is rewritten nothing is read; a failure there is a fault of the pass, and its text names columns.
    fn from(error: DataFusionError) -> Self {
        tracing::error!(%error, "a release could not be planned");
        Self::Engine
    }
}
