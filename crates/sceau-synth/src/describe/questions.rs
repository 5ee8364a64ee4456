//! Which distributions are told, and how they are read from the files.

use super::distribution::{Count, Distribution, Shown};
use crate::Error;
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use chrono::{Datelike, NaiveDate};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The files of each table.
type Tables = BTreeMap<String, Vec<PathBuf>>;

/// What is counted of a column.
#[derive(Clone, Copy)]
enum Value {
    /// The value itself.
    Whole,
    /// Its first characters.
    Start(usize),
    /// The ten years it falls in, of a year.
    Decade,
    /// Whether it is below zero.
    Sign,
    /// What the catalogue of medicines says of it: the first three characters of its ATC class.
    Class,
}

/// Title, start of the table's name, column, what is counted of it, what is shown.
const COLUMNS: [(&str, &str, &str, Value, Shown); 13] = [
    (
        "Births by ten years, IR_BEN_R",
        "IR_BEN_R",
        "BEN_NAI_ANN",
        Value::Decade,
        Shown::All,
    ),
    (
        "Sex, IR_BEN_R",
        "IR_BEN_R",
        "BEN_SEX_COD",
        Value::Whole,
        Shown::All,
    ),
    (
        "Kind of NIR, IR_BEN_R",
        "IR_BEN_R",
        "BEN_CDI_NIR",
        Value::Whole,
        Shown::All,
    ),
    (
        "Départements, IR_BEN_R",
        "IR_BEN_R",
        "BEN_RES_DPT",
        Value::Whole,
        Shown::Most(8),
    ),
    (
        "Year of death (1600: alive), IR_BEN_R",
        "IR_BEN_R",
        "BEN_DCD_AME",
        Value::Start(4),
        Shown::All,
    ),
    (
        "Long-term illnesses, IR_IMB_R",
        "IR_IMB_R",
        "MED_MTF_COD",
        Value::Start(3),
        Shown::Most(8),
    ),
    (
        "Kinds of care, ER_PRS_F",
        "ER_PRS_F",
        "PRS_NAT_REF",
        Value::Whole,
        Shown::Most(8),
    ),
    (
        "Lines that take something back, ER_PRS_F",
        "ER_PRS_F",
        "PRS_ACT_QTE",
        Value::Sign,
        Shown::All,
    ),
    (
        "Medicines by class, ER_PHA_F",
        "ER_PHA_F",
        "PHA_PRS_C13",
        Value::Class,
        Shown::Most(8),
    ),
    (
        "Acts, ER_CAM_F",
        "ER_CAM_F",
        "CAM_PRS_IDE",
        Value::Whole,
        Shown::Most(8),
    ),
    (
        "Principal diagnoses, T_MCOaaB",
        "T_MCO??B",
        "DGN_PAL",
        Value::Start(3),
        Shown::Most(8),
    ),
    (
        "Modes of leaving, T_MCOaaB",
        "T_MCO??B",
        "SOR_MOD",
        Value::Whole,
        Shown::All,
    ),
    (
        "Causes of death, KI_CCI_R",
        "KI_CCI_R",
        "DCD_CIM_COD",
        Value::Start(3),
        Shown::Most(8),
    ),
];

/// All distributions that the tables allow.
pub(super) fn answer(tables: &Tables) -> Result<Vec<Distribution>, Error> {
    let mut distributions = Vec::new();
    let classes = classes(tables)?;
    for (title, table, column, value, shown) in COLUMNS {
        let mut count = Count::default();
        for path in files(tables, table) {
            read(path, &[column], |batch| {
                count_values(batch.column(0), value, &classes, &mut count);
            })?;
        }
        distributions.extend(count.distribution(title, shown));
    }
    distributions.extend(delays(tables)?);
    Ok(distributions)
}

/// Months from the care to the flow that tells it.
fn delays(tables: &Tables) -> Result<Option<Distribution>, Error> {
    let mut count = Count::default();
    for path in files(tables, "ER_PRS_F") {
        read(path, &["EXE_SOI_DTD", "FLX_DIS_DTD"], |batch| {
            let (Some(care), Some(flow)) = (months(batch.column(0)), months(batch.column(1)))
            else {
                return;
            };
            for (care, flow) in care.iter().zip(flow) {
                if let (Some(care), Some(flow)) = (care, flow) {
                    count.add(&(flow - care).to_string());
                }
            }
        })?;
    }
    Ok(count.distribution("Months from care to flow, ER_PRS_F", Shown::All))
}

