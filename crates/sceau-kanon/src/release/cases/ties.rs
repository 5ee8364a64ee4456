//! Amounts that a question takes in several ways, and people whom it joins with others.

use super::world::*;

fn age_of(person: usize) -> i64 {
    match person {
        14 => 103,
        person => 30 + person as i64 % 15,
    }
}

/// 45 people, 15 of them in A, one of these 103 years old; each has a first visit of one row and a second of two.
async fn session() -> sceau_core::Session {
    let rows: Vec<(usize, i64)> = (0..45)
        .flat_map(|person| [(person, 1), (person, 2), (person, 2)])
        .collect();
    let dep = |person: usize| Some(if person < 15 { "A" } else { "B" }.to_owned());
    let each = |of: &dyn Fn(usize, i64) -> i64| ints(rows.iter().map(|row| of(row.0, row.1)));
    world()
        .table(
            "v",
            vec![
                ("pid", texts(people(0, 45, 3))),
                ("dep", texts(rows.iter().map(|row| dep(row.0)))),
                ("age", each(&|person, _| age_of(person))),
                ("visit", each(&|_, visit| visit)),
                (
                    "cost",
                    each(&|person, visit| 7 * person as i64 + 13 * visit),
                ),
            ],
        )
        .await
        .table(
            "t",
            vec![
                ("pid", texts(people(0, 45, 1))),
                ("dep", texts((0..45).map(dep))),
                ("age", ints((0..45).map(age_of))),
                ("cost", ints((0..45).map(|person| person as i64))),
            ],
        )
        .await
        .session()
        .await
}

#[tokio::test]
async fn two_sums_of_one_amount_differ_for_nobody_or_for_enough() {
    let session = session().await;
    for sql in [
        // Each person's first visit, but for the one of 103 years the second.
        "SELECT sum(s1), sum(s2) FROM (SELECT pid, sum(cost) FILTER (WHERE visit = 1) AS s1, \
         sum(cost) FILTER (WHERE visit = CASE WHEN age = 103 THEN 2 ELSE 1 END) AS s2 FROM v GROUP BY pid) i",
        "SELECT avg(a.s), avg(b.s) FROM (SELECT pid, sum(cost) AS s FROM v WHERE visit = 1 GROUP BY pid) a JOIN \
         (SELECT pid, sum(cost) AS s FROM v WHERE visit = 1 OR age = 103 GROUP BY pid) b ON a.pid = b.pid",
        "SELECT sum(a.n), sum(b.n) FROM (SELECT pid, count(*) AS n FROM v WHERE visit = 1 GROUP BY pid) a JOIN \
         (SELECT pid, count(*) AS n FROM v WHERE visit = 1 OR age = 103 GROUP BY pid) b ON a.pid = b.pid",
        "SELECT sum(a.cost), sum(b.cost) FROM v a JOIN v b ON a.pid = b.pid \
         WHERE a.visit = 1 AND (b.visit = 1 OR b.age = 103)",
        "SELECT sum(m), sum(s) FROM (SELECT pid, max(cost) AS m, min(cost) AS s FROM v WHERE visit = 1 OR age = 103 GROUP BY pid) i",
        "SELECT sum(d) FROM (SELECT a.s - b.s + a.y AS d FROM (SELECT pid, sum(cost) AS s, max(age) AS y FROM v WHERE visit = 1 GROUP BY pid) a \
         JOIN (SELECT pid, sum(cost) AS s FROM v WHERE visit = 1 OR age = 103 GROUP BY pid) b ON a.pid = b.pid) i",
        "SELECT sum(a.cost - b.cost + a.age) FROM v a JOIN v b ON a.pid = b.pid WHERE a.visit = 1 AND (b.visit = 1 OR b.age = 103)",
        "SELECT count(DISTINCT a.cost), count(DISTINCT b.cost) FROM v a JOIN v b ON a.pid = b.pid \
         WHERE a.visit = 1 AND (b.visit = 1 OR b.age = 103)",
        "SELECT median(a.cost), median(b.cost) FROM v a JOIN v b ON a.pid = b.pid WHERE a.visit = 1 AND (b.visit = 1 OR b.age = 103)",
        // One is twice another and the third.
        "SELECT sum(s1), sum(s2), sum(s4) FROM (SELECT pid, sum(cost) FILTER (WHERE visit = 1) AS s1, \
         sum(cost) FILTER (WHERE visit = 2) AS s2, \
         sum(CASE WHEN (visit = 1) = (age < 103) THEN 2 * cost ELSE cost END) AS s4 FROM v GROUP BY pid) i",
    ] {
        let released = crate::Releaser::new(&session).sql(sql).await;
        let left = released.map(|release| rows_of(&release));
        assert!(
            left.as_ref().is_err() || left.as_ref().is_ok_and(Vec::is_empty),
            "{sql}: {left:?}"
        );
    }
    for (sql, found) in [
        (
            "SELECT sum(s1), sum(s2) FROM (SELECT pid, sum(cost) FILTER (WHERE visit = 1) AS s1, \
             sum(cost) FILTER (WHERE visit = 2) AS s2 FROM v GROUP BY pid) i",
            "7515 16200",
        ),
        (
            "SELECT sum(most), sum(least), sum(visits) FROM (SELECT pid, max(cost) AS most, min(cost) AS least, \
             count(*) AS visits FROM v GROUP BY pid) i",
            "8100 7515 135",
        ),
        (
            "SELECT sum(cost), avg(cost), stddev(cost) > 0 FROM t",
            "990 22.0 true",
        ),
        (
            "SELECT sum(a.cost), sum(b.cost) FROM t a JOIN v b ON a.pid = b.pid",
            "2970 23715",
        ),
    ] {
        assert_eq!(rows(&session, sql).await, [found], "{sql}");
    }
}

