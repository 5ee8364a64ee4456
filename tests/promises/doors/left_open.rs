//! Doors that cannot be shut inside the environment: how far they open, and what is not behind them.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray, UInt32Array};
use arrow::compute::take_record_batch;
use sceau::Releaser;

use super::world::{HIDDEN, PERMIT, PLAIN, World, stays, told};
use crate::fixture::{permit, rows};

fn reordered(batch: &RecordBatch, order: impl Iterator<Item = u32>) -> RecordBatch {
    take_record_batch(batch, &UInt32Array::from_iter_values(order)).expect("rows")
}

const ROWS: [&str; 4] = [
    "SELECT * FROM sejour",
    "SELECT note FROM sejour LIMIT 2",
    "SELECT first_value(cost) FROM sejour",
    "SELECT array_agg(note) FROM sejour",
];

/// Door 49: rows come in the order of the files unless a question orders them. Visible rows keep theirs whatever hidden rows
/// stand between them, so that the order tells nothing of those.
#[tokio::test]
async fn the_order_of_rows_is_that_of_the_visible_ones_as_they_are_stored() {
    let all = stays();
    // The visible rows in their order: before, after and between the hidden ones.
    let visible = [1_u32, 2, 5, 7, 8, 10];
    let hidden = [0_u32, 3, 4, 6, 9, 11];
    let layouts = [
        reordered(&all, visible.into_iter().chain(hidden)),
        reordered(&all, hidden.into_iter().rev().chain(visible)),
        reordered(
            &all,
            hidden
                .into_iter()
                .zip(visible)
                .flat_map(|(one, other)| [one, other]),
        ),
        reordered(&all, visible.into_iter()),
    ];
    for sql in ROWS {
        let mut answers = vec![];
        for stored in &layouts {
            let session = World::of(stored, PLAIN).await.session(&permit(PERMIT));
            answers.push(told(&session, sql, false).await);
        }
        assert!(answers[0].starts_with('+'), "{}", answers[0]);
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{sql}\n{answers:#?}"
        );
    }
}

/// Door 49: what does come through it: a table that is stored in the order of a masked column tells its ranks, and one that
/// is stored in another order does not.
#[tokio::test]
async fn an_order_of_storage_by_a_masked_column_tells_its_ranks_and_another_does_not() {
    let masked = format!("{PERMIT}\n[table.sejour.mask]\ncost = \"null\"");
    let all = stays();
    let by_cost = [7_u32, 2, 1, 5, 10, 8];
    let shown = async |stored: RecordBatch| {
        let session = World::of(&stored, PLAIN).await.session(&permit(&masked));
        assert_eq!(
            rows(&session, "SELECT count(cost) FROM sejour").await,
            ["0"]
        );
        rows(&session, "SELECT note FROM sejour").await
    };
    let ranked = shown(reordered(&all, by_cost.into_iter())).await;
    assert_eq!(
        ranked,
        ["-3", "7", "20", "20", "0", "11"],
        "ranks of costs are told"
    );
    let shuffled = shown(reordered(&all, [10_u32, 1, 7, 8, 5, 2].into_iter())).await;
    assert_ne!(ranked, shuffled);
    // Ordering by the masked column gives the order of storage, not that of the values.
    let session = World::of(&reordered(&all, [8_u32, 7, 1].into_iter()), PLAIN)
        .await
        .session(&permit(&masked));
    assert_eq!(
        rows(&session, "SELECT note FROM sejour ORDER BY cost").await,
        ["11", "-3", "20"]
    );
}

/// Door 50: time is not shut. What an answer and a plan say is: the same bytes cold and warm, and with ten thousand hidden
/// rows or none.
#[tokio::test]
async fn nothing_but_time_tells_of_work_on_hidden_rows() {
    let all = stays();
    let many = reordered(
        &all,
        [1_u32, 2, 5, 7, 8, 10]
            .into_iter()
            .chain([0, 3, 4, 6, 9, 11].into_iter().cycle().take(10_000)),
    );
    let few = reordered(&all, [1_u32, 2, 5, 7, 8, 10].into_iter());
    let busy = World::of(&many, PLAIN).await.session(&permit(PERMIT));
    let idle = World::of(&few, PLAIN).await.session(&permit(PERMIT));
    for sql in ROWS.into_iter().chain([
        "EXPLAIN SELECT count(*) FROM sejour WHERE cost > 60",
        "SELECT count(*), sum(cost) FROM sejour",
        "SELECT a.cost FROM sejour a JOIN sejour b USING (note) ORDER BY 1",
    ]) {
        let expected = told(&idle, sql, false).await;
        for _ in 0..3 {
            let found = told(&busy, sql, false).await;
            assert_eq!(found, expected, "{sql}");
            assert!(HIDDEN.iter().all(|word| !found.contains(word)), "{found}");
        }
    }
}

/// Door 55: differences and repetitions. Inside, two answers subtracted give visible rows and nothing else, and an answer that
/// is asked for again is the same one: there is no noise to average out.
#[tokio::test]
async fn repeated_and_subtracted_answers_are_of_visible_rows_only() {
    let session = World::of(&stays(), PLAIN).await.session(&permit(PERMIT));
    let total = "SELECT sum(cost) FROM sejour";
    let first = rows(&session, total).await;
    assert_eq!(first, ["807"]);
    for _ in 0..20 {
        assert_eq!(rows(&session, total).await, first);
    }
    let without = rows(&session, "SELECT sum(cost) FROM sejour WHERE note <> '11'").await;
    assert_eq!(
        without,
        ["507"],
        "what is missing is the visible row of note 11"
    );
    for guess in [
        "note <> 'HIDDEN'",
        "cost < 9223372036854775807",
        "region <> 'B'",
        "day > DATE '1900-01-01'",
    ] {
        let sql = format!("{total} WHERE {guess}");
        assert_eq!(rows(&session, &sql).await, first, "{guess}");
    }
}

/// Door 55: on the way out, a release that is asked for again is the same, with the same cells withheld.
#[tokio::test]
async fn a_release_that_is_asked_for_again_is_the_same() {
    let patients: Vec<String> = (0..14).map(|at| format!("patient {at}")).collect();
    let notes: Vec<&str> = (0..14)
        .map(|at| if at < 12 { "many" } else { "few" })
        .collect();
    let batch = RecordBatch::try_from_iter([
        ("patient", Arc::new(StringArray::from(patients)) as _),
        ("note", Arc::new(StringArray::from(notes)) as _),
    ])
    .expect("batch");
    let session = World::of(&batch, PLAIN).await.session(&permit(
        "[table.sejour]\ncolumns = [\"note\"]\n[release]\nk = 11",
    ));
    let releaser = Releaser::new(&session);
    let sql = "SELECT note, count(*) FROM sejour GROUP BY note";
    let first = releaser.sql(sql).await.expect("release");
    assert_eq!((first.report().released, first.report().withheld), (1, 1));
    for _ in 0..5 {
        let again = releaser.sql(sql).await.expect("release");
        assert_eq!(again.batches(), first.batches());
        assert_eq!(again.report().withheld, 1);
    }
}
