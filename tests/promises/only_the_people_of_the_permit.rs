//! Cohort, opposition and period hold in every table with a person, whatever its identifier, and through the keys in
//! tables that hold none.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampSecondArray,
};
use sceau::snds::Role;
use sceau::{ColumnConfig, Permit, Platform, Session};
use tempfile::TempDir;

use crate::fixture::{Stored, parquet_bytes, permit_text, rows, snds_table};

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn ranks(values: &[Option<i16>]) -> ArrayRef {
    Arc::new(Int16Array::from(values.to_vec()))
}

const JANUARY: i32 = 17_897; // 2019-01-01
const FEBRUARY: i32 = 17_928;

/// Ann has had two pseudo-NIRs, a1 and a2. Bob and Ben are twins: b1 with the ranks 1 and 2. Eve is e1. One row each, two
/// of Eve's, and one of somebody whose rank nobody knows.
async fn snds(stored: Stored) -> Platform {
    let people = snds_table(
        "ir_ben_r",
        &[
            (
                "BEN_NIR_PSA",
                texts(&[Some("a1"), Some("a2"), Some("b1"), Some("b1"), Some("e1")]),
            ),
            (
                "BEN_RNG_GEM",
                ranks(&[Some(1), Some(1), Some(1), Some(2), Some(1)]),
            ),
            (
                "BEN_IDT_ANO",
                texts(&[
                    Some("ANN"),
                    Some("ANN"),
                    Some("BOB"),
                    Some("BEN"),
                    Some("EVE"),
                ]),
            ),
        ],
    );
    let month: ArrayRef = Arc::new(Date32Array::from(vec![
        JANUARY, JANUARY, JANUARY, FEBRUARY, FEBRUARY, FEBRUARY, JANUARY,
    ]));
    let order: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3, 4, 5, 6, 7]));
    let care = |name: &str, more: &[(&str, ArrayRef)]| {
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("PRS_ORD_NUM", Arc::clone(&order)),
            ("FLX_DIS_DTD", Arc::clone(&month)),
        ];
        for key in [
            "DCT_ORD_NUM",
            "FLX_EMT_NUM",
            "FLX_EMT_ORD",
            "FLX_EMT_TYP",
            "FLX_TRT_DTD",
            "ORG_CLE_NUM",
            "REM_TYP_AFF",
        ] {
            columns.push((key, constant(name, key, 7)));
        }
        columns.extend(more.iter().cloned());
        snds_table(name, &columns)
    };
    let prestations = care(
        "er_prs_f",
        &[
            (
                "BEN_NIR_PSA",
                texts(&[
                    Some("a1"),
                    Some("a2"),
                    Some("b1"),
                    Some("b1"),
                    Some("e1"),
                    Some("e1"),
                    Some("b1"),
                ]),
            ),
            (
                "BEN_RNG_GEM",
                ranks(&[Some(1), Some(1), Some(1), Some(2), Some(1), Some(1), None]),
            ),
            (
                "BEN_RES_DPT",
                texts(&[
                    Some("075"),
                    Some("075"),
                    Some("075"),
                    Some("092"),
                    Some("075"),
                    Some("092"),
                    Some("075"),
                ]),
            ),
            (
                "EXE_SOI_DTD",
                Arc::new(Date32Array::from(vec![
                    JANUARY, JANUARY, JANUARY, FEBRUARY, FEBRUARY, JANUARY, JANUARY,
                ])),
            ),
        ],
    );
    let boxes: ArrayRef = Arc::new(Int16Array::from(vec![1, 2, 3, 4, 5, 6, 7]));
    let dispensings = care("er_pha_f", &[("PHA_ACT_QSN", boxes)]);
    let stays = snds_table(
        "t_mco19c",
        &[
            (
                "NIR_ANO_17",
                texts(&[Some("a2"), Some("b1"), Some("e1"), None]),
            ),
            (
                "ETA_NUM",
                texts(&[Some("h1"), Some("h1"), Some("h2"), Some("h2")]),
            ),
            (
                "RSA_NUM",
                texts(&[Some("1"), Some("2"), Some("1"), Some("2")]),
            ),
            (
                "EXE_SOI_DTD",
                Arc::new(TimestampSecondArray::from(vec![
                    i64::from(FEBRUARY) * 86_400
                        - 1;
                    4
                ])),
            ),
        ],
    );
    let diagnoses = snds_table(
        "t_mco19d",
        &[
            (
                "ETA_NUM",
                texts(&[Some("h1"), Some("h1"), Some("h2"), Some("h2"), None]),
            ),
            (
                "RSA_NUM",
                texts(&[Some("1"), Some("2"), Some("1"), Some("2"), Some("1")]),
            ),
            (
                "ASS_DGN",
                texts(&[Some("A"), Some("B"), Some("E"), Some("X"), Some("Y")]),
            ),
        ],
    );
    let deaths = snds_table(
        "ki_cci_r",
        &[(
            "BEN_IDT_ANO",
            texts(&[Some("ANN"), Some("BEN"), Some("EVE")]),
        )],
    );
    let mut stored = stored;
    for (name, batch) in [
        ("ir_ben_r", &people),
        ("er_prs_f", &prestations),
        ("er_pha_f", &dispensings),
        ("t_mco19c", &stays),
        ("t_mco19d", &diagnoses),
        ("ki_cci_r", &deaths),
    ] {
        // One row a row group, so that months are mixed.
        stored = stored
            .file_in_groups(&format!("{name}/a.parquet"), batch, 2)
            .await
            .registered(name, |table| table);
    }
    stored.platform().await
}

