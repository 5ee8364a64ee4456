//! A platform that is killed in the middle of its answers has recorded every question of which anything was handed out.
//!
//! The platform that is killed is this binary, run again with one test and a variable that says where its journal is.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Int64Array, RecordBatch};
use futures::StreamExt as _;
use sceau::journal::{Event, JournalConfig, StoredJournal};
use sceau::pseudonym::KeyProvider as _;

use crate::fixture::{Stored, TestKeys, rows, session};

const FOLDER: &str = "SCEAU_PROMISES_JOURNAL";

async fn platform(folder: &std::path::Path) -> sceau::Platform {
    let numbers =
        RecordBatch::try_from_iter([("v", Arc::new(Int64Array::from(vec![1, 2, 3])) as _)])
            .expect("batch");
    Stored::new()
        .with(|builder| {
            let mut config = JournalConfig::new(folder);
            config.rotate_bytes = 4096;
            builder.journal(config, "journal")
        })
        .table("t", |table| table, &numbers)
        .await
        .platform()
        .await
}

const PERMIT: &str = "[table.t]\ncolumns = [\"v\"]";

/// Without the variable there is nothing to do: this is the part of the one that is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_answers_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let session = session(&platform(folder.as_ref()).await, PERMIT);
    for at in 0.. {
        let sql = format!("SELECT v, {at} FROM t");
        let mut answer = session.sql(&sql).await.expect("answer");
        answer.next().await.expect("a batch").expect("rows");
        println!("\nhanded out {at}");
        std::io::stdout().flush().expect("flush");
        if at % 3 == 0 {
            drop(answer);
        } else {
            answer.collect().await.expect("the rest");
        }
    }
}

#[tokio::test]
#[cfg(unix)]
async fn what_was_handed_out_before_a_kill_was_recorded_and_the_journal_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let mut asked_before = 0;
    for round in 0..4_u64 {
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args([
                "--exact",
                "the_journal_outlives_a_kill::child_answers_until_it_is_killed",
                "--nocapture",
            ])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"))
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("handed out ")?.parse::<u64>().ok());
        for _ in 0..=5 + 3 * round {
            lines.next().expect("the child answers");
        }
        std::thread::sleep(Duration::from_micros(900 * round));
        child.kill().expect("kill");
        child.wait().expect("wait");
        let last = lines.last().unwrap_or(5 + 3 * round);

        let key = TestKeys.project_key("journal").expect("key");
        let mut asked = BTreeSet::new();
        let mut all = 0;
        StoredJournal::new(folder.path(), key)
            .read(None, |recorded| {
                if recorded.entry.event == Event::Asked {
                    all += 1;
                    if all > asked_before {
                        asked.insert(recorded.entry.sql.expect("the question"));
                    }
                }
            })
            .expect("a journal that nobody touched");
        for at in 0..=last {
            let sql = format!("SELECT v, {at} FROM t");
            assert!(asked.contains(&sql), "{sql} was handed out");
        }
        asked_before = all;
    }
    let session = session(&platform(folder.path()).await, PERMIT);
    assert_eq!(rows(&session, "SELECT count(*) FROM t").await, ["3"]);
}
