//! What a field says beside its values, and values that are not there.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use super::world::{answers_from_visible_rows, told};
use crate::fixture::{Stored, rows, session};

/// Door 17: what a file says of its columns and of itself, which stands in the schema of every answer.
#[tokio::test]
async fn fields_and_schemas_of_answers_say_nothing_of_the_file() {
    let said = |word: &str| HashMap::from([("note".to_owned(), word.to_owned())]);
    let schema = Schema::new_with_metadata(
        vec![
            Field::new("region", DataType::Utf8, false).with_metadata(said("HIDDEN")),
            Field::new("cost", DataType::Int64, true).with_metadata(said("SECRET")),
        ],
        said("DENIED"),
    );
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["A", "B"])),
        Arc::new(Int64Array::from(vec![1, 2])),
    ];
    let batch = RecordBatch::try_new(Arc::new(schema), columns).expect("batch");
    let platform = Stored::new()
        .table("t", |table| table, &batch)
        .await
        .platform()
        .await;
    let session = session(
        &platform,
        "[table.t]\ncolumns = [\"region\", \"cost\"]\nwhere = \"region = 'A'\"",
    );
    for sql in [
        "SELECT * FROM t",
        "SELECT region AS r, cost AS c FROM t ORDER BY cost LIMIT 1",
        "SELECT max(cost), first_value(region ORDER BY cost) FROM t",
        "SELECT coalesce(region, 'x'), struct(cost), [cost] FROM t",
    ] {
        let answer = session.sql(sql).await.expect("answer");
        let schema = answer.schema();
        let batches = answer.collect().await.expect("batches");
        for schema in batches.iter().map(RecordBatch::schema).chain([schema]) {
            assert!(schema.metadata().is_empty(), "{sql}");
            let printed = format!("{schema:?}");
            for word in ["HIDDEN", "SECRET", "DENIED"] {
                assert!(!printed.contains(word), "{sql}: {printed}");
            }
        }
    }
}

/// A row for which the policy is neither true nor false is hidden.
#[tokio::test]
async fn a_row_of_which_the_policy_does_not_know_is_hidden() {
    let regions = StringArray::from(vec![Some("A"), None, Some("B"), None, Some("A")]);
    let costs = Int64Array::from(vec![Some(1), Some(2), Some(3), None, None]);
    let batch = RecordBatch::try_from_iter([
        ("region", Arc::new(regions) as _),
        ("cost", Arc::new(costs) as _),
    ])
    .expect("batch");
    let platform = Stored::new()
        .table("t", |table| table, &batch)
        .await
        .platform()
        .await;
    for (policy, count) in [
        ("region = 'A'", "2"),
        ("region <> 'B'", "2"),
        ("NOT region = 'B'", "2"),
        ("region IN ('A', NULL)", "2"),
        ("region NOT IN ('B', NULL)", "0"),
        ("region = NULL", "0"),
        ("region IS NULL", "2"),
        ("region IS DISTINCT FROM 'B'", "4"),
        ("cost > 1", "2"),
        ("NOT (cost > 1)", "1"),
        ("cost > 1 OR region = 'A'", "4"),
        ("cost / (cost - 1) > 0", "2"),
        ("NULL", "0"),
        ("CAST(NULL AS BOOLEAN)", "0"),
        ("region = 'A' AND cost IS NULL", "1"),
    ] {
        let opened = platform.session(
            &crate::fixture::permit(&format!(
                "[table.t]\ncolumns = [\"region\", \"cost\"]\nwhere = \"{policy}\""
            )),
            "ana",
        );
        // A policy that is no condition can be refused; it may not let anything be seen.
        let Ok(session) = opened else {
            assert!(policy == "NULL", "{policy}");
            continue;
        };
        assert_eq!(
            rows(&session, "SELECT count(*) FROM t").await,
            [count],
            "{policy}"
        );
        for sql in [
            "SELECT count(*) FROM t WHERE true OR region = 'B'",
            "SELECT count(*) FROM t a LEFT JOIN (SELECT 1) b ON true",
        ] {
            let found = told(&session, sql, false).await;
            assert!(
                found.contains(&format!("| {count} ")),
                "{policy}: {sql}\n{found}"
            );
        }
    }
}

/// Lists and structures made of visible values.
#[tokio::test]
async fn structures_are_made_of_visible_values() {
    answers_from_visible_rows(&[
        "SELECT array_agg(note ORDER BY cost, note) FROM sejour",
        "SELECT array_agg(DISTINCT region), string_agg(note, ',' ORDER BY note) FROM sejour",
        "SELECT struct(note, cost) AS s FROM sejour ORDER BY cost, note",
        "SELECT u FROM (SELECT unnest([CAST(note AS INT), 1000 / cost]) AS u FROM sejour) ORDER BY u",
        "SELECT (named_struct('n', CAST(note AS INT)))['n'] AS n FROM sejour ORDER BY n",
        "SELECT array_max(array_agg(cost)), array_length(array_agg(note)) FROM sejour",
        "SELECT note LIKE '%HIDDE%' OR note ~ 'S.CRET' AS found, count(*) FROM sejour GROUP BY 1",
    ])
    .await;
}
