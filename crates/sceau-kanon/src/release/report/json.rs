use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::{Value, json};

use super::dossier::Dossier;
use super::table::TableRow;

/// The version of what [`Dossier::to_json`] writes. Members may be added under it; none is taken away or changes its meaning.
const SCHEMA: &str = "sceau-release-report/1";

impl Dossier {
    /// The report as one JSON object.
    ///
    /// | member | what it holds |
    /// |---|---|
    /// | `schema` | `"sceau-release-report/1"` |
    /// | `question`, `principal`, `asked_at` | the SQL as it was typed, who asked, when (RFC 3339, UTC) |
    /// | `project`, `purpose`, `permit`, `preset`, `k` | of the permit: its names, the hash of its text, its rules |
    /// | `released`, `withheld`, `share_withheld` | how many rows leave, how many cells are withheld, and their share from 0 to 1 |
    /// | `rules` | `rule`, `applied`, `withheld`, `note`, `source` of each |
    /// | `columns` | `name` and `measure` (true or false) of each column of the table |
    /// | `cells` | of each row: `values` in the order of `columns`; `withheld` (true or false); and of a withheld one `leaves` (its key is in what leaves), `other_keys` (an object) and `intervals` of `measure`, `low` and `high` (null: not known) |
    /// | `withheld_unnamed` | how many withheld cells are not among `cells` |
    /// | `closest_unnamed` | of these, for each `measure` of a table with totals, the narrowest interval: `low` and `high` |
    /// | `not_checked` | sentences |
    pub fn to_json(&self) -> String {
        let rules: Vec<Value> = self
            .report
            .rules
            .iter()
            .map(|rule| {
                json!({
                    "rule": rule.rule,
                    "applied": rule.applied,
                    "withheld": rule.withheld,
                    "note": rule.note,
                    "source": self.source(rule),
                })
            })
            .collect();
        let columns: Vec<Value> = self
            .table
            .columns
            .iter()
            .map(|column| json!({ "name": column.name, "measure": column.is_measure }))
            .collect();
        let members = [
            ("schema", json!(SCHEMA)),
            ("question", json!(self.question)),
            ("principal", json!(self.principal)),
            (
                "asked_at",
                json!(self.at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            ),
            ("project", json!(self.report.project)),
            ("purpose", json!(self.permit.purpose())),
            ("permit", json!(self.report.permit)),
            (
                "preset",
                json!(self.permit.release().preset.map(|preset| preset.name())),
            ),
            ("k", json!(self.report.k)),
            ("released", json!(self.report.released)),
            ("withheld", json!(self.report.withheld)),
            ("share_withheld", json!(self.report.share_withheld)),
            ("rules", Value::Array(rules)),
            ("columns", Value::Array(columns)),
            ("withheld_unnamed", json!(self.unnamed())),
            ("closest_unnamed", json!(self.closest_unnamed())),
            ("not_checked", json!(self.not_checked)),
        ];
        let mut text = String::from("{");
        for (name, value) in members {
            text.push_str(&format!("\"{name}\":{value},"));
        }
        text.push_str("\"cells\":[");
        for (at, row) in self.table.rows.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            text.push_str(&self.cell(row));
        }
        text.push_str("]}");
        text
    }

    /// Numbers are written as they are, of any size, and therefore by hand.
    fn cell(&self, row: &TableRow) -> String {
        let values: Vec<&str> = row
            .values
            .iter()
            .map(|value| value.as_ref().map_or("null", |value| value.json.as_str()))
            .collect();
        let values = values.join(",");
        let Some(withheld) = &row.withheld else {
            return format!("{{\"values\":[{values}],\"withheld\":false}}");
        };
        let other_keys: serde_json::Map<String, Value> = self
            .table
            .other_keys
            .iter()
            .zip(&withheld.other_keys)
            .map(|((name, _), key)| (name.clone(), json!(key)))
            .collect();
        format!(
            "{{\"values\":[{values}],\"withheld\":true,\"leaves\":{},\"other_keys\":{},\"intervals\":{}}}",
            withheld.leaves,
            Value::Object(other_keys),
            as_json(&withheld.intervals),
        )
    }
}

fn as_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
