use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::value::Value;

use super::{Dominance, ReleasePreset, ReleaseRules, Rounding, Withheld};
use crate::config::{ConfigError, Document};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::permit) struct ReleaseFile {
    preset: Option<String>,
    k: Option<i64>,
    dominance: Option<OneOrMore>,
    p_percent: Option<f64>,
    unanimous: Option<bool>,
    secondary: Option<bool>,
    rounding: Option<Value>,
    withheld: Option<Withheld>,
}

/// `{ top = 1, percent = 50 }`, or a list of such.
struct OneOrMore(Vec<Dominance>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor)
    }
}

struct OneOrMoreVisitor;

impl<'de> Visitor<'de> for OneOrMoreVisitor {
    type Value = OneOrMore;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ top = …, percent = … } or a list of such")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let one = Dominance::deserialize(MapAccessDeserializer::new(map))?;
        Ok(OneOrMore(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(OneOrMore)
    }
}

/// The rules that a permit writes. What weakens its preset is an error: the name of a body would say what does not hold.
pub(in crate::permit) fn release(
    document: &Document,
    file: Option<ReleaseFile>,
) -> Result<ReleaseRules, ConfigError> {
    let Some(file) = file else {
        return Ok(ReleaseRules::default());
    };
    let invalid = |key, expected: String, found: String| {
        Err(document.invalid(&["release", key], expected, found))
    };
    let preset = match &file.preset {
        None => None,
        Some(name) => match ReleasePreset::named(name) {
            Some(preset) => Some(preset),
            None => {
                let names = ReleasePreset::ALL.map(|preset| format!("{:?}", preset.name()));
                return invalid(
                    "preset",
                    format!("one of {}", names.join(", ")),
                    format!("{name:?}"),
                );
            }
        },
    };
    let asked = preset.map(ReleasePreset::rules);
    let as_it_has = || {
        preset.map_or(String::new(), |preset| {
            format!(", as the preset {preset} has it")
        })
    };
    let mut rules = asked.clone().unwrap_or_default();
    if let Some(k) = file.k {
        let least = asked.as_ref().map_or(2, |asked| asked.k);
        rules.k = match u32::try_from(k) {
            Ok(k) if (least..=10_000).contains(&k) => k,
            _ => {
                let expected = format!("a whole number from {least} to 10000{}", as_it_has());
                return invalid("k", expected, k.to_string());
            }
        };
    }
    if let Some(OneOrMore(dominance)) = file.dominance {
        if let Some(wrong) = dominance
            .iter()
            .find(|rule| rule.top == 0 || !(rule.percent > 0.0 && rule.percent <= 100.0))
        {
            let expected = "top of at least 1 and percent above 0 and up to 100";
            return invalid("dominance", expected.to_owned(), said(wrong));
        }
        let kept = |asked: &&Dominance| !dominance.iter().any(|rule| rule.is_as_strict_as(asked));
        if let Some(weakened) = rules.dominance.iter().find(kept) {
            let expected = format!("a rule as strict as {}{}", said(weakened), as_it_has());
            let found: Vec<_> = dominance.iter().map(said).collect();
            return invalid("dominance", expected, found.join(", "));
        }
        rules.dominance = dominance;
    }
    if let Some(percent) = file.p_percent {
        let least = rules.p_percent.unwrap_or(0.0);
        if !(percent > 0.0 && percent <= 100.0 && percent >= least) {
            let expected = format!("a percentage above {least} and up to 100{}", as_it_has());
            return invalid("p_percent", expected, percent.to_string());
        }
        rules.p_percent = Some(percent);
    }
    for (key, said, rule) in [
        ("unanimous", file.unanimous, &mut rules.unanimous),
        ("secondary", file.secondary, &mut rules.secondary),
    ] {
        if let Some(said) = said {
            if *rule && !said && preset.is_some() {
                return invalid(key, format!("true{}", as_it_has()), "false".to_owned());
            }
            *rule = said;
        }
    }
    if let Some(value) = &file.rounding {
        let Some(rounding) = rounding(value) else {
            let expected = "a whole number of at least 0, or \"midpoint-N\" with an even N";
            return invalid("rounding", expected.to_owned(), value.to_string());
        };
        if !rounding.is_as_strict_as(rules.rounding) {
            let expected = format!("counts {} or coarser{}", rules.rounding, as_it_has());
            return invalid("rounding", expected, value.to_string());
        }
        rules.rounding = rounding;
    }
    if let Some(withheld) = file.withheld {
        rules.withheld = withheld;
    }
    Ok(rules)
}

fn rounding(value: &Value) -> Option<Rounding> {
    match value {
        Value::Integer(0 | 1) => Some(Rounding::Exact),
        Value::Integer(to) => u32::try_from(*to).ok().map(Rounding::Nearest),
        Value::String(text) => {
            let to: u32 = text.strip_prefix("midpoint-")?.parse().ok()?;
            (to >= 2 && to.is_multiple_of(2)).then_some(Rounding::Midpoint(to))
        }
        _ => None,
    }
}

