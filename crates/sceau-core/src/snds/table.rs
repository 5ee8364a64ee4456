use std::fmt;

use arrow::datatypes::DataType;

use super::{ColumnModel, REFERENTIAL, REFERENTIAL_KEYS, Role};

/// The column of a table over several years that says which year a row is of: four digits, a number.
pub const YEAR: &str = "ANNEE";

/// How a row of a table that holds no person reaches the table that does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Name of the parent table, with the same year as the child's where the family is yearly.
    pub table: String,
    /// Pairs of (column here, column of the parent); together the whole key.
    pub on: Vec<(String, String)>,
}

/// One table of the data model.
///
/// Written out, it is a page to look a column's role up in:
///
/// ```
/// let page = sceau_core::snds::table("ki_cci_r").expect("a table of the model").to_string();
/// assert!(page.contains("identifier (patient)"), "{page}");
/// ```
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
    /// Of a table of one year, that year.
    pub year: Option<u16>,
    /// Of a table over several years, the column that says which year a row is of: [`YEAR`].
    pub year_column: Option<String>,
}

impl TableModel {
    /// The column of that name in any case, as unquoted SQL names match.
    pub fn column(&self, name: &str) -> Option<&ColumnModel> {
        self.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The table over several years: [`YEAR`] comes last, and where the numbers of rows begin anew each year, as those of
    /// the PMSI do, it is part of the key to the parent.
    pub(crate) fn over_years(mut self) -> Self {
        if self.year_column.is_some() {
            return self;
        }
        self.year_column = Some(YEAR.to_owned());
        self.columns.push(ColumnModel {
            role: Some(Role::Plain),
            optional: false,
            ..ColumnModel::unclassified(YEAR, DataType::Int32, false)
        });
        self
    }

    /// Whether a column holds up a policy: by it people are counted, reached, told apart or dated.
    pub(crate) fn is_vital(&self, column: &str) -> bool {
        let same = |name: &String| name.eq_ignore_ascii_case(column);
        let of_referential = || {
            REFERENTIAL_KEYS
                .iter()
                .any(|key| key.eq_ignore_ascii_case(column))
        };
        if self.name == REFERENTIAL && of_referential() {
            return true;
        }
        self.contributor.iter().chain(&self.care_date).any(same)
            || self
                .parent
                .iter()
                .any(|parent| parent.on.iter().any(|(here, _)| same(here)))
    }
}

impl fmt::Display for TableModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        if !self.product.is_empty() {
            writeln!(f, "  product   {}", self.product)?;
        }
        match &self.parent {
            _ if !self.contributor.is_empty() => {
                writeln!(f, "  person    {}", self.contributor.join(" and "))?;
            }
            Some(parent) => {
                let key: Vec<String> = parent
                    .on
                    .iter()
                    .map(|(here, there)| match here == there {
                        true => here.clone(),
                        false => format!("{here} = {there}"),
                    })
                    .collect();
                writeln!(
                    f,
                    "  person    through {} on {}",
                    parent.table,
                    key.join(", ")
                )?;
            }
            None => writeln!(f, "  person    none")?,
        }
        if let Some(date) = &self.care_date {
            writeln!(f, "  care date {date}")?;
        }
        let width = |text: fn(&ColumnModel) -> usize| self.columns.iter().map(text).max();
        let names = width(|column| column.name.chars().count()).unwrap_or(0);
        let types = width(|column| type_of(column).chars().count()).unwrap_or(0);
        for column in &self.columns {
            let role = match (&column.role, &column.domain) {
                (Some(role), Some(domain)) => format!("{} ({domain})", role.as_str()),
                (Some(role), None) => role.as_str().to_owned(),
                (None, _) => "unclassified: not granted by \"*\"".to_owned(),
            };
            write!(
                f,
                "  {:names$}  {:types$}  {role}",
                column.name,
                type_of(column)
            )?;
            if column.primary_key {
                write!(f, "; key of the table")?;
            }
            for reference in &column.refers_to {
                write!(f, "; in {}.{}", reference.table, reference.column)?;
            }
            if let Some(since) = column.since {
                write!(f, "; since {since}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn type_of(column: &ColumnModel) -> String {
    column
        .data_type
        .as_ref()
        .map_or_else(|| "as stored".to_owned(), DataType::to_string)
}
