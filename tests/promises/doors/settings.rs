//! Settings of the engine: a question cannot change them, and none of them opens anything.

use datafusion::config::ConfigOptions;
use datafusion::execution::SessionStateBuilder;

use super::world::{HIDDEN, are_refused, told, trapped};

/// Doors 18, 19 and 27: SET, by which rules are left out, errors of rules forgiven, and names looked up elsewhere.
#[tokio::test]
async fn a_question_changes_no_setting() {
    are_refused(
        &trapped().await,
        &[
            "SET datafusion.optimizer.max_passes = 0",
            "SET datafusion.optimizer.skip_failed_rules = true",
            "SET datafusion.catalog.default_catalog = 'other'",
            "SET datafusion.execution.collect_statistics = true",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "SET search_path TO other",
            "SET ROLE admin",
            "SET TIME ZONE 'UTC'",
            "RESET datafusion.optimizer.max_passes",
            "RESET ALL",
            "USE other",
            "BEGIN",
            "SELECT * FROM sejour SETTINGS max_threads = 1",
        ],
        &["not_a_query", "syntax", "not_allowed"],
    )
    .await;
}

/// Doors 18 and 19: every switch of the engine thrown by the application, one at a time. The answer stays what it is, or
/// there is none.
#[tokio::test]
async fn no_switch_that_an_application_throws_shows_a_hidden_row() {
    let questions = [
        "SELECT count(*), min(cost), max(cost) FROM sejour",
        "SELECT cost FROM sejour WHERE CAST(note AS INT) = 20 ORDER BY cost",
        "SELECT a.cost FROM sejour a JOIN sejour b ON a.note = b.note WHERE a.cost IN (SELECT cost FROM sejour WHERE cost > 60) ORDER BY a.cost LIMIT 5",
        "SELECT region, note, sum(cost) FROM sejour GROUP BY ROLLUP (region, note) ORDER BY 1, 2, 3",
    ];
    let mut expected = Vec::new();
    let plain = trapped().await;
    for sql in questions {
        expected.push(told(&plain, sql, false).await);
    }
    let mut thrown = 0;
    for entry in ConfigOptions::new().entries() {
        let values: &[&str] = match entry.value.as_deref() {
            Some("true" | "false") => &["true", "false"],
            _ if entry.key == "datafusion.optimizer.max_passes" => &["0", "1", "100"],
            _ => continue,
        };
        for value in values {
            let (key, value) = (entry.key.clone(), (*value).to_owned());
            let session = trapped()
                .await
                .customized(move |state| with(state, &key, &value))
                .expect("session");
            thrown += 1;
            for (sql, expected) in questions.iter().zip(&expected) {
                let found = told(&session, sql, false).await;
                let refused = !found.starts_with('+');
                assert!(
                    (found == *expected || refused)
                        && HIDDEN.iter().all(|word| !found.contains(word)),
                    "{} = {values:?}: {sql}\n{found}",
                    entry.key
                );
            }
        }
    }
    assert!(thrown > 50, "the engine has many switches: {thrown}");
}

fn with(mut state: SessionStateBuilder, key: &str, value: &str) -> SessionStateBuilder {
    let config = state.config().take().unwrap_or_default();
    state.with_config(config.set_str(key, value))
}
