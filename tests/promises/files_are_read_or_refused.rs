//! Whatever a permit or platform file holds, it is read, or refused with an error that names the file: never a panic.
//!
//! Properties over files with every key set that are then broken: in their bytes, lines, keys and values, by depth, by
//! size, by characters, and by SQL where there is SQL.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow::array::{Date32Array, Int64Array, RecordBatch, StringArray};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sceau::journal::JournalConfig;
use sceau::snds::Role;
use sceau::{ColumnConfig, Permit, Platform, PlatformBuilder};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::fixture::{Stored, parquet_bytes};

const PERMIT: &str = r#"project    = "diab-2031"
purpose    = "incidence of diabetes treatment"
principals = ["ana", "luc"]
valid      = { from = 2020-01-01, until = 2099-12-31 }
key        = "diab-2031"
strict     = false
[inside]
rows = true
[population]
period     = { from = 2018-01-01, until = 2023-12-31 }
[table.care]
columns = ["patient", "day", "region", "cost"]
where   = "region IN ('075','092') AND permit.principal <> 'x'"
deny    = []
[table.care.mask]
patient = "pseudonym"
day = "month"
region = "prefix(2)"
cost = { sql = "round(cost, 0)" }
[table.copy]
columns = "*"
deny    = ["region"]
[table.copy.mask]
cost = "band(5)"
[release]
k         = 11
dominance = { top = 1, percent = 85 }
secondary = true
rounding  = 0
withheld  = "omit"
"#;

const PLATFORM: &str = r#"[store.local]
url = "STORE"
[store.memory]
url = "memory:///"
[store.cloud]
url              = "s3://bucket/prefix/"
endpoint         = "https://s3.example.org"
region           = "fr-1"
sovereign        = { operator = "somebody", country = "FR", qualification = "HDS" }
path_style       = true
allow_http       = false
credentials_file = "s3.toml"
timeout_seconds  = 30
retry_seconds    = 60
[keys]
provider = "file"
path     = "keys/"
[journal]
path         = "journal/"
key          = "journal"
rotate_bytes = 4_194_304
[table.care]
store       = "local"
path        = "care/"
contributor = ["patient"]
care_date   = "day"
rows        = 1_000
[table.care.columns]
patient = { role = "identifier", domain = "patient" }
region  = { role = "quasi_identifier" }
cost    = { role = "sensitive" }
"#;

