//! Files that are no tables, or broken ones, are told by file and line: nothing panics, and nothing of them is left.

use std::path::Path;

use proptest::prelude::*;
use sceau_synth::{Error, ImportOptions, OnMismatch, import};

const GOOD: &str = "CPT_ORD_NUM;GES_GRG_COD\n1;2\n3;4\n";

fn tried(bytes: &[u8], on_mismatch: OnMismatch) -> (Result<u64, Error>, usize) {
    let (src, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(src.path().join("ER_CPT_F.csv"), bytes).unwrap();
    let result = import(&ImportOptions { on_mismatch }, src.path(), out.path());
    let rows = result.map(|report| report.tables[0].rows);
    (rows, std::fs::read_dir(out.path()).unwrap().count())
}

/// The line that a refusal names, and its reason.
fn refused(bytes: &[u8]) -> (u64, String) {
    let (result, left) = tried(bytes, OnMismatch::Text);
    assert_eq!(left, 0, "nothing of the table is left");
    match result {
        Err(Error::Csv { path, line, reason }) => {
            assert!(path.ends_with(Path::new("ER_CPT_F.csv")));
            (line, reason)
        }
        Err(error) => panic!("{error}"),
        Ok(rows) => panic!("{rows} rows"),
    }
}

#[test]
fn a_broken_file_is_named_with_its_line() {
    let huge = format!("{GOOD}5;\"{}", "x".repeat(17 << 20));
    let one_line = format!("{GOOD}5;{}", "x".repeat(17 << 20));
    let wide = format!("{GOOD}{}", ";".repeat(70_000));
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(GOOD.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut latin1 = GOOD.as_bytes().to_vec();
    latin1.extend(b"5;\xe9t\xe9\n");
    for (what, bytes, line) in [
        (
            "cut in the middle of a row",
            &b"CPT_ORD_NUM;GES_GRG_COD\n1;2\n3"[..],
            3,
        ),
        (
            "cut within quotes",
            b"CPT_ORD_NUM;GES_GRG_COD\n1;2\n3;\"4",
            3,
        ),
        (
            "a value too many",
            b"CPT_ORD_NUM;GES_GRG_COD\n1;2\n3;4;5\n",
            3,
        ),
        ("a value too few", b"CPT_ORD_NUM;GES_GRG_COD\n1\n3;4\n", 2),
        (
            "rows of another separator",
            b"CPT_ORD_NUM;GES_GRG_COD\n1,2\n",
            2,
        ),
        (
            "tabs after a heading of commas",
            b"CPT_ORD_NUM,GES_GRG_COD\n1\t2\n",
            2,
        ),
        ("Latin-1", &latin1, 4),
        ("a heading that is not UTF-8", b"CPT_ORD_NUM;\xff\n1;2\n", 1),
        ("UTF-16", &utf16, 1),
        ("ends of line of old", b"CPT_ORD_NUM;GES_GRG_COD\r1;2\r", 1),
        (
            "text after a quote",
            b"CPT_ORD_NUM;GES_GRG_COD\n\"1\"x;2\n",
            2,
        ),
        (
            "a quote that takes the rest of the file",
            huge.as_bytes(),
            4,
        ),
        ("a row without an end", one_line.as_bytes(), 4),
        ("a row of separators", wide.as_bytes(), 4),
        ("a column twice", b"CPT_ORD_NUM;CPT_ORD_NUM\n1;2\n", 1),
        ("nothing", b"", 1),
    ] {
        let (found, reason) = refused(bytes);
        assert_eq!(found, line, "{what}: {reason}");
        assert!(!reason.is_empty(), "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn whatever_is_done_to_a_file_it_is_imported_or_named(
        at in 0..GOOD.len(),
        cut: bool,
        put in prop::collection::vec(prop_oneof![
            Just(b'"'), Just(b';'), Just(b','), Just(b'\t'), Just(b'\r'), Just(b'\n'), Just(0), any::<u8>()
        ], 0..6),
        strict: bool,
    ) {
        let mut bytes = GOOD.as_bytes().to_vec();
        let rest = bytes.split_off(at);
        bytes.extend(put);
        if !cut {
            bytes.extend(rest);
        }
        let on_mismatch = if strict { OnMismatch::Error } else { OnMismatch::Text };
        let (result, left) = tried(&bytes, on_mismatch);
        if let Err(error) = result {
            prop_assert!(error.to_string().contains("ER_CPT_F.csv, line "), "{error}");
            prop_assert_eq!(left, 0);
        }
    }
}
