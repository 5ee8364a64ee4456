use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::ScalarFunction;

/// The longest text that padding may make.
const LONGEST_PADDING: i64 = 10_000;

/// Whether a call makes no text of unreasonable length: `lpad(x, 2000000000)` would take the memory of every question, and
/// more memory than there is ends the process. What is wrong with the call, if not.
pub(crate) fn bounded_padding(call: &ScalarFunction) -> Result<(), String> {
    let name = call.func.name();
    if !matches!(name, "lpad" | "rpad") {
        return Ok(());
    }
    let literal = match call.args.get(1) {
        Some(Expr::Literal(value, _)) => Some(value),
        Some(Expr::Cast(cast)) => match cast.expr.as_ref() {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        },
        _ => None,
    };
    match literal.map(|length| length.cast_to(&DataType::Int64)) {
        Some(Ok(ScalarValue::Int64(Some(length)))) if length <= LONGEST_PADDING => Ok(()),
        _ => Err(format!(
            "{name} needs a length that is a number of at most {LONGEST_PADDING}"
        )),
    }
}
