//! With a ledger, what a project received before decides what may leave: from the two files, as an operator writes them.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int16Array, Int64Array, RecordBatch, StringArray};
use async_trait::async_trait;
use sceau::journal::JournalConfig;
use sceau::ledger::{Ledger, LedgerConfig};
use sceau::platform::LedgerSettings;
use sceau::pseudonym::ProjectKey;
use sceau::{
    Dossier, Permit, Platform, Quarantine, Release, ReleaseError, ReleaseReviewer, Releaser,
    Review, ReviewFailed, Session, Verdict,
};

use crate::fixture::{Stored, parquet_bytes, session, snds_table};

const PLATFORM: &str = r#"
[store.demo]
url = "file:///FOLDER/"
[keys]
provider = "file"
path = "keys/"
[ledger]
path = "ledgers/"
key = "ledger"
[table.sejour]
store = "demo"
path = "sejour/"
contributor = ["patient"]
[table.sejour.columns]
patient = { role = "identifier", domain = "patient" }
age = { role = "quasi_identifier" }
"#;

const PERMIT: &str = r#"
project = "diab-2031"
principals = ["ana"]
valid = { from = 2020-01-01, until = 2099-12-31 }
[table.sejour]
columns = ["age"]
where = "age < 120"
[release]
k = 11
"#;

/// Thirty people of 20 to 49 years, and one of 103.
fn write(folder: &Path) {
    let patients: StringArray = (0..31).map(|patient| Some(format!("p{patient}"))).collect();
    let ages: Int64Array = (0..31)
        .map(|at| Some(if at == 30 { 103 } else { 20 + at }))
        .collect();
    let stays = RecordBatch::try_from_iter([
        ("patient", Arc::new(patients) as _),
        ("age", Arc::new(ages) as _),
    ])
    .expect("stays");
    std::fs::create_dir(folder.join("sejour")).expect("folder");
    std::fs::write(
        folder.join("sejour/part-0.parquet"),
        parquet_bytes(&stays, 1024),
    )
    .expect("stays");
    std::fs::create_dir(folder.join("keys")).expect("folder");
    for (key, byte) in [("ledger", "5e"), ("diab-2031", "6f"), ("diab-2032", "70")] {
        std::fs::write(folder.join(format!("keys/{key}.key")), byte.repeat(32)).expect("key");
    }
    let text = PLATFORM.replace("FOLDER", &folder.display().to_string());
    std::fs::write(folder.join("platform.toml"), text.replace("////", "///")).expect("platform");
}

/// The number of rows that leave when a question is asked anew by a platform that begins anew.
async fn leaving(folder: &Path, permit: &str, sql: &str) -> Result<usize, String> {
    let platform = Platform::from_file(folder.join("platform.toml"))
        .await
        .map_err(|error| error.to_string())?;
    let permit = Permit::parse("permit.toml", permit).expect("permit");
    let session = platform
        .session(&permit, "ana")
        .map_err(|error| error.to_string())?;
    match Releaser::new(&session).sql(sql).await {
        Ok(release) => Ok(release.batches().iter().map(RecordBatch::num_rows).sum()),
        Err(error) => Err(error.code().to_owned()),
    }
}

const ALL: &str = "SELECT count(*) FROM sejour";
const BUT_ONE: &str = "SELECT count(*) FROM sejour WHERE age < 100";

#[tokio::test]
async fn the_difference_of_two_releases_is_no_single_person() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    write(folder);
    assert_eq!(leaving(folder, PERMIT, ALL).await, Ok(1));
    assert_eq!(leaving(folder, PERMIT, BUT_ONE).await, Ok(0));
    assert_eq!(leaving(folder, PERMIT, ALL).await, Ok(1));
    // A permit that is written anew shows other rows, and is the same project's.
    let anew = PERMIT.replace("age < 120", "age < 100");
    assert_eq!(leaving(folder, &anew, ALL).await, Ok(0));
    // Another project received nothing yet.
    let other = PERMIT.replace("diab-2031", "diab-2032");
    assert_eq!(leaving(folder, &other, BUT_ONE).await, Ok(1));
    assert_eq!(leaving(folder, &other, ALL).await, Ok(0));
}

#[tokio::test]
async fn a_ledger_that_was_cut_or_removed_in_part_lets_nothing_out() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    write(folder);
    assert_eq!(leaving(folder, PERMIT, ALL).await, Ok(1));
    let file = std::fs::read_dir(folder.join("ledgers"))
        .expect("ledgers")
        .map(|file| file.expect("file").path())
        .find(|file| file.extension().is_some_and(|ending| ending == "ledger"))
        .expect("a ledger");
    let bytes = std::fs::read(&file).expect("ledger");
    std::fs::write(&file, &bytes[..bytes.len() - 1]).expect("cut");
    assert_eq!(
        leaving(folder, PERMIT, BUT_ONE).await,
        Err("no_ledger".to_owned())
    );
    std::fs::remove_file(&file).expect("removed");
    assert_eq!(
        leaving(folder, PERMIT, BUT_ONE).await,
        Err("no_ledger".to_owned())
    );
    std::fs::write(&file, &bytes).expect("put back");
    assert_eq!(leaving(folder, PERMIT, BUT_ONE).await, Ok(0));
}

