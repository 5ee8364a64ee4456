use std::fmt::{self, Write as _};
use std::path::Path as Folder;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chrono::{SecondsFormat, Utc};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use sceau_core::Session;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::decision::{Decision, Verdict};
use super::request::{Request, Waiting};
use super::{QuarantineError, ReleaseReviewer, Review, ReviewFailed};
use crate::release::write::read_parquet;
use crate::release::{Dossier, Release};

/// Keeps releases in a folder or an object store until a person has decided on them.
///
/// Each has a folder of its own, named by its id:
///
/// | file | what it is |
/// |---|---|
/// | `table.parquet` | the table that would leave |
/// | `report.html`, `report.json`, `report.txt` | the [`Dossier`], for who decides |
/// | `request.json` | who asked what and when, and the SHA-256 of the table |
/// | `decision.json` | a [`Decision`], once there is one |
///
/// Nothing is ever overwritten. A decision names the table's SHA-256, stands once it is made, and is nobody's on their own
/// release. All is in the store, so that it outlives the process. **Whoever can write to the store can decide**: it is not one
/// that researchers reach.
///
/// ```no_run
/// # async fn ask(session: sceau_core::Session) -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use sceau_kanon::{Quarantine, ReleaseError, Releaser, Verdict};
///
/// let quarantine = Quarantine::folder("quarantine")?;
/// let releaser = Releaser::new(&session).reviewer(Arc::new(quarantine.clone()));
///
/// // The researcher asks, and is told an id.
/// let asked = releaser.sql("SELECT BEN_RES_DPT, count(*) FROM ER_PRS_F GROUP BY 1").await;
/// let Err(ReleaseError::Quarantined { id, .. }) = asked else { panic!("approved by nobody") };
///
/// // The officer reads quarantine/ID/report.html and decides; the researcher fetches it.
/// quarantine.decide(&id, Verdict::Approve, "marie", "large groups only").await?;
/// let release = quarantine.fetch(&session, &id).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Quarantine {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    holds: Arc<dyn Fn(&Dossier) -> bool + Send + Sync>,
}

