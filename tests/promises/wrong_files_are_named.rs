//! Every mistake in a permit or platform file is named with file, key and what was expected.

use std::sync::Arc;

use arrow::array::{Date32Array, Int64Array, RecordBatch, StringArray};
use sceau::snds::Role;
use sceau::{ColumnConfig, Permit, Platform};

use crate::fixture::Stored;

const PERMIT: &str = r#"project    = "diab-2031"
purpose    = "incidence of diabetes treatment"
principals = ["ana", "luc"]
valid      = { from = 2020-01-01, until = 2099-12-31 }
key        = "diab-2031"
strict     = false
[inside]
rows = true
[population]
period     = { from = 2018-01-01, until = 2023-12-31 }
[table.care]
columns = ["patient", "day", "region", "cost"]
where   = "region IN ('075','092')"
deny    = []
[table.care.mask]
patient = "pseudonym"
day = "month"
cost = { sql = "round(cost, 0)" }
[release]
k         = 11
dominance = { top = 1, percent = 85 }
secondary = true
rounding  = 0
withheld  = "omit"
"#;

async fn platform() -> Platform {
    let care = RecordBatch::try_from_iter([
        ("patient", Arc::new(StringArray::from(vec!["p1"])) as _),
        ("day", Arc::new(Date32Array::from(vec![18125])) as _),
        ("region", Arc::new(StringArray::from(vec!["075"])) as _),
        ("cost", Arc::new(Int64Array::from(vec![1])) as _),
    ])
    .expect("care");
    Stored::new()
        .table(
            "care",
            |table| {
                table.care_date("day").column(
                    "patient",
                    ColumnConfig::new(Role::Identifier).domain("patient"),
                )
            },
            &care,
        )
        .await
        .platform()
        .await
}

async fn problem(from: &str, to: &str) -> String {
    assert!(PERMIT.contains(from), "{from}");
    let text = PERMIT.replacen(from, to, 1);
    match Permit::parse("permit.toml", &text) {
        Err(error) => error.to_string(),
        Ok(permit) => platform()
            .await
            .session(&permit, "ana")
            .expect_err(to)
            .to_string(),
    }
}

#[tokio::test]
async fn a_permit_with_every_key_set_is_read() {
    let permit = Permit::parse("permit.toml", PERMIT).expect("permit");
    assert_eq!(permit.release().k, 11);
    assert!(platform().await.session(&permit, "luc").is_ok());
}

