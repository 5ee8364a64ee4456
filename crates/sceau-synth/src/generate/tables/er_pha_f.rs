//! ER_PHA_F: the medicine of a line, joined to ER_PRS_F by the nine keys.

use super::{Key, Paid};
use crate::Error;
use crate::generate::places::Departement;
use crate::generate::products::Product;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::values::{cents, days, text, whole};
use std::path::Path;

/// A medicine that was paid or taken back.
pub(in crate::generate) struct Dispensed {
    key: Key,
    cip13: i64,
    cip7: i64,
    price: i64,
    boxes: i64,
}

impl Dispensed {
    /// The detail of a line for a product.
    pub(in crate::generate) fn of(paid: &Paid, product: &Product) -> Self {
        Self {
            key: paid.key,
            cip13: product.cip13,
            cip7: product.cip7,
            price: paid.line.price,
            boxes: paid.line.quantity * paid.sign,
        }
    }
}

pub(in crate::generate) fn er_pha_f(out: &Path) -> Result<Sheet<Dispensed>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Dispensed>)> = vec![
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
        ("PHA_ORD_NUM", Same("1")),
        (
            "PHA_PRS_C13",
            Rows(|rows, t| whole(rows, t, |row| row.cip13)),
        ),
        (
            "PHA_PRS_IDE",
            Rows(|rows, t| whole(rows, t, |row| row.cip7)),
        ),
        (
            "PHA_ACT_QSN",
            Rows(|rows, t| whole(rows, t, |row| row.boxes)),
        ),
        (
            "PHA_ACT_PRU",
            Rows(|rows, t| cents(rows, t, |row| row.price)),
        ),
        ("PHA_DEC_QSU", Same("0")),
        ("PHA_DEC_PRU", Same("0")),
        ("PHA_DEC_TOP", Same("Z")),
        ("PHA_MOD_PRN", Same("Z")),
        ("PHA_SEQ_RNV", Same("0")),
        ("PHA_SUB_MTF", Same("0")),
        ("PHA_IDE_CPL", Same("0")),
    ];
    Sheet::new(out, "ER_PHA_F", fills)
}
