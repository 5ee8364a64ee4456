use std::fmt;

use serde::{Deserialize, Serialize};

/// What the journal is told of one event: who did it, under which permit, and what came of it.
///
/// A question makes two entries that share an id: one before its answer's first batch is handed out, one when the answer
/// ends. A question that is refused makes one.
///
/// **An entry holds no data value** of its own: names of tables and columns, and counts. Three of its texts can hold one
/// all the same: `sql` and `plan`, when the researcher wrote a literal, and `error`, which is the full text that the
/// researcher did not get to see and may quote a visible value. None of them holds a stored identifier that nobody wrote:
/// what a question computes with is pseudonyms. The journal is as confidential as the data.
///
/// ```
/// use sceau_core::journal::{Entry, Event, QuestionId};
///
/// let mut asked = Entry::new(Event::Asked, "ana", "diab-2031", "9f86d081884c7d65");
/// asked.question = Some(QuestionId::from("17.1".to_owned()));
/// asked.sql = Some("SELECT count(*) FROM er_prs_f".into());
/// asked.tables = vec!["ER_PRS_F".into()];
///
/// let mut answered = asked.followed_by(Event::Answered);
/// answered.rows = Some(1);
///
/// assert_eq!(answered.question, asked.question);
/// assert_eq!(answered.sql, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Which question it happened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionId>,
    /// Who asks, as the permit names them.
    pub principal: String,
    /// The project of the permit.
    pub project: String,
    /// The hash of the permit as it stood.
    pub permit_hash: String,
    /// Which way it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<Door>,
    /// The operator who asked it in the principal's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The question as it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// The question as it was put together in code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The tables that the question reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
    /// The stored columns that are read for the question, as `TABLE.COLUMN`: those that it names and those that the permit's
    /// conditions, masks and keys need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Why it was refused or failed, as programs read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why it was refused or failed, in full: more than the researcher was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many rows were handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// How many cells were released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells_released: Option<u64>,
    /// How many cells were withheld from a release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells_withheld: Option<u64>,
    /// Who decided that it leaves, where a person had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

impl Entry {
    /// An entry that says who and what, to be filled with what else is known.
    pub fn new(
        event: Event,
        principal: impl Into<String>,
        project: impl Into<String>,
        permit_hash: impl Into<String>,
    ) -> Self {
        Self {
            event,
            question: None,
            door: None,
            operator: None,
            plan: None,
            principal: principal.into(),
            project: project.into(),
            permit_hash: permit_hash.into(),
            sql: None,
            tables: vec![],
            columns: vec![],
            code: None,
            error: None,
            rows: None,
            cells_released: None,
            cells_withheld: None,
            decided_by: None,
            duration_ms: None,
        }
    }

    /// A later entry about the same question: the id and who asks are the same, all else is to be filled.
    pub fn followed_by(&self, event: Event) -> Self {
        Self {
            question: self.question.clone(),
            ..Self::new(event, &self.principal, &self.project, &self.permit_hash)
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A session was opened.
    Opened,
    /// A question was admitted; none of its answer was handed out yet.
    Asked,
    /// A question was not admitted, and nothing was read for it.
    Refused,
    /// An answer was handed out to its end, inside the environment.
    Answered,
    /// Whoever asked let the answer go before its end.
    Abandoned,
    /// An answer left the environment.
    Released,
    /// A question was admitted, and its answer failed.
    Failed,
}

/// Which way a question came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Door {
    /// SQL that is answered with rows, inside the environment.
    Sql,
    /// A plan that was built in code and is answered with rows, inside the environment.
    Plan,
    /// How a question would be answered.
    Explain,
    /// The names of the authorised tables and columns.
    Names,
    /// A release.
    Release,
    /// The operator, who sees how the question is run and no row.
    Operator,
}

/// Ties the entries of one question together.
///
/// [`Journal::question`](super::Journal::question) gives one that is unique in its journal; an application that has its own
/// way to name a request can use that.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuestionId(String);

impl From<String> for QuestionId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl QuestionId {
    /// The id as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
