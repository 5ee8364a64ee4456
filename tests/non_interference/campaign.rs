//! Many queries, on every core, each drawn from the seed and its number alone.

use std::collections::BTreeMap;
use std::fmt;
use std::io::IsTerminal as _;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::answers::{Answer, side_by_side};
use crate::generate::{Form, Question, question};
use crate::oracles::{AgainstCopy, Difference, Harness, Trial};
use crate::shrink::smaller;

/// As many smaller queries as are tried for one difference.
const MOST_STEPS: usize = 600;

/// No more differences than this are told: the first few say enough.
const MOST_TOLD: u64 = 12;

/// Codes that no question should have: they are no differences, and worth a look.
const OF_NO_QUESTION: [&str; 6] = [
    "engine_fault",
    "internal",
    "unavailable",
    "resources",
    "not_enforced",
    "panic",
];

#[derive(Debug, Default)]
pub struct Summary {
    pub queries: u64,
    pub answered: u64,
    pub with_rows: u64,
    pub refused: u64,
    pub failed: u64,
    pub panicked: u64,
    pub compared_with_copy: u64,
    pub one_failed: u64,
    pub either_way: u64,
    pub codes: BTreeMap<String, u64>,
    pub panics: BTreeMap<String, u64>,
    pub differences: u64,
    pub told: Vec<String>,
}

/// Runs queries `from..until` of a seed, each in the way that its number says.
pub fn run(harness: &Harness, seed: u64, from: u64, until: u64) -> Summary {
    let drawn = |n| (question(seed, n), Harness::trial(n));
    run_each(
        harness,
        &format!("SCEAU_SEED={seed} SCEAU_ONLY="),
        from..until,
        &drawn,
    )
}

/// Runs each of some numbered queries; `name` and the number tell which it was.
pub fn run_each(
    harness: &Harness,
    name: &str,
    numbers: Range<u64>,
    drawn: &(impl Fn(u64) -> (Question, Trial) + Sync),
) -> Summary {
    let summary = Mutex::new(Summary::default());
    let (from, until) = (numbers.start, numbers.end);
    let (next, bar) = (AtomicU64::new(from), progress(until - from));
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            // An engine built without optimisation recurses deeply.
            let worker = std::thread::Builder::new().stack_size(64 << 20);
            let work = || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .expect("runtime");
                runtime.block_on(async {
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= until {
                            break;
                        }
                        one(harness, &format!("{name}{n}"), drawn(n), &summary).await;
                        bar.inc(1);
                    }
                });
            };
            worker.spawn_scoped(scope, work).expect("thread");
        }
    });
    bar.finish_and_clear();
    summary.into_inner().expect("no thread panicked")
}

async fn one(
    harness: &Harness,
    name: &str,
    (question, trial): (Question, Trial),
    summary: &Mutex<Summary>,
) {
    let verdict = harness.judge(&question, trial).await;
    if OF_NO_QUESTION.contains(&verdict.answer.code()) {
        eprintln!(
            "{name}\n{trial:?}\n  {}\n  {}",
            question.query, verdict.answer
        );
    }
    let tell = {
        let mut summary = summary.lock().expect("no thread panicked");
        summary.count(&verdict.answer, verdict.against_copy);
        summary.either_way += u64::from(verdict.either_way);
        summary.differences += u64::from(verdict.difference.is_some());
        summary.differences <= MOST_TOLD
    };
    if let (Some(difference), true) = (verdict.difference, tell) {
        let text = report(harness, name, &question, trial, difference).await;
        eprintln!("{text}\n");
        summary.lock().expect("no thread panicked").told.push(text);
    }
}

impl Summary {
    fn count(&mut self, answer: &Answer, against_copy: AgainstCopy) {
        self.queries += 1;
        *self.codes.entry(answer.code().to_owned()).or_default() += 1;
        match answer {
            Answer::Rows { rows, .. } => {
                self.answered += 1;
                self.with_rows += u64::from(!rows.is_empty());
            }
            Answer::Refused { .. } => self.refused += 1,
            Answer::Failed { .. } => self.failed += 1,
            Answer::Panicked(message) => {
                self.panicked += 1;
                *self.panics.entry(message.clone()).or_default() += 1;
            }
        }
        match against_copy {
            AgainstCopy::Compared => self.compared_with_copy += 1,
            AgainstCopy::OneFailed => self.one_failed += 1,
            AgainstCopy::CodesOnly | AgainstCopy::NotAsked => {}
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: u64| {
            format!(
                "{part} ({:.1} %)",
                100.0 * part as f64 / self.queries.max(1) as f64
            )
        };
        writeln!(f, "{} queries", self.queries)?;
        writeln!(
            f,
            "  answered  {}, with rows {}",
            share(self.answered),
            share(self.with_rows)
        )?;
        writeln!(f, "  refused   {}", share(self.refused))?;
        writeln!(f, "  failed    {}", share(self.failed))?;
        writeln!(f, "  panicked  {}", share(self.panicked))?;
        writeln!(
            f,
            "  rows compared with the copy {}",
            share(self.compared_with_copy)
        )?;
        writeln!(
            f,
            "  failed here or on the copy only {}",
            share(self.one_failed)
        )?;
        writeln!(
            f,
            "  answered either way by one world {}",
            share(self.either_way)
        )?;
        writeln!(f, "  codes {:?}", self.codes)?;
        for (message, count) in &self.panics {
            writeln!(f, "  {count} × panic: {message}")?;
        }
        write!(f, "  differences {}", self.differences)
    }
}

/// The difference, and the smallest query found that shows one of its kind.
async fn report(
    harness: &Harness,
    name: &str,
    question: &Question,
    trial: Trial,
    found: Difference,
) -> String {
    let original = question.query.to_string();
    let judge = async |question: &Question| harness.judge(question, trial).await.difference;
    let (small, found) = shrunk(question, found, &judge).await;
    format!(
        "{}: {name}\n{trial:?} {:?}\n  {original}\nshrunk to\n  {}\n{}",
        found.kind,
        question.notes,
        small.query,
        side_by_side(&found.one, &found.other)
    )
}

/// A smaller query that shows a difference of the same kind, as small as step by step it gets.
pub async fn shrunk(
    question: &Question,
    found: Difference,
    judge: &impl AsyncFn(&Question) -> Option<Difference>,
) -> (Question, Difference) {
    let (mut question, mut found, mut steps) = (question.clone(), found, 0);
    'again: while let Form::Query(query) = &question.query {
        for candidate in smaller(query) {
            steps += 1;
            if steps > MOST_STEPS {
                break 'again;
            }
            let candidate = Question {
                query: Form::Query(Box::new(candidate)),
                notes: question.notes,
            };
            let difference = judge(&candidate).await;
            if let Some(difference) = difference.filter(|difference| difference.kind == found.kind)
            {
                (question, found) = (candidate, difference);
                continue 'again;
            }
        }
        break;
    }
    (question, found)
}

fn progress(queries: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} queries, {eta} left")
        .expect("a template");
    ProgressBar::new(queries).with_style(style)
}
