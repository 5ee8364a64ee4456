//! The care a person gets outside hospital: visits, medicines, tests, one document at a time.

use super::Period;
use super::chance::Chance;
use super::day::{Day, Month};
use super::person::{Cover, Person};
use super::places::Departement;
use super::products::Catalogue;

/// One care form: what one professional did or handed out on one day.
pub(super) struct Document {
    pub(super) day: Day,
    pub(super) prescribed: Day,
    pub(super) doer: String,
    /// Specialty of a doctor, else 0.
    pub(super) specialty: i64,
    /// Kind of a professional who is no doctor (24 nurse, 26 physiotherapist, 50 pharmacist), else 0.
    pub(super) activity: i64,
    /// None for a visit that nobody prescribed.
    pub(super) prescriber: Option<Prescriber>,
    pub(super) lines: Vec<Line>,
}

/// Who prescribed.
#[derive(Clone)]
pub(super) struct Prescriber {
    pub(super) number: String,
    pub(super) specialty: i64,
}

/// One line of a form, which becomes one row of ER_PRS_F.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// `PRS_NAT_REF`.
    pub(super) nature: i64,
    /// 0 for an act, 2 for a supplement to it, which is no visit of its own.
    pub(super) supplement: i64,
    /// The medicine, which becomes a row of ER_PHA_F.
    pub(super) product: Option<usize>,
    pub(super) quantity: i64,
    /// What one costs, and what is asked beyond the tariff for all, in cents.
    pub(super) price: i64,
    pub(super) excess: i64,
    /// Percent reimbursed.
    pub(super) rate: i64,
    /// `EXO_MTF`: 42 for care of a long-term illness.
    pub(super) exemption: i64,
}

/// A medicine someone takes for years.
struct Treatment {
    product: usize,
    /// Months between two boxes.
    every: i32,
    exempt: bool,
    specialty: i64,
}

/// All documents of a person, in the order of months.
pub(super) fn documents(
    person: &Person,
    period: &Period,
    catalogue: &Catalogue,
    chance: &mut Chance,
) -> Vec<Document> {
    let home = Departement::at(person.departement);
    let treatments = treatments(person, catalogue, chance);
    let pharmacist = home.professional(2, chance);
    let doctor = match &person.doctor {
        Some(doctor) => doctor.clone(),
        None => home.professional(1, chance),
    };
    let mut documents = Vec::new();
    for month in period.months() {
        let age = person.age(month);
        if period.first.plus(month.0 - period.first.0).0 < person.born.0 {
            continue;
        }
        let mut care = Care {
            person,
            month,
            chance,
            documents: &mut documents,
        };
        care.visits(age, &doctor, &home, catalogue, &pharmacist);
        care.boxes(&treatments, &doctor, &pharmacist, catalogue, period);
        care.specialists(&home);
        care.others(age, &doctor, &home);
    }
    documents
}

fn treatments(person: &Person, catalogue: &Catalogue, chance: &mut Chance) -> Vec<Treatment> {
    let mut treatments: Vec<Treatment> = Vec::new();
    for disease in &person.diseases {
        let exempt = person
            .illnesses
            .iter()
            .any(|illness| illness.code == disease.codes[0]);
        for (atc, share) in disease.medicines {
            if !chance.yes(*share) {
                continue;
            }
            let product = catalogue.of_class(atc, chance);
            // Two diseases may call for one medicine: it is taken once.
            let known = treatments
                .iter()
                .any(|taken| catalogue.products[taken.product].atc == *atc);
            if !known {
                let every = if catalogue.products[product].large {
                    3
                } else {
                    1
                };
                treatments.push(Treatment {
                    product,
                    every,
                    exempt,
                    specialty: disease.specialty,
                });
            }
        }
    }
    treatments
}

/// The care of one person in one month.
struct Care<'p> {
    person: &'p Person,
    month: Month,
    chance: &'p mut Chance,
    documents: &'p mut Vec<Document>,
}

