//! What a report says of whom a release counted.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::LogicalPlan;
use sceau_core::enforce::{CountedBy, ProtectedTable};

use super::RuleReport;

/// By what the people of a question's tables were told apart: applied when each is counted as the person that they are, as
/// far as the referential knows. `None` when no table of the question holds a person.
pub(super) fn persons(plan: &LogicalPlan) -> Option<RuleReport> {
    let mut notes: Vec<String> = Vec::new();
    let mut applied = true;
    // The visitor itself never fails.
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
            && let Some(table) = provider.downcast_ref::<ProtectedTable>()
            && let Some(counted) = table.counted_by()
        {
            let (known, note) = note(&table.model().name, &counted);
            applied &= known;
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    (!notes.is_empty()).then(|| RuleReport {
        rule: "persons",
        applied,
        withheld: 0,
        note: notes.join("; "),
    })
}

fn note(table: &str, counted: &CountedBy) -> (bool, String) {
    match counted {
        CountedBy::Person => (true, "a person has one number".to_owned()),
        CountedBy::Referential => (
            true,
            "the pseudo-NIRs of one person in IR_BEN_R count once, and twins who share one count as one where a table has \
             no rank"
                .to_owned(),
        ),
        CountedBy::PseudoNir => (
            false,
            format!(
                "{table} counts pseudo-NIRs, since IR_BEN_R is not among the platform's tables: who has had two counts as two"
            ),
        ),
        CountedBy::Columns(columns) => (
            false,
            format!(
                "{table} counts people by {}, which IR_BEN_R does not know",
                columns.join(" and ")
            ),
        ),
    }
}
