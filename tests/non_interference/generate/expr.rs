//! Numbers, dates and moments.

use super::{Generator, Kind, Scope};
use crate::ast::{Expr, Piece, Type};

impl Generator {
    pub(super) fn expr(&mut self, scope: &Scope, ty: Type, depth: usize) -> Expr {
        if depth == 0 || self.dice.percent(30) {
            return self.leaf(scope, ty);
        }
        if self.dice.percent(12) {
            return self.choice(scope, ty, depth - 1);
        }
        if scope.depth > 0 && self.dice.percent(4) {
            return self.scalar_subquery(scope, ty);
        }
        match ty {
            Type::Int => self.int(scope, depth - 1),
            Type::Float => self.float(scope, depth - 1),
            Type::Decimal => self.decimal(scope, depth - 1),
            Type::Text => self.text(scope, depth - 1),
            Type::Date => self.date(scope, depth - 1),
            Type::Moment => self.moment(scope, depth - 1),
            Type::Bool => self.condition(scope, depth - 1),
        }
    }

    /// A column if there is one, else a literal.
    pub(super) fn leaf(&mut self, scope: &Scope, ty: Type) -> Expr {
        if self.dice.percent(85)
            && let Some(column) = self.column(scope, |known, _| known.ty == ty)
        {
            return column;
        }
        self.literal(ty)
    }

    pub(super) fn column(
        &mut self,
        scope: &Scope,
        fits: impl Fn(&Expr, Kind) -> bool,
    ) -> Option<Expr> {
        let outer = if self.dice.percent(25) {
            scope.outer.as_slice()
        } else {
            &[]
        };
        let found: Vec<&Expr> = scope
            .known
            .iter()
            .chain(outer)
            .filter(|(known, kind)| fits(known, *kind))
            .map(|(known, _)| known)
            .collect();
        (!found.is_empty()).then(|| (*self.dice.pick(&found)).clone())
    }

    pub(super) fn literal(&mut self, ty: Type) -> Expr {
        if self.dice.percent(5) {
            return Expr::text(ty, format!("CAST(NULL AS {})", ty.sql()));
        }
        let among: &[&str] = match ty {
            Type::Int => &[
                "0",
                "1",
                "2",
                "5",
                "10",
                "31",
                "100",
                "-1",
                "2020",
                "3000000000",
                "9223372036854775807",
            ],
            Type::Float => &[
                "0.5",
                "1.5",
                "2.0",
                "-0.25",
                "0.0",
                "60.5",
                "-0.0",
                "CAST('NaN' AS DOUBLE)",
                "1e300",
            ],
            Type::Decimal => &[
                "CAST(1.50 AS DECIMAL(9,2))",
                "CAST(100 AS DECIMAL(9,2))",
                "CAST(0 AS DECIMAL(9,2))",
                "CAST(-7.25 AS DECIMAL(5,2))",
            ],
            Type::Text => &[
                "'A'", "'B'", "'Z'", "'10'", "'x'", "'HIDDEN'", "'75'", "''", "'é2'", "'20'",
                "'***'",
            ],
            Type::Date => &[
                "DATE '2020-03-15'",
                "DATE '1970-01-01'",
                "DATE '2020-02-01'",
                "DATE '1600-01-01'",
            ],
            Type::Moment => &[
                "TIMESTAMP '2020-03-15T10:00:00'",
                "TIMESTAMP '2020-01-01T00:00:00'",
            ],
            Type::Bool => &["TRUE", "FALSE"],
        };
        Expr::text(ty, *self.dice.pick(among))
    }

    fn choice(&mut self, scope: &Scope, ty: Type, depth: usize) -> Expr {
        let (a, b) = (self.expr(scope, ty, depth), self.expr(scope, ty, depth));
        match self.dice.below(7) {
            0 | 1 => {
                let when = self.expr(scope, Type::Bool, depth);
                Expr::form(ty, "CASE WHEN {} THEN {} ELSE {} END", vec![when, a, b])
            }
            2 => {
                let of = self.leaf(scope, Type::Int);
                let is = self.literal(Type::Int);
                Expr::form(ty, "CASE {} WHEN {} THEN {} END", vec![of, is, a])
            }
            3 => Expr::form(ty, "coalesce({}, {})", vec![a, b]),
            4 => Expr::form(ty, "nullif({}, {})", vec![a, b]),
            5 if ty != Type::Bool => Expr::form(ty, "greatest({}, {})", vec![a, b]),
            _ if ty != Type::Bool => Expr::form(ty, "least({}, {})", vec![a, b]),
            _ => Expr::form(ty, "nvl({}, {})", vec![a, b]),
        }
    }

    /// A query of one row and one column; sometimes correlated, sometimes of more rows than one.
    fn scalar_subquery(&mut self, scope: &Scope, ty: Type) -> Expr {
        let query = self.single_value(scope, ty);
        Expr {
            ty,
            pieces: vec![Piece::Query(Box::new(query))],
        }
    }

