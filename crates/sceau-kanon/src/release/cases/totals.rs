//! Totals beside cells, and what is withheld for the sake of others.

use std::collections::BTreeSet;

use super::world::*;

/// People of cells: for each its keys and how many they are, each with one row that costs 10.
fn cells(keys: &[&str], cells: &[(&[&str], usize)]) -> Vec<(String, arrow::array::ArrayRef)> {
    let rows: usize = cells.iter().map(|cell| cell.1).sum();
    let mut columns = vec![("pid".to_owned(), texts(people(0, rows, 1)))];
    for (at, key) in keys.iter().enumerate() {
        let values = cells
            .iter()
            .flat_map(|(values, people)| of(values[at], *people));
        columns.push(((*key).to_owned(), texts(values.collect::<Vec<_>>())));
    }
    columns.push(("cost".to_owned(), ints(vec![10; rows])));
    columns
}

async fn table(keys: &[&str], of: &[(&[&str], usize)], rules: &str) -> sceau_core::Session {
    let columns = cells(keys, of);
    let columns = columns
        .iter()
        .map(|(name, values)| (name.as_str(), values.clone()))
        .collect();
    world()
        .table("t", columns)
        .await
        .rules(rules)
        .session()
        .await
}

#[tokio::test]
async fn case_30_one_cell_more_is_withheld_than_is_small() {
    let session = table(
        &["dep"],
        &[(&["A"], 20), (&["B"], 15), (&["C"], 3)],
        "k = 11",
    )
    .await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY ROLLUP (dep)";
    let released = release(&session, sql).await;
    let mut found = rows_of(&released);
    found.sort();
    assert_eq!(found, ["A 20", "NULL 38"]);
    let by_rule: Vec<_> = released
        .report()
        .rules
        .iter()
        .map(|rule| (rule.rule.as_ref(), rule.withheld))
        .collect();
    assert!(by_rule.contains(&("people", 1)), "{by_rule:?}");
    assert!(by_rule.contains(&("secondary", 1)), "{by_rule:?}");
    let same = "SELECT dep, count(*) FROM t GROUP BY GROUPING SETS ((dep), ())";
    assert_eq!(rows(&session, same).await, ["A 20", "NULL 38"]);
    // What stands above the gate sees what has passed it.
    let having = format!("{sql} HAVING count(*) < 20 ORDER BY 2 LIMIT 1");
    assert!(rows(&session, &having).await.is_empty());
    let window = "SELECT dep, grouping(dep), sum(count(*)) OVER () FROM t GROUP BY ROLLUP (dep)";
    assert_eq!(rows(&session, window).await, ["A 0 58", "NULL 1 58"]);
}

#[tokio::test]
async fn without_small_cells_totals_are_all_there() {
    let session = table(&["dep"], &[(&["A"], 20), (&["B"], 15)], "k = 11").await;
    let sql = "SELECT dep, count(*), sum(cost), avg(cost) FROM t GROUP BY ROLLUP (dep)";
    assert_eq!(
        rows(&session, sql).await,
        ["A 20 200 10.0", "B 15 150 10.0", "NULL 35 350 10.0"]
    );
}

#[tokio::test]
async fn case_31_the_sum_of_two_small_cells_is_not_told_either() {
    let session = table(
        &["dep"],
        &[(&["A"], 50), (&["B"], 4), (&["C"], 5)],
        "k = 11",
    )
    .await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY ROLLUP (dep)";
    let found = rows(&session, sql).await;
    assert!(found == ["A 50"] || found == ["NULL 59"], "{found:?}");
}

#[tokio::test]
async fn case_33_what_is_empty_protects_nobody() {
    let session = table(&["dep"], &[(&["A"], 40), (&["B"], 2)], "k = 11").await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY ROLLUP (dep)";
    let found = rows(&session, sql).await;
    assert!(found == ["A 40"] || found == ["NULL 42"], "{found:?}");
}

/// A table of rows by columns, and the keys of the cells that come out of its CUBE, without the totals.
async fn cube(counts: &[&[usize]], rules: &str) -> (Vec<String>, usize) {
    let names: Vec<(String, String, usize)> = counts
        .iter()
        .enumerate()
        .flat_map(|(row, counts)| {
            counts.iter().enumerate().map(move |(column, count)| {
                (format!("r{}", row + 1), format!("c{}", column + 1), *count)
            })
        })
        .collect();
    let keys: Vec<[&str; 2]> = names
        .iter()
        .map(|name| [name.0.as_str(), name.1.as_str()])
        .collect();
    let of: Vec<(&[&str], usize)> = keys
        .iter()
        .zip(&names)
        .map(|(keys, name)| (&keys[..], name.2))
        .collect();
    let session = table(&["r", "c"], &of, rules).await;
    let found = rows(
        &session,
        "SELECT r, c, count(*), sum(cost) FROM t GROUP BY CUBE (r, c)",
    )
    .await;
    let inner = found
        .iter()
        .filter(|row| !row.contains("NULL"))
        .map(|row| row.split(' ').take(2).collect::<Vec<_>>().join(""))
        .collect();
    let totals = found.iter().filter(|row| row.contains("NULL")).count();
    (inner, totals)
}

