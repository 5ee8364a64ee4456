//! One table with traps in its hidden rows, and the same table without those rows.

use std::sync::Arc;

use arrow::array::{
    AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::filter_record_batch;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use sceau::snds::Role;
use sceau::{ColumnConfig, Permit, Platform, Session, TableConfig};

use crate::fixture::{TestKeys, ask, parquet_bytes, permit};

/// What the project may see: region A, without the column `secret`, the patient under a pseudonym.
pub const PERMIT: &str = "[table.sejour]\ncolumns = [\"patient\", \"region\", \"note\", \"cost\", \"day\", \"rate\"]\nwhere = \"region = 'A'\"";

/// Words that stand in hidden cells only.
pub const HIDDEN: [&str; 3] = ["HIDDEN", "SECRET", "DENIED"];

/// How a table is stored and read. Hidden rows can show in one layout and not in another: a row group of one row is
/// pruned before anything is evaluated on it.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub rows_a_group: usize,
    pub partitions: usize,
    pub late_materialization: bool,
}

pub const PLAIN: Layout = Layout {
    rows_a_group: 1024,
    partitions: 1,
    late_materialization: false,
};

const LAYOUTS: [Layout; 4] = [
    PLAIN,
    Layout {
        rows_a_group: 3,
        partitions: 1,
        late_materialization: true,
    },
    Layout {
        rows_a_group: 1,
        partitions: 4,
        late_materialization: true,
    },
    Layout {
        rows_a_group: 5,
        partitions: 4,
        late_materialization: false,
    },
];

/// Six stays of region A between six of region B. No number can be read from the notes of region B, its costs and days are
/// the extremes at which arithmetic fails, its rates are no numbers.
pub fn stays() -> RecordBatch {
    let regions = ["B", "A", "A", "B", "B", "A", "B", "A", "A", "B", "A", "B"];
    let notes = [
        "HIDDEN",
        "20",
        "7",
        "SECRET",
        "",
        "20",
        "HIDDEN 7",
        "-3",
        "11",
        "99 HIDDEN",
        "0",
        "1e999",
    ];
    let costs = [
        i64::MAX,
        100,
        50,
        i64::MIN,
        0,
        100,
        -1,
        7,
        300,
        i64::MAX,
        250,
        i64::MIN,
    ];
    let days = [
        i32::MAX,
        17_900,
        17_901,
        i32::MIN,
        0,
        17_901,
        i32::MAX,
        17_930,
        17_960,
        -1,
        17_990,
        i32::MIN,
    ];
    let rates = [
        f64::NAN,
        1.5,
        2.5,
        f64::INFINITY,
        0.0,
        1.5,
        -0.0,
        4.0,
        0.25,
        f64::NEG_INFINITY,
        8.0,
        f64::MAX,
    ];
    let secrets: Vec<String> = (0..12).map(|at| format!("DENIED {at}")).collect();
    let patients: Vec<String> = (0..12).map(|at| format!("patient {}", at % 5)).collect();
    RecordBatch::try_from_iter([
        ("patient", Arc::new(StringArray::from(patients)) as _),
        ("region", Arc::new(StringArray::from(regions.to_vec())) as _),
        ("note", Arc::new(StringArray::from(notes.to_vec())) as _),
        ("cost", Arc::new(Int64Array::from(costs.to_vec())) as _),
        ("day", Arc::new(Date32Array::from(days.to_vec())) as _),
        ("rate", Arc::new(Float64Array::from(rates.to_vec())) as _),
        ("secret", Arc::new(StringArray::from(secrets)) as _),
    ])
    .expect("stays")
}

/// The rows of region A, and of them the columns that are granted.
fn visible() -> RecordBatch {
    let all = stays();
    let regions = all.column_by_name("region").expect("a column");
    let kept: BooleanArray = regions
        .as_string::<i32>()
        .iter()
        .map(|region| Some(region == Some("A")))
        .collect();
    let secret = all.schema().index_of("secret").expect("a column");
    let mut kept = filter_record_batch(&all, &kept).expect("rows");
    kept.remove_column(secret);
    kept
}

/// A platform with one table, and the store its file is in.
pub struct World {
    pub store: Arc<dyn ObjectStore>,
    pub platform: Platform,
}

