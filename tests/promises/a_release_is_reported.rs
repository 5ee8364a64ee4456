//! What leaves is a table that tells nothing of what was withheld; what was withheld is in a report for who signs.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayData, Float64Array, RecordBatch, StringArray};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use sceau::snds::Role;
use sceau::{ColumnConfig, Dossier, Platform, Release, ReleaseError, Releaser, Session};

use crate::fixture::{Stored, session};

/// A table of stays: per region its patients, one stay each. Every stay costs 7777.25.
pub async fn stays(regions: &[(&str, usize)]) -> Platform {
    let rows: Vec<&str> = regions
        .iter()
        .flat_map(|(region, patients)| vec![*region; *patients])
        .collect();
    let patients: Vec<String> = (0..rows.len()).map(|at| format!("p{at}")).collect();
    let costs = vec![7777.25; rows.len()];
    let batch = RecordBatch::try_from_iter([
        ("patient", Arc::new(StringArray::from(patients)) as _),
        ("region", Arc::new(StringArray::from(rows)) as _),
        ("cost", Arc::new(Float64Array::from(costs)) as _),
    ])
    .expect("stays");
    Stored::new()
        .table(
            "sejour",
            |table| {
                table
                    .contributor(["patient"])
                    .column(
                        "patient",
                        ColumnConfig::new(Role::Identifier).domain("patient"),
                    )
                    .column("region", ColumnConfig::new(Role::QuasiIdentifier))
                    .column("cost", ColumnConfig::new(Role::Plain))
            },
            &batch,
        )
        .await
        .platform()
        .await
}

pub fn under(platform: &Platform, release: &str) -> Session {
    session(
        platform,
        &format!("[release]\n{release}\n[table.sejour]\ncolumns = \"*\"\n"),
    )
}

pub const BY_REGION: &str =
    "SELECT region, count(*) AS n, sum(cost) AS total FROM sejour GROUP BY region ORDER BY region";

