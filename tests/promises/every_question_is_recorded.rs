//! Every question, through every door, is in the journal before anything of its answer is handed out, and how it ended;
//! one that cannot be recorded is not answered.

use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use futures::StreamExt as _;
use object_store::{ObjectStore, ObjectStoreExt as _};
use sceau::journal::{Door, Entry, Event, JournalConfig, StoredJournal};
use sceau::pseudonym::KeyProvider as _;
use sceau::snds::Role;
use sceau::{
    ColumnConfig, Permit, Platform, Quarantine, ReleaseError, Releaser, Session, TableConfig,
    Verdict,
};
use tempfile::TempDir;

use crate::fixture::{Stored, TestKeys, permit, permit_text, refusal, rows, snds_table};

/// Fifteen stays of fifteen people, a third of them in region B.
fn stays() -> RecordBatch {
    let texts = |of: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from((0..15).map(of).collect::<Vec<_>>()))
    };
    RecordBatch::try_from_iter([
        ("patient", texts(&|at| format!("IDENTIFIER-{at}"))),
        (
            "region",
            texts(&|at| if at < 12 { "A" } else { "B" }.to_owned()),
        ),
        ("note", texts(&|at| format!("n{at}"))),
        (
            "cost",
            Arc::new(Int64Array::from_iter_values(0..15)) as ArrayRef,
        ),
        ("secret", texts(&|at| format!("DENIED-{at}"))),
    ])
    .expect("stays")
}

const PERMIT: &str = "[table.sejour]\ncolumns = [\"patient\", \"note\", \"cost\"]\nwhere = \"region = 'A'\"\n[release]\nk = 5";

fn people(table: TableConfig) -> TableConfig {
    table.contributor(["patient"]).column(
        "patient",
        ColumnConfig::new(Role::Identifier).domain("patient"),
    )
}

struct World {
    folder: TempDir,
    platform: Platform,
    store: Arc<dyn ObjectStore>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let journal = JournalConfig::new(folder.path());
        let stored = Stored::new()
            .with(|builder| builder.journal(journal, "journal").partitions(1))
            .table("sejour", people, &stays())
            .await;
        Self {
            folder,
            store: stored.store(),
            platform: stored.platform().await,
        }
    }

    fn session(&self) -> Session {
        self.platform
            .session(&permit(PERMIT), "ana")
            .expect("session")
    }

    fn entries(&self) -> Vec<Entry> {
        entries(self.folder.path())
    }

    /// The entries that were added by what is done.
    async fn added<T>(&self, doing: impl Future<Output = T>) -> (T, Vec<Entry>) {
        let before = self.entries().len();
        let done = doing.await;
        (done, self.entries().split_off(before))
    }

    /// Nothing more can be written: the file that the journal writes is gone.
    fn breaks(&self) {
        for file in std::fs::read_dir(self.folder.path()).expect("folder") {
            std::fs::remove_file(file.expect("file").path()).expect("remove");
        }
    }
}

fn entries(folder: &Path) -> Vec<Entry> {
    let key = TestKeys.project_key("journal").expect("key");
    let mut entries = vec![];
    StoredJournal::new(folder, key)
        .read(None, |recorded| entries.push(recorded.entry))
        .expect("a journal that nobody touched");
    entries
}

/// Events of one question, in their order, under one id.
fn events(entries: &[Entry]) -> Vec<Event> {
    assert!(
        entries
            .iter()
            .all(|entry| entry.question.is_some() && entry.question == entries[0].question),
        "{entries:#?}"
    );
    entries.iter().map(|entry| entry.event).collect()
}

const SQL: &str = "SELECT count(*) FROM sejour";

