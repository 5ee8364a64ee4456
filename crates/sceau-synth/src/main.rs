//! `sceau-synth generate` makes up SNDS data; `sceau-synth import` turns the Health Data Hub's published files into
//! Parquet; `sceau-synth describe` tells what is in a folder of such data.

use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use sceau_synth::{
    Columns, Error, GenerateOptions, ImportOptions, KeptAsText, OnMismatch, describe,
    generate_with_progress,
};
use std::io::{ErrorKind, Write as _};
use std::num::NonZeroUsize;
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
        /// Which columns of each table.
        #[arg(long, value_enum, default_value_t = Width::All)]
        columns: Width,
        /// How many threads; as many as the machine runs at once if not said.
        #[arg(long)]
        threads: Option<NonZeroUsize>,
        /// The folder to write to: one folder a table.
        out: PathBuf,
    },
    /// Tells the rows, sizes and a few distributions of the tables in a folder.
    Describe {
        /// The folder: one folder a table.
        path: PathBuf,
    },
    /// Turns every CSV file below a folder into Parquet, typed by the data model and the Table Schema beside it.
    Import {
        /// What to do with a value that does not fit its column's type.
        #[arg(long, value_enum, default_value_t = Mismatch::Text)]
        on_mismatch: Mismatch,
        /// The folder to read.
        src: PathBuf,
        /// The folder to write to: one folder a table.
        out: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Width {
    /// All of the data model.
    All,
    /// Those that the queries under benches/queries name.
    Used,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mismatch {
    /// Stop, and name file, line and column.
    Error,
    /// Keep the column as text, and list it.
    Text,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Generate {
            patients,
            seed,
            first_year,
            years,
            columns,
            threads,
            out,
        } => generate(
            &GenerateOptions {
                patients,
                seed,
                first_year,
                years,
                columns: match columns {
                    Width::All => Columns::All,
                    Width::Used => Columns::Used,
                },
                threads,
            },
            &out,
        ),
        Command::Describe { path } => describe(&path).map(|description| description.to_string()),
        Command::Import {
            on_mismatch,
            src,
            out,
        } => import(on_mismatch, &src, &out),
    };
    let told = done.map_err(|error| error.to_string()).and_then(|text| {
        match std::io::stdout().lock().write_all(text.as_bytes()) {
            // Whoever reads has read enough, as `head` does.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.to_string()),
            _ => Ok(()),
        }
    });
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sceau-synth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(options: &GenerateOptions, out: &Path) -> Result<String, Error> {
    // It draws on stderr, and nothing at all when that is no terminal.
    let bar = ProgressBar::new(options.patients);
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} patients, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let summary = generate_with_progress(options, out, &mut |patients| bar.set_position(patients))?;
    bar.finish_and_clear();
    let tables = summary.tables.into_iter();
    Ok(tables
        .map(|(table, rows)| format!("{table}: {rows} rows\n"))
        .collect())
}

fn import(on_mismatch: Mismatch, src: &Path, out: &Path) -> Result<String, Error> {
    let on_mismatch = match on_mismatch {
        Mismatch::Error => OnMismatch::Error,
        Mismatch::Text => OnMismatch::Text,
    };
    let report = sceau_synth::import(&ImportOptions { on_mismatch }, src, out)?;
    let mut lines = Vec::new();
    for table in &report.tables {
        lines.push(format!("{}: {} rows", table.name, table.rows));
    }
    for table in &report.tables {
        for column in &table.unknown_columns {
            lines.push(format!("{}.{column}: not in the data model", table.name));
        }
    }
    for table in &report.tables {
        for kept in &table.kept_as_text {
            let KeptAsText {
                column,
                line,
                reason,
            } = kept;
            lines.push(format!(
                "{}.{column}: kept as text ({}, line {line}: {reason})",
                table.name,
                table.source.display()
            ));
        }
    }
    for path in &report.schemas_without_data {
        lines.push(format!("{}: no CSV file goes with it", path.display()));
    }
    let rows: u64 = report.tables.iter().map(|table| table.rows).sum();
    lines.push(format!("{} tables, {rows} rows\n", report.tables.len()));
    Ok(lines.join("\n"))
}
