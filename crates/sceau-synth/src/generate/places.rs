//! Where people live and are treated.

use super::chance::Chance;

/// A département: its code as PMSI writes it (`75`, `2A`, `971`) and its inhabitants in thousands, about 2019.
pub(super) struct Departement {
    pub(super) code: &'static str,
    thousands: u32,
}

impl Departement {
    /// One of them, the populous more often.
    pub(super) fn draw(chance: &mut Chance) -> usize {
        chance.weighted(DEPARTEMENTS.iter().map(|(_, thousands)| *thousands))
    }

    pub(super) fn at(place: usize) -> Self {
        let (code, thousands) = DEPARTEMENTS[place];
        Self { code, thousands }
    }

    /// `075`, `02A`, `971`: three characters, as DCIR writes it.
    pub(super) fn three(&self) -> String {
        format!("{:0>3}", self.code)
    }

    /// `75`, `2A`, `97`: two characters, as the PMSI and the numbers of establishments and professionals begin.
    pub(super) fn two(&self) -> &'static str {
        &self.code[..2]
    }

    /// `01C075000`: the local office of the general scheme.
    pub(super) fn office(&self) -> String {
        format!("01C{}000", self.three())
    }

    /// One of its hospitals, from 0.
    pub(super) fn hospital(&self, chance: &mut Chance) -> u32 {
        // The first is the university's and takes half.
        let count = self.hospitals();
        if chance.yes(0.5) {
            0
        } else {
            chance.below(count)
        }
    }

    /// How many hospitals it has: one for some 120,000 inhabitants.
    pub(super) fn hospitals(&self) -> u32 {
        1 + self.thousands / 120
    }

    /// The nine-digit FINESS number of a hospital.
    pub(super) fn finess(&self, hospital: u32) -> String {
        // Départements overseas share two digits: the third keeps their numbers apart.
        let third = if self.code.len() == 3 {
            &self.code[2..]
        } else {
            "0"
        };
        format!(
            "{}{third}{:05}{}",
            self.two(),
            100 + hospital * 7,
            hospital % 10
        )
    }

    /// The nine-digit number of one of its professionals of a trade (1 doctor, 2 pharmacist, 6 nurse).
    pub(super) fn professional(&self, trade: u32, chance: &mut Chance) -> String {
        let third = if self.code.len() == 3 {
            &self.code[2..]
        } else {
            "0"
        };
        let count = (self.thousands * if trade == 1 { 15 } else { 4 } / 10).max(1);
        // Half of the care is given by a fifth of them.
        let number = if chance.yes(0.4) {
            chance.below(count / 5 + 1)
        } else {
            chance.below(count)
        };
        format!("{}{trade}{third}{number:04}{}", self.two(), number % 10)
    }
}

const DEPARTEMENTS: [(&str, u32); 101] = [
    ("01", 648),
    ("02", 532),
    ("03", 336),
    ("04", 164),
    ("05", 141),
    ("06", 1086),
    ("07", 328),
    ("08", 270),
    ("09", 153),
    ("10", 310),
    ("11", 374),
    ("12", 280),
    ("13", 2034),
    ("14", 695),
    ("15", 144),
    ("16", 352),
    ("17", 648),
    ("18", 303),
    ("19", 241),
    ("2A", 158),
    ("2B", 179),
    ("21", 534),
    ("22", 599),
    ("23", 117),
    ("24", 413),
    ("25", 541),
    ("26", 514),
    ("27", 601),
    ("28", 432),
    ("29", 911),
    ("30", 745),
    ("31", 1388),
    ("32", 191),
    ("33", 1602),
    ("34", 1160),
    ("35", 1072),
    ("36", 220),
    ("37", 607),
    ("38", 1264),
    ("39", 260),
    ("40", 410),
    ("41", 331),
    ("42", 763),
    ("43", 227),
    ("44", 1412),
    ("45", 679),
    ("46", 174),
    ("47", 332),
    ("48", 77),
    ("49", 814),
    ("50", 495),
    ("51", 567),
    ("52", 173),
    ("53", 307),
    ("54", 733),
    ("55", 185),
    ("56", 755),
    ("57", 1044),
    ("58", 205),
    ("59", 2604),
    ("60", 825),
    ("61", 281),
    ("62", 1466),
    ("63", 657),
    ("64", 680),
    ("65", 228),
    ("66", 476),
    ("67", 1132),
    ("68", 763),
    ("69", 1863),
    ("70", 236),
    ("71", 552),
    ("72", 566),
    ("73", 433),
    ("74", 816),
    ("75", 2165),
    ("76", 1254),
    ("77", 1412),
    ("78", 1442),
    ("79", 374),
    ("80", 571),
    ("81", 388),
    ("82", 259),
    ("83", 1067),
    ("84", 560),
    ("85", 678),
    ("86", 437),
    ("87", 373),
    ("88", 365),
    ("89", 337),
    ("90", 142),
    ("91", 1301),
    ("92", 1614),
    ("93", 1644),
    ("94", 1397),
    ("95", 1237),
    ("971", 384),
    ("972", 364),
    ("973", 282),
    ("974", 861),
    ("976", 270),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_hospital_and_professional_has_nine_characters_and_hospitals_differ() {
        let mut chance = Chance::of(1, 1);
        let mut seen = HashSet::new();
        for place in 0..DEPARTEMENTS.len() {
            let departement = Departement::at(place);
            assert_eq!(departement.three().len(), 3);
            assert_eq!(departement.office().len(), 9);
            for hospital in 0..departement.hospitals() {
                let finess = departement.finess(hospital);
                assert_eq!(finess.len(), 9, "{finess}");
                assert!(seen.insert(finess.clone()), "{finess} twice");
            }
            assert_eq!(departement.professional(1, &mut chance).len(), 9);
        }
    }

    #[test]
    fn the_country_has_its_inhabitants_and_paris_its_share() {
        let total: u32 = DEPARTEMENTS.iter().map(|(_, thousands)| thousands).sum();
        assert!((66_000..69_000).contains(&total), "{total}");
        let mut chance = Chance::of(1, 2);
        let draws = 20_000;
        let paris = (0..draws)
            .filter(|_| Departement::at(Departement::draw(&mut chance)).code == "75")
            .count();
        assert!((520..780).contains(&paris), "{paris} of {draws}");
    }
}
