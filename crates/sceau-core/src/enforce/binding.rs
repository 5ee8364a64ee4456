use std::sync::atomic::{AtomicU64, Ordering};

/// Whose question a plan belongs to: one principal under one version of one permit, in one session.
///
/// A plan that was built in one session is worth nothing in another: rule and final gate compare bindings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Binding {
    session: u64,
    principal: String,
    project: String,
    permit_hash: String,
}

impl Binding {
    pub(crate) fn new(principal: &str, project: &str, permit_hash: &str) -> Self {
        static SESSIONS: AtomicU64 = AtomicU64::new(1);
        Self {
            session: SESSIONS.fetch_add(1, Ordering::Relaxed),
            principal: principal.to_owned(),
            project: project.to_owned(),
            permit_hash: permit_hash.to_owned(),
        }
    }

    /// Who asks.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// For which project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Under which version of its permit, as [`Permit::hash`](crate::Permit::hash) gives it.
    pub fn permit_hash(&self) -> &str {
        &self.permit_hash
    }
}
