use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature,
};

/// A check of values: from the values of a group and whose they are, a number of people.
pub(super) trait Check: Debug + Eq + Hash + Send + Sync + 'static {
    type Groups: GroupsAccumulator + Debug + Sync;

    fn name(&self) -> &'static str;

    fn signature(&self) -> Signature;

    /// The columns of its state, for values of a type.
    fn state(&self, value: &DataType) -> Vec<(&'static str, DataType)>;

    fn groups(&self, value: &DataType) -> Result<Self::Groups>;

    /// The number of a group without rows.
    fn of_no_rows(&self) -> u64 {
        0
    }
}

pub(super) fn function(check: impl Check) -> Arc<AggregateUDF> {
    let signature = check.signature();
    Arc::new(AggregateUDF::new_from_impl(CheckFunction {
        check,
        signature,
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CheckFunction<C> {
    check: C,
    signature: Signature,
}

impl<C: Check> AggregateUDFImpl for CheckFunction<C> {
    fn name(&self) -> &str {
        self.check.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::UInt64(Some(self.check.of_no_rows())))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let columns = self.check.state(value_type(args.input_fields)?).into_iter();
        Ok(columns
            .map(|(what, kind)| {
                let name = format_state_name(args.name, what);
                Arc::new(Field::new(name, kind, true))
            })
            .collect())
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let groups = self.check.groups(value_type(args.expr_fields)?)?;
        let kinds = args.expr_fields.iter().map(|field| field.data_type());
        Ok(Box::new(OfOne::new(groups, kinds)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.check.groups(value_type(args.expr_fields)?)?))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

fn value_type(arguments: &[FieldRef]) -> Result<&DataType> {
    match arguments {
        [value, _] => Ok(value.data_type()),
        _ => exec_err!("a check of values takes them and people"),
    }
}

/// The values and people that a check is given, or the columns of its state.
pub(super) fn columns<const N: usize>(given: &[ArrayRef]) -> Result<&[ArrayRef; N]> {
    match given.try_into() {
        Ok(columns) => Ok(columns),
        Err(_) => exec_err!(
            "a check of values is given {} columns, not {N}",
            given.len()
        ),
    }
}

/// One group by itself: an aggregate without GROUP BY.
#[derive(Debug)]
pub(crate) struct OfOne<G> {
    groups: G,
    /// No rows: what makes the one group where there are none.
    none: Vec<ArrayRef>,
}

impl<G: GroupsAccumulator + Debug + Sync> OfOne<G> {
    /// `arguments` are the types of what the aggregate takes.
    pub(crate) fn new<'a>(groups: G, arguments: impl Iterator<Item = &'a DataType>) -> Self {
        Self {
            groups,
            none: arguments.map(new_empty_array).collect(),
        }
    }

    fn make_the_group(&mut self) -> Result<()> {
        self.groups.update_batch(&self.none, &[], None, 1)
    }
}

impl<G: GroupsAccumulator + Debug + Sync> Accumulator for OfOne<G> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.groups
            .update_batch(values, &all_in_one(values), None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.groups.merge_batch(states, &all_in_one(states), 1)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.make_the_group()?;
        let state = self.groups.state(EmitTo::All)?;
        state
            .iter()
            .map(|column| ScalarValue::try_from_array(column, 0))
            .collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.make_the_group()?;
        ScalarValue::try_from_array(&self.groups.evaluate(EmitTo::All)?, 0)
    }

    fn size(&self) -> usize {
        self.groups.size()
    }
}

fn all_in_one(columns: &[ArrayRef]) -> Vec<usize> {
    vec![0; columns.first().map_or(0, Array::len)]
}

/// What the tests of every check share: an answer found in parts.
#[cfg(test)]
pub(super) mod parts;
