//! Asks SQL of a platform under a permit.
//!
//! ```text
//! cargo run --release --example sql -- --platform platform.toml --permit permit.toml --as ana \
//!     [--release] [--report] [--format csv|json|table] ("SELECT …" | --file queries.sql | --check)
//! cargo run --release --example sql -- --model er_prs_f
//! cargo run --release --example sql -- --platform platform.toml --verify-journal [--anchor 12:6a09…]
//! ```
//!
//! With `--file`, every statement is answered with one line of JSON, in order, whatever becomes of the ones before it.
//!
//! `--log info` or SCEAU_LOG=info shows more of what the library logs, on standard error; warnings are shown anyway.
//!
//! `--release --report html --out FOLDER` also writes the release into the folder, in the format asked for (`parquet` is one
//! more), and beside it the report for who signs: `text`, `json` or `html`. The folder is for that person: the report names
//! withheld cells.

mod ask;
mod files;
mod journal;
mod print;
mod split;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use sceau::journal::Head;
use sceau::{Permit, Platform};
use tracing_subscriber::filter::LevelFilter;

use ask::{Answer, Asker};

/// Asks SQL of a platform under a permit.
#[derive(Parser)]
struct Arguments {
    /// The platform's file: stores, tables, keys.
    #[arg(long, required_unless_present = "model")]
    platform: Option<PathBuf>,
    /// The permit's file: what may be seen, and of whom.
    #[arg(long, required_unless_present_any = ["model", "verify_journal"])]
    permit: Option<PathBuf>,
    /// Who asks; the permit must name them.
    #[arg(long = "as", required_unless_present_any = ["model", "verify_journal"])]
    principal: Option<String>,
    /// Asks for a release: cells that describe too few people are withheld.
    #[arg(long)]
    release: bool,
    /// Shows what was withheld and why, in counts. With text, json or html, writes the report for who signs into --out. Goes
    /// with --release.
    #[arg(
        long,
        requires = "release",
        value_enum,
        num_args = 0..=1,
        require_equals = true
    )]
    report: Option<Option<ReportForm>>,
    /// Writes releases, and the reports for who signs, into this folder. Goes with --release.
    #[arg(long, requires = "release")]
    out: Option<PathBuf>,
    /// Says in plain words what the permit grants, once it is checked against the platform, and which stored columns differ
    /// from the data model, and asks nothing.
    #[arg(long)]
    check: bool,
    /// Prints what the data model knows of a table, and needs nothing else.
    #[arg(long, exclusive = true)]
    model: Option<String>,
    /// Verifies the platform's journal from its first record to its last, and asks nothing. The exit status is 0 if it is what
    /// was written.
    #[arg(long, conflicts_with_all = ["permit", "principal", "sql", "file", "check", "release"])]
    verify_journal: bool,
    /// The head of the journal as it was kept elsewhere: shows also whether records were cut from the end.
    #[arg(long, requires = "verify_journal")]
    anchor: Option<Head>,
    /// What the library logs, on standard error: off, error, warn, info, debug or trace. Without it the level is the one of
    /// SCEAU_LOG, else warn.
    #[arg(long)]
    log: Option<LevelFilter>,
    /// How the answer to one query is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// The query.
    #[arg(required_unless_present_any = ["file", "check", "model", "verify_journal"], conflicts_with = "file")]
    sql: Option<String>,
    /// A file of queries that end with `;`: each is answered with one line of JSON.
    #[arg(long)]
    file: Option<PathBuf>,
}

/// How an answer is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values with a heading.
    Csv,
    /// One line of JSON: columns and rows.
    Json,
    /// A table to read.
    Table,
    /// A Parquet file. Goes with --out.
    Parquet,
}

/// How a report for who signs is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportForm {
    /// Plain text.
    Text,
    /// One JSON object.
    Json,
    /// One page to read and to print.
    Html,
}

