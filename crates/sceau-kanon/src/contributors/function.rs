use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature,
    Volatility,
};

use super::groups::PeopleGroups;
use super::single::PeopleOfOne;

/// The number of distinct people among the ids of a group: exact below `k`, and `k` when there are more.
///
/// Ids are `UInt64`. A `k` above 32 767 counts as that one, so that a condition of more people is never met.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, AsArray};
/// # use arrow::datatypes::UInt64Type;
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let context = SessionContext::new();
/// let ids = UInt64Array::from(vec![Some(7), Some(7), Some(8), None]);
/// let people = context
///     .read_batch(RecordBatch::try_from_iter([("id", Arc::new(ids) as _)])?)?
///     .aggregate(vec![], vec![sceau_kanon::contributors::count_people(11).call(vec![col("id")])])?
///     .collect()
///     .await?;
/// assert_eq!(people[0].column(0).as_primitive::<UInt64Type>().value(0), 2);
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn count_people(k: u32) -> Arc<AggregateUDF> {
    function("sceau_count_people", People::Ids, Wanted::Count, k)
}

/// The distinct people among the ids of a group, at most `k` of them, as a `List<UInt64>`.
pub fn collect_people(k: u32) -> Arc<AggregateUDF> {
    function("sceau_collect_people", People::Ids, Wanted::Set, k)
}

/// The number of distinct people in the union of the sets of a group: exact below `k`, and `k` when there are more.
pub fn count_merged_people(k: u32) -> Arc<AggregateUDF> {
    function("sceau_count_merged_people", People::Sets, Wanted::Count, k)
}

/// The union of the sets of a group, at most `k` people of it.
pub fn merge_people(k: u32) -> Arc<AggregateUDF> {
    function("sceau_merge_people", People::Sets, Wanted::Set, k)
}

/// How people come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum People {
    /// One id a row.
    Ids,
    /// A list of ids a row.
    Sets,
}

/// What is asked of the people of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    Count,
    Set,
}

fn function(name: &'static str, given: People, wanted: Wanted, k: u32) -> Arc<AggregateUDF> {
    let argument = match given {
        People::Ids => DataType::UInt64,
        People::Sets => set_type(),
    };
    Arc::new(AggregateUDF::new_from_impl(PeopleFunction {
        name,
        given,
        wanted,
        k,
        signature: Signature::exact(vec![argument], Volatility::Immutable),
    }))
}

/// The type of a set of people.
pub(super) fn set_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::UInt64, true)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PeopleFunction {
    name: &'static str,
    given: People,
    wanted: Wanted,
    k: u32,
    signature: Signature,
}

impl AggregateUDFImpl for PeopleFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.wanted {
            Wanted::Count => DataType::UInt64,
            Wanted::Set => set_type(),
        })
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        PeopleOfOne::new(self.given, self.wanted, self.k).evaluate()
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let first = format_state_name(args.name, "first");
        let others = format_state_name(args.name, "others");
        Ok(vec![
            Arc::new(Field::new(first, DataType::UInt64, true)),
            Arc::new(Field::new(others, set_type(), true)),
        ])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(PeopleOfOne::new(self.given, self.wanted, self.k)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(PeopleGroups::new(self.given, self.wanted, self.k)))
    }

    // The number does not depend on the order of rows, and neither does "at least k"; which k people a saturated set
    // holds does, and nothing looks at that.
    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

// The accumulators are held against COUNT(DISTINCT) below: over random batches, splits, filters and orders.
#[cfg(test)]
mod tests;
