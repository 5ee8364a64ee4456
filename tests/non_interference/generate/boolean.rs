//! Conditions.

use super::{Generator, Kind, Scope};
use crate::ast::{Expr, Piece, TYPES, Type};

impl Generator {
    pub(super) fn condition(&mut self, scope: &Scope, depth: usize) -> Expr {
        use Type::{Bool, Float, Int, Text};
        if self.risk() {
            // What leaks where a policy is just another filter: a cast next to the rest.
            let cast = *self.dice.pick(&[
                "CAST({} AS INT)",
                "CAST({} AS BIGINT)",
                "CAST({} AS DOUBLE)",
                "CAST({} AS DECIMAL(9,2))",
            ]);
            let digits = self.column(scope, |_, kind| kind == Kind::Digits);
            let of = digits.unwrap_or_else(|| self.leaf(scope, Text));
            let ty = if cast.contains("DOUBLE") { Float } else { Int };
            let cast = Expr::form(ty, cast, vec![of]);
            let comparison =
                *self
                    .dice
                    .pick(&["({} = {})", "({} > {})", "({} <= {})", "({} <> {})"]);
            let value = self.literal(Int);
            return Expr::form(Bool, comparison, vec![cast, value]);
        }
        let ty = *self.dice.pick(&TYPES);
        match self.dice.below(20) {
            0..=3 => self.plain_comparison(scope),
            4 | 5 => {
                let (left, right) = (self.expr(scope, ty, depth), self.expr(scope, ty, depth));
                Expr::form(Bool, self.comparison(), vec![left, right])
            }
            6..=8 => {
                let (left, right) = (
                    self.condition(scope, depth.saturating_sub(1)),
                    self.condition(scope, depth.saturating_sub(1)),
                );
                let template = *self
                    .dice
                    .pick(&["({} AND {})", "({} OR {})", "({} AND {})"]);
                Expr::form(Bool, template, vec![left, right])
            }
            9 => Expr::form(
                Bool,
                "(NOT {})",
                vec![self.condition(scope, depth.saturating_sub(1))],
            ),
            10 => {
                let template = *self.dice.pick(&["({} IS NULL)", "({} IS NOT NULL)"]);
                Expr::form(Bool, template, vec![self.expr(scope, ty, depth)])
            }
            11 => {
                let pattern = *self
                    .dice
                    .pick(&["'%1%'", "'A'", "'_'", "'7%'", "'%é%'", "'H%'", "'%'", "''"]);
                let like = *self.dice.pick(&["LIKE", "NOT LIKE", "ILIKE", "SIMILAR TO"]);
                Expr::form(
                    Bool,
                    &format!("({{}} {like} {pattern})"),
                    vec![self.expr(scope, Text, depth)],
                )
            }
            12 => {
                let (low, high) = (self.literal(ty), self.literal(ty));
                let not = *self.dice.pick(&["", "NOT "]);
                Expr::form(
                    Bool,
                    &format!("({{}} {not}BETWEEN {{}} AND {{}})"),
                    vec![self.leaf(scope, ty), low, high],
                )
            }
            13 => {
                let (one, two, three) = (self.literal(ty), self.literal(ty), self.literal(ty));
                let not = *self.dice.pick(&["", "NOT "]);
                Expr::form(
                    Bool,
                    &format!("({{}} {not}IN ({{}}, {{}}, {{}}))"),
                    vec![self.leaf(scope, ty), one, two, three],
                )
            }
            14 => {
                let call = *self.dice.pick(&[
                    "starts_with({}, {})",
                    "contains({}, {})",
                    "ends_with({}, {})",
                ]);
                Expr::form(
                    Bool,
                    call,
                    vec![self.expr(scope, Text, depth), self.literal(Text)],
                )
            }
            15 => Expr::form(
                Bool,
                "regexp_like({}, '^[0-9]+$')",
                vec![self.expr(scope, Text, depth)],
            ),
            16 => {
                let template =
                    *self
                        .dice
                        .pick(&["({} IS TRUE)", "({} IS NOT FALSE)", "({} IS UNKNOWN)"]);
                Expr::form(
                    Bool,
                    template,
                    vec![self.condition(scope, depth.saturating_sub(1))],
                )
            }
            17 => Expr::form(Bool, "isnan({})", vec![self.expr(scope, Float, depth)]),
            _ if scope.depth > 0 => self.about_subquery(scope),
            _ => self.plain_comparison(scope),
        }
    }

    fn comparison(&mut self) -> &'static str {
        const FORMS: [&str; 8] = [
            "({} = {})",
            "({} < {})",
            "({} <= {})",
            "({} > {})",
            "({} >= {})",
            "({} <> {})",
            "({} IS DISTINCT FROM {})",
            "({} IS NOT DISTINCT FROM {})",
        ];
        let form: &&'static str = self.dice.pick(&FORMS);
        form
    }

    /// A column against a literal: what may pass a leaf on its way down.
    fn plain_comparison(&mut self, scope: &Scope) -> Expr {
        let Some(column) = self.column(scope, |_, _| true) else {
            return self.literal(Type::Bool);
        };
        let literal = self.literal(column.ty);
        Expr::form(Type::Bool, self.comparison(), vec![column, literal])
    }

    fn about_subquery(&mut self, scope: &Scope) -> Expr {
        let not = *self.dice.pick(&["", "NOT "]);
        if self.dice.percent(50) {
            let query = self.correlated(scope);
            return Expr::around(
                Type::Bool,
                vec![Piece::Text(format!("{not}EXISTS "))],
                query,
            );
        }
        let (of, kind) = self.dice.pick(&scope.known).clone();
        let query = self.column_of_values(scope, of.ty, kind);
        let before = vec![
            Piece::Text("(".into()),
            Piece::Expr(of),
            Piece::Text(format!(" {not}IN ")),
        ];
        let mut found = Expr::around(Type::Bool, before, query);
        found.pieces.push(Piece::Text(")".into()));
        found
    }
}
