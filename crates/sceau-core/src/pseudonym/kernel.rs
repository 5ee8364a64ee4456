use std::fmt::Write;

use arrow::array::{
    Array, ArrayAccessor, ArrowPrimitiveType, AsArray, PrimitiveArray, StringArray,
    downcast_integer_array,
};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::DataType;

use super::hmac::{CHARACTERS, DomainHash, Message};
use super::{ProjectKey, PseudonymError, check_domain};

/// Replaces each identifier of an array by its pseudonym, as the [module](super) defines it.
///
/// The array holds text (`Utf8`, `LargeUtf8`, `Utf8View`), integers of any width, or a dictionary of either. The answer
/// has its length and its nulls. Of a dictionary that is smaller than the array, each value is hashed once.
///
/// # Errors
///
/// [`PseudonymError::Domain`] if the domain is not one or more of `a`–`z`, `0`–`9` and `_`, [`PseudonymError::Type`] for
/// another type of array, [`PseudonymError::TooLong`] above 67,108,863 identifiers.
///
/// ```
/// use arrow::array::{Int64Array, StringArray};
/// use sceau_core::pseudonym::{ProjectKey, pseudonymize};
///
/// let key = ProjectKey::new((0..32).collect(), ProjectKey::FIRST_VERSION)?;
///
/// let from_integers = pseudonymize(&Int64Array::from(vec![42]), &key, "patient")?;
/// let from_text = pseudonymize(&StringArray::from(vec!["42"]), &key, "patient")?;
///
/// assert_eq!(from_integers, from_text);
/// assert_eq!(from_text.value(0), "us537wiacnnvrjarjpg2t4unxho4hr73");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pseudonymize(
    array: &dyn Array,
    key: &ProjectKey,
    domain: &str,
) -> Result<StringArray, PseudonymError> {
    check_domain(domain)?;
    check_type(array.data_type())?;
    hash_array(array, &key.keyed().in_domain(domain))
}

/// Whether identifiers can be of this type.
pub(super) fn check_type(data_type: &DataType) -> Result<(), PseudonymError> {
    match data_type {
        DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(()),
        integer if integer.is_integer() => Ok(()),
        DataType::Dictionary(_, values) => check_type(values),
        _ => Err(PseudonymError::Type {
            data_type: data_type.clone(),
        }),
    }
}

fn hash_array(array: &dyn Array, hash: &DomainHash) -> Result<StringArray, PseudonymError> {
    match array.data_type() {
        DataType::Null => Ok(StringArray::new_null(array.len())),
        DataType::Utf8 => hash_text(array.as_string::<i32>(), hash),
        DataType::LargeUtf8 => hash_text(array.as_string::<i64>(), hash),
        DataType::Utf8View => hash_text(array.as_string_view(), hash),
        DataType::Dictionary(_, _) => hash_dictionary(array, hash),
        data_type => downcast_integer_array!(
            array => hash_integers(array, hash),
            _ => Err(PseudonymError::Type { data_type: data_type.clone() }),
        ),
    }
}

fn hash_text<'a>(
    array: impl ArrayAccessor<Item = &'a str>,
    hash: &DomainHash,
) -> Result<StringArray, PseudonymError> {
    hash_rows(&array, hash, |row, message| {
        // A message takes whatever is written to it.
        let _ = message.write_str(array.value(row));
    })
}

fn hash_integers<T>(
    array: &PrimitiveArray<T>,
    hash: &DomainHash,
) -> Result<StringArray, PseudonymError>
where
    T: ArrowPrimitiveType<Native: std::fmt::Display>,
{
    hash_rows(array, hash, |row, message| {
        let _ = write!(message, "{}", array.value(row));
    })
}

/// Hashes each distinct value once, unless the array (a slice, or what a filter left) is shorter than its dictionary.
fn hash_dictionary(array: &dyn Array, hash: &DomainHash) -> Result<StringArray, PseudonymError> {
    let dictionary = array.as_any_dictionary();
    let too_long = |_| PseudonymError::TooLong { rows: array.len() };
    if dictionary.values().len() > array.len() {
        let plain = take(dictionary.values(), dictionary.keys(), None).map_err(too_long)?;
        return hash_array(&plain, hash);
    }
    let pseudonyms = hash_array(dictionary.values(), hash)?;
    let array = take(&pseudonyms, dictionary.keys(), None).map_err(too_long)?;
    Ok(array.as_string().clone())
}