#[tokio::test]
async fn squares_of_squares_are_no_amounts() {
    let session = session().await;
    let step = |from: &str| {
        format!(
            "SELECT pid, var_pop(s) AS x FROM (SELECT v.pid, v.visit, sum(i.x) AS s FROM v JOIN ({from}) i ON v.pid = i.pid \
             GROUP BY v.pid, v.visit) j GROUP BY pid"
        )
    };
    let eighth = step(&step(&step(
        "SELECT pid, max(age) AS x FROM v GROUP BY pid",
    )));
    // Of the eighth powers of all ages, that of the greatest is nearly the sum.
    for sql in [
        format!("SELECT sum(x) FROM ({eighth}) i"),
        "SELECT sum(x) FROM (SELECT pid, var(cost) AS x FROM v GROUP BY pid) i".to_owned(),
        "SELECT avg(x) FROM (SELECT pid, regr_slope(visit, cost) AS x FROM v GROUP BY pid) i"
            .to_owned(),
        "SELECT avg(x) FROM (SELECT pid, corr(visit, cost) AS x FROM v GROUP BY pid) i".to_owned(),
    ] {
        assert_eq!(
            refusal(&session, &sql).await.code(),
            "not_releasable",
            "{sql}"
        );
    }
    let within =
        "SELECT round(avg(x)) FROM (SELECT pid, stddev_pop(cost) AS x FROM v GROUP BY pid) i";
    assert_eq!(rows(&session, within).await, ["6.0"]);
}

#[tokio::test]
async fn other_people_decide_only_where_they_are_enough() {
    let session = session().await;
    // Whoever is 103 lives in A; nobody is 102.
    for age in [102, 103] {
        let sql = format!(
            "SELECT count(*) FROM t WHERE dep IN (SELECT dep FROM t WHERE age = {age} OR dep = 'B')"
        );
        assert_eq!(rows(&session, &sql).await, ["30"], "{sql}");
        let sql = format!(
            "SELECT a.dep, count(*) FROM t a JOIN t b ON a.dep = b.dep WHERE b.age = {age} OR b.dep = 'B' GROUP BY a.dep"
        );
        assert_eq!(rows(&session, &sql).await, ["B 900"], "{sql}");
    }
    for sql in [
        "SELECT count(DISTINCT a.pid) FROM t a JOIN t b ON a.dep = b.dep WHERE b.age = 103 OR b.dep = 'B'",
        "SELECT count(*) FROM t a JOIN t b ON a.dep = b.dep WHERE b.age = 103 OR b.dep = 'B'",
        "SELECT count(*) FROM t a, t b WHERE a.dep = b.dep AND (b.age = 103 OR b.dep = 'B')",
        "SELECT count(*), count(b.pid) FROM t a LEFT JOIN t b ON a.dep = b.dep",
        "SELECT a.cost, count(*) FROM t a JOIN t b ON a.dep = b.dep GROUP BY a.cost",
        "SELECT count(DISTINCT a.pid) FROM t a CROSS JOIN t b WHERE a.age < b.age",
        "SELECT count(DISTINCT a.pid) FROM t a CROSS JOIN (SELECT pid, age + 0 AS x FROM t) b WHERE a.age < b.x",
        "SELECT a.dep, count(DISTINCT a.pid) FROM t a JOIN t b ON a.dep = b.dep AND a.age < b.age GROUP BY a.dep",
    ] {
        assert_eq!(
            refusal(&session, sql).await.code(),
            "not_releasable",
            "{sql}"
        );
    }
    for (sql, found) in [
        (
            "SELECT count(*) FROM t a JOIN t b ON a.pid = b.pid AND a.dep = b.dep",
            "45",
        ),
        (
            "SELECT count(*) FROM t a JOIN v b ON a.pid = b.pid WHERE a.age < b.cost",
            "130",
        ),
        ("SELECT count(DISTINCT b.pid) FROM t a CROSS JOIN t b", "45"),
    ] {
        assert_eq!(rows(&session, sql).await, [found], "{sql}");
    }
}
