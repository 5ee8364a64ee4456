//! A join of a detail table to its parent on the whole key reads both month by month of the flux: the same rows in the same order
//! whichever side is held in memory, and an answer even where no month of parents fits.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int16Array, Int32Array, StringArray};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use sceau::{Platform, PlatformBuilder, TableConfig};

use crate::fixture::{DCIR_KEY as KEY, JANUARY, code, parquet_bytes, rows, session, snds_table};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Months {
    /// One after the other.
    InOrder,
    /// In turn, row by row.
    Mixed,
    /// In turn, a hundred rows of each.
    InPieces,
}

impl Months {
    /// The month of the `row`th of `rows` rows.
    fn of(self, row: i32, rows: i32) -> i32 {
        let month = match self {
            Self::InOrder => row * 3 / rows,
            Self::Mixed => row % 3,
            Self::InPieces => row / 100 % 3,
        };
        JANUARY + 31 * month
    }
}

/// The nine columns of rows with these numbers.
fn key(numbers: &[i32], all: i32, months: Months) -> Vec<(&'static str, ArrayRef)> {
    KEY.into_iter()
        .map(|name| {
            let column: ArrayRef = match name {
                "FLX_DIS_DTD" => Arc::new(Date32Array::from_iter_values(
                    numbers.iter().map(|number| months.of(*number, all)),
                )),
                "DCT_ORD_NUM" => Arc::new(Int32Array::from(numbers.to_vec())),
                "FLX_TRT_DTD" => Arc::new(Date32Array::from(vec![JANUARY; numbers.len()])),
                "ORG_CLE_NUM" => Arc::new(StringArray::from(vec!["o"; numbers.len()])),
                _ => Arc::new(Int16Array::from(vec![1; numbers.len()])),
            };
            (name, column)
        })
        .collect()
}

/// Acts, every fourth hidden and every fifth there twice, and two drugs of each.
async fn stored(acts: i32, months: Months) -> PlatformBuilder {
    let twice: Vec<i32> = (0..acts)
        .flat_map(|act| std::iter::repeat_n(act, if act % 5 == 0 { 2 } else { 1 }))
        .collect();
    stored_as(&twice, acts, months).await
}

/// The acts of these rows, every fourth hidden, and two drugs of each.
async fn stored_as(twice: &[i32], acts: i32, months: Months) -> PlatformBuilder {
    let mut act = key(twice, acts, months);
    act.push((
        "BEN_RES_DPT",
        Arc::new(StringArray::from_iter_values(
            twice
                .iter()
                .map(|act| if act % 4 == 0 { "092" } else { "075" }),
        )),
    ));
    act.push((
        "BEN_AMA_COD",
        Arc::new(Int32Array::from_iter_values(
            (0..).take(twice.len()).map(|row: i32| row % 1000),
        )),
    ));
    let both: Vec<i32> = (0..acts).flat_map(|act| [act, act]).collect();
    let mut drug = key(&both, acts, months);
    drug.push((
        "PHA_ACT_QSN",
        Arc::new(Int16Array::from_iter_values(
            (0..).take(both.len()).map(|row: i32| (row % 30_000) as i16),
        )),
    ));
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let mut builder = Platform::builder().store("data", Arc::clone(&store));
    for (name, batch) in [
        ("er_prs_f", snds_table("er_prs_f", &act)),
        ("er_pha_f", snds_table("er_pha_f", &drug)),
    ] {
        let path = Path::from(format!("{name}/a.parquet"));
        let bytes = parquet_bytes(&batch, 1000).into();
        store.put(&path, bytes).await.expect("put");
        builder = builder.table(name, TableConfig::new("data", name));
    }
    builder
}

fn permitted() -> String {
    let keys = KEY.map(|key| format!("{key:?}")).join(", ");
    format!(
        "[table.er_prs_f]\ncolumns = [{keys}, \"BEN_AMA_COD\"]\nwhere = \"BEN_RES_DPT = '075'\"\n\
         [table.er_pha_f]\ncolumns = [{keys}, \"PHA_ACT_QSN\"]\n"
    )
}

fn joined(what: &str) -> String {
    let on = KEY.map(|key| format!("d.{key} = p.{key}")).join(" AND ");
    format!("SELECT {what} FROM er_pha_f d JOIN er_prs_f p ON {on}")
}