fn care() -> RecordBatch {
    RecordBatch::try_from_iter([
        ("patient", Arc::new(StringArray::from(vec!["p1"])) as _),
        ("day", Arc::new(Date32Array::from(vec![18125])) as _),
        ("region", Arc::new(StringArray::from(vec!["075"])) as _),
        ("cost", Arc::new(Int64Array::from(vec![1])) as _),
    ])
    .expect("care")
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

static OPEN: LazyLock<Platform> = LazyLock::new(|| {
    RUNTIME.block_on(async {
        let classified = |table: sceau::TableConfig| {
            table
                .contributor(["patient"])
                .care_date("day")
                .column(
                    "patient",
                    ColumnConfig::new(Role::Identifier).domain("patient"),
                )
                .column("region", ColumnConfig::new(Role::QuasiIdentifier))
                .column("cost", ColumnConfig::new(Role::Sensitive))
        };
        let stored = Stored::new().table("care", classified, &care()).await;
        stored
            .table("copy", classified, &care())
            .await
            .platform()
            .await
    })
});

/// The permit is read and opened, or refused with its name, and what is opened can be asked.
fn try_permit(text: &str) -> Result<(), TestCaseError> {
    let named = |error: &str| {
        prop_assert!(
            error.starts_with("permit.toml:")
                && error.contains(": expected ")
                && error.contains(", found "),
            "{error}"
        );
        Ok(())
    };
    let permit = match Permit::parse("permit.toml", text) {
        Ok(permit) => permit,
        Err(error) => return named(&error.to_string()),
    };
    prop_assert!(permit.explain().contains("Permit of project"));
    match OPEN.session(&permit, "ana") {
        Ok(session) => {
            let asked = RUNTIME.block_on(async {
                let answer = session.sql("SELECT count(*) FROM care").await;
                match answer {
                    Ok(answer) => answer.collect().await.map(drop),
                    Err(error) => Err(error),
                }
            });
            if let Err(error) = asked {
                prop_assert!(error.code().as_str() != "internal", "{error}");
            }
        }
        Err(sceau::session::SessionError::Config(error)) => return named(&error.to_string()),
        Err(_) => {}
    }
    Ok(())
}

/// A folder in which the platform of [`PLATFORM`] can be built.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("store/care")).expect("folder");
        std::fs::create_dir(at("keys")).expect("folder");
        std::fs::write(at("store/care/a.parquet"), parquet_bytes(&care(), 10)).expect("file");
        std::fs::write(at("keys/journal.key"), "5e".repeat(32)).expect("key");
        std::fs::write(
            at("s3.toml"),
            "access_key_id = \"a\"\nsecret_access_key = \"b\"\n",
        )
        .expect("credentials");
        Self { folder }
    }

    fn text(&self) -> String {
        let store = self.folder.path().join("store");
        PLATFORM.replace("STORE", &format!("file://{}/", store.display()))
    }

    fn write(&self, text: &str) -> std::path::PathBuf {
        let file = self.folder.path().join("platform.toml");
        std::fs::write(&file, text).expect("write");
        file
    }
}

/// The platform file is read, or refused with its name. The journal of a broken file goes where it was to go in the whole one.
fn try_platform(place: &Place, text: &str) -> Result<(), TestCaseError> {
    let file = place.write(text);
    let named = |error: &str| {
        let beginning = format!("{}:", file.display());
        prop_assert!(
            error.starts_with(&beginning) || error.starts_with("table "),
            "{error}"
        );
        Ok(())
    };
    if let Err(error) = Platform::stored_journal(&file) {
        named(&error.to_string())?;
    }
    let builder = match Platform::builder_from_file(&file) {
        Ok(builder) => builder,
        Err(error) => return named(&error.to_string()),
    };
    let journal = JournalConfig::new(place.folder.path().join("journal"));
    let builder: PlatformBuilder = builder.journal(journal, "journal");
    match RUNTIME.block_on(builder.build()) {
        Ok(_) => Ok(()),
        Err(error) => named(&error.to_string()),
    }
}

/// Values of TOML that are not what anybody expects.
fn odd_value() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "",
            "0",
            "-1",
            "1.5",
            "-0.0",
            "nan",
            "-inf",
            "1e999",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "99999999999999999999999999999999999999",
            "0x7fffffffffffffff",
            "true",
            "\"\"",
            "''",
            "\"*\"",
            "\"\\u0000\"",
            "\"\\U0010FFFF\"",
            "\"\\uD800\"",
            "'''\n'''",
            "\"\u{202e}\u{feff}\u{301}\"",
            "[]",
            "[[]]",
            "[1, \"a\", 2020-01-01]",
            "{}",
            "{ from = 2020-01-01 }",
            "{ from = 9999-12-31, until = 9999-12-31 }",
            "{ from = 0000-01-01, until = 9999-12-31 }",
            "{ sql = 1 }",
            "{ sql = \"\" }",
            "{ a = { b = { c = 1 } } }",
            "2020-02-30",
            "0000-00-00",
            "2020-01-01T00:00:60Z",
            "12:00:00",
            "\"band(0)\"",
            "\"band(99999999999999999999)\"",
            "\"band(4294967295)\"",
            "\"prefix(4294967295)\"",
            "\"prefix(-1)\"",
            "\"const(\"",
            "\"const()\"",
            "\"const(')\"",
            "\"const('')\"",
            "\"const(é)\"",
            "\"const('é')\"",
            "\"const('99999999999999999999')\"",
            "\"(\"",
            "\"month(\"",
            "\"/\"",
            "\"../../../../\"",
            "\"file:///\"",
            "\"s3://\"",
            "\"http://[::1\"",
            "\"memory:///x?y#z\"",
        ])
        .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:?}")),
        "\\PC{0,20}".prop_map(|text| format!("{text:?}")),
        (1_usize..3_000).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth))),
        (1_usize..1_000).prop_map(|depth| format!(
            "{}1{}",
            "{ a = ".repeat(depth),
            " }".repeat(depth)
        )),
        (1_usize..200_000).prop_map(|length| format!("\"{}\"", "x".repeat(length))),
    ]
}

