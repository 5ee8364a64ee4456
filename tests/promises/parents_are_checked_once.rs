//! A row without a person is held against its parent exactly once: by a join of the question's on the whole key, or else by
//! the table itself, in little memory.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int16Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use datafusion::physical_expr::expressions::{Column, binary, lit};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::execution_plan::ChildrenPropertiesMode;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::{ExecutionPlan, ReplaceChildrenOptions, displayable};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use sceau::{Platform, PlatformBuilder, Session, TableConfig};

use crate::fixture::{DCIR_KEY as KEY, JANUARY, code, parquet_bytes, rows, session, snds_table};

/// The nine columns of rows `0..rows`, of which every third stands in each of three months.
fn key(rows: i32) -> Vec<(&'static str, ArrayRef)> {
    let count = usize::try_from(rows).expect("fits");
    let months: ArrayRef = Arc::new(Date32Array::from_iter_values(
        (0..rows).map(|row| JANUARY + 31 * (row % 3)),
    ));
    KEY.into_iter()
        .map(|name| {
            let column: ArrayRef = match name {
                "FLX_DIS_DTD" => Arc::clone(&months),
                "DCT_ORD_NUM" => Arc::new(Int32Array::from_iter_values(0..rows)),
                "FLX_TRT_DTD" => Arc::new(Date32Array::from(vec![JANUARY; count])),
                "ORG_CLE_NUM" => Arc::new(StringArray::from(vec!["o"; count])),
                _ => Arc::new(Int16Array::from(vec![1; count])),
            };
            (name, column)
        })
        .collect()
}

/// As many acts as drugs, one of each for the other; every fourth act is of 092, and its drug with it.
async fn stored(rows: i32) -> PlatformBuilder {
    let mut acts = key(rows);
    acts.push((
        "BEN_RES_DPT",
        Arc::new(StringArray::from_iter_values(
            (0..rows).map(|row| if row % 4 == 0 { "092" } else { "075" }),
        )),
    ));
    let mut drugs = key(rows);
    drugs.push((
        "PHA_ACT_QSN",
        Arc::new(Int16Array::from_iter_values(
            (0..rows).map(|row| i16::try_from(row % 5).expect("fits")),
        )),
    ));
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let files: [(&str, RecordBatch); 2] = [
        ("er_prs_f", snds_table("er_prs_f", &acts)),
        ("er_pha_f", snds_table("er_pha_f", &drugs)),
    ];
    let mut builder = Platform::builder().store("data", Arc::clone(&store));
    for (name, batch) in files {
        store
            .put(
                &Path::from(format!("{name}/a.parquet")),
                parquet_bytes(&batch, 1000).into(),
            )
            .await
            .expect("put");
        let rows = if name == "er_prs_f" { 1_000 } else { 100_000 };
        builder = builder.table(name, TableConfig::new("data", name).rows(rows));
    }
    builder
}

fn permitted() -> String {
    let keys = KEY.map(|key| format!("{key:?}")).join(", ");
    format!(
        "[table.er_prs_f]\ncolumns = [{keys}, \"BEN_AMA_COD\"]\nwhere = \"BEN_RES_DPT = '075'\"\n\
         [table.er_pha_f]\ncolumns = [{keys}, \"PHA_ACT_QSN\"]\n"
    )
}

fn on(keys: &[&str]) -> String {
    let parts: Vec<String> = keys
        .iter()
        .map(|key| format!("d.{key} = p.{key}"))
        .collect();
    parts.join(" AND ")
}

