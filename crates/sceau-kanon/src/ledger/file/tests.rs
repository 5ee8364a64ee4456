use proptest::prelude::*;

use super::*;

const KEY: [u8; 32] = [7; 32];

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> Result<(LedgerFile, Vec<Vec<u8>>), LedgerError> {
        self.open_as("p", "p", &KEY, None)
    }

    fn open_as(
        &self,
        name: &str,
        project: &str,
        key: &[u8; 32],
        anchor: Option<Head>,
    ) -> Result<(LedgerFile, Vec<Vec<u8>>), LedgerError> {
        let mut texts = vec![];
        let file = LedgerFile::open(self.0.path(), name, project, key, anchor, |_, text| {
            texts.push(text.to_vec());
            Some(())
        })?;
        Ok((file, texts))
    }

    fn with(texts: &[&[u8]]) -> (Self, Head) {
        let place = Self::new();
        let mut file = place.open().unwrap().0;
        for text in texts {
            file.append(text).unwrap();
        }
        let head = file.head();
        (place, head)
    }

    fn ledger(&self) -> PathBuf {
        self.0.path().join("p.ledger")
    }

    fn end(&self) -> PathBuf {
        self.0.path().join("p.end")
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.ledger()).unwrap()
    }

    fn put(&self, bytes: &[u8]) {
        fs::write(self.ledger(), bytes).unwrap();
    }
}

fn records(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = vec![];
    let mut at = HEADER;
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        found.push(at..at + 4 + length);
        at += 4 + length;
    }
    found
}

#[test]
fn what_was_written_is_read_and_gone_on_from() {
    let (place, head) = Place::with(&[b"one", b"two"]);
    let (mut file, texts) = place.open().unwrap();
    assert_eq!(texts, [b"one", b"two"]);
    assert_eq!(file.head(), head);
    file.append(b"three").unwrap();
    drop(file);
    assert_eq!(place.open().unwrap().1.len(), 3);
}

#[test]
fn nothing_can_be_read_in_the_files() {
    let (place, _) = Place::with(&[b"a permit and a sketch"]);
    for file in [place.ledger(), place.end()] {
        let bytes = fs::read(file).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"permit"));
    }
    let twice = Place::with(&[b"same", b"same"]).0.bytes();
    let records = records(&twice);
    assert_ne!(twice[records[0].clone()], twice[records[1].clone()]);
}

#[test]
fn a_second_writer_is_refused() {
    let (place, _) = Place::with(&[]);
    let first = place.open().unwrap();
    assert!(matches!(place.open(), Err(LedgerError::Locked { .. })));
    drop(first);
    assert!(place.open().is_ok());
}

#[test]
fn a_record_of_another_place_project_or_ledger_does_not_open() {
    let (place, _) = Place::with(&[b"one", b"two", b"three"]);
    let bytes = place.bytes();
    let [one, two, three] = records(&bytes).try_into().unwrap();
    let part = |range: &std::ops::Range<usize>| bytes[range.clone()].to_vec();
    let header = bytes[..HEADER].to_vec();
    for (swapped, record) in [
        ([part(&two), part(&one), part(&three)], 1),
        ([part(&one), part(&three), part(&two)], 2),
        ([part(&one), part(&one), part(&three)], 2),
        ([part(&one), part(&three), part(&three)], 2),
    ] {
        place.put(&[header.clone(), swapped.concat()].concat());
        match place.open() {
            Err(LedgerError::Changed { record: found, .. }) => assert_eq!(found, record),
            other => panic!("{other:?}"),
        }
    }
    place.put(&bytes);
    // Another project under the same key, and the same project under another key.
    assert!(matches!(
        place.open_as("p", "q", &KEY, None),
        Err(LedgerError::End { .. })
    ));
    assert!(matches!(
        place.open_as("p", "p", &[8; 32], None),
        Err(LedgerError::End { .. })
    ));
    // Another ledger of the same project and key, as after a fresh start: records and files do not mix.
    let (other, _) = Place::with(&[b"one", b"two", b"three"]);
    let mut mixed = other.bytes();
    mixed.truncate(HEADER);
    mixed.extend_from_slice(&bytes[HEADER..]);
    other.put(&mixed);
    assert!(matches!(
        other.open(),
        Err(LedgerError::Changed { record: 1, .. })
    ));
    other.put(&bytes);
    assert!(matches!(other.open(), Err(LedgerError::End { .. })));
}

#[test]
fn records_cut_from_the_end_are_missed() {
    let (place, _) = Place::with(&[b"one", b"two"]);
    let bytes = place.bytes();
    let two = records(&bytes)[1].clone();
    for length in two.start..two.end {
        place.put(&bytes[..length]);
        match place.open() {
            Err(LedgerError::Shortened {
                expected, found, ..
            }) => assert_eq!((expected, found), (2, 1)),
            other => panic!("cut to {length}: {other:?}"),
        }
        // Nothing is cut off on the way: the file is as whoever looks into it finds it.
        assert_eq!(place.bytes(), bytes[..length]);
    }
    for length in [0, 1, HEADER - 1] {
        place.put(&bytes[..length]);
        assert!(matches!(place.open(), Err(LedgerError::Shortened { .. })));
    }
    fs::remove_file(place.ledger()).unwrap();
    assert!(matches!(place.open(), Err(LedgerError::Shortened { .. })));
}

