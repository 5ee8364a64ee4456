//! The last record is cut, at each length: by a crash, or by somebody.

use std::fs::File;

use super::*;

fn cut(keep: impl Fn(usize) -> usize) -> Written {
    let journal = Written::one_file(3);
    let mut bytes = fs::read(journal.file(1)).unwrap();
    bytes.truncate(keep(bytes.len()));
    fs::write(journal.file(1), bytes).unwrap();
    journal
}

fn last_line_bytes() -> usize {
    Written::one_file(3).lines(1)[3].len()
}

#[test]
fn every_cut_of_the_last_record_is_torn() {
    let journal = Written::one_file(3);
    let file = File::options().write(true).open(journal.file(1)).unwrap();
    let (all, last) = (file.metadata().unwrap().len(), last_line_bytes() as u64);
    for gone in 1..last {
        file.set_len(all - gone).unwrap();
        let verified = journal.verify().unwrap();
        assert_eq!((verified.records, verified.torn.len()), (3, 1));
        let torn = &verified.torn[0];
        assert_eq!((torn.line, torn.bytes), (4, last - gone));
        assert_eq!(torn.file, "journal-000001.jsonl");
        damage(journal.verify_to(&journal.head));
    }
}

#[test]
fn a_journal_goes_on_after_a_cut_and_keeps_what_is_left() {
    let last = last_line_bytes();
    for gone in [1, 2, 3, 66, 67, 70, 80, last / 2, last - 2, last - 1] {
        let journal = cut(|all| all - gone);
        let torn = journal.verify().unwrap().torn;

        let evidence = fs::read(journal.file(1)).unwrap();
        let writer = journal.reopen();
        writer.append(&entry("SELECT 'after'")).unwrap();
        assert_eq!(fs::read(journal.file(1)).unwrap(), evidence);

        let verified = journal.verify_to(&writer.head()).unwrap();
        assert_eq!((verified.records, verified.files), (5, 2));
        assert_eq!((verified.torn, verified.set_aside), (vec![], torn));
        // The anchor was taken after the record that was cut: the cut is no crash.
        let anchor = journal.head;
        assert_eq!(
            problems(journal.verify_to(&anchor)),
            [("2:1".into(), Problem::NotTheAnchor { anchor })],
        );
    }
}

#[test]
fn what_was_set_aside_cannot_be_touched_any_more() {
    let journal = cut(|all| all - 20);
    drop(journal.reopen());
    let bytes = fs::read(journal.file(1)).unwrap();
    let touched = [
        bytes[..bytes.len() - 1].to_vec(),
        [&bytes[..], b"x"].concat(),
        [&bytes[..bytes.len() - 1], b"~"].concat(),
        journal.lines(1)[..3].concat().into_bytes(),
    ];
    for touched in touched {
        fs::write(journal.file(1), &touched).unwrap();
        let found = problems(journal.verify());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            matches!(&found[0], (place, Problem::SetAside { .. }) if place == "2:1"),
            "{found:?}"
        );
    }
    // A newline after it makes a line of it, which is none of the journal's.
    fs::write(journal.file(1), [&bytes[..], b"\n"].concat()).unwrap();
    let found = problems(journal.verify());
    assert_eq!(found[0], ("1:4".into(), Problem::Changed { expected: 4 }));
}

#[test]
fn a_torn_tail_that_no_later_file_speaks_of_is_found() {
    let journal = Written::new(3, 0);
    let mut bytes = fs::read(journal.file(2)).unwrap();
    bytes.extend_from_slice(b"{\"seq\"");
    fs::write(journal.file(2), bytes).unwrap();
    let found = damage(journal.verify());
    assert_eq!(
        found.to_string(),
        format!(
            "journal-000003.jsonl:1: expected to follow no torn record, found torn last record at journal-000002.jsonl:3 \
             (6 bytes) with SHA-256 {}",
            "86629d266770adc34399d8a3636913e415a9ba50bdb0076e9e4bd31d1e1a6ed1",
        ),
    );
}

/// Files in which not even the first record is whole: a crash while a file was begun, and again while the next one was.
#[test]
fn crashes_one_after_the_other_are_all_accounted_for() {
    let journal = cut(|all| all - 1);
    fs::write(journal.file(2), "").unwrap();
    fs::write(journal.file(3), "{\"seq\":4,").unwrap();
    let torn = journal.verify().unwrap().torn;
    let lines: Vec<_> = torn.iter().map(|torn| (torn.line, torn.bytes)).collect();
    assert_eq!(lines, [(4, last_line_bytes() as u64 - 1), (1, 0), (1, 9)]);

    journal.reopen().append(&entry("SELECT 'after'")).unwrap();
    let verified = journal.verify().unwrap();
    assert_eq!((verified.files, verified.records), (4, 5));
    assert_eq!((verified.torn, verified.set_aside), (vec![], torn));

    fs::remove_file(journal.file(2)).unwrap();
    damage(journal.verify());
}

#[test]
fn a_journal_whose_very_first_record_is_torn_begins_after_it() {
    for bytes in ["", "{\"seq\":1,\"ti"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(file_path(folder.path(), 1), bytes).unwrap();
        drop(open(folder.path(), u64::MAX));
        let verified = verify(folder.path(), &key(), None).unwrap();
        assert_eq!((verified.records, verified.files), (1, 2));
        assert_eq!(verified.set_aside[0].bytes, bytes.len() as u64);
    }
}
