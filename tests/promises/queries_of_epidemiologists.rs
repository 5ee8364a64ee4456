//! The questions that epidemiologists ask of the SNDS, `benches/queries/q01.sql` and on, under a permit with conditions,
//! masks, opposition and a period: each is answered, and as plain DataFusion answers it on a copy that holds the
//! authorised cells and nothing else.

use std::fs;
use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::util::display::array_value_to_string;
use datafusion::common::TableReference;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use sceau::pseudonym::{ProjectKey, pseudonym_udf};
use sceau::snds::{self, Role};
use sceau::{Permit, Platform, Session};
use sceau_synth::{GenerateOptions, generate};

use crate::fixture::{parquet_bytes, permit_text};

const KEY: &str = "a key of nothing but tests, long enough";

/// Tables that hold a person, with what opposition, period and the permit's conditions leave of their rows `t`.
const PEOPLE: [(&str, &str); 6] = [
    (
        "ER_PRS_F",
        "NOT EXISTS (SELECT 1 FROM opposed o WHERE o.BEN_NIR_PSA = t.BEN_NIR_PSA AND o.BEN_RNG_GEM = t.BEN_RNG_GEM) \
         AND t.EXE_SOI_DTD BETWEEN DATE '2009-06-01' AND DATE '2019-12-15' AND t.BEN_RES_DPT NOT IN ('075', '013')",
    ),
    (
        "IR_BEN_R",
        "NOT EXISTS (SELECT 1 FROM opposed o WHERE o.BEN_NIR_PSA = t.BEN_NIR_PSA AND o.BEN_RNG_GEM = t.BEN_RNG_GEM)",
    ),
    (
        "IR_IMB_R",
        "NOT EXISTS (SELECT 1 FROM opposed o WHERE o.BEN_NIR_PSA = t.BEN_NIR_PSA AND o.BEN_RNG_GEM = t.BEN_RNG_GEM) \
         AND t.IMB_ALD_DTD BETWEEN DATE '2009-06-01' AND DATE '2019-12-15'",
    ),
    (
        "T_MCO18C",
        "NOT EXISTS (SELECT 1 FROM opposed o WHERE o.BEN_NIR_PSA = t.NIR_ANO_17) \
         AND t.EXE_SOI_DTD >= DATE '2009-06-01' AND t.EXE_SOI_DTD < DATE '2019-12-16' AND t.SOR_MOI <> '07'",
    ),
    (
        "T_MCO19C",
        "NOT EXISTS (SELECT 1 FROM opposed o WHERE o.BEN_NIR_PSA = t.NIR_ANO_17) \
         AND t.EXE_SOI_DTD >= DATE '2009-06-01' AND t.EXE_SOI_DTD < DATE '2019-12-16'",
    ),
    (
        "KI_CCI_R",
        "NOT EXISTS (SELECT 1 FROM opposed o WHERE o.BEN_IDT_ANO = t.BEN_IDT_ANO) \
         AND t.BEN_DCD_DTE BETWEEN DATE '2009-06-01' AND DATE '2019-12-15'",
    ),
];

const NINE: &[&str] = &crate::fixture::DCIR_KEY;
const STAY: &[&str] = &["ETA_NUM", "RSA_NUM"];

/// Tables that reach the person through a key: the parent, the key, and the permit's own condition.
const DETAILS: [(&str, &str, &[&str], &str); 11] = [
    ("ER_PHA_F", "ER_PRS_F", NINE, "t.PHA_ACT_QSN <> 2"),
    ("ER_CAM_F", "ER_PRS_F", NINE, "true"),
    ("ER_ETE_F", "ER_PRS_F", NINE, "true"),
    ("T_MCO18B", "T_MCO18C", STAY, "true"),
    ("T_MCO19B", "T_MCO19C", STAY, "t.AGE_ANN < 90"),
    ("T_MCO18A", "T_MCO18C", STAY, "true"),
    ("T_MCO19A", "T_MCO19C", STAY, "true"),
    ("T_MCO18D", "T_MCO18C", STAY, "true"),
    ("T_MCO19D", "T_MCO19C", STAY, "true"),
    ("T_MCO18UM", "T_MCO18C", STAY, "true"),
    ("T_MCO19UM", "T_MCO19C", STAY, "true"),
];

/// Domains of pseudonyms.
const DOMAINS: [&str; 13] = [
    "accident",
    "annuity",
    "box",
    "cartography",
    "declaration",
    "emitter",
    "employer",
    "establishment",
    "manufacturer",
    "patient",
    "practice",
    "professional",
    "vehicle",
];

/// Tables without people.
const OTHERS: [&str; 3] = ["IR_PHA_R", "IR_DPT_V", "DA_PRA_R"];

