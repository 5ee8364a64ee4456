//! ROLLUP, CUBE and GROUPING SETS by column, by alias and by place mean the same; what the engine would read over is refused.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use sceau::Session;

use crate::fixture::{Stored, refusal, rows, session};

async fn stays() -> Session {
    let texts = |values: [&str; 4]| Arc::new(StringArray::from(values.to_vec())) as _;
    let table = RecordBatch::try_from_iter([
        ("dep", texts(["075", "075", "092", "092"])),
        ("sex", texts(["1", "2", "1", "1"])),
        ("cost", Arc::new(Int64Array::from(vec![1, 2, 3, 4])) as _),
    ])
    .expect("table");
    let platform = Stored::new()
        .table("t", |table| table, &table)
        .await
        .platform()
        .await;
    session(
        &platform,
        "[table.t]\ncolumns = [\"dep\", \"sex\", \"cost\"]",
    )
}

#[tokio::test]
async fn a_number_in_a_grouping_is_the_column_in_that_place() {
    let session = stays().await;
    for (by_place, by_name) in [
        ("ROLLUP (1, 2)", "ROLLUP (d, sex)"),
        ("CUBE (1, 2)", "CUBE (upper(dep), sex)"),
        ("CUBE (2, d)", "CUBE (sex, upper(dep))"),
        (
            "GROUPING SETS ((1), (1, 2), ())",
            "GROUPING SETS ((d), (d, sex), ())",
        ),
        ("1, ROLLUP (2)", "upper(dep), ROLLUP (sex)"),
    ] {
        let sql = |grouping: &str| {
            format!(
                "SELECT upper(dep) AS d, sex, count(*), sum(cost) FROM t GROUP BY {grouping} \
                 ORDER BY 1 NULLS FIRST, 2 NULLS FIRST"
            )
        };
        let found = rows(&session, &sql(by_place)).await;
        assert_eq!(found, rows(&session, &sql(by_name)).await, "{by_place}");
        assert!(found.len() > 4, "{by_place}: {found:?}");
    }
}

#[tokio::test]
async fn numbers_in_a_subquery_and_in_each_part_of_a_union_are_its_own() {
    let session = stays().await;
    let sql = "SELECT n, (SELECT max(m) FROM (SELECT sex, count(*) AS m FROM t GROUP BY ROLLUP (1))) FROM \
               (SELECT dep, count(*) AS n FROM t GROUP BY ROLLUP (1) UNION ALL SELECT sex, count(*) FROM t GROUP BY CUBE (1)) \
               ORDER BY 1";
    assert_eq!(
        rows(&session, sql).await,
        ["1 4", "2 4", "2 4", "3 4", "4 4", "4 4"]
    );
}

#[tokio::test]
async fn totals_that_the_engine_does_not_read_are_refused_with_what_to_write_instead() {
    let session = stays().await;
    let long = format!(
        "SELECT '{}', count(*) FROM t GROUP BY GROUPING SETS ({})",
        "x".repeat(10_000),
        ["(1)"; 11].join(", ")
    );
    for (sql, message) in [
        (
            "SELECT dep, count(*) FROM t GROUP BY dep WITH ROLLUP",
            "GROUP BY … WITH ROLLUP is not allowed: write GROUP BY ROLLUP (…)",
        ),
        (
            "SELECT dep, count(*) FROM t GROUP BY dep WITH CUBE",
            "GROUP BY … WITH CUBE is not allowed: write GROUP BY CUBE (…)",
        ),
        (
            "SELECT dep, count(*) FROM t GROUP BY ALL WITH TOTALS",
            "GROUP BY … WITH TOTALS is not allowed: write GROUP BY ROLLUP (…)",
        ),
        (
            "SELECT dep, count(*) FROM t GROUP BY ROLLUP ((dep, sex), cost)",
            "several columns as one in ROLLUP are not allowed: write GROUPING SETS ((a, b), ())",
        ),
        (
            "SELECT dep, count(*) FROM t GROUP BY CUBE ((dep, sex))",
            "several columns as one in CUBE are not allowed: write GROUPING SETS ((a, b), ())",
        ),
        (
            "SELECT dep, count(*) FROM t GROUP BY GROUPING SETS (ROLLUP (dep, sex))",
            "ROLLUP within GROUPING SETS is not allowed: write out its sets, as in GROUPING SETS ((a, b), (a), ())",
        ),
        (
            "SELECT dep, count(*) FROM t GROUP BY ROLLUP (3)",
            "ROLLUP by 3 is not allowed: what is selected has 2 places",
        ),
        (
            "SELECT dep, count(*) FROM t GROUP BY CUBE (0)",
            "CUBE by 0 is not allowed: what is selected has 2 places",
        ),
        (
            "SELECT *, count(*) FROM t GROUP BY ROLLUP (1)",
            "ROLLUP by 1 is not allowed where * is selected before: write the column's name",
        ),
        (
            &long,
            "numbers in GROUPING SETS that stand for more than 100000 bytes are not allowed",
        ),
    ] {
        let refused = refusal(&session, sql).await;
        assert_eq!(
            (refused.code().as_str(), refused.message()),
            ("not_allowed", message),
            "{}",
            &sql[..sql.len().min(200)]
        );
    }
}
