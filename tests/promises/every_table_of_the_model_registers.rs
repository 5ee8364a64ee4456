//! Every table of the data model is registered from a Parquet file of its own columns, under each of its names.

use std::fmt::Write as _;

use arrow::array::RecordBatch;
use sceau::snds::{self, TableModel};

use crate::fixture::{Stored, rows, session, snds_table};

/// No row, and all columns of the model.
fn empty(model: &TableModel) -> RecordBatch {
    snds_table(&model.name, &[])
}

fn is_yearly(model: &TableModel) -> bool {
    model.name.contains("aa") || model.name.contains("AAAA")
}

#[tokio::test]
async fn every_table_registers_from_an_empty_file_of_its_own_columns() {
    let mut stored = Stored::new();
    for model in snds::tables() {
        let path = format!("{}/empty.parquet", model.name);
        stored = stored
            .file(&path, &empty(model))
            .await
            .registered(&model.name, |table| table);
    }
    let platform = stored.platform().await;
    assert_eq!(platform.table_names().count(), snds::tables().count());
    assert_eq!(platform.drift(), []);
    let mut grants = String::new();
    for model in snds::tables() {
        let registered = platform.table_model(&model.name).expect("registered");
        assert_eq!(registered.contributor, model.contributor, "{}", model.name);
        for column in model.columns.iter().filter(|column| !column.optional) {
            let known = registered.column(&column.name).expect("a column");
            assert_eq!(known.role, column.role, "{}.{}", model.name, column.name);
            assert_eq!(known.domain, column.domain);
        }
        let first = &model.columns[0].name;
        let _ = writeln!(grants, "[table.\"{}\"]\ncolumns = [{first:?}]", model.name);
    }
    let session = session(&platform, &grants);
    for model in snds::tables() {
        let answer = rows(
            &session,
            &format!("SELECT count(*) FROM \"{}\"", model.name),
        )
        .await;
        assert_eq!(answer, ["0"], "{}", model.name);
    }
}

#[tokio::test]
async fn every_yearly_family_registers_from_a_folder_a_year_and_is_one_table_over_them() {
    let mut stored = Stored::new();
    let families: Vec<_> = snds::tables().filter(|model| is_yearly(model)).collect();
    assert!(families.len() > 100, "{}", families.len());
    for model in &families {
        for (two, four) in [("19", "2019"), ("20", "2020")] {
            let folder = model.name.replace("AAAA", four).replace("aa", two);
            stored = stored
                .file(&format!("{folder}/empty.parquet"), &empty(model))
                .await;
        }
        let pattern = model.name.replace("AAAA", "{annee}").replace("aa", "{aa}");
        let all = model.name.replace("_AAAA", "").replace("aa", "_");
        stored = stored.registered_at(&all.to_lowercase(), &pattern, |table| table);
    }
    let platform = stored.platform().await;
    assert_eq!(platform.drift(), []);
    assert_eq!(platform.table_names().count(), 3 * families.len());
    for model in &families {
        let name = model.name.replace("_AAAA", "").replace("aa", "_");
        let all = platform.table_model(&name).expect("the family");
        assert_eq!(all.year_column.as_deref(), Some(snds::YEAR), "{name}");
        let year = model.name.replace("AAAA", "2020").replace("aa", "20");
        let one = platform.table_model(&year).expect("a year");
        assert_eq!(one.year, Some(2020), "{year}");
        let reached = |model: &TableModel| {
            let parent = model.parent.as_ref();
            parent.map(|parent| platform.table_model(&parent.table).is_some())
        };
        assert_ne!(reached(all), Some(false), "{name}");
        assert_ne!(reached(one), Some(false), "{year}");
    }
}