/// What the permit's masks show, by table and column.
const MASKS: [(&str, &str, &str); 6] = [
    (
        "ER_PRS_F",
        "EXE_SOI_DTD",
        "CAST(date_trunc('month', EXE_SOI_DTD) AS DATE)",
    ),
    ("ER_PRS_F", "BEN_AMA_COD", "BEN_AMA_COD - BEN_AMA_COD % 5"),
    (
        "ER_PRS_F",
        "PRS_PAI_MNT",
        "CAST(round(PRS_PAI_MNT, 0) AS DECIMAL(6, 2))",
    ),
    ("ER_PRS_F", "BEN_RES_COM", "CAST(NULL AS VARCHAR)"),
    ("T_MCO18B", "AGE_ANN", "AGE_ANN - AGE_ANN % 5"),
    ("IR_BEN_R", "BEN_NAI_ANN", "BEN_NAI_ANN - BEN_NAI_ANN % 10"),
];

const PERMIT: &str = r#"
[population]
opposition = "opposition.parquet"
period = { from = 2009-06-01, until = 2019-12-15 }

[table.er_prs_f]
columns = "*"
where = "BEN_RES_DPT NOT IN ('075', '013')"
[table.er_prs_f.mask]
EXE_SOI_DTD = "month"
BEN_AMA_COD = "band(5)"
PRS_PAI_MNT = { sql = "CAST(round(PRS_PAI_MNT, 0) AS DECIMAL(6, 2))" }
BEN_RES_COM = "null"

[table.er_pha_f]
columns = "*"
where = "PHA_ACT_QSN <> 2"

[table.t_mco18c]
columns = "*"
where = "SOR_MOI <> '07'"

[table.t_mco18b]
columns = "*"
[table.t_mco18b.mask]
AGE_ANN = "band(5)"

[table.t_mco19b]
columns = "*"
where = "AGE_ANN < 90"

[table.ir_ben_r]
columns = "*"
[table.ir_ben_r.mask]
BEN_NAI_ANN = "band(10)"
"#;

fn tables() -> Vec<&'static str> {
    let people = PEOPLE.iter().map(|(table, _)| *table);
    let details = DETAILS.iter().map(|(table, ..)| *table);
    people.chain(details).chain(OTHERS).collect()
}

/// Plain DataFusion, with names as they are written.
fn plain() -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .set_bool("datafusion.sql_parser.enable_ident_normalization", false)
        .set_bool(
            "datafusion.execution.parquet.schema_force_view_types",
            false,
        );
    SessionContext::new_with_config(config)
}

