//! KI_CCI_R: one row a death, with its cause.

use crate::Error;
use crate::generate::day::Day;
use crate::generate::person::Person;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::target::Target;
use crate::generate::values::{days, maybe_text, text, whole};
use std::rc::Rc;

/// The death of a person, who has one.
pub(in crate::generate) struct Death {
    pub(in crate::generate) person: Rc<Person>,
    pub(in crate::generate) day: Day,
    pub(in crate::generate) cause: &'static str,
    /// `DCD_IDT_ENC`.
    pub(in crate::generate) number: String,
    /// In hospital, or at home.
    pub(in crate::generate) in_hospital: bool,
}

pub(in crate::generate) fn ki_cci_r(target: &Target<'_>) -> Result<Sheet<Death>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Death>)> = vec![
        ("DCD_IDT_ENC", Rows(|rows, _| text(rows, |row| &row.number))),
        ("DCD_IDT_TOP", Same("1")),
        (
            "BEN_IDT_ANO",
            Rows(|rows, _| text(rows, |row| row.person.identifier())),
        ),
        (
            "BEN_IDT_TOP",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person.known_nir.is_some()))),
        ),
        (
            "BEN_NIR_ANO",
            Rows(|rows, _| maybe_text(rows, |row| row.person.known_nir.as_ref())),
        ),
        (
            "FLX_PER_ANN",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.day.year()))),
        ),
        ("CER_VER_NUM", Same("2")),
        ("TRT_STA_COD", Same("1")),
        ("TYP_CER_COD", Same("1")),
        ("CER_SUP_TYP", Same("2")),
        ("TYP_VOL_COD", Same("1")),
        (
            "DCD_DPT_COD",
            Rows(|rows, _| text(rows, |row| row.person.departement.three())),
        ),
        (
            "DCD_COM_COD",
            Rows(|rows, _| text(rows, |row| row.person.commune)),
        ),
        (
            "BEN_RES_DPT",
            Rows(|rows, _| text(rows, |row| row.person.departement.three())),
        ),
        (
            "BEN_RES_COM",
            Rows(|rows, _| text(rows, |row| row.person.commune)),
        ),
        ("BEN_DCD_DTE", Rows(|rows, t| days(rows, t, |row| row.day))),
        (
            "BEN_DCD_AME",
            Rows(|rows, _| text(rows, |row| row.day.month().yyyymm())),
        ),
        (
            "DCD_LIE_COD",
            Rows(|rows, t| whole(rows, t, |row| if row.in_hospital { 2 } else { 1 })),
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
        ("DCD_CIM_COD", Rows(|rows, _| text(rows, |row| row.cause))),
        ("DCD_CAU_COD", Same("1")),
    ];
    Sheet::new(target, "KI_CCI_R", fills)
}
