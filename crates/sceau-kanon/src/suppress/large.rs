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
