//! Random small tables and groupings: no released cell describes fewer than k people.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::world::*;

#[derive(Debug, Clone)]
struct Row {
    pid: Option<u8>,
    dep: u8,
    sex: u8,
    cost: i64,
}

fn table() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop::option::weighted(0.9, 0..12u8),
        0..3u8,
        1..3u8,
        0..4i64,
    )
        .prop_map(|(pid, dep, sex, cost)| Row {
            pid,
            dep,
            sex,
            cost,
        });
    prop::collection::vec(row, 0..60)
}

/// The people of each group, told apart by what a key makes of a row.
fn people_by(rows: &[Row], key: impl Fn(&Row) -> Option<String>) -> BTreeMap<String, BTreeSet<u8>> {
    let mut groups: BTreeMap<String, BTreeSet<u8>> = BTreeMap::new();
    for row in rows {
        if let Some(key) = key(row) {
            groups.entry(key).or_default().extend(row.pid);
        }
    }
    groups
}

type Key = fn(&Row) -> Option<String>;

const QUESTIONS: [(&str, Key); 4] = [
    ("SELECT dep, count(*) FROM t GROUP BY dep", |row| {
        Some(row.dep.to_string())
    }),
    (
        "SELECT dep, sex, avg(cost) FROM t GROUP BY dep, sex",
        |row| Some(format!("{} {}", row.dep, row.sex)),
    ),
    (
        "SELECT cost, count(*) FROM t WHERE sex = 1 GROUP BY cost",
        |row| (row.sex == 1).then(|| row.cost.to_string()),
    ),
    (
        "SELECT dep, count(*) FROM (SELECT DISTINCT pid, dep, sex FROM t) GROUP BY dep",
        |row| Some(row.dep.to_string()),
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_released_cell_has_fewer_than_k_people(table in table(), k in 2..7u64, partitions in 1..4usize) {
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        runtime.block_on(async {
            let session = world()
                .table("t", vec![
                    ("pid", texts(table.iter().map(|row| row.pid.map(|pid| format!("p{pid}"))))),
                    ("dep", ints(table.iter().map(|row| i64::from(row.dep)))),
                    ("sex", ints(table.iter().map(|row| i64::from(row.sex)))),
                    ("cost", ints(table.iter().map(|row| row.cost))),
                ])
                .await
                .rules(&format!("k = {k}"))
                .partitions(partitions)
                .session()
                .await;
            for (sql, key) in QUESTIONS {
                let groups = people_by(&table, key);
                let released = rows(&session, sql).await;
                let expected = groups.values().filter(|people| people.len() as u64 >= k).count();
                assert_eq!(released.len(), expected, "{sql}: {released:?}");
                for row in released {
                    let cell = row.rsplit_once(' ').expect("key and measure").0;
                    assert!(groups[cell].len() as u64 >= k, "{sql}: {row}");
                }
            }
        });
    }
}
