use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::band;
use super::date::{self, Grain};

/// A mask that is computed by a kernel of our own: total, and of the type it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kernel {
    Date(Grain),
    Band(u32),
}

/// The mask as a function of one column.
pub(super) fn mask_udf(kernel: Kernel) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(MaskFunction {
        kernel,
        signature: Signature::any(1, Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MaskFunction {
    kernel: Kernel,
    signature: Signature,
}

impl ScalarUDFImpl for MaskFunction {
    fn name(&self) -> &str {
        "mask"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [data_type] => Ok(data_type.clone()),
            _ => exec_err!("a mask takes one column"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [column] = args.args.as_slice() else {
            return exec_err!("a mask takes one column");
        };
        let array: ArrayRef = column.to_array(args.number_rows)?;
        let masked = match self.kernel {
            Kernel::Date(grain) => date::cut(&array, grain)?,
            Kernel::Band(width) => band::cut(&array, width)?,
        };
        Ok(ColumnarValue::Array(masked))
    }
}