#[tokio::test]
async fn case_35_37_and_43_rows_and_columns_with_all_margins() {
    let (inner, totals) = cube(&[&[20, 12, 5], &[30, 25, 14], &[40, 16, 22]], "k = 11").await;
    assert_eq!(inner, ["r1c1", "r2c1", "r2c2", "r2c3", "r3c1"]);
    assert_eq!(totals, 7);
    let counts: &[&[usize]] = &[&[18, 2], &[14, 19], &[12, 10], &[11, 14]];
    let (inner, totals) = cube(counts, "k = 3").await;
    assert_eq!((inner.len(), totals), (4, 7), "{inner:?}");
    let (inner, totals) = cube(counts, "k = 11").await;
    assert_eq!((inner.len(), totals), (4, 7), "{inner:?}");
    assert_eq!(inner, ["r2c1", "r2c2", "r4c1", "r4c2"]);
    let (inner, totals) = cube(
        &[&[4, 30, 20], &[25, 6, 40], &[35, 45, 7], &[60, 50, 55]],
        "k = 11",
    )
    .await;
    assert_eq!((inner.len(), totals), (6, 8), "{inner:?}");
}

#[tokio::test]
async fn case_41_a_hierarchy_of_regions() {
    let session = table(
        &["region", "dep"],
        &[
            (&["R1", "d1"], 3),
            (&["R1", "d2"], 40),
            (&["R2", "d3"], 20),
            (&["R2", "d4"], 25),
            (&["R3", "d6"], 5),
        ],
        "k = 11",
    )
    .await;
    let sql = "SELECT region, dep, count(*) FROM t GROUP BY ROLLUP (region, dep)";
    assert_eq!(
        rows(&session, sql).await,
        ["NULL NULL 93", "R2 NULL 45", "R2 d3 20", "R2 d4 25"]
    );
}

#[tokio::test]
async fn case_45_a_cube_of_three_keys() {
    let of: &[(&[&str], usize)] = &[
        (&["0", "0", "0"], 3),
        (&["0", "0", "1"], 20),
        (&["0", "1", "0"], 25),
        (&["0", "1", "1"], 30),
        (&["1", "0", "0"], 22),
        (&["1", "0", "1"], 18),
        (&["1", "1", "0"], 40),
        (&["1", "1", "1"], 35),
    ];
    let session = table(&["a", "b", "c"], of, "k = 11").await;
    let sql = "SELECT a, b, c, count(*) FROM t GROUP BY CUBE (a, b, c)";
    let found = rows(&session, sql).await;
    let withheld = 27 - found.len();
    assert!((8..=10).contains(&withheld), "{found:?}");
}

#[tokio::test]
async fn case_47_all_measures_of_a_cell_are_withheld_together() {
    let of: &[(&[&str], usize)] = &[(&["A"], 20), (&["B"], 15), (&["C"], 3)];
    for (rules, expected) in [
        ("k = 11", vec!["A 20 200 10.0", "NULL 38 380 10.0"]),
        (
            "k = 11\nwithheld = \"mask\"",
            vec![
                "A 20 200 10.0",
                "B NULL NULL NULL",
                "C NULL NULL NULL",
                "NULL 38 380 10.0",
            ],
        ),
    ] {
        let session = table(&["dep"], of, rules).await;
        let sql = "SELECT dep, count(*), sum(cost), avg(cost) FROM t GROUP BY ROLLUP (dep)";
        assert_eq!(rows(&session, sql).await, expected);
    }
}

#[tokio::test]
async fn a_union_of_margins_is_a_table_with_totals() {
    let session = table(
        &["dep"],
        &[(&["A"], 20), (&["B"], 15), (&["C"], 3)],
        "k = 11",
    )
    .await;
    for sql in [
        "SELECT dep, count(*) FROM t GROUP BY dep UNION ALL SELECT 'all', count(*) FROM t",
        "SELECT 'all' AS dep, count(*) AS n FROM t UNION ALL SELECT d, m FROM (SELECT dep AS d, count(*) AS m FROM t GROUP BY dep) x",
        "SELECT dep, count(*) FROM t GROUP BY dep HAVING count(*) > 11 UNION SELECT 'all', sum(cost) / 10 FROM t",
    ] {
        assert_eq!(rows(&session, sql).await, ["A 20", "all 38"], "{sql}");
    }
    let different = "SELECT dep, count(*) FROM t GROUP BY dep UNION ALL SELECT 'all', count(*) FROM t WHERE cost > 0";
    assert_eq!(refusal(&session, different).await.code(), "margins");
}

