//! Where people live and are treated.

use super::chance::Chance;
use std::sync::LazyLock;

/// A département, by its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Departement(u8);

impl Departement {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..DEPARTEMENTS.len() as u8).map(Self)
    }

    /// One of them, the populous more often.
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let place = chance.weighted(DEPARTEMENTS.iter().map(|(_, _, _, thousands)| *thousands));
        Self(place as u8)
    }

    pub(super) fn place(self) -> usize {
        usize::from(self.0)
    }

    /// As the PMSI writes it: `75`, `2A`, `971`.
    pub(super) fn code(self) -> &'static str {
        DEPARTEMENTS[self.place()].0
    }

    pub(super) fn name(self) -> &'static str {
        DEPARTEMENTS[self.place()].1
    }

    /// The region's number.
    pub(super) fn region(self) -> i64 {
        DEPARTEMENTS[self.place()].2
    }

    /// Inhabitants, about 2019.
    pub(super) fn thousands(self) -> u32 {
        DEPARTEMENTS[self.place()].3
    }

    /// `075`, `02A`, `971`: three characters, as DCIR writes it.
    pub(super) fn three(self) -> &'static str {
        &TEXTS[self.place()].0
    }

    /// `75`, `2A`, `97`: two characters, as the PMSI and the numbers of establishments and professionals begin.
    pub(super) fn two(self) -> &'static str {
        &self.code()[..2]
    }

    /// What keeps the numbers of départements overseas apart, which share the first two digits.
    pub(super) fn third(self) -> &'static str {
        if self.code().len() == 3 {
            &self.code()[2..]
        } else {
            "0"
        }
    }

    /// `01C075000`: the local office of the general scheme.
    pub(super) fn office(self) -> &'static str {
        &TEXTS[self.place()].1
    }
}

/// The three characters and the office of each département: they are in every line of every form.
static TEXTS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    Departement::all()
        .map(|departement| {
            let three = format!("{:0>3}", departement.code());
            let office = format!("01C{three}000");
            (three, office)
        })
        .collect()
});

