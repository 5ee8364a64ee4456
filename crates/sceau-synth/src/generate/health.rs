//! What people suffer from, what they are given for it, and what they die of.

use super::chance::Chance;

/// A chronic disease, with rates near those the French health insurance publishes.
pub(super) struct Disease {
    /// CIM-10 codes: the first names it in ALD records, any may be the diagnosis of a stay.
    pub(super) codes: &'static [&'static str],
    /// Its number on the list of long-term illnesses and the share of patients who are on it.
    pub(super) ald: Option<(i64, f64)>,
    /// Patients among 1,000 people under 18, 18–39, 40–54, 55–64, 65–74, 75 and over.
    per_thousand: [u32; 6],
    /// The one sex that has it.
    only: Option<Sex>,
    /// ATC classes and the share of patients who take them.
    pub(super) medicines: &'static [(&'static str, f64)],
    /// Stays a year, and the groups they fall in with their days.
    pub(super) stays: f64,
    pub(super) groups: &'static [(&'static str, i32)],
    /// The specialty of the doctor who follows it.
    pub(super) specialty: i64,
    /// How many times more likely death is.
    pub(super) danger: f64,
    /// Repeated day care: share of patients, group, principal diagnosis, sessions a year.
    pub(super) sessions: Option<(f64, &'static str, &'static str, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sex {
    Male,
    Female,
}

impl Sex {
    /// 1 or 2, as the SNDS codes it.
    pub(super) fn code(self) -> i64 {
        match self {
            Self::Male => 1,
            Self::Female => 2,
        }
    }
}

/// What a person of this sex and age (in years) suffers from.
pub(super) fn diseases(sex: Sex, age: i32, chance: &mut Chance) -> Vec<&'static Disease> {
    let class = match age {
        ..18 => 0,
        18..40 => 1,
        40..55 => 2,
        55..65 => 3,
        65..75 => 4,
        _ => 5,
    };
    DISEASES
        .iter()
        .filter(|disease| {
            let rate = f64::from(disease.per_thousand[class]) / 1_000.0;
            chance.yes(rate) && disease.only.is_none_or(|only| only == sex)
        })
        .collect()
}

/// The probability to die within a year.
pub(super) fn death_rate(age: i32, diseases: &[&Disease]) -> f64 {
    /// Among 100,000, at 0, 10, 20 … 100 years.
    const RATES: [f64; 11] = [
        40.0, 8.0, 35.0, 60.0, 120.0, 330.0, 800.0, 1_700.0, 4_600.0, 15_000.0, 40_000.0,
    ];
    let decade = usize::try_from(age / 10).unwrap_or(0).min(9);
    let within = f64::from(age - 10 * decade as i32) / 10.0;
    let rate = RATES[decade] + (RATES[decade + 1] - RATES[decade]) * within;
    let danger: f64 = diseases.iter().map(|disease| disease.danger).product();
    (rate / 100_000.0 * danger * 0.7).min(0.9)
}

