//! T_MCOaaB and C: stays in short-stay hospitals, joined by hospital and number of the stay.

use crate::Error;
use crate::generate::person::Person;
use crate::generate::places::Departement;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::short::Short;
use crate::generate::stay::Stay;
use crate::generate::target::Target;
use crate::generate::values::{days, maybe_text, maybe_whole, text, whole};
use std::rc::Rc;

/// Who is behind a stay that could not be chained.
const UNKNOWN: &str = "xxxxxxxxxxxxxxxxx";

/// A stay under its number.
#[derive(Clone)]
pub(in crate::generate) struct Discharge {
    pub(in crate::generate) person: Rc<Person>,
    pub(in crate::generate) stay: Rc<Stay>,
    /// `RSA_NUM`, which no other stay of the year has.
    pub(in crate::generate) number: u64,
    /// The site under whose number the stay was sent a second time.
    pub(in crate::generate) site: Option<&'static str>,
}

/// Something that a stay has several of, by its place among them.
pub(in crate::generate) struct Part {
    pub(in crate::generate) discharge: Discharge,
    pub(in crate::generate) place: usize,
}

impl Discharge {
    pub(super) fn finess(&self) -> Short {
        match self.site {
            Some(site) => Short::new().text(site),
            None => self.stay.hospital.finess(),
        }
    }

    pub(super) fn rsa(&self) -> Short {
        // Ten digits, in two halves.
        let (high, low) = (self.number / 100_000, self.number % 100_000);
        Short::new().number(high as u32, 5).number(low as u32, 5)
    }

    fn nir(&self) -> &str {
        if self.stay.chained {
            self.person.nir_on(self.stay.from)
        } else {
            UNKNOWN
        }
    }

    /// `NIR_RET` and its like: 0 where the check found nothing.
    fn check(&self) -> &'static str {
        if self.stay.chained { "0" } else { "1" }
    }

    fn days(&self) -> i64 {
        i64::from(self.stay.to.0 - self.stay.from.0)
    }

    fn age(&self) -> i64 {
        i64::from(self.person.age(self.stay.from.month()))
    }

    /// For the first year of life.
    fn age_days(&self) -> Option<i64> {
        let days = i64::from(self.stay.from.0 - self.person.born.first_day().0);
        (self.age() == 0).then(|| days.clamp(0, 365))
    }

    fn residence(&self) -> Departement {
        self.person.departement
    }

    /// The tariff's number: made up, one a group.
    fn tariff(&self) -> i64 {
        1_000
            + self
                .stay
                .group
                .bytes()
                .fold(0, |sum, byte| (sum * 31 + i64::from(byte)) % 8_000)
    }

    fn month(&self) -> Short {
        Short::new().number(self.stay.to.month().number() as u32, 2)
    }
}

pub(in crate::generate) fn t_mco_b(
    target: &Target<'_>,
    year: i32,
) -> Result<Sheet<Discharge>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Discharge>)> = vec![
        ("ETA_NUM", Rows(|rows, _| text(rows, Discharge::finess))),
        ("RSA_NUM", Rows(|rows, _| text(rows, Discharge::rsa))),
        ("RSS_NUM", Same("223")),
        (
            "NBR_RUM",
            Rows(|rows, t| whole(rows, t, |row| row.stay.units.len() as i64)),
        ),
        ("AGE_ANN", Rows(|rows, t| whole(rows, t, Discharge::age))),
        (
            "AGE_JOU",
            Rows(|rows, t| maybe_whole(rows, t, Discharge::age_days)),
        ),
        (
            "COD_SEX",
            Rows(|rows, t| whole(rows, t, |row| row.person.sex.code())),
        ),
        (
            "BDI_DEP",
            Rows(|rows, _| text(rows, |row| row.residence().two())),
        ),
        (
            "BDI_COD",
            Rows(|rows, _| {
                text(rows, |row| {
                    let start = Short::new().text(row.residence().two());
                    start.text(row.person.commune.as_ref())
                })
            }),
        ),
        (
            "ENT_MOD",
            Rows(|rows, _| text(rows, |row| row.stay.came.code())),
        ),
        (
            "SOR_MOD",
            Rows(|rows, _| text(rows, |row| row.stay.left.code())),
        ),
        (
            "SOR_ANN",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.stay.to.year()))),
        ),
        ("SOR_MOI", Rows(|rows, _| text(rows, Discharge::month))),
        (
            "SEJ_NBJ",
            Rows(|rows, t| maybe_whole(rows, t, |row| (!row.stay.session()).then(|| row.days()))),
        ),
        (
            "NBR_SEA",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.stay.session()))),
        ),
        ("GRG_GHM", Rows(|rows, _| text(rows, |row| row.stay.group))),
        ("GRC_GHM", Rows(|rows, _| text(rows, |row| row.stay.group))),
        ("GRG_RET", Same("000")),
        ("GRC_RET", Same("000")),
        ("GRG_VER", Same("11")),
        ("GRC_VER", Same("11")),
        ("GHS_NUM", Rows(|rows, t| whole(rows, t, Discharge::tariff))),
        (
            "ETE_GHS_NUM",
            Rows(|rows, t| whole(rows, t, Discharge::tariff)),
        ),
        (
            "DGN_PAL",
            Rows(|rows, _| text(rows, |row| row.stay.diagnosis)),
        ),
        (
            "DGN_REL",
            Rows(|rows, _| maybe_text(rows, |row| row.stay.related)),
        ),
        (
            "NBR_DGN",
            Rows(|rows, t| whole(rows, t, |row| row.stay.associated.len() as i64)),
        ),
        (
            "NBR_ACT",
            Rows(|rows, t| whole(rows, t, |row| row.stay.acts.len() as i64)),
        ),
        ("SEJ_TYP", Same("A")),
        ("TYP_GEN_RSA", Same("0")),
        ("SEQ_RUM", Same("01")),
    ];
    Sheet::new(target, &format!("T_MCO{:02}B", year % 100), fills)
}

