//! The nine columns that join a line of ER_PRS_F to its details.

use crate::generate::day::Day;
use crate::generate::document::Paid;
use crate::generate::places::Departement;
use crate::generate::sheet::Fill;
use crate::generate::values::{days, text, whole};

/// What the nine columns, and the office's other one, hold of a line.
#[derive(Clone, Copy)]
pub(in crate::generate) struct Key {
    form: i64,
    line: i64,
    published: Day,
    taken_in: Day,
    /// Who sent it, by the great scheme; its order is 1 and the refund's kind 0.
    sender: i64,
    office: Departement,
}

/// A row that has the key.
pub(super) trait Keyed {
    fn key(&self) -> Key;
}

impl Keyed for Paid {
    fn key(&self) -> Key {
        let person = self.person();
        Key {
            form: i64::from(self.form),
            line: i64::from(self.place) + 1,
            published: self.published,
            taken_in: self.taken_in,
            sender: person.scheme,
            office: person.departement,
        }
    }
}

/// How the ten columns are filled, before a table's own.
pub(super) fn and<R: Keyed>(own: Vec<(&'static str, Fill<R>)>) -> Vec<(&'static str, Fill<R>)> {
    use Fill::{Rows, Same};
    let mut fills: Vec<(&str, Fill<R>)> = vec![
        (
            "DCT_ORD_NUM",
            Rows(|rows, t| whole(rows, t, |row| row.key().form)),
        ),
        (
            "PRS_ORD_NUM",
            Rows(|rows, t| whole(rows, t, |row| row.key().line)),
        ),
        (
            "FLX_DIS_DTD",
            Rows(|rows, t| days(rows, t, |row| row.key().published)),
        ),
        (
            "FLX_TRT_DTD",
            Rows(|rows, t| days(rows, t, |row| row.key().taken_in)),
        ),
        (
            "FLX_EMT_TYP",
            Rows(|rows, t| whole(rows, t, |row| row.key().sender)),
        ),
        (
            "FLX_EMT_NUM",
            Rows(|rows, t| whole(rows, t, |row| row.key().sender)),
        ),
        ("FLX_EMT_ORD", Same("1")),
        ("REM_TYP_AFF", Same("0")),
        (
            "ORG_CLE_NUM",
            Rows(|rows, _| text(rows, |row| row.key().office.office())),
        ),
        (
            "ORG_CLE_NEW",
            Rows(|rows, _| text(rows, |row| row.key().office.office())),
        ),
    ];
    fills.extend(own);
    fills
}
