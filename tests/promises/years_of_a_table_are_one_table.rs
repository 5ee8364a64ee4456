//! A table over several years holds what each year's holds, under the same policies, and reads only the years that a
//! question asks for.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int16Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use sceau::snds::KEPT_AS_TEXT;
use sceau::{Permit, Platform, Releaser, Session};

use crate::fixture::{
    Stored, code, parquet_bytes, permit_text, refusal, rows, session, snds_table,
};

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn days(values: &[&str]) -> ArrayRef {
    cast(
        &texts(values),
        &DataType::Timestamp(arrow::datatypes::TimeUnit::Second, None),
    )
    .expect("days")
}

/// The numbers of stays begin anew each year: stay 1 of hospital h is Ann's in 2019 and Bob's in 2020.
fn chaining(year: &str, people: &[&str], numbers: &[&str]) -> RecordBatch {
    let date = format!("20{year}-06-15");
    snds_table(
        &format!("t_mco{year}c"),
        &[
            ("NIR_ANO_17", texts(people)),
            ("ETA_NUM", texts(&vec!["h"; people.len()])),
            ("RSA_NUM", texts(numbers)),
            ("EXE_SOI_DTD", days(&vec![date.as_str(); people.len()])),
        ],
    )
}

fn stays(year: &str, numbers: &[&str], diagnoses: &[&str], nights: &[i64]) -> RecordBatch {
    snds_table(
        &format!("t_mco{year}b"),
        &[
            ("ETA_NUM", texts(&vec!["h"; numbers.len()])),
            ("RSA_NUM", texts(numbers)),
            ("DGN_PAL", texts(diagnoses)),
            ("NBR_ACT", Arc::new(Int64Array::from(nights.to_vec()))),
            ("GHS_HS_INNOV", texts(&vec!["i"; numbers.len()])),
        ],
    )
}

/// The same without some columns, and others as another type.
fn changed(batch: &RecordBatch, without: &[&str], types: &[(&str, DataType)]) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .filter(|(field, _)| !without.contains(&field.name().as_str()))
        .map(|(field, column)| {
            let wanted = types.iter().find(|(name, _)| name == field.name());
            let column = match wanted {
                Some((_, wanted)) => cast(column, wanted).expect("cast"),
                None => Arc::clone(column),
            };
            (field.name().clone(), column, true)
        });
    RecordBatch::try_from_iter_with_nullable(columns).expect("batch")
}

async fn two_years() -> Stored {
    Stored::new()
        .file(
            "pmsi/T_MCO19C/a.parquet",
            &chaining("19", &["ann", "bob"], &["1", "2"]),
        )
        .await
        .file(
            "pmsi/T_MCO20C/a.parquet",
            &chaining("20", &["bob", "eve"], &["1", "2"]),
        )
        .await
        .file(
            "pmsi/T_MCO19B/a.parquet",
            &stays("19", &["1", "2"], &["A19", "B19"], &[1, 2]),
        )
        .await
        .file(
            "pmsi/T_MCO20B/a.parquet",
            &stays("20", &["1", "2", "3"], &["B20", "E20", "X20"], &[3, 4, 5]),
        )
        .await
        .registered_at("t_mco_b", "pmsi/T_MCO{aa}B/", |table| table)
        .registered_at("t_mco_c", "pmsi/T_MCO{aa}C/", |table| table)
}

fn restricted(platform: &Platform, folder: &Path, population: &str, tables: &str) -> Session {
    let file = folder.join("permit.toml");
    fs::write(&file, permit_text("p", &format!("{population}\n{tables}"))).expect("write");
    let permit = Permit::from_file(&file).expect("permit");
    platform.session(&permit, "ana").expect("session")
}

fn list(folder: &Path, name: &str, people: &[&str]) {
    let batch = RecordBatch::try_from_iter([("NIR_ANO_17", texts(people))]).expect("list");
    fs::write(folder.join(name), parquet_bytes(&batch, 100)).expect("write");
}

