use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::kernel::check_type;
use super::key::KeyId;
use super::{ProjectKey, PseudonymError, check_domain, pseudonymize};

/// [`pseudonymize`] as a function of one column, for a plan.
///
/// It is meant for expressions that the platform builds: it is called `pseudonym` and is registered nowhere, so that a
/// researcher cannot name it. The column holds text or integers (or a dictionary of them), the answer is `Utf8`, and `NULL`
/// stays `NULL`. The key is part of the function and not of its arguments: neither the key nor the domain shows in a plan's
/// text. Two such functions are equal if key, version and domain are.
///
/// # Errors
///
/// Planning fails on a column of another type and on a domain that [`check_domain`] refuses, with a [`PseudonymError`]
/// inside [`DataFusionError::External`].
///
/// ```
/// use datafusion::prelude::{SessionContext, ident};
/// use sceau_core::pseudonym::{ProjectKey, pseudonym_udf};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = ProjectKey::new((0..32).collect(), ProjectKey::FIRST_VERSION)?;
/// let patient = pseudonym_udf(&key, "patient");
///
/// let rows = SessionContext::new()
///     .sql("SELECT '10000000000000001' AS ben_nir_psa")
///     .await?
///     .select(vec![patient.call(vec![ident("ben_nir_psa")]).alias("ben_nir_psa")])?;
///
/// assert!(rows.to_string().await?.contains("56ptwnpxxrc65tnc7g67l7kozlrbzrxt"));
/// # Ok(())
/// # }
/// ```
pub fn pseudonym_udf(key: &ProjectKey, domain: &str) -> ScalarUDF {
    ScalarUDF::from(Pseudonym {
        key: key.clone(),
        domain: domain.to_owned(),
        signature: Signature::any(1, Volatility::Immutable),
    })
}

struct Pseudonym {
    key: ProjectKey,
    domain: String,
    signature: Signature,
}

impl ScalarUDFImpl for Pseudonym {
    fn name(&self) -> &str {
        "pseudonym"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let [data_type] = arguments else {
            return exec_err!("a pseudonym is made of one column");
        };
        check_domain(&self.domain).map_err(external)?;
        check_type(data_type).map_err(external)?;
        Ok(DataType::Utf8)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let hash =
            |array: &ArrayRef| pseudonymize(array, &self.key, &self.domain).map_err(external);
        match args.args.as_slice() {
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(Arc::new(hash(array)?))),
            [ColumnarValue::Scalar(scalar)] => {
                let pseudonym = hash(&scalar.to_array()?)?;
                let scalar = ScalarValue::try_from_array(&pseudonym, 0)?;
                Ok(ColumnarValue::Scalar(scalar))
            }
            _ => exec_err!("a pseudonym is made of one column"),
        }
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pseudonym")
            .field("domain", &self.domain)
            .field("key", &self.key)
            .finish()
    }
}

impl Pseudonym {
    fn identity(&self) -> (KeyId, u32, &str) {
        (self.key.id(), self.key.version(), &self.domain)
    }
}

impl PartialEq for Pseudonym {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Pseudonym {}

impl Hash for Pseudonym {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

fn external(error: PseudonymError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, Float64Array, Int32Array, RecordBatch, StringArray};
    use datafusion::logical_expr::Expr;
    use datafusion::prelude::{SessionContext, ident, lit};

    use super::*;

    const SECRET: &[u8] = b"sphinx of black quartz, judge my vow";

    fn key() -> ProjectKey {
        ProjectKey::new(SECRET.to_vec(), 1).unwrap()
    }

