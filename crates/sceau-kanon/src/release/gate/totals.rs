//! Totals beside cells: what is withheld so that nothing withheld can be computed back.
//!
//! `GROUP BY ROLLUP (dep)` shows the sum of what it breaks down, so a single withheld cell is one subtraction away. Before
//! anything above the gate sees a cell, all of them are laid out as a table with its relations, and [`crate::suppress`] says
//! which others to withhold. It looks at the row counts and at every measure that adds up, each cell with its people; and
//! once more for each condition that a measure is made by, with the people who meet it, since the sum of two withheld
//! cells may be of enough people and few of them women.

use std::collections::{BTreeSet, HashMap};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, exec_err};
use sceau_core::permit::Withheld;

use super::dominant::Dominant;
use super::exec::rounded;
use super::{Gate, Rule};
use crate::contributors::UNKNOWN_PERSON;
use crate::release::ReleaseError;
use crate::release::withheld::Interval;
use crate::suppress::{Column, Kind, People, Row, State, TableError, grouping_sets, protect};

/// What ties the cells of one gate together.
#[derive(Debug)]
pub(crate) struct Totals {
    /// How many columns are grouped by.
    pub(crate) dimensions: usize,
    /// How many columns of people a cell has, for all its rows and for each condition.
    pub(crate) contributors: usize,
    /// How many conditions its measures are made by.
    pub(crate) conditions: usize,
    /// For each measure how its values in finer sets make those in coarser ones, if they do.
    pub(crate) adds: Vec<Option<Adds>>,
    /// How many columns, after those of people, hold what means are taken of, added up.
    pub(crate) means: usize,
    /// What the columns after those hold: the largest contributors to an amount, and what they may be of it.
    pub(crate) dominant: Vec<Dominant>,
    /// Whether cells are withheld for others' sake.
    pub(crate) secondary: bool,
    /// Whether rounded totals are sums of the cells that are shown, and no others.
    pub(crate) of_shown: bool,
    /// Whether the cells by all columns are not shown: they are there for what the others tell of them.
    pub(crate) aside: bool,
    /// More than so many are not collected.
    pub(crate) most_cells: usize,
}

/// More cells that nobody sees are not looked at: what they are is not known from elsewhere, and to show that it cannot be computed
/// takes as long as for those that are seen.
const MOST_ASIDE: usize = 5_000;

/// How a measure of a total comes from its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adds {
    /// It is their sum.
    Up,
    /// It counts once what is in several.
    Distinct,
}

impl Totals {
    /// How many columns of the aggregate are for this: for all rows and for each condition their number and their people; and sums
    /// of what means are taken of, and the largest contributors to sums.
    pub(crate) fn columns(&self) -> usize {
        self.of_people() + self.means + self.dominant.len()
    }

    pub(super) fn of_people(&self) -> usize {
        (1 + self.conditions) * (1 + self.contributors)
    }

    /// For each cell the columns that its grouping set keeps, as bits.
    pub(super) fn kept(&self, cells: &RecordBatch) -> Result<Vec<u32>> {
        let ids = cast(cells.column(self.dimensions), &DataType::UInt64)?;
        let ids = ids.as_primitive::<UInt64Type>();
        // In the id the last column is the lowest bit, and a bit says that the column is not kept.
        let kept = |id: u64| {
            (0..self.dimensions)
                .filter(|column| id >> (self.dimensions - 1 - column) & 1 == 0)
                .fold(0, |kept, column| kept | 1 << column)
        };
        Ok(ids.values().iter().map(|id| kept(*id)).collect())
    }

    /// The same cells, those that are not shown last, and how many are before them.
    pub(super) fn set_aside(
        &self,
        gate: &Gate,
        cells: RecordBatch,
    ) -> Result<(RecordBatch, usize)> {
        if !self.aside {
            let shown = cells.num_rows();
            return Ok((cells, shown));
        }
        let all = u32::MAX >> (u32::BITS as usize - self.dimensions);
        let kept = self.kept(&cells)?;
        let (aside, mut order): (Vec<u32>, Vec<u32>) =
            (0..cells.num_rows() as u32).partition(|&cell| kept[cell as usize] == all);
        let shown = order.len();
        if aside.len() > MOST_ASIDE {
            return Err(gate.tally.refuse(ReleaseError::Margins {
                found: "grouping sets of so many columns, without the one by all of them,",
            }));
        }
        order.extend(aside);
        Ok((take_record_batch(&cells, &UInt32Array::from(order))?, shown))
    }

