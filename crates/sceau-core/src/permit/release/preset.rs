use std::fmt;

use super::{Dominance, ReleaseRules, Rounding, Withheld};

/// The published output rules of a body, by the name that a permit calls them: `preset = "casd-pmsi"`.
///
/// What a body leaves to judgement (whether a table is needed, whether a model is genuine) stays with who signs. Secondary
/// suppression is asked for in every preset, although OpenSAFELY and the NHS rely on rounding instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReleasePreset {
    /// `casd-pmsi`: the CASD's rules for the PMSI (ATIH). No cell under 11 patients, stays or doses; secondary suppression; no
    /// cell in which everybody shares a sensitive value.
    ///
    /// Source: CASD, *Règles de confidentialité*, June 2022, §5.23, §2.3.1.2, §2.3.2, as quoted by the Health Data Hub's forum.
    CasdPmsi,
    /// `insee-businesses`: at least 3 businesses, of which the largest makes up at most 85 % of an amount. For businesses
    /// (establishments, practices), not for patients.
    ///
    /// Source: Insee, [*Manuel de protection des tableaux*](https://github.com/InseeFrLab/manuel-protection-tableaux), rules.
    InseeBusinesses,
    /// `insee-fiscal`: at least 11 people, of whom the largest makes up at most 85 % of an amount.
    ///
    /// Source: as [`InseeBusinesses`](Self::InseeBusinesses): fiscal data (DGFiP) on natural persons.
    InseeFiscal,
    /// `opensafely`: counts up to 7 are redacted, then all counts rounded to the nearest 5 (or `rounding = "midpoint-6"`), and
    /// totals are sums of the rounded cells.
    ///
    /// Source: OpenSAFELY documentation, [*Releasing files*](https://docs.opensafely.org/releasing-files/).
    OpenSafely,
    /// `nhs-hes`: below the national level, counts from 1 to 7 become `*`, other counts are rounded to the nearest 5, and means
    /// are shown of at least 8.
    ///
    /// Source: NHS Digital, [*Disclosure control methodology for HES and ECDS*](https://digital.nhs.uk/data-and-information/data-tools-and-services/data-services/hospital-episode-statistics/change-to-disclosure-control-methodology-for-hes-and-ecds-from-september-2018),
    /// September 2018.
    NhsHes,
    /// `abs-datalab`: at least 10 contributors; the largest makes up at most 50 %, the two largest at most 67 % of an amount.
    ///
    /// Source: Australian Bureau of Statistics, DataLab, [*Input and output clearance*](https://www.abs.gov.au/statistics/microdata-tablebuilder/datalab/input-and-output-clearance).
    AbsDataLab,
}

impl ReleasePreset {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::CasdPmsi,
        Self::InseeBusinesses,
        Self::InseeFiscal,
        Self::OpenSafely,
        Self::NhsHes,
        Self::AbsDataLab,
    ];

    /// The preset that a permit calls so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// How a permit calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CasdPmsi => "casd-pmsi",
            Self::InseeBusinesses => "insee-businesses",
            Self::InseeFiscal => "insee-fiscal",
            Self::OpenSafely => "opensafely",
            Self::NhsHes => "nhs-hes",
            Self::AbsDataLab => "abs-datalab",
        }
    }

    /// Whose rules they are, and where they stand: what a report quotes.
    pub fn source(self) -> &'static str {
        match self {
            Self::CasdPmsi => {
                "CASD, Règles de confidentialité, June 2022, §5.23, §2.3.1.2 and §2.3.2 (PMSI, ATIH)"
            }
            Self::InseeBusinesses => {
                "Insee, Manuel de protection des tableaux, rules for businesses"
            }
            Self::InseeFiscal => {
                "Insee, Manuel de protection des tableaux, rules for fiscal data on natural persons"
            }
            Self::OpenSafely => "OpenSAFELY documentation, Releasing files",
            Self::NhsHes => {
                "NHS Digital, Disclosure control methodology for HES and ECDS, September 2018"
            }
            Self::AbsDataLab => {
                "Australian Bureau of Statistics, DataLab, Input and output clearance"
            }
        }
    }

    /// What a release must hold to under them.
    ///
    /// ```
    /// use sceau_core::permit::ReleasePreset;
    ///
    /// assert_eq!(ReleasePreset::CasdPmsi.rules().k, 11);
    /// assert_eq!(ReleasePreset::OpenSafely.rules().k, 8);
    /// ```
    pub fn rules(self) -> ReleaseRules {
        let most = |top, percent| Dominance { top, percent };
        let rules = ReleaseRules {
            preset: Some(self),
            ..ReleaseRules::default()
        };
        match self {
            Self::CasdPmsi => ReleaseRules {
                k: 11,
                unanimous: true,
                ..rules
            },
            Self::InseeBusinesses => ReleaseRules {
                k: 3,
                dominance: vec![most(1, 85.0)],
                ..rules
            },
            Self::InseeFiscal => ReleaseRules {
                k: 11,
                dominance: vec![most(1, 85.0)],
                ..rules
            },
            Self::OpenSafely | Self::NhsHes => ReleaseRules {
                k: 8,
                rounding: Rounding::Nearest(5),
                withheld: Withheld::Mask,
                ..rules
            },
            Self::AbsDataLab => ReleaseRules {
                k: 10,
                dominance: vec![most(1, 50.0), most(2, 67.0)],
                ..rules
            },
        }
    }

    pub(super) fn mark(self) -> Option<&'static str> {
        match self {
            Self::OpenSafely => Some("[REDACTED]"),
            Self::NhsHes => Some("*"),
            _ => None,
        }
    }

    pub(super) fn totals_from_cells(self) -> bool {
        self == Self::OpenSafely
    }
}

