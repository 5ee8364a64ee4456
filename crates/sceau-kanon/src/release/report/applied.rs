//! Which rules a release was held to, and how many cells each withheld.

use sceau_core::Permit;
use sceau_core::permit::{ReleaseRules, Withheld};

use super::{Report, RuleReport};
use crate::ledger::MOST_K;
use crate::release::gate::{Gate, Rule};

/// That withheld cells leave without their keys although the permit has those shown.
pub(super) const KEYS_LEFT_OUT: &str = "keys of withheld cells";

/// What is said of a release of so many rows that came through a gate; none stands where no table holds a person.
pub(in crate::release) fn report(permit: &Permit, gate: Option<&Gate>, released: u64) -> Report {
    let held = Held {
        rules: permit.release(),
        gate,
    };
    let withheld: u64 = Rule::ALL.into_iter().map(|rule| held.withheld(rule)).sum();
    let all = withheld + gate.map_or(0, |gate| gate.tally.passed());
    Report {
        project: permit.project().to_owned(),
        permit: permit.hash().to_owned(),
        k: permit.release().k,
        released,
        withheld,
        share_withheld: if all == 0 {
            0.0
        } else {
            withheld as f64 / all as f64
        },
        rules: held.to_each_rule(),
    }
}

/// The rules of a permit, and the gate that held a release to them.
struct Held<'a> {
    rules: &'a ReleaseRules,
    gate: Option<&'a Gate>,
}

impl Held<'_> {
    fn to_each_rule(&self) -> Vec<RuleReport> {
        let k = self.rules.k;
        let mut found = vec![
            self.to(
                "people",
                self.withheld(Rule::People),
                format!("a cell describes at least {k} people"),
            ),
            self.to(
                "measures",
                self.withheld(Rule::Measures),
                format!(
                    "what a measure, or a difference between two measures, is made of comes from nobody or at least {k} people"
                ),
            ),
            self.to(
                "extremes",
                self.withheld(Rule::Extremes),
                format!("at least {k} people share a minimum or a maximum"),
            ),
            self.to(
                "percentiles",
                self.withheld(Rule::Percentiles),
                format!("at least {k} people are on each side of a percentile, and between two"),
            ),
            self.to_dominance(),
            self.to_variety(),
        ];
        found.extend(self.keys_left_out());
        found.extend(self.to_rounding());
        found.push(self.to_secondary());
        found.push(self.to_differences());
        found
    }

    fn to_dominance(&self) -> RuleReport {
        let shares = self.rules.dominance.iter().map(ToString::to_string);
        let margin = self.rules.p_percent.map(|percent| {
            format!(
                "all but the two largest contributors make up at least {percent} % of the largest"
            )
        });
        let largest: Vec<String> = shares.chain(margin).collect();
        if largest.is_empty() {
            return not_asked_for("dominance");
        }
        self.to(
            "dominance",
            self.withheld(Rule::Dominance),
            format!("of a sum or a mean, {}", largest.join(", and ")),
        )
    }

    fn to_variety(&self) -> RuleReport {
        if !self.rules.unanimous {
            return not_asked_for("unanimous");
        }
        self.to(
            "unanimous",
            self.withheld(Rule::Unanimous),
            "not everybody and not nobody of a group has a sensitive value",
        )
    }

    /// That withheld cells leave without their keys although the permit has those shown.
    fn keys_left_out(&self) -> Option<RuleReport> {
        let left_out = self.rules.withheld == Withheld::Mask
            && self
                .gate
                .is_some_and(|gate| gate.withheld == Withheld::Omit);
        left_out.then(|| {
            not_applied(
                KEYS_LEFT_OUT,
                "withheld cells are left out: without its measures a key is shown only where it is one stored column, and none that \
                 may be one person's own, as an identifier or an amount",
            )
        })
    }

    fn to_rounding(&self) -> Option<RuleReport> {
        let rounding = self.rules.rounding;
        let totals = match self.gate {
            Some(gate) if gate.totals.is_some() && self.rules.totals_from_cells() => {
                ", totals are the sums of the rounded cells that leave, without those that are withheld (rounded themselves where no \
                 grouping set is finer than all others)"
            }
            Some(gate) if gate.totals.is_some() => {
                ", totals are the sums of their rounded cells (rounded themselves where no grouping set is finer than all others)"
            }
            _ => "",
        };
        (!rounding.is_exact()).then(|| {
            self.to(
                "rounding",
                0,
                format!(
                    "counts are {rounding}{totals}; sums and averages are exact, and beside them a count can be told"
                ),
            )
        })
    }

    fn to_secondary(&self) -> RuleReport {
        if !self.rules.secondary {
            return not_asked_for("secondary");
        }
        if self.gate.is_some_and(|gate| gate.totals.is_some()) {
            self.to(
                "secondary",
                self.withheld(Rule::Secondary),
                "no withheld cell can be computed from the others and the totals, nor can a sum of withheld cells that is of fewer \
                 people",
            )
        } else {
            self.to(
                "secondary",
                0,
                "one table without totals: no withheld cell can be computed from the others",
            )
        }
    }

    fn to_differences(&self) -> RuleReport {
        const RULE: &str = "differences between releases";
        if self.gate.is_some_and(|gate| gate.differences.is_none()) {
            return not_applied(
                RULE,
                "the platform keeps no ledger of what projects receive",
            );
        }
        self.to(
            RULE,
            self.withheld(Rule::Differences),
            format!(
                "beside what the project received before, no two or three sets of people, no two figures and no total tell of fewer \
                 than {} people; four or more are not looked at",
                self.rules.k.min(MOST_K)
            ),
        )
    }

    /// A rule that the release was held to, if anything had to be held to it.
    fn to(&self, rule: &'static str, withheld: u64, note: impl Into<String>) -> RuleReport {
        if self.gate.is_none() {
            return not_applied(rule, "no table of the question holds a person");
        }
        RuleReport {
            rule: rule.into(),
            applied: true,
            withheld,
            note: note.into(),
        }
    }

    fn withheld(&self, rule: Rule) -> u64 {
        self.gate.map_or(0, |gate| gate.tally.withheld(rule))
    }
}

fn not_asked_for(rule: &'static str) -> RuleReport {
    not_applied(rule, "the permit does not ask for it")
}

fn not_applied(rule: &'static str, note: &str) -> RuleReport {
    RuleReport {
        rule: rule.into(),
        applied: false,
        withheld: 0,
        note: note.to_owned(),
    }
}
