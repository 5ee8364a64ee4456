use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::redact::Redacted;

/// One `[store.…]` table of the platform file; the [module](super) lists what its keys mean.
///
/// Unknown keys are errors. It holds no secret: credentials are in a file that it names, or in the environment.
///
/// ```
/// use sceau_core::storage::StoreConfig;
///
/// let config: StoreConfig = toml::from_str(
///     r#"
///     url = "s3://snds-prod/"
///     profile = "outscale-cloudgouv-eu-west-1"
///     credentials_file = "secrets/s3.toml"
///     "#,
/// )?;
///
/// assert_eq!(config.profile.as_deref(), Some("outscale-cloudgouv-eu-west-1"));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StoreConfig {
    /// `file:///folder/`, `memory:///` or `s3://bucket/prefix/`.
    pub url: String,
    /// The name of a [`Profile`](super::Profile).
    pub profile: Option<String>,
    /// The name in the host of a `cloud-temple-…` endpoint.
    pub namespace: Option<String>,
    /// The endpoint's URL, in place of a profile.
    pub endpoint: Option<String>,
    /// Who runs the endpoint, in place of a profile.
    pub sovereign: Option<Sovereign>,
    /// The endpoint's region, in place of a profile.
    pub region: Option<String>,
    /// Whether the bucket goes in the path rather than in the host.
    pub path_style: Option<bool>,
    /// Whether `http://` may be used on this machine.
    pub allow_http: Option<bool>,
    /// The file of S3 credentials; relative to the folder of the platform file.
    pub credentials_file: Option<PathBuf>,
    /// How long one request may take.
    pub timeout_seconds: Option<u64>,
    /// How long a failing request is tried again.
    pub retry_seconds: Option<u64>,
}

/// What the operator declares about an endpoint that is in no profile: who runs it, and under which law.
///
/// It is not checked, only required: naming an endpoint that nobody vetted is a decision that the platform file shows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sovereign {
    /// Who runs the endpoint.
    pub operator: String,
    /// The country where the data is, as two letters (ISO 3166-1).
    pub country: String,
    /// What the operator holds: `SecNumCloud 3.2`, `HDS` …
    pub qualification: Option<String>,
}

impl StoreConfig {
    /// A store at this URL, and nothing else said.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }
}

/// Shows what was said, without a password that somebody put into a URL.
impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("url", &Redacted(&self.url))
            .field("profile", &self.profile)
            .field("namespace", &self.namespace)
            .field("endpoint", &self.endpoint.as_deref().map(Redacted))
            .field("sovereign", &self.sovereign)
            .field("region", &self.region)
            .field("path_style", &self.path_style)
            .field("allow_http", &self.allow_http)
            .field("credentials_file", &self.credentials_file)
            .field("timeout_seconds", &self.timeout_seconds)
            .field("retry_seconds", &self.retry_seconds)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error() {
        let error = toml::from_str::<StoreConfig>("url = 'memory:///'\nbucket = 'b'").unwrap_err();
        assert!(error.to_string().contains("bucket"), "{error}");
    }

    #[test]
    fn debug_hides_a_password_in_a_url() {
        let mut config = StoreConfig::new("s3://me:hunter2@bucket/");
        config.endpoint = Some("https://me:hunter2@s3.example.fr".into());
        let text = format!("{config:?}");
        assert!(
            text.contains("bucket") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
