//! The two oracles: nothing that the permit hides shows, and answers are those of a copy of what it shows.

use std::collections::BTreeMap;

use datafusion::prelude::SessionContext;
use sceau::Session;

use crate::answers::{Answer, Closeness, agree};
use crate::ask::{explained, plain, protected};
use crate::data::World;
use crate::generate::{Form, Notes, Question};
use crate::worlds::{Setting, all_sessions, copy, settings};

/// As often is a question asked again of which two worlds gave two answers.
const AGAIN: usize = 16;

pub struct Harness {
    pub sessions: BTreeMap<World, BTreeMap<Setting, Session>>,
    pub copy: SessionContext,
    /// The same in smaller batches.
    pub copies: Vec<SessionContext>,
}

/// How one query is tried.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    pub setting: Setting,
    pub twin: World,
    pub explain: bool,
}

/// What one query showed.
pub struct Verdict {
    pub answer: Answer,
    /// Over several partitions one world alone gave either answer: which, is decided by what is read first.
    pub either_way: bool,
    pub against_copy: AgainstCopy,
    pub difference: Option<Difference>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgainstCopy {
    /// Rows were compared.
    Compared,
    /// Both failed or were refused, or what rows come depends on their order.
    CodesOnly,
    /// One failed on a value that the other, by another plan, never looked at.
    OneFailed,
    NotAsked,
}

#[derive(Debug, Clone)]
pub struct Difference {
    pub kind: &'static str,
    pub one: Answer,
    pub other: Answer,
}

impl Harness {
    pub async fn new() -> Self {
        Self {
            sessions: all_sessions().await,
            copy: copy(8_192),
            copies: [1, 4, 7, 16].map(copy).into(),
        }
    }

    /// The way in which query `n` is tried: all settings come in turn.
    pub fn trial(n: u64) -> Trial {
        let settings = settings();
        let at = usize::try_from(n).expect("fits");
        Trial {
            // 13 and the number of settings have no common divisor.
            setting: settings[(at * 13) % settings.len()],
            twin: [World::Poison, World::Moved][(at / settings.len() + at) % 2],
            explain: at.is_multiple_of(5),
        }
    }

