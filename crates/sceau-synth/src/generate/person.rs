//! Who the synthetic people are.

use super::Period;
use super::chance::Chance;
use super::day::{Day, Month};
use super::health::{self, Disease, Sex};
use super::places::Departement;
use super::professional::Professional;
use super::short::Short;

/// One beneficiary of the health insurance.
pub(super) struct Person {
    /// `BEN_NIR_PSA`, and `NIR_ANO_17` in the PMSI. Twins of one sex share it.
    pub(super) nir: String,
    /// What it was before some day: it is made from the insured person's, and changes with them.
    pub(super) earlier: Option<Earlier>,
    /// `BEN_RNG_GEM`: 2 for the second of twins.
    pub(super) rank: i64,
    /// `BEN_NIR_ANO`: nobody knows it of a person with a fictitious NIR.
    pub(super) known_nir: Option<String>,
    /// `ASS_NIR_ANO`: the insured person behind, a parent's for a child.
    pub(super) insured: String,
    /// `BEN_CDI_NIR`: `00` for a normal NIR.
    pub(super) nir_kind: &'static str,
    pub(super) sex: Sex,
    pub(super) born: Month,
    /// Where they live.
    pub(super) departement: Departement,
    /// The commune, in three characters.
    pub(super) commune: Short,
    /// The great scheme: 1 general, 2 farmers, 3 self-employed.
    pub(super) scheme: i64,
    /// Free complementary cover, help to buy one, or neither.
    pub(super) cover: Cover,
    /// The doctor they are registered with.
    pub(super) doctor: Option<Professional>,
    pub(super) diseases: Vec<&'static Disease>,
    pub(super) illnesses: Vec<LongTermIllness>,
    pub(super) death: Option<Day>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    Free,
    Helped,
    Other,
}

/// A recognised long-term illness (ALD).
pub(super) struct LongTermIllness {
    pub(super) number: i64,
    pub(super) code: &'static str,
    pub(super) start: Day,
    /// [`Day::NONE`] while it lasts.
    pub(super) end: Day,
}

/// A pseudo-NIR that someone had before the one of today.
#[derive(Clone)]
pub(super) struct Earlier {
    pub(super) nir: String,
    pub(super) insured: String,
    /// The first day of today's.
    pub(super) until: Day,
}

/// What twins have in common.
struct Birth {
    nir: String,
    earlier: Option<Earlier>,
    insured: String,
    sex: Sex,
    born: Month,
    departement: Departement,
    commune: Short,
}

impl Person {
    /// Person number `index`, and the stream their care is drawn from.
    pub(super) fn draw(seed: u64, index: u64, period: &Period) -> (Self, Chance) {
        let mut chance = Chance::of(seed, index);
        let own = Birth::draw(&mut chance, period);
        // Only people of odd number are second twins, so that no twin's twin is one.
        let twin = index % 2 == 1 && chance.yes(0.012);
        let birth = if twin {
            Birth::draw(&mut Chance::of(seed, index - 1), period)
        } else {
            own
        };
        let nir_kind = match chance.below(1_000) {
            0..3 => "04",
            3..5 => "03",
            5..6 => "08",
            _ => "00",
        };
        let known = nir_kind == "00";
        let age = period.age(birth.born);
        let cover = match chance.below(1_000) {
            0..80 => Cover::Free,
            80..105 => Cover::Helped,
            _ => Cover::Other,
        };
        let doctor = chance
            .yes(0.9)
            .then(|| Professional::doctor(birth.departement, 1, &mut chance));
        let scheme = [1, 2, 3][chance.weighted([88, 5, 7].into_iter())];
        let known_nir = known.then(|| chance.letters(17));
        let diseases = health::diseases(birth.sex, age, &mut chance);
        let mut illnesses: Vec<_> = diseases
            .iter()
            .filter_map(|disease| LongTermIllness::draw(disease, birth.born, period, &mut chance))
            .collect();
        let death = death(birth.born, &diseases, period, &mut chance);
        illnesses.retain(|illness| death.is_none_or(|death| illness.start <= death));
        let person = Self {
            nir: birth.nir,
            // Of somebody whose NIR is not known, nobody could tell that it is the same person.
            earlier: birth.earlier.filter(|_| known),
            rank: if twin { 2 } else { 1 },
            known_nir,
            insured: birth.insured,
            nir_kind,
            sex: birth.sex,
            born: birth.born,
            departement: birth.departement,
            commune: birth.commune,
            scheme,
            cover,
            doctor,
            diseases,
            illnesses,
            death,
        };
        (person, chance)
    }

    /// The pseudo-NIR that care of this day bears.
    pub(super) fn nir_on(&self, day: Day) -> &str {
        match &self.earlier {
            Some(earlier) if day < earlier.until => &earlier.nir,
            _ => &self.nir,
        }
    }

    /// `BEN_IDT_ANO`: the known NIR, else the other with its rank.
    pub(super) fn identifier(&self) -> String {
        match &self.known_nir {
            Some(known) => known.clone(),
            None => format!("{}{}", self.nir, self.rank),
        }
    }

    /// Age in whole years at the start of a month.
    pub(super) fn age(&self, month: Month) -> i32 {
        (month.0 - self.born.0).max(0) / 12
    }

    /// `BEN_AMA_COD`: years, but months after 1,000 for children under two.
    pub(super) fn age_code(&self, month: Month) -> i64 {
        let months = i64::from((month.0 - self.born.0).max(0));
        if months < 24 {
            1_000 + months
        } else {
            months / 12
        }
    }
}

