//! The memory of an answer holds what the answer shows and nothing else: an application hands it on as it is, as an Arrow
//! stream, and whoever gets it can read all of it.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayData, ArrayRef, Int64Array, RecordBatch, StringArray, StringViewArray,
};
use sceau::snds::Role;
use sceau::{ColumnConfig, Platform, Session};

use crate::fixture::{Stored, session};

/// The first stay is shown, the second is hidden, and of the third the permits below hide a part.
async fn platform() -> Platform {
    let texts = [
        "shown, and too long for a view",
        "HIDDEN, too long for a view",
        "shown, MASKED from there on",
    ];
    let stays = RecordBatch::try_from_iter([
        (
            "patient",
            Arc::new(StringArray::from(vec!["p1", "p2", "p3"])) as ArrayRef,
        ),
        ("region", Arc::new(StringArray::from(vec!["A", "B", "A"]))),
        ("note", Arc::new(StringArray::from(texts.to_vec()))),
        ("view", Arc::new(StringViewArray::from(texts.to_vec()))),
        (
            "cost",
            Arc::new(Int64Array::from(vec![
                10,
                i64::from_ne_bytes(*b"HIDDEN__"),
                i64::from_ne_bytes(*b"MASKED__"),
            ])),
        ),
    ])
    .expect("stays");
    Stored::new()
        .table(
            "sejour",
            |table| {
                let identifier = ColumnConfig::new(Role::Identifier).domain("patient");
                table.contributor(["patient"]).column("patient", identifier)
            },
            &stays,
        )
        .await
        .platform()
        .await
}

fn memory(data: &ArrayData) -> Vec<u8> {
    let own = data
        .buffers()
        .iter()
        .flat_map(|buffer| buffer.as_slice().to_vec());
    own.chain(data.child_data().iter().flat_map(memory))
        .collect()
}

async fn handed_out(session: &Session, sql: &str) -> String {
    let answer = session.sql(sql).await.expect("answer");
    let batches = answer.collect().await.expect("batches");
    let bytes = batches.iter().flat_map(|batch| {
        batch
            .columns()
            .iter()
            .flat_map(|column| memory(&column.to_data()))
    });
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}

fn masked(column: &str, mask: &str) -> String {
    format!(
        "[table.sejour]\ncolumns = [\"{column}\"]\nwhere = \"region = 'A'\"\n[table.sejour.mask]\n{column} = {mask}"
    )
}

#[tokio::test]
async fn no_hidden_row_is_in_the_memory_of_an_answer() {
    let session = session(
        &platform().await,
        "[table.sejour]\ncolumns = [\"note\", \"view\", \"cost\"]\nwhere = \"region = 'A'\"",
    );
    for sql in [
        "SELECT * FROM sejour",
        "SELECT view FROM sejour",
        "SELECT substr(view, 1, 20) FROM sejour",
        "SELECT max(view) FROM sejour",
        "SELECT array_agg(view) FROM sejour",
        "SELECT view FROM sejour ORDER BY view LIMIT 1",
        "SELECT cost FROM sejour WHERE cost > 10",
    ] {
        let memory = handed_out(&session, sql).await;
        assert!(!memory.contains("HIDDEN"), "{sql}: {memory:?}");
    }
}

#[tokio::test]
async fn no_masked_value_is_in_the_memory_of_an_answer() {
    let platform = platform().await;
    let mut shown = 0;
    for (column, mask) in [
        ("cost", "{ sql = \"CASE WHEN cost < 1000 THEN cost END\" }"),
        (
            "cost",
            "{ sql = \"nullif(cost, (CASE WHEN cost > 1000 THEN cost ELSE 0 END))\" }",
        ),
        ("cost", "\"band(5)\""),
        ("note", "{ sql = \"CASE WHEN cost < 1000 THEN note END\" }"),
        (
            "note",
            "{ sql = \"CASE WHEN cost > 1000 THEN NULL ELSE note END\" }",
        ),
        (
            "note",
            "{ sql = \"nullif(note, 'shown, MASKED from there on')\" }",
        ),
        ("note", "{ sql = \"split_part(note, ',', 1)\" }"),
        ("note", "\"prefix(6)\""),
        ("view", "\"prefix(6)\""),
        ("view", "{ sql = \"substr(view, 1, 6)\" }"),
        ("view", "{ sql = \"CASE WHEN cost < 1000 THEN view END\" }"),
    ] {
        let session = session(&platform, &masked(column, mask));
        let memory = handed_out(&session, &format!("SELECT {column} FROM sejour")).await;
        let hidden = memory.contains("MASKED") && mask != "\"band(5)\"";
        assert!(!hidden && !memory.contains("HIDDEN"), "{mask}: {memory:?}");
        shown += usize::from(memory.contains("shown"));
    }
    assert_eq!(shown, 8, "masks of texts that show a part");
}
