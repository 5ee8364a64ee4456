//! Doctors, pharmacists and the others, and the numbers they go by.

use super::chance::Chance;
use super::places::Departement;
use super::short::Short;

/// A professional, by their number among those of their trade in a département.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Professional {
    pub(super) departement: Departement,
    trade: Trade,
    number: u16,
}

/// What the third digit of a professional's number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trade {
    Doctor = 1,
    Pharmacist = 2,
    Laboratory = 3,
    Dentist = 4,
    Nurse = 6,
    Physiotherapist = 7,
}

/// The first number of specialists; each specialty has the fifty that follow.
const SPECIALISTS: u16 = 5_000;
const OF_A_SPECIALTY: u16 = 50;

impl Professional {
    /// A doctor of a specialty (`IR_SPE_V`, 1 for general practice), those with much work more often.
    pub(super) fn doctor(departement: Departement, specialty: i64, chance: &mut Chance) -> Self {
        let thousands = departement.thousands();
        let number = if specialty == 1 {
            busy(thousands * 9 / 10, chance)
        } else {
            let first = SPECIALISTS + OF_A_SPECIALTY * specialty as u16;
            first + busy((thousands / 40).clamp(1, u32::from(OF_A_SPECIALTY)), chance)
        };
        Self {
            departement,
            trade: Trade::Doctor,
            number,
        }
    }

    /// One of another trade.
    pub(super) fn other(departement: Departement, trade: Trade, chance: &mut Chance) -> Self {
        let number = busy((departement.thousands() * 4 / 10).max(1), chance);
        Self {
            departement,
            trade,
            number,
        }
    }

    /// `IR_SPE_V`: a doctor's, else 0.
    pub(super) fn specialty(self) -> i64 {
        match self.trade {
            Trade::Doctor if self.number < SPECIALISTS => 1,
            Trade::Doctor => i64::from((self.number - SPECIALISTS) / OF_A_SPECIALTY),
            _ => 0,
        }
    }

    /// `IR_ACT_V`: the kind of a professional who is no doctor, else 0.
    pub(super) fn activity(self) -> i64 {
        match self.trade {
            Trade::Doctor => 0,
            Trade::Dentist => 19,
            Trade::Pharmacist => 50,
            Trade::Laboratory => 30,
            Trade::Nurse => 24,
            Trade::Physiotherapist => 26,
        }
    }

    /// The number, of eight characters.
    pub(super) fn id(self) -> Short {
        Short::new()
            .text(self.departement.two())
            .number(self.trade as u32, 1)
            .text(self.departement.third())
            .number(u32::from(self.number), 4)
    }

    /// Some fixed figure of theirs from 0 to `count` - 1.
    pub(super) fn trait_of(self, count: u32) -> u32 {
        let mixed = (u32::from(self.number) + 1).wrapping_mul(2_654_435_761);
        (mixed >> 16) % count
    }
}

/// Half of the care is given by a fifth of them.
fn busy(count: u32, chance: &mut Chance) -> u16 {
    let number = if chance.yes(0.4) {
        chance.below(count / 5 + 1)
    } else {
        chance.below(count)
    };
    number as u16
}

/// A set of professionals: one bit each.
pub(super) struct Professionals(Vec<u64>);

const TRADES: [Trade; 6] = [
    Trade::Doctor,
    Trade::Pharmacist,
    Trade::Laboratory,
    Trade::Dentist,
    Trade::Nurse,
    Trade::Physiotherapist,
];
const NUMBERS: usize = 10_000;

impl Professionals {
    pub(super) fn new() -> Self {
        let bits = Departement::all().count() * TRADES.len() * NUMBERS;
        Self(vec![0; bits.div_ceil(64)])
    }

    pub(super) fn add(&mut self, professional: Professional) {
        let trade = TRADES.iter().position(|trade| *trade == professional.trade);
        let place = professional.departement.place() * TRADES.len() + trade.unwrap_or(0);
        let bit = place * NUMBERS + usize::from(professional.number);
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    /// Adds all of another set.
    pub(super) fn join(&mut self, other: &Self) {
        for (bits, others) in self.0.iter_mut().zip(&other.0) {
            *bits |= others;
        }
    }

    /// All of them, in the order of their numbers within a département.
    pub(super) fn iter(&self) -> impl Iterator<Item = Professional> {
        Departement::all()
            .flat_map(|departement| TRADES.map(|trade| (departement, trade)))
            .enumerate()
            .flat_map(move |(place, (departement, trade))| {
                (0..NUMBERS)
                    .filter(move |number| {
                        let bit = place * NUMBERS + number;
                        (self.0[bit / 64] >> (bit % 64)) & 1 == 1
                    })
                    .map(move |number| Professional {
                        departement,
                        trade,
                        number: number as u16,
                    })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_eight_characters_and_tells_the_specialty() {
        let mut chance = Chance::of(1, 1);
        for departement in Departement::all() {
            for specialty in [1, 3, 42, 85] {
                let doctor = Professional::doctor(departement, specialty, &mut chance);
                assert_eq!(doctor.id().as_ref().len(), 8);
                assert_eq!(doctor.specialty(), specialty);
                assert_eq!(doctor.activity(), 0);
            }
            let nurse = Professional::other(departement, Trade::Nurse, &mut chance);
            assert_eq!((nurse.specialty(), nurse.activity()), (0, 24));
        }
    }

    #[test]
    fn a_set_gives_back_what_was_added_once_and_in_order() {
        let mut chance = Chance::of(1, 2);
        let (mut one, mut two) = (Professionals::new(), Professionals::new());
        let mut expected = Vec::new();
        for place in 0..200 {
            let departement = Departement::draw(&mut chance);
            let trade = chance.one(&TRADES);
            let professional = Professional::other(departement, trade, &mut chance);
            if place % 2 == 0 { &mut one } else { &mut two }.add(professional);
            expected.push(professional.id().as_ref().to_owned());
        }
        expected.sort();
        expected.dedup();
        one.join(&two);
        let mut found: Vec<_> = one
            .iter()
            .map(|professional| professional.id().as_ref().to_owned())
            .collect();
        found.sort();
        assert_eq!(found, expected);
    }
}