#[tokio::test]
async fn rows_come_in_the_order_of_the_details_and_of_the_parents_of_each_whatever_is_held() {
    const ACTS: i32 = 600;
    for months in [Months::InOrder, Months::Mixed, Months::InPieces] {
        let question = joined("d.DCT_ORD_NUM, d.PHA_ACT_QSN, p.BEN_AMA_COD");
        // By hand: the visible acts of each drug, in the order in which they are stored.
        let mut expected = Vec::new();
        let (mut stored_act, mut drug) = (0, 0);
        for act in 0..ACTS {
            let times = if act % 5 == 0 { 2 } else { 1 };
            for quantity in [drug, drug + 1] {
                if act % 4 != 0 {
                    expected.extend(
                        (stored_act..stored_act + times)
                            .map(|age| format!("{act} {quantity} {}", age % 1000)),
                    );
                }
            }
            stored_act += times;
            drug += 2;
        }
        // Small batches are few rows that are held, so that parents are; in large ones all details are.
        for batch_size in [1, 7, 64, 8192] {
            let platform = stored(ACTS, months)
                .await
                .partitions(1)
                .batch_size(batch_size)
                .build()
                .await
                .expect("platform");
            let answer = rows(&session(&platform, &permitted()), &question).await;
            assert!(answer == expected, "{months:?} in batches of {batch_size}");
        }
    }
}

#[tokio::test]
async fn parents_of_one_key_come_in_their_order_however_far_apart_they_are_stored() {
    const ACTS: i32 = 300;
    // All of them, all of them backwards, and some once more.
    let stored: Vec<i32> = (0..ACTS)
        .chain((0..ACTS).rev())
        .chain((0..ACTS).step_by(3))
        .collect();
    let expected: Vec<String> = (0..2 * ACTS)
        .filter(|drug| drug / 2 % 4 != 0)
        .flat_map(|drug| {
            let row = |(row, act): (usize, &i32)| (*act == drug / 2).then_some(row);
            let rows: Vec<usize> = stored.iter().enumerate().filter_map(row).collect();
            rows.into_iter().map(move |age| format!("{drug} {age}"))
        })
        .collect();
    for months in [Months::InOrder, Months::Mixed, Months::InPieces] {
        for batch_size in [1, 7, 64, 8192] {
            let builder = stored_as(&stored, ACTS, months).await;
            let builder = builder.partitions(1).batch_size(batch_size);
            let platform = builder.build().await.expect("platform");
            let question = joined("d.PHA_ACT_QSN, p.BEN_AMA_COD");
            let answer = rows(&session(&platform, &permitted()), &question).await;
            assert!(answer == expected, "{months:?} in batches of {batch_size}");
        }
    }
}

#[tokio::test]
async fn every_way_to_join_is_taken() {
    for (months, batch_size, way) in [
        (Months::InOrder, 8192, "details_held"),
        (Months::InOrder, 7, "months_held"),
        (Months::Mixed, 7, "parents_held"),
    ] {
        let platform = stored(1_200, months)
            .await
            .partitions(1)
            .batch_size(batch_size)
            .build()
            .await
            .expect("platform");
        let session = session(&platform, &permitted());
        let diagnosis = platform
            .diagnose("operator", &session, &joined("count(*)"))
            .await
            .expect("diagnosis");
        let text = diagnosis.to_string();
        let line = text.lines().find(|line| line.contains("FluxJoinExec"));
        let line = line.unwrap_or_else(|| panic!("{text}"));
        assert!(!line.contains(&format!("{way}=0")), "{way}: {line}");
        assert!(line.contains(way), "{way}: {line}");
        assert!(!line.contains("parents_read=0"), "{line}");
        assert!(!line.contains("parents_bytes_scanned=0"), "{line}");
    }
}

#[tokio::test]
async fn where_no_month_of_parents_fits_into_memory_parts_of_the_details_do() {
    // Ten thousand acts a month: their keys and hashes take more than a megabyte.
    const ACTS: i32 = 30_000;
    let question = joined("count(*), sum(d.PHA_ACT_QSN), sum(p.BEN_AMA_COD)");
    let mut answers = Vec::new();
    for (months, bytes) in [
        (Months::InOrder, None),
        (Months::InOrder, Some(600_000)),
        (Months::Mixed, None),
        (Months::Mixed, Some(600_000)),
    ] {
        let builder = stored(ACTS, months).await.partitions(1).batch_size(500);
        let platform = match bytes {
            Some(bytes) => builder.memory_limit(bytes),
            None => builder,
        };
        let platform = platform.build().await.expect("platform");
        answers.push(rows(&session(&platform, &permitted()), &question).await);
    }
    assert_eq!(answers[0][0].split(' ').next(), Some("54000"));
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    // What is reserved for the details is reserved whatever they are.
    let platform = stored(ACTS, Months::InOrder)
        .await
        .memory_limit(150_000)
        .partitions(1)
        .build()
        .await
        .expect("platform");
    let session = session(&platform, &permitted());
    for question in [
        question.clone(),
        format!("{question} WHERE d.PHA_ACT_QSN = -1"),
    ] {
        assert_eq!(code(&session, &question).await.as_str(), "resources");
    }
}

