use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, new_null_array};
use arrow::compute::{and, concat, prep_null_mask_filter};
use arrow::record_batch::RecordBatch;
use datafusion::common::{Result, internal_err};
use datafusion::physical_plan::PhysicalExpr;

/// Evaluates an expression of a policy on every row; where it fails on a row, that row's value is NULL.
///
/// A policy that failed as a whole would tell, by failing, that some hidden row holds a value it fails on. Where a function
/// of the engine panics on a value, it fails on it.
pub(super) fn evaluate(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ArrayRef> {
    let rows = batch.num_rows();
    let evaluated = catch_unwind(AssertUnwindSafe(|| {
        expr.evaluate(batch)
            .and_then(|value| value.into_array(rows))
    }))
    .unwrap_or_else(|_| internal_err!("a function that panics"));
    match evaluated {
        Ok(array) => Ok(array),
        Err(_) if rows <= 1 => Ok(new_null_array(&expr.data_type(&batch.schema())?, rows)),
        Err(_) => {
            let half = rows / 2;
            let first = evaluate(expr, &batch.slice(0, half))?;
            let second = evaluate(expr, &batch.slice(half, rows - half))?;
            Ok(concat(&[&first, &second])?)
        }
    }
}

/// The rows for which every conjunct is true: neither false, nor NULL, nor failing.
pub(super) fn keep(
    conjuncts: &[Arc<dyn PhysicalExpr>],
    batch: &RecordBatch,
) -> Result<Option<BooleanArray>> {
    let mut kept: Option<BooleanArray> = None;
    for conjunct in conjuncts {
        let array = evaluate(conjunct, batch)?;
        let verdict = array.as_boolean();
        let verdict = match verdict.null_count() {
            0 => verdict.clone(),
            _ => prep_null_mask_filter(verdict),
        };
        kept = Some(match kept {
            None => verdict,
            Some(kept) => and(&kept, &verdict)?,
        });
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};
    use arrow::datatypes::{DataType, Int64Type};
    use datafusion::logical_expr::ColumnarValue;
    use datafusion::physical_expr::expressions::{cast, col};

    #[test]
    fn rows_on_which_a_policy_fails_are_null_and_the_others_are_not() {
        let notes: ArrayRef = Arc::new(StringArray::from(vec!["1", "x", "3", "", "5"]));
        let batch = RecordBatch::try_from_iter([("note", notes)]).expect("batch");
        let schema = batch.schema();
        let expr = cast(
            col("note", &schema).expect("column"),
            &schema,
            DataType::Int64,
        )
        .expect("cast");
        let found = evaluate(&expr, &batch).expect("total");
        let found: &Int64Array = found.as_primitive::<Int64Type>();
        assert_eq!(
            found.iter().collect::<Vec<_>>(),
            [Some(1), None, Some(3), None, Some(5)]
        );
    }

    #[test]
    fn rows_on_which_a_function_panics_are_null_and_the_others_are_not() {
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        struct PanicsOn(i64);
        impl std::fmt::Display for PanicsOn {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("panics")
            }
        }
        impl PhysicalExpr for PanicsOn {
            fn data_type(&self, _: &arrow::datatypes::Schema) -> Result<DataType> {
                Ok(DataType::Int64)
            }
            fn nullable(&self, _: &arrow::datatypes::Schema) -> Result<bool> {
                Ok(true)
            }
            fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
                let column = batch.column(0);
                let numbers = column.as_primitive::<Int64Type>();
                assert!(numbers.values().iter().all(|number| *number != self.0));
                Ok(ColumnarValue::Array(Arc::clone(column)))
            }
            fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
                vec![]
            }
            fn with_new_children(
                self: Arc<Self>,
                _: Vec<Arc<dyn PhysicalExpr>>,
            ) -> Result<Arc<dyn PhysicalExpr>> {
                Ok(self)
            }
            fn fmt_sql(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("panics")
            }
        }
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 7, 4, 7]));
        let batch = RecordBatch::try_from_iter([("number", numbers)]).expect("batch");
        let expr: Arc<dyn PhysicalExpr> = Arc::new(PanicsOn(7));
        let found = evaluate(&expr, &batch).expect("total");
        assert_eq!(
            found.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(),
            [Some(1), Some(2), None, Some(4), None]
        );
    }
}
