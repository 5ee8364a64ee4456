use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor,
};

use super::Refusal;
use super::tables::{MOST_TABLES, Tables};

/// What a parsed text may not hold although DataFusion would plan it: it reads some of it as something else, or not at all.
///
/// `TABLESAMPLE` is ignored by the planner, so that a count of a sample would be the count of everything.
pub(crate) fn check_text(statement: &Statement) -> Result<(), Refusal> {
    match statement.visit(&mut Reader {
        depth: 0,
        tables: Tables::default(),
    }) {
        ControlFlow::Break(refused) => Err(refused),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// As deep as an expression may be.
const DEEPEST: usize = 400;

struct Reader {
    depth: usize,
    tables: Tables,
}

impl Reader {
    fn refuse(what: &str) -> ControlFlow<Refusal> {
        ControlFlow::Break(Refusal(format!("{what} is not allowed")))
    }
}

impl Visitor for Reader {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        self.tables.enter(query);
        if !query.locks.is_empty() {
            return Self::refuse("FOR UPDATE or FOR SHARE");
        }
        if query.for_clause.is_some() || query.settings.is_some() || query.format_clause.is_some() {
            return Self::refuse("a FOR, SETTINGS or FORMAT clause");
        }
        if matches!(
            query.body.as_ref(),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
        ) {
            return Self::refuse("a statement that writes");
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        self.tables.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<Refusal> {
        if self.tables.name(name) > MOST_TABLES {
            return Self::refuse(&format!(
                "a question over more than {MOST_TABLES} tables (a WITH counts as often as it is named)"
            ));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Self::refuse(
                "an expression deeper than 400 operators (use IN, or a table to join)",
            );
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<Refusal> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        if select.into.is_some() {
            return Self::refuse("SELECT INTO");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Refusal> {
        match table {
            TableFactor::Table {
                sample: Some(_), ..
            }
            | TableFactor::Derived {
                sample: Some(_), ..
            } => Self::refuse("TABLESAMPLE"),
            TableFactor::Table {
                version: Some(_), ..
            } => Self::refuse("reading another version of a table"),
            TableFactor::Table { args: Some(_), .. }
            | TableFactor::TableFunction { .. }
            | TableFactor::Function { .. } => Self::refuse("a table function"),
            _ => ControlFlow::Continue(()),
        }
    }
}
