//! Random small tables, attacked by trying all tables of integers that fit what is released.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::cases::{adds, cells, table};
use super::*;

/// All tables that fit: for each the hidden cells' figures. Written from the attacker's side, with nothing of the audit's.
struct Attacker<'a> {
    figure: &'a Figure,
    unknown: Vec<usize>,
    values: Vec<Option<i64>>,
    most: i64,
    found: Vec<Vec<i64>>,
    steps: u64,
}

impl<'a> Attacker<'a> {
    /// `None` if there are too many tables to look at.
    fn tables(table: &Table, figure: &'a Figure, hidden: &[bool]) -> Option<Self> {
        let is_hidden = |cell: usize| hidden[cell] || table.cells[cell].state == State::Unlisted;
        let mut attacker = Self {
            figure,
            unknown: (0..hidden.len()).filter(|&cell| is_hidden(cell)).collect(),
            values: (0..hidden.len())
                .map(|cell| (!is_hidden(cell)).then_some(figure.values[cell]))
                .collect(),
            // Enough room above the truth to see what can move.
            most: figure.values.iter().max()? + 2,
            found: Vec::new(),
            steps: 0,
        };
        attacker.go(0).then_some(attacker)
    }

    fn go(&mut self, at: usize) -> bool {
        self.steps += 1;
        if self.steps > 300_000 {
            return false;
        }
        if !self
            .figure
            .relations
            .iter()
            .all(|relation| self.may_hold(relation))
        {
            return true;
        }
        let Some(&cell) = self.unknown.get(at) else {
            let values = self.unknown.iter().filter_map(|&cell| self.values[cell]);
            self.found.push(values.collect());
            return true;
        };
        for value in self.figure.least.unwrap_or(-self.most)..=self.most {
            self.values[cell] = Some(value);
            if !self.go(at + 1) {
                return false;
            }
        }
        self.values[cell] = None;
        true
    }

    /// With what is still open anywhere between least and most.
    fn may_hold(&self, relation: &Relation) -> bool {
        let least = self.figure.least.unwrap_or(-self.most);
        let low = |cell: usize| self.values[cell].unwrap_or(least);
        let high = |cell: usize| self.values[cell].unwrap_or(self.most);
        let (total, parts) = relation.members();
        let sum = |of: &dyn Fn(usize) -> i64| parts.iter().map(|&part| of(part)).sum::<i64>();
        match relation {
            Relation::Adds { .. } => sum(&low) <= high(total) && sum(&high) >= low(total),
            Relation::Covers { .. } => {
                parts.iter().all(|&part| low(part) <= high(total)) && low(total) <= sum(&high)
            }
        }
    }
}

/// Fails if the brute-force attacker computes a hidden cell, or a sum of hidden cells of 1 to k - 1 people.
fn attack(table: &Table, k: u32) -> Result<(), TestCaseError> {
    let protection = protect(table, k).unwrap();
    attack_this(table, k, &protection)?;
    // Without repairs and the search for the least, margins go more often; what is left holds as well.
    attack_this(table, k, &protect_within(table, k, 0, u64::MAX).unwrap())
}

