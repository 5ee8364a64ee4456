//! What is promised of an import: every row and value is there, or the place where one does not fit is named.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;
use chrono::NaiveDateTime;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use sceau_synth::{Error, ImportOptions, ImportReport, OnMismatch, import};
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const TEXT: ImportOptions = ImportOptions {
    on_mismatch: OnMismatch::Text,
};

const STRICT: ImportOptions = ImportOptions {
    on_mismatch: OnMismatch::Error,
};

#[test]
fn nothing_is_lost_unless_somebody_asks_for_strictness() {
    assert_eq!(ImportOptions::default(), TEXT);
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn imported(
    files: &[(&str, &str)],
    options: &ImportOptions,
) -> (Result<ImportReport, Error>, TempDir) {
    let (src, out) = (folder(files), tempfile::tempdir().unwrap());
    (import(options, src.path(), out.path()), out)
}

fn read(out: &Path, table: &str) -> RecordBatch {
    let file = File::open(out.join(table).join("part-0.parquet")).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// The values of a column as text, NULL as `None`.
fn values(table: &RecordBatch, column: usize) -> Vec<Option<String>> {
    let column = table.column(column);
    (0..table.num_rows())
        .map(|row| {
            column
                .is_valid(row)
                .then(|| array_value_to_string(column, row).unwrap())
        })
        .collect()
}

#[test]
fn a_table_of_the_model_is_typed_by_it_and_keeps_rows_columns_and_text() {
    let csv = "\u{feff}BEN_SEX_COD;BEN_NIR_PSA;IMB_ALD_DTD;mine\r\n\
        1;0070000000000000a;2019-06-28;\"a;\"\"b\"\"\nc\"\r\n;;; x \r\n";
    let (report, out) = imported(&[("IR_IMB_R.csv", csv)], &STRICT);
    let table = &report.unwrap().tables[0];
    assert_eq!((table.name.as_str(), table.rows), ("IR_IMB_R", 2));
    assert_eq!(table.unknown_columns, ["BEN_SEX_COD", "mine"]);
    let read = read(out.path(), "IR_IMB_R");
    let schema = read.schema();
    let types: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.data_type().clone())
        .collect();
    assert_eq!(
        types,
        [
            DataType::Utf8,
            DataType::Utf8,
            DataType::Date32,
            DataType::Utf8
        ]
    );
    assert_eq!(
        values(&read, 1),
        [Some("0070000000000000a".to_owned()), None]
    );
    assert_eq!(values(&read, 2), [Some("2019-06-28".to_owned()), None]);
    assert_eq!(
        values(&read, 3),
        [Some("a;\"b\"\nc".to_owned()), Some(" x ".to_owned())]
    );
}

#[test]
fn a_value_that_does_not_fit_is_named_and_leaves_nothing_of_its_table() {
    let good = ("ER_BIO_F.csv", "BIO_ORD_NUM\n1\n");
    let bad = ("ER_CPT_F.csv", "CPT_ORD_NUM;GES_GRG_COD\n1;2\n3;MB1\n");
    let (result, out) = imported(&[good, bad], &STRICT);
    let error = result.unwrap_err();
    let Error::Value {
        path, line, column, ..
    } = &error
    else {
        panic!("{error}")
    };
    assert!(path.ends_with("ER_CPT_F.csv"));
    assert_eq!((*line, column.as_str()), (3, "GES_GRG_COD"));
    assert!(
        !error.to_string().contains("MB1"),
        "a message holds no value"
    );
    let left: Vec<_> = std::fs::read_dir(out.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["ER_BIO_F"]);
}

#[test]
fn a_column_with_a_value_that_does_not_fit_is_kept_as_text_if_asked() {
    let csv = "CPT_ORD_NUM;GES_GRG_COD\n1;2\n3;MB1\n5;007\n;\n";
    let (report, out) = imported(&[("ER_CPT_F.csv", csv)], &TEXT);
    let table = &report.unwrap().tables[0];
    let [kept] = &table.kept_as_text[..] else {
        panic!("{table:?}")
    };
    assert_eq!((kept.column.as_str(), kept.line), ("GES_GRG_COD", 3));
    let read = read(out.path(), "ER_CPT_F");
    assert_eq!(read.column(0).data_type(), &DataType::Int16);
    let text = ["2", "MB1", "007"].map(|value| Some(value.to_owned()));
    assert_eq!(values(&read, 1)[..3], text);
    assert_eq!(values(&read, 1)[3], None);
}

#[test]
fn a_blank_line_is_a_row_where_one_column_makes_a_row_and_nothing_elsewhere() {
    let files = [
        ("ONE.csv", "A\n1\n\n3\n"),
        ("TWO.csv", "A,B\n1,2\n\n3,4\n\n"),
    ];
    let (report, out) = imported(&files, &STRICT);
    let rows: Vec<_> = report
        .unwrap()
        .tables
        .iter()
        .map(|table| table.rows)
        .collect();
    assert_eq!(rows, [3, 2]);
    assert_eq!(values(&read(out.path(), "ONE"), 0)[1], None);
}

#[test]
fn a_table_of_one_column_has_no_separator() {
    let (report, out) = imported(&[("T.csv", "A\na,b;c\n")], &STRICT);
    assert_eq!(report.unwrap().tables[0].rows, 1);
    assert_eq!(
        values(&read(out.path(), "T"), 0),
        [Some("a,b;c".to_owned())]
    );
}

#[test]
fn a_file_that_is_no_table_names_the_line() {
    for (csv, at) in [
        ("A,B\n1,2\n3\n", 3),
        ("A,B\n1,2\n3,4,5\n", 3),
        ("A,B\n1,2\n\"3,4\n", 3),
        ("A,a\n1,2\n", 1),
        ("A,\n1,2\n", 1),
        ("", 1),
    ] {
        let (result, out) = imported(&[("T.csv", csv)], &TEXT);
        let error = result.unwrap_err();
        assert!(
            matches!(error, Error::Csv { line, .. } if line == at),
            "{csv:?}: {error}"
        );
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0, "{csv:?}");
    }
}