/// SQL that is deep, long, of another kind, or none.
fn odd_sql() -> impl Strategy<Value = String> {
    let atom = || {
        select(vec![
            "cost",
            "region",
            "day",
            "patient",
            "nowhere",
            "permit.project",
            "permit.principal",
            "permit.x",
            "permit",
            "NULL",
            "true",
            "1",
            "-1",
            "0",
            "9223372036854775807",
            "1e308",
            "'x'",
            "''",
            "'075'",
            "DATE '2020-01-01'",
            "INTERVAL '1' DAY",
            "INTERVAL '178956970 years'",
            "*",
            "()",
            "$1",
            "?",
            "@x",
            "now()",
            "count(*)",
            "(SELECT 1)",
            "care.cost",
            "x.y.z",
            "[1]",
            "{'a': 1}",
            "CAST('x' AS INT)",
            "TRY_CAST('x' AS INT)",
            "1 / 0",
            "1 % 0",
            "cost / 0",
            "abs(-9223372036854775808)",
            "make_date(2020, 13, 45)",
            "date_trunc('century', day)",
            "regexp_like(region, '(')",
            "substr(region, -5, -5)",
            "left(region, -9223372036854775808)",
            "round(1.5, 2147483647)",
            "power(10, 1000)",
            "factorial(100)",
            "chr(0)",
            "chr(1114112)",
            "to_timestamp('x')",
            "nullif(1, 1)",
            "array_element([1], 9223372036854775807)",
            "CASE WHEN true THEN 1 END",
            "\"region\"",
            "\u{301}",
            "\u{0}",
            "--",
            "/*",
            ";",
            "'",
            "\\",
        ])
        .prop_map(str::to_owned)
    };
    let operator = select(vec![
        " = ",
        " <> ",
        " + ",
        " - ",
        " * ",
        " / ",
        " % ",
        " AND ",
        " OR ",
        " || ",
        " LIKE ",
        " IS DISTINCT FROM ",
        " ~ ",
        " << ",
        " ",
        ", ",
        "::",
        " AT TIME ZONE ",
        " -> ",
        " IN ",
    ]);
    let tree = atom().prop_recursive(6, 40, 3, move |inner| {
        prop_oneof![
            (inner.clone(), operator.clone(), inner.clone())
                .prop_map(|(one, operator, other)| format!("{one}{operator}{other}")),
            inner.clone().prop_map(|one| format!("({one})")),
            inner.clone().prop_map(|one| format!("NOT {one}")),
            inner.clone().prop_map(|one| format!("{one} IS NULL")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("{a} BETWEEN {b} AND {c}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} IN ({b}, {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("coalesce({a}, {b})")),
        ]
    });
    prop_oneof![
        6 => tree,
        2 => "\\PC{0,60}",
        1 => select(DEEP.clone()),
    ]
}

/// Depths at which readers, planners and what runs afterwards recurse.
static DEEP: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut deep = vec![];
    for depth in [45, 390, 410, 3_000, 20_000] {
        let around = |open: &str, inner: &str, close: &str| {
            format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
        };
        deep.extend([
            around("(", "cost = 1", ")"),
            around("NOT ", "true", ""),
            around("- ", "cost = 1", ""),
            around("abs(", "cost", ") = 1"),
            around("CASE WHEN true THEN ", "true", " END"),
            around("cost IN (SELECT ", "1", ")"),
            around("[", "1", "]"),
            around("", "cost = 1", " OR cost = 2"),
            around("", "cost = 1", " AND cost = 2"),
            around("", "1", " + cost") + " = 0",
            around("", "region", " || region") + " = 'x'",
            around("", "cost", "::bigint") + " = 1",
            around("", "region", ".a"),
            format!("cost IN ({}0)", around("", "", "1, ")),
        ]);
    }
    deep
});

