//! The yearly tables of stays.

use super::Period;
use super::person::Person;
use super::sheet::{Part, Sheet};
use super::stay::Stay;
use super::tables::{self, Diagnosis, Discharge};
use super::writers::{Halt, Writers};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// The three tables of each year.
pub(super) struct Stays {
    years: Vec<Year>,
}

struct Year {
    year: i32,
    stays: Sheet<Discharge>,
    stays_part: Part<Discharge>,
    chaining: Sheet<Discharge>,
    chaining_part: Part<Discharge>,
    diagnoses: Sheet<Diagnosis>,
    diagnoses_part: Part<Diagnosis>,
    /// Stays counted in each hospital so far.
    numbers: HashMap<(usize, u32), u64>,
}

impl Stays {
    pub(super) fn start(out: &Path, period: &Period, writers: &Writers) -> Result<Self, Halt> {
        let years = period
            .years()
            .map(|year| {
                let stays = tables::t_mco_b(out, year)?;
                let chaining = tables::t_mco_c(out, year)?;
                let diagnoses = tables::t_mco_d(out, year)?;
                Ok(Year {
                    year,
                    stays_part: stays.part("0", writers)?,
                    stays,
                    chaining_part: chaining.part("0", writers)?,
                    chaining,
                    diagnoses_part: diagnoses.part("0", writers)?,
                    diagnoses,
                    numbers: HashMap::new(),
                })
            })
            .collect::<Result<_, Halt>>()?;
        Ok(Self { years })
    }

    /// Writes a stay to the year it ends in.
    pub(super) fn discharge(&mut self, person: &Rc<Person>, stay: Stay) -> Result<(), Halt> {
        let ends = stay.to.year();
        let Some(year) = self.years.iter_mut().find(|year| year.year == ends) else {
            return Ok(());
        };
        let number = year.numbers.entry(stay.hospital).or_default();
        *number += 1;
        let discharge = Discharge {
            person: Rc::clone(person),
            stay: Rc::new(stay),
            number: *number,
        };
        for place in 0..discharge.stay.associated.len() {
            let diagnosis = Diagnosis {
                discharge: discharge.clone(),
                place,
            };
            year.diagnoses_part.add(&year.diagnoses, diagnosis)?;
        }
        year.stays_part.add(&year.stays, discharge.clone())?;
        year.chaining_part.add(&year.chaining, discharge)
    }

    /// Completes all files.
    pub(super) fn finish(self, count: &mut impl FnMut(String, u64)) -> Result<(), Halt> {
        for year in self.years {
            let name = |letter: char| format!("T_MCO{:02}{letter}", year.year % 100);
            count(name('B'), year.stays_part.finish(&year.stays)?);
            count(name('C'), year.chaining_part.finish(&year.chaining)?);
            count(name('D'), year.diagnoses_part.finish(&year.diagnoses)?);
        }
        Ok(())
    }
}
