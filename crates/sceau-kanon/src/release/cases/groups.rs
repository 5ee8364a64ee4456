//! Plain groups: people are counted, not rows.

use super::world::*;
use crate::ReleaseError;

const COUNTS: &str = "SELECT dep, count(*) FROM t GROUP BY dep";

#[tokio::test]
async fn case_1_ten_people_are_withheld_and_eleven_released() {
    let session = groups(&[("A", 10, 1), ("B", 11, 1), ("C", 12, 1)])
        .await
        .session()
        .await;
    assert_eq!(rows(&session, COUNTS).await, ["B 11", "C 12"]);
    let report = release(&session, COUNTS).await.report().clone();
    assert_eq!((report.released, report.withheld), (2, 1));
    // The rule of seven or fewer.
    let session = groups(&[("A", 10, 1), ("B", 11, 1), ("C", 7, 1)])
        .await
        .rules("k = 8\nrounding = 5")
        .session()
        .await;
    assert_eq!(rows(&session, COUNTS).await, ["A 10", "B 10"]);
}

#[tokio::test]
async fn fifteen_rows_of_one_patient_are_one_patient() {
    for partitions in [1, 3] {
        let session = groups(&[("A", 1, 15), ("B", 11, 1)])
            .await
            .partitions(partitions)
            .session()
            .await;
        assert_eq!(rows(&session, COUNTS).await, ["B 11"]);
    }
}

#[tokio::test]
async fn case_3_an_unknown_person_is_nobody_and_null_is_a_group() {
    let mut pid = people(0, 10, 1);
    pid.extend(vec![None; 5]);
    pid.extend(vec![None; 20]);
    pid.extend(people(20, 4, 1));
    pid.extend(people(40, 12, 1));
    let mut dep = of("A", 15);
    dep.extend(of("B", 20));
    dep.extend(vec![None; 4]);
    dep.extend(of("C", 12));
    let session = world()
        .table("t", vec![("pid", texts(pid)), ("dep", texts(dep))])
        .await
        .session()
        .await;
    let released = release(&session, COUNTS).await;
    assert_eq!(rows_of(&released), ["C 12"]);
    assert_eq!(released.report().withheld, 3);
}

#[tokio::test]
async fn case_5_one_person_or_none_behind_the_only_row() {
    let session = groups(&[("A", 1, 4), ("B", 30, 1)]).await.session().await;
    for sql in [
        "SELECT count(*) FROM t WHERE dep = 'A'",
        "SELECT count(*) FROM t WHERE dep = 'nowhere'",
        "SELECT sum(cost), count(*) FROM t WHERE dep = 'A'",
    ] {
        assert!(rows(&session, sql).await.is_empty(), "{sql}");
    }
    assert_eq!(
        rows(&session, "SELECT count(*) FROM t WHERE dep = 'B'").await,
        ["30"]
    );
}

