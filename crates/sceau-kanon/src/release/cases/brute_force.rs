//! Totals attacked by brute force: every table that agrees with what is shown is tried.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::world::{ints, rows as rows_of_sql, texts, world};

/// Cells by (row, column), `None` where a total is over all.
type Cell = (Option<usize>, Option<usize>);

/// What is shown of a cell: its figure, or without it that there is such a cell.
type Shown = BTreeMap<Cell, Option<i64>>;

/// All tables of inner cells that agree with what is shown, found by trying every one. What is not in the data is known to be
/// empty.
fn consistent(there: &[(usize, usize)], shown: &Shown, most: i64) -> Vec<Vec<i64>> {
    let mut found = vec![];
    let mut trial = vec![0; there.len()];
    loop {
        let fits = shown.iter().all(|(cell, value)| {
            let sum: i64 = there
                .iter()
                .zip(&trial)
                .filter(|(at, _)| covers(*cell, **at))
                .map(|(_, value)| value)
                .sum();
            value.map_or(sum > 0, |value| sum == value)
        });
        if fits {
            found.push(trial.clone());
        }
        let Some(next) = trial.iter().position(|value| *value < most) else {
            return found;
        };
        trial[..next].fill(0);
        trial[next] += 1;
    }
}

fn covers(cell: Cell, at: (usize, usize)) -> bool {
    cell.0.is_none_or(|row| row == at.0) && cell.1.is_none_or(|column| column == at.1)
}

/// The people of every sum of cells that is the same in all tables that agree with what is shown.
fn told_of(
    cells: &BTreeMap<(usize, usize), (i64, BTreeSet<u8>)>,
    shown: &Shown,
) -> Vec<BTreeSet<u8>> {
    let there: Vec<(usize, usize)> = cells.keys().copied().collect();
    let truths: Vec<i64> = cells.values().map(|cell| cell.0).collect();
    let tables = consistent(&there, shown, truths.iter().sum::<i64>() + 2);
    (1..1_usize << there.len())
        .filter(|chosen| {
            let sum = |table: &[i64]| -> i64 {
                let chosen = table
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| chosen >> at & 1 == 1);
                chosen.map(|(_, value)| value).sum()
            };
            tables.iter().all(|table| sum(table) == sum(&truths))
        })
        .map(|chosen| {
            let cells = cells
                .values()
                .enumerate()
                .filter(|(at, _)| chosen >> at & 1 == 1);
            cells.flat_map(|(_, cell)| cell.1.iter().copied()).collect()
        })
        .collect()
}

/// Which inner cells a shown figure is the sum of, and the figure.
type Sum = (Vec<bool>, i64);

/// All tables of inner cells that agree with these sums, found by trying every one that may.
fn agreeing(
    sums: &[Sum],
    trial: &mut Vec<i64>,
    cells: usize,
    most: i64,
    found: &mut Vec<Vec<i64>>,
) {
    let so_far = |of: &[bool]| -> i64 {
        let within = trial.iter().zip(of).filter(|(_, within)| **within);
        within.map(|(value, _)| value).sum()
    };
    let rest = |of: &[bool]| of[trial.len()..].iter().any(|within| *within);
    let may_agree = |(of, value): &Sum| {
        let sum = so_far(of);
        sum == *value || sum < *value && rest(of)
    };
    if !sums.iter().all(may_agree) {
        return;
    }
    if trial.len() == cells {
        found.push(trial.clone());
        return;
    }
    for value in 0..=most {
        trial.push(value);
        agreeing(sums, trial, cells, most, found);
        trial.pop();
    }
}

/// What a key makes of a row and a column.
type Key = fn(usize, usize) -> usize;

