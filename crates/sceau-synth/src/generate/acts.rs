//! Acts of the CCAM: in town, and in hospital.

use super::chance::Chance;

/// An act that is done in town, with the kind of line it is billed as.
pub(super) struct Act {
    pub(super) code: &'static str,
    /// `PRS_NAT_REF`: 1352 technical, 1351 imaging, 1324 ultrasound, 1321 surgery.
    pub(super) nature: i16,
    /// In cents.
    pub(super) price: i32,
    /// The doctor's specialty.
    pub(super) specialty: i64,
    /// How often, among all.
    weight: u32,
}

const fn act(code: &'static str, nature: i16, price: i32, specialty: i64, weight: u32) -> Act {
    Act {
        code,
        nature,
        price,
        specialty,
        weight,
    }
}

/// The acts of town, the frequent first.
pub(super) static ACTS: [Act; 17] = [
    act("DEQP003", 1352, 1_426, 3, 240),
    act("ZBQK002", 1351, 2_128, 6, 160),
    act("ZCQM008", 1324, 5_670, 6, 130),
    act("BGQP002", 1352, 2_832, 15, 110),
    act("DZQM006", 1324, 9_649, 3, 90),
    act("QEQK001", 1351, 6_638, 6, 80),
    act("EBQM001", 1324, 7_560, 3, 45),
    act("GLQP012", 1352, 4_028, 13, 40),
    act("QZJA002", 1321, 2_822, 4, 35),
    act("CDQP012", 1352, 4_780, 11, 30),
    act("EDQM001", 1324, 7_560, 3, 30),
    act("PAQK007", 1351, 3_996, 6, 25),
    act("QZFA036", 1321, 3_044, 5, 25),
    act("ACQN001", 1351, 6_900, 6, 25),
    act("DEQP005", 1352, 7_735, 3, 20),
    act("AHQP003", 1352, 6_274, 32, 12),
    act("QZNP005", 1352, 2_800, 5, 8),
];

/// One of the acts of town, as often as it is done.
pub(super) fn in_town(chance: &mut Chance) -> u8 {
    chance.weighted(ACTS.iter().map(|act| act.weight)) as u8
}

/// The acts that bring a stay into a group, by how the group's code begins.
const OF_GROUPS: [(&str, &str); 18] = [
    ("28Z04", "JVJF004"),
    ("05K1", "DDAF006"),
    ("05K06", "DDAF006"),
    ("06K04", "HHQE002"),
    ("08C48", "NEKA020"),
    ("08C49", "NBCA010"),
    ("08C14", "QZJA002"),
    ("08C45", "NFEC001"),
    ("14C08", "JQGA003"),
    ("14Z08", "JNJD002"),
    ("02C05", "BFGA002"),
    ("06C08", "LMMC002"),
    ("06C04", "HHFA001"),
    ("03K02", "HBGD035"),
    ("09C04", "QEFA004"),
    ("12C11", "JGFC001"),
    ("23Z02", "FELF011"),
    ("28Z07", "EPLF002"),
];

/// Acts that any stay of some days may have.
const OF_ANY: [&str; 5] = ["DEQP003", "ZBQK002", "ZCQM008", "DZQM006", "FELF011"];

/// The acts of a stay: what its group comes from, and those of its days.
pub(super) fn in_hospital(group: &str, days: i32, chance: &mut Chance) -> Vec<&'static str> {
    let own = OF_GROUPS.iter().find(|(start, _)| group.starts_with(start));
    let mut acts: Vec<_> = own.map(|(_, act)| *act).into_iter().collect();
    if days > 0 {
        for _ in 0..chance.about(1.2) {
            acts.push(chance.skewed(&OF_ANY));
        }
    }
    acts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_form_of_the_ccam() {
        let codes = ACTS.iter().map(|act| act.code);
        for code in codes.chain(OF_GROUPS.map(|(_, code)| code)).chain(OF_ANY) {
            let (letters, digits) = code.split_at(4);
            assert!(
                letters.bytes().all(|letter| letter.is_ascii_uppercase()),
                "{code}"
            );
            assert!(digits.len() == 3 && digits.parse::<u32>().is_ok(), "{code}");
        }
    }

    #[test]
    fn surgery_is_coded_and_electrocardiograms_are_common() {
        let mut chance = Chance::of(1, 1);
        assert_eq!(in_hospital("06K04J", 0, &mut chance), ["HHQE002"]);
        let town = (0..1_000).filter(|_| in_town(&mut chance) == 0).count();
        assert!((150..300).contains(&town), "{town}");
    }
}