/// Code, name, region, and inhabitants in thousands, as in IR_DPT_V.
const DEPARTEMENTS: [(&str, &str, i64, u32); 101] = [
    ("01", "AIN", 84, 648),
    ("02", "AISNE", 32, 532),
    ("03", "ALLIER", 84, 336),
    ("04", "ALPES-DE-HAUTE-PROVENCE", 93, 164),
    ("05", "HAUTES-ALPES", 93, 141),
    ("06", "ALPES-MARITIMES", 93, 1086),
    ("07", "ARDECHE", 84, 328),
    ("08", "ARDENNES", 44, 270),
    ("09", "ARIEGE", 76, 153),
    ("10", "AUBE", 44, 310),
    ("11", "AUDE", 76, 374),
    ("12", "AVEYRON", 76, 280),
    ("13", "BOUCHES-DU-RHONE", 93, 2034),
    ("14", "CALVADOS", 28, 695),
    ("15", "CANTAL", 84, 144),
    ("16", "CHARENTE", 75, 352),
    ("17", "CHARENTE-MARITIME", 75, 648),
    ("18", "CHER", 24, 303),
    ("19", "CORREZE", 75, 241),
    ("2A", "CORSE-DU-SUD", 94, 158),
    ("2B", "HAUTE-CORSE", 94, 179),
    ("21", "COTE-D'OR", 27, 534),
    ("22", "COTES-D'ARMOR", 53, 599),
    ("23", "CREUSE", 75, 117),
    ("24", "DORDOGNE", 75, 413),
    ("25", "DOUBS", 27, 541),
    ("26", "DROME", 84, 514),
    ("27", "EURE", 28, 601),
    ("28", "EURE-ET-LOIR", 24, 432),
    ("29", "FINISTERE", 53, 911),
    ("30", "GARD", 76, 745),
    ("31", "HAUTE-GARONNE", 76, 1388),
    ("32", "GERS", 76, 191),
    ("33", "GIRONDE", 75, 1602),
    ("34", "HERAULT", 76, 1160),
    ("35", "ILLE-ET-VILAINE", 53, 1072),
    ("36", "INDRE", 24, 220),
    ("37", "INDRE-ET-LOIRE", 24, 607),
    ("38", "ISERE", 84, 1264),
    ("39", "JURA", 27, 260),
    ("40", "LANDES", 75, 410),
    ("41", "LOIR-ET-CHER", 24, 331),
    ("42", "LOIRE", 84, 763),
    ("43", "HAUTE-LOIRE", 84, 227),
    ("44", "LOIRE-ATLANTIQUE", 52, 1412),
    ("45", "LOIRET", 24, 679),
    ("46", "LOT", 76, 174),
    ("47", "LOT-ET-GARONNE", 75, 332),
    ("48", "LOZERE", 76, 77),
    ("49", "MAINE-ET-LOIRE", 52, 814),
    ("50", "MANCHE", 28, 495),
    ("51", "MARNE", 44, 567),
    ("52", "HAUTE-MARNE", 44, 173),
    ("53", "MAYENNE", 52, 307),
    ("54", "MEURTHE-ET-MOSELLE", 44, 733),
    ("55", "MEUSE", 44, 185),
    ("56", "MORBIHAN", 53, 755),
    ("57", "MOSELLE", 44, 1044),
    ("58", "NIEVRE", 27, 205),
    ("59", "NORD", 32, 2604),
    ("60", "OISE", 32, 825),
    ("61", "ORNE", 28, 281),
    ("62", "PAS-DE-CALAIS", 32, 1466),
    ("63", "PUY-DE-DOME", 84, 657),
    ("64", "PYRENEES-ATLANTIQUES", 75, 680),
    ("65", "HAUTES-PYRENEES", 76, 228),
    ("66", "PYRENEES-ORIENTALES", 76, 476),
    ("67", "BAS-RHIN", 44, 1132),
    ("68", "HAUT-RHIN", 44, 763),
    ("69", "RHONE", 84, 1863),
    ("70", "HAUTE-SAONE", 27, 236),
    ("71", "SAONE-ET-LOIRE", 27, 552),
    ("72", "SARTHE", 52, 566),
    ("73", "SAVOIE", 84, 433),
    ("74", "HAUTE-SAVOIE", 84, 816),
    ("75", "PARIS", 11, 2165),
    ("76", "SEINE-MARITIME", 28, 1254),
    ("77", "SEINE-ET-MARNE", 11, 1412),
    ("78", "YVELINES", 11, 1442),
    ("79", "DEUX-SEVRES", 75, 374),
    ("80", "SOMME", 32, 571),
    ("81", "TARN", 76, 388),
    ("82", "TARN-ET-GARONNE", 76, 259),
    ("83", "VAR", 93, 1067),
    ("84", "VAUCLUSE", 93, 560),
    ("85", "VENDEE", 52, 678),
    ("86", "VIENNE", 75, 437),
    ("87", "HAUTE-VIENNE", 75, 373),
    ("88", "VOSGES", 44, 365),
    ("89", "YONNE", 27, 337),
    ("90", "TERRITOIRE DE BELFORT", 27, 142),
    ("91", "ESSONNE", 11, 1301),
    ("92", "HAUTS-DE-SEINE", 11, 1614),
    ("93", "SEINE-ST-DENIS", 11, 1644),
    ("94", "VAL-DE-MARNE", 11, 1397),
    ("95", "VAL-D'OISE", 11, 1237),
    ("971", "GUADELOUPE", 1, 384),
    ("972", "MARTINIQUE", 2, 364),
    ("973", "GUYANE", 3, 282),
    ("974", "REUNION", 4, 861),
    ("976", "MAYOTTE", 6, 270),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_departement_has_three_characters_and_an_office_of_nine() {
        for departement in Departement::all() {
            assert_eq!(departement.three().len(), 3);
            assert_eq!(departement.office().len(), 9);
        }
    }

    #[test]
    fn the_country_has_its_inhabitants_and_paris_its_share() {
        let total: u32 = Departement::all().map(Departement::thousands).sum();
        assert!((66_000..69_000).contains(&total), "{total}");
        let mut chance = Chance::of(1, 2);
        let draws = 20_000;
        let paris = (0..draws)
            .filter(|_| Departement::draw(&mut chance).code() == "75")
            .count();
        assert!((520..780).contains(&paris), "{paris} of {draws}");
    }
}