fn quoted(sql: &str) -> String {
    toml::Value::String(sql.to_owned()).to_string()
}

/// One thing that goes wrong with a text.
#[derive(Debug, Clone)]
enum Break {
    Insert(Index, String),
    Remove(Index, usize),
    DropLine(Index),
    RepeatLine(Index),
    SwapLines(Index, Index),
    Key(Index, String),
    Value(Index, String),
}

fn breaks() -> impl Strategy<Value = Break> {
    let key = prop_oneof![
        select(vec![
            "",
            "a",
            "\"\"",
            "\"\\u0000\"",
            "project",
            "table.care.where",
            "a.b.c.d",
            "é",
            "-",
            "1",
            "release.k",
        ])
        .prop_map(str::to_owned),
        (1_usize..2_000).prop_map(|depth| vec!["a"; depth].join(".")),
    ];
    prop_oneof![
        1 => (any::<Index>(), "\\PC{1,3}").prop_map(|(at, text)| Break::Insert(at, text)),
        1 => (any::<Index>(), select(vec!["\"", "[", "]", "{", "}", "=", "\n", "\\", "#", "\u{0}", "'''"]))
            .prop_map(|(at, text)| Break::Insert(at, text.to_owned())),
        1 => (any::<Index>(), 1_usize..40).prop_map(|(at, length)| Break::Remove(at, length)),
        1 => any::<Index>().prop_map(Break::DropLine),
        1 => any::<Index>().prop_map(Break::RepeatLine),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Break::SwapLines(one, other)),
        1 => (any::<Index>(), key).prop_map(|(at, key)| Break::Key(at, key)),
        4 => (any::<Index>(), odd_value()).prop_map(|(at, value)| Break::Value(at, value)),
    ]
}

fn broken(text: &str, by: &[Break]) -> String {
    let mut text = text.to_owned();
    for one in by {
        text = one.applied(&text);
    }
    text
}