impl Birth {
    fn draw(chance: &mut Chance, period: &Period) -> Self {
        /// Thousands of people by five years of age, 2019, and the women among 1,000 of them.
        const AGES: [(u32, u32); 20] = [
            (3600, 489),
            (4030, 489),
            (4150, 488),
            (4120, 488),
            (3700, 495),
            (3700, 505),
            (3950, 508),
            (4150, 508),
            (4000, 507),
            (4500, 505),
            (4400, 507),
            (4350, 513),
            (4100, 522),
            (3900, 527),
            (3400, 531),
            (2150, 549),
            (1850, 588),
            (1320, 645),
            (640, 715),
            (210, 790),
        ];
        let nir = chance.letters(17);
        let class = chance.weighted(AGES.iter().map(|(thousands, _)| *thousands));
        let sex = if chance.below(1_000) < AGES[class].1 {
            Sex::Female
        } else {
            Sex::Male
        };
        let months = i32::try_from(class).expect("twenty classes") * 60 + chance.between(0, 59);
        let departement = Departement::draw(chance);
        // Few communes have most of the people: a quarter lives in the largest four, and so on outwards.
        const RINGS: [u32; 4] = [4, 20, 80, 300];
        let communes = chance.one(&RINGS);
        let commune = 1 + chance.below(communes);
        let insured = chance.letters(17);
        let born = period.first.plus(-1 - months);
        let earlier = chance.yes(0.05).then(|| Earlier {
            nir: chance.letters(17),
            insured: chance.letters(17),
            until: period
                .first
                .first_day()
                .plus(chance.between(1, 30 * period.months)),
        });
        Self {
            nir,
            earlier,
            insured,
            sex,
            born,
            departement,
            commune: Short::new().number(commune, 3),
        }
    }
}

impl LongTermIllness {
    fn draw(disease: &Disease, born: Month, period: &Period, chance: &mut Chance) -> Option<Self> {
        let (number, share) = disease.ald?;
        if !chance.yes(share) {
            return None;
        }
        let latest = period.end().0 - 1;
        let earliest = born
            .first_day()
            .plus(31)
            .0
            .max(period.first.first_day().0 - 12 * 365)
            .min(latest);
        let start = Day(chance.between(earliest, latest));
        let end = if chance.yes(0.3) {
            start.plus(5 * 365)
        } else {
            Day::NONE
        };
        Some(Self {
            number,
            code: disease.codes[0],
            start,
            end,
        })
    }
}

/// The day of death, if it falls in the period.
fn death(born: Month, diseases: &[&Disease], period: &Period, chance: &mut Chance) -> Option<Day> {
    for year in period.years() {
        let january = Month::of(year, 1);
        let age = (january.0 - born.0).max(0) / 12;
        if chance.yes(health::death_rate(age, diseases)) {
            return Some(january.first_day().plus(chance.between(0, 364)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(count: u64) -> Vec<Person> {
        let period = Period::new(2019, 2);
        (0..count)
            .map(|index| Person::draw(5, index, &period).0)
            .collect()
    }

    #[test]
    fn twins_share_nir_sex_and_birth_and_differ_by_rank_and_known_nir() {
        let people = people(4_000);
        let mut twins = 0;
        for pair in people.chunks(2) {
            if pair[1].rank == 2 {
                twins += 1;
                assert_eq!((&pair[0].nir, pair[0].rank), (&pair[1].nir, 1));
                assert_eq!((pair[0].sex, pair[0].born), (pair[1].sex, pair[1].born));
                assert_ne!(pair[0].identifier(), pair[1].identifier());
            } else {
                assert_ne!(pair[0].nir, pair[1].nir);
            }
        }
        assert!((5..60).contains(&twins), "{twins}");
    }

    #[test]
    fn a_fictitious_nir_is_identified_by_itself_and_its_rank() {
        let people = people(4_000);
        let fictitious: Vec<_> = people
            .iter()
            .filter(|person| person.nir_kind != "00")
            .collect();
        assert!((5..60).contains(&fictitious.len()), "{}", fictitious.len());
        for person in fictitious {
            assert_eq!(
                person.identifier(),
                format!("{}{}", person.nir, person.rank)
            );
        }
    }

    #[test]
    fn the_population_looks_like_the_french() {
        let people = people(4_000);
        let period = Period::new(2019, 2);
        let share = |test: &dyn Fn(&Person) -> bool| {
            people.iter().filter(|person| test(person)).count() as f64 / people.len() as f64
        };
        let women = share(&|person| person.sex == Sex::Female);
        assert!((0.49..0.54).contains(&women), "{women}");
        let old = share(&|person| period.age(person.born) >= 65);
        assert!((0.17..0.24).contains(&old), "{old}");
        let diabetics = share(&|person| person.diseases.iter().any(|d| d.codes[0] == "E11"));
        assert!((0.04..0.08).contains(&diabetics), "{diabetics}");
        let dead = share(&|person| person.death.is_some());
        assert!((0.010..0.030).contains(&dead), "{dead}");
    }

    #[test]
    fn a_child_under_two_has_its_age_in_months() {
        let (mut person, _) = Person::draw(1, 1, &Period::new(2019, 1));
        person.born = Month::of(2018, 6);
        assert_eq!(person.age_code(Month::of(2019, 1)), 1_007);
        assert_eq!(person.age_code(Month::of(2020, 7)), 2);
        assert_eq!(person.age(Month::of(2020, 7)), 2);
    }
}
