//! With a ledger, what a project received before decides what may leave: from the two files, as an operator writes them.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use sceau::{Permit, Platform, Releaser};

use crate::fixture::parquet_bytes;

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
