//! Asks SQL of a platform under a permit.
//!
//! ```text
//! cargo run --release --example sql -- --platform platform.toml --permit permit.toml --as ana \
//!     [--release] [--report] [--format csv|json|table] ("SELECT …" | --file queries.sql | --check)
//! cargo run --release --example sql -- --model er_prs_f
//! ```
//!
//! With `--file`, every statement is answered with one line of JSON, in order, whatever becomes of the ones before it.

mod ask;
mod print;
mod split;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use sceau::{Permit, Platform};

use ask::Asker;

/// Asks SQL of a platform under a permit.
#[derive(Parser)]
struct Arguments {
    /// The platform's file: stores, tables, keys.
    #[arg(long, required_unless_present = "model")]
    platform: Option<PathBuf>,
    /// The permit's file: what may be seen, and of whom.
    #[arg(long, required_unless_present = "model")]
    permit: Option<PathBuf>,
    /// Who asks; the permit must name them.
    #[arg(long = "as", required_unless_present = "model")]
    principal: Option<String>,
    /// Asks for a release: cells that describe too few people are withheld.
    #[arg(long)]
    release: bool,
    /// Shows what was withheld and why. Goes with --release.
    #[arg(long, requires = "release")]
    report: bool,
    /// Says in plain words what the permit grants, once it is checked against the platform, and which stored columns differ
    /// from the data model, and asks nothing.
    #[arg(long)]
    check: bool,
    /// Prints what the data model knows of a table, and needs nothing else.
    #[arg(long, exclusive = true)]
    model: Option<String>,
    /// How the answer to one query is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// The query.
    #[arg(required_unless_present_any = ["file", "check", "model"], conflicts_with = "file")]
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
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(name) = &arguments.model {
        let table = sceau::snds::table(name)
            .ok_or_else(|| format!("the data model has no table {name}"))?;
        print!("{table}");
        return Ok(());
    }
    let needed = "--platform, --permit and --as are needed";
    let platform = Platform::from_file(arguments.platform.ok_or(needed)?).await?;
    let permit = Permit::from_file(arguments.permit.ok_or(needed)?)?;
    let session = platform.session(&permit, &arguments.principal.ok_or(needed)?)?;
    if arguments.check {
        let models = |name: &str| platform.table_model(name).cloned().map(Arc::new);
        print!("{}", permit.explain_with(models));
        let drift = platform.drift();
        if !drift.is_empty() {
            println!("\nStored otherwise than in the data model");
        }
        for table in drift {
            println!("  {table}");
        }
        return Ok(());
    }
    let asker = Asker::new(session, arguments.release);
    let mut out = std::io::stdout().lock();
    let Some(file) = arguments.file else {
        let sql = arguments.sql.unwrap_or_default();
        match asker.ask(&sql).await {
            Ok(answer) => print::one(&mut out, &answer, arguments.format, arguments.report)?,
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
        std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let text = text.trim_start_matches('\u{feff}');
    for (n, sql) in split::statements(text).into_iter().enumerate() {
        let answer = asker.ask(sql).await;
        print::line(&mut out, n + 1, &answer, arguments.report)?;
        out.flush()?;
    }
    Ok(())
}
