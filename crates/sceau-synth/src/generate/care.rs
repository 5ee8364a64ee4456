//! The care a person gets outside a stay in hospital: visits, medicines, tests, one document at a time.

use super::Period;
use super::acts::{self, ACTS};
use super::chance::Chance;
use super::day::{Day, Month};
use super::document::{Detail, Document, Line};
use super::hospital::Hospital;
use super::person::{Cover, Person};
use super::places::Departement;
use super::products::Catalogue;
use super::professional::{Professional, Trade};
use super::treatment::Treatment;
use std::rc::Rc;

/// What `DPN_QLF` says of care in a public hospital, which the PMSI tells too.
const FOR_INFORMATION: i64 = 71;

/// All documents of a person, in the order of months.
pub(super) fn documents(
    person: &Rc<Person>,
    period: &Period,
    catalogue: &Catalogue,
    chance: &mut Chance,
) -> Vec<Document> {
    let home = person.departement;
    let treatments = Treatment::of(person, period, catalogue, chance);
    let pharmacist = Professional::other(home, Trade::Pharmacist, chance);
    let doctor = match person.doctor {
        Some(doctor) => doctor,
        None => Professional::doctor(home, 1, chance),
    };
    let mut documents = Vec::new();
    for (place, month) in period.months().enumerate() {
        let dead = |death: Day| death < month.first_day();
        if month < person.born || person.death.is_some_and(dead) {
            continue;
        }
        let mut care = Care {
            person,
            home,
            doctor,
            pharmacist,
            catalogue,
            month,
            age: person.age(month),
            chance,
            documents: &mut documents,
        };
        care.visits();
        care.boxes(&treatments, place as i32);
        care.specialists();
        care.acts();
        care.others();
    }
    documents
}

/// The care of one person in one month.
struct Care<'p> {
    person: &'p Rc<Person>,
    home: Departement,
    doctor: Professional,
    pharmacist: Professional,
    catalogue: &'p Catalogue,
    month: Month,
    age: i32,
    chance: &'p mut Chance,
    documents: &'p mut Vec<Document>,
}