    /// Marks the cells that have to be withheld for others' sake, and says for each cell what can be computed of it. Cells beyond those
    /// that marks are for are not shown.
    pub(super) fn protect(
        &self,
        gate: &Gate,
        cells: &RecordBatch,
        broken: &mut [Option<Rule>],
    ) -> Result<Vec<Vec<Interval>>> {
        let shown = broken.len();
        let mut known = vec![vec![]; cells.num_rows()];
        if !self.secondary || shown == cells.num_rows() && broken.iter().all(Option::is_none) {
            return Ok(known);
        }
        let kept = self.kept(cells)?;
        let keys = keys(cells, self.dimensions)?;
        let views = self.views(gate, cells, &kept)?;
        // Which cells are withheld besides hangs on the order they come in, which is the engine's: asked twice, a question must not
        // show what was withheld the first time.
        let mut order: Vec<usize> = (0..kept.len()).collect();
        order.sort_by_key(|&cell| (kept[cell], &keys[cell]));
        let mut dropped: BTreeSet<u32> = BTreeSet::new();
        // What one view has withheld, the others have to keep secret too: each is looked at until nothing has changed since. Each
        // round withholds more, so they end.
        let mut unchanged = 0;
        for at in (0..views.len()).cycle() {
            if unchanged == views.len() {
                break;
            }
            let view = &views[at];
            let rows = order
                .iter()
                .map(|&cell| Row {
                    kept: kept[cell],
                    keys: keys[cell].clone(),
                    people: view.people[cell].clone(),
                    cost: u64::try_from(view.cost[cell]).unwrap_or_default(),
                    state: if view.of_some && view.cost[cell] == 0 {
                        State::Zero
                    } else if cell >= shown || dropped.contains(&kept[cell]) {
                        // Nobody sees it: only that few people are not computed matters.
                        match &view.people[cell] {
                            People::Few(people) if !people.is_empty() => State::Unseen,
                            _ => State::Unlisted,
                        }
                    } else if broken[cell].is_some() {
                        State::Primary
                    } else {
                        State::Open
                    },
                })
                .collect();
            let columns = view.columns.iter().map(|column| Column {
                values: order.iter().map(|&cell| column.values[cell]).collect(),
                ..column.clone()
            });
            let refused = |error: TableError| gate.tally.refuse(refusal(&error));
            let table = grouping_sets(rows, columns.collect()).map_err(refused)?;
            let protection = protect(&table, view.k).map_err(refused)?;
            if at == 0 {
                known = view.known(&order, &protection.proof.intervals, cells.num_rows());
            }
            // A view that has withheld something has seen to it that it holds.
            unchanged += 1;
            for (&cell, hidden) in order.iter().zip(&protection.hidden) {
                if let Some(rule @ None) = broken.get_mut(cell)
                    && *hidden
                {
                    *rule = Some(Rule::Secondary);
                    unchanged = 1;
                }
            }
            dropped.extend(&protection.dropped);
            if at == 0 && unchanged > 0 {
                for place in self.dominated(gate, cells, &table, &protection, &order)? {
                    if let Some(rule @ None) = broken.get_mut(order[place]) {
                        *rule = Some(Rule::Secondary);
                        unchanged = 0;
                    }
                }
            }
        }
        Ok(known)
    }

