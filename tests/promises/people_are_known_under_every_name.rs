//! Whatever names a person is known to name one: under the model's names in any table, in a list however it is written,
//! and in the years of a table that has no day.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int16Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use sceau::{Permit, Platform, Session};
use tempfile::TempDir;

use crate::fixture::{Stored, parquet_bytes, permit_text, rows, session, snds_table};

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn ranks(values: &[Option<i16>]) -> ArrayRef {
    Arc::new(Int16Array::from(values.to_vec()))
}

/// Ann, Bob, and Ben who is Bob's twin: a line of care each.
fn care() -> RecordBatch {
    let order: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
    snds_table(
        "er_prs_f",
        &[
            ("BEN_NIR_PSA", texts(&[Some("a"), Some("b"), Some("b")])),
            ("BEN_RNG_GEM", ranks(&[Some(1), Some(1), Some(2)])),
            ("PRS_ORD_NUM", order),
        ],
    )
}

fn stays() -> RecordBatch {
    let numbers = texts(&[Some("1"), Some("2")]);
    snds_table(
        "t_mco19c",
        &[
            ("NIR_ANO_17", texts(&[Some("a"), Some("b")])),
            ("RSA_NUM", numbers),
        ],
    )
}

async fn platform() -> Platform {
    Stored::new()
        .table("er_prs_f", |table| table, &care())
        .await
        .table("t_mco19c", |table| table, &stays())
        .await
        .platform()
        .await
}

const TABLES: &str =
    "[table.er_prs_f]\ncolumns = [\"PRS_ORD_NUM\"]\n[table.t_mco19c]\ncolumns = [\"RSA_NUM\"]\n";

fn without(platform: &Platform, opposed: Vec<(&str, ArrayRef)>) -> Result<Session, String> {
    let folder: TempDir = tempfile::tempdir().expect("folder");
    let batch = RecordBatch::try_from_iter_with_nullable(
        opposed
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    )
    .expect("list");
    let list = folder.path().join("opposed.parquet");
    fs::write(list, parquet_bytes(&batch, 100)).expect("write");
    let text = format!("[population]\nopposition = \"opposed.parquet\"\n{TABLES}");
    let file = folder.path().join("permit.toml");
    fs::write(&file, permit_text("p", &text)).expect("write");
    let permit = Permit::from_file(&file).expect("permit");
    let session = platform.session(&permit, "ana");
    // The list is read when it is needed.
    let _ = folder.keep();
    session.map_err(|error| error.to_string())
}

async fn seen(session: &Session) -> [String; 2] {
    [
        rows(session, "SELECT PRS_ORD_NUM FROM er_prs_f ORDER BY 1")
            .await
            .join(" "),
        rows(session, "SELECT RSA_NUM FROM t_mco19c ORDER BY 1")
            .await
            .join(" "),
    ]
}

/// What a writer of data frames makes of a column of categories.
#[tokio::test]
async fn a_rank_in_a_dictionary_is_a_rank() {
    let rank: DictionaryArray<Int32Type> =
        DictionaryArray::new(Int32Array::from(vec![0]), ranks(&[Some(1)]));
    let opposed = vec![
        ("BEN_NIR_PSA", texts(&[Some("a")])),
        ("BEN_RNG_GEM", Arc::new(rank) as ArrayRef),
    ];
    let session = without(&platform().await, opposed).expect("session");
    assert_eq!(seen(&session).await, ["2 3", "2"]);
}

/// Nobody who opposed is seen for want of a rank: whoever it may be is hidden.
#[tokio::test]
async fn who_opposed_without_a_rank_opposed_for_every_rank() {
    let opposed = vec![
        ("BEN_NIR_PSA", texts(&[Some("a"), Some("b")])),
        ("BEN_RNG_GEM", ranks(&[Some(1), None])),
    ];
    let session = without(&platform().await, opposed).expect("session");
    assert_eq!(seen(&session).await, ["", ""]);
}

/// A list put together from two sources names people by the one's column or by the other's.
#[tokio::test]
async fn a_list_names_people_by_whichever_column_holds_them() {
    let opposed = vec![
        ("BEN_NIR_PSA", texts(&[Some("b"), None])),
        ("BEN_RNG_GEM", ranks(&[Some(1), None])),
        ("NIR_ANO_17", texts(&[None, Some("a")])),
    ];
    let session = without(&platform().await, opposed).expect("session");
    assert_eq!(seen(&session).await[1], "");
}

