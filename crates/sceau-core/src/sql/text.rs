use datafusion::sql::sqlparser::ast::{Expr, Statement};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use super::{AmbiguousName, FunctionRegistry, Names};

/// Why a text is not SQL that can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SqlError {
    /// The text does not parse.
    #[error("{0}")]
    Syntax(String),
    /// A name could mean two columns.
    #[error(transparent)]
    Name(#[from] AmbiguousName),
}

/// As many operators as a text may hold: a chain of them is as deep as it is long.
const MOST_OPERATORS: usize = 4_000;

/// As deep as an expression or a query may nest.
const RECURSION_LIMIT: usize = 50;

/// Reads a text as statements, its unquoted names spelt as the tables spell them.
pub(crate) fn parse_statements(
    text: &str,
    names: &Names,
    functions: &FunctionRegistry,
) -> Result<Vec<Statement>, SqlError> {
    let tokens = tokens(text, names, functions)?;
    parser()
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(syntax)
}

/// Reads a text as one expression.
pub(crate) fn parse_expression(
    text: &str,
    names: &Names,
    functions: &FunctionRegistry,
) -> Result<Expr, SqlError> {
    let tokens = tokens(text, names, functions)?;
    let mut parser = parser().with_tokens_with_locations(tokens);
    let expr = parser.parse_expr().map_err(syntax)?;
    match parser.next_token().token {
        Token::EOF => Ok(expr),
        more => Err(SqlError::Syntax(format!(
            "one expression expected, found {more} after it"
        ))),
    }
}

fn parser() -> Parser<'static> {
    Parser::new(&GenericDialect {}).with_recursion_limit(RECURSION_LIMIT)
}

fn tokens(
    text: &str,
    names: &Names,
    functions: &FunctionRegistry,
) -> Result<Vec<TokenWithSpan>, SqlError> {
    let mut tokens = Tokenizer::new(&GenericDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| SqlError::Syntax(error.to_string()))?;
    if tokens
        .iter()
        .filter(|token| is_operator(&token.token))
        .count()
        > MOST_OPERATORS
    {
        return Err(SqlError::Syntax(format!(
            "more than {MOST_OPERATORS} operators in one text: use IN, or a table to join"
        )));
    }
    names.spell(&mut tokens, functions)?;
    Ok(tokens)
}

fn is_operator(token: &Token) -> bool {
    !matches!(
        token,
        Token::Word(Word {
            keyword: Keyword::NoKeyword,
            ..
        }) | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Comma
            | Token::Period
            | Token::LParen
            | Token::RParen
            | Token::Whitespace(_)
            | Token::EOF
    )
}

fn syntax(error: ParserError) -> SqlError {
    SqlError::Syntax(match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => {
            format!("nested deeper than {RECURSION_LIMIT} levels")
        }
    })
}
