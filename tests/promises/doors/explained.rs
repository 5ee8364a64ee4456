//! How a question would be answered, and what there is to ask: told without counts, files and policies.

use arrow::array::AsArray as _;

use super::world::{PERMIT, PLAIN, World, are_refused, stays, trapped};
use crate::fixture::{permit, rows};

/// The plan below the line that names the permit.
async fn plan(sql: &str, stored: &arrow::array::RecordBatch) -> String {
    let session = World::of(stored, PLAIN).await.session(&permit(PERMIT));
    let text = session.explain(sql).await.expect("plan");
    text.lines().skip(1).collect::<Vec<_>>().join("\n")
}

/// Doors 11 and 14: statistics, costs, paths, and the policy's text and constants in a plan that is shown.
#[tokio::test]
async fn an_explained_plan_shows_the_question_and_nothing_else() {
    let one = stays();
    let none = one.slice(0, 0);
    for sql in [
        "SELECT * FROM sejour",
        "SELECT cost FROM sejour WHERE cost > 60 ORDER BY cost LIMIT 3",
        "SELECT count(*), max(cost) FROM sejour",
        "SELECT a.cost FROM sejour a JOIN sejour b USING (patient) WHERE b.note LIKE '2%'",
        "SELECT cost FROM sejour WHERE cost IN (SELECT max(cost) FROM sejour)",
    ] {
        let shown = plan(sql, &one).await;
        assert_eq!(
            shown,
            plan(sql, &none).await,
            "it does not depend on any row"
        );
        let lower = shown.to_lowercase();
        for word in [
            "'a'",
            "\"a\"",
            "parquet",
            "sceau://",
            "part-0",
            "policy",
            "secret",
            "rows=",
            "bytes",
            "statistics",
            "pseudonym",
            "hmac",
            "cost=",
        ] {
            assert!(!lower.contains(word), "{word} in\n{shown}");
        }
    }
}

/// Door 11: options of EXPLAIN that its reader takes and nobody else looks at ask for no statistics either.
#[tokio::test]
async fn every_way_of_writing_explain_shows_the_same_plan() {
    let session = trapped().await;
    let sql = "SELECT cost FROM sejour WHERE cost > 60";
    let expected = session.explain(sql).await.expect("plan");
    for explain in [
        "EXPLAIN",
        "EXPLAIN FORMAT TREE",
        "EXPLAIN FORMAT GRAPHVIZ",
        "EXPLAIN (ANALYZE, COSTS, VERBOSE)",
        "EXPLAIN QUERY PLAN",
        "EXPLAIN ESTIMATE",
        "DESCRIBE",
    ] {
        let shown = session
            .sql(&format!("{explain} {sql}"))
            .await
            .expect(explain);
        let batches = shown.collect().await.expect("batches");
        let lines = batches[0].column(0).as_string::<i32>();
        let shown: Vec<&str> = lines.iter().flatten().collect();
        assert_eq!(shown, expected.lines().collect::<Vec<_>>(), "{explain}");
    }
}

/// Doors 11 and 12: the ways of asking for statistics and for metrics of a run.
#[tokio::test]
async fn plans_with_counts_and_plans_that_run_are_refused() {
    let session = trapped().await;
    are_refused(
        &session,
        &[
            "EXPLAIN ANALYZE SELECT * FROM sejour",
            "EXPLAIN ANALYZE VERBOSE SELECT * FROM sejour WHERE cost > 9998",
            "EXPLAIN VERBOSE SELECT * FROM sejour",
            "EXPLAIN FORMAT PGJSON SELECT * FROM sejour",
            "EXPLAIN EXPLAIN SELECT * FROM sejour",
            "EXPLAIN INSERT INTO sejour SELECT * FROM sejour",
            "EXPLAIN DELETE FROM sejour",
            "SELECT * FROM (EXPLAIN SELECT * FROM sejour)",
            "ANALYZE TABLE sejour COMPUTE STATISTICS",
            "ANALYZE sejour",
        ],
        &["not_a_query", "syntax", "not_allowed"],
    )
    .await;
    for sql in ["SET x = 1", "EXPLAIN ANALYZE SELECT 1", "SHOW TABLES"] {
        let refused = session.explain(sql).await.expect_err("no query");
        assert_eq!(refused.code().as_str(), "not_a_query", "{sql}");
    }
}