fn constant(table: &str, column: &str, rows: usize) -> ArrayRef {
    use arrow::datatypes::DataType;
    let model = sceau::snds::table(table).expect("table");
    match model
        .column(column)
        .and_then(|column| column.data_type.clone())
        .expect("type")
    {
        DataType::Int16 => Arc::new(Int16Array::from(vec![1; rows])),
        DataType::Int32 => Arc::new(Int32Array::from(vec![1; rows])),
        DataType::Int64 => Arc::new(Int64Array::from(vec![1; rows])),
        DataType::Date32 => Arc::new(Date32Array::from(vec![1; rows])),
        DataType::Utf8 => Arc::new(StringArray::from(vec!["1"; rows])),
        other => panic!("{other}"),
    }
}

const TABLES: &str = r#"
[table.er_prs_f]
columns = ["PRS_ORD_NUM"]
[table.er_pha_f]
columns = ["PHA_ACT_QSN"]
[table.t_mco19c]
columns = ["RSA_NUM", "ETA_NUM"]
[table.t_mco19d]
columns = ["ASS_DGN"]
[table.ki_cci_r]
columns = ["DCD_IDT_ENC"]
"#;

fn list(folder: &Path, name: &str, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).expect("list");
    fs::write(folder.join(name), parquet_bytes(&batch, 100)).expect("write");
}

fn session(platform: &Platform, folder: &TempDir, population: &str, tables: &str) -> Session {
    let file = folder.path().join("permit.toml");
    fs::write(&file, permit_text("p", &format!("{population}\n{tables}"))).expect("write");
    let permit = Permit::from_file(&file).expect("permit");
    platform.session(&permit, "ana").expect("session")
}

async fn seen(session: &Session) -> [String; 5] {
    let one = |sql: &'static str| async move { rows(session, sql).await.join(" ") };
    [
        one("SELECT PRS_ORD_NUM FROM er_prs_f ORDER BY 1").await,
        one("SELECT PHA_ACT_QSN FROM er_pha_f ORDER BY 1").await,
        one("SELECT count(*) FROM t_mco19c").await,
        one("SELECT ASS_DGN FROM t_mco19d ORDER BY 1").await,
        one("SELECT count(*) FROM ki_cci_r").await,
    ]
}

#[tokio::test]
async fn without_a_population_everybody_is_seen() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    let session = session(&platform, &folder, "", TABLES);
    assert_eq!(
        seen(&session).await,
        ["1 2 3 4 5 6 7", "1 2 3 4 5 6 7", "4", "A B E X Y", "3"]
    );
}

#[tokio::test]
async fn a_cohort_by_one_identifier_holds_for_all_of_them() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    list(
        folder.path(),
        "cohort.parquet",
        vec![
            ("BEN_NIR_PSA", texts(&[Some("a1")])),
            ("BEN_RNG_GEM", ranks(&[Some(1)])),
        ],
    );
    let session = session(
        &platform,
        &folder,
        "[population]\ncohort = \"cohort.parquet\"",
        TABLES,
    );
    assert_eq!(seen(&session).await, ["1 2", "1 2", "1", "A", "1"]);
}

