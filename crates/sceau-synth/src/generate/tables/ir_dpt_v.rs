//! IR_DPT_V: the départements and their regions.

use crate::Error;
use crate::generate::places::Departement;
use crate::generate::sheet::{Fill, Sheet};
use crate::generate::target::Target;
use crate::generate::values::{text, whole};

pub(in crate::generate) fn ir_dpt_v(target: &Target<'_>) -> Result<Sheet<Departement>, Error> {
    use Fill::{Rows, Same};
    let fills: Vec<(&str, Fill<Departement>)> = vec![
        ("GEO_DPT_COD", Rows(|rows, _| text(rows, |row| row.three()))),
        (
            "GEO_REG_COD",
            Rows(|rows, t| whole(rows, t, |row| row.region())),
        ),
        ("GEO_DPT_LIB", Rows(|rows, _| text(rows, |row| row.name()))),
        ("TEC_COL", Same("0")),
    ];
    Sheet::new(target, "IR_DPT_V", fills)
}