impl Care<'_> {
    /// To the general practitioner, and to the pharmacist with what was prescribed for acute trouble.
    fn visits(&mut self) {
        let mean = match self.age {
            ..3 => 0.55,
            3..16 => 0.22,
            16..50 => 0.25,
            50..75 => 0.32,
            _ => 0.45,
        } + 0.03 * self.sick();
        for _ in 0..self.chance.about(mean) {
            let day = self.day();
            let doer = if self.chance.yes(0.12) {
                Professional::doctor(self.home, 1, self.chance)
            } else {
                self.doctor
            };
            let at_home = self.age > 75 && self.chance.yes(0.3);
            let nature = if at_home { 1211 } else { 1111 };
            let mut lines = vec![self.act(nature, 1, 2_500, 70)];
            if self.age < 6 || at_home {
                let (supplement, price) = if at_home { (1841, 1_000) } else { (1903, 500) };
                lines.push(Line {
                    supplement_to: nature,
                    ..self.act(supplement, 1, price, 70)
                });
            }
            self.add(day, doer, None, lines);
            let lines: Vec<_> = (0..self.chance.about(0.9))
                .map(|_| {
                    let product = self.catalogue.acute(self.chance);
                    let quantity = 1 + self.chance.below(2) as i16;
                    self.medicine(product, quantity, false)
                })
                .collect();
            if !lines.is_empty() {
                let delay = if self.chance.yes(0.9) { 0 } else { 1 };
                self.dispense(day, day.plus(delay), doer, lines);
            }
        }
    }

    /// The month's boxes of what is taken for years.
    fn boxes(&mut self, treatments: &[Treatment], month: i32) {
        let due: Vec<_> = treatments
            .iter()
            .filter(|treatment| treatment.due(month))
            .collect();
        if due.is_empty() || !self.chance.yes(0.88) {
            return;
        }
        let day = self.day();
        let mut lines = Vec::new();
        for treatment in &due {
            if self.chance.yes(0.95) {
                lines.push(self.medicine(treatment.product, 1, treatment.exempt));
            }
        }
        if lines.is_empty() {
            return;
        }
        let prescriber = if self.chance.yes(0.15) {
            Professional::doctor(self.home, due[0].specialty, self.chance)
        } else {
            self.doctor
        };
        let prescribed = day.plus(-self.chance.between(0, 75));
        self.dispense(prescribed, day, prescriber, lines);
    }

    fn specialists(&mut self) {
        for _ in 0..self.chance.about(0.05 + 0.015 * self.sick()) {
            let follows = !self.person.diseases.is_empty() && self.chance.yes(0.5);
            let specialty = if follows {
                self.chance.one(&self.person.diseases).specialty
            } else {
                self.chance.one(&[5, 7, 11, 15, 15, 33])
            };
            let day = self.day();
            let hospital = self.hospital(0.25);
            let doer = Professional::doctor(self.home, specialty, self.chance);
            let excess =
                if hospital.is_none_or(|hospital| !hospital.public()) && self.chance.yes(0.4) {
                    500 * (1 + self.chance.below(8) as i32)
                } else {
                    0
                };
            let line = Line {
                excess,
                ..self.act(1112, 1, 2_300, 70)
            };
            self.add(day, doer, None, vec![line]);
            self.in_hospital(hospital);
        }
    }

    /// Technical acts, imaging, small surgery.
    fn acts(&mut self) {
        let mean = if self.age < 16 { 0.01 } else { 0.035 } + 0.015 * self.sick();
        for _ in 0..self.chance.about(mean) {
            let act = acts::in_town(self.chance);
            let known = &ACTS[usize::from(act)];
            let line = Line {
                detail: Detail::Act(act),
                ..self.act(known.nature, 1, known.price, 70)
            };
            let day = self.day();
            let hospital = self.hospital(0.3);
            let doer = Professional::doctor(self.home, known.specialty, self.chance);
            let prescriber = self.chance.yes(0.6).then_some(self.doctor);
            self.add(day, doer, prescriber, vec![line]);
            self.in_hospital(hospital);
        }
    }

    /// Tests, nurses, physiotherapists, dentists.
    fn others(&mut self) {
        let prescriber = Some(self.doctor);
        if self.chance.yes(0.04 + 0.025 * self.sick()) {
            let quantity = 20 + self.chance.below(180) as i16;
            let line = self.act(3211, quantity, 27, 60);
            self.seen_by(Trade::Laboratory, prescriber, line);
        }
        if self.chance.yes(if self.age > 75 { 0.1 } else { 0.015 }) {
            let quantity = 1 + self.chance.below(8) as i16;
            let line = self.act(3111, quantity, 315, 60);
            self.seen_by(Trade::Nurse, prescriber, line);
        }
        if self.chance.yes(0.02) {
            let line = self.act(3125, 8, 215, 60);
            self.seen_by(Trade::Physiotherapist, prescriber, line);
        }
        if self.chance.yes(0.025) {
            let line = self.act(1451, 1, 2_892, 70);
            self.seen_by(Trade::Dentist, None, line);
        }
    }

    fn seen_by(&mut self, trade: Trade, prescriber: Option<Professional>, line: Line) {
        let day = self.day();
        let doer = Professional::other(self.home, trade, self.chance);
        self.add(day, doer, prescriber, vec![line]);
    }

    fn sick(&self) -> f64 {
        self.person.diseases.len() as f64
    }

    fn day(&mut self) -> Day {
        let first = self.month.first_day();
        first.plus(self.chance.between(0, 27))
    }

    /// A hospital for this share of care.
    fn hospital(&mut self, share: f64) -> Option<Hospital> {
        self.chance
            .yes(share)
            .then(|| Hospital::draw(self.home, self.chance))
    }

    fn act(&self, nature: i16, quantity: i16, price: i32, rate: u8) -> Line {
        let line = Line {
            nature,
            supplement_to: 0,
            detail: Detail::None,
            quantity,
            price,
            excess: 0,
            rate,
            exemption: 0,
        };
        // Most of the care of someone with a long-term illness is paid whole.
        if !self.person.illnesses.is_empty() || self.person.cover == Cover::Free {
            exempt(line)
        } else {
            line
        }
    }

    fn medicine(&self, product: u16, quantity: i16, is_exempt: bool) -> Line {
        let line = Line {
            nature: 3313,
            supplement_to: 0,
            detail: Detail::Medicine(product),
            quantity,
            price: self.catalogue.products[usize::from(product)].price_cents as i32,
            excess: 0,
            rate: 65,
            exemption: 0,
        };
        if is_exempt { exempt(line) } else { line }
    }

    /// What a pharmacist hands out, or now and then the one of a hospital.
    fn dispense(&mut self, prescribed: Day, day: Day, prescriber: Professional, lines: Vec<Line>) {
        let hospital = self.hospital(0.01);
        let before = self.documents.len();
        self.add(day, self.pharmacist, Some(prescriber), lines);
        if let Some(document) = self.documents.get_mut(before) {
            document.prescribed = prescribed;
            if hospital.is_some() {
                for line in &mut document.lines {
                    line.nature = 3317;
                }
            }
        }
        if self.documents.len() > before {
            self.in_hospital(hospital);
        }
    }

    /// Says of the last document where it was.
    fn in_hospital(&mut self, hospital: Option<Hospital>) {
        let (Some(hospital), Some(document)) = (hospital, self.documents.last_mut()) else {
            return;
        };
        document.hospital = Some(hospital);
        if hospital.public() {
            document.qualifier = Some(FOR_INFORMATION);
        }
    }

    /// Keeps the document unless the person is dead by then.
    fn add(
        &mut self,
        day: Day,
        doer: Professional,
        prescriber: Option<Professional>,
        lines: Vec<Line>,
    ) {
        if self.person.death.is_none_or(|death| day <= death) {
            let qualifier = if self.chance.yes(0.3) { None } else { Some(0) };
            self.documents.push(Document {
                person: Rc::clone(self.person),
                day,
                prescribed: day,
                doer,
                prescriber,
                hospital: None,
                qualifier,
                lines,
            });
        }
    }
}

