use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What was withheld from a release and by which rule: what a data protection officer reads. Never a withheld value.
///
/// The number of withheld cells tells that such groups exist. It is meant for who signs the release, inside the secure
/// environment; the table itself does not tell a withheld cell from an absent one when withheld cells are omitted. What the
/// withheld cells are is in the [`Dossier`](super::Dossier) alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The project of the permit.
    pub project: String,
    /// The hash of the permit's text.
    pub permit: String,
    /// The fewest people that a released cell may describe.
    pub k: u32,
    /// How many rows the release has. With `withheld = "mask"` those of withheld cells that leave with their key are among them.
    pub released: u64,
    /// How many cells were withheld.
    pub withheld: u64,
    /// The share of the cells that was withheld, from 0 to 1.
    pub share_withheld: f64,
    /// Every rule that the permit or this library knows, applied or not.
    pub rules: Vec<RuleReport>,
}

/// One rule of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleReport {
    /// Its name.
    pub rule: Cow<'static, str>,
    /// Whether it was applied to this release.
    pub applied: bool,
    /// How many cells were withheld by it; a cell that breaks several rules counts for the first.
    pub withheld: u64,
    /// What the rule is, or why it was not applied.
    pub note: String,
}

impl Report {
    /// The report as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Release of project {} (permit {})",
            self.project, self.permit
        )?;
        writeln!(
            f,
            "{} rows leave, {} cells are withheld ({:.1} %)",
            self.released,
            self.withheld,
            self.share_withheld * 100.0
        )?;
        for rule in &self.rules {
            let state = if rule.applied {
                "applied"
            } else {
                "not applied"
            };
            write!(f, "  {}: {state}; {}", rule.rule, rule.note)?;
            if rule.withheld > 0 {
                write!(f, "; {} cells", rule.withheld)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
