//! A release counts persons: the pseudo-NIRs of one person once, twins twice where their rank tells them apart, and never
//! more than there are.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int16Array, RecordBatch, StringArray};
use sceau::{Platform, Release, Releaser, Session};

use crate::fixture::{Stored, session, snds_table};

/// A pseudo-NIR, its rank, and the person.
type Pair = (String, i16, String);

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn ranks(pairs: &[Pair]) -> ArrayRef {
    Arc::new(Int16Array::from_iter_values(
        pairs.iter().map(|pair| pair.1),
    ))
}

fn referential(pairs: &[Pair]) -> RecordBatch {
    snds_table(
        "ir_ben_r",
        &[
            (
                "BEN_NIR_PSA",
                texts(pairs.iter().map(|pair| pair.0.as_str())),
            ),
            ("BEN_RNG_GEM", ranks(pairs)),
            (
                "BEN_IDT_ANO",
                texts(pairs.iter().map(|pair| pair.2.as_str())),
            ),
        ],
    )
}

fn care(pairs: &[Pair]) -> RecordBatch {
    snds_table(
        "er_prs_f",
        &[
            (
                "BEN_NIR_PSA",
                texts(pairs.iter().map(|pair| pair.0.as_str())),
            ),
            ("BEN_RNG_GEM", ranks(pairs)),
            ("BEN_RES_DPT", texts(pairs.iter().map(|_| "075"))),
        ],
    )
}

fn stays(pairs: &[Pair]) -> RecordBatch {
    snds_table(
        "t_mco19c",
        &[
            (
                "NIR_ANO_17",
                texts(pairs.iter().map(|pair| pair.0.as_str())),
            ),
            ("ETA_NUM", texts(pairs.iter().map(|_| "h"))),
        ],
    )
}

async fn platform(pairs: &[Pair], known: bool) -> Platform {
    let mut stored = Stored::new()
        .table("er_prs_f", |table| table, &care(pairs))
        .await
        .table("t_mco19c", |table| table, &stays(pairs))
        .await;
    if known {
        stored = stored
            .table("ir_ben_r", |table| table, &referential(pairs))
            .await;
    }
    stored.platform().await
}

async fn opened(pairs: &[Pair], known: bool) -> Session {
    session(
        &platform(pairs, known).await,
        "[release]\nk = 11\n[table.er_prs_f]\ncolumns = \"*\"\n[table.t_mco19c]\ncolumns = \"*\"",
    )
}

