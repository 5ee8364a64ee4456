//! `permit.project` and `permit.principal` in a permit's own SQL.
//!
//! They are put into the parsed expression as literals of text. Whatever a project or a principal is called, it is a value
//! that is compared, and never SQL.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Ident, Value, VisitMut, VisitorMut};

/// What a permit's expressions may ask of the permit.
pub(super) struct Attributes<'a> {
    pub(super) project: &'a str,
    /// Who asks.
    pub(super) principal: &'a str,
}

/// As deep as an expression of a permit may be. It is planned and run by code that recurses.
const DEEPEST: usize = 400;

impl Attributes<'_> {
    /// Puts the values in the places of their names.
    pub(super) fn put_into(&self, expr: &mut Expr) -> Result<(), String> {
        let mut writer = Writer {
            attributes: self,
            depth: 0,
        };
        match expr.visit(&mut writer) {
            ControlFlow::Break(wrong) => Err(wrong),
            ControlFlow::Continue(()) => Ok(()),
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "project" => Some(self.project),
            "principal" => Some(self.principal),
            _ => None,
        }
    }
}

struct Writer<'a> {
    attributes: &'a Attributes<'a>,
    depth: usize,
}

impl VisitorMut for Writer<'_> {
    type Break = String;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return ControlFlow::Break(format!(
                "one deeper than {DEEPEST} operators (use IN, or a list of people)"
            ));
        }
        let Expr::CompoundIdentifier(parts) = expr else {
            return ControlFlow::Continue(());
        };
        if !parts.first().is_some_and(|first| is(first, "permit")) {
            return ControlFlow::Continue(());
        }
        let value = match parts.as_slice() {
            [_, name] if name.quote_style.is_none() => {
                self.attributes.value(&name.value.to_lowercase())
            }
            _ => None,
        };
        let Some(value) = value else {
            return ControlFlow::Break(format!(
                "{expr}, which is neither permit.project nor permit.principal"
            ));
        };
        *expr = Expr::value(Value::SingleQuotedString(value.to_owned()));
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &mut Expr) -> ControlFlow<String> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

/// A quoted name is a column's.
fn is(ident: &Ident, name: &str) -> bool {
    ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{FunctionRegistry, Names, parse_expression};

    fn written(sql: &str, principal: &str) -> Result<String, String> {
        let names = Names::of_columns(vec!["PRINCIPAL".into(), "unit".into()]);
        let mut expr = parse_expression(sql, &names, &FunctionRegistry::allowed()).unwrap();
        let attributes = Attributes {
            project: "diab-2031",
            principal,
        };
        attributes.put_into(&mut expr)?;
        Ok(expr.to_string())
    }

    #[test]
    fn names_become_literals_whatever_their_case_and_wherever_they_stand() {
        assert_eq!(
            written(
                "unit = permit.project AND (Permit.Principal IN ('a', permit.principal) OR coalesce(permit.project, '') = '')",
                "ana"
            )
            .unwrap(),
            "unit = 'diab-2031' AND ('ana' IN ('a', 'ana') OR coalesce('diab-2031', '') = '')"
        );
    }

    #[test]
    fn a_name_that_looks_like_sql_stays_a_text() {
        for evil in ["x' OR '1' = '1", "'); --", "permit.project", "\\", "\u{0}"] {
            let names = Names::of_columns(vec!["unit".into()]);
            let functions = FunctionRegistry::allowed();
            let mut expr = parse_expression("unit = permit.principal", &names, &functions).unwrap();
            let attributes = Attributes {
                project: "p",
                principal: evil,
            };
            attributes.put_into(&mut expr).unwrap();
            let Expr::BinaryOp { right, .. } = expr else {
                panic!("no comparison")
            };
            assert_eq!(
                *right,
                Expr::value(Value::SingleQuotedString(evil.to_owned()))
            );
        }
    }

    #[test]
    fn a_quoted_name_is_a_column_and_an_unknown_attribute_is_named() {
        assert_eq!(
            written("\"permit\".project = unit", "ana").unwrap(),
            "\"permit\".project = unit"
        );
        for unknown in [
            "permit.key = unit",
            "permit.project.x = unit",
            "permit.\"project\" = unit",
        ] {
            let error = written(unknown, "ana").unwrap_err();
            assert!(
                error.ends_with("which is neither permit.project nor permit.principal"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_too_deep_is_said() {
        let deep = vec!["unit = 'x'"; 1_000].join(" OR ");
        let error = stacker::maybe_grow(8 << 20, 16 << 20, || written(&deep, "ana")).unwrap_err();
        assert!(error.starts_with("one deeper than 400"), "{error}");
    }
}
