//! A permit in plain words, for the officer who signs it.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::file::{Columns, Grant, Permit};
use super::mask::Mask;
use super::release::Withheld;
use crate::snds::{self, ColumnModel, Role, TableModel};

impl Permit {
    /// What the permit grants, in plain words and a table a table: for the officer who signs it.
    ///
    /// It says what the text of the permit means under the data model. Whether the platform has the tables, and their files
    /// the columns, is found out by opening a session.
    ///
    /// ```
    /// let permit = sceau_core::Permit::parse("permit.toml", r#"
    ///     project    = "diab-2031"
    ///     principals = ["ana"]
    ///     valid      = { from = 2026-01-01, until = 2027-12-31 }
    ///     [table.ir_ben_r]
    ///     columns = ["BEN_NIR_PSA", "BEN_NAI_ANN"]
    /// "#)?;
    /// let words = permit.explain();
    /// assert!(words.contains("BEN_NIR_PSA  identifier        a pseudonym of this project"));
    /// # Ok::<(), sceau_core::ConfigError>(())
    /// ```
    pub fn explain(&self) -> String {
        self.explain_with(snds::table)
    }

    /// The same with the models of a platform's own tables, as [`Platform::table_model`](crate::Platform::table_model)
    /// gives them.
    pub fn explain_with(&self, model: impl Fn(&str) -> Option<Arc<TableModel>>) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = self.write(&mut text, &model);
        text
    }

    fn write(
        &self,
        text: &mut String,
        model: &dyn Fn(&str) -> Option<Arc<TableModel>>,
    ) -> fmt::Result {
        let (from, until) = self.validity();
        write!(text, "Permit of project {}", self.project())?;
        match self.purpose() {
            Some(purpose) => writeln!(text, ": {purpose}")?,
            None => writeln!(text)?,
        }
        writeln!(text, "version      {}", self.hash())?;
        writeln!(text, "who          {}", self.principals().join(", "))?;
        writeln!(text, "when         {from} to {until}, both days included")?;
        let inside = if self.allows_rows() {
            "pseudonymised rows may be seen"
        } else {
            "no rows: releases only"
        };
        writeln!(text, "inside       {inside}")?;
        let population = self.population();
        if let Some(cohort) = &population.cohort {
            writeln!(text, "people       only those in {cohort}")?;
        }
        if let Some(opposition) = &population.opposition {
            writeln!(text, "people       never those in {opposition}")?;
        }
        if let Some((from, until)) = population.period {
            writeln!(
                text,
                "care         from {from} to {until}, in tables that date it"
            )?;
        }
        for (name, grant) in self.tables() {
            let model_of_table = model(name);
            table(text, name, grant, model_of_table.clone())?;
            self.write_join(text, grant, model_of_table.as_deref(), model)?;
        }
        self.write_release(text)
    }

    fn write_release(&self, text: &mut String) -> fmt::Result {
        let rules = self.release();
        writeln!(text, "\nRelease")?;
        if let Some(preset) = rules.preset {
            writeln!(text, "  the rules {preset}: {}", preset.source())?;
        }
        writeln!(text, "  a cell describes at least {} people", rules.k)?;
        for dominance in &rules.dominance {
            writeln!(text, "  {dominance} of a sum")?;
        }
        if let Some(percent) = rules.p_percent {
            writeln!(
                text,
                "  all but the two largest contributors to a sum make up at least {percent} % of the largest"
            )?;
        }
        if rules.unanimous {
            writeln!(
                text,
                "  no cell tells that everybody, or nobody, of a group has a sensitive value"
            )?;
        }
        if rules.secondary {
            writeln!(
                text,
                "  no withheld cell can be computed from the others of its release"
            )?;
        }
        if !rules.rounding.is_exact() {
            writeln!(text, "  counts are {}", rules.rounding)?;
        }
        let withheld = match rules.withheld {
            Withheld::Omit => "is left out",
            Withheld::Mask => "shows its key and no measure",
        };
        writeln!(text, "  a withheld cell {withheld}")
    }

    /// Whether rows that may be seen can be joined to the parents that may be seen: without the whole key they match rows of
    /// others, and sums count twice.
    fn write_join(
        &self,
        text: &mut String,
        grant: &Grant,
        model: Option<&TableModel>,
        models: &dyn Fn(&str) -> Option<Arc<TableModel>>,
    ) -> fmt::Result {
        let Some(parent) = model.and_then(|model| model.parent.as_ref()) else {
            return Ok(());
        };
        let mut granted = self.tables().iter();
        let Some((_, parent_grant)) =
            granted.find(|(name, _)| name.eq_ignore_ascii_case(&parent.table))
        else {
            return Ok(());
        };
        let parent_model = models(&parent.table);
        let lacking: Vec<String> = parent
            .on
            .iter()
            .flat_map(|(here, there)| {
                let hidden_here = (!joins_on(grant, model, here)).then(|| here.clone());
                let hidden_there = (!joins_on(parent_grant, parent_model.as_deref(), there))
                    .then(|| format!("{}.{there}", parent.table));
                [hidden_here, hidden_there]
            })
            .flatten()
            .collect();
        if lacking.is_empty() {
            return Ok(());
        }
        writeln!(
            text,
            "  not to be joined to {}: of the key that both have, not shown as stored: {}",
            parent.table,
            lacking.join(", ")
        )
    }
}

