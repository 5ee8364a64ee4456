//! Statements that are no question.

use super::world::{are_refused, told, trapped};

const REFUSED: &[&str] = &["not_a_query", "syntax", "not_allowed"];

/// Door 21: a prepared statement is optimised when it is prepared, by other rules, and run later.
#[tokio::test]
async fn nothing_is_prepared() {
    are_refused(
        &trapped().await,
        &[
            "PREPARE p AS SELECT * FROM sejour",
            "PREPARE p (INT) AS SELECT * FROM sejour WHERE cost = $1",
            "EXECUTE p",
            "EXECUTE p(1)",
            "EXECUTE IMMEDIATE 'SELECT * FROM sejour'",
            "DEALLOCATE p",
            "DECLARE c CURSOR FOR SELECT * FROM sejour",
            "FETCH NEXT FROM c",
            "SELECT * FROM sejour WHERE cost = $1",
            "SELECT * FROM sejour WHERE cost = ?",
            "SELECT * FROM sejour LIMIT $1",
        ],
        &["not_a_query", "syntax", "not_allowed", "invalid"],
    )
    .await;
}

/// Doors 29 and 31: statements that make, write, copy or remove.
#[tokio::test]
async fn nothing_is_made_written_copied_or_removed() {
    let session = trapped().await;
    are_refused(
        &session,
        &[
            "CREATE EXTERNAL TABLE raw STORED AS PARQUET LOCATION 'sceau://data/sejour/'",
            "CREATE UNBOUNDED EXTERNAL TABLE raw (a INT) STORED AS CSV LOCATION 'sceau://data/x.csv'",
            "CREATE TABLE raw AS SELECT * FROM sejour",
            "CREATE TEMPORARY TABLE raw AS SELECT * FROM sejour",
            "CREATE TABLE raw (a INT)",
            "CREATE VIEW raw AS SELECT * FROM sejour",
            "CREATE MATERIALIZED VIEW raw AS SELECT * FROM sejour",
            "CREATE SCHEMA raw",
            "CREATE DATABASE raw",
            "CREATE CATALOG raw",
            "CREATE INDEX i ON sejour (cost)",
            "DROP TABLE sejour",
            "DROP VIEW sejour",
            "DROP SCHEMA snds CASCADE",
            "ALTER TABLE sejour RENAME TO raw",
            "INSERT INTO sejour SELECT * FROM sejour",
            "UPDATE sejour SET cost = 1 WHERE CAST(note AS INT) = 20",
            "DELETE FROM sejour WHERE CAST(note AS INT) = 20",
            "TRUNCATE TABLE sejour",
            "MERGE INTO sejour a USING sejour b ON a.cost = b.cost WHEN MATCHED THEN DELETE",
            "COPY sejour TO 'out.parquet'",
            "COPY (SELECT * FROM sejour) TO 'sceau://data/out/' STORED AS PARQUET",
            "COPY sejour FROM 'in.csv'",
            "UNLOAD ('SELECT * FROM sejour') TO 's3://out/'",
            "WITH x AS (INSERT INTO sejour SELECT * FROM sejour) SELECT 1",
            "WITH x AS (DELETE FROM sejour RETURNING *) SELECT * FROM x",
            "SELECT * INTO raw FROM sejour",
            "SELECT * FROM sejour FOR UPDATE",
            "CALL anything()",
            "GRANT SELECT ON sejour TO luc",
            "LOAD DATA INPATH 'x' INTO TABLE sejour",
            "ATTACH DATABASE 'x' AS y",
            "INSTALL httpfs",
            "PRAGMA table_info('sejour')",
            "KILL 1",
            "VACUUM",
        ],
        REFUSED,
    )
    .await;
    let count = told(&session, "SELECT count(*) FROM sejour", false).await;
    assert!(count.contains("| 6 "), "{count}");
}

/// Door 35: a sample, which the planner forgets, so that the answer is of everything.
#[tokio::test]
async fn a_sample_is_refused_and_not_forgotten() {
    are_refused(
        &trapped().await,
        &[
            "SELECT count(*) FROM sejour TABLESAMPLE BERNOULLI (10)",
            "SELECT count(*) FROM sejour TABLESAMPLE SYSTEM (10) REPEATABLE (1)",
            "SELECT count(*) FROM sejour SAMPLE (10 PERCENT)",
            "SELECT count(*) FROM (SELECT * FROM sejour) AS x TABLESAMPLE (10 ROWS)",
            "SELECT count(*) FROM sejour a JOIN sejour b TABLESAMPLE (10 PERCENT) ON true",
        ],
        REFUSED,
    )
    .await;
}

/// Door 36: more than one statement in a text.
#[tokio::test]
async fn a_text_is_one_statement() {
    are_refused(
        &trapped().await,
        &[
            "SELECT 1; SELECT 2",
            "SELECT 1; DROP TABLE sejour",
            "SELECT 1;;SELECT * FROM sejour",
            "SELECT 1 /* */ ; /* */ SET x = 1",
            "SELECT 1 GO SELECT 2",
            "",
            ";",
            "   ",
            "-- SELECT 1",
            "/* SELECT 1 */",
        ],
        REFUSED,
    )
    .await;
}
