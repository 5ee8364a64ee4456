//! The yearly tables of stays.

use super::Period;
use super::chance::Chance;
use super::city::add;
use super::output::{Halt, Output};
use super::people::with_file;
use super::person::Person;
use super::sheet::Sheet;
use super::stay::Stay;
use super::tables::{self, Discharge, Part};
use super::target::Target;
use crate::Error;
use std::rc::Rc;

/// Stays that a block of patients may have in a year: each counts from a number of its own.
const STAYS: u64 = 1_000_000;

/// The last year in which some hospital groups sent their stays twice.
const TWICE_UNTIL: i32 = 2017;

/// The tables of each year.
pub(super) struct Hospitals {
    years: Vec<Year>,
}

struct Year {
    year: i32,
    stays: (Sheet<Discharge>, Output),
    chaining: (Sheet<Discharge>, Output),
    diagnoses: (Sheet<Part>, Output),
    acts: (Sheet<Part>, Output),
    units: (Sheet<Part>, Output),
}

/// The stays of a block of patients, by the year they end in.
pub(super) struct Discharges {
    first_number: u64,
    years: Vec<(i32, Vec<Discharge>)>,
}

impl Hospitals {
    pub(super) fn start(target: &Target<'_>, period: &Period) -> Result<Self, Error> {
        let years = period
            .years()
            .map(|year| {
                Ok(Year {
                    year,
                    stays: with_file(tables::t_mco_b(target, year)?),
                    chaining: with_file(tables::t_mco_c(target, year)?),
                    diagnoses: with_file(tables::t_mco_d(target, year)?),
                    acts: with_file(tables::t_mco_a(target, year)?),
                    units: with_file(tables::t_mco_um(target, year)?),
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self { years })
    }

    /// The stays of a block, none yet.
    pub(super) fn discharges(&self, block: u64) -> Discharges {
        Discharges {
            first_number: block * STAYS,
            years: self
                .years
                .iter()
                .map(|year| (year.year, Vec::new()))
                .collect(),
        }
    }

    /// Writes the stays of a block.
    pub(super) fn write(&self, block: u64, discharges: &Discharges) -> Result<(), Halt> {
        for (year, (_, rows)) in self.years.iter().zip(&discharges.years) {
            let (sheet, output) = &year.stays;
            add(sheet, output, block, rows)?;
            let (sheet, output) = &year.chaining;
            add(sheet, output, block, rows)?;
            let (sheet, output) = &year.diagnoses;
            add(
                sheet,
                output,
                block,
                &parts(rows, |stay| stay.associated.len()),
            )?;
            let (sheet, output) = &year.acts;
            add(sheet, output, block, &parts(rows, |stay| stay.acts.len()))?;
            let (sheet, output) = &year.units;
            add(sheet, output, block, &parts(rows, |stay| stay.units.len()))?;
        }
        Ok(())
    }

    pub(super) fn outputs(&self) -> impl Iterator<Item = &Output> {
        self.years.iter().flat_map(|year| {
            [
                &year.stays.1,
                &year.chaining.1,
                &year.diagnoses.1,
                &year.acts.1,
                &year.units.1,
            ]
        })
    }

    pub(super) fn into_outputs(self) -> impl Iterator<Item = Output> {
        self.years.into_iter().flat_map(|year| {
            [
                year.stays.1,
                year.chaining.1,
                year.diagnoses.1,
                year.acts.1,
                year.units.1,
            ]
        })
    }
}

impl Discharges {
    /// Puts a stay into the year it ends in, and into it again where hospitals sent theirs twice.
    pub(super) fn add(&mut self, person: &Rc<Person>, stay: Stay, chance: &mut Chance) {
        let ends = stay.to.year();
        let Some((_, discharges)) = self.years.iter_mut().find(|(year, _)| *year == ends) else {
            return;
        };
        let stay = Rc::new(stay);
        let site = if ends <= TWICE_UNTIL {
            stay.hospital.finess_of_site(chance)
        } else {
            None
        };
        for site in std::iter::once(None).chain(site.map(Some)) {
            debug_assert!(
                (discharges.len() as u64) < STAYS - 1,
                "a block has too many stays"
            );
            discharges.push(Discharge {
                person: Rc::clone(person),
                stay: Rc::clone(&stay),
                number: self.first_number + discharges.len() as u64 + 1,
                site,
            });
        }
    }
}

fn parts(discharges: &[Discharge], count: impl Fn(&Stay) -> usize) -> Vec<Part> {
    discharges
        .iter()
        .flat_map(|discharge| {
            (0..count(&discharge.stay)).map(|place| Part {
                discharge: discharge.clone(),
                place,
            })
        })
        .collect()
}
