//! Stays in hospital.

use super::Period;
use super::acts;
use super::chance::Chance;
use super::day::Day;
use super::health;
use super::hospital::Hospital;
use super::person::Person;
use super::places::Departement;

/// One stay: a row of T_MCOaaB and T_MCOaaC, and rows of T_MCOaaD, A and UM for its diagnoses, acts and units.
pub(super) struct Stay {
    pub(super) from: Day,
    pub(super) to: Day,
    pub(super) group: &'static str,
    pub(super) diagnosis: &'static str,
    pub(super) related: Option<&'static str>,
    pub(super) associated: Vec<&'static str>,
    pub(super) acts: Vec<&'static str>,
    /// The principal diagnosis of each unit that the stay went through; one of them is the stay's.
    pub(super) units: Vec<&'static str>,
    pub(super) hospital: Hospital,
    pub(super) came: Mode,
    pub(super) left: Mode,
    pub(super) died: bool,
    /// Whether it could be told whose stay it is.
    pub(super) chained: bool,
}

/// `ENT_MOD` and `SOR_MOD`, as in MS_SOR_V.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// For an act that another hospital wants done.
    Service,
    Moved,
    Transferred,
    Home,
    Death,
}

impl Mode {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Service => "0",
            Self::Moved => "6",
            Self::Transferred => "7",
            Self::Home => "8",
            Self::Death => "9",
        }
    }

    fn draw(chance: &mut Chance) -> Self {
        [Self::Home, Self::Transferred, Self::Moved][chance.weighted([90_u32, 7, 3].into_iter())]
    }
}

/// The group of stays whose data contradict each other.
const ERROR_GROUP: &str = "90Z00Z";

/// All stays of a person that end in the period, by their first day.
pub(super) fn stays(person: &Person, period: &Period, chance: &mut Chance) -> Vec<Stay> {
    let mut stays = Vec::new();
    for year in period.years() {
        let january = Day::new(year, 1, 1);
        let age = person.age(january.month());
        for disease in &person.diseases {
            for _ in 0..chance.about(disease.stays) {
                let (group, days) = chance.skewed(disease.groups);
                let diagnosis = chance.skewed(disease.codes);
                let stay = Stay::draw(person, january, group, days, diagnosis, chance);
                let again = if disease.danger >= 2.0 { 0.16 } else { 0.06 };
                if days > 0 && chance.yes(again) {
                    stays.push(stay.again(person, days, chance));
                }
                stays.push(stay);
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
    one_at_a_time(stays)
}

/// Nobody is in two hospitals at once, but for sessions: the stay that began first goes on, or the one that ended with
/// death.
fn one_at_a_time(mut stays: Vec<Stay>) -> Vec<Stay> {
    stays.sort_by_key(|stay| (stay.from, stay.to));
    let mut kept: Vec<Stay> = Vec::with_capacity(stays.len());
    for stay in stays {
        let meets = |other: &Stay| !other.session() && other.to >= stay.from;
        if stay.died {
            kept.retain(|other| !meets(other));
        } else if !stay.session() && kept.iter().any(meets) {
            continue;
        }
        kept.push(stay);
    }
    kept
}

impl Stay {
    /// A session of dialysis or chemotherapy.
    pub(super) fn session(&self) -> bool {
        self.group.starts_with("28")
    }

    fn draw(
        person: &Person,
        january: Day,
        group: &'static str,
        days: i32,
        diagnosis: &'static str,
        chance: &mut Chance,
    ) -> Self {
        let from = january.plus(chance.between(0, 364));
        Self::starting(person, from, group, days, diagnosis, chance)
    }

    fn starting(
        person: &Person,
        from: Day,
        group: &'static str,
        days: i32,
        diagnosis: &'static str,
        chance: &mut Chance,
    ) -> Self {
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
        let hospital = Hospital::draw(place, chance);
        let associated = (0..associated)
            .map(|_| chance.skewed(&health::ASSOCIATED))
            .collect();
        let acts = acts::in_hospital(group, days, chance);
        let mut units = vec![diagnosis];
        if days > 3 && chance.yes(0.25) {
            // Emergencies first, for what was found there.
            units.insert(0, chance.skewed(&health::AT_FIRST));
        }
        let service = days == 0 && chance.yes(0.01);
        let (came, left) = if service {
            (Mode::Service, Mode::Service)
        } else {
            (Mode::draw(chance), Mode::draw(chance))
        };
        let group = if chance.yes(0.004) {
            ERROR_GROUP
        } else {
            group
        };
        Self {
            from,
            to,
            group,
            diagnosis,
            related: None,
            associated,
            acts,
            units,
            hospital,
            came,
            left,
            died: false,
            chained: !chance.yes(0.01),
        }
    }

    /// Back in the same hospital within the month.
    fn again(&self, person: &Person, days: i32, chance: &mut Chance) -> Self {
        let from = self.to.plus(chance.between(2, 28));
        let stay = Self::starting(person, from, self.group, days, self.diagnosis, chance);
        Self {
            hospital: self.hospital,
            ..stay
        }
    }

    /// The stay that ends with death.
    fn last(person: &Person, death: Day, chance: &mut Chance) -> Self {
        let age = person.age(death.month());
        let (group, days, diagnosis) =
            match health::deadliest(&person.diseases).filter(|disease| disease.stays > 0.1) {
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
            left: Mode::Death,
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
        let (mut stays_seen, mut deaths, mut diabetes, mut again) = (0, 0, 0, 0);
        for index in 0..4_000 {
            let (person, mut chance) = Person::draw(9, index, &period);
            let mut left = Day::NONE;
            for stay in stays(&person, &period, &mut chance) {
                if !stay.session() {
                    assert!(stay.from > left, "in two hospitals at once");
                    again += usize::from(left != Day::NONE && stay.from <= left.plus(30));
                    left = stay.to;
                }
                assert_eq!(stay.died, stay.left == Mode::Death);
                assert!(stay.units.contains(&stay.diagnosis));
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
        assert!(again > 20, "{again}");
    }
}
