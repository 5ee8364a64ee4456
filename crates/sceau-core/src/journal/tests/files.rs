//! Rotation, and attacks on whole files.

use super::*;
use crate::journal::JournalError;

/// Two entries a file, besides the record that opens it.
const TWO_ENTRIES: u64 = 900;

fn rotated() -> Written {
    let journal = Written::new(8, TWO_ENTRIES);
    assert_eq!(journal.files(), [1, 2, 3, 4]);
    assert!(
        journal
            .files()
            .iter()
            .all(|file| journal.lines(*file).len() == 3)
    );
    journal
}

#[test]
fn the_chain_goes_on_across_files_and_openings() {
    let journal = rotated();
    let verified = journal.verify_to(&journal.head).unwrap();
    assert_eq!(
        (verified.records, verified.entries, verified.files),
        (12, 8, 4)
    );

    let writer = open(journal.path(), TWO_ENTRIES);
    writer.append(&entry("SELECT 9")).unwrap();
    assert_eq!(journal.files(), [1, 2, 3, 4, 5]);
    assert_eq!(journal.verify_to(&writer.head()).unwrap().records, 14);
}

#[test]
fn a_file_holds_an_entry_however_small_it_is_to_be() {
    let journal = Written::new(3, 0);
    assert_eq!(journal.files(), [1, 2, 3]);
    assert_eq!(journal.verify().unwrap().entries, 3);
}

#[test]
fn every_removed_file_is_found() {
    for file in [1, 2, 3] {
        let journal = rotated();
        fs::remove_file(journal.file(file)).unwrap();
        let until = crate::journal::folder::file_name(file);
        let (first, last) = (file * 3 - 2, file * 3);
        let next = file + 1;
        assert_eq!(
            problems(journal.verify()),
            [
                (format!("{file}"), Problem::FileMissing { until }),
                (format!("{next}:1"), Problem::Missing { first, last }),
            ],
        );
    }
}

#[test]
fn the_last_file_removed_is_found_with_an_anchor_only() {
    let journal = rotated();
    fs::remove_file(journal.file(4)).unwrap();
    assert_eq!(journal.verify().unwrap().records, 9);
    let anchor = journal.head;
    let cut = Problem::CutShort { last: 9, anchor };
    assert_eq!(problems(journal.verify_to(&anchor)), [("3:3".into(), cut)]);
}

#[test]
fn an_emptied_or_cut_file_is_found() {
    for left in 0..3 {
        for file in [1, 2, 3] {
            let journal = rotated();
            journal.edit(file, |lines| lines.truncate(left));
            let found = damage(journal.verify());
            let name = crate::journal::folder::file_name(file + 1);
            assert_eq!(
                (&found.findings[0].file, found.findings[0].line),
                (&name, Some(1))
            );
        }
    }
}

#[test]
fn files_that_change_places_are_found() {
    let journal = rotated();
    let (second, third) = (journal.lines(2), journal.lines(3));
    journal.write(2, &third);
    journal.write(3, &second);
    let found = problems(journal.verify());
    assert_eq!(
        found[0],
        ("2:1".into(), Problem::NotOpened { opens: Some(3) })
    );
    assert!(found.contains(&("3:1".into(), Problem::NotOpened { opens: Some(2) })));
}

#[test]
fn a_copied_file_is_found_and_a_stranger_is_not_read() {
    let journal = rotated();
    fs::copy(journal.file(4), journal.path().join("journal-04.jsonl")).unwrap();
    assert!(journal.verify().is_ok());
    fs::copy(journal.file(4), journal.file(5)).unwrap();
    let found = problems(journal.verify());
    assert_eq!(
        found[0],
        ("5:1".into(), Problem::NotOpened { opens: Some(4) })
    );
}

/// The chain alone would not tell: the records are all there, and in order.
#[test]
fn a_record_moved_to_the_next_file_is_found() {
    let journal = rotated();
    let moved = journal.lines(2).remove(2);
    journal.edit(2, |lines| lines.truncate(2));
    journal.edit(3, |lines| lines.insert(0, moved));
    assert_eq!(
        problems(journal.verify()),
        [
            ("3:1".into(), Problem::NotOpened { opens: None }),
            ("3:2".into(), Problem::OpenedInside),
        ],
    );
}