#[tokio::test]
async fn a_union_of_all_margins_of_a_table_is_its_cube() {
    let of: &[(&[&str], usize)] = &[
        (&["A", "1"], 12),
        (&["A", "2"], 18),
        (&["B", "1"], 15),
        (&["B", "2"], 10),
        (&["C", "1"], 20),
        (&["C", "2"], 3),
    ];
    let session = table(&["dep", "sex"], of, "k = 11").await;
    let cube = rows(
        &session,
        "SELECT dep, sex, count(*) FROM t GROUP BY CUBE (dep, sex)",
    )
    .await;
    let cells = "SELECT dep, sex, count(*) AS n FROM t GROUP BY dep, sex";
    let by_dep = "SELECT dep, NULL, count(*) FROM t GROUP BY dep";
    let by_sex = "SELECT NULL, sex, count(*) FROM t GROUP BY sex";
    let all = "SELECT NULL, NULL, count(*) FROM t";
    for sql in [
        format!("{cells} UNION ALL {by_dep} UNION ALL {by_sex} UNION ALL {all}"),
        format!("({cells} UNION ALL {by_dep}) UNION ALL ({by_sex} UNION ALL {all})"),
        format!(
            "SELECT dep, sex, n FROM ({cells} UNION ALL {by_dep} UNION ALL {by_sex}) x UNION ALL {all}"
        ),
    ] {
        assert_eq!(rows(&session, &sql).await, cube, "{sql}");
    }
    let conditions = format!(
        "SELECT * FROM ({cells} UNION ALL {by_dep}) x WHERE n > 20 UNION ALL {by_sex} UNION ALL {all}"
    );
    let shown = rows(&session, &conditions).await;
    assert!(
        shown.iter().all(|row| cube.contains(row)) && shown.len() < cube.len(),
        "{shown:?}"
    );
    let different = format!("{cells} UNION ALL {by_dep} UNION ALL {all} WHERE sex = '1'");
    assert_eq!(refusal(&session, &different).await.code(), "margins");
    let twice = format!("{cells} UNION ALL {by_dep} UNION ALL {by_dep}");
    assert_eq!(refusal(&session, &twice).await.code(), "margins");
}

#[tokio::test]
async fn two_sets_without_a_common_total_still_have_one() {
    // By département 20, 15, 3; by sex 19 and 19: the total is known, and so is C.
    let of: &[(&[&str], usize)] = &[
        (&["A", "1"], 12),
        (&["A", "2"], 8),
        (&["B", "1"], 5),
        (&["B", "2"], 10),
        (&["C", "1"], 2),
        (&["C", "2"], 1),
    ];
    let session = table(&["dep", "sex"], of, "k = 11").await;
    let sql = "SELECT dep, sex, count(*) FROM t GROUP BY GROUPING SETS ((dep), (sex))";
    let found = rows(&session, sql).await;
    assert!(
        !(found.iter().any(|row| row.starts_with("A"))
            && found.iter().any(|row| row.starts_with("B"))),
        "{found:?}"
    );
}

#[tokio::test]
async fn people_who_meet_a_condition_are_protected_too() {
    // Withheld together, B and C are 23 people, but 3 women.
    let of: &[(&[&str], usize)] = &[
        (&["A", "f"], 30),
        (&["A", "m"], 30),
        (&["B", "f"], 0),
        (&["B", "m"], 15),
        (&["C", "f"], 3),
        (&["C", "m"], 5),
        (&["D", "f"], 40),
        (&["D", "m"], 40),
    ];
    let session = table(&["dep", "sex"], of, "k = 11").await;
    let sql =
        "SELECT dep, count(*), count(*) FILTER (WHERE sex = 'f') FROM t GROUP BY ROLLUP (dep)";
    let found = rows(&session, sql).await;
    let shown: BTreeSet<&str> = found
        .iter()
        .filter_map(|row| row.split(' ').next())
        .collect();
    let all: BTreeSet<&str> = ["A", "D", "NULL"].into();
    assert!(shown.is_subset(&all) && shown != all, "{found:?}");
}

#[tokio::test]
async fn totals_are_sums_of_rounded_cells() {
    let of: &[(&[&str], usize)] = &[(&["A"], 12), (&["B"], 12), (&["C"], 12)];
    let session = table(&["dep"], of, "k = 8\nrounding = 5").await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY ROLLUP (dep)";
    assert_eq!(
        rows(&session, sql).await,
        ["A 10", "B 10", "C 10", "NULL 30"]
    );
}

