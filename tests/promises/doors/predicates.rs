//! Conditions and expressions of a question that the optimizer would move next to, or before, the policy's own.

use super::world::answers_from_visible_rows;

/// Door 1: conditions of the question and of the policy merged into one, of which both sides run on every row.
#[tokio::test]
async fn a_condition_is_not_evaluated_on_rows_that_the_policy_removes() {
    answers_from_visible_rows(&[
        "SELECT cost FROM sejour WHERE CAST(note AS INT) = 20 ORDER BY cost",
        "SELECT cost FROM sejour WHERE region = 'A' AND CAST(note AS INT) = 20 ORDER BY cost",
        "SELECT cost FROM sejour WHERE region = 'B' AND CAST(note AS INT) = 20",
        "SELECT cost FROM sejour WHERE 1000 / cost > 5 ORDER BY cost",
        "SELECT cost FROM sejour WHERE cost + 9000000000000000000 > 0 ORDER BY cost",
        "SELECT cost FROM sejour WHERE day + INTERVAL '1 day' > DATE '2019-01-05' ORDER BY cost",
        "SELECT cost FROM sejour WHERE CAST(rate AS BIGINT) = 2 ORDER BY cost",
        "SELECT cost FROM sejour WHERE CAST(note AS INT) IN (20, 7) ORDER BY cost",
        "SELECT cost FROM sejour WHERE CAST(note AS INT) IS DISTINCT FROM 20 ORDER BY cost",
    ])
    .await;
}

/// Door 2: cheap conditions are put before dear ones, wherever they come from.
#[tokio::test]
async fn the_order_in_which_conditions_are_written_changes_nothing() {
    answers_from_visible_rows(&[
        "SELECT cost FROM sejour WHERE cost * 2 > 0 AND note LIKE '%0' AND CAST(note AS INT) > -5 ORDER BY cost",
        "SELECT cost FROM sejour WHERE CAST(note AS INT) > -5 AND note LIKE '%0' AND cost * 2 > 0 ORDER BY cost",
        "SELECT cost FROM sejour WHERE abs(cost) > 60 AND regexp_like(note, '^[0-9]+$') ORDER BY cost",
    ])
    .await;
}

/// Door 3: an expression of the SELECT list that a physical rule would swap with the policy's filter.
#[tokio::test]
async fn the_select_list_is_not_computed_on_rows_that_the_policy_removes() {
    answers_from_visible_rows(&[
        "SELECT region, CAST(note AS INT) + cost AS v FROM sejour ORDER BY v",
        "SELECT CAST(note AS INT) AS v FROM sejour ORDER BY v",
        "SELECT -cost AS v, cost * 2 AS w FROM sejour ORDER BY v",
        "SELECT 1000 / cost AS v FROM sejour ORDER BY v",
        "SELECT day - INTERVAL '1 month' AS v FROM sejour ORDER BY v",
        "SELECT CAST(rate AS INT) AS v, to_char(day, '%Y') AS y FROM sejour ORDER BY v, y",
    ])
    .await;
}

/// Door 4: the physical push-down, in which a filter takes in those of its parents and runs them first.
#[tokio::test]
async fn conditions_above_joins_aggregates_and_windows_do_not_sink_below_the_policy() {
    answers_from_visible_rows(&[
        "SELECT a.cost FROM sejour a JOIN sejour b ON a.note = b.note WHERE CAST(b.note AS INT) > 0 ORDER BY 1",
        "SELECT a.cost FROM sejour a LEFT JOIN sejour b ON CAST(a.note AS INT) = CAST(b.note AS INT) ORDER BY 1",
        "SELECT * FROM (SELECT note, count(*) AS n FROM sejour GROUP BY note) WHERE CAST(note AS INT) > 0 ORDER BY 1",
        "SELECT * FROM (SELECT note, rank() OVER (PARTITION BY note ORDER BY cost) AS n FROM sejour) WHERE CAST(note AS INT) > 0 ORDER BY 1, 2",
        "SELECT * FROM (SELECT DISTINCT note FROM sejour) WHERE CAST(note AS INT) > 0 ORDER BY 1",
    ])
    .await;
}