const BOTH: &str = "[table.t_mco_b]\ncolumns = \"*\"\n[table.t_mco_c]\ncolumns = \"*\"\n";

#[tokio::test]
async fn two_years_are_one_table_with_the_year_as_a_column_and_each_year_is_one_too() {
    let platform = two_years().await.platform().await;
    let session = session(&platform, BOTH);
    for (sql, expected) in [
        (
            "SELECT ANNEE, count(*), sum(NBR_ACT) FROM T_MCO_B GROUP BY 1 ORDER BY 1",
            vec!["2019 2 3", "2020 3 12"],
        ),
        (
            "SELECT DGN_PAL FROM t_mco_b WHERE annee = 2019 ORDER BY 1",
            vec!["A19", "B19"],
        ),
        (
            "SELECT DGN_PAL FROM T_MCO19B ORDER BY 1",
            vec!["A19", "B19"],
        ),
        ("SELECT DISTINCT ANNEE FROM T_MCO20B", vec!["2020"]),
        ("SELECT count(*) FROM t_mco_b WHERE ANNEE = 2021", vec!["0"]),
        (
            "SELECT b.ANNEE, count(*) FROM t_mco_b b JOIN t_mco_c c USING (ETA_NUM, RSA_NUM, ANNEE) GROUP BY 1 ORDER BY 1",
            vec!["2019 2", "2020 2"],
        ),
        ("SELECT count(DISTINCT NIR_ANO_17) FROM t_mco_c", vec!["3"]),
    ] {
        assert_eq!(rows(&session, sql).await, expected, "{sql}");
    }
    // A pseudonym is the same in the table over all years and in a year's own.
    let in_both = "SELECT count(*) FROM t_mco_c a JOIN t_mco19c b ON a.NIR_ANO_17 = b.NIR_ANO_17 AND a.ANNEE = 2020";
    assert_eq!(rows(&session, in_both).await, ["1"]);
}

#[tokio::test]
async fn a_cohort_holds_in_each_year_though_numbers_begin_anew() {
    let platform = two_years().await.platform().await;
    let folder = tempfile::tempdir().expect("folder");
    list(folder.path(), "people.parquet", &["ann", "eve"]);
    for tables in [
        BOTH.to_owned(),
        // A year of its own is held against that year's parent.
        format!(
            "{BOTH}[table.t_mco19b]\ncolumns = [\"DGN_PAL\"]\n[table.t_mco20b]\ncolumns = [\"DGN_PAL\"]"
        ),
        BOTH.replace("[table.t_mco_c]\ncolumns = \"*\"\n", ""),
    ] {
        let session = restricted(
            &platform,
            folder.path(),
            "[population]\ncohort = \"people.parquet\"",
            &tables,
        );
        for (sql, expected) in [
            ("SELECT DGN_PAL FROM t_mco_b ORDER BY 1", vec!["A19", "E20"]),
            (
                "SELECT DGN_PAL FROM t_mco_b WHERE ANNEE = 2020",
                vec!["E20"],
            ),
            ("SELECT DGN_PAL FROM t_mco19b", vec!["A19"]),
            ("SELECT DGN_PAL FROM t_mco20b", vec!["E20"]),
        ] {
            assert_eq!(rows(&session, sql).await, expected, "{sql} under {tables}");
        }
    }
    let session = restricted(
        &platform,
        folder.path(),
        "[population]\nopposition = \"people.parquet\"",
        BOTH,
    );
    let seen = rows(&session, "SELECT DGN_PAL FROM t_mco_b ORDER BY 1").await;
    assert_eq!(seen, ["B19", "B20"]);
}