    fn patients() -> RecordBatch {
        let columns: [(&str, ArrayRef); 3] = [
            (
                "id",
                Arc::new(StringArray::from(vec![Some("1"), None, Some("2")])),
            ),
            ("number", Arc::new(Int32Array::from(vec![1, 2, 3]))),
            ("share", Arc::new(Float64Array::from(vec![0.1, 0.2, 0.3]))),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    async fn column(expression: Expr) -> Result<StringArray> {
        let batches = SessionContext::new()
            .read_batch(patients())?
            .select(vec![expression])?
            .collect()
            .await?;
        Ok(batches[0].column(0).as_string::<i32>().clone())
    }

    #[tokio::test]
    async fn a_column_in_a_plan_is_pseudonymised() {
        let patient = pseudonym_udf(&key(), "patient");
        let answer = column(patient.call(vec![ident("id")])).await.unwrap();
        let expected = pseudonymize(patients().column(0), &key(), "patient").unwrap();
        assert_eq!(answer, expected);
        assert!(answer.is_null(1));
    }

    #[tokio::test]
    async fn an_integer_column_joins_a_text_column() {
        let patient = pseudonym_udf(&key(), "patient");
        let number = column(patient.call(vec![ident("number")])).await.unwrap();
        let id = column(patient.call(vec![ident("id")])).await.unwrap();
        assert_eq!(number.value(0), id.value(0));
    }

    #[tokio::test]
    async fn a_constant_is_pseudonymised_and_null_stays_null() {
        let patient = pseudonym_udf(&key(), "patient");
        let one = column(patient.call(vec![lit("1")])).await.unwrap();
        let id = column(patient.call(vec![ident("id")])).await.unwrap();
        assert_eq!(one.value(2), id.value(0));
        for null in [
            ScalarValue::Null,
            ScalarValue::Utf8(None),
            ScalarValue::Int64(None),
        ] {
            let answer = column(patient.call(vec![lit(null)])).await.unwrap();
            assert_eq!(answer.null_count(), 3);
        }
    }

    #[tokio::test]
    async fn a_wrong_type_or_domain_fails_when_planned() {
        let float = pseudonym_udf(&key(), "patient").call(vec![ident("share")]);
        let bad_domain = pseudonym_udf(&key(), "Patient").call(vec![ident("id")]);
        for expression in [float, bad_domain] {
            let frame = SessionContext::new().read_batch(patients()).unwrap();
            let error = frame.select(vec![expression]).unwrap_err();
            assert!(
                matches!(error.find_root(), DataFusionError::External(_)),
                "{error}"
            );
        }
    }

    #[test]
    fn functions_are_equal_if_key_version_and_domain_are() {
        let patient = pseudonym_udf(&key(), "patient");
        assert_eq!(patient, pseudonym_udf(&key(), "patient"));
        assert_ne!(patient, pseudonym_udf(&key(), "professional"));
        let other_key = ProjectKey::new(vec![7; 32], 1).unwrap();
        assert_ne!(patient, pseudonym_udf(&other_key, "patient"));
        let other_version = ProjectKey::new(SECRET.to_vec(), 2).unwrap();
        assert_ne!(patient, pseudonym_udf(&other_version, "patient"));
    }

    #[tokio::test]
    async fn no_text_of_a_plan_holds_the_key() {
        let patient = pseudonym_udf(&key(), "patient");
        let expression = patient.call(vec![ident("id")]);
        let frame = SessionContext::new()
            .read_batch(patients())
            .unwrap()
            .select(vec![expression.clone()])
            .unwrap();
        let logical = frame.logical_plan().clone();
        let physical = frame.create_physical_plan().await.unwrap();
        let texts = [
            format!("{patient:?} {patient:#?}"),
            format!("{expression:?} {expression} {}", expression.schema_name()),
            format!("{logical:?} {logical} {}", logical.display_indent_schema()),
            format!("{physical:?} {physical:#?}"),
        ];
        let bytes = format!("{:?}", &SECRET[..4]);
        let bytes = bytes.trim_matches(['[', ']']);
        let hex = data_encoding::HEXLOWER.encode(&SECRET[..4]);
        let id = format!("{:?}", key().id().0);
        for text in texts {
            for secret in ["sphinx", bytes, &hex, id.trim_matches(['[', ']'])] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
}