/// Months since year 0 of a column of dates.
fn months(column: &ArrayRef) -> Option<Vec<Option<i32>>> {
    /// 1970-01-01, counted from the first day of year 1.
    const EPOCH: i32 = 719_163;
    let days = column.as_primitive_opt::<Date32Type>()?;
    let month = |day: i32| {
        let date = NaiveDate::from_num_days_from_ce_opt(EPOCH.checked_add(day)?)?;
        Some(date.year() * 12 + i32::try_from(date.month0()).ok()?)
    };
    Some(days.iter().map(|day| day.and_then(month)).collect())
}

/// The start of the ATC class of each medicine in the catalogue.
fn classes(tables: &Tables) -> Result<HashMap<String, String>, Error> {
    let mut classes = HashMap::new();
    for path in files(tables, "IR_PHA_R") {
        read(path, &["PHA_CIP_C13", "PHA_ATC_CLA"], |batch| {
            let columns = [texts(batch.column(0)), texts(batch.column(1))];
            let [Some(codes), Some(atc)] = columns else {
                return;
            };
            let pairs = codes.as_string::<i32>().iter().zip(atc.as_string::<i32>());
            for (code, atc) in pairs {
                if let (Some(code), Some(atc)) = (code, atc) {
                    classes.insert(code.to_owned(), start(atc, 3).to_owned());
                }
            }
        })?;
    }
    Ok(classes)
}

fn count_values(
    column: &ArrayRef,
    value: Value,
    classes: &HashMap<String, String>,
    count: &mut Count,
) {
    let Some(texts) = texts(column) else { return };
    for text in texts.as_string::<i32>().iter().flatten() {
        match value {
            Value::Whole => count.add(text),
            Value::Start(letters) => count.add(start(text, letters)),
            Value::Decade => count.add(&format!("{}0s", start(text, 3))),
            Value::Sign => count.add(if text.starts_with('-') { "yes" } else { "no" }),
            Value::Class => count.add(classes.get(text).map_or("unknown", String::as_str)),
        }
    }
}

/// A column as text; none of a type that has no text.
fn texts(column: &ArrayRef) -> Option<ArrayRef> {
    cast(column, &DataType::Utf8).ok()
}

/// The first characters, or all.
fn start(text: &str, letters: usize) -> &str {
    match text.char_indices().nth(letters) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// The files of the tables whose name fits, with `?` for any character.
fn files<'t>(tables: &'t Tables, pattern: &str) -> impl Iterator<Item = &'t Path> {
    let fits = move |name: &str| {
        name.len() == pattern.len()
            && name
                .bytes()
                .zip(pattern.bytes())
                .all(|(letter, wanted)| wanted == b'?' || letter.eq_ignore_ascii_case(&wanted))
    };
    let fitting: Vec<_> = tables.iter().filter(|(name, _)| fits(name)).collect();
    fitting
        .into_iter()
        .flat_map(|(_, files)| files.iter().map(PathBuf::as_path))
}

/// Reads some columns of a file, in this order; of a file that lacks one, nothing.
fn read(path: &Path, columns: &[&str], mut each: impl FnMut(&RecordBatch)) -> Result<(), Error> {
    let file = File::open(path).map_err(Error::io(path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(Error::parquet(path))?;
    let schema = reader.schema();
    if columns
        .iter()
        .any(|column| schema.index_of(column).is_err())
    {
        return Ok(());
    }
    let mask = ProjectionMask::columns(reader.parquet_schema(), columns.iter().copied());
    let reader = reader
        .with_projection(mask)
        .build()
        .map_err(Error::parquet(path))?;
    for batch in reader {
        let batch = batch.map_err(|error| Error::parquet(path)(error.into()))?;
        let places: Vec<_> = columns
            .iter()
            .filter_map(|column| batch.schema().index_of(column).ok())
            .collect();
        if let Ok(batch) = batch.project(&places) {
            each(&batch);
        }
    }
    Ok(())
}
