//! How the cells of a release are looked at before totals leave: as tables of whole numbers, each with the people behind it.

use std::collections::{BTreeSet, HashMap};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{Result, exec_err};
use sceau_core::permit::Withheld;

use super::Gate;
use super::totals::{Adds, Totals, keys};
use crate::contributors::UNKNOWN_PERSON;
use crate::release::withheld::Interval;
use crate::suppress::{Column, Kind, People};

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
pub(super) struct View {
    pub(super) people: Vec<People>,
    /// How many people are enough.
    pub(super) k: u32,
    /// The number of rows of each cell.
    pub(super) cost: Vec<i64>,
    pub(super) columns: Vec<Column>,
    /// Of each column, how many of its whole numbers are one.
    units: Vec<f64>,
    /// Whether only the rows that meet a condition are looked at: where there are none, the cell is empty.
    pub(super) of_some: bool,
}

impl View {
    /// For each cell what an attacker can compute of it, in the units that the release shows.
    pub(super) fn known(
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

impl Totals {
    /// The ways to look at the cells: by each kind of people, all rows and those that meet a condition.
    pub(super) fn views(
        &self,
        gate: &Gate,
        cells: &RecordBatch,
        kept: &[u32],
    ) -> Result<Vec<View>> {
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
    pub(super) fn summed(
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

pub(super) fn counts(column: &ArrayRef) -> Option<Vec<i64>> {
    if !column.data_type().is_integer() {
        return None;
    }
    let whole = cast(column, &DataType::Int64).ok()?;
    let whole = whole.as_primitive::<Int64Type>();
    Some(whole.iter().map(Option::unwrap_or_default).collect())
}