#[tokio::test]
async fn a_cohort_of_persons_holds_for_their_pseudo_nirs() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    list(
        folder.path(),
        "cohort.parquet",
        vec![("BEN_IDT_ANO", texts(&[Some("ANN"), Some("BEN"), None]))],
    );
    let session = session(
        &platform,
        &folder,
        "[population]\ncohort = \"cohort.parquet\"",
        TABLES,
    );
    // The PMSI does not tell Ben from his twin.
    assert_eq!(seen(&session).await, ["1 2 4", "1 2 4", "2", "A B", "2"]);
}

#[tokio::test]
async fn people_who_opposed_are_never_seen_under_any_of_their_identifiers() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    list(
        folder.path(),
        "opposition.parquet",
        vec![
            ("BEN_NIR_PSA", texts(&[Some("a2"), Some("b1")])),
            ("BEN_RNG_GEM", ranks(&[Some(1), Some(1)])),
        ],
    );
    let session = session(
        &platform,
        &folder,
        "[population]\nopposition = \"opposition.parquet\"",
        TABLES,
    );
    // Row 7 may be Bob's, since nobody knows the twin's rank; the stay of b1 may be his too.
    assert_eq!(seen(&session).await, ["4 5 6", "4 5 6", "2", "E X", "2"]);
}

#[tokio::test]
async fn cohort_opposition_period_and_the_parents_condition_hold_together() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    list(
        folder.path(),
        "cohort.parquet",
        vec![(
            "BEN_IDT_ANO",
            texts(&[Some("ANN"), Some("EVE"), Some("BOB")]),
        )],
    );
    list(
        folder.path(),
        "opposition.parquet",
        vec![("BEN_IDT_ANO", texts(&[Some("BOB")]))],
    );
    let population = "[population]\ncohort = \"cohort.parquet\"\nopposition = \"opposition.parquet\"\nperiod = { from = 2019-01-01, until = 2019-01-31 }";
    let tables = TABLES.replace(
        "columns = [\"PRS_ORD_NUM\"]",
        "columns = [\"PRS_ORD_NUM\"]\nwhere = \"BEN_RES_DPT = '075'\"",
    );
    let session = session(&platform, &folder, population, &tables);
    assert_eq!(seen(&session).await[..4], ["1 2", "1 2", "2", "A E"]);
}

#[tokio::test]
async fn a_detail_table_alone_shows_the_details_of_visible_rows_even_if_the_parent_is_not_granted()
{
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    list(
        folder.path(),
        "cohort.parquet",
        vec![("BEN_IDT_ANO", texts(&[Some("EVE")]))],
    );
    let alone = "[table.er_pha_f]\ncolumns = [\"PHA_ACT_QSN\"]\nwhere = \"PHA_ACT_QSN > 5\"";
    let session = session(
        &platform,
        &folder,
        "[population]\ncohort = \"cohort.parquet\"",
        alone,
    );
    assert_eq!(
        rows(&session, "SELECT PHA_ACT_QSN FROM er_pha_f").await,
        ["6"]
    );
    assert_eq!(rows(&session, "SELECT count(*) FROM er_pha_f").await, ["1"]);
    assert_eq!(
        rows(
            &session,
            "SELECT count(*) FROM er_pha_f a JOIN er_pha_f b ON a.PHA_ACT_QSN = b.PHA_ACT_QSN"
        )
        .await,
        ["1"]
    );
}

#[tokio::test]
async fn a_condition_of_the_parent_holds_for_details_without_any_list() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    let tables = TABLES.replace(
        "columns = [\"PRS_ORD_NUM\"]",
        "columns = [\"PRS_ORD_NUM\"]\nwhere = \"BEN_RES_DPT = '092'\"",
    );
    let session = session(&platform, &folder, "", &tables);
    assert_eq!(seen(&session).await[..2], ["4 6", "4 6"]);
}

#[tokio::test]
async fn a_list_that_changes_takes_effect_on_the_next_question() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    list(
        folder.path(),
        "opposition.parquet",
        vec![("BEN_IDT_ANO", texts(&[Some("ANN")]))],
    );
    let session = session(
        &platform,
        &folder,
        "[population]\nopposition = \"opposition.parquet\"",
        TABLES,
    );
    assert_eq!(rows(&session, "SELECT count(*) FROM ki_cci_r").await, ["2"]);
    list(
        folder.path(),
        "opposition.parquet",
        vec![("BEN_IDT_ANO", texts(&[Some("ANN"), Some("EVE")]))],
    );
    assert_eq!(rows(&session, "SELECT count(*) FROM ki_cci_r").await, ["1"]);
    fs::remove_file(folder.path().join("opposition.parquet")).expect("remove");
    let gone = crate::fixture::code(&session, "SELECT count(*) FROM ki_cci_r").await;
    assert_eq!(
        gone.as_str(),
        "unavailable",
        "a list that is gone hides everybody"
    );
}

