//! Stays in hospital.

use super::Period;
use super::chance::Chance;
use super::day::Day;
use super::health;
use super::person::Person;
use super::places::Departement;

/// One stay: a row of T_MCOaaB and T_MCOaaC, and one of T_MCOaaD for each associated diagnosis.
pub(super) struct Stay {
    pub(super) from: Day,
    pub(super) to: Day,
    pub(super) group: &'static str,
    pub(super) diagnosis: &'static str,
    pub(super) related: Option<&'static str>,
    pub(super) associated: Vec<&'static str>,
    /// Index of the département and number of the hospital in it.
    pub(super) hospital: (usize, u32),
    pub(super) died: bool,
}

/// All stays of a person that end in the period.
pub(super) fn stays(person: &Person, period: &Period, chance: &mut Chance) -> Vec<Stay> {
    let mut stays = Vec::new();
    for year in period.years() {
        let january = Day::new(year, 1, 1);
        let age = person.age(january.month());
        for disease in &person.diseases {
            for _ in 0..chance.about(disease.stays) {
                let (group, days) = chance.one(disease.groups);
                let diagnosis = chance.one(disease.codes);
                stays.push(Stay::draw(person, january, group, days, diagnosis, chance));
            }
            if let Some((share, group, diagnosis, sessions)) = disease.sessions
                && chance.yes(share)
            {
                for _ in 0..chance.about(sessions) {
                    let related = Some(disease.codes[0]);
                    let session = Stay::draw(person, january, group, 0, diagnosis, chance);
                    stays.push(Stay { related, ..session });
                }
            }
        }
        let others = match age {
            ..1 => 0.5,
            1..18 => 0.07,
            18..65 => 0.12,
            _ => 0.25,
        };
        for _ in 0..chance.about(others) {
            let (group, days, diagnosis) = health::other_stay(person.sex, age, chance);
            stays.push(Stay::draw(person, january, group, days, diagnosis, chance));
        }
    }
    stays
        .retain(|stay| stay.to < period.end() && person.death.is_none_or(|death| stay.to <= death));
    if let Some(death) = person.death
        && chance.yes(0.5)
    {
        stays.push(Stay::last(person, death, chance));
    }
    stays
}

impl Stay {
    fn draw(
        person: &Person,
        january: Day,
        group: &'static str,
        days: i32,
        diagnosis: &'static str,
        chance: &mut Chance,
    ) -> Self {
        let from = january.plus(chance.between(0, 364));
        let to = from.plus(if days == 0 {
            0
        } else {
            chance.between((days / 2).max(1), days * 2)
        });
        let associated = if days == 0 {
            chance.about(0.3)
        } else {
            chance.about(2.5)
        };
        // One stay in eight is far from home.
        let place = if chance.yes(0.12) {
            Departement::draw(chance)
        } else {
            person.departement
        };
        let hospital = (place, Departement::at(place).hospital(chance));
        let associated = (0..associated)
            .map(|_| chance.one(&health::ASSOCIATED))
            .collect();
        Self {
            from,
            to,
            group,
            diagnosis,
            related: None,
            associated,
            hospital,
            died: false,
        }
    }

    /// The stay that ends with death.
    fn last(person: &Person, death: Day, chance: &mut Chance) -> Self {
        let age = person.age(death.month());
        let (group, days, diagnosis) =
            match person.diseases.iter().find(|disease| disease.stays > 0.1) {
                Some(disease) => {
                    let (group, days) = chance.one(disease.groups);
                    (group, days, chance.one(disease.codes))
                }
                None => health::other_stay(person.sex, age.max(65), chance),
            };
        let stay = Self::draw(
            person,
            Day::new(death.year(), 1, 1),
            group,
            days,
            diagnosis,
            chance,
        );
        let from = death.plus(stay.from.0 - stay.to.0);
        Self {
            from,
            to: death,
            died: true,
            ..stay
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_end_in_the_period_and_by_death() {
        let period = Period::new(2019, 2);
        let (mut stays_seen, mut deaths, mut diabetes) = (0, 0, 0);
        for index in 0..4_000 {
            let (person, mut chance) = Person::draw(9, index, &period);
            for stay in stays(&person, &period, &mut chance) {
                assert!(stay.from <= stay.to);
                assert!((2019..=2020).contains(&stay.to.year()));
                assert!(person.death.is_none_or(|death| stay.to <= death));
                assert!(!stay.died || person.death == Some(stay.to));
                deaths += usize::from(stay.died);
                diabetes += usize::from(stay.diagnosis.starts_with("E11"));
                stays_seen += 1;
            }
        }
        assert!((1_000..4_000).contains(&stays_seen), "{stays_seen}");
        assert!(deaths > 10 && diabetes > 10, "{deaths} {diabetes}");
    }
}
