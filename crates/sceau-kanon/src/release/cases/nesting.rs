//! Aggregates of aggregates: groups of one person each carry the person on, any other group is a cell of its own.

use super::world::*;

#[tokio::test]
async fn case_15_having_below_an_aggregate_sees_only_what_passed_the_gate() {
    let session = groups(&[("A", 50, 1), ("B", 5, 1), ("C", 40, 1), ("D", 30, 1)])
        .await
        .session()
        .await;
    let sql = "SELECT count(*) FROM (SELECT dep FROM t GROUP BY dep HAVING count(*) < 11)";
    // That there is a group of five is not told: it has not passed the gate.
    assert_eq!(rows(&session, sql).await, ["0"]);
    let sql = "SELECT count(*) FROM (SELECT dep FROM t GROUP BY dep HAVING count(*) >= 11)";
    assert_eq!(rows(&session, sql).await, ["3"]);
    for having in ["count(*) = 1", "count(*) < 11"] {
        let sql = format!("SELECT dep, count(*) FROM t GROUP BY dep HAVING {having}");
        assert!(rows(&session, &sql).await.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn case_49_how_many_people_have_how_many_rows() {
    let mut pid = people(0, 119, 1);
    pid.extend(people(200, 1, 31));
    let session = world()
        .table("t", vec![("pid", texts(pid))])
        .await
        .session()
        .await;
    let sql = "SELECT n, count(*) FROM (SELECT pid, count(*) AS n FROM t GROUP BY pid) GROUP BY n";
    assert_eq!(rows(&session, sql).await, ["1 119"]);
}

#[tokio::test]
async fn what_is_made_of_cells_is_made_of_those_that_passed() {
    let session = groups(&[("A", 6, 4), ("B", 5, 4), ("C", 12, 4)])
        .await
        .partitions(3)
        .session()
        .await;
    let sql = "SELECT count(*) FROM (SELECT dep, avg(n) FROM (SELECT pid, dep, count(*) AS n FROM t GROUP BY pid, dep) \
               WHERE dep <> 'C' GROUP BY dep)";
    assert_eq!(rows(&session, sql).await, ["0"]);
    assert_eq!(rows(&session, &sql.replace("<> 'C'", "= 'C'")).await, ["1"]);
    let sql = "SELECT count(*) FROM (SELECT dep, avg(n) FROM (SELECT pid, dep, count(*) AS n FROM t GROUP BY pid, dep) \
               WHERE dep = 'A' GROUP BY dep)";
    assert_eq!(rows(&session, sql).await, ["0"]);
}
