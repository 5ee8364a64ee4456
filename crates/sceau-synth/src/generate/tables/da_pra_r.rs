//! DA_PRA_R: one row a professional who took part in the care.

use crate::Error;
use crate::generate::professional::Professional;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::short::Short;
use crate::generate::target::Target;
use crate::generate::values::{text, whole};

/// The commune of the practice, in five characters: most are in the larger ones.
fn commune(row: &Professional) -> Short {
    let number = 1 + row.trait_of(60);
    let departement = row.departement;
    match departement.code().len() {
        3 => Short::new().text(departement.code()).number(number, 2),
        _ => Short::new().text(departement.two()).number(number, 3),
    }
}

pub(in crate::generate) fn da_pra_r(target: &Target<'_>) -> Result<Sheet<Professional>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Professional>)> = vec![
        ("PFS_PFS_NUM", Rows(|rows, _| text(rows, |row| row.id()))),
        ("DTE_ANN_TRT", Same("2020")),
        ("DTE_MOI_FIN", Same("12")),
        (
            "IPP_SEX_COD",
            Rows(|rows, _| text(rows, |row| if row.trait_of(9) < 4 { "2" } else { "1" })),
        ),
        (
            "IPP_ANN_NAI",
            Rows(|rows, t| whole(rows, t, |row| 1953 + i64::from(row.trait_of(38)))),
        ),
        (
            "PFS_PRA_SPE",
            Rows(|rows, _| {
                text(rows, |row| {
                    Short::new().number((row.specialty() + row.activity()) as u32, 2)
                })
            }),
        ),
        (
            "CNV_CNV_COD",
            Rows(|rows, _| text(rows, |row| if row.trait_of(7) == 0 { "3" } else { "1" })),
        ),
        ("PFS_EXC_COM", Rows(|rows, _| text(rows, commune))),
        ("STA_PFS_NUM", Rows(|rows, _| text(rows, |row| row.id()))),
    ];
    Sheet::new(target, "DA_PRA_R", fills)
}
