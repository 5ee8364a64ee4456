//! What who signs reads of a table that was made by hand: withheld cells, intervals, long tables.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use chrono::DateTime;
use sceau_core::Permit;

use super::dossier::Dossier;
use super::table::{GROUPING_SET, Table};
use super::{Origin, rules};
use crate::release::cells::tests::release;
use crate::release::withheld::{Interval, Met, WithheldCell};

/// The dossier of a table `dep | n`, in which cells are withheld.
fn dossier(shown: &[(&str, i64)], withheld: Vec<WithheldCell>, unnamed: u64) -> Dossier {
    let permit = "project = \"p\"\npurpose = \"<b>why</b>\"\nprincipals = [\"ana\"]\n\
                  valid = { from = 2020-01-01, until = 2099-12-31 }\n[table.t]\ncolumns = \"*\"";
    let keys: ArrayRef = Arc::new(shown.iter().map(|row| Some(row.0)).collect::<StringArray>());
    let counts: ArrayRef = Arc::new(shown.iter().map(|row| Some(row.1)).collect::<Int64Array>());
    let release = release(vec![("dep", keys), ("n", counts)], None);
    let key_names = vec!["dep".to_owned()];
    let origins = [Origin::Key(0), Origin::Measure(0)];
    let table = Table::try_new(&release, &origins, &key_names, &withheld, false).expect("table");
    Dossier {
        question: "SELECT dep,\n\tcount(*) AS n".to_owned(),
        principal: "ana".to_owned(),
        at: DateTime::UNIX_EPOCH,
        permit: Arc::new(Permit::parse("permit.toml", permit).expect("permit")),
        report: release.report().clone(),
        key_names,
        withheld: Met {
            cells: withheld,
            unnamed,
            closest: vec![],
        },
        table,
        masked: false,
        not_checked: rules::not_checked(release.report()),
    }
}

fn withheld(key: Option<&str>, interval: Option<(i32, Option<i32>)>) -> WithheldCell {
    let interval = interval.map(|(low, high)| Interval {
        measure: "n".to_owned(),
        low: Some(f64::from(low)),
        high: high.map(f64::from),
    });
    WithheldCell {
        key: vec![key.map(str::to_owned)],
        intervals: interval.into_iter().collect(),
    }
}

#[test]
fn what_a_reader_can_compute_stands_under_the_mark() {
    let cells = vec![
        withheld(Some("B"), Some((0, Some(18)))),
        withheld(Some("C"), Some((0, None))),
        withheld(None, None),
    ];
    let dossier = dossier(&[("A", 20)], cells, 2);
    insta::assert_snapshot!(dossier.to_text().split("Table; ").nth(1).expect("table"), @r"
    a row with # is withheld; in brackets, what can be computed of it from the totals that leave
       dep  n
       A    20
    #  B    [0 to 18]
    #  C    [0 or more]
    #       withheld
    and 2 withheld cells that are not named
    ");
    let html = dossier.to_html();
    assert!(
        html.contains("<span class=\"known\">0 to 18</span>"),
        "{html}"
    );
    assert!(
        html.contains("And 2 withheld cells that are not named"),
        "{html}"
    );
    let json: serde_json::Value = serde_json::from_str(&dossier.to_json()).expect("JSON");
    assert_eq!(
        json["cells"][1]["intervals"],
        serde_json::json!([{"measure": "n", "low": 0.0, "high": 18.0}])
    );
    assert_eq!(json["withheld_unnamed"], 2);
}

#[test]
fn primary_and_secondary_cells_look_the_same() {
    let dossier = dossier(
        &[],
        vec![withheld(Some("B"), None), withheld(Some("C"), None)],
        0,
    );
    let html = dossier.to_html();
    let row = |key: &str| {
        let at = html.find(&format!("<bdi>{key}</bdi>")).expect(key);
        let start = html[..at].rfind("<tr").expect("row");
        let end = html[at..].find("</tr>").expect("row") + at;
        html[start..end].replace(&format!("<bdi>{key}</bdi>"), "")
    };
    assert_eq!(row("B"), row("C"));
}

#[test]
fn a_page_with_totals_says_how_a_total_is_told_from_a_missing_value() {
    let mut dossier = dossier(&[("A", 20)], vec![], 0);
    assert!(!dossier.to_html().contains("GROUPING"));
    let key = (GROUPING_SET.to_owned(), 1);
    dossier.table.other_keys.push(key);
    assert!(dossier.to_html().contains("GROUPING(column)"));
}

#[test]
fn a_long_table_is_cut_on_the_page_and_whole_in_json() {
    let keys: Vec<String> = (0..2_500).map(|at| format!("k{at}")).collect();
    let rows: Vec<(&str, i64)> = keys.iter().map(|key| (key.as_str(), 11)).collect();
    let dossier = dossier(&rows, vec![], 0);
    let html = dossier.to_html();
    assert!(html.contains("k1999") && !html.contains("k2000"));
    assert!(html.contains("the first 2000 of its 2500 rows"));
    assert!(dossier.to_text().contains("and 2000 rows more"));
    assert!(dossier.to_json().contains("k2499"));
}

#[test]
fn a_table_of_nothing_is_a_page_too() {
    let dossier = dossier(&[], vec![], 0);
    assert!(dossier.to_html().contains("It has no rows."));
    assert!(dossier.to_html().contains("&lt;b&gt;why&lt;/b&gt;"));
    let json: serde_json::Value = serde_json::from_str(&dossier.to_json()).expect("JSON");
    assert_eq!(json["cells"], serde_json::json!([]));
    assert_eq!(json["asked_at"], "1970-01-01T00:00:00Z");
}
