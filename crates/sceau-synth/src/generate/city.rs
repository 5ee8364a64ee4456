//! The monthly flows in which care forms reach the SNDS: each is a file of ER_PRS_F and of its details.

use super::Period;
use super::chance::Chance;
use super::day::{Day, Month};
use super::document::{Document, Paid};
use super::output::{Halt, Output};
use super::products::Catalogue;
use super::sheet::Sheet;
use super::tables::{self, Dispensed, Hosted, Performed};
use super::target::Target;
use crate::Error;
use std::rc::Rc;

/// Months from care to the flow that tells it, and how many forms among 1,000 take so long.
const DELAYS: [(i32, u32); 6] = [(1, 750), (2, 150), (3, 50), (4, 30), (5, 15), (6, 5)];

/// Forms that a block of patients may have in a flow: each counts from a number of its own.
const FORMS: u64 = 1_000_000;

/// The four tables, with the files of each month.
pub(super) struct City {
    lines: Sheet<Paid>,
    medicines: Sheet<Dispensed>,
    acts: Sheet<Performed>,
    hosts: Sheet<Hosted>,
    first: Month,
    months: Vec<FlowMonth>,
}

struct FlowMonth {
    lines: Output,
    medicines: Output,
    acts: Output,
    hosts: Output,
}

/// What a block of patients has in each flow.
pub(super) struct Flows {
    first: Month,
    first_form: i32,
    months: Vec<(i32, Vec<Paid>)>,
}

impl City {
    /// From the month after care begins to six after it ends.
    pub(super) fn start(target: &Target<'_>, period: &Period) -> Result<Self, Error> {
        let mut city = Self {
            lines: tables::er_prs_f(target)?,
            medicines: tables::er_pha_f(target)?,
            acts: tables::er_cam_f(target)?,
            hosts: tables::er_ete_f(target)?,
            first: period.first.plus(1),
            months: Vec::new(),
        };
        for months in 0..period.months + 5 {
            let month = city.first.plus(months);
            let name = format!("{:04}-{:02}", month.year(), month.number());
            city.months.push(FlowMonth {
                lines: city.lines.output(&name),
                medicines: city.medicines.output(&name),
                acts: city.acts.output(&name),
                hosts: city.hosts.output(&name),
            });
        }
        Ok(city)
    }

    /// The flows of a block, empty yet.
    pub(super) fn flows(&self, block: u64) -> Flows {
        Flows {
            first: self.first,
            first_form: i32::try_from(block * FORMS).expect("blocks are few enough, see generate"),
            months: (0..self.months.len()).map(|_| (0, Vec::new())).collect(),
        }
    }

    /// Writes the flows of a block, one month after the other, and tells after each.
    pub(super) fn write(
        &self,
        block: u64,
        flows: Flows,
        catalogue: &Catalogue,
        mut written: impl FnMut(),
    ) -> Result<(), Halt> {
        for (month, (_, lines)) in self.months.iter().zip(flows.months) {
            add(&self.lines, &month.lines, block, &lines)?;
            let medicines = lines
                .iter()
                .filter_map(|line| Dispensed::of(line, catalogue));
            add(
                &self.medicines,
                &month.medicines,
                block,
                &medicines.collect::<Vec<_>>(),
            )?;
            let acts = lines.iter().filter_map(Performed::of);
            add(&self.acts, &month.acts, block, &acts.collect::<Vec<_>>())?;
            let hosts = lines.iter().filter_map(Hosted::of);
            add(&self.hosts, &month.hosts, block, &hosts.collect::<Vec<_>>())?;
            written();
        }
        Ok(())
    }

    pub(super) fn outputs(&self) -> impl Iterator<Item = &Output> {
        self.months
            .iter()
            .flat_map(|month| [&month.lines, &month.medicines, &month.acts, &month.hosts])
    }

    pub(super) fn into_outputs(self) -> impl Iterator<Item = Output> {
        self.months
            .into_iter()
            .flat_map(|month| [month.lines, month.medicines, month.acts, month.hosts])
    }
}

impl Flows {
    /// Puts a form into a flow after its care, and sometimes takes it back in a later one. Returns the day it was last
    /// taken in.
    pub(super) fn send(&mut self, document: Document, chance: &mut Chance) -> Day {
        let document = Rc::new(document);
        let delay = DELAYS[chance.weighted(DELAYS.iter().map(|(_, weight)| *weight))].0;
        let month = document.day.month().plus(delay);
        let taken_in = self.put(month, &document, 1, chance);
        let last = self.first.plus(self.months.len() as i32 - 1);
        if chance.yes(0.012) && month < last {
            let month = month.plus(chance.between(1, 2)).min(last);
            return self.put(month, &document, -1, chance);
        }
        taken_in
    }

    fn put(&mut self, month: Month, document: &Rc<Document>, sign: i8, chance: &mut Chance) -> Day {
        let place = usize::try_from(month.0 - self.first.0).expect("a flow after the first care");
        let (forms, lines) = &mut self.months[place];
        *forms += 1;
        debug_assert!((*forms as u64) < FORMS, "a block has too many forms");
        let published = month.first_day();
        let taken_in = published.plus(-chance.between(1, 20)).max(document.day);
        lines.extend((0..document.lines.len()).map(|place| Paid {
            document: Rc::clone(document),
            place: place as u16,
            sign,
            form: self.first_form + *forms,
            published,
            taken_in,
        }));
        taken_in
    }
}

/// Encodes rows of a block and adds them to a file.
pub(super) fn add<R>(
    sheet: &Sheet<R>,
    output: &Output,
    block: u64,
    rows: &[R],
) -> Result<(), Halt> {
    let columns = sheet.encode(rows)?;
    output.append(block, rows.len() as u64, columns)
}
