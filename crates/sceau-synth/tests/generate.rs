//! What is promised of made-up data: the same bytes for the same seed, and tables that join.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::row::{RowConverter, SortField};
use arrow::util::display::array_value_to_string;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sceau_core::snds;
use sceau_synth::{Error, GenerateOptions, Summary, generate};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const OPTIONS: GenerateOptions = GenerateOptions {
    patients: 600,
    seed: 11,
    first_year: 2019,
    years: 2,
};

fn made(options: &GenerateOptions) -> (TempDir, Summary) {
    let out = tempfile::tempdir().unwrap();
    let summary = generate(options, out.path()).unwrap();
    (out, summary)
}

/// Every file below a folder, by its path from there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for table in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(table.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_owned();
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    files
}

fn table(out: &Path, name: &str) -> RecordBatch {
    let mut paths: Vec<_> = std::fs::read_dir(out.join(name))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    paths.sort();
    let mut batches = Vec::new();
    let mut schema = None;
    for path in paths {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        schema = Some(builder.schema().clone());
        batches.extend(builder.build().unwrap().map(Result::unwrap));
    }
    concat_batches(&schema.unwrap(), &batches).unwrap()
}

/// The values of some columns, row by row, as text.
fn rows(table: &RecordBatch, columns: &[&str]) -> Vec<Vec<String>> {
    (0..table.num_rows())
        .map(|row| {
            let value = |name: &&str| {
                let column = table.column_by_name(name).unwrap();
                array_value_to_string(column, row).unwrap()
            };
            columns.iter().map(value).collect()
        })
        .collect()
}

const NINE: [&str; 9] = [
    "DCT_ORD_NUM",
    "FLX_DIS_DTD",
    "FLX_EMT_NUM",
    "FLX_EMT_ORD",
    "FLX_EMT_TYP",
    "FLX_TRT_DTD",
    "ORG_CLE_NUM",
    "PRS_ORD_NUM",
    "REM_TYP_AFF",
];

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let options = GenerateOptions {
        patients: 200,
        ..OPTIONS
    };
    let (first, _) = made(&options);
    let (second, _) = made(&options);
    let (other, _) = made(&GenerateOptions {
        seed: 12,
        ..options.clone()
    });
    let (first, second, other) = (
        files(first.path()),
        files(second.path()),
        files(other.path()),
    );
    assert_eq!(
        first.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &first {
        assert!(*bytes == second[name], "{} differs", name.display());
    }
    let people = Path::new("IR_BEN_R").join("part-0.parquet");
    assert!(first[&people] != other[&people]);
}

#[test]
fn more_patients_leave_the_first_ones_as_they_were() {
    let (few, _) = made(&GenerateOptions {
        patients: 50,
        ..OPTIONS
    });
    let (many, _) = made(&GenerateOptions {
        patients: 80,
        ..OPTIONS
    });
    let (few, many) = (
        table(few.path(), "IR_BEN_R"),
        table(many.path(), "IR_BEN_R"),
    );
    assert_eq!(few, many.slice(0, 50));
}