#[test]
fn text_that_is_not_utf8_is_an_error() {
    let (src, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(src.path().join("T.csv"), b"A\nd\xe9c\xe8s\n").unwrap();
    let error = import(&TEXT, src.path(), out.path()).unwrap_err();
    assert!(matches!(error, Error::Csv { line: 2, .. }), "{error}");
}

#[test]
fn what_the_schema_declares_missing_is_null_and_its_formats_are_read() {
    let schema = r#"{"missingValues": ["", "NA"], "fields": [
        {"name": "n", "type": "integer"}, {"name": "d", "type": "date", "format": "%d%m%Y"},
        {"name": "b", "type": "boolean", "trueValues": ["O"], "falseValues": ["N"]},
        {"name": "m", "type": "date", "format": "%m"}]}"#;
    let csv = "n,d,b,m\nNA,28062019,O,06\n5,NA,N,\n";
    let (report, out) = imported(&[("T.csv", csv), ("t.json", schema)], &STRICT);
    report.unwrap();
    let read = read(out.path(), "T");
    let schema = read.schema();
    let types: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.data_type().clone())
        .collect();
    assert_eq!(
        types,
        [
            DataType::Int64,
            DataType::Date32,
            DataType::Boolean,
            DataType::Utf8
        ]
    );
    assert_eq!(values(&read, 0), [None, Some("5".to_owned())]);
    assert_eq!(values(&read, 1), [Some("2019-06-28".to_owned()), None]);
    assert_eq!(
        values(&read, 2),
        [Some("true".to_owned()), Some("false".to_owned())]
    );
    assert_eq!(values(&read, 3), [Some("06".to_owned()), None]);
}

#[test]
fn an_import_may_be_repeated_but_not_mixed_with_other_files() {
    let src = folder(&[("T.csv", "A\n1\n")]);
    let out = tempfile::tempdir().unwrap();
    import(&TEXT, src.path(), out.path()).unwrap();
    import(&TEXT, src.path(), out.path()).unwrap();
    std::fs::write(out.path().join("T").join("part-2019-02.parquet"), "").unwrap();
    let error = import(&TEXT, src.path(), out.path()).unwrap_err();
    assert!(matches!(error, Error::Occupied { .. }), "{error}");
}

