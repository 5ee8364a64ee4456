//! Texts that nobody writes by mistake: characters, lengths and depths at which readers fail.

use super::world::{HIDDEN, answers_from_visible_rows, are_refused, told, trapped};

/// Characters that end, hide or imitate.
#[tokio::test]
async fn characters_that_are_not_seen_find_nothing() {
    let session = trapped().await;
    for sql in [
        "SELECT \u{0}note FROM sejour",
        "SELECT note\u{0} FROM sejour",
        "SELECT note FROM sejour\u{0}; DROP TABLE sejour",
        "\u{feff}SELECT note FROM sejour",
        "SELECT note FROM sejour\u{200b}",
        "SELECT note FROM se\u{130}our",
        "SELECT nöte FROM sejour",
        "SELECT \u{202e}note FROM sejour",
        "SELECT secr\u{435}t FROM sejour",
        "SELECT \"secret\u{301}\" FROM sejour",
        "SELECT \u{17f}ecret FROM sejour",
        "SELECT SECRET\u{fe0f} FROM sejour",
        "SELECT 'open",
        "SELECT note FROM sejour /* open",
        "SELECT \"\" FROM sejour",
        "SELECT * FROM \"\"",
        "SELECT U&'\\+FFFFFF'",
        "SELECT E'\\u{110000}'",
        "\u{1f4a3}",
    ] {
        let found = told(&session, sql, false).await;
        assert!(!found.starts_with('+'), "{sql:?}\n{found}");
        assert!(
            HIDDEN.iter().all(|word| !found.contains(word)),
            "{sql:?}\n{found}"
        );
    }
    answers_from_visible_rows(&[
        "SELECT count(*) FROM sejour WHERE note = '\u{0}' OR note LIKE '%\u{0}%'",
        "SELECT count(*) FROM sejour WHERE note < '\u{10ffff}' AND note > ''",
        "SELECT\u{a0}count(*)\tFROM\r\nsejour -- \u{0}",
    ])
    .await;
}

/// A letter that folds to an ASCII one reaches the columns that are granted and no other.
#[tokio::test]
async fn letters_that_fold_together_reach_granted_columns_only() {
    let session = trapped().await;
    let granted = told(
        &session,
        "SELECT Note, COST FROM SEJOUR ORDER BY 1, 2",
        false,
    )
    .await;
    assert!(granted.starts_with('+'), "{granted}");
    are_refused(
        &session,
        &[
            "SELECT \"Note\" FROM sejour",
            "SELECT SECRET FROM sejour",
            "SELECT \"SECRET\" FROM sejour",
            "SELECT `secret` FROM sejour",
        ],
        &["unknown_column"],
    )
    .await;
}

