//! A child process appends until it is killed, or until the file system takes no more: this binary, run again with one
//! test and a variable that says where.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;
use crate::journal::JournalError;

const FOLDER: &str = "SCEAU_JOURNAL_TEST_FOLDER";

/// Without the variable there is nothing to do: this is the child's part.
#[test]
fn child_appends_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let journal = open(folder.as_ref(), 1 << 20);
    // Large records, so that a kill can come in the middle of one.
    for length in [100, 200_000, 5_000, 900_000].into_iter().cycle() {
        let receipt = journal.append(&entry(&"x".repeat(length))).unwrap();
        println_raw(&receipt.head.to_string());
    }
}

#[test]
fn child_appends_until_the_file_is_full() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let journal = open(folder.as_ref(), u64::MAX);
    let mut failed = 0;
    for _ in 0..60 {
        match journal.append(&entry(&"x".repeat(3_000))) {
            Ok(receipt) => println_raw(&receipt.head.to_string()),
            Err(error) => {
                assert!(matches!(error, JournalError::Io { .. }), "{error}");
                failed += 1;
            }
        }
    }
    println_raw(&format!("failed {failed}"));
}

#[test]
#[cfg(unix)]
fn every_record_that_was_acknowledged_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = None;
    for round in 0..8 {
        let mut child = child(folder.path(), "child_appends_until_it_is_killed", None);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heads = lines
            .map_while(Result::ok)
            .filter_map(|line| line.parse().ok());
        for _ in 0..=round {
            acknowledged = heads.next();
        }
        std::thread::sleep(Duration::from_micros(700 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged = heads.last().or(acknowledged);

        let anchor = acknowledged.expect("the child says what it appended");
        let verified = verify(folder.path(), &key(), Some(&anchor)).unwrap();
        // At most the record that was being written is there without having been acknowledged, and one that opens a file.
        assert!(
            verified.head.sequence <= anchor.sequence + 2,
            "{verified:?}"
        );
    }
    let journal = open(folder.path(), 1 << 20);
    journal.append(&entry("SELECT 'after'")).unwrap();
    let verified = verify(folder.path(), &key(), Some(&journal.head())).unwrap();
    assert!(verified.torn.is_empty());
}

/// The limit holds for each file, so that the journal can go on in the next one.
#[test]
#[cfg(unix)]
fn a_record_that_the_file_system_cuts_is_set_aside_and_the_journal_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child(
        folder.path(),
        "child_appends_until_the_file_is_full",
        Some("trap '' XFSZ; ulimit -f 80; exec \"$0\" \"$@\""),
    );
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(child.wait().unwrap().success(), "{lines:?}");

    let heads: Vec<Head> = lines.iter().filter_map(|line| line.parse().ok()).collect();
    let failed: usize = lines
        .iter()
        .find_map(|line| line.strip_prefix("failed ")?.parse().ok())
        .unwrap();
    assert!(failed > 0);
    let verified = verify(folder.path(), &key(), heads.last()).unwrap();
    assert_eq!(verified.entries as usize, heads.len());
    assert_eq!(verified.entries as usize + failed, 60);
    assert_eq!(verified.set_aside.len() + verified.torn.len(), failed);
    assert_eq!(verified.files as usize, verified.set_aside.len() + 1);
}

/// This test binary with one test, perhaps inside a shell that prepares its process.
fn child(folder: &Path, test: &str, shell: Option<&str>) -> Child {
    let binary = std::env::current_exe().unwrap();
    let mut command = match shell {
        None => Command::new(binary),
        Some(script) => {
            let mut command = Command::new("sh");
            command.args(["-c", script]).arg(binary);
            command
        }
    };
    let module = module_path!().split_once("::").unwrap().1;
    command
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg(format!("{module}::{test}"))
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A whole line at once; the harness writes to the same stream.
fn println_raw(line: &str) {
    let text = format!("\n{line}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
}
