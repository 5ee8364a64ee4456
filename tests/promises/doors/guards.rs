//! Subqueries in every place that has one: each is a plan of its own, which a rule can forget.

use super::world::answers_from_visible_rows;

/// Door 23: a rule that does not enter the subqueries of expressions.
#[tokio::test]
async fn policies_hold_in_a_subquery_wherever_it_stands() {
    answers_from_visible_rows(&[
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM sejour WHERE region = 'B')",
        "SELECT count(*) FROM sejour WHERE cost IN (SELECT cost FROM sejour WHERE region = 'B')",
        "SELECT count(*) FROM sejour WHERE cost NOT IN (SELECT cost FROM sejour WHERE region = 'A')",
        "SELECT cost FROM sejour a WHERE EXISTS (SELECT 1 FROM sejour b WHERE CAST(b.note AS INT) = CAST(a.note AS INT) + 13) ORDER BY cost",
        "SELECT a.cost, (SELECT count(*) FROM sejour b WHERE b.note = a.note) AS alike FROM sejour a ORDER BY 1, 2",
        "SELECT CASE WHEN (SELECT count(*) FROM sejour WHERE region = 'B') > 0 THEN 'seen' ELSE 'unseen' END",
        "SELECT region FROM sejour GROUP BY region HAVING count(*) > (SELECT count(*) FROM sejour WHERE region = 'B')",
        "SELECT count(*) FROM sejour a JOIN sejour b ON a.cost = b.cost AND a.cost < (SELECT max(cost) FROM sejour)",
        "SELECT cost FROM sejour ORDER BY (SELECT max(cost) FROM sejour) - cost",
        "SELECT sum(cost) FILTER (WHERE cost < (SELECT max(cost) FROM sejour)) FROM sejour",
        "SELECT sum(cost + (SELECT min(cost) FROM sejour)) OVER (ORDER BY cost ROWS UNBOUNDED PRECEDING) AS s FROM sejour ORDER BY s",
        "SELECT cost FROM sejour WHERE cost = ANY (SELECT max(cost) FROM sejour)",
        "SELECT a.cost FROM sejour a, LATERAL (SELECT count(*) AS n FROM sejour b WHERE b.note = a.note) x WHERE x.n > 1 ORDER BY 1",
    ])
    .await;
}

/// Door 24: a scalar subquery without correlation, which is planned apart.
#[tokio::test]
async fn policies_hold_in_a_subquery_that_is_planned_apart() {
    answers_from_visible_rows(&[
        "SELECT (SELECT count(*) FROM sejour)",
        "SELECT (SELECT max(CAST(note AS INT)) FROM sejour) + (SELECT min(cost) FROM sejour)",
        "SELECT cost FROM sejour WHERE CAST(note AS INT) = (SELECT max(CAST(note AS INT)) FROM sejour) ORDER BY cost",
        "SELECT cost FROM sejour WHERE cost > (SELECT avg(cost) FROM sejour) ORDER BY cost",
        "SELECT cost FROM sejour WHERE region = (SELECT max(region) FROM sejour) ORDER BY cost",
    ])
    .await;
}

/// Recursion reads its tables again at every step.
#[tokio::test]
async fn policies_hold_in_a_recursive_query() {
    answers_from_visible_rows(&[
        "WITH RECURSIVE r AS (SELECT CAST(min(CAST(note AS INT)) AS BIGINT) AS n FROM sejour UNION ALL SELECT r.n + 1 FROM r WHERE r.n < (SELECT max(CAST(note AS INT)) FROM sejour)) SELECT count(*), max(n) FROM r",
        "WITH RECURSIVE r AS (SELECT 1 AS step, count(*) AS n FROM sejour UNION ALL SELECT step + 1, n + 1 FROM r WHERE step < 3) SELECT * FROM r ORDER BY step",
    ])
    .await;
}