#[tokio::test]
async fn every_door_leaves_what_was_asked_and_how_it_ended() {
    let world = World::new().await;
    let session = world.session();
    let opened = world.entries();
    assert_eq!(opened.len(), 1);
    assert_eq!(
        (
            opened[0].event,
            opened[0].principal.as_str(),
            opened[0].project.as_str()
        ),
        (Event::Opened, "ana", "p")
    );
    assert_eq!(opened[0].permit_hash, session.permit().hash());

    let ended = [Event::Asked, Event::Answered];
    let check = |found: &[Entry], door, sql: Option<&str>| {
        assert_eq!(events(found), ended, "{door:?}");
        assert_eq!(found[0].door, Some(door));
        assert_eq!(found[0].sql.as_deref(), sql);
        assert!(found[1].duration_ms.is_some());
        for entry in found {
            assert_eq!(
                (entry.principal.as_str(), entry.project.as_str()),
                ("ana", "p")
            );
            assert_eq!(entry.permit_hash, session.permit().hash());
        }
    };
    let (_, found) = world.added(rows(&session, SQL)).await;
    check(&found, Door::Sql, Some(SQL));
    assert_eq!(found[1].rows, Some(1));

    for sql in ["SHOW TABLES", "DESCRIBE sejour", "SHOW COLUMNS FROM sejour"] {
        let (_, found) = world.added(rows(&session, sql)).await;
        check(&found, Door::Names, Some(sql));
        assert!(found[0].tables.is_empty());
    }
    let sql = format!("EXPLAIN {SQL}");
    let (_, found) = world.added(rows(&session, &sql)).await;
    check(&found, Door::Explain, Some(&sql));

    let (_, found) = world.added(session.explain(SQL)).await;
    check(&found, Door::Explain, Some(SQL));

    let builder = session.table("sejour").await.expect("table");
    let plan = builder
        .limit(0, Some(3))
        .expect("limit")
        .build()
        .expect("plan");
    let (answered, found) = world
        .added(async {
            session
                .execute(plan.clone())
                .await
                .expect("answer")
                .collect()
                .await
        })
        .await;
    assert!(answered.is_ok());
    check(&found, Door::Plan, None);
    assert_eq!(found[1].rows, Some(3));
    let told = found[0].plan.as_deref().expect("a plan");
    assert!(told.contains("Limit") && told.contains("sejour"), "{told}");

    let (answered, found) = world
        .added(async {
            let physical = session.physical_plan(&plan, vec![]).await.expect("plan");
            session
                .run_physical(physical)
                .expect("answer")
                .collect()
                .await
        })
        .await;
    assert!(answered.is_ok());
    check(&found, Door::Plan, None);
    assert_eq!(found[0].tables, ["sejour"]);
    assert!(found[0].columns.contains(&"sejour.region".to_owned()));
}

#[tokio::test]
async fn what_is_refused_is_there_with_the_reason_whatever_the_door() {
    let world = World::new().await;
    let session = world.session();
    let one = |found: Vec<Entry>, door, code: &str| {
        assert_eq!(events(&found), [Event::Refused]);
        let entry = &found[0];
        assert_eq!(
            (entry.door, entry.code.as_deref()),
            (Some(door), Some(code))
        );
        assert!(entry.error.is_some() && entry.duration_ms.is_some());
        entry.clone()
    };
    for (sql, code) in [
        ("SELECT secret FROM sejour", "unknown_column"),
        ("SELECT * FROM nowhere", "unknown_table"),
        ("DROP TABLE sejour", "not_a_query"),
        ("SELECT (", "syntax"),
        ("SELECT 1; SELECT 2", "not_a_query"),
        ("SELECT input_file_name() FROM sejour", "invalid"),
        (
            "SELECT * FROM sejour TABLESAMPLE (10 PERCENT)",
            "not_allowed",
        ),
    ] {
        let (_, found) = world.added(refusal(&session, sql)).await;
        let entry = one(found, Door::Sql, code);
        assert_eq!(entry.sql.as_deref(), Some(sql));

        let (explained, found) = world.added(session.explain(sql)).await;
        assert!(explained.is_err());
        one(found, Door::Explain, code);

        let (planned, found) = world.added(session.plan(sql)).await;
        assert!(planned.is_err());
        one(found, Door::Plan, code);

        let releaser = Releaser::new(&session);
        let (released, found) = world.added(releaser.sql(sql)).await;
        assert!(released.is_err());
        one(found, Door::Release, code);

        let (told, found) = world
            .added(world.platform.diagnose("olga", &session, sql))
            .await;
        assert!(told.is_err());
        let entry = one(found, Door::Operator, code);
        assert_eq!(entry.operator.as_deref(), Some("olga"));
    }
    let (table, found) = world.added(session.table("nowhere")).await;
    assert!(table.is_err());
    one(found, Door::Plan, "unknown_table");

    // A plan of another session, through each door that takes one.
    let foreign = world
        .session()
        .plan("SELECT * FROM sejour")
        .await
        .expect("plan");
    let (answer, found) = world.added(session.execute(foreign)).await;
    assert!(answer.is_err());
    one(found, Door::Plan, "not_allowed");
    let other = world.session();
    let foreign = other.plan("SELECT * FROM sejour").await.expect("plan");
    let physical = other.physical_plan(&foreign, vec![]).await.expect("plan");
    let (answer, found) = world.added(async { session.run_physical(physical) }).await;
    assert!(answer.is_err());
    one(found, Door::Plan, "not_enforced");
}

