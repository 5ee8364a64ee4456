use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use toml::de::{DeTable, DeValue};

use super::ConfigError;

/// A TOML text together with the name it is spoken of by.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    file: PathBuf,
    text: String,
}

impl Document {
    pub(crate) fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Read {
            file: file.to_owned(),
            source,
        })?;
        Ok(Self::new(file, text))
    }

    pub(crate) fn new(file: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            text: text.into(),
        }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Reads the whole text as a `T`; `T` is expected to refuse unknown fields.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(&self.text).map_err(|error| self.explain(&error))
    }

    /// An error about one key, with the line it stands on.
    pub(crate) fn invalid(
        &self,
        path: &[&str],
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> ConfigError {
        ConfigError::Invalid {
            file: self.file.clone(),
            line: self.line_of(path),
            key: dotted(path),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// The line of the deepest part of `path` that is written in the text.
    fn line_of(&self, path: &[&str]) -> Option<usize> {
        let tree = DeTable::parse(&self.text).ok()?;
        let mut table = tree.get_ref();
        let mut span = None;
        for name in path {
            let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else {
                break;
            };
            span = Some(key.span());
            match value.get_ref() {
                DeValue::Table(next) => table = next,
                _ => break,
            }
        }
        span.map(|span| self.line_at(span.start))
    }

    fn line_at(&self, offset: usize) -> usize {
        let end = offset.min(self.text.len());
        self.text.as_bytes()[..end]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    }

    fn explain(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span();
        let line = span.as_ref().map(|span| self.line_at(span.start));
        let path = span.map(|span| self.path_at(&span)).unwrap_or_default();
        let message = error.message();
        let (key, expected, found) = split_message(message, path);
        ConfigError::Invalid {
            file: self.file.clone(),
            line,
            key,
            expected,
            found,
        }
    }

    /// The dotted path of the deepest key or value around a place of the text.
    fn path_at(&self, span: &Range<usize>) -> Vec<String> {
        let mut path = Vec::new();
        // What is said of the whole file stands at no key.
        if span.is_empty() {
            return path;
        }
        if let Ok(tree) = DeTable::parse(&self.text) {
            descend(tree.get_ref(), span, &mut path);
        }
        path
    }
}

fn descend(table: &DeTable<'_>, span: &Range<usize>, path: &mut Vec<String>) -> bool {
    for (key, value) in table.iter() {
        let on_key = contains(&key.span(), span);
        path.push(key.get_ref().to_string());
        let inside = match value.get_ref() {
            DeValue::Table(inner) => descend(inner, span, path),
            _ => false,
        };
        if inside || on_key || contains(&value.span(), span) {
            return true;
        }
        path.pop();
    }
    false
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end && outer.start < outer.end
}

/// Sorts the TOML reader's message into what was expected and what was found.
fn split_message(message: &str, path: Vec<String>) -> (String, String, String) {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let key = if names.is_empty() {
        "the file".to_owned()
    } else {
        dotted(&names)
    };
    let message = message.trim().replace('\n', ", ");
    if let Some(field) = message.strip_prefix("missing field ") {
        let missing = field.trim_matches('`');
        let key = if names.is_empty() {
            missing.to_owned()
        } else {
            format!("{key}.{missing}")
        };
        return (key, "this key".into(), "nothing".into());
    }
    if let Some((found, expected)) = message.split_once(", expected ") {
        let found = found
            .trim_start_matches("invalid type: ")
            .trim_start_matches("invalid value: ");
        return (key, expected.to_owned(), found.to_owned());
    }
    (key, "valid TOML".into(), message)
}

fn dotted(path: &[&str]) -> String {
    path.iter()
        .map(|part| {
            let bare = !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            if bare {
                (*part).to_owned()
            } else {
                format!("{part:?}")
            }
        })
        .collect::<Vec<_>>()
        .join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it reads matters")]
    struct Sample {
        name: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it reads matters")]
    struct Inner {
        k: u32,
    }

    fn message(text: &str) -> String {
        Document::new("sample.toml", text)
            .parse::<Sample>()
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_wrong_type_is_named_with_file_line_and_key() {
        assert_eq!(
            message("name = \"a\"\n[inner]\nk = \"x\"\n"),
            "sample.toml:3: inner.k: expected u32, found string \"x\""
        );
    }

    #[test]
    fn an_unknown_key_is_named_with_file_line_and_the_keys_there_are() {
        assert_eq!(
            message("name = \"a\"\n[inner]\nkk = 1\n"),
            "sample.toml:3: inner.kk: expected `k`, found unknown field `kk`"
        );
    }

    #[test]
    fn a_missing_key_is_named() {
        assert_eq!(
            message("[inner]\nk = 1\n"),
            "sample.toml:1: name: expected this key, found nothing"
        );
        assert_eq!(
            message("name = \"a\"\n[inner]\n"),
            "sample.toml:2: inner.k: expected this key, found nothing"
        );
    }

    #[test]
    fn a_text_that_is_not_toml_is_named_with_its_line() {
        let text = message("name = \"a\"\n[inner\n");
        assert!(text.starts_with("sample.toml:2: "), "{text}");
    }
}
