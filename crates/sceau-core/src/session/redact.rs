//! What of an engine's error crosses the border.

use datafusion::common::{DataFusionError, SchemaError};

use super::error::{ErrorCode, QueryError};
use crate::enforce::{HiddenFailure, NOT_ENFORCED};

/// An engine's error as the one who asked may see it.
///
/// What concerns the question itself keeps its text: it speaks of authorised names and of values the project may see.
/// What comes from below a policy, or from the machine, becomes a fixed sentence.
pub(super) fn redacted(error: &DataFusionError) -> QueryError {
    let root = error.find_root();
    let text = root.strip_backtrace();
    let text = text.lines().next().unwrap_or_default();
    match root {
        DataFusionError::External(source) => match source.downcast_ref::<HiddenFailure>() {
            Some(HiddenFailure::Resources) => resources(),
            Some(failure) => QueryError::new(ErrorCode::Unavailable, failure.to_string()),
            None => internal(),
        },
        DataFusionError::SchemaError(error, _) => match error.as_ref() {
            SchemaError::FieldNotFound { field, .. } => QueryError::new(
                ErrorCode::UnknownColumn,
                format!("no column {}", field.flat_name()),
            ),
            _ => QueryError::new(ErrorCode::Invalid, stripped(text, "Schema error: ")),
        },
        DataFusionError::Plan(message) if message.contains(NOT_ENFORCED) => {
            QueryError::not_enforced()
        }
        DataFusionError::Plan(message) => match missing_table(message) {
            Some(table) => QueryError::unknown_table(table),
            None => QueryError::new(
                ErrorCode::Invalid,
                stripped(text, "Error during planning: "),
            ),
        },
        DataFusionError::SQL(..) => {
            QueryError::new(ErrorCode::Syntax, stripped(text, "SQL error: "))
        }
        DataFusionError::NotImplemented(_) => QueryError::new(
            ErrorCode::NotAllowed,
            stripped(text, "This feature is not implemented: "),
        ),
        DataFusionError::ArrowError(error, _) => {
            let shown = error.to_string();
            QueryError::new(
                ErrorCode::Execution,
                shown.lines().next().unwrap_or_default(),
            )
        }
        DataFusionError::Execution(_) | DataFusionError::Diagnostic(..) => {
            QueryError::new(ErrorCode::Execution, stripped(text, "Execution error: "))
        }
        DataFusionError::ResourcesExhausted(_) => resources(),
        _ => {
            tracing::error!(kind = kind(root), "a question failed in the engine");
            internal()
        }
    }
}

fn resources() -> QueryError {
    QueryError::new(ErrorCode::Resources, HiddenFailure::Resources.to_string())
}

fn internal() -> QueryError {
    QueryError::new(ErrorCode::Internal, "the engine failed on this question")
}

fn stripped(text: &str, prefix: &str) -> String {
    text.strip_prefix(prefix).unwrap_or(text).to_owned()
}

/// The table that a planner did not find, without the catalog it looked in.
fn missing_table(message: &str) -> Option<&str> {
    let name = message.strip_prefix("table '")?.split('\'').next()?;
    message
        .contains("not found")
        .then(|| name.rsplit('.').next().unwrap_or(name))
}

fn kind(error: &DataFusionError) -> &'static str {
    match error {
        DataFusionError::Internal(_) => "internal",
        DataFusionError::IoError(_) => "io",
        DataFusionError::ObjectStore(_) => "object store",
        DataFusionError::ParquetError(_) => "parquet",
        DataFusionError::Configuration(_) => "configuration",
        _ => "other",
    }
}