pub(in crate::generate) fn t_mco_c(
    target: &Target<'_>,
    year: i32,
) -> Result<Sheet<Discharge>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Discharge>)> = vec![
        ("ETA_NUM", Rows(|rows, _| text(rows, Discharge::finess))),
        ("RSA_NUM", Rows(|rows, _| text(rows, Discharge::rsa))),
        ("NIR_ANO_17", Rows(|rows, _| text(rows, Discharge::nir))),
        (
            "SEJ_NUM",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.stay.from.0))),
        ),
        (
            "EXE_SOI_DTD",
            Rows(|rows, t| days(rows, t, |row| row.stay.from)),
        ),
        (
            "EXE_SOI_DTF",
            Rows(|rows, t| days(rows, t, |row| row.stay.to)),
        ),
        (
            "EXE_SOI_AMD",
            Rows(|rows, _| text(rows, |row| row.stay.from.month().yyyymm())),
        ),
        (
            "EXE_SOI_AMF",
            Rows(|rows, _| text(rows, |row| row.stay.to.month().yyyymm())),
        ),
        (
            "ENT_DAT",
            Rows(|rows, _| text(rows, |row| row.stay.from.ddmmyyyy())),
        ),
        (
            "SOR_DAT",
            Rows(|rows, _| text(rows, |row| row.stay.to.ddmmyyyy())),
        ),
        (
            "ENT_AM",
            Rows(|rows, _| text(rows, |row| row.stay.from.month().yyyymm())),
        ),
        (
            "SOR_AM",
            Rows(|rows, _| text(rows, |row| row.stay.to.month().yyyymm())),
        ),
        (
            "SOR_ANN",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.stay.to.year()))),
        ),
        ("SOR_MOI", Rows(|rows, _| text(rows, Discharge::month))),
        (
            "RNG_NAI",
            Rows(|rows, t| whole(rows, t, |row| row.person.rank)),
        ),
        ("FOR_NUM", Same("013")),
        ("VID_HOSP_FOR", Same("013")),
        ("NIR_RET", Rows(|rows, _| text(rows, Discharge::check))),
        ("NAI_RET", Rows(|rows, _| text(rows, Discharge::check))),
        ("SEX_RET", Rows(|rows, _| text(rows, Discharge::check))),
        ("SEJ_RET", Same("0")),
        ("FHO_RET", Same("0")),
        ("PMS_RET", Same("0")),
        ("DAT_RET", Same("0")),
        ("COH_NAI_RET", Same("0")),
        ("COH_SEX_RET", Same("0")),
        ("ETA_NUM_RET", Same("0")),
        ("RNG_NAI_RET", Same("0")),
        ("RNG_BEN_RET", Same("0")),
    ];
    Sheet::new(target, &format!("T_MCO{:02}C", year % 100), fills)
}
