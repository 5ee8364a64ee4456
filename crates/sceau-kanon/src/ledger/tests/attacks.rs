//! What somebody who may ask often would try.

use super::*;

#[test]
fn a_part_and_the_rest_of_it_are_subtracted_from_the_whole() {
    // 100 people; 60 of them; and of the other 40 all but one.
    let asked = [cell(0..100), cell(0..60), cell(60..99)];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let folder = Folder::new();
        let ledger = folder.open().unwrap();
        let left = order.map(|at| leave(&ledger, std::slice::from_ref(&asked[at]))[0]);
        assert_eq!(left, [true, true, false], "{order:?}");
    }
}

#[test]
fn cells_of_one_release_are_held_against_each_other() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(
        leave(&ledger, &[cell(0..40), cell(0..39), cell(0..20)]),
        [true, false, true]
    );
    // 0..40 less 0..20 is 20..40; less all but one of those is one.
    assert_eq!(leave(&ledger, &[cell(20..39)]), [false]);
}

#[test]
fn a_cell_withheld_from_a_table_is_not_the_rest_of_a_total() {
    // Five regions, one of three people that is withheld before the ledger sees it.
    let regions = |ledger: &Arc<Ledger>| {
        let cells: Vec<Cell> = (0..5)
            .map(|region| cell_at(&[region], region * 100..region * 100 + 20 + region))
            .collect();
        leave(ledger, &cells)
    };
    let everybody = || {
        cell(
            (0..5)
                .flat_map(|region| region * 100..region * 100 + 20 + region)
                .chain(900..903),
        )
    };
    // The total after the table does not leave.
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(regions(&ledger), [true; 5]);
    assert_eq!(leave(&ledger, &[everybody()]), [false]);
    // The table after the total leaves without its smallest cell, so that 23 people are what is missing.
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(leave(&ledger, &[everybody()]), [true]);
    assert_eq!(regions(&ledger), [false, true, true, true, true]);
    // Nor can the missing one be had by asking again.
    assert_eq!(regions(&ledger), [false, true, true, true, true]);
}

#[test]
fn totals_along_each_key_count() {
    // By region and sex and age: 3 × 2 × 3 cells of 12 people. One cell of two people is withheld elsewhere.
    let at = |region: u64, sex: u64, age: u64| 100 * region + 30 * sex + 1000 * age;
    let cells = |without: Option<(u64, u64, u64)>| -> Vec<Cell> {
        let mut cells = vec![];
        for region in 0..3 {
            for sex in 0..2 {
                for age in 0..3 {
                    if without != Some((region, sex, age)) {
                        let from = at(region, sex, age);
                        cells.push(cell_at(&[region, sex, age], from..from + 12));
                    }
                }
            }
        }
        cells
    };
    let withheld = at(1, 1, 2)..at(1, 1, 2) + 2;
    // The people of region 1, both sexes, all ages; of the withheld cell two.
    let region: Vec<u64> = (0..2)
        .flat_map(|sex| (0..3).map(move |age| (sex, age)))
        .filter(|&part| part != (1, 2))
        .flat_map(|(sex, age)| at(1, sex, age)..at(1, sex, age) + 12)
        .chain(withheld)
        .collect();
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(leave(&ledger, &[cell(region)]), [true]);
    let left = leave(&ledger, &cells(Some((1, 1, 2))));
    assert_eq!(left.iter().filter(|left| !**left).count(), 1, "{left:?}");
}

#[test]
fn unknown_people_are_seen_once() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    let with_unknown = Cell::of(K, SPACE, (0..30).map(id).chain([0]));
    assert_eq!(leave(&ledger, &[cell(0..30)]), [true]);
    assert_eq!(leave(&ledger, &[with_unknown]), [false]);
}

#[test]
fn a_condition_of_a_measure_is_a_set_of_its_own() {
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    let of_women = cell(0..100).with(SPACE.into(), sketch(0..40));
    assert_eq!(leave(&ledger, &[of_women]), [true]);
    // All but one of the women, asked for on their own; and all but one of the men, who were never asked for.
    assert_eq!(leave(&ledger, &[cell(1..40)]), [false]);
    assert_eq!(leave(&ledger, &[cell(41..100)]), [false]);
}

#[test]
fn what_a_condition_leaves_over_is_known_to_other_releases() {
    // Everybody has rows of both kinds but for a few, so that the rest of the rows is of nearly everybody.
    let table = || {
        cell(0..100)
            .with(SPACE.into(), sketch(0..60))
            .with_derived(SPACE.into(), sketch(5..100))
    };
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    // Not held against its own cell, whose rows are other ones.
    assert_eq!(leave(&ledger, &[table()]), [true]);
    assert_eq!(leave(&ledger, &[cell(6..100)]), [false]);
    // And the other way round.
    let folder = Folder::new();
    let ledger = folder.open().unwrap();
    assert_eq!(leave(&ledger, &[cell(20..120), cell(6..100)]), [true, true]);
    assert_eq!(leave(&ledger, &[table()]), [false]);
}

#[test]
fn cells_of_two_grouping_sets_do_not_add_up() {
    let cells = |tables: [u64; 3]| {
        [
            cell_at(&[1], 0..30).in_table(tables[0]),
            cell_at(&[2], 50..90).in_table(tables[1]),
            cell_at(&[0], (0..30).chain(50..90).chain(200..230)).in_table(tables[2]),
        ]
    };
    let known = |tables| {
        let folder = Folder::new();
        let ledger = folder.open().unwrap();
        assert_eq!(leave(&ledger, &cells(tables)), [true; 3]);
        ledger.sets()
    };
    // Three cells and the sum of the first two; or of all three.
    assert_eq!(known([0, 0, 1]), 4);
    assert_eq!(known([0, 0, 0]), 4);
    assert_eq!(known([0, 1, 2]), 3);
}
