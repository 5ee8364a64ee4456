//! Made-up people and their care, in the SNDS's tables.
//!
//! One patient is drawn at a time, from a stream of random numbers of their own, so that a patient is the same whatever
//! number comes after. Patients are drawn in blocks, several at once on as many threads; what a block has in each file
//! is one row group of it, and files get theirs in the order of the blocks. So memory grows with the threads and not
//! with the patients, and the bytes do not depend on either.

mod acts;
mod block;
mod care;
mod chance;
mod city;
mod day;
mod document;
mod health;
mod hospital;
mod hospitals;
mod output;
mod people;
mod person;
mod places;
mod products;
mod professional;
mod sheet;
mod short;
mod stay;
mod tables;
mod target;
mod treatment;
mod used;
mod values;

use crate::Error;
use block::Making;
use day::{Day, Month};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateOptions {
    /// How many people, at most a hundred million; each is a row of IR_BEN_R (some are two) and some thirty of ER_PRS_F.
    pub patients: u64,
    /// Same seed, same bytes.
    pub seed: u64,
    /// The first year of care.
    pub first_year: u16,
    /// How many years of care, from 1 to 20.
    pub years: u16,
    /// Which columns of each table.
    pub columns: Columns,
    /// How many threads; none for as many as the machine runs at once. The bytes do not depend on it.
    pub threads: Option<NonZeroUsize>,
}

/// Which columns of a table are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Columns {
    /// All that the data model has, as a platform asks of a table of the SNDS; most of ER_PRS_F's are NULL or the same in
    /// every row.
    #[default]
    All,
    /// Those that the epidemiologists' queries under `benches/queries` name, with the keys. A platform takes such files
    /// where its `drift` is `"lenient"`.
    Used,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            patients: 1_000,
            seed: 1,
            first_year: 2019,
            years: 2,
            columns: Columns::All,
            threads: None,
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

/// Writes synthetic ER_PRS_F and its details ER_PHA_F, ER_CAM_F and ER_ETE_F, IR_BEN_R, IR_IMB_R, KI_CCI_R, IR_PHA_R,
/// IR_DPT_V, DA_PRA_R and, for each year, T_MCO`aa`B, C, D, A and UM below `out`, one folder a table. ER_PRS_F and its
/// details have a file for each month of flow (`part-2019-02.parquet`, and `part-2019-02-2.parquet` when that is full),
/// the others `part-0.parquet`.
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
/// If the options are out of bounds, if a folder of these tables already holds Parquet files, and if a file cannot be
/// written.
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
    if options.patients > 100_000_000 {
        return Err(Error::Options(
            "patients: a hundred million at most".to_owned(),
        ));
    }
    let threads = options
        .threads
        .or_else(|| available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    Making::start(options, block::PATIENTS, out)?.run(threads, progress)
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
