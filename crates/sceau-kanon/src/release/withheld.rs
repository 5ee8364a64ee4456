use std::fmt;
use std::sync::{Mutex, PoisonError};

use arrow::array::{Array, ArrayRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::Serialize;

/// A cell that was withheld, for whatever reason: one that breaks a rule and one that is withheld to protect it look the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WithheldCell {
    /// Its keys, in the order of the question's GROUP BY.
    pub key: Vec<Option<String>>,
    /// What whoever reads the release can know of its measures, where totals are released: of those that are columns of the
    /// release as they are counted or summed.
    pub intervals: Vec<Interval>,
}

/// What can be known of a withheld value from the values that are released.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interval {
    /// The measure, as the release names it.
    pub measure: String,
    /// The least that it can be, if that is known.
    pub low: Option<f64>,
    /// The most that it can be, if that is known.
    pub high: Option<f64>,
}

/// The withheld cells of one gate, as they are met.
#[derive(Debug, Default)]
pub(in crate::release) struct WithheldCells {
    met: Mutex<Met>,
}

/// The withheld cells that are named, and how many are not.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::release) struct Met {
    pub(in crate::release) cells: Vec<WithheldCell>,
    pub(in crate::release) unnamed: u64,
    /// For each measure the least that is left open of a cell that is not named.
    pub(in crate::release) closest: Vec<Interval>,
}

impl Met {
    fn leave_unnamed(&mut self, intervals: Vec<Interval>) {
        self.unnamed += 1;
        for interval in intervals {
            let mut closest = self.closest.iter_mut();
            match closest.find(|known| known.measure == interval.measure) {
                Some(known) if known.width() <= interval.width() => {}
                Some(known) => *known = interval,
                None => self.closest.push(interval),
            }
        }
    }
}

/// Who signs reads no more than this; a question that groups by what is nearly unique has as many groups as rows.
const MOST_NAMED: usize = 10_000;

impl WithheldCells {
    /// Notes a withheld cell by its row in the columns of keys.
    pub(in crate::release) fn name(
        &self,
        keys: &[ArrayRef],
        row: usize,
        intervals: Vec<Interval>,
    ) -> Result<(), ArrowError> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if met.cells.len() >= MOST_NAMED {
            met.leave_unnamed(intervals);
            return Ok(());
        }
        let options = FormatOptions::default();
        let key = keys
            .iter()
            .map(|column| {
                let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
                Ok((!column.is_null(row)).then(|| formatter.value(row).to_string()))
            })
            .collect::<Result<_, ArrowError>>()?;
        met.cells.push(WithheldCell { key, intervals });
        Ok(())
    }

    /// Notes a withheld cell whose key may be one person's own, or that somebody was not asked for.
    pub(in crate::release) fn leave_unnamed(&self, intervals: Vec<Interval>) {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.leave_unnamed(intervals);
    }

    pub(in crate::release) fn met(&self) -> Met {
        let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let mut met = met.clone();
        // They come as the engine has them, in another order every time.
        met.cells.sort_by(|a, b| a.key.cmp(&b.key));
        met
    }
}

impl Interval {
    /// How much it leaves open.
    fn width(&self) -> f64 {
        match (self.low, self.high) {
            (Some(low), Some(high)) => high - low,
            _ => f64::INFINITY,
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (Some(low), Some(high)) => write!(f, "{low} to {high}"),
            (Some(low), None) => write!(f, "{low} or more"),
            (None, Some(high)) => write!(f, "{high} or less"),
            (None, None) => f.write_str("anything"),
        }
    }
}
