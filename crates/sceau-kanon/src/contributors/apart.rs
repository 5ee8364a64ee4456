use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Signature, Volatility};

use super::check::{Check, function};
use super::pairs::PairLists;
use groups::PairsOfGroups;

mod groups;
mod pairs;

/// How many people stand apart from a value that most of a group have: exact below `k`, and `k` when there are more or there
/// is no such value.
///
/// Where everybody but few has one and the same value, and a question can arrange that (`WHERE cost = 5 OR age = 103`), a sum
/// or a mean is the value of those few, one subtraction away. A value is that of most people if no fewer have it alone than
/// have another. Takes values of any type, and ids of people (`UInt64`); who has no value is not looked at, and those without
/// an id are one person.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Int64Array, AsArray};
/// # use arrow::datatypes::UInt64Type;
/// use sceau_kanon::contributors::people_apart;
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("cost", Arc::new(Int64Array::from(vec![5, 5, 5, 777])) as _),
///     ("id", Arc::new(UInt64Array::from(vec![1, 2, 3, 4])) as _),
/// ])?;
/// let apart = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![people_apart(11).call(vec![col("cost"), col("id")])])?
///     .collect()
///     .await?;
/// assert_eq!(apart[0].column(0).as_primitive::<UInt64Type>().value(0), 1);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn people_apart(k: u32) -> Arc<AggregateUDF> {
    function(Apart { k })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Apart {
    k: u32,
}

impl Check for Apart {
    type Groups = PairsOfGroups;

    fn name(&self) -> &'static str {
        "sceau_people_apart"
    }

    fn signature(&self) -> Signature {
        Signature::any(2, Volatility::Immutable)
    }

    fn state(&self, _: &DataType) -> Vec<(&'static str, DataType)> {
        vec![("pairs", PairLists::data_type())]
    }

    fn groups(&self, _: &DataType) -> Result<PairsOfGroups> {
        Ok(PairsOfGroups::new(self.k))
    }
}

#[cfg(test)]
mod tests;
