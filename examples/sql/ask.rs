use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use sceau::{Releaser, Report, Session};

/// Asks questions, inside the environment or for release.
#[derive(Clone)]
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

    /// Asks one question; whatever becomes of it, the next can be asked.
    pub async fn ask(&self, sql: &str) -> Result<Answer, Refused> {
        let (asker, sql) = (self.clone(), sql.to_owned());
        let asked = tokio::spawn(async move { asker.ask_now(&sql).await });
        asked.await.unwrap_or_else(|_| {
            Err(Refused {
                code: "internal".to_owned(),
                message: "the engine failed on this question".to_owned(),
            })
        })
    }

    async fn ask_now(&self, sql: &str) -> Result<Answer, Refused> {
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
