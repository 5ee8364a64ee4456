//! Differences to what a project received before.

mod kept;
mod random;

use super::world::*;

/// 75 people, one row each: person 0 is 103 years old and of A, like 29 others; 45 are of B. Person 29 of A is cared for in B.
async fn patients() -> World {
    patients_of(30).await
}

/// The same, with so many people of A.
async fn patients_of(a: usize) -> World {
    let mut dep = of("A", a);
    dep.extend(of("B", 45));
    let mut care = of("A", 29);
    care.extend(of("B", a + 16));
    let age = (0..a as i64 + 45).map(|person| if person == 0 { 103 } else { 20 + person % 60 });
    world()
        .table(
            "t",
            vec![
                ("pid", texts(people(0, a + 45, 1))),
                ("dep", texts(dep)),
                ("care", texts(care)),
                ("age", ints(age)),
                ("cost", floats((0..a as u32 + 45).map(f64::from))),
            ],
        )
        .await
}

fn differences(release: &crate::Release) -> (bool, u64) {
    let rules = &release.report().rules;
    let rule = rules
        .iter()
        .find(|rule| rule.rule == "differences between releases")
        .expect("rule");
    (rule.applied, rule.withheld)
}

#[tokio::test]
async fn without_a_ledger_the_report_says_so() {
    let session = patients().await.session().await;
    let released = release(&session, "SELECT count(*) FROM t").await;
    assert_eq!(differences(&released), (false, 0));
    // And so both leave: 30 and 29 are one person of 103 years.
    for (question, count) in [("dep = 'A'", "30"), ("dep = 'A' AND age <> 103", "29")] {
        let sql = format!("SELECT count(*) FROM t WHERE {question}");
        assert_eq!(rows(&session, &sql).await, [count]);
    }
}

#[tokio::test]
async fn case_61_one_person_left_out() {
    let folder = tempfile::tempdir().expect("folder");
    let session = patients().await.ledger(folder.path()).session().await;
    let all = "SELECT count(*), sum(age) FROM t WHERE dep = 'A'";
    let first = release(&session, all).await;
    assert_eq!((rows_of(&first).len(), differences(&first)), (1, (true, 0)));
    let second = release(&session, &format!("{all} AND age <> 103")).await;
    assert_eq!(
        (rows_of(&second).len(), differences(&second)),
        (0, (true, 1))
    );
    // Asked in other words, or for other measures, it is the same people.
    for sql in [
        "SELECT avg(cost) FROM t WHERE dep = 'A' AND age < 100",
        "SELECT count(*) FILTER (WHERE age < 100) FROM t WHERE dep = 'A'",
        "SELECT count(DISTINCT pid) FROM t WHERE NOT (dep <> 'A' OR age = 103)",
        "SELECT sum(CASE WHEN age < 100 THEN cost END) FROM t WHERE dep = 'A'",
        "SELECT avg(n) FROM (SELECT pid, count(*) AS n FROM t WHERE dep = 'A' AND age < 100 GROUP BY pid)",
        "SELECT count(*) FROM t WHERE dep = 'A' AND pid IN (SELECT pid FROM t WHERE age < 100)",
    ] {
        assert!(rows(&session, sql).await.is_empty(), "{sql}");
    }
    // The same question again leaves again.
    assert_eq!(rows(&session, all).await.len(), 1);
}

#[tokio::test]
async fn case_65_a_tracker_that_set_sizes_do_not_stop() {
    let asked = [
        ("age = 103 OR cost BETWEEN 1 AND 49", "50"),
        ("age = 103 OR NOT cost BETWEEN 1 AND 49", "26"),
        ("cost BETWEEN 1 AND 49", "49"),
        ("NOT cost BETWEEN 1 AND 49", "26"),
    ];
    let sql = |condition: &str| format!("SELECT count(*) FROM t WHERE {condition}");
    let session = patients().await.session().await;
    for (condition, count) in asked {
        assert_eq!(rows(&session, &sql(condition)).await, [count]);
    }
    let folder = tempfile::tempdir().expect("folder");
    let session = patients().await.ledger(folder.path()).session().await;
    let mut left = vec![];
    for (condition, _) in asked {
        left.extend(rows(&session, &sql(condition)).await);
    }
    assert_eq!(left, ["50", "26", "26"]);
}

