//! What counting the people behind each group costs, beside the same aggregate without it and beside other ways to count, in one
//! run.
//!
//! `cargo bench --bench contributors -- [--rows N] [--people N] [--runs N] [--partitions N] [--groups N] [--checks | --ledger]`
//!
//! Rows are made in memory: a group, an id of a person and an amount each, people in many groups. Every way is asked of the
//! same rows, in turn; printed are the median wall time and its ratio to the plain aggregate. Groups are as many as départements by
//! years by age classes (3,840), once all of one size and once of sizes from a few rows to some ten thousand, and 1.2 million.
//! With `--checks` the ways are those of the checks that look at values and people together, beside the plain aggregate; with
//! `--ledger`, what a release counts without a ledger and with one.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Float64Array, RecordBatch, UInt64Array};
use clap::Parser;
use datafusion::datasource::MemTable;
use datafusion::functions_aggregate::expr_fn::{approx_distinct, count, count_distinct, max, sum};
use datafusion::functions_aggregate::median::median as median_of;
use datafusion::prelude::{Expr, SessionConfig, SessionContext, col, lit};
use sceau_kanon::contributors::{
    Extreme, count_people, people_apart, people_at_extreme, people_beyond,
};
use sceau_kanon::ledger::{sketch_contributions, sketch_people};

#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
    /// People among whom the rows are spread.
    #[arg(long, default_value_t = 1_000_000)]
    people: u64,
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only the aggregates of so many groups.
    #[arg(long)]
    groups: Option<u64>,
    #[arg(long, default_value_t = 2)]
    partitions: usize,
    /// Measures the checks of sums, extremes and percentiles.
    #[arg(long)]
    checks: bool,
    /// Measures what a ledger of what was received needs.
    #[arg(long, conflicts_with = "checks")]
    ledger: bool,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

const BATCH: u64 = 8192;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let _ = arguments.bench;
    println!(
        "{} rows, {} people, {} partitions, medians of {} runs",
        arguments.rows, arguments.people, arguments.partitions, arguments.runs
    );
    for (groups, even) in [(3_840, true), (3_840, false), (1_200_000, true)] {
        if arguments.groups.is_some_and(|only| only != groups) {
            continue;
        }
        let context = context(&arguments, groups, even)?;
        let sizes = if even { "one size" } else { "all sizes" };
        println!("\n{groups} groups of {sizes}");
        let plain = || vec![count(lit(1)).alias("n"), sum(col("amount")).alias("s")];
        let another = |name, another| (name, with(plain(), another));
        let mut ways: Vec<(&str, Vec<Expr>)> = vec![
            ("count and sum", plain()),
            another(
                "and people, up to 11",
                count_people(11).call(vec![col("person")]),
            ),
        ];
        let of_values = || vec![col("amount"), col("person")];
        if arguments.checks {
            ways.extend([
                another("and people apart", people_apart(11).call(of_values())),
                another(
                    "and people at the maximum",
                    people_at_extreme(11, Extreme::Greatest).call(of_values()),
                ),
                another("and median", median_of(col("amount"))),
                another(
                    "and people beyond it",
                    people_beyond(11, &[0.5]).call(of_values()),
                ),
            ]);
        } else if arguments.ledger {
            let people = count_people(11).call(vec![col("person")]);
            let sketched = sketch_people(11).call(vec![col("person")]).alias("sketch");
            let added = sketch_contributions(11).call(of_values());
            ways.extend([
                (
                    "and the people's sketch",
                    with([plain(), vec![sketched]].concat(), people),
                ),
                another("and who adds what", added),
            ]);
        } else {
            // What any other column of people costs that is carried through the aggregate.
            ways.extend([
                another("and max(person)", max(col("person"))),
                another("and approx_distinct", approx_distinct(col("person"))),
                another("and count(DISTINCT)", count_distinct(col("person"))),
            ]);
        }
        let mut times = vec![Vec::new(); ways.len()];
        // The first run of each is not counted.
        for run in 0..=arguments.runs {
            for (times, (_, measures)) in times.iter_mut().zip(&ways) {
                let frame = context
                    .table("rows")
                    .await?
                    .aggregate(vec![col("grp")], measures.clone())?;
                let started = Instant::now();
                let cells: usize = frame
                    .collect()
                    .await?
                    .iter()
                    .map(RecordBatch::num_rows)
                    .sum();
                if run > 0 {
                    times.push(started.elapsed());
                }
                assert!(cells > 0 && cells as u64 <= groups);
            }
        }
        let plain = median(&mut times[0]);
        for (times, (name, _)) in times.iter_mut().zip(&ways) {
            let time = median(times);
            println!(
                "{name:<25} {:>7.0} ms {:>6.2}",
                time.as_secs_f64() * 1000.0,
                time.as_secs_f64() / plain.as_secs_f64()
            );
        }
    }
    Ok(())
}

fn with(mut measures: Vec<Expr>, another: Expr) -> Vec<Expr> {
    measures.push(another.alias("people"));
    measures
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn context(
    arguments: &Arguments,
    groups: u64,
    even: bool,
) -> Result<SessionContext, Box<dyn Error>> {
    let config = SessionConfig::new()
        .with_target_partitions(arguments.partitions)
        .with_batch_size(BATCH as usize);
    let context = SessionContext::new_with_config(config);
    let mut partitions = vec![vec![]; arguments.partitions];
    let mut row = 0;
    while row < arguments.rows {
        let rows = row..(row + BATCH).min(arguments.rows);
        row = rows.end;
        let column = |of: &dyn Fn(u64) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(rows.clone().map(of)))
        };
        let batch = RecordBatch::try_from_iter([
            (
                "grp",
                column(&|row| {
                    let at = mixed(row) % groups;
                    if even {
                        at
                    } else {
                        at * (mixed(!row) % groups) / groups * at / groups
                    }
                }),
            ),
            (
                "person",
                column(&|row| mixed(mixed(row ^ 0x5eed) % arguments.people) | 1),
            ),
            (
                "amount",
                Arc::new(Float64Array::from_iter_values(
                    rows.clone()
                        .map(|row| (mixed(row ^ 0xa) % 10_000) as f64 / 100.0),
                )) as ArrayRef,
            ),
        ])?;
        let at = partitions
            .iter()
            .enumerate()
            .min_by_key(|(_, batches)| batches.len())
            .map_or(0, |(at, _)| at);
        partitions[at].push(batch);
    }
    let schema = partitions[0][0].schema();
    context.register_table("rows", Arc::new(MemTable::try_new(schema, partitions)?))?;
    Ok(context)
}

/// Numbers that look random and are the same on every machine (the finalizer of SplitMix64).
fn mixed(of: u64) -> u64 {
    let mut mixed = of.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
