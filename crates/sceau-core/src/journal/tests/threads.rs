use std::collections::HashSet;
use std::thread;

use super::*;
use crate::journal::read;

#[test]
fn appends_of_many_threads_stand_one_after_the_other() {
    const THREADS: usize = 8;
    const EACH: usize = 25;

    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), 4000);
    let heads: Vec<Head> = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|worker| {
                let journal = &journal;
                scope.spawn(move || {
                    let append = |number| {
                        let mut entry = entry(&format!("SELECT {worker}, {number}"));
                        entry.question = Some(journal.question());
                        journal.append(&entry).unwrap().head
                    };
                    (0..EACH).map(append).collect::<Vec<_>>()
                })
            })
            .collect();
        let heads = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap());
        heads.collect()
    });

    let mut seen = vec![];
    let verified = read(folder.path(), &key(), Some(&journal.head()), |recorded| {
        seen.push(recorded);
    })
    .unwrap();
    assert_eq!(verified.entries as usize, THREADS * EACH);
    assert!(verified.files > 10);

    let recorded: HashSet<u64> = seen.iter().map(|recorded| recorded.sequence).collect();
    assert!(heads.iter().all(|head| recorded.contains(&head.sequence)));
    let questions: HashSet<_> = seen
        .iter()
        .map(|recorded| &recorded.entry.question)
        .collect();
    assert_eq!(questions.len(), THREADS * EACH);
    for worker in 0..THREADS {
        let of_worker = seen
            .iter()
            .filter_map(|recorded| recorded.entry.sql.as_deref())
            .filter(|sql| sql.starts_with(&format!("SELECT {worker},")));
        let expected = (0..EACH).map(|number| format!("SELECT {worker}, {number}"));
        assert!(of_worker.eq(expected));
    }
}

#[test]
fn questions_of_two_writers_one_after_the_other_have_different_ids() {
    let folder = tempfile::tempdir().unwrap();
    let mut ids = HashSet::new();
    for _ in 0..3 {
        let journal = open(folder.path(), u64::MAX);
        for _ in 0..3 {
            let mut entry = entry("SELECT 1");
            entry.question = Some(journal.question());
            journal.append(&entry).unwrap();
            assert!(ids.insert(entry.question));
        }
    }
}

/// What the officer's program does while the platform goes on.
#[test]
fn a_journal_can_be_verified_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), 4000);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..200 {
                journal.append(&entry(&format!("SELECT {number}"))).unwrap();
            }
        });
        while !writer.is_finished() {
            let anchor = journal.head();
            let verified = verify(folder.path(), &key(), Some(&anchor)).unwrap();
            assert!(verified.head.sequence >= anchor.sequence);
            assert!(verified.set_aside.is_empty());
        }
    });
}
