//! Reads `roles.txt` and classifies columns by it.

use super::pattern::Pattern;
use crate::snds::{Role, TableModel};

/// The rules of the file, in its order: the first that matches decides.
pub(super) struct Roles {
    rules: Vec<Rule>,
}

struct Rule {
    role: Option<Role>,
    domain: Option<String>,
    tables: Tables,
    columns: Pattern,
}

enum Tables {
    All,
    Named(Pattern),
    Product(String),
}

impl Roles {
    /// # Panics
    ///
    /// If a line does not read: the file is part of the program, and a test reads it.
    pub(super) fn read(text: &str) -> Self {
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rules = lines
            .flat_map(|line| {
                let mut words = line.split_whitespace();
                let head = words.next().expect("the line is not empty");
                let (role, domain) = role(head).unwrap_or_else(|| panic!("cannot read `{line}`"));
                words.map(move |word| Rule::new(role, domain.clone(), word))
            })
            .collect();
        Self { rules }
    }

    /// Gives each column of the table its role and domain.
    pub(super) fn classify(&self, table: &mut TableModel) {
        // Few rules concern one table: those are found first, once.
        let name = table.name.to_uppercase();
        let rules: Vec<_> = self
            .rules
            .iter()
            .filter(|rule| rule.concerns(&name, &table.product))
            .collect();
        for column in &mut table.columns {
            let name = column.name.to_uppercase();
            if let Some(rule) = rules.iter().find(|rule| rule.columns.matches(&name)) {
                column.role = rule.role;
                column.domain = rule.domain.clone();
            }
        }
    }
}

impl Rule {
    fn new(role: Option<Role>, domain: Option<String>, word: &str) -> Self {
        let (tables, columns) = match word.split_once('.') {
            None => (Tables::All, word),
            Some((tables, columns)) => {
                let product = tables
                    .strip_prefix('[')
                    .and_then(|name| name.strip_suffix(']'));
                match product {
                    Some(product) => (Tables::Product(product.to_owned()), columns),
                    None => (Tables::Named(Pattern::new(tables)), columns),
                }
            }
        };
        Self {
            role,
            domain,
            tables,
            columns: Pattern::new(columns),
        }
    }

    fn concerns(&self, table: &str, product: &str) -> bool {
        match &self.tables {
            Tables::All => true,
            Tables::Named(pattern) => pattern.matches(table),
            Tables::Product(name) => name == product,
        }
    }
}

/// The first word of a rule: `plain`, or `identifier:patient`.
fn role(word: &str) -> Option<(Option<Role>, Option<String>)> {
    if let Some(domain) = word.strip_prefix("identifier:") {
        return Some((Some(Role::Identifier), Some(domain.to_owned())));
    }
    let role = match word {
        "quasi_identifier" => Some(Role::QuasiIdentifier),
        "sensitive" => Some(Role::Sensitive),
        "key" => Some(Role::Key),
        "plain" => Some(Role::Plain),
        "unclassified" => None,
        _ => return None,
    };
    Some((role, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snds::facts::columns;

    #[test]
    fn every_pattern_decides_some_column() {
        let tables = columns::read(include_str!("columns.txt"));
        let roles = Roles::read(include_str!("roles.txt"));
        let mut used = vec![false; roles.rules.len()];
        for table in &tables {
            let table_name = table.name.to_uppercase();
            for column in &table.columns {
                let name = column.name.to_uppercase();
                let first = roles.rules.iter().position(|rule| {
                    rule.concerns(&table_name, &table.product) && rule.columns.matches(&name)
                });
                if let Some(first) = first {
                    used[first] = true;
                }
            }
        }
        let idle: Vec<_> = roles
            .rules
            .iter()
            .zip(used)
            .filter(|(_, used)| !used)
            .map(|(rule, _)| &rule.columns)
            .collect();
        assert!(idle.is_empty(), "{idle:?}");
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let roles = Roles::read(
            "plain *_RET\nidentifier:establishment ETA_NUM*\nkey ER_*.ORD\nsensitive ORD",
        );
        let mut tables = columns::read(
            "[P] ER_X_F\nETA_NUM_RET: text\nETA_NUM: text\nORD: i16\nX: i16\n[P] T\nORD: i16",
        );
        tables.iter_mut().for_each(|table| roles.classify(table));
        let roles: Vec<_> = tables
            .iter()
            .flat_map(|table| &table.columns)
            .map(|column| column.role)
            .collect();
        let expected = [
            Some(Role::Plain),
            Some(Role::Identifier),
            Some(Role::Key),
            None,
            Some(Role::Sensitive),
        ];
        assert_eq!(roles, expected);
        assert_eq!(
            tables[0].columns[1].domain.as_deref(),
            Some("establishment")
        );
    }
}
