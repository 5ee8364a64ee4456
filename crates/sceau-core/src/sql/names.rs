//! Names in any case.
//!
//! DataFusion folds unquoted names to lower case; the SNDS's are upper case, and its users write both. Before the text is
//! parsed, every unquoted word that is, in some case, the name of a table or a column of a table of the question is
//! given that name's spelling; any other unquoted word is folded to lower case. A quoted name is left exactly as it is.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::FunctionRegistry;

/// The tables a text may speak of, each with its columns, as they are spelt.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    tables: BTreeMap<String, Vec<String>>,
}

/// Two tables of one question spell a column differently, and the text does not say which is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {name} is spelt {} in different tables: qualify or quote it", .spellings.join(" and "))]
pub(crate) struct AmbiguousName {
    pub(crate) name: String,
    pub(crate) spellings: Vec<String>,
}

impl Names {
    pub(crate) fn add_table(&mut self, table: impl Into<String>, columns: Vec<String>) {
        self.tables.insert(table.into(), columns);
    }

    /// How a table is spelt.
    pub(crate) fn table(&self, name: &str) -> Option<&str> {
        self.tables
            .keys()
            .map(String::as_str)
            .find(|known| fold(known) == fold(name))
    }

    /// The names of one table's columns alone, for an expression over it.
    pub(crate) fn of_columns(columns: Vec<String>) -> Self {
        let mut names = Self::default();
        names.add_table(String::new(), columns);
        names
    }

    /// Spells the unquoted words of a text.
    pub(crate) fn spell(
        &self,
        tokens: &mut [TokenWithSpan],
        functions: &FunctionRegistry,
    ) -> Result<(), AmbiguousName> {
        let spellings = Spellings::of(self, tokens);
        // Each blank is a token: only from words may be looked further, or a text of blanks costs the square of its length.
        let unquoted = |at: &usize| matches!(&tokens[*at].token, Token::Word(word) if word.quote_style.is_none());
        let words: Vec<(usize, bool, Option<String>)> = (0..tokens.len())
            .filter(unquoted)
            .map(|at| {
                let called = matches!(next(tokens, at), Some((_, Token::LParen)));
                (at, called, qualifier(tokens, at))
            })
            .collect();
        for (at, called, qualifier) in words {
            let Token::Word(word) = &mut tokens[at].token else {
                continue;
            };
            let folded = fold(&word.value);
            word.value = if called && functions.is_function(&folded) {
                folded
            } else {
                spellings.choose(&folded, qualifier.as_deref())?
            };
        }
        Ok(())
    }
}

/// What the words of one text may be spelt as.
struct Spellings<'a> {
    /// Folded name → how the tables of the text spell it.
    words: BTreeMap<String, BTreeSet<&'a str>>,
    /// Folded alias or table name → the tables it may stand for.
    aliases: BTreeMap<String, BTreeSet<&'a str>>,
    names: &'a Names,
}

impl<'a> Spellings<'a> {
    fn of(names: &'a Names, tokens: &[TokenWithSpan]) -> Self {
        let mut found = Self {
            words: BTreeMap::new(),
            aliases: BTreeMap::new(),
            names,
        };
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, token) in tokens.iter().enumerate() {
            if let Token::Word(word) = &token.token {
                places.entry(fold(&word.value)).or_default().push(at);
            }
        }
        for (table, columns) in &names.tables {
            let mut mentioned = table.is_empty();
            for &at in places.get(&fold(table)).into_iter().flatten() {
                if is_name(&tokens[at].token, table) {
                    mentioned = true;
                    found.alias(table, table);
                    if let Some(alias) = alias_after(tokens, at) {
                        found.alias(&alias, table);
                    }
                }
            }
            if mentioned {
                for name in columns.iter().chain([table]) {
                    found.words.entry(fold(name)).or_default().insert(name);
                }
            }
        }
        found
    }

    fn alias(&mut self, alias: &str, table: &'a str) {
        self.aliases.entry(fold(alias)).or_default().insert(table);
    }

    fn choose(&self, folded: &str, qualifier: Option<&str>) -> Result<String, AmbiguousName> {
        let Some(spellings) = self.words.get(folded) else {
            return Ok(folded.to_owned());
        };
        let mut candidates = spellings.clone();
        if candidates.len() > 1
            && let Some(tables) = qualifier.and_then(|alias| self.aliases.get(alias))
        {
            candidates = tables
                .iter()
                .flat_map(|table| &self.names.tables[*table])
                .map(String::as_str)
                .filter(|name| fold(name) == folded)
                .collect();
        }
        match candidates.iter().next() {
            Some(only) if candidates.len() == 1 => Ok((*only).to_owned()),
            _ => Err(AmbiguousName {
                name: folded.to_owned(),
                spellings: spellings.iter().map(|name| (*name).to_owned()).collect(),
            }),
        }
    }
}

pub(crate) fn fold(name: &str) -> String {
    name.to_lowercase()
}

