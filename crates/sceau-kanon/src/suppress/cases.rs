//! Worked cases, their minima and intervals known from exact enumeration.

use super::audit::{Finding, Pattern};
use super::lines::Lines;
use super::minimum::minimum;
use super::*;

/// Ids that no other cell has.
pub(super) fn people(cell: usize, count: i64, k: u32) -> People {
    if count >= i64::from(k) {
        return People::Many;
    }
    let first = 1000 * cell as u64;
    People::Few((first..first + count as u64).collect())
}

/// Cells of one person a unit: few is primary, none is zero.
pub(super) fn cells(values: &[i64], k: u32) -> Vec<Cell> {
    values
        .iter()
        .enumerate()
        .map(|(cell, &value)| Cell {
            people: people(cell, value, k),
            cost: value as u64,
            state: match value {
                0 => State::Zero,
                few if few < i64::from(k) => State::Primary,
                _ => State::Open,
            },
            margin: 0,
        })
        .collect()
}

pub(super) fn adds(total: usize, parts: &[usize]) -> Relation {
    Relation::Adds {
        total,
        parts: parts.to_vec(),
    }
}

pub(super) fn table(values: &[i64], k: u32, relations: Vec<Relation>) -> Table {
    Table {
        cells: cells(values, k),
        figures: vec![Figure {
            name: "count(*)".into(),
            values: values.to_vec(),
            relations,
            least: Some(0),
        }],
    }
}

/// A table of two dimensions with all its margins: inner cells row by row, row totals, column totals, the total.
pub(super) fn crossed(rows: usize, columns: usize, inner: &[i64], k: u32) -> Table {
    let mut values = inner.to_vec();
    let row = |row: usize| (0..columns).map(move |column| row * columns + column);
    let column = |column: usize| (0..rows).map(move |row| row * columns + column);
    let sum = |cells: &mut dyn Iterator<Item = usize>| cells.map(|cell| inner[cell]).sum::<i64>();
    values.extend((0..rows).map(|at| sum(&mut row(at))));
    values.extend((0..columns).map(|at| sum(&mut column(at))));
    values.push(inner.iter().sum());
    let (first_row, first_column) = (rows * columns, rows * columns + rows);
    let total = values.len() - 1;
    let mut relations: Vec<Relation> = Vec::new();
    relations.extend((0..rows).map(|at| adds(first_row + at, &row(at).collect::<Vec<_>>())));
    relations
        .extend((0..columns).map(|at| adds(first_column + at, &column(at).collect::<Vec<_>>())));
    relations.push(adds(total, &(first_row..first_column).collect::<Vec<_>>()));
    relations.push(adds(total, &(first_column..total).collect::<Vec<_>>()));
    table(&values, k, relations)
}

pub(super) fn only_primary(table: &Table) -> Pattern {
    Pattern {
        hidden: (table.cells.iter())
            .map(|cell| cell.state == State::Primary)
            .collect(),
        dropped: vec![false; table.cells.len()],
    }
}

/// What an audit finds that has all the time it needs.
fn audit(table: &Table, pattern: &Pattern, k: u32) -> Vec<Finding> {
    let audit = super::audit::audit(table, pattern, k, &mut WORK.clone());
    audit.unwrap().findings
}

/// Protects at least cost, and says which cells are hidden besides the primary ones.
fn extra(table: &Table, k: u32) -> (Vec<usize>, Protection) {
    let protection = protect(table, k).unwrap();
    assert_eq!(protection.method, Method::Minimum);
    assert!(protection.dropped.is_empty());
    let extra = (0..table.cells.len())
        .filter(|&cell| protection.hidden[cell] && table.cells[cell].state != State::Primary)
        .collect();
    (extra, protection)
}

fn interval(protection: &Protection, cell: usize) -> (Option<i64>, Option<i64>) {
    let of = protection.proof.intervals.iter().find(|of| of.cell == cell);
    of.map(|of| (of.low, of.high)).unwrap()
}

/// How many patterns with so many more hidden cells hold, by trying all.
fn patterns(table: &Table, k: u32, more: usize) -> usize {
    let open: Vec<usize> = (0..table.cells.len())
        .filter(|&cell| table.cells[cell].state == State::Open)
        .collect();
    let start = only_primary(table);
    let lines = Lines::of(table, &start, k);
    fn choose(from: &[usize], count: usize, pattern: &mut Pattern, see: &mut dyn FnMut(&Pattern)) {
        if count == 0 {
            return see(pattern);
        }
        for (at, &cell) in from.iter().enumerate() {
            pattern.hidden[cell] = true;
            choose(&from[at + 1..], count - 1, pattern, see);
            pattern.hidden[cell] = false;
        }
    }
    let mut found = 0;
    choose(&open, more, &mut start.clone(), &mut |pattern| {
        let shows = !lines.watch(&pattern.hidden).showing().is_empty();
        found += usize::from(!shows && audit(table, pattern, k).is_empty());
    });
    found
}

