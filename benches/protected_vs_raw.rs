//! The same questions over protected tables and, written by hand, over raw DataFusion tables, in one run.
//!
//! `cargo bench --bench protected_vs_raw -- [--patients N] [--runs N] [--data FOLDER]`
//!
//! Prints the median wall time of each and their ratio. Both sides have the same files, settings and policy; the raw side
//! writes the policy into its WHERE. It needs no promise kept but speed: what it measures is what enforcement costs.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use datafusion::physical_plan::displayable;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use sceau::{Permit, Platform, Session};
use sceau_synth::{GenerateOptions, generate};

#[derive(Parser)]
struct Arguments {
    /// People in the synthetic data; some thirty rows of ER_PRS_F each a year.
    #[arg(long, default_value_t = 100_000)]
    patients: u64,
    /// Counted runs of each side, in turn.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// A folder of synthetic data to use, made there if it is not.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Prints the physical plans of both sides instead of timing them.
    #[arg(long)]
    plans: bool,
    /// Times only questions whose name holds this.
    #[arg(long)]
    only: Option<String>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

struct Question {
    name: &'static str,
    protected: &'static str,
    raw: &'static str,
}

const WHERE: &str = "BEN_RES_DPT IN ('075','092','093','094','077','078','091','095') AND EXE_SOI_DTD >= DATE '2019-03-01'";

const QUESTIONS: &[Question] = &[
    Question {
        name: "count by département",
        protected: "SELECT BEN_RES_DPT, count(*) FROM er_prs_f GROUP BY 1",
        raw: "SELECT \"BEN_RES_DPT\", count(*) FROM er_prs_f WHERE {where} GROUP BY 1",
    },
    Question {
        name: "distinct acts by sex, of one year of birth",
        protected: "SELECT BEN_SEX_COD, count(DISTINCT PRS_NAT_REF) FROM er_prs_f WHERE BEN_AMA_COD = 67 GROUP BY 1",
        raw: "SELECT \"BEN_SEX_COD\", count(DISTINCT \"PRS_NAT_REF\") FROM er_prs_f WHERE {where} AND \"BEN_AMA_COD\" = 67 GROUP BY 1",
    },
    Question {
        name: "cost by act",
        protected: "SELECT PRS_NAT_REF, sum(PRS_PAI_MNT), avg(PRS_PAI_MNT) FROM er_prs_f GROUP BY 1",
        raw: "SELECT \"PRS_NAT_REF\", sum(\"PRS_PAI_MNT\"), avg(\"PRS_PAI_MNT\") FROM er_prs_f WHERE {where} GROUP BY 1",
    },
    Question {
        name: "boxes by product, nine-key join",
        protected: "SELECT d.PHA_PRS_C13, count(*) FROM er_prs_f p JOIN er_pha_f d USING (DCT_ORD_NUM, FLX_DIS_DTD, \
                    FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD, ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF) GROUP BY 1",
        raw: "SELECT d.\"PHA_PRS_C13\", count(*) FROM (SELECT * FROM er_prs_f WHERE {where}) p JOIN er_pha_f d USING \
              (\"DCT_ORD_NUM\", \"FLX_DIS_DTD\", \"FLX_EMT_NUM\", \"FLX_EMT_ORD\", \"FLX_EMT_TYP\", \"FLX_TRT_DTD\", \
              \"ORG_CLE_NUM\", \"PRS_ORD_NUM\", \"REM_TYP_AFF\") GROUP BY 1",
    },
    Question {
        name: "the same join written the other way round",
        protected: "SELECT d.PHA_PRS_C13, count(*) FROM er_pha_f d JOIN er_prs_f p USING (DCT_ORD_NUM, FLX_DIS_DTD, \
                    FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD, ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF) GROUP BY 1",
        raw: "SELECT d.\"PHA_PRS_C13\", count(*) FROM er_pha_f d JOIN (SELECT * FROM er_prs_f WHERE {where}) p USING \
              (\"DCT_ORD_NUM\", \"FLX_DIS_DTD\", \"FLX_EMT_NUM\", \"FLX_EMT_ORD\", \"FLX_EMT_TYP\", \"FLX_TRT_DTD\", \
              \"ORG_CLE_NUM\", \"PRS_ORD_NUM\", \"REM_TYP_AFF\") GROUP BY 1",
    },
    Question {
        name: "cost by product, one sex, nine-key join",
        protected: "SELECT d.PHA_PRS_C13, sum(p.PRS_PAI_MNT) FROM er_pha_f d JOIN er_prs_f p USING (DCT_ORD_NUM, FLX_DIS_DTD, \
                    FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD, ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF) \
                    WHERE p.BEN_SEX_COD = 2 GROUP BY 1",
        raw: "SELECT d.\"PHA_PRS_C13\", sum(p.\"PRS_PAI_MNT\") FROM er_pha_f d JOIN (SELECT * FROM er_prs_f WHERE {where}) p USING \
              (\"DCT_ORD_NUM\", \"FLX_DIS_DTD\", \"FLX_EMT_NUM\", \"FLX_EMT_ORD\", \"FLX_EMT_TYP\", \"FLX_TRT_DTD\", \
              \"ORG_CLE_NUM\", \"PRS_ORD_NUM\", \"REM_TYP_AFF\") WHERE p.\"BEN_SEX_COD\" = 2 GROUP BY 1",
    },
    Question {
        name: "people with one medicine by département, nine-key join",
        protected: "SELECT p.BEN_RES_DPT, count(*), sum(d.PHA_ACT_QSN) FROM er_prs_f p JOIN er_pha_f d USING (DCT_ORD_NUM, \
                    FLX_DIS_DTD, FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD, ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF) \
                    WHERE d.PHA_PRS_C13 = {medicine} GROUP BY 1",
        raw: "SELECT p.\"BEN_RES_DPT\", count(*), sum(d.\"PHA_ACT_QSN\") FROM (SELECT * FROM er_prs_f WHERE {where}) p JOIN er_pha_f d USING \
              (\"DCT_ORD_NUM\", \"FLX_DIS_DTD\", \"FLX_EMT_NUM\", \"FLX_EMT_ORD\", \"FLX_EMT_TYP\", \"FLX_TRT_DTD\", \
              \"ORG_CLE_NUM\", \"PRS_ORD_NUM\", \"REM_TYP_AFF\") WHERE d.\"PHA_PRS_C13\" = {medicine} GROUP BY 1",
    },
    Question {
        name: "a medicine that nobody had, nine-key join",
        protected: "SELECT p.BEN_RES_DPT, count(*), sum(d.PHA_ACT_QSN) FROM er_prs_f p JOIN er_pha_f d USING (DCT_ORD_NUM, \
                    FLX_DIS_DTD, FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD, ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF) \
                    WHERE d.PHA_PRS_C13 = 1 GROUP BY 1",
        raw: "SELECT p.\"BEN_RES_DPT\", count(*), sum(d.\"PHA_ACT_QSN\") FROM (SELECT * FROM er_prs_f WHERE {where}) p JOIN er_pha_f d USING \
              (\"DCT_ORD_NUM\", \"FLX_DIS_DTD\", \"FLX_EMT_NUM\", \"FLX_EMT_ORD\", \"FLX_EMT_TYP\", \"FLX_TRT_DTD\", \
              \"ORG_CLE_NUM\", \"PRS_ORD_NUM\", \"REM_TYP_AFF\") WHERE d.\"PHA_PRS_C13\" = 1 GROUP BY 1",
    },
    Question {
        name: "boxes by product, er_pha_f alone",
        protected: "SELECT PHA_PRS_C13, count(*) FROM er_pha_f GROUP BY 1",
        raw: "SELECT d.\"PHA_PRS_C13\", count(*) FROM er_pha_f d WHERE EXISTS (SELECT 1 FROM er_prs_f p WHERE {where} AND \
              d.\"DCT_ORD_NUM\" = p.\"DCT_ORD_NUM\" AND d.\"FLX_DIS_DTD\" = p.\"FLX_DIS_DTD\" AND d.\"FLX_EMT_NUM\" = p.\"FLX_EMT_NUM\" AND \
              d.\"FLX_EMT_ORD\" = p.\"FLX_EMT_ORD\" AND d.\"FLX_EMT_TYP\" = p.\"FLX_EMT_TYP\" AND d.\"FLX_TRT_DTD\" = p.\"FLX_TRT_DTD\" AND \
              d.\"ORG_CLE_NUM\" = p.\"ORG_CLE_NUM\" AND d.\"PRS_ORD_NUM\" = p.\"PRS_ORD_NUM\" AND d.\"REM_TYP_AFF\" = p.\"REM_TYP_AFF\") GROUP BY 1",
    },
    Question {
        name: "the ten dearest acts",
        protected: "SELECT PRS_NAT_REF, BEN_AMA_COD, PRS_PAI_MNT FROM er_prs_f ORDER BY PRS_PAI_MNT DESC LIMIT 10",
        raw: "SELECT \"PRS_NAT_REF\", \"BEN_AMA_COD\", \"PRS_PAI_MNT\" FROM er_prs_f WHERE {where} ORDER BY \"PRS_PAI_MNT\" DESC LIMIT 10",
    },
    Question {
        name: "the ten latest acts, in files by month",
        protected: "SELECT PRS_NAT_REF, BEN_AMA_COD, FLX_DIS_DTD FROM er_prs_f ORDER BY FLX_DIS_DTD DESC LIMIT 10",
        raw: "SELECT \"PRS_NAT_REF\", \"BEN_AMA_COD\", \"FLX_DIS_DTD\" FROM er_prs_f WHERE {where} ORDER BY \"FLX_DIS_DTD\" DESC LIMIT 10",
    },
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let _ = arguments.bench;
    let made;
    let folder = match &arguments.data {
        Some(folder) => folder.clone(),
        None => {
            made = tempfile::tempdir()?;
            made.path().to_owned()
        }
    };
    if !folder.join("ER_PRS_F").exists() {
        let options = GenerateOptions {
            patients: arguments.patients,
            seed: 1,
            ..GenerateOptions::default()
        };
        let started = Instant::now();
        let made = generate(&options, &folder)?;
        println!(
            "made {} rows of ER_PRS_F in {:.1} s",
            made.rows("ER_PRS_F"),
            started.elapsed().as_secs_f64()
        );
    }
    let session = protected(&folder).await?;
    let measured = raw(&folder, true).await?;
    println!(
        "{:<45} {:>9} {:>9} {:>6}",
        "question", "protected", "raw", "ratio"
    );
    let medicine = common_medicine(&measured).await?;
    let only = arguments.only.as_deref().unwrap_or_default();
    for question in QUESTIONS
        .iter()
        .filter(|question| question.name.contains(only))
    {
        let sql = question.protected.replace("{medicine}", &medicine);
        let raw_sql =
            (question.raw.replace("{where}", &quoted(WHERE))).replace("{medicine}", &medicine);
        if arguments.plans {
            let plan = session.plan(&sql).await?;
            let protected = session.physical_plan(&plan, vec![]).await?;
            let raw = measured.sql(&raw_sql).await?.create_physical_plan().await?;
            println!(
                "## {}\n{}\n{}",
                question.name,
                displayable(protected.as_ref()).indent(false),
                displayable(raw.as_ref()).indent(false)
            );
            continue;
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // The first run of each warms the caches and is not counted.
        for run in 0..=arguments.runs {
            let started = Instant::now();
            let answered = rows_of(&session.sql(&sql).await?.collect().await?);
            let ours_took = started.elapsed().as_secs_f64();
            let started = Instant::now();
            let expected = rows_of(&measured.sql(&raw_sql).await?.collect().await?);
            let theirs_took = started.elapsed().as_secs_f64();
            if answered != expected {
                return Err(
                    format!("{}: {answered} rows instead of {expected}", question.name).into(),
                );
            }
            if run > 0 {
                ours.push(ours_took);
                theirs.push(theirs_took);
            }
        }
        let (ours, theirs) = (median(&mut ours), median(&mut theirs));
        println!(
            "{:<45} {:>7.0}ms {:>7.0}ms {:>6.2}",
            question.name,
            ours * 1e3,
            theirs * 1e3,
            ours / theirs
        );
    }
    if !arguments.plans {
        // A protected table collects no statistics while it plans, so the raw one does not either.
        planning(&session, &raw(&folder, false).await?, arguments.runs).await?;
    }
    Ok(())
}

/// How long a plan takes before anything runs, with one table and with twenty.
async fn planning(
    session: &Session,
    raw: &SessionContext,
    runs: usize,
) -> Result<(), Box<dyn Error>> {
    let mut more = Vec::new();
    for tables in [1, 20] {
        let one = |table: &str| format!("SELECT count(*) FROM {table} WHERE {}", quoted(WHERE));
        let question = vec![one("er_prs_f"); tables].join(" UNION ALL ");
        let (mut ours, mut theirs, mut between) = (Vec::new(), Vec::new(), Vec::new());
        for run in 0..=runs * 10 {
            let started = Instant::now();
            let plan = session.plan(&question).await?;
            session.physical_plan(&plan, vec![]).await?;
            let ours_took = started.elapsed().as_secs_f64();
            let started = Instant::now();
            raw.sql(&question).await?.create_physical_plan().await?;
            let theirs_took = started.elapsed().as_secs_f64();
            if run > 0 {
                ours.push(ours_took);
                theirs.push(theirs_took);
                between.push(ours_took - theirs_took);
            }
        }
        more.push(median(&mut between));
        println!(
            "planning a question of {tables} tables: {:.2} ms protected, {:.2} ms raw",
            median(&mut ours) * 1e3,
            median(&mut theirs) * 1e3,
        );
    }
    // What a question takes besides, whatever it is of: its permit is read and its text spelt.
    let each = (more[1] - more[0]) / 19.0;
    println!(
        "{:.3} ms a table more, and {:.2} ms a question",
        each * 1e3,
        (more[0] - each) * 1e3
    );
    Ok(())
}

async fn protected(folder: &Path) -> Result<Session, Box<dyn Error>> {
    let store = object_store::local::LocalFileSystem::new_with_prefix(folder)?;
    let mut builder = Platform::builder().store("snds", std::sync::Arc::new(store));
    for table in ["er_prs_f", "er_pha_f"] {
        builder = builder.table(
            table,
            sceau::TableConfig::new("snds", &table.to_uppercase()),
        );
    }
    let platform = builder.build().await?;
    let permit = Permit::parse(
        "permit.toml",
        &format!(
            "project = \"bench\"\nprincipals = [\"bench\"]\nvalid = {{ from = 2020-01-01, until = 2099-12-31 }}\n\
             [table.er_prs_f]\ncolumns = \"*\"\ndeny = [{DENIED}]\nwhere = \"{WHERE}\"\n[table.er_pha_f]\ncolumns = \"*\"\n"
        ),
    )?;
    Ok(platform.session(&permit, "bench")?)
}

/// Identifiers need a key, and the questions do not use them.
const DENIED: &str = "\"BEN_NIR_PSA\", \"PFS_EXE_NUM\", \"PFS_PRE_NUM\", \"PRS_MTT_NUM\", \"PSP_PPS_NUM\", \"ETB_PRE_FIN\", \"IJR_EMP_NUM\"";

async fn raw(folder: &Path, statistics: bool) -> Result<SessionContext, Box<dyn Error>> {
    let config = SessionConfig::new()
        .with_collect_statistics(statistics)
        .set_bool(
            "datafusion.execution.parquet.schema_force_view_types",
            false,
        )
        .set_bool(
            "datafusion.execution.listing_table_ignore_subdirectory",
            false,
        );
    let context = SessionContext::new_with_config(config);
    for table in ["er_prs_f", "er_pha_f"] {
        let path = folder.join(table.to_uppercase());
        let path = path.to_str().ok_or("a folder whose name is text")?;
        context
            .register_parquet(table, path, ParquetReadOptions::default())
            .await?;
    }
    Ok(context)
}

/// DataFusion folds unquoted names to lower case.
fn quoted(sql: &str) -> String {
    ["BEN_RES_DPT", "EXE_SOI_DTD"]
        .iter()
        .fold(sql.to_owned(), |sql, name| {
            sql.replace(name, &format!("\"{name}\""))
        })
}

fn rows_of(batches: &[arrow::array::RecordBatch]) -> usize {
    batches
        .iter()
        .map(arrow::array::RecordBatch::num_rows)
        .sum()
}

/// The code of a medicine that many people have.
async fn common_medicine(raw: &SessionContext) -> Result<String, Box<dyn Error>> {
    let sql = "SELECT CAST(\"PHA_PRS_C13\" AS VARCHAR) FROM er_pha_f GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 2";
    let found = raw.sql(sql).await?.to_string().await?;
    let code: Option<&str> = found
        .split(|letter: char| !letter.is_ascii_digit())
        .find(|part| part.len() == 13);
    Ok(code.ok_or("no medicine in the data")?.to_owned())
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