#[test]
fn every_file_has_the_columns_and_types_of_the_data_model() {
    let (out, summary) = made(&GenerateOptions {
        patients: 30,
        ..OPTIONS
    });
    for (name, count) in &summary.tables {
        let written = table(out.path(), name);
        assert_eq!(written.num_rows() as u64, *count, "{name}");
        let model = snds::table(name).unwrap();
        let missing = ["NUM_ENQ", "PFS_EXE_NUM_C", "PFS_PRE_NUM_C", "PRS_MTT_NUM_C"];
        let expected: Vec<_> = model
            .columns
            .iter()
            .filter(|column| !missing.contains(&column.name.as_str()))
            .map(|column| (column.name.clone(), column.data_type.clone().unwrap()))
            .collect();
        let schema = written.schema();
        let found: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(summary.tables.len(), 12);
}

#[test]
fn every_medicine_belongs_to_exactly_one_line_and_to_a_product() {
    let (out, summary) = made(&OPTIONS);
    let lines = table(out.path(), "ER_PRS_F");
    let mut keys = HashMap::new();
    for (row, key) in rows(&lines, &NINE).into_iter().enumerate() {
        assert_eq!(keys.insert(key, row), None, "a key twice");
    }
    let medicines = table(out.path(), "ER_PHA_F");
    assert!(summary.rows("ER_PHA_F") > 5_000);
    let quantity = |table: &RecordBatch, name: &str| rows(table, &[name]);
    let boxes = quantity(&medicines, "PHA_ACT_QSN");
    let billed = quantity(&lines, "PRS_ACT_QTE");
    for (row, key) in rows(&medicines, &NINE).into_iter().enumerate() {
        let line = keys
            .remove(&key)
            .expect("a line with the medicine's key, and only one medicine");
        assert_eq!(format!("{}.00", boxes[row][0]), billed[line][0]);
    }
    let products: HashSet<_> = rows(&table(out.path(), "IR_PHA_R"), &["PHA_CIP_C13"])
        .into_iter()
        .collect();
    for code in rows(&medicines, &["PHA_PRS_C13"]) {
        assert!(products.contains(&code), "{code:?}");
    }
}

#[test]
fn every_row_about_a_person_is_about_a_beneficiary() {
    let (out, _) = made(&OPTIONS);
    let people = table(out.path(), "IR_BEN_R");
    let pair = ["BEN_NIR_PSA", "BEN_RNG_GEM"];
    let pairs: HashSet<_> = rows(&people, &pair).into_iter().collect();
    assert_eq!(pairs.len(), 600);
    for name in ["ER_PRS_F", "IR_IMB_R"] {
        for row in rows(&table(out.path(), name), &pair) {
            assert!(pairs.contains(&row), "{name}");
        }
    }
    let nirs: HashSet<_> = rows(&people, &["BEN_NIR_PSA"]).into_iter().collect();
    for name in ["T_MCO19C", "T_MCO20C"] {
        for row in rows(&table(out.path(), name), &["NIR_ANO_17"]) {
            assert!(nirs.contains(&row), "{name}");
        }
    }
    let deaths: HashMap<_, _> = rows(&people, &["BEN_IDT_ANO", "BEN_DCD_DTE"])
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let dead = rows(
        &table(out.path(), "KI_CCI_R"),
        &["BEN_IDT_ANO", "BEN_DCD_DTE"],
    );
    for row in &dead {
        assert_eq!(deaths[&row[0]], row[1]);
    }
    let alive = deaths.values().filter(|day| *day == "1600-01-01").count();
    assert_eq!(alive + dead.len(), 600);
    assert!(!dead.is_empty());
}

#[test]
fn the_three_tables_of_a_stay_share_its_key() {
    let (out, _) = made(&OPTIONS);
    let key = ["ETA_NUM", "RSA_NUM"];
    for year in ["19", "20"] {
        let read = |letter: &str| rows(&table(out.path(), &format!("T_MCO{year}{letter}")), &key);
        let stays = read("B");
        let distinct: HashSet<_> = stays.iter().cloned().collect();
        assert_eq!(distinct.len(), stays.len());
        assert_eq!(stays, read("C"));
        assert!(stays.len() > 50);
        assert!(read("D").iter().all(|key| distinct.contains(key)));
    }
}

#[test]
fn a_flow_comes_after_the_care_it_tells_and_care_ends_with_death() {
    let (out, _) = made(&OPTIONS);
    let lines = table(out.path(), "ER_PRS_F");
    let days = [
        "EXE_SOI_DTD",
        "FLX_TRT_DTD",
        "FLX_DIS_DTD",
        "BEN_DCD_DTE",
        "BSE_REM_SGN",
    ];
    let mut corrections = 0;
    for row in rows(&lines, &days) {
        let [care, taken_in, published, death, sign] = &row[..] else {
            unreachable!()
        };
        assert!(care <= taken_in && taken_in < published, "{row:?}");
        assert!(care[..7] < published[..7], "{row:?}");
        assert!(death == "1600-01-01" || care <= death, "{row:?}");
        corrections += usize::from(sign == "-1");
    }
    assert!((50..1_000).contains(&corrections), "{corrections}");
    // The file of a flow holds that flow and no other.
    let path = out.path().join("ER_PRS_F").join("part-2020-03.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    for batch in reader.build().unwrap() {
        for row in rows(&batch.unwrap(), &["FLX_DIS_DTD"]) {
            assert_eq!(row, ["2020-03-01"]);
        }
    }
}

#[test]
fn diabetics_take_insulin_or_tablets_have_the_illness_and_go_to_hospital_for_it() {
    let (out, _) = made(&GenerateOptions {
        patients: 1_500,
        years: 1,
        ..OPTIONS
    });
    let ill: HashSet<_> = rows(
        &table(out.path(), "IR_IMB_R"),
        &["MED_MTF_COD", "BEN_NIR_PSA"],
    )
    .into_iter()
    .filter(|row| row[0].starts_with("E11"))
    .map(|row| row[1].clone())
    .collect();
    assert!(ill.len() > 40, "{}", ill.len());
    let stays = table(out.path(), "T_MCO19B");
    let diagnoses = stays.column_by_name("DGN_PAL").unwrap().as_string::<i32>();
    assert!(
        diagnoses
            .iter()
            .flatten()
            .filter(|code| code.starts_with("E11"))
            .count()
            > 3
    );
    let class: HashMap<_, _> = rows(
        &table(out.path(), "IR_PHA_R"),
        &["PHA_CIP_C13", "PHA_ATC_CLA"],
    )
    .into_iter()
    .map(|row| (row[0].clone(), row[1].clone()))
    .collect();
    let a10: HashSet<_> = {
        let columns: Vec<&str> = NINE.iter().copied().chain(["PHA_PRS_C13"]).collect();
        rows(&table(out.path(), "ER_PHA_F"), &columns)
            .into_iter()
            .filter(|row| class[&row[9]].starts_with("A10"))
            .map(|row| row[..9].to_vec())
            .collect()
    };
    let columns: Vec<&str> = NINE.iter().copied().chain(["BEN_NIR_PSA"]).collect();
    let treated: HashSet<_> = rows(&table(out.path(), "ER_PRS_F"), &columns)
        .into_iter()
        .filter(|row| a10.contains(&row[..9]))
        .map(|row| row[9].clone())
        .collect();
    assert!(ill.intersection(&treated).count() * 10 > ill.len() * 8);
}

#[test]
fn a_folder_with_files_of_an_earlier_run_is_refused() {
    let options = GenerateOptions {
        patients: 5,
        ..OPTIONS
    };
    let (out, _) = made(&options);
    let error = generate(&options, out.path()).unwrap_err();
    assert!(matches!(error, Error::Occupied { .. }), "{error}");
}

#[test]
fn no_years_are_refused() {
    let out = tempfile::tempdir().unwrap();
    let error = generate(
        &GenerateOptions {
            years: 0,
            ..OPTIONS
        },
        out.path(),
    )
    .unwrap_err();
    assert!(matches!(error, Error::Options(_)), "{error}");
}

#[test]
fn no_key_column_is_null() {
    let (out, _) = made(&GenerateOptions {
        patients: 40,
        ..OPTIONS
    });
    let lines = table(out.path(), "ER_PRS_F");
    for name in NINE {
        assert_eq!(lines.column_by_name(name).unwrap().null_count(), 0);
    }
    // The whole rows differ too: nothing was written twice.
    let fields = lines
        .schema()
        .fields()
        .iter()
        .map(|f| SortField::new(f.data_type().clone()))
        .collect();
    let converted = RowConverter::new(fields)
        .unwrap()
        .convert_columns(lines.columns())
        .unwrap();
    let distinct: HashSet<_> = converted.iter().map(|row| row.as_ref().to_vec()).collect();
    assert_eq!(distinct.len(), lines.num_rows());
}
