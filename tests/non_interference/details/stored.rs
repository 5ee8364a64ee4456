//! Acts, some of them hidden, and the drugs of each: every hidden drug row differs from a visible act's in one part of the
//! key, or misses one, or belongs to a hidden act.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use sceau::{Permit, Platform, Session, TableConfig};

use crate::cells::batch;
use crate::data::{Cell, World};

/// The key from a drug to its act.
pub const KEY: [&str; 9] = [
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

/// One way to run.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub partitions: usize,
    pub late_materialization: bool,
    pub batch_size: usize,
    pub strict: bool,
    pub planner: Planner,
}

/// What the planner takes for the build side of a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planner {
    /// Acts, which are said to be few.
    Acts,
    /// Drugs, which are said to be few.
    Drugs,
    /// What is written first.
    Written,
    /// Neither: it sorts both.
    Sorts,
}

const fn setting(
    partitions: usize,
    batch_size: usize,
    late_materialization: bool,
    strict: bool,
    planner: Planner,
) -> Setting {
    Setting {
        partitions,
        late_materialization,
        batch_size,
        strict,
        planner,
    }
}

pub const SETTINGS: &[Setting] = &[
    setting(1, 4, false, false, Planner::Acts),
    setting(1, 4, true, true, Planner::Acts),
    setting(1, 7, true, false, Planner::Acts),
    setting(1, 1024, false, true, Planner::Acts),
    setting(4, 4, false, false, Planner::Acts),
    setting(4, 1024, true, true, Planner::Acts),
    setting(1, 4, true, false, Planner::Drugs),
    setting(4, 4, false, true, Planner::Drugs),
    setting(1, 4, false, false, Planner::Written),
    setting(4, 4, true, false, Planner::Written),
    setting(1, 4, false, true, Planner::Sorts),
    setting(4, 1024, true, false, Planner::Sorts),
];

const ACTS: usize = 24;

struct Act {
    key: Vec<Cell>,
    department: &'static str,
    /// Clear: the age, the organism as a text, a date of care.
    age: Cell,
    note: Cell,
}

struct Drug {
    key: Vec<Cell>,
    boxes: Cell,
    product: Cell,
    code: Cell,
    note: Cell,
}

const MONTHS: [i32; 3] = [17_897, 17_928, 17_956];

fn key(act: usize) -> Vec<Cell> {
    let whole = |value: usize| Cell::Int(i64::try_from(value).expect("fits"));
    vec![
        whole(100 + act / 2),
        Cell::Date(MONTHS[act / 8]),
        whole(act % 3),
        whole(1),
        whole(2),
        Cell::Date(MONTHS[act / 8] + 3),
        Cell::Text(format!("org{}", act % 2)),
        whole(act),
        whole(act % 5),
    ]
}

/// The same key but for one part.
fn other_key(act: usize, part: usize) -> Vec<Cell> {
    let mut key = key(act);
    key[part] = match &key[part] {
        Cell::Int(value) => Cell::Int(value + 1000),
        Cell::Date(day) => Cell::Date(day + 1000),
        _ => Cell::Text("org9".into()),
    };
    key
}

fn visible_act(i: usize) -> Act {
    Act {
        key: key(i),
        department: "075",
        age: Cell::Int(20 + i64::try_from(i * 7 % 60).expect("fits")),
        // One act's note is no number.
        note: Cell::Text(if i == 13 {
            "n".into()
        } else {
            format!("{}", i % 4)
        }),
    }
}

fn hidden_act(world: World, j: usize) -> Act {
    let poison = world != World::Benign;
    Act {
        key: other_key(j % ACTS, j % KEY.len()),
        department: "092",
        age: if poison { Cell::Null } else { Cell::Int(50) },
        note: Cell::Text(if poison { "HIDDEN".into() } else { "3".into() }),
    }
}

/// The drugs of the visible acts, in the order in which they are stored.
fn visible_drugs() -> Vec<Drug> {
    let owners = (0..ACTS).flat_map(|act| std::iter::repeat_n(act, act * 5 % 4));
    owners
        .enumerate()
        .map(|(d, act)| {
            let number = i64::try_from(d).expect("fits");
            Drug {
                key: key(act),
                boxes: Cell::Int(1 + number % 5),
                product: Cell::Int(3_400_000 + number),
                code: Cell::Text(format!("{}", number % 6)),
                // The notes of those with five boxes are no numbers.
                note: match number % 5 {
                    4 => Cell::Text("n".into()),
                    _ => Cell::Text(format!("{}", number % 3)),
                },
            }
        })
        .collect()
}