    /// The ways to look at the cells: by each kind of people, all rows and those that meet a condition.
    fn views(&self, gate: &Gate, cells: &RecordBatch, kept: &[u32]) -> Result<Vec<View>> {
        let behind = &cells.columns()[gate.shown() + gate.checks.len()..][..self.of_people()];
        let mut views = Vec::new();
        for (part, columns) in behind.chunks(1 + self.contributors).enumerate() {
            let [rows, people @ ..] = columns else {
                return exec_err!("totals need the number of rows of a cell");
            };
            let Some(cost) = rows.as_primitive_opt::<Int64Type>() else {
                return exec_err!("a number of rows is an Int64, not {}", rows.data_type());
            };
            let cost = cost.values().to_vec();
            // A withheld cell whose key is shown has a row.
            let least = i64::from(part == 0 && gate.withheld == Withheld::Mask);
            let mut figures = vec![Column {
                name: "rows".to_owned(),
                least: cost.iter().copied().chain([least]).min(),
                values: cost.clone(),
                kind: Kind::Sum,
            }];
            let mut units = vec![1.0];
            if part == 0 {
                for (figure, unit) in self.figures(gate, cells, kept)? {
                    figures.push(figure);
                    units.push(unit);
                }
            }
            for people in people {
                let (people, k) = people_of(people, gate.k)?;
                views.push(View {
                    people,
                    k,
                    cost: cost.clone(),
                    columns: figures.clone(),
                    units: units.clone(),
                    of_some: part > 0,
                });
            }
        }
        Ok(views)
    }

    /// The measures that add up, each as whole numbers, and how many of them are one.
    fn figures(
        &self,
        gate: &Gate,
        cells: &RecordBatch,
        kept: &[u32],
    ) -> Result<Vec<(Column, f64)>> {
        let mut figures = Vec::new();
        for (measure, adds) in self.adds.iter().enumerate() {
            let Some(adds) = adds else { continue };
            let at = gate.keys + measure;
            let column = cells.column(at);
            let values = match adds {
                Adds::Distinct => counts(column).map(|counts| (counts, 1.0)),
                Adds::Up => self.amounts(cells, column, kept)?,
            };
            let Some((values, unit)) = values else {
                continue;
            };
            let kind = match adds {
                Adds::Up => Kind::Sum,
                Adds::Distinct => Kind::Distinct,
            };
            figures.push((figure(&gate.columns[at].name, kind, values), unit));
        }
        // Who knows a mean and how many there are knows the sum.
        let means = gate.shown() + gate.checks.len() + self.of_people();
        for column in &cells.columns()[means..][..self.means] {
            if let Some((values, unit)) = self.amounts(cells, column, kept)? {
                figures.push((figure(UNNAMED, Kind::Sum, values), unit));
            }
        }
        Ok(figures)
    }

    /// Amounts in a unit in which they are whole numbers, small enough to be computed with. What is rounded for it is summed
    /// anew, so that totals are sums; where there is no set that all others are sums of, such a measure is left to what
    /// protects the number of rows, which has the same relations. Beside the amounts stands how many units are one.
    fn amounts(
        &self,
        cells: &RecordBatch,
        column: &ArrayRef,
        kept: &[u32],
    ) -> Result<Option<(Vec<i64>, f64)>> {
        const LARGEST: f64 = (1_u64 << 45) as f64;
        if let Some(values) = counts(column)
            && values.iter().all(|value| (*value as f64).abs() < LARGEST)
        {
            return Ok(Some((values, 1.0)));
        }
        let Ok(values) = cast(column, &DataType::Float64) else {
            return Ok(None);
        };
        let values: Vec<f64> = values
            .as_primitive::<Float64Type>()
            .iter()
            .map(Option::unwrap_or_default)
            .collect();
        let largest = values
            .iter()
            .fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if !values.iter().all(|value| value.is_finite()) {
            return Ok(None);
        }
        // Cents, or as many as fit.
        let unit = f64::min(100.0, LARGEST / 4.0 / largest.max(1.0));
        let whole: Vec<i64> = values
            .iter()
            .map(|value| (value * unit).round() as i64)
            .collect();
        Ok(self
            .summed(cells, kept, &whole)?
            .map(|summed| (summed, unit)))
    }

