use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};

use super::groups::ContributionsOfGroups;
use crate::contributors::OfOne;

/// The [`Contributions`](super::Contributions) of the rows of a group, as bytes that the ledger reads.
///
/// Takes values (`Float64`) and ids of people (`UInt64`). A row without a value or of 0 adds nothing; those without an id are one person.
/// Some 200 bytes a group for k = 11, however many rows and people it has.
///
/// ```
/// # use std::sync::Arc;
/// # use datafusion::prelude::*;
/// # use arrow::array::{RecordBatch, Float64Array, UInt64Array, AsArray};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use sceau_kanon::ledger::{Contributions, sketch_contributions};
///
/// let of = async |costs: [f64; 3]| {
///     let rows = RecordBatch::try_from_iter([
///         ("cost", Arc::new(Float64Array::from(costs.to_vec())) as _),
///         ("id", Arc::new(UInt64Array::from(vec![7, 7, 8])) as _),
///     ])?;
///     let sketch = sketch_contributions(11).call(vec![col("cost"), col("id")]);
///     let sketch = SessionContext::new().read_batch(rows)?.aggregate(vec![], vec![sketch])?.collect().await?;
///     let bytes = sketch[0].column(0).as_binary::<i32>().value(0).to_vec();
///     Ok::<_, datafusion::error::DataFusionError>(Contributions::from_bytes(11, &bytes).expect("for k = 11"))
/// };
/// let (one, same, other) = (of([2.0, 3.0, 4.0]).await?, of([3.0, 2.0, 4.0]).await?, of([3.0, 3.0, 4.0]).await?);
/// assert_eq!((one.minus(&same).people(), one.minus(&other).people()), (Some(0), Some(1)));
/// # Ok::<_, datafusion::error::DataFusionError>(()) }).unwrap();
/// ```
pub fn sketch_contributions(k: u32) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(SketchContributions {
        k,
        signature: Signature::exact(
            vec![DataType::Float64, DataType::UInt64],
            Volatility::Immutable,
        ),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SketchContributions {
    k: u32,
    signature: Signature,
}

impl SketchContributions {
    fn of_one(&self) -> OfOne<ContributionsOfGroups> {
        let arguments = [DataType::Float64, DataType::UInt64];
        OfOne::new(ContributionsOfGroups::new(self.k), arguments.iter())
    }
}

impl AggregateUDFImpl for SketchContributions {
    fn name(&self) -> &str {
        "sceau_sketch_contributions"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        self.of_one().evaluate()
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "sketch");
        Ok(vec![Arc::new(Field::new(name, DataType::Binary, false))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(self.of_one()))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(ContributionsOfGroups::new(self.k)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}