/// A column of a random table: the type in its schema and its values as they are written.
fn column() -> impl Strategy<Value = (&'static str, Vec<String>)> {
    let rows = 5;
    let of = |kind, values: BoxedStrategy<String>| {
        let values = prop_oneof![1 => Just(String::new()), 4 => values];
        prop::collection::vec(values, rows).prop_map(move |values| (kind, values))
    };
    let day = (1_i32..2_900, 1_u32..13, 1_u32..29)
        .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    prop_oneof![
        of("string", "[0-9aé ;,\"\n.-]{1,6}".boxed()),
        of(
            "integer",
            any::<i64>().prop_map(|number| number.to_string()).boxed()
        ),
        of(
            "number",
            (-9_999_999_i64..9_999_999)
                .prop_map(|n| format!("{}", n as f64 / 64.0))
                .boxed()
        ),
        of(
            "boolean",
            any::<bool>().prop_map(|truth| truth.to_string()).boxed()
        ),
        of("date", day.boxed()),
        of("yearmonth", "[12][09][0-9]{2}(0[1-9]|1[0-2])".boxed()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_random_table_is_read_back_as_it_was_written(
        columns in prop::collection::vec(column(), 1..5),
        delimiter in prop_oneof![Just(b','), Just(b';')],
        crlf: bool,
    ) {
        let src = tempfile::tempdir().unwrap();
        let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(end)
            .from_path(src.path().join("Random.csv"))
            .unwrap();
        let names: Vec<_> = (0..columns.len()).map(|place| format!("c{place}")).collect();
        writer.write_record(&names).unwrap();
        for row in 0..5 {
            writer.write_record(columns.iter().map(|(_, values)| &values[row])).unwrap();
        }
        writer.flush().unwrap();
        let fields: Vec<_> = names
            .iter()
            .zip(&columns)
            .map(|(name, (kind, _))| serde_json::json!({"name": name, "type": kind}))
            .collect();
        let schema = serde_json::json!({"fields": fields, "missingValues": [""]});
        std::fs::write(src.path().join("Random.json"), schema.to_string()).unwrap();

        let out = tempfile::tempdir().unwrap();
        let report = import(&STRICT, src.path(), out.path()).unwrap();
        prop_assert_eq!(report.tables[0].rows, 5);
        let read = read(out.path(), "Random");
        for (place, (kind, written)) in columns.iter().enumerate() {
            for (value, written) in values(&read, place).into_iter().zip(written) {
                match value {
                    None => prop_assert_eq!(written, ""),
                    Some(value) if *kind == "number" => {
                        prop_assert_eq!(value.parse::<f64>(), written.parse::<f64>());
                    }
                    Some(value) => prop_assert_eq!(&value, written),
                }
            }
        }
    }
}

/// The folder of published files, if `SCEAU_DATA` names it or its parent.
fn published() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("SCEAU_DATA").map(PathBuf::from) else {
        eprintln!("skipped: SCEAU_DATA does not name the folder of the published files");
        return None;
    };
    let below = folder.join("synthetic-snds");
    Some(if below.is_dir() { below } else { folder })
}

#[test]
fn the_published_files_are_imported_whole() {
    let Some(src) = published() else { return };
    let out = tempfile::tempdir().unwrap();
    let report = import(&TEXT, &src, out.path()).unwrap();
    assert_eq!(
        (report.tables.len(), report.schemas_without_data.len()),
        (222, 4)
    );
    for table in &report.tables {
        assert!(table.unknown_columns.is_empty(), "{table:?}");
        let read = read(out.path(), &table.name);
        // A reader of somebody else's, which does not know the types.
        let text = std::fs::read_to_string(&table.source).unwrap();
        let head = text.lines().next().unwrap();
        let delimiter = if head.matches(';').count() > head.matches(',').count() {
            b';'
        } else {
            b','
        };
        let mut csv = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let names: Vec<_> = csv.headers().unwrap().iter().map(str::to_owned).collect();
        let schema = read.schema();
        let found: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        assert_eq!(found, names);
        let records: Vec<_> = csv.records().map(Result::unwrap).collect();
        assert_eq!(
            (read.num_rows(), table.rows),
            (records.len(), records.len() as u64),
            "{}",
            table.name
        );
        for place in 0..read.num_columns() {
            let column = read.column(place);
            for (row, record) in records.iter().enumerate() {
                let (written, context) = (&record[place], || {
                    format!("{}.{}", table.name, names[place])
                });
                if written.is_empty() {
                    assert!(column.is_null(row), "{}", context());
                } else if let Some(text) = column.as_string_opt::<i32>() {
                    assert_eq!(text.value(row), written, "{}", context());
                } else {
                    let read = array_value_to_string(column, row).unwrap();
                    let number = |text: &str| text.parse::<f64>().ok();
                    let second =
                        |text: &str, format| NaiveDateTime::parse_from_str(text, format).ok();
                    let same = read == *written
                        || number(&read).is_some() && number(&read) == number(written)
                        || second(&read, "%Y-%m-%dT%H:%M:%S").is_some()
                            && second(&read, "%Y-%m-%dT%H:%M:%S")
                                == second(written, "%d%b%Y:%H:%M:%S");
                    assert!(same, "{}: {read} for {written}", context());
                }
            }
        }
    }
    let kept: Vec<_> = report
        .tables
        .iter()
        .flat_map(|table| {
            table
                .kept_as_text
                .iter()
                .map(|kept| format!("{}.{}", table.name, kept.column))
        })
        .collect();
    assert_eq!(
        kept,
        [
            // Codes that begin with zeros, which the data model has as integers.
            "AT_MLP_V.SIN_MLP_TAB",
            // Types of the data model that are too narrow for the random values.
            "ER_ARO_F.ARO_THE_TAU",
            "ER_CPT_F.GES_GRG_COD",
            "ER_PHA_F.PHA_PRS_IDE",
            "ER_PHA_F.PRS_ORD_NUM",
            "ER_PHA_F.REM_TYP_AFF",
            "IR_CAI_V.ORG_CAI_NUM",
            "IR_CBI_V.BEN_IAT_CAT",
            "IR_PCT_V.CPT_DEP_PER",
        ]
    );
}

#[test]
fn the_published_files_stop_a_strict_import_at_the_first_code_with_a_zero() {
    let Some(src) = published() else { return };
    let out = tempfile::tempdir().unwrap();
    let error = import(&STRICT, &src, out.path()).unwrap_err();
    let Error::Value {
        path,
        line: 2,
        column,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert!(
        path.ends_with("AT_MLP_V.csv") && column == "SIN_MLP_TAB",
        "{error}"
    );
}
