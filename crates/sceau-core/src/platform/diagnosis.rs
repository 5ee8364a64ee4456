use std::fmt;

use super::Platform;
use crate::session::{QueryError, Session};

/// How a question was run: for the operator, never for who asked it.
///
/// It holds what a researcher is not to see: the permit's conditions and masks with their constants, file names, and how many
/// rows were read, pruned and hidden. Of the answer itself it holds the number of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The physical plan as it was run, an operator a line, each with its metrics.
    pub plan: String,
    /// What the permit makes of each table that was read: conditions, columns, masks, the tables it is held against.
    pub policies: String,
    /// The project of the permit.
    pub project: String,
    /// The version of the permit.
    pub permit_hash: String,
    /// Whose session it was.
    pub principal: String,
    /// How many rows the answer had.
    pub rows: u64,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "asked as {} under the permit of {} ({}): {} rows",
            self.principal, self.project, self.permit_hash, self.rows
        )?;
        writeln!(f, "\nPlan\n{}", self.plan.trim_end())?;
        write!(f, "\nPolicies\n{}", self.policies)
    }
}

impl Platform {
    /// Runs a question as a session would, and gives the operator the full plan with policies, files and metrics; no row of
    /// the answer is handed out.
    ///
    /// It is here and not on [`Session`], so that what serves researchers, and holds sessions, does not reach it by
    /// accident: never show what it gives to who asked. It works where the permit allows releases only. The journal holds
    /// the question with the operator's name.
    ///
    /// # Errors
    /// As [`Session::sql`]; also when the session is one of another platform.
    ///
    /// ```no_run
    /// # async fn ask(platform: sceau_core::Platform, session: sceau_core::Session) -> Result<(), sceau_core::QueryError> {
    /// let sql = "SELECT BEN_RES_DPT, count(*) FROM ER_PRS_F GROUP BY 1";
    /// println!("{}", platform.diagnose("olga, operations", &session, sql).await?);
    /// # Ok(()) }
    /// ```
    pub async fn diagnose(
        &self,
        operator: &str,
        session: &Session,
        sql: &str,
    ) -> Result<Diagnosis, QueryError> {
        session.diagnose(self, operator, sql).await
    }
}
