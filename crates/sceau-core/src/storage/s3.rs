use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{ClientOptions, RetryConfig, StaticCredentialProvider};

use super::endpoint::Endpoint;
use super::{StoreConfig, StoreError, credentials};

/// A bucket at the endpoint that the configuration names, with the credentials that it names.
pub(super) fn open(
    config: &StoreConfig,
    bucket: &str,
    base: &Path,
) -> Result<AmazonS3, StoreError> {
    let endpoint = Endpoint::of(config, bucket)?;
    let credential = credentials::load(config, base)?;
    // Not `from_env`, which would take an endpoint, a role or a metadata service from `AWS_…` variables. With credentials
    // given, the builder looks for no others.
    AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_endpoint(&endpoint.url)
        .with_region(&endpoint.region)
        .with_virtual_hosted_style_request(!endpoint.path_style)
        .with_credentials(Arc::new(StaticCredentialProvider::new(credential)))
        .with_client_options(client_options(config, &endpoint))
        .with_retry(retry(config))
        .build()
        .map_err(|error| StoreError::Client {
            message: error.to_string(),
        })
}

fn client_options(config: &StoreConfig, endpoint: &Endpoint) -> ClientOptions {
    let mut options = ClientOptions::new();
    if let Some(seconds) = config.timeout_seconds {
        options = options.with_timeout(Duration::from_secs(seconds));
    }
    if let Some(host) = &endpoint.clear_text_host {
        // A proxy from the environment would carry clear text off this machine. A proxy that excludes the only host there
        // is takes its place, which is the only way this client has to use none.
        options = options
            .with_allow_http(true)
            .with_proxy_url(&endpoint.url)
            .with_proxy_excludes(host.trim_matches(['[', ']']));
    }
    options
}

fn retry(config: &StoreConfig) -> RetryConfig {
    let mut retry = RetryConfig::default();
    if let Some(seconds) = config.retry_seconds {
        retry.retry_timeout = Duration::from_secs(seconds);
        if seconds == 0 {
            retry.max_retries = 0;
        }
    }
    retry
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn opened(change: impl FnOnce(&mut StoreConfig)) -> AmazonS3 {
        let folder = tempfile::tempdir().unwrap();
        let file = "access_key_id = 'me'\nsecret_access_key = 'hunter2'\ntoken = 'hunter3'";
        fs::write(folder.path().join("s3.toml"), file).unwrap();
        let mut config = StoreConfig::new("s3://snds-prod/");
        config.credentials_file = Some("s3.toml".into());
        change(&mut config);
        open(&config, "snds-prod", folder.path()).unwrap()
    }

    #[test]
    fn the_bucket_is_in_the_host_or_in_the_path() {
        let scaleway = opened(|config| config.profile = Some("scaleway-fr-par".into()));
        assert!(format!("{scaleway:?}").contains("\"https://s3.fr-par.scw.cloud/snds-prod\""));
        let ovh = opened(|config| config.profile = Some("ovh-gra".into()));
        assert!(format!("{ovh:?}").contains("\"https://snds-prod.s3.gra.io.cloud.ovh.net\""));
    }

    #[test]
    fn a_store_shows_no_secret() {
        let store = opened(|config| config.profile = Some("scaleway-fr-par".into()));
        let text = format!("{store} {store:?} {store:#?}");
        assert!(text.contains("snds-prod"));
        assert!(!text.contains("hunter"), "{text}");
    }

    #[test]
    fn patience_is_configured() {
        let store = opened(|config| {
            config.profile = Some("scaleway-fr-par".into());
            config.timeout_seconds = Some(7);
            config.retry_seconds = Some(0);
        });
        let text = format!("{store:?}");
        assert!(text.contains("7s"), "{text}");
        assert!(text.contains("max_retries: 0"), "{text}");
    }
}
