//! What leaves describes at least k people, and its report says what was withheld.

use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch, StringArray};
use arrow::util::pretty::pretty_format_batches;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use sceau::snds::Role;
use sceau::{ColumnConfig, Platform, Release, ReleaseError, Releaser, Session};

use crate::fixture::{Stored, session};

/// Region 75: one patient with 15 stays. Region 13: eleven patients with one each. Region 69: fifteen, of whom five are in
/// a hospital that some permits hide.
async fn platform() -> Platform {
    let mut rows: Vec<(String, &str, &str)> = Vec::new();
    rows.extend((0..15).map(|_| ("p0".to_owned(), "75", "h1")));
    rows.extend((1..12).map(|patient| (format!("p{patient}"), "13", "h1")));
    rows.extend((20..35).map(|patient| {
        (
            format!("p{patient}"),
            "69",
            if patient < 25 { "h2" } else { "h1" },
        )
    }));
    let text = |values: Vec<&str>| Arc::new(StringArray::from(values)) as _;
    let stays = RecordBatch::try_from_iter([
        (
            "patient",
            text(rows.iter().map(|row| row.0.as_str()).collect()),
        ),
        ("region", text(rows.iter().map(|row| row.1).collect())),
        ("hospital", text(rows.iter().map(|row| row.2).collect())),
        (
            "cost",
            Arc::new(Float64Array::from_iter_values(
                (0..rows.len()).map(|at| 100.0 + at as f64),
            )) as _,
        ),
    ])
    .expect("stays");
    Stored::new()
        .table(
            "sejour",
            |table| {
                table
                    .contributor(["patient"])
                    .column(
                        "patient",
                        ColumnConfig::new(Role::Identifier).domain("patient"),
                    )
                    .column("region", ColumnConfig::new(Role::QuasiIdentifier))
                    .column("hospital", ColumnConfig::new(Role::Plain))
                    .column("cost", ColumnConfig::new(Role::Plain))
            },
            &stays,
        )
        .await
        .platform()
        .await
}

const ALL: &str = "[release]\nk = 11\n[table.sejour]\ncolumns = \"*\"\n";

async fn released(session: &Session, sql: &str) -> Release {
    Releaser::new(session)
        .sql(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn table(release: &Release) -> String {
    pretty_format_batches(release.batches())
        .expect("format")
        .to_string()
}

#[tokio::test]
async fn one_patient_with_fifteen_stays_is_withheld_and_eleven_patients_are_released() {
    let session = session(&platform().await, ALL);
    let sql = "SELECT region, count(*) AS stays, count(DISTINCT patient) AS patients FROM sejour GROUP BY region ORDER BY 1";
    let release = released(&session, sql).await;
    insta::assert_snapshot!(table(&release), @r"
    +--------+-------+----------+
    | region | stays | patients |
    +--------+-------+----------+
    | 13     | 11    | 11       |
    | 69     | 15    | 15       |
    +--------+-------+----------+
    ");
    let report = release.report();
    assert_eq!((report.k, report.released, report.withheld), (11, 2, 1));
    assert_eq!(report.project, "p");
    assert!(!report.to_json().contains("75"), "{}", report.to_json());
}

#[tokio::test]
async fn people_whom_the_permit_hides_do_not_make_up_the_number() {
    let session = session(
        &platform().await,
        &format!("{ALL}where = \"hospital = 'h1'\"\n"),
    );
    let release = released(
        &session,
        "SELECT region, count(*) AS n FROM sejour GROUP BY region",
    )
    .await;
    insta::assert_snapshot!(table(&release), @r"
    +--------+----+
    | region | n  |
    +--------+----+
    | 13     | 11 |
    +--------+----+
    ");
}

#[tokio::test]
async fn a_contributor_counts_although_no_permit_shows_it() {
    let rules = "[inside]\nrows = false\n[release]\nk = 11\nwithheld = \"mask\"\n[table.sejour]\ncolumns = [\"region\", \"cost\"]\n";
    let session = session(&platform().await, rules);
    let sql = "SELECT region, count(*) AS n, sum(cost) AS total FROM sejour GROUP BY region ORDER BY region";
    insta::assert_snapshot!(table(&released(&session, sql).await), @r"
    +--------+----+--------+
    | region | n  | total  |
    +--------+----+--------+
    | 13     | 11 | 1320.0 |
    | 69     | 15 | 1995.0 |
    | 75     |    |        |
    +--------+----+--------+
    ");
    assert_eq!(
        session
            .sql("SELECT region FROM sejour")
            .await
            .expect_err("rows")
            .code()
            .as_str(),
        "rows_not_permitted"
    );
}

#[tokio::test]
async fn what_shows_single_persons_is_refused_and_says_what_to_ask() {
    let session = session(&platform().await, ALL);
    for (sql, code, says) in [
        ("SELECT * FROM sejour", "row_level", "aggregate it"),
        (
            "SELECT patient, last_value(cost) FROM sejour GROUP BY patient",
            "shows_one_person",
            "avg",
        ),
        (
            "SELECT region, array_agg(cost) FROM sejour GROUP BY region",
            "shows_one_person",
            "count",
        ),
        (
            "SELECT region, count(*) FROM sejour GROUP BY region UNION ALL SELECT 'h2', count(*) FROM sejour WHERE cost > 100",
            "margins",
            "release of its own",
        ),
        (
            "SELECT count(*) FROM sejour WHERE cost = (SELECT max(cost) FROM sejour)",
            "subquery",
            "release of its own",
        ),
        (
            "SELECT sum(CAST(hospital AS INT)) FROM sejour",
            "not_releasable",
            "take columns",
        ),
    ] {
        let error = Releaser::new(&session).sql(sql).await.expect_err(sql);
        assert_eq!(error.code(), code, "{sql}: {error}");
        assert!(error.to_string().contains(says), "{sql}: {error}");
        assert!(!error.to_string().contains("h1"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn without_policies_nothing_is_released() {
    let session = session(&platform().await, ALL)
        .customized(|state| state.with_optimizer_rules(vec![]))
        .expect("session");
    let error = Releaser::new(&session)
        .sql("SELECT region, count(*) FROM sejour GROUP BY region")
        .await;
    assert!(matches!(error, Err(ReleaseError::Query(_))), "{error:?}");
}

/// Takes the gate out of a plan and lets every cell through.
#[derive(Debug)]
struct WithoutGate;

impl OptimizerRule for WithoutGate {
    fn name(&self) -> &str {
        "without_gate"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> datafusion::common::Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Extension(gate) = &plan else {
            return Ok(Transformed::no(plan));
        };
        let shown = gate.node.schema().columns().into_iter().map(Expr::Column);
        let cells = gate.node.inputs()[0].clone();
        Ok(Transformed::yes(
            LogicalPlanBuilder::from(cells).project(shown)?.build()?,
        ))
    }
}

#[tokio::test]
async fn without_the_gate_nothing_is_released() {
    let session = session(&platform().await, ALL)
        .customized(|state| state.with_optimizer_rule(Arc::new(WithoutGate)))
        .expect("session");
    let error = Releaser::new(&session)
        .sql("SELECT region, count(*) FROM sejour GROUP BY region")
        .await
        .expect_err("no gate");
    assert_eq!(error, ReleaseError::NotChecked);
}