/// `NUM_ENQ` is a person's number in the extraction that a project was given.
#[tokio::test]
async fn a_persons_number_in_an_extraction_is_an_identifier() {
    let numbered = |batch: RecordBatch, numbers: &[Option<&str>]| {
        let columns = batch.schema().fields().iter().zip(batch.columns()).fold(
            vec![("NUM_ENQ".to_owned(), texts(numbers), true)],
            |mut all, (field, column)| {
                if field.name() != "NUM_ENQ" {
                    all.push((field.name().clone(), Arc::clone(column), true));
                }
                all
            },
        );
        RecordBatch::try_from_iter_with_nullable(columns).expect("table")
    };
    let care = numbered(care(), &[Some("e7"), Some("e8"), Some("e9")]);
    let stays = numbered(stays(), &[Some("e7"), Some("e8")]);
    let platform = Stored::new()
        .table("er_prs_f", |table| table, &care)
        .await
        .table("t_mco19c", |table| table, &stays)
        .await
        .platform()
        .await;
    let session = session(
        &platform,
        "key = \"p\"\n[table.er_prs_f]\ncolumns = \"*\"\n[table.t_mco19c]\ncolumns = \"*\"\n",
    );
    let shown = rows(&session, "SELECT NUM_ENQ FROM er_prs_f").await;
    assert!(
        shown.iter().all(|value| !value.starts_with('e')),
        "{shown:?}"
    );
    let joined = "SELECT count(*) FROM er_prs_f p JOIN t_mco19c c ON c.NUM_ENQ = p.NUM_ENQ";
    assert_eq!(rows(&session, joined).await, ["2"]);
}

/// A table of the platform's own, or a column that somebody added to a table of the SNDS.
#[tokio::test]
async fn an_identifier_of_the_model_is_one_in_any_table() {
    let extract = RecordBatch::try_from_iter([
        ("ben_nir_psa", texts(&[Some("a"), Some("b")])),
        ("cost", ranks(&[Some(10), Some(20)])),
    ])
    .expect("table");
    let stays = {
        let stays = stays();
        let columns = stays.schema().fields().iter().zip(stays.columns()).fold(
            vec![(
                "BEN_IDT_ANO".to_owned(),
                texts(&[Some("a"), Some("b")]),
                true,
            )],
            |mut all, (field, column)| {
                all.push((field.name().clone(), Arc::clone(column), true));
                all
            },
        );
        RecordBatch::try_from_iter_with_nullable(columns).expect("table")
    };
    let platform = Stored::new()
        .table("extract", |table| table, &extract)
        .await
        .table("t_mco19c", |table| table, &stays)
        .await
        .platform()
        .await;
    let session = session(
        &platform,
        "key = \"p\"\n[table.extract]\ncolumns = [\"ben_nir_psa\", \"cost\"]\n[table.t_mco19c]\ncolumns = [\"BEN_IDT_ANO\", \"NIR_ANO_17\"]\n",
    );
    for sql in [
        "SELECT ben_nir_psa FROM extract",
        "SELECT BEN_IDT_ANO FROM t_mco19c",
    ] {
        let shown = rows(&session, sql).await;
        assert!(shown.iter().all(|value| value.len() > 1), "{shown:?}");
    }
    let joined = "SELECT count(*) FROM extract e JOIN t_mco19c c ON c.NIR_ANO_17 = e.ben_nir_psa AND c.BEN_IDT_ANO = e.ben_nir_psa";
    assert_eq!(rows(&session, joined).await, ["2"]);
}

/// Ambulatory psychiatry has a year and no day.
#[tokio::test]
async fn a_period_holds_where_care_has_a_year_and_no_day() {
    let of = |year: &str| {
        snds_table(
            &format!("t_rip{year}r3a"),
            &[
                ("ETA_NUM_EPMSI", texts(&[Some("h")])),
                ("IPP_IRR_CRY", texts(&[Some("i")])),
                ("SEJ_IDT", texts(&[Some(year)])),
            ],
        )
    };
    let platform = Stored::new()
        .file("pmsi/T_RIP17R3A/a.parquet", &of("17"))
        .await
        .file("pmsi/T_RIP19R3A/a.parquet", &of("19"))
        .await
        .registered_at("T_RIP_R3A", "pmsi/T_RIP{aa}R3A/", |table| table)
        .platform()
        .await;
    let session = session(
        &platform,
        "[population]\nperiod = { from = 2018-07-01, until = 2019-06-30 }\n[table.t_rip_r3a]\ncolumns = [\"SEJ_IDT\"]\n",
    );
    assert_eq!(
        rows(&session, "SELECT SEJ_IDT FROM t_rip_r3a").await,
        ["19"]
    );
    assert_eq!(
        rows(&session, "SELECT count(*) FROM t_rip17r3a").await,
        ["0"]
    );
    assert_eq!(
        rows(&session, "SELECT count(*) FROM t_rip19r3a").await,
        ["1"]
    );
}
