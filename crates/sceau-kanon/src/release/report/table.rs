use std::collections::HashMap;

use arrow::array::Array;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::Origin;
use crate::release::Release;
use crate::release::withheld::{Interval, WithheldCell};
use crate::release::write::json_value;

/// The table as who signs sees it: the rows that leave, in their order, and every withheld cell as a marked row.
///
/// A withheld cell that leaves with its key (`withheld = "mask"`) is marked where it stands; the others come after the rows
/// that leave.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) columns: Vec<TableColumn>,
    pub(super) rows: Vec<TableRow>,
    /// The keys of withheld cells that are not columns of the table: `(name, which key)`.
    pub(super) other_keys: Vec<(String, usize)>,
}

/// What the key is called that tells a total from a group without a key.
pub(super) const GROUPING_SET: &str = "grouping set";

#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableColumn {
    pub(super) name: String,
    pub(super) is_measure: bool,
    pub(super) is_number: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableRow {
    /// For each column, the value as text and as JSON; none where it is NULL or withheld.
    pub(super) values: Vec<Option<Value>>,
    pub(super) withheld: Option<Withheld>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) json: String,
}

/// What is said of a withheld row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Withheld {
    /// Whether the row leaves, with its key and without its measures.
    pub(super) leaves: bool,
    /// Its keys that are no columns of the table, in their order.
    pub(super) other_keys: Vec<Option<String>>,
    pub(super) intervals: Vec<Interval>,
}

impl Table {
    pub(super) fn try_new(
        release: &Release,
        origins: &[Origin],
        key_names: &[String],
        withheld: &[WithheldCell],
        masked: bool,
    ) -> Result<Self, ArrowError> {
        let column_of = |key: usize| {
            origins
                .iter()
                .position(|origin| *origin == Origin::Key(key))
        };
        let keys: Vec<Option<usize>> = (0..key_names.len()).map(column_of).collect();
        let other_keys: Vec<(String, usize)> = key_names
            .iter()
            .enumerate()
            .filter(|(at, _)| keys[*at].is_none())
            .map(|(at, name)| (name.clone(), at))
            .collect();
        let columns: Vec<TableColumn> = release
            .schema()
            .fields()
            .iter()
            .zip(release.measures())
            .map(|(field, measure)| TableColumn {
                name: field.name().clone(),
                is_measure: *measure,
                is_number: field.data_type().is_numeric(),
            })
            .collect();
        let mut rows = released(release)?;
        let of_others = |cell: &WithheldCell| -> Vec<Option<String>> {
            let keys = other_keys.iter();
            keys.map(|(_, key)| cell.key[*key].clone()).collect()
        };
        let mut in_place = vec![false; withheld.len()];
        // A row can be told to be a withheld cell only if all of the cell's keys stand in it, but for its grouping set.
        if masked && other_keys.iter().all(|(name, _)| name == GROUPING_SET) {
            let found = in_their_place(&rows, &columns, &keys, other_keys.is_empty(), withheld);
            for (row, at) in found {
                in_place[at] = true;
                rows[row].withheld = Some(Withheld {
                    leaves: true,
                    other_keys: of_others(&withheld[at]),
                    intervals: withheld[at].intervals.clone(),
                });
            }
        }
        for (cell, _) in withheld.iter().zip(&in_place).filter(|(_, done)| !**done) {
            let mut values = vec![None; columns.len()];
            for (key, place) in cell.key.iter().zip(&keys) {
                if let (Some(key), Some(place)) = (key, place) {
                    values[*place] = Some(Value {
                        text: key.clone(),
                        json: as_json(key, columns[*place].is_number),
                    });
                }
            }
            rows.push(TableRow {
                values,
                withheld: Some(Withheld {
                    leaves: false,
                    other_keys: of_others(cell),
                    intervals: cell.intervals.clone(),
                }),
            });
        }
        Ok(Self {
            columns,
            rows,
            other_keys,
        })
    }
}

/// The rows that are withheld cells, and which: by their keys, and unless these are all that a cell is told apart by, by their
/// measures, which are gone. Of a total and of a group without a key one may be withheld and not the other.
fn in_their_place(
    rows: &[TableRow],
    columns: &[TableColumn],
    keys: &[Option<usize>],
    are_all: bool,
    withheld: &[WithheldCell],
) -> Vec<(usize, usize)> {
    let mut at_key: HashMap<Vec<Option<&str>>, Vec<usize>> = HashMap::new();
    for (at, cell) in withheld.iter().enumerate() {
        let key = cell.key.iter().zip(keys);
        let key = key.filter(|(_, place)| place.is_some());
        let key = key.map(|(key, _)| key.as_deref()).collect();
        at_key.entry(key).or_default().push(at);
    }
    let places: Vec<usize> = keys.iter().copied().flatten().collect();
    let mut found = vec![];
    for (at, row) in rows.iter().enumerate() {
        let mut measures = row.values.iter().zip(columns);
        let gone = measures.all(|(value, column)| !column.is_measure || value.is_none());
        if !gone && !are_all {
            continue;
        }
        let key: Vec<Option<&str>> = places
            .iter()
            .map(|place| row.values[*place].as_ref().map(|value| value.text.as_str()))
            .collect();
        let cell = at_key.get_mut(&key).and_then(|cells| match &cells[..] {
            [only] if are_all => Some(*only),
            _ => cells.pop(),
        });
        found.extend(cell.map(|cell| (at, cell)));
    }
    found
}

/// A key as JSON: as the rows that leave have it.
fn as_json(key: &str, is_number: bool) -> String {
    if is_number && serde_json::from_str::<serde_json::Number>(key).is_ok() {
        key.to_owned()
    } else {
        serde_json::Value::from(key).to_string()
    }
}

fn released(release: &Release) -> Result<Vec<TableRow>, ArrowError> {
    let options = FormatOptions::default();
    let mut rows = Vec::with_capacity(release.cells());
    for batch in release.batches() {
        let formatters = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let values = batch
                .columns()
                .iter()
                .zip(&formatters)
                .map(|(column, formatter)| {
                    (!column.is_null(row)).then(|| Value {
                        text: formatter.value(row).to_string(),
                        json: json_value(column.as_ref(), row, formatter),
                    })
                })
                .collect();
            rows.push(TableRow {
                values,
                withheld: None,
            });
        }
    }
    Ok(rows)
}
