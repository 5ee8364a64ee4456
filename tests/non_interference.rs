//! Non-interference: what the permit hides changes nothing that a question can see.
//!
//! *Proved, as far as trying proves:* worlds that agree on the authorised cells and differ everywhere else — hidden rows,
//! values under masks, denied columns, files, row groups — give, for queries drawn at random, in one partition the same
//! rows in the same order, the same schema and the same words of refusal or failure; in more the same rows in any order
//! and the same codes. And what is answered is what plain DataFusion answers on a copy of the authorised cells, which is
//! known by design and computed by nothing of this library but the pseudonyms.
//!
//! *Not proved:* anything about time, memory or what is read; several partitions for queries of which the answer depends
//! on the order of rows; lists of people. Tables whose rows belong to a parent's are tried with questions written by hand.
//!
//! A few hundred queries run with the other tests. The long run, and one query again:
//!
//! ```text
//! SCEAU_QUERIES=100000 SCEAU_SEED=7 cargo test --release --test non_interference -- --ignored long_run --nocapture
//! SCEAU_SEED=7 SCEAU_ONLY=1234 cargo test --test non_interference -- --ignored long_run --nocapture
//! ```

#[path = "non_interference/aim.rs"]
mod aim;
#[path = "non_interference/answers.rs"]
mod answers;
#[path = "non_interference/ask.rs"]
mod ask;
#[path = "non_interference/ast.rs"]
mod ast;
#[path = "non_interference/campaign.rs"]
mod campaign;
#[path = "non_interference/cells.rs"]
mod cells;
#[path = "non_interference/data.rs"]
mod data;
#[path = "non_interference/details/mod.rs"]
mod details;
#[path = "non_interference/dice.rs"]
mod dice;
#[path = "non_interference/generate/mod.rs"]
mod generate;
#[path = "non_interference/oracles.rs"]
mod oracles;
#[path = "non_interference/power.rs"]
mod power;
#[path = "non_interference/shrink.rs"]
mod shrink;
#[path = "non_interference/worlds.rs"]
mod worlds;

use aim::{aimed, trials};
use campaign::{Summary, run, run_each};
use oracles::Harness;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number"))
    })
}

fn harness() -> Harness {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("runtime");
    runtime.block_on(Harness::new())
}

fn nothing_differs(summary: &Summary) {
    assert!(
        summary.differences == 0,
        "{summary}\n\n{}",
        summary.told.join("\n\n")
    );
}

#[test]
fn hidden_cells_change_nothing_and_answers_are_those_of_a_copy() {
    let seed = variable("SCEAU_SEED").unwrap_or(1);
    let summary = run(&harness(), seed, 0, 320);
    println!("seed {seed}: {summary}");
    nothing_differs(&summary);
    // A generator whose queries are all refused, or all empty, proves nothing.
    assert!(summary.answered * 100 >= summary.queries * 50, "{summary}");
    assert!(summary.with_rows * 100 >= summary.queries * 35, "{summary}");
    assert!(summary.refused * 100 >= summary.queries * 3, "{summary}");
    assert!(summary.failed * 100 >= summary.queries * 4, "{summary}");
    assert!(
        summary.compared_with_copy * 100 >= summary.queries * 40,
        "{summary}"
    );
    assert!(summary.one_failed * 100 <= summary.queries * 8, "{summary}");
}

#[test]
#[ignore = "as long as one likes: SCEAU_QUERIES, SCEAU_SEED, SCEAU_ONLY"]
fn long_run() {
    let seed = variable("SCEAU_SEED").unwrap_or(1);
    let (from, until) = match variable("SCEAU_ONLY") {
        Some(n) => (n, n + 1),
        None => (0, variable("SCEAU_QUERIES").unwrap_or(10_000)),
    };
    let summary = run(&harness(), seed, from, until);
    println!("seed {seed}: {summary}");
    nothing_differs(&summary);
}

#[test]
fn queries_aimed_at_hidden_cells_miss_them_under_every_setting() {
    let summary = run_each(&harness(), "aimed ", 0..trials(), &aimed);
    println!("{summary}");
    nothing_differs(&summary);
}

#[test]
fn the_same_seed_draws_the_same_queries_one_by_one() {
    for n in [0, 17, 300] {
        let drawn = || generate::question(5, n).query.to_string();
        assert_eq!(drawn(), drawn());
    }
    assert_ne!(
        generate::question(5, 1).query.to_string(),
        generate::question(6, 1).query.to_string()
    );
}
