//! `permit.project` and `permit.principal` in a permit's conditions and masks are values, whatever they are called.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use sceau::{Permit, Platform};

use crate::fixture::{Stored, rows};

/// A row a unit: each is the name of a principal or of a project, or made to look like SQL.
async fn platform() -> Platform {
    let units = ["ana", "luc", "p", EVIL, "x", "permit.principal"];
    let units: ArrayRef = Arc::new(StringArray::from(units.to_vec()));
    let stays = RecordBatch::try_from_iter([("unit", Arc::clone(&units)), ("permit", units)]);
    Stored::new()
        .table("sejour", |table| table, &stays.expect("stays"))
        .await
        .platform()
        .await
}

const EVIL: &str = "x' OR '1'='1";

fn permit(tables: &str) -> Permit {
    Permit::parse(
        "permit.toml",
        &format!(
            "project = \"p\"\nkey = \"p\"\nprincipals = [\"ana\", \"luc\", \"eve\", \"{EVIL}\", \"unit\"]\nvalid = {{ from = 2020-01-01, until = 2099-12-31 }}\n{tables}"
        ),
    )
    .expect("permit")
}

async fn seen(principal: &str, filter: &str) -> Vec<String> {
    let tables = format!("[table.sejour]\ncolumns = [\"unit\"]\nwhere = \"{filter}\"");
    let session = platform().await.session(&permit(&tables), principal);
    rows(
        &session.expect("session"),
        "SELECT unit FROM sejour ORDER BY unit",
    )
    .await
}

#[tokio::test]
async fn each_principal_sees_the_rows_of_their_own_name() {
    assert_eq!(seen("ana", "unit = permit.principal").await, ["ana"]);
    assert_eq!(seen("luc", "unit = Permit.PRINCIPAL").await, ["luc"]);
    assert!(seen("eve", "unit = permit.principal").await.is_empty());
    assert_eq!(seen("eve", "permit.project = unit").await, ["p"]);
    assert_eq!(
        seen("luc", "unit IN (permit.project, permit.principal)").await,
        ["luc", "p"]
    );
    assert_eq!(
        seen(
            "ana",
            "CASE WHEN permit.principal = 'ana' THEN true ELSE unit = 'x' END"
        )
        .await
        .len(),
        6
    );
    assert_eq!(
        seen(
            "luc",
            "CASE WHEN permit.principal = 'ana' THEN true ELSE unit = 'x' END"
        )
        .await,
        ["x"]
    );
}

#[tokio::test]
async fn a_principal_who_is_called_like_sql_or_like_a_column_sees_no_more() {
    assert_eq!(seen(EVIL, "unit = permit.principal").await, [EVIL]);
    assert!(seen("unit", "unit = permit.principal").await.is_empty());
    assert_eq!(
        seen(EVIL, "unit <> permit.principal AND unit = 'x'").await,
        ["x"]
    );
}

/// One text, one hash, two principals: what one may see is never what the other sees, at the same time and in turn.
#[tokio::test]
async fn two_principals_of_one_permit_are_not_mixed() {
    let platform = platform().await;
    let permit = permit(
        "[table.sejour]\ncolumns = [\"unit\"]\nwhere = \"unit = permit.principal\"\n[table.sejour.mask]\nunit = { sql = \"permit.principal || ' of ' || permit.project\" }",
    );
    let ana = platform.session(&permit, "ana").expect("session");
    let luc = platform.session(&permit, "luc").expect("session");
    for _ in 0..3 {
        assert_eq!(rows(&ana, "SELECT unit FROM sejour").await, ["ana of p"]);
        assert_eq!(rows(&luc, "SELECT unit FROM sejour").await, ["luc of p"]);
    }
    let plan = ana.plan("SELECT unit FROM sejour").await.expect("plan");
    assert!(
        luc.execute(plan).await.is_err(),
        "a plan of another principal"
    );
}

#[tokio::test]
async fn what_is_no_attribute_is_named_and_a_quoted_name_is_a_column() {
    let platform = platform().await;
    for filter in [
        "unit = permit.key",
        "unit = permit.hash",
        "unit = permit.project.x",
        "unit = permit.\\\"principal\\\"",
    ] {
        let permit = permit(&format!(
            "[table.sejour]\ncolumns = [\"unit\"]\nwhere = \"{filter}\""
        ));
        let error = platform
            .session(&permit, "ana")
            .expect_err(filter)
            .to_string();
        assert!(
            error.starts_with("permit.toml:7: table.sejour.where: expected an SQL expression over the columns of sejour, found permit.")
                && error.ends_with("which is neither permit.project nor permit.principal"),
            "{error}"
        );
    }
    // A column that is called so is still a column, by itself or quoted.
    assert_eq!(seen("ana", "permit = 'luc'").await, ["luc"]);
    assert_eq!(
        seen("ana", "\\\"permit\\\" = permit.principal").await,
        ["ana"]
    );
}

/// They are the permit's. A question that names them names a column that is not there.
#[tokio::test]
async fn a_question_cannot_ask_for_them() {
    let permit =
        permit("[table.sejour]\ncolumns = [\"unit\"]\nwhere = \"unit = permit.principal\"");
    let session = platform().await.session(&permit, "ana").expect("session");
    for sql in [
        "SELECT permit.principal FROM sejour",
        "SELECT unit FROM sejour WHERE permit.project = 'p'",
        "SELECT permit FROM sejour",
    ] {
        let code = crate::fixture::code(&session, sql).await;
        assert_eq!(code.as_str(), "unknown_column", "{sql}");
    }
}
