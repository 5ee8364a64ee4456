//! What a release costs when its platform keeps a ledger of what projects received, beside the same release without, in one run.
//!
//! `cargo bench --bench releases -- [--patients N] [--runs N] [--data FOLDER]`
//!
//! Prints the median wall time of each and their ratio, checks, sums and the writing of the ledger included. Each ledger is new: what a
//! long one costs besides, `figures_of_a_long_ledger` prints.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use sceau::{Permit, Platform, Releaser, Session, TableConfig};
use sceau_core::platform::{Beyond, LedgerSettings};
use sceau_core::pseudonym::{KeyError, KeyProvider, ProjectKey};
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
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

const QUESTIONS: &[(&str, &str)] = &[
    ("count of all", "SELECT count(*) FROM er_prs_f"),
    (
        "count by département",
        "SELECT BEN_RES_DPT, count(*) FROM er_prs_f GROUP BY 1",
    ),
    (
        "count and cost by act",
        "SELECT PRS_NAT_REF, count(*), sum(PRS_PAI_MNT) FROM er_prs_f GROUP BY 1",
    ),
    (
        "count by département, sex and age",
        "SELECT BEN_RES_DPT, BEN_SEX_COD, BEN_AMA_COD, count(*) FROM er_prs_f GROUP BY 1, 2, 3",
    ),
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
        let made = generate(&options, &folder)?;
        println!("made {} rows of ER_PRS_F", made.rows("ER_PRS_F"));
    }
    println!(
        "{:<40} {:>8} {:>9} {:>9} {:>6}",
        "release", "cells", "without", "with", "ratio"
    );
    for (name, sql) in QUESTIONS {
        let (mut without, mut with, mut cells) = (Vec::new(), Vec::new(), 0);
        // The first run of each warms the caches and is not counted.
        for run in 0..=arguments.runs {
            let ledgers = tempfile::tempdir()?;
            for (times, ledger) in [(&mut without, None), (&mut with, Some(ledgers.path()))] {
                let releaser = Releaser::new(&session(&folder, ledger).await?);
                let started = Instant::now();
                let release = releaser.sql(sql).await?;
                if run > 0 {
                    times.push(started.elapsed().as_secs_f64());
                }
                cells = release.report().released;
            }
        }
        let (without, with) = (median(&mut without), median(&mut with));
        println!(
            "{name:<40} {cells:>8} {:>7.0}ms {:>7.0}ms {:>6.2}",
            without * 1e3,
            with * 1e3,
            with / without
        );
    }
    Ok(())
}

async fn session(folder: &Path, ledger: Option<&Path>) -> Result<Session, Box<dyn Error>> {
    let store = object_store::local::LocalFileSystem::new_with_prefix(folder)?;
    let mut builder = Platform::builder()
        .store("snds", Arc::new(store))
        .keys(Arc::new(OneKey))
        .table("er_prs_f", TableConfig::new("snds", "ER_PRS_F"));
    if let Some(folder) = ledger {
        let mut settings = LedgerSettings::new(folder, "ledger");
        // A table of thousands of small cells is beyond the bound for threes.
        settings.beyond = Beyond::Pairs;
        builder = builder.ledger(settings);
    }
    let permit = Permit::parse(
        "permit.toml",
        "project = \"bench\"\nprincipals = [\"bench\"]\nvalid = { from = 2020-01-01, until = 2099-12-31 }\n\
         [release]\nk = 11\n[table.er_prs_f]\n\
         columns = [\"BEN_RES_DPT\", \"BEN_SEX_COD\", \"BEN_AMA_COD\", \"PRS_NAT_REF\", \"PRS_PAI_MNT\"]\n",
    )?;
    Ok(builder.build().await?.session(&permit, "bench")?)
}

#[derive(Debug)]
struct OneKey;

impl KeyProvider for OneKey {
    fn project_key(&self, _: &str) -> Result<ProjectKey, KeyError> {
        ProjectKey::new(vec![0x5e; 32], ProjectKey::FIRST_VERSION)
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
