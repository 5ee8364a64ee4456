//! Aggregates and windows.

use super::{Generator, Scope};
use crate::ast::{Expr, TYPES, Type};

impl Generator {
    /// An aggregate of a type over a scope.
    pub(super) fn aggregate(&mut self, scope: &Scope, ty: Type, depth: usize) -> Expr {
        use Type::{Bool, Decimal, Float, Int, Text};
        if self.dice.percent(3) {
            return self.by_order(scope, ty, depth);
        }
        let found = match (ty, self.dice.below(8)) {
            (Int, 0 | 1) => Expr::text(Int, "count(*)"),
            (Int, 2) => {
                let of = *self.dice.pick(&TYPES);
                Expr::form(Int, "count({})", vec![self.expr(scope, of, depth)])
            }
            (Int, 3) => {
                let of = *self.dice.pick(&TYPES);
                Expr::form(Int, "count(DISTINCT {})", vec![self.leaf(scope, of)])
            }
            (Int, 4 | 5) => Expr::form(Int, "sum({})", vec![self.expr(scope, Int, depth)]),
            (Int, 6) => {
                let call = *self.dice.pick(&[
                    "bit_or({})",
                    "bit_and({})",
                    "bit_xor({})",
                    "sum(DISTINCT {})",
                ]);
                Expr::form(Int, call, vec![self.leaf(scope, Int)])
            }
            (Float, 0..=2) => Expr::form(Float, "sum({})", vec![self.expr(scope, Float, depth)]),
            (Float, 3 | 4) => {
                let of = *self.dice.pick(&[Int, Float]);
                Expr::form(Float, "avg({})", vec![self.expr(scope, of, depth)])
            }
            (Float, 5) => {
                self.notes.approximate = true;
                let call = *self.dice.pick(&[
                    "stddev({})",
                    "var_pop({})",
                    "approx_median({})",
                    "stddev_pop({})",
                ]);
                Expr::form(Float, call, vec![self.leaf(scope, Float)])
            }
            (Float, 6) => {
                self.notes.approximate = true;
                let call =
                    *self
                        .dice
                        .pick(&["corr({}, {})", "covar_pop({}, {})", "regr_slope({}, {})"]);
                Expr::form(
                    Float,
                    call,
                    vec![self.leaf(scope, Float), self.leaf(scope, Float)],
                )
            }
            (Float, _) => Expr::form(Float, "median({})", vec![self.leaf(scope, Float)]),
            (Decimal, 0..=3) => {
                let call = *self.dice.pick(&["sum({})", "avg({})"]);
                Expr::form(Decimal, call, vec![self.expr(scope, Decimal, depth)])
            }
            (Text, 0) if !scope.keys.is_empty() => {
                let (value, key) = (self.leaf(scope, Text), scope.keys[0].clone());
                self.notes.by_order |= scope.keys.len() > 1;
                Expr::form(Text, "string_agg({}, '/' ORDER BY {})", vec![value, key])
            }
            (Bool, 0..=3) => {
                let call = *self.dice.pick(&["bool_and({})", "bool_or({})"]);
                Expr::form(Bool, call, vec![self.expr(scope, Bool, depth)])
            }
            (ty, _) => {
                let call = *self.dice.pick(&["min({})", "max({})"]);
                Expr::form(ty, call, vec![self.expr(scope, ty, depth)])
            }
        };
        if self.dice.percent(8) {
            let condition = self.condition(scope, 0);
            return Expr::form(found.ty, "{} FILTER (WHERE {})", vec![found, condition]);
        }
        found
    }

    /// What tells in which order rows were read.
    fn by_order(&mut self, scope: &Scope, ty: Type, depth: usize) -> Expr {
        self.notes.by_order = true;
        let value = self.expr(scope, ty, depth);
        match ty {
            Type::Text if self.dice.percent(50) => {
                Expr::form(ty, "string_agg({}, ',')", vec![value])
            }
            Type::Int if self.dice.percent(30) => {
                self.notes.approximate = true;
                Expr::form(ty, "approx_distinct({})", vec![value])
            }
            _ => {
                let call = *self.dice.pick(&[
                    "first_value({})",
                    "last_value({})",
                    "any_value({})",
                    "nth_value({}, 2)",
                ]);
                Expr::form(ty, call, vec![value])
            }
        }
    }

    /// A window function of a type over a scope.
    pub(super) fn window(&mut self, scope: &Scope, ty: Type, depth: usize) -> Expr {
        let partition = match self.dice.below(3) {
            0 => String::new(),
            _ => {
                let by = *self.dice.pick(&TYPES);
                format!("PARTITION BY {}", self.leaf(scope, by))
            }
        };
        let direction = *self.dice.pick(&["", " DESC", " NULLS FIRST"]);
        let ranked = *self.dice.pick(&TYPES);
        let rank_by = format!("ORDER BY {}{direction}", self.leaf(scope, ranked));
        let keys: Vec<String> = scope
            .keys
            .iter()
            .map(|key| format!("{key}{direction}"))
            .collect();
        let total = match keys.is_empty() {
            true => None,
            false => Some(format!("ORDER BY {}", keys.join(", "))),
        };
        // Rows that tie share a rank, whatever their order.
        let ranks = ty == Type::Int && self.dice.percent(30);
        if ranks {
            let call = *self.dice.pick(&["rank()", "dense_rank()"]);
            return Expr::text(ty, format!("{call} OVER ({partition} {rank_by})"));
        }
        if ty == Type::Float && self.dice.percent(20) {
            let call = *self.dice.pick(&["percent_rank()", "cume_dist()"]);
            return Expr::text(ty, format!("{call} OVER ({partition} {rank_by})"));
        }
        let over = match total {
            Some(total) => total,
            None => {
                self.notes.by_order = true;
                rank_by
            }
        };
        if ty == Type::Int && self.dice.percent(30) {
            let call = *self.dice.pick(&["row_number()", "ntile(3)"]);
            return Expr::text(ty, format!("{call} OVER ({partition} {over})"));
        }
        if self.dice.percent(40) {
            let call = *self.dice.pick(&[
                "lag({})",
                "lead({}, 2)",
                "first_value({})",
                "last_value({})",
                "nth_value({}, 2)",
            ]);
            let template = format!("{call} OVER ({partition} {over})");
            return Expr::form(ty, &template, vec![self.expr(scope, ty, depth)]);
        }
        let call = match ty {
            Type::Int | Type::Float | Type::Decimal => {
                *self.dice.pick(&["sum({})", "min({})", "max({})"])
            }
            Type::Bool => "bool_or({})",
            _ => *self.dice.pick(&["min({})", "max({})"]),
        };
        let frame = *self.dice.pick(&[
            "",
            "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
            "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
            "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
        ]);
        let template = format!("{call} OVER ({partition} {over} {frame})");
        Expr::form(ty, &template, vec![self.expr(scope, ty, depth)])
    }
}
