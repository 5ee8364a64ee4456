//! A platform can put a person between a release and the outside: what is not approved does not leave, whoever asks and how.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use sceau::{
    Dossier, Permit, Platform, Quarantine, QuarantineError, Release, ReleaseError, ReleaseReviewer,
    Releaser, Review, ReviewFailed, Session, Verdict,
};

use crate::a_release_is_reported::{BY_REGION, stays, under};
use crate::fixture::permit_text;

async fn platform() -> Platform {
    stays(&[("75", 12), ("13", 11), ("69", 10)]).await
}

/// Puts the question by regions into quarantine, and gives its id.
async fn quarantined(session: &Session, quarantine: &Quarantine) -> String {
    let releaser = Releaser::new(session).reviewer(Arc::new(quarantine.clone()));
    match releaser.sql(BY_REGION).await {
        Err(ReleaseError::Quarantined { id, .. }) => id,
        other => panic!("it left: {other:?}"),
    }
}

fn csv(release: &Release) -> String {
    let mut out = Vec::new();
    release.write_csv(&mut out).expect("CSV");
    String::from_utf8(out).expect("UTF-8")
}

async fn fetched(quarantine: &Quarantine, session: &Session, id: &str) -> QuarantineError {
    match quarantine.fetch(session, id).await {
        Ok(release) => panic!("it left:\n{}", csv(&release)),
        Err(error) => error,
    }
}

#[derive(Debug)]
struct Always(Result<Review, &'static str>);

#[async_trait]
impl ReleaseReviewer for Always {
    async fn review(&self, release: &Release, dossier: &Dossier) -> Result<Review, ReviewFailed> {
        assert_eq!(release.cells(), 2);
        assert_eq!(dossier.withheld().len(), 1);
        self.0.clone().map_err(ReviewFailed::new)
    }
}

#[tokio::test]
async fn a_reviewer_approves_or_refuses_and_one_that_fails_lets_nothing_leave() {
    let session = under(&platform().await, "k = 11");
    let ask = async |review| {
        let releaser = Releaser::new(&session).reviewer(Arc::new(Always(review)));
        let asked = releaser.sql(BY_REGION).await;
        let with_dossier = releaser.sql_with_dossier(BY_REGION).await;
        assert_eq!(asked.is_ok(), with_dossier.is_ok());
        asked
    };
    assert_eq!(ask(Ok(Review::Approve)).await.expect("approved").cells(), 2);
    let refused = ask(Ok(Review::refuse("too fine")))
        .await
        .expect_err("refused");
    assert_eq!(refused.to_string(), "the release was refused: too fine");
    let failed = ask(Err("the secret ticket system is down"))
        .await
        .expect_err("failed");
    assert_eq!(failed, ReleaseError::NotReviewed);
    assert!(!failed.to_string().contains("ticket"), "{failed}");
}

#[tokio::test]
async fn a_quarantined_release_leaves_once_it_is_approved_and_outlives_the_process() {
    let folder = tempfile::tempdir().expect("folder");
    let session = under(&platform().await, "k = 11");
    let direct = Releaser::new(&session)
        .sql(BY_REGION)
        .await
        .expect("direct");
    let id = quarantined(
        &session,
        &Quarantine::folder(folder.path()).expect("folder"),
    )
    .await;

    // Another process, later.
    let quarantine = Quarantine::folder(folder.path()).expect("folder");
    let session = under(&platform().await, "k = 11");
    assert_eq!(
        fetched(&quarantine, &session, &id).await.code(),
        "undecided"
    );
    let waiting = quarantine.waiting().await.expect("waiting");
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (waiting[0].id.as_str(), waiting[0].principal.as_str()),
        (id.as_str(), "ana")
    );
    assert_eq!(waiting[0].question, BY_REGION);
    let report = fs::read_to_string(folder.path().join(&id).join("report.html")).expect("report");
    assert!(
        report.contains("69"),
        "the officer sees which cell is withheld"
    );

    let decision = quarantine
        .decide(&id, Verdict::Approve, "marie", "large groups")
        .await;
    assert_eq!(decision.expect("decided").by(), "marie");
    assert_eq!(quarantine.waiting().await.expect("waiting"), []);
    let release = quarantine.fetch(&session, &id).await.expect("approved");
    assert_eq!(csv(&release), csv(&direct));
    assert_eq!(release.batches()[0].schema(), direct.batches()[0].schema());
    assert_eq!(release.report(), direct.report());
}

