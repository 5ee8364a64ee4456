use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The id of somebody who cannot be told from others: counted as one person where no known person is, never added to
/// known ones.
pub const UNKNOWN_PERSON: u64 = 0;

/// Writes [`UNKNOWN_PERSON`] where an id is NULL and where a set of ids is NULL or empty.
///
/// Below an outer join a missing id means a row of an unknown person; above it, it may also mean that there was no row.
/// Marked below, the two stay apart.
pub fn mark_unknown(people: Expr) -> Expr {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> =
        LazyLock::new(|| Arc::new(ScalarUDF::new_from_impl(MarkUnknown::new())));
    FUNCTION.call(vec![people])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MarkUnknown {
    signature: Signature,
}

impl MarkUnknown {
    fn new() -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for MarkUnknown {
    fn name(&self) -> &str {
        "sceau_mark_unknown"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [people] => Ok(people.clone()),
            _ => exec_err!("{} takes one argument", self.name()),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        match arrays.as_slice() {
            [people] => Ok(ColumnarValue::Array(marked(people)?)),
            _ => exec_err!("{} takes one argument", self.name()),
        }
    }
}

fn marked(people: &ArrayRef) -> Result<ArrayRef> {
    match people.data_type() {
        DataType::UInt64 if people.null_count() == 0 => Ok(Arc::clone(people)),
        DataType::UInt64 => Ok(Arc::new(
            people
                .as_primitive::<UInt64Type>()
                .iter()
                .map(|id| Some(id.unwrap_or(UNKNOWN_PERSON)))
                .collect::<UInt64Array>(),
        )),
        DataType::List(item) if item.data_type() == &DataType::UInt64 => {
            let sets = people.as_list::<i32>();
            let mut ids = Vec::with_capacity(sets.values().len());
            let mut lengths = Vec::with_capacity(sets.len());
            for set in sets.iter() {
                let before = ids.len();
                if let Some(set) = set {
                    ids.extend(set.as_primitive::<UInt64Type>().iter().flatten());
                }
                if ids.len() == before {
                    ids.push(UNKNOWN_PERSON);
                }
                lengths.push(ids.len() - before);
            }
            let field: Arc<Field> = Arc::clone(item);
            Ok(Arc::new(arrow::array::ListArray::try_new(
                field,
                OffsetBuffer::from_lengths(lengths),
                Arc::new(UInt64Array::from(ids)),
                None,
            )?))
        }
        other => exec_err!("people are numbers or lists of numbers, not {other}"),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ListArray, ListBuilder, UInt64Builder};

    use super::*;

    #[test]
    fn a_missing_id_becomes_somebody() {
        let ids: ArrayRef = Arc::new(UInt64Array::from(vec![Some(4), None]));
        let marked = marked(&ids).unwrap();
        assert_eq!(
            marked.as_primitive::<UInt64Type>().values(),
            &[4, UNKNOWN_PERSON]
        );
    }

    #[test]
    fn an_empty_or_missing_set_becomes_somebody() {
        let mut sets = ListBuilder::new(UInt64Builder::new());
        sets.append_value([Some(4), Some(5)]);
        sets.append_value([]);
        sets.append_null();
        let sets: ArrayRef = Arc::new(sets.finish());
        let marked = marked(&sets).unwrap();
        let expected = ListArray::from_iter_primitive::<UInt64Type, _, _>([
            Some(vec![Some(4), Some(5)]),
            Some(vec![Some(UNKNOWN_PERSON)]),
            Some(vec![Some(UNKNOWN_PERSON)]),
        ]);
        assert_eq!(marked.as_list::<i32>(), &expected);
    }
}
