//! Queries as trees of our own, so that one that shows a difference can be made smaller.
//!
//! An expression is a template with holes: what it says is only of interest to the engine, what it is made of to the
//! shrinker.

use std::fmt;

/// The classes of types that the generator goes by. Widths and scales are left to the engine's own coercion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    Int,
    Float,
    Decimal,
    Text,
    Date,
    Moment,
    Bool,
}

pub const TYPES: [Type; 7] = [
    Type::Int,
    Type::Float,
    Type::Decimal,
    Type::Text,
    Type::Date,
    Type::Moment,
    Type::Bool,
];

impl Type {
    pub fn sql(self) -> &'static str {
        match self {
            Self::Int => "BIGINT",
            Self::Float => "DOUBLE",
            Self::Decimal => "DECIMAL(12,2)",
            Self::Text => "VARCHAR",
            Self::Date => "DATE",
            Self::Moment => "TIMESTAMP",
            Self::Bool => "BOOLEAN",
        }
    }

    /// The smallest expression of the type, and the next one.
    pub fn simplest(self) -> [Expr; 2] {
        let null = Expr::text(self, format!("CAST(NULL AS {})", self.sql()));
        let value = match self {
            Self::Int => "1",
            Self::Float => "0.5",
            Self::Decimal => "CAST(1.5 AS DECIMAL(12,2))",
            Self::Text => "'a'",
            Self::Date => "DATE '2020-01-01'",
            Self::Moment => "TIMESTAMP '2020-01-01T00:00:00'",
            Self::Bool => "TRUE",
        };
        [Expr::text(self, value), null]
    }
}

#[derive(Debug, Clone)]
pub enum Piece {
    Text(String),
    Expr(Expr),
    Query(Box<Query>),
}

#[derive(Debug, Clone)]
pub struct Expr {
    pub ty: Type,
    pub pieces: Vec<Piece>,
}

impl Expr {
    pub fn text(ty: Type, text: impl Into<String>) -> Self {
        Self {
            ty,
            pieces: vec![Piece::Text(text.into())],
        }
    }

    /// A template whose holes, `{}`, are filled in order.
    pub fn form(ty: Type, template: &str, holes: Vec<Expr>) -> Self {
        let mut pieces = Vec::new();
        let mut holes = holes.into_iter();
        for (at, part) in template.split("{}").enumerate() {
            if at > 0 {
                pieces.push(Piece::Expr(holes.next().expect("a hole too many")));
            }
            if !part.is_empty() {
                pieces.push(Piece::Text(part.to_owned()));
            }
        }
        assert!(holes.next().is_none(), "an operand too many for {template}");
        Self { ty, pieces }
    }

    /// An expression around a query: `EXISTS (…)`, `x IN (…)`.
    pub fn around(ty: Type, before: Vec<Piece>, query: Query) -> Self {
        let mut pieces = before;
        pieces.push(Piece::Query(Box::new(query)));
        Self { ty, pieces }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Expr(expr) => write!(f, "{expr}")?,
                Piece::Query(query) => write!(f, "({query})")?,
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
pub struct Query {
    pub ctes: Vec<(String, Query)>,
    pub body: Body,
    pub order: Order,
    pub limit: Option<(usize, usize)>,
}

#[derive(Debug, Clone)]
pub enum Body {
    Select(Select),
    Set(&'static str, Box<Body>, Box<Body>),
}

#[derive(Debug, Clone)]
pub enum Order {
    None,
    /// By every column of the answer, each up or down: rows that tie are the same.
    All(Vec<&'static str>),
    /// By these; `total` if no two rows tie.
    By {
        keys: Vec<(Expr, &'static str)>,
        total: bool,
    },
}

#[derive(Debug, Clone)]
pub struct Select {
    pub distinct: bool,
    pub items: Vec<(Expr, String)>,
    pub from: Vec<From>,
    pub filter: Option<Expr>,
    pub group: Option<Group>,
    pub having: Option<Expr>,
}

#[derive(Debug, Clone)]
pub struct Group {
    pub keys: Vec<Expr>,
    /// `ROLLUP`, `CUBE`, or nothing.
    pub sets: &'static str,
}

#[derive(Debug, Clone)]
pub struct From {
    /// How it is joined to those before it; nothing for the first.
    pub join: &'static str,
    pub source: Source,
    pub alias: String,
    pub on: Option<Expr>,
}

#[derive(Debug, Clone)]
pub enum Source {
    Named(String),
    Derived(Box<Query>),
}

impl Query {
    pub fn of(select: Select) -> Self {
        Self {
            ctes: vec![],
            body: Body::Select(select),
            order: Order::None,
            limit: None,
        }
    }

    /// Whether its rows come in an order that it fixes itself.
    pub fn is_ordered(&self) -> bool {
        match &self.order {
            Order::None => false,
            Order::All(_) => true,
            Order::By { total, .. } => *total,
        }
    }
}

impl Body {
    pub fn first(&self) -> &Select {
        match self {
            Self::Select(select) => select,
            Self::Set(_, left, _) => left.first(),
        }
    }
}

fn listed<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items
        .into_iter()
        .map(|item| item.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.ctes.is_empty() {
            let ctes = self.ctes.iter().map(|(name, q)| format!("{name} AS ({q})"));
            write!(f, "WITH {} ", listed(ctes))?;
        }
        write!(f, "{}", self.body)?;
        match &self.order {
            Order::None => {}
            Order::All(directions) => {
                let columns = 1..=self.body.first().items.len();
                let keys = columns.map(|at| format!("{at} {}", directions[at % directions.len()]));
                write!(f, " ORDER BY {}", listed(keys))?;
            }
            Order::By { keys, .. } => {
                let keys = keys
                    .iter()
                    .map(|(key, direction)| format!("{key} {direction}"));
                write!(f, " ORDER BY {}", listed(keys))?;
            }
        }
        if let Some((rows, skipped)) = self.limit {
            write!(f, " LIMIT {rows}")?;
            if skipped > 0 {
                write!(f, " OFFSET {skipped}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Select(select) => write!(f, "{select}"),
            Self::Set(operator, left, right) => write!(f, "({left}) {operator} ({right})"),
        }
    }
}

impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = self
            .items
            .iter()
            .map(|(item, name)| format!("{item} AS {name}"));
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        write!(f, "SELECT {distinct}{}", listed(items))?;
        for (at, from) in self.from.iter().enumerate() {
            let join = if at == 0 { "FROM" } else { from.join };
            match &from.source {
                Source::Named(name) => write!(f, " {join} {name} AS {}", from.alias)?,
                Source::Derived(query) => write!(f, " {join} ({query}) AS {}", from.alias)?,
            }
            if let (Some(on), true) = (&from.on, at > 0) {
                write!(f, " ON {on}")?;
            }
        }
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        if let Some(group) = &self.group {
            let keys = listed(&group.keys);
            match group.sets {
                "" => write!(f, " GROUP BY {keys}")?,
                sets => {
                    // A number alone is a place in what is selected, and to plain DataFusion one key for all rows.
                    let keys: Vec<String> = (group.keys.iter())
                        .map(|key| match key.to_string() {
                            number if number.parse::<i64>().is_ok() => {
                                format!("CAST({number} AS BIGINT)")
                            }
                            number if number.parse::<f64>().is_ok() => {
                                format!("CAST({number} AS DOUBLE)")
                            }
                            key => key,
                        })
                        .collect();
                    write!(f, " GROUP BY {sets}({})", keys.join(", "))?;
                }
            }
        }
        if let Some(having) = &self.having {
            write!(f, " HAVING {having}")?;
        }
        Ok(())
    }
}