#[test]
fn a_crash_before_the_end_was_written_loses_nothing_that_left() {
    let (place, _) = Place::with(&[b"one"]);
    let end = fs::read(place.end()).unwrap();
    place.open().unwrap().0.append(b"two").unwrap();
    let bytes = place.bytes();
    let two = records(&bytes)[1].clone();
    // The second record is there as a whole, in part, or with bytes that never reached the disk; the end is the old one.
    fs::write(place.end(), &end).unwrap();
    let (file, texts) = place.open().unwrap();
    assert_eq!((texts.len(), file.head().records()), (2, 2));
    drop(file);
    for length in two.start + 1..two.end {
        fs::write(place.end(), &end).unwrap();
        place.put(&bytes[..length]);
        let (mut file, texts) = place.open().unwrap();
        assert_eq!(texts, [b"one"]);
        file.append(b"another").unwrap();
        drop(file);
        assert_eq!(place.open().unwrap().1, [&b"one"[..], b"another"]);
    }
    fs::write(place.end(), &end).unwrap();
    let mut torn = bytes.clone();
    torn[two.start + 20..].fill(0);
    place.put(&torn);
    assert_eq!(place.open().unwrap().1, [b"one"]);
    assert_eq!(place.bytes().len(), two.start);
}

#[test]
fn a_crash_while_a_ledger_begins_begins_it_again() {
    for length in 0..=HEADER {
        let (place, _) = Place::with(&[]);
        let bytes = place.bytes();
        fs::remove_file(place.end()).unwrap();
        place.put(&bytes[..length]);
        place.open().unwrap().0.append(b"one").unwrap();
        assert_eq!(place.open().unwrap().1, [b"one"]);
    }
}

#[test]
fn a_ledger_whose_end_is_gone_does_not_open() {
    let (place, _) = Place::with(&[b"one"]);
    fs::remove_file(place.end()).unwrap();
    assert!(matches!(place.open(), Err(LedgerError::End { .. })));
}

#[test]
fn an_older_copy_of_both_files_opens_without_an_anchor_and_not_with_one() {
    let (place, first) = Place::with(&[b"one"]);
    let copy = (place.bytes(), fs::read(place.end()).unwrap());
    let second = place.open().unwrap().0.append(b"two").unwrap();
    let with = |anchor| place.open_as("p", "p", &KEY, Some(anchor));
    assert!(with(first).is_ok());
    assert!(with(second).is_ok());
    place.put(&copy.0);
    fs::write(place.end(), &copy.1).unwrap();
    assert!(with(first).is_ok());
    assert!(matches!(with(second), Err(LedgerError::Shortened { .. })));
    // And another second record.
    place.open().unwrap().0.append(b"other").unwrap();
    assert!(matches!(
        with(second),
        Err(LedgerError::NotTheAnchor { .. })
    ));
    assert!(place.open().is_ok());
}

#[test]
fn a_file_that_somebody_else_wrote_to_is_not_written_on() {
    let (place, _) = Place::with(&[b"one"]);
    let mut file = place.open().unwrap().0;
    let bytes = place.bytes();
    place.put(&[bytes, vec![0]].concat());
    assert!(matches!(
        file.append(b"two"),
        Err(LedgerError::Disturbed { .. })
    ));
    assert!(file.is_stopped());
    assert!(matches!(
        file.append(b"two"),
        Err(LedgerError::Stopped { .. })
    ));
    drop(file);
    let mut file = place.open().unwrap().0;
    fs::remove_file(place.ledger()).unwrap();
    assert!(matches!(
        file.append(b"two"),
        Err(LedgerError::Disturbed { .. })
    ));
}

#[test]
fn another_format_is_named() {
    let (place, _) = Place::with(&[b"one"]);
    let bytes = place.bytes();
    let mut other = bytes.clone();
    other[8] = 9;
    place.put(&other);
    let error = place.open().unwrap_err().to_string();
    assert!(error.contains("format 9"), "{error}");
    let mut other = bytes;
    other[0] = b'X';
    place.put(&other);
    assert!(matches!(place.open(), Err(LedgerError::Format { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_change_of_a_bit_goes_unseen(at in any::<prop::sample::Index>(), bit in 0..8_u8, in_end: bool) {
        let (place, _) = Place::with(&[b"one", b"two"]);
        let file = if in_end { place.end() } else { place.ledger() };
        let mut bytes = fs::read(&file).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&file, &bytes).unwrap();
        prop_assert!(place.open().is_err(), "byte {at}");
    }

    #[test]
    fn any_content_is_an_error_or_a_new_ledger(
        ledger in prop::collection::vec(any::<u8>(), 0..200), end in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
        framed: bool,
    ) {
        let place = Place::new();
        let mut bytes = ledger.clone();
        if framed {
            bytes = [&MAGIC[..], &FORMAT.to_le_bytes(), &[1; 16], &ledger].concat();
        }
        place.put(&bytes);
        if let Some(end) = &end {
            fs::write(place.end(), end).unwrap();
        }
        let opened = place.open();
        let begun = end.is_none() && bytes.len() <= HEADER;
        prop_assert_eq!(opened.is_ok(), begun);
    }
}
