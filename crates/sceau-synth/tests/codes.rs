//! The codes of made-up data are those of the published nomenclatures.
//!
//! They are looked for in `SCEAU_DATA`/synthetic-snds/nomenclatures; where it is not set there is nothing to try, and that
//! is said.

use arrow::util::display::array_value_to_string;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sceau_synth::{GenerateOptions, generate};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Table, column, nomenclature, its column.
const CODED: [(&str, &str, &str, &str); 31] = [
    ("ER_PRS_F", "PRS_NAT_REF", "ORAVAL/IR_NAT_V", "PRS_NAT"),
    ("ER_PRS_F", "CPL_MAJ_TOP", "ORAVAL/IR_CPM_V", "CPL_MAJ_COD"),
    ("ER_PRS_F", "PSE_SPE_COD", "ORAVAL/IR_SPE_V", "PFS_SPE_COD"),
    ("ER_PRS_F", "PSP_SPE_COD", "ORAVAL/IR_SPE_V", "PFS_SPE_COD"),
    ("ER_PRS_F", "PSE_ACT_NAT", "ORAVAL/IR_ACT_V", "PFS_ACT_NAT"),
    ("ER_PRS_F", "PSE_CNV_COD", "ORAVAL/IR_CNV_V", "PFS_CNV_COD"),
    ("ER_PRS_F", "PSE_STJ_COD", "ORAVAL/IR_SJP_V", "PFS_STJ_COD"),
    ("ER_PRS_F", "EXO_MTF", "ORAVAL/IR_EXO_V", "EXO_MTF"),
    ("ER_PRS_F", "BEN_SEX_COD", "ORAVAL/IR_SEX_V", "SEX_COD"),
    ("ER_PRS_F", "BEN_QAF_COD", "ORAVAL/IR_QBA_V", "BEN_QAF_COD"),
    ("ER_PRS_F", "RGM_COD", "ORAVAL/IR_RGM_V", "RGM_COD"),
    ("ER_PRS_F", "RGO_ASU_NAT", "ORAVAL/IR_ASU_V", "ASU_NAT"),
    ("ER_PRS_F", "FLX_EMT_TYP", "ORAVAL/IR_TYT_V", "TYT_COD"),
    (
        "ER_CAM_F",
        "CAM_PRS_IDE",
        "ATIH/IR_CCAM_V63",
        "CAM_PRS_IDE_COD",
    ),
    ("ER_CAM_F", "CAM_ASS_COD", "ORAVAL/IR_ASS_V", "ASS_ASS_COD"),
    ("ER_ETE_F", "ETE_IND_TAA", "ORAVAL/IR_TAA_V", "TAA_COD"),
    ("ER_ETE_F", "ETE_CAT_COD", "ORAVAL/IR_CET_V", "ETB_CAT_COD"),
    ("ER_ETE_F", "ETE_TYP_COD", "ORAVAL/IR_TYE_V", "ETB_TYP_COD"),
    ("ER_ETE_F", "ETE_STJ_COD", "ORAVAL/IR_SJE_V", "ETB_STJ_COD"),
    ("ER_ETE_F", "MDT_COD", "ORAVAL/IR_MDT_V", "MDT_COD"),
    ("IR_BEN_R", "BEN_CDI_NIR", "ORAVAL/IR_NIR_V", "BEN_NIR_COD"),
    ("IR_BEN_R", "BEN_RES_DPT", "ORAVAL/IR_DPT_V", "GEO_DPT_COD"),
    ("IR_IMB_R", "IMB_ETM_NAT", "ORAVAL/IR_ETM_V", "ETM_NAT"),
    ("IR_IMB_R", "IMB_ALD_NUM", "ORAVAL/IR_ALD_V", "ALD_030_COD"),
    ("IR_IMB_R", "MED_MTF_COD", "ORAVAL/IR_CIM_V", "CIM_COD"),
    ("KI_CCI_R", "DCD_CIM_COD", "ORAVAL/IR_CIM_V", "CIM_COD"),
    ("T_MCO19B", "DGN_PAL", "ORAVAL/MS_CIM_V", "CIM_COD"),
    ("T_MCO19B", "SOR_MOD", "ORAVAL/MS_SOR_V", "SOR_MOD_COD"),
    ("T_MCO19D", "ASS_DGN", "ORAVAL/MS_CIM_V", "CIM_COD"),
    ("T_MCO19A", "CDC_ACT", "ATIH/IR_CCAM_V63", "CAM_PRS_IDE_COD"),
    (
        "IR_PHA_R",
        "PHA_ATC_CLA",
        "OPENMEDIC/openmedic_ATC5",
        "ATC5",
    ),
];

fn values(folder: &Path, column: &str) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = File::open(file.unwrap().path()).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let mask = ProjectionMask::columns(reader.parquet_schema(), [column]);
        for batch in reader.with_projection(mask).build().unwrap() {
            let batch = batch.unwrap();
            let texts = (0..batch.num_rows())
                .map(|row| array_value_to_string(batch.column(0), row).unwrap());
            values.extend(texts.filter(|text| !text.is_empty()));
        }
    }
    values
}

fn codes(nomenclatures: &Path, name: &str, column: &str) -> BTreeSet<String> {
    let path = nomenclatures.join(format!("{name}.csv"));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .flexible(true)
        .from_path(&path)
        .unwrap();
    let header = reader.byte_headers().unwrap().clone();
    let place = header.iter().position(|name| name == column.as_bytes());
    let place = place.unwrap_or_else(|| panic!("{} has no {column}", path.display()));
    reader
        .byte_records()
        .map(|record| String::from_utf8_lossy(&record.unwrap()[place]).into_owned())
        .collect()
}

#[test]
fn every_code_is_in_its_nomenclature() {
    let Some(data) = std::env::var_os("SCEAU_DATA") else {
        println!("SCEAU_DATA is not set: the nomenclatures are not tried");
        return;
    };
    let nomenclatures = PathBuf::from(data).join("synthetic-snds/nomenclatures");
    let out = tempfile::tempdir().unwrap();
    let options = GenerateOptions {
        patients: 2_000,
        years: 1,
        ..GenerateOptions::default()
    };
    generate(&options, out.path()).unwrap();
    let mut unknown = Vec::new();
    for (table, column, nomenclature, codes_column) in CODED {
        let codes = codes(&nomenclatures, nomenclature, codes_column);
        let values = values(&out.path().join(table), column);
        assert!(!values.is_empty(), "{table}.{column}");
        for value in values.difference(&codes) {
            unknown.push(format!("{table}.{column}: {value}"));
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}
