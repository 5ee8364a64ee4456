//! What is shown in place of a stored value.

mod band;
mod date;
mod kernel;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::functions::unicode::expr_fn::left;
use datafusion::logical_expr::{Expr, lit};
use toml::value::Value;

use date::Grain;
use kernel::{Kernel, mask_udf};

use crate::snds::is_text;

/// One mask, as a permit writes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mask {
    /// The value as stored; refused for identifiers.
    Clear,
    /// The HMAC of the value under the project's key and the column's domain.
    Pseudonym,
    /// A date cut to the first day of its year, quarter or month.
    Date(Grain),
    /// A number cut down to a multiple of the width.
    Band(u32),
    /// The first characters of a text.
    Prefix(u32),
    /// Nothing.
    Null,
    /// The same value in every row.
    Const(String),
    /// `***` for a text, nothing for anything else.
    Redact,
    /// An SQL expression over the stored columns.
    Sql(String),
}

impl Mask {
    /// What may be written.
    pub(crate) const GRAMMAR: &str = "pseudonym, clear, year, quarter, month, band(n), prefix(n), null, const('x'), redact or { sql = \"…\" }";

    /// Reads a mask; `None` when it is none of the grammar.
    pub(crate) fn parse(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse_text(text.trim()),
            Value::Table(table) if table.len() == 1 => match table.get("sql") {
                Some(Value::String(sql)) => Some(Self::Sql(sql.clone())),
                _ => None,
            },
            _ => None,
        }
    }

    fn parse_text(text: &str) -> Option<Self> {
        if let Some((name, rest)) = text.split_once('(') {
            let argument = rest.strip_suffix(')')?.trim();
            let number = || argument.parse::<u32>().ok().filter(|n| *n > 0);
            return match name.trim() {
                "band" => number().map(Self::Band),
                "prefix" => number().map(Self::Prefix),
                "const" => Some(Self::Const(unquote(argument)?)),
                _ => None,
            };
        }
        Some(match text {
            "clear" => Self::Clear,
            "pseudonym" => Self::Pseudonym,
            "year" => Self::Date(Grain::Year),
            "quarter" => Self::Date(Grain::Quarter),
            "month" => Self::Date(Grain::Month),
            "null" => Self::Null,
            "redact" => Self::Redact,
            _ => return None,
        })
    }

    /// What may stand in place of an identifier: nothing from which a part of it can be read.
    pub(crate) fn hides_identifiers(&self) -> bool {
        matches!(
            self,
            Self::Pseudonym | Self::Null | Self::Const(_) | Self::Redact
        )
    }

    /// The mask of one column as an expression over it; `Err` tells which type of column it needs.
    ///
    /// [`Mask::Clear`], [`Mask::Pseudonym`] and [`Mask::Sql`] need more than the column and are not built here.
    pub(crate) fn expression(&self, column: Expr, stored: &DataType) -> Result<Expr, String> {
        match self {
            Self::Date(grain) if date::applies_to(stored) => {
                Ok(mask_udf(Kernel::Date(*grain)).call(vec![column]))
            }
            Self::Date(_) => Err("a column of dates".into()),
            Self::Band(width) if band::applies_to(stored) => {
                Ok(mask_udf(Kernel::Band(*width)).call(vec![column]))
            }
            Self::Band(_) => Err("a column of numbers".into()),
            Self::Prefix(length) if is_text(stored) => Ok(left(column, lit(i64::from(*length)))),
            Self::Prefix(_) => Err("a column of texts".into()),
            Self::Null => typed_null(stored),
            Self::Redact if is_text(stored) => ScalarValue::from("***")
                .cast_to(stored)
                .map(|value| Expr::Literal(value, None))
                .map_err(|error| error.to_string()),
            Self::Redact => typed_null(stored),
            Self::Const(text) => ScalarValue::try_from_string(text.clone(), stored)
                .map(|value| Expr::Literal(value, None))
                .map_err(|_| format!("a constant that is a {stored}")),
            Self::Clear | Self::Pseudonym | Self::Sql(_) => Err("another mask".into()),
        }
    }
}

fn typed_null(stored: &DataType) -> Result<Expr, String> {
    ScalarValue::try_from(stored)
        .map(|value| Expr::Literal(value, None))
        .map_err(|error| error.to_string())
}

/// The text between single quotes, or a bare word or number.
fn unquote(argument: &str) -> Option<String> {
    match argument.strip_prefix('\'') {
        Some(rest) => rest.strip_suffix('\'').map(|text| text.replace("''", "'")),
        None if argument.contains('\'') || argument.is_empty() => None,
        None => Some(argument.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Mask> {
        Mask::parse(&Value::String(text.into()))
    }

    #[test]
    fn every_mask_of_the_grammar_is_read() {
        assert_eq!(parse("pseudonym"), Some(Mask::Pseudonym));
        assert_eq!(parse("month"), Some(Mask::Date(Grain::Month)));
        assert_eq!(parse("band(5)"), Some(Mask::Band(5)));
        assert_eq!(parse("prefix( 3 )"), Some(Mask::Prefix(3)));
        assert_eq!(parse("const('it''s')"), Some(Mask::Const("it's".into())));
        assert_eq!(parse("const(0)"), Some(Mask::Const("0".into())));
        assert_eq!(parse("null"), Some(Mask::Null));
        assert_eq!(parse("redact"), Some(Mask::Redact));
    }

    #[test]
    fn what_is_not_of_the_grammar_is_not_read() {
        for text in [
            "",
            "band",
            "band(0)",
            "band(x)",
            "prefix(-1)",
            "const('x)",
            "Month",
            "sha256",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(Mask::parse(&Value::Integer(1)), None);
    }
}