#[tokio::test]
async fn case_63_men_and_all_leave_nobody_to_tell_the_women_apart() {
    // By age: the sick and all, and the sick men and all men.
    let counts = [
        ("21-30", [8, 20], [7, 19]),
        ("31-40", [10, 25], [5, 15]),
        ("41-50", [15, 30], [8, 18]),
        ("51-60", [25, 40], [13, 25]),
    ];
    let (mut age, mut sex, mut sick) = (vec![], vec![], vec![]);
    for (label, [all_sick, all], [men_sick, men]) in counts {
        for (which, people, with) in [("m", men, men_sick), ("f", all - men, all_sick - men_sick)] {
            age.extend(of(label, people));
            sex.extend(of(which, people));
            sick.extend((0..people).map(|person| i64::from(person < with)));
        }
    }
    let people = people(0, age.len(), 1);
    let folder = tempfile::tempdir().expect("folder");
    let session = world()
        .table(
            "t",
            vec![
                ("pid", texts(people)),
                ("age", texts(age)),
                ("sex", texts(sex)),
                ("sick", ints(sick)),
            ],
        )
        .await
        .rules("k = 5")
        .ledger(folder.path())
        .session()
        .await;
    let sql = |condition: &str| {
        format!(
            "SELECT age, count(*) FILTER (WHERE sick = 1), count(*) FROM t WHERE {condition} GROUP BY age ORDER BY age"
        )
    };
    assert_eq!(
        rows(&session, &sql("true")).await,
        ["21-30 8 20", "31-40 10 25", "41-50 15 30", "51-60 25 40"]
    );
    // One woman of 21 to 30, and she is sick; three of 51 to 60 who are not.
    assert_eq!(
        rows(&session, &sql("sex = 'm'")).await,
        ["31-40 5 15", "41-50 8 18"]
    );
    assert_eq!(
        rows(&session, &sql("sex = 'f'")).await,
        ["31-40 5 10", "41-50 7 12"]
    );
}

#[tokio::test]
async fn a_mean_tells_nothing_of_those_without_a_value_until_all_are_counted() {
    let mut costs: Vec<Option<i64>> = (1..30).map(Some).collect();
    costs.push(None);
    let costs = std::sync::Arc::new(arrow::array::Int64Array::from(costs)) as _;
    let folder = tempfile::tempdir().expect("folder");
    let session = world()
        .table("t", vec![("pid", texts(people(0, 30, 1))), ("cost", costs)])
        .await
        .ledger(folder.path())
        .session()
        .await;
    for sql in ["SELECT avg(cost) FROM t", "SELECT sum(cost) FROM t"] {
        assert_eq!(rows(&session, sql).await.len(), 1, "{sql}");
    }
    // 30 people less the 29 who have one.
    assert!(rows(&session, "SELECT count(*) FROM t").await.is_empty());
}

#[tokio::test]
async fn whoever_is_counted_and_whoever_adds_to_a_sum_are_two_sets_and_of_too_near_ones_one_leaves()
{
    let costs = (0..20).map(|person| f64::from(i32::from(person > 4)));
    let columns = vec![("pid", texts(people(0, 20, 1))), ("cost", floats(costs))];
    let world = world().table("t", columns).await;
    let folder = tempfile::tempdir().expect("folder");
    let session = world.ledger(folder.path()).session().await;
    // Five of twenty people add nothing.
    let count = "SELECT count(*) FROM t";
    for (sql, cells) in [
        ("SELECT count(*), sum(cost) FROM t", 0),
        (count, 1),
        ("SELECT sum(cost) FROM t", 0),
    ] {
        assert_eq!(rows(&session, sql).await.len(), cells, "{sql}");
    }
}

#[tokio::test]
async fn three_releases_whose_difference_is_one_person() {
    let folder = tempfile::tempdir().expect("folder");
    let session = patients().await.ledger(folder.path()).session().await;
    let sql = |condition: &str| format!("SELECT count(*), sum(age) FROM t WHERE {condition}");
    for condition in ["true", "cost < 40"] {
        assert_eq!(
            rows(&session, &sql(condition)).await.len(),
            1,
            "{condition}"
        );
    }
    // 75 less 40 less 34 is one; 35 people beside the 40 are not.
    assert!(rows(&session, &sql("cost > 40")).await.is_empty());
    assert_eq!(rows(&session, &sql("cost >= 40")).await.len(), 1);
}

