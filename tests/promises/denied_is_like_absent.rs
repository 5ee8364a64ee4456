//! A denied column answers, byte for byte, like one that never existed, however it is asked for. So does a denied table.

use arrow::array::RecordBatch;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::col;
use sceau::snds::Role;
use sceau::{ColumnConfig, Session};

use crate::fixture::{Stored, ask, session};

/// Words of the same length as the denied names: one column and one table that never existed.
const ABSENT: &str = "sorbet";
const DENIED: &str = "secret";
const ABSENT_TABLE: &str = "stocks";
const DENIED_TABLE: &str = "stays2";

fn stays() -> RecordBatch {
    let whole = crate::doors::stays();
    let names = ["patient", "region", "note", "cost", "secret"];
    let at: Vec<usize> = names
        .iter()
        .map(|name| whole.schema().index_of(name).expect("a column"))
        .collect();
    whole.project(&at).expect("columns")
}

/// `secret` is denied in one table and not there in the other; a third table is not granted.
async fn sessions() -> [Session; 2] {
    let stays = stays();
    let without = stays.project(&[0, 1, 2, 3]).expect("columns");
    let mut sessions = vec![];
    for batch in [&stays, &without] {
        let platform = Stored::new()
            .with(|builder| builder.partitions(1))
            .table(
                "sejour",
                |table| {
                    table.contributor(["patient"]).column(
                        "patient",
                        ColumnConfig::new(Role::Identifier).domain("patient"),
                    )
                },
                batch,
            )
            .await
            .table("other", |table| table, batch)
            .await
            .table(DENIED_TABLE, |table| table, batch)
            .await
            .platform()
            .await;
        sessions.push(session(
            &platform,
            "[table.sejour]\ncolumns = [\"patient\", \"note\", \"cost\"]\nwhere = \"region = 'A'\"\n[table.other]\ncolumns = [\"note\", \"cost\"]",
        ));
    }
    sessions.try_into().expect("two")
}

async fn told(session: &Session, sql: &str) -> String {
    match ask(session, sql).await {
        Ok(answer) => answer,
        Err(error) => format!("{}: {}", error.code(), error.message()),
    }
}

/// Every other name that is stored, and that no error may bring up by itself.
const HIDDEN: [&str; 2] = ["region", "stays2"];

