use std::collections::HashMap;

use datafusion::sql::sqlparser::ast::{ObjectName, Query};

/// As many tables as a question may be over: `FROM a, b, c …` is as deep as it is long, and a WITH that names the one before
/// it twice doubles it.
pub(super) const MOST_TABLES: u64 = 500;

/// Counts the tables of a text as the planner will see them, before it does.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Of each query that is being read, from the outermost inwards.
    open: Vec<u64>,
    /// The bodies of the WITHs of these queries, by where they stand in memory, and their names.
    bodies: HashMap<*const Query, String>,
    /// What naming a WITH counts as: of several of one name, as the largest.
    known: HashMap<String, u64>,
}

impl Tables {
    pub(super) fn enter(&mut self, query: &Query) {
        self.open.push(0);
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let body: *const Query = &*table.query;
            self.bodies.insert(body, table.alias.name.value.clone());
        }
    }

    pub(super) fn leave(&mut self, query: &Query) {
        let here = self.open.pop().unwrap_or_default();
        let body: *const Query = query;
        match self.bodies.remove(&body) {
            Some(name) => {
                let known = self.known.entry(name).or_insert(1);
                *known = here.max(*known);
            }
            None => self.add(here),
        }
    }

    /// The tables of the query that names one more, so far.
    pub(super) fn name(&mut self, name: &ObjectName) -> u64 {
        let one = name
            .0
            .last()
            .and_then(|part| part.as_ident())
            .and_then(|ident| self.known.get(&ident.value));
        self.add(one.copied().unwrap_or(1));
        self.open.last().copied().unwrap_or_default()
    }

    fn add(&mut self, tables: u64) {
        if let Some(here) = self.open.last_mut() {
            *here = here.saturating_add(tables);
        }
    }
}
