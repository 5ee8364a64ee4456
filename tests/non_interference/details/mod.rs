//! Tables whose rows belong to a parent's: rows of hidden parents, of no parent, and with a part of the key missing change
//! nothing, whether the leaf holds rows against their parents or a join of the question's does.

mod questions;
mod stored;

use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::physical_plan::displayable;
use futures::future::join_all;
use sceau::Session;

use crate::answers::{Closeness, agree, side_by_side};
use crate::ask::{explained, plain, protected};
use crate::data::{WORLDS, World};
use questions::{Kind, QUESTIONS, Question, spelt};
use stored::{SETTINGS, Setting, copy, sessions, without_parents};

/// How often a join of the question's stood for the check, and how often the leaf checked.
#[derive(Default)]
struct Seen {
    by_join: AtomicUsize,
    by_leaf: AtomicUsize,
}

#[test]
fn rows_of_hidden_parents_change_nothing_in_any_join() {
    let some: Vec<Setting> = SETTINGS.iter().copied().step_by(2).collect();
    nothing_differs(&some, Twins::InTurn);
}

#[test]
#[ignore = "every question under every setting, against both twins"]
fn rows_of_hidden_parents_change_nothing_under_any_setting() {
    nothing_differs(SETTINGS, Twins::Both);
}

#[test]
fn without_the_check_of_parents_the_same_questions_tell_of_hidden_rows() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("runtime");
    let [benign, poison] = [World::Benign, World::Poison].map(without_parents);
    let (mut asked, mut told) = (0, 0);
    for question in QUESTIONS {
        let sql = spelt(question.sql);
        let (one, other) =
            runtime.block_on(async { (plain(&benign, &sql).await, plain(&poison, &sql).await) });
        asked += 1;
        told += u32::from(!agree(&one, &other, Closeness::Identical, true));
    }
    println!("{told} of {asked} questions tell of hidden rows");
    // A join on the whole key with plain columns hides them by itself; what can fail, or be counted, does not.
    assert!(told * 4 >= asked, "{told} of {asked}");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Twins {
    /// One question against one of them, the next against the other.
    InTurn,
    Both,
}

fn nothing_differs(settings: &[Setting], twins: Twins) {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("runtime")
    };
    let seen = Seen::default();
    let next = AtomicUsize::new(0);
    let told: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            runtime().block_on(async {
                let mut told = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(setting) = settings.get(at) else {
                        return told;
                    };
                    told.extend(differences((at, *setting), twins, &seen).await);
                }
            })
        };
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                std::thread::Builder::new()
                    .stack_size(64 << 20)
                    .spawn_scoped(scope, work)
                    .expect("thread")
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("no panic"))
            .collect()
    });
    let (by_join, by_leaf) = (seen.by_join.into_inner(), seen.by_leaf.into_inner());
    println!("{by_join} leaves left the check to a join, {by_leaf} checked");
    assert!(
        told.is_empty(),
        "{} differences\n\n{}",
        told.len(),
        told.iter()
            .take(12)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n\n")
    );
    // Without both there is nothing to compare.
    assert!(by_join >= 30 && by_leaf >= 30);
}

async fn differences((at, setting): (usize, Setting), twins: Twins, seen: &Seen) -> Vec<String> {
    let worlds: Vec<Session> = join_all(WORLDS.map(|world| sessions(world, setting))).await;
    let copy = copy(setting).await;
    let mut told = Vec::new();
    for (n, question) in QUESTIONS.iter().enumerate() {
        // Quickly: every question under every third setting.
        if twins == Twins::InTurn && !(n + at).is_multiple_of(3) {
            continue;
        }
        let sql = spelt(question.sql);
        let benign = protected(&worlds[0], &sql).await;
        count(&worlds[0], &sql, seen).await;
        for (twin, world) in worlds.iter().zip(WORLDS).skip(1) {
            if twins == Twins::InTurn && (n / 3).is_multiple_of(2) != (world == World::Moved) {
                continue;
            }
            let other = protected(twin, &sql).await;
            if !agree(&benign, &other, closeness(question, setting), true) {
                told.push(format!(
                    "{setting:?} against {world:?}\n  {sql}\n{}",
                    side_by_side(&benign, &other)
                ));
            }
        }
        if setting.batch_size == 4
            && explained(&worlds[0], &sql).await != explained(&worlds[1], &sql).await
        {
            told.push(format!("{setting:?} is explained differently\n  {sql}"));
        }
        let expected = plain(&copy, &sql).await;
        let agrees = match question.kind {
            Kind::Plain => agree(&benign, &expected, Closeness::Multiset, false),
            Kind::ByOrder => benign.is_rows() == expected.is_rows(),
            // Another plan may meet another value, or none.
            Kind::Fails => true,
        };
        if !agrees {
            told.push(format!(
                "{setting:?} against a copy\n  {sql}\n{}",
                side_by_side(&benign, &expected)
            ));
        }
    }
    told
}

fn closeness(question: &Question, setting: Setting) -> Closeness {
    match question.kind {
        _ if setting.partitions == 1 => Closeness::Identical,
        Kind::Plain => Closeness::Multiset,
        Kind::ByOrder => Closeness::Codes,
        Kind::Fails => Closeness::Nothing,
    }
}

async fn count(session: &Session, sql: &str, seen: &Seen) {
    let Ok(plan) = session.plan(sql).await else {
        return;
    };
    let Ok(plan) = session.physical_plan(&plan, vec![]).await else {
        return;
    };
    let text = displayable(plan.as_ref()).indent(false).to_string();
    let details = text
        .lines()
        .filter(|line| line.contains("PolicyExec: table=ER_PHA_F"));
    for line in details {
        let counted = if line.contains("parents=join") {
            &seen.by_join
        } else {
            &seen.by_leaf
        };
        counted.fetch_add(1, Ordering::Relaxed);
    }
}
