//! ER_CAM_F: the act of a line that the CCAM codes, joined to ER_PRS_F by the nine keys.

use super::key::{self, Key, Keyed};
use crate::Error;
use crate::generate::acts::{ACTS, Act};
use crate::generate::document::{Detail, Paid};
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::target::Target;
use crate::generate::values::{cents, text};

/// An act that was paid or taken back.
pub(in crate::generate) struct Performed {
    key: Key,
    act: &'static Act,
    refund_base: i64,
}

impl Performed {
    /// The act of a line that is for one.
    pub(in crate::generate) fn of(paid: &Paid) -> Option<Self> {
        let Detail::Act(act) = paid.line().detail else {
            return None;
        };
        Some(Self {
            key: paid.key(),
            act: &ACTS[usize::from(act)],
            refund_base: paid.base(),
        })
    }
}

impl Keyed for Performed {
    fn key(&self) -> Key {
        self.key
    }
}

pub(in crate::generate) fn er_cam_f(target: &Target<'_>) -> Result<Sheet<Performed>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Performed>)> = vec![
        (
            "CAM_PRS_IDE",
            Rows(|rows, _| text(rows, |row| row.act.code)),
        ),
        ("CAM_ORD_NUM", Same("1")),
        ("CAM_ACT_COD", Same("1")),
        ("CAM_TRT_PHA", Same("0")),
        ("CAM_ASS_COD", Same("1")),
        ("CAM_DOC_EXT", Same("0")),
        (
            "CAM_ACT_PRU",
            Rows(|rows, t| cents(rows, t, |row| i64::from(row.act.price))),
        ),
        (
            "CAM_REM_BSE",
            Rows(|rows, t| cents(rows, t, |row| row.refund_base)),
        ),
        ("CAM_REM_COD", Same("1")),
    ];
    Sheet::new(target, "ER_CAM_F", key::and(fills))
}
