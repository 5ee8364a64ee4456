//! The monthly flows in which care forms reach the SNDS: each is a file of ER_PRS_F and one of ER_PHA_F.

use super::Period;
use super::care::Document;
use super::chance::Chance;
use super::day::{Day, Month};
use super::person::Person;
use super::products::Catalogue;
use super::sheet::{Part, Sheet};
use super::tables::{self, Dispensed, Key, Paid};
use super::writers::{Halt, Writers};
use std::path::Path;
use std::rc::Rc;

/// Months from care to the flow that tells it, and how many forms among 1,000 take so long.
const DELAYS: [(i32, u32); 6] = [(1, 750), (2, 150), (3, 50), (4, 30), (5, 15), (6, 5)];

/// Both tables, with a file open for each month.
pub(super) struct Flow {
    lines: Sheet<Paid>,
    medicines: Sheet<Dispensed>,
    first: Month,
    months: Vec<FlowMonth>,
}

struct FlowMonth {
    lines: Part<Paid>,
    medicines: Part<Dispensed>,
    forms: i64,
}

impl Flow {
    /// Opens the months from the one after care begins to six after it ends.
    pub(super) fn start(out: &Path, period: &Period, writers: &Writers) -> Result<Self, Halt> {
        let lines = tables::er_prs_f(out)?;
        let medicines = tables::er_pha_f(out)?;
        let first = period.first.plus(1);
        let months = (0..period.months + 5)
            .map(|months| {
                let month = first.plus(months);
                let name = format!("{:04}-{:02}", month.year(), month.number());
                let (lines, medicines) =
                    (lines.part(&name, writers)?, medicines.part(&name, writers)?);
                Ok(FlowMonth {
                    lines,
                    medicines,
                    forms: 0,
                })
            })
            .collect::<Result<_, Halt>>()?;
        Ok(Self {
            lines,
            medicines,
            first,
            months,
        })
    }

    /// Puts a form into a flow after its care, and sometimes takes it back in a later one. Returns the day it was last
    /// taken in.
    pub(super) fn send(
        &mut self,
        person: &Rc<Person>,
        document: Document,
        catalogue: &Catalogue,
        chance: &mut Chance,
    ) -> Result<Day, Halt> {
        let document = Rc::new(document);
        let delay = DELAYS[chance.weighted(DELAYS.iter().map(|(_, weight)| *weight))].0;
        let month = document.day.month().plus(delay);
        let taken_in = self.write(month, person, &document, 1, catalogue, chance)?;
        let last = self.first.plus(self.months.len() as i32 - 1);
        if chance.yes(0.012) && month < last {
            let month = month.plus(chance.between(1, 2)).min(last);
            return self.write(month, person, &document, -1, catalogue, chance);
        }
        Ok(taken_in)
    }

    fn write(
        &mut self,
        month: Month,
        person: &Rc<Person>,
        document: &Rc<Document>,
        sign: i64,
        catalogue: &Catalogue,
        chance: &mut Chance,
    ) -> Result<Day, Halt> {
        let place = usize::try_from(month.0 - self.first.0).expect("a flow after the first care");
        let flow = &mut self.months[place];
        flow.forms += 1;
        let published = month.first_day();
        let taken_in = published.plus(-chance.between(1, 20)).max(document.day);
        for (place, line) in document.lines.iter().enumerate() {
            let key = Key {
                form: flow.forms,
                line: place as i64 + 1,
                published,
                taken_in,
                sender: person.scheme,
                office: person.departement,
            };
            let paid = Paid {
                person: Rc::clone(person),
                document: Rc::clone(document),
                line: *line,
                key,
                sign,
            };
            if let Some(product) = line.product {
                let dispensed = Dispensed::of(&paid, &catalogue.products[product]);
                flow.medicines.add(&self.medicines, dispensed)?;
            }
            flow.lines.add(&self.lines, paid)?;
        }
        Ok(taken_in)
    }

    /// Completes all files.
    pub(super) fn finish(self, count: &mut impl FnMut(String, u64)) -> Result<(), Halt> {
        for month in self.months {
            count("ER_PRS_F".to_owned(), month.lines.finish(&self.lines)?);
            count(
                "ER_PHA_F".to_owned(),
                month.medicines.finish(&self.medicines)?,
            );
        }
        Ok(())
    }
}
