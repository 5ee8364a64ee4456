//! What is kept from one release to the next, and what becomes of a release when it cannot be.

use sceau_core::platform::{Beyond, LedgerSettings};

use super::super::world::*;
use super::{patients, patients_of};
use crate::{ReleaseError, Releaser};

#[tokio::test]
async fn two_releases_at_the_same_time_are_held_against_each_other() {
    let folder = tempfile::tempdir().expect("folder");
    let session = patients().await.ledger(folder.path()).session().await;
    let all = "SELECT count(*) FROM t WHERE dep = 'A'";
    let but_one = format!("{all} AND age <> 103");
    let (one, other) = tokio::join!(rows(&session, all), rows(&session, &but_one));
    assert_eq!(one.len() + other.len(), 1, "{one:?} {other:?}");
}

#[tokio::test]
async fn what_did_not_leave_is_not_held_against_a_project() {
    let folder = tempfile::tempdir().expect("folder");
    let session = patients().await.ledger(folder.path()).session().await;
    // Too many cells, refused, failing above the gate: nothing left.
    let releaser = Releaser::new(&session).most_cells(1);
    let error = releaser
        .sql("SELECT dep, count(*) FROM t GROUP BY dep")
        .await;
    assert!(error.is_err());
    assert!(
        releaser
            .sql("SELECT first_value(age) FROM t")
            .await
            .is_err()
    );
    assert_eq!(
        rows(&session, "SELECT care, count(*) FROM t GROUP BY care").await,
        ["A 29", "B 46"]
    );
    // Now that it has, the other may not.
    assert!(
        rows(&session, "SELECT dep, count(*) FROM t GROUP BY dep")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_platform_that_begins_again_knows_what_left_before() {
    let folder = tempfile::tempdir().expect("folder");
    let all = "SELECT count(*) FROM t WHERE dep = 'A'";
    let session = patients().await.ledger(folder.path()).session().await;
    assert_eq!(rows(&session, all).await, ["30"]);
    drop(session);
    let session = patients().await.ledger(folder.path()).session().await;
    assert!(
        rows(&session, &format!("{all} AND age <> 103"))
            .await
            .is_empty()
    );
    // Another platform cannot write to the same ledger, and so releases nothing.
    let other = patients().await.ledger(folder.path()).session().await;
    assert_eq!(refusal(&other, all).await, ReleaseError::NoLedger);
}

#[tokio::test]
async fn a_ledger_that_was_touched_lets_nothing_out() {
    let folder = tempfile::tempdir().expect("folder");
    let all = "SELECT count(*) FROM t WHERE dep = 'A'";
    let session = patients().await.ledger(folder.path()).session().await;
    assert_eq!(rows(&session, all).await, ["30"]);
    drop(session);
    for file in std::fs::read_dir(folder.path()).expect("folder") {
        let path = file.expect("file").path();
        let mut bytes = std::fs::read(&path).expect("bytes");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).expect("write");
    }
    let session = patients().await.ledger(folder.path()).session().await;
    let error = refusal(&session, all).await;
    assert_eq!(error.code(), "no_ledger");
    assert!(
        !error
            .to_string()
            .contains(&folder.path().display().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_search_that_takes_too_long_is_refused_or_looks_at_pairs() {
    for (beyond, refused) in [(Beyond::Refuse, true), (Beyond::Pairs, false)] {
        let folder = tempfile::tempdir().expect("folder");
        let mut settings = LedgerSettings::new(folder.path(), "ledger");
        settings.comparisons = Some(60);
        settings.beyond = beyond;
        let session = patients_of(600).await.ledger_with(settings).session().await;
        let mut refusals = 0;
        for cut in (60..600).step_by(60) {
            let sql = format!("SELECT count(*) FROM t WHERE cost < {cut}");
            match Releaser::new(&session).sql(&sql).await {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error, ReleaseError::TooManyDifferences { limit: 60 });
                    refusals += 1;
                }
            }
        }
        assert_eq!(refusals > 0, refused, "{beyond:?}");
    }
}

#[tokio::test]
async fn the_ledgers_key_makes_no_pseudonyms() {
    let folder = tempfile::tempdir().expect("folder");
    let settings = LedgerSettings::new(folder.path(), "p");
    let error = patients().await.ledger_with(settings).try_session().await;
    let error = error.expect_err("the key of the permit").to_string();
    assert!(error.contains("ledger"), "{error}");
}