/// Door 5: HAVING, derived tables, unions and outer aggregates, whose conditions sink to the scan.
#[tokio::test]
async fn conditions_on_derived_tables_do_not_sink_below_the_policy() {
    answers_from_visible_rows(&[
        "SELECT note FROM sejour GROUP BY note HAVING CAST(note AS INT) > 0 ORDER BY note",
        "SELECT max(CAST(note AS INT)) FROM sejour HAVING max(CAST(note AS INT)) > 0",
        "SELECT cost FROM (SELECT cost, CAST(note AS INT) AS n FROM sejour) WHERE n = 20 ORDER BY cost",
        "SELECT n FROM (SELECT CAST(note AS INT) AS n FROM sejour UNION ALL SELECT cost FROM sejour) WHERE n > 0 ORDER BY n",
        "SELECT max(n) FROM (SELECT CAST(note AS INT) AS n FROM sejour)",
        "SELECT n FROM (SELECT CAST(note AS INT) AS n FROM sejour INTERSECT SELECT cost FROM sejour) ORDER BY n",
        "SELECT note FROM sejour EXCEPT SELECT note FROM sejour WHERE CAST(note AS INT) > 0 ORDER BY note",
        "WITH s AS (SELECT CAST(note AS INT) AS n FROM sejour) SELECT a.n FROM s a, s b WHERE a.n = b.n + 13 ORDER BY 1",
    ])
    .await;
}

/// Door 6: a guard written around an expression, which the engine does not honour when it moves the expression.
#[tokio::test]
async fn no_guard_of_the_question_brings_an_expression_to_hidden_rows() {
    answers_from_visible_rows(&[
        "SELECT cost FROM sejour WHERE CASE WHEN region = 'A' THEN CAST(note AS INT) ELSE 1 END > 0 ORDER BY cost",
        "SELECT cost FROM sejour WHERE CASE WHEN region = 'B' THEN CAST(note AS INT) ELSE 1 END > 0 ORDER BY cost",
        "SELECT cost FROM sejour WHERE region = 'B' OR CAST(note AS INT) > 0 ORDER BY cost",
        "SELECT cost FROM sejour WHERE NOT (region = 'A' AND CAST(note AS INT) > 0) ORDER BY cost",
        "SELECT coalesce(nullif(region, 'A'), CAST(CAST(note AS INT) AS TEXT)) AS v FROM sejour ORDER BY v",
        "SELECT cost FROM sejour WHERE now() > TIMESTAMP '2020-01-01' AND CAST(note AS INT) > 0 ORDER BY cost",
        "SELECT count(*) FILTER (WHERE region = 'B' AND CAST(note AS INT) > 0) FROM sejour",
    ])
    .await;
}

/// Door 43: conditions that joins, top-k and aggregates make while they run, pushed down past a projection.
#[tokio::test]
async fn conditions_that_are_made_while_a_question_runs_change_no_answer() {
    answers_from_visible_rows(&[
        "SELECT cost FROM sejour ORDER BY cost DESC LIMIT 1",
        "SELECT cost FROM sejour ORDER BY cost LIMIT 2",
        "SELECT n FROM (SELECT CAST(note AS INT) AS n FROM sejour) ORDER BY n DESC LIMIT 2",
        "SELECT v FROM (SELECT -cost AS v FROM sejour) ORDER BY v LIMIT 3",
        "SELECT patient FROM sejour ORDER BY patient LIMIT 3",
        "SELECT day FROM sejour ORDER BY day DESC NULLS LAST LIMIT 1 OFFSET 1",
        "SELECT min(cost), max(cost), min(day), max(note) FROM sejour",
        "SELECT a.cost FROM sejour a JOIN (SELECT DISTINCT cost FROM sejour WHERE cost > 60) b ON a.cost = b.cost ORDER BY 1",
        "SELECT a.cost FROM sejour a JOIN (VALUES (9223372036854775807), (100)) b (v) ON a.cost = b.v ORDER BY 1",
        "SELECT a.cost FROM sejour a JOIN (VALUES ('HIDDE'), ('20')) b (v) ON a.note = b.v ORDER BY 1",
        "SELECT a.cost FROM sejour a JOIN sejour b USING (patient) ORDER BY 1",
        "SELECT a.cost FROM sejour a WHERE a.cost IN (SELECT cost FROM sejour WHERE CAST(note AS INT) = 20) ORDER BY 1",
    ])
    .await;
}
