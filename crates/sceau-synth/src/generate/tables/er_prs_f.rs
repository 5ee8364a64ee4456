//! ER_PRS_F: one row a line of a care form.

use crate::Error;
use crate::generate::care::{Document, Line};
use crate::generate::day::Day;
use crate::generate::person::{Cover, Person};
use crate::generate::places::Departement;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::values::{cents, days, maybe_text, text, whole};
use std::path::Path;
use std::rc::Rc;

/// The nine columns that join a line to its details.
#[derive(Clone, Copy)]
pub(in crate::generate) struct Key {
    /// `DCT_ORD_NUM`: number of the form in its flow.
    pub(in crate::generate) form: i64,
    /// `PRS_ORD_NUM`: number of the line in its form, from 1.
    pub(in crate::generate) line: i64,
    /// `FLX_DIS_DTD`: first day of the month in which the flow was published.
    pub(in crate::generate) published: Day,
    /// `FLX_TRT_DTD`: the day it was taken in.
    pub(in crate::generate) taken_in: Day,
    /// `FLX_EMT_TYP` and `FLX_EMT_NUM`: who sent it; its order is 1 and the refund's kind 0.
    pub(in crate::generate) sender: i64,
    /// Index of the département whose office is `ORG_CLE_NUM`.
    pub(in crate::generate) office: usize,
}

/// A line, paid or taken back.
pub(in crate::generate) struct Paid {
    pub(in crate::generate) person: Rc<Person>,
    pub(in crate::generate) document: Rc<Document>,
    pub(in crate::generate) line: Line,
    pub(in crate::generate) key: Key,
    /// 1, or -1 where a flow corrects an earlier one.
    pub(in crate::generate) sign: i64,
}

impl Paid {
    fn base(&self) -> i64 {
        self.line.price * self.line.quantity * self.sign
    }

    fn refund(&self) -> i64 {
        self.base() * self.line.rate / 100
    }
}

