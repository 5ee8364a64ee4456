//! Columns that are shown as something else than they are stored.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};
use datafusion::physical_plan::displayable;

use super::world::{PLAIN, World, answers_alike, stays, tells_nothing_under, told};
use crate::fixture::{permit, rows};

const MASKED: &str = "[table.sejour]\ncolumns = [\"patient\", \"region\", \"note\", \"cost\", \"day\", \"rate\"]\nwhere = \"region = 'A'\"\n[table.sejour.mask]\nnote = \"redact\"\ncost = \"null\"\nday = \"year\"\nrate = \"const(1)\"";

const QUESTIONS: &[&str] = &[
    "SELECT * FROM sejour ORDER BY patient, region",
    "SELECT note, cost, day, rate, count(*) FROM sejour GROUP BY note, cost, day, rate",
    "SELECT count(DISTINCT note), count(cost), count(DISTINCT day), sum(rate) FROM sejour",
    "SELECT count(*) FROM sejour WHERE note = 'HIDDE'",
    "SELECT count(*) FROM sejour WHERE note = '20' OR cost = 100 OR day = DATE '2019-01-04' OR rate = 1.5",
    "SELECT count(*) FROM sejour WHERE cost IS NULL AND day = DATE '2019-01-01'",
    "SELECT count(*) FROM sejour WHERE cost IS NOT NULL",
    "SELECT count(*) FROM sejour WHERE note IN ('***') AND rate BETWEEN 1 AND 1",
    "SELECT count(*) FROM sejour a JOIN sejour b ON a.note = b.note",
    "SELECT count(*) FROM sejour a JOIN sejour b USING (cost)",
    "SELECT count(*) FROM sejour a JOIN sejour b ON a.cost IS NOT DISTINCT FROM b.cost AND a.day = b.day",
    "SELECT count(*) FROM sejour a NATURAL JOIN sejour b",
    "SELECT day, rank() OVER (ORDER BY cost, day) FROM sejour ORDER BY 1, 2",
    "SELECT max(cost), min(note), max(day), min(rate) FROM sejour",
    "SELECT cost FROM sejour ORDER BY cost DESC LIMIT 1",
    "SELECT day FROM sejour ORDER BY day LIMIT 2",
    "SELECT DISTINCT ON (note) note, cost FROM sejour ORDER BY note, cost",
    "SELECT CAST(note AS INT) FROM sejour",
    "SELECT TRY_CAST(note AS INT), 1 / cost FROM sejour",
];

/// The same stays with other values wherever the masks hide them, in visible rows as in hidden ones.
fn other_values() -> RecordBatch {
    let stays = stays();
    let changed = |name: &str, column: &ArrayRef| -> ArrayRef {
        match name {
            "note" => Arc::new(StringArray::from_iter_values(
                (0..stays.num_rows()).map(|at| format!("note {}", at % 3)),
            )),
            "cost" => Arc::new(Int64Array::from_iter_values(
                column
                    .as_primitive::<Int64Type>()
                    .values()
                    .iter()
                    .map(|cost| 7 ^ *cost),
            )),
            // Another day of the same year, in the rows that are seen.
            "day" => Arc::new(Date32Array::from_iter_values(
                column
                    .as_primitive::<Date32Type>()
                    .values()
                    .iter()
                    .map(|day| day.wrapping_add(3)),
            )),
            "rate" => Arc::new(Float64Array::from_iter_values(
                column
                    .as_primitive::<Float64Type>()
                    .values()
                    .iter()
                    .map(|rate| rate / 3.0),
            )),
            _ => Arc::clone(column),
        }
    };
    let columns = stays
        .schema()
        .fields()
        .iter()
        .zip(stays.columns())
        .map(|(field, column)| changed(field.name(), column))
        .collect();
    RecordBatch::try_new(stays.schema(), columns).expect("stays")
}

/// Grouping, sorting, joining and testing a masked column are of what is shown.
#[tokio::test]
async fn nothing_that_is_asked_of_a_masked_column_depends_on_what_is_stored() {
    answers_alike(MASKED, &stays(), &other_values(), QUESTIONS).await;
}