#[tokio::test]
async fn tables_of_the_platforms_own_are_held_against_columns_of_the_same_name() {
    let stays = RecordBatch::try_from_iter([
        (
            "patient",
            texts(&[Some("p1"), Some("p2"), Some("p3"), None]),
        ),
        (
            "cost",
            Arc::new(Int64Array::from(vec![1, 2, 3, 4])) as ArrayRef,
        ),
    ])
    .expect("stays");
    let platform = Stored::new()
        .table(
            "sejour",
            |table| {
                table.contributor(["patient"]).column(
                    "patient",
                    ColumnConfig::new(Role::Identifier).domain("patient"),
                )
            },
            &stays,
        )
        .await
        .platform()
        .await;
    let folder = tempfile::tempdir().expect("folder");
    list(
        folder.path(),
        "cohort.parquet",
        vec![("patient", texts(&[Some("p1"), Some("p2")]))],
    );
    list(
        folder.path(),
        "opposition.parquet",
        vec![("patient", texts(&[Some("p2")]))],
    );
    let tables = "[table.sejour]\ncolumns = [\"cost\"]";
    let both = "[population]\ncohort = \"cohort.parquet\"\nopposition = \"opposition.parquet\"";
    assert_eq!(
        rows(
            &session(&platform, &folder, both, tables),
            "SELECT cost FROM sejour"
        )
        .await,
        ["1"]
    );
    let opposed = "[population]\nopposition = \"opposition.parquet\"";
    assert_eq!(
        rows(
            &session(&platform, &folder, opposed, tables),
            "SELECT cost FROM sejour ORDER BY cost"
        )
        .await,
        ["1", "3", "4"]
    );
}

#[tokio::test]
async fn a_list_that_does_not_name_people_as_a_table_does_is_said() {
    let platform = Stored::new()
        .table(
            "ki_cci_r",
            |table| table,
            &snds_table("ki_cci_r", &[("BEN_IDT_ANO", texts(&[Some("ANN")]))]),
        )
        .await
        .platform()
        .await;
    let folder = tempfile::tempdir().expect("folder");
    list(
        folder.path(),
        "cohort.parquet",
        vec![("BEN_NIR_PSA", texts(&[Some("a1")]))],
    );
    let text = permit_text(
        "p",
        "[population]\ncohort = \"cohort.parquet\"\n[table.ki_cci_r]\ncolumns = [\"DCD_IDT_ENC\"]",
    );
    let file = folder.path().join("permit.toml");
    fs::write(&file, text).expect("write");
    let error = platform
        .session(&Permit::from_file(&file).expect("permit"), "ana")
        .expect_err("no such column");
    let said = error
        .to_string()
        .replace(&folder.path().display().to_string(), "…");
    assert_eq!(
        said,
        "…/permit.toml:5: population.cohort: expected a list with BEN_IDT_ANO (or IR_BEN_R among the platform's tables, from which they can be found), found …/cohort.parquet with BEN_NIR_PSA"
    );
}

#[tokio::test]
async fn a_detail_table_whose_parent_the_platform_does_not_have_is_refused_when_people_are_restricted()
 {
    let platform = Stored::new()
        .table(
            "er_pha_f",
            |table| table,
            &snds_table("er_pha_f", &[("PHA_ACT_QSN", ranks(&[Some(1)]))]),
        )
        .await
        .platform()
        .await;
    let folder = tempfile::tempdir().expect("folder");
    let text = permit_text(
        "p",
        "[population]\nperiod = { from = 2019-01-01, until = 2019-12-31 }\n[table.er_pha_f]\ncolumns = [\"PHA_ACT_QSN\"]",
    );
    let file = folder.path().join("permit.toml");
    fs::write(&file, text).expect("write");
    let error = platform
        .session(&Permit::from_file(&file).expect("permit"), "ana")
        .expect_err("no parent")
        .to_string();
    assert!(
        error.contains("table.er_pha_f: expected ER_PRS_F among the platform's tables"),
        "{error}"
    );
}

