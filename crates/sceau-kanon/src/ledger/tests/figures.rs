//! How long a release takes beside a ledger that is long already, and what that takes in memory.

use std::time::Instant;

use super::*;
use crate::ledger::Threes;
use crate::ledger::file::LedgerFile;
use crate::ledger::record::Record;
use crate::ledger::weigh::file_name;

/// A table of cells by two keys, each of 11 to 210 people of its own.
fn table(number: u64, cells: u64) -> Vec<Cell> {
    let people = |at: u64| {
        let from = (number * cells + at) * 1000;
        from..from + 11 + id(from) % 200
    };
    let mut table = Vec::new();
    for at in 0..cells {
        table.push(cell_at(&[at / 100, at % 100], people(at)));
    }
    table
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1024
}

/// Writes what as many releases would have left, and is not weighed.
fn written(folder: &Folder, releases: std::ops::Range<u64>) {
    let secret = key().derived("ledger of a project", b"p");
    let folder = folder.0.path();
    let mut file =
        LedgerFile::open(folder, &file_name("p"), "p", &secret, None, |_, _| Some(())).unwrap();
    for release in releases {
        let record = Record {
            time: 0,
            permit: "permit".to_owned(),
            data: "data".to_owned(),
            sets: table(release, 10_000)
                .into_iter()
                .flat_map(|cell| cell.sets)
                .collect(),
            figures: vec![],
        };
        file.append(&record.write().unwrap()).unwrap();
    }
}

#[test]
#[ignore = "takes a while; prints figures"]
fn figures_of_a_long_ledger() {
    let folder = Folder::new();
    let config = folder.config();
    let mut pairs = folder.config();
    pairs.threes = Threes::WithinBound;
    let mut before = 0;
    for releases in [1, 10, 100] {
        written(&folder, before..releases);
        before = releases;
        let (memory, started) = (resident_mb(), Instant::now());
        let ledger = Ledger::open(&config, "p", &key()).unwrap();
        let opened = started.elapsed();
        println!(
            "{} sets: opened in {opened:.1?}, {} MB",
            ledger.sets(),
            resident_mb() - memory
        );
        for cells in [10, 100, 1_000, 10_000] {
            let table = table(1_000_000 / cells, cells);
            let started = Instant::now();
            let found = if ledger.weigh(&table).is_ok() {
                "weighed"
            } else {
                "refused"
            };
            println!(
                "  {cells} cells, threes: {found} in {:.1?}",
                started.elapsed()
            );
        }
        drop(ledger);
        let ledger = Ledger::open(&pairs, "p", &key()).unwrap();
        let table = table(1_000, 100_000);
        let (memory, started) = (resident_mb(), Instant::now());
        match ledger.weigh(&table) {
            Ok(weighed) => {
                let took = started.elapsed();
                println!(
                    "  100000 cells, pairs: weighed in {took:.1?}, {} MB more",
                    resident_mb() - memory
                );
                let started = Instant::now();
                // Left uncommitted until the longest ledger, so that the others are as long as they are said to be.
                if releases == 100 {
                    weighed.commit("permit", "data").unwrap();
                    println!("  committed in {:.1?}", started.elapsed());
                }
            }
            Err(error) => println!(
                "  100000 cells, pairs: {error} after {:.1?}",
                started.elapsed()
            ),
        }
    }
}
