//! Names with `*`, matched in any case.

/// A name in which `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// What stands between the stars, in upper case.
    parts: Vec<String>,
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Self {
        let upper = pattern.to_uppercase();
        Self {
            parts: upper.split('*').map(str::to_owned).collect(),
        }
    }

    /// Whether it matches a name, which is given in upper case.
    pub(super) fn matches(&self, name: &str) -> bool {
        let (first, rest) = self
            .parts
            .split_first()
            .expect("a split gives one part at least");
        let Some((last, middle)) = rest.split_last() else {
            return name == first;
        };
        let Some(mut left) = name.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in middle {
            let Some(at) = left.find(part.as_str()) else {
                return false;
            };
            left = &left[at + part.len()..];
        }
        left.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_and_everything_else_for_itself() {
        for (pattern, name, expected) in [
            ("ETA_NUM", "ETA_NUM", true),
            ("ETA_NUM", "ETA_NUM_GEO", false),
            ("eta_num_*", "ETA_NUM_GEO", true),
            ("ETA_NUM_*", "ETA_NUM", false),
            ("*_COD", "UCD_COD", true),
            ("*_COD", "UCD_COD_7_13", false),
            ("IDE_*_DTE", "IDE_STJ_DTE", true),
            ("IDE_*_DTE", "IDE_DTE", false),
            ("*", "", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(name),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
