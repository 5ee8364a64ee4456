//! The relations that grouping sets have by themselves.
//!
//! A cell of a grouping set is the sum of the cells of a finer one that share its keys: with `ROLLUP (a, b)` each `(a)` is the sum
//! of its `(a, b)`, and `()` the sum of all `(a)`. Two sets that have no common margin in the output still have one in fact:
//! `GROUPING SETS ((a), (b))` add up to the same total, which the reader does not see and need not see to compute with. Such
//! margins become [`State::Unlisted`] cells.
//!
//! What is empty is absent: a part that no row shows is zero, and the reader is taken to know it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::table::{Cell, Figure, People, Relation, State, Table, TableError};

/// One row of an answer with grouping sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which dimensions are keys of the row's grouping set: bit *i* for dimension *i*. It tells a NULL among the keys from "all",
    /// so it comes from the grouping id (whose bits say the opposite), never from the keys.
    pub kept: u32,
    /// For each dimension a number that stands for the key; NULL has one too. Where the dimension is not kept, anything.
    pub keys: Vec<u32>,
    /// The people behind the row.
    pub people: People,
    /// What is lost when it is hidden.
    pub cost: u64,
    /// What may become of it.
    pub state: State,
}

/// One column of an answer with grouping sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the report.
    pub name: String,
    /// Its value in each row, as an integer.
    pub values: Vec<i64>,
    /// How values of finer sets make those of coarser ones.
    pub kind: Kind,
    /// See [`Figure::least`].
    pub least: Option<i64>,
}

/// How the values of a finer grouping set make those of a coarser one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// They add up: `COUNT(*)`, `SUM(x)`.
    Sum,
    /// Something is counted once, in how many parts it ever is: `COUNT(DISTINCT person)`. Where such figures add up exactly they
    /// are taken to do so by nature: whoever knows that each person has one sex and one year of birth knows it too.
    Distinct,
}

/// The table of an answer with grouping sets (`GROUP BY`, `ROLLUP`, `CUBE`, `GROUPING SETS`, or a union of such with NULL keys filled
/// in). Its first cells are the rows in their order; unlisted margins follow. The margin of a cell is its `kept`.
///
/// Rows are needed as they are before HAVING, ORDER BY and LIMIT: a total without all its parts is an error.
///
/// ```
/// use sceau_kanon::suppress::{Column, Kind, People, Relation, Row, State, grouping_sets};
///
/// let row = |kept, key, rows| Row { kept, keys: vec![key], people: People::Many, cost: rows, state: State::Open };
/// // GROUP BY ROLLUP (dep)
/// let rows = vec![row(1, 75, 20), row(1, 92, 15), row(0, 0, 35)];
/// let count = Column { name: "count(*)".into(), values: vec![20, 15, 35], kind: Kind::Sum, least: Some(0) };
/// let table = grouping_sets(rows, vec![count])?;
/// assert_eq!(table.figures[0].relations, [Relation::Adds { total: 2, parts: vec![0, 1] }]);
/// # Ok::<_, sceau_kanon::suppress::TableError>(())
/// ```
///
/// # Errors
/// Rows with keys of different length or columns of another length than the rows. Whether totals are the sums of their parts is
/// looked at by [`Table::check`].
pub fn grouping_sets(rows: Vec<Row>, columns: Vec<Column>) -> Result<Table, TableError> {
    let dimensions = rows.first().map_or(0, |row| row.keys.len());
    for (cell, row) in rows.iter().enumerate() {
        let fits = dimensions >= 32 || row.kept >> dimensions == 0;
        if dimensions > 32 || row.keys.len() != dimensions || !fits {
            return Err(TableError::Keys { cell });
        }
    }
    for column in &columns {
        if column.values.len() != rows.len() {
            return Err(TableError::Length {
                figure: column.name.clone(),
                found: column.values.len(),
                cells: rows.len(),
            });
        }
    }
    let mut lattice = Lattice::of(&rows);
    lattice.close();
    let mut figures: Vec<Figure> = columns
        .iter()
        .map(|column| Figure {
            name: column.name.clone(),
            values: lattice.values(column),
            relations: Vec::new(),
            least: column.least,
        })
        .collect();
    for (figure, column) in figures.iter_mut().zip(&columns) {
        figure.relations = lattice.relations(column.kind, &figure.values);
    }
    let unlisted = lattice.unlisted.iter().map(|&kept| Cell {
        people: People::Many,
        cost: 0,
        state: State::Unlisted,
        margin: kept,
    });
    let listed = rows.into_iter().map(|row| Cell {
        people: row.people,
        cost: row.cost,
        state: row.state,
        margin: row.kept,
    });
    Ok(Table {
        cells: listed.chain(unlisted).collect(),
        figures,
    })
}

/// Keys with the dimensions that are not kept blotted out.
type Key = Vec<u32>;

struct Lattice {
    listed: usize,
    /// For each grouping set its cells, by key. Sets come in no particular order of fineness.
    sets: BTreeMap<u32, HashMap<Key, usize>>,
    /// The sets that the answer shows.
    shown: BTreeSet<u32>,
    /// The sets of the cells that follow the listed ones.
    unlisted: Vec<u32>,
    /// Rows that say the same cell again.
    again: Vec<(usize, usize)>,
}

/// A total's parts, in one finer grouping set.
struct Line {
    total: usize,
    parts: Vec<usize>,
}

