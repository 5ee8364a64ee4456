use std::sync::Arc;

use arrow::datatypes::Schema;
use chrono::{DateTime, Utc};
use datafusion::common::Column;
use datafusion::logical_expr::Aggregate;
use sceau_core::Permit;
use sceau_core::permit::Withheld;

use super::table::{GROUPING_SET, Table};
use super::{Origin, Report, rules};
use crate::release::gate::Gate;
use crate::release::withheld::{Interval, Met, WithheldCell};
use crate::release::{Release, ReleaseError};

/// The report for who signs a release: what was asked, by whom and when, the table with the withheld cells marked, the rules
/// and where they come from, and what was not checked.
///
/// It names withheld cells by their keys, never by a value. It is for the person who decides, inside the secure environment:
/// [`Releaser::sql`](crate::Releaser::sql) does not give it, a [`ReleaseReviewer`](crate::ReleaseReviewer) sees it, and
/// [`Releaser::sql_with_dossier`](crate::Releaser::sql_with_dossier) gives it to an application that keeps it for that person.
/// Of keys that may be one person's own (an identifier, an amount) only the number is told.
///
/// ```no_run
/// # async fn ask(releaser: sceau_kanon::Releaser) -> Result<(), Box<dyn std::error::Error>> {
/// let (release, dossier) = releaser.sql_with_dossier("SELECT BEN_RES_DPT, count(*) FROM ER_PRS_F GROUP BY 1").await?;
/// release.write_csv(std::fs::File::create("out/table.csv")?)?;
/// std::fs::write("for-the-officer/report.html", dossier.to_html())?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Dossier {
    pub(super) question: String,
    pub(super) principal: String,
    pub(super) at: DateTime<Utc>,
    pub(super) permit: Arc<Permit>,
    pub(super) report: Report,
    pub(super) key_names: Vec<String>,
    pub(super) withheld: Met,
    pub(super) table: Table,
    /// Whether the keys of withheld cells leave.
    pub(super) masked: bool,
    pub(super) not_checked: Vec<String>,
}

/// Who asked what, under which permit.
#[derive(Debug, Clone)]
pub(in crate::release) struct Asked {
    pub(in crate::release) question: String,
    pub(in crate::release) principal: String,
    pub(in crate::release) at: DateTime<Utc>,
    pub(in crate::release) permit: Arc<Permit>,
}

impl Dossier {
    pub(in crate::release) fn try_new(
        asked: Asked,
        release: &Release,
        origins: &[Origin],
        gate: Option<&Gate>,
    ) -> Result<Self, ReleaseError> {
        let key_names: Vec<String> = gate.map_or_else(Vec::new, |gate| {
            let keys = gate.columns.iter().take(gate.keys);
            keys.map(|column| match column.name.as_str() {
                Aggregate::INTERNAL_GROUPING_ID => GROUPING_SET.to_owned(),
                name => name.to_owned(),
            })
            .collect()
        });
        let withheld = gate.map_or_else(Met::default, |gate| {
            as_released(gate.tally.cells.met(), gate, origins, release.schema())
        });
        let masked = gate.is_some_and(|gate| gate.withheld == Withheld::Mask);
        let table = Table::try_new(release, origins, &key_names, &withheld.cells, masked).map_err(
            |error| {
                tracing::error!(%error, "the report of a release could not be made");
                ReleaseError::Engine
            },
        )?;
        Ok(Self {
            not_checked: rules::not_checked(release.report()),
            report: release.report().clone(),
            question: asked.question,
            principal: asked.principal,
            at: asked.at,
            permit: asked.permit,
            key_names,
            withheld,
            table,
            masked,
        })
    }

    /// The question as it was typed.
    pub fn question(&self) -> &str {
        &self.question
    }

    /// Who asked.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// When, in UTC.
    pub fn asked_at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The permit that it was asked under.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The counts and rules.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The names of the keys that withheld cells are named by.
    pub fn key_names(&self) -> &[String] {
        &self.key_names
    }

    /// The withheld cells that are named; at most 10 000, and none whose key may be one person's own.
    pub fn withheld(&self) -> &[WithheldCell] {
        &self.withheld.cells
    }

    /// How many more cells were withheld than [`withheld`](Self::withheld) names.
    pub fn unnamed(&self) -> u64 {
        self.withheld.unnamed
    }

    /// Of these, for each measure of a table with totals, the narrowest interval: what can be known of any of them is no more.
    pub fn closest_unnamed(&self) -> &[Interval] {
        &self.withheld.closest
    }

    /// What stays with who signs.
    pub fn not_checked(&self) -> &[String] {
        &self.not_checked
    }

    /// For every rule, where it comes from.
    pub(super) fn source(&self, rule: &super::RuleReport) -> String {
        rules::source(rule, self.permit.release())
    }
}

/// The same cells as who signs can read them: their grouping set in words, and intervals of the columns that the release
/// shows, by their names. A gate knows a measure as the aggregate below it spells it, and of what is not shown nobody can
/// compute anything.
fn as_released(mut met: Met, gate: &Gate, origins: &[Origin], schema: &Schema) -> Met {
    let shown: Vec<(&str, &str)> = origins
        .iter()
        .zip(schema.fields())
        .filter_map(|(origin, field)| match origin {
            Origin::Measure(measure) => {
                let column = gate.columns.get(gate.keys + measure)?;
                Some((column.name.as_str(), field.name().as_str()))
            }
            _ => None,
        })
        .collect();
    let keys = &gate.columns[..gate.keys];
    let set = keys
        .iter()
        .position(|key| key.name == Aggregate::INTERNAL_GROUPING_ID);
    let by_column = |known: &mut Vec<Interval>| {
        let of_measures = std::mem::take(known);
        *known = shown
            .iter()
            .filter_map(|&(measure, column)| {
                // The first is the number of rows, whose name a measure may have.
                let interval = of_measures.iter().rfind(|known| known.measure == measure)?;
                Some(Interval {
                    measure: column.to_owned(),
                    ..interval.clone()
                })
            })
            .collect();
    };
    for cell in &mut met.cells {
        if let Some(set) = set {
            cell.key[set] = cell.key[set].take().map(|id| set_of(&id, &keys[..set]));
        }
        by_column(&mut cell.intervals);
    }
    by_column(&mut met.closest);
    met
}

/// A grouping set in words. In its id a bit says that a column is not kept, the last column's the lowest.
fn set_of(id: &str, columns: &[Column]) -> String {
    let Ok(id) = id.parse::<u64>() else {
        return id.to_owned();
    };
    let last = columns.len().saturating_sub(1);
    let kept: Vec<&str> = columns
        .iter()
        .enumerate()
        .filter(|(at, _)| id >> (last - at) & 1 == 0)
        .map(|(_, column)| column.name.as_str())
        .collect();
    if kept.is_empty() {
        return "all together".to_owned();
    }
    format!("by {}", kept.join(", "))
}
