//! The worked cases of differencing between queries, by their numbers.

use super::*;

#[test]
fn case_61_a_condition_that_leaves_out_one_person() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(leave(&ledger, &[cell(0..30)]), [true]);
    assert_eq!(leave(&ledger, &[cell(0..29)]), [false]);
    // One to ten people are too few, eleven are enough.
    for (gone, left) in [(2, false), (10, false), (11, true)] {
        let folder = Folder::new();
        let ledger = folder.open().unwrap();
        leave(&ledger, &[cell(0..30)]);
        assert_eq!(leave(&ledger, &[cell(gone..30)]), [left], "{gone}");
    }
}

#[test]
fn case_63_men_and_all_leave_nobody_to_tell_the_women_apart() {
    // By age class: of all 8, 10, 15, 25 sick of 20, 25, 30, 40; of the men 7, 5, 8, 13 of 19, 15, 18, 25.
    let k = 5;
    let all = [(8, 20), (10, 25), (15, 30), (25, 40)];
    let men = [(7, 19), (5, 15), (8, 18), (13, 25)];
    let class = |at: u64, sick: u64, people: u64, of_all: (u64, u64)| {
        let from = 1000 * at;
        // The sick are numbered from below, the others from where the sick of all end.
        let healthy = from + of_all.0..from + of_all.0 + people - sick;
        let of = |people: Vec<u64>| Sketch::of(k, people.into_iter().map(id));
        let sick: Vec<u64> = (from..from + sick).collect();
        let everybody = sick.iter().copied().chain(healthy).collect();
        Cell::at(vec![at])
            .with(SPACE.into(), of(everybody))
            .with(SPACE.into(), of(sick))
    };
    let table = |rows: [(u64, u64); 4]| -> Vec<Cell> {
        (0..4)
            .map(|at| class(at as u64, rows[at].0, rows[at].1, all[at]))
            .collect()
    };
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(leave(&ledger, &table(all)), [true; 4]);
    // 20 − 19 is one woman, and 8 − 7 the one who is sick.
    let left = leave(&ledger, &table(men));
    assert!(!left[0], "{left:?}");
    // Of the other classes 10, 12 and 15 women are many enough, and so are 5, 7 and 12 sick ones.
    assert_eq!(left[1..], [true; 3]);
}

/// Person 0 of 75; a tracker of 49 others, and the 26 of everybody else.
const TRACKER: std::ops::Range<u64> = 1..50;
const NOT_TRACKER: std::ops::Range<u64> = 50..75;

/// What bounds on the size of a set allow, here 11 to 64 of 75.
fn size_control(people: &[u64]) -> bool {
    (11..=64).contains(&people.len())
}

#[test]
fn case_65_a_tracker_passes_the_control_of_set_sizes_and_not_the_ledger() {
    let person = 0;
    let or_tracker: Vec<u64> = std::iter::once(person).chain(TRACKER).collect();
    let or_not_tracker: Vec<u64> = std::iter::once(person).chain(NOT_TRACKER).collect();
    let tracker: Vec<u64> = TRACKER.collect();
    // Everybody whom the tracker leaves out, the person too.
    let not_tracker: Vec<u64> = std::iter::once(person).chain(NOT_TRACKER).collect();
    let asked = [&or_tracker, &or_not_tracker, &tracker, &not_tracker];
    assert_eq!(asked.map(Vec::len), [50, 26, 49, 26]);

    // Each is within the bounds, and together they count the person: 50 + 26 − 49 − 26 = 1.
    assert!(asked.iter().all(|people| size_control(people)));
    assert_eq!(50 + 26 - (49 + 26), 1);

    // Whatever the order, the ledger does not let the four out.
    for first in 0..4 {
        let folder = Folder::new();
        let ledger = folder.open().unwrap();
        let left: Vec<bool> = (0..4)
            .map(|at| asked[(first + at) % 4])
            .map(|people| leave(&ledger, &[cell(people.iter().copied())])[0])
            .collect();
        let out: Vec<usize> = (0..4)
            .filter(|&at| left[at])
            .map(|at| (first + at) % 4)
            .collect();
        assert!(!(out.contains(&0) && out.contains(&2)), "{out:?}");
        // The one that is asked twice, and what does not come near another, leave.
        assert_eq!(out.len(), 3, "{out:?}");
    }
}

#[test]
fn case_67_a_refresh_with_one_new_patient() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(leave_from(&ledger, &[cell(0..30)], "january"), [true]);
    assert_eq!(leave_from(&ledger, &[cell(0..31)], "february"), [false]);
    // From the frozen snapshot the answer is the same as before, and so may leave again.
    assert_eq!(leave_from(&ledger, &[cell(0..30)], "january"), [true]);
    // With enough new patients it may leave anew.
    assert_eq!(leave_from(&ledger, &[cell(0..41)], "may"), [true]);
    let data: Vec<String> = ledger.received().into_iter().map(|one| one.data).collect();
    assert_eq!(data, ["january", "february", "january", "may"]);
}

#[test]
fn case_69_two_groupings_that_agree_but_for_one_patient() {
    let residence = [cell_at(&[75], 0..30), cell_at(&[13], 30..70)];
    // Patient 29 lives in 75 and is cared for in 13: the cells differ by one each.
    let care = [cell_at(&[75], 0..29), cell_at(&[13], 29..70)];
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(leave(&ledger, &residence), [true, true]);
    assert_eq!(leave(&ledger, &care), [false, false]);
    // One patient goes there and another comes back: a difference of two.
    let swapped = [cell_at(&[75], (0..29).chain([30]))];
    assert_eq!(leave(&ledger, &swapped), [false]);
}