fn is_name(token: &Token, name: &str) -> bool {
    match token {
        Token::Word(word) if word.quote_style.is_some() => word.value == name,
        Token::Word(word) => fold(&word.value) == fold(name),
        _ => false,
    }
}

/// The word that names the table a word is qualified with: `c` in `c . NIR_ANO_17`.
fn qualifier(tokens: &[TokenWithSpan], at: usize) -> Option<String> {
    let (dot, Token::Period) = previous(tokens, at)? else {
        return None;
    };
    match previous(tokens, dot)? {
        (_, Token::Word(word)) => Some(fold(&word.value)),
        _ => None,
    }
}

/// The alias given to the table named at a place, if one is.
fn alias_after(tokens: &[TokenWithSpan], at: usize) -> Option<String> {
    let (mut place, mut token) = next(tokens, at)?;
    if matches!(token, Token::Word(word) if word.keyword == Keyword::AS) {
        (place, token) = next(tokens, place)?;
    }
    let _ = place;
    match token {
        Token::Word(word) if word.keyword == Keyword::NoKeyword || word.quote_style.is_some() => {
            Some(word.value.clone())
        }
        // A keyword can serve as an alias; taking one that does not for an alias only widens the choice of spellings.
        Token::Word(word) => Some(word.value.clone()),
        _ => None,
    }
}

fn next(tokens: &[TokenWithSpan], at: usize) -> Option<(usize, &Token)> {
    (at + 1..tokens.len())
        .map(|place| (place, &tokens[place].token))
        .find(|(_, token)| !matches!(token, Token::Whitespace(_)))
}

fn previous(tokens: &[TokenWithSpan], at: usize) -> Option<(usize, &Token)> {
    (0..at)
        .rev()
        .map(|place| (place, &tokens[place].token))
        .find(|(_, token)| !matches!(token, Token::Whitespace(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::tokenizer::Tokenizer;

    fn spelt(sql: &str) -> Result<String, AmbiguousName> {
        let mut names = Names::default();
        names.add_table(
            "ER_PRS_F",
            vec!["BEN_NIR_PSA".into(), "PRS_PAI_MNT".into(), "COUNT".into()],
        );
        names.add_table("cohort", vec!["ben_nir_psa".into(), "arm".into()]);
        names.add_table("other", vec!["total".into()]);
        let mut tokens = Tokenizer::new(&GenericDialect {}, sql)
            .tokenize_with_location()
            .expect("tokens");
        names.spell(&mut tokens, &FunctionRegistry::allowed())?;
        Ok(tokens.iter().map(|token| token.token.to_string()).collect())
    }

    #[test]
    fn unquoted_names_take_the_spelling_of_the_model_whatever_their_case() {
        assert_eq!(
            spelt("select Ben_Nir_Psa, SUM(prs_pai_mnt) AS Total FROM er_prs_f").unwrap(),
            "select BEN_NIR_PSA, sum(PRS_PAI_MNT) as total from ER_PRS_F"
        );
    }

    #[test]
    fn a_text_of_blanks_is_spelt_like_any_other() {
        let blanks = " ".repeat(300_000);
        assert_eq!(
            spelt(&format!(
                "SELECT{blanks}P{blanks}.{blanks}Ben_Nir_Psa FROM er_prs_f p"
            ))
            .map(|text| text.replace(&blanks, " ")),
            Ok("select p . BEN_NIR_PSA from ER_PRS_F p".to_owned())
        );
    }

    #[test]
    fn quoted_names_and_texts_are_left_alone() {
        assert_eq!(
            spelt(r#"SELECT "ben_nir_psa", 'Ben_Nir_Psa' FROM er_prs_f"#).unwrap(),
            r#"select "ben_nir_psa", 'Ben_Nir_Psa' from ER_PRS_F"#
        );
    }

    #[test]
    fn a_column_that_is_called_like_a_function_does_not_hide_the_function() {
        assert_eq!(
            spelt("SELECT count, Count (*) FROM er_prs_f").unwrap(),
            "select COUNT, count (*) from ER_PRS_F"
        );
    }

    #[test]
    fn tables_that_spell_a_column_differently_are_told_apart_by_their_alias() {
        assert_eq!(
            spelt("SELECT P.ben_nir_psa FROM er_prs_f p JOIN cohort AS C ON p.BEN_NIR_PSA = c.BEN_NIR_PSA").unwrap(),
            "select p.BEN_NIR_PSA from ER_PRS_F p join cohort as c on p.BEN_NIR_PSA = c.ben_nir_psa"
        );
    }

    #[test]
    fn a_name_that_two_tables_spell_differently_must_be_qualified() {
        assert_eq!(
            spelt("SELECT ben_nir_psa FROM er_prs_f, cohort").unwrap_err(),
            AmbiguousName {
                name: "ben_nir_psa".into(),
                spellings: vec!["BEN_NIR_PSA".into(), "ben_nir_psa".into()],
            }
        );
    }
}