/// Whether a column is shown with all that tells its values apart.
fn joins_on(grant: &Grant, model: Option<&TableModel>, column: &str) -> bool {
    let is = |name: &String| name.eq_ignore_ascii_case(column);
    let listed = match &grant.columns {
        Columns::All => model.is_none_or(|model| {
            let known = model.column(column);
            known.is_none_or(|known| known.role.is_some())
        }),
        Columns::Listed(names) => names.iter().any(is),
    };
    let mask = grant.masks.iter().find(|(masked, _)| is(masked));
    listed
        && !grant.deny.iter().any(is)
        && mask.is_none_or(|(_, mask)| matches!(mask, Mask::Clear | Mask::Pseudonym))
}

fn table(
    text: &mut String,
    name: &str,
    grant: &Grant,
    model: Option<Arc<TableModel>>,
) -> fmt::Result {
    let title = model.as_ref().map_or(name, |model| model.name.as_str());
    writeln!(text, "\nTable {title}")?;
    if model
        .as_ref()
        .is_some_and(|model| model.year_column.is_some())
    {
        writeln!(
            text,
            "  and each year of it that has no entry of its own, under that year's name"
        )?;
    }
    match &grant.filter {
        Some(filter) => writeln!(text, "  rows where {filter}")?,
        None => writeln!(text, "  every row")?,
    }
    if let Some(parent) = model.as_ref().and_then(|model| model.parent.as_ref()) {
        writeln!(text, "  whose row in {} may be seen", parent.table)?;
    }
    let rows = shown(grant, model.as_deref());
    let width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
    for (column, role, shown) in &rows {
        writeln!(text, "  {column:<width$}  {role:<16}  {shown}")?;
    }
    if let Some(model) = model {
        let granted = |column: &ColumnModel| rows.iter().any(|row| row.0 == column.name);
        let denied: Vec<&str> = model
            .columns
            .iter()
            .filter(|column| !column.optional && !granted(column))
            .map(|column| column.name.as_str())
            .collect();
        if !denied.is_empty() {
            writeln!(text, "  not shown: {}", denied.join(", "))?;
        }
    }
    Ok(())
}

/// The granted columns: name, role, and what is shown.
fn shown(grant: &Grant, model: Option<&TableModel>) -> Vec<(String, &'static str, String)> {
    let denied = |name: &str| {
        grant
            .deny
            .iter()
            .any(|denied| denied.eq_ignore_ascii_case(name))
    };
    let listed: Vec<(String, Option<Role>)> = match (&grant.columns, model) {
        (Columns::All, Some(model)) => model
            .columns
            .iter()
            .filter(|column| column.role.is_some() && !column.optional)
            .map(|column| (column.name.clone(), column.role))
            .collect(),
        (Columns::All, None) => vec![("*".to_owned(), None)],
        (Columns::Listed(names), model) => names
            .iter()
            .map(|name| match model.and_then(|model| model.column(name)) {
                Some(column) => (column.name.clone(), column.role),
                None => (name.clone(), None),
            })
            .collect(),
    };
    listed
        .into_iter()
        .filter(|(name, _)| !denied(name))
        .map(|(name, role)| {
            let mask = grant
                .masks
                .iter()
                .find(|(masked, _)| masked.eq_ignore_ascii_case(&name))
                .map(|(_, mask)| mask);
            let shown = match mask {
                Some(mask) => in_words(mask),
                None if role == Some(Role::Identifier) => in_words(&Mask::Pseudonym),
                None if name == "*" => {
                    "every classified column; identifiers as pseudonyms".to_owned()
                }
                None if model.is_none() => {
                    "a pseudonym if the platform declares an identifier, else as stored".to_owned()
                }
                None => in_words(&Mask::Clear),
            };
            (name, role.map_or("", role_in_words), shown)
        })
        .collect()
}

