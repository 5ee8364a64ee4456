//! Files that cannot be read and memory that runs out: told in fixed words, whatever the files hold.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use futures::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use sceau::{QueryError, Session};

use super::world::{FILE, HIDDEN, PERMIT, PLAIN, World, stays};
use crate::fixture::{ask, parquet_bytes, permit};

const QUESTIONS: [&str; 4] = [
    "SELECT * FROM sejour",
    "SELECT count(*) FROM sejour",
    "SELECT cost FROM sejour WHERE note LIKE '2%' ORDER BY cost LIMIT 1",
    "SELECT (SELECT max(cost) FROM sejour)",
];

fn tells_nothing(error: &QueryError) {
    let text = error.message().to_lowercase();
    for word in [
        "sejour", "part-0", "parquet", "sceau://", "data/", "memory:", "offset", "magic", "byte",
    ] {
        assert!(!text.contains(word), "{word} in {error}");
    }
    assert!(
        HIDDEN.iter().all(|word| !error.message().contains(word)),
        "{error}"
    );
}

async fn cannot_be_read(session: &Session, what: &str) {
    for sql in QUESTIONS {
        let error = match ask(session, sql).await {
            Ok(answer) => panic!("{what}: {sql}\n{answer}"),
            Err(error) => error,
        };
        // Where overflow is checked, the reader panics on a footer that is longer than its file.
        let fixed = [
            ("unavailable", "the data could not be read"),
            ("internal", "the engine failed on this question"),
        ];
        let told = (error.code().as_str(), error.message());
        let panics = cfg!(debug_assertions);
        assert!(
            told == fixed[0] || (panics && told == fixed[1]),
            "{what}: {sql}: {error}"
        );
        tells_nothing(&error);
    }
}

async fn put(world: &World, bytes: Vec<u8>) {
    world
        .store
        .put(&Path::from(FILE), bytes.into())
        .await
        .expect("put");
}

/// Door 52: what a reader says of a broken file: its path, its columns, where in it and why.
#[tokio::test]
async fn a_broken_file_is_told_in_fixed_words() {
    let whole = parquet_bytes(&stays(), 3);
    let mut torn = whole.clone();
    torn.truncate(whole.len() / 2);
    let mut scrambled = whole.clone();
    let pages = whole.len() / 3;
    scrambled[4..pages].fill(0xa5);
    let mut footer = whole.clone();
    let end = footer.len();
    footer[end - 200..end - 8].fill(0xff);
    let mut long = whole.clone();
    let length = long.len();
    long[length - 8..length - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    for (what, bytes) in [
        ("half a file", torn),
        ("pages that are none", scrambled),
        ("a footer that is none", footer),
        ("a footer longer than the file", long),
        ("text", b"patient,HIDDEN,SECRET".repeat(40)),
        (
            "a name of the format and nothing else",
            b"PAR1PAR1".to_vec(),
        ),
    ] {
        let world = World::of(&stays(), PLAIN).await;
        put(&world, bytes).await;
        cannot_be_read(&world.session(&permit(PERMIT)), what).await;
    }
}

/// Door 52: a stored value that does not fit the type it is read as, which an error would quote.
#[tokio::test]
async fn a_file_of_other_types_is_told_in_fixed_words() {
    let rows = stays().num_rows();
    let text = |word: &str| Arc::new(StringArray::from(vec![word.to_owned(); rows]));
    let changed = RecordBatch::try_from_iter(stays().schema().fields().iter().map(|field| {
        let column: arrow::array::ArrayRef = match field.name().as_str() {
            "region" => text("A"),
            _ => text("SECRET"),
        };
        (field.name().clone(), column)
    }))
    .expect("batch");
    let world = World::of(&stays(), PLAIN).await;
    put(&world, parquet_bytes(&changed, 3)).await;
    let session = world.session(&permit(PERMIT));
    for sql in [
        "SELECT cost FROM sejour",
        "SELECT max(day) FROM sejour",
        "SELECT * FROM sejour WHERE cost > 1",
    ] {
        let error = ask(&session, sql).await.expect_err(sql);
        assert_eq!(error.code().as_str(), "unavailable", "{sql}: {error}");
        tells_nothing(&error);
    }
}

/// Door 52: a file that is gone when it is to be read.
#[tokio::test]
async fn a_file_that_disappears_is_told_in_fixed_words() {
    let world = World::of(&stays(), PLAIN).await;
    let session = world.session(&permit(PERMIT));
    let plan = session.plan("SELECT * FROM sejour").await.expect("plan");
    let physical = session.physical_plan(&plan, vec![]).await.expect("plan");
    world
        .store
        .delete(&Path::from(FILE))
        .await
        .expect("deleted");
    let error = session
        .run_physical(physical)
        .expect("a plan that was checked")
        .try_collect::<Vec<_>>()
        .await
        .expect_err("no file");
    assert_eq!(error.code().as_str(), "unavailable", "{error}");
    tells_nothing(&error);
}

/// Door 51: whether memory runs out depends on hidden rows. What is told when it does depends on nothing.
#[tokio::test]
async fn memory_that_runs_out_is_told_in_one_code_and_one_sentence() {
    let many: Vec<i64> = (0..50_000).collect();
    let numbers = |hidden: &str| {
        RecordBatch::try_from_iter([
            (
                "patient",
                Arc::new(StringArray::from_iter_values(
                    many.iter().map(|n| format!("patient {n}")),
                )) as _,
            ),
            (
                "region",
                Arc::new(StringArray::from_iter_values(
                    many.iter().map(|n| if n % 2 == 0 { "A" } else { "B" }),
                )) as _,
            ),
            (
                "note",
                Arc::new(StringArray::from_iter_values(many.iter().map(|n| {
                    if n % 2 == 0 {
                        format!("note {n}")
                    } else {
                        format!("{hidden} {n}")
                    }
                }))) as _,
            ),
            ("cost", Arc::new(Int64Array::from(many.clone())) as _),
        ])
        .expect("batch")
    };
    let tables = "[table.sejour]\ncolumns = [\"patient\", \"region\", \"note\", \"cost\"]\nwhere = \"region = 'A'\"";
    for hidden in ["SECRET", &"HIDDEN ".repeat(20)] {
        let world = World::within(&numbers(hidden), PLAIN, Some(10_000)).await;
        let session = world.session(&permit(tables));
        for sql in [
            "SELECT note, count(*) FROM sejour GROUP BY note",
            "SELECT a.note FROM sejour a JOIN sejour b ON a.note = b.note",
            "SELECT count(DISTINCT patient) FROM sejour",
            "SELECT a.cost FROM sejour a, sejour b, sejour c WHERE a.cost + b.cost = c.cost",
            "WITH RECURSIVE r AS (SELECT note, 1 AS n FROM sejour UNION SELECT note, n + 1 FROM r WHERE n < 3) SELECT count(*) FROM r",
        ] {
            let error = ask(&session, sql).await.expect_err(sql);
            assert_eq!(error.code().as_str(), "resources", "{sql}: {error}");
            assert_eq!(
                error.message(),
                "the question needs more memory than it may use"
            );
        }
        // What needs none is answered.
        let count = ask(&session, "SELECT count(*) FROM sejour")
            .await
            .expect("a count");
        assert!(count.contains("25000"), "{count}");
    }
}