#[tokio::test]
async fn period_and_the_parents_condition_hold_through_the_key_and_the_year() {
    let platform = two_years().await.platform().await;
    let folder = tempfile::tempdir().expect("folder");
    let period = "[population]\nperiod = { from = 2020-01-01, until = 2020-12-31 }";
    let session = restricted(&platform, folder.path(), period, BOTH);
    let all = "SELECT DGN_PAL FROM t_mco_b ORDER BY 1";
    assert_eq!(rows(&session, all).await, ["B20", "E20"]);
    assert_eq!(rows(&session, "SELECT count(*) FROM t_mco19b").await, ["0"]);

    let condition = BOTH.replace(
        "[table.t_mco_c]",
        "[table.t_mco_c]\nwhere = \"ANNEE = 2020 AND RSA_NUM = '1'\"",
    );
    let session = restricted(&platform, folder.path(), "", &condition);
    assert_eq!(rows(&session, all).await, ["B20"]);
    // What the permit says of all years holds in a year that has an entry of its own, too.
    let own = condition + "[table.t_mco20b]\ncolumns = [\"DGN_PAL\"]";
    let session = restricted(&platform, folder.path(), "", &own);
    assert_eq!(
        rows(&session, "SELECT DGN_PAL FROM t_mco20b").await,
        ["B20"]
    );
}

#[tokio::test]
async fn a_condition_on_one_year_of_the_parent_does_not_leave_the_family_open() {
    let platform = two_years().await.platform().await;
    let permit = Permit::parse(
        "permit.toml",
        &permit_text(
            "p",
            "[table.t_mco_b]\ncolumns = \"*\"\n[table.t_mco19c]\ncolumns = \"*\"\nwhere = \"RSA_NUM = '1'\"",
        ),
    )
    .expect("permit");
    let error = platform.session(&permit, "ana").expect_err("open");
    assert!(
        error.to_string().contains("an entry for T_MCO_C too"),
        "{error}"
    );
}

#[tokio::test]
async fn masks_and_conditions_of_the_family_hold_in_its_years() {
    let platform = two_years().await.platform().await;
    let session = session(
        &platform,
        "[table.t_mco_b]\ncolumns = [\"DGN_PAL\", \"ETA_NUM\"]\nwhere = \"NBR_ACT <> 2 AND ANNEE < 2021\"\n[table.t_mco_b.mask]\nDGN_PAL = \"prefix(1)\"",
    );
    assert_eq!(rows(&session, "SELECT DGN_PAL FROM t_mco19b").await, ["A"]);
    assert_eq!(
        rows(&session, "SELECT DGN_PAL FROM t_mco_b ORDER BY 1").await,
        ["A", "B", "E", "X"]
    );
    for hidden in ["RSA_NUM", "ANNEE"] {
        for table in ["t_mco_b", "t_mco19b"] {
            let asked = format!("SELECT {hidden} FROM {table}");
            assert_eq!(
                code(&session, &asked).await,
                sceau::ErrorCode::UnknownColumn
            );
        }
    }
    assert_eq!(
        code(&session, "SELECT count(*) FROM t_mco18b").await,
        sceau::ErrorCode::UnknownTable
    );
}

#[tokio::test]
async fn what_looks_like_a_year_and_is_none_is_said() {
    let batch = stays("19", &["1"], &["A19"], &[7]);
    let mut stored = Stored::new();
    for folder in [
        "T_MCO19B",
        "T_MCO2019B",
        "t_mco20b",
        "T_MCO18B_old",
        "T_MCO19C",
    ] {
        stored = stored
            .file(&format!("pmsi/{folder}/a.parquet"), &batch)
            .await;
    }
    let at = |path: &'static str| {
        move |stored: Stored| stored.registered_at("t_mco_b", path, |table| table)
    };
    let platform = at("pmsi/T_MCO{aa}B/")(stored).platform().await;
    let said: Vec<String> = platform
        .passed_over()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        [
            "table t_mco_b: 3 folders or files are of none of its years and are not read, such as pmsi/T_MCO18B_old"
        ]
    );
    let session = session(&platform, "[table.t_mco_b]\ncolumns = \"*\"");
    assert_eq!(
        rows(&session, "SELECT DISTINCT ANNEE FROM t_mco_b").await,
        ["2019"]
    );

    let stored = Stored::new()
        .file("pmsi/T_MCO2019B/a.parquet", &batch)
        .await;
    let error = at("pmsi/T_MCO{aa}B/")(stored)
        .try_platform()
        .await
        .expect_err("no year");
    assert!(
        error
            .to_string()
            .contains("of which pmsi/T_MCO2019B is not one"),
        "{error}"
    );
}

