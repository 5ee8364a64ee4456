//! A list of people that could not match is refused. One that matched nobody in silence would, as an opposition list, hide
//! nobody.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow::array::{ArrayRef, Int16Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use sceau::snds::Role;
use sceau::{ColumnConfig, Permit, Platform, Session, TableConfig};
use tempfile::TempDir;

use crate::fixture::{Stored, ask, code, parquet_bytes, permit_text, rows};

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn numbers(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// Stays that cost 10, 20, 30 …
fn stays(patients: ArrayRef) -> RecordBatch {
    let costs: Int64Array = (1..=patients.len() as i64)
        .map(|at| Some(at * 10))
        .collect();
    RecordBatch::try_from_iter([("patient", patients), ("cost", Arc::new(costs))]).expect("stays")
}

fn of_patients(table: TableConfig) -> TableConfig {
    let identifier = ColumnConfig::new(Role::Identifier).domain("patient");
    table.contributor(["patient"]).column("patient", identifier)
}

async fn sejour(patients: ArrayRef) -> Platform {
    let stays = stays(patients);
    let stored = Stored::new().table("sejour", of_patients, &stays).await;
    stored.platform().await
}

fn write(folder: &TempDir, columns: Vec<(&str, ArrayRef)>) {
    let list = RecordBatch::try_from_iter(columns).expect("list");
    let file = folder.path().join("list.parquet");
    fs::write(file, parquet_bytes(&list, 100)).expect("write");
}

fn open(
    platform: &Platform,
    folder: &TempDir,
    role: &str,
    tables: &[&str],
) -> Result<Session, String> {
    let mut text = format!("[population]\n{role} = \"list.parquet\"\n");
    for table in tables {
        let column = if *table == "own" {
            "BEN_RNG_GEM"
        } else {
            "cost"
        };
        text.push_str(&format!("[table.{table}]\ncolumns = [\"{column}\"]\n"));
    }
    let file = folder.path().join("permit.toml");
    fs::write(&file, permit_text("p", &text)).expect("write");
    let permit = Permit::from_file(&file).expect("permit");
    platform
        .session(&permit, "ana")
        .map_err(|error| error.to_string())
}

const COSTS: &str = "SELECT count(*) FROM sejour";

/// The largest numbers without a sign are no numbers with one.
#[tokio::test]
async fn people_are_known_by_numbers_of_any_size() {
    let everybody = [
        1,
        i64::MAX as u64,
        i64::MAX as u64 + 1,
        u64::MAX - 1,
        u64::MAX,
    ];
    for person in everybody {
        let platform = sejour(Arc::new(UInt64Array::from(everybody.to_vec()))).await;
        let folder = tempfile::tempdir().expect("folder");
        write(
            &folder,
            vec![("patient", Arc::new(UInt64Array::from(vec![person])))],
        );
        let opposed = open(&platform, &folder, "opposition", &["sejour"]).expect("session");
        assert_eq!(rows(&opposed, COSTS).await, ["4"], "{person}");
        let alone = open(&platform, &folder, "cohort", &["sejour"]).expect("session");
        assert_eq!(rows(&alone, COSTS).await, ["1"], "{person}");
    }
}

#[tokio::test]
async fn tables_that_store_the_person_otherwise_are_refused_together() {
    let platform = Stored::new()
        .table("a", of_patients, &stays(texts(&["1", "2"])))
        .await
        .table("b", of_patients, &stays(numbers(&[1, 2])))
        .await
        .platform()
        .await;
    let folder = tempfile::tempdir().expect("folder");
    write(&folder, vec![("patient", numbers(&[2]))]);
    for tables in [["a", "b"], ["b", "a"]] {
        let refused = open(&platform, &folder, "opposition", &tables).expect_err("both");
        assert!(
            refused.contains("population.opposition: expected tables that all store patient as the same kind of value"),
            "{refused}"
        );
    }
    assert!(open(&platform, &folder, "opposition", &["b"]).is_ok());
}

/// A list of persons is completed by the referential, whose ranks are numbers.
#[tokio::test]
async fn a_table_that_the_referential_would_not_match_is_refused() {
    let people = crate::fixture::snds_table(
        "ir_ben_r",
        &[
            ("BEN_NIR_PSA", texts(&["a1"])),
            ("BEN_RNG_GEM", Arc::new(Int16Array::from(vec![1]))),
            ("BEN_IDT_ANO", texts(&["ANN"])),
        ],
    );
    let own = RecordBatch::try_from_iter([
        ("BEN_NIR_PSA", texts(&["a1"])),
        ("BEN_RNG_GEM", texts(&["1"])),
    ])
    .expect("table");
    let platform = Stored::new()
        .table("ir_ben_r", |table| table, &people)
        .await
        .table(
            "own",
            |table| {
                table.contributor(["BEN_NIR_PSA", "BEN_RNG_GEM"]).column(
                    "BEN_NIR_PSA",
                    ColumnConfig::new(Role::Identifier).domain("patient"),
                )
            },
            &own,
        )
        .await
        .platform()
        .await;
    let folder = tempfile::tempdir().expect("folder");
    write(&folder, vec![("BEN_IDT_ANO", texts(&["ANN"]))]);
    let refused = open(&platform, &folder, "opposition", &["own"]).expect_err("ranks");
    assert!(refused.contains("BEN_RNG_GEM"), "{refused}");
}

/// A list may be made anew while a session is open.
#[tokio::test]
async fn a_list_that_changes_into_one_that_cannot_match_is_not_taken_for_an_empty_one() {
    let platform = sejour(texts(&["1", "2"])).await;
    let folder = tempfile::tempdir().expect("folder");
    let right = || write(&folder, vec![("patient", texts(&["1"]))]);
    right();
    let session = open(&platform, &folder, "opposition", &["sejour"]).expect("session");
    assert_eq!(rows(&session, COSTS).await, ["1"]);
    for wrong in [
        vec![("patient", numbers(&[1]))],
        vec![("person", texts(&["1"]))],
    ] {
        write(&folder, wrong);
        assert_eq!(code(&session, COSTS).await.as_str(), "unavailable");
        right();
        assert_eq!(rows(&session, COSTS).await, ["1"]);
    }
}

/// As a copy is that keeps the time of its original.
#[cfg(unix)]
#[tokio::test]
async fn a_list_is_read_again_even_if_its_time_and_length_are_those_of_the_old_one() {
    let platform = sejour(texts(&["p1", "p2", "p3"])).await;
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("list.parquet");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let mut lengths = vec![];
    let mut put = |person: &str| {
        write(&folder, vec![("patient", texts(&[person]))]);
        let written = fs::File::options().write(true).open(&file).expect("list");
        written.set_modified(long_ago).expect("time");
        lengths.push(written.metadata().expect("length").len());
    };
    put("p1");
    let session = open(&platform, &folder, "opposition", &["sejour"]).expect("session");
    let costs = "SELECT cost FROM sejour ORDER BY cost";
    assert_eq!(rows(&session, costs).await, ["20", "30"]);
    put("p2");
    assert_eq!(rows(&session, costs).await, ["10", "30"]);
    assert_eq!(lengths[0], lengths[1]);
    assert!(ask(&session, COSTS).await.is_ok());
}
