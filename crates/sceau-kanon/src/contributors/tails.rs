use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Signature, Volatility};

use super::check::{Check, function};
use super::pairs::PairLists;
use groups::RowsOfGroups;

mod groups;
mod log;
mod pieces;

/// How many people percentiles leave in the smallest of the pieces that they cut the values of a group into: exact below
/// `k`, and `k` when there are more.
///
/// A percentile is a value between two neighbours, so it tells one person's value where few people lie beyond it. It may
/// leave where at least *k* people have a strictly smaller value and at least *k* a strictly larger one; between two
/// percentiles of the same values, which are told together, as many again. (The rule of k on each side is that of the
/// CASD's and of the ACRO output checks.)
///
/// `percentiles` are shares from 0 to 1. Takes values (`Float64`) and ids of people (`UInt64`); rows of nobody count
/// as rows and not as people. Of `n` rows in order, percentile `p` lies between the rows around position `p (n - 1)`; people
/// are counted beyond these rows' values, so that however a percentile is interpolated it is inside. A value that is no
/// number leaves 0. Where there are no values there is nothing to tell, and the number is `k`.
///
/// Memory grows with the rows of a group, as that of a percentile does.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Float64Array, AsArray};
/// # use arrow::datatypes::UInt64Type;
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("cost", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0])) as _),
///     ("id", Arc::new(UInt64Array::from(vec![1, 2, 3, 4, 4])) as _),
/// ])?;
/// let median = sceau_kanon::contributors::people_beyond(11, &[0.5]);
/// let people = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![median.call(vec![col("cost"), col("id")])])?
///     .collect()
///     .await?;
/// // Two people below 3, one above.
/// assert_eq!(people[0].column(0).as_primitive::<UInt64Type>().value(0), 1);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn people_beyond(k: u32, percentiles: &[f64]) -> Arc<AggregateUDF> {
    let mut at: Vec<u64> = percentiles
        .iter()
        .map(|share| share.clamp(0.0, 1.0).to_bits())
        .collect();
    // Of numbers that are not negative, the order of the bits is the order of the numbers.
    at.sort_unstable();
    at.dedup();
    function(Beyond { k, at })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Beyond {
    k: u32,
    /// The percentiles in order, as bits: functions are compared.
    at: Vec<u64>,
}

impl Check for Beyond {
    type Groups = RowsOfGroups;

    fn name(&self) -> &'static str {
        "sceau_people_beyond"
    }

    fn signature(&self) -> Signature {
        Signature::exact(
            vec![DataType::Float64, DataType::UInt64],
            Volatility::Immutable,
        )
    }

    fn state(&self, _: &DataType) -> Vec<(&'static str, DataType)> {
        vec![("rows", PairLists::data_type())]
    }

    fn groups(&self, _: &DataType) -> Result<RowsOfGroups> {
        let at = self.at.iter().copied().map(f64::from_bits).collect();
        Ok(RowsOfGroups::new(self.k, at))
    }

    fn of_no_rows(&self) -> u64 {
        u64::from(self.k)
    }
}

#[cfg(test)]
mod tests;
