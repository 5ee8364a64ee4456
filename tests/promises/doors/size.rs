//! Questions that would make more than there is: refused, or answered as they run, within the memory they may use.

use futures::StreamExt as _;

use super::world::{PERMIT, PLAIN, World, are_refused, stays, trapped};
use crate::fixture::permit;

/// A product of tables is made as it is read, and not before.
#[tokio::test]
async fn a_huge_product_is_made_as_it_is_read() {
    let world = World::within(&stays(), PLAIN, Some(4 << 20)).await;
    let session = world.session(&permit(PERMIT));
    let tables: Vec<String> = (0..12).map(|at| format!("sejour t{at}")).collect();
    let sql = format!("SELECT t0.cost FROM {}", tables.join(", "));
    let mut answer = session.sql(&sql).await.expect("an answer");
    let first = answer.next().await.expect("a batch").expect("rows");
    assert!(first.num_rows() > 0);
}

/// Lengths that a function is told to make.
#[tokio::test]
async fn texts_are_not_made_longer_than_is_reasonable() {
    are_refused(
        &trapped().await,
        &[
            "SELECT lpad(note, 2000000000) FROM sejour",
            "SELECT rpad(note, 9223372036854775807, 'x') FROM sejour",
            "SELECT lpad(note, cost) FROM sejour",
            "SELECT lpad(note, 1000 * 1000 * 1000) FROM sejour",
            "SELECT lpad(note, CAST('2000000000' AS BIGINT)) FROM sejour",
            "SELECT lpad(note, (SELECT max(cost) FROM sejour)) FROM sejour",
            "SELECT repeat(note, 1000000000) FROM sejour",
            "SELECT array_repeat(note, 1000000000) FROM sejour",
            "SELECT array_resize([1], 1000000000)",
            "SELECT * FROM generate_series(1, 1000000000000)",
        ],
        &["not_allowed", "invalid"],
    )
    .await;
}
