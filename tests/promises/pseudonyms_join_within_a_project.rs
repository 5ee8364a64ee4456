//! Two projects see different pseudonyms, each time the same; joins hold within a project.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use sceau::pseudonym::FileKeys;
use sceau::snds::Role;
use sceau::{ColumnConfig, Permit, Platform, Session};

use crate::fixture::{Stored, permit_text, rows};

async fn platform() -> Platform {
    let city = RecordBatch::try_from_iter([
        (
            "NIR",
            Arc::new(StringArray::from(vec![Some("p1"), Some("p2"), None])) as _,
        ),
        ("boxes", Arc::new(Int64Array::from(vec![1, 2, 3])) as _),
    ])
    .expect("city");
    let hospital = RecordBatch::try_from_iter([
        (
            "NIR_ANO_17",
            Arc::new(StringArray::from(vec![Some("p2"), Some("p3"), None])) as _,
        ),
        (
            "doctor",
            Arc::new(StringArray::from(vec!["p1", "p2", "p3"])) as _,
        ),
        ("nights", Arc::new(Int64Array::from(vec![10, 20, 30])) as _),
    ])
    .expect("hospital");
    let patient = || ColumnConfig::new(Role::Identifier).domain("patient");
    Stored::new()
        .table("city", |table| table.column("NIR", patient()), &city)
        .await
        .table(
            "hospital",
            |table| {
                table.column("NIR_ANO_17", patient()).column(
                    "doctor",
                    ColumnConfig::new(Role::Identifier).domain("professional"),
                )
            },
            &hospital,
        )
        .await
        .platform()
        .await
}

fn project(platform: &Platform, name: &str) -> Session {
    let tables = "[table.city]\ncolumns = [\"NIR\", \"boxes\"]\n[table.hospital]\ncolumns = [\"NIR_ANO_17\", \"doctor\", \"nights\"]";
    let permit = Permit::parse("permit.toml", &permit_text(name, tables)).expect("permit");
    platform.session(&permit, "ana").expect("session")
}

#[tokio::test]
async fn joins_on_columns_that_mean_the_same_person_hold() {
    let platform = platform().await;
    let session = project(&platform, "one");
    let sql = "SELECT boxes, nights FROM city JOIN hospital ON NIR = NIR_ANO_17";
    assert_eq!(rows(&session, sql).await, ["2 10"]);
}

#[tokio::test]
async fn a_person_and_a_professional_of_one_number_do_not_meet() {
    let platform = platform().await;
    let session = project(&platform, "one");
    assert_eq!(
        rows(
            &session,
            "SELECT count(*) FROM city JOIN hospital ON NIR = doctor"
        )
        .await,
        ["0"]
    );
}

#[tokio::test]
async fn two_projects_see_different_pseudonyms_and_each_time_the_same() {
    let platform = platform().await;
    let sql = "SELECT NIR FROM city ORDER BY boxes";
    let one = rows(&project(&platform, "one"), sql).await;
    assert_eq!(one, rows(&project(&platform, "one"), sql).await);
    let two = rows(&project(&platform, "two"), sql).await;
    assert!(one.iter().zip(&two).take(2).all(|(one, two)| one != two));
    assert_eq!(
        (one[2].as_str(), two[2].as_str()),
        ("", ""),
        "NULL stays NULL"
    );
}

#[tokio::test]
async fn a_permit_without_a_key_is_refused_and_names_the_key_and_where_it_was_looked_for() {
    let folder = tempfile::tempdir().expect("folder");
    let city = RecordBatch::try_from_iter([("NIR", Arc::new(StringArray::from(vec!["p1"])) as _)])
        .expect("city");
    let platform = Stored::new()
        .keys(Arc::new(FileKeys::new(folder.path())))
        .table(
            "city",
            |table| table.column("NIR", ColumnConfig::new(Role::Identifier).domain("patient")),
            &city,
        )
        .await
        .platform()
        .await;
    let permit = |key: &str| {
        let text = permit_text("p", "[table.city]\ncolumns = [\"NIR\"]");
        let text = text.replace("valid", &format!("key = {key:?}\nvalid"));
        Permit::parse("permit.toml", &text).expect("permit")
    };
    for key in ["absent", "../absent"] {
        let error = platform
            .session(&permit(key), "ana")
            .expect_err(key)
            .to_string();
        assert!(
            error.starts_with("permit.toml:3: key: expected a key"),
            "{error}"
        );
        assert!(error.contains(key), "{error}");
    }
    std::fs::write(
        folder.path().join("there.key"),
        "a key of nothing but tests, long enough\n",
    )
    .expect("key");
    assert!(platform.session(&permit("there"), "ana").is_ok());
}