#[tokio::test]
async fn details_whose_parents_are_all_hidden_are_read_past() {
    for months in [Months::InOrder, Months::Mixed, Months::InPieces] {
        for (hidden, expected) in [
            ("BEN_AMA_COD < 0", "0"),
            // Of the second month of three, or of the last, nothing is seen where months come in order.
            ("FLX_DIS_DTD <> DATE '2019-02-01'", ""),
            ("FLX_DIS_DTD = DATE '2019-01-01'", ""),
        ] {
            let permit = permitted().replace("BEN_RES_DPT = '075'", hidden);
            let mut counts = Vec::new();
            for batch_size in [7, 8192] {
                let platform = stored(1_200, months)
                    .await
                    .partitions(1)
                    .batch_size(batch_size)
                    .build()
                    .await
                    .expect("platform");
                counts.extend(rows(&session(&platform, &permit), &joined("count(*)")).await);
            }
            assert_eq!(counts[0], counts[1], "{months:?} {hidden}");
            if !expected.is_empty() {
                assert_eq!(counts[0], expected, "{months:?} {hidden}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_reserved_for_details_leaves_memory_to_the_rest_of_the_question() {
    for months in [Months::InOrder, Months::Mixed] {
        let platform = stored(30_000, months)
            .await
            .partitions(4)
            .batch_size(500)
            .memory_limit(64 << 20)
            .build()
            .await
            .expect("platform");
        let grouped = joined("d.DCT_ORD_NUM AS act, d.PHA_ACT_QSN, max(p.BEN_AMA_COD) AS most");
        let question = format!(
            "SELECT count(*), sum(most) FROM ({grouped} GROUP BY d.DCT_ORD_NUM, d.PHA_ACT_QSN) \
             JOIN (SELECT DISTINCT DCT_ORD_NUM AS other FROM er_prs_f) ON other = act"
        );
        let answer = rows(&session(&platform, &permitted()), &question).await;
        assert_eq!(answer[0].split(' ').next(), Some("45000"), "{months:?}");
    }
}

#[tokio::test]
async fn what_stands_above_a_join_sees_the_same_rows_whatever_is_held() {
    let pairs = joined("d.PHA_ACT_QSN AS drug, p.BEN_AMA_COD AS age");
    let on = KEY.map(|key| format!("e.{key} = p.{key}")).join(" AND ");
    let twice = joined("count(*), sum(d.PHA_ACT_QSN), sum(e.PHA_ACT_QSN)");
    let questions = [
        // Read again in each turn.
        format!(
            "WITH RECURSIVE turns AS (SELECT 0 AS turn, CAST(0 AS BIGINT) AS drugs UNION ALL \
             SELECT turn + 1, drugs + found FROM turns CROSS JOIN (SELECT count(*) AS found FROM ({pairs})) \
             WHERE turn < 3) SELECT turn, drugs FROM turns ORDER BY turn"
        ),
        format!("SELECT drug, age FROM ({pairs}) ORDER BY age DESC, drug LIMIT 9"),
        format!(
            "SELECT drug, sum(age) OVER (ORDER BY drug, age) AS upto FROM ({pairs}) ORDER BY drug, upto LIMIT 50"
        ),
        format!("{twice} JOIN er_pha_f e ON {on}"),
        format!("{twice} LEFT JOIN er_pha_f e ON {on}"),
        format!(
            "SELECT count(*) FROM er_prs_f o WHERE EXISTS (SELECT 1 FROM ({pairs}) WHERE age = o.BEN_AMA_COD AND drug > 10)"
        ),
        format!("({pairs}) INTERSECT ({pairs}) ORDER BY drug, age"),
    ];
    for months in [Months::InOrder, Months::Mixed, Months::InPieces] {
        let mut answers: Vec<Vec<String>> = Vec::new();
        for (partitions, batch_size) in [(1, 8192), (1, 7), (4, 7), (4, 64)] {
            let builder = stored(200, months).await;
            let builder = builder.partitions(partitions).batch_size(batch_size);
            let platform = builder.build().await.expect("platform");
            let session = session(&platform, &permitted());
            let mut answer = Vec::new();
            for question in &questions {
                answer.push(rows(&session, question).await.join("; "));
            }
            answers.push(answer);
        }
        for other in &answers[1..] {
            assert_eq!(other, &answers[0], "{months:?}");
        }
        assert_eq!(answers[0][0].split("; ").count(), 4);
    }
}