#[tokio::test]
async fn of_two_cells_that_are_too_near_it_is_always_the_same_that_leaves() {
    let sql = "SELECT dep, care, count(*) FROM t GROUP BY GROUPING SETS ((dep), (care)) ORDER BY dep, care";
    for partitions in [1, 4, 4, 4] {
        let folder = tempfile::tempdir().expect("folder");
        // What protects totals would see it, too.
        let world = patients().await.rules("k = 11\nsecondary = false");
        let world = world.partitions(partitions).ledger(folder.path());
        let released = release(&world.session().await, sql).await;
        assert!(differences(&released).1 > 0);
        assert_eq!(rows_of(&released), ["NULL A 29", "NULL B 46"]);
    }
}

#[tokio::test]
async fn what_is_withheld_by_a_difference_is_kept_secret_beside_the_totals() {
    let folder = tempfile::tempdir().expect("folder");
    let session = patients().await.ledger(folder.path()).session().await;
    assert_eq!(
        rows(&session, "SELECT count(*) FROM t WHERE dep = 'A'").await,
        ["30"]
    );
    // Of care, A is 29 of those 30: without it, B would be the total less it.
    let sql = "SELECT care, count(*) FROM t GROUP BY ROLLUP (care)";
    let released = release(&session, sql).await;
    assert!(differences(&released).1 >= 1);
    let left = rows_of(&released);
    assert!(left.len() <= 1, "{left:?}");
}

#[tokio::test]
async fn case_67_a_refresh_with_one_new_patient() {
    let folder = tempfile::tempdir().expect("folder");
    let sql = "SELECT dep, count(*) FROM t GROUP BY dep";
    let before = patients_of(30).await.ledger(folder.path()).session().await;
    assert_eq!(rows(&before, sql).await, ["A 30", "B 45"]);
    drop(before);
    // B's people are the same, under the same numbers.
    let after = {
        let mut pid = people(0, 30, 1);
        pid.extend(people(100, 1, 1));
        pid.extend(people(30, 45, 1));
        let mut dep = of("A", 31);
        dep.extend(of("B", 45));
        world()
            .table("t", vec![("pid", texts(pid)), ("dep", texts(dep))])
            .await
    };
    let after = after.ledger(folder.path()).session().await;
    assert_eq!(rows(&after, sql).await, ["B 45"]);
}

#[tokio::test]
async fn case_69_residence_and_care_differ_by_one_patient() {
    let folder = tempfile::tempdir().expect("folder");
    let session = patients().await.ledger(folder.path()).session().await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY dep";
    assert_eq!(rows(&session, sql).await, ["A 30", "B 45"]);
    let sql = "SELECT care, count(*) FROM t GROUP BY care";
    assert!(rows(&session, sql).await.is_empty());
}

#[tokio::test]
async fn a_total_and_the_cells_of_another_release() {
    let folder = tempfile::tempdir().expect("folder");
    let session = groups(&[("A", 20, 2), ("B", 30, 1), ("C", 3, 1)])
        .await
        .ledger(folder.path())
        .session()
        .await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY dep";
    assert_eq!(rows(&session, sql).await, ["A 40", "B 30"]);
    // 73 rows less 40 less 30 are those of three people.
    assert!(rows(&session, "SELECT count(*) FROM t").await.is_empty());
}

#[tokio::test]
async fn people_without_an_id_are_seen_in_the_difference() {
    let folder = tempfile::tempdir().expect("folder");
    let mut pid = people(0, 30, 1);
    pid.push(None);
    let mut dep = of("A", 30);
    dep.extend(of("B", 1));
    let session = world()
        .table("t", vec![("pid", texts(pid)), ("dep", texts(dep))])
        .await
        .ledger(folder.path())
        .session()
        .await;
    assert_eq!(
        rows(&session, "SELECT count(*) FROM t WHERE dep = 'A'").await,
        ["30"]
    );
    assert!(rows(&session, "SELECT count(*) FROM t").await.is_empty());
}