    pub async fn judge(&self, question: &Question, trial: Trial) -> Verdict {
        let sql = question.query.to_string();
        let benign = &self.sessions[&World::Benign][&trial.setting];
        let twin = &self.sessions[&trial.twin][&trial.setting];
        let one = protected(benign, &sql).await;
        let other = protected(twin, &sql).await;
        let (mut difference, mut either_way) = (None, false);
        let close = closeness(&question.notes, &trial);
        if tells(&sql, &one) || tells(&sql, &other) {
            difference = Some(("the answer tells what it may not", one.clone(), other));
        } else if !(agree(&one, &other, close, true)
            || one_met_a_value(&one, &other, &question.notes, &trial)
            || trial.setting.partitions > 1 && a_sign_decides(&one, &other))
        {
            either_way = trial.setting.partitions > 1
                && (gives(benign, &sql, &other, close).await
                    || gives(twin, &sql, &one, close).await);
            if !either_way {
                difference = Some(("the two worlds differ", one.clone(), other));
            }
        }
        if difference.is_none() && trial.explain {
            let (shown, also) = (explained(benign, &sql).await, explained(twin, &sql).await);
            if !agree(&shown, &also, Closeness::Identical, true) {
                difference = Some(("the two worlds are explained differently", shown, also));
            }
        }
        let mut against_copy = AgainstCopy::NotAsked;
        if !question.notes.wrong {
            let expected = plain(&self.copy, &sql).await;
            let mut agrees;
            (against_copy, agrees) = against(&question.query, &question.notes, &one, &expected);
            if !agrees && one.is_rows() && expected.is_rows() {
                agrees = self.copied_otherwise(question, &one).await;
            }
            if !agrees && difference.is_none() {
                difference = Some(("the copy gives another answer", one.clone(), expected));
            }
        }
        Verdict {
            answer: one,
            either_way,
            against_copy,
            difference: difference.map(|(kind, one, other)| Difference { kind, one, other }),
        }
    }
}

impl Harness {
    /// Whether a copy gives the answer that lies in smaller batches. The sign of a computed NaN depends on where its row stands
    /// in a batch (see [`a_sign_decides`]), and decides conditions and order also where it is not shown.
    async fn copied_otherwise(&self, question: &Question, answer: &Answer) -> bool {
        let sql = question.query.to_string();
        for copy in &self.copies {
            let expected = plain(copy, &sql).await;
            if expected.is_rows() && against(&question.query, &question.notes, answer, &expected).1
            {
                return true;
            }
        }
        false
    }
}

/// In one partition nothing may differ at all. In more, hidden rows move the ranges of files that are read side by side.
fn closeness(notes: &Notes, trial: &Trial) -> Closeness {
    if trial.setting.partitions == 1 {
        Closeness::Identical
    } else if notes.by_order && notes.fallible {
        // Which rows are looked at before there are enough decides whether one is met that it fails on.
        Closeness::Nothing
    } else if notes.by_order || notes.approximate {
        Closeness::Codes
    } else {
        Closeness::Multiset
    }
}

fn against(query: &Form, notes: &Notes, answer: &Answer, expected: &Answer) -> (AgainstCopy, bool) {
    match (answer.is_rows(), expected.is_rows()) {
        (true, true) if notes.by_order || notes.approximate || a_sign_decides(answer, expected) => {
            (AgainstCopy::CodesOnly, true)
        }
        (true, true) => {
            let closeness = match query {
                Form::Query(query) if query.is_ordered() => Closeness::Ordered,
                _ => Closeness::Multiset,
            };
            (
                AgainstCopy::Compared,
                agree(answer, expected, closeness, false),
            )
        }
        (false, false) => (AgainstCopy::CodesOnly, true),
        _ => (
            AgainstCopy::OneFailed,
            notes.fallible
                || finds_no_way(answer)
                || does_not_do(expected)
                // What no row reaches may be computed or not.
                || answer.is_empty()
                || expected.is_empty(),
        ),
    }
}

/// Over several partitions hidden rows decide which visible rows share a batch, and the engine leaves out the right side
/// of an AND for a batch in which no row needs it: whether a value is met that an expression fails on can differ.
fn one_met_a_value(one: &Answer, other: &Answer, notes: &Notes, trial: &Trial) -> bool {
    trial.setting.partitions > 1
        && notes.fallible
        && one.is_rows() != other.is_rows()
        && [one, other]
            .into_iter()
            .any(|answer| answer.code() == "execution")
}

/// The sign of a NaN that is computed depends on where its row stands in a batch (the processor keeps the sign of one
/// operand, the compiler swaps them in some lanes), and decides where it sorts and whether two are the same.
fn a_sign_decides(one: &Answer, other: &Answer) -> bool {
    one.is_rows() && other.is_rows() && (one.shows_nan() || other.shows_nan())
}

/// Whether one world gives an answer too, if it is asked again and again.
async fn gives(session: &Session, sql: &str, answer: &Answer, close: Closeness) -> bool {
    for _ in 0..AGAIN {
        if agree(&protected(session, sql).await, answer, close, true) {
            return true;
        }
    }
    false
}

/// Some plans over several partitions the engine makes and then refuses; of rows in memory it makes others.
fn finds_no_way(answer: &Answer) -> bool {
    matches!(answer, Answer::Refused { message, .. } if message.starts_with("the engine finds no way"))
}

/// Whether the engine makes a plan of the copy's rows with an operator that it then has not got; a policy's plan may have another.
fn does_not_do(expected: &Answer) -> bool {
    let (Answer::Refused { message, .. } | Answer::Failed { message, .. }) = expected else {
        return false;
    };
    message.contains("This feature is not implemented")
}

/// Whether an answer holds a word that only hidden cells, files, policies or operators hold.
fn tells(sql: &str, answer: &Answer) -> bool {
    let words: &[&str] = match answer {
        Answer::Rows { .. } => &["hidden", "parquet", "policyexec"],
        _ => &[
            "hidden", "parquet", "exec:", "part-", "droit", "jeton", "statut", "'z'", "stored",
        ],
    };
    let (asked, told) = (sql.to_lowercase(), answer.to_string().to_lowercase());
    words
        .iter()
        .any(|word| told.contains(word) && !asked.contains(word))
}