const SHAPES: &[&str] = &[
    "SELECT secret FROM sejour",
    "SELECT SECRET FROM sejour",
    "SELECT \"secret\" FROM sejour",
    "SELECT `secret` FROM sejour",
    "SELECT sejour.secret FROM sejour",
    "SELECT s.secret FROM sejour s",
    "SELECT \"s\".\"secret\" FROM sejour AS \"s\"",
    "SELECT snds.sejour.secret FROM sejour",
    "SELECT sceau.snds.sejour.secret FROM sejour",
    "SELECT secret AS note FROM sejour",
    "SELECT secret.note FROM sejour",
    "SELECT note.secret FROM sejour",
    "SELECT sejour.note.secret FROM sejour",
    "SELECT sejour['secret'] FROM sejour",
    "SELECT secret['x'] FROM sejour",
    "SELECT secret.* FROM sejour",
    "SELECT secre FROM sejour",
    "SELECT secret, region FROM sejour",
    "SELECT cost FROM sejour WHERE secret = 'x'",
    "SELECT cost FROM sejour WHERE secret IS NULL",
    "SELECT cost FROM sejour WHERE secret LIKE 'D%'",
    "SELECT cost FROM sejour WHERE secret IN ('x', 'y')",
    "SELECT cost FROM sejour WHERE secret BETWEEN 'a' AND 'z'",
    "SELECT cost FROM sejour WHERE NOT (cost > 1 OR secret > 'x')",
    "SELECT count(*) FROM sejour GROUP BY secret",
    "SELECT secret, count(*) FROM sejour GROUP BY secret",
    "SELECT count(*) FROM sejour GROUP BY ROLLUP (note, secret)",
    "SELECT count(*) FROM sejour GROUP BY GROUPING SETS ((secret), ())",
    "SELECT max(secret) FROM sejour",
    "SELECT count(DISTINCT secret) FROM sejour",
    "SELECT count(*) FILTER (WHERE secret = 'x') FROM sejour",
    "SELECT array_agg(cost ORDER BY secret) FROM sejour",
    "SELECT note, count(*) FROM sejour GROUP BY note HAVING max(secret) > 'x'",
    "SELECT note FROM sejour GROUP BY note HAVING secret > 'x'",
    "SELECT cost FROM sejour ORDER BY secret",
    "SELECT cost FROM sejour ORDER BY sejour.secret DESC LIMIT 1",
    "SELECT DISTINCT cost FROM sejour ORDER BY secret",
    "SELECT DISTINCT ON (secret) cost FROM sejour ORDER BY secret",
    "SELECT rank() OVER (ORDER BY secret) FROM sejour",
    "SELECT sum(cost) OVER (PARTITION BY secret) FROM sejour",
    "SELECT cost FROM sejour QUALIFY row_number() OVER (ORDER BY secret) = 1",
    "SELECT upper(secret) FROM sejour",
    "SELECT coalesce(note, secret) FROM sejour",
    "SELECT CAST(secret AS INT) FROM sejour",
    "SELECT CASE secret WHEN 'x' THEN 1 END FROM sejour",
    "SELECT secret || note FROM sejour",
    "SELECT -secret FROM sejour",
    "SELECT * EXCEPT (secret) FROM sejour",
    "SELECT * EXCLUDE (secret) FROM sejour",
    "SELECT * REPLACE (1 AS secret) FROM sejour",
    "SELECT a.cost FROM sejour a JOIN other b USING (secret)",
    "SELECT a.cost FROM sejour a JOIN other b USING (note, secret)",
    "SELECT a.cost FROM sejour a JOIN other b ON a.secret = b.secret",
    "SELECT a.cost FROM sejour a JOIN other b ON a.note = b.note AND secret = 'x'",
    "SELECT a.cost FROM sejour a LEFT JOIN other b ON a.cost = b.cost AND b.secret = 'x'",
    "SELECT secret FROM sejour NATURAL JOIN other",
    "SELECT secret FROM sejour, other",
    "SELECT cost FROM (SELECT secret FROM sejour) t",
    "SELECT t.secret FROM (SELECT * FROM sejour) t",
    "SELECT t.secret FROM (SELECT cost FROM sejour) t (secret2)",
    "WITH a AS (SELECT secret FROM sejour) SELECT * FROM a",
    "WITH a AS (SELECT * FROM sejour) SELECT secret FROM a",
    "WITH a AS (SELECT * FROM sejour) SELECT a.secret FROM a JOIN other USING (note)",
    "SELECT cost FROM sejour WHERE cost IN (SELECT secret FROM other)",
    "SELECT cost FROM sejour WHERE EXISTS (SELECT 1 FROM other WHERE other.secret = sejour.note)",
    "SELECT cost FROM sejour WHERE EXISTS (SELECT 1 FROM other WHERE other.note = sejour.secret)",
    "SELECT cost, (SELECT max(secret) FROM other) FROM sejour",
    "SELECT cost FROM sejour WHERE cost > ANY (SELECT secret FROM other)",
    "SELECT cost FROM sejour UNION SELECT secret FROM sejour",
    "SELECT secret FROM sejour UNION ALL SELECT cost FROM sejour",
    "SELECT cost FROM sejour INTERSECT SELECT secret FROM other",
    "SELECT unnest(secret) FROM sejour",
    "SELECT * FROM sejour, LATERAL (SELECT secret FROM other) t",
    "SELECT * FROM sejour, LATERAL (SELECT sejour.secret) t",
    "SELECT * FROM sejour LIMIT secret",
    "VALUES (secret)",
    "SELECT secret",
    "SELECT secret(cost) FROM sejour",
    "SELECT * FROM secret",
    "SELECT sejour.secret FROM other",
    "SELECT secret.secret.secret FROM sejour",
    "DESCRIBE secret",
    "SHOW COLUMNS FROM secret",
    "EXPLAIN SELECT secret FROM sejour",
    "SELECT pivot.secret FROM sejour PIVOT (sum(cost) FOR secret IN ('x')) pivot",
    "WITH RECURSIVE r AS (SELECT secret FROM sejour UNION ALL SELECT secret FROM r) SELECT * FROM r",
    "SELECT cost FROM sejour GROUP BY ALL ORDER BY secret",
    "SELECT substring(secret FROM 1 FOR 2) FROM sejour",
    "SELECT extract(year FROM secret) FROM sejour",
    "SELECT secret::int FROM sejour",
    "SELECT secret IS DISTINCT FROM note FROM sejour",
    "SELECT interval secret day FROM sejour",
];