impl fmt::Display for ReleasePreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a preset shows of a count, by its fewest people and its rounding.
    fn shown(preset: ReleasePreset, count: i64) -> Option<i64> {
        let rules = preset.rules();
        (count >= i64::from(rules.k)).then(|| rules.rounding.of(count))
    }

    #[test]
    fn every_preset_is_found_by_its_name_and_has_a_source() {
        for preset in ReleasePreset::ALL {
            assert_eq!(ReleasePreset::named(preset.name()), Some(preset));
            assert_eq!(preset.rules().preset, Some(preset));
            assert!(!preset.source().is_empty());
        }
        assert_eq!(ReleasePreset::named("CASD"), None);
    }

    #[test]
    fn casd_withholds_ten_patients_and_shows_eleven() {
        let shown = |count| shown(ReleasePreset::CasdPmsi, count);
        assert_eq!([10, 11, 12].map(shown), [None, Some(11), Some(12)]);
        assert!(ReleasePreset::CasdPmsi.rules().unanimous);
        assert!(ReleasePreset::CasdPmsi.rules().secondary);
    }

    #[test]
    fn opensafely_redacts_up_to_seven_then_rounds_its_own_example() {
        let shown = |count| shown(ReleasePreset::OpenSafely, count);
        assert_eq!(
            [3, 8, 16, 23].map(shown),
            [None, Some(10), Some(15), Some(25)]
        );
        assert_eq!(
            [18, 23, 31, 44].map(shown),
            [Some(20), Some(25), Some(30), Some(45)]
        );
        assert_eq!(shown(7), None);
        assert!(ReleasePreset::OpenSafely.rules().totals_from_cells());
    }

    #[test]
    fn nhs_stars_one_to_seven_and_rounds_the_rest() {
        let shown = |count| shown(ReleasePreset::NhsHes, count);
        assert_eq!(
            [1, 7, 8, 12, 13].map(shown),
            [None, None, Some(10), Some(10), Some(15)]
        );
        assert_eq!(ReleasePreset::NhsHes.rules().mark(), Some("*"));
        assert!(!ReleasePreset::NhsHes.rules().totals_from_cells());
    }

    #[test]
    fn insee_and_abs_bound_the_largest_contributors() {
        let businesses = ReleasePreset::InseeBusinesses.rules();
        assert_eq!((businesses.k, businesses.dominance.len()), (3, 1));
        assert_eq!(
            businesses.dominance[0],
            Dominance {
                top: 1,
                percent: 85.0
            }
        );
        assert_eq!(ReleasePreset::InseeFiscal.rules().k, 11);
        let abs = ReleasePreset::AbsDataLab.rules();
        let tops: Vec<_> = abs
            .dominance
            .iter()
            .map(|rule| (rule.top, rule.percent))
            .collect();
        assert_eq!((abs.k, tops), (10, vec![(1, 50.0), (2, 67.0)]));
    }
}
