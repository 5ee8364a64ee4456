//! Totals beside cells: what is withheld so that nothing withheld can be computed back.
//!
//! `GROUP BY ROLLUP (dep)` shows the sum of what it breaks down, so a single withheld cell is one subtraction away. Before
//! anything above the gate sees a cell, all of them are laid out as a table with its relations, and [`crate::suppress`] says
//! which others to withhold. It looks at the row counts and at every measure that adds up, each cell with its people; and
//! once more for each condition that a measure is made by, with the people who meet it, since the sum of two withheld
//! cells may be of enough people and few of them women.

use std::collections::{BTreeSet, HashMap};

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, UInt64Type};
use arrow::row::{RowConverter, SortField};
use datafusion::common::Result;

use super::dominant::Dominant;
use super::{Gate, Rule};
use crate::release::ReleaseError;
use crate::release::withheld::Interval;
use crate::suppress::{Column, People, Row, State, TableError, grouping_sets, protect};

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