#[tokio::test]
async fn columns_appear_and_vanish_and_types_widen() {
    let early = changed(
        &stays("19", &["1"], &["A19"], &[7]),
        &["GHS_HS_INNOV"],
        &[("NBR_ACT", DataType::Int16)],
    );
    let stored = Stored::new()
        .file("pmsi/T_MCO19B/a.parquet", &early)
        .await
        .file(
            "pmsi/T_MCO20B/a.parquet",
            &changed(&stays("20", &["1"], &["A20"], &[70_000]), &["DGN_REL"], &[]),
        )
        .await
        .registered_at("t_mco_b", "pmsi/T_MCO{aa}B/", |table| table);
    let platform = stored.platform().await;
    let said: Vec<String> = platform.drift().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "table T_MCO19B: column GHS_HS_INNOV: expected Utf8, found no such column; column NBR_ACT: expected Int32, found Int16, which converts without loss",
            "table T_MCO20B: column DGN_REL: expected Utf8, found no such column",
        ]
    );
    let session = session(
        &platform,
        "[table.t_mco_b]\ncolumns = \"*\"\n[table.t_mco20b]\ncolumns = \"*\"",
    );
    let sql = "SELECT ANNEE, NBR_ACT, GHS_HS_INNOV IS NULL, DGN_REL IS NULL FROM t_mco_b WHERE NBR_ACT > 5 ORDER BY 1";
    assert_eq!(
        rows(&session, sql).await,
        ["2019 7 true true", "2020 70000 false true"]
    );
    assert_eq!(
        rows(
            &session,
            "SELECT ANNEE FROM t_mco_b WHERE GHS_HS_INNOV IS NULL"
        )
        .await,
        ["2019"]
    );
    // By its own entry a year has the columns that it stores; by the family's, all of them.
    assert_eq!(
        code(&session, "SELECT DGN_REL FROM t_mco20b").await,
        sceau::ErrorCode::UnknownColumn
    );
    assert_eq!(
        rows(&session, "SELECT GHS_HS_INNOV FROM t_mco19b").await,
        [""]
    );
}