/// The disease that is the most dangerous, of several the first.
pub(super) fn deadliest(diseases: &[&'static Disease]) -> Option<&'static Disease> {
    let rank = |disease: &&Disease| (disease.danger * 100.0) as u32;
    diseases.iter().rev().copied().max_by_key(rank)
}

/// The cause of a death, as CépiDc codes it.
pub(super) fn cause_of_death(
    age: i32,
    diseases: &[&'static Disease],
    chance: &mut Chance,
) -> &'static str {
    match deadliest(diseases) {
        Some(disease) if disease.danger >= 1.5 && chance.yes(0.7) => disease.codes[0],
        _ if age < 40 => chance.one(&["V892", "X700", "C719", "R960", "Q249"]),
        _ => chance.one(&[
            "I219", "C349", "I639", "J189", "F03", "I500", "C259", "R54", "W19", "C189",
        ]),
    }
}

/// Stays for other reasons: group, days, diagnosis.
pub(super) fn other_stay(
    sex: Sex,
    age: i32,
    chance: &mut Chance,
) -> (&'static str, i32, &'static str) {
    const CHILD: &[(&str, i32, &str)] = &[
        ("03K02J", 0, "J350"),
        ("04M031", 2, "J210"),
        ("06M021", 1, "A090"),
        ("08C141", 1, "S525"),
    ];
    const MOTHER: &[(&str, i32, &str)] = &[
        ("14Z14A", 3, "O800"),
        ("14Z13A", 4, "O800"),
        ("14C08A", 5, "O820"),
        ("14Z08Z", 0, "O049"),
    ];
    const ADULT: &[(&str, i32, &str)] = &[
        ("06K04J", 0, "Z121"),
        ("08C45J", 0, "M232"),
        ("06C081", 1, "K409"),
        ("03K02J", 0, "K011"),
        ("19M061", 4, "F102"),
        ("11M041", 3, "N10"),
        ("08C481", 5, "M169"),
        ("23M20T", 0, "Z530"),
    ];
    const OLD: &[(&str, i32, &str)] = &[
        ("02C05J", 0, "H251"),
        ("06K04J", 0, "Z121"),
        ("08C482", 7, "M170"),
        ("08C492", 9, "S720"),
        ("04M053", 8, "J189"),
        ("01M302", 9, "I639"),
        ("23M20Z", 4, "R54"),
        ("11M042", 6, "N10"),
    ];
    let list = match age {
        ..18 => CHILD,
        18..45 if sex == Sex::Female && chance.yes(0.6) => MOTHER,
        18..65 => ADULT,
        _ => OLD,
    };
    chance.skewed(list)
}

/// Other diagnoses that a stay is coded with.
pub(super) const ASSOCIATED: [&str; 14] = [
    "I10", "E785", "E669", "Z370", "Z921", "D649", "E876", "N390", "F171", "Z508", "R410", "K590",
    "Z864", "I48",
];

/// What a unit of first care notes.
pub(super) const AT_FIRST: [&str; 6] = ["R060", "I214", "R55", "N179", "R410", "I210"];

const DISEASES: [Disease; 18] = [
    Disease {
        codes: &["E11", "E119", "E1190", "E1128", "E1158", "E1148"],
        ald: Some((8, 0.85)),
        per_thousand: [0, 6, 45, 110, 165, 175],
        only: None,
        medicines: &[
            ("A10BA02", 0.75),
            ("A10BB09", 0.25),
            ("A10BH01", 0.15),
            ("A10BD07", 0.12),
            ("A10AE04", 0.18),
            ("A10BX07", 0.09),
        ],
        stays: 0.13,
        groups: &[("10M022", 5), ("10M023", 8), ("10M02T", 1), ("10M021", 3)],
        specialty: 42,
        danger: 1.3,
        sessions: None,
    },
    Disease {
        codes: &["E10", "E109", "E101"],
        ald: Some((8, 0.98)),
        per_thousand: [2, 4, 4, 4, 3, 2],
        only: None,
        medicines: &[("A10AB05", 0.95), ("A10AE04", 0.95)],
        stays: 0.2,
        groups: &[("10M022", 4), ("10M03T", 1)],
        specialty: 42,
        danger: 1.4,
        sessions: None,
    },
    Disease {
        codes: &["I10"],
        ald: None,
        per_thousand: [0, 20, 150, 330, 500, 620],
        only: None,
        medicines: &[
            ("C09AA05", 0.3),
            ("C08CA01", 0.35),
            ("C09CA03", 0.35),
            ("C07AB07", 0.3),
            ("C03AA03", 0.2),
        ],
        stays: 0.01,
        groups: &[("05M151", 3)],
        specialty: 3,
        danger: 1.05,
        sessions: None,
    },
    Disease {
        codes: &["E78", "E780"],
        ald: None,
        per_thousand: [0, 10, 90, 220, 350, 330],
        only: None,
        medicines: &[("C10AA05", 0.55), ("C10AA07", 0.35), ("C10AX09", 0.15)],
        stays: 0.0,
        groups: &[],
        specialty: 3,
        danger: 1.0,
        sessions: None,
    },
    Disease {
        codes: &["I25", "I251", "I210", "I200", "I214"],
        ald: Some((13, 0.7)),
        per_thousand: [0, 1, 12, 50, 90, 150],
        only: None,
        medicines: &[
            ("B01AC06", 0.8),
            ("B01AC04", 0.3),
            ("C07AB07", 0.6),
            ("C10AA05", 0.7),
            ("C09AA05", 0.4),
        ],
        stays: 0.22,
        groups: &[("05K102", 3), ("05M042", 5), ("05K061", 2), ("05M06T", 1)],
        specialty: 3,
        danger: 1.4,
        sessions: None,
    },
    Disease {
        codes: &["I50", "I500", "I501"],
        ald: Some((5, 0.6)),
        per_thousand: [0, 0, 3, 12, 30, 110],
        only: None,
        medicines: &[("C03CA01", 0.85), ("C07AB07", 0.6), ("C09AA05", 0.5)],
        stays: 0.55,
        groups: &[("05M092", 8), ("05M093", 11), ("05M094", 15)],
        specialty: 3,
        danger: 2.2,
        sessions: None,
    },
    Disease {
        codes: &["I48", "I489"],
        ald: Some((5, 0.6)),
        per_thousand: [0, 1, 4, 16, 50, 130],
        only: None,
        medicines: &[("B01AF02", 0.5), ("B01AF01", 0.3), ("C07AB07", 0.5)],
        stays: 0.2,
        groups: &[("05M082", 5), ("05K192", 2)],
        specialty: 3,
        danger: 1.3,
        sessions: None,
    },
    Disease {
        codes: &["J44", "J441"],
        ald: Some((14, 0.3)),
        per_thousand: [0, 2, 18, 50, 70, 80],
        only: None,
        medicines: &[("R03BB04", 0.6), ("R03AK06", 0.6), ("R03AC02", 0.5)],
        stays: 0.22,
        groups: &[("04M133", 9), ("04M132", 6), ("04M163", 8)],
        specialty: 13,
        danger: 1.6,
        sessions: None,
    },
    Disease {
        codes: &["J45", "J459"],
        ald: Some((14, 0.03)),
        per_thousand: [80, 50, 45, 45, 45, 40],
        only: None,
        medicines: &[("R03AC02", 0.7), ("R03AK06", 0.4)],
        stays: 0.02,
        groups: &[("04M031", 2)],
        specialty: 13,
        danger: 1.0,
        sessions: None,
    },
    Disease {
        codes: &["F32", "F322"],
        ald: Some((23, 0.2)),
        per_thousand: [4, 40, 75, 80, 70, 95],
        only: None,
        medicines: &[
            ("N06AB10", 0.4),
            ("N06AB06", 0.25),
            ("N06AX16", 0.2),
            ("N05BA12", 0.3),
            ("N05AH04", 0.1),
        ],
        stays: 0.05,
        groups: &[("19M022", 12), ("19M021", 6)],
        specialty: 33,
        danger: 1.2,
        sessions: None,
    },
    Disease {
        codes: &["G30", "G301"],
        ald: Some((15, 0.75)),
        per_thousand: [0, 0, 0, 2, 14, 95],
        only: None,
        medicines: &[("N06DA02", 0.3)],
        stays: 0.2,
        groups: &[("01M112", 9)],
        specialty: 32,
        danger: 1.7,
        sessions: None,
    },
    Disease {
        codes: &["G20"],
        ald: Some((16, 0.85)),
        per_thousand: [0, 0, 0, 2, 9, 20],
        only: None,
        medicines: &[("N04BA02", 0.95)],
        stays: 0.15,
        groups: &[("01M262", 8)],
        specialty: 32,
        danger: 1.4,
        sessions: None,
    },
    Disease {
        codes: &["G40", "G409"],
        ald: Some((9, 0.7)),
        per_thousand: [4, 6, 7, 8, 9, 11],
        only: None,
        medicines: &[("N03AX14", 0.6), ("N03AG01", 0.3)],
        stays: 0.12,
        groups: &[("01M252", 4), ("01M25T", 1)],
        specialty: 32,
        danger: 1.4,
        sessions: None,
    },
    Disease {
        codes: &["C50", "C509"],
        ald: Some((30, 0.97)),
        per_thousand: [0, 1, 12, 26, 40, 42],
        only: Some(Sex::Female),
        medicines: &[("L02BG03", 0.45), ("L02BA01", 0.25)],
        stays: 0.15,
        groups: &[("09C042", 3), ("09M102", 6)],
        specialty: 7,
        danger: 1.6,
        sessions: Some((0.12, "28Z07Z", "Z511", 8.0)),
    },
    Disease {
        codes: &["C61"],
        ald: Some((30, 0.95)),
        per_thousand: [0, 0, 2, 22, 60, 90],
        only: Some(Sex::Male),
        medicines: &[("L02AE02", 0.3)],
        stays: 0.12,
        groups: &[("12C112", 6), ("12M032", 5)],
        specialty: 16,
        danger: 1.4,
        sessions: Some((0.05, "28Z07Z", "Z511", 7.0)),
    },
    Disease {
        codes: &["C18", "C189", "C34", "C349"],
        ald: Some((30, 0.97)),
        per_thousand: [0, 0, 4, 11, 20, 28],
        only: None,
        medicines: &[("N02AX02", 0.3)],
        stays: 0.6,
        groups: &[("06C043", 12), ("04M093", 9), ("23Z02Z", 10)],
        specialty: 8,
        danger: 3.5,
        sessions: Some((0.4, "28Z07Z", "Z511", 10.0)),
    },
    Disease {
        codes: &["N18", "N189", "N185"],
        ald: Some((19, 0.55)),
        per_thousand: [0, 1, 3, 9, 20, 55],
        only: None,
        medicines: &[("C03CA01", 0.5), ("B03XA02", 0.15), ("M04AA01", 0.3)],
        stays: 0.25,
        groups: &[("11M063", 9), ("11M062", 6)],
        specialty: 35,
        danger: 1.7,
        sessions: Some((0.05, "28Z04Z", "Z491", 140.0)),
    },
    Disease {
        codes: &["E03", "E039"],
        ald: None,
        per_thousand: [1, 18, 45, 65, 80, 85],
        only: None,
        medicines: &[("H03AA01", 0.95)],
        stays: 0.0,
        groups: &[],
        specialty: 42,
        danger: 1.0,
        sessions: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::products::Catalogue;

    #[test]
    fn every_medicine_of_a_disease_is_in_the_catalogue() {
        let catalogue = Catalogue::read();
        let mut chance = Chance::of(1, 1);
        for (atc, _) in DISEASES.iter().flat_map(|disease| disease.medicines) {
            let product = catalogue.of_class(atc, &mut chance);
            assert_eq!(catalogue.products[usize::from(product)].atc, *atc);
        }
    }

    #[test]
    fn every_group_and_diagnosis_has_the_form_of_its_code() {
        for disease in &DISEASES {
            for (group, _) in disease.groups {
                assert_eq!(group.len(), 6, "{group}");
            }
            for code in disease.codes {
                assert!((3..=6).contains(&code.len()), "{code}");
            }
            assert!(disease.stays == 0.0 || !disease.groups.is_empty());
        }
    }

    #[test]
    fn the_old_die_more_than_the_young_and_the_sick_more_than_the_well() {
        assert!(death_rate(90, &[]) > death_rate(60, &[]));
        assert!(death_rate(60, &[]) > death_rate(30, &[]));
        assert!(death_rate(60, &[&DISEASES[5]]) > death_rate(60, &[]));
        assert!(death_rate(110, &[&DISEASES[5], &DISEASES[15]]) <= 0.9);
    }
}