fn blot(keys: &[u32], kept: u32) -> Key {
    let key = |(dimension, &key)| {
        if kept >> dimension & 1 == 1 {
            key
        } else {
            u32::MAX
        }
    };
    keys.iter().enumerate().map(key).collect()
}

impl Lattice {
    fn of(rows: &[Row]) -> Self {
        let mut sets: BTreeMap<u32, HashMap<Key, usize>> = BTreeMap::new();
        let mut again = Vec::new();
        for (cell, row) in rows.iter().enumerate() {
            let first = *sets
                .entry(row.kept)
                .or_default()
                .entry(blot(&row.keys, row.kept))
                .or_insert(cell);
            if first != cell {
                again.push((first, cell));
            }
        }
        Self {
            listed: rows.len(),
            shown: sets.keys().copied().collect(),
            sets,
            unlisted: Vec::new(),
            again,
        }
    }

    /// Adds the margins that sets have in common, and every cell of a margin that has a part.
    fn close(&mut self) {
        let mut kepts: BTreeSet<u32> = self.shown.clone();
        loop {
            let meets: BTreeSet<u32> = kepts
                .iter()
                .flat_map(|one| kepts.iter().map(move |other| one & other))
                .filter(|meet| !kepts.contains(meet))
                .collect();
            if meets.is_empty() {
                break;
            }
            kepts.extend(meets);
        }
        let mut fine_first: Vec<u32> = kepts.into_iter().collect();
        fine_first.sort_by_key(|kept| std::cmp::Reverse(kept.count_ones()));
        for &kept in &fine_first {
            let mut needed: BTreeSet<Key> = BTreeSet::new();
            for (&finer, cells) in &self.sets {
                if finer != kept && finer & kept == kept {
                    needed.extend(cells.keys().map(|key| blot(key, kept)));
                }
            }
            let cells = self.sets.entry(kept).or_default();
            for key in needed {
                cells.entry(key).or_insert_with(|| {
                    self.unlisted.push(kept);
                    self.listed + self.unlisted.len() - 1
                });
            }
        }
    }

    /// For each set the next finer ones of `among`, all their cells under their totals.
    fn lines(&self, among: &BTreeSet<u32>) -> Vec<Line> {
        let mut lines = Vec::new();
        for &kept in among {
            let finer = |one: u32, other: u32| one != other && one & other == other;
            let next = among.iter().copied().filter(|&set| {
                finer(set, kept)
                    && !among
                        .iter()
                        .any(|&between| finer(set, between) && finer(between, kept))
            });
            for set in next {
                let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                for (key, &part) in &self.sets[&set] {
                    let total = self.sets[&kept][&blot(key, kept)];
                    parts.entry(total).or_default().push(part);
                }
                lines.extend(parts.into_iter().map(|(total, mut parts)| {
                    parts.sort_unstable();
                    Line { total, parts }
                }));
            }
        }
        lines
    }

    /// The column's values, and those of unlisted margins: the sum of their parts, where finer sets disagree the least sum.
    fn values(&self, column: &Column) -> Vec<i64> {
        let mut values = column.values.clone();
        values.resize(self.listed + self.unlisted.len(), 0);
        let all: BTreeSet<u32> = self.sets.keys().copied().collect();
        let mut lines = self.lines(&all);
        lines.retain(|line| line.total >= self.listed);
        // Finer margins first: they are parts of coarser ones.
        lines.sort_by_key(|line| {
            std::cmp::Reverse(self.unlisted[line.total - self.listed].count_ones())
        });
        let mut known = vec![false; self.unlisted.len()];
        for Line { total, parts } in lines {
            let sum = parts
                .iter()
                .fold(0_i64, |sum, &part| sum.saturating_add(values[part]));
            let value = &mut values[total];
            if !std::mem::replace(&mut known[total - self.listed], true) || sum < *value {
                *value = sum;
            }
        }
        values
    }

    fn relations(&self, kind: Kind, values: &[i64]) -> Vec<Relation> {
        let all: BTreeSet<u32> = self.sets.keys().copied().collect();
        let mut relations: Vec<Relation> = self
            .again
            .iter()
            .map(|&(total, part)| Relation::Adds {
                total,
                parts: vec![part],
            })
            .collect();
        match kind {
            Kind::Sum => relations.extend(
                self.lines(&all)
                    .into_iter()
                    .map(|Line { total, parts }| Relation::Adds { total, parts }),
            ),
            Kind::Distinct => {
                // What an unlisted margin counts is not known. Relations with one stand only where they hold for the value
                // that it was given; those between shown sets stand as they are.
                let mut lines = self.lines(&all);
                if all != self.shown {
                    lines.extend(self.lines(&self.shown));
                }
                relations.extend(
                    lines
                        .into_iter()
                        .filter_map(|line| self.distinct(line, values)),
                );
            }
        }
        relations
    }

    fn distinct(&self, Line { total, parts }: Line, values: &[i64]) -> Option<Relation> {
        let sum = parts
            .iter()
            .fold(0_i64, |sum, &part| sum.saturating_add(values[part]));
        let largest = parts.iter().map(|&part| values[part]).max()?;
        let value = values[total];
        let shown = total < self.listed && parts.iter().all(|&part| part < self.listed);
        if value == sum {
            Some(Relation::Adds { total, parts })
        } else if shown || (largest <= value && value < sum) {
            Some(Relation::Covers { total, parts })
        } else {
            None
        }
    }
}