fn hash_rows(
    array: &dyn Array,
    hash: &DomainHash,
    mut write: impl FnMut(usize, &mut Message),
) -> Result<StringArray, PseudonymError> {
    let rows = array.len();
    let bytes = (rows - array.null_count()) * CHARACTERS;
    if i32::try_from(bytes).is_err() {
        return Err(PseudonymError::TooLong { rows });
    }

    let mut values = Vec::with_capacity(bytes);
    for row in 0..rows {
        if array.is_valid(row) {
            values.extend_from_slice(&hash.pseudonym(|message| write(row, message)));
        }
    }
    let lengths = (0..rows).map(|row| if array.is_valid(row) { CHARACTERS } else { 0 });
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(StringArray::new(
        offsets,
        Buffer::from_vec(values),
        array.nulls().cloned(),
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use arrow::array::{
        DictionaryArray, Float64Array, Int32Array, Int64Array, LargeStringArray, NullArray,
        StringViewArray, UInt64Array,
    };
    use arrow::datatypes::Int8Type;
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> ProjectKey {
        ProjectKey::new(vec![byte; 32], 1).unwrap()
    }

    fn of(array: &dyn Array) -> StringArray {
        pseudonymize(array, &key(7), "patient").unwrap()
    }

    #[test]
    fn the_layout_of_the_text_does_not_matter() {
        let stored = vec![
            Some("1"),
            None,
            Some("an identifier longer than twelve bytes"),
            Some(""),
        ];
        let expected = of(&StringArray::from(stored.clone()));
        assert_eq!(of(&LargeStringArray::from(stored.clone())), expected);
        assert_eq!(of(&StringViewArray::from(stored)), expected);
    }

    #[test]
    fn an_integer_is_its_decimal_text() {
        assert_eq!(
            of(&Int64Array::from(vec![Some(i64::MIN), None, Some(0)])),
            of(&StringArray::from(vec![
                Some("-9223372036854775808"),
                None,
                Some("0")
            ])),
        );
        assert_eq!(
            of(&UInt64Array::from(vec![u64::MAX])),
            of(&StringArray::from(vec!["18446744073709551615"])),
        );
        assert_eq!(
            of(&Int32Array::from(vec![17])),
            of(&UInt64Array::from(vec![17]))
        );
    }

    #[test]
    fn blanks_and_zeros_count() {
        let pseudonyms = of(&StringArray::from(vec!["17", " 17", "17 ", "017", "17\0"]));
        let distinct: HashSet<_> = pseudonyms.iter().collect();
        assert_eq!(distinct.len(), 5);
    }

    #[test]
    fn a_dictionary_is_the_text_it_stands_for() {
        let keys = vec![Some(1), None, Some(0), Some(2), Some(1), Some(0)];
        let values = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None]));
        let dictionary = DictionaryArray::<Int8Type>::new(keys.into(), values);
        let plain = of(&StringArray::from(vec![
            Some("b"),
            None,
            Some("a"),
            None,
            Some("b"),
            Some("a"),
        ]));
        assert_eq!(of(&dictionary), plain);
        assert_eq!(of(&dictionary.slice(1, 2)), plain.slice(1, 2));
    }

    #[test]
    fn a_column_of_nulls_has_no_pseudonym() {
        assert_eq!(of(&NullArray::new(3)), StringArray::new_null(3));
        assert_eq!(of(&StringArray::new_null(3)), StringArray::new_null(3));
        assert_eq!(of(&NullArray::new(0)).len(), 0);
    }

    #[test]
    fn what_is_not_an_identifier_is_refused() {
        let floats = Float64Array::from(vec![1.0]);
        assert_eq!(
            pseudonymize(&floats, &key(7), "patient"),
            Err(PseudonymError::Type {
                data_type: DataType::Float64
            })
        );
        let text = StringArray::from(vec!["1"]);
        assert!(matches!(
            pseudonymize(&text, &key(7), "a\u{1f}b"),
            Err(PseudonymError::Domain { .. })
        ));
    }

    fn column() -> impl Strategy<Value = Vec<Option<String>>> {
        // A short alphabet, so that equal identifiers do occur.
        prop::collection::vec(prop::option::of("[ab0é ]{0,3}|\\PC{0,80}"), 0..60)
    }

    proptest! {
        #[test]
        fn a_pseudonym_has_32_characters_of_the_alphabet(column in column()) {
            for pseudonym in of(&StringArray::from(column)).iter().flatten() {
                prop_assert_eq!(pseudonym.len(), 32);
                prop_assert!(pseudonym.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')));
            }
        }

        #[test]
        fn null_is_null_and_equal_is_equal(column in column()) {
            let stored = StringArray::from(column);
            let pseudonyms = of(&stored);
            for (i, j) in (0..stored.len()).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                let value = |array: &StringArray, row: usize| {
                    array.is_valid(row).then(|| array.value(row).to_owned())
                };
                prop_assert_eq!(
                    value(&stored, i) == value(&stored, j),
                    value(&pseudonyms, i) == value(&pseudonyms, j)
                );
                prop_assert_eq!(stored.is_null(i), pseudonyms.is_null(i));
            }
        }

        #[test]
        fn another_key_or_domain_gives_other_pseudonyms(column in column()) {
            let stored = StringArray::from(column);
            let here = of(&stored);
            let with_key = pseudonymize(&stored, &key(8), "patient").unwrap();
            let in_domain = pseudonymize(&stored, &key(7), "professional").unwrap();
            let here: HashSet<_> = here.iter().flatten().collect();
            prop_assert!(with_key.iter().flatten().all(|p| !here.contains(p)));
            prop_assert!(in_domain.iter().flatten().all(|p| !here.contains(p)));
        }

        #[test]
        fn a_slice_gives_the_slice_of_the_pseudonyms(column in column(), cut in any::<(u8, u8)>()) {
            let stored = StringArray::from(column);
            let start = usize::from(cut.0) % (stored.len() + 1);
            let length = usize::from(cut.1) % (stored.len() - start + 1);
            let whole = of(&stored).slice(start, length);
            prop_assert_eq!(of(&stored.slice(start, length)), whole);
        }
    }
}
