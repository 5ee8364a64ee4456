//! Rows of a subquery decide which rows are counted.

use super::world::*;

async fn with_targets(targets: usize) -> World {
    groups(&[("A", 40, 1), ("B", 30, 1)])
        .await
        .table(
            "rx",
            vec![
                ("pid", texts(people(0, targets, 31))),
                ("dep", texts(of("A", targets * 31))),
            ],
        )
        .await
}

#[tokio::test]
async fn case_51_in_and_exists_by_the_person() {
    let few = with_targets(1).await.session().await;
    let many = with_targets(12).await.session().await;
    for (sql, with_many) in [
        (
            "SELECT count(*) FROM t WHERE pid IN (SELECT pid FROM rx GROUP BY pid HAVING count(*) > 20)",
            "12",
        ),
        (
            "SELECT count(*) FROM t WHERE EXISTS (SELECT 1 FROM rx WHERE rx.pid = t.pid)",
            "12",
        ),
        (
            "SELECT count(*) FROM rx WHERE pid IN (SELECT pid FROM rx GROUP BY pid HAVING count(*) > 20)",
            "372",
        ),
    ] {
        assert!(rows(&few, sql).await.is_empty(), "{sql}");
        assert_eq!(rows(&many, sql).await, [with_many], "{sql}");
    }
    let not_in = "SELECT dep, count(*) FROM t WHERE pid NOT IN (SELECT pid FROM rx) GROUP BY dep";
    assert_eq!(rows(&many, not_in).await, ["A 28", "B 30"]);
    let nearly_all = with_targets(35).await.session().await;
    assert_eq!(rows(&nearly_all, not_in).await, ["B 30"]);
    let not_exists = "SELECT count(*) FROM t WHERE dep = 'A' AND NOT EXISTS (SELECT 1 FROM rx WHERE rx.pid = t.pid)";
    assert!(rows(&nearly_all, not_exists).await.is_empty());
}

#[tokio::test]
async fn whose_rows_decide_is_counted_too() {
    let sql = "SELECT count(*) FROM t WHERE dep IN (SELECT dep FROM rx)";
    assert!(
        rows(&with_targets(1).await.session().await, sql)
            .await
            .is_empty()
    );
    assert_eq!(
        rows(&with_targets(12).await.session().await, sql).await,
        ["40"]
    );
}

#[tokio::test]
async fn what_other_people_decide_in_other_ways_is_refused() {
    let session = with_targets(12).await.session().await;
    for sql in [
        "SELECT count(*) FROM t WHERE cost = (SELECT max(cost) FROM t)",
        "SELECT count(*), (SELECT count(*) FROM rx) AS n FROM t",
        "SELECT count(*) FROM t WHERE dep NOT IN (SELECT dep FROM rx)",
        "SELECT count(*) FROM t WHERE dep IN (SELECT dep FROM rx) OR cost > 3",
        "SELECT count(*) FROM t WHERE EXISTS (SELECT 1 FROM rx)",
        "SELECT count(*) FROM t WHERE EXISTS (SELECT 1 FROM rx WHERE rx.dep = t.dep AND rx.pid <> t.pid)",
        "SELECT count(*) FROM t WHERE pid IN (SELECT a.pid FROM rx a JOIN t b ON a.dep = b.dep) AND dep NOT IN (SELECT dep FROM rx)",
        "SELECT dep, count(*) FROM t GROUP BY dep HAVING count(*) > (SELECT count(*) FROM rx)",
    ] {
        let error = refusal(&session, sql).await;
        assert_eq!(error.code(), "subquery", "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_reference_table_may_decide() {
    let session = with_targets(1)
        .await
        .table("region", vec![("dep", texts(of("A", 1)))])
        .await
        .session()
        .await;
    assert_eq!(
        rows(
            &session,
            "SELECT count(*) FROM t WHERE dep IN (SELECT dep FROM region)"
        )
        .await,
        ["40"]
    );
    assert_eq!(
        rows(
            &session,
            "SELECT count(*) FROM t WHERE dep NOT IN (SELECT dep FROM region)"
        )
        .await,
        ["30"]
    );
}
