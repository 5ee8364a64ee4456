use super::ColumnModel;

/// How a row of a table that holds no person reaches the table that does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Name of the parent table, with the same year as the child's where the family is yearly.
    pub table: String,
    /// Pairs of (column here, column of the parent); together the whole key.
    pub on: Vec<(String, String)>,
}

/// One table of the data model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableModel {
    /// The table's name in the data model's spelling, e.g. `ER_PRS_F` or `T_MCO19B`.
    pub name: String,
    /// The part of the SNDS it belongs to, e.g. `DCIR` or `PMSI MCO`.
    pub product: String,
    /// Its columns, in the model's order.
    pub columns: Vec<ColumnModel>,
    /// The columns that together name the person behind a row; empty when the table holds none.
    pub contributor: Vec<String>,
    /// The column that dates the care, to which a permit's period applies.
    pub care_date: Option<String>,
    /// The way to the person, for a table that holds none itself.
    pub parent: Option<Parent>,
}

impl TableModel {
    /// The column of that name in any case, as unquoted SQL names match.
    pub fn column(&self, name: &str) -> Option<&ColumnModel> {
        self.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    }
}