#[tokio::test]
async fn masks_are_of_visible_rows_only() {
    tells_nothing_under(MASKED, QUESTIONS).await;
    let invertible = "[table.sejour]\ncolumns = [\"note\", \"cost\", \"day\"]\nwhere = \"region = 'A'\"\n[table.sejour.mask]\nnote = { sql = \"CAST(CAST(note AS INT) + 1 AS TEXT)\" }\ncost = { sql = \"-cost\" }\nday = { sql = \"day + INTERVAL '1 year'\" }";
    tells_nothing_under(
        invertible,
        &[
            "SELECT * FROM sejour ORDER BY 1, 2, 3",
            "SELECT count(*) FROM sejour WHERE cost = -9223372036854775807",
            "SELECT count(*) FROM sejour WHERE CAST(note AS INT) = 21 AND cost < 0",
            "SELECT min(cost), max(note), max(day) FROM sejour",
        ],
    )
    .await;
}

/// Door 13: a condition on a masked column whose mask can be inverted, with which files would be pruned by what is stored.
#[tokio::test]
async fn a_condition_on_a_masked_column_is_not_offered_to_the_files() {
    let offered = async |tables: &str| {
        let session = World::of(&stays(), PLAIN).await.session(&permit(tables));
        let plan = session
            .plan("SELECT count(*) FROM sejour WHERE cost > 9998")
            .await
            .expect("plan");
        let physical = session.physical_plan(&plan, vec![]).await.expect("plan");
        let shown = displayable(physical.as_ref()).indent(true).to_string();
        let scan = shown.lines().last().expect("a scan").to_owned();
        assert!(scan.contains("DataSourceExec"), "{shown}");
        scan
    };
    let clear = "[table.sejour]\ncolumns = [\"cost\"]";
    assert!(offered(clear).await.contains("9998"), "it would show");
    for mask in ["{ sql = \"-cost\" }", "{ sql = \"cost\" }", "\"band(10)\""] {
        let scan = offered(&format!("{clear}\n[table.sejour.mask]\ncost = {mask}")).await;
        assert!(
            !scan.contains("9998") && !scan.contains("predicate"),
            "{scan}"
        );
    }
    let strict = offered(&format!("strict = true\n{clear}")).await;
    assert!(!strict.contains("9998"), "{strict}");
}

/// Door 47: a stored column that is never NULL, shown as NULL: conditions on it may not be simplified by what is stored.
#[tokio::test]
async fn a_column_that_is_stored_without_nulls_is_null_when_its_mask_is() {
    assert!(
        !stays()
            .schema()
            .field_with_name("cost")
            .expect("cost")
            .is_nullable()
    );
    let session = World::of(&stays(), PLAIN).await.session(&permit(MASKED));
    for (sql, expected) in [
        ("SELECT count(cost) FROM sejour", "0"),
        ("SELECT count(*) FROM sejour WHERE cost IS NULL", "6"),
        ("SELECT count(*) FROM sejour WHERE cost IS NOT NULL", "0"),
        ("SELECT count(*) FROM sejour WHERE NOT (cost = cost)", "0"),
        ("SELECT count(*) FROM sejour WHERE cost IN (1, NULL)", "0"),
        ("SELECT sum(coalesce(cost, 1)) FROM sejour", "6"),
        (
            "SELECT count(*) FROM sejour a LEFT JOIN sejour b USING (cost) WHERE b.region IS NULL",
            "6",
        ),
        (
            "SELECT count(*) FROM (VALUES (5)) v (x) WHERE x NOT IN (SELECT cost FROM sejour)",
            "0",
        ),
    ] {
        assert_eq!(rows(&session, sql).await, [expected], "{sql}");
    }
    let shown = told(
        &session,
        "SELECT is_nullable FROM information_schema.columns WHERE column_name = 'cost'",
        false,
    )
    .await;
    assert!(shown.contains("YES"), "{shown}");
}