#[tokio::test]
async fn a_session_that_is_not_opened_is_there() {
    let world = World::new().await;
    assert!(world.platform.session(&permit(PERMIT), "eve").is_err());
    let past = permit_text("p", PERMIT).replace("2099", "2020");
    let past = Permit::parse("permit.toml", &past).expect("permit");
    assert!(world.platform.session(&past, "ana").is_err());
    let wrong = permit("[table.nowhere]\ncolumns = \"*\"");
    assert!(world.platform.session(&wrong, "ana").is_err());
    let told: Vec<_> = world
        .entries()
        .into_iter()
        .map(|entry| (entry.event, entry.principal, entry.code.expect("a code")))
        .collect();
    assert_eq!(
        told,
        [
            (Event::Refused, "eve".to_owned(), "not_named".to_owned()),
            (Event::Refused, "ana".to_owned(), "not_valid".to_owned()),
            (Event::Refused, "ana".to_owned(), "wrong_permit".to_owned()),
        ]
    );
}

#[tokio::test]
async fn it_is_on_the_disk_before_the_first_batch_is_handed_out() {
    let world = World::new().await;
    let session = world.session();
    let (mut answer, found) = world
        .added(async {
            session
                .sql("SELECT cost FROM sejour")
                .await
                .expect("answer")
        })
        .await;
    assert_eq!(events(&found), [Event::Asked]);
    let (first, found) = world.added(answer.next()).await;
    assert!(first.is_some_and(|batch| batch.is_ok()));
    assert!(found.is_empty(), "{found:?}");
    let (rest, found) = world.added(answer.collect()).await;
    assert!(rest.is_ok());
    assert_eq!(events(&found), [Event::Answered]);
    assert_eq!(found[0].rows, Some(12));

    // What is begun without waiting is recorded when its first batch is asked for.
    let plan = session.plan("SELECT cost FROM sejour").await.expect("plan");
    let physical = session.physical_plan(&plan, vec![]).await.expect("plan");
    let mut answer = session.run_physical(physical).expect("answer");
    let (first, found) = world.added(answer.next()).await;
    assert!(first.is_some());
    assert_eq!(events(&found), [Event::Asked]);
}

#[tokio::test]
async fn an_answer_that_is_let_go_of_is_there_as_such() {
    let world = World::new().await;
    let session = world.session();
    let sql = "SELECT a.cost FROM sejour a, sejour b, sejour c, sejour d";
    let (_, found) = world
        .added(async {
            let mut answer = session.sql(sql).await.expect("answer");
            answer.next().await.expect("a batch").expect("rows");
        })
        .await;
    assert_eq!(events(&found), [Event::Asked, Event::Abandoned]);

    let (_, found) = world
        .added(async { drop(session.sql(sql).await.expect("answer")) })
        .await;
    assert_eq!(events(&found), [Event::Asked, Event::Abandoned]);

    let (_, found) = world
        .added(async { drop(session.question(sql).await.expect("question")) })
        .await;
    assert_eq!(events(&found), [Event::Abandoned]);
    assert_eq!(found[0].sql.as_deref(), Some(sql));
}