#[test]
fn a_rollup_with_one_small_part_hides_its_cheapest_sibling() {
    let mut table = table(&[20, 15, 3, 38], 11, vec![adds(3, &[0, 1, 2])]);
    let (hidden, protection) = extra(&table, 11);
    assert_eq!(hidden, [1]);
    for cell in [1, 2] {
        assert_eq!(interval(&protection, cell), (Some(0), Some(18)));
    }
    // Where B may not be hidden A is, else the total.
    table.cells[1].state = State::Zero;
    assert_eq!(extra(&table, 11).0, [0]);
    table.cells[0].state = State::Zero;
    let (hidden, protection) = extra(&table, 11);
    assert_eq!(hidden, [3]);
    assert_eq!(interval(&protection, 2), (Some(0), None));
}

#[test]
fn two_small_parts_whose_sum_is_small_need_a_third_hidden_cell() {
    let table = table(&[50, 4, 5, 59], 11, vec![adds(3, &[0, 1, 2])]);
    let findings = audit(&table, &only_primary(&table), 11);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].cells, [1, 2]);
    assert_eq!(findings[0].breakers, [0, 3]);
    assert_eq!(extra(&table, 11).0, [0]);
    // 9 people are enough where k is 9.
    assert_eq!(audit(&table, &only_primary(&table), 9), []);
}

#[test]
fn a_zero_that_is_seen_hides_nothing() {
    let table = table(&[40, 2, 0, 42], 11, vec![adds(3, &[0, 1, 2])]);
    assert_eq!(extra(&table, 11).0, [0]);
    assert_eq!(patterns(&table, 11, 1), 2);
}

#[test]
fn a_square_table_with_one_small_cell_hides_a_rectangle() {
    let table = crossed(3, 3, &[20, 12, 5, 30, 25, 14, 40, 16, 22], 11);
    let (hidden, protection) = extra(&table, 11);
    assert_eq!(hidden, [1, 7, 8]);
    assert_eq!(interval(&protection, 2), (Some(0), Some(17)));
    assert_eq!(patterns(&table, 11, 2), 0);
    assert_eq!(patterns(&table, 11, 3), 9);
}

#[test]
fn counts_of_a_published_example_at_two_thresholds() {
    // Rows A to D, columns m and f; 0 A/m, 1 A/f, 2 B/m, …
    let inner = [18, 2, 14, 19, 12, 10, 11, 14];
    assert_eq!(extra(&crossed(4, 2, &inner, 3), 3).0, [0, 4, 5]);
    assert_eq!(extra(&crossed(4, 2, &inner, 11), 11).0, [0, 4]);
}

#[test]
fn two_hierarchies_over_the_same_cells_are_protected_together() {
    // A B I J in one county, K L M N in the other; L and M are big, all others small. Then counties, sizes, the total.
    let values = [2, 2, 8, 8, 3, 3, 3, 7, 20, 16, 6, 30, 36];
    let counties = [
        adds(8, &[0, 1, 2, 3]),
        adds(9, &[4, 5, 6, 7]),
        adds(12, &[8, 9]),
    ];
    let sizes = [
        adds(10, &[5, 6]),
        adds(11, &[0, 1, 2, 3, 4, 7]),
        adds(12, &[10, 11]),
    ];
    for alone in [&counties, &sizes] {
        let table = table(&values, 4, alone.to_vec());
        assert_eq!(audit(&table, &only_primary(&table), 4), []);
    }
    let table = table(&values, 4, [counties, sizes].concat());
    let findings = audit(&table, &only_primary(&table), 4);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].cells, [4]);
    let (hidden, protection) = extra(&table, 4);
    assert_eq!(hidden, [7]);
    assert_eq!(interval(&protection, 4), (Some(0), Some(10)));
}

