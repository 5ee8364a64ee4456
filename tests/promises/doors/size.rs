//! Questions that would make more than there is: refused, or answered as they run, within the memory they may use.

use futures::StreamExt as _;

use super::world::{PERMIT, PLAIN, World, are_refused, stays, told, trapped};
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

/// Steps that stand one upon another: each is on the stack of the one above, and a stack that is full ends the process. What
/// is answered has to be answered on the stack of a test's thread, which is a worker's.
#[tokio::test]
async fn questions_are_not_deeper_than_a_stack() {
    let session = trapped().await;
    let listed = |count: usize, table: &str| {
        let tables: Vec<String> = (0..count).map(|at| format!("{table} t{at}")).collect();
        tables.join(", ")
    };
    let chain = |count: usize, link: &dyn Fn(usize) -> String| {
        let links: Vec<String> = (1..count)
            .map(|at| format!("a{at} AS ({})", link(at - 1)))
            .collect();
        format!(
            "WITH a0 AS (SELECT cost FROM sejour), {} SELECT count(*) FROM a{}",
            links.join(", "),
            count - 1
        )
    };
    let limited = |at: usize| format!("SELECT cost FROM a{at} ORDER BY cost LIMIT 3");
    let counted = |at: usize| format!("SELECT count(*) + cost AS cost FROM a{at} GROUP BY cost");
    let doubled = |at: usize| format!("SELECT l.cost FROM a{at} l, a{at} r");
    for sql in [
        format!("SELECT 1 FROM {}", listed(20, "sejour")) + " LIMIT 1",
        format!(
            "WITH one AS (SELECT 1 AS x) SELECT count(*) FROM {}",
            listed(60, "one")
        ),
        chain(200, &limited),
        chain(30, &counted),
    ] {
        let found = told(&session, &sql, false).await;
        assert!(found.starts_with('+'), "{found}");
    }
    for sql in [
        format!("SELECT 1 FROM {}", listed(260, "sejour")),
        format!("SELECT 1 FROM {}", listed(60_000, "sejour")),
        format!(
            "WITH one AS (SELECT 1 AS x) SELECT 1 FROM {}",
            listed(260, "one")
        ),
        chain(240, &counted),
        chain(60, &doubled),
        chain(12, &doubled),
    ] {
        let shown: String = sql.chars().take(80).collect();
        let found = told(&session, &sql, false).await;
        assert!(found.starts_with("not_allowed"), "{shown}: {found}");
    }
}

/// The innermost name counts, and hides none that is larger.
#[tokio::test]
async fn a_with_in_a_with_does_not_hide_how_large_a_question_is() {
    let mut text = "WITH a0 AS (SELECT cost FROM sejour)".to_owned();
    for at in 1..60 {
        text.push_str(&format!(
            ", a{at} AS (SELECT l.cost FROM a{0} l, a{0} r WHERE EXISTS (WITH a{at} AS (SELECT 1) SELECT 1 FROM a{at}))",
            at - 1
        ));
    }
    text.push_str(" SELECT count(*) FROM a59");
    let found = told(&trapped().await, &text, false).await;
    assert!(found.starts_with("not_allowed"), "{found}");
}