#[tokio::test]
async fn errors_are_the_same_but_for_the_name_however_it_is_asked_for() {
    let [denied, absent] = sessions().await;
    let mut answered = vec![];
    for sql in SHAPES {
        let of_denied = told(&denied, sql).await;
        if of_denied.starts_with('+') {
            answered.push(*sql);
        }
        let ghost = sql
            .replace(DENIED, ABSENT)
            .replace(&DENIED.to_uppercase(), &ABSENT.to_uppercase());
        let of_ghost = told(&denied, &ghost).await;
        assert_eq!(of_denied, of_ghost.replace(ABSENT, DENIED), "{sql}");
        // On a platform that stores no such column, the same question has the same answer.
        assert_eq!(of_denied, told(&absent, sql).await, "{sql}");
        for hidden in HIDDEN {
            let asked = sql.contains(hidden);
            assert!(asked || !of_denied.contains(hidden), "{sql}: {of_denied}");
        }
        let lower = of_denied.to_lowercase();
        for hint in [
            "did you mean",
            "valid fields",
            "candidates",
            "similar",
            "denied",
            "permit",
        ] {
            let of_table = hint == "permit" && lower.starts_with("unknown_table");
            assert!(of_table || !lower.contains(hint), "{sql}: {of_denied}");
        }
    }
    // The engine puts nothing in the place of a column that is not there, and says nothing of it.
    assert_eq!(answered, ["SELECT * REPLACE (1 AS secret) FROM sejour"]);
}

#[tokio::test]
async fn a_denied_column_in_a_plan_built_in_code_is_like_an_absent_one() {
    let [denied, absent] = sessions().await;
    let mut said = vec![];
    for session in [&denied, &absent] {
        for name in [DENIED, ABSENT] {
            let table = || async { session.table("sejour").await.expect("table") };
            let projected = table().await.project(vec![col(name)]).map(drop);
            let filtered = table().await.filter(col(name).is_null()).map(drop);
            let sorted = table()
                .await
                .sort(vec![col(name).sort(true, true)])
                .map(drop);
            let grouped = table()
                .await
                .aggregate(vec![col(name)], vec![sum(col("cost"))])
                .map(drop);
            let said_now: Vec<String> = [projected, filtered, sorted, grouped]
                .into_iter()
                .map(|result| result.expect_err("no such column").strip_backtrace())
                .collect();
            assert!(
                said_now.iter().all(|text| !text.contains("region")),
                "{said_now:?}"
            );
            said.push(said_now.join("\n").replace(ABSENT, DENIED));
        }
    }
    assert!(said.iter().all(|text| *text == said[0]), "{said:#?}");
}

#[tokio::test]
async fn a_denied_table_is_like_an_absent_one() {
    let [denied, _] = sessions().await;
    for sql in [
        "SELECT * FROM stays2",
        "SELECT * FROM STAYS2",
        "SELECT * FROM \"stays2\"",
        "SELECT * FROM snds.stays2",
        "SELECT * FROM sceau.snds.stays2",
        "SELECT * FROM other.stays2",
        "SELECT s.cost FROM sejour s JOIN stays2 t USING (note)",
        "SELECT s.cost FROM sejour s, stays2",
        "SELECT cost FROM sejour WHERE cost IN (SELECT cost FROM stays2)",
        "SELECT stays2.cost FROM sejour",
        "WITH a AS (SELECT * FROM stays2) SELECT 1 FROM a",
        "DESCRIBE stays2",
        "SHOW COLUMNS FROM stays2",
        "EXPLAIN SELECT * FROM stays2",
        "SELECT count(*) FROM stays2 WHERE secret = 'x'",
    ] {
        let of_denied = told(&denied, sql).await;
        let ghost = sql
            .replace(DENIED_TABLE, ABSENT_TABLE)
            .replace("STAYS2", "STOCKS");
        let of_ghost = told(&denied, &ghost).await;
        assert_eq!(
            of_denied,
            of_ghost.replace(ABSENT_TABLE, DENIED_TABLE),
            "{sql}"
        );
    }
    for name in ["stays2", "Stays2"] {
        let of_denied = denied.table(name).await.expect_err("denied").to_string();
        let ghost = denied.table(&name.replace("tays2", "tocks")).await;
        let ghost = ghost.expect_err("absent").to_string();
        assert_eq!(of_denied, ghost.replace("tocks", "tays2"));
    }
}

/// A granted column whose name is close to a denied one is not offered, nor is the denied one.
#[tokio::test]
async fn no_name_is_offered_in_place_of_a_wrong_one() {
    let [denied, _] = sessions().await;
    for sql in [
        "SELECT secrets FROM sejour",
        "SELECT regio FROM sejour",
        "SELECT regions FROM sejour",
        "SELECT cots FROM sejour",
        "SELECT sejour.Regionn FROM sejour",
        "SELECT * FROM stays",
        "SELECT * FROM stay2",
        "SELECT summ(cost) FROM sejour",
        "SELECT regoin(cost) FROM sejour",
    ] {
        let found = told(&denied, sql).await;
        for name in [
            "secret ",
            "region ",
            "stays2",
            "Did you mean 'region",
            "'secret'",
        ] {
            assert!(!found.contains(name), "{sql}: {found}");
        }
    }
}
