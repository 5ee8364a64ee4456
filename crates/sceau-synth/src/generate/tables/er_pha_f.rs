//! ER_PHA_F: the medicine of a line, joined to ER_PRS_F by the nine keys.

use super::key::{self, Key, Keyed};
use crate::Error;
use crate::generate::document::{Detail, Paid};
use crate::generate::products::Catalogue;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::target::Target;
use crate::generate::values::{cents, whole};

/// A medicine that was paid or taken back.
pub(in crate::generate) struct Dispensed {
    key: Key,
    cip13: i64,
    cip7: i64,
    price: i64,
    boxes: i64,
}

impl Dispensed {
    /// The medicine of a line that is for one.
    pub(in crate::generate) fn of(paid: &Paid, catalogue: &Catalogue) -> Option<Self> {
        let line = paid.line();
        let Detail::Medicine(product) = line.detail else {
            return None;
        };
        let product = &catalogue.products[usize::from(product)];
        Some(Self {
            key: paid.key(),
            cip13: product.cip13,
            cip7: product.cip7,
            price: i64::from(line.price),
            boxes: i64::from(line.quantity) * paid.sign(),
        })
    }
}

impl Keyed for Dispensed {
    fn key(&self) -> Key {
        self.key
    }
}

pub(in crate::generate) fn er_pha_f(target: &Target<'_>) -> Result<Sheet<Dispensed>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Dispensed>)> = vec![
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
    Sheet::new(target, "ER_PHA_F", key::and(fills))
}
