//! Answers are right, and the same each time, where DataFusion 55 by itself gives wrong ones.

use std::sync::Arc;

use arrow::array::{Decimal128Array, Int64Array, RecordBatch, StringArray};
use sceau::Session;

use crate::fixture::{Stored, rows, session};

/// Forty rows in four files: `dep` is '075' in every second row, `sex` goes 1, 2, 3, 4, and `pid` counts.
async fn in_four_files(partitions: usize) -> Session {
    let mut stored = Stored::new().split(partitions, 4);
    for file in 0..4_i64 {
        let ids: Vec<i64> = (file * 10..file * 10 + 10).collect();
        let batch = RecordBatch::try_from_iter([
            ("pid", Arc::new(Int64Array::from(ids.clone())) as _),
            (
                "dep",
                Arc::new(StringArray::from_iter_values(
                    ids.iter().map(|id| if id % 2 == 0 { "075" } else { "092" }),
                )) as _,
            ),
            (
                "sex",
                Arc::new(Int64Array::from_iter_values(
                    ids.iter().map(|id| id % 4 + 1),
                )) as _,
            ),
        ])
        .expect("table");
        stored = stored.file(&format!("t/part-{file}.parquet"), &batch).await;
    }
    let platform = stored.registered("t", |table| table).platform().await;
    session(
        &platform,
        "[table.t]\ncolumns = [\"pid\", \"dep\", \"sex\"]",
    )
}

#[tokio::test]
async fn a_key_that_a_condition_fixes_is_still_rolled_up() {
    for partitions in [1, 4] {
        let session = in_four_files(partitions).await;
        let sql = "SELECT dep, sex, count(*) FROM t WHERE dep = '075' GROUP BY ROLLUP (dep, sex) \
                   ORDER BY dep NULLS FIRST, sex NULLS FIRST";
        assert_eq!(
            rows(&session, sql).await,
            ["  20", "075  20", "075 1 10", "075 3 10"],
            "{partitions}"
        );
    }
}

#[tokio::test]
async fn a_written_out_key_does_not_split_groups() {
    for partitions in [1, 4] {
        let session = in_four_files(partitions).await;
        let sql = "SELECT sex, count(*) FROM t GROUP BY CUBE ('all', sex)";
        let mut found = rows(&session, sql).await;
        found.sort();
        let one = [" 40", "1 10", "2 10", "3 10", "4 10"];
        let mut expected: Vec<&str> = one.iter().chain(&one).copied().collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{partitions}");
    }
}

#[tokio::test]
async fn a_written_out_key_is_ordered_with_its_totals() {
    for partitions in [1, 4] {
        let session = in_four_files(partitions).await;
        let sql =
            "SELECT 'all' AS k, count(*) FROM t GROUP BY ROLLUP ('all') ORDER BY 1 NULLS FIRST";
        assert_eq!(rows(&session, sql).await, [" 40", "all 40"], "{partitions}");
    }
}

#[tokio::test]
async fn a_column_that_nulls_are_filled_in_for_is_no_constant() {
    for partitions in [1, 4] {
        let session = in_four_files(partitions).await;
        for (join, swapped) in [
            ("t LEFT JOIN s", false),
            ("s RIGHT JOIN t", true),
            ("t FULL JOIN s", false),
        ] {
            let sql = format!(
                "WITH s AS (SELECT pid, dep AS k FROM t WHERE dep = '075') \
                 SELECT s.k, count(*) FROM {join} ON s.pid = t.pid GROUP BY s.k ORDER BY s.k NULLS FIRST"
            );
            assert_eq!(
                rows(&session, &sql).await,
                [" 20", "075 20"],
                "{partitions} {swapped} {join}"
            );
            let sql = format!(
                "WITH s AS (SELECT pid, 'x' AS k FROM t WHERE dep = '075') \
                 SELECT s.k FROM {join} ON s.pid = t.pid ORDER BY s.k NULLS LAST"
            );
            let found = rows(&session, &sql).await;
            assert!(found[..20].iter().all(|k| k == "x"), "{join} {found:?}");
            assert!(found[20..].iter().all(String::is_empty), "{join}");
        }
    }
}

#[tokio::test]
async fn in_one_partition_the_parts_of_a_union_come_in_their_order() {
    let session = in_four_files(1).await;
    let sql = "SELECT pid FROM t WHERE pid > 30 UNION ALL SELECT -pid FROM t UNION ALL SELECT pid FROM t WHERE pid < 3";
    let expected: Vec<String> = (31..40)
        .chain((0..40).map(|id: i64| -id))
        .chain(0..3)
        .map(|id| id.to_string())
        .collect();
    assert_eq!(rows(&session, sql).await, expected);
    let limited = format!("SELECT * FROM ({sql}) LIMIT 11");
    assert_eq!(rows(&session, &limited).await, expected[..11]);
}

#[tokio::test]
async fn what_each_part_of_a_union_holds_for_constant_is_none_above_it() {
    for partitions in [1, 4] {
        let session = in_four_files(partitions).await;
        for (early, late) in [
            (
                "TIMESTAMP '2020-01-01T00:00:00'",
                "TIMESTAMP '2020-03-15T10:00:00'",
            ),
            ("DATE '2020-01-01'", "DATE '2020-03-15'"),
            ("'a'", "'b'"),
            ("1", "2"),
            ("CAST('1' AS BIGINT)", "2"),
        ] {
            let parts = format!(
                "SELECT {early} AS k, 0 AS n FROM t UNION ALL \
                 SELECT {late} AS k, CAST(dep = 'x' AS INT) AS n FROM t"
            );
            let sql = format!("{parts} ORDER BY 1 DESC, 2 NULLS FIRST LIMIT 41");
            let found = rows(&session, &sql).await;
            assert!(
                found[..40].iter().all(|row| *row == found[0]) && found[0] != found[40],
                "{partitions} {early}: {found:?}"
            );
            let sql = format!("{parts} ORDER BY 1 DESC NULLS LAST, 2 NULLS FIRST LIMIT 8");
            let first = rows(&session, &sql).await;
            assert_eq!(first, found[..8], "{partitions} {early}");
            let sql = format!("SELECT k, count(*), sum(n) FROM ({parts}) GROUP BY k ORDER BY k");
            let found = rows(&session, &sql).await;
            assert_eq!(found.len(), 2, "{partitions} {early}: {found:?}");
            assert!(found.iter().all(|row| row.ends_with(" 40 0")), "{found:?}");
        }
    }
}

