//! The harness has power: the same queries, asked of views that mask over a filter, find what those views leak.

use crate::answers::{Answer, Closeness, agree, side_by_side};
use crate::ask::plain;
use crate::campaign::shrunk;
use crate::data::World;
use crate::generate::{Form, Notes, Question, question};
use crate::oracles::Difference;
use crate::worlds::views;

const QUERIES: u64 = 150;

#[test]
fn views_of_masks_over_a_filter_are_found_to_leak() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("runtime");
    runtime.block_on(async {
        let (benign, poison) = (
            views(World::Benign, false).await,
            views(World::Poison, false).await,
        );
        let differs = async |question: &Question| {
            let sql = question.query.to_string();
            let (one, other) = (plain(&benign, &sql).await, plain(&poison, &sql).await);
            (!agree(&one, &other, Closeness::Identical, true)).then_some(Difference {
                kind: "the views leak",
                one,
                other,
            })
        };

        let (mut leaks, mut errors) = (0, 0);
        for n in 0..QUERIES {
            let question = question(1, n);
            let Some(difference) = differs(&question).await else {
                continue;
            };
            leaks += 1;
            let tells_by_failing =
                difference.one.is_rows() && matches!(difference.other, Answer::Failed { .. });
            errors += u32::from(tells_by_failing);
            if leaks <= 3 {
                let before = question.query.to_string().len();
                let (small, difference) = shrunk(&question, difference, &differs).await;
                let after = small.query.to_string();
                assert!(after.len() <= before, "{after}");
                println!(
                    "query {n} leaks, in short: {after}
{}",
                    side_by_side(&difference.one, &difference.other)
                );
            }
        }
        println!(
            "{leaks} of {QUERIES} queries leak, {errors} of them by failing on a hidden value"
        );
        assert!(leaks > 0 && errors > 0);

        // The leak that started it all.
        let known = Question {
            query: Form::Text("SELECT id FROM sejour WHERE CAST(code AS INT) > 5".into()),
            notes: Notes::default(),
        };
        let difference = differs(&known).await.expect("a leak");
        assert!(
            difference.other.to_string().contains("HIDDEN"),
            "{}",
            difference.other
        );
    });
}