impl Care<'_> {
    /// To the general practitioner, and to the pharmacist with what was prescribed for acute trouble.
    fn visits(
        &mut self,
        age: i32,
        doctor: &str,
        home: &Departement,
        catalogue: &Catalogue,
        pharmacist: &str,
    ) {
        let mean = match age {
            ..3 => 0.55,
            3..16 => 0.22,
            16..50 => 0.25,
            50..75 => 0.32,
            _ => 0.45,
        } + 0.03 * self.person.diseases.len() as f64;
        for _ in 0..self.chance.about(mean) {
            let day = self.day();
            let stranger = self.chance.yes(0.12);
            let doer = if stranger {
                home.professional(1, self.chance)
            } else {
                doctor.to_owned()
            };
            let home_visit = age > 75 && self.chance.yes(0.3);
            let nature = if home_visit { 1211 } else { 1111 };
            let mut lines = vec![self.act(nature, 1, 2_500, 70)];
            if age < 6 || home_visit {
                lines.push(Line {
                    supplement: 2,
                    ..self.act(1107, 1, if home_visit { 1_000 } else { 500 }, 70)
                });
            }
            self.add(day, &doer, 1, 0, None, lines);
            let lines: Vec<_> = (0..self.chance.about(0.9))
                .map(|_| {
                    let product = catalogue.acute(self.chance);
                    let quantity = 1 + i64::from(self.chance.below(2));
                    self.medicine(product, quantity, false, catalogue)
                })
                .collect();
            let prescriber = Prescriber {
                number: doer,
                specialty: 1,
            };
            if !lines.is_empty() {
                let delay = if self.chance.yes(0.9) { 0 } else { 1 };
                self.dispense(day, day.plus(delay), prescriber, pharmacist, lines);
            }
        }
    }

    /// The month's boxes of what is taken for years.
    fn boxes(
        &mut self,
        treatments: &[Treatment],
        doctor: &str,
        pharmacist: &str,
        catalogue: &Catalogue,
        period: &Period,
    ) {
        let due = |treatment: &&Treatment| (self.month.0 - period.first.0) % treatment.every == 0;
        let due: Vec<_> = treatments.iter().filter(due).collect();
        if due.is_empty() || !self.chance.yes(0.88) {
            return;
        }
        let day = self.day();
        let mut lines = Vec::new();
        for treatment in &due {
            if self.chance.yes(0.95) {
                lines.push(self.medicine(treatment.product, 1, treatment.exempt, catalogue));
            }
        }
        if lines.is_empty() {
            return;
        }
        let by_specialist = self.chance.yes(0.15);
        let prescriber = if by_specialist {
            let number = Departement::at(self.person.departement).professional(1, self.chance);
            Prescriber {
                number,
                specialty: due[0].specialty,
            }
        } else {
            Prescriber {
                number: doctor.to_owned(),
                specialty: 1,
            }
        };
        let prescribed = day.plus(-self.chance.between(0, 75));
        self.dispense(prescribed, day, prescriber, pharmacist, lines);
    }

    fn specialists(&mut self, home: &Departement) {
        let mean = 0.05 + 0.015 * self.person.diseases.len() as f64;
        for _ in 0..self.chance.about(mean) {
            let follows = !self.person.diseases.is_empty() && self.chance.yes(0.5);
            let specialty = if follows {
                self.chance.one(&self.person.diseases).specialty
            } else {
                self.chance.one(&[5, 7, 11, 15, 15, 33])
            };
            let day = self.day();
            let doer = home.professional(1, self.chance);
            let excess = if self.chance.yes(0.4) {
                500 * i64::from(1 + self.chance.below(8))
            } else {
                0
            };
            let line = Line {
                excess,
                ..self.act(1112, 1, 2_300, 70)
            };
            self.add(day, &doer, specialty, 0, None, vec![line]);
        }
    }

    /// Tests, nurses, physiotherapists, dentists.
    fn others(&mut self, age: i32, doctor: &str, home: &Departement) {
        let prescriber = || {
            Some(Prescriber {
                number: doctor.to_owned(),
                specialty: 1,
            })
        };
        let sick = self.person.diseases.len() as f64;
        if self.chance.yes(0.04 + 0.025 * sick) {
            let quantity = i64::from(20 + self.chance.below(180));
            let line = self.act(3211, quantity, 27, 60);
            let (day, doer) = (self.day(), home.professional(3, self.chance));
            self.add(day, &doer, 0, 30, prescriber(), vec![line]);
        }
        if self.chance.yes(if age > 75 { 0.1 } else { 0.015 }) {
            let quantity = i64::from(1 + self.chance.below(8));
            let line = self.act(3111, quantity, 315, 60);
            let (day, doer) = (self.day(), home.professional(6, self.chance));
            self.add(day, &doer, 0, 24, prescriber(), vec![line]);
        }
        if self.chance.yes(0.02) {
            let line = self.act(3125, 8, 215, 60);
            let (day, doer) = (self.day(), home.professional(7, self.chance));
            self.add(day, &doer, 0, 26, prescriber(), vec![line]);
        }
        if self.chance.yes(0.025) {
            let line = self.act(1451, 1, 2_892, 70);
            let (day, doer) = (self.day(), home.professional(4, self.chance));
            self.add(day, &doer, 19, 0, None, vec![line]);
        }
    }

    fn day(&mut self) -> Day {
        let first = self.month.first_day();
        first.plus(self.chance.between(0, 27))
    }

    fn act(&self, nature: i64, quantity: i64, price: i64, rate: i64) -> Line {
        let line = Line {
            nature,
            supplement: 0,
            product: None,
            quantity,
            price,
            excess: 0,
            rate,
            exemption: 0,
        };
        if self.exempt() {
            Line {
                rate: 100,
                exemption: 42,
                ..line
            }
        } else {
            line
        }
    }

    fn medicine(&self, product: usize, quantity: i64, exempt: bool, catalogue: &Catalogue) -> Line {
        let price = catalogue.products[product].price_cents;
        let line = Line {
            nature: 3313,
            supplement: 0,
            product: Some(product),
            quantity,
            price,
            excess: 0,
            rate: 65,
            exemption: 0,
        };
        if exempt {
            Line {
                rate: 100,
                exemption: 42,
                ..line
            }
        } else {
            line
        }
    }

    /// Whether acts are paid whole, for most of the care of someone with a long-term illness.
    fn exempt(&self) -> bool {
        !self.person.illnesses.is_empty() || self.person.cover == Cover::Free
    }

    fn dispense(
        &mut self,
        prescribed: Day,
        day: Day,
        prescriber: Prescriber,
        pharmacist: &str,
        lines: Vec<Line>,
    ) {
        let from = self.documents.len();
        self.add(day, pharmacist, 0, 50, Some(prescriber), lines);
        if let Some(document) = self.documents.get_mut(from) {
            document.prescribed = prescribed;
        }
    }

    /// Keeps the document unless the person is dead by then.
    fn add(
        &mut self,
        day: Day,
        doer: &str,
        specialty: i64,
        activity: i64,
        prescriber: Option<Prescriber>,
        lines: Vec<Line>,
    ) {
        if self.person.death.is_none_or(|death| day <= death) {
            self.documents.push(Document {
                day,
                prescribed: day,
                doer: doer.to_owned(),
                specialty,
                activity,
                prescriber,
                lines,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn care_lies_in_the_period_and_ends_with_death() {
        let period = Period::new(2019, 2);
        let catalogue = Catalogue::read();
        let (mut lines, mut dead) = (0, 0);
        for index in 0..2_000 {
            let (person, mut chance) = Person::draw(3, index, &period);
            for document in documents(&person, &period, &catalogue, &mut chance) {
                assert!(
                    document.day >= Day::new(2019, 1, 1) && document.day <= Day::new(2020, 12, 31)
                );
                assert!(document.prescribed <= document.day);
                assert!(person.death.is_none_or(|death| document.day <= death));
                assert!(!document.lines.is_empty());
                lines += document.lines.len();
            }
            dead += usize::from(person.death.is_some());
        }
        assert!(dead > 5);
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
            let documents = documents(&person, &period, &catalogue, &mut chance);
            let boxes = documents
                .iter()
                .flat_map(|document| &document.lines)
                .filter(|line| {
                    line.product
                        .is_some_and(|product| catalogue.products[product].atc.starts_with("A10"))
                });
            treated += usize::from(boxes.count() >= 3);
        }
        assert!(treated * 10 > diabetics * 7, "{treated} of {diabetics}");
    }
}
