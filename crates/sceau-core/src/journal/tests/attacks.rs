//! Whoever does not have the key edits the lines of a file.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use super::*;
use crate::journal::{JournalError, RecordMac};

const ENTRIES: usize = 4;

#[test]
fn an_untouched_journal_is_verified() {
    let journal = Written::one_file(ENTRIES);
    let verified = journal.verify_to(&journal.head).unwrap();
    assert_eq!(
        (verified.records, verified.entries, verified.files),
        (5, 4, 1)
    );
    assert_eq!(verified.head, journal.head);
    assert!(verified.first <= verified.last);
    assert!(verified.torn.is_empty() && verified.set_aside.is_empty());
}

/// Each bit of each byte: what is found need not be one finding, but it must name the line.
#[test]
fn every_flipped_bit_is_found_at_its_line() {
    let journal = Written::one_file(3);
    let bytes = fs::read(journal.file(1)).unwrap();
    let file = File::options().write(true).open(journal.file(1)).unwrap();
    let last_newline = bytes.len() - 1;
    let mut line = 1;
    for (at, byte) in bytes.iter().copied().enumerate() {
        for bit in 0..8 {
            put(&file, at, byte ^ 1 << bit);
            if at == last_newline {
                let verified = journal.verify().unwrap();
                assert_eq!((verified.records, verified.torn[0].line), (3, 4));
                damage(journal.verify_to(&journal.head));
            } else {
                let found = damage(journal.verify());
                assert_eq!(found.findings[0].line, Some(line), "byte {at}: {found}");
                assert!(found.findings[0].file == "journal-000001.jsonl");
            }
        }
        put(&file, at, byte);
        line += u64::from(byte == b'\n');
    }
    assert!(journal.verify_to(&journal.head).is_ok());
}

/// In place, since some file systems wait for the disk when a file is written anew.
fn put(mut file: &File, at: usize, byte: u8) {
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&[byte]).unwrap();
}

#[test]
fn every_removed_record_is_found() {
    for at in 0..ENTRIES {
        let journal = Written::one_file(ENTRIES);
        journal.edit(1, |lines| drop(lines.remove(at)));
        let number = at as u64 + 1;
        let missing = Problem::Missing {
            first: number,
            last: number,
        };
        let found = problems(journal.verify());
        assert!(
            found.contains(&(format!("1:{number}"), missing)),
            "{found:?}"
        );
    }
}

#[test]
fn records_removed_together_are_found_together() {
    let journal = Written::one_file(8);
    journal.edit(1, |lines| drop(lines.drain(2..6)));
    let missing = Problem::Missing { first: 3, last: 6 };
    assert_eq!(problems(journal.verify()), [("1:3".into(), missing)]);
}

#[test]
fn every_swap_is_found() {
    for one in 0..=ENTRIES {
        for other in 0..one {
            let journal = Written::one_file(ENTRIES);
            journal.edit(1, |lines| lines.swap(one, other));
            let found = damage(journal.verify());
            assert_eq!(found.findings[0].line, Some(other as u64 + 1), "{found}");
        }
    }
}

#[test]
fn every_repeated_record_is_found_wherever_it_is_put() {
    for record in 0..=ENTRIES {
        for place in 0..=ENTRIES + 1 {
            let journal = Written::one_file(ENTRIES);
            journal.edit(1, |lines| lines.insert(place, lines[record].clone()));
            let found = damage(journal.verify());
            let line = found.findings[0].line.unwrap();
            let at = place as u64 + 1;
            assert!(line == at || line == at + 1, "{record} at {at}: {found}");
        }
    }
}

/// The end is the one place where nothing comes after: see «What is not found».
#[test]
fn records_cut_from_the_end_are_found_with_an_anchor_only() {
    for left in 1..=ENTRIES {
        let journal = Written::one_file(ENTRIES);
        journal.edit(1, |lines| lines.truncate(left));
        let last = left as u64;
        assert_eq!(journal.verify().unwrap().records, last);
        let cut = Problem::CutShort {
            last,
            anchor: journal.head,
        };
        let found = problems(journal.verify_to(&journal.head));
        assert_eq!(found, [(format!("1:{last}"), cut)]);
    }
}

