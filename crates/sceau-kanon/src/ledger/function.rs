use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature,
    Volatility,
};

use super::groups::{BagGroups, BagOfOne};
use super::sketch::MOST_K;

/// The sketch of the distinct people among the ids of a group, as bytes that the ledger reads.
///
/// Unlike a count up to k this needs all people of a group at once: 8 to 32 bytes a person and group, reported to the engine,
/// which spills when memory is short. A batch of groups with their people has to fit into an operator's share of the memory, or
/// the question fails for want of it: fewer rows a batch need less.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, UInt64Array, AsArray};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use sceau_kanon::ledger::{Sketch, sketch_people};
///
/// let ids = UInt64Array::from(vec![Some(7), Some(7), Some(8), None]);
/// let sketches = SessionContext::new()
///     .read_batch(RecordBatch::try_from_iter([("id", Arc::new(ids) as _)])?)?
///     .aggregate(vec![], vec![sketch_people(11).call(vec![col("id")])])?
///     .collect()
///     .await?;
/// let sketch = Sketch::from_bytes(11, sketches[0].column(0).as_binary::<i32>().value(0)).expect("a sketch");
/// assert_eq!(sketch, Sketch::of(11, [7, 8]));
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn sketch_people(k: u32) -> Arc<AggregateUDF> {
    function("sceau_sketch_people", Given::Ids, Wanted::Sketch(k))
}

/// The same of the union of the sets of ids of a group.
pub fn sketch_merged_people(k: u32) -> Arc<AggregateUDF> {
    function("sceau_sketch_merged_people", Given::Sets, Wanted::Sketch(k))
}

/// All distinct people among the ids of a group, as a `List<UInt64>`: what carries them through nested aggregates when they
/// are to be sketched above.
pub fn collect_all_people() -> Arc<AggregateUDF> {
    function("sceau_collect_all_people", Given::Ids, Wanted::Set)
}

/// All people of the union of the sets of a group.
pub fn merge_all_people() -> Arc<AggregateUDF> {
    function("sceau_merge_all_people", Given::Sets, Wanted::Set)
}

/// How people come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Given {
    /// One id a row.
    Ids,
    /// A list of ids a row.
    Sets,
}

/// What is asked of the people of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    /// Their sketch for this k.
    Sketch(u32),
    /// Themselves.
    Set,
}

fn function(name: &'static str, given: Given, wanted: Wanted) -> Arc<AggregateUDF> {
    let argument = match given {
        Given::Ids => DataType::UInt64,
        Given::Sets => set_type(),
    };
    let wanted = match wanted {
        Wanted::Sketch(k) => Wanted::Sketch(k.clamp(1, MOST_K)),
        Wanted::Set => Wanted::Set,
    };
    Arc::new(AggregateUDF::new_from_impl(BagFunction {
        name,
        given,
        wanted,
        signature: Signature::exact(vec![argument], Volatility::Immutable),
    }))
}

pub(super) fn set_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::UInt64, true)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct BagFunction {
    name: &'static str,
    given: Given,
    wanted: Wanted,
    signature: Signature,
}

impl AggregateUDFImpl for BagFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.wanted {
            Wanted::Sketch(_) => DataType::Binary,
            Wanted::Set => set_type(),
        })
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        BagOfOne::new(self.given, self.wanted).evaluate()
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "people");
        Ok(vec![Arc::new(Field::new(name, set_type(), false))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(BagOfOne::new(self.given, self.wanted)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(BagGroups::new(self.given, self.wanted)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

// Held against sets computed row by row: over random batches, splits, filters and orders.
#[cfg(test)]
mod tests;