#[tokio::test]
async fn a_column_that_no_year_has_is_missing_and_one_that_people_are_reached_by_is_needed_in_each()
{
    let year =
        |year: &str, without: &[&str]| changed(&stays(year, &["1"], &["A"], &[1]), without, &[]);
    for (in_2019, in_2020, expected) in [
        (
            &["DGN_REL"][..],
            &["DGN_REL"][..],
            "table T_MCO19B: column DGN_REL: expected Utf8, found no such column; drift = \"lenient\" reads the table as far as its files go",
        ),
        (
            &[],
            &["RSA_NUM"],
            "table T_MCO20B: column RSA_NUM: expected Utf8, found no such column",
        ),
    ] {
        let error = Stored::new()
            .file("pmsi/T_MCO19B/a.parquet", &year("19", in_2019))
            .await
            .file("pmsi/T_MCO20B/a.parquet", &year("20", in_2020))
            .await
            .registered_at("t_mco_b", "pmsi/T_MCO{aa}B/", |table| table)
            .try_platform()
            .await
            .expect_err("missing");
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_year_that_was_kept_as_text_makes_the_column_a_text() {
    let text = changed(
        &stays("20", &["1", "2"], &["A", "B"], &[8, 9]),
        &[],
        &[("NBR_ACT", DataType::Utf8)],
    );
    let schema = text.schema();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| match field.name().as_str() {
            "NBR_ACT" => field.as_ref().clone().with_metadata(HashMap::from([(
                KEPT_AS_TEXT.to_owned(),
                DataType::Int32.to_string(),
            )])),
            _ => field.as_ref().clone(),
        })
        .collect();
    let text =
        RecordBatch::try_new(Arc::new(Schema::new(fields)), text.columns().to_vec()).expect("text");
    let platform = Stored::new()
        .file(
            "pmsi/T_MCO19B/a.parquet",
            &stays("19", &["1", "2", "3"], &["A", "A", "A"], &[7, 10, 9]),
        )
        .await
        .file("pmsi/T_MCO20B/a.parquet", &text)
        .await
        .registered_at("t_mco_b", "pmsi/T_MCO{aa}B/", |table| table)
        .platform()
        .await;
    let session = session(
        &platform,
        "[table.t_mco_b]\ncolumns = \"*\"\nwhere = \"NBR_ACT <> '8'\"",
    );
    // As texts 10 comes before 7, so that 9 does not lie between the least and the greatest number of its file.
    for (condition, expected) in [
        ("NBR_ACT >= '7'", &["7", "9", "9"][..]),
        ("NBR_ACT = '9'", &["9", "9"]),
        ("NBR_ACT < '7'", &["10"]),
    ] {
        let sql = format!("SELECT NBR_ACT FROM t_mco_b WHERE {condition} ORDER BY 1");
        assert_eq!(rows(&session, &sql).await, expected, "{condition}");
    }
}

/// The files that the sources of a plan read.
fn files(plan: &Arc<dyn ExecutionPlan>) -> Vec<String> {
    let mut found: Vec<String> = plan.children().into_iter().flat_map(files).collect();
    if let Some(source) = plan.downcast_ref::<DataSourceExec>()
        && let Some(config) = source.data_source().downcast_ref::<FileScanConfig>()
    {
        let read = config.file_groups.iter().flat_map(|group| group.iter());
        found.extend(read.map(|file| file.object_meta.location.to_string()));
    }
    found
}

#[tokio::test]
async fn a_condition_on_the_year_reads_that_year_alone_whoever_makes_it() {
    let platform = two_years().await.platform().await;
    let in_2020 = BOTH.replace(
        "[table.t_mco_b]",
        "[table.t_mco_b]\nwhere = \"ANNEE = 2020\"",
    );
    for (tables, sql, expected) in [
        (BOTH, "SELECT DGN_PAL FROM t_mco_b", &["19", "20"][..]),
        (
            BOTH,
            "SELECT DGN_PAL FROM t_mco_b WHERE ANNEE = 2020",
            &["20"],
        ),
        (
            BOTH,
            "SELECT DGN_PAL FROM t_mco_b WHERE ANNEE IN (2020, 2021)",
            &["20"],
        ),
        (
            BOTH,
            "SELECT DGN_PAL FROM t_mco_b WHERE ANNEE < 2020 AND DGN_PAL = 'A19'",
            &["19"],
        ),
        (BOTH, "SELECT DGN_PAL FROM t_mco_b WHERE ANNEE = 2018", &[]),
        (BOTH, "SELECT DGN_PAL FROM t_mco20b", &["20"]),
        (&in_2020, "SELECT DGN_PAL FROM t_mco_b", &["20"]),
    ] {
        let session = session(&platform, tables);
        let plan = session.plan(sql).await.expect("plan");
        let plan = session.physical_plan(&plan, vec![]).await.expect("plan");
        let expected: Vec<String> = expected
            .iter()
            .map(|year| format!("pmsi/T_MCO{year}B/a.parquet"))
            .collect();
        assert_eq!(files(&plan), expected, "{sql}");
    }
}

#[tokio::test]
async fn a_release_reaches_the_people_of_a_stay_by_its_year_too() {
    let people: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let numbers: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut stored = Stored::new()
        .registered_at("t_mco_b", "pmsi/T_MCO{aa}B/", |table| table)
        .registered_at("t_mco_c", "pmsi/T_MCO{aa}C/", |table| table);
    for (year, count) in [("19", 12), ("20", 4)] {
        stored = stored
            .file(
                &format!("pmsi/T_MCO{year}C/a.parquet"),
                &chaining(year, &people[..count], &numbers[..count]),
            )
            .await
            .file(
                &format!("pmsi/T_MCO{year}B/a.parquet"),
                &stays(year, &numbers[..count], &vec!["A"; count], &vec![1; count]),
            )
            .await;
    }
    let platform = stored.platform().await;
    let session = session(&platform, &format!("[release]\nk = 11\n{BOTH}"));
    let by_year = "SELECT b.ANNEE, count(*) FROM t_mco_b b JOIN t_mco_c c ON b.ETA_NUM = c.ETA_NUM AND b.RSA_NUM = c.RSA_NUM AND b.ANNEE = c.ANNEE GROUP BY 1";
    let release = Releaser::new(&session)
        .sql(by_year)
        .await
        .expect("released");
    assert_eq!(
        (release.report().released, release.report().withheld),
        (1, 1)
    );
    // Without the year a stay would be counted for another year's person.
    let without = by_year.replace(" AND b.ANNEE = c.ANNEE", "");
    let error = Releaser::new(&session)
        .sql(&without)
        .await
        .expect_err("unlinked");
    assert!(error.to_string().contains("ANNEE"), "{error}");
    let of_a_year = "SELECT count(*) FROM t_mco19b b JOIN t_mco19c c USING (ETA_NUM, RSA_NUM)";
    let release = Releaser::new(&session)
        .sql(of_a_year)
        .await
        .expect("released");
    assert_eq!(release.report().released, 1);
}

#[tokio::test]
async fn archives_of_dcir_are_one_table_and_details_reach_their_person_through_it() {
    let care = |people: &[&str], first: i64| {
        let count = people.len() as i64;
        let order: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + count));
        let mut columns: Vec<(&str, ArrayRef)> = vec![("PRS_ORD_NUM", order)];
        let ones: ArrayRef = Arc::new(Int16Array::from(vec![1; people.len()]));
        for key in [
            "DCT_ORD_NUM",
            "FLX_EMT_NUM",
            "FLX_EMT_ORD",
            "FLX_EMT_TYP",
            "ORG_CLE_NUM",
            "REM_TYP_AFF",
        ] {
            columns.push((key, Arc::clone(&ones)));
        }
        let day: ArrayRef = Arc::new(Date32Array::from(vec![17_897; people.len()]));
        columns.push(("FLX_DIS_DTD", Arc::clone(&day)));
        columns.push(("FLX_TRT_DTD", day));
        columns
    };
    let of = |people: &[&str], first: i64| {
        let mut columns = care(people, first);
        columns.push(("BEN_NIR_PSA", texts(people)));
        columns.push((
            "BEN_RNG_GEM",
            Arc::new(Int16Array::from(vec![1; people.len()])),
        ));
        snds_table("er_prs_f", &columns)
    };
    let boxes = |people: &[&str], first: i64| snds_table("er_pha_f", &care(people, first));
    let platform = Stored::new()
        .file("dcir/2019/ER_PRS_F_2019/a.parquet", &of(&["ann", "bob"], 1))
        .await
        .file("dcir/2020/ER_PRS_F_2020/a.parquet", &of(&["bob"], 3))
        .await
        .file(
            "dcir/2019/ER_PHA_F_2019/a.parquet",
            &boxes(&["ann", "bob"], 1),
        )
        .await
        .file("dcir/2020/ER_PHA_F_2020/a.parquet", &boxes(&["bob"], 3))
        .await
        .registered_at("er_prs_f", "dcir/{annee}/ER_PRS_F_{annee}", |table| table)
        .registered_at("er_pha_f", "dcir/{annee}/ER_PHA_F_{annee}", |table| table)
        .platform()
        .await;
    let folder = tempfile::tempdir().expect("folder");
    let batch = RecordBatch::try_from_iter([
        ("BEN_NIR_PSA", texts(&["bob"])),
        (
            "BEN_RNG_GEM",
            Arc::new(Int16Array::from(vec![1])) as ArrayRef,
        ),
    ])
    .expect("list");
    fs::write(
        folder.path().join("people.parquet"),
        parquet_bytes(&batch, 10),
    )
    .expect("write");
    let session = restricted(
        &platform,
        folder.path(),
        "[population]\ncohort = \"people.parquet\"",
        "[table.er_pha_f]\ncolumns = \"*\"\n[table.er_prs_f_2020]\ncolumns = \"*\"",
    );
    for (sql, expected) in [
        (
            "SELECT ANNEE, PRS_ORD_NUM FROM er_pha_f ORDER BY 1",
            vec!["2019 2", "2020 3"],
        ),
        ("SELECT PRS_ORD_NUM FROM ER_PHA_F_2019", vec!["2"]),
        ("SELECT PRS_ORD_NUM FROM ER_PRS_F_2020", vec!["3"]),
    ] {
        assert_eq!(rows(&session, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn any_table_may_be_a_family_and_a_wrong_pattern_is_named() {
    let numbers = |values: Vec<i64>| {
        RecordBatch::try_from_iter([("v", Arc::new(Int64Array::from(values)) as ArrayRef)])
            .expect("batch")
    };
    let stored = async || {
        Stored::new()
            .file("demo/annee=2019/mois=1/a.parquet", &numbers(vec![1]))
            .await
            .file("demo/annee=2020/mois=2/a.parquet", &numbers(vec![2, 3]))
            .await
    };
    let platform = stored()
        .await
        .registered_at("demo", "demo/annee={annee}/", |table| table)
        .platform()
        .await;
    let session = session(
        &platform,
        "[table.demo]\ncolumns = [\"v\", \"mois\", \"annee\"]",
    );
    assert_eq!(
        rows(
            &session,
            "SELECT annee, mois, sum(v) FROM demo GROUP BY 1, 2 ORDER BY 1"
        )
        .await,
        ["2019 1 1", "2020 2 5"]
    );
    assert_eq!(
        rows(&session, "SELECT sum(v) FROM demo_2020 WHERE mois = 2").await,
        ["5"]
    );
    refusal(&session, "SELECT * FROM demo_2021").await;

    for (name, path, expected) in [
        (
            "demo",
            "demo/{year}/",
            "table.demo.path: expected {aa} or {annee}",
        ),
        (
            "demo",
            "other/{annee}/",
            "table.demo.path: expected a path of which there is at least one year",
        ),
        (
            "t_mco_b",
            "demo/",
            "table.t_mco_b.path: expected {aa} or {annee} where the year stands",
        ),
        (
            "t_mco19b",
            "demo/annee={annee}/",
            "table.t_mco19b.path: expected a path without a year in braces",
        ),
    ] {
        let error = stored()
            .await
            .registered_at(name, path, |table| table)
            .try_platform()
            .await
            .expect_err(path);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn nothing_of_a_question_runs_on_a_hidden_year_or_row() {
    let stored = Stored::new()
        .file(
            "pmsi/T_MCO19B/a.parquet",
            &stays("19", &["1", "2"], &["10", "hidden"], &[1, 2]),
        )
        .await
        .file(
            "pmsi/T_MCO20B/a.parquet",
            &stays("20", &["1"], &["hidden"], &[1]),
        )
        .await
        .registered_at("t_mco_b", "pmsi/T_MCO{aa}B/", |table| table);
    let platform = stored.platform().await;
    let permit = "[table.t_mco_b]\ncolumns = \"*\"\nwhere = \"ANNEE = 2019 AND NBR_ACT = 1\"";
    let session = session(&platform, permit);
    for sql in [
        "SELECT ANNEE FROM t_mco_b WHERE CAST(DGN_PAL AS INT) = 10",
        "SELECT ANNEE FROM t_mco_b WHERE CAST(DGN_PAL AS INT) = 10 AND ANNEE > 2000",
        "SELECT ANNEE FROM t_mco19b WHERE CAST(DGN_PAL AS INT) < 11",
    ] {
        assert_eq!(rows(&session, sql).await, ["2019"], "{sql}");
    }
    assert_eq!(rows(&session, "SELECT count(*) FROM t_mco20b").await, ["0"]);
}