async fn asked(session: &Session, sql: &str) -> (Release, Dossier) {
    Releaser::new(session)
        .sql_with_dossier(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn csv(release: &Release) -> String {
    let mut out = Vec::new();
    release.write_csv(&mut out).expect("CSV");
    String::from_utf8(out).expect("UTF-8")
}

/// Everything that can leave of a release, in every format.
fn all_that_leaves(release: &Release) -> Vec<Vec<u8>> {
    let mut written = vec![vec![]; 4];
    release.write_csv(&mut written[0]).expect("CSV");
    release.write_json(&mut written[1]).expect("JSON");
    release.write_json_lines(&mut written[2]).expect("lines");
    release.write_parquet(&mut written[3]).expect("Parquet");
    for batch in release.batches() {
        for column in batch.columns() {
            written.push(bytes_of(&column.to_data()));
        }
    }
    written
}

fn bytes_of(data: &ArrayData) -> Vec<u8> {
    let own = data.buffers().iter().map(|buffer| buffer.as_slice());
    own.collect::<Vec<_>>().concat()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|found| found == part)
}

#[tokio::test]
async fn a_release_is_written_as_csv_json_and_parquet() {
    let session = under(
        &stays(&[("69", 12), ("75", 11), ("13", 10)]).await,
        "k = 11",
    );
    let (release, _) = asked(&session, BY_REGION).await;
    insta::assert_snapshot!(csv(&release), @r"
    region,n,total
    69,12,93327.0
    75,11,85549.75
    ");
    let mut json = Vec::new();
    release.write_json(&mut json).expect("JSON");
    insta::assert_snapshot!(String::from_utf8_lossy(&json), @r#"{"columns":["region","n","total"],"rows":[["69",12,93327.0],["75",11,85549.75]]}"#);
    let mut lines = Vec::new();
    release.write_json_lines(&mut lines).expect("lines");
    insta::assert_snapshot!(String::from_utf8_lossy(&lines), @r#"
    {"region":"69","n":12,"total":93327.0}
    {"region":"75","n":11,"total":85549.75}
    "#);
}

#[tokio::test]
async fn a_parquet_file_has_the_columns_of_the_question_and_says_under_what_it_left() {
    let session = under(&stays(&[("69", 12), ("75", 11)]).await, "k = 11");
    let (release, _) = asked(&session, BY_REGION).await;
    let mut file = tempfile::tempfile().expect("file");
    release.write_parquet(&mut file).expect("Parquet");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let metadata = reader.metadata().file_metadata();
    let columns = metadata.schema_descr().columns();
    let names: Vec<_> = columns.iter().map(|column| column.name()).collect();
    assert_eq!(names, ["region", "n", "total"]);
    let said = metadata.key_value_metadata().expect("metadata");
    let permit = said.iter().find(|said| said.key == "sceau.permit");
    assert_eq!(
        permit.and_then(|said| said.value.as_deref()),
        Some(session.permit().hash())
    );
}

#[tokio::test]
async fn what_leaves_is_the_same_whether_a_group_is_withheld_or_absent() {
    let long = "a region with a name that is longer than any other";
    let small = under(
        &stays(&[("75", 12), ("69", 11), (long, 10)]).await,
        "k = 11",
    );
    let absent = under(&stays(&[("75", 12), ("69", 11)]).await, "k = 11");
    for sql in [
        BY_REGION,
        "SELECT region, count(*) AS n FROM sejour GROUP BY region ORDER BY n DESC LIMIT 5",
        "SELECT region || '!' AS r, avg(cost) AS mean FROM sejour GROUP BY region ORDER BY r",
    ] {
        let (small, dossier) = asked(&small, sql).await;
        let (absent, _) = asked(&absent, sql).await;
        assert_eq!(dossier.report().withheld, 1, "{sql}");
        assert_eq!(all_that_leaves(&small), all_that_leaves(&absent), "{sql}");
    }
}

#[tokio::test]
async fn no_withheld_value_leaves_under_a_null_or_in_a_shared_buffer() {
    let session = under(
        &stays(&[("75", 12), ("69", 10)]).await,
        "k = 11\nwithheld = \"mask\"",
    );
    let (release, _) = asked(&session, BY_REGION).await;
    assert_eq!(csv(&release), "region,n,total\n69,,\n75,12,93327.0\n");
    for bytes in all_that_leaves(&release) {
        assert!(!holds(&bytes, &10_i64.to_le_bytes()));
        assert!(!holds(&bytes, &77_772.5_f64.to_le_bytes()));
    }
    let long = "a region with a name that is longer than any other";
    let session = under(
        &stays(&[("75 is one that is long too", 12), (long, 10)]).await,
        "k = 11",
    );
    let (release, _) = asked(&session, BY_REGION).await;
    for bytes in all_that_leaves(&release) {
        assert!(!holds(&bytes, b"longer than any other"));
    }
}

#[tokio::test]
async fn who_signs_reads_what_was_asked_the_table_with_its_withheld_cells_and_the_rules() {
    let session = under(
        &stays(&[("75", 12), ("Réunion", 10), ("13", 11)]).await,
        "preset = \"casd-pmsi\"",
    );
    let (release, dossier) = asked(&session, BY_REGION).await;
    assert!(!csv(&release).contains("Réunion"));
    assert_eq!(dossier.withheld()[0].key, [Some("Réunion".to_owned())]);
    let html = dossier.to_html();
    let text = dossier.to_text();
    let (from, until) = session.permit().validity();
    for (form, page) in [("html", &html), ("text", &text)] {
        for says in [
            BY_REGION,
            "ana",
            session.permit().hash(),
            &format!("{from} to {until}"),
            "casd-pmsi: ",
            "Réunion",
            "withheld",
            "33.3 %",
            "CASD, Règles de confidentialité",
            "a cell describes at least 11 people",
            "differences between releases",
            "needed for the purpose",
        ] {
            assert!(page.contains(says), "{form} says {says}:\n{page}");
        }
        // Of the withheld group, neither how many nor how much.
        assert!(!page.contains("77772.5"), "{form}:\n{page}");
    }
    insta::assert_snapshot!(text.split("Table; ").nth(1).expect("table"), @r"
    a row with # is withheld
       region   n         total
       13       11        85549.75
       75       12        93327.0
    #  Réunion  withheld  withheld
    ");
}

#[tokio::test]
async fn what_a_reader_can_compute_of_a_withheld_value_stands_in_its_column_whatever_the_question_calls_it()
 {
    let session = under(
        &stays(&[("69", 12), ("75", 11), ("13", 10)]).await,
        "k = 11",
    );
    let sql = |measures: &str| {
        format!(
            "SELECT region, {measures} FROM sejour GROUP BY ROLLUP (region) HAVING sum(cost) > 0 ORDER BY region"
        )
    };
    let (_, dossier) = asked(&session, &sql("sum(cost) AS \"count(*)\", count(*) AS n")).await;
    insta::assert_snapshot!(dossier.to_text().split("Table; ").nth(1).expect("table"), @r"
    a row with # is withheld; in brackets, what can be computed of it from the totals that leave
       region  count(*)          n          grouping set
       69      93327.0           12
               256649.25         33
    #  13      [0 to 163322.25]  [0 to 21]  by region
    #  75      [0 to 163322.25]  [0 to 21]  by region
    ");
    assert!(
        dossier
            .to_html()
            .contains("<span class=\"known\">0 to 21</span>")
    );
    let json: serde_json::Value = serde_json::from_str(&dossier.to_json()).expect("JSON");
    assert_eq!(
        json["cells"][2]["intervals"],
        serde_json::json!([
            {"measure": "count(*)", "low": 0.0, "high": 163322.25},
            {"measure": "n", "low": 0.0, "high": 21.0},
        ])
    );
    // A UNION of a table and its total is one with totals.
    let union = "SELECT region, count(*) AS n FROM sejour GROUP BY region UNION ALL SELECT 'all', count(*) FROM sejour";
    let (_, dossier) = asked(
        &session,
        &format!("SELECT * FROM ({union}) ORDER BY region"),
    )
    .await;
    insta::assert_snapshot!(dossier.to_text().split("Table; ").nth(1).expect("table"), @r"
    a row with # is withheld; in brackets, what can be computed of it from the totals that leave
       region  n          region  grouping set
       69      12
       all     33
    #          [0 to 21]  13      by region
    #          [0 to 21]  75      by region
    ");
    // Of what the table does not show, nobody can compute anything.
    let (_, dossier) = asked(&session, &sql("count(*)")).await;
    let shown: Vec<_> = dossier.withheld()[0]
        .intervals
        .iter()
        .map(|known| known.measure.as_str())
        .collect();
    assert_eq!(shown, ["count(*)"]);
}

#[tokio::test]
async fn beside_totals_too_a_row_that_leaves_without_its_measures_is_marked_where_it_stands() {
    let session = under(
        &stays(&[("69", 12), ("75", 11), ("13", 10)]).await,
        "k = 11\nwithheld = \"mask\"",
    );
    let sql =
        "SELECT region, sum(cost) AS total FROM sejour GROUP BY ROLLUP (region) ORDER BY region";
    let (release, dossier) = asked(&session, sql).await;
    assert_eq!(
        csv(&release),
        "region,total\n13,\n69,93327.0\n75,\n,256649.25\n"
    );
    insta::assert_snapshot!(dossier.to_text().split("Table; ").nth(1).expect("table"), @r"
    a row with # is withheld; in brackets, what can be computed of it from the totals that leave
       region  total             grouping set
    #  13      [0 to 163322.25]  by region
       69      93327.0
    #  75      [0 to 163322.25]  by region
               256649.25
    ");
    let page = dossier.to_html();
    assert!(page.contains("among the others leave with their key and without their measures"));
    assert!(!page.contains("after the others"), "{page}");
}

#[tokio::test]
async fn the_report_as_json_has_its_documented_members() {
    let session = under(
        &stays(&[("75", 12), ("13", 10)]).await,
        "preset = \"opensafely\"\nk = 11",
    );
    let (_, dossier) = asked(&session, BY_REGION).await;
    let json: serde_json::Value = serde_json::from_str(&dossier.to_json()).expect("JSON");
    let mut members: Vec<_> = json.as_object().expect("object").keys().collect();
    members.sort();
    insta::assert_snapshot!(format!("{members:?}"), @r#"["asked_at", "cells", "closest_unnamed", "columns", "k", "not_checked", "permit", "preset", "principal", "project", "purpose", "question", "released", "rules", "schema", "share_withheld", "withheld", "withheld_unnamed"]"#);
    assert_eq!(json["schema"], "sceau-release-report/1");
    assert_eq!(json["preset"], "opensafely");
    assert_eq!(
        json["columns"][1],
        serde_json::json!({"name": "n", "measure": true})
    );
    assert_eq!(
        json["cells"],
        serde_json::json!([
            {"values": ["13", null, null], "withheld": true, "leaves": true, "other_keys": {}, "intervals": []},
            {"values": ["75", 10, 93327.0], "withheld": false},
        ])
    );
}

#[tokio::test]
async fn a_page_needs_nothing_from_outside_and_nothing_in_it_runs() {
    let session = under(
        &stays(&[
            ("<script>alert(1)</script>", 12),
            ("\"><img src=x onerror=alert(1)>", 10),
            ("75\u{202e}31", 11),
            ("مرسيليا", 14),
        ])
        .await,
        "k = 11",
    );
    let sql = "SELECT region AS \"</style><script>\", count(*) AS n FROM sejour GROUP BY region";
    let (_, dossier) = asked(&session, sql).await;
    let page = dossier.to_html();
    for (at, _) in page.match_indices('<') {
        let tag = &page[at..page.len().min(at + 20)];
        for runs in ["<script", "<img", "<link", "<iframe", "<object"] {
            assert!(!tag.starts_with(runs), "{tag}");
        }
    }
    for loads in [
        " src=\"", "href=", "url(", "@import", "http:", "https:", "\u{202e}",
    ] {
        assert!(!page.contains(loads), "{loads}");
    }
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("75⟦U+202E⟧31") && page.contains("مرسيليا"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[tokio::test]
async fn keys_that_may_be_single_persons_are_counted_and_not_named() {
    let session = under(&stays(&[("75", 3)]).await, "k = 11");
    let sql = "SELECT cost, count(*) AS n FROM sejour GROUP BY cost";
    let (release, dossier) = asked(&session, sql).await;
    assert_eq!(release.cells(), 0);
    assert_eq!((dossier.withheld().len(), dossier.unnamed()), (0, 1));
    for page in [dossier.to_html(), dossier.to_text(), dossier.to_json()] {
        assert!(!page.contains("7777"), "{page}");
    }
    assert!(dossier.to_html().contains("It has no rows."));
}

#[tokio::test]
async fn a_withheld_cell_whose_key_was_not_asked_for_is_named_to_who_signs_alone() {
    let session = under(&stays(&[("75", 12), ("13", 10)]).await, "k = 11");
    let sql = "SELECT count(*) AS n FROM sejour GROUP BY region";
    let (release, dossier) = asked(&session, sql).await;
    assert_eq!(csv(&release), "n\n12\n");
    let json: serde_json::Value = serde_json::from_str(&dossier.to_json()).expect("JSON");
    assert_eq!(
        json["cells"][1],
        serde_json::json!({"values": [null], "withheld": true, "leaves": false, "other_keys": {"region": "13"}, "intervals": []})
    );
}

#[tokio::test]
async fn the_nhs_stars_small_counts_and_rounds_the_others() {
    let session = under(
        &stays(&[("a", 7), ("b", 8), ("c", 12), ("d", 13), ("e", 1)]).await,
        "preset = \"nhs-hes\"",
    );
    let sql = "SELECT region, count(*) AS n, avg(cost) AS mean FROM sejour GROUP BY region ORDER BY region";
    let (release, _) = asked(&session, sql).await;
    insta::assert_snapshot!(csv(&release), @r"
    region,n,mean
    a,*,*
    b,10,7777.25
    c,10,7777.25
    d,15,7777.25
    e,*,*
    ");
}

#[tokio::test]
async fn opensafely_redacts_up_to_seven_and_rounds_to_five_or_to_midpoints() {
    let platform = stays(&[("21-30", 3), ("31-40", 8), ("41-50", 16), ("51+", 23)]).await;
    let sql = "SELECT region AS age, count(*) AS n FROM sejour GROUP BY region ORDER BY region";
    let (nearest, _) = asked(&under(&platform, "preset = \"opensafely\""), sql).await;
    insta::assert_snapshot!(csv(&nearest), @r"
    age,n
    21-30,[REDACTED]
    31-40,10
    41-50,15
    51+,25
    ");
    let rules = "preset = \"opensafely\"\nrounding = \"midpoint-6\"\nwithheld = \"omit\"";
    let (midpoint, _) = asked(&under(&platform, rules), sql).await;
    insta::assert_snapshot!(csv(&midpoint), @r"
    age,n
    31-40,9
    41-50,15
    51+,21
    ");
}

#[tokio::test]
async fn a_release_that_is_too_large_says_how_to_ask_less() {
    let session = under(&stays(&[("75", 12), ("13", 12)]).await, "k = 11");
    let cells = Releaser::new(&session).most_cells(1).sql(BY_REGION).await;
    let cells = cells.expect_err("too many cells");
    assert_eq!(cells, ReleaseError::TooManyCells { limit: 1 });
    let bytes = Releaser::new(&session).most_bytes(30).sql(BY_REGION).await;
    let bytes = bytes.expect_err("too many bytes");
    assert_eq!(bytes, ReleaseError::TooManyBytes { limit: 30 });
    for error in [cells, bytes] {
        assert!(error.to_string().contains("fewer or coarser"), "{error}");
    }
}
