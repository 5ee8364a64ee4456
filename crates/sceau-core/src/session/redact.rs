//! What of an engine's error crosses the border.

use datafusion::common::{DataFusionError, SchemaError};

use super::error::{ErrorCode, QueryError};
use crate::enforce::{Hidden, HiddenFailure, NOT_ENFORCED};

/// An error of physical planning as the one who asked may see it: the engine quotes physical plans, with files and
/// policies in them, so that nothing of its text is shown.
pub(super) fn without_plan(error: &DataFusionError) -> QueryError {
    let shown = redacted(error);
    match shown.code() {
        ErrorCode::NotEnforced
        | ErrorCode::Resources
        | ErrorCode::Unavailable
        | ErrorCode::UnknownTable => shown,
        ErrorCode::NotAllowed => QueryError::new(
            ErrorCode::NotAllowed,
            "the engine does not support what this question does: ask it in another way",
        ),
        _ => QueryError::new(
            ErrorCode::Invalid,
            "the engine finds no way to run this question: ask it in another way",
        ),
    }
}

/// An engine's error as the one who asked may see it.
///
/// What concerns the question itself keeps its text: it speaks of authorised names and of values the project may see.
/// What comes from below a policy, or from the machine, becomes a fixed sentence.
pub(super) fn redacted(error: &DataFusionError) -> QueryError {
    let shown = by_kind(error);
    // No text of a question's own kind speaks of operators or files.
    let of_the_machine = ["Exec:", "file_groups=", ".parquet"];
    if of_the_machine
        .iter()
        .any(|mark| shown.message().contains(mark))
    {
        return internal();
    }
    shown
}

fn by_kind(error: &DataFusionError) -> QueryError {
    let root = error.find_root();
    let text = root.strip_backtrace();
    let text = text.lines().next().unwrap_or_default();
    match root {
        DataFusionError::External(_) => match Hidden::within(root).map(Hidden::failure) {
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
            not_supported(&stripped(text, "This feature is not implemented: ")),
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
        DataFusionError::Internal(_) => {
            tracing::error!(kind = kind(root), "a question met a fault of the engine");
            QueryError::new(
                ErrorCode::EngineFault,
                "the engine has a fault that this question meets: ask it in another way, such as with a CAST to one type",
            )
        }
        _ => {
            tracing::error!(kind = kind(root), "a question failed in the engine");
            internal()
        }
    }
}

/// The engine stopped in the middle of a question.
pub(super) fn panicked() -> QueryError {
    tracing::error!("the engine panicked on a question");
    internal()
}

fn resources() -> QueryError {
    QueryError::new(ErrorCode::Resources, HiddenFailure::Resources.to_string())
}

fn internal() -> QueryError {
    QueryError::new(ErrorCode::Internal, "the engine failed on this question")
}

/// The engine names what it does not support, often by a word alone.
fn not_supported(what: &str) -> String {
    if what.contains(' ') {
        what.to_owned()
    } else {
        format!("the engine does not support {what}")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_engine_is_told_with_what_to_do_and_without_its_words() {
        let error = DataFusionError::Internal("HIDDEN".into()).context("HIDDEN");
        for shown in [redacted(&error), without_plan(&error)] {
            assert!(
                shown.message().ends_with("in another way") || shown.message().contains("CAST")
            );
            assert!(!shown.message().contains("HIDDEN"), "{shown}");
        }
        assert_eq!(redacted(&error).code(), ErrorCode::EngineFault);
    }

    #[test]
    fn what_the_engine_does_not_support_is_said_in_a_sentence() {
        for (text, shown) in [
            ("TOP", "the engine does not support TOP"),
            (
                "FETCH clause is not supported yet",
                "FETCH clause is not supported yet",
            ),
        ] {
            let error = DataFusionError::NotImplemented(text.into());
            assert_eq!(redacted(&error).message(), shown);
        }
    }
}
