//! Patients in blocks, and the threads that make a block each.

use super::chance::Chance;
use super::city::{City, add};
use super::day::Day;
use super::hospitals::Hospitals;
use super::output::{Halt, Output};
use super::people::{People, Population, with_file};
use super::person::Person;
use super::places::Departement;
use super::products::{Catalogue, Product};
use super::professional::{Professional, Professionals};
use super::sheet::Sheet;
use super::tables::{self, Beneficiary, Death, Illness};
use super::target::Target;
use super::{GenerateOptions, Period, Summary, care, health, stay};
use crate::Error;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, ScopedJoinHandle};

/// Patients of a block: enough for row groups that are worth their headers, few enough to be held in memory.
pub(super) const PATIENTS: u64 = 50_000;

/// Everything that all threads share.
pub(super) struct Making {
    patients: u64,
    seed: u64,
    block: u64,
    period: Period,
    catalogue: Catalogue,
    city: City,
    hospitals: Hospitals,
    people: People,
    professionals: (Sheet<Professional>, Output),
    medicines: (Sheet<Product>, Output),
    departements: (Sheet<Departement>, Output),
    next: AtomicU64,
}

impl Making {
    /// Makes the folders, for blocks of so many patients.
    pub(super) fn start(options: &GenerateOptions, block: u64, out: &Path) -> Result<Self, Error> {
        let target = Target {
            out,
            columns: options.columns,
        };
        let period = Period::new(i32::from(options.first_year), i32::from(options.years));
        Ok(Self {
            patients: options.patients,
            seed: options.seed,
            block,
            catalogue: Catalogue::read(),
            city: City::start(&target, &period)?,
            hospitals: Hospitals::start(&target, &period)?,
            people: People::start(&target)?,
            professionals: with_file(tables::da_pra_r(&target)?),
            medicines: with_file(tables::ir_pha_r(&target)?),
            departements: with_file(tables::ir_dpt_v(&target)?),
            period,
            next: AtomicU64::new(0),
        })
    }

    /// Makes all blocks on so many threads, then the tables that are not about people.
    pub(super) fn run(
        self,
        threads: usize,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Summary, Error> {
        let (done, steps) = channel();
        let seen = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    let done = done.clone();
                    let making = &self;
                    scope.spawn(move || making.work(&done))
                })
                .collect();
            drop(done);
            let mut patients = 0;
            for step in steps {
                patients += step;
                progress(patients);
            }
            joined(workers)
        })?;
        self.finish(&seen)
    }

    /// Makes blocks until there are no more, and tells which professionals were met.
    fn work(&self, done: &Sender<u64>) -> Result<Professionals, Halt> {
        // Whoever waits for this thread's turn must not wait for ever, whatever happens here.
        let guard = HaltOnDrop(self);
        let mut seen = Professionals::new();
        loop {
            let block = self.next.fetch_add(1, Ordering::Relaxed);
            if block * self.block >= self.patients {
                break;
            }
            self.make(block, &mut seen, done)?;
        }
        std::mem::forget(guard);
        Ok(seen)
    }

    fn make(&self, block: u64, seen: &mut Professionals, done: &Sender<u64>) -> Result<(), Halt> {
        let first = block * self.block;
        let count = self.block.min(self.patients - first);
        let mut flows = self.city.flows(block);
        let mut discharges = self.hospitals.discharges(block);
        let mut population = Population::default();
        for index in first..first + count {
            let (person, mut chance) = Person::draw(self.seed, index, &self.period);
            let person = Rc::new(person);
            if let Some(doctor) = person.doctor {
                seen.add(doctor);
            }
            let mut last = Day::NONE;
            let documents = care::documents(&person, &self.period, &self.catalogue, &mut chance);
            for document in documents {
                seen.add(document.doer);
                if let Some(prescriber) = document.prescriber {
                    seen.add(prescriber);
                }
                last = last.max(flows.send(document, &mut chance));
            }
            let mut in_hospital = false;
            for stay in stay::stays(&person, &self.period, &mut chance) {
                in_hospital |= stay.died;
                discharges.add(&person, stay, &mut chance);
            }
            population.add(person, last, in_hospital, &mut chance);
        }

        // Most of the time goes into the flows.
        let mut told = 0;
        let mut month = 0;
        let months = u64::from(self.period.months.unsigned_abs()) + 5;
        self.city.write(block, flows, &self.catalogue, || {
            month += 1;
            let now = count * month / months;
            // Nobody may be listening.
            let _ = done.send(now - told);
            told = now;
        })?;
        self.hospitals.write(block, &discharges)?;
        self.people.write(block, &population)
    }

    fn finish(self, seen: &Professionals) -> Result<Summary, Error> {
        let professionals: Vec<_> = seen.iter().collect();
        once(&self.professionals, &professionals)?;
        once(&self.medicines, &self.catalogue.products)?;
        once(&self.departements, &Departement::all().collect::<Vec<_>>())?;
        let mut summary = Summary::default();
        let outputs = self
            .city
            .into_outputs()
            .chain(self.hospitals.into_outputs());
        let others = [self.professionals.1, self.medicines.1, self.departements.1];
        for output in outputs.chain(self.people.into_outputs()).chain(others) {
            let table = output.table.clone();
            *summary.tables.entry(table).or_default() += output.finish()?;
        }
        Ok(summary)
    }

    fn halt(&self) {
        let outputs = self.city.outputs().chain(self.hospitals.outputs());
        for output in outputs.chain(self.people.outputs()) {
            output.halt();
        }
    }
}

