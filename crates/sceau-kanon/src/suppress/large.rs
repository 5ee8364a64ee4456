//! Cubes of five dimensions, too large to search.

use std::collections::BTreeMap;
use std::time::Instant;

use super::*;

/// `CUBE` over five keys of the given sizes: counts fall off along each key as in real tables, so that small cells lie together in a
/// corner, and vary by a fixed rule.
fn cube(sizes: [u32; 5], people: f64, k: u32) -> Table {
    let mut state = 12_345_u64;
    let mut vary = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let weights: Vec<Vec<f64>> = sizes
        .iter()
        .map(|&size| {
            let raw: Vec<f64> = (0..size)
                .map(|at| (1.0 + f64::from(at)).powf(-0.8) * (0.7 + 0.6 * vary()))
                .collect();
            let sum: f64 = raw.iter().sum();
            raw.into_iter().map(|weight| weight / sum).collect()
        })
        .collect();
    let mut inner: Vec<([u32; 5], i64, Vec<u64>)> = Vec::new();
    let mut next = 0;
    let cells: u32 = sizes.iter().product();
    for cell in 0..cells {
        let (mut rest, mut mean, mut keys) = (cell, people, [0; 5]);
        for (at, &size) in sizes.iter().enumerate() {
            keys[at] = rest % size;
            rest /= size;
            mean *= weights[at][keys[at] as usize];
        }
        mean *= 0.5 + vary();
        let spread = vary() + vary() + vary() - 1.5;
        let count = (mean + mean.sqrt() * spread * 1.4).round().max(0.0) as i64;
        if count > 0 {
            let ids = count.min(i64::from(k)) as u64;
            inner.push((keys, count, (next..next + ids).collect()));
            next += ids;
        }
    }
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for kept in (0..32_u32).rev() {
        let mut groups: BTreeMap<Vec<u32>, (i64, Vec<u64>)> = BTreeMap::new();
        for (keys, count, ids) in &inner {
            let key = |at: usize| if kept >> at & 1 == 1 { keys[at] } else { 0 };
            let group = groups.entry((0..5).map(key).collect()).or_default();
            group.0 += count;
            if group.1.len() < k as usize {
                group.1.extend(ids);
            }
        }
        for (keys, (count, mut ids)) in groups {
            let few = ids.len() < k as usize;
            ids.sort_unstable();
            rows.push(Row {
                kept,
                keys,
                people: if few { People::Few(ids) } else { People::Many },
                cost: count as u64,
                state: if few { State::Primary } else { State::Open },
            });
            values.push(count);
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

/// Protects the table, and looks at everything that can be looked at without computing it again.
fn holds(table: &Table, k: u32) -> Protection {
    let protection = protect(table, k).unwrap();
    let proof = &protection.proof;
    assert_eq!((proof.computed.len(), proof.unsolved), (0, 0));
    for (cell, of) in table.cells.iter().enumerate() {
        assert!(of.state != State::Primary || protection.hidden[cell]);
    }
    for interval in &proof.intervals {
        let truth = table.figures[interval.figure].values[interval.cell];
        assert!(interval.low.is_none_or(|low| low <= truth));
        assert!(interval.high.is_none_or(|high| truth <= high));
        assert!(interval.low.is_none() || interval.low < interval.high || interval.high.is_none());
    }
    protection
}

#[test]
fn a_small_cube_of_five_dimensions_holds() {
    let table = cube([2, 3, 3, 2, 2], 4_000.0, 11);
    let protection = holds(&table, 11);
    assert!(protection.dropped.is_empty());
    assert_eq!(protection.method, Method::Heuristic);
}

/// `ROLLUP (a, b)` with so many values of each; of every `few`th cell the people are few.
fn rollup(outer: u32, inner: u32, few: u32, k: u32) -> Table {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let mut next = 0_u64;
    let mut whole = 0;
    for a in 0..outer {
        let mut of_a = 0;
        for b in 0..inner {
            let is_few = (a * inner + b).is_multiple_of(few);
            let count = if is_few {
                1 + i64::from(b) % (i64::from(k) - 1)
            } else {
                40
            };
            let ids = (next..next + count as u64).collect();
            next += count as u64;
            rows.push(Row {
                kept: 3,
                keys: vec![a, b],
                people: if is_few {
                    People::Few(ids)
                } else {
                    People::Many
                },
                cost: count as u64,
                state: if is_few { State::Primary } else { State::Open },
            });
            values.push(count);
            of_a += count;
        }
        rows.push(Row {
            kept: 1,
            keys: vec![a, 0],
            people: People::Many,
            cost: of_a as u64,
            state: State::Open,
        });
        values.push(of_a);
        whole += of_a;
    }
    rows.push(Row {
        kept: 0,
        keys: vec![0, 0],
        people: People::Many,
        cost: whole as u64,
        state: State::Open,
    });
    values.push(whole);
    let count = Column {
        name: "count(*)".into(),
        values,
        kind: Kind::Sum,
        least: Some(0),
    };
    grouping_sets(rows, vec![count]).unwrap()
}

#[test]
fn a_line_may_be_as_long_as_a_release() {
    let table = rollup(1, 90_000, 80_000, 11);
    let protection = holds(&table, 11);
    let hidden = protection.hidden.iter().filter(|&&hidden| hidden).count();
    // The two cells are of one person each, so that they need a third.
    assert_eq!((hidden, protection.method), (3, Method::Heuristic));
    let lonely = rollup(1, 90_000, 90_000, 11);
    let hidden = holds(&lonely, 11).hidden;
    assert_eq!(hidden.iter().filter(|&&hidden| hidden).count(), 2);
}

#[test]
#[ignore = "prints how long it takes; made for optimised builds"]
fn releases_as_large_as_they_may_be_end() {
    for (outer, inner, few) in [
        (1, 99_000, 2),
        (1, 99_000, 1_000),
        (300, 300, 2),
        (300, 300, 50),
        (9_000, 10, 2),
        (30_000, 3, 3),
    ] {
        let table = rollup(outer, inner, few, 11);
        let start = Instant::now();
        let protection = protect(&table, 11);
        println!(
            "{outer} x {inner}, each {few}th few: {:?} in {:?}",
            protection.map(|found| (
                found.hidden.iter().filter(|&&hidden| hidden).count(),
                found.method,
                found.proof.programmes
            )),
            start.elapsed()
        );
    }
}

#[test]
#[ignore = "prints how long it takes; made for optimised builds"]
fn large_cubes_of_five_dimensions_are_proved_in_seconds() {
    for people in [2_000_000.0, 1_000_000.0] {
        let table = cube([2, 8, 13, 10, 5], people, 11);
        let primary = (table.cells.iter())
            .filter(|cell| cell.state == State::Primary)
            .count();
        let start = Instant::now();
        let protection = holds(&table, 11);
        println!(
            "{} cells, {primary} primary, {} hidden, {:?}, {:?} dropped, {} programmes, {} tables: {:?}",
            table.cells.len(),
            protection.hidden.iter().filter(|&&hidden| hidden).count(),
            protection.method,
            protection.dropped,
            protection.proof.programmes,
            protection.proof.tables,
            start.elapsed()
        );
    }
}