#[tokio::test]
async fn each_key_wrong_in_turn_is_named_with_its_line_and_what_was_expected() {
    let mut said = String::new();
    for (from, to) in [
        ("project    = \"diab-2031\"", "project = 1"),
        ("project    = \"diab-2031\"\n", ""),
        ("principals = [\"ana\", \"luc\"]", "principals = \"ana\""),
        ("principals = [\"ana\", \"luc\"]", "principals = []"),
        ("from = 2020-01-01", "from = \"soon\""),
        ("from = 2020-01-01", "from = 2020-01-01T00:00:00"),
        ("from = 2020-01-01", "from = 2100-01-01"),
        ("strict     = false", "strict = \"no\""),
        ("strict     = false", "strikt = false"),
        ("rows = true", "rows = 1"),
        ("until = 2023-12-31", "until = 2017-12-31"),
        ("period ", "cohort = \"c.parquet\"\nperiod "),
        (
            "[table.care]",
            "[table.nowhere]\ncolumns = \"*\"\n[table.care]",
        ),
        (
            "columns = [\"patient\", \"day\", \"region\", \"cost\"]",
            "columns = \"all\"",
        ),
        (
            "columns = [\"patient\", \"day\", \"region\", \"cost\"]",
            "columns = [1]",
        ),
        (
            "columns = [\"patient\", \"day\", \"region\", \"cost\"]",
            "columns = []",
        ),
        (
            "columns = [\"patient\", ",
            "columns = [\"patient\", \"nom\", ",
        ),
        ("region IN ('075','092')", "regio = '075'"),
        ("region IN ('075','092')", "region IN ("),
        ("region IN ('075','092')", "cost + 1"),
        (
            "region IN ('075','092')",
            "region IN (SELECT region FROM care)",
        ),
        ("region IN ('075','092')", "cost = (SELECT 1)"),
        ("region IN ('075','092')", "EXISTS (SELECT 1 FROM nowhere)"),
        ("round(cost, 0)", "(SELECT max(cost) FROM care)"),
        ("region IN ('075','092')", "day < now()"),
        ("region IN ('075','092')", "count(*) > 1"),
        ("region IN ('075','092')", "region = permit.key"),
        ("deny    = []", "deny = [\"nom\"]"),
        ("patient = \"pseudonym\"", "patient = \"clear\""),
        ("patient = \"pseudonym\"", "region = \"pseudonym\""),
        ("day = \"month\"", "day = \"monthly\""),
        ("day = \"month\"", "region = \"month\""),
        ("day = \"month\"", "day = \"prefix(3)\""),
        ("day = \"month\"", "day = \"band(5)\""),
        ("day = \"month\"", "day = \"const('x')\""),
        ("day = \"month\"", "nom = \"null\""),
        (
            "cost = { sql = \"round(cost, 0)\" }",
            "cost = { sql = \"patient\" }",
        ),
        (
            "cost = { sql = \"round(cost, 0)\" }",
            "cost = { sqll = \"cost\" }",
        ),
        ("k         = 11", "k = 1"),
        ("k         = 11", "k = \"11\""),
        ("{ top = 1, percent = 85 }", "{ top = 0, percent = 85 }"),
        ("{ top = 1, percent = 85 }", "{ top = 1, percent = 850 }"),
        ("{ top = 1, percent = 85 }", "{ top = 1 }"),
        ("rounding  = 0", "rounding = -5"),
        ("withheld  = \"omit\"", "withheld = \"hide\""),
        ("[release]", "[releases]"),
    ] {
        let error = problem(from, to).await;
        assert!(error.starts_with("permit.toml:"), "{to}: {error}");
        said.push_str(&format!("{to:?}\n    {error}\n"));
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn who_is_not_named_and_when_it_does_not_hold_is_said() {
    let platform = platform().await;
    let permit = Permit::parse("permit.toml", PERMIT).expect("permit");
    assert_eq!(
        platform
            .session(&permit, "eve")
            .expect_err("not named")
            .to_string(),
        "the permit of diab-2031 does not name eve"
    );
    let past = PERMIT.replace("until = 2099-12-31", "until = 2020-12-31");
    let permit = Permit::parse("permit.toml", &past).expect("permit");
    assert!(
        platform
            .session(&permit, "ana")
            .expect_err("expired")
            .to_string()
            .contains("holds from 2020-01-01 to 2020-12-31")
    );
}

async fn platform_problem(text: &str) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("platform.toml");
    std::fs::write(&file, text).expect("write");
    let error = match Platform::from_file(&file).await {
        Ok(_) => "no error".to_owned(),
        Err(error) => error.to_string(),
    };
    error.replace(&folder.path().display().to_string(), "…")
}

#[tokio::test]
async fn each_key_of_a_platform_file_wrong_in_turn_is_named() {
    let mut said = String::new();
    for text in [
        "[store.snds]\nurl = \"ftp://x/\"",
        "[store.snds]\nurl = \"file:///no/such/folder/\"",
        "[store.snds]\nurl = \"s3://bucket/\"",
        "[store.snds]\nurl = \"s3://bucket/\"\nendpoint = \"http://example.org\"",
        "[store.snds]\nurl = \"s3://bucket/\"\nprofile = \"moon\"",
        "[store.snds]\nuri = \"memory:///\"",
        "[store.snds]\n",
        "[store.\"a b\"]\nurl = \"memory:///\"",
        "[keys]\nprovider = \"files\"",
        "[keys]\nprovider = \"file\"",
        "[keys]\nprovider = \"env\"\npath = \"keys/\"",
        "[store.snds]\nurl = \"memory:///\"\n[table.er_prs_f]\nstore = \"sdns\"\npath = \"x/\"",
        "[store.snds]\nurl = \"memory:///\"\n[table.er_prs_f]\nstore = \"snds\"",
        "[store.snds]\nurl = \"memory:///\"\n[table.er_prs_f]\nstore = \"snds\"\npath = \"x/\"",
        "[store.snds]\nurl = \"memory:///\"\n[table.t]\nstore = \"snds\"\npath = \"x/\"\n[table.t.columns]\na = { role = \"secret\" }",
        "[stores]\n",
        "not toml",
        "[journal]\npath = \"journal/\"",
        "[journal]\nkey = \"journal\"",
        "[journal]\npath = \"\"\nkey = \"journal\"",
        "[journal]\npath = \"journal/\"\nkey = \"\"",
        "[journal]\npath = \"journal/\"\nkey = \"journal\"",
        "[keys]\nprovider = \"file\"\npath = \"keys/\"\n[journal]\npath = \"journal/\"\nkey = \"journal\"",
        "[keys]\nprovider = \"file\"\npath = \"keys/\"\n[journal]\npath = \"journal/\"\nkey = \"../journal\"",
        "[keys]\nprovider = \"vault\"\n[journal]\npath = \"journal/\"\nkey = \"journal\"",
        "[journal]\npath = \"journal/\"\nkey = \"journal\"\nrotate_bytes = 4095",
        "[journal]\npath = \"journal/\"\nkey = \"journal\"\nrotate_bytes = \"16 MiB\"",
        "[journal]\npath = \"journal/\"\nkey = \"journal\"\nrotate = true",
        "journal = \"journal/\"",
        "[engine]\nmemory = 8",
        "[engine]\nmemory = -1",
        "[engine]\nmemory = \"8\"",
        "[engine]\nmemory = \"8 gigs\"",
        "[engine]\nmemory = \"1 MiB\"",
        "[engine]\nmemory = \"99999999999 TiB\"",
        "[engine]\nmemory = true",
        "[engine]\nspill = \"no/such/folder/\"",
        "[engine]\nspill = \"platform.toml\"",
        "[engine]\nspill = \"\"",
        "[engine]\nspill = 1",
        "[engine]\npartitions = 0",
        "[engine]\npartitions = 1025",
        "[engine]\npartitions = \"4\"",
        "[engine]\nbatch_size = 0",
        "[engine]\nbatch_size = 1048577",
        "[engine]\nbatch_size = 1.5",
        "[engine]\nlate_materialization = 1",
        "[engine]\nthreads = 4",
        "engine = 4",
    ] {
        said.push_str(&format!("{text:?}\n    {}\n", platform_problem(text).await));
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn what_questions_may_use_is_read_from_the_file_and_code_wins() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("platform.toml");
    std::fs::create_dir(folder.path().join("spill")).expect("folder");
    std::fs::create_dir(folder.path().join("t")).expect("folder");
    let table = RecordBatch::try_from_iter([(
        "v",
        Arc::new(Int64Array::from_iter_values(0..400_000)) as _,
    )])
    .expect("table");
    std::fs::write(
        folder.path().join("t/a.parquet"),
        crate::fixture::parquet_bytes(&table, 100_000),
    )
    .expect("write");
    std::fs::create_dir(folder.path().join("keys")).expect("keys");
    std::fs::write(folder.path().join("keys/p.key"), "5e".repeat(32)).expect("key");
    let text = format!(
        "[engine]\nmemory = \"16 MiB\"\nspill = \"spill/\"\npartitions = 3\nbatch_size = 100\n\
         late_materialization = true\n[store.s]\nurl = \"file://{}/\"\n[keys]\nprovider = \"file\"\npath = \"keys/\"\n\
         [table.t]\nstore = \"s\"\npath = \"t/\"\n",
        folder.path().display()
    );
    std::fs::write(&file, text).expect("write");
    let permit = Permit::parse(
        "permit.toml",
        &crate::fixture::permit_text("p", "[table.t]\ncolumns = [\"v\"]"),
    )
    .expect("permit");
    let many = "SELECT array_length(array_agg(lpad(CAST(v AS VARCHAR), 100, 'x'))) FROM t";
    let tried = async |platform: &Platform| {
        let session = platform.session(&permit, "ana").expect("session");
        let answer = session.sql("SELECT v FROM t").await.expect("answer");
        let batches = answer.collect().await.expect("rows");
        let asked = crate::fixture::ask(&session, many).await;
        let how = platform
            .diagnose(
                "operator",
                &session,
                "SELECT v, count(*) FROM t WHERE v < 5 GROUP BY v",
            )
            .await
            .expect("diagnosis");
        (
            batches.iter().map(RecordBatch::num_rows).max(),
            asked.map_err(|error| error.code().to_string()).map(|_| ()),
            how.plan.contains("Hash([v@0], 3)"),
            !how.plan.contains("pushdown_rows_pruned=0"),
        )
    };
    let platform = Platform::from_file(&file).await.expect("platform");
    let resources = Err("resources".to_owned());
    assert_eq!(tried(&platform).await, (Some(100), resources, true, true));
    let spilt = std::fs::read_dir(folder.path().join("spill")).expect("folder");
    assert_eq!(spilt.count(), 1, "the engine has a folder of its own there");

    let builder = Platform::builder_from_file(&file).expect("file");
    let builder = builder.memory_limit(8 << 30).batch_size(1_000);
    let platform = builder
        .partitions(2)
        .late_materialization(false)
        .build()
        .await;
    let platform = platform.expect("platform");
    assert_eq!(tried(&platform).await, (Some(1_000), Ok(()), false, false));
}

/// A journal that cannot be taken up is named by its key, and nothing else of the file is at fault.
#[tokio::test]
async fn a_journal_that_cannot_be_taken_up_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |path: &str| folder.path().join(path);
    std::fs::create_dir(at("keys")).expect("keys");
    std::fs::write(at("keys/journal.key"), "5e".repeat(32)).expect("key");
    std::fs::write(at("keys/other.key"), "7a".repeat(32)).expect("key");
    let text = "[keys]\nprovider = \"file\"\npath = \"keys/\"\n[journal]\npath = \"journal/\"\nkey = \"journal\"\n";
    let file = at("platform.toml");
    std::fs::write(&file, text).expect("write");
    let problem = async || {
        let error = Platform::from_file(&file).await.expect_err("no journal");
        error
            .to_string()
            .replace(&folder.path().display().to_string(), "…")
    };
    let first = Platform::from_file(&file).await.expect("a platform");
    assert_eq!(
        problem().await,
        "…/platform.toml:5: journal.path: expected a folder with a journal that can be taken up, or none, found …/journal/: another writer has this journal"
    );
    // Its reviewer needs no turn.
    let verified = Platform::stored_journal(&file)
        .expect("journal")
        .verify(None);
    assert_eq!(verified.expect("whole").entries, 0);
    drop(first);

    std::fs::write(&file, text.replace("\"journal\"", "\"other\"")).expect("write");
    let error = problem().await;
    assert!(
        error.starts_with("…/platform.toml:5: journal.path: ") && error.contains("another key"),
        "{error}"
    );
    std::fs::write(&file, text).expect("write");
    let journal = at("journal/journal-000001.jsonl");
    let whole = std::fs::read_to_string(&journal).expect("journal");
    std::fs::write(&journal, whole.replace("\"seq\":1", "\"seq\":2")).expect("write");
    let error = problem().await;
    assert!(
        error.starts_with("…/platform.toml:5: journal.path: "),
        "{error}"
    );
    std::fs::write(&file, text.replace("journal/", "platform.toml")).expect("write");
    let error = problem().await;
    assert!(
        error.starts_with("…/platform.toml:5: journal.path: "),
        "{error}"
    );
    assert!(
        Platform::stored_journal(at("none.toml"))
            .expect_err("none")
            .to_string()
            .contains("cannot be read")
    );
    std::fs::write(&file, "").expect("write");
    assert_eq!(
        Platform::stored_journal(&file)
            .expect_err("none")
            .to_string()
            .replace(&folder.path().display().to_string(), "…"),
        "…/platform.toml: journal: expected where the journal is, found nothing"
    );
}

#[tokio::test]
async fn files_that_are_not_there_are_named() {
    assert!(
        Permit::from_file("no-such-permit.toml")
            .expect_err("absent")
            .to_string()
            .starts_with("no-such-permit.toml: cannot be read")
    );
    assert!(
        Platform::from_file("no-such-platform.toml")
            .await
            .expect_err("absent")
            .to_string()
            .starts_with("no-such-platform.toml: cannot be read")
    );
}
