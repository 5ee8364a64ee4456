//! The model of a registered table: what the data model says, completed by what is stored and by the platform's file.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};

use super::config::TableConfig;
use crate::config::{ConfigError, Document};
use crate::snds::{ColumnModel, Role, TableModel, YEAR, identifier_domain};

/// A model with the columns that are there, as they are read. Columns that only the files have come last, unclassified
/// unless the platform's file says what they may tell, or the data model knows an identifier of that name; of a table that
/// the data model does not know, those are all. `name` is what the platform's file calls the table.
pub(super) fn completed(
    model: &TableModel,
    config: &TableConfig,
    read: &Schema,
    document: &Document,
    name: &str,
) -> Result<TableModel, ConfigError> {
    let mut table = model.clone();
    table.columns.retain_mut(|column| {
        let Some(field) = field_of(read, &column.name) else {
            return false;
        };
        column.data_type = Some(field.data_type().clone());
        column.nullable = field.is_nullable();
        column.optional = false;
        true
    });
    for field in read.fields() {
        if model.column(field.name()).is_none() {
            table.columns.push(unclassified(field));
        }
    }
    if table.year_column.is_some() {
        table
            .columns
            .sort_by_key(|column| column.name.eq_ignore_ascii_case(YEAR));
    }
    overlay(&mut table, config, document, name)?;
    only_one_spelling(&table.name, read)?;
    Ok(table)
}

/// The model of a table that the data model does not know.
pub(super) fn unknown(name: &str) -> TableModel {
    TableModel {
        name: name.to_owned(),
        product: String::new(),
        columns: vec![],
        contributor: vec![],
        care_date: None,
        parent: None,
        year: None,
        year_column: None,
    }
}

/// What the platform's file says of a table's columns.
fn overlay(
    table: &mut TableModel,
    config: &TableConfig,
    document: &Document,
    name: &str,
) -> Result<(), ConfigError> {
    for (column, said) in &config.columns {
        let Some(known) = table
            .columns
            .iter_mut()
            .find(|known| known.name.eq_ignore_ascii_case(column))
        else {
            return Err(document.invalid(
                &["table", name, "columns", column],
                format!("a stored column of {}", table.name),
                "no such column",
            ));
        };
        if let Some(domain) = &said.domain {
            let path = ["table", name, "columns", column, "domain"];
            if said.role != Role::Identifier {
                return Err(document.invalid(
                    &path,
                    "no domain, since the column is no identifier",
                    format!("{domain:?}"),
                ));
            }
            let plain = !domain.is_empty()
                && domain
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !plain {
                return Err(document.invalid(
                    &path,
                    "a name of a-z, 0-9 and _",
                    format!("{domain:?}"),
                ));
            }
        }
        let path = ["table", name, "columns", column];
        if known.role == Some(Role::Identifier) && said.role != Role::Identifier {
            return Err(document.invalid(
                &path,
                "an identifier, since the data model says that it is one",
                "another role",
            ));
        }
        let twin = config
            .columns
            .keys()
            .find(|other| *other != column && other.eq_ignore_ascii_case(column));
        if let Some(twin) = twin {
            return Err(document.invalid(&path, "each column once", format!("{twin:?} too")));
        }
        known.role = Some(said.role);
        // An identifier that the data model knows stays one of its domain: otherwise its pseudonyms would join with no
        // other table's, and every such question would be answered with nothing.
        if said.domain.is_some() {
            known.domain = said.domain.clone();
        }
    }
    let spelt = |key: &str, column: &String| {
        table
            .column(column)
            .map(|known| known.name.clone())
            .ok_or_else(|| {
                document.invalid(
                    &["table", name, key],
                    "stored columns",
                    format!("{column:?}"),
                )
            })
    };
    let contributor = config
        .contributor
        .as_ref()
        .map(|columns| {
            columns
                .iter()
                .map(|column| spelt("contributor", column))
                .collect::<Result<Vec<_>, _>>()
        })
        .transpose()?;
    let care_date = config
        .care_date
        .as_ref()
        .map(|column| spelt("care_date", column))
        .transpose()?;
    table.contributor = match contributor {
        Some(contributor) => contributor,
        None if table.contributor.is_empty() && table.parent.is_none() => Some(people_of(table))
            .filter(|people| people.len() == 1)
            .map(|people| with_rank(table, people))
            .unwrap_or_default(),
        None => std::mem::take(&mut table.contributor),
    };
    let unnamed = people_of(table);
    if table.contributor.is_empty() && table.parent.is_none() && !unnamed.is_empty() {
        return Err(document.invalid(
            &["table", name, "contributor"],
            format!(
                "the columns that together name the person behind a row, since {} name people",
                unnamed.join(", ")
            ),
            "none",
        ));
    }
    if let Some(care_date) = care_date {
        table.care_date = Some(care_date);
    }
    Ok(())
}

/// The identifiers of people in a table: with one, it is known who a row is about; with several, only the platform knows.
fn people_of(table: &TableModel) -> Vec<String> {
    table
        .columns
        .iter()
        .filter(|column| column.role == Some(Role::Identifier))
        .filter(|column| column.domain.as_deref() == Some("patient"))
        .map(|column| column.name.clone())
        .collect()
}

/// Twins share a pseudo-NIR: where their rank is there too, it tells them apart.
fn with_rank(table: &TableModel, mut people: Vec<String>) -> Vec<String> {
    let [nir, rank] = ["BEN_NIR_PSA", "BEN_RNG_GEM"];
    if let [person] = people.as_slice()
        && person.eq_ignore_ascii_case(nir)
        && let Some(rank) = table.column(rank)
    {
        people.push(rank.name.clone());
    }
    people
}

fn unclassified(field: &Field) -> ColumnModel {
    let (data_type, nullable) = (field.data_type().clone(), field.is_nullable());
    let domain = identifier_domain(field.name());
    ColumnModel {
        role: domain.map(|_| Role::Identifier),
        domain: domain.map(str::to_owned),
        optional: false,
        ..ColumnModel::unclassified(field.name(), data_type, nullable)
    }
}

pub(super) fn field_of<'a>(schema: &'a Schema, column: &str) -> Option<&'a Field> {
    schema
        .fields()
        .iter()
        .find(|field| field.name().eq_ignore_ascii_case(column))
        .map(Arc::as_ref)
}

/// Unquoted names match in any case, so two columns may not differ in case alone.
pub(super) fn only_one_spelling(table: &str, stored: &Schema) -> Result<(), ConfigError> {
    for (at, field) in stored.fields().iter().enumerate() {
        let twin = stored.fields()[..at]
            .iter()
            .find(|other| other.name().eq_ignore_ascii_case(field.name()));
        if let Some(twin) = twin {
            return Err(ConfigError::StoredSchema {
                table: table.to_owned(),
                column: field.name().clone(),
                expected: "a name that differs from every other in more than case".into(),
                found: format!("{} too", twin.name()),
            });
        }
    }
    Ok(())
}

/// A guess at a table's size by its kind, where nobody declared one: what counts is which of two tables is larger.
pub(super) fn expected_rows(model: &TableModel) -> u64 {
    match model.product.as_str() {
        "NOMENCLATURE" => 10_000,
        "BENEFICIAIRE" | "Causes de décès" => 1_000_000,
        "DCIR" | "DCIRS" | "EGB" | "DAMIR" if model.contributor.is_empty() => 20_000_000,
        "DCIR" | "DCIRS" | "EGB" | "DAMIR" => 30_000_000,
        product if product.starts_with("PMSI") => 3_000_000,
        _ => 1_000_000,
    }
}
