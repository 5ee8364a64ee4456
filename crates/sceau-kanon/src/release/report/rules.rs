//! Where a rule comes from, and what no rule looks at.

use sceau_core::permit::{ReleasePreset, ReleaseRules};

use super::applied::KEYS_LEFT_OUT;
use super::{Report, RuleReport};

/// What a rule is called where it is published, and who asks for it: the body whose preset has it, or the permit alone.
pub(super) fn source(rule: &RuleReport, rules: &ReleaseRules) -> String {
    let asked = rules.preset.map(ReleasePreset::rules);
    let by = |of_preset: fn(&ReleaseRules) -> bool| match (rules.preset, &asked) {
        (Some(preset), Some(asked)) if of_preset(asked) => preset.source(),
        _ => "the permit",
    };
    let (name, by) = match rule.rule.as_ref() {
        "people" => ("minimum frequency", by(|_| true)),
        "measures" => ("minimum frequency, of every statistic", by(|_| true)),
        "extremes" => (
            "minimum frequency, of whoever shares the extreme value",
            by(|_| true),
        ),
        "percentiles" => (
            "minimum frequency, on each side of a percentile",
            by(|_| true),
        ),
        "dominance" => (
            "dominance (n, k) and p %",
            by(|asked| !asked.dominance.is_empty()),
        ),
        "unanimous" => ("0 % and 100 % cells", by(|asked| asked.unanimous)),
        "rounding" => ("rounding", by(|asked| !asked.rounding.is_exact())),
        // Bodies that round do without: it is asked for all the same.
        "secondary" => (
            "secondary suppression",
            by(|asked| asked.rounding.is_exact()),
        ),
        "differences between releases" => ("differencing", "the platform's ledger"),
        _ => return String::new(),
    };
    if !rule.applied {
        return name.to_owned();
    }
    let stricter = asked.is_some_and(|asked| rules.k > asked.k);
    if stricter && matches!(rule.rule.as_ref(), "people" | "measures") {
        format!("{name}: the permit, more strictly than {by}")
    } else {
        format!("{name}: {by}")
    }
}

/// What stays with who signs: what was not applied here, and what no program can judge.
pub(super) fn not_checked(report: &Report) -> Vec<String> {
    let here = report
        .rules
        .iter()
        // Keys that are left out are more than was asked for.
        .filter(|rule| !rule.applied && rule.rule != KEYS_LEFT_OUT)
        .map(|rule| format!("{}: {}", rule.rule, rule.note));
    let never = [
        "whether the table is needed for the purpose of the permit",
        "whether a value of a key, or a literal of the question, names somebody by itself (a place, a rare disease, an \
         establishment, a professional)",
        "what can be told by putting the table beside what others have published or know",
    ];
    here.chain(never.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use sceau_core::permit::Dominance;

    use super::*;

    #[test]
    fn nobody_is_named_for_a_rule_that_was_not_applied() {
        let rule = RuleReport {
            rule: "dominance".into(),
            applied: false,
            withheld: 0,
            note: "the permit does not ask for it".to_owned(),
        };
        let rules = ReleasePreset::CasdPmsi.rules();
        assert_eq!(source(&rule, &rules), "dominance (n, k) and p %");
    }

    #[test]
    fn a_body_is_named_for_its_own_rules_and_for_no_other() {
        let rule = |name: &'static str| RuleReport {
            rule: name.into(),
            applied: true,
            withheld: 0,
            note: String::new(),
        };
        let mut rules = ReleasePreset::CasdPmsi.rules();
        rules.dominance = vec![Dominance {
            top: 1,
            percent: 85.0,
        }];
        assert!(source(&rule("people"), &rules).contains("CASD"));
        assert!(source(&rule("unanimous"), &rules).contains("CASD"));
        assert_eq!(
            source(&rule("dominance"), &rules),
            "dominance (n, k) and p %: the permit"
        );
        rules.k = 20;
        assert!(source(&rule("people"), &rules).contains("the permit, more strictly than CASD"));
        let nhs = ReleasePreset::NhsHes.rules();
        assert!(source(&rule("rounding"), &nhs).contains("NHS"));
        assert_eq!(
            source(&rule("secondary"), &nhs),
            "secondary suppression: the permit"
        );
        assert_eq!(
            source(&rule("people"), &ReleaseRules::default()),
            "minimum frequency: the permit"
        );
    }
}
