//! The front gate: statements, plan nodes and functions by list.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use datafusion::logical_expr::{LogicalPlanBuilder, col};
use datafusion::prelude::SessionContext;
use sceau::Session;

use crate::fixture::{Stored, code, rows, session};

async fn numbers() -> Session {
    let table = RecordBatch::try_from_iter([("v", Arc::new(Int64Array::from(vec![1, 2, 3])) as _)])
        .expect("table");
    let platform = Stored::new()
        .table("t", |table| table, &table)
        .await
        .platform()
        .await;
    session(&platform, "[table.t]\ncolumns = [\"v\"]\nwhere = \"v < 3\"")
}

#[tokio::test]
async fn statements_that_are_no_query_are_refused() {
    let session = numbers().await;
    for sql in [
        "SET datafusion.optimizer.max_passes = 0",
        "CREATE TABLE x AS SELECT * FROM t",
        "CREATE VIEW x AS SELECT * FROM t",
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION 'sceau://data/t/'",
        "DROP TABLE t",
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET v = 1",
        "DELETE FROM t",
        "COPY t TO 'out.parquet'",
        "PREPARE p AS SELECT * FROM t",
        "EXECUTE p",
        "EXPLAIN ANALYZE SELECT * FROM t",
        "SHOW ALL",
        "BEGIN",
        "SELECT 1; SELECT 2",
        "",
        "-- nothing",
    ] {
        let code = code(&session, sql).await;
        assert!(
            matches!(code.as_str(), "not_a_query" | "syntax"),
            "{sql}: {code}"
        );
    }
}

#[tokio::test]
async fn functions_and_sources_that_are_not_on_the_list_are_refused() {
    let session = numbers().await;
    for sql in [
        "SELECT file_row_index() FROM t",
        "SELECT input_file_name() FROM t",
        "SELECT arrow_metadata(v) FROM t",
        "SELECT version()",
        "SELECT random() FROM t",
        "SELECT * FROM generate_series(1, 10)",
        "SELECT * FROM 'sceau://data/t/part-0.parquet'",
        "SELECT * FROM \"sceau://data/t/part-0.parquet\"",
        "SELECT * FROM information_schema.df_settings",
        "SELECT * FROM t TABLESAMPLE BERNOULLI (10)",
        "SELECT lpad('x', 2000000000) FROM t",
        "SELECT repeat('x', 2000000000) FROM t",
        "SELECT v FROM t WHERE v = $1",
        "SELECT @@version",
        "SELECT * INTO x FROM t",
        "SELECT * FROM t FOR UPDATE",
    ] {
        let code = code(&session, sql).await;
        assert!(
            matches!(
                code.as_str(),
                "not_allowed"
                    | "invalid"
                    | "unknown_table"
                    | "unknown_column"
                    | "syntax"
                    | "not_a_query"
            ),
            "{sql}: {code}"
        );
    }
}

#[tokio::test]
async fn a_table_that_is_not_granted_answers_like_one_that_is_not_there() {
    let session = numbers().await;
    assert_eq!(
        code(&session, "SELECT * FROM er_prs_f").await.as_str(),
        "unknown_table"
    );
    assert_eq!(
        code(&session, "SELECT * FROM other.schema.t")
            .await
            .as_str(),
        "unknown_table"
    );
}

#[tokio::test]
async fn what_a_query_may_do_is_answered() {
    let session = numbers().await;
    assert_eq!(rows(&session, "VALUES (1), (2)").await, ["1", "2"]);
    assert_eq!(rows(&session, "SELECT count(*) FROM t WHERE now() > TIMESTAMP '2020-01-01' AND current_date > DATE '2020-01-01'").await, ["2"]);
    assert_eq!(
        rows(&session, "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r ORDER BY n").await,
        ["1", "2", "3"]
    );
    assert_eq!(
        rows(
            &session,
            "SELECT v, row_number() OVER (ORDER BY v) FROM t ORDER BY 1"
        )
        .await,
        ["1 1", "2 2"]
    );
    assert_eq!(
        rows(&session, "SELECT unnest([v, 10]) AS u FROM t ORDER BY u").await,
        ["1", "2", "10", "10"]
    );
    assert_eq!(
        rows(&session, "SELECT v FROM t EXCEPT SELECT 1").await,
        ["2"]
    );
    assert_eq!(rows(&session, "SELECT lpad('7', 3, '0')").await, ["007"]);
}

#[tokio::test]
async fn plans_built_in_code_pass_the_same_gate() {
    let one = numbers().await;
    let other = numbers().await;
    let plan = |session: &Session| {
        let session = session.clone();
        async move { session.table("t").await.expect("table") }
    };
    let own = plan(&one)
        .await
        .filter(col("v").gt(datafusion::prelude::lit(1)))
        .expect("filter")
        .build()
        .expect("plan");
    let batches = one
        .execute(own)
        .await
        .expect("answer")
        .collect()
        .await
        .expect("batches");
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);

    let foreign = plan(&other).await.build().expect("plan");
    let refused = one
        .execute(foreign)
        .await
        .expect_err("a table of another session");
    assert_eq!(refused.code().as_str(), "not_allowed");

    let raw = SessionContext::new()
        .read_batch(
            RecordBatch::try_from_iter([("v", Arc::new(Int64Array::from(vec![9])) as _)])
                .expect("batch"),
        )
        .expect("frame")
        .into_unoptimized_plan();
    assert_eq!(
        one.execute(raw)
            .await
            .expect_err("a raw table")
            .code()
            .as_str(),
        "not_allowed"
    );

    let explained = LogicalPlanBuilder::from(plan(&one).await.build().expect("plan"))
        .explain(true, true)
        .expect("explain")
        .build()
        .expect("plan");
    assert_eq!(
        one.execute(explained)
            .await
            .expect_err("an explain")
            .code()
            .as_str(),
        "not_allowed"
    );
}

#[tokio::test]
async fn deep_nesting_is_refused_and_does_not_end_the_process() {
    let session = numbers().await;
    let sql = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(code(&session, &sql).await.as_str(), "syntax");
    for (terms, refused) in [
        (300, None),
        (1_000, Some("not_allowed")),
        (200_000, Some("syntax")),
    ] {
        let sql = format!(
            "SELECT {} AS s FROM t WHERE {}",
            vec!["v"; terms].join(" + "),
            vec!["v = 1"; terms].join(" OR ")
        );
        match refused {
            None => assert_eq!(rows(&session, &sql).await, [terms.to_string()]),
            Some(expected) => assert_eq!(code(&session, &sql).await.as_str(), expected, "{terms}"),
        }
    }
}
