//! Texts.

use super::{Generator, Scope};
use crate::ast::{Expr, Type};

impl Generator {
    pub(super) fn text(&mut self, scope: &Scope, depth: usize) -> Expr {
        use Type::{Bool, Date, Decimal, Int, Moment, Text};
        if self.risk() {
            return match self.dice.below(3) {
                0 => Expr::form(Text, "chr({})", vec![self.leaf(scope, Int)]),
                1 => Expr::form(Text, "to_char({}, '%Y-%m')", vec![self.leaf(scope, Date)]),
                _ => Expr::form(
                    Text,
                    "split_part({}, '1', {})",
                    vec![self.leaf(scope, Text), self.leaf(scope, Int)],
                ),
            };
        }
        let of = |generator: &mut Self, ty| generator.expr(scope, ty, depth);
        match self.dice.below(15) {
            0 | 1 => {
                let call = *self.dice.pick(&[
                    "upper({})",
                    "lower({})",
                    "reverse({})",
                    "btrim({})",
                    "initcap({})",
                    "ltrim({})",
                ]);
                Expr::form(Text, call, vec![of(self, Text)])
            }
            2 | 3 => {
                let template =
                    *self
                        .dice
                        .pick(&["({} || {})", "concat({}, {})", "concat_ws('-', {}, {})"]);
                Expr::form(Text, template, vec![of(self, Text), of(self, Text)])
            }
            4 => {
                let call = *self.dice.pick(&[
                    "left({}, 2)",
                    "right({}, 1)",
                    "substr({}, 2)",
                    "substr({}, 1, 2)",
                    "split_part({}, '1', 1)",
                ]);
                Expr::form(Text, call, vec![of(self, Text)])
            }
            5 => Expr::form(
                Text,
                "replace({}, {}, 'q')",
                vec![of(self, Text), self.literal(Text)],
            ),
            6 => {
                let call = *self.dice.pick(&[
                    "lpad({}, 6, '0')",
                    "rpad({}, 3, '.')",
                    "translate({}, '123', 'abc')",
                ]);
                Expr::form(Text, call, vec![of(self, Text)])
            }
            7 | 8 => {
                let ty = *self.dice.pick(&[Int, Date, Decimal, Bool, Moment]);
                Expr::form(Text, "CAST({} AS VARCHAR)", vec![self.leaf(scope, ty)])
            }
            9 => Expr::form(Text, "to_hex({})", vec![of(self, Int)]),
            10 => Expr::form(
                Text,
                "regexp_replace({}, '[0-9]', '#')",
                vec![of(self, Text)],
            ),
            11 => Expr::form(
                Text,
                "overlay({} PLACING 'zz' FROM 2)",
                vec![of(self, Text)],
            ),
            12 => Expr::form(
                Text,
                "array_to_string(make_array({}, {}), ',')",
                vec![of(self, Text), of(self, Text)],
            ),
            13 => {
                let ty = *self.dice.pick(&[Int, Date, Decimal, Bool, Moment]);
                Expr::form(Text, "arrow_typeof({})", vec![self.leaf(scope, ty)])
            }
            _ => Expr::form(
                Text,
                "array_element(string_to_array({}, '1'), 1)",
                vec![of(self, Text)],
            ),
        }
    }
}
