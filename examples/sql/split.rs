use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// The statements of a text, each without its `;`. A `;` within quotes or a comment ends nothing, and what holds only
/// comments is no statement.
pub fn statements(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (statement, after) = next(rest);
        if says_something(statement) {
            found.push(statement.trim());
        }
        rest = after;
    }
    found
}

/// The text up to the first `;` that ends a statement, and what comes after it.
fn next(text: &str) -> (&str, &str) {
    // The first `;` up to which the text reads as whole tokens.
    for (at, _) in text.match_indices(';') {
        let head = &text[..at];
        if reads_whole(head) {
            return (head, &text[at + 1..]);
        }
    }
    (text, "")
}

/// Whether a text does not stop within quotes or a comment.
fn reads_whole(text: &str) -> bool {
    // A line comment swallows what follows on its line, a `;` too: a marker behind the text tells whether it is read.
    let marked = format!("{text} sceau_marker");
    Tokenizer::new(&GenericDialect {}, &marked)
        .tokenize()
        .is_ok_and(|tokens| {
            matches!(tokens.last(), Some(Token::Word(word)) if word.value == "sceau_marker")
        })
}

fn says_something(text: &str) -> bool {
    Tokenizer::new(&GenericDialect {}, text)
        .tokenize()
        .map_or(true, |tokens| {
            tokens
                .iter()
                .any(|token| !matches!(token, Token::Whitespace(_) | Token::EOF))
        })
}
