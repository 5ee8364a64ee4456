use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use sceau::{Releaser, Report, Session};

/// Asks questions, inside the environment or for release.
pub struct Asker {
    session: Session,
    release: bool,
}

/// What came back.
pub struct Answer {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    /// Of a release: what was withheld and why.
    pub report: Option<Report>,
}

/// Why nothing came back.
pub struct Refused {
    pub code: String,
    pub message: String,
}

impl Asker {
    pub fn new(session: Session, release: bool) -> Self {
        Self { session, release }
    }

    pub async fn ask(&self, sql: &str) -> Result<Answer, Refused> {
        if self.release {
            let release = Releaser::new(&self.session)
                .sql(sql)
                .await
                .map_err(|error| Refused {
                    code: error.code().to_string(),
                    message: error.to_string(),
                })?;
            return Ok(Answer {
                schema: release.schema().clone(),
                batches: release.batches().to_vec(),
                report: Some(release.report().clone()),
            });
        }
        let refused = |error: sceau::QueryError| Refused {
            code: error.code().to_string(),
            message: error.to_string(),
        };
        let answer = self.session.sql(sql).await.map_err(refused)?;
        Ok(Answer {
            schema: answer.schema(),
            batches: answer.collect().await.map_err(refused)?,
            report: None,
        })
    }
}
