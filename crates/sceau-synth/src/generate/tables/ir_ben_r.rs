//! IR_BEN_R: one row a beneficiary.

use crate::Error;
use crate::generate::day::Day;
use crate::generate::person::Person;
use crate::generate::places::Departement;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::values::{days, maybe_text, text, whole};
use std::path::Path;
use std::rc::Rc;

/// A person, with the last day something of theirs was taken in.
pub(in crate::generate) struct Beneficiary {
    pub(in crate::generate) person: Rc<Person>,
    /// [`Day::NONE`] for who had no care.
    pub(in crate::generate) last: Day,
}

pub(in crate::generate) fn ir_ben_r(out: &Path) -> Result<Sheet<Beneficiary>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Beneficiary>)> = vec![
        (
            "BEN_NIR_PSA",
            Rows(|rows, _| text(rows, |row| &row.person.nir)),
        ),
        (
            "BEN_RNG_GEM",
            Rows(|rows, t| whole(rows, t, |row| row.person.rank)),
        ),
        (
            "BEN_NIR_ANO",
            Rows(|rows, _| maybe_text(rows, |row| row.person.known_nir.as_ref())),
        ),
        (
            "BEN_IDT_ANO",
            Rows(|rows, _| text(rows, |row| row.person.identifier())),
        ),
        (
            "BEN_IDT_TOP",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person.known_nir.is_some()))),
        ),
        (
            "ASS_NIR_ANO",
            Rows(|rows, _| text(rows, |row| &row.person.insured)),
        ),
        ("BEN_IDT_MAJ", Same("1600-01-01")),
        (
            "BEN_CDI_NIR",
            Rows(|rows, _| text(rows, |row| row.person.nir_kind)),
        ),
        (
            "BEN_NAI_ANN",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person.born.year()))),
        ),
        (
            "BEN_NAI_MOI",
            Rows(|rows, _| text(rows, |row| format!("{:02}", row.person.born.number()))),
        ),
        (
            "BEN_SEX_COD",
            Rows(|rows, t| whole(rows, t, |row| row.person.sex.code())),
        ),
        (
            "BEN_DCD_DTE",
            Rows(|rows, t| days(rows, t, |row| row.person.death.unwrap_or(Day::NONE))),
        ),
        (
            "BEN_DCD_AME",
            Rows(|rows, _| {
                text(rows, |row| {
                    row.person.death.unwrap_or(Day::NONE).month().yyyymm()
                })
            }),
        ),
        (
            "ORG_AFF_BEN",
            Rows(|rows, _| text(rows, |row| Departement::at(row.person.departement).office())),
        ),
        (
            "ORG_CLE_NEW",
            Rows(|rows, _| text(rows, |row| Departement::at(row.person.departement).office())),
        ),
        (
            "BEN_RES_DPT",
            Rows(|rows, _| text(rows, |row| Departement::at(row.person.departement).three())),
        ),
        (
            "BEN_RES_COM",
            Rows(|rows, _| text(rows, |row| &row.person.commune)),
        ),
        (
            "BEN_TOP_CNS",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.last != Day::NONE))),
        ),
        ("MAX_TRT_DTD", Rows(|rows, t| days(rows, t, |row| row.last))),
        ("BEN_DTE_INS", Same("2014-01-01")),
        (
            "BEN_DTE_MAJ",
            Rows(|rows, t| days(rows, t, |row| row.last.max(Day::new(2014, 1, 1)))),
        ),
    ];
    Sheet::new(out, "IR_BEN_R", fills)
}