#[test]
fn two_files_made_one_are_found() {
    let journal = rotated();
    let last = journal.lines(4);
    journal.edit(3, |lines| lines.extend(last));
    fs::remove_file(journal.file(4)).unwrap();
    assert_eq!(
        problems(journal.verify()),
        [("3:4".into(), Problem::OpenedInside)]
    );
}

#[test]
fn a_folder_without_a_journal_is_not_a_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let empty = || verify(folder.path(), &key(), None);
    assert!(matches!(empty(), Err(VerifyError::Empty { .. })));
    fs::write(file_path(folder.path(), 1), "").unwrap();
    assert!(matches!(empty(), Err(VerifyError::Empty { .. })));
    let nowhere = folder.path().join("nowhere");
    let missing = verify(&nowhere, &key(), None);
    assert!(matches!(missing, Err(VerifyError::Read(_))));
}

#[test]
fn a_second_writer_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path(), u64::MAX);
    let second = Journal::open(JournalConfig::new(folder.path()), key());
    assert!(
        matches!(second, Err(JournalError::Locked { folder: locked }) if locked == folder.path())
    );
    first.append(&entry("SELECT 1")).unwrap();
    drop(first);
    open(folder.path(), u64::MAX)
        .append(&entry("SELECT 2"))
        .unwrap();
    assert_eq!(verify(folder.path(), &key(), None).unwrap().entries, 2);
}

#[test]
fn bytes_added_while_the_journal_is_written_are_met_by_the_next_append() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), u64::MAX);
    journal.append(&entry("SELECT 1")).unwrap();
    let file = file_path(folder.path(), 1);
    let mut text = fs::read(&file).unwrap();
    text.extend_from_slice(b"junk");
    fs::write(&file, &text).unwrap();

    let error = journal.append(&entry("SELECT 2")).unwrap_err();
    assert!(matches!(error, JournalError::Disturbed { .. }), "{error}");
    // Without a newline it is what a crash could have left: set aside, and the journal goes on.
    assert_eq!(journal.append(&entry("SELECT 2")).unwrap().line, 2);
    assert_eq!(fs::read(&file).unwrap(), text);
    let verified = verify(folder.path(), &key(), Some(&journal.head())).unwrap();
    assert_eq!((verified.entries, verified.set_aside[0].bytes), (2, 4));
}

#[test]
fn a_file_put_where_the_next_one_goes_is_not_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), 0);
    journal.append(&entry("SELECT 1")).unwrap();
    let planted = file_path(folder.path(), 2);
    fs::write(&planted, "").unwrap();

    let error = journal.append(&entry("SELECT 2")).unwrap_err();
    assert!(matches!(error, JournalError::Io { .. }), "{error}");
    journal.append(&entry("SELECT 2")).unwrap();
    assert_eq!(fs::read(&planted).unwrap(), b"");
    let verified = verify(folder.path(), &key(), Some(&journal.head())).unwrap();
    assert_eq!((verified.entries, verified.files), (2, 3));
    assert_eq!(verified.set_aside[0].file, "journal-000002.jsonl");

    fs::write(file_path(folder.path(), 4), "junk\n").unwrap();
    for _ in 0..2 {
        journal.append(&entry("SELECT 3")).unwrap_err();
    }
}

#[test]
fn a_file_taken_away_while_the_journal_is_written_stops_it() {
    let (moved, replaced, cut) = (0, 1, 2);
    for how in [moved, replaced, cut] {
        let folder = tempfile::tempdir().unwrap();
        let journal = open(folder.path(), u64::MAX);
        journal.append(&entry("SELECT 1")).unwrap();
        let file = file_path(folder.path(), 1);
        let text = fs::read_to_string(&file).unwrap();
        if how == cut {
            let first = text.lines().next().unwrap().to_owned() + "\n";
            fs::write(&file, first).unwrap();
        } else {
            fs::rename(&file, folder.path().join("elsewhere")).unwrap();
            if how == replaced {
                fs::write(&file, text.replace("SELECT 1", "SELECT 8")).unwrap();
            }
        }
        for _ in 0..3 {
            let error = journal.append(&entry("SELECT 2")).unwrap_err();
            let typed = matches!(
                error,
                JournalError::Disturbed { .. } | JournalError::Damaged { .. }
            );
            assert!(typed, "{how}: {error}");
        }
    }
}