impl World {
    pub async fn of(batch: &RecordBatch, layout: Layout) -> Self {
        Self::within(batch, layout, None).await
    }

    /// The same, where all questions together may use so many bytes.
    pub async fn within(batch: &RecordBatch, layout: Layout, memory: Option<usize>) -> Self {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        store
            .put(
                &Path::from(FILE),
                parquet_bytes(batch, layout.rows_a_group).into(),
            )
            .await
            .expect("put");
        let table = TableConfig::new("data", "sejour/")
            .contributor(["patient"])
            .column(
                "patient",
                ColumnConfig::new(Role::Identifier).domain("patient"),
            );
        let mut builder = Platform::builder()
            .store("data", Arc::clone(&store))
            .keys(Arc::new(TestKeys))
            .table("sejour", table)
            .partitions(layout.partitions)
            .late_materialization(layout.late_materialization);
        if let Some(bytes) = memory {
            builder = builder.memory_limit(bytes);
        }
        let platform = builder.build().await.expect("platform");
        Self { store, platform }
    }

    pub fn session(&self, permit: &Permit) -> Session {
        self.platform.session(permit, "ana").expect("session")
    }
}

/// Where the only file of the table is.
pub const FILE: &str = "sejour/part-0.parquet";

/// A session over the table with its traps.
pub async fn trapped() -> Session {
    World::of(&stays(), PLAIN).await.session(&permit(PERMIT))
}

/// The answer as text, or the error's code and message.
///
/// With several partitions nothing fixes the order of rows, nor which of several visible values an error speaks of: rows
/// are sorted then, and of an error only the code is told.
pub async fn told(session: &Session, sql: &str, sorted: bool) -> String {
    match ask(session, sql).await {
        Ok(table) if sorted => {
            let mut lines: Vec<&str> = table.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        }
        Ok(table) => table,
        Err(error) if sorted => error.code().to_string(),
        Err(error) => format!("{}: {}", error.code(), error.message()),
    }
}

/// Each question tells the same whether or not there are hidden rows, under a permit and under the same one made strict.
pub async fn tells_nothing_of_hidden_rows(questions: &[&str]) {
    tells_nothing_under(PERMIT, questions).await;
}

/// The same under other table parts of a permit.
pub async fn tells_nothing_under(tables: &str, questions: &[&str]) {
    answers_alike(tables, &stays(), &visible(), questions).await;
}

/// Two stored tables that differ in what the permit hides answer alike.
pub async fn answers_alike(
    tables: &str,
    one: &RecordBatch,
    other: &RecordBatch,
    questions: &[&str],
) {
    for layout in LAYOUTS {
        let with = World::of(one, layout).await;
        let without = World::of(other, layout).await;
        let expected = without.session(&permit(tables));
        for strict in [false, true] {
            let asked = with.session(&permit(&format!("strict = {strict}\n{tables}")));
            for sql in questions {
                let sorted = layout.partitions > 1;
                let found = told(&asked, sql, sorted).await;
                assert_eq!(
                    found,
                    told(&expected, sql, sorted).await,
                    "{sql}\n{layout:?}, strict: {strict}"
                );
                assert!(
                    HIDDEN.iter().all(|word| !found.contains(word)),
                    "{sql}\n{found}"
                );
            }
        }
    }
}

/// As [`tells_nothing_of_hidden_rows`], of questions that must be answered: an error in both worlds would prove nothing.
pub async fn answers_from_visible_rows(questions: &[&str]) {
    let session = trapped().await;
    for sql in questions {
        let found = told(&session, sql, false).await;
        assert!(found.starts_with('+'), "{sql}: {found}");
    }
    tells_nothing_of_hidden_rows(questions).await;
}

/// Each text is refused, with one of the codes.
pub async fn are_refused(session: &Session, texts: &[&str], codes: &[&str]) {
    for sql in texts {
        match ask(session, sql).await {
            Ok(answer) => panic!("{sql} was answered:\n{answer}"),
            Err(error) => assert!(
                codes.contains(&error.code().as_str()),
                "{sql}: {}: {error}",
                error.code()
            ),
        }
    }
}
