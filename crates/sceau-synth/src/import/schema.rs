//! The Table Schema beside a CSV file: <https://specs.frictionlessdata.io/table-schema/>.

use super::format::Format;
use crate::Error;
use serde::Deserialize;
use std::path::Path;

/// What a Table Schema says that matters here.
pub(super) struct TableSchema {
    pub(super) fields: Vec<SchemaField>,
    /// What stands for a missing value, besides nothing at all.
    pub(super) missing: Vec<String>,
}

/// One column.
pub(super) struct SchemaField {
    pub(super) name: String,
    pub(super) kind: SchemaKind,
}

/// The type of a column, with how its values are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SchemaKind {
    Text,
    Integer,
    Number,
    Boolean { yes: Vec<String>, no: Vec<String> },
    Date(Format),
    Seconds(Format),
    Year,
}

#[derive(Deserialize)]
struct Document {
    fields: Vec<Field>,
    #[serde(rename = "missingValues", default)]
    missing: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    name: String,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    true_values: Option<Vec<String>>,
    #[serde(default)]
    false_values: Option<Vec<String>>,
}

impl TableSchema {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let fail = |reason: String| Error::Schema {
            path: path.to_owned(),
            reason,
        };
        let document: Document = serde_json::from_str(text)
            .map_err(|error| fail(format!("no Table Schema: {error}")))?;
        let fields = document
            .fields
            .into_iter()
            .map(|field| {
                let kind =
                    kind(&field).map_err(|reason| fail(format!("{}: {reason}", field.name)))?;
                Ok(SchemaField {
                    name: repaired(field.name),
                    kind,
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            fields,
            missing: document.missing,
        })
    }

    /// The column of that name, in any case.
    pub(super) fn field(&self, name: &str) -> Option<&SchemaField> {
        let name = name.to_lowercase();
        self.fields
            .iter()
            .find(|field| field.name.to_lowercase() == name)
    }
}

fn kind(field: &Field) -> Result<SchemaKind, String> {
    let format = match field.format.as_deref() {
        None | Some("default" | "any") => None,
        Some(format) => Some(format),
    };
    let list = |given: &Option<Vec<String>>, usual: [&str; 4]| {
        given
            .clone()
            .unwrap_or_else(|| usual.map(str::to_owned).to_vec())
    };
    Ok(match field.kind.as_deref() {
        Some("integer") => SchemaKind::Integer,
        Some("number") => SchemaKind::Number,
        Some("year") => SchemaKind::Year,
        Some("boolean") => SchemaKind::Boolean {
            yes: list(&field.true_values, ["true", "True", "TRUE", "1"]),
            no: list(&field.false_values, ["false", "False", "FALSE", "0"]),
        },
        Some("date") => SchemaKind::Date(Format::new(format.unwrap_or("%Y-%m-%d"))?),
        Some("datetime") => {
            SchemaKind::Seconds(Format::new(format.unwrap_or("%Y-%m-%dT%H:%M:%SZ"))?)
        }
        _ => SchemaKind::Text,
    })
}

/// Two published schemas have a name encoded twice (`LibellÃ©` for `Libellé`), which the CSV file beside has right.
fn repaired(name: String) -> String {
    let bytes: Option<Vec<u8>> = name
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).ok())
        .collect();
    match bytes.map(String::from_utf8) {
        Some(Ok(once)) => once,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<TableSchema, Error> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        TableSchema::read(file.path())
    }

    #[test]
    fn types_formats_and_missing_values_are_read() {
        let schema = read(
            r#"{"missingValues": ["", "NA"], "fields": [
                {"name": "A", "type": "integer"}, {"name": "B", "type": "yearmonth"},
                {"name": "C", "type": "date", "format": "%d%m%Y"},
                {"name": "D", "type": "boolean", "trueValues": ["O"], "falseValues": ["N"]},
                {"name": "LibellÃ©"}]}"#,
        )
        .unwrap();
        assert_eq!(schema.missing, ["", "NA"]);
        assert_eq!(schema.field("a").unwrap().kind, SchemaKind::Integer);
        assert_eq!(schema.field("B").unwrap().kind, SchemaKind::Text);
        let format = Format::new("%d%m%Y").unwrap();
        assert_eq!(schema.field("C").unwrap().kind, SchemaKind::Date(format));
        let (yes, no) = (vec!["O".to_owned()], vec!["N".to_owned()]);
        assert_eq!(
            schema.field("D").unwrap().kind,
            SchemaKind::Boolean { yes, no }
        );
        assert!(schema.field("Libellé").is_some());
    }

    #[test]
    fn what_is_no_schema_or_no_format_names_the_file() {
        for text in [
            "[]",
            "{",
            r#"{"fields": [{"name": "A", "type": "date", "format": "%Q"}]}"#,
        ] {
            assert!(matches!(read(text), Err(Error::Schema { .. })), "{text}");
        }
    }
}
