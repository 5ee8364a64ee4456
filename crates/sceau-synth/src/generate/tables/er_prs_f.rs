//! ER_PRS_F: one row a line of a care form.

use super::key;
use crate::Error;
use crate::generate::day::Day;
use crate::generate::document::Paid;
use crate::generate::hospital::Hospital;
use crate::generate::person::Cover;
use crate::generate::professional::Professional;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::target::Target;
use crate::generate::values::{cents, days, maybe_text, maybe_whole, text, whole};

fn nature(row: &Paid) -> i64 {
    i64::from(row.line().nature)
}

/// The act that the line is a supplement to.
fn supplement(row: &Paid) -> Option<i64> {
    let act = row.line().supplement_to;
    (act != 0).then_some(i64::from(act))
}

fn excess(row: &Paid) -> i64 {
    i64::from(row.line().excess) * row.sign()
}

pub(in crate::generate) fn er_prs_f(target: &Target<'_>) -> Result<Sheet<Paid>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Paid>)> = vec![
        // The person.
        (
            "BEN_NIR_PSA",
            Rows(|rows, _| text(rows, |row| row.person().nir_on(row.document.day))),
        ),
        (
            "BEN_RNG_GEM",
            Rows(|rows, t| whole(rows, t, |row| row.person().rank)),
        ),
        (
            "BEN_CDI_NIR",
            Rows(|rows, _| text(rows, |row| row.person().nir_kind)),
        ),
        (
            "BEN_SEX_COD",
            Rows(|rows, t| whole(rows, t, |row| row.person().sex.code())),
        ),
        (
            "BEN_NAI_ANN",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person().born.year()))),
        ),
        (
            "BEN_AMA_COD",
            Rows(|rows, t| {
                whole(rows, t, |row| {
                    row.person().age_code(row.document.day.month())
                })
            }),
        ),
        (
            "BEN_RES_DPT",
            Rows(|rows, _| text(rows, |row| row.person().departement.three())),
        ),
        (
            "BEN_RES_COM",
            Rows(|rows, _| text(rows, |row| row.person().commune)),
        ),
        (
            "BEN_DCD_DTE",
            Rows(|rows, t| days(rows, t, |row| row.person().death.unwrap_or(Day::NONE))),
        ),
        (
            "BEN_DCD_AME",
            Rows(|rows, _| {
                text(rows, |row| {
                    row.person().death.unwrap_or(Day::NONE).month().yyyymm()
                })
            }),
        ),
        (
            "ORG_AFF_BEN",
            Rows(|rows, _| text(rows, |row| row.person().departement.office())),
        ),
        (
            "BEN_CMU_TOP",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person().cover == Cover::Free))),
        ),
        (
            "BEN_ACS_TOP",
            Rows(|rows, t| {
                whole(rows, t, |row| {
                    i64::from(row.person().cover == Cover::Helped)
                })
            }),
        ),
        ("BEN_CMU_CAT", Same("0")),
        ("BEN_EHP_TOP", Same("0")),
        ("BEN_QAF_COD", Same("10")),
        (
            "RGM_GRG_COD",
            Rows(|rows, t| whole(rows, t, |row| row.person().scheme)),
        ),
        (
            "RGM_COD",
            Rows(|rows, t| whole(rows, t, |row| 100 * row.person().scheme)),
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
        ("PRS_NAT_REF", Rows(|rows, t| whole(rows, t, nature))),
        (
            "BSE_PRS_NAT",
            Rows(|rows, t| whole(rows, t, |row| supplement(row).unwrap_or(nature(row)))),
        ),
        (
            "CPL_PRS_NAT",
            Rows(|rows, t| whole(rows, t, |row| supplement(row).map_or(0, |_| nature(row)))),
        ),
        (
            "CPL_MAJ_TOP",
            Rows(|rows, t| whole(rows, t, |row| supplement(row).map_or(0, |_| 2))),
        ),
        (
            "PRS_ACT_QTE",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.line().quantity) * row.sign())),
        ),
        ("PRS_ACT_NBR", Rows(|rows, t| whole(rows, t, Paid::sign))),
        ("PRS_ACT_CFT", Same("1")),
        ("PRS_ACT_COG", Same("1")),
        (
            "PRS_PAI_MNT",
            Rows(|rows, t| cents(rows, t, |row| row.base() + excess(row))),
        ),
        ("PRS_DEP_MNT", Rows(|rows, t| cents(rows, t, excess))),
        // An act is paid under BSE, a supplement to one under CPL.
        (
            "BSE_REM_BSE",
            Rows(|rows, t| cents(rows, t, |row| supplement(row).map_or(row.base(), |_| 0))),
        ),
        (
            "BSE_REM_MNT",
            Rows(|rows, t| cents(rows, t, |row| supplement(row).map_or(row.refund(), |_| 0))),
        ),
        (
            "BSE_REM_PRU",
            Rows(|rows, t| cents(rows, t, |row| i64::from(row.line().price))),
        ),
        ("BSE_REM_SGN", Rows(|rows, t| whole(rows, t, Paid::sign))),
        (
            "CPL_REM_BSE",
            Rows(|rows, t| cents(rows, t, |row| supplement(row).map_or(0, |_| row.base()))),
        ),
        (
            "CPL_REM_MNT",
            Rows(|rows, t| cents(rows, t, |row| supplement(row).map_or(0, |_| row.refund()))),
        ),
        ("CPL_REM_SGN", Same("1")),
        (
            "RGO_REM_TAU",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.line().rate))),
        ),
        (
            "RGO_THE_TAU",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.line().rate))),
        ),
        ("RGO_MOD_MNT", Same("0")),
        (
            "EXO_MTF",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.line().exemption))),
        ),
        ("RGO_ASU_NAT", Same("10")),
        ("RGO_ENV_TYP", Same("1")),
        (
            "DPN_QLF",
            Rows(|rows, t| maybe_whole(rows, t, |row| row.document.qualifier)),
        ),
        (
            "PRS_DPN_QLP",
            Rows(|rows, t| maybe_whole(rows, t, |row| row.document.qualifier)),
        ),
        ("EXE_LIE_COD", Same("0")),
        (
            "PRS_PPU_SEC",
            Rows(|rows, t| {
                whole(rows, t, |row| {
                    let hospital = row.document.hospital;
                    if hospital.is_some_and(Hospital::public) {
                        1
                    } else {
                        2
                    }
                })
            }),
        ),
        // Who did it, who prescribed it, who is the registered doctor.
        (
            "PFS_EXE_NUM",
            Rows(|rows, _| text(rows, |row| row.document.doer.id())),
        ),
        (
            "PSE_SPE_COD",
            Rows(|rows, t| whole(rows, t, |row| row.document.doer.specialty())),
        ),
        (
            "PSE_ACT_NAT",
            Rows(|rows, t| whole(rows, t, |row| row.document.doer.activity())),
        ),
        (
            "PSE_CNV_COD",
            Rows(|rows, t| whole(rows, t, |row| if row.line().excess > 0 { 3 } else { 1 })),
        ),
        ("PSE_STJ_COD", Same("51")),
        (
            "PFS_PRE_NUM",
            Rows(|rows, _| maybe_text(rows, |row| row.document.prescriber.map(Professional::id))),
        ),
        (
            "PSP_SPE_COD",
            Rows(|rows, t| {
                whole(rows, t, |row| {
                    row.document.prescriber.map_or(0, Professional::specialty)
                })
            }),
        ),
        ("PSP_ACT_NAT", Same("0")),
        ("PSP_CNV_COD", Same("1")),
        ("PSP_STJ_COD", Same("51")),
        (
            "PRS_MTT_NUM",
            Rows(|rows, _| maybe_text(rows, |row| row.person().doctor.map(Professional::id))),
        ),
        ("PRS_PDS_QCP", Same("1")),
    ];
    Sheet::new(target, "ER_PRS_F", key::and(fills))
}
