//! Reads `columns.txt`.

use crate::snds::{ColumnModel, Reference, TableModel};
use arrow::datatypes::{DataType, TimeUnit};

/// The tables of the file, without roles and links.
///
/// # Panics
///
/// If a line does not read: the file is part of the program, and a test reads it.
pub(super) fn read(text: &str) -> Vec<TableModel> {
    let mut tables: Vec<TableModel> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(head) = line.strip_prefix('[') {
            let (product, name) = head.split_once("] ").expect("`[product] TABLE`");
            tables.push(TableModel {
                name: name.to_owned(),
                product: product.to_owned(),
                columns: Vec::new(),
                contributor: Vec::new(),
                care_date: None,
                parent: None,
                year: None,
                year_column: None,
            });
        } else {
            let table = tables.last_mut().expect("a table before its columns");
            table
                .columns
                .push(column(line).unwrap_or_else(|| panic!("cannot read `{line}`")));
        }
    }
    tables
}

/// One line: `BEN_NAI_ANN: i16? 2006`.
fn column(line: &str) -> Option<ColumnModel> {
    let (name, facts) = line.split_once(": ")?;
    let mut facts = facts.split(' ');
    let stored = facts.next()?;
    let nullable = stored.ends_with('?');
    let mut since = None;
    let mut optional = false;
    let mut primary_key = false;
    let mut refers_to = Vec::new();
    for fact in facts {
        let reference = fact
            .strip_prefix("FK:")
            .map(|place| (place, false))
            .or_else(|| fact.strip_prefix("NOM:").map(|place| (place, true)));
        match (fact, reference) {
            ("PK", _) => primary_key = true,
            (_, Some((place, code_list))) => {
                let (table, column) = place.split_once('.')?;
                refers_to.push(Reference {
                    table: table.to_owned(),
                    column: column.to_owned(),
                    code_list,
                });
            }
            _ if fact.starts_with('+') => optional = true,
            _ => since = Some(fact.parse().ok()?),
        }
    }
    Some(ColumnModel {
        name: name.to_owned(),
        data_type: Some(data_type(stored.trim_end_matches('?'))?),
        nullable,
        role: None,
        domain: None,
        since,
        primary_key,
        refers_to,
        optional,
    })
}

fn data_type(short: &str) -> Option<DataType> {
    Some(match short {
        "text" => DataType::Utf8,
        "i16" => DataType::Int16,
        "i32" => DataType::Int32,
        "i64" => DataType::Int64,
        "f64" => DataType::Float64,
        "date" => DataType::Date32,
        "seconds" => DataType::Timestamp(TimeUnit::Second, None),
        _ => {
            let (precision, scale) = short.strip_prefix("dec")?.split_once('.')?;
            DataType::Decimal128(precision.parse().ok()?, scale.parse().ok()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_file_reads() {
        let tables = read(include_str!("columns.txt"));
        let columns: usize = tables.iter().map(|table| table.columns.len()).sum();
        assert_eq!((tables.len(), columns), (366, 5691));
    }

    #[test]
    fn a_line_gives_name_type_nullability_and_year() {
        let read = |line| column(line).unwrap();
        let key = read("BEN_NIR_PSA: text PK FK:IR_BEN_R.BEN_NIR_PSA");
        assert_eq!(
            (key.data_type, key.nullable, key.since),
            (Some(DataType::Utf8), false, None)
        );
        let amount = read("PRS_PAI_MNT: dec6.2? 2006");
        assert_eq!(amount.data_type, Some(DataType::Decimal128(6, 2)));
        assert_eq!((amount.nullable, amount.since), (true, Some(2006)));
        let label = read("Libellé ATC1: text?");
        assert_eq!(label.name, "Libellé ATC1");
        let seconds = read("EXE_SOI_DTD: seconds? 2009 +scalpel");
        assert_eq!(
            seconds.data_type,
            Some(DataType::Timestamp(TimeUnit::Second, None))
        );
    }

    #[test]
    fn a_line_with_an_unknown_type_or_fact_does_not_read() {
        for line in ["A", "A: int", "A: dec6", "A: text? sometimes"] {
            assert_eq!(column(line), None, "{line}");
        }
    }
}