#[tokio::test]
async fn mistakes_about_the_ledger_are_named() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    write(folder);
    let file = folder.join("platform.toml");
    let text = std::fs::read_to_string(&file).expect("platform");
    for (from, to, says) in [
        ("path = \"ledgers/\"", "path = \"\"", "ledger.path"),
        (
            "key = \"ledger\"",
            "key = \"ledger\"\ncomparisons = 0",
            "ledger.comparisons",
        ),
        (
            "[ledger]",
            "[journal]\npath = \"journal/\"\nkey = \"ledger\"\n[ledger]",
            "not the journal's",
        ),
        ("key = \"ledger\"", "key = \"none\"", "ledger.key"),
        ("key = \"ledger\"", "name = \"ledger\"", "name"),
        (
            "key = \"ledger\"",
            "key = \"ledger\"\nbeyond = \"go on\"",
            "refuse",
        ),
        (
            "key = \"ledger\"",
            "key = \"diab-2031\"",
            "key of the platform's ledgers",
        ),
    ] {
        std::fs::write(&file, text.replacen(from, to, 1)).expect("platform");
        let error = leaving(folder, PERMIT, ALL).await.expect_err(to);
        assert!(error.contains(says), "{to}: {error}");
    }
}

#[tokio::test]
async fn another_key_and_a_folder_that_is_none_let_nothing_out() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    write(folder);
    assert_eq!(leaving(folder, PERMIT, ALL).await, Ok(1));
    let no_ledger = Err("no_ledger".to_owned());
    let key = folder.join("keys/ledger.key");
    let before = std::fs::read(&key).expect("key");
    std::fs::write(&key, "77".repeat(32)).expect("key");
    assert_eq!(leaving(folder, PERMIT, BUT_ONE).await, no_ledger);
    std::fs::write(&key, before).expect("key");
    assert_eq!(leaving(folder, PERMIT, BUT_ONE).await, Ok(0));

    std::fs::rename(folder.join("ledgers"), folder.join("kept")).expect("moved");
    std::fs::write(folder.join("ledgers"), "no folder").expect("file");
    assert_eq!(leaving(folder, PERMIT, ALL).await, no_ledger);
}

#[tokio::test]
async fn a_ledger_says_under_which_permit_and_from_which_data_a_release_was_made() {
    let folder = tempfile::tempdir().expect("folder");
    let folder = folder.path();
    write(folder);
    let anew = PERMIT.replace("age < 120", "age < 110");
    assert_eq!(leaving(folder, PERMIT, ALL).await, Ok(1));
    assert_eq!(leaving(folder, &anew, ALL).await, Ok(1));
    std::fs::copy(
        folder.join("sejour/part-0.parquet"),
        folder.join("sejour/part-1.parquet"),
    )
    .expect("more data");
    assert_eq!(leaving(folder, PERMIT, ALL).await, Ok(1));
    let key = ProjectKey::new(vec![0x5e; 32], ProjectKey::FIRST_VERSION).expect("key");
    let config = LedgerConfig::new(folder.join("ledgers"));
    let received = Ledger::open(&config, "diab-2031", &key)
        .expect("ledger")
        .received();
    let [first, second, third] = &received[..] else {
        panic!("{received:?}");
    };
    assert_eq!(first.data, second.data);
    assert_ne!(first.permit, second.permit);
    assert_ne!(first.data, third.data);
    assert_eq!(first.permit, third.permit);
}

const CARE_AND_STAYS: &str =
    "[release]\nk = 11\n[table.er_prs_f]\ncolumns = \"*\"\n[table.t_mco19c]\ncolumns = \"*\"";

/// People by their pseudo-NIR, each with another one that they have in hospital; the last is in no hospital.
async fn care_and_stays(ledgers: &Path, people: usize, known: bool) -> Session {
    let texts = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let nirs = |of: &str, people: usize| -> Vec<String> {
        (0..people).map(|person| format!("{of}{person}")).collect()
    };
    let ranks = |people: usize| Arc::new(Int16Array::from(vec![1_i16; people])) as ArrayRef;
    let care = snds_table(
        "er_prs_f",
        &[
            ("BEN_NIR_PSA", texts(nirs("child", people))),
            ("BEN_RNG_GEM", ranks(people)),
        ],
    );
    let stays = snds_table(
        "t_mco19c",
        &[("NIR_ANO_17", texts(nirs("adult", people - 1)))],
    );
    let both = [nirs("child", people), nirs("adult", people)].concat();
    let persons = [nirs("P", people), nirs("P", people)].concat();
    let referential = snds_table(
        "ir_ben_r",
        &[
            ("BEN_NIR_PSA", texts(both)),
            ("BEN_RNG_GEM", ranks(2 * people)),
            ("BEN_IDT_ANO", texts(persons)),
        ],
    );
    let mut stored = Stored::new()
        .table("er_prs_f", |table| table, &care)
        .await
        .table("t_mco19c", |table| table, &stays)
        .await
        .with(|builder| builder.ledger(LedgerSettings::new(ledgers, "ledger")));
    if known {
        stored = stored.table("ir_ben_r", |table| table, &referential).await;
    }
    session(&stored.platform().await, CARE_AND_STAYS)
}