fn hidden_drug(world: World, j: usize) -> Drug {
    let poison = world != World::Benign;
    let mut key = match j % 3 {
        // A hidden act's.
        0 => other_key(j % ACTS, j % KEY.len()),
        // Nobody's.
        1 => other_key((j + 5) % ACTS, (j / 3) % KEY.len()),
        // A visible act's, of which a part is missing.
        _ => self::key(j % ACTS),
    };
    if j % 3 == 2 {
        key[(j / 3) % 9] = Cell::Null;
    }
    let text = |benign: &str| Cell::Text(if poison { "HIDDEN" } else { benign }.into());
    Drug {
        key,
        boxes: Cell::Int(if poison { 0 } else { 2 }),
        product: match j % 2 {
            _ if !poison => Cell::Int(3_400_000),
            0 => Cell::Int(i64::MAX),
            _ => Cell::Null,
        },
        code: text("4"),
        note: text("1"),
    }
}

/// Visible rows in their order, with hidden ones between them.
fn placed<T>(world: World, visible: Vec<T>, hidden: impl Fn(World, usize) -> T) -> Vec<T> {
    let gaps: &[usize] = match world {
        World::Benign | World::Poison => &[1, 0, 5, 1, 0, 0, 3, 1],
        World::Moved => &[0, 9, 0, 0, 2, 1, 0],
    };
    let (mut rows, mut j) = (Vec::new(), 0);
    for (i, row) in visible.into_iter().enumerate() {
        for _ in 0..gaps[i % gaps.len()] {
            rows.push(hidden(world, j));
            j += 1;
        }
        rows.push(row);
    }
    for _ in 0..6 {
        rows.push(hidden(world, j));
        j += 1;
    }
    rows
}

fn key_columns(of_drugs: bool) -> Vec<(&'static str, DataType)> {
    let number = if of_drugs {
        DataType::Int16
    } else {
        DataType::Int32
    };
    let types = [
        DataType::Int32,
        DataType::Date32,
        DataType::Int16,
        DataType::Int16,
        DataType::Int16,
        DataType::Date32,
        DataType::Utf8,
        number.clone(),
        number,
    ];
    KEY.into_iter().zip(types).collect()
}

fn acts(rows: Vec<Act>) -> RecordBatch {
    let mut columns = key_columns(false);
    columns.extend([
        ("BEN_AMA_COD", DataType::Int16),
        ("BEN_CMU_ORG", DataType::Utf8),
        ("BEN_RES_DPT", DataType::Utf8),
        ("BEN_NIR_PSA", DataType::Utf8),
        ("BEN_RNG_GEM", DataType::Int16),
        ("EXE_SOI_DTD", DataType::Date32),
    ]);
    let rows: Vec<Vec<Cell>> = rows
        .into_iter()
        .map(|act| {
            let mut cells = act.key;
            cells.extend([
                act.age,
                act.note,
                Cell::Text(act.department.into()),
                Cell::Text("p".into()),
                Cell::Int(1),
                Cell::Date(MONTHS[0]),
            ]);
            cells
        })
        .collect();
    batch(&columns, &rows)
}

fn drugs(rows: Vec<Drug>) -> RecordBatch {
    let mut columns = key_columns(true);
    columns.extend([
        ("PHA_ACT_QSN", DataType::Int16),
        ("PHA_PRS_C13", DataType::Int64),
        ("PHA_DEC_TOP", DataType::Utf8),
        ("PHA_CPA_PCP", DataType::Utf8),
    ]);
    let rows: Vec<Vec<Cell>> = rows
        .into_iter()
        .map(|drug| {
            let mut cells = drug.key;
            cells.extend([drug.boxes, drug.product, drug.code, drug.note]);
            cells
        })
        .collect();
    batch(&columns, &rows)
}

