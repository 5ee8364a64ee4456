//! The tables of people: who they are, their long-term illnesses, how they died.

use super::city::add;
use super::output::{Halt, Output};
use super::sheet::Sheet;
use super::tables::{self, Beneficiary, Death, Illness};
use super::target::Target;
use crate::Error;

/// The three tables, a file each.
pub(super) struct People {
    beneficiaries: (Sheet<Beneficiary>, Output),
    illnesses: (Sheet<Illness>, Output),
    deaths: (Sheet<Death>, Output),
}

/// What a block of patients has in each.
#[derive(Default)]
pub(super) struct Population {
    pub(super) beneficiaries: Vec<Beneficiary>,
    pub(super) illnesses: Vec<Illness>,
    pub(super) deaths: Vec<Death>,
}

impl People {
    pub(super) fn start(target: &Target<'_>) -> Result<Self, Error> {
        Ok(Self {
            beneficiaries: with_file(tables::ir_ben_r(target)?),
            illnesses: with_file(tables::ir_imb_r(target)?),
            deaths: with_file(tables::ki_cci_r(target)?),
        })
    }

    /// Writes the rows of a block.
    pub(super) fn write(&self, block: u64, rows: &Population) -> Result<(), Halt> {
        let (sheet, output) = &self.beneficiaries;
        add(sheet, output, block, &rows.beneficiaries)?;
        let (sheet, output) = &self.illnesses;
        add(sheet, output, block, &rows.illnesses)?;
        let (sheet, output) = &self.deaths;
        add(sheet, output, block, &rows.deaths)
    }

    pub(super) fn outputs(&self) -> [&Output; 3] {
        [&self.beneficiaries.1, &self.illnesses.1, &self.deaths.1]
    }

    pub(super) fn into_outputs(self) -> [Output; 3] {
        [self.beneficiaries.1, self.illnesses.1, self.deaths.1]
    }
}

/// A table of one file, or several if it is full.
pub(super) fn with_file<R>(sheet: Sheet<R>) -> (Sheet<R>, Output) {
    let output = sheet.output("0");
    (sheet, output)
}
