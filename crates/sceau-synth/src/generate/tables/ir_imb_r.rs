//! IR_IMB_R: one row a long-term illness of a person.

use crate::Error;
use crate::generate::day::Day;
use crate::generate::person::{LongTermIllness, Person};
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::target::Target;
use crate::generate::values::{days, text, whole};
use std::rc::Rc;

/// A person and the place of the illness among theirs.
pub(in crate::generate) struct Illness {
    pub(in crate::generate) person: Rc<Person>,
    pub(in crate::generate) place: usize,
}

impl Illness {
    fn illness(&self) -> &LongTermIllness {
        &self.person.illnesses[self.place]
    }
}

pub(in crate::generate) fn ir_imb_r(target: &Target<'_>) -> Result<Sheet<Illness>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Illness>)> = vec![
        (
            "BEN_NIR_PSA",
            Rows(|rows, _| text(rows, |row| row.person.nir_on(row.illness().start))),
        ),
        (
            "BEN_RNG_GEM",
            Rows(|rows, t| whole(rows, t, |row| row.person.rank)),
        ),
        (
            "IMB_ALD_DTD",
            Rows(|rows, t| days(rows, t, |row| row.illness().start)),
        ),
        (
            "IMB_ALD_DTF",
            Rows(|rows, t| days(rows, t, |row| row.illness().end)),
        ),
        (
            "IMB_ALD_NUM",
            Rows(|rows, t| whole(rows, t, |row| row.illness().number)),
        ),
        ("IMB_ETM_NAT", Same("41")),
        (
            "MED_MTF_COD",
            Rows(|rows, _| text(rows, |row| row.illness().code)),
        ),
        ("MED_NCL_IDT", Same("CIM10")),
        (
            "INS_DTE",
            Rows(|rows, t| {
                days(rows, t, |row| {
                    row.illness().start.plus(20).max(Day::new(2014, 1, 1))
                })
            }),
        ),
        (
            "UPD_DTE",
            Rows(|rows, t| {
                days(rows, t, |row| {
                    row.illness().start.plus(20).max(Day::new(2014, 1, 1))
                })
            }),
        ),
    ];
    Sheet::new(target, "IR_IMB_R", fills)
}
