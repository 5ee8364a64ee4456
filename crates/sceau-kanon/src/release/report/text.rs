use std::fmt::{self, Write as _};

use super::dossier::Dossier;
use super::shown::{one_line, plain};
use super::table::TableRow;

/// A page to read in a terminal is not longer than this; the JSON has everything.
const MOST_ROWS: usize = 500;

impl Dossier {
    /// The report as plain text; of a long table its first 500 rows.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = self.write_text(&mut text);
        text
    }

    fn write_text(&self, text: &mut String) -> fmt::Result {
        let report = &self.report;
        writeln!(text, "Release of project {}", one_line(&report.project))?;
        writeln!(text, "\nWhat was asked")?;
        for line in plain(&self.question).lines() {
            writeln!(text, "    {line}")?;
        }
        writeln!(text, "by        {}", one_line(&self.principal))?;
        writeln!(
            text,
            "when      {}",
            self.at.format("%Y-%m-%d %H:%M:%S UTC")
        )?;
        if let Some(purpose) = self.permit.purpose() {
            writeln!(text, "purpose   {}", one_line(purpose))?;
        }
        writeln!(text, "permit    {}", report.permit)?;
        let (from, until) = self.permit.validity();
        writeln!(text, "valid     {from} to {until}")?;
        if let Some(preset) = self.permit.release().preset {
            writeln!(text, "rules     {preset}: {}", preset.source())?;
        }
        writeln!(
            text,
            "\n{} rows leave, {} cells are withheld ({:.1} %)",
            report.released,
            report.withheld,
            report.share_withheld * 100.0
        )?;
        writeln!(text, "\nRules")?;
        for rule in &report.rules {
            let state = if rule.applied {
                "applied"
            } else {
                "NOT applied"
            };
            write!(text, "  {}: {state}; {}", rule.rule, rule.note)?;
            if rule.withheld > 0 {
                write!(text, "; {} cells", rule.withheld)?;
            }
            let source = self.source(rule);
            if !source.is_empty() {
                write!(text, " [{source}]")?;
            }
            writeln!(text)?;
        }
        writeln!(text, "\nNot checked")?;
        for what in &self.not_checked {
            writeln!(text, "  - {what}")?;
        }
        self.write_table(text)
    }

    fn write_table(&self, text: &mut String) -> fmt::Result {
        let table = &self.table;
        write!(text, "\nTable; a row with # is withheld")?;
        let mut withheld = table.rows.iter().filter_map(|row| row.withheld.as_ref());
        if withheld.any(|row| !row.intervals.is_empty()) {
            text.push_str("; in brackets, what can be computed of it from the totals that leave");
            if !self.permit.release().rounding.is_exact() {
                text.push_str(", if these were not rounded");
            }
        }
        text.push('\n');
        let mut heading = vec![" ".to_owned()];
        heading.extend(table.columns.iter().map(|column| one_line(&column.name)));
        heading.extend(table.other_keys.iter().map(|(name, _)| one_line(name)));
        let mut lines = vec![heading];
        lines.extend(table.rows.iter().take(MOST_ROWS).map(|row| self.line(row)));
        let columns = lines[0].len();
        let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or(0)).collect();
        for line in &lines {
            let mut padded = String::new();
            for (value, &width) in line.iter().zip(&widths) {
                write!(padded, "{value:<width$}  ")?;
            }
            writeln!(text, "{}", padded.trim_end())?;
        }
        if table.rows.len() > MOST_ROWS {
            writeln!(text, "and {} rows more", table.rows.len() - MOST_ROWS)?;
        }
        if self.unnamed() > 0 {
            writeln!(
                text,
                "and {} withheld cells that are not named",
                self.unnamed()
            )?;
            for known in self.closest_unnamed() {
                writeln!(
                    text,
                    "  their {} is known nowhere closer than: {known}",
                    one_line(&known.measure)
                )?;
            }
        }
        Ok(())
    }

    fn line(&self, row: &TableRow) -> Vec<String> {
        let withheld = row.withheld.as_ref();
        let mut line = vec![if withheld.is_some() { "#" } else { " " }.to_owned()];
        for (value, column) in row.values.iter().zip(&self.table.columns) {
            line.push(match (value, withheld) {
                (Some(value), _) => one_line(&value.text),
                (None, Some(withheld)) if column.is_measure => {
                    match withheld
                        .intervals
                        .iter()
                        .find(|known| known.measure == column.name)
                    {
                        Some(known) => format!("[{known}]"),
                        None => "withheld".to_owned(),
                    }
                }
                (None, _) => String::new(),
            });
        }
        match withheld {
            Some(withheld) => {
                line.extend(
                    withheld
                        .other_keys
                        .iter()
                        .map(|key| key.as_deref().map_or_else(String::new, one_line)),
                );
            }
            None => line.extend(self.table.other_keys.iter().map(|_| String::new())),
        }
        line
    }
}