fn said(rule: &Dominance) -> String {
    format!("top = {}, percent = {}", rule.top, rule.percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Permit;

    fn rules(release: &str) -> Result<ReleaseRules, String> {
        let text = format!(
            "project = \"p\"\nprincipals = [\"ana\"]\nvalid = {{ from = 2020-01-01, until = 2099-12-31 }}\n[table.t]\ncolumns = \"*\"\n[release]\n{release}\n"
        );
        let permit = Permit::parse("permit.toml", &text).map_err(|error| error.to_string())?;
        Ok(permit.release().clone())
    }

    fn error(release: &str) -> String {
        rules(release).expect_err(release)
    }

    #[test]
    fn keys_are_read() {
        let read = rules(
            "k = 20\ndominance = [{ top = 1, percent = 50 }, { top = 2, percent = 67 }]\np_percent = 10\nunanimous = true\n\
             secondary = false\nrounding = \"midpoint-6\"\nwithheld = \"mask\"",
        );
        let dominance = |top, percent| Dominance { top, percent };
        assert_eq!(
            read,
            Ok(ReleaseRules {
                preset: None,
                k: 20,
                dominance: vec![dominance(1, 50.0), dominance(2, 67.0)],
                p_percent: Some(10.0),
                unanimous: true,
                secondary: false,
                rounding: Rounding::Midpoint(6),
                withheld: Withheld::Mask,
            })
        );
        let one = rules("dominance = { top = 1, percent = 85 }").expect("rules");
        assert_eq!(one.dominance, [dominance(1, 85.0)]);
        assert_eq!(
            rules("rounding = 1").expect("rules").rounding,
            Rounding::Exact
        );
        assert_eq!(rules(""), Ok(ReleaseRules::default()));
    }

    #[test]
    fn a_preset_is_the_whole_of_the_rules_if_nothing_else_is_said() {
        for preset in ReleasePreset::ALL {
            assert_eq!(rules(&format!("preset = \"{preset}\"")), Ok(preset.rules()));
        }
    }

    #[test]
    fn a_permit_may_be_stricter_than_its_preset() {
        let casd =
            rules("preset = \"casd-pmsi\"\nk = 20\np_percent = 10\nrounding = 5").expect("rules");
        assert_eq!((casd.k, casd.unanimous), (20, true));
        let abs = rules("preset = \"abs-datalab\"\ndominance = { top = 2, percent = 50 }")
            .expect("rules");
        assert_eq!(abs.dominance.len(), 1);
        let opensafely =
            rules("preset = \"opensafely\"\nrounding = \"midpoint-6\"\nwithheld = \"omit\"");
        assert_eq!(opensafely.expect("rules").rounding, Rounding::Midpoint(6));
    }

    #[test]
    fn a_permit_that_weakens_its_preset_is_refused_and_told_by_how_much() {
        for (release, says) in [
            (
                "preset = \"casd-pmsi\"\nk = 10",
                "permit.toml:8: release.k: expected a whole number from 11 to 10000, as the preset casd-pmsi has it, found 10",
            ),
            (
                "preset = \"casd-pmsi\"\nunanimous = false",
                "release.unanimous: expected true, as the preset casd-pmsi has it, found false",
            ),
            (
                "preset = \"nhs-hes\"\nsecondary = false",
                "release.secondary: expected true, as the preset nhs-hes has it",
            ),
            (
                "preset = \"nhs-hes\"\nrounding = 0",
                "release.rounding: expected counts rounded to the nearest 5 or coarser, as the preset nhs-hes has it, found 0",
            ),
            (
                "preset = \"opensafely\"\nrounding = 7",
                "or coarser, as the preset opensafely has it, found 7",
            ),
            (
                "preset = \"insee-fiscal\"\ndominance = { top = 1, percent = 90 }",
                "release.dominance: expected a rule as strict as top = 1, percent = 85, as the preset insee-fiscal has it, found top = 1, percent = 90",
            ),
            (
                "preset = \"abs-datalab\"\ndominance = { top = 1, percent = 50 }",
                "a rule as strict as top = 2, percent = 67",
            ),
            (
                "preset = \"abs-datalab\"\ndominance = []",
                "a rule as strict as top = 1, percent = 50",
            ),
        ] {
            let error = error(release);
            assert!(error.contains(says), "{release}\n{error}");
        }
    }

    #[test]
    fn what_is_no_rule_is_named() {
        for (release, says) in [
            (
                "preset = \"casd\"",
                "release.preset: expected one of \"casd-pmsi\", \"insee-businesses\"",
            ),
            (
                "k = 1",
                "release.k: expected a whole number from 2 to 10000, found 1",
            ),
            (
                "p_percent = 0",
                "release.p_percent: expected a percentage above 0 and up to 100, found 0",
            ),
            ("p_percent = nan", "release.p_percent"),
            ("p_percent = 101", "release.p_percent"),
            (
                "rounding = -5",
                "release.rounding: expected a whole number of at least 0, or \"midpoint-N\" with an even N, found -5",
            ),
            ("rounding = \"midpoint-5\"", "release.rounding"),
            ("rounding = \"midpoint-0\"", "release.rounding"),
            ("rounding = 2.5", "release.rounding"),
            (
                "dominance = { top = 0, percent = 50 }",
                "release.dominance: expected top of at least 1",
            ),
            (
                "dominance = [{ top = 1, percent = 150 }]",
                "percent above 0 and up to 100, found top = 1, percent = 150",
            ),
            ("dominance = { top = 1 }", "release.dominance"),
            (
                "dominance = { top = 1, percent = 50, of = 2 }",
                "release.dominance",
            ),
            ("unanimous = \"yes\"", "release.unanimous"),
            ("p = 10", "release.p"),
        ] {
            let error = error(release);
            assert!(error.contains(says), "{release}\n{error}");
        }
    }
}