    /// Every cell as the sum of the finest cells that it is made of; none if no grouping set is finer than all others.
    fn summed(
        &self,
        cells: &RecordBatch,
        kept: &[u32],
        values: &[i64],
    ) -> Result<Option<Vec<i64>>> {
        let all = kept.iter().fold(0, |all, kept| all | kept);
        if !kept.contains(&all) {
            return Ok(None);
        }
        let keys = keys(cells, self.dimensions)?;
        let masked = |cell: usize, kept: u32| -> Vec<Option<u32>> {
            (0..self.dimensions)
                .map(|key| (kept >> key & 1 == 1).then(|| keys[cell][key]))
                .collect()
        };
        let mut sums: HashMap<(u32, Vec<Option<u32>>), i64> = HashMap::new();
        let sets: BTreeSet<u32> = kept.iter().copied().collect();
        for cell in (0..kept.len()).filter(|cell| kept[*cell] == all) {
            for &set in &sets {
                let sum = sums.entry((set, masked(cell, set))).or_default();
                *sum = sum.saturating_add(values[cell]);
            }
        }
        Ok(Some(
            (0..kept.len())
                .map(|cell| {
                    let key = (kept[cell], masked(cell, kept[cell]));
                    sums.get(&key).copied().unwrap_or(values[cell])
                })
                .collect(),
        ))
    }

    /// Marks totals that are sums of the cells that are shown where none of these is: 0 would say that nobody is there.
    pub(super) fn withhold_sums_of_nothing(
        &self,
        gate: &Gate,
        cells: &RecordBatch,
        broken: &mut [Option<Rule>],
    ) -> Result<()> {
        let mut summed = gate.rounded.iter();
        if !self.of_shown
            || gate.rounding.is_exact()
            || !summed.any(|&measure| self.adds[measure] == Some(Adds::Up))
        {
            return Ok(());
        }
        let shown: Vec<i64> = broken
            .iter()
            .map(|rule| i64::from(rule.is_none()))
            .collect();
        let Some(shown) = self.summed(cells, &self.kept(cells)?, &shown)? else {
            return Ok(());
        };
        for (rule, shown) in broken.iter_mut().zip(shown) {
            if shown == 0 && rule.is_none() {
                *rule = Some(Rule::Secondary);
            }
        }
        Ok(())
    }

    /// The same cells, where counts are rounded with totals that are sums of rounded cells: one that was rounded by itself
    /// would tell in which direction its parts were.
    pub(super) fn of_rounded_cells(
        &self,
        gate: &Gate,
        cells: &RecordBatch,
        broken: &[Option<Rule>],
    ) -> Result<RecordBatch> {
        if gate.rounding.is_exact() {
            return Ok(cells.clone());
        }
        let kept = self.kept(cells)?;
        let mut columns = cells.columns().to_vec();
        for &measure in &gate.rounded {
            let at = gate.keys + measure;
            let own = rounded(&columns[at], gate.rounding)?;
            let whole = cast(&own, &DataType::Int64)?;
            columns[at] = own;
            // What is in several parts counts once in their total, which is no sum of them.
            if self.adds[measure] != Some(Adds::Up) {
                continue;
            }
            let Some(mut parts) = counts(&whole) else {
                continue;
            };
            if self.of_shown {
                for (part, _) in parts
                    .iter_mut()
                    .zip(broken)
                    .filter(|(_, rule)| rule.is_some())
                {
                    *part = 0;
                }
            }
            if let Some(sums) = self.summed(cells, &kept, &parts)? {
                let sums = Int64Array::from(sums);
                columns[at] = cast(&sums, columns[at].data_type())?;
            }
        }
        Ok(RecordBatch::try_new(cells.schema(), columns)?)
    }
}

/// What a column is called that the release does not show.
const UNNAMED: &str = "";

fn figure(name: &str, kind: Kind, values: Vec<i64>) -> Column {
    Column {
        name: name.to_owned(),
        least: values.iter().all(|value| *value >= 0).then_some(0),
        values,
        kind,
    }
}