fn role_in_words(role: Role) -> &'static str {
    match role {
        Role::Identifier => "identifier",
        Role::QuasiIdentifier => "quasi-identifier",
        Role::Sensitive => "sensitive",
        Role::Key => "key",
        Role::Plain => "plain",
    }
}

fn in_words(mask: &Mask) -> String {
    match mask {
        Mask::Clear => "as stored".to_owned(),
        Mask::Pseudonym => "a pseudonym of this project".to_owned(),
        Mask::Date(grain) => format!("cut to the first day of its {}", grain.in_words()),
        Mask::Band(width) => format!("cut down to a multiple of {width}"),
        Mask::Prefix(length) => format!("its first {length} characters"),
        Mask::Null => "nothing".to_owned(),
        Mask::Const(value) => format!("always {value}"),
        Mask::Redact => "*** for a text, nothing otherwise".to_owned(),
        Mask::Sql(sql) => sql.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType;

    fn words(model: impl Fn(&str) -> Option<Arc<TableModel>>) -> String {
        let text = "project = \"p\"\nprincipals = [\"ana\"]\nvalid = { from = 2020-01-01, until = 2099-12-31 }\n\
                    [table.sejour]\ncolumns = [\"patient\", \"cost\"]";
        let permit = Permit::parse("permit.toml", text).expect("permit");
        permit.explain_with(model)
    }

    #[test]
    fn an_identifier_of_a_platform_s_own_table_is_said_to_be_a_pseudonym() {
        let column = |name: &str, role| ColumnModel {
            role,
            ..ColumnModel::unclassified(name, DataType::Utf8, true)
        };
        let model = TableModel {
            name: "sejour".to_owned(),
            product: String::new(),
            columns: vec![
                column("patient", Some(Role::Identifier)),
                column("cost", None),
            ],
            contributor: vec![],
            care_date: None,
            parent: None,
            year: None,
            year_column: None,
        };
        let said = words(|_| Some(Arc::new(model.clone())));
        assert!(
            said.contains("patient  identifier        a pseudonym of this project"),
            "{said}"
        );
        assert!(
            said.contains("cost                       as stored"),
            "{said}"
        );
    }

    #[test]
    fn the_rules_of_a_release_are_said_with_their_source() {
        let text = "project = \"p\"\nprincipals = [\"ana\"]\nvalid = { from = 2020-01-01, until = 2099-12-31 }\n\
                    [table.sejour]\ncolumns = [\"cost\"]\n[release]\npreset = \"abs-datalab\"\np_percent = 10\nrounding = 5";
        let said = Permit::parse("permit.toml", text)
            .expect("permit")
            .explain();
        for says in [
            "  the rules abs-datalab: Australian Bureau of Statistics",
            "  a cell describes at least 10 people",
            "  the largest contributor makes up at most 50 % of a sum",
            "  the 2 largest contributors make up at most 67 % of a sum",
            "make up at least 10 % of the largest",
            "  counts are rounded to the nearest 5",
        ] {
            assert!(said.contains(says), "{says}\n{said}");
        }
    }

    #[test]
    fn a_key_that_is_shown_in_part_is_said_to_join_nothing() {
        let of = |stays: &str, diagnoses: &str| {
            let text = format!(
                "project = \"p\"\nprincipals = [\"ana\"]\nvalid = {{ from = 2020-01-01, until = 2099-12-31 }}\n\
                 [table.t_mco_c]\n{stays}\n[table.t_mco_d]\n{diagnoses}"
            );
            let permit = Permit::parse("permit.toml", &text).expect("permit");
            permit.explain()
        };
        let whole = of("columns = \"*\"", "columns = \"*\"");
        assert!(!whole.contains("not to be joined"), "{whole}");
        let without_year = of(
            "columns = [\"ETA_NUM\", \"RSA_NUM\", \"ANNEE\"]",
            "columns = [\"ETA_NUM\", \"RSA_NUM\", \"ASS_DGN\"]",
        );
        assert!(
            without_year.contains(
                "not to be joined to T_MCO_C: of the key that both have, not shown as stored: ANNEE\n"
            ),
            "{without_year}"
        );
        let masked = of(
            "columns = \"*\"\n[table.t_mco_c.mask]\nETA_NUM = \"prefix(2)\"",
            "columns = \"*\"",
        );
        assert!(masked.contains("T_MCO_C.ETA_NUM\n"), "{masked}");
    }

    #[test]
    fn of_a_table_that_nobody_knows_no_column_is_said_to_be_clear() {
        let said = words(|_| None);
        assert!(
            said.contains("a pseudonym if the platform declares an identifier"),
            "{said}"
        );
        assert!(!said.contains("        as stored"), "{said}");
    }
}
