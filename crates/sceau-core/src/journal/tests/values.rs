use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::journal::{QuestionId, read};

fn any_text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..40).prop_map(String::from_iter)
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Opened),
        Just(Event::Asked),
        Just(Event::Refused),
        Just(Event::Answered),
        Just(Event::Abandoned),
        Just(Event::Released),
        Just(Event::Failed),
    ]
}

prop_compose! {
    fn any_entry()(
        (event, principal, project, permit_hash) in (any_event(), any_text(), any_text(), any_text()),
        question in option::of(any_text()),
        sql in option::of(any_text()),
        tables in vec(any_text(), 0..3),
        columns in vec(any_text(), 0..3),
        code in option::of(any_text()),
        error in option::of(any_text()),
        (rows, cells_released) in (option::of(any::<u64>()), option::of(any::<u64>())),
        decided_by in option::of(any_text()),
        (cells_withheld, duration_ms) in (option::of(any::<u64>()), option::of(any::<u64>())),
    ) -> Entry {
        Entry {
            question: question.map(QuestionId::from),
            sql,
            tables,
            columns,
            code,
            error,
            rows,
            cells_released,
            cells_withheld,
            decided_by,
            duration_ms,
            ..Entry::new(event, principal, project, permit_hash)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries_are_read_back_as_they_were_written(
        entries in vec(any_entry(), 0..8),
        rotate_bytes in 0..3000_u64,
        closings in any::<u8>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = open(folder.path(), rotate_bytes);
        let mut receipts = vec![];
        for (number, entry) in entries.iter().enumerate() {
            if closings >> number & 1 == 1 {
                drop(journal);
                journal = open(folder.path(), rotate_bytes);
            }
            receipts.push(journal.append(entry).unwrap());
        }

        let mut seen = vec![];
        let verified = read(folder.path(), &key(), Some(&journal.head()), |recorded| seen.push(recorded)).unwrap();

        prop_assert_eq!(verified.entries as usize, entries.len());
        prop_assert!(verified.torn.is_empty() && verified.set_aside.is_empty());
        prop_assert_eq!(seen.len(), entries.len());
        for ((recorded, receipt), entry) in seen.iter().zip(&receipts).zip(&entries) {
            prop_assert_eq!(&recorded.entry, entry);
            prop_assert_eq!(recorded.sequence, receipt.head.sequence);
            prop_assert_eq!(recorded.time, receipt.time);
            prop_assert_eq!(folder.path().join(&recorded.file), receipt.file.clone());
            prop_assert_eq!(recorded.line, receipt.line);
        }
    }

    /// Whatever stands in a file, nothing panics, and nothing that was not written by the journal is taken for a record.
    #[test]
    fn any_bytes_are_torn_or_damage(content in vec(any::<u8>(), 0..300), whole in any::<bool>()) {
        let journal = Written::one_file(1);
        let mut bytes = if whole { fs::read(journal.file(1)).unwrap() } else { vec![] };
        let kept = bytes.len();
        bytes.extend_from_slice(&content);
        fs::write(journal.file(1), &bytes).unwrap();
        let torn = !content.contains(&b'\n');
        match journal.verify() {
            Ok(verified) => prop_assert!(whole && torn && verified.records == 2),
            Err(VerifyError::Damaged(_)) => prop_assert!(!torn),
            Err(_) => prop_assert!(kept == 0 && torn),
        }
        let opened = Journal::open(JournalConfig::new(journal.path()), key());
        prop_assert_eq!(opened.is_ok(), torn);
    }
}

#[test]
fn an_entry_that_is_too_large_leaves_the_journal_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), 1000);
    journal.append(&entry("SELECT 1")).unwrap();
    let head = journal.head();
    let error = journal.append(&entry(&"x".repeat(17 << 20))).unwrap_err();
    assert!(
        error.to_string().contains("expected at most 16777216"),
        "{error}"
    );
    assert_eq!(journal.head(), head);
    journal.append(&entry("SELECT 2")).unwrap();
    assert_eq!(verify(folder.path(), &key(), None).unwrap().entries, 2);
}

#[test]
fn neither_the_journal_nor_its_errors_show_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let secret = b"hunter2 hunter2 hunter2 hunter2 hunter2";
    let key = ProjectKey::new(secret.to_vec(), 1).unwrap();
    let journal = Journal::open(JournalConfig::new(folder.path()), key).unwrap();
    assert!(!format!("{journal:?}").contains("hunter2"));
    let locked = Journal::open(JournalConfig::new(folder.path()), super::key()).unwrap_err();
    assert!(!format!("{locked:?}").contains("hunter2"));
}

/// How many records a second the disk takes. Run with `--ignored --nocapture`.
#[test]
#[ignore = "a measure, not a check"]
fn throughput() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let journal = open(folder.path(), 16 << 20);
    let text = "SELECT BEN_RES_DPT, count(*) FROM er_prs_f GROUP BY 1 ".repeat(8);
    let measure = |threads: usize, each: usize| {
        let start = std::time::Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope
                    .spawn(|| (0..each).for_each(|_| drop(journal.append(&entry(&text)).unwrap())));
            }
        });
        let appends = (threads * each) as f64;
        println!(
            "{threads} threads: {:.0} appends a second",
            appends / start.elapsed().as_secs_f64()
        );
    };
    measure(1, 2000);
    measure(8, 250);
    drop(journal);
    let start = std::time::Instant::now();
    let verified = verify(folder.path(), &key(), None).unwrap();
    println!(
        "{} records verified in {:?}",
        verified.records,
        start.elapsed()
    );
    let start = std::time::Instant::now();
    drop(open(folder.path(), 16 << 20));
    println!("opened again in {:?}", start.elapsed());
}
