use std::fmt;

use arrow::datatypes::{DataType, Schema};

use super::types::{converts, is_kept_as_text, plain_type, same_type};
use crate::snds::TableModel;

/// What a platform does with a table whose files are not what the data model says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftPolicy {
    /// It is an error. Columns that only the files have are not: nobody classified them, so that `"*"` does not grant them.
    /// One that is named like an identifier of the model is that identifier, and `"*"` grants its pseudonym.
    /// Among the years of a folder pattern, a year may lack a column that another year has, and may store a type that
    /// converts to the model's.
    #[default]
    Strict,
    /// A missing column is absent from the table, or NULL in a year of several; a type that converts to the model's is
    /// read as the model's, another as it is stored. Columns that people are counted, reached or dated by are an error
    /// all the same.
    Lenient,
}

/// How the stored files of one table differ from the data model.
///
/// ```
/// use std::sync::Arc;
/// use object_store::memory::InMemory;
/// use sceau_core::Platform;
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let platform = Platform::builder().store("snds", Arc::new(InMemory::new())).build().await?;
/// for table in platform.drift() {
///     println!("{table}");
/// }
/// # Ok::<(), sceau_core::ConfigError>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDrift {
    /// The table; of a folder pattern, the year's.
    pub table: String,
    /// The columns that differ, the model's own first.
    pub columns: Vec<ColumnDrift>,
}

/// How one column differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDrift {
    /// The column.
    pub column: String,
    /// How it differs.
    pub difference: Difference,
}

/// How a stored column differs from the model's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The model has it, the files have not.
    Missing {
        /// The type it would have.
        expected: DataType,
    },
    /// The files have it, the model has not.
    Extra {
        /// The stored type.
        found: DataType,
    },
    /// It is stored as another type, and every value of that is a value of the model's type too.
    Converts {
        /// The model's type.
        expected: DataType,
        /// The stored type.
        found: DataType,
    },
    /// It is stored as another type, of which some value may have no counterpart in the model's.
    Differs {
        /// The model's type.
        expected: DataType,
        /// The stored type.
        found: DataType,
    },
    /// An import kept it as text since a value did not fit, and said so in the file.
    KeptAsText {
        /// The model's type.
        expected: DataType,
    },
}

impl fmt::Display for TableDrift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More than these are told in one breath.
        const FEW: usize = 3;
        write!(f, "table {}: ", self.table)?;
        let (missing, mut others): (Vec<_>, Vec<_>) = (self.columns.iter())
            .partition(|column| matches!(column.difference, Difference::Missing { .. }));
        let many = missing.len() > FEW;
        if many {
            let names: Vec<_> = missing
                .iter()
                .map(|column| column.column.as_str())
                .collect();
            write!(
                f,
                "{} columns are missing: {}",
                names.len(),
                names.join(", ")
            )?;
        } else {
            others = self.columns.iter().collect();
        }
        for (at, column) in others.iter().enumerate() {
            let separator = if at == 0 && !many { "" } else { "; " };
            write!(f, "{separator}{column}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ColumnDrift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: ", self.column)?;
        match &self.difference {
            Difference::Missing { expected } => {
                write!(f, "expected {expected}, found no such column")
            }
            Difference::Extra { found } => write!(f, "not in the data model, found {found}"),
            Difference::Converts { expected, found } => {
                write!(
                    f,
                    "expected {expected}, found {found}, which converts without loss"
                )
            }
            Difference::Differs { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            Difference::KeptAsText { expected } => {
                write!(
                    f,
                    "expected {expected}, found text, as which the import kept it"
                )
            }
        }
    }
}

impl TableDrift {
    /// Holds stored columns against the model. A column that came later than the table's year is not expected.
    pub(super) fn between(model: &TableModel, stored: &Schema) -> Self {
        let of_model = model.columns.iter().filter_map(|column| {
            let expected = column.data_type.clone().unwrap_or(DataType::Utf8);
            let found = stored
                .fields()
                .iter()
                .find(|field| field.name().eq_ignore_ascii_case(&column.name));
            let Some(field) = found else {
                let later = model.year.is_some_and(|year| column.since > Some(year));
                return (!column.optional && !later)
                    .then(|| (column.name.clone(), Difference::Missing { expected }));
            };
            let found = plain_type(field.data_type());
            let difference = if same_type(&expected, &found) {
                return None;
            } else if is_kept_as_text(field, &expected) {
                Difference::KeptAsText { expected }
            } else if converts(&found, &expected) {
                Difference::Converts { expected, found }
            } else {
                Difference::Differs { expected, found }
            };
            Some((column.name.clone(), difference))
        });
        let of_files = stored
            .fields()
            .iter()
            .filter(|field| model.column(field.name()).is_none())
            .map(|field| {
                let found = plain_type(field.data_type());
                (field.name().clone(), Difference::Extra { found })
            });
        Self {
            table: model.name.clone(),
            columns: of_model
                .chain(of_files)
                .map(|(column, difference)| ColumnDrift { column, difference })
                .collect(),
        }
    }

    /// The differences of a table on its own that its platform does not take.
    pub(super) fn refused(&self, model: &TableModel, policy: DriftPolicy) -> Option<Self> {
        self.part(|column| match (&column.difference, policy) {
            (Difference::Missing { .. } | Difference::Differs { .. }, _)
                if model.is_vital(&column.column) =>
            {
                true
            }
            (_, DriftPolicy::Lenient) => false,
            (difference, DriftPolicy::Strict) => matches!(
                difference,
                Difference::Missing { .. }
                    | Difference::Converts { .. }
                    | Difference::Differs { .. }
            ),
        })
    }

    /// The same of one year of several, some of which may have the columns that this one lacks.
    pub(super) fn refused_in_year(
        &self,
        model: &TableModel,
        policy: DriftPolicy,
        elsewhere: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        self.refused(model, policy)?.part(|column| {
            let vital = model.is_vital(&column.column);
            match &column.difference {
                Difference::Missing { .. } => vital || !elsewhere(&column.column),
                Difference::Converts { .. } => false,
                _ => true,
            }
        })
    }

    fn part(&self, kept: impl Fn(&ColumnDrift) -> bool) -> Option<Self> {
        let columns: Vec<_> = self
            .columns
            .iter()
            .filter(|column| kept(column))
            .cloned()
            .collect();
        (!columns.is_empty()).then(|| Self {
            table: self.table.clone(),
            columns,
        })
    }
}
