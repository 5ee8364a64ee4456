//! ER_ETE_F: the establishment of a line, joined to ER_PRS_F by the nine keys.

use super::key::{self, Key, Keyed};
use crate::Error;
use crate::generate::document::Paid;
use crate::generate::hospital::Hospital;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::target::Target;
use crate::generate::values::{text, whole};

/// A line of care in an establishment.
pub(in crate::generate) struct Hosted {
    key: Key,
    hospital: Hospital,
}

impl Hosted {
    /// The establishment of a line that has one.
    pub(in crate::generate) fn of(paid: &Paid) -> Option<Self> {
        Some(Self {
            key: paid.key(),
            hospital: paid.document.hospital?,
        })
    }

    fn either(&self, public: i64, private: i64) -> i64 {
        if self.hospital.public() {
            public
        } else {
            private
        }
    }
}

impl Keyed for Hosted {
    fn key(&self) -> Key {
        self.key
    }
}

pub(in crate::generate) fn er_ete_f(target: &Target<'_>) -> Result<Sheet<Hosted>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Hosted>)> = vec![
        (
            "ETB_EXE_FIN",
            Rows(|rows, _| text(rows, |row| row.hospital.eight())),
        ),
        // A public hospital's activity is paid by the case (1), and so told by the PMSI too; a clinic's as well (2).
        (
            "ETE_IND_TAA",
            Rows(|rows, t| whole(rows, t, |row| row.either(1, 2))),
        ),
        (
            "ETE_CAT_COD",
            Rows(|rows, t| {
                whole(rows, t, |row| {
                    let public = if row.hospital.university() { 101 } else { 355 };
                    row.either(public, 365)
                })
            }),
        ),
        (
            "ETE_TYP_COD",
            Rows(|rows, t| whole(rows, t, |row| row.either(1, 4))),
        ),
        (
            "ETE_STJ_COD",
            Rows(|rows, t| whole(rows, t, |row| row.either(13, 73))),
        ),
        (
            "MFT_COD",
            Rows(|rows, t| whole(rows, t, |row| row.either(3, 7))),
        ),
        (
            "PRS_PPU_SEC",
            Rows(|rows, t| whole(rows, t, |row| row.either(1, 2))),
        ),
        ("MDT_COD", Same("7")),
        ("ETE_GHS_NUM", Same("0")),
        ("ETE_MCO_DDP", Same("Z")),
    ];
    Sheet::new(target, "ER_ETE_F", key::and(fills))
}