fn attack_this(table: &Table, k: u32, protection: &Protection) -> Result<(), TestCaseError> {
    // What no table of integers was found to clear counts as computed, and margins go for it; the tables below are the judge of that.
    let cleared = protection.proof.computed.is_empty() || protection.method == Method::Margins;
    prop_assert!(cleared, "{:?}", protection);
    prop_assert_eq!(protection.proof.unsolved, 0);
    for (cell, of) in table.cells.iter().enumerate() {
        if of.state == State::Primary {
            prop_assert!(protection.hidden[cell]);
        }
        prop_assert!(of.state != State::Zero || !protection.hidden[cell]);
    }
    let dropped = |cell: usize| {
        protection.dropped.contains(&table.cells[cell].margin)
            && table.cells[cell].state != State::Primary
    };
    for (place, figure) in table.figures.iter().enumerate() {
        let Some(attacker) = Attacker::tables(table, figure, &protection.hidden) else {
            continue;
        };
        let found = &attacker.found;
        prop_assert!(!found.is_empty());
        for (at, &cell) in attacker.unknown.iter().enumerate() {
            if dropped(cell) || table.cells[cell].state == State::Unlisted {
                continue;
            }
            let seen = || found.iter().map(|table| table[at]);
            let (low, high) = (seen().min().unwrap(), seen().max().unwrap());
            prop_assert!(low < high, "cell {} is {}: {:?}", cell, low, protection);
            let interval = protection
                .proof
                .intervals
                .iter()
                .find(|of| (of.cell, of.figure) == (cell, place));
            let interval = interval.expect("an interval for each hidden cell");
            prop_assert!(
                interval.low.is_none_or(|least| least <= low),
                "{:?} above {}",
                interval,
                low
            );
            prop_assert!(
                interval.high.is_none_or(|most| most >= high),
                "{:?} below {}",
                interval,
                high
            );
        }
        let few: Vec<(usize, &[u64])> = attacker
            .unknown
            .iter()
            .enumerate()
            .filter_map(
                |(at, &cell)| match (&table.cells[cell].people, table.cells[cell].state) {
                    (People::Few(ids), State::Open | State::Primary) => Some((at, ids.as_slice())),
                    _ => None,
                },
            )
            .collect();
        if few.len() > 12 {
            continue;
        }
        for set in 1..1_u32 << few.len() {
            let members = || (0..few.len()).filter(move |at| set >> at & 1 == 1);
            let mut ids: Vec<u64> = members().flat_map(|at| few[at].1.iter().copied()).collect();
            ids.sort_unstable();
            ids.dedup();
            if !(1..k as usize).contains(&ids.len()) {
                continue;
            }
            let sum = |table: &Vec<i64>| members().map(|at| table[few[at].0]).sum::<i64>();
            let first = sum(&found[0]);
            prop_assert!(
                found.iter().any(|table| sum(table) != first),
                "a sum of {} people is {}: {:?}",
                ids.len(),
                first,
                protection
            );
        }
    }
    Ok(())
}

/// Rows of an answer that groups people by some sets of dimensions. Each person has rows in one or more cells.
fn grouped(people: &[Vec<[u32; 3]>], kepts: &[u32], k: u32, kind: Kind, least: i64) -> Table {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for &kept in kepts {
        let mut groups: BTreeMap<Vec<u32>, (i64, Vec<u64>)> = BTreeMap::new();
        for (person, places) in people.iter().enumerate() {
            for keys in places {
                let key = |at: usize| if kept >> at & 1 == 1 { keys[at] } else { 9 };
                let group = groups.entry((0..3).map(key).collect()).or_default();
                group.0 += 1;
                if group.1.last() != Some(&(person as u64)) {
                    group.1.push(person as u64);
                }
            }
        }
        for (keys, (count, ids)) in groups {
            values.push(match kind {
                Kind::Sum => count,
                Kind::Distinct => ids.len() as i64,
            });
            let few = ids.len() < k as usize;
            rows.push(Row {
                kept,
                keys,
                cost: count as u64,
                people: if few { People::Few(ids) } else { People::Many },
                state: if few { State::Primary } else { State::Open },
            });
        }
    }
    let column = Column {
        name: "n".into(),
        values,
        kind,
        least: Some(least),
    };
    grouping_sets(rows, vec![column]).unwrap()
}

fn grouping() -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        Just(vec![0b011, 0b001, 0b010, 0b000]),
        Just(vec![0b011, 0b001, 0b000]),
        Just(vec![0b001, 0b010]),
        Just(vec![0b011, 0b101]),
        Just(vec![0b001, 0b010, 0b100]),
        Just(vec![0b011, 0b110, 0b001, 0b100]),
        Just(vec![0b111, 0b110, 0b101, 0b011, 0b100, 0b010, 0b001, 0b000]),
        prop::collection::btree_set(0..8_u32, 1..6).prop_map(|sets| sets.into_iter().collect()),
    ]
}

