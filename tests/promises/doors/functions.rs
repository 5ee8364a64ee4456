//! Functions that tell of files, rows or the engine, or come from elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::execution::SessionStateDefaults;
use datafusion::functions::core::{
    arrow_field, arrow_metadata, file_row_index, input_file_name, version, with_metadata,
};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarUDF, Volatility, create_udf, lit};
use datafusion::prelude::col;

use super::world::{are_refused, trapped};

const REFUSED: &[&str] = &["not_allowed", "invalid", "syntax", "unknown_table"];

/// Doors 15, 16 and 17: the row's place in its file, the file's name, what a field says of itself.
#[tokio::test]
async fn functions_that_tell_of_files_rows_or_fields_are_not_there() {
    let calls = [
        "file_row_index()",
        "input_file_name()",
        "arrow_metadata(note)",
        "arrow_metadata(note, 'x')",
        "with_metadata(note, 'x', 'y')",
        "arrow_field(note)",
        "version()",
        "FILE_ROW_INDEX()",
        "\"file_row_index\"()",
    ];
    let mut texts = Vec::new();
    for call in calls {
        texts.push(format!("SELECT {call} FROM sejour"));
        texts.push(format!(
            "SELECT count(*) FROM sejour WHERE {call} IS NOT NULL"
        ));
        texts.push(format!("SELECT count(*) FROM sejour GROUP BY {call}"));
        texts.push(format!("SELECT max({call}) OVER () FROM sejour"));
        texts.push(format!(
            "SELECT 1 WHERE 1 = ANY (SELECT {call} FROM sejour)"
        ));
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    are_refused(&trapped().await, &texts, REFUSED).await;
    // An application that adds everything the engine has changes nothing.
    let all = trapped()
        .await
        .customized(|state| {
            state
                .with_scalar_functions(SessionStateDefaults::default_scalar_functions())
                .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
                .with_window_functions(SessionStateDefaults::default_window_functions())
                .with_table_function_list(SessionStateDefaults::default_table_functions())
        })
        .expect("session");
    are_refused(&all, &texts, REFUSED).await;
    are_refused(
        &all,
        &[
            "SELECT * FROM generate_series(1, 3)",
            "SELECT * FROM range(3)",
        ],
        REFUSED,
    )
    .await;
}

/// Doors 15, 16 and 17, in a plan that is built in code, where no name has to be found.
#[tokio::test]
async fn such_functions_are_refused_in_plans_built_in_code() {
    let functions: [(Arc<ScalarUDF>, Vec<Expr>); 6] = [
        (file_row_index(), vec![]),
        (input_file_name(), vec![]),
        (arrow_metadata(), vec![col("note")]),
        (with_metadata(), vec![col("note"), lit("x"), lit("y")]),
        (arrow_field(), vec![col("note")]),
        (version(), vec![]),
    ];
    let session = trapped().await;
    for (function, arguments) in functions {
        let call = Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&function), arguments));
        let table = session.table("sejour").await.expect("table");
        let plans = [
            table.clone().project(vec![call.clone()]),
            table.clone().filter(call.clone().is_null()),
            table.clone().sort(vec![call.clone().sort(true, true)]),
            table.aggregate(
                vec![call],
                vec![datafusion::functions_aggregate::count::count(lit(1))],
            ),
        ];
        for plan in plans {
            let plan = plan.expect("a plan").build().expect("a plan");
            let refused = session.execute(plan).await.expect_err(function.name());
            assert_eq!(
                refused.code().as_str(),
                "not_allowed",
                "{}",
                function.name()
            );
        }
    }
}

/// Door 53: a function of the application's own, which could write down what it is called with.
#[tokio::test]
async fn a_function_of_the_application_is_never_called() {
    let calls = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&calls);
    for (name, volatility) in [
        ("spy", Volatility::Volatile),
        ("spy", Volatility::Immutable),
        // It has the name of a function that is allowed, and is another.
        ("starts_with", Volatility::Immutable),
    ] {
        let seen = Arc::clone(&seen);
        let spy = create_udf(
            name,
            vec![DataType::Utf8],
            DataType::Boolean,
            volatility,
            Arc::new(move |arguments| {
                seen.fetch_add(1, Ordering::Relaxed);
                let rows = match &arguments[0] {
                    ColumnarValue::Array(array) => array.len(),
                    ColumnarValue::Scalar(_) => 1,
                };
                Ok(ColumnarValue::Array(Arc::new(BooleanArray::from(vec![
                    true;
                    rows
                ]))))
            }),
        );
        let added = spy.clone();
        let session = trapped()
            .await
            .customized(move |state| state.with_scalar_functions(vec![Arc::new(added.clone())]))
            .expect("session");
        let call = format!("SELECT count(*) FROM sejour WHERE {name}(note)");
        are_refused(&session, &[&call], &["not_allowed", "invalid"]).await;
        let plan = session
            .table("sejour")
            .await
            .expect("table")
            .filter(spy.call(vec![col("note")]))
            .expect("plan")
            .build()
            .expect("plan");
        let refused = session.execute(plan).await.expect_err(name);
        assert_eq!(refused.code().as_str(), "not_allowed");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

/// Doors 32 and 34: functions that a question defines, and functions that are tables.
#[tokio::test]
async fn questions_define_no_functions_and_call_none_as_a_table() {
    are_refused(
        &trapped().await,
        &[
            "CREATE FUNCTION f(TEXT) RETURNS TEXT RETURN $1",
            "CREATE OR REPLACE FUNCTION upper(TEXT) RETURNS TEXT RETURN $1",
            "DROP FUNCTION upper",
            "SELECT * FROM generate_series(1, 10)",
            "SELECT * FROM range(10)",
            "SELECT unnest(range(1, 10))",
            "SELECT unnest(generate_series(1, 10))",
            "SELECT * FROM TABLE(range(10))",
            "SELECT * FROM parquet_metadata('sejour/part-0.parquet')",
            "SELECT * FROM read_parquet('sejour/part-0.parquet')",
            "SELECT * FROM LATERAL FLATTEN(input => [1])",
            "SELECT array_transform([1], x -> x + 1)",
        ],
        &[
            "not_allowed",
            "invalid",
            "not_a_query",
            "unknown_table",
            "unknown_column",
            "syntax",
        ],
    )
    .await;
}