async fn physical(session: &Session, sql: &str) -> Arc<dyn ExecutionPlan> {
    let plan = session.plan(sql).await.expect("plan");
    session
        .physical_plan(&plan, vec![])
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The first operator of a name, from the top.
fn find(plan: &Arc<dyn ExecutionPlan>, name: &str) -> Option<Arc<dyn ExecutionPlan>> {
    if plan.name() == name {
        return Some(Arc::clone(plan));
    }
    plan.children()
        .into_iter()
        .find_map(|child| find(child, name))
}

fn over(
    plan: &Arc<dyn ExecutionPlan>,
    children: Vec<Arc<dyn ExecutionPlan>>,
) -> Arc<dyn ExecutionPlan> {
    let anew = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Arc::clone(plan)
        .replace_children(children, anew)
        .expect("a plan")
}

#[tokio::test]
async fn a_join_on_the_whole_key_does_the_check_and_no_other_join_does() {
    let platform = stored(60).await.build().await.expect("platform");
    let session = session(&platform, &permitted());
    let (whole, eight) = (on(&KEY), on(&KEY[1..]));
    let by_join = [
        format!("SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {whole}"),
        format!("SELECT d.PHA_ACT_QSN FROM er_pha_f d JOIN er_prs_f p ON {whole}"),
        format!(
            "SELECT * FROM er_pha_f JOIN er_prs_f USING ({})",
            KEY.join(", ")
        ),
        format!("SELECT count(*) FROM er_pha_f d JOIN er_prs_f p ON {whole}"),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_pha_f d JOIN er_prs_f p ON {whole} WHERE d.PHA_ACT_QSN > 1 AND p.DCT_ORD_NUM < 50"
        ),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_pha_f d JOIN er_prs_f p ON {whole} WHERE p.BEN_AMA_COD + 1 < 50"
        ),
        format!(
            "SELECT 10 / d.PHA_ACT_QSN AS v FROM er_pha_f d JOIN er_prs_f p ON {whole} WHERE d.PHA_ACT_QSN > 0"
        ),
        format!(
            "SELECT p.DCT_ORD_NUM, d.PHA_ACT_QSN FROM er_prs_f p LEFT JOIN er_pha_f d ON {whole}"
        ),
        format!("SELECT d.PHA_ACT_QSN FROM er_pha_f d LEFT SEMI JOIN er_prs_f p ON {whole}"),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {whole} LEFT JOIN er_pha_f e ON {}",
            whole.replace("d.", "e.")
        ),
        format!(
            "SELECT p.DCT_ORD_NUM FROM er_prs_f p WHERE EXISTS (SELECT 1 FROM er_pha_f d WHERE {whole})"
        ),
        format!(
            "SELECT d.PHA_ACT_QSN FROM (SELECT * FROM er_prs_f ORDER BY DCT_ORD_NUM LIMIT 5) p JOIN er_pha_f d ON {whole}"
        ),
    ];
    for sql in &by_join {
        let plan = displayable(physical(&session, sql).await.as_ref())
            .indent(false)
            .to_string();
        let leaves = plan.matches("table=ER_PHA_F").count();
        assert_eq!(
            plan.matches("parents=join").count(),
            leaves,
            "{sql}\n{plan}"
        );
    }
    let by_table = [
        "SELECT PHA_ACT_QSN FROM er_pha_f".to_owned(),
        // Of a condition on the key the engine makes the same one on the other side.
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_pha_f d JOIN er_prs_f p ON {whole} WHERE p.DCT_ORD_NUM + 1 < 50"
        ),
        format!("SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {eight}"),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {eight} AND d.DCT_ORD_NUM <= p.DCT_ORD_NUM"
        ),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {eight} AND d.DCT_ORD_NUM = p.DCT_ORD_NUM + 0"
        ),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {eight} AND d.DCT_ORD_NUM + 0 = p.DCT_ORD_NUM"
        ),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON ({whole}) OR d.PHA_ACT_QSN = 0"
        ),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {whole} AND d.PHA_ACT_QSN > p.REM_TYP_AFF"
        ),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {whole} WHERE 10 / d.PHA_ACT_QSN > 1"
        ),
        format!(
            "SELECT d.v FROM er_prs_f p JOIN (SELECT *, 10 / PHA_ACT_QSN AS v FROM er_pha_f) d ON {whole}"
        ),
        format!(
            "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN (SELECT * FROM er_pha_f LIMIT 5) d ON {whole}"
        ),
        format!("SELECT d.PHA_ACT_QSN FROM er_pha_f d LEFT JOIN er_prs_f p ON {whole}"),
        format!("SELECT d.PHA_ACT_QSN FROM er_pha_f d FULL JOIN er_prs_f p ON {whole}"),
        format!("SELECT d.PHA_ACT_QSN FROM er_pha_f d LEFT ANTI JOIN er_prs_f p ON {whole}"),
        format!(
            "SELECT d.PHA_ACT_QSN FROM (SELECT DISTINCT {} FROM er_pha_f) p JOIN er_pha_f d ON {whole}",
            KEY.join(", ")
        ),
    ];
    for sql in &by_table {
        let plan = displayable(physical(&session, sql).await.as_ref())
            .indent(false)
            .to_string();
        assert!(!plan.contains("parents=join"), "{sql}\n{plan}");
    }
}

