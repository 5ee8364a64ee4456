//! Medicines that someone takes for years.

use super::Period;
use super::chance::Chance;
use super::person::Person;
use super::products::Catalogue;

/// A medicine and when it is taken.
pub(super) struct Treatment {
    pub(super) product: u16,
    /// Months between two boxes.
    pub(super) every: i32,
    pub(super) exempt: bool,
    /// Of the doctor who follows the disease.
    pub(super) specialty: i64,
    /// Months of the period, the last not included.
    from: i32,
    to: i32,
}

impl Treatment {
    /// All that the diseases of a person call for.
    pub(super) fn of(
        person: &Person,
        period: &Period,
        catalogue: &Catalogue,
        chance: &mut Chance,
    ) -> Vec<Self> {
        let mut treatments: Vec<Self> = Vec::new();
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
                    .any(|taken| catalogue.products[usize::from(taken.product)].atc == *atc);
                if known {
                    continue;
                }
                let (from, to) = months(period, chance);
                let large = catalogue.products[usize::from(product)].large;
                treatments.push(Self {
                    product,
                    every: if large { 3 } else { 1 },
                    exempt,
                    specialty: disease.specialty,
                    from,
                    to,
                });
            }
        }
        treatments
    }

    /// Whether a box is due in a month of the period.
    pub(super) fn due(&self, month: i32) -> bool {
        (self.from..self.to).contains(&month) && (month - self.from) % self.every == 0
    }
}

/// Most treatments last, some begin in the period, and some end early.
fn months(period: &Period, chance: &mut Chance) -> (i32, i32) {
    let last = period.months - 1;
    let from = if chance.yes(0.22) {
        chance.between(0, last)
    } else {
        0
    };
    let to = if chance.yes(0.12) {
        from + chance.between(1, 9)
    } else {
        period.months
    };
    (from, to)
}
