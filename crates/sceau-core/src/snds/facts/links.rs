//! Reads `links.txt` and links tables by it.

use super::pattern::Pattern;
use crate::snds::{Parent, TableModel};

/// The rules of the file, each kind in the file's order: the first that applies decides.
pub(super) struct Links {
    persons: Vec<Rule>,
    dates: Vec<Rule>,
    parents: Vec<Rule>,
}

struct Rule {
    tables: Pattern,
    /// Of a `parent` rule: the table that has the person.
    parent: Option<String>,
    columns: Vec<String>,
}

impl Links {
    /// # Panics
    ///
    /// If a line does not read: the file is part of the program, and a test reads it.
    pub(super) fn read(text: &str) -> Self {
        let mut links = Self {
            persons: Vec::new(),
            dates: Vec::new(),
            parents: Vec::new(),
        };
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let mut words = line.split_whitespace();
            let kind = words.next().expect("the line is not empty");
            let tables = Pattern::new(words.next().expect("tables after the rule's kind"));
            let rules = match kind {
                "person" => &mut links.persons,
                "date" => &mut links.dates,
                "parent" => &mut links.parents,
                _ => panic!("cannot read `{line}`"),
            };
            let parent = (kind == "parent").then(|| words.next().expect("a parent").to_owned());
            rules.push(Rule {
                tables,
                parent,
                columns: words.map(str::to_owned).collect(),
            });
        }
        links
    }

    /// Gives each table its contributor, care date and parent.
    pub(super) fn apply(&self, tables: &mut [TableModel]) {
        for table in tables.iter_mut() {
            if table.product == "NOMENCLATURE" {
                continue;
            }
            if let Some(columns) = self.persons.iter().find_map(|rule| rule.columns_in(table)) {
                table.contributor = columns;
            }
            if let Some(columns) = self.dates.iter().find_map(|rule| rule.columns_in(table)) {
                table.care_date = columns.into_iter().next();
            }
        }
        for index in 0..tables.len() {
            let table = &tables[index];
            if table.product == "NOMENCLATURE" || !table.contributor.is_empty() {
                continue;
            }
            let parent = self.parents.iter().find_map(|rule| {
                let parent = tables
                    .iter()
                    .find(|other| Some(&other.name) == rule.parent.as_ref())?;
                let there = rule.columns_of(parent)?;
                let here = rule.columns_in(table)?;
                let on = here.into_iter().zip(there).collect();
                Some(Parent {
                    table: parent.name.clone(),
                    on,
                })
            });
            tables[index].parent = parent;
        }
    }
}

impl Rule {
    /// The rule's columns in the table's own spelling, if the rule is for that table.
    fn columns_in(&self, table: &TableModel) -> Option<Vec<String>> {
        let concerned = self.tables.matches(&table.name.to_uppercase());
        concerned.then(|| self.columns_of(table)).flatten()
    }

    fn columns_of(&self, table: &TableModel) -> Option<Vec<String>> {
        let spelling = |name: &String| table.column(name).map(|column| column.name.clone());
        self.columns.iter().map(spelling).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snds::facts::columns;

    const TABLES: &str = "[DCIR] ER_PRS_F\nBEN: text\nDAY: date\nA: i32\nB: i32\n\
        [DCIR] ER_PHA_F\na: i16\nb: i16\n[DCIR] ER_LOT_F\nA: i16\n[NOMENCLATURE] IR_X\nBEN: text";
    const RULES: &str = "person * BEN\ndate ER_* DAY\nparent ER_*_F ER_PRS_F A B";

    #[test]
    fn a_table_without_a_person_reaches_its_parent_by_columns_in_each_ones_spelling() {
        let mut tables = columns::read(TABLES);
        Links::read(RULES).apply(&mut tables);
        assert_eq!(tables[0].contributor, ["BEN"]);
        assert_eq!(tables[0].care_date.as_deref(), Some("DAY"));
        assert_eq!(tables[0].parent, None);
        let on = [("a", "A"), ("b", "B")]
            .map(|(h, t)| (h.to_owned(), t.to_owned()))
            .to_vec();
        assert_eq!(
            tables[1].parent,
            Some(Parent {
                table: "ER_PRS_F".into(),
                on
            })
        );
    }

    #[test]
    fn a_table_that_lacks_part_of_the_key_has_no_parent_and_a_code_list_no_person() {
        let mut tables = columns::read(TABLES);
        Links::read(RULES).apply(&mut tables);
        assert_eq!(tables[2].parent, None);
        assert!(tables[3].contributor.is_empty());
    }
}
