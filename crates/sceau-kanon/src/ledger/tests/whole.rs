//! What is kept from one opening to the next, and between releases that are made at the same time.

use std::thread;

use super::*;
use crate::ledger::{Contributions, Threes};

#[test]
fn what_left_is_known_after_the_ledger_was_closed() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(leave(&ledger, &[cell(0..30), cell(50..90)]), [true, true]);
    let head = ledger.head();
    let received = ledger.received();
    let sets = ledger.sets();
    drop(ledger);
    let mut config = folder.config();
    config.anchor = Some(head);
    let ledger = Ledger::open(&config, "p", &key()).unwrap();
    assert_eq!((ledger.received(), ledger.sets()), (received, sets));
    assert_eq!(ledger.received()[0].permit, "permit 1");
    assert_eq!(leave(&ledger, &[cell(0..29)]), [false]);
    // The total of both cells is known, too.
    assert_eq!(leave(&ledger, &[cell((0..30).chain(50..91))]), [false]);
}

#[test]
fn only_what_left_is_recorded() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    // Weighed and never committed, and withheld.
    drop(ledger.weigh(&[cell(0..30)]).unwrap());
    assert_eq!(ledger.head().records(), 0);
    assert_eq!(leave(&ledger, &[cell(0..29)]), [true]);
    assert_eq!(leave(&ledger, &[cell(0..31)]), [false]);
    // Forty are far from 29, and would be near to the 31 that did not leave.
    assert_eq!(leave(&ledger, &[cell(0..40)]), [true]);
    assert_eq!(ledger.sets(), 2);
}

#[test]
fn a_release_that_is_being_made_is_known_to_others() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    let first = ledger.weigh(&[cell(0..30)]).unwrap();
    let second = ledger.weigh(&[cell(0..29)]).unwrap();
    assert_eq!(
        (first.withheld(), second.withheld()),
        (&[false][..], &[true][..])
    );
    first.commit("permit", "data").unwrap();
    second.commit("permit", "data").unwrap();
}

#[test]
fn of_many_at_the_same_time_one_of_two_near_cells_leaves() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    let left: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|gone| {
                let ledger = &ledger;
                scope.spawn(move || usize::from(leave(ledger, &[cell(gone..40)])[0]))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(left, 1);
}

#[test]
fn projects_have_ledgers_of_their_own() {
    let folder = Folder::new();
    let names = ["p", "q", "p/q", "../p", "é", "", "P"];
    let ledgers: Vec<_> = names
        .iter()
        .map(|name| Ledger::open(&folder.config(), name, &key()).unwrap())
        .collect();
    for (at, ledger) in ledgers.iter().enumerate() {
        let from = at as u64;
        assert_eq!(leave(ledger, &[cell(from..40)]), [true]);
    }
    // Two files each, all of them in the folder.
    let files = std::fs::read_dir(folder.0.path()).unwrap().count();
    assert_eq!(files, 2 * names.len());
    assert!(matches!(folder.open(), Err(LedgerError::Locked { .. })));
}

#[test]
fn another_key_does_not_open_a_ledger() {
    let folder = Folder::new();
    drop(folder.open().unwrap());
    let other = ProjectKey::new(vec![8; 32], 1).unwrap();
    let opened = Ledger::open(&folder.config(), "p", &other);
    assert!(matches!(opened, Err(LedgerError::End { .. })), "{opened:?}");
    assert!(folder.open().is_ok());
}

#[test]
fn a_search_beyond_the_bound_is_refused_or_looks_at_pairs() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    let many: Vec<Cell> = (0..60).map(|at| cell(at * 100..at * 100 + 30)).collect();
    leave(&ledger, &many);
    drop(ledger);
    let mut config = folder.config();
    config.comparisons = 500;
    let ledger = Ledger::open(&config, "p", &key()).unwrap();
    assert!(matches!(
        ledger.weigh(&[cell(9000..9050)]),
        Err(LedgerError::SearchBound { limit: 500 })
    ));
    let known = ledger.sets();
    drop(ledger);
    config.threes = Threes::WithinBound;
    let ledger = Ledger::open(&config, "p", &key()).unwrap();
    assert_eq!(
        leave(&ledger, &[cell(9000..9050), cell(9000..9049)]),
        [true, false]
    );
    assert_eq!(ledger.sets(), known + 1);
}

#[test]
fn when_threes_have_used_up_the_bound_totals_are_looked_at_in_pairs_too() {
    let folder = Folder::new();
    let mut config = folder.config();
    config.comparisons = 20_000;
    config.threes = Threes::WithinBound;
    let ledger = Ledger::open(&config, "p", &key()).unwrap();
    let regions = |from: u64| -> Vec<Cell> {
        let of = |region: u64| from + region * 100..from + region * 100 + 30;
        (0..40)
            .map(|region| cell_at(&[region], of(region)))
            .collect()
    };
    for release in 0..4 {
        let left = leave(&ledger, &regions(release * 10_000));
        assert_eq!(left, [true; 40], "{release}");
    }
    // A total of one of them, and one person more.
    let total = (0..40).flat_map(|region| region * 100..region * 100 + 30);
    assert_eq!(leave(&ledger, &[cell(total.chain([50]))]), [false]);
}

#[test]
fn a_release_over_the_same_people_may_leave_again_and_takes_no_room() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    let table: Vec<Cell> = (0..20)
        .map(|at| cell_at(&[at], at * 100..at * 100 + 30))
        .collect();
    assert_eq!(leave(&ledger, &table), [true; 20]);
    let bytes = |folder: &Folder| -> u64 {
        let files = std::fs::read_dir(folder.0.path()).unwrap();
        files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum()
    };
    let before = bytes(&folder);
    assert_eq!(leave(&ledger, &table), [true; 20]);
    assert!(bytes(&folder) - before < 150);
    assert_eq!(ledger.received()[1].sets, 0);
}

#[test]
fn what_a_release_says_twice_is_kept_once() {
    let figure = || {
        let mut of = Contributions::new(K);
        (0..30).for_each(|person| of.add_row(id(person), 7.0));
        of
    };
    let once = || cell(0..30).with_figure(SPACE.into(), figure());
    let twice = || {
        once()
            .with(SPACE.into(), sketch(0..30))
            .with_figure(SPACE.into(), figure())
    };
    let size = |cell: Cell| {
        let folder = Folder::new();
        let ledger = folder.open().unwrap();
        assert_eq!(leave(&ledger, &[cell]), [true]);
        let files = std::fs::read_dir(folder.0.path()).unwrap();
        files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum::<u64>()
    };
    assert_eq!(size(twice()), size(once()));
}