struct HaltOnDrop<'m>(&'m Making);

impl Drop for HaltOnDrop<'_> {
    fn drop(&mut self) {
        self.0.halt();
    }
}

impl Population {
    fn add(&mut self, person: Rc<Person>, last: Day, in_hospital: bool, chance: &mut Chance) {
        for place in 0..person.illnesses.len() {
            self.illnesses.push(Illness {
                person: Rc::clone(&person),
                place,
            });
        }
        if let Some(day) = person.death {
            let age = person.age(day.month());
            let cause = health::cause_of_death(age, &person.diseases, chance);
            self.deaths.push(Death {
                person: Rc::clone(&person),
                day,
                cause,
                number: chance.letters(64),
                in_hospital,
            });
        }
        if person.earlier.is_some() {
            self.beneficiaries.push(Beneficiary {
                person: Rc::clone(&person),
                earlier: true,
                last,
            });
        }
        self.beneficiaries.push(Beneficiary {
            person,
            earlier: false,
            last,
        });
    }
}

/// Waits for all threads; of several that stopped, the one with a reason says why.
fn joined(
    workers: Vec<ScopedJoinHandle<'_, Result<Professionals, Halt>>>,
) -> Result<Professionals, Error> {
    let mut seen = Professionals::new();
    let mut reason = None;
    for worker in workers {
        match worker.join() {
            Ok(Ok(others)) => seen.join(&others),
            Ok(Err(Halt::Error(error))) => reason = reason.or(Some(error)),
            Ok(Err(Halt::Elsewhere)) => {}
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    reason.map_or(Ok(seen), Err)
}

/// Writes a table that is not made in blocks.
fn once<R>((sheet, output): &(Sheet<R>, Output), rows: &[R]) -> Result<(), Error> {
    match add(sheet, output, 0, rows) {
        Err(Halt::Error(error)) => Err(error),
        // Nobody else writes it.
        Ok(()) | Err(Halt::Elsewhere) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    fn made(block: u64, threads: usize) -> BTreeMap<PathBuf, Vec<u8>> {
        let options = GenerateOptions {
            patients: 130,
            years: 1,
            ..GenerateOptions::default()
        };
        let out = tempfile::tempdir().unwrap();
        let mut told = 0;
        Making::start(&options, block, out.path())
            .unwrap()
            .run(threads, &mut |patients| told = patients)
            .unwrap();
        assert_eq!(told, 130);
        let mut files = BTreeMap::new();
        for table in std::fs::read_dir(out.path()).unwrap() {
            for file in std::fs::read_dir(table.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let name = path.strip_prefix(out.path()).unwrap().to_owned();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
        files
    }

    #[test]
    fn the_bytes_are_the_same_on_one_thread_and_on_several() {
        let one = made(20, 1);
        for threads in [2, 5, 9] {
            let several = made(20, threads);
            assert!(one == several, "{threads} threads");
        }
        // Blocks are row groups: of another size, they make other files.
        assert!(one != made(50, 1));
    }

    #[test]
    fn an_error_of_one_thread_stops_all_and_is_told() {
        let options = GenerateOptions {
            patients: 300,
            years: 1,
            ..GenerateOptions::default()
        };
        let out = tempfile::tempdir().unwrap();
        let making = Making::start(&options, 10, out.path()).unwrap();
        // A folder in a file's place.
        let path = out.path().join("ER_CAM_F/part-2019-06.parquet.partial");
        std::fs::create_dir(&path).unwrap();
        let error = making.run(3, &mut |_| {}).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
        assert!(error.to_string().contains("part-2019-06"), "{error}");
        let left = std::fs::read_dir(out.path().join("ER_PRS_F")).unwrap();
        assert_eq!(left.count(), 0, "no half-made file");
    }
}
