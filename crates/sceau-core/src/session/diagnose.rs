//! How a question was run, for the operator.

use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::TryStreamExt;

use super::failure::Failure;
use super::opened::Opened;
use super::record::Record;
use super::stack::{on_large_stack, on_large_stack_now};
use super::touched::Touched;
use super::{Session, begin};
use crate::journal::Door;
use crate::permit::ColumnValue;
use crate::platform::{Diagnosis, Platform};
use crate::session::QueryError;

impl Session {
    /// Runs a question under this session's permit, hands out none of its rows, and tells how it was run.
    pub(crate) async fn diagnose(
        &self,
        platform: &Platform,
        operator: &str,
        text: &str,
    ) -> Result<Diagnosis, QueryError> {
        let mut record = self.record(Door::Operator).operator(operator).sql(text);
        let diagnosed = if self.platform.is(platform) {
            self.diagnosed(text, &mut record).await
        } else {
            Err(QueryError::another_platform().into())
        };
        match diagnosed {
            Ok(diagnosis) => match record.answered(None).await {
                Ok(()) => Ok(diagnosis),
                Err(failure) => Err(failure.shown),
            },
            Err(failure) => Err(record.failed(failure).await),
        }
    }

    async fn diagnosed(&self, text: &str, record: &mut Record) -> Result<Diagnosis, Failure> {
        let (opened, plan) = self.planned(text, record).await?;
        let physical = opened.physical_plan(&plan, vec![]).await?;
        let stream = begin(&opened, Arc::clone(&physical), record).await?;
        let rows = on_large_stack(count(stream)).await?;
        Ok(Diagnosis {
            plan: on_large_stack_now(|| with_metrics(&physical)),
            policies: on_large_stack_now(|| policies(&opened, &physical)),
            project: opened.permit.project().to_owned(),
            permit_hash: opened.permit.hash().to_owned(),
            principal: self.principal().to_owned(),
            rows,
        })
    }
}

async fn count(mut stream: SendableRecordBatchStream) -> Result<u64, Failure> {
    let mut rows = 0;
    while let Some(batch) = stream
        .try_next()
        .await
        .map_err(|error| Failure::of(&error))?
    {
        rows += batch.num_rows() as u64;
    }
    Ok(rows)
}

fn with_metrics(plan: &Arc<dyn ExecutionPlan>) -> String {
    DisplayableExecutionPlan::with_metrics(plan.as_ref())
        .indent(true)
        .to_string()
}

/// What the permit makes of each table that a plan reads.
fn policies(opened: &Opened, plan: &Arc<dyn ExecutionPlan>) -> String {
    let mut text = String::new();
    for table in Touched::by(plan, &opened.held_against).tables {
        let Some(policy) = opened.policies.get(&table) else {
            let _ = writeln!(text, "{table}: read for the keys of its visible rows");
            continue;
        };
        let _ = writeln!(text, "{table}");
        for row in &policy.rows {
            let _ = writeln!(text, "  where {row}");
        }
        for column in &policy.columns {
            let _ = match &column.value {
                ColumnValue::Clear(stored) => writeln!(text, "  {} = {stored}", column.name),
                ColumnValue::Masked(mask) => writeln!(text, "  {} = {mask}", column.name),
            };
        }
        if let Some(read) = opened.held_against.get(&table) {
            let read: Vec<String> = read
                .iter()
                .map(|(table, column)| format!("{table}.{column}"))
                .collect();
            let _ = writeln!(text, "  held against {}", read.join(", "));
        }
    }
    let population = opened.permit.population();
    for (what, list) in [
        ("only people in", &population.cohort),
        ("no people in", &population.opposition),
    ] {
        if let Some(list) = list {
            let _ = writeln!(text, "{what} {list}");
        }
    }
    text
}
