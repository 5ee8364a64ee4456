use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use sceau::{Dossier, Release, Releaser, Session};

/// Asks questions, inside the environment or for release.
#[derive(Clone)]
pub struct Asker {
    session: Session,
    release: bool,
}

/// What came back.
pub enum Answer {
    /// Rows, inside the environment.
    Inside {
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    },
    /// What leaves, and the report for who signs.
    Released(Box<(Release, Dossier)>),
}

/// Why nothing came back.
pub struct Refused {
    pub code: String,
    pub message: String,
}

impl Answer {
    pub fn schema(&self) -> &SchemaRef {
        match self {
            Self::Inside { schema, .. } => schema,
            Self::Released(released) => released.0.schema(),
        }
    }

    pub fn batches(&self) -> &[RecordBatch] {
        match self {
            Self::Inside { batches, .. } => batches,
            Self::Released(released) => released.0.batches(),
        }
    }

    pub fn released(&self) -> Option<&(Release, Dossier)> {
        match self {
            Self::Inside { .. } => None,
            Self::Released(released) => Some(released),
        }
    }
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
            return Releaser::new(&self.session)
                .sql_with_dossier(sql)
                .await
                .map(|released| Answer::Released(Box::new(released)))
                .map_err(|error| Refused {
                    code: error.code().to_string(),
                    message: error.to_string(),
                });
        }
        let refused = |error: sceau::QueryError| Refused {
            code: error.code().to_string(),
            message: error.to_string(),
        };
        let answer = self.session.sql(sql).await.map_err(refused)?;
        Ok(Answer::Inside {
            schema: answer.schema(),
            batches: answer.collect().await.map_err(refused)?,
        })
    }
}