#[tokio::test]
async fn where_drugs_are_said_to_be_few_no_join_holds_all_of_them_unchecked() {
    let builder = stored(60).await;
    let platform = builder
        .table(
            "er_prs_f",
            TableConfig::new("data", "er_prs_f").rows(1_000_000),
        )
        .table("er_pha_f", TableConfig::new("data", "er_pha_f").rows(10))
        .build()
        .await
        .expect("platform");
    let session = session(&platform, &permitted());
    for (join, counted) in [
        ("JOIN", "45"),
        ("LEFT SEMI JOIN", "45"),
        ("LEFT JOIN", "45"),
    ] {
        let sql = format!(
            "SELECT count(*) FROM er_prs_f p {join} er_pha_f d ON {}",
            on(&KEY)
        );
        let plan = physical(&session, &sql).await;
        let shown = displayable(plan.as_ref()).indent(false).to_string();
        // What a join by flux holds of them is bounded, and reserved before the first of them comes.
        let by_flux = find(&plan, "FluxJoinExec").is_some();
        assert_eq!(by_flux, join == "JOIN", "{shown}");
        assert_eq!(shown.contains("parents=join"), by_flux, "{shown}");
        assert_eq!(rows(&session, &sql).await, [counted], "{join}");
    }
}

#[tokio::test]
async fn a_plan_in_which_nobody_checks_is_refused() {
    let platform = stored(60).await.build().await.expect("platform");
    let session = session(&platform, &permitted());
    let sql = format!(
        "SELECT d.PHA_ACT_QSN FROM er_pha_f d LEFT SEMI JOIN er_prs_f p ON {}",
        on(&KEY)
    );
    let checked = find(&physical(&session, &sql).await, "ParentJoinExec").expect("a join");
    let join = find(&checked, "HashJoinExec").expect("a join");
    let [build, probe] = <[_; 2]>::try_from(join.children()).expect("two sides");
    let (filtered, nobody) = (filtered(probe), nobody(build));
    let put = |sides: [&Arc<dyn ExecutionPlan>; 2]| {
        let join = over(&join, sides.map(Arc::clone).to_vec());
        over(&checked, vec![join])
    };
    // As it came, it runs.
    session.run_physical(put([build, probe])).expect("checked");
    let tampered = [
        // The join without what cuts its batches, and a side without the join.
        Arc::clone(&join),
        Arc::clone(probe),
        // Something between leaf and join, and a build side that is not the parent.
        put([build, &filtered]),
        put([&nobody, probe]),
    ];
    for plan in tampered {
        refused(&session, plan);
    }
}

