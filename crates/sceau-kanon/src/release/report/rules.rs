//! Where a rule comes from, and what no rule looks at.

use sceau_core::permit::ReleaseRules;

use super::{Report, RuleReport};

/// Where a rule is published, or what it is called there.
pub(super) fn source(rule: &RuleReport, rules: &ReleaseRules) -> String {
    let general = match rule.rule.as_ref() {
        "people" => "minimum frequency rule",
        "measures" => "minimum frequency rule, on every statistic and difference of the cell",
        "extremes" => "minimum frequency rule, on whoever shares the extreme value",
        "percentiles" => "minimum frequency rule, on each side of a percentile",
        "dominance" => "(n, k) dominance rule, p % rule",
        "secondary" => "secondary suppression (linear sensitivity and attacker's intervals)",
        "rounding" => "rounding",
        "unanimous" => "attribute disclosure (0 % and 100 % cells)",
        _ => return String::new(),
    };
    match rules.preset {
        Some(preset) => format!("{general}; {}", preset.source()),
        None => format!("{general}; the permit"),
    }
}

/// What stays with who signs: what was not applied here, and what no program can judge.
pub(super) fn not_checked(report: &Report) -> Vec<String> {
    let here = report
        .rules
        .iter()
        .filter(|rule| !rule.applied)
        .map(|rule| format!("{}: {}", rule.rule, rule.note));
    let never = [
        "whether the table is needed for the purpose of the permit",
        "whether a value of a key, or a literal of the question, names somebody by itself (a place, a rare disease, an \
         establishment, a professional)",
        "what can be told by putting the table beside what others have published or know",
    ];
    here.chain(never.map(str::to_owned)).collect()
}
