//! IR_PHA_R: the catalogue of medicines.

use crate::Error;
use crate::generate::products::Product;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::target::Target;
use crate::generate::values::{cents, text, whole};

pub(in crate::generate) fn ir_pha_r(target: &Target<'_>) -> Result<Sheet<Product>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Product>)> = vec![
        (
            "PHA_CIP_C13",
            Rows(|rows, t| whole(rows, t, |row| row.cip13)),
        ),
        (
            "PHA_PRS_IDE",
            Rows(|rows, t| whole(rows, t, |row| row.cip7)),
        ),
        ("PHA_MED_NAT", Same("M")),
        (
            "PHA_MED_NOM",
            Rows(|rows, _| text(rows, |row| format!("{} {}", row.class, row.laboratory))),
        ),
        (
            "PHA_NOM_COURT",
            Rows(|rows, _| text(rows, |row| format!("{} {}", row.class, row.laboratory))),
        ),
        (
            "PHA_PRD_LIB1",
            Rows(|rows, _| {
                text(rows, |row| {
                    format!(
                        "{} {} {} {} {}",
                        row.class, row.laboratory, row.strength, row.form, row.units
                    )
                })
            }),
        ),
        ("PHA_FRM_LIB", Rows(|rows, _| text(rows, |row| row.form))),
        (
            "PHA_LAB_NOM",
            Rows(|rows, _| text(rows, |row| row.laboratory)),
        ),
        ("PHA_NOM_PA", Rows(|rows, _| text(rows, |row| row.class))),
        (
            "PHA_DOS_UNI",
            Rows(|rows, _| text(rows, |row| row.strength)),
        ),
        (
            "PHA_UPC_NBR",
            Rows(|rows, t| whole(rows, t, |row| row.units)),
        ),
        (
            "PHA_GRD_CND",
            Rows(|rows, _| text(rows, |row| if row.large { "O" } else { "N" })),
        ),
        ("PHA_ATC_CLA", Rows(|rows, _| text(rows, |row| row.atc))),
        ("PHA_ATC_LIB", Rows(|rows, _| text(rows, |row| row.class))),
        ("PHA_ATC_C07", Rows(|rows, _| text(rows, |row| row.atc))),
        ("PHA_ATC_L07", Rows(|rows, _| text(rows, |row| row.class))),
        (
            "PHA_ATC_C03",
            Rows(|rows, _| text(rows, |row| &row.atc[..3])),
        ),
        (
            "PHA_PRI_UNI",
            Rows(|rows, _| {
                text(rows, |row| {
                    format!("{}.{:02}", row.price_cents / 100, row.price_cents % 100)
                })
            }),
        ),
        (
            "PHA_PRD_UNI",
            Rows(|rows, t| cents(rows, t, |row| row.price_cents)),
        ),
    ];
    Sheet::new(target, "IR_PHA_R", fills)
}