/// However often it was polled before, a question that was let go of has an end, and its ask stands before it.
#[tokio::test]
async fn a_question_that_is_let_go_of_at_any_moment_is_there() {
    let world = World::new().await;
    let session = world.session();
    for polls in 0..12 {
        let before = world.entries().len();
        {
            let mut asking = Box::pin(session.sql(SQL));
            for _ in 0..polls {
                let polled = poll_fn(|context| Poll::Ready(asking.as_mut().poll(context)));
                if polled.await.is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // The entry may be on its way on another thread.
        let found = loop {
            let found = world.entries().split_off(before);
            let over = found
                .last()
                .is_some_and(|entry| entry.event == Event::Abandoned);
            if over || polls == 0 {
                break found;
            }
            tokio::task::yield_now().await;
        };
        match polls {
            0 => assert!(found.is_empty(), "nothing was asked: {found:?}"),
            _ => assert!(
                matches!(
                    events(&found)[..],
                    [Event::Abandoned] | [Event::Asked, Event::Abandoned]
                ),
                "{polls}: {found:?}"
            ),
        }
    }
}

#[tokio::test]
async fn an_answer_that_fails_is_there_with_the_full_text() {
    let world = World::new().await;
    let session = world.session();
    let sql = "SELECT CAST(note AS INT) FROM sejour";
    let (error, found) = world.added(refusal(&session, sql)).await;
    assert_eq!(events(&found), [Event::Asked, Event::Failed]);
    assert_eq!(found[1].code.as_deref(), Some("execution"));
    let full = found[1].error.as_deref().expect("a text");
    assert!(full.contains("n0"), "{full}");
    assert_eq!(error.code().as_str(), "execution");

    // What is not shown: which columns there are instead.
    let (error, found) = world
        .added(refusal(&session, "SELECT secret FROM sejour"))
        .await;
    assert_eq!(error.message(), "no column secret");
    let full = found[0].error.as_deref().expect("a text");
    assert!(full.contains("Valid fields"), "{full}");

    // What a physical plan quotes, with files and policies.
    let sql = "SELECT cost FROM sejour WHERE cost > ALL (SELECT cost FROM sejour)";
    let (_, found) = world
        .added(async { session.sql(sql).await.map(drop) })
        .await;
    if let Some(entry) = found.iter().find(|entry| entry.event == Event::Refused) {
        assert!(entry.error.is_some());
    }
}

#[tokio::test]
async fn what_a_reader_says_of_a_file_is_there_and_nowhere_else() {
    let world = World::new().await;
    let session = world.session();
    let file = object_store::path::Path::from("sejour/part-0.parquet");
    let whole = world.store.get(&file).await.expect("a file");
    let mut torn = whole.bytes().await.expect("bytes").to_vec();
    let end = torn.len();
    torn[4..end / 3].fill(0xa5);
    world.store.put(&file, torn.into()).await.expect("put");
    let (error, found) = world
        .added(refusal(&session, "SELECT cost FROM sejour"))
        .await;
    assert_eq!(error.to_string(), "the data could not be read");
    let full = found.last().and_then(|entry| entry.error.clone());
    let full = full.expect("a text");
    assert!(
        full.len() > "the data could not be read: ".len() && full.contains("could not be read: "),
        "{full}"
    );
    assert!(!full.contains("IDENTIFIER") && !full.contains("DENIED"));
}

#[tokio::test]
async fn a_release_that_waited_for_a_person_is_there_when_it_leaves() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("folder");
    let quarantine = Quarantine::folder(folder.path()).expect("quarantine");
    let session = world.session();
    let releaser = Releaser::new(&session).reviewer(Arc::new(quarantine.clone()));
    let (asked, entries) = world.added(releaser.sql(SQL)).await;
    let Err(ReleaseError::Quarantined { id, .. }) = asked else {
        panic!("it left: {asked:?}");
    };
    assert_eq!(events(&entries), [Event::Asked, Event::Failed]);
    let decided = quarantine.decide(&id, Verdict::Approve, "marie", "large groups");
    decided.await.expect("decided");

    let (fetched, entries) = world.added(quarantine.fetch(&session, &id)).await;
    assert_eq!(fetched.expect("approved").cells(), 1);
    let [left] = &entries[..] else {
        panic!("{entries:#?}");
    };
    assert_eq!(
        (left.event, left.door),
        (Event::Released, Some(Door::Release))
    );
    assert_eq!(
        (left.sql.as_deref(), left.principal.as_str()),
        (Some(SQL), "ana")
    );
    assert_eq!(
        (left.cells_released, left.cells_withheld),
        (Some(1), Some(0))
    );
    assert_eq!(left.decided_by.as_deref(), Some("marie"));

    world.breaks();
    let unrecorded = quarantine.fetch(&session, &id).await;
    assert_eq!(unrecorded.expect_err("not recorded").code(), "not_recorded");
}

#[tokio::test]
async fn a_release_is_there_with_what_left_and_what_was_withheld() {
    let world = World::new().await;
    let session = world.session();
    let releaser = Releaser::new(&session);
    let sql = "SELECT CASE WHEN cost < 9 THEN 'low' ELSE 'high' END AS level, count(*) FROM sejour GROUP BY 1";
    let (release, found) = world.added(releaser.sql(sql)).await;
    let release = release.expect("release");
    assert_eq!(events(&found), [Event::Asked, Event::Released]);
    assert_eq!(found[0].door, Some(Door::Release));
    assert_eq!(found[0].sql.as_deref(), Some(sql));
    assert_eq!(found[0].tables, ["sejour"]);
    assert!(
        found[0].columns.contains(&"sejour.patient".to_owned()),
        "whoever is counted: {:?}",
        found[0].columns
    );
    let report = release.report();
    assert_eq!((report.released, report.withheld), (1, 1));
    assert_eq!(
        (found[1].cells_released, found[1].cells_withheld),
        (Some(1), Some(1))
    );
    assert_eq!(report.permit, found[1].permit_hash);
    let explained = session.explain(SQL).await.expect("plan");
    assert!(explained.contains(&report.permit), "{explained}");

    let (refused, found) = world.added(releaser.sql("SELECT cost FROM sejour")).await;
    assert_eq!(refused.expect_err("rows").code(), "row_level");
    assert_eq!(events(&found), [Event::Refused]);
    assert_eq!(found[0].code.as_deref(), Some("row_level"));

    // Nothing fails by a value of a row: casts that do not fit and divisions by zero are NULL.
    let few = releaser.clone().most_cells(0);
    let (refused, found) = world.added(few.sql("SELECT count(*) FROM sejour")).await;
    assert!(refused.is_err());
    assert_eq!(events(&found), [Event::Asked, Event::Failed]);
}

/// What is read is said, not what is shown: the columns of the policy, of masks, of people.
#[tokio::test]
async fn the_stored_columns_that_are_read_are_there() {
    let world = World::new().await;
    let masked = permit(
        "[table.sejour]\ncolumns = [\"patient\", \"note\", \"cost\"]\nwhere = \"region = 'A'\"\n[table.sejour.mask]\ncost = { sql = \"length(secret)\" }",
    );
    let masked = world.platform.session(&masked, "ana").expect("session");
    let plain = world.session();
    for (session, sql, columns) in [
        (&plain, "SELECT count(*) FROM sejour", vec!["region"]),
        (&plain, "SELECT cost FROM sejour", vec!["cost", "region"]),
        (
            &plain,
            "SELECT patient FROM sejour WHERE note = 'n1'",
            vec!["note", "patient", "region"],
        ),
        (&masked, "SELECT cost FROM sejour", vec!["region", "secret"]),
        (
            &plain,
            "WITH a AS (SELECT cost FROM sejour) SELECT * FROM a WHERE cost > (SELECT avg(length(note)) FROM sejour)",
            vec!["cost", "note", "region"],
        ),
        (
            &plain,
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM sejour s WHERE s.note = 'n1')",
            vec!["note", "region"],
        ),
        (
            &plain,
            "SELECT cost FROM sejour UNION ALL SELECT length(note) FROM sejour",
            vec!["cost", "note", "region"],
        ),
        (&plain, "SELECT 1", vec![]),
    ] {
        let (_, found) = world.added(rows(session, sql)).await;
        let expected: Vec<String> = columns
            .iter()
            .map(|column| format!("sejour.{column}"))
            .collect();
        assert_eq!(found[0].columns, expected, "{sql}");
        assert_eq!(found[0].tables.is_empty(), expected.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn what_a_table_without_people_is_held_against_is_there() {
    let folder = tempfile::tempdir().expect("folder");
    let journal = JournalConfig::new(folder.path());
    let order: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = |name: &str| snds_table(name, &[("PRS_ORD_NUM", Arc::clone(&order))]);
    let platform = Stored::new()
        .with(|builder| builder.journal(journal, "journal"))
        .table("er_prs_f", |table| table, &batch("er_prs_f"))
        .await
        .table("er_pha_f", |table| table, &batch("er_pha_f"))
        .await
        .platform()
        .await;
    let permit = permit(
        "[table.er_prs_f]\ncolumns = [\"PRS_NAT_REF\"]\nwhere = \"BEN_RES_DPT = '075'\"\n[table.er_pha_f]\ncolumns = [\"PHA_ACT_QSN\"]",
    );
    let session = platform.session(&permit, "ana").expect("session");
    rows(&session, "SELECT PHA_ACT_QSN FROM er_pha_f").await;
    let asked = entries(folder.path()).remove(1);
    assert_eq!(asked.tables, ["ER_PHA_F", "ER_PRS_F"]);
    for column in [
        "ER_PHA_F.PHA_ACT_QSN",
        "ER_PHA_F.DCT_ORD_NUM",
        "ER_PRS_F.DCT_ORD_NUM",
        "ER_PRS_F.BEN_RES_DPT",
    ] {
        assert!(
            asked.columns.iter().any(|known| known == column),
            "{column} in {:?}",
            asked.columns
        );
    }
    assert!(
        !asked
            .columns
            .iter()
            .any(|known| known == "ER_PRS_F.BEN_NIR_PSA")
    );
}

/// No stored identifier, denied value or hidden value comes into the journal by itself.
#[tokio::test]
async fn the_journal_holds_no_identifier_that_nobody_typed() {
    let world = World::new().await;
    let session = world.session();
    let releaser = Releaser::new(&session);
    for sql in [
        "SELECT * FROM sejour",
        "SELECT CAST(patient AS INT) FROM sejour",
        "SELECT 1 / (cost - cost), patient FROM sejour",
        "SELECT max(patient), min(note) FROM sejour WHERE patient LIKE '%IDENT%'",
        "SELECT CAST(patient || note AS DATE) FROM sejour",
        "SELECT arrow_cast(patient, 'Int8') FROM sejour",
        "SELECT count(*) FROM sejour GROUP BY CAST(patient AS INT)",
        "SELECT secret FROM sejour",
        "SELECT patient FROM sejour a JOIN sejour b ON CAST(a.patient AS INT) = b.cost",
    ] {
        let _ = crate::fixture::ask(&session, sql).await;
        let _ = releaser.sql(sql).await;
        let _ = session.explain(sql).await;
        let _ = world.platform.diagnose("olga", &session, sql).await;
    }
    let text: String = std::fs::read_dir(world.folder.path())
        .expect("folder")
        .map(|file| std::fs::read_to_string(file.expect("file").path()).expect("text"))
        .collect();
    assert!(text.contains("\"failed\"") && text.contains("\"refused\""));
    assert!(!text.contains("IDENTIFIER-"), "an identifier");
    assert!(!text.contains("DENIED-"), "a denied value");
}

#[tokio::test]
async fn a_question_that_cannot_be_recorded_is_not_answered() {
    let world = World::new().await;
    let session = world.session();
    let plan = session.plan("SELECT cost FROM sejour").await.expect("plan");
    let physical = session.physical_plan(&plan, vec![]).await.expect("plan");
    let mut question = session.question(SQL).await.expect("question");
    let of_question = question
        .physical_plan(question.plan(), vec![])
        .await
        .expect("plan");
    let answer = question.run(of_question).await.expect("answer");
    assert!(answer.collect().await.is_ok());
    let mut begun = session
        .sql("SELECT cost FROM sejour")
        .await
        .expect("answer");
    begun.next().await.expect("a batch").expect("rows");

    world.breaks();
    let refused = "not_recorded";
    for sql in [
        SQL,
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "SELECT secret FROM sejour",
        "SELECT (",
    ] {
        let error = refusal(&session, sql).await;
        assert_eq!(error.code().as_str(), refused, "{sql}");
        assert_eq!(
            error.message(),
            "the question could not be recorded in the journal, so it is not answered"
        );
    }
    let code = |error: sceau::QueryError| error.code().as_str();
    assert_eq!(
        code(session.explain(SQL).await.expect_err("explain")),
        refused
    );
    assert_eq!(
        code(session.execute(plan).await.expect_err("execute")),
        refused
    );
    let mut physical = session.run_physical(physical).expect("not yet recorded");
    assert_eq!(
        code(
            physical
                .next()
                .await
                .expect("an error")
                .expect_err("run_physical")
        ),
        refused
    );
    assert!(physical.next().await.is_none());
    let error = Releaser::new(&session).sql(SQL).await.expect_err("release");
    assert_eq!(error.code(), refused);
    let error = world.platform.diagnose("olga", &session, SQL).await;
    assert_eq!(code(error.expect_err("diagnose")), refused);
    // What was under way: it neither leaves nor ends well.
    assert_eq!(
        code(question.released(1, 0).await.expect_err("released")),
        refused
    );
    assert_eq!(
        code(begun.next().await.expect("an error").expect_err("the end")),
        refused
    );
    let error = world
        .platform
        .session(&permit(PERMIT), "ana")
        .expect_err("a session");
    assert_eq!(error.code(), "not_recorded");
}

/// Doors are not let open by a text that no record holds.
#[tokio::test]
async fn a_question_too_long_for_a_record_is_refused_and_its_beginning_recorded() {
    let world = World::new().await;
    let session = world.session();
    for filler in ["x", "\u{1}", "é"] {
        let sql = format!("SELECT '{}'", filler.repeat(3 << 20));
        let (error, found) = world.added(refusal(&session, &sql)).await;
        assert_eq!(error.code().as_str(), "syntax");
        assert_eq!(events(&found), [Event::Refused]);
        let kept = found[0].sql.as_deref().expect("the beginning");
        assert!(kept.starts_with("SELECT '") && kept.len() < sql.len());
        assert!(kept.ends_with(&format!("… ({} bytes in all)", sql.len())));
    }
    let sql = format!("SELECT '{}'", "\u{1}".repeat((2 << 20) - 9));
    let (_, found) = world
        .added(async { session.sql(&sql).await.expect("answer").collect().await })
        .await;
    assert_eq!(events(&found), [Event::Asked, Event::Answered]);
    assert_eq!(found[0].sql.as_deref(), Some(sql.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn questions_at_once_are_each_recorded_to_their_end() {
    let world = Arc::new(World::new().await);
    let session = world.session();
    let mut tasks = vec![];
    for at in 0..60 {
        let session = session.clone();
        tasks.push(tokio::spawn(async move {
            match at % 3 {
                0 => drop(rows(&session, SQL).await),
                1 => drop(refusal(&session, "SELECT secret FROM sejour").await),
                _ => drop(
                    session
                        .sql("SELECT cost FROM sejour")
                        .await
                        .expect("answer"),
                ),
            }
        }));
    }
    for task in tasks {
        task.await.expect("a task");
    }
    let entries = world.entries();
    let count = |event| entries.iter().filter(|entry| entry.event == event).count();
    assert_eq!(count(Event::Asked), 40);
    assert_eq!(count(Event::Answered), 20);
    assert_eq!(count(Event::Refused), 20);
    assert_eq!(count(Event::Abandoned), 20);
    for entry in &entries[1..] {
        let of_one: Vec<_> = entries
            .iter()
            .filter(|other| other.question == entry.question)
            .map(|other| other.event)
            .collect();
        assert!(
            matches!(
                of_one[..],
                [Event::Refused]
                    | [Event::Asked, Event::Answered]
                    | [Event::Asked, Event::Abandoned]
            ),
            "{of_one:?}"
        );
    }
}

#[tokio::test]
async fn a_permit_that_changes_or_expires_under_an_open_session_is_recorded_as_it_stood() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("permit.toml");
    let text = permit_text("p", PERMIT);
    std::fs::write(&file, &text).expect("write");
    let permit = Permit::from_file(&file).expect("permit");
    let session = world.platform.session(&permit, "ana").expect("session");
    let first = permit.hash().to_owned();
    let (_, found) = world.added(rows(&session, SQL)).await;
    assert_eq!(found[0].permit_hash, first);

    // An answer goes on under the version that it began with, and is recorded so.
    let mut begun = session
        .sql("SELECT cost FROM sejour")
        .await
        .expect("answer");
    begun.next().await.expect("a batch").expect("rows");
    std::fs::write(&file, format!("{text}\n# narrower\n")).expect("write");
    let (answer, found) = world.added(rows(&session, SQL)).await;
    assert_eq!(answer, ["12"]);
    let second = found[0].permit_hash.clone();
    assert_ne!(first, second);
    assert_eq!(session.permit().hash(), second);
    assert_eq!(found[1].permit_hash, second);
    let (_, found) = world.added(begun.collect()).await;
    assert_eq!(found[0].permit_hash, first);
    let released = Releaser::new(&session).sql(SQL).await.expect("release");
    assert_eq!(released.report().permit, second);

    for (change, code) in [
        (text.replace("2099", "2020"), "expired"),
        (text.replace("[\"ana\"]", "[\"luc\"]"), "not_permitted"),
        ("not a permit".to_owned(), "not_permitted"),
        (text.replace("region", "regio"), "not_permitted"),
    ] {
        std::fs::write(&file, change).expect("write");
        let (error, found) = world.added(refusal(&session, SQL)).await;
        assert_eq!(error.code().as_str(), code);
        assert_eq!(events(&found), [Event::Refused]);
        assert_eq!(found[0].code.as_deref(), Some(code));
        assert_eq!(found[0].permit_hash, second, "the last that held");
    }
    let last = world.entries().pop().expect("an entry");
    let full = last.error.expect("the full text");
    assert!(full.contains("table.sejour.where"), "{full}");
}

/// A question is admitted again under a permit that was good and is so again: expiry in between let nothing through.
#[tokio::test]
async fn a_permit_that_expires_during_a_question_stops_the_next_one_at_every_door() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("permit.toml");
    let text = permit_text("p", PERMIT);
    std::fs::write(&file, &text).expect("write");
    let permit = Permit::from_file(&file).expect("permit");
    let session = world.platform.session(&permit, "ana").expect("session");
    let plan = session.plan("SELECT cost FROM sejour").await.expect("plan");
    let physical = session.physical_plan(&plan, vec![]).await.expect("plan");
    std::fs::write(&file, text.replace("2099", "2020")).expect("write");
    let expired = |code: &str| assert_eq!(code, "expired");
    expired(refusal(&session, SQL).await.code().as_str());
    expired(refusal(&session, "SHOW TABLES").await.code().as_str());
    expired(
        session
            .explain(SQL)
            .await
            .expect_err("explain")
            .code()
            .as_str(),
    );
    expired(
        session
            .table("sejour")
            .await
            .expect_err("table")
            .code()
            .as_str(),
    );
    expired(session.plan(SQL).await.expect_err("plan").code().as_str());
    expired(
        session
            .physical_plan(&plan, vec![])
            .await
            .expect_err("plan")
            .code()
            .as_str(),
    );
    expired(
        session
            .execute(plan)
            .await
            .expect_err("execute")
            .code()
            .as_str(),
    );
    expired(
        session
            .run_physical(physical)
            .expect_err("run")
            .code()
            .as_str(),
    );
    expired(
        Releaser::new(&session)
            .sql(SQL)
            .await
            .expect_err("release")
            .code(),
    );
    let told = world.platform.diagnose("olga", &session, SQL).await;
    expired(told.expect_err("diagnose").code().as_str());
}

#[tokio::test]
async fn a_permit_cannot_use_the_journals_key() {
    let world = World::new().await;
    let permit = permit(&format!("key = \"journal\"\n{PERMIT}"));
    let error = world
        .platform
        .session(&permit, "ana")
        .expect_err("the journal's key")
        .to_string();
    assert_eq!(
        error,
        "permit.toml:4: key: expected a key that is not the journal's, whose reviewers could tell people by it, found \"journal\""
    );
}

#[tokio::test]
async fn a_journal_has_one_platform_at_a_time() {
    let world = World::new().await;
    let config = JournalConfig::new(world.folder.path());
    let second = || Stored::new().with(|builder| builder.journal(config.clone(), "journal"));
    let error = second().try_platform().await.expect_err("two writers");
    assert!(
        error
            .to_string()
            .contains("another writer has this journal"),
        "{error}"
    );
    drop(world.platform);
    assert!(second().try_platform().await.is_ok());
    let other_key = Stored::new().with(|builder| builder.journal(config.clone(), "another"));
    let error = other_key.try_platform().await.expect_err("another key");
    assert!(error.to_string().contains("journal.path"), "{error}");
}