async fn collect(context: &SessionContext, sql: &str) -> Vec<RecordBatch> {
    let frame = context
        .sql(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    frame
        .collect()
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn keep(context: &SessionContext, name: &str, sql: &str) {
    let frame = context
        .sql(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let kept = frame.cache().await.expect("rows");
    context
        .register_table(TableReference::bare(name), kept.into_view())
        .expect("a name");
}

async fn raw(data: &Path) -> SessionContext {
    let context = plain();
    for table in tables() {
        let folder = data.join(table);
        context
            .register_parquet(
                TableReference::bare(table),
                folder.to_str().expect("a path"),
                ParquetReadOptions::default(),
            )
            .await
            .expect("a table");
    }
    context
}

/// One file a table: with one for each month, most of the time here would go into footers of a hundred columns.
async fn in_one_file(data: &Path) {
    let raw = raw(data).await;
    for table in tables() {
        let batches = collect(&raw, &format!("SELECT * FROM {table}")).await;
        let rows = arrow::compute::concat_batches(&batches[0].schema(), &batches).expect("rows");
        let folder = data.join(table);
        fs::remove_dir_all(&folder).expect("the months");
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("part-0.parquet"), parquet_bytes(&rows, 8_192)).expect("a file");
    }
}

/// What a table shows: masked cells, pseudonyms of identifiers, all else as it is.
fn shown(table: &str) -> String {
    let model = snds::table(table).expect("a table of the model");
    let columns = model.columns.iter().filter(|column| !column.optional);
    let shown = columns.map(|column| {
        let name = &column.name;
        let mask = MASKS
            .iter()
            .find(|(of, masked, _)| *of == table && masked == name);
        match (mask, &column.role, &column.domain) {
            (Some((_, _, expression)), ..) => format!("{expression} AS {name}"),
            (None, Some(Role::Identifier), Some(domain)) => format!("{domain}({name}) AS {name}"),
            _ => name.clone(),
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// The authorised cells, and nothing else.
async fn copy(data: &Path) -> SessionContext {
    let raw = raw(data).await;
    keep(&raw, "opposed", OPPOSED).await;
    let key = ProjectKey::new(KEY.as_bytes().to_vec(), 1).expect("a key");
    for domain in DOMAINS {
        raw.register_udf(pseudonym_udf(&key, domain).with_aliases([domain]));
    }
    for (table, condition) in PEOPLE {
        let kept = format!("SELECT t.* FROM {table} t WHERE {condition}");
        keep(&raw, &format!("kept_{table}"), &kept).await;
    }
    for (table, parent, on, condition) in DETAILS {
        let on: Vec<_> = on
            .iter()
            .map(|column| format!("p.{column} = t.{column}"))
            .collect();
        let kept = format!(
            "SELECT t.* FROM {table} t WHERE {condition} AND EXISTS (SELECT 1 FROM kept_{parent} p WHERE {})",
            on.join(" AND ")
        );
        keep(&raw, &format!("kept_{table}"), &kept).await;
    }
    let copy = plain();
    for table in tables() {
        let from = if OTHERS.contains(&table) {
            table.to_owned()
        } else {
            format!("kept_{table}")
        };
        let sql = format!("SELECT {} FROM {from}", shown(table));
        let frame = raw.sql(&sql).await.expect("a projection");
        let cells = frame.cache().await.expect("rows").into_view();
        copy.register_table(TableReference::bare(table), cells)
            .expect("a name");
    }
    copy
}

/// All pseudo-NIRs of who opposed: some fifth of the people.
const OPPOSED: &str = "SELECT BEN_NIR_PSA, BEN_RNG_GEM, BEN_IDT_ANO FROM IR_BEN_R \
     WHERE substr(BEN_IDT_ANO, 1, 1) IN ('A', 'b', 'C', 'd', 'E', 'f', 'G', 'h', 'I', 'j', 'K', 'l')";

/// What the list says of them: one of their pseudo-NIRs each.
fn listed() -> String {
    format!(
        "SELECT min(BEN_NIR_PSA) AS BEN_NIR_PSA, BEN_RNG_GEM FROM ({OPPOSED}) o GROUP BY BEN_IDT_ANO, BEN_RNG_GEM"
    )
}

async fn session(folder: &Path, data: &Path) -> Session {
    let mut platform = format!(
        "[store.snds]\nurl = \"file://{}/\"\n[keys]\nprovider = \"file\"\npath = \"keys/\"\n",
        data.display()
    );
    let mut permit = permit_text("p", PERMIT);
    for table in tables() {
        let name = table.to_lowercase();
        platform.push_str(&format!(
            "[table.{name}]\nstore = \"snds\"\npath = \"{table}/\"\n"
        ));
        if !permit.contains(&format!("[table.{name}]\n")) {
            permit.push_str(&format!("[table.{name}]\ncolumns = \"*\"\n"));
        }
    }
    fs::create_dir_all(folder.join("keys")).expect("keys");
    fs::write(folder.join("keys/p.key"), KEY).expect("key");
    fs::write(folder.join("platform.toml"), platform).expect("platform");
    fs::write(folder.join("permit.toml"), permit).expect("permit");
    let listed = collect(&raw(data).await, &listed()).await;
    let listed = arrow::compute::concat_batches(&listed[0].schema(), &listed).expect("a list");
    assert!(listed.num_rows() > 20);
    fs::write(
        folder.join("opposition.parquet"),
        parquet_bytes(&listed, 1_000),
    )
    .expect("list");
    let platform = Platform::from_file(folder.join("platform.toml"))
        .await
        .expect("platform");
    let permit = Permit::from_file(folder.join("permit.toml")).expect("permit");
    platform.session(&permit, "ana").expect("session")
}

/// The queries, by the names of their files.
fn queries() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/queries");
    let mut queries: Vec<_> = fs::read_dir(folder)
        .expect("queries")
        .map(|file| file.expect("a file").path())
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let text = fs::read_to_string(&path).expect("a query");
            (name, text.trim().trim_end_matches(';').to_owned())
        })
        .collect();
    queries.sort();
    queries
}

/// The rows of an answer as text, in no order.
fn rows(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let mut rows: Vec<_> = batches
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows()).map(|row| {
                let value = |column: &ArrayRef| array_value_to_string(column, row).expect("text");
                batch.columns().iter().map(value).collect::<Vec<_>>()
            })
        })
        .collect();
    rows.sort();
    rows
}

/// The rows without the one column that no two runs need agree on: the approximate median of `q06`, its last.
fn exact(name: &str, mut rows: Vec<Vec<String>>) -> (Vec<Vec<String>>, Vec<f64>) {
    if name != "q06" {
        return (rows, Vec::new());
    }
    let medians = rows
        .iter_mut()
        .map(|row| row.pop().expect("a median").parse().expect("a number"))
        .collect();
    (rows, medians)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_is_answered_as_on_a_copy_of_the_authorised_cells() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let options = GenerateOptions {
        patients: 900,
        seed: 7,
        first_year: 2018,
        ..GenerateOptions::default()
    };
    generate(&options, &data).expect("data");
    in_one_file(&data).await;
    let session = session(folder.path(), &data).await;
    let (raw, copy) = (raw(&data).await, copy(&data).await);
    let queries = queries();
    assert_eq!(queries.len(), 15);
    let mut hidden = 0;
    for (name, sql) in &queries {
        let answer = session
            .sql(sql)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let answer = answer
            .collect()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = collect(&copy, sql).await;
        let (answer, medians) = exact(name, rows(&answer));
        let (expected, expected_medians) = exact(name, rows(&expected));
        assert!(!expected.is_empty(), "{name} has no answer");
        assert_eq!(answer, expected, "{name}");
        for (median, expected) in medians.iter().zip(&expected_medians) {
            assert!(
                (median - expected).abs() <= 1.0,
                "{name}: {median} for {expected}"
            );
        }
        hidden += usize::from(exact(name, rows(&collect(&raw, sql).await)).0 != expected);
    }
    // The permit hides something of every answer.
    assert_eq!(hidden, queries.len());
}
