//! Made-up people and their care, in the SNDS's tables.
//!
//! One patient is drawn at a time, from a stream of random numbers of their own, and their rows go at once to the files
//! they belong to: one for each month of flow of ER_PRS_F and ER_PHA_F, one for each year of the stays. So memory does
//! not grow with the number of patients, and a patient is the same whatever number comes after.

mod care;
mod chance;
mod day;
mod flow;
mod health;
mod person;
mod places;
mod products;
mod sheet;
mod stay;
mod stays;
mod tables;
mod values;
mod writers;

use crate::Error;
use day::{Day, Month};
use flow::Flow;
use person::Person;
use products::Catalogue;
use sheet::{Part, Sheet};
use stays::Stays;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use tables::{Beneficiary, Death, Illness};
use writers::{Halt, Writers};

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateOptions {
    /// How many people; each is one row of IR_BEN_R and some thirty of ER_PRS_F.
    pub patients: u64,
    /// Same seed, same bytes.
    pub seed: u64,
    /// The first year of care.
    pub first_year: u16,
    /// How many years of care, from 1 to 20.
    pub years: u16,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            patients: 1_000,
            seed: 1,
            first_year: 2019,
            years: 2,
        }
    }
}

/// What was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of each table, by its name.
    pub tables: BTreeMap<String, u64>,
}

impl Summary {
    /// The rows of one table, 0 if it was not made.
    pub fn rows(&self, table: &str) -> u64 {
        self.tables.get(table).copied().unwrap_or(0)
    }
}

/// Writes synthetic IR_BEN_R, ER_PRS_F, ER_PHA_F, IR_PHA_R, IR_IMB_R, KI_CCI_R and, for each year, T_MCO`aa`B, C and D
/// below `out`, one folder a table. ER_PRS_F and ER_PHA_F have a file for each month of flow (`part-2019-02.parquet`,
/// and `part-2019-02-2.parquet` when that is full), the others `part-0.parquet`.
///
/// All columns of the data model are there but those that only a project's extraction has (`NUM_ENQ`, `PFS_EXE_NUM_C`
/// and its like); the ones that nothing here needs are NULL. The tables join by their real keys.
///
/// ```
/// use sceau_synth::{GenerateOptions, generate};
///
/// let out = tempfile::tempdir()?;
/// let options = GenerateOptions { patients: 20, years: 1, ..GenerateOptions::default() };
/// let summary = generate(&options, out.path())?;
/// assert_eq!(summary.rows("T_MCO19B"), summary.rows("T_MCO19C"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If a folder of these tables already holds Parquet files, and if a file cannot be written.
pub fn generate(options: &GenerateOptions, out: &Path) -> Result<Summary, Error> {
    generate_with_progress(options, out, &mut |_| {})
}

/// As [`generate`], and tells from time to time how many patients are done.
///
/// # Errors
///
/// As [`generate`].
pub fn generate_with_progress(
    options: &GenerateOptions,
    out: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, Error> {
    if !(1..=20).contains(&options.years) || !(2006..=2079).contains(&options.first_year) {
        return Err(Error::Options(
            "years: from 1 to 20, the first from 2006 to 2079".to_owned(),
        ));
    }
    let writers = Writers::start();
    match write(options, out, progress, &writers) {
        Ok(summary) => writers.join().map(|()| summary),
        Err(Halt::Error(error)) => Err(error),
        Err(Halt::Writer) => match writers.join() {
            Err(error) => Err(error),
            Ok(()) => unreachable!("a thread stops early only with an error"),
        },
    }
}

fn write(
    options: &GenerateOptions,
    out: &Path,
    progress: &mut dyn FnMut(u64),
    writers: &Writers,
) -> Result<Summary, Halt> {
    let period = Period::new(i32::from(options.first_year), i32::from(options.years));
    let catalogue = Catalogue::read();
    let mut flow = Flow::start(out, &period, writers)?;
    let mut stays = Stays::start(out, &period, writers)?;
    let mut people = Table::start(tables::ir_ben_r(out)?, writers)?;
    let mut illnesses = Table::start(tables::ir_imb_r(out)?, writers)?;
    let mut deaths = Table::start(tables::ki_cci_r(out)?, writers)?;
    let mut medicines = Table::start(tables::ir_pha_r(out)?, writers)?;

    for index in 0..options.patients {
        let (person, mut chance) = Person::draw(options.seed, index, &period);
        let person = Rc::new(person);
        let mut last = Day::NONE;
        for document in care::documents(&person, &period, &catalogue, &mut chance) {
            last = last.max(flow.send(&person, document, &catalogue, &mut chance)?);
        }
        let mut in_hospital = false;
        for stay in stay::stays(&person, &period, &mut chance) {
            in_hospital |= stay.died;
            stays.discharge(&person, stay)?;
        }
        for place in 0..person.illnesses.len() {
            illnesses.add(Illness {
                person: Rc::clone(&person),
                place,
            })?;
        }
        if let Some(day) = person.death {
            let age = person.age(day.month());
            let cause = health::cause_of_death(age, &person.diseases, &mut chance);
            let number = chance.letters(64);
            deaths.add(Death {
                person: Rc::clone(&person),
                day,
                cause,
                number,
                in_hospital,
            })?;
        }
        people.add(Beneficiary { person, last })?;
        if index % 256 == 255 {
            progress(index + 1);
        }
    }

    let mut summary = Summary::default();
    let mut count = |table: String, rows: u64| *summary.tables.entry(table).or_default() += rows;
    flow.finish(&mut count)?;
    stays.finish(&mut count)?;
    count("IR_BEN_R".to_owned(), people.finish()?);
    count("IR_IMB_R".to_owned(), illnesses.finish()?);
    count("KI_CCI_R".to_owned(), deaths.finish()?);
    for product in catalogue.products {
        medicines.add(product)?;
    }
    count("IR_PHA_R".to_owned(), medicines.finish()?);
    progress(options.patients);
    Ok(summary)
}

/// The years that care is made for.
struct Period {
    first: Month,
    months: i32,
}

impl Period {
    fn new(first_year: i32, years: i32) -> Self {
        Self {
            first: Month::of(first_year, 1),
            months: 12 * years,
        }
    }

    fn years(&self) -> impl Iterator<Item = i32> + use<> {
        let first = self.first.year();
        first..first + self.months / 12
    }

    fn months(&self) -> impl Iterator<Item = Month> + use<> {
        let first = self.first;
        (0..self.months).map(move |months| first.plus(months))
    }

    /// The day after the last.
    fn end(&self) -> Day {
        self.first.plus(self.months).first_day()
    }

    /// Age in whole years when the period begins.
    fn age(&self, born: Month) -> i32 {
        (self.first.0 - born.0) / 12
    }
}

/// A table of one file.
struct Table<R> {
    sheet: Sheet<R>,
    part: Part<R>,
}

impl<R> Table<R> {
    fn start(sheet: Sheet<R>, writers: &Writers) -> Result<Self, Halt> {
        let part = sheet.part("0", writers)?;
        Ok(Self { sheet, part })
    }

    fn add(&mut self, row: R) -> Result<(), Halt> {
        self.part.add(&self.sheet, row)
    }

    fn finish(self) -> Result<u64, Halt> {
        self.part.finish(&self.sheet)
    }
}
