use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};
use datafusion::common::{Result, exec_err};

use super::{Check, Gate, Rule, Test};

/// For each cell the first rule that it breaks, if any.
pub(super) fn broken(gate: &Gate, cells: &RecordBatch) -> Result<Vec<Option<Rule>>> {
    let checked = &cells.columns()[gate.shown()..];
    (0..cells.num_rows())
        .map(|row| {
            let mut broken: Option<Rule> = None;
            // Where several columns may each hold the k people, one that does is enough.
            let mut any = None;
            for (check, column) in gate.checks.iter().zip(checked) {
                let met = if check.test == Test::AnyAtLeastK {
                    let met = people(column, row)? >= u64::from(gate.k);
                    any = Some(any.unwrap_or(false) || met);
                    true
                } else {
                    is_met(check, column, row, gate.k)?
                };
                if !met {
                    broken = Some(broken.map_or(check.rule, |known| known.min(check.rule)));
                }
            }
            Ok(if any == Some(false) {
                Some(Rule::People)
            } else {
                broken
            })
        })
        .collect()
}

fn is_met(check: &Check, column: &ArrayRef, row: usize, k: u32) -> Result<bool> {
    let k = u64::from(k);
    Ok(match check.test {
        Test::AtLeastK | Test::AnyAtLeastK => people(column, row)? >= k,
        Test::NobodyOrK => {
            let people = people(column, row)?;
            people == 0 || people >= k
        }
        Test::ShareAtMost(most) => number(column, row)?.is_none_or(|share| share <= most),
        Test::MarginAtLeast(least) => number(column, row)?.is_none_or(|margin| margin >= least),
        Test::AtLeastTwo => match column.as_primitive_opt::<Int64Type>() {
            Some(values) => values.is_valid(row) && values.value(row) >= 2,
            None => return exec_err!("a number of values is an Int64, not {}", column.data_type()),
        },
    })
}

fn people(column: &ArrayRef, row: usize) -> Result<u64> {
    match column.as_primitive_opt::<UInt64Type>() {
        Some(counts) if counts.is_valid(row) => Ok(counts.value(row)),
        Some(_) => Ok(0),
        None => exec_err!("a number of people is a UInt64, not {}", column.data_type()),
    }
}

fn number(column: &ArrayRef, row: usize) -> Result<Option<f64>> {
    match column.as_primitive_opt::<Float64Type>() {
        Some(shares) => Ok(shares.is_valid(row).then(|| shares.value(row))),
        None => exec_err!("a share is a Float64, not {}", column.data_type()),
    }
}
