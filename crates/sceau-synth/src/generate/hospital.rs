//! Hospitals, and the numbers they go by.

use super::chance::Chance;
use super::places::Departement;
use super::short::Short;
use std::sync::LazyLock;

/// A hospital, by its number in its département. The first is the university's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Hospital {
    pub(super) departement: Departement,
    number: u32,
}

impl Hospital {
    /// One of a département's: half of the care is in the first.
    pub(super) fn draw(departement: Departement, chance: &mut Chance) -> Self {
        let number = if chance.yes(0.5) {
            0
        } else {
            chance.below(Self::count(departement))
        };
        Self {
            departement,
            number,
        }
    }

    /// How many hospitals it has: one for some 120,000 inhabitants.
    fn count(departement: Departement) -> u32 {
        1 + departement.thousands() / 120
    }

    /// A public one, or a clinic.
    pub(super) fn public(self) -> bool {
        self.number % 3 != 2
    }

    /// The university's.
    pub(super) fn university(self) -> bool {
        self.number == 0
    }

    /// Its nine-digit FINESS number.
    pub(super) fn finess(self) -> Short {
        self.eight().number(self.number % 10, 1)
    }

    /// The number without its last digit, as DCIR has it.
    pub(super) fn eight(self) -> Short {
        Short::new()
            .text(self.departement.two())
            .text(self.departement.third())
            .number(100 + self.number * 7, 5)
    }

    /// The number of a site under which stays of this hospital were sent a second time until 2017.
    pub(super) fn finess_of_site(self, chance: &mut Chance) -> Option<&'static str> {
        let group = match (self.university(), self.departement.code()) {
            (true, "75") => "APHP",
            (true, "13") => "APHM",
            (true, "69") => "HCL",
            _ => return None,
        };
        let sites = SITES.iter().find(|(name, _)| *name == group);
        sites.map(|(_, sites)| chance.one(sites))
    }
}

/// Sites of each hospital group.
static SITES: LazyLock<Vec<(&str, Vec<&str>)>> = LazyLock::new(|| {
    let lines = include_str!("finess_twice.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (group, sites) = line.split_once(' ')?;
            Some((group, sites.split(' ').collect()))
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn hospitals_have_numbers_of_their_own_with_nine_characters() {
        let mut seen = HashSet::new();
        for departement in Departement::all() {
            for number in 0..Hospital::count(departement) {
                let hospital = Hospital {
                    departement,
                    number,
                };
                let finess = hospital.finess();
                assert_eq!(finess.as_ref().len(), 9);
                assert!(finess.as_ref().starts_with(hospital.eight().as_ref()));
                assert!(seen.insert(finess.as_ref().to_owned()), "{finess:?} twice");
            }
        }
    }

    #[test]
    fn the_three_groups_that_sent_stays_twice_have_their_sites() {
        let mut chance = Chance::of(1, 1);
        for departement in Departement::all() {
            let hospital = Hospital {
                departement,
                number: 0,
            };
            let site = hospital.finess_of_site(&mut chance);
            let expected = ["75", "13", "69"].contains(&departement.code());
            assert_eq!(site.is_some(), expected);
            assert!(site.is_none_or(|site| site.len() == 9));
        }
        assert_eq!(SITES.len(), 3);
    }
}