impl fmt::Debug for Quarantine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quarantine")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Quarantine {
    /// Keeps every release in a store, under a path.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: impl Into<Path>) -> Self {
        Self {
            store,
            prefix: prefix.into(),
            holds: Arc::new(|_| true),
        }
    }

    /// Keeps every release in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// When there is no such folder and none can be made.
    pub fn folder(folder: impl AsRef<Folder>) -> Result<Self, QuarantineError> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder).map_err(|error| QuarantineError::store(&error))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| QuarantineError::store(&error))?;
        Ok(Self::new(Arc::new(store), Path::default()))
    }

    /// Keeps only the releases that are flagged; the others leave at once.
    pub fn only_if(mut self, flagged: impl Fn(&Dossier) -> bool + Send + Sync + 'static) -> Self {
        self.holds = Arc::new(flagged);
        self
    }

    /// What waits for a decision, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read, or holds a request that is none.
    pub async fn waiting(&self) -> Result<Vec<Waiting>, QuarantineError> {
        let prefix = (!self.prefix.as_ref().is_empty()).then_some(&self.prefix);
        let listed = self
            .store
            .list_with_delimiter(prefix)
            .await
            .map_err(|error| QuarantineError::store(&error))?;
        let mut waiting = Vec::new();
        for folder in listed.common_prefixes {
            let Some(id) = folder.filename().filter(|id| is_id(id)) else {
                continue;
            };
            let decided = self.read::<Decision>(id, DECISION).await?.is_some();
            // Without a request it is not in quarantine yet.
            if let (Some(request), false) = (self.read::<Request>(id, REQUEST).await?, decided) {
                waiting.push(Waiting::from(request));
            }
        }
        waiting.sort_by(|a, b| (&a.asked_at, &a.id).cmp(&(&b.asked_at, &b.id)));
        Ok(waiting)
    }

    /// Takes down a person's decision. It stands: there is no second.
    ///
    /// # Errors
    /// When there is no such release, it is decided, `by` is nobody or who asked, or the table is not the one that was put in
    /// quarantine.
    pub async fn decide(
        &self,
        id: &str,
        verdict: Verdict,
        by: &str,
        reason: &str,
    ) -> Result<Decision, QuarantineError> {
        let request = self.request(id).await?;
        let decision = Decision::on(&request, verdict, by, reason);
        decision.check(&request)?;
        self.table(&request).await?;
        match self.put(id, DECISION, as_json(&decision)?).await {
            Ok(()) => {
                tracing::info!(id, by, ?verdict, "a release was decided on");
                Ok(decision)
            }
            Err(Error::AlreadyExists { .. }) => Err(QuarantineError::Decided { id: id.to_owned() }),
            Err(error) => Err(QuarantineError::store(&error)),
        }
    }

    /// Hands an approved release out to a session of the project that it was made for. That it leaves is in the journal first.
    ///
    /// # Errors
    /// When there is none for this project, it is not approved, the decision does not count, the session may not ask any
    /// more, or the journal cannot be written.
    pub async fn fetch(&self, session: &Session, id: &str) -> Result<Release, QuarantineError> {
        // A permit that was withdrawn since the session was opened is found out by asking.
        session.plan("SELECT 1").await?;
        let request = self.request(id).await?;
        if request.project != session.permit().project() {
            return Err(QuarantineError::Unknown { id: id.to_owned() });
        }
        let Some(decision) = self.read::<Decision>(id, DECISION).await? else {
            return Err(QuarantineError::Undecided { id: id.to_owned() });
        };
        decision.check(&request)?;
        if decision.verdict == Verdict::Refuse {
            return Err(QuarantineError::Refused {
                id: id.to_owned(),
                reason: decision.reason,
            });
        }
        let release = self.table(&request).await?;
        let report = release.report();
        session
            .released_late(
                &request.question,
                decision.by(),
                report.released,
                report.withheld,
            )
            .await?;
        tracing::info!(
            id,
            principal = session.principal(),
            "a quarantined release leaves"
        );
        Ok(release)
    }

    async fn hold(&self, release: &Release, dossier: &Dossier) -> Result<String, QuarantineError> {
        let mut table = Vec::new();
        release
            .write_parquet(&mut table)
            .map_err(|error| QuarantineError::store(&error))?;
        let id = new_id(dossier);
        let request = Request {
            id: id.clone(),
            project: release.report().project.clone(),
            principal: dossier.principal().to_owned(),
            asked_at: dossier
                .asked_at()
                .to_rfc3339_opts(SecondsFormat::Micros, true),
            question: dossier.question().to_owned(),
            table: hex(&Sha256::digest(&table)),
            measures: release.measures().to_vec(),
            mark: release.mark().map(str::to_owned),
            report: release.report().clone(),
        };
        // The request comes last: what breaks off before it was never in quarantine.
        for (name, bytes) in [
            (TABLE, table),
            ("report.html", dossier.to_html().into_bytes()),
            ("report.json", dossier.to_json().into_bytes()),
            ("report.txt", dossier.to_text().into_bytes()),
            (REQUEST, as_json(&request)?),
        ] {
            self.put(&id, name, bytes)
                .await
                .map_err(|error| QuarantineError::store(&error))?;
        }
        tracing::info!(
            id,
            principal = dossier.principal(),
            "a release is in quarantine"
        );
        Ok(id)
    }

    async fn request(&self, id: &str) -> Result<Request, QuarantineError> {
        let unknown = || QuarantineError::Unknown { id: id.to_owned() };
        // An id is no path.
        if !is_id(id) {
            return Err(unknown());
        }
        let request: Request = self.read(id, REQUEST).await?.ok_or_else(unknown)?;
        if request.id != id {
            return Err(QuarantineError::Changed { id: id.to_owned() });
        }
        Ok(request)
    }

    /// The table of a request, if it is the one that was put there.
    async fn table(&self, request: &Request) -> Result<Release, QuarantineError> {
        let changed = || QuarantineError::Changed {
            id: request.id.clone(),
        };
        let stored = match self.store.get(&self.path(&request.id, TABLE)).await {
            Ok(stored) => stored.bytes().await,
            Err(Error::NotFound { .. }) => return Err(changed()),
            Err(error) => Err(error),
        };
        let bytes = stored.map_err(|error| QuarantineError::store(&error))?;
        if hex(&Sha256::digest(&bytes)) != request.table {
            return Err(changed());
        }
        let (schema, batches) = read_parquet(bytes).map_err(|_| changed())?;
        Release::try_new(
            &schema,
            &batches,
            request.measures.clone(),
            request.mark.clone(),
            request.report.clone(),
        )
        .map_err(|_| changed())
    }

    async fn read<T: DeserializeOwned>(
        &self,
        id: &str,
        name: &str,
    ) -> Result<Option<T>, QuarantineError> {
        let stored = match self.store.get(&self.path(id, name)).await {
            Ok(stored) => stored.bytes().await,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => Err(error),
        };
        let bytes = stored.map_err(|error| QuarantineError::store(&error))?;
        match serde_json::from_slice(&bytes) {
            Ok(read) => Ok(Some(read)),
            Err(error) => {
                tracing::error!(
                    id,
                    name,
                    line = error.line(),
                    "a file of the quarantine is wrong"
                );
                Err(QuarantineError::Invalid {
                    id: id.to_owned(),
                    reason: "its file cannot be read",
                })
            }
        }
    }

    async fn put(&self, id: &str, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let options = PutOptions::from(PutMode::Create);
        self.store
            .put_opts(&self.path(id, name), bytes.into(), options)
            .await
            .map(|_| ())
    }

    fn path(&self, id: &str, name: &str) -> Path {
        self.prefix.clone().join(id).join(name)
    }
}

#[async_trait]
impl ReleaseReviewer for Quarantine {
    async fn review(&self, release: &Release, dossier: &Dossier) -> Result<Review, ReviewFailed> {
        if !(self.holds)(dossier) {
            return Ok(Review::Approve);
        }
        let id = self
            .hold(release, dossier)
            .await
            .map_err(ReviewFailed::new)?;
        Ok(Review::Quarantine {
            id,
            // The same for every release: a reason could tell what was withheld.
            reason: "a person decides whether it leaves".to_owned(),
        })
    }
}

const TABLE: &str = "table.parquet";
const REQUEST: &str = "request.json";
const DECISION: &str = "decision.json";

/// A name that no other release has. It tells nothing of the table, since whoever asked gets to see it.
fn new_id(dossier: &Dossier) -> String {
    static IDS: AtomicU64 = AtomicU64::new(0);
    let mut hash = Sha256::new();
    for part in [
        dossier.report().project.as_bytes(),
        dossier.principal().as_bytes(),
        dossier.question().as_bytes(),
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let now = Utc::now().timestamp_nanos_opt().unwrap_or_default();
    hash.update(now.to_le_bytes());
    hash.update(process::id().to_le_bytes());
    hash.update(IDS.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    let mut id = hex(&hash.finalize());
    id.truncate(ID_LENGTH);
    id
}

const ID_LENGTH: usize = 32;

fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn as_json(value: &impl Serialize) -> Result<Vec<u8>, QuarantineError> {
    serde_json::to_vec_pretty(value).map_err(|error| QuarantineError::store(&error))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
