//! T_MCOaaD, A and UM: the associated diagnoses, acts and units of a stay.

use super::t_mco::Part;
use crate::Error;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::short::Short;
use crate::generate::target::Target;
use crate::generate::values::{text, whole};

/// The stay's key, in every table of its parts, before a table's own columns.
fn key_and(own: Vec<(&'static str, Fill<Part>)>) -> Vec<(&'static str, Fill<Part>)> {
    use Fill::{Rows, Same};
    let mut fills: Vec<(&str, Fill<Part>)> = vec![
        (
            "ETA_NUM",
            Rows(|rows, _| text(rows, |row| row.discharge.finess())),
        ),
        (
            "RSA_NUM",
            Rows(|rows, _| text(rows, |row| row.discharge.rsa())),
        ),
        ("RSS_NUM", Same("223")),
    ];
    fills.extend(own);
    fills
}

fn name(year: i32, table: &str) -> String {
    format!("T_MCO{:02}{table}", year % 100)
}

/// Associated diagnoses.
pub(in crate::generate) fn t_mco_d(target: &Target<'_>, year: i32) -> Result<Sheet<Part>, Error> {
    use Fill::Rows;
    let fills: Vec<(&str, Fill<Part>)> = vec![
        (
            "DGN_ASS_NUM",
            Rows(|rows, t| whole(rows, t, |row| row.place as i64 + 1)),
        ),
        (
            "ASS_DGN",
            Rows(|rows, _| text(rows, |row| row.discharge.stay.associated[row.place])),
        ),
    ];
    Sheet::new(target, &name(year, "D"), key_and(fills))
}

/// Acts of the CCAM.
pub(in crate::generate) fn t_mco_a(target: &Target<'_>, year: i32) -> Result<Sheet<Part>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Part>)> = vec![
        (
            "CDC_ACT",
            Rows(|rows, _| text(rows, |row| row.discharge.stay.acts[row.place])),
        ),
        ("ACV_ACT", Same("1")),
        ("PHA_ACT", Same("0")),
        ("NBR_EXE_ACT", Same("1")),
        ("RUM_SEQ", Same("01")),
        ("ENT_DAT_DEL", Same("000")),
    ];
    Sheet::new(target, &name(year, "A"), key_and(fills))
}

/// Units that the stay went through.
pub(in crate::generate) fn t_mco_um(target: &Target<'_>, year: i32) -> Result<Sheet<Part>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Part>)> = vec![
        (
            "UM_ORD_NUM",
            Rows(|rows, t| whole(rows, t, |row| row.place as i64 + 1)),
        ),
        (
            "DGN_PAL",
            Rows(|rows, _| text(rows, |row| row.discharge.stay.units[row.place])),
        ),
        (
            "ETA_NUM_GEO",
            Rows(|rows, _| text(rows, |row| row.discharge.finess())),
        ),
        (
            "PAR_DUR_SEJ",
            Rows(|rows, t| {
                whole(rows, t, |row| {
                    let days = row.discharge.stay.to.0 - row.discharge.stay.from.0;
                    i64::from(days) / row.discharge.stay.units.len() as i64
                })
            }),
        ),
        (
            "DP_POS",
            Rows(|rows, _| text(rows, |row| Short::new().number(row.place as u32 + 1, 1))),
        ),
        ("UM_TYP", Same("C")),
    ];
    Sheet::new(target, &name(year, "UM"), key_and(fills))
}