#[test]
fn a_hierarchy_protects_the_sum_of_what_it_hides() {
    // d1 d2 | d3 d4 | d6, then R1 R2 R3, the total.
    let table = table(
        &[3, 40, 20, 25, 5, 43, 45, 5, 93],
        11,
        vec![
            adds(5, &[0, 1]),
            adds(6, &[2, 3]),
            adds(7, &[4]),
            adds(8, &[5, 6, 7]),
        ],
    );
    // With R1 alone no cell is exact, but d1 + d6 = 93 - 45 - 40 is.
    let mut pattern = only_primary(&table);
    pattern.hidden[5] = true;
    let findings = audit(&table, &pattern, 11);
    assert_eq!(findings.len(), 1, "{findings:?}");
    let (hidden, _) = extra(&table, 11);
    assert_eq!(hidden, [1, 5]);
}

#[test]
fn a_diagonal_of_small_cells_closes_into_a_cycle() {
    let inner = [4, 30, 20, 25, 6, 40, 35, 45, 7];
    let bottom = [60, 50, 55];
    let table = crossed(4, 3, &[&inner[..], &bottom[..]].concat(), 11);
    assert_eq!(extra(&table, 11).0, [2, 3, 7]);
    let table = crossed(3, 3, &inner, 11);
    assert_eq!(extra(&table, 11).0, [2, 3, 7]);
}

/// `CUBE (a, b, c)` of a count, from its inner cells.
fn cube(inner: &[([u32; 3], i64)], k: u32) -> Table {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for kept in (0..8_u32).rev() {
        let mut sums: std::collections::BTreeMap<Vec<u32>, i64> = Default::default();
        for (keys, value) in inner {
            let key = |at: usize| if kept >> at & 1 == 1 { keys[at] } else { 0 };
            *sums.entry((0..3).map(key).collect()).or_default() += value;
        }
        for (keys, value) in sums {
            rows.push(Row {
                kept,
                keys,
                people: people(rows.len(), value, k),
                cost: value as u64,
                state: if value < i64::from(k) {
                    State::Primary
                } else {
                    State::Open
                },
            });
            values.push(value);
        }
    }
    let count = Column {
        name: "count(*)".into(),
        values,
        kind: Kind::Sum,
        least: Some(0),
    };
    grouping_sets(rows, vec![count]).unwrap()
}

#[test]
fn a_cube_of_three_binary_keys_hides_all_its_inner_cells_for_one() {
    let values = [3, 20, 25, 30, 22, 18, 40, 35];
    let inner: Vec<([u32; 3], i64)> = (0..8_u32)
        .zip(values)
        .map(|(cell, value)| ([cell >> 2, cell >> 1 & 1, cell & 1], value))
        .collect();
    let table = cube(&inner, 11);
    assert_eq!(table.cells.len(), 27);
    let (hidden, protection) = extra(&table, 11);
    assert_eq!(hidden, [1, 2, 3, 4, 5, 6, 7]);
    let cost: u64 = hidden.iter().map(|&cell| table.cells[cell].cost).sum();
    assert_eq!(cost, 190);
    assert_eq!(protection.proof.intervals.len(), 8);
    // Each hidden cell needs a partner on each of its three lines: no fewer, and eight ways with seven.
    let start = only_primary(&table);
    assert!(minimum(&table, &start, 11, 6, &mut WORK.clone()).is_none());
    assert_eq!(patterns(&table, 11, 7), 8);
}

#[test]
fn a_table_that_takes_too_long_is_an_error_and_no_pattern() {
    let table = table(&[20, 15, 3, 38], 11, vec![adds(3, &[0, 1, 2])]);
    let long = |work| protect_within(&table, 11, pattern::ROUNDS, work);
    for work in [0, 10, 50] {
        assert_eq!(long(work), Err(TableError::TooLong));
    }
    assert_eq!(long(WORK), protect(&table, 11));
}

#[test]
fn a_column_that_says_the_same_is_looked_at_once() {
    let mut table = table(&[20, 15, 3, 38], 11, vec![adds(3, &[0, 1, 2])]);
    let once = protect(&table, 11).unwrap();
    let again = Figure {
        name: "rows".into(),
        ..table.figures[0].clone()
    };
    table.figures.push(again);
    let twice = protect(&table, 11).unwrap();
    assert_eq!(twice.hidden, once.hidden);
    assert_eq!(twice.proof.programmes, once.proof.programmes);
    let of = |figure| {
        let intervals = twice.proof.intervals.iter();
        intervals
            .filter(move |interval| interval.figure == figure)
            .map(|interval| (interval.cell, interval.low, interval.high))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(0), of(1));
    assert_eq!(of(0).len(), once.proof.intervals.len());
}