/// Three amounts, 1.25, 2.50 and 3.10, of one hospital in the folder of 2019.
async fn amounts(permit: &str) -> Session {
    let amounts = Decimal128Array::from(vec![125, 250, 310])
        .with_precision_and_scale(9, 2)
        .expect("decimals");
    let batch = RecordBatch::try_from_iter([
        ("amount", Arc::new(amounts) as _),
        ("places", Arc::new(Int64Array::from(vec![1, 0, 1])) as _),
    ])
    .expect("table");
    let platform = Stored::new()
        .file("t/annee=2019/part-0.parquet", &batch)
        .await
        .registered("t", |table| table)
        .platform()
        .await;
    session(
        &platform,
        &format!("[table.t]\ncolumns = [\"amount\", \"places\", \"annee\"]\n{permit}"),
    )
}

#[tokio::test]
async fn a_rounded_decimal_is_compared_with_others() {
    let session = amounts("").await;
    for (sql, expected) in [
        (
            "SELECT amount FROM t WHERE round(amount, 1) = amount ORDER BY 1",
            vec!["2.50", "3.10"],
        ),
        (
            "SELECT amount FROM t WHERE CAST(1.3 AS DECIMAL(9,2)) = round(amount, 1)",
            vec!["1.25"],
        ),
        (
            "SELECT amount FROM t WHERE amount IN (round(amount, 0), round(amount, 2 - 1)) ORDER BY 1",
            vec!["2.50", "3.10"],
        ),
        (
            "SELECT max(CASE WHEN places = 1 THEN round(amount, 1) ELSE nullif(amount, amount) END) FROM t",
            vec!["3.10"],
        ),
        (
            "SELECT max(CASE WHEN places IS NULL THEN amount - CAST(1.50 AS DECIMAL(9,2)) \
             ELSE round(CAST(0 AS DECIMAL(9,2)), 1) END) FROM t",
            vec!["0.00"],
        ),
        (
            "SELECT nullif(round(amount, 1), amount) FROM t ORDER BY 1 NULLS LAST",
            vec!["1.30", "", ""],
        ),
        (
            "SELECT round(amount, 1) FROM t ORDER BY 1",
            vec!["1.3", "2.5", "3.1"],
        ),
        (
            "SELECT round(amount, -1), round(amount, NULL), round(amount) FROM t WHERE amount > 3",
            vec!["0  3"],
        ),
        (
            "SELECT amount FROM t WHERE round(amount, places) >= amount ORDER BY 1",
            vec!["1.25", "2.50", "3.10"],
        ),
        (
            "SELECT round(amount, k) FROM (SELECT amount, 1 AS k FROM t) WHERE round(amount, k) = amount ORDER BY 1",
            vec!["2.50", "3.10"],
        ),
        (
            "SELECT round(amount, 1), count(*) FROM t GROUP BY round(amount, 1) HAVING round(amount, 1) <> CAST(2.5 AS DECIMAL(5,2)) ORDER BY 1",
            vec!["1.3 1", "3.1 1"],
        ),
    ] {
        assert_eq!(rows(&session, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_condition_that_is_the_same_for_every_row_is_not_asked_of_the_files() {
    let session = amounts("").await;
    for (condition, expected) in [
        (
            "CAST(1.50 AS DECIMAL(9,2)) = round(CAST(-7.25 AS DECIMAL(5,2)) - CAST(0 AS DECIMAL(9,2)), 1)",
            "0",
        ),
        (
            "CAST(-7.30 AS DECIMAL(9,2)) = round(CAST(-7.25 AS DECIMAL(5,2)), 1) AND annee = 2019",
            "3",
        ),
    ] {
        let sql = format!("SELECT count(*) FROM t WHERE {condition}");
        assert_eq!(rows(&session, &sql).await, [expected], "{sql}");
    }
}

#[tokio::test]
async fn texts_that_are_kept_in_two_ways_are_compared() {
    let session = amounts("").await;
    let word = "CAST(places AS VARCHAR)";
    for (sql, expected) in [
        (
            format!(
                "SELECT levenshtein({word}, (SELECT string_agg({word}, ',') FROM t)) FROM t ORDER BY 1"
            ),
            ["4", "4", "4"],
        ),
        (
            format!(
                "SELECT levenshtein((SELECT string_agg({word}, ',') FROM t), {word}) FROM t ORDER BY 1"
            ),
            ["4", "4", "4"],
        ),
    ] {
        assert_eq!(rows(&session, &sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_permit_compares_rounded_decimals_too() {
    let session = amounts(
        "where = \"round(amount, 1) = amount\"\n\
         mask.amount = { sql = \"CASE WHEN round(amount, 0) > amount THEN round(amount, 1) ELSE amount END\" }",
    )
    .await;
    assert_eq!(
        rows(&session, "SELECT amount FROM t ORDER BY 1").await,
        ["2.50", "3.10"]
    );
}
