//! Files come, are delivered again and go while a platform runs: the next question of an open session is answered from
//! what is there.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use crate::fixture::{Stored, parquet_bytes, rows, session};

fn stays(costs: std::ops::Range<i64>) -> RecordBatch {
    let regions = costs
        .clone()
        .map(|cost| ["A", "B"][usize::from(cost % 3 == 0)]);
    RecordBatch::try_from_iter([
        (
            "region",
            Arc::new(StringArray::from_iter_values(regions)) as ArrayRef,
        ),
        ("cost", Arc::new(Int64Array::from_iter_values(costs))),
    ])
    .expect("stays")
}

const PERMIT: &str = "[table.sejour]\ncolumns = [\"cost\"]\nwhere = \"region = 'A'\"";
const SQL: &str = "SELECT count(*), sum(cost) FROM sejour";

#[tokio::test]
async fn a_file_that_comes_or_goes_is_seen_by_the_next_question() {
    let stored = Stored::new()
        .file("sejour/annee=2019/part-0.parquet", &stays(0..10))
        .await
        .registered("sejour", |table| table);
    let store = stored.store();
    let platform = stored.platform().await;
    let session = session(&platform, PERMIT);
    assert_eq!(rows(&session, SQL).await, ["6 27"]);

    let came = Path::from("sejour/annee=2020/part-0.parquet");
    let bytes = parquet_bytes(&stays(10..13), 5);
    store.put(&came, bytes.into()).await.expect("put");
    assert_eq!(rows(&session, SQL).await, ["8 48"]);

    store.delete(&came).await.expect("delete");
    assert_eq!(rows(&session, SQL).await, ["6 27"]);
}

#[tokio::test]
async fn a_file_that_is_delivered_again_is_read_as_it_is_now() {
    let stored = Stored::new()
        .table("sejour", |table| table, &stays(0..10))
        .await;
    let store = stored.store();
    let platform = stored.platform().await;
    let session = session(&platform, PERMIT);
    assert_eq!(rows(&session, SQL).await, ["6 27"]);

    let again = Path::from("sejour/part-0.parquet");
    let bytes = parquet_bytes(&stays(100..400), 50);
    store.put(&again, bytes.into()).await.expect("put");
    assert_eq!(rows(&session, SQL).await, ["200 49800"]);
}
