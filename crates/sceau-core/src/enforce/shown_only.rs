use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, MutableArrayData, StringViewArray, make_array,
};
use arrow::datatypes::DataType;
use datafusion::common::Result;

/// The same values in memory that holds nothing else.
///
/// What a mask computes may share the memory of what it was computed from: `nullif`, and a CASE that shows a column or
/// nothing, lay NULLs over the stored values, and a view looks at a part of a stored text. An answer that is handed on as
/// Arrow takes that memory with it.
pub(super) fn shown_only(array: ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Utf8View => {
            let texts: StringViewArray = array.as_string_view().iter().collect();
            Arc::new(texts)
        }
        DataType::BinaryView => {
            let bytes: BinaryViewArray = array.as_binary_view().iter().collect();
            Arc::new(bytes)
        }
        _ if holds_nothing_else(&array) => array,
        _ => copied(&array)?,
    })
}

/// Of primitive values without NULLs, and of texts of which every byte is shown, there is nothing to leave out.
fn holds_nothing_else(array: &ArrayRef) -> bool {
    if array.null_count() > 0 || array.offset() > 0 {
        return false;
    }
    match array.data_type() {
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            span(texts.value_offsets()) == (0, texts.value_data().len() as i64)
        }
        DataType::LargeUtf8 => {
            let texts = array.as_string::<i64>();
            span(texts.value_offsets()) == (0, texts.value_data().len() as i64)
        }
        data_type => {
            let bytes = array.to_data();
            let values = bytes.buffers().first().map_or(0, |values| values.len());
            data_type
                .primitive_width()
                .is_some_and(|width| values == width * array.len())
        }
    }
}

fn span<O: Copy + Into<i64>>(offsets: &[O]) -> (i64, i64) {
    let end = |offset: Option<&O>| offset.map_or(0, |offset| (*offset).into());
    (end(offsets.first()), end(offsets.last()))
}

/// A copy value by value, run by run of those that are there, with nothing where a value is missing.
fn copied(array: &ArrayRef) -> Result<ArrayRef> {
    let data = array.to_data();
    let mut copy = MutableArrayData::new(vec![&data], true, data.len());
    let mut at = 0;
    if let Some(nulls) = data.nulls() {
        for (from, to) in nulls.valid_slices() {
            copy.try_extend_nulls(from - at)?;
            copy.try_extend(0, from, to)?;
            at = to;
        }
        copy.try_extend_nulls(data.len() - at)?;
    } else {
        copy.try_extend(0, 0, data.len())?;
    }
    let copy = copy.freeze();
    if copy.child_data().is_empty() || matches!(data.data_type(), DataType::Dictionary(..)) {
        return Ok(make_array(copy));
    }
    let parts = copy
        .child_data()
        .iter()
        .map(|part| Ok(shown_only(make_array(part.clone()))?.to_data()))
        .collect::<Result<Vec<_>>>()?;
    Ok(make_array(copy.into_builder().child_data(parts).build()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayData, BooleanArray, Int64Array, ListArray, StringArray};
    use arrow::buffer::NullBuffer;
    use arrow::compute::nullif;
    use arrow::datatypes::Int64Type;
    use proptest::prelude::*;

    fn bytes(data: &ArrayData) -> Vec<u8> {
        let own = data
            .buffers()
            .iter()
            .flat_map(|buffer| buffer.as_slice().to_vec());
        own.chain(data.child_data().iter().flat_map(bytes))
            .collect()
    }

    fn holds(array: &ArrayRef, text: &str) -> bool {
        bytes(&array.to_data())
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    }

    fn without_the_second(array: ArrayRef) -> ArrayRef {
        let second: BooleanArray = (0..array.len()).map(|at| Some(at == 1)).collect();
        nullif(&array, &second).expect("nullif")
    }

    #[test]
    fn nothing_is_left_under_a_null() {
        let secret = i64::from_ne_bytes(*b"SECRETS!");
        for stored in [
            Arc::new(Int64Array::from(vec![1, secret, 3])) as ArrayRef,
            Arc::new(StringArray::from(vec!["a", "SECRETS!", "c"])),
            Arc::new(StringViewArray::from(vec!["a", "SECRETS! and more", "c"])),
            Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([
                Some(vec![Some(1)]),
                Some(vec![Some(secret)]),
                None,
            ])),
        ] {
            let masked = without_the_second(stored);
            assert!(holds(&masked, "SECRETS!"), "{:?}", masked.data_type());
            let shown = shown_only(Arc::clone(&masked)).expect("copy");
            assert_eq!(&shown, &masked);
            assert!(!holds(&shown, "SECRETS!"), "{:?}", masked.data_type());
        }
    }

    #[test]
    fn nothing_is_left_beside_what_a_slice_or_a_view_shows() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "SECRETS!", "c"]));
        let long = "SECRETS! of which nothing is shown";
        let views: ArrayRef = Arc::new(StringViewArray::from(vec!["a text that is long", long]));
        for part in [texts.slice(0, 1), texts.slice(2, 1), views.slice(0, 1)] {
            let shown = shown_only(Arc::clone(&part)).expect("copy");
            assert_eq!(&shown, &part);
            assert!(!holds(&shown, "SECRETS!"));
        }
    }

    #[test]
    fn a_list_of_which_an_element_is_missing_holds_nothing_under_it() {
        let secret = i64::from_ne_bytes(*b"SECRETS!");
        let items = without_the_second(Arc::new(Int64Array::from(vec![1, secret, 3])));
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([
            Some(vec![Some(1), None]),
            Some(vec![Some(3)]),
        ]);
        let data = lists.into_data().into_builder();
        let data = data
            .child_data(vec![items.to_data()])
            .build()
            .expect("list");
        let lists = make_array(data);
        assert!(holds(&lists, "SECRETS!"));
        let shown = shown_only(Arc::clone(&lists)).expect("copy");
        assert_eq!(&shown, &lists);
        assert!(!holds(&shown, "SECRETS!"));
    }

    proptest! {
        #[test]
        fn a_copy_is_equal_whatever_is_missing_and_wherever_it_is_cut(
            values in prop::collection::vec(prop::option::of("[a-zé]{0,20}"), 0..40),
            cut in 0..40_usize,
        ) {
            let texts: ArrayRef = Arc::new(StringArray::from(values.clone()));
            let lengths: Int64Array = values
                .iter()
                .map(|value| value.as_ref().map(|value| value.len() as i64))
                .collect();
            let numbers: ArrayRef = Arc::new(lengths);
            let flags: ArrayRef = Arc::new(BooleanArray::new(
                values.iter().map(Option::is_some).collect(),
                Some(NullBuffer::from_iter(values.iter().map(Option::is_some))),
            ));
            for array in [texts, numbers, flags] {
                let from = cut.min(array.len());
                let array = array.slice(from, array.len() - from);
                prop_assert_eq!(&shown_only(Arc::clone(&array)).expect("copy"), &array);
            }
        }
    }
}
