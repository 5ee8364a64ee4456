//! Grouping sets of which one's cells lie within another's.

use super::world::*;

/// 45 people, one of 103 years; the others are from 30 to 44. Départements A and B are region R, C is region S.
async fn session(rules: &str) -> sceau_core::Session {
    let age = |person: usize| match person {
        14 => 103,
        person => 30 + person as i64 % 15,
    };
    let dep = |person: usize| match person {
        0..3 => "A",
        3..25 => "B",
        _ => "C",
    };
    world()
        .table(
            "t",
            vec![
                ("pid", texts(people(0, 45, 1))),
                ("age", ints((0..45).map(age))),
                ("dep", texts((0..45).map(|at| Some(dep(at).to_owned())))),
                (
                    "region",
                    texts((0..45).map(|at| Some(if at < 25 { "R" } else { "S" }.to_owned()))),
                ),
                (
                    "code",
                    ints(
                        (0..45)
                            .map(|at| if at < 3 { 3 } else { 7 + at / 25 })
                            .map(|code| code as i64),
                    ),
                ),
            ],
        )
        .await
        .rules(rules)
        .session()
        .await
}

fn shown<'a>(rows: &'a [String], key: &str) -> Option<&'a str> {
    rows.iter().find_map(|row| row.strip_prefix(key))
}

#[tokio::test]
async fn what_lies_between_two_grouping_sets_is_a_cell_too() {
    let session = session("k = 11").await;
    for sql in [
        "SELECT age < 40 AS a, age < 41 AS b, count(*) FROM t GROUP BY GROUPING SETS ((1), (2))",
        "SELECT age < 40 AS a, NULL AS b, count(*) FROM t GROUP BY age < 40 \
         UNION ALL SELECT NULL, age < 41, count(*) FROM t GROUP BY age < 41",
    ] {
        let rows = rows(&session, sql).await;
        // Three people are of 40.
        let both = |one, other| shown(&rows, one).is_some() && shown(&rows, other).is_some();
        assert!(!both("true NULL ", "NULL true "), "{sql}: {rows:?}");
        assert!(!both("false NULL ", "NULL false "), "{sql}: {rows:?}");
    }
}

#[tokio::test]
async fn a_departement_lies_in_its_region_whatever_sets_are_asked_for() {
    let session = session("k = 11").await;
    for sql in [
        "SELECT region, dep, count(*) FROM t GROUP BY GROUPING SETS ((region), (dep))",
        "SELECT region, NULL AS dep, count(*) FROM t GROUP BY region \
         UNION ALL SELECT NULL, dep, count(*) FROM t GROUP BY dep",
    ] {
        let rows = rows(&session, sql).await;
        let both = shown(&rows, "R NULL ").is_some() && shown(&rows, "NULL B ").is_some();
        assert!(!both, "{sql}: {rows:?}");
    }
}

#[tokio::test]
async fn sets_that_tell_nothing_of_each_other_are_shown_as_they_are() {
    let session = session("k = 11").await;
    let sql = "SELECT age < 38 AS young, region, count(*) FROM t GROUP BY GROUPING SETS ((age < 38), (region))";
    let rows = rows(&session, sql).await;
    assert_eq!(rows.len(), 4, "{rows:?}");
    let released = release(&session, sql).await;
    assert_eq!(released.report().withheld, 0);
}

#[tokio::test]
async fn what_a_table_of_totals_is_grouped_by_is_not_added_up_in_it() {
    let session = session("k = 11").await;
    for sql in [
        "SELECT code, count(*), sum(code) FROM t GROUP BY ROLLUP (code)",
        "SELECT code, count(*), avg(code) FROM t GROUP BY ROLLUP (code)",
        "SELECT code, count(*), stddev(2 * c) FROM (SELECT *, code AS c FROM t) i GROUP BY ROLLUP (code)",
        "SELECT age < 40, count(*), avg(age) FROM t GROUP BY CUBE (age < 40)",
        "SELECT n, count(*), sum(n) FROM (SELECT pid, count(*) AS n FROM t GROUP BY pid) i GROUP BY ROLLUP (n)",
        "SELECT n, count(*), sum(m) FROM (SELECT pid, count(*) AS n, count(*) AS m FROM t GROUP BY pid) i \
         GROUP BY GROUPING SETS ((n), ())",
    ] {
        assert_eq!(
            refusal(&session, sql).await.code(),
            "not_releasable",
            "{sql}"
        );
    }
    let without = "SELECT code, count(*), sum(code) FROM t GROUP BY code HAVING code = 7";
    assert_eq!(rows(&session, without).await, ["7 22 154"]);
}

#[tokio::test]
async fn a_mean_of_nothing_is_a_sum_of_nothing() {
    let cells = [("B", 12, 0), ("C", 40, 5), ("D", 3, 0)];
    let dep = cells.iter().flat_map(|(dep, people, _)| of(dep, *people));
    let pos = cells
        .iter()
        .flat_map(|(_, people, pos)| vec![*pos; *people]);
    let session = world()
        .table(
            "t",
            vec![
                ("pid", texts(people(0, 55, 1))),
                ("dep", texts(dep.collect::<Vec<_>>())),
                (
                    "pos",
                    ints(
                        pos.enumerate()
                            .map(|(at, pos)| pos + if pos > 0 { at as i64 % 3 } else { 0 }),
                    ),
                ),
            ],
        )
        .await
        .session()
        .await;
    // The mean of all less that of C leaves nothing for B and D: nobody of the three of D has any.
    for measure in ["avg(pos)", "sum(pos)"] {
        let sql = format!("SELECT dep, count(*), {measure} FROM t GROUP BY ROLLUP (dep)");
        let rows = rows(&session, &sql).await;
        let both = shown(&rows, "C ").is_some() && shown(&rows, "NULL ").is_some();
        assert!(!both, "{sql}: {rows:?}");
    }
}

#[tokio::test]
async fn cells_that_nobody_sees_change_no_rounded_figure() {
    let session = session("k = 11\nrounding = 5").await;
    let sql = "SELECT age < 38 AS young, region, count(*) FROM t GROUP BY GROUPING SETS ((age < 38), (region))";
    assert_eq!(
        rows(&session, sql).await,
        ["NULL R 25", "NULL S 20", "false NULL 20", "true NULL 25"]
    );
}
