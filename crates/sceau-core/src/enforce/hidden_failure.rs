//! What is told of a failure below a leaf.

use std::fmt;

use arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use parquet::errors::ParquetError;

/// Something failed where hidden rows are read. What exactly is not told: it could show a hidden value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenFailure {
    /// The stored files could not be read.
    Read,
    /// The memory that the question may use is exhausted.
    Resources,
    /// The policy could not be applied.
    Policy,
}

impl fmt::Display for HiddenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "the data could not be read",
            Self::Resources => "the question needs more memory than it may use",
            Self::Policy => "the permit could not be applied",
        })
    }
}

impl std::error::Error for HiddenFailure {}

impl From<HiddenFailure> for DataFusionError {
    fn from(failure: HiddenFailure) -> Self {
        Hidden {
            failure,
            said: None,
        }
        .into()
    }
}

/// A failure as it passes through the plan: a fixed sentence for whoever prints it, and for the operator what the store or
/// the reader said.
#[derive(Debug, Clone)]
pub(crate) struct Hidden {
    failure: HiddenFailure,
    said: Option<String>,
}

impl Hidden {
    /// Of an error that was met while files were read.
    pub fn reading(error: &DataFusionError) -> Self {
        Self::of(error, HiddenFailure::Read)
    }

    /// Of an error that was met while a batch was held against the policy.
    pub fn in_policy(error: &DataFusionError) -> Self {
        Self::of(error, HiddenFailure::Policy)
    }

    /// The failure that an error carries, if it comes from below a leaf.
    pub fn within(error: &DataFusionError) -> Option<&Self> {
        match error.find_root() {
            DataFusionError::External(source) => source.downcast_ref(),
            _ => None,
        }
    }

    /// What kind of failure it is.
    pub fn failure(&self) -> HiddenFailure {
        self.failure
    }

    /// What the store or the reader said, with the file's name and without a stored value: for the journal.
    pub fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }

    fn of(error: &DataFusionError, otherwise: HiddenFailure) -> Self {
        if let Some(known) = Self::within(error) {
            return known.clone();
        }
        let failure = match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => HiddenFailure::Resources,
            _ => otherwise,
        };
        Self {
            failure,
            said: said(error.find_root()),
        }
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl std::error::Error for Hidden {}

impl From<Hidden> for DataFusionError {
    fn from(hidden: Hidden) -> Self {
        DataFusionError::External(Box::new(hidden))
    }
}

/// The text of an error that speaks of files and bytes. One that computes on values could quote them, and is left out.
fn said(root: &DataFusionError) -> Option<String> {
    match root {
        DataFusionError::ObjectStore(error) => Some(error.to_string()),
        DataFusionError::IoError(error) => Some(error.to_string()),
        DataFusionError::ParquetError(error) => of_parquet(error),
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::IoError(text, _) => Some(text.clone()),
            ArrowError::ParquetError(text) => Some(text.clone()),
            ArrowError::ExternalError(source) => {
                source.downcast_ref::<ParquetError>().and_then(of_parquet)
            }
            _ => None,
        },
        _ => None,
    }
}

fn of_parquet(error: &ParquetError) -> Option<String> {
    match error {
        ParquetError::ArrowError(_) => None,
        error => Some(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_says_of_a_file_is_kept_for_the_journal_alone() {
        let error =
            DataFusionError::ParquetError(Box::new(ParquetError::EOF("of a.parquet".into())));
        let hidden = Hidden::reading(&error.context("above"));
        assert_eq!(hidden.to_string(), "the data could not be read");
        assert_eq!(hidden.said(), Some("EOF: of a.parquet"));

        let passed_on = DataFusionError::from(hidden).context("further up");
        let again = Hidden::in_policy(&passed_on);
        assert_eq!(again.failure(), HiddenFailure::Read);
        assert_eq!(again.said(), Some("EOF: of a.parquet"));
        assert!(!passed_on.to_string().contains("a.parquet"));
    }

    #[test]
    fn what_a_computation_says_of_a_value_is_kept_nowhere() {
        let errors = [
            DataFusionError::from(ArrowError::CastError("Cannot cast string 'HIDDEN'".into())),
            DataFusionError::ParquetError(Box::new(ParquetError::ArrowError("HIDDEN".into()))),
            DataFusionError::Execution("HIDDEN".into()),
        ];
        for error in errors {
            let hidden = Hidden::reading(&error);
            assert_eq!(hidden.said(), None);
            assert_eq!(hidden.failure(), HiddenFailure::Read);
        }
    }

    #[test]
    fn exhausted_memory_is_said_as_such() {
        let error = DataFusionError::ResourcesExhausted("of a.parquet".into());
        assert_eq!(Hidden::reading(&error).failure(), HiddenFailure::Resources);
    }
}