/// Door 14: keys that stand in a plan as literals.
#[tokio::test]
async fn no_form_of_a_plan_holds_the_key_of_its_pseudonyms() {
    let session = trapped().await;
    let sql = "SELECT patient FROM sejour WHERE patient <> 'x'";
    let plan = session.plan(sql).await.expect("plan");
    let physical = session.physical_plan(&plan, vec![]).await.expect("plan");
    let printed = format!(
        "{plan:?}{}{physical:?}{}{session:?}{:?}",
        plan.display_indent_schema(),
        datafusion::physical_plan::displayable(physical.as_ref()).indent(true),
        session.permit(),
    );
    // The key of project p is the letter p, 32 times over.
    assert!(
        !printed.contains("ppppp") && !printed.contains("112, 112"),
        "{printed}"
    );
    assert!(!printed.contains(&"70".repeat(8)), "{printed}");
}

/// Door 33: lists of settings, views and definitions.
#[tokio::test]
async fn what_the_engine_could_list_is_refused() {
    let session = trapped().await;
    are_refused(
        &session,
        &[
            "SHOW ALL",
            "SHOW datafusion.execution.target_partitions",
            "SHOW CREATE TABLE sejour",
            "SHOW CREATE VIEW sejour",
            "SHOW FUNCTIONS",
            "SHOW SCHEMAS",
            "SHOW DATABASES",
            "SHOW VARIABLES",
            "SHOW STATUS",
            "DESCRIBE secrets",
            "DESCRIBE information_schema.columns",
            "SELECT * FROM information_schema.df_settings",
            "SELECT * FROM information_schema.views",
            "SELECT * FROM information_schema.routines",
            "SELECT * FROM information_schema.parameters",
            "SELECT * FROM pg_catalog.pg_class",
            "SELECT * FROM datafusion.information_schema.tables",
        ],
        &["not_a_query", "unknown_table", "not_allowed", "syntax"],
    )
    .await;
}

/// Door 33: the lists that there are show what is granted.
#[tokio::test]
async fn the_lists_that_there_are_show_granted_names_only() {
    let session = trapped().await;
    let tables = rows(&session, "SHOW TABLES").await;
    assert_eq!(tables, ["sceau snds sejour BASE TABLE"]);
    assert_eq!(
        rows(&session, "SELECT * FROM information_schema.tables").await,
        tables
    );
    let granted = ["patient", "region", "note", "cost", "day", "rate"];
    assert_eq!(
        rows(
            &session,
            "SELECT column_name FROM information_schema.columns ORDER BY ordinal_position"
        )
        .await,
        granted
    );
    for sql in [
        "DESCRIBE sejour",
        "DESC SEJOUR",
        "SHOW COLUMNS FROM sejour",
        "SHOW FULL COLUMNS FROM sejour",
    ] {
        let told = rows(&session, sql).await;
        assert_eq!(told.len(), granted.len(), "{sql}");
        assert!(
            told.iter().all(|row| !row.contains("secret")),
            "{sql} {told:?}"
        );
    }
    assert_eq!(
        rows(
            &session,
            "SELECT max(ordinal_position) FROM information_schema.columns"
        )
        .await,
        ["6"],
        "positions have no gap where a column is denied"
    );
    // A quote in a name does not end the text that SHOW is rewritten to.
    for sql in [
        "SHOW COLUMNS FROM \"sejour' OR '1' = '1\"",
        "SHOW COLUMNS FROM \"x' UNION SELECT 1 --\"",
        "DESCRIBE \"sejour' OR '1' = '1\"",
    ] {
        are_refused(&session, &[sql], &["unknown_table"]).await;
    }
}