/// Names, numbers and patterns as long as they come.
#[tokio::test]
async fn length_is_answered_or_refused_in_order() {
    let session = trapped().await;
    let name = "x".repeat(300_000);
    let many = |count: usize, part: &dyn Fn(usize) -> String| {
        (0..count).map(part).collect::<Vec<_>>().join(", ")
    };
    for (sql, code) in [
        (format!("SELECT {name} FROM sejour"), Some("unknown_column")),
        (format!("SELECT * FROM {name}"), Some("unknown_table")),
        (format!("SELECT {name}(cost) FROM sejour"), Some("invalid")),
        (format!("SELECT max(cost) AS {name} FROM sejour"), None),
        (
            format!(
                "SELECT max(cost) AS \"{}\" FROM sejour",
                "é".repeat(100_000)
            ),
            None,
        ),
        (
            format!(
                "SELECT max(cost) FROM sejour WHERE cost IN ({})",
                many(4_000, &|at| at.to_string())
            ),
            None,
        ),
        (
            format!(
                "SELECT max(cost) FROM sejour WHERE note NOT IN ({})",
                many(1_000, &|at| format!("'n{at}'"))
            ),
            None,
        ),
        (
            format!(
                "SELECT {} FROM sejour",
                many(200, &|at| format!("cost c{at}"))
            ),
            None,
        ),
        (
            format!(
                "SELECT count(*) FROM (VALUES {})",
                many(1_000, &|at| format!("({at})"))
            ),
            None,
        ),
        (
            format!(
                "SELECT count(*) FROM sejour WHERE note LIKE '{}'",
                "%_a".repeat(1_000)
            ),
            None,
        ),
        (
            format!(
                "SELECT count(*) FROM sejour WHERE note = '{}'",
                "HIDDEN".repeat(100_000).replace("HIDDEN", "y")
            ),
            None,
        ),
        (
            format!("SELECT cost{} FROM sejour", ".a".repeat(2_000)),
            Some("syntax"),
        ),
        (
            format!(
                "SELECT {}cost{} FROM sejour",
                "abs(".repeat(5_000),
                ")".repeat(5_000)
            ),
            Some("syntax"),
        ),
        (format!("SELECT {}1", "- ".repeat(3_000)), Some("syntax")),
        (format!("SELECT {}1", "NOT ".repeat(10_000)), Some("syntax")),
        (
            format!("SELECT cost{} FROM sejour", "::bigint".repeat(10_000)),
            Some("syntax"),
        ),
        (
            format!(
                "SELECT count(*) FROM {}sejour{}",
                "(SELECT * FROM ".repeat(2_000),
                ")".repeat(2_000)
            ),
            Some("syntax"),
        ),
        (
            format!(
                "SELECT 1 WHERE {}true{}",
                "EXISTS (SELECT 1 WHERE ".repeat(2_000),
                ")".repeat(2_000)
            ),
            Some("syntax"),
        ),
        (
            format!(
                "{}SELECT 1{}",
                "WITH a AS (".repeat(2_000),
                ") SELECT 1".repeat(2_000)
            ),
            Some("syntax"),
        ),
        (
            format!("SELECT {}1{}", "[".repeat(2_000), "]".repeat(2_000)),
            Some("syntax"),
        ),
        (
            format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(10_000)),
            Some("syntax"),
        ),
        (format!("SELECT {}", "9".repeat(100_000)), None),
    ] {
        let found = told(&session, &sql, false).await;
        let shown: String = sql.chars().take(60).collect();
        match code {
            Some(code) => assert!(
                found.starts_with(code),
                "{shown}: {}",
                &found[..found.len().min(200)]
            ),
            None => assert!(
                found.starts_with('+'),
                "{shown}: {}",
                &found[..found.len().min(200)]
            ),
        }
    }
}

/// Numbers at the ends of their types, where arithmetic on them fails.
#[tokio::test]
async fn numbers_at_the_ends_of_their_types_are_answered_or_refused_alike() {
    super::world::tells_nothing_of_hidden_rows(&[
        "SELECT count(*) FROM (SELECT * FROM sejour LIMIT 9223372036854775807 OFFSET 9223372036854775807)",
        "SELECT * FROM sejour LIMIT 18446744073709551615",
        "SELECT * FROM sejour LIMIT -1",
        "SELECT * FROM sejour OFFSET -9223372036854775808",
        "SELECT max(cost + 9223372036854775807) FROM sejour",
        "SELECT max(abs(cost - 9223372036854775807 - 8)) FROM sejour",
        "SELECT sum(cost * 30744573456182586) FROM sejour",
        "SELECT max(cost / 0) FROM sejour",
        "SELECT max(cost % 0) FROM sejour",
        "SELECT max(CAST(cost AS TINYINT)) FROM sejour",
        "SELECT max(CAST(cost AS DECIMAL(3, 2))) FROM sejour",
        "SELECT max(power(cost, 1000)) FROM sejour",
        "SELECT max(factorial(cost)) FROM sejour",
        "SELECT max(day + INTERVAL '178956970 years') FROM sejour",
        "SELECT max(make_date(CAST(cost AS INT), 13, 1)) FROM sejour",
        "SELECT lag(cost, 9223372036854775807) OVER (ORDER BY cost, note) FROM sejour",
        "SELECT max(round(rate, 2147483647)) FROM sejour",
        "SELECT max(substr(note, -9223372036854775807, 9223372036854775807)) FROM sejour",
        "SELECT regexp_like(note, '(') FROM sejour",
        "SELECT regexp_count(note, '(a{1000}){1000}') FROM sejour",
        "SELECT note SIMILAR TO '(' FROM sejour",
        "SELECT arrow_cast(note, 'FixedSizeBinary(-1)') FROM sejour",
        "SELECT arrow_cast(cost, 'Decimal128(38, -128)') FROM sejour",
        "SELECT to_char(day, '%') FROM sejour",
    ])
    .await;
}
