//! `sceau-synth generate` makes up SNDS data; `sceau-synth import` turns the Health Data Hub's published files into
//! Parquet.

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use sceau_synth::{Error, GenerateOptions, generate_with_progress};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// SNDS data without a real person in it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes up people and their care: same seed, same bytes.
    Generate {
        /// How many people.
        #[arg(long, default_value_t = GenerateOptions::default().patients)]
        patients: u64,
        /// Of the random numbers.
        #[arg(long, default_value_t = GenerateOptions::default().seed)]
        seed: u64,
        /// The first year of care.
        #[arg(long, default_value_t = GenerateOptions::default().first_year)]
        first_year: u16,
        /// Years of care.
        #[arg(long, default_value_t = GenerateOptions::default().years)]
        years: u16,
        /// The folder to write to: one folder a table.
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Generate {
            patients,
            seed,
            first_year,
            years,
            out,
        } => generate(
            &GenerateOptions {
                patients,
                seed,
                first_year,
                years,
            },
            &out,
        ),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sceau-synth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(options: &GenerateOptions, out: &Path) -> Result<(), Error> {
    // It draws on stderr, and nothing at all when that is no terminal.
    let bar = ProgressBar::new(options.patients);
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} patients, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let summary = generate_with_progress(options, out, &mut |patients| bar.set_position(patients))?;
    bar.finish_and_clear();
    for (table, rows) in summary.tables {
        println!("{table}: {rows} rows");
    }
    Ok(())
}