#[tokio::test]
async fn a_join_by_flux_in_which_nobody_checks_is_refused() {
    let platform = stored(60).await.build().await.expect("platform");
    let session = session(&platform, &permitted());
    let sql = format!(
        "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {}",
        on(&KEY)
    );
    let join = find(&physical(&session, &sql).await, "FluxJoinExec").expect("a join");
    let [acts, drugs] = <[_; 2]>::try_from(join.children()).expect("two sides");
    let (fewer_acts, fewer_drugs, nobody) = (filtered(acts), filtered(drugs), nobody(acts));
    let put = |sides: [&Arc<dyn ExecutionPlan>; 2]| over(&join, sides.map(Arc::clone).to_vec());
    session.run_physical(put([acts, drugs])).expect("checked");
    // Acts that a condition is asked of only in months that have drugs, hidden ones too, would tell of these.
    let tampered = [
        Arc::clone(drugs),
        put([acts, &fewer_drugs]),
        put([&fewer_acts, drugs]),
        put([&nobody, drugs]),
    ];
    for plan in tampered {
        refused(&session, plan);
    }
}

/// Whoever writes plans takes away what gathers the acts: no act is lost, whichever side is held.
#[tokio::test]
async fn acts_in_several_partitions_are_all_joined() {
    for batch_size in [7, 8192] {
        let builder = stored(600).await.partitions(4).batch_size(batch_size);
        let platform = builder.build().await.expect("platform");
        let session = session(&platform, &permitted());
        let sql = format!(
            "SELECT d.PHA_ACT_QSN FROM er_prs_f p JOIN er_pha_f d ON {}",
            on(&KEY)
        );
        let join = find(&physical(&session, &sql).await, "FluxJoinExec").expect("a join");
        let [acts, drugs] = <[_; 2]>::try_from(join.children()).expect("two sides");
        assert_eq!(acts.name(), "CoalescePartitionsExec");
        let scattered = acts.children()[0];
        assert!(scattered.properties().partitioning.partition_count() > 1);
        let plan = over(&join, vec![Arc::clone(scattered), Arc::clone(drugs)]);
        let answer = session.run_physical(plan).expect("checked").collect().await;
        let answer = answer.expect("rows");
        let count: usize = answer.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(count, 450, "in batches of {batch_size}");
    }
}

fn filtered(input: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    let positive = binary(
        lit(1_i32),
        datafusion::logical_expr::Operator::Lt,
        datafusion::physical_expr::expressions::cast(
            Arc::new(Column::new("DCT_ORD_NUM", 0)),
            &input.schema(),
            DataType::Int32,
        )
        .expect("cast"),
        &input.schema(),
    )
    .expect("condition");
    Arc::new(FilterExec::try_new(positive, Arc::clone(input)).expect("filter"))
}

fn nobody(input: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    Arc::new(EmptyExec::new(input.schema()))
}

fn refused(session: &Session, plan: Arc<dyn ExecutionPlan>) {
    let text = displayable(plan.as_ref()).indent(false).to_string();
    let refused = session.run_physical(plan).err();
    let code = refused.map(|error| error.code().to_string());
    assert_eq!(code.as_deref(), Some("not_enforced"), "{text}");
}

#[tokio::test]
async fn keys_are_remembered_month_by_month_in_the_memory_there_is() {
    // Three months of ten thousand acts each, 120 kB of keys a month, up to 256 kB while they are read.
    const ROWS: i32 = 30_000;
    let sql = "SELECT count(*), sum(PHA_ACT_QSN) FROM er_pha_f";
    let expected = {
        let platform = stored(ROWS).await.build().await.expect("platform");
        rows(&session(&platform, &permitted()), sql).await
    };
    assert_eq!(expected[0].split(' ').next(), Some("22500"));
    for (bytes, enough) in [(400_000, true), (100_000, false)] {
        let platform = stored(ROWS)
            .await
            .partitions(1)
            .batch_size(1000)
            .memory_limit(bytes)
            .build()
            .await
            .expect("platform");
        let session = session(&platform, &permitted());
        if enough {
            assert_eq!(rows(&session, sql).await, expected, "{bytes}");
        } else {
            assert_eq!(code(&session, sql).await.as_str(), "resources", "{bytes}");
        }
    }
}