#[tokio::test]
async fn a_refused_release_never_leaves_and_says_why() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path()).expect("folder");
    let session = under(&platform().await, "k = 11");
    let id = quarantined(&session, &quarantine).await;
    let decided = quarantine
        .decide(&id, Verdict::Refuse, "marie", "too fine")
        .await;
    decided.expect("decided");
    let refused = fetched(&quarantine, &session, &id).await;
    assert_eq!(refused.code(), "refused");
    assert!(refused.to_string().contains("too fine"), "{refused}");
    // A second opinion does not undo the first.
    let again = quarantine.decide(&id, Verdict::Approve, "paul", "").await;
    assert_eq!(again.expect_err("decided").code(), "decided");
    assert_eq!(fetched(&quarantine, &session, &id).await.code(), "refused");
}

#[tokio::test]
async fn nobody_decides_on_their_own_release_nor_does_nobody() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path()).expect("folder");
    let session = under(&platform().await, "k = 11");
    let id = quarantined(&session, &quarantine).await;
    for by in ["ana", " ANA ", "", "  "] {
        let decided = quarantine.decide(&id, Verdict::Approve, by, "fine").await;
        assert_eq!(decided.expect_err(by).code(), "invalid_decision");
    }
    // Nor by hand, past the library.
    let request =
        fs::read_to_string(folder.path().join(&id).join("request.json")).expect("request");
    let request: serde_json::Value = serde_json::from_str(&request).expect("JSON");
    let decision = serde_json::json!({
        "id": id, "table": request["table"], "verdict": "approve", "by": "Ana", "reason": ""
    });
    fs::write(
        folder.path().join(&id).join("decision.json"),
        decision.to_string(),
    )
    .expect("write");
    assert_eq!(
        fetched(&quarantine, &session, &id).await.code(),
        "invalid_decision"
    );
}

#[tokio::test]
async fn a_decision_written_by_hand_counts_if_it_is_whole() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path()).expect("folder");
    let session = under(&platform().await, "k = 11");
    let id = quarantined(&session, &quarantine).await;
    let file = |name: &str| folder.path().join(&id).join(name);
    let request = fs::read_to_string(file("request.json")).expect("request");
    let request: serde_json::Value = serde_json::from_str(&request).expect("JSON");
    for decision in [
        "yes".to_owned(),
        "{}".to_owned(),
        serde_json::json!({"verdict": "approve"}).to_string(),
        serde_json::json!({"id": id, "table": request["table"], "verdict": "Approve!", "by": "marie", "reason": ""}).to_string(),
        serde_json::json!({"id": id, "table": "", "verdict": "approve", "by": "marie", "reason": ""}).to_string(),
        serde_json::json!({"id": id, "table": request["table"], "verdict": "approve", "by": "marie", "reason": "", "force": true}).to_string(),
    ] {
        fs::write(file("decision.json"), &decision).expect("write");
        assert_eq!(fetched(&quarantine, &session, &id).await.code(), "invalid_decision", "{decision}");
    }
    let whole = serde_json::json!({"id": id, "table": request["table"], "verdict": "approve", "by": "marie", "reason": "fine"});
    fs::write(file("decision.json"), whole.to_string()).expect("write");
    assert_eq!(
        quarantine
            .fetch(&session, &id)
            .await
            .expect("approved")
            .cells(),
        2
    );
}

#[tokio::test]
async fn a_decision_holds_for_the_table_that_was_looked_at_and_no_other() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path()).expect("folder");
    let session = under(&platform().await, "k = 11");
    let approved = quarantined(&session, &quarantine).await;
    let other = quarantined(&session, &quarantine).await;
    assert_ne!(approved, other);
    let decided = quarantine
        .decide(&approved, Verdict::Approve, "marie", "")
        .await;
    decided.expect("decided");
    let file = |id: &str, name: &str| folder.path().join(id).join(name);

    // The decision, carried over.
    fs::copy(
        file(&approved, "decision.json"),
        file(&other, "decision.json"),
    )
    .expect("copy");
    assert_eq!(
        fetched(&quarantine, &session, &other).await.code(),
        "invalid_decision"
    );
    // The whole approved request, under another name.
    fs::copy(
        file(&approved, "request.json"),
        file(&other, "request.json"),
    )
    .expect("copy");
    assert_eq!(
        fetched(&quarantine, &session, &other).await.code(),
        "changed"
    );
    // Another table in the approved one's place.
    let mut table = fs::read(file(&approved, "table.parquet")).expect("table");
    let middle = table.len() / 2;
    table[middle] ^= 1;
    fs::write(file(&approved, "table.parquet"), table).expect("write");
    assert_eq!(
        fetched(&quarantine, &session, &approved).await.code(),
        "changed"
    );
    fs::remove_file(file(&approved, "table.parquet")).expect("remove");
    assert_eq!(
        fetched(&quarantine, &session, &approved).await.code(),
        "changed"
    );
}