#[tokio::test]
async fn a_total_of_the_cells_that_leave_is_withheld_where_none_does() {
    // Of B nothing is shown; C is withheld beside it, and so is all of it.
    let of: &[(&[&str], usize)] = &[
        (&["A", "1"], 57),
        (&["A", "2"], 73),
        (&["B", "1"], 7),
        (&["B", "2"], 5),
        (&["C", "1"], 48),
        (&["C", "2"], 46),
    ];
    let session = table(&["dep", "sex"], of, "preset = \"opensafely\"").await;
    let sql = "SELECT dep, sex, count(*) FROM t GROUP BY CUBE (dep, sex)";
    let expected = [
        "A 1 55",
        "A 2 75",
        "A NULL 130",
        "NULL 1 55",
        "NULL 2 75",
        "NULL NULL 130",
    ];
    assert_eq!(rows(&session, sql).await, expected);
    let released = release(&session, sql).await;
    let rounding = released
        .report()
        .rules
        .iter()
        .find(|rule| rule.rule == "rounding");
    let note = &rounding.expect("rounding").note;
    assert!(note.contains("without those that are withheld"), "{note}");
}

#[tokio::test]
async fn a_table_of_too_many_cells_says_how_to_ask_less() {
    let session = table(&["dep"], &[(&["A"], 20), (&["B"], 15)], "k = 11").await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY ROLLUP (dep)";
    let error = crate::Releaser::new(&session)
        .most_cells(2)
        .sql(sql)
        .await
        .expect_err("too many");
    assert_eq!(error, crate::ReleaseError::TooManyCells { limit: 2 });
    assert!(error.to_string().contains("group by fewer"), "{error}");
}

#[tokio::test]
async fn a_table_of_hundreds_of_cells_and_of_rows_by_columns() {
    let names: Vec<String> = (0..400).map(|at| format!("d{at}")).collect();
    let keys: Vec<[&str; 1]> = names.iter().map(|name| [name.as_str()]).collect();
    let of: Vec<(&[&str], usize)> = keys
        .iter()
        .enumerate()
        .map(|(at, keys)| (&keys[..], 3 + at * 7 % 40))
        .collect();
    let session = table(&["dep"], &of, "k = 11").await;
    let sql = "SELECT dep, count(*), sum(cost) FROM t GROUP BY ROLLUP (dep)";
    let small = of.iter().filter(|cell| cell.1 < 11).count();
    // So many small cells hide each other.
    assert_eq!(rows(&session, sql).await.len(), 401 - small);
    let names: Vec<[String; 2]> = (0..144)
        .map(|at| [format!("r{}", at / 12), format!("c{}", at % 12)])
        .collect();
    let keys: Vec<[&str; 2]> = names
        .iter()
        .map(|name| [name[0].as_str(), name[1].as_str()])
        .collect();
    let of: Vec<(&[&str], usize)> = keys
        .iter()
        .enumerate()
        .map(|(at, keys)| (&keys[..], 3 + at * 7 % 40))
        .collect();
    let session = table(&["r", "c"], &of, "k = 11").await;
    let found = rows(
        &session,
        "SELECT r, c, count(*) FROM t GROUP BY CUBE (r, c)",
    )
    .await;
    let totals = found.iter().filter(|row| row.contains("NULL")).count();
    assert_eq!(totals, 25, "{found:?}");
}

#[tokio::test]
async fn a_permit_may_do_without_secondary_suppression() {
    let of: &[(&[&str], usize)] = &[(&["A"], 20), (&["B"], 15), (&["C"], 3)];
    let session = table(&["dep"], of, "k = 11\nsecondary = false").await;
    let sql = "SELECT dep, count(*) FROM t GROUP BY ROLLUP (dep)";
    assert_eq!(rows(&session, sql).await, ["A 20", "B 15", "NULL 38"]);
}

/// Hides one small cell behind one of two others that are as good: which one must not hang on the order in which rows are read, or
/// whoever asks twice sees both.
#[tokio::test]
async fn what_is_withheld_besides_is_the_same_each_time() {
    let parts: [(&[&str], usize); 5] = [
        (&["A"], 20),
        (&["B"], 20),
        (&["C"], 20),
        (&["D"], 3),
        (&["E"], 20),
    ];
    let sql = "SELECT dep, count(*) FROM t GROUP BY ROLLUP (dep)";
    let mut seen = BTreeSet::new();
    for turn in 0..parts.len() {
        let mut parts = parts;
        parts.rotate_left(turn);
        let session = table(&["dep"], &parts, "k = 11").await;
        seen.insert(rows(&session, sql).await);
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}
