//! Asks a query, of a session or of plain DataFusion, and takes whatever comes back.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::Once;

use datafusion::prelude::SessionContext;
use futures::FutureExt as _;
use sceau::{QueryError, Session};

use crate::answers::Answer;

pub async fn protected(session: &Session, sql: &str) -> Answer {
    caught(async {
        let answer = match session.sql(sql).await {
            Ok(answer) => answer,
            // What is computed while it is planned, of constants, fails like what is computed later.
            Err(error) if error.code().as_str() == "execution" => return failed(&error),
            Err(error) => {
                return Answer::Refused {
                    code: error.code().to_string(),
                    message: error.message().to_owned(),
                };
            }
        };
        let schema = answer.schema();
        match answer.collect().await {
            Ok(batches) => Answer::of(&schema, &batches),
            Err(error) => failed(&error),
        }
    })
    .await
}

fn failed(error: &QueryError) -> Answer {
    Answer::Failed {
        code: error.code().to_string(),
        message: error.message().to_owned(),
    }
}

/// The plan that a session shows of a query.
pub async fn explained(session: &Session, sql: &str) -> Answer {
    caught(async {
        match session.explain(sql).await {
            Ok(plan) => Answer::Rows {
                schema: in_one_order(&plan),
                rows: vec![],
            },
            Err(error) => failed(&error),
        }
    })
    .await
}

/// The engine draws by lot in which order it adds columns to a projection.
fn in_one_order(plan: &str) -> String {
    let lines = plan
        .lines()
        .map(|line| match line.split_once("Projection: ") {
            Some((indent, columns)) => {
                let mut columns: Vec<&str> = columns.split(", ").collect();
                columns.sort_unstable();
                format!("{indent}Projection: {}", columns.join(", "))
            }
            None => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

pub async fn plain(context: &SessionContext, sql: &str) -> Answer {
    caught(async {
        let error = |error: datafusion::common::DataFusionError| error.strip_backtrace();
        let planned = match context.sql(sql).await {
            Ok(planned) => planned,
            Err(reason) => {
                return Answer::Refused {
                    code: "refused".into(),
                    message: error(reason),
                };
            }
        };
        let schema = planned.schema().as_arrow().clone();
        match planned.collect().await {
            Ok(batches) => Answer::of(&schema, &batches),
            Err(reason) => Answer::Failed {
                code: "failed".into(),
                message: error(reason),
            },
        }
    })
    .await
}

thread_local! {
    /// Whether a panic is an answer like any other, and not printed.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

async fn caught(asking: impl Future<Output = Answer>) -> Answer {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !CATCHING.get() {
                print(panic);
            }
        }));
    });
    // The runtime has one thread, and nothing else runs on it meanwhile.
    CATCHING.set(true);
    let answer = AssertUnwindSafe(asking).catch_unwind().await;
    CATCHING.set(false);
    answer.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Answer::Panicked(text.unwrap_or_default())
    })
}