impl Break {
    fn applied(&self, text: &str) -> String {
        let character = |at: &Index| {
            let places: Vec<usize> = text
                .char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .collect();
            places[at.index(places.len())]
        };
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.is_empty() {
            lines.push(String::new());
        }
        let count = lines.len();
        let line = |at: &Index| at.index(count);
        match self {
            Self::Insert(at, more) => {
                let mut text = text.to_owned();
                text.insert_str(character(at), more);
                return text;
            }
            Self::Remove(at, length) => {
                let start = character(at);
                let end = text[start..]
                    .char_indices()
                    .nth(*length)
                    .map_or(text.len(), |(offset, _)| start + offset);
                return format!("{}{}", &text[..start], &text[end..]);
            }
            Self::DropLine(at) => drop(lines.remove(line(at))),
            Self::RepeatLine(at) => {
                let at = line(at);
                lines.insert(at, lines[at].clone());
            }
            Self::SwapLines(one, other) => {
                let (one, other) = (line(one), line(other));
                lines.swap(one, other);
            }
            Self::Key(at, key) => {
                let at = line(at);
                if let Some((_, value)) = lines[at].split_once('=') {
                    lines[at] = format!("{key} ={value}");
                }
            }
            Self::Value(at, value) => {
                let at = line(at);
                if let Some((key, _)) = lines[at].split_once('=') {
                    lines[at] = format!("{key}= {value}");
                }
            }
        }
        lines.join("\n") + "\n"
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn the_whole_files_are_read() {
    try_permit(PERMIT).expect("a permit");
    let permit = Permit::parse("permit.toml", PERMIT).expect("a permit");
    assert!(OPEN.session(&permit, "ana").is_ok());
    let place = Place::new();
    let file = place.write(&place.text());
    let platform = RUNTIME.block_on(Platform::from_file(&file));
    let platform = platform.expect("a platform");
    assert!(platform.journal().is_some());
    assert!(
        place
            .folder
            .path()
            .join("journal/journal-000001.jsonl")
            .exists()
    );
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_permit_broken_anywhere_is_read_or_refused(by in prop::collection::vec(breaks(), 1..4)) {
        try_permit(&broken(PERMIT, &by))?;
    }

    #[test]
    fn any_text_is_read_or_refused_as_a_permit(text in "\\PC{0,300}|[a-z=\\[\\]{}\"'., \n0-9-]{0,300}") {
        try_permit(&text)?;
    }

    #[test]
    fn any_sql_in_a_condition_is_planned_or_refused(sql in odd_sql()) {
        let line = format!("where   = {}", quoted(&sql));
        try_permit(&PERMIT.replace(
            "where   = \"region IN ('075','092') AND permit.principal <> 'x'\"",
            &line,
        ))?;
    }

    #[test]
    fn any_sql_in_a_mask_is_planned_or_refused(sql in odd_sql()) {
        let line = format!("cost = {{ sql = {} }}", quoted(&sql));
        try_permit(&PERMIT.replace("cost = { sql = \"round(cost, 0)\" }", &line))?;
    }
}

proptest! {
    #![proptest_config(config(250))]

    #[test]
    fn a_platform_file_broken_anywhere_is_read_or_refused(by in prop::collection::vec(breaks(), 1..4)) {
        thread_local! {
            static PLACE: Place = Place::new();
        }
        PLACE.with(|place| try_platform(place, &broken(&place.text(), &by)))?;
    }

    #[test]
    fn any_text_is_read_or_refused_as_a_platform_file(text in "\\PC{0,300}|[a-z=\\[\\]{}\"'., \n0-9-]{0,300}") {
        thread_local! {
            static PLACE: Place = Place::new();
        }
        PLACE.with(|place| try_platform(place, &text))?;
    }
}

/// Every depth, every time: the ones that are drawn at random above are not all drawn.
#[test]
fn conditions_and_masks_of_any_depth_are_planned_or_refused() {
    for sql in DEEP.iter() {
        for (from, key) in [
            (
                "where   = \"region IN ('075','092') AND permit.principal <> 'x'\"",
                "where = ",
            ),
            ("cost = { sql = \"round(cost, 0)\" }", "cost.sql = "),
        ] {
            let text = PERMIT.replace(from, &format!("{key}{}", quoted(sql)));
            if let Err(error) = try_permit(&text) {
                panic!("{}: {error}", &sql[..60.min(sql.len())]);
            }
        }
    }
}

#[test]
fn a_file_of_no_text_is_refused_with_its_name() {
    let folder = tempfile::tempdir().expect("folder");
    for bytes in [
        &b"\xff\xfe"[..],
        b"\x00",
        b"project = \"\xc3\"",
        &[0x80; 4096],
    ] {
        let file = folder.path().join("permit.toml");
        std::fs::write(&file, bytes).expect("write");
        let error = Permit::from_file(&file).expect_err("no text").to_string();
        assert!(error.starts_with(&file.display().to_string()), "{error}");
        let error = Platform::builder_from_file(&file)
            .expect_err("no text")
            .to_string();
        assert!(error.starts_with(&file.display().to_string()), "{error}");
    }
    let error = Permit::from_file(Path::new(""))
        .expect_err("no file")
        .to_string();
    assert!(error.contains("cannot be read"), "{error}");
}
