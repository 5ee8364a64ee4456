//! What is promised of made-up data: the same bytes for the same seed, and tables that join.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::row::{RowConverter, SortField};
use arrow::util::display::array_value_to_string;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sceau_core::snds;
use sceau_synth::{Columns, Error, GenerateOptions, Summary, generate};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const OPTIONS: GenerateOptions = GenerateOptions {
    patients: 600,
    seed: 11,
    first_year: 2019,
    years: 2,
    columns: Columns::All,
    threads: None,
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
    assert!(few.num_rows() >= 50);
    assert_eq!(few, many.slice(0, few.num_rows()));
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
            .map(|column| {
                let stored = match column.data_type.clone().unwrap() {
                    // Parquet has no moments in seconds.
                    DataType::Timestamp(TimeUnit::Second, zone) => {
                        DataType::Timestamp(TimeUnit::Millisecond, zone)
                    }
                    other => other,
                };
                (column.name.clone(), stored)
            })
            .collect();
        let schema = written.schema();
        let found: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(summary.tables.len(), 20);
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
fn every_detail_belongs_to_exactly_one_line() {
    let (out, _) = made(&OPTIONS);
    let lines = table(out.path(), "ER_PRS_F");
    let keys: HashSet<_> = rows(&lines, &NINE).into_iter().collect();
    let columns: Vec<_> = NINE
        .iter()
        .copied()
        .chain(["PRS_NAT_REF", "DPN_QLF"])
        .collect();
    let by_key: HashMap<_, _> = rows(&lines, &columns)
        .into_iter()
        .map(|row| (row[..9].to_vec(), (row[9].clone(), row[10].clone())))
        .collect();
    for name in ["ER_CAM_F", "ER_ETE_F"] {
        let details = rows(&table(out.path(), name), &NINE);
        let distinct: HashSet<_> = details.iter().cloned().collect();
        assert!(details.len() > 500, "{name}: {}", details.len());
        assert_eq!(distinct.len(), details.len(), "{name}");
        assert!(distinct.is_subset(&keys), "{name}");
    }
    // Care in a public hospital is here for information only.
    let columns: Vec<_> = NINE.iter().copied().chain(["ETE_IND_TAA"]).collect();
    for row in rows(&table(out.path(), "ER_ETE_F"), &columns) {
        let (_, qualifier) = &by_key[&row[..9]];
        assert_eq!(row[9] == "1", qualifier == "71");
    }
    // An act of the CCAM is billed as one.
    for row in rows(&table(out.path(), "ER_CAM_F"), &NINE) {
        let (nature, _) = &by_key[&row];
        assert!(["1352", "1351", "1324", "1321"].contains(&nature.as_str()));
    }
}

#[test]
fn every_row_about_a_person_is_about_a_beneficiary() {
    let (out, summary) = made(&OPTIONS);
    let people = table(out.path(), "IR_BEN_R");
    let pair = ["BEN_NIR_PSA", "BEN_RNG_GEM"];
    let pairs: HashSet<_> = rows(&people, &pair).into_iter().collect();
    assert_eq!(pairs.len() as u64, summary.rows("IR_BEN_R"));
    for name in ["ER_PRS_F", "IR_IMB_R"] {
        for row in rows(&table(out.path(), name), &pair) {
            assert!(pairs.contains(&row), "{name}");
        }
    }
    let nirs: HashSet<_> = rows(&people, &["BEN_NIR_PSA"]).into_iter().collect();
    for name in ["T_MCO19C", "T_MCO20C"] {
        for row in rows(&table(out.path(), name), &["NIR_ANO_17", "NIR_RET"]) {
            let known = nirs.contains(&row[..1]);
            assert_eq!(known, row[1] == "0", "{name}");
            assert!(known || row[0] == "x".repeat(17), "{name}");
        }
    }
    let deaths: HashMap<_, _> = rows(&people, &["BEN_IDT_ANO", "BEN_DCD_DTE"])
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(deaths.len(), 600);
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
fn some_people_have_two_pseudo_nirs_and_their_care_bears_both() {
    let (out, summary) = made(&OPTIONS);
    let columns = ["BEN_IDT_ANO", "BEN_NIR_ANO", "BEN_NIR_PSA", "BEN_RNG_GEM"];
    let mut nirs: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows(&table(out.path(), "IR_BEN_R"), &columns) {
        assert!(row[0] == row[1] || row[0] == format!("{}{}", row[2], row[3]));
        nirs.entry(row[0].clone()).or_default().push(row[2].clone());
    }
    let several: Vec<_> = nirs.values().filter(|nirs| nirs.len() > 1).collect();
    assert!((15..60).contains(&several.len()), "{}", several.len());
    assert_eq!(several.len() as u64 + 600, summary.rows("IR_BEN_R"));
    let lines = rows(
        &table(out.path(), "ER_PRS_F"),
        &["BEN_NIR_PSA", "EXE_SOI_DTD"],
    );
    let mut both = 0;
    for nirs in several {
        let days = |nir: &String| {
            let days = lines.iter().filter(move |row| row[0] == *nir);
            days.map(|row| row[1].clone()).collect::<Vec<_>>()
        };
        let (earlier, later) = (days(&nirs[0]), days(&nirs[1]));
        assert!(earlier.iter().max() < later.iter().min() || later.is_empty());
        both += usize::from(!earlier.is_empty() && !later.is_empty());
    }
    assert!(both > 10, "{both}");
}

#[test]
fn professionals_are_known_by_those_who_did_and_prescribed() {
    let (out, _) = made(&OPTIONS);
    let known = rows(
        &table(out.path(), "DA_PRA_R"),
        &["PFS_PFS_NUM", "PFS_EXC_COM"],
    );
    let numbers: HashSet<_> = known.iter().map(|row| row[0].clone()).collect();
    assert_eq!(numbers.len(), known.len());
    for row in &known {
        assert_eq!((row[0].len(), row[1].len()), (8, 5));
        assert_eq!(row[0][..2], row[1][..2]);
    }
    let columns = ["PFS_EXE_NUM", "PFS_PRE_NUM", "PRS_MTT_NUM"];
    for row in rows(&table(out.path(), "ER_PRS_F"), &columns) {
        for number in row.iter().filter(|number| !number.is_empty()) {
            assert!(numbers.contains(number), "{number}");
        }
    }
}

#[test]
fn until_2017_some_hospitals_sent_their_stays_twice() {
    let (out, _) = made(&GenerateOptions {
        patients: 2_500,
        first_year: 2017,
        columns: Columns::Used,
        ..OPTIONS
    });
    let stays = |year: &str| rows(&table(out.path(), &format!("T_MCO{year}C")), &["ETA_NUM"]);
    // Numbers of sites in Paris and Lyon; the hospitals' own begin otherwise.
    let sites = |year: &str| {
        let stays = stays(year);
        let sites = stays.iter().filter(|row| {
            ["75080", "69078", "13078"]
                .iter()
                .any(|site| row[0].starts_with(site))
        });
        (sites.count(), stays.len())
    };
    let (twice, all) = sites("17");
    assert!(twice > 3 && twice * 10 < all, "{twice} of {all}");
    assert_eq!(sites("18").0, 0);
}

#[test]
fn the_tables_of_a_stay_share_its_key() {
    let (out, _) = made(&OPTIONS);
    let key = ["ETA_NUM", "RSA_NUM"];
    for year in ["19", "20"] {
        let read = |letter: &str| rows(&table(out.path(), &format!("T_MCO{year}{letter}")), &key);
        let stays = read("B");
        let distinct: HashSet<_> = stays.iter().cloned().collect();
        assert_eq!(distinct.len(), stays.len());
        assert_eq!(stays, read("C"));
        assert!(stays.len() > 50);
        for part in ["D", "A", "UM"] {
            let keys = read(part);
            assert!(keys.iter().all(|key| distinct.contains(key)), "{part}");
            assert!(keys.len() > 50, "{part}");
        }
        let units: HashSet<_> = read("UM").into_iter().collect();
        assert_eq!(units, distinct, "every stay goes through a unit");
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
        columns: Columns::Used,
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
fn the_used_columns_are_those_of_all_that_the_queries_name() {
    let options = GenerateOptions {
        patients: 40,
        ..OPTIONS
    };
    let (all, _) = made(&options);
    let (used, summary) = made(&GenerateOptions {
        columns: Columns::Used,
        ..options
    });
    for (name, count) in &summary.tables {
        let (all, used) = (table(all.path(), name), table(used.path(), name));
        assert_eq!(used.num_rows() as u64, *count);
        assert!(
            used.num_columns() < all.num_columns() && used.num_columns() > 1,
            "{name}"
        );
        for (place, field) in used.schema().fields().iter().enumerate() {
            let same = all.column_by_name(field.name());
            assert_eq!(same, Some(used.column(place)), "{name}.{}", field.name());
        }
    }
}

#[test]
fn too_many_patients_are_refused() {
    let out = tempfile::tempdir().unwrap();
    let options = GenerateOptions {
        patients: 100_000_001,
        ..OPTIONS
    };
    let error = generate(&options, out.path()).unwrap_err();
    assert!(matches!(error, Error::Options(_)), "{error}");
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
