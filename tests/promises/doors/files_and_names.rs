//! Tables under other names: files, other catalogs, spellings, shadows.

use super::world::{
    answers_from_visible_rows, are_refused, tells_nothing_of_hidden_rows, told, trapped,
};

/// Door 30: a file named as if it were a table.
#[tokio::test]
async fn a_file_is_no_table() {
    are_refused(
        &trapped().await,
        &[
            "SELECT * FROM 'sceau://data/sejour/part-0.parquet'",
            "SELECT * FROM \"sceau://data/sejour/part-0.parquet\"",
            "SELECT * FROM 'sceau://data/sejour/'",
            "SELECT * FROM \"sejour/part-0.parquet\"",
            "SELECT * FROM \"file:///etc/passwd\"",
            "SELECT * FROM '/etc/passwd'",
            "SELECT * FROM `sceau://data/sejour/part-0.parquet`",
            "SELECT * FROM \"s3://bucket/x.parquet\"",
            "SELECT * FROM parquet.\"sceau://data/sejour/part-0.parquet\"",
            "DESCRIBE \"sceau://data/sejour/part-0.parquet\"",
        ],
        &["unknown_table", "syntax", "not_allowed"],
    )
    .await;
}

/// Door 27: whatever name leads to the table, its policy is there.
#[tokio::test]
async fn every_name_of_a_table_has_its_policy() {
    answers_from_visible_rows(&[
        "SELECT count(*) FROM SEJOUR",
        "SELECT count(*) FROM \"sejour\"",
        "SELECT count(*) FROM snds.sejour",
        "SELECT count(*) FROM sceau.snds.sejour",
        "SELECT count(*) FROM \"sceau\".\"snds\".\"sejour\"",
        "SELECT count(*) FROM sejour AS \"sceau.snds.sejour\"",
        "SELECT count(*) FROM (sejour)",
        "SELECT count(*) FROM sejour sejour",
        "SELECT sejour.cost FROM sejour ORDER BY Sejour.COST",
        "SELECT snds.sejour.cost FROM sejour ORDER BY 1",
        "SELECT s.* FROM sejour s ORDER BY cost, note",
        "SELECT cost AS secret FROM sejour WHERE cost = 100",
    ])
    .await;
}

/// A common table expression with the name of a table that the policy speaks of.
#[tokio::test]
async fn a_shadow_of_a_table_takes_nothing_from_its_policy() {
    answers_from_visible_rows(&[
        "WITH sejour AS (SELECT * FROM sejour) SELECT CAST(note AS INT) AS n FROM sejour ORDER BY n",
        "WITH sejour AS (SELECT 'A' AS region, 1 AS cost) SELECT * FROM sejour",
        "WITH sejour AS (SELECT 'A' AS region) SELECT count(*) FROM sceau.snds.sejour",
        "WITH region AS (SELECT 'A' AS region) SELECT count(*) FROM sejour, region",
        "WITH a AS (SELECT * FROM sejour), sejour AS (SELECT * FROM a) SELECT sum(cost) FROM sejour",
        "SELECT count(*) FROM (SELECT 'A' AS region, cost FROM sejour) sejour WHERE region = 'A'",
        "SELECT count(*) FROM sejour WHERE 'A' IN (SELECT 'A' AS region)",
    ])
    .await;
}

/// A denied column, asked for in every place that takes a name, is told of as one that never was.
#[tokio::test]
async fn a_denied_column_is_one_that_never_was() {
    let session = trapped().await;
    for sql in [
        "SELECT {} FROM sejour",
        "SELECT sejour.{} FROM sejour",
        "SELECT sceau.snds.sejour.{} FROM sejour",
        "SELECT \"{}\" FROM sejour",
        "SELECT cost FROM sejour WHERE {} = 'DENIE'",
        "SELECT cost FROM sejour ORDER BY {}",
        "SELECT count(*) FROM sejour GROUP BY {}",
        "SELECT region FROM sejour GROUP BY region HAVING max({}) > ''",
        "SELECT a.cost FROM sejour a JOIN sejour b USING ({})",
        "SELECT a.cost FROM sejour a JOIN sejour b ON a.{} = b.{}",
        "SELECT * EXCEPT ({}) FROM sejour",
        "SELECT * EXCLUDE ({}) FROM sejour",
        "SELECT * REPLACE ({} AS cost) FROM sejour",
        "SELECT * REPLACE (cost AS {}) FROM sejour",
        "SELECT * RENAME ({} AS x) FROM sejour",
        "SELECT count(*) OVER (PARTITION BY {}) FROM sejour",
        "SELECT cost FROM sejour QUALIFY rank() OVER (ORDER BY {}) = 1",
        "SELECT DISTINCT ON ({}) cost FROM sejour",
        "SELECT count({}) FILTER (WHERE {} IS NULL) FROM sejour",
        "SELECT cost FROM sejour WHERE EXISTS (SELECT 1 FROM sejour b WHERE b.{} = '')",
        "SELECT x.{} FROM (SELECT * FROM sejour) x",
        "WITH x AS (SELECT * FROM sejour) SELECT {} FROM x",
        "SELECT (sejour).{} FROM sejour",
        "SELECT struct({}) FROM sejour",
        "SELECT secret.{} FROM sejour AS secret",
        "SELECT {}",
    ] {
        let denied = told(&session, &sql.replace("{}", "secret"), false).await;
        let absent = told(&session, &sql.replace("{}", "sekret"), false).await;
        assert!(!denied.contains("DENIED"), "{sql}: {denied}");
        assert_eq!(
            denied.replace("secret", "sekret"),
            absent.replace("secret", "sekret"),
            "{sql}"
        );
    }
}

/// Wildcards and joins by name stop at what is granted.
#[tokio::test]
async fn joins_by_name_and_wildcards_know_granted_columns_only() {
    answers_from_visible_rows(&[
        "SELECT * FROM sejour ORDER BY cost, note",
        "SELECT count(*) FROM sejour a NATURAL JOIN sejour b",
        "SELECT count(*) FROM (SELECT * FROM sejour) a NATURAL JOIN (SELECT cost, 'DENIE' AS secret FROM sejour) b",
        "SELECT * EXCEPT (note, patient) FROM sejour ORDER BY cost, day",
        "SELECT * REPLACE (cost + 1 AS cost) FROM sejour ORDER BY cost, note",
        "SELECT cost, count(*) FROM sejour GROUP BY ALL ORDER BY cost",
        "SELECT cost, note FROM sejour QUALIFY row_number() OVER (PARTITION BY note ORDER BY cost) = 1 ORDER BY note",
    ])
    .await;
}

/// Columns that other engines have beside those of a table.
#[tokio::test]
async fn no_table_has_columns_of_the_system() {
    let session = trapped().await;
    let mut texts = Vec::new();
    for column in [
        "ctid",
        "oid",
        "tableoid",
        "xmin",
        "rowid",
        "_rowid",
        "rownum",
        "__row_index",
        "_metadata",
        "filename",
        "_file",
        "file_path",
        "\"$path\"",
        "\"\u{1}contributor\"",
        "contributor",
        "\"\u{1}nowhere\"",
        "masked",
        "__common_expr_1",
        "__unnest_placeholder(1)",
    ] {
        texts.push(format!("SELECT {column} FROM sejour"));
        texts.push(format!("SELECT cost FROM sejour ORDER BY {column}"));
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    are_refused(&session, &texts, &["unknown_column", "invalid", "syntax"]).await;
    tells_nothing_of_hidden_rows(&texts).await;
}