#[tokio::test]
async fn case_7_a_group_a_person_is_a_table_of_nothing() {
    let session = groups(&[("A", 40, 3)]).await.session().await;
    for key in [
        "pid",
        "upper(pid)",
        "round(cost, 2)",
        "dep, pid",
        "character_length(pid) + cost",
    ] {
        let sql = format!("SELECT {key}, count(*) FROM t GROUP BY {key}");
        assert!(rows(&session, &sql).await.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn case_9_rows_are_refused() {
    let session = groups(&[("A", 40, 1)]).await.session().await;
    for sql in [
        "SELECT dep FROM t",
        "SELECT * FROM t LIMIT 1",
        "SELECT dep, cost FROM t ORDER BY cost",
        "SELECT a.dep FROM t a JOIN t b ON a.pid = b.pid",
        "SELECT dep FROM t UNION ALL SELECT dep FROM t",
        "SELECT 1 FROM t",
        "SELECT count(*) OVER (PARTITION BY pid) FROM t",
    ] {
        assert_eq!(
            refusal(&session, sql).await,
            ReleaseError::RowLevel,
            "{sql}"
        );
    }
}

#[tokio::test]
async fn distinct_is_group_by() {
    let session = groups(&[("A", 10, 2), ("B", 11, 1)]).await.session().await;
    assert_eq!(rows(&session, "SELECT DISTINCT dep FROM t").await, ["B"]);
    assert_eq!(
        refusal(&session, "SELECT dep FROM t UNION SELECT dep FROM t")
            .await
            .code(),
        "not_releasable"
    );
    assert_eq!(
        refusal(&session, "SELECT DISTINCT ON (dep) dep, cost FROM t")
            .await
            .code(),
        "shows_one_person"
    );
}

#[tokio::test]
async fn what_holds_no_person_needs_no_gate() {
    let session = groups(&[("A", 3, 1)])
        .await
        .table(
            "region",
            vec![("dep", texts(of("A", 1))), ("name", texts(of("Ain", 1)))],
        )
        .await
        .session()
        .await;
    assert_eq!(
        rows(&session, "SELECT name, dep FROM region").await,
        ["Ain A"]
    );
    assert_eq!(
        rows(&session, "SELECT max(name), count(*) FROM region").await,
        ["Ain 1"]
    );
    assert_eq!(rows(&session, "SELECT 1 + 1").await, ["2"]);
    assert!(
        release(&session, "SELECT name FROM region")
            .await
            .report()
            .rules
            .iter()
            .all(|rule| !rule.applied || rule.rule == "secondary")
    );
}

#[tokio::test]
async fn case_17_cells_are_withheld_before_order_limit_and_offset() {
    let session = groups(&[("A", 12, 1), ("B", 2, 1), ("C", 13, 1), ("D", 14, 1)])
        .await
        .session()
        .await;
    let page = |offset| format!("{COUNTS} ORDER BY dep LIMIT 2 OFFSET {offset}");
    assert_eq!(
        rows_of(&release(&session, &page(0)).await),
        ["A 12", "C 13"]
    );
    assert_eq!(rows_of(&release(&session, &page(2)).await), ["D 14"]);
    assert_eq!(release(&session, &page(0)).await.report().withheld, 1);
    let window = "SELECT dep, count(*), sum(count(*)) OVER (), rank() OVER (ORDER BY count(*) DESC) FROM t GROUP BY dep";
    assert_eq!(
        rows(&session, window).await,
        ["A 12 39 3", "C 13 39 2", "D 14 39 1"]
    );
}

#[tokio::test]
async fn case_21_a_masked_cell_shows_its_key_and_no_measure() {
    let session = groups(&[("A", 10, 1), ("B", 11, 1)])
        .await
        .rules("k = 11\nwithheld = \"mask\"")
        .session()
        .await;
    let sql = "SELECT dep, count(*) AS n, round(sum(cost)) AS s, round(avg(cost)) AS m FROM t GROUP BY dep";
    assert_eq!(
        rows(&session, sql).await,
        ["A NULL NULL NULL", "B 11 275.0 25.0"]
    );
    assert!(
        rows(&session, &format!("{sql} HAVING count(*) < 11"))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn masking_never_shows_a_key_that_is_one_person_s_own() {
    let session = groups(&[("A", 30, 1)])
        .await
        .rules("k = 11\nwithheld = \"mask\"")
        .session()
        .await;
    for key in [
        "pid",
        "dep, pid",
        "upper(pid)",
        "cost",
        "dep, round(cost, 2)",
        "p",
    ] {
        let sql =
            format!("SELECT {key}, count(*) FROM (SELECT *, pid AS p FROM t) i GROUP BY {key}");
        let released = release(&session, &sql).await;
        assert!(rows_of(&released).is_empty(), "{sql}");
        assert!(
            released
                .report()
                .rules
                .iter()
                .any(|rule| rule.rule == "keys of withheld cells"),
            "{sql}"
        );
    }
    assert!(
        rows(&session, "SELECT DISTINCT pid FROM t")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn conditions_above_the_gate_never_sink_below_it() {
    let session = groups(&[("A", 10, 1), ("B", 20, 1)]).await.session().await;
    let sql =
        "SELECT * FROM (SELECT dep, count(*) AS n FROM t GROUP BY dep) c WHERE dep = 'A' OR n < 0";
    let released = release(&session, sql).await;
    assert!(rows_of(&released).is_empty());
    assert_eq!(released.report().withheld, 1);
    let constant =
        "SELECT * FROM (SELECT dep, count(*) AS n FROM t GROUP BY dep) c WHERE 1 = 1 LIMIT 0";
    assert!(rows(&session, constant).await.is_empty());
}