pub(in crate::generate) fn er_prs_f(out: &Path) -> Result<Sheet<Paid>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Paid>)> = vec![
        // The nine keys.
        (
            "DCT_ORD_NUM",
            Rows(|rows, t| whole(rows, t, |row| row.key.form)),
        ),
        (
            "PRS_ORD_NUM",
            Rows(|rows, t| whole(rows, t, |row| row.key.line)),
        ),
        (
            "FLX_DIS_DTD",
            Rows(|rows, t| days(rows, t, |row| row.key.published)),
        ),
        (
            "FLX_TRT_DTD",
            Rows(|rows, t| days(rows, t, |row| row.key.taken_in)),
        ),
        (
            "FLX_EMT_TYP",
            Rows(|rows, t| whole(rows, t, |row| row.key.sender)),
        ),
        (
            "FLX_EMT_NUM",
            Rows(|rows, t| whole(rows, t, |row| row.key.sender)),
        ),
        ("FLX_EMT_ORD", Same("1")),
        ("REM_TYP_AFF", Same("0")),
        (
            "ORG_CLE_NUM",
            Rows(|rows, _| text(rows, |row| Departement::at(row.key.office).office())),
        ),
        (
            "ORG_CLE_NEW",
            Rows(|rows, _| text(rows, |row| Departement::at(row.key.office).office())),
        ),
        // The person.
        (
            "BEN_NIR_PSA",
            Rows(|rows, _| text(rows, |row| &row.person.nir)),
        ),
        (
            "BEN_RNG_GEM",
            Rows(|rows, t| whole(rows, t, |row| row.person.rank)),
        ),
        (
            "BEN_CDI_NIR",
            Rows(|rows, _| text(rows, |row| row.person.nir_kind)),
        ),
        (
            "BEN_SEX_COD",
            Rows(|rows, t| whole(rows, t, |row| row.person.sex.code())),
        ),
        (
            "BEN_NAI_ANN",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person.born.year()))),
        ),
        (
            "BEN_AMA_COD",
            Rows(|rows, t| whole(rows, t, |row| row.person.age_code(row.document.day.month()))),
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
            "BEN_CMU_TOP",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person.cover == Cover::Free))),
        ),
        (
            "BEN_ACS_TOP",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person.cover == Cover::Helped))),
        ),
        ("BEN_CMU_CAT", Same("0")),
        ("BEN_EHP_TOP", Same("0")),
        ("BEN_QAF_COD", Same("10")),
        (
            "RGM_GRG_COD",
            Rows(|rows, t| whole(rows, t, |row| row.person.scheme)),
        ),
        (
            "RGM_COD",
            Rows(|rows, t| whole(rows, t, |row| 100 * row.person.scheme)),
        ),
        // When.
        (
            "EXE_SOI_DTD",
            Rows(|rows, t| days(rows, t, |row| row.document.day)),
        ),
        (
            "EXE_SOI_DTF",
            Rows(|rows, t| days(rows, t, |row| row.document.day)),
        ),
        (
            "EXE_SOI_AMD",
            Rows(|rows, _| text(rows, |row| row.document.day.month().yyyymm())),
        ),
        (
            "EXE_SOI_AMF",
            Rows(|rows, _| text(rows, |row| row.document.day.month().yyyymm())),
        ),
        (
            "PRE_PRE_DTD",
            Rows(|rows, t| days(rows, t, |row| row.document.prescribed)),
        ),
        (
            "PRE_PRE_AMD",
            Rows(|rows, _| text(rows, |row| row.document.prescribed.month().yyyymm())),
        ),
        ("PRS_GRS_DTD", Same("1600-01-01")),
        ("PRS_HOS_DTD", Same("1600-01-01")),
        ("PRS_HOS_AMD", Same("160001")),
        // What, how much, for how much.
        (
            "PRS_NAT_REF",
            Rows(|rows, t| whole(rows, t, |row| row.line.nature)),
        ),
        (
            "BSE_PRS_NAT",
            Rows(|rows, t| whole(rows, t, |row| row.line.nature)),
        ),
        ("CPL_PRS_NAT", Same("0")),
        (
            "CPL_MAJ_TOP",
            Rows(|rows, t| whole(rows, t, |row| row.line.supplement)),
        ),
        (
            "PRS_ACT_QTE",
            Rows(|rows, t| whole(rows, t, |row| row.line.quantity * row.sign)),
        ),
        (
            "PRS_ACT_NBR",
            Rows(|rows, t| whole(rows, t, |row| row.sign)),
        ),
        ("PRS_ACT_CFT", Same("1")),
        ("PRS_ACT_COG", Same("1")),
        (
            "PRS_PAI_MNT",
            Rows(|rows, t| cents(rows, t, |row| row.base() + row.line.excess * row.sign)),
        ),
        (
            "PRS_DEP_MNT",
            Rows(|rows, t| cents(rows, t, |row| row.line.excess * row.sign)),
        ),
        ("BSE_REM_BSE", Rows(|rows, t| cents(rows, t, Paid::base))),
        ("BSE_REM_MNT", Rows(|rows, t| cents(rows, t, Paid::refund))),
        (
            "BSE_REM_PRU",
            Rows(|rows, t| cents(rows, t, |row| row.line.price)),
        ),
        (
            "BSE_REM_SGN",
            Rows(|rows, t| whole(rows, t, |row| row.sign)),
        ),
        ("CPL_REM_BSE", Same("0")),
        ("CPL_REM_MNT", Same("0")),
        ("CPL_REM_SGN", Same("1")),
        (
            "RGO_REM_TAU",
            Rows(|rows, t| whole(rows, t, |row| row.line.rate)),
        ),
        (
            "RGO_THE_TAU",
            Rows(|rows, t| whole(rows, t, |row| row.line.rate)),
        ),
        ("RGO_MOD_MNT", Same("0")),
        (
            "EXO_MTF",
            Rows(|rows, t| whole(rows, t, |row| row.line.exemption)),
        ),
        ("RGO_ASU_NAT", Same("10")),
        ("RGO_ENV_TYP", Same("1")),
        ("DPN_QLF", Same("0")),
        ("PRS_DPN_QLP", Same("0")),
        ("EXE_LIE_COD", Same("0")),
        ("PRS_PPU_SEC", Same("2")),
        // Who did it, who prescribed it, who is the registered doctor.
        (
            "PFS_EXE_NUM",
            Rows(|rows, _| text(rows, |row| &row.document.doer)),
        ),
        (
            "PSE_SPE_COD",
            Rows(|rows, t| whole(rows, t, |row| row.document.specialty)),
        ),
        (
            "PSE_ACT_NAT",
            Rows(|rows, t| whole(rows, t, |row| row.document.activity)),
        ),
        (
            "PSE_CNV_COD",
            Rows(|rows, t| whole(rows, t, |row| if row.line.excess > 0 { 3 } else { 1 })),
        ),
        ("PSE_STJ_COD", Same("51")),
        (
            "PFS_PRE_NUM",
            Rows(|rows, _| {
                maybe_text(rows, |row| {
                    row.document.prescriber.as_ref().map(|p| &p.number)
                })
            }),
        ),
        (
            "PSP_SPE_COD",
            Rows(|rows, t| {
                whole(rows, t, |row| {
                    row.document.prescriber.as_ref().map_or(0, |p| p.specialty)
                })
            }),
        ),
        ("PSP_ACT_NAT", Same("0")),
        ("PSP_CNV_COD", Same("1")),
        ("PSP_STJ_COD", Same("51")),
        (
            "PRS_MTT_NUM",
            Rows(|rows, _| maybe_text(rows, |row| row.person.doctor.as_ref())),
        ),
        ("PRS_PDS_QCP", Same("1")),
    ];
    Sheet::new(out, "ER_PRS_F", fills)
}