/// Grouping sets by two keys.
const SETS: [(&str, [Key; 2], &str); 6] = [
    (
        "r < 1 AS a, r < 2 AS b",
        [|r, _| usize::from(r < 1), |r, _| usize::from(r < 2)],
        "((1), (2))",
    ),
    (
        "r < 1 AS a, r < 2 AS b",
        [|r, _| usize::from(r < 1), |r, _| usize::from(r < 2)],
        "((1), (2), ())",
    ),
    ("r AS a, c AS b", [|r, _| r, |_, c| c], "((1), (2))"),
    ("r AS a, c AS b", [|r, _| r, |_, c| c], "((1), (2), ())"),
    (
        "r AS a, r < 2 AS b",
        [|r, _| r, |r, _| usize::from(r < 2)],
        "((1), (2))",
    ),
    (
        "r + c AS a, r < 2 AS b",
        [|r, c| r + c, |r, _| usize::from(r < 2)],
        "((1), (2), ())",
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn by_brute_force_nothing_below_k_lies_between_sets(
        rows in prop::collection::vec((0..9u8, 0..3usize, 0..2usize), 1..13), k in 2..4usize, by in 0..SETS.len(),
    ) {
        let (keys, made, sets) = SETS[by];
        let mut cells: BTreeMap<(usize, usize), (i64, BTreeSet<u8>)> = BTreeMap::new();
        for (person, row, column) in &rows {
            let cell = cells.entry((*row, *column)).or_default();
            cell.0 += 1;
            cell.1.insert(*person);
        }
        let sql = format!("SELECT CAST(a AS INT), CAST(b AS INT), count(*) FROM (SELECT {keys}, pid FROM t) i GROUP BY GROUPING SETS {sets}")
            .replace("(1)", "(a)")
            .replace("(2)", "(b)");
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let found = runtime.block_on(async {
            let session = world()
                .table("t", vec![
                    ("pid", texts(rows.iter().map(|row| Some(format!("p{}", row.0))))),
                    ("r", ints(rows.iter().map(|row| row.1 as i64))),
                    ("c", ints(rows.iter().map(|row| row.2 as i64))),
                ])
                .await
                .rules(&format!("k = {k}"))
                .session()
                .await;
            rows_of_sql(&session, &sql).await
        });
        let sums: Vec<Sum> = found
            .iter()
            .map(|row| {
                let parts: Vec<Option<usize>> = row.split(' ').map(|part| part.parse().ok()).collect();
                let within = |at: &(usize, usize)| {
                    (0..2).all(|key| parts[key].is_none_or(|value| value == made[key](at.0, at.1)))
                };
                (cells.keys().map(within).collect(), parts[2].expect("count") as i64)
            })
            .collect();
        let truths: Vec<i64> = cells.values().map(|cell| cell.0).collect();
        let mut tables = vec![];
        agreeing(&sums, &mut vec![], cells.len(), truths.iter().sum::<i64>() + 1, &mut tables);
        for chosen in 1..1_usize << cells.len() {
            let chosen: Vec<usize> = (0..cells.len()).filter(|at| chosen >> at & 1 == 1).collect();
            let sum = |table: &Vec<i64>| -> i64 { chosen.iter().map(|&at| table[at]).sum() };
            if tables.iter().all(|table| sum(table) == sum(&truths)) {
                let of: BTreeSet<u8> = cells.values().enumerate()
                    .filter(|(at, _)| chosen.contains(at))
                    .flat_map(|(_, cell)| cell.1.iter().copied())
                    .collect();
                prop_assert!(of.len() >= k, "{cells:?} k={k} {sql}: {found:?} tells of {of:?}");
            }
        }
    }

    #[test]
    fn by_brute_force_nothing_below_k_is_computed_of_those_who_meet_a_condition(
        rows in prop::collection::vec((0..9u8, 0..3usize, 0..2usize), 1..15), k in 2..4usize,
    ) {
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let found = runtime.block_on(async {
            let session = world()
                .table("t", vec![
                    ("pid", texts(rows.iter().map(|row| Some(format!("p{}", row.0))))),
                    ("dep", ints(rows.iter().map(|row| row.1 as i64))),
                    ("sex", ints(rows.iter().map(|row| row.2 as i64))),
                ])
                .await
                .rules(&format!("k = {k}"))
                .session()
                .await;
            let sql = "SELECT dep, count(*), count(*) FILTER (WHERE sex = 1) FROM t GROUP BY ROLLUP (dep)";
            rows_of_sql(&session, sql).await
        });
        let shown: Vec<(Cell, i64, i64)> = found
            .iter()
            .map(|row| {
                let parts: Vec<&str> = row.split(' ').collect();
                let count = |at: usize| parts[at].parse().expect("count");
                ((parts[0].parse().ok(), None), count(1), count(2))
            })
            .collect();
        type View = (fn(usize) -> bool, fn(i64, i64) -> i64);
        let views: [View; 3] = [
            (|_| true, |all, _| all),
            (|sex| sex == 1, |_, some| some),
            (|sex| sex == 0, |all, some| all - some),
        ];
        for (is_of, figure) in views {
            let mut cells: BTreeMap<(usize, usize), (i64, BTreeSet<u8>)> = BTreeMap::new();
            for (person, dep, _) in rows.iter().filter(|row| is_of(row.2)) {
                let cell = cells.entry((*dep, 0)).or_default();
                cell.0 += 1;
                cell.1.insert(*person);
            }
            let shown = shown.iter().map(|(cell, all, some)| (*cell, Some(figure(*all, *some)))).collect();
            let told = told_of(&cells, &shown);
            prop_assert!(told.iter().all(|people| people.len() >= k), "{cells:?} k={k}: {found:?} tells of {told:?}");
        }
    }

    #[test]
    fn by_brute_force_nothing_below_k_is_computed(
        rows in prop::collection::vec((0..7u8, 0..2usize, 0..2usize), 1..15), k in 2..4usize, by in 0..3usize,
    ) {
        let mut cells: BTreeMap<(usize, usize), (i64, BTreeSet<u8>)> = BTreeMap::new();
        for (person, row, column) in &rows {
            let cell = cells.entry((*row, *column)).or_default();
            cell.0 += 1;
            cell.1.insert(*person);
        }
        let sets = ["CUBE (r, c)", "ROLLUP (r, c)", "GROUPING SETS ((r, c), (r), (c))"][by];
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let found = runtime.block_on(async {
            let session = world()
                .table("t", vec![
                    ("pid", texts(rows.iter().map(|row| Some(format!("p{}", row.0))))),
                    ("r", ints(rows.iter().map(|row| row.1 as i64))),
                    ("c", ints(rows.iter().map(|row| row.2 as i64))),
                ])
                .await
                .rules(&format!("k = {k}"))
                .session()
                .await;
            rows_of_sql(&session, &format!("SELECT r, c, count(*) FROM t GROUP BY {sets}")).await
        });
        let key = |text: &str| text.parse::<usize>().ok();
        let shown: Shown = found
            .iter()
            .map(|row| {
                let parts: Vec<&str> = row.split(' ').collect();
                ((key(parts[0]), key(parts[1])), Some(parts[2].parse().expect("count")))
            })
            .collect();
        let told = told_of(&cells, &shown);
        prop_assert!(told.iter().all(|people| people.len() >= k), "{cells:?} k={k} {sets}: {found:?} tells of {told:?}");
    }

    #[test]
    fn by_brute_force_nothing_below_k_is_computed_beside_keys_without_figures(
        rows in prop::collection::vec((0..9u8, 0..4usize), 1..15), k in 2..4usize,
    ) {
        let mut cells: BTreeMap<(usize, usize), (i64, BTreeSet<u8>)> = BTreeMap::new();
        for (person, dep) in &rows {
            let cell = cells.entry((*dep, 0)).or_default();
            cell.0 += 1;
            cell.1.insert(*person);
        }
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let found = runtime.block_on(async {
            let session = world()
                .table("t", vec![
                    ("pid", texts(rows.iter().map(|row| Some(format!("p{}", row.0))))),
                    ("dep", ints(rows.iter().map(|row| row.1 as i64))),
                ])
                .await
                .rules(&format!("k = {k}\nwithheld = \"mask\""))
                .session()
                .await;
            rows_of_sql(&session, "SELECT dep, count(*) FROM t GROUP BY ROLLUP (dep)").await
        });
        // Every key is shown.
        prop_assert_eq!(found.len(), cells.len() + 1);
        let shown: Shown = found
            .iter()
            .map(|row| {
                let (dep, count) = row.split_once(' ').expect("two columns");
                ((dep.parse().ok(), None), count.parse().ok())
            })
            .collect();
        let told = told_of(&cells, &shown);
        prop_assert!(told.iter().all(|people| people.len() >= k), "{cells:?} k={k}: {found:?} tells of {told:?}");
    }
}
