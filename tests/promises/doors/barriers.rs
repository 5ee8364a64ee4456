//! What looks like a barrier and is none.

use super::world::answers_from_visible_rows;

/// Door 7: `OFFSET 0` and row limits, which are taken away, or keep nothing apart.
#[tokio::test]
async fn an_offset_of_nothing_is_not_what_keeps_a_condition_off_hidden_rows() {
    answers_from_visible_rows(&[
        "SELECT cost FROM (SELECT * FROM sejour OFFSET 0) WHERE CAST(note AS INT) = 20 ORDER BY cost",
        "SELECT cost FROM (SELECT * FROM sejour LIMIT 100) WHERE CAST(note AS INT) = 20 ORDER BY cost",
        "SELECT cost FROM (SELECT * FROM (SELECT * FROM sejour OFFSET 0) OFFSET 0) WHERE 1000 / cost > 5 ORDER BY cost",
    ])
    .await;
}

/// Door 8: conditions without a column, which pass through nodes that hold back those of certain columns.
#[tokio::test]
async fn a_condition_without_columns_reaches_no_hidden_row() {
    answers_from_visible_rows(&[
        "SELECT count(*) FROM sejour WHERE 1 = 1",
        "SELECT count(*) FROM sejour WHERE now() IS NOT NULL",
        "SELECT count(*) FROM sejour WHERE (SELECT count(*) FROM sejour WHERE region = 'B') = 0",
        "SELECT count(*) FROM sejour WHERE NULL",
        "SELECT count(*) FROM (SELECT 1 FROM sejour) WHERE EXISTS (SELECT 1 FROM sejour WHERE cost < 0)",
    ])
    .await;
}

/// Door 9: a row limit handed to the files, where hidden rows would count towards it.
#[tokio::test]
async fn a_limit_counts_visible_rows() {
    answers_from_visible_rows(&[
        "SELECT count(*) FROM (SELECT cost FROM sejour LIMIT 6)",
        "SELECT count(*) FROM (SELECT cost FROM sejour LIMIT 1)",
        "SELECT count(*) FROM (SELECT cost FROM sejour LIMIT 3 OFFSET 4)",
        "SELECT count(*) FROM (SELECT cost FROM sejour WHERE cost > 60 LIMIT 4)",
        "SELECT count(*) FROM (SELECT cost FROM sejour UNION ALL SELECT cost FROM sejour LIMIT 9)",
        "SELECT cost FROM sejour ORDER BY cost LIMIT 9223372036854775807 OFFSET 4",
    ])
    .await;
}
