//! What a release must hold to: the `[release]` part of a permit.

use std::fmt;

mod parse;
mod preset;
mod rounding;

pub(super) use parse::{ReleaseFile, release};
pub use preset::ReleasePreset;
pub use rounding::Rounding;

/// What a release must hold to: the `[release]` part of a permit.
///
/// A permit may name a [`ReleasePreset`], the published rules of a body, and may then say more strictly, never less, what
/// they leave to it.
///
/// ```
/// use sceau_core::permit::{ReleasePreset, Rounding};
///
/// let permit = sceau_core::Permit::parse("permit.toml", r#"
///     project    = "diab-2031"
///     principals = ["ana"]
///     valid      = { from = 2026-01-01, until = 2027-12-31 }
///     [table.er_prs_f]
///     columns = ["BEN_RES_DPT"]
///     [release]
///     preset = "opensafely"
///     k      = 11
/// "#)?;
/// let rules = permit.release();
/// assert_eq!(rules.preset, Some(ReleasePreset::OpenSafely));
/// assert_eq!((rules.k, rules.rounding), (11, Rounding::Nearest(5)));
/// # Ok::<(), sceau_core::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseRules {
    /// The published rules that these started from, none of which is weaker here.
    pub preset: Option<ReleasePreset>,
    /// The fewest distinct people a released cell may describe.
    pub k: u32,
    /// A sum of which too much comes from too few people is withheld: by each of these rules.
    pub dominance: Vec<Dominance>,
    /// The p % rule: a sum is withheld if all but the two largest contributors together make up less than this percentage of
    /// the largest, so that the second could tell the largest's amount to within p %.
    pub p_percent: Option<f64>,
    /// Whether cells are withheld in which everybody, or nobody, of a group has a value of a sensitive column.
    pub unanimous: bool,
    /// Whether cells are withheld so that withheld ones cannot be computed back.
    pub secondary: bool,
    /// What counts are rounded to.
    pub rounding: Rounding,
    /// What becomes of a withheld cell.
    pub withheld: Withheld,
}

impl Default for ReleaseRules {
    /// Eleven people a cell, the rule of the CASD for the PMSI, and withheld cells left out.
    fn default() -> Self {
        Self {
            preset: None,
            k: 11,
            dominance: vec![],
            p_percent: None,
            unanimous: false,
            secondary: true,
            rounding: Rounding::Exact,
            withheld: Withheld::Omit,
        }
    }
}

impl ReleaseRules {
    /// What stands in the place of a withheld measure where text is written, as the preset's body writes it.
    pub fn mark(&self) -> Option<&'static str> {
        self.preset.and_then(ReleasePreset::mark)
    }

    /// Whether a total is the sum of the rounded cells that are shown, rather than rounded by itself.
    pub fn totals_from_cells(&self) -> bool {
        self.preset.is_some_and(ReleasePreset::totals_from_cells)
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

impl Dominance {
    /// Whether whatever another rule withholds is withheld by this one too: it looks at as many contributors or more, and
    /// lets them have as much or less.
    fn is_as_strict_as(&self, other: &Self) -> bool {
        self.top >= other.top && self.percent <= other.percent
    }
}

/// The rule in words: what the largest make up, of whatever it is.
impl fmt::Display for Dominance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.top {
            1 => f.write_str("the largest contributor makes up")?,
            top => write!(f, "the {top} largest contributors make up")?,
        }
        write!(f, " at most {} %", self.percent)
    }
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
