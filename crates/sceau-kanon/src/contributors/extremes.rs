use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Signature, Volatility};

use super::check::{Check, function};
use super::function::People;
use groups::SharingGroups;
use values::InOrder;

mod furthest;
mod groups;
mod values;

/// Which end of the values of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extreme {
    /// What `min` gives.
    Least,
    /// What `max` gives.
    Greatest,
}

/// How many people share the least or the greatest value of a group: exact below `k`, and `k` when there are more.
///
/// A minimum or a maximum is somebody's value. It may leave where at least *k* people have it, as when ages are top-coded
/// (the CASD's rules of confidentiality and the ACRO checks both refuse it otherwise). Takes values of any type that `min` and `max` order, and ids of people (`UInt64`).
/// Where nobody has a value the number is 0; where a value is not a number it is 1, since nobody can tell what an extreme
/// beside it means.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, Int64Array, AsArray};
/// # use arrow::datatypes::UInt64Type;
/// use sceau_kanon::contributors::{Extreme, people_at_extreme};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let rows = RecordBatch::try_from_iter([
///     ("age", Arc::new(Int64Array::from(vec![40, 110, 110, 110])) as _),
///     ("id", Arc::new(UInt64Array::from(vec![1, 2, 3, 3])) as _),
/// ])?;
/// let oldest = SessionContext::new()
///     .read_batch(rows)?
///     .aggregate(vec![], vec![people_at_extreme(11, Extreme::Greatest).call(vec![col("age"), col("id")])])?
///     .collect()
///     .await?;
/// assert_eq!(oldest[0].column(0).as_primitive::<UInt64Type>().value(0), 2);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn people_at_extreme(k: u32, extreme: Extreme) -> Arc<AggregateUDF> {
    function(AtExtreme {
        k,
        extreme,
        given: People::Ids,
    })
}

/// As [`people_at_extreme`], where each value is that of a set of people (`List<UInt64>`).
pub fn merged_people_at_extreme(k: u32, extreme: Extreme) -> Arc<AggregateUDF> {
    function(AtExtreme {
        k,
        extreme,
        given: People::Sets,
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AtExtreme {
    k: u32,
    extreme: Extreme,
    given: People,
}

impl Check for AtExtreme {
    type Groups = SharingGroups;

    fn name(&self) -> &'static str {
        match self.given {
            People::Ids => "sceau_people_at_extreme",
            People::Sets => "sceau_merged_people_at_extreme",
        }
    }

    fn signature(&self) -> Signature {
        Signature::any(2, Volatility::Immutable)
    }

    fn state(&self, value: &DataType) -> Vec<(&'static str, DataType)> {
        vec![
            ("extreme", InOrder::key_type(value)),
            ("people", DataType::BinaryView),
        ]
    }

    fn groups(&self, value: &DataType) -> Result<SharingGroups> {
        Ok(SharingGroups::new(
            self.k,
            self.given,
            InOrder::new(value, self.extreme)?,
        ))
    }
}

#[cfg(test)]
mod tests;
