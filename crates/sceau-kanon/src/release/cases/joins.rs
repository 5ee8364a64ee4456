//! People through joins and unions.

use arrow::array::{ArrayRef, Date32Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::world::*;

#[tokio::test]
async fn case_55_a_join_multiplies_rows_and_not_people() {
    // Of patient 1: twelve prescriptions, one stay in H1 and five in H2.
    let mut rx = people(1, 1, 12);
    rx.extend(people(2, 3, 1));
    let mut stay = people(1, 1, 1);
    stay.extend(people(2, 3, 1));
    stay.extend(people(1, 1, 5));
    let mut hospital = of("H1", 4);
    hospital.extend(of("H2", 5));
    let session = world()
        .table("rx", vec![("pid", texts(rx))])
        .await
        .table(
            "stay",
            vec![("pid", texts(stay)), ("hospital", texts(hospital))],
        )
        .await
        .session()
        .await;
    let sql = "SELECT hospital, count(*) FROM rx JOIN stay ON rx.pid = stay.pid GROUP BY hospital";
    let released = release(&session, sql).await;
    assert!(rows_of(&released).is_empty());
    assert_eq!(released.report().withheld, 2);
}

#[tokio::test]
async fn a_join_with_others_rests_on_both() {
    let session = groups(&[("A", 1, 1), ("B", 40, 1)]).await.session().await;
    let sql =
        "SELECT count(DISTINCT b.pid) FROM t a CROSS JOIN t b WHERE a.dep = 'A' AND b.dep = 'B'";
    assert!(rows(&session, sql).await.is_empty());
    let counted = sql.replace("DISTINCT b.pid", "*");
    assert_eq!(refusal(&session, &counted).await.code(), "not_releasable");
}

async fn treated(treated: usize) -> World {
    groups(&[("A", 20, 1)])
        .await
        .table(
            "rx",
            vec![
                ("pid", texts(people(0, treated, 2))),
                ("drug", texts(of("x", treated * 2))),
            ],
        )
        .await
}

#[tokio::test]
async fn case_57_a_left_join_counts_the_side_that_is_kept() {
    let sql =
        "SELECT dep, count(*), count(rx.drug) FROM t LEFT JOIN rx ON t.pid = rx.pid GROUP BY dep";
    let nobody = treated(0).await.session().await;
    assert_eq!(rows(&nobody, sql).await, ["A 20 0"]);
    assert_eq!(
        rows(
            &nobody,
            "SELECT count(*) FROM t LEFT JOIN rx ON t.pid = rx.pid"
        )
        .await,
        ["20"]
    );
    let few = treated(4).await.session().await;
    assert!(rows(&few, sql).await.is_empty());
    // Four of twenty are treated, and nobody asks who: but rows without a match are seen to be sixteen only by count(*).
    assert!(
        rows(
            &few,
            "SELECT count(*) FROM t LEFT JOIN rx ON t.pid = rx.pid"
        )
        .await
        .is_empty()
    );
    let all = treated(20).await.session().await;
    assert_eq!(rows(&all, sql).await, ["A 40 40"]);
}

#[tokio::test]
async fn rows_of_unknown_people_on_the_nullable_side_are_somebody_s() {
    let session = groups(&[("A", 20, 1)])
        .await
        .table(
            "u",
            vec![
                ("pid", texts([None::<String>])),
                ("dep", texts(of("A", 1))),
                ("cost", floats([777.0])),
            ],
        )
        .await
        .session()
        .await;
    let sql = "SELECT count(*), sum(u.cost) FROM t LEFT JOIN u ON t.dep = u.dep GROUP BY t.dep";
    assert!(rows(&session, sql).await.is_empty());
}

#[tokio::test]
async fn case_59_a_person_of_both_branches_is_one() {
    let world = |common: usize, each: usize| async move {
        world()
            .table("a", vec![("pid", texts(people(0, each, 1)))])
            .await
            .table("b", vec![("pid", texts(people(each - common, each, 1)))])
            .await
            .session()
            .await
    };
    let sql = "SELECT count(DISTINCT pid) FROM (SELECT pid FROM a UNION ALL SELECT pid FROM b)";
    let session = world(5, 11).await;
    assert_eq!(rows(&session, sql).await, ["17"]);
    let session = world(2, 6).await;
    assert!(rows(&session, sql).await.is_empty());
    let session = world(1, 6).await;
    assert_eq!(rows(&session, sql).await, ["11"]);
    let grouped = "SELECT count(*) FROM (SELECT pid FROM a UNION SELECT pid FROM b)";
    assert_eq!(rows(&session, grouped).await, ["11"]);
}

#[tokio::test]
async fn ids_of_two_kinds_do_not_add_up() {
    let session = world()
        .table("a", vec![("pid", texts(people(0, 8, 1)))])
        .await
        .table("b", vec![("pid_other", texts(people(0, 8, 1)))])
        .await
        .session()
        .await;
    let sql = "SELECT count(*) FROM (SELECT pid FROM a UNION SELECT pid_other FROM b)";
    assert!(rows(&session, sql).await.is_empty());
}

/// Twelve people with a care each in ER_PRS_F, and a drug for so many of them in ER_PHA_F: all columns of the model.
async fn dcir(drugs: usize) -> World {
    world()
        .snds("ER_PRS_F", whole("ER_PRS_F", 12))
        .await
        .snds("ER_PHA_F", whole("ER_PHA_F", drugs))
        .await
}

fn whole(table: &str, rows: usize) -> Vec<(&'static str, ArrayRef)> {
    let model = sceau_core::snds::table(table).expect("model");
    model
        .columns
        .iter()
        .map(|column| {
            let kind = column.data_type.clone().unwrap_or(DataType::Utf8);
            let stored = match (column.name.as_str(), &kind) {
                ("BEN_NIR_PSA", _) => texts((0..rows).map(|person| Some(format!("{person:017}")))),
                ("PRS_ORD_NUM", kind) => {
                    cast(&ints((0..rows).map(|row| row as i64)), kind).expect("cast")
                }
                (_, DataType::Date32 | DataType::Timestamp(..)) => {
                    cast(&Date32Array::from(vec![18_000; rows]), &kind).expect("cast")
                }
                (_, kind) => cast(&ints(vec![1; rows]), kind).expect("cast"),
            };
            (&*column.name.clone().leak(), stored)
        })
        .collect()
}

fn on_keys(keys: usize) -> String {
    [
        "DCT_ORD_NUM",
        "FLX_DIS_DTD",
        "FLX_EMT_NUM",
        "FLX_EMT_ORD",
        "FLX_EMT_TYP",
        "FLX_TRT_DTD",
        "ORG_CLE_NUM",
        "PRS_ORD_NUM",
        "REM_TYP_AFF",
    ][..keys]
        .iter()
        .map(|key| format!("p.{key} = d.{key}"))
        .collect::<Vec<_>>()
        .join(" AND ")
}

#[tokio::test]
async fn a_detail_without_a_person_is_counted_through_its_parent() {
    let session = dcir(12).await.session().await;
    let joined = format!(
        "SELECT count(*) FROM ER_PRS_F p JOIN ER_PHA_F d ON {}",
        on_keys(9)
    );
    assert_eq!(rows(&session, &joined).await, ["12"]);
    let comma = format!(
        "SELECT count(*) FROM ER_PRS_F p, ER_PHA_F d WHERE {}",
        on_keys(9)
    );
    assert_eq!(rows(&session, &comma).await, ["12"]);
    let exists = format!(
        "SELECT count(*) FROM ER_PRS_F p WHERE EXISTS (SELECT 1 FROM ER_PHA_F d WHERE {})",
        on_keys(9)
    );
    assert_eq!(rows(&session, &exists).await, ["12"]);
    let few = dcir(10).await.session().await;
    assert!(rows(&few, &joined).await.is_empty());
}

#[tokio::test]
async fn a_detail_alone_or_half_joined_is_refused_with_the_join_to_add() {
    let session = dcir(12).await.session().await;
    for sql in [
        "SELECT count(*) FROM ER_PHA_F".to_owned(),
        format!(
            "SELECT count(*) FROM ER_PRS_F p JOIN ER_PHA_F d ON {}",
            on_keys(8)
        ),
        format!(
            "SELECT count(*) FROM ER_PHA_F d LEFT JOIN ER_PRS_F p ON {}",
            on_keys(9)
        ),
        "SELECT PRS_ORD_NUM FROM ER_PHA_F".to_owned(),
    ] {
        let error = refusal(&session, &sql).await;
        assert_eq!(error.code(), "unlinked_detail", "{sql}");
        assert!(
            error.to_string().contains("join ER_PRS_F on DCT_ORD_NUM"),
            "{error}"
        );
    }
}