#[test]
fn two_columns_with_totals_hide_the_same_cells() {
    let mut table = table(&[20, 15, 3, 38], 11, vec![adds(3, &[0, 1, 2])]);
    table.figures.push(Figure {
        name: "sum(cost)".into(),
        values: vec![200_000, 900_000, 41_234, 1_141_234],
        relations: vec![adds(3, &[0, 1, 2])],
        least: Some(0),
    });
    let (hidden, protection) = extra(&table, 11);
    assert_eq!(hidden, [1]);
    let cost = &protection.proof.intervals[3];
    assert_eq!((cost.figure, cost.cell), (1, 2));
    assert_eq!((cost.low, cost.high), (Some(0), Some(941_234)));
}

#[test]
fn two_hidden_cells_a_line_prove_nothing() {
    let inner = [
        30, 47, 64, 89, 90, 124, 5, 31, 92, 100, 59, 85, 800, 991, 651, 685,
    ];
    let mut table = crossed(4, 4, &inner, 11);
    // Two squares and one cell between them, at x3: every line has two hidden cells or none.
    for cell in [0, 1, 4, 5, 6, 10, 11, 14, 15] {
        table.cells[cell].state = State::Primary;
    }
    let start = only_primary(&table);
    assert!(
        Lines::of(&table, &start, 11)
            .watch(&start.hidden)
            .showing()
            .is_empty()
    );
    let findings = audit(&table, &start, 11);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].cells, [6]);
    // A cell of the table's other half, or a total that the computation needs, mends it.
    let (hidden, protection) = extra(&table, 11);
    assert_eq!(hidden, [7]);
    assert_eq!(interval(&protection, 6), (Some(0), Some(36)));
    let fast = pattern::heuristic(&table, &start, 11, pattern::ROUNDS, &mut WORK.clone());
    let (fast, audited) = fast.unwrap();
    assert_eq!(audited.findings, []);
    assert_eq!(audit(&table, &fast, 11), []);
}

#[test]
fn a_hidden_cell_whose_key_is_shown_is_not_empty() {
    // Two people in two cells of one, k = 2: the sum may be known, and of 2 = 1 + 1 nothing is left to guess.
    let mut table = table(&[1, 1, 2], 2, vec![adds(2, &[0, 1])]);
    assert_eq!(audit(&table, &only_primary(&table), 2), []);
    table.figures[0].least = Some(1);
    assert_eq!(audit(&table, &only_primary(&table), 2).len(), 2);
    assert_eq!(extra(&table, 2).0, [2]);
}

#[test]
fn margins_are_given_up_from_the_smallest_one_that_computes() {
    let mut table = crossed(3, 3, &[20, 12, 5, 30, 25, 14, 40, 16, 22], 11);
    for (cell, margin) in (9..16).zip([1, 1, 1, 2, 2, 2, 3]) {
        table.cells[cell].margin = margin;
    }
    let start = only_primary(&table);
    let findings = audit(&table, &start, 11);
    assert_eq!(pattern::give_up(&table, &findings, &[]), Some(1));
    assert_eq!(pattern::give_up(&table, &findings, &[1]), Some(2));
    assert_eq!(pattern::give_up(&table, &findings, &[1, 2]), Some(3));
    assert_eq!(pattern::give_up(&table, &findings, &[0, 1, 2, 3]), None);
}

/// Those below 40 and the others, those below 41 and the others, and what lies between: three people of 40, whom no row shows.
#[test]
fn what_nobody_sees_is_protected_and_not_told_of() {
    let cell = |people: i64, state| Cell {
        people: match people {
            3 => People::Few(vec![1, 2, 3]),
            _ => People::Many,
        },
        cost: people as u64,
        state,
        margin: u32::from(matches!(state, State::Open)),
    };
    let values = vec![30, 15, 33, 12, 30, 3, 12];
    let states =
        [State::Open; 4]
            .into_iter()
            .chain([State::Unlisted, State::Unseen, State::Unlisted]);
    let table = Table {
        cells: (values.iter().zip(states))
            .map(|(people, state)| cell(*people, state))
            .collect(),
        figures: vec![Figure {
            name: "n".into(),
            values,
            relations: vec![
                adds(0, &[4]),
                adds(1, &[5, 6]),
                adds(2, &[4, 5]),
                adds(3, &[6]),
            ],
            least: Some(0),
        }],
    };
    let protection = protect(&table, 11).unwrap();
    let shown = |cell: usize| !protection.hidden[cell];
    for both in [[0, 2], [1, 3]] {
        assert!(!both.into_iter().all(shown), "{both:?}");
    }
    assert!(protection.proof.computed.is_empty());
    assert!(protection.proof.intervals.iter().all(|of| of.cell < 4));
}
