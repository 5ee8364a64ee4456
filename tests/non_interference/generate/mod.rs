//! Valid SQL over the authorised schema, drawn at random.
//!
//! Types direct the drawing, so that most queries plan. Some fail while they run, on values that the permit shows, and
//! some are wrong on purpose: what a refusal says must not depend on hidden cells either.

mod aggregate;
mod boolean;
mod expr;
mod query;
mod text;
mod wrong;

use crate::ast::{Expr, Query, Type};
use crate::dice::Dice;
use crate::worlds::tables;

/// A query and what is known of it.
#[derive(Debug, Clone)]
pub struct Question {
    pub query: Form,
    pub notes: Notes,
}

#[derive(Debug, Clone)]
pub enum Form {
    Query(Box<Query>),
    /// A text that no tree of ours stands for.
    Text(String),
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Query(query) => write!(f, "{query}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// What a query's answer may depend on besides the rows it reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Notes {
    /// Something in it can fail on a value.
    pub fallible: bool,
    /// The order in which rows are read shows in it.
    pub by_order: bool,
    /// The last digits, or the estimate, depend on how rows are grouped.
    pub approximate: bool,
    /// It is wrong on purpose.
    pub wrong: bool,
}

/// Query `n` of a seed.
pub fn question(seed: u64, n: u64) -> Question {
    let mut generator = Generator {
        dice: Dice::of(seed, n),
        notes: Notes::default(),
        named: 0,
        ctes: tables()
            .iter()
            .map(|table| Relation {
                name: table.name.to_owned(),
                columns: table
                    .shown()
                    .map(|column| Output {
                        name: column.name.to_owned(),
                        ty: column.class(),
                        kind: match (table.name, column.name) {
                            ("sejour", "id") | ("acte", "sejour") => Kind::Stay,
                            ("etab", "id") | ("sejour", "etab") => Kind::Place,
                            ("acte", "id") => Kind::Act,
                            (_, "patient") => Kind::Patient,
                            (_, "code" | "service" | "motif") => Kind::Digits,
                            _ => Kind::Plain,
                        },
                    })
                    .collect(),
                unique: true,
            })
            .collect(),
    };
    let query = if generator.dice.percent(6) {
        generator.notes.wrong = true;
        generator.wrong()
    } else {
        Form::Query(Box::new(generator.whole()))
    };
    Question {
        query,
        notes: generator.notes,
    }
}

struct Generator {
    dice: Dice,
    notes: Notes,
    named: usize,
    /// The tables, and what stands before the query with a name.
    ctes: Vec<Relation>,
}

/// Something that can be read by its name.
#[derive(Clone)]
struct Relation {
    name: String,
    columns: Vec<Output>,
    /// Whether its column `id` tells its rows apart.
    unique: bool,
}

#[derive(Clone)]
struct Output {
    name: String,
    ty: Type,
    kind: Kind,
}

/// What a column's values are, as far as it matters for what can be done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Texts that most often can be read as numbers.
    Digits,
    Patient,
    Stay,
    Place,
    Act,
}

/// What an expression may use.
#[derive(Clone, Default)]
struct Scope {
    known: Vec<(Expr, Kind)>,
    /// Columns of the query around it.
    outer: Vec<(Expr, Kind)>,
    /// How deep subqueries may still nest.
    depth: usize,
    /// Columns that together tell the rows apart, if there are such.
    keys: Vec<Expr>,
}

impl Generator {
    fn name(&mut self, prefix: &str) -> String {
        self.named += 1;
        format!("{prefix}{}", self.named)
    }

    fn pick_type(&mut self) -> Type {
        use Type::{Bool, Date, Decimal, Float, Int, Moment, Text};
        *self.dice.pick(&[
            Int, Int, Int, Text, Text, Float, Float, Decimal, Date, Moment, Bool,
        ])
    }

    /// An expression that can fail, once in a while: too many, and every query would.
    fn risk(&mut self) -> bool {
        let taken = self.dice.percent(7);
        self.notes.fallible |= taken;
        taken
    }
}