#[test]
fn an_older_anchor_still_holds() {
    let journal = Written::one_file(2);
    journal.reopen().append(&entry("SELECT 3")).unwrap();
    assert_eq!(journal.verify_to(&journal.head).unwrap().records, 4);
}

#[test]
fn going_on_from_an_old_copy_is_found_with_an_anchor() {
    let journal = Written::one_file(3);
    journal.edit(1, |lines| lines.truncate(3));
    let writer = journal.reopen();
    writer.append(&entry("SELECT 'another'")).unwrap();
    drop(writer);

    assert!(journal.verify().is_ok());
    let anchor = journal.head;
    assert_eq!(
        problems(journal.verify_to(&anchor)),
        [("1:4".into(), Problem::NotTheAnchor { anchor })],
    );
}

#[test]
fn two_histories_put_together_are_found() {
    let journal = Written::one_file(3);
    let kept = journal.lines(1);
    journal.write(1, &kept[..2]);
    let writer = journal.reopen();
    writer.append(&entry("SELECT 'another'")).unwrap();
    drop(writer);

    journal.edit(1, |lines| lines.push(kept[3].clone()));
    assert_eq!(
        problems(journal.verify()),
        [("1:4".into(), Problem::Forked { sequence: 4 })],
    );
}

#[test]
fn a_record_of_another_journal_under_the_same_key_is_found() {
    let (journal, other) = (Written::one_file(3), Written::one_file(3));
    journal.edit(1, |lines| lines[2] = other.lines(1).remove(2));
    let found = problems(journal.verify());
    let forked = |sequence| Problem::Forked { sequence };
    assert_eq!(
        found,
        [("1:3".into(), forked(3)), ("1:4".into(), forked(4))]
    );
}

#[test]
fn a_record_made_up_without_the_key_is_found() {
    let journal = Written::one_file(3);
    let other_key = ProjectKey::new(vec![9; 32], 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let forger = Journal::open(JournalConfig::new(folder.path()), other_key).unwrap();
    forger.append(&entry("SELECT 2")).unwrap();
    let forged = fs::read_to_string(file_path(folder.path(), 1)).unwrap();

    let line = forged.lines().nth(1).unwrap().to_owned() + "\n";
    journal.edit(1, |lines| lines[2] = line.clone());
    let changed = |expected| Problem::Changed { expected };
    assert_eq!(problems(journal.verify()), [("1:3".into(), changed(3))]);

    journal.edit(1, |lines| lines.push(line));
    assert_eq!(
        problems(journal.verify()),
        [("1:3".into(), changed(3)), ("1:5".into(), changed(5))],
    );
}

#[test]
fn another_key_is_named_as_such() {
    let journal = Written::one_file(3);
    let other = ProjectKey::new(vec![9; 32], 1).unwrap();
    let found = problems(verify(journal.path(), &other, None));
    assert_eq!(found, [("1:1".into(), Problem::NoneAuthentic)]);

    let error = Journal::open(JournalConfig::new(journal.path()), other).unwrap_err();
    assert!(error.to_string().contains("another key"), "{error}");
    assert!(journal.verify().is_ok());
}

#[test]
fn a_writer_does_not_go_on_from_a_changed_end() {
    for at in 0..=ENTRIES {
        let journal = Written::one_file(ENTRIES);
        journal.edit(1, |lines| lines[at] = lines[at].replace("seq", "sep"));
        let before = journal.lines(1);
        let error = Journal::open(JournalConfig::new(journal.path()), key()).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
        assert_eq!(journal.lines(1), before);
    }
}

#[test]
fn an_anchor_of_another_journal_does_not_hold() {
    let journal = Written::one_file(3);
    let anchor = Head {
        sequence: 2,
        mac: RecordMac([7; 32]),
    };
    assert_eq!(
        problems(journal.verify_to(&anchor)),
        [("1:2".into(), Problem::NotTheAnchor { anchor })],
    );
}

#[test]
fn no_more_than_a_hundred_findings_are_kept() {
    let journal = Written::one_file(1);
    journal.edit(1, |lines| lines.extend(vec!["junk\n".to_owned(); 5000]));
    let found = damage(journal.verify());
    assert_eq!((found.findings.len(), found.more), (100, 4900));
    assert!(found.to_string().ends_with("and 4900 more"));
}