/// One way to look at the cells.
struct View {
    people: Vec<People>,
    /// How many people are enough.
    k: u32,
    /// The number of rows of each cell.
    cost: Vec<i64>,
    columns: Vec<Column>,
    /// Of each column, how many of its whole numbers are one.
    units: Vec<f64>,
    /// Whether only the rows that meet a condition are looked at: where there are none, the cell is empty.
    of_some: bool,
}

impl View {
    /// For each cell what an attacker can compute of it, in the units that the release shows.
    fn known(
        &self,
        listed: &[usize],
        intervals: &[crate::suppress::Interval],
        cells: usize,
    ) -> Vec<Vec<Interval>> {
        let mut known = vec![vec![]; cells];
        for interval in intervals {
            let Some(&cell) = listed.get(interval.cell) else {
                continue;
            };
            let (Some(column), Some(unit)) = (
                self.columns.get(interval.figure),
                self.units.get(interval.figure),
            ) else {
                continue;
            };
            if column.name == UNNAMED {
                continue;
            }
            let in_units = |value: i64| value as f64 / unit;
            known[cell].push(Interval {
                measure: column.name.clone(),
                low: interval.low.map(in_units),
                high: interval.high.map(in_units),
            });
        }
        known
    }
}

/// For every cell and dimension a number that stands for the key: its place among all keys in order.
pub(super) fn keys(cells: &RecordBatch, dimensions: usize) -> Result<Vec<Vec<u32>>> {
    let mut keys = vec![Vec::with_capacity(dimensions); cells.num_rows()];
    for column in &cells.columns()[..dimensions] {
        let converter = RowConverter::new(vec![SortField::new(column.data_type().clone())])?;
        let rows = converter.convert_columns(std::slice::from_ref(column))?;
        let distinct: BTreeSet<arrow::row::Row<'_>> = rows.iter().collect();
        let numbers: HashMap<arrow::row::Row<'_>, u32> = distinct.into_iter().zip(0..).collect();
        for (of, row) in keys.iter_mut().zip(&rows) {
            of.push(numbers.get(&row).copied().unwrap_or(u32::MAX));
        }
    }
    Ok(keys)
}

/// What who asked is told when totals cannot be protected. The rest is for the operator.
fn refusal(error: &TableError) -> ReleaseError {
    match error {
        TableError::TooLong => ReleaseError::TooManyTotals,
        other => {
            tracing::error!(error = %other, "totals could not be protected");
            ReleaseError::Margins {
                found: "these totals: what has to be withheld beside them could not be found, and a cell",
            }
        }
    }
}

/// The people of every cell, and how many are enough. Somebody unknown may be one of the known: they never add up, and where
/// such a one is all that a cell has, a sum of cells needs one person more.
fn people_of(sets: &ArrayRef, k: u32) -> Result<(Vec<People>, u32)> {
    let Some(sets) = sets.as_list_opt::<i32>() else {
        return exec_err!("people are a list, not {}", sets.data_type());
    };
    let mut enough = k;
    let mut people = Vec::with_capacity(sets.len());
    for cell in 0..sets.len() {
        let set = sets.value(cell);
        let Some(ids) = set.as_primitive_opt::<UInt64Type>() else {
            return exec_err!("people are numbers, not {}", set.data_type());
        };
        let mut known: Vec<u64> = ids
            .iter()
            .flatten()
            .filter(|id| *id != UNKNOWN_PERSON)
            .collect();
        known.sort_unstable();
        known.dedup();
        if known.is_empty() && !ids.is_empty() {
            known.push(UNKNOWN_PERSON);
            enough = k.saturating_add(1);
        }
        people.push(if known.len() >= k as usize {
            People::Many
        } else {
            People::Few(known)
        });
    }
    Ok((people, enough))
}

fn counts(column: &ArrayRef) -> Option<Vec<i64>> {
    if !column.data_type().is_integer() {
        return None;
    }
    let whole = cast(column, &DataType::Int64).ok()?;
    let whole = whole.as_primitive::<Int64Type>();
    Some(whole.iter().map(Option::unwrap_or_default).collect())
}