    /// A text that can most often be read as a number.
    fn digits(&mut self, scope: &Scope) -> Expr {
        if self.dice.percent(85)
            && let Some(column) = self.column(scope, |_, kind| kind == Kind::Digits)
        {
            return column;
        }
        self.leaf(scope, Type::Text)
    }

    fn int(&mut self, scope: &Scope, depth: usize) -> Expr {
        use Type::{Bool, Date, Decimal, Float, Int, Text};
        if self.risk() {
            let template = *self.dice.pick(&[
                "CAST({} AS INT)",
                "CAST({} AS BIGINT)",
                "arrow_cast({}, 'Int16')",
            ]);
            return match self.dice.below(7) {
                0..=2 => Expr::form(Int, template, vec![self.digits(scope)]),
                3 => Expr::form(
                    Int,
                    "({} / {})",
                    vec![self.expr(scope, Int, depth), self.leaf(scope, Int)],
                ),
                4 => Expr::form(
                    Int,
                    "({} % {})",
                    vec![self.expr(scope, Int, depth), self.leaf(scope, Int)],
                ),
                5 => Expr::form(
                    Int,
                    "CAST({} AS SMALLINT)",
                    vec![self.expr(scope, Int, depth)],
                ),
                _ => {
                    let call =
                        *self
                            .dice
                            .pick(&["factorial({})", "abs({})", "CAST({} AS TINYINT)"]);
                    Expr::form(Int, call, vec![self.leaf(scope, Int)])
                }
            };
        }
        let of = |generator: &mut Self, ty| generator.expr(scope, ty, depth);
        match self.dice.below(16) {
            0..=3 => {
                let template =
                    *self
                        .dice
                        .pick(&["({} + {})", "({} - {})", "({} * {})", "({} & {})"]);
                Expr::form(Int, template, vec![of(self, Int), of(self, Int)])
            }
            4 => {
                let template = *self.dice.pick(&["({} / 7)", "({} % 3)", "({} / 100)"]);
                Expr::form(Int, template, vec![of(self, Int)])
            }
            5 => Expr::form(Int, "(- {})", vec![of(self, Int)]),
            6 => {
                let call = *self.dice.pick(&[
                    "character_length({})",
                    "octet_length({})",
                    "ascii({})",
                    "bit_length({})",
                ]);
                Expr::form(Int, call, vec![of(self, Text)])
            }
            7 => Expr::form(
                Int,
                "strpos({}, {})",
                vec![of(self, Text), self.literal(Text)],
            ),
            8 => {
                let part = *self.dice.pick(&["year", "month", "day", "dow", "quarter"]);
                Expr::form(
                    Int,
                    &format!("date_part('{part}', {{}})"),
                    vec![of(self, Date)],
                )
            }
            9 => Expr::form(
                Int,
                "levenshtein({}, {})",
                vec![of(self, Text), of(self, Text)],
            ),
            10 => Expr::form(Int, "TRY_CAST({} AS BIGINT)", vec![of(self, Text)]),
            11 => Expr::form(Int, "CAST({} AS INT)", vec![of(self, Bool)]),
            12 => Expr::form(Int, "TRY_CAST({} AS INT)", vec![of(self, Float)]),
            13 => Expr::form(Int, "CAST({} AS BIGINT)", vec![of(self, Decimal)]),
            14 => Expr::form(Int, "regexp_count({}, '[0-9]')", vec![of(self, Text)]),
            _ => Expr::form(Int, "gcd({}, 12)", vec![self.leaf(scope, Int)]),
        }
    }

    fn float(&mut self, scope: &Scope, depth: usize) -> Expr {
        use Type::{Decimal, Float, Int, Text};
        if self.risk() {
            return match self.dice.below(2) {
                0 => Expr::form(Float, "CAST({} AS DOUBLE)", vec![self.digits(scope)]),
                _ => Expr::form(
                    Float,
                    "power({}, {})",
                    vec![self.leaf(scope, Int), self.leaf(scope, Float)],
                ),
            };
        }
        let of = |generator: &mut Self, ty| generator.expr(scope, ty, depth);
        match self.dice.below(10) {
            0..=2 => {
                let template = *self.dice.pick(&["({} + {})", "({} - {})", "({} * {})"]);
                Expr::form(Float, template, vec![of(self, Float), of(self, Float)])
            }
            3 => Expr::form(Float, "({} / {})", vec![of(self, Float), of(self, Float)]),
            4 => Expr::form(Float, "CAST({} AS DOUBLE)", vec![of(self, Int)]),
            5 => Expr::form(Float, "CAST({} AS DOUBLE)", vec![of(self, Decimal)]),
            6 => {
                let call = *self.dice.pick(&[
                    "sqrt({})",
                    "ln({})",
                    "log10({})",
                    "exp({})",
                    "cbrt({})",
                    "sin({})",
                    "signum({})",
                ]);
                // Of a negative number there is no square root, and the engine says so.
                self.notes.fallible |= call == "sqrt({})";
                Expr::form(Float, call, vec![of(self, Float)])
            }
            7 => {
                let call = *self.dice.pick(&[
                    "floor({})",
                    "ceil({})",
                    "trunc({})",
                    "round({})",
                    "abs({})",
                    "(- {})",
                ]);
                Expr::form(Float, call, vec![of(self, Float)])
            }
            8 => Expr::form(
                Float,
                "nanvl({}, {})",
                vec![of(self, Float), of(self, Float)],
            ),
            _ => Expr::form(Float, "TRY_CAST({} AS DOUBLE)", vec![of(self, Text)]),
        }
    }