fn exempt(line: Line) -> Line {
    Line {
        rate: 100,
        exemption: 42,
        ..line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn care_lies_in_the_period_and_ends_with_death() {
        let period = Period::new(2019, 2);
        let catalogue = Catalogue::read();
        let (mut lines, mut dead, mut in_hospital) = (0, 0, 0);
        for index in 0..2_000 {
            let (person, mut chance) = Person::draw(3, index, &period);
            let person = Rc::new(person);
            for document in documents(&person, &period, &catalogue, &mut chance) {
                assert!(
                    document.day >= Day::new(2019, 1, 1) && document.day <= Day::new(2020, 12, 31)
                );
                assert!(document.prescribed <= document.day);
                assert!(person.death.is_none_or(|death| document.day <= death));
                assert!(!document.lines.is_empty());
                let public = document.hospital.is_some_and(Hospital::public);
                assert_eq!(public, document.qualifier == Some(FOR_INFORMATION));
                lines += document.lines.len();
                in_hospital += usize::from(document.hospital.is_some());
            }
            dead += usize::from(person.death.is_some());
        }
        assert!(dead > 5);
        assert!(in_hospital > 500, "{in_hospital}");
        // Some thirty lines a person in two years.
        assert!((40_000..80_000).contains(&lines), "{lines}");
    }

    #[test]
    fn most_diabetics_are_given_something_for_it_every_month() {
        let period = Period::new(2019, 1);
        let catalogue = Catalogue::read();
        let (mut diabetics, mut treated) = (0, 0);
        for index in 0..3_000 {
            let (person, mut chance) = Person::draw(3, index, &period);
            if person.death.is_some() || !person.diseases.iter().any(|d| d.codes[0] == "E11") {
                continue;
            }
            diabetics += 1;
            let documents = documents(&Rc::new(person), &period, &catalogue, &mut chance);
            let lines = documents.iter().flat_map(|document| &document.lines);
            let boxes = lines.filter(|line| match line.detail {
                Detail::Medicine(product) => catalogue.products[usize::from(product)]
                    .atc
                    .starts_with("A10"),
                _ => false,
            });
            treated += usize::from(boxes.count() >= 3);
        }
        assert!(treated * 10 > diabetics * 7, "{treated} of {diabetics}");
    }
}
