//! A permit's condition is held against rows of which nobody knows what they hold: whatever that is, the question is answered.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampSecondArray,
};
use sceau::Platform;

use crate::fixture::{Stored, ask, permit};

/// A middling row first and last, and the extremes of every type between.
fn extremes() -> RecordBatch {
    let largest = 10_i128.pow(38) - 1;
    let prices = Decimal128Array::from(vec![1, largest, -largest, 3]);
    RecordBatch::try_from_iter([
        (
            "day",
            Arc::new(Date32Array::from(vec![18_000, i32::MAX, i32::MIN, 18_001])) as ArrayRef,
        ),
        (
            "moment",
            Arc::new(TimestampSecondArray::from(vec![
                1_500_000_000,
                i64::MAX,
                i64::MIN,
                1_500_000_001,
            ])),
        ),
        (
            "cost",
            Arc::new(Int64Array::from(vec![10, i64::MAX, i64::MIN, 30])),
        ),
        (
            "note",
            Arc::new(StringArray::from(vec!["10", "\u{0}é", "", "%s%"])),
        ),
        (
            "rate",
            Arc::new(Float64Array::from(vec![1.0, f64::NAN, f64::INFINITY, 1.0])),
        ),
        (
            "price",
            Arc::new(prices.with_precision_and_scale(38, 2).expect("fits")),
        ),
    ])
    .expect("extremes")
}

async fn platform() -> Platform {
    Stored::new()
        .table("t", |table| table, &extremes())
        .await
        .platform()
        .await
}

fn under(condition: &str) -> sceau::Permit {
    permit(&format!(
        "[table.t]\ncolumns = [\"cost\"]\nwhere = \"{condition}\""
    ))
}

#[tokio::test]
async fn no_function_of_a_condition_fails_on_what_a_row_holds() {
    let platform = platform().await;
    let mut failed = vec![];
    let mut tried = 0;
    for condition in CONDITIONS {
        // What the engine does not know is said when the permit is read, whatever the rows hold.
        let Ok(session) = platform.session(&under(condition), "ana") else {
            continue;
        };
        tried += 1;
        if let Err(error) = ask(&session, "SELECT count(*) FROM t").await {
            failed.push(format!("{condition}: {} {error}", error.code()));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(tried > 80, "{tried}");
}

/// More memory than there is ends the process, on a row that nobody may see.
#[tokio::test]
async fn a_condition_pads_no_text_to_a_stored_length() {
    let platform = platform().await;
    for condition in [
        "lpad(note, cost) > ''",
        "rpad(note, cost, 'x') > ''",
        "lpad(note, 2000000000) > ''",
    ] {
        let error = platform
            .session(&under(condition), "ana")
            .expect_err(condition)
            .to_string();
        assert!(
            error.contains("needs a length that is a number of at most 10000"),
            "{error}"
        );
    }
    assert!(
        platform
            .session(&under("lpad(note, 20) > ''"), "ana")
            .is_ok()
    );
}

const CONDITIONS: &[&str] = &[
    "day + INTERVAL '1 month' > DATE '2000-01-01'",
    "day - INTERVAL '1 month' > DATE '2000-01-01'",
    "day + INTERVAL '1 day' > DATE '2000-01-01'",
    "moment + INTERVAL '1 month' > DATE '2000-01-01'",
    "moment + INTERVAL '1 day' > DATE '2000-01-01'",
    "date_part('year', day) > 2000",
    "date_part('week', moment) > 0",
    "date_part('epoch', day) > 2000",
    "date_trunc('month', day) > DATE '2000-01-01'",
    "date_trunc('month', moment) > DATE '2000-01-01'",
    "date_bin(INTERVAL '1 day', moment) > DATE '2000-01-01'",
    "to_char(day, '%Y') > '2000'",
    "to_char(moment, '%Y %Q') > '2000'",
    "to_char(day, note) > ''",
    "CAST(day AS TEXT) > '2000'",
    "CAST(moment AS TEXT) > '2000'",
    "CAST(day AS TIMESTAMP) > DATE '2000-01-01'",
    "day - DATE '1900-01-01' > INTERVAL '1 day'",
    "CAST(moment AS DATE) > DATE '2000-01-01'",
    "moment - TIMESTAMP '1900-01-01 00:00:00' > INTERVAL '1 day'",
    "abs(cost) > 0",
    "-cost < 0",
    "cost * 2 > 0",
    "cost % -1 = 0",
    "cost / -1 < 0",
    "gcd(cost, cost) > 0",
    "lcm(cost, 7) > 0",
    "factorial(cost) > 0",
    "power(cost, 3) > 0",
    "power(2, cost) > 0",
    "round(cost, cost) > 0",
    "trunc(rate, cost) > 0",
    "round(rate, 400) > 0",
    "log(cost, 10) > 0",
    "cost << cost > 0",
    "cost >> cost > 0",
    "bit_length(note) > cost",
    "chr(cost) > ''",
    "left(note, cost) >= ''",
    "right(note, cost) >= ''",
    "substr(note, cost, cost) >= ''",
    "substr(note, cost) >= ''",
    "split_part(note, ',', cost) >= ''",
    "strpos(note, note) > 0",
    "to_hex(cost) > ''",
    "overlay(note placing 'x' from cost) >= ''",
    "substr_index(note, 'a', cost) >= ''",
    "make_date(cost, cost, cost) > DATE '2000-01-01'",
    "from_unixtime(cost) > DATE '2000-01-01'",
    "to_timestamp(cost) > DATE '2000-01-01'",
    "to_timestamp_millis(cost) > DATE '2000-01-01'",
    "to_timestamp(rate) > DATE '2000-01-01'",
    "regexp_like(note, note)",
    "note SIMILAR TO note",
    "note LIKE note",
    "regexp_replace(note, note, note) >= ''",
    "levenshtein(note, note) >= 0",
    "price * price > 0",
    "price + price > 0",
    "price / 3 > 0",
    "round(price, 1) > 0",
    "ceil(price) > 0",
    "price % 7 > 0",
    "CAST(price AS BIGINT) > 0",
    "abs(price) > 0",
    "-price < 0",
    "power(price, 3) > 0",
    "log(price) > 0",
    "[1,2,3][cost] > 0",
    "array_element([1,2,3], cost) > 0",
    "array_slice([1,2,3], cost, cost) = [1]",
    "find_in_set(note, note) > 0",
    "nanvl(rate, 1) > 0",
    "CAST(rate AS BIGINT) > 0",
    "INTERVAL '1 day' * cost > INTERVAL '1 day'",
    "translate(note, note, note) >= ''",
    "initcap(note) >= ''",
    "ascii(note) > 0",
    "to_date(note) > DATE '2000-01-01'",
    "to_timestamp(note, note) > DATE '2000-01-01'",
    "to_unixtime(day) > 0",
    "position(note in note) > 0",
    "array_position([1], cost) > 0",
];
