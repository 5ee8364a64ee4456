//! Care forms: what one professional did or handed out on one day.

use super::day::Day;
use super::hospital::Hospital;
use super::person::Person;
use super::professional::Professional;
use std::rc::Rc;

/// One care form.
pub(super) struct Document {
    pub(super) person: Rc<Person>,
    pub(super) day: Day,
    pub(super) prescribed: Day,
    pub(super) doer: Professional,
    /// None for a visit that nobody prescribed.
    pub(super) prescriber: Option<Professional>,
    /// Where it was done, if in an establishment: each line has a row of ER_ETE_F then.
    pub(super) hospital: Option<Hospital>,
    /// `DPN_QLF`: 71 for care that the PMSI tells too and that is here for information only.
    pub(super) qualifier: Option<i64>,
    pub(super) lines: Vec<Line>,
}

/// One line of a form, which becomes one row of ER_PRS_F.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// `PRS_NAT_REF`.
    pub(super) nature: i16,
    /// The act that this line is a supplement to, which is no visit of its own; 0 for an act.
    pub(super) supplement_to: i16,
    pub(super) detail: Detail,
    pub(super) quantity: i16,
    /// What one costs, and what is asked beyond the tariff for all, in cents.
    pub(super) price: i32,
    pub(super) excess: i32,
    /// Percent reimbursed.
    pub(super) rate: u8,
    /// `EXO_MTF`: 42 for care of a long-term illness.
    pub(super) exemption: u8,
}

/// What another table tells about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    None,
    /// The medicine, by its place in the catalogue: a row of ER_PHA_F.
    Medicine(u16),
    /// The act, by its place in [`super::acts::ACTS`]: a row of ER_CAM_F.
    Act(u8),
}

/// A line as a flow tells it.
#[derive(Clone)]
pub(super) struct Paid {
    pub(super) document: Rc<Document>,
    /// The line's place in the form.
    pub(super) place: u16,
    /// 1, or -1 where a flow corrects an earlier one.
    pub(super) sign: i8,
    /// `DCT_ORD_NUM`: number of the form in its flow.
    pub(super) form: i32,
    /// `FLX_DIS_DTD`: first day of the month in which the flow was published.
    pub(super) published: Day,
    /// `FLX_TRT_DTD`: the day it was taken in.
    pub(super) taken_in: Day,
}

impl Paid {
    pub(super) fn line(&self) -> &Line {
        &self.document.lines[usize::from(self.place)]
    }

    pub(super) fn person(&self) -> &Person {
        &self.document.person
    }

    pub(super) fn sign(&self) -> i64 {
        i64::from(self.sign)
    }

    /// What the tariff asks for it, in cents.
    pub(super) fn base(&self) -> i64 {
        let line = self.line();
        i64::from(line.price) * i64::from(line.quantity) * self.sign()
    }

    /// What of it is paid back, in cents.
    pub(super) fn refund(&self) -> i64 {
        self.base() * i64::from(self.line().rate) / 100
    }
}
