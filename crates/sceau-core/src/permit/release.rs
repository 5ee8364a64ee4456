/// What a release must hold to: the `[release]` part of a permit.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseRules {
    /// The fewest distinct people a released cell may describe.
    pub k: u32,
    /// A sum of which too much comes from too few people is withheld.
    pub dominance: Option<Dominance>,
    /// The p % rule: a sum is withheld if all but the two largest contributors together make up less than this percentage of
    /// the largest, so that the second could tell the largest's amount to within p %.
    pub p_percent: Option<f64>,
    /// Whether cells are withheld in which everybody, or nobody, of a group has a value of a sensitive column.
    pub unanimous: bool,
    /// Whether cells are withheld so that withheld ones cannot be computed back.
    pub secondary: bool,
    /// Counts are rounded to the nearest multiple of this; 0 or 1 is no rounding.
    pub rounding: u32,
    /// What becomes of a withheld cell.
    pub withheld: Withheld,
}

impl Default for ReleaseRules {
    /// Eleven people a cell, the rule of the CASD for the PMSI, and withheld cells left out.
    fn default() -> Self {
        Self {
            k: 11,
            dominance: None,
            p_percent: None,
            unanimous: false,
            secondary: true,
            rounding: 0,
            withheld: Withheld::Omit,
        }
    }
}

/// The (n, k) dominance rule: the `top` largest contributors may not make up more than `percent` of a total.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dominance {
    /// How many of the largest contributors are looked at.
    pub top: u32,
    /// The share of the total, in percent, that they may not pass.
    pub percent: f64,
}

/// What becomes of a withheld cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Withheld {
    /// Its row is absent.
    Omit,
    /// Its key is shown and its measures are NULL.
    Mask,
}
