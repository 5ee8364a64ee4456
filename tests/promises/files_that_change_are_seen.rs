//! Files come, are delivered again and go while a platform runs: the next question of an open session is answered from
//! what is there. When nothing is there any more it is refused: no rows would read like an answer.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use sceau::ErrorCode;

use crate::fixture::{Stored, code, parquet_bytes, rows, session};

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

/// Ten stays in a folder of their year.
async fn of_2019() -> Stored {
    Stored::new()
        .file("sejour/annee=2019/part-0.parquet", &stays(0..10))
        .await
        .registered("sejour", |table| table)
}

const PERMIT: &str = "[table.sejour]\ncolumns = [\"cost\"]\nwhere = \"region = 'A'\"";
const SQL: &str = "SELECT count(*), sum(cost) FROM sejour";

#[tokio::test]
async fn a_file_that_comes_or_goes_is_seen_by_the_next_question() {
    let stored = of_2019().await;
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

#[tokio::test]
async fn a_table_of_which_every_file_is_gone_is_not_an_empty_table() {
    let stored = of_2019().await;
    let store = stored.store();
    let platform = stored.platform().await;
    let session = session(&platform, PERMIT);
    // No folder is of that year, and that is an answer.
    let of_no_year = "SELECT count(*) FROM sejour WHERE cost < 0";
    assert_eq!(rows(&session, of_no_year).await, ["0"]);

    let only = Path::from("sejour/annee=2019/part-0.parquet");
    store.delete(&only).await.expect("delete");
    for sql in [SQL, "SELECT cost FROM sejour LIMIT 5", of_no_year] {
        assert_eq!(code(&session, sql).await, ErrorCode::Unavailable, "{sql}");
    }
    let bytes = parquet_bytes(&stays(0..10), 5);
    store.put(&only, bytes.into()).await.expect("put");
    assert_eq!(rows(&session, SQL).await, ["6 27"]);
}

#[tokio::test]
async fn conditions_that_leave_every_folder_out_are_answered_as_long_as_there_is_one() {
    let stored = of_2019().await;
    let store = stored.store();
    let platform = stored.platform().await;
    let permit = "[table.sejour]\ncolumns = [\"cost\", \"annee\"]\nwhere = \"annee = 1999\"";
    let session = session(&platform, permit);
    assert_eq!(rows(&session, "SELECT count(*) FROM sejour").await, ["0"]);

    let only = Path::from("sejour/annee=2019/part-0.parquet");
    store.delete(&only).await.expect("delete");
    let refused = code(&session, "SELECT count(*) FROM sejour").await;
    assert_eq!(refused, ErrorCode::Unavailable);
}

#[tokio::test]
async fn a_year_of_which_every_file_is_gone_is_missed_in_the_table_over_all_years() {
    let stored = Stored::new()
        .file("sejour_2019/part-0.parquet", &stays(0..10))
        .await
        .file("sejour_2020/part-0.parquet", &stays(10..13))
        .await
        .registered_at("sejour", "sejour_{annee}/", |table| table);
    let store = stored.store();
    let platform = stored.platform().await;
    let permit = "[table.sejour]\ncolumns = [\"cost\", \"ANNEE\"]\nwhere = \"region = 'A'\"";
    let session = session(&platform, permit);
    assert_eq!(rows(&session, SQL).await, ["8 48"]);

    let gone = Path::from("sejour_2020/part-0.parquet");
    store.delete(&gone).await.expect("delete");
    assert_eq!(code(&session, SQL).await, ErrorCode::Unavailable);
    // The other year is there.
    let of_2019 = "SELECT count(*), sum(cost) FROM sejour WHERE ANNEE = 2019";
    assert_eq!(rows(&session, of_2019).await, ["6 27"]);
}