#[tokio::test]
async fn a_permit_that_changes_holds_from_the_next_question_on() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    let session = session(&platform, &folder, "", TABLES);
    let file = folder.path().join("permit.toml");
    let write = |text: &str| fs::write(&file, text).expect("write");
    assert_eq!(rows(&session, "SELECT count(*) FROM er_prs_f").await, ["7"]);

    let narrower = permit_text(
        "p",
        "[table.er_prs_f]\ncolumns = [\"PRS_ORD_NUM\"]\nwhere = \"BEN_RES_DPT = '092'\"",
    );
    write(&narrower);
    assert_eq!(rows(&session, "SELECT count(*) FROM er_prs_f").await, ["2"]);
    assert_eq!(
        crate::fixture::code(&session, "SELECT count(*) FROM er_pha_f")
            .await
            .as_str(),
        "unknown_table"
    );

    write(&narrower.replace("[\"ana\"]", "[\"luc\"]"));
    assert_eq!(
        crate::fixture::code(&session, "SELECT count(*) FROM er_prs_f")
            .await
            .as_str(),
        "not_permitted"
    );
    write(&narrower.replace("2099", "2020"));
    assert_eq!(
        crate::fixture::code(&session, "SELECT count(*) FROM er_prs_f")
            .await
            .as_str(),
        "expired"
    );
    write("not a permit");
    assert_eq!(
        crate::fixture::code(&session, "SELECT count(*) FROM er_prs_f")
            .await
            .as_str(),
        "not_permitted"
    );
    fs::remove_file(&file).expect("remove");
    assert_eq!(
        crate::fixture::code(&session, "SELECT count(*) FROM er_prs_f")
            .await
            .as_str(),
        "not_permitted"
    );
    write(&narrower.replace("092", "075"));
    assert_eq!(rows(&session, "SELECT count(*) FROM er_prs_f").await, ["5"]);
}

#[tokio::test]
async fn a_plan_of_an_earlier_version_of_the_permit_is_refused() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    let session = session(&platform, &folder, "", TABLES);
    let plan = session
        .table("er_prs_f")
        .await
        .expect("table")
        .build()
        .expect("plan");
    fs::write(
        folder.path().join("permit.toml"),
        permit_text(
            "p",
            "[table.er_prs_f]\ncolumns = [\"PRS_ORD_NUM\"]\nwhere = \"false\"",
        ),
    )
    .expect("write");
    assert_eq!(
        session
            .execute(plan)
            .await
            .expect_err("an old plan")
            .code()
            .as_str(),
        "not_allowed"
    );
}

#[tokio::test]
async fn a_permit_without_rows_allows_releases_only() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    let session = session(&platform, &folder, "[inside]\nrows = false", TABLES);
    assert_eq!(
        crate::fixture::code(&session, "SELECT count(*) FROM er_prs_f")
            .await
            .as_str(),
        "rows_not_permitted"
    );
    let plan = session
        .table("er_prs_f")
        .await
        .expect("table")
        .build()
        .expect("plan");
    let physical = session.physical_plan(&plan, vec![]).await.expect("plan");
    for rows in [session.execute(plan).await, session.run_physical(physical)] {
        assert_eq!(
            rows.expect_err("rows").code().as_str(),
            "rows_not_permitted"
        );
    }
}

#[tokio::test]
async fn a_list_of_another_type_than_the_table_is_said_and_opposes_nobody_in_silence() {
    let platform = snds(Stored::new()).await;
    let folder = tempfile::tempdir().expect("folder");
    list(
        folder.path(),
        "opposition.parquet",
        vec![
            (
                "BEN_NIR_PSA",
                Arc::new(Int64Array::from(vec![1])) as ArrayRef,
            ),
            ("BEN_RNG_GEM", ranks(&[Some(1)])),
        ],
    );
    let file = folder.path().join("permit.toml");
    fs::write(
        &file,
        permit_text(
            "p",
            &format!("[population]\nopposition = \"opposition.parquet\"\n{TABLES}"),
        ),
    )
    .expect("write");
    let error = platform
        .session(&Permit::from_file(&file).expect("permit"), "ana")
        .expect_err("numbers")
        .to_string();
    assert!(
        error.contains("population.opposition: expected BEN_NIR_PSA as text, as it is stored, found BEN_NIR_PSA as whole numbers"),
        "{error}"
    );
}
