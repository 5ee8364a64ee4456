//! IR_BEN_R: one row a pseudo-NIR of a beneficiary.

use crate::Error;
use crate::generate::day::Day;
use crate::generate::person::{Earlier, Person};
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::target::Target;
use crate::generate::values::{days, maybe_text, text, whole};
use std::rc::Rc;

/// A person under one of their pseudo-NIRs, with the last day something of theirs was taken in.
pub(in crate::generate) struct Beneficiary {
    pub(in crate::generate) person: Rc<Person>,
    /// Under the pseudo-NIR they had before.
    pub(in crate::generate) earlier: bool,
    /// [`Day::NONE`] for who had no care.
    pub(in crate::generate) last: Day,
}

impl Beneficiary {
    fn before(&self) -> Option<&Earlier> {
        self.person.earlier.as_ref().filter(|_| self.earlier)
    }

    fn nir(&self) -> &str {
        self.before()
            .map_or(&self.person.nir, |earlier| &earlier.nir)
    }

    fn insured(&self) -> &str {
        let today = &self.person.insured;
        self.before().map_or(today, |earlier| &earlier.insured)
    }

    /// The last day taken in under this pseudo-NIR.
    fn last(&self) -> Day {
        let end = self.before().map(|earlier| earlier.until);
        end.map_or(self.last, |end| self.last.min(end))
    }
}

pub(in crate::generate) fn ir_ben_r(target: &Target<'_>) -> Result<Sheet<Beneficiary>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Beneficiary>)> = vec![
        ("BEN_NIR_PSA", Rows(|rows, _| text(rows, Beneficiary::nir))),
        (
            "BEN_RNG_GEM",
            Rows(|rows, t| whole(rows, t, |row| row.person.rank)),
        ),
        (
            "BEN_NIR_ANO",
            Rows(|rows, _| maybe_text(rows, |row| row.person.known_nir.as_ref())),
        ),
        (
            "BEN_IDT_ANO",
            Rows(|rows, _| text(rows, |row| row.person.identifier())),
        ),
        (
            "BEN_IDT_TOP",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person.known_nir.is_some()))),
        ),
        (
            "ASS_NIR_ANO",
            Rows(|rows, _| text(rows, Beneficiary::insured)),
        ),
        ("BEN_IDT_MAJ", Same("1600-01-01")),
        (
            "BEN_CDI_NIR",
            Rows(|rows, _| text(rows, |row| row.person.nir_kind)),
        ),
        (
            "BEN_NAI_ANN",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.person.born.year()))),
        ),
        (
            "BEN_NAI_MOI",
            Rows(|rows, _| text(rows, |row| format!("{:02}", row.person.born.number()))),
        ),
        (
            "BEN_SEX_COD",
            Rows(|rows, t| whole(rows, t, |row| row.person.sex.code())),
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
            Rows(|rows, _| text(rows, |row| row.person.departement.office())),
        ),
        (
            "ORG_CLE_NEW",
            Rows(|rows, _| text(rows, |row| row.person.departement.office())),
        ),
        (
            "BEN_RES_DPT",
            Rows(|rows, _| text(rows, |row| row.person.departement.three())),
        ),
        (
            "BEN_RES_COM",
            Rows(|rows, _| text(rows, |row| row.person.commune)),
        ),
        (
            "BEN_TOP_CNS",
            Rows(|rows, t| whole(rows, t, |row| i64::from(row.last() != Day::NONE))),
        ),
        (
            "MAX_TRT_DTD",
            Rows(|rows, t| days(rows, t, Beneficiary::last)),
        ),
        ("BEN_DTE_INS", Same("2014-01-01")),
        (
            "BEN_DTE_MAJ",
            Rows(|rows, t| days(rows, t, |row| row.last().max(Day::new(2014, 1, 1)))),
        ),
    ];
    Sheet::new(target, "IR_BEN_R", fills)
}
