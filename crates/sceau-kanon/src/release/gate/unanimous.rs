//! Groups of which everybody has one sensitive value.
//!
//! `GROUP BY dep, diagnosis` with one diagnosis in a département tells the diagnosis of everybody who lives there, however many
//! they are. Where the permit asks for it such cells are withheld (rules of confidentiality of the CASD, 2022, section 2.3.2).

use std::collections::HashMap;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::Result;

use super::{Gate, Rule};

/// Marks the cells of every group that has one value of a sensitive key, where a group is what agrees in the keys that are not
/// sensitive.
pub(super) fn mark(gate: &Gate, cells: &RecordBatch, broken: &mut [Option<Rule>]) -> Result<()> {
    let sets = match &gate.totals {
        Some(totals) => Some(totals.kept(cells)?),
        None => None,
    };
    let others: Vec<_> = (0..gate.keys)
        .filter(|key| !gate.sensitive.contains(key))
        .map(|key| cells.column(key).clone())
        .collect();
    let groups = rows_of(&others, cells.num_rows())?;
    for &key in &gate.sensitive {
        let values = rows_of(&[cells.column(key).clone()], cells.num_rows())?;
        // For each group the value met first, and whether there is another.
        let mut found: HashMap<&Option<OwnedRow>, (&Option<OwnedRow>, bool)> = HashMap::new();
        for (group, value) in groups.iter().zip(&values) {
            let (first, several) = found.entry(group).or_insert((value, false));
            *several |= *first != value;
        }
        for (row, group) in groups.iter().enumerate() {
            // A total over all values of the key tells none of them.
            let tells = sets.as_ref().is_none_or(|sets| sets[row] >> key & 1 == 1);
            if tells && found.get(group).is_some_and(|(_, several)| !several) {
                broken[row] =
                    Some(broken[row].map_or(Rule::Unanimous, |known| known.min(Rule::Unanimous)));
            }
        }
    }
    Ok(())
}

/// The rows of some columns, to be compared; of no columns all are the same.
fn rows_of(columns: &[ArrayRef], count: usize) -> Result<Vec<Option<OwnedRow>>> {
    if columns.is_empty() {
        return Ok(vec![None; count]);
    }
    let fields = columns
        .iter()
        .map(|column| SortField::new(column.data_type().clone()))
        .collect();
    let rows = RowConverter::new(fields)?.convert_columns(columns)?;
    Ok(rows.iter().map(|row| Some(row.owned())).collect())
}