pub async fn sessions(world: World, setting: Setting) -> Session {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let visible = (0..ACTS).map(visible_act).collect();
    let tables = [
        ("er_prs_f", acts(placed(world, visible, hidden_act))),
        (
            "er_pha_f",
            drugs(placed(world, visible_drugs(), hidden_drug)),
        ),
    ];
    for (name, rows) in &tables {
        let (files, group) = match world {
            World::Benign | World::Poison => (2, 5),
            World::Moved => (3, 11),
        };
        let size = rows.num_rows().div_ceil(files);
        for at in 0..files {
            let from = at * size;
            let slice = rows.slice(from, size.min(rows.num_rows() - from));
            store
                .put(
                    &Path::from(format!("{name}/part-{at}.parquet")),
                    parquet(&complete(name, &slice), group).into(),
                )
                .await
                .expect("put");
        }
    }
    let few = |few: bool| if few { 100 } else { 1_000_000 };
    let platform = Platform::builder()
        .store("data", store)
        .partitions(setting.partitions)
        .late_materialization(setting.late_materialization)
        .batch_size(setting.batch_size)
        .table(
            "er_prs_f",
            TableConfig::new("data", "er_prs_f").rows(few(setting.planner != Planner::Drugs)),
        )
        .table(
            "er_pha_f",
            TableConfig::new("data", "er_pha_f").rows(few(setting.planner == Planner::Drugs)),
        )
        .build()
        .await
        .expect("platform");
    let keys = KEY.map(|key| format!("{key:?}")).join(", ");
    let permit = format!(
        "project = \"p\"\nprincipals = [\"ana\"]\nstrict = {}\nvalid = {{ from = 2020-01-01, until = 2099-12-31 }}\n\
         [table.er_prs_f]\ncolumns = [{keys}, \"BEN_AMA_COD\", \"BEN_CMU_ORG\"]\nwhere = \"BEN_RES_DPT = '075'\"\n\
         [table.er_pha_f]\ncolumns = [{keys}, \"PHA_ACT_QSN\", \"PHA_PRS_C13\", \"PHA_DEC_TOP\", \"PHA_CPA_PCP\"]\n",
        setting.strict
    );
    let permit = Permit::parse("permit.toml", &permit).expect("permit");
    let session = platform.session(&permit, "ana").expect("session");
    session
        .customized(move |mut state| {
            let config = state.config().get_or_insert_default();
            let optimizer = &mut config.options_mut().optimizer;
            optimizer.prefer_hash_join = setting.planner != Planner::Sorts;
            optimizer.join_reordering = setting.planner != Planner::Written;
            state
        })
        .expect("customized")
}

/// The authorised cells and nothing else.
pub async fn copy(setting: Setting) -> SessionContext {
    let (acts, drugs) = (
        acts((0..ACTS).map(visible_act).collect()),
        drugs(visible_drugs()),
    );
    tables(setting.batch_size, acts, drugs)
}

/// Visible acts, and every drug that is stored: as if each table were held against its own policy, and none against its
/// parent's.
pub fn without_parents(world: World) -> SessionContext {
    let acts = acts((0..ACTS).map(visible_act).collect());
    let drugs = drugs(placed(world, visible_drugs(), hidden_drug));
    tables(1024, acts, drugs)
}

fn tables(batch_size: usize, acts: RecordBatch, drugs: RecordBatch) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_batch_size(batch_size)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false);
    let context = SessionContext::new_with_config(config);
    let denied = ["BEN_RES_DPT", "BEN_NIR_PSA", "BEN_RNG_GEM", "EXE_SOI_DTD"];
    for (name, rows) in [
        ("er_prs_f", shown(&acts, &denied)),
        ("er_pha_f", shown(&drugs, &[])),
    ] {
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]]).expect("table");
        context
            .register_table(name, Arc::new(table))
            .expect("registered");
    }
    context
}

/// The columns that are not denied, by the names that questions have for them.
fn shown(rows: &RecordBatch, denied: &[&str]) -> RecordBatch {
    let at: Vec<usize> = (0..rows.num_columns())
        .filter(|at| !denied.contains(&rows.schema().field(*at).name().as_str()))
        .collect();
    let rows = rows.project(&at).expect("columns");
    let fields: Vec<Field> = rows
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let name = field.name().to_lowercase();
            field.as_ref().clone().with_name(name)
        })
        .collect();
    let columns: Vec<ArrayRef> = rows.columns().to_vec();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("names")
}

/// The rows with every column of the data model, NULL where nothing is designed.
fn complete(table: &str, rows: &RecordBatch) -> RecordBatch {
    let model = sceau::snds::table(table).expect("a table of the model");
    let all = model
        .columns
        .iter()
        .filter(|column| !column.optional)
        .map(|column| {
            let array = rows.column_by_name(&column.name).map_or_else(
                || {
                    let data_type = column.data_type.as_ref().expect("a type");
                    new_null_array(data_type, rows.num_rows())
                },
                Arc::clone,
            );
            (column.name.clone(), array, true)
        });
    RecordBatch::try_from_iter_with_nullable(all).expect("table")
}

fn parquet(batch: &RecordBatch, group: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("writer");
    writer.write(batch).expect("write");
    writer.into_inner().expect("close")
}