async fn released(session: &Session, sql: &str) -> Release {
    Releaser::new(session)
        .sql(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Whether the one cell of an answer leaves.
async fn leaves(session: &Session, sql: &str) -> bool {
    let release = released(session, sql).await;
    let report = release.report();
    assert_eq!(report.released + report.withheld, 1, "{sql}");
    report.released == 1
}

fn with_two_pseudo_nirs(people: usize) -> Vec<Pair> {
    (0..people)
        .flat_map(|person| {
            ["a", "b"].map(|nir| (format!("{nir}{person}"), 1, format!("P{person}")))
        })
        .collect()
}

fn twins(pairs: usize) -> Vec<Pair> {
    (0..pairs)
        .flat_map(|pair| [1, 2].map(|rank| (format!("t{pair}"), rank, format!("T{pair}-{rank}"))))
        .collect()
}

const CARE: &str = "SELECT count(*) FROM er_prs_f";
const STAYS: &str = "SELECT count(*) FROM t_mco19c";
const BOTH: &str = "SELECT count(DISTINCT id) FROM (SELECT BEN_NIR_PSA AS id FROM er_prs_f UNION ALL SELECT NIR_ANO_17 FROM t_mco19c)";
const JOINED: &str =
    "SELECT count(*) FROM er_prs_f p JOIN t_mco19c c ON p.BEN_NIR_PSA = c.NIR_ANO_17";
const NESTED: &str =
    "SELECT count(*) FROM (SELECT BEN_NIR_PSA, count(*) AS n FROM er_prs_f GROUP BY 1)";

#[tokio::test]
async fn ten_people_with_two_pseudo_nirs_each_are_ten_in_every_table() {
    let few = opened(&with_two_pseudo_nirs(10), true).await;
    for sql in [CARE, STAYS, BOTH, JOINED, NESTED] {
        assert!(!leaves(&few, sql).await, "{sql}");
    }
    let enough = opened(&with_two_pseudo_nirs(11), true).await;
    for sql in [CARE, STAYS, BOTH, JOINED, NESTED] {
        assert!(leaves(&enough, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn without_the_referential_pseudo_nirs_are_counted_and_the_report_says_so() {
    let session = opened(&with_two_pseudo_nirs(10), false).await;
    let release = released(&session, CARE).await;
    assert_eq!(release.report().released, 1);
    let said = release.report().to_string();
    assert!(
        said.contains("persons: not applied; ER_PRS_F counts pseudo-NIRs, since IR_BEN_R is not among the platform's tables"),
        "{said}"
    );
    let session = opened(&with_two_pseudo_nirs(11), true).await;
    let said = released(&session, CARE).await.report().to_string();
    assert!(
        said.contains("persons: applied; the pseudo-NIRs of one person"),
        "{said}"
    );
}

#[tokio::test]
async fn twins_are_two_by_their_rank_and_one_where_there_is_none() {
    let six = opened(&twins(6), true).await;
    assert!(leaves(&six, CARE).await);
    assert!(!leaves(&six, STAYS).await);
    let eleven = opened(&twins(11), true).await;
    for sql in [CARE, STAYS, BOTH] {
        assert!(leaves(&eleven, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn a_twin_with_a_pseudo_nir_of_their_own_does_not_make_the_pmsi_count_one_more() {
    // Ten twin pairs, of which each first twin has had another pseudo-NIR since: at least ten people, perhaps no more.
    let mut pairs = twins(10);
    pairs.extend((0..10).map(|pair| (format!("own{pair}"), 1, format!("T{pair}-1"))));
    let session = opened(&pairs, true).await;
    assert!(!leaves(&session, STAYS).await);
    assert!(leaves(&session, CARE).await);
}

#[tokio::test]
async fn the_same_person_through_dcir_and_the_pmsi_is_one() {
    // Ten people, each once in DCIR and once in a hospital, under another pseudo-NIR.
    let all = with_two_pseudo_nirs(10);
    let (city, hospital): (Vec<Pair>, Vec<Pair>) = all
        .iter()
        .cloned()
        .partition(|pair| pair.0.starts_with('a'));
    let platform = Stored::new()
        .table("er_prs_f", |table| table, &care(&city))
        .await
        .table("t_mco19c", |table| table, &stays(&hospital))
        .await
        .table("ir_ben_r", |table| table, &referential(&all))
        .await
        .platform()
        .await;
    let session = session(
        &platform,
        "[release]\nk = 11\n[table.er_prs_f]\ncolumns = \"*\"\n[table.t_mco19c]\ncolumns = \"*\"",
    );
    assert!(!leaves(&session, BOTH).await);
    let crossed = "SELECT count(DISTINCT BEN_NIR_PSA) FROM er_prs_f CROSS JOIN t_mco19c";
    assert!(!leaves(&session, crossed).await);
}

#[tokio::test]
async fn whoever_is_matched_through_the_referential_is_no_other_person() {
    let pairs = with_two_pseudo_nirs(11);
    let session = session(
        &platform(&pairs, true).await,
        "[release]\nk = 11\n[table.er_prs_f]\ncolumns = \"*\"\n[table.ir_ben_r]\ncolumns = \"*\"",
    );
    for sql in [
        "SELECT count(*) FROM er_prs_f WHERE BEN_NIR_PSA IN (SELECT BEN_NIR_PSA FROM ir_ben_r WHERE BEN_RNG_GEM = 1)",
        "SELECT count(*) FROM er_prs_f p JOIN ir_ben_r b ON p.BEN_NIR_PSA = b.BEN_NIR_PSA AND p.BEN_RNG_GEM = b.BEN_RNG_GEM",
        "SELECT count(*) FROM er_prs_f p LEFT JOIN ir_ben_r b ON p.BEN_NIR_PSA = b.BEN_NIR_PSA WHERE p.BEN_RNG_GEM < b.BEN_RNG_GEM + 1",
    ] {
        assert!(leaves(&session, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn one_persons_share_of_an_amount_is_over_all_their_pseudo_nirs() {
    // Twelve people; one of them paid half of everything, under two pseudo-NIRs.
    let mut pairs: Vec<Pair> = (0..11)
        .map(|n| (format!("n{n}"), 1, format!("N{n}")))
        .collect();
    pairs.push(("r1".to_owned(), 1, "RICH".to_owned()));
    pairs.push(("r2".to_owned(), 1, "RICH".to_owned()));
    let amounts = pairs.iter().map(|pair| match pair.2.as_str() {
        "RICH" => 55,
        _ => 10,
    });
    let paid: ArrayRef = Arc::new(arrow::array::Int64Array::from_iter_values(amounts));
    let care = snds_table(
        "er_prs_f",
        &[
            (
                "BEN_NIR_PSA",
                texts(pairs.iter().map(|pair| pair.0.as_str())),
            ),
            ("BEN_RNG_GEM", ranks(&pairs)),
            ("PRS_PAI_MNT", paid),
        ],
    );
    for (known, leaves) in [(true, false), (false, true)] {
        let mut stored = Stored::new().table("er_prs_f", |table| table, &care).await;
        if known {
            stored = stored
                .table("ir_ben_r", |table| table, &referential(&pairs))
                .await;
        }
        let session = session(
            &stored.platform().await,
            "[release]\nk = 11\ndominance = { top = 1, percent = 40 }\n[table.er_prs_f]\ncolumns = \"*\"",
        );
        let release = released(&session, "SELECT sum(PRS_PAI_MNT) FROM er_prs_f").await;
        assert_eq!(release.report().released == 1, leaves, "known: {known}");
    }
}
