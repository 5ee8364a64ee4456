use std::path::PathBuf;

use super::Profile;

/// What is wrong with a store of the platform file: which key, what it may hold and what it holds. It holds no secret.
///
/// ```
/// use sceau_core::storage::{StoreConfig, open};
///
/// let error = open(&StoreConfig::new("gs://bucket/"), ".".as_ref()).unwrap_err();
///
/// assert_eq!(error.key(), "url");
/// assert_eq!(
///     error.to_string(),
///     "url: expected file:///folder/, memory:/// or s3://bucket/prefix/, found gs://bucket/",
/// );
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{}: expected {}, found {}", self.key(), self.expected(), self.found())]
#[non_exhaustive]
pub enum StoreError {
    /// The URL is of none of the three kinds of store.
    Scheme {
        /// The URL.
        found: String,
    },
    /// The URL is of a known kind and says something that this kind cannot have.
    Url {
        /// What the URL should be.
        expected: &'static str,
        /// The URL.
        found: String,
    },
    /// The folder of a `file:` URL does not exist, or is not a folder.
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// A key says something that this store has no use for, or that another key already says.
    NoUse {
        /// The key.
        key: &'static str,
        /// Why it has no use.
        reason: &'static str,
        /// What it holds.
        found: String,
    },
    /// There is no such profile.
    Profile {
        /// The profile's name.
        found: String,
    },
    /// The profile's host starts with a namespace that is missing or cannot be part of a host name.
    Namespace {
        /// The namespace, if one is given.
        found: Option<String>,
    },
    /// An S3 store names neither a profile nor an endpoint.
    NoEndpoint,
    /// The endpoint is not the plain URL of a host.
    Endpoint {
        /// What the endpoint should be.
        expected: &'static str,
        /// The endpoint.
        found: String,
    },
    /// The endpoint would be spoken to without encryption.
    Http {
        /// What the endpoint should be.
        expected: &'static str,
        /// The endpoint.
        found: String,
    },
    /// The endpoint is in no profile, and nothing is said of who runs it.
    Sovereign {
        /// What is wrong with the declaration.
        found: String,
    },
    /// The bucket's name cannot be part of a host name, as the store's requests need it.
    PathStyle {
        /// The bucket.
        bucket: String,
    },
    /// The file of credentials cannot be read, or holds something else.
    CredentialsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong, without anything the file holds.
        found: String,
    },
    /// There is no file of credentials, and the environment does not hold both of them.
    NoCredentials {
        /// The variable that is missing or empty.
        variable: &'static str,
    },
    /// The store's client cannot be built.
    Client {
        /// What the client says.
        message: String,
    },
}

impl StoreError {
    /// The key of the `[store.…]` table that this is about.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Scheme { .. } | Self::Url { .. } | Self::Folder { .. } | Self::Client { .. } => {
                "url"
            }
            Self::NoUse { key, .. } => key,
            Self::Profile { .. } => "profile",
            Self::Namespace { .. } => "namespace",
            Self::NoEndpoint | Self::Endpoint { .. } | Self::Http { .. } => "endpoint",
            Self::Sovereign { .. } => "sovereign",
            Self::PathStyle { .. } => "path_style",
            Self::CredentialsFile { .. } | Self::NoCredentials { .. } => "credentials_file",
        }
    }

    /// What the key may hold.
    pub fn expected(&self) -> String {
        match self {
            Self::Scheme { .. } => "file:///folder/, memory:/// or s3://bucket/prefix/".into(),
            Self::Url { expected, .. }
            | Self::Endpoint { expected, .. }
            | Self::Http { expected, .. } => (*expected).into(),
            Self::Folder { .. } => "a folder".into(),
            Self::NoUse { reason, .. } => format!("nothing, since {reason}"),
            Self::Profile { .. } => format!("one of {}", Profile::names().join(", ")),
            Self::Namespace { .. } => {
                "the namespace of the account, in letters, digits and `-`".into()
            }
            Self::NoEndpoint => "an endpoint or a profile, for a store at s3://".into(),
            Self::Sovereign { .. } => {
                "{ operator = \"…\", country = \"FR\" } for an endpoint that is in no profile"
                    .into()
            }
            Self::PathStyle { .. } => "true".into(),
            Self::CredentialsFile { .. } => {
                "a TOML file of access_key_id, secret_access_key and perhaps token, all texts"
                    .into()
            }
            Self::NoCredentials { .. } => {
                "a file, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment".into()
            }
            Self::Client { .. } => "a store that can be opened".into(),
        }
    }

    /// What the key holds, or is missing.
    pub fn found(&self) -> String {
        match self {
            Self::Scheme { found }
            | Self::Url { found, .. }
            | Self::NoUse { found, .. }
            | Self::Profile { found }
            | Self::Namespace { found: Some(found) }
            | Self::Endpoint { found, .. }
            | Self::Http { found, .. }
            | Self::Sovereign { found } => found.clone(),
            Self::Namespace { found: None } => "nothing".into(),
            Self::NoEndpoint => "neither".into(),
            Self::Folder { path, found } | Self::CredentialsFile { path, found } => {
                format!("{}: {found}", path.display())
            }
            Self::PathStyle { bucket } => format!("the bucket {bucket}, which has a dot"),
            Self::NoCredentials { variable } => format!("no {variable}"),
            Self::Client { message } => message.clone(),
        }
    }
}
