use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::common::{DFSchema, DFSchemaRef, Result, plan_err};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use sceau_core::permit::Withheld;

use super::Gate;

/// The gate as a node of a logical plan.
///
/// It keeps the defaults that let nothing through: predicates on any column stay above, limits stay above, and all
/// columns of the aggregate are needed. A predicate without a column may be moved below, where it keeps all rows or none.
#[derive(Debug, Clone)]
pub(crate) struct GateNode {
    pub(crate) gate: Arc<Gate>,
    pub(crate) input: LogicalPlan,
    schema: DFSchemaRef,
}

impl GateNode {
    pub(crate) fn try_new(gate: Arc<Gate>, input: LogicalPlan) -> Result<Self> {
        if input.schema().columns() != gate.columns {
            return plan_err!("the aggregate below a gate has changed its columns");
        }
        let shown = gate.shown();
        let mask = gate.withheld == Withheld::Mask;
        let fields = input
            .schema()
            .iter()
            .take(shown)
            .enumerate()
            .map(|(at, (qualifier, field))| {
                let nullable = field.is_nullable() || mask && at >= gate.keys;
                let field = Field::new(field.name(), field.data_type().clone(), nullable);
                (qualifier.cloned(), Arc::new(field))
            })
            .collect();
        Ok(Self {
            schema: Arc::new(DFSchema::new_with_metadata(fields, Default::default())?),
            gate,
            input,
        })
    }

    pub(crate) fn into_plan(self) -> LogicalPlan {
        LogicalPlan::Extension(Extension {
            node: Arc::new(self),
        })
    }
}

impl UserDefinedLogicalNodeCore for GateNode {
    fn name(&self) -> &str {
        "ReleaseGate"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseGate: k={}", self.gate.k)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        match <[_; 1]>::try_from(inputs) {
            Ok([input]) => Self::try_new(Arc::clone(&self.gate), input),
            Err(_) => plan_err!("a gate stands above one aggregate"),
        }
    }
}

impl PartialEq for GateNode {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.gate, &other.gate) && self.input == other.input
    }
}

impl Eq for GateNode {}

impl PartialOrd for GateNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.gate.id.cmp(&other.gate.id) {
            Ordering::Equal => self.input.partial_cmp(&other.input),
            unequal => Some(unequal),
        }
    }
}

impl Hash for GateNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.gate.id.hash(state);
        self.input.hash(state);
    }
}