#[tokio::test]
async fn another_project_learns_nothing_of_a_release() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path()).expect("folder");
    let platform = platform().await;
    let id = quarantined(&under(&platform, "k = 11"), &quarantine).await;
    let other = Permit::parse(
        "other.toml",
        &permit_text("other", "[table.sejour]\ncolumns = \"*\"\n"),
    );
    let other = platform
        .session(&other.expect("permit"), "ana")
        .expect("session");
    let unknown = "0123456789abcdef0123456789abcdef";
    let nothing = fetched(&quarantine, &other, unknown).await.to_string();
    let said = |error: QuarantineError| error.to_string().replace(&id, unknown);
    assert_eq!(said(fetched(&quarantine, &other, &id).await), nothing);
    let decided = quarantine.decide(&id, Verdict::Approve, "marie", "").await;
    decided.expect("decided");
    assert_eq!(said(fetched(&quarantine, &other, &id).await), nothing);
}

#[tokio::test]
async fn an_id_is_no_path() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path().join("in")).expect("folder");
    let session = under(&platform().await, "k = 11");
    let id = quarantined(&session, &quarantine).await;
    for text in [
        String::new(),
        "..".to_owned(),
        format!("../in/{id}"),
        format!("{id}/"),
        format!("{id}/../{id}"),
        id.to_uppercase() + "/",
        id[1..].to_owned(),
        format!("{id}\0"),
    ] {
        assert_eq!(
            fetched(&quarantine, &session, &text).await.code(),
            "unknown_release",
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_permit_that_was_withdrawn_fetches_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path().join("in")).expect("folder");
    let file = folder.path().join("permit.toml");
    let tables = "[table.sejour]\ncolumns = \"*\"\n";
    fs::write(&file, permit_text("p", tables)).expect("permit");
    let permit = Permit::from_file(&file).expect("permit");
    let session = platform().await.session(&permit, "ana").expect("session");
    let id = quarantined(&session, &quarantine).await;
    let decided = quarantine.decide(&id, Verdict::Approve, "marie", "").await;
    decided.expect("decided");
    fs::write(&file, permit_text("p", tables).replace("ana", "luc")).expect("permit");
    assert_eq!(
        fetched(&quarantine, &session, &id).await.code(),
        "not_permitted"
    );
}

#[tokio::test]
async fn what_breaks_off_was_never_in_quarantine_and_nothing_leaves() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path().join("in")).expect("folder");
    let session = under(&platform().await, "k = 11");
    let id = quarantined(&session, &quarantine).await;
    fs::remove_file(folder.path().join("in").join(&id).join("request.json")).expect("remove");
    assert_eq!(
        fetched(&quarantine, &session, &id).await.code(),
        "unknown_release"
    );
    assert_eq!(quarantine.waiting().await.expect("waiting"), []);

    // A store that cannot be written to.
    let gone = folder.path().join("gone");
    let quarantine = Quarantine::folder(&gone).expect("folder");
    fs::remove_dir_all(&gone).expect("remove");
    fs::write(&gone, "a file").expect("write");
    let releaser = Releaser::new(&session).reviewer(Arc::new(quarantine));
    let error = releaser.sql(BY_REGION).await.expect_err("no store");
    assert_eq!(error, ReleaseError::NotReviewed);
}

#[tokio::test]
async fn whoever_asked_is_told_the_same_whatever_was_withheld() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path()).expect("folder");
    let mut told = Vec::new();
    for regions in [&[("75", 12), ("69", 10)][..], &[("75", 12)]] {
        let session = under(&stays(regions).await, "k = 11");
        let releaser = Releaser::new(&session).reviewer(Arc::new(quarantine.clone()));
        let error = releaser.sql(BY_REGION).await.expect_err("quarantined");
        let ReleaseError::Quarantined { id, reason } = error else {
            panic!("{error}");
        };
        told.push((id.len(), reason));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn only_what_is_flagged_waits_if_the_platform_says_so() {
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path()).expect("folder");
    let quarantine = quarantine.only_if(|dossier| dossier.report().share_withheld > 0.2);
    let session = under(&platform().await, "k = 11");
    let releaser = Releaser::new(&session).reviewer(Arc::new(quarantine));
    let flagged = releaser.sql(BY_REGION).await.expect_err("flagged");
    assert_eq!(flagged.code(), "quarantined");
    let sql = "SELECT count(*) AS n FROM sejour";
    assert_eq!(releaser.sql(sql).await.expect("at once").cells(), 1);
    assert!(Path::new(folder.path()).join(flagged_id(&flagged)).exists());
}

fn flagged_id(error: &ReleaseError) -> &str {
    match error {
        ReleaseError::Quarantined { id, .. } => id,
        other => panic!("{other}"),
    }
}
