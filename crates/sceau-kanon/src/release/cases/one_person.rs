//! Functions that show the value of one person.

use super::world::*;
use crate::ReleaseError;

#[tokio::test]
async fn case_11_and_13_single_values_are_refused_wherever_they_stand() {
    let session = groups(&[("A", 30, 2)]).await.session().await;
    for function in [
        "min(cost)",
        "max(cost)",
        "median(cost)",
        "percentile_cont(cost, 0.5)",
        "first_value(cost)",
        "last_value(cost)",
        "nth_value(cost, 2)",
        "any_value(cost)",
        "array_agg(cost)",
        "string_agg(dep, ',')",
        "bit_xor(1)",
        "bool_or(cost > 35)",
        "approx_median(cost)",
        "approx_distinct(cost)",
    ] {
        for sql in [
            format!("SELECT dep, {function} FROM t GROUP BY dep"),
            format!("SELECT dep FROM t GROUP BY dep HAVING {function} IS NOT NULL"),
            format!("SELECT dep FROM t GROUP BY dep ORDER BY {function}"),
        ] {
            assert!(
                matches!(
                    refusal(&session, &sql).await,
                    ReleaseError::ShowsOnePerson { .. }
                ),
                "{sql}"
            );
        }
    }
}

#[tokio::test]
async fn a_person_s_own_extreme_may_be_taken_below_an_aggregate() {
    let session = groups(&[("A", 30, 2)]).await.session().await;
    let own =
        "SELECT count(*), round(avg(m)) FROM (SELECT pid, max(cost) AS m FROM t GROUP BY pid)";
    assert_eq!(rows(&session, own).await, ["30 40.0"]);
    let others = "SELECT avg(m) FROM (SELECT dep, max(cost) AS m FROM t GROUP BY dep)";
    assert_eq!(refusal(&session, others).await.code(), "shows_one_person");
}

#[tokio::test]
async fn where_no_row_was_matched_nobody_s_identifier_is_many_people_s() {
    let session = groups(&[("A", 30, 2)])
        .await
        .table("rx", vec![("pid", texts(people(0, 12, 1)))])
        .await
        .session()
        .await;
    let joined = "FROM t LEFT JOIN rx ON t.pid = rx.pid GROUP BY";
    let own = format!(
        "SELECT count(*), round(avg(m)) FROM (SELECT t.pid, max(cost) AS m {joined} t.pid)"
    );
    assert_eq!(rows(&session, &own).await, ["30 40.0"]);
    let others = format!(
        "SELECT m, count(*) FROM (SELECT rx.pid, max(cost) AS m {joined} rx.pid) GROUP BY m"
    );
    assert_eq!(refusal(&session, &others).await.code(), "shows_one_person");
}

#[tokio::test]
async fn a_window_stays_within_one_person() {
    let session = groups(&[("A", 30, 3)]).await.session().await;
    let own = "SELECT nth, count(*) FROM (SELECT row_number() OVER (PARTITION BY pid ORDER BY cost) AS nth FROM t) \
               GROUP BY nth";
    assert_eq!(rows(&session, own).await, ["1 30", "2 30", "3 30"]);
    for others in [
        "SELECT sum(x) FROM (SELECT lag(cost) OVER (ORDER BY cost) AS x FROM t)",
        "SELECT sum(x) FROM (SELECT first_value(cost) OVER (PARTITION BY dep ORDER BY cost) AS x FROM t)",
    ] {
        assert_eq!(refusal(&session, others).await.code(), "window", "{others}");
    }
}

#[tokio::test]
async fn case_53_why_a_value_failed_is_not_told() {
    let mut pid = people(0, 40, 1);
    pid.push(Some("target".to_owned()));
    let mut note: Vec<Option<String>> = of("12", 40);
    note.push(Some("secret".to_owned()));
    let session = world()
        .table("t", vec![("pid", texts(pid)), ("note", texts(note))])
        .await
        .session()
        .await;
    for sql in [
        "SELECT sum(CAST(note AS INT)) FROM t",
        "SELECT count(*) FROM t WHERE CAST(note AS INT) = 12",
        "SELECT CAST(note AS INT), count(*) FROM t GROUP BY 1",
    ] {
        assert_eq!(refusal(&session, sql).await, ReleaseError::Hidden, "{sql}");
    }
    let above = "SELECT 1 / (n - n) FROM (SELECT count(*) AS n FROM t)";
    assert_eq!(refusal(&session, above).await.code(), "execution");
}
