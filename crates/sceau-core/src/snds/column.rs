use arrow::datatypes::DataType;

/// What a column may tell about a person, and so what a permit may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Names a person, a professional or an establishment: only ever seen as a pseudonym.
    Identifier,
    /// Does not name, but singles out when combined: month of birth, commune, exact care date, date of death.
    QuasiIdentifier,
    /// What must not be learnt of one person: diagnosis, cause of death, long-term illness.
    Sensitive,
    /// Links rows of two tables and says nothing of a person by itself.
    Key,
    /// Anything else.
    Plain,
}

/// The key of the field metadata in which an import notes, for a column that it kept as text, the type of the model that
/// some value did not fit.
pub const KEPT_AS_TEXT: &str = "sceau:kept_as_text";

/// Whether a type is a text, however it is laid out.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// Where the values of a column are found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The other table.
    pub table: String,
    /// Its column.
    pub column: String,
    /// Whether that table is a code list, which says what a value means, rather than one of people or care.
    pub code_list: bool,
}

/// One column of a table of the data model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnModel {
    /// The column's name in the data model's spelling, e.g. `BEN_NIR_PSA`.
    pub name: String,
    /// The Arrow type it is stored as; `None` where the model leaves it to the stored file.
    pub data_type: Option<DataType>,
    /// Whether a stored value may be missing.
    pub nullable: bool,
    /// What it may tell; `None` when nobody has classified it, and then `columns = "*"` does not grant it.
    pub role: Option<Role>,
    /// Of an identifier: the pseudonym domain it belongs to. Columns that mean the same person share one.
    pub domain: Option<String>,
    /// The first year in which the column exists, where the model knows it.
    pub since: Option<u16>,
    /// Whether it is part of what tells the table's rows apart.
    pub primary_key: bool,
    /// The columns of other tables that its values are found in.
    pub refers_to: Vec<Reference>,
    /// Whether a stored table may lack it: only a copy made for one project, or another source than the published schema,
    /// has the column.
    pub optional: bool,
}

impl ColumnModel {
    /// A column of which nothing is known but its type: `columns = "*"` does not grant it.
    pub(crate) fn unclassified(name: &str, data_type: DataType, nullable: bool) -> Self {
        Self {
            name: name.to_owned(),
            data_type: Some(data_type),
            nullable,
            role: None,
            domain: None,
            since: None,
            primary_key: false,
            refers_to: vec![],
            optional: true,
        }
    }
}

impl Role {
    /// The role as permits, platform files and this documentation spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::QuasiIdentifier => "quasi_identifier",
            Self::Sensitive => "sensitive",
            Self::Key => "key",
            Self::Plain => "plain",
        }
    }
}