/// The arguments as they were typed, with the form of a report joined to `--report`: alone it takes no value, so that a query
/// can follow it.
fn typed() -> Vec<OsString> {
    let mut typed: Vec<OsString> = Vec::new();
    for argument in std::env::args_os() {
        let is_form = ["text", "json", "html"]
            .iter()
            .any(|form| argument == *form);
        match typed.last_mut() {
            Some(last) if is_form && last == "--report" => {
                last.push("=");
                last.push(argument);
            }
            _ => typed.push(argument),
        }
    }
    typed
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse_from(typed())).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has read enough, as `head` does.
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Answers go to standard output, so that what is logged never stands among them.
fn log_on_standard_error(level: Option<LevelFilter>) -> Result<(), Box<dyn std::error::Error>> {
    let level = match (level, std::env::var("SCEAU_LOG")) {
        (Some(level), _) => level,
        (None, Ok(level)) => level.parse().map_err(|_| {
            format!("SCEAU_LOG: expected off, error, warn, info, debug or trace, found {level:?}")
        })?,
        (None, Err(_)) => LevelFilter::WARN,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    Ok(())
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    log_on_standard_error(arguments.log)?;
    if let Some(name) = &arguments.model {
        let table = sceau::snds::table(name)
            .ok_or_else(|| format!("the data model has no table {name}"))?;
        write!(std::io::stdout().lock(), "{table}")?;
        return Ok(());
    }
    let to_sign = arguments.report.flatten();
    if arguments.out.is_none() && (to_sign.is_some() || arguments.format == Format::Parquet) {
        return Err(
            "a Parquet file, or a report for who signs, goes into a folder: --out FOLDER".into(),
        );
    }
    let needed = "--platform, --permit and --as are needed";
    if arguments.verify_journal {
        let journal = Platform::stored_journal(arguments.platform.ok_or(needed)?)?;
        return journal::verify(&mut std::io::stdout().lock(), &journal, arguments.anchor);
    }
    let platform = Platform::from_file(arguments.platform.ok_or(needed)?).await?;
    let permit = Permit::from_file(arguments.permit.ok_or(needed)?)?;
    let session = platform.session(&permit, &arguments.principal.ok_or(needed)?)?;
    if arguments.check {
        let models = |name: &str| platform.table_model(name).cloned().map(Arc::new);
        let mut out = std::io::stdout().lock();
        write!(out, "{}", permit.explain_with(models))?;
        let drift = platform.drift();
        if !drift.is_empty() {
            writeln!(out, "\nStored otherwise than in the data model")?;
        }
        for table in drift {
            writeln!(out, "  {table}")?;
        }
        let passed_over = platform.passed_over();
        if !passed_over.is_empty() {
            writeln!(out, "\nBeside the years of a path, and not read")?;
        }
        for places in passed_over {
            writeln!(out, "  {places}")?;
        }
        return Ok(());
    }
    let asker = Asker::new(session, arguments.release);
    let write = |name: &str, answer: &Answer| match (&arguments.out, answer.released()) {
        (Some(folder), Some(released)) => {
            files::write(folder, name, released, arguments.format, to_sign)
        }
        _ => Ok(()),
    };
    let mut out = std::io::stdout().lock();
    let Some(file) = &arguments.file else {
        let sql = arguments.sql.clone().unwrap_or_default();
        match asker.ask(&sql).await {
            Ok(answer) => {
                print::one(
                    &mut out,
                    &answer,
                    arguments.format,
                    arguments.report.is_some(),
                )?;
                write("release", &answer)?;
            }
            // A question that is refused in order is no failure of the program.
            Err(refused) => {
                if arguments.format == Format::Json {
                    print::refusal(&mut out, &refused)?;
                }
                eprintln!("{}: {}", refused.code, refused.message);
            }
        }
        return Ok(());
    };
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut written = Ok(());
    for (n, sql) in split::statements(text).into_iter().enumerate() {
        let answer = asker.ask(sql).await;
        print::line(&mut out, n + 1, &answer, arguments.report.is_some())?;
        if let Ok(answer) = &answer {
            written = written.and(write(&(n + 1).to_string(), answer));
        }
        out.flush()?;
    }
    written
}