fn people(rows: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Vec<[u32; 3]>>> {
    let place = [0..3_u32, 0..2_u32, 0..2_u32];
    prop::collection::vec(prop::collection::vec(place, rows), 1..14)
}

#[test]
fn the_attacker_finds_what_only_primary_suppression_leaves() {
    let exact = table(&[20, 15, 3, 38], 11, vec![adds(3, &[0, 1, 2])]);
    let sum = table(&[50, 4, 5, 59], 11, vec![adds(3, &[0, 1, 2])]);
    for (table, what) in [(exact, "cell 2 is 3"), (sum, "a sum of 9 people is 9")] {
        let start = super::cases::only_primary(&table);
        let audit = audit(&table, &start, 11, &mut WORK.clone()).unwrap();
        let protection = Protection {
            proof: Proof {
                computed: Vec::new(),
                ..prove(&table, &start, &audit)
            },
            hidden: start.hidden,
            dropped: Vec::new(),
            method: Method::Heuristic,
        };
        let error = attack_this(&table, 11, &protection).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

/// Every linear programme for one of its cells ends at a corner that is not of integers.
#[test]
fn a_cell_that_only_fractions_clear_is_withheld_with_its_margin() {
    let people: [&[[u32; 3]]; 3] = [
        &[[1, 1, 1], [0, 1, 1]],
        &[[0, 1, 1], [1, 0, 1]],
        &[[1, 1, 0], [2, 1, 1], [0, 0, 0]],
    ];
    let people = people.map(<[_]>::to_vec);
    let table = grouped(&people, &[0b011, 0b110, 0b001, 0b100], 4, Kind::Distinct, 1);
    attack(&table, 4).unwrap();
    assert!(!protect(&table, 4).unwrap().proof.computed.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 60 } else { 3000 }))]

    #[test]
    fn no_count_of_rows_is_computed_back(people in people(1..4), kepts in grouping(), k in 2..5_u32, least in 0..2_i64) {
        attack(&grouped(&people, &kepts, k, Kind::Sum, least), k)?;
    }

    #[test]
    fn no_count_of_people_is_computed_back(people in people(1..4), kepts in grouping(), k in 2..5_u32, least in 0..2_i64) {
        attack(&grouped(&people, &kepts, k, Kind::Distinct, least), k)?;
    }

    #[test]
    fn no_count_of_people_is_computed_back_where_each_has_one_place(people in people(1..2), kepts in grouping(), k in 2..5_u32) {
        attack(&grouped(&people, &kepts, k, Kind::Distinct, 0), k)?;
    }

    #[test]
    fn nothing_is_computed_back_from_linked_hierarchies(
        leaves in prop::collection::vec(0..9_i64, 3..7),
        links in prop::collection::vec(prop::collection::vec(any::<bool>(), 6), 1..4),
        k in 2..6_u32,
    ) {
        // Each link splits the leaves in two, with both halves and the total shown.
        let mut values = leaves.clone();
        let total = leaves.len();
        values.push(leaves.iter().sum());
        let mut relations = vec![adds(total, &(0..total).collect::<Vec<_>>())];
        for link in links {
            for side in [true, false] {
                let parts: Vec<usize> = (0..total).filter(|&leaf| link[leaf] == side).collect();
                if !parts.is_empty() {
                    relations.push(adds(values.len(), &parts));
                    values.push(parts.iter().map(|&leaf| leaves[leaf]).sum());
                }
            }
        }
        let table = table(&values, k, relations);
        prop_assert_eq!(cells(&values, k).len(), table.cells.len());
        attack(&table, k)?;
    }
}