    fn decimal(&mut self, scope: &Scope, depth: usize) -> Expr {
        use Type::{Decimal, Int, Text};
        if self.risk() {
            let (left, right) = (self.leaf(scope, Decimal), self.leaf(scope, Decimal));
            return match self.dice.below(4) {
                0 => Expr::form(
                    Decimal,
                    "CAST({} AS DECIMAL(9,2))",
                    vec![self.digits(scope)],
                ),
                1 => Expr::form(
                    Decimal,
                    "CAST({} AS DECIMAL(5,2))",
                    vec![self.leaf(scope, Int)],
                ),
                2 => Expr::form(Decimal, "({} / {})", vec![left, right]),
                _ => Expr::form(Decimal, "CAST({} AS DECIMAL(4,2))", vec![left]),
            };
        }
        let of = |generator: &mut Self, ty| generator.expr(scope, ty, depth);
        match self.dice.below(6) {
            0 | 1 => {
                let template = *self.dice.pick(&["({} + {})", "({} - {})"]);
                Expr::form(
                    Decimal,
                    template,
                    vec![of(self, Decimal), of(self, Decimal)],
                )
            }
            2 => Expr::form(
                Decimal,
                "({} * {})",
                vec![self.leaf(scope, Decimal), self.leaf(scope, Decimal)],
            ),
            3 => {
                let call = *self
                    .dice
                    .pick(&["round({}, 1)", "abs({})", "floor({})", "(- {})"]);
                Expr::form(Decimal, call, vec![of(self, Decimal)])
            }
            4 => Expr::form(
                Decimal,
                "TRY_CAST({} AS DECIMAL(9,2))",
                vec![of(self, Text)],
            ),
            _ => Expr::form(Decimal, "TRY_CAST({} AS DECIMAL(9,2))", vec![of(self, Int)]),
        }
    }

    fn date(&mut self, scope: &Scope, depth: usize) -> Expr {
        use Type::{Date, Int, Moment, Text};
        if self.risk() {
            return match self.dice.below(5) {
                0 => Expr::form(Date, "CAST({} AS DATE)", vec![self.leaf(scope, Text)]),
                1 => Expr::form(Date, "to_date({}, '%d')", vec![self.digits(scope)]),
                2 => Expr::form(Date, "make_date(2020, 1, {})", vec![self.leaf(scope, Int)]),
                3 => Expr::form(Date, "CAST({} AS DATE)", vec![self.leaf(scope, Int)]),
                _ => Expr::form(
                    Date,
                    "({} + INTERVAL '9000000 months')",
                    vec![self.leaf(scope, Date)],
                ),
            };
        }
        match self.dice.below(5) {
            0 => Expr::form(
                Date,
                "CAST({} AS DATE)",
                vec![self.expr(scope, Moment, depth)],
            ),
            1 => Expr::form(
                Date,
                "({} + INTERVAL '1 month')",
                vec![self.leaf(scope, Date)],
            ),
            2 => Expr::form(
                Date,
                "({} - INTERVAL '40 days')",
                vec![self.leaf(scope, Date)],
            ),
            3 => Expr::form(
                Date,
                "TRY_CAST({} AS DATE)",
                vec![self.expr(scope, Text, depth)],
            ),
            _ => self.leaf(scope, Date),
        }
    }

    fn moment(&mut self, scope: &Scope, depth: usize) -> Expr {
        use Type::{Date, Int, Moment, Text};
        if self.risk() {
            return match self.dice.below(4) {
                // Dates before 1677 have no nanoseconds.
                0 => Expr::form(
                    Moment,
                    "date_trunc('month', {})",
                    vec![self.leaf(scope, Date)],
                ),
                1 => Expr::form(Moment, "to_timestamp({})", vec![self.digits(scope)]),
                2 => Expr::form(
                    Moment,
                    "CAST({} AS TIMESTAMP)",
                    vec![self.leaf(scope, Date)],
                ),
                _ => Expr::form(
                    Moment,
                    "to_timestamp_seconds({})",
                    vec![self.leaf(scope, Int)],
                ),
            };
        }
        let unit = *self.dice.pick(&["year", "quarter", "month", "day", "hour"]);
        match self.dice.below(5) {
            0 | 1 => Expr::form(
                Moment,
                &format!("date_trunc('{unit}', {{}})"),
                vec![self.expr(scope, Moment, depth)],
            ),
            2 => Expr::form(
                Moment,
                "({} + INTERVAL '1 day')",
                vec![self.expr(scope, Moment, depth)],
            ),
            3 => Expr::form(
                Moment,
                "TRY_CAST({} AS TIMESTAMP)",
                vec![self.expr(scope, Text, depth)],
            ),
            _ => self.leaf(scope, Moment),
        }
    }
}