async fn cells(session: &Session, sql: &str) -> usize {
    let release = Releaser::new(session).sql(sql).await;
    release
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .cells()
}

#[tokio::test]
async fn a_person_is_known_again_through_dcir_and_the_pmsi() {
    const CARE: &str = "SELECT count(DISTINCT BEN_NIR_PSA) FROM er_prs_f";
    const STAYS: &str = "SELECT count(DISTINCT NIR_ANO_17) FROM t_mco19c";
    for (known, leaves) in [(true, 0), (false, 1)] {
        let folder = tempfile::tempdir().expect("folder");
        let session = care_and_stays(folder.path(), 30, known).await;
        assert_eq!(cells(&session, CARE).await, 1);
        drop(session);
        // A platform that begins anew. 30 people have care, and 29 of them were in hospital.
        let session = care_and_stays(folder.path(), 30, known).await;
        assert_eq!(cells(&session, STAYS).await, leaves, "IR_BEN_R: {known}");
        assert_eq!(cells(&session, CARE).await, 1);
    }
}

#[derive(Debug)]
struct Refuses;

#[async_trait]
impl ReleaseReviewer for Refuses {
    async fn review(&self, _: &Release, _: &Dossier) -> Result<Review, ReviewFailed> {
        Ok(Review::refuse("too fine"))
    }
}

/// Thirty people, one of 103 years, on a platform that keeps a ledger and a journal.
async fn people_of(folder: &Path) -> Session {
    let patients: StringArray = (0..31).map(|patient| Some(format!("p{patient}"))).collect();
    let ages: Int64Array = (0..31)
        .map(|at| Some(if at == 30 { 103 } else { 20 + at }))
        .collect();
    let stays = RecordBatch::try_from_iter([
        ("patient", Arc::new(patients) as ArrayRef),
        ("age", Arc::new(ages) as ArrayRef),
    ])
    .expect("stays");
    let platform = Stored::new()
        .table("sejour", |table| table.contributor(["patient"]), &stays)
        .await
        .with(|builder| {
            builder
                .ledger(LedgerSettings::new(folder.join("ledgers"), "ledger"))
                .journal(JournalConfig::new(folder.join("journal")), "journal")
        })
        .platform()
        .await;
    session(
        &platform,
        "[release]\nk = 11\n[table.sejour]\ncolumns = [\"age\"]",
    )
}

#[tokio::test]
async fn a_release_that_waits_or_was_refused_counts_as_received() {
    let folder = tempfile::tempdir().expect("folder");
    let session = people_of(folder.path()).await;
    let refusing = Releaser::new(&session).reviewer(Arc::new(Refuses));
    let refused = refusing.sql(ALL).await.expect_err("refused");
    assert_eq!(refused.code(), "refused");
    assert_eq!(cells(&session, BUT_ONE).await, 0);

    let folder = tempfile::tempdir().expect("folder");
    let session = people_of(folder.path()).await;
    let quarantine = Quarantine::folder(folder.path().join("quarantine")).expect("quarantine");
    let waiting = Releaser::new(&session).reviewer(Arc::new(quarantine.clone()));
    let Err(ReleaseError::Quarantined { id, .. }) = waiting.sql(ALL).await else {
        panic!("it left");
    };
    assert_eq!(cells(&session, BUT_ONE).await, 0);
    let decided = quarantine.decide(&id, Verdict::Approve, "marie", "").await;
    decided.expect("decided");
    let fetched = quarantine.fetch(&session, &id).await.expect("approved");
    assert_eq!(fetched.cells(), 1);
}

#[tokio::test]
async fn reports_name_what_was_withheld_for_a_difference() {
    let folder = tempfile::tempdir().expect("folder");
    let session = people_of(folder.path()).await;
    assert_eq!(cells(&session, ALL).await, 1);
    let releaser = Releaser::new(&session);
    let (release, dossier) = releaser.sql_with_dossier(BUT_ONE).await.expect("release");
    assert_eq!((release.cells(), release.report().withheld), (0, 1));
    let rule = "differences between releases";
    let said = release.report().to_string();
    assert!(
        said.contains(&format!(
            "{rule}: applied; beside what the project received before"
        )),
        "{said}"
    );
    for page in [
        dossier.to_text(),
        dossier.to_html(),
        dossier.to_json().to_string(),
    ] {
        assert!(
            page.contains(rule) && page.contains("the platform's ledger"),
            "{page}"
        );
        assert!(!page.contains("103"), "{page}");
    }
}
