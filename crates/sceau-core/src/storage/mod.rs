//! Where the Parquet files are: a folder, memory, or an S3 endpoint that the operator has named.
//!
//! [`open`] turns one `[store.…]` table of the platform file, a [`StoreConfig`], into an `ObjectStore` whose paths start at
//! the store's URL. It knows no policy and no table.
//!
//! Health data goes nowhere by default. There is no S3 endpoint unless a [`Profile`] or an `endpoint` names one, nothing is
//! read from `AWS_ENDPOINT…` variables, no credentials are asked from a machine's metadata service, and traffic is encrypted
//! unless it stays on the machine.
//!
//! | key | for | what it says |
//! |---|---|---|
//! | `url` | all | `file:///folder/`, `memory:///` or `s3://bucket/prefix/` |
//! | `profile` | s3 | a [`Profile`], such as `scaleway-fr-par` |
//! | `namespace` | s3 | the name in the host of a `cloud-temple-…` endpoint |
//! | `endpoint` | s3 | the endpoint's own URL, where no profile fits |
//! | `sovereign` | s3 | who runs such an endpoint, unless it is on this machine: [`Sovereign`] |
//! | `region` | s3 | its region, for signatures; `us-east-1`, the convention of S3 look-alikes, if absent |
//! | `path_style` | s3 | whether the bucket goes in the path (`true`) or the host; as the profile says, else `true` |
//! | `allow_http` | s3 | `false` refuses `http://` even to this machine; to another it is always refused |
//! | `credentials_file` | s3 | a TOML file of `access_key_id`, `secret_access_key` and perhaps `token` |
//! | `timeout_seconds` | s3 | how long one request may take; 30 if absent |
//! | `retry_seconds` | s3 | how long a request that fails is tried again; 180 if absent, 0 for never |
//!
//! Without `credentials_file` the variables `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and perhaps `AWS_SESSION_TOKEN`
//! are read. A proxy named in `HTTPS_PROXY` is used: it sees the endpoint's name and nothing of the traffic.

mod config;
mod credentials;
mod endpoint;
mod error;
mod files;
mod location;
mod open;
mod profile;
mod redact;
mod s3;

pub use config::{Sovereign, StoreConfig};
pub use error::StoreError;
pub(crate) use files::StoredFiles;
pub use open::open;
pub use profile::{Profile, SecNumCloud};
