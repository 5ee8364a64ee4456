use url::{Host, Url};

use super::redact::Redacted;
use super::{Profile, Sovereign, StoreConfig, StoreError};

/// Where requests go and how they are addressed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Scheme and host; the bucket is in the host unless `path_style`.
    pub(super) url: String,
    pub(super) region: String,
    pub(super) path_style: bool,
    /// The host, if requests go there in clear text, which only happens on this machine.
    pub(super) clear_text_host: Option<String>,
}

impl Endpoint {
    /// The endpoint that the configuration names, by a profile or by itself. There is no other source.
    pub(super) fn of(config: &StoreConfig, bucket: &str) -> Result<Self, StoreError> {
        match (&config.profile, &config.endpoint) {
            (None, None) => Err(StoreError::NoEndpoint),
            (Some(name), _) => from_profile(config, name, bucket),
            (None, Some(endpoint)) => from_url(config, endpoint, bucket),
        }
    }
}

fn from_profile(config: &StoreConfig, name: &str, bucket: &str) -> Result<Endpoint, StoreError> {
    let profile = Profile::named(name).ok_or_else(|| StoreError::Profile { found: name.into() })?;
    let said = [
        ("endpoint", config.endpoint.is_some()),
        ("sovereign", config.sovereign.is_some()),
        ("region", config.region.is_some()),
        (
            "namespace",
            config.namespace.is_some() && !profile.namespaced,
        ),
    ];
    if let Some((key, _)) = said.into_iter().find(|(_, said)| *said) {
        return Err(StoreError::NoUse {
            key,
            reason: "the profile says it",
            found: "a value".into(),
        });
    }
    let host = match (&config.namespace, profile.namespaced) {
        (Some(namespace), true) if is_label(namespace) => format!("{namespace}.{}", profile.host),
        (found, true) => {
            return Err(StoreError::Namespace {
                found: found.clone(),
            });
        }
        (_, false) => profile.host.to_owned(),
    };
    // A dot in the bucket's name would make one more level than the endpoint's certificate covers.
    let path_style = config
        .path_style
        .unwrap_or(profile.path_style || bucket.contains('.'));
    Ok(Endpoint {
        url: address("https", &host, bucket, path_style)?,
        region: profile.region.to_owned(),
        path_style,
        clear_text_host: None,
    })
}

fn from_url(config: &StoreConfig, endpoint: &str, bucket: &str) -> Result<Endpoint, StoreError> {
    if config.namespace.is_some() {
        return Err(StoreError::NoUse {
            key: "namespace",
            reason: "the endpoint holds it",
            found: "a value".into(),
        });
    }
    let found = || Redacted(endpoint).to_string();
    let wrong = || StoreError::Endpoint {
        expected: "https://host or https://host:port",
        found: found(),
    };
    let url = Url::parse(endpoint).map_err(|_| wrong())?;
    let plain = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let (true, Some(host)) = (plain, url.host()) else {
        return Err(wrong());
    };
    let on_this_machine = is_loopback(&host);
    match (url.scheme(), on_this_machine) {
        ("https", _) => {}
        ("http", true) if config.allow_http != Some(false) => {}
        ("http", true) => {
            return Err(StoreError::Http {
                expected: "https://, since allow_http is false",
                found: found(),
            });
        }
        ("http", false) => {
            return Err(StoreError::Http {
                expected: "https:// (http:// is for 127.0.0.0/8, [::1] and localhost)",
                found: found(),
            });
        }
        _ => return Err(wrong()),
    }
    if !on_this_machine {
        check_declaration(config.sovereign.as_ref())?;
    }

    let host = host.to_string();
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.clone(),
    };
    let path_style = config.path_style.unwrap_or(true);
    Ok(Endpoint {
        url: address(url.scheme(), &authority, bucket, path_style)?,
        region: config
            .region
            .clone()
            .unwrap_or_else(|| DEFAULT_REGION.to_owned()),
        path_style,
        clear_text_host: (url.scheme() == "http").then_some(host),
    })
}

/// What S3 look-alikes without regions expect in signatures. No host is derived from it.
const DEFAULT_REGION: &str = "us-east-1";

fn check_declaration(sovereign: Option<&Sovereign>) -> Result<(), StoreError> {
    let wrong = |found: String| Err(StoreError::Sovereign { found });
    match sovereign {
        None => wrong("nothing".into()),
        Some(declared) if declared.operator.trim().is_empty() => {
            wrong("an operator without a name".into())
        }
        Some(Sovereign { country, .. })
            if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) =>
        {
            wrong(format!("the country {country:?}"))
        }
        Some(_) => Ok(()),
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost",
    }
}

/// The client wants the bucket in the endpoint's host when it is not to put it in the path.
fn address(
    scheme: &str,
    authority: &str,
    bucket: &str,
    path_style: bool,
) -> Result<String, StoreError> {
    match path_style {
        true => Ok(format!("{scheme}://{authority}")),
        false if bucket.contains('.') => Err(StoreError::PathStyle {
            bucket: bucket.to_owned(),
        }),
        false => Ok(format!("{scheme}://{bucket}.{authority}")),
    }
}

/// Whether this is one label of a host name.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut StoreConfig)) -> Result<Endpoint, StoreError> {
        let mut config = StoreConfig::new("s3://snds-prod/");
        change(&mut config);
        Endpoint::of(&config, "snds-prod")
    }

    fn at(endpoint: &str) -> Result<Endpoint, StoreError> {
        with(|config| {
            config.endpoint = Some(endpoint.into());
            config.sovereign = Some(declared("FR"));
        })
    }

    fn declared(country: &str) -> Sovereign {
        Sovereign {
            operator: "a regional hospital".into(),
            country: country.into(),
            qualification: None,
        }
    }

    fn profile(name: &str) -> Result<Endpoint, StoreError> {
        with(|config| config.profile = Some(name.into()))
    }

    #[test]
    fn nothing_is_assumed() {
        assert!(matches!(with(|_| ()), Err(StoreError::NoEndpoint)));
        let region = with(|config| config.region = Some("eu-west-3".into()));
        assert!(matches!(region, Err(StoreError::NoEndpoint)));
    }

    #[test]
    fn a_profile_gives_host_region_and_style() {
        let outscale = profile("outscale-cloudgouv-eu-west-1").unwrap();
        assert_eq!(outscale.url, "https://oos.cloudgouv-eu-west-1.outscale.com");
        assert_eq!(outscale.region, "cloudgouv-eu-west-1");
        assert!(outscale.path_style);

        let ovh = profile("ovh-gra").unwrap();
        assert_eq!(ovh.url, "https://snds-prod.s3.gra.io.cloud.ovh.net");
        assert!(!ovh.path_style);
    }

    #[test]
    fn the_style_of_a_profile_can_be_changed() {
        let path = with(|config| {
            config.profile = Some("ovh-gra".into());
            config.path_style = Some(true);
        });
        assert_eq!(path.unwrap().url, "https://s3.gra.io.cloud.ovh.net");
    }

    #[test]
    fn a_bucket_with_a_dot_goes_in_the_path() {
        let mut config = StoreConfig::new("s3://snds.prod/");
        config.profile = Some("ovh-gra".into());
        assert!(Endpoint::of(&config, "snds.prod").unwrap().path_style);
        config.path_style = Some(false);
        let error = Endpoint::of(&config, "snds.prod").unwrap_err();
        assert!(matches!(error, StoreError::PathStyle { .. }));
    }

    #[test]
    fn an_unknown_profile_lists_the_known_ones() {
        let error = profile("aws-eu-west-3").unwrap_err();
        assert_eq!(error.key(), "profile");
        let message = error.to_string();
        assert!(message.contains("scaleway-fr-par") && message.contains("aws-eu-west-3"));
    }

    #[test]
    fn cloud_temple_needs_a_namespace() {
        let with_namespace = |namespace: &str| {
            with(|config| {
                config.profile = Some("cloud-temple-fr1".into());
                config.namespace = Some(namespace.into());
            })
        };
        let url = with_namespace("acme").unwrap().url;
        assert_eq!(url, "https://acme.s3.fr1.cloud-temple.com");
        for bad in ["", "a.b", "a/b", "evil.example/", "-a"] {
            let error = with_namespace(bad).unwrap_err();
            assert!(matches!(error, StoreError::Namespace { .. }), "{bad}");
        }
        let error = profile("cloud-temple-fr1").unwrap_err();
        assert!(matches!(error, StoreError::Namespace { found: None }));
    }

    #[test]
    fn what_the_profile_says_is_not_said_again() {
        type Change = fn(&mut StoreConfig);
        let changes: [(&str, Change); 4] = [
            ("endpoint", |c| {
                c.endpoint = Some("https://s3.example.fr".into())
            }),
            ("sovereign", |c| c.sovereign = Some(declared("FR"))),
            ("region", |c| c.region = Some("fr-par".into())),
            ("namespace", |c| c.namespace = Some("acme".into())),
        ];
        for (key, change) in changes {
            let error = with(|config| {
                config.profile = Some("scaleway-fr-par".into());
                change(config);
            })
            .unwrap_err();
            assert!(matches!(error, StoreError::NoUse { .. }));
            assert_eq!(error.key(), key);
        }
    }

    #[test]
    fn an_endpoint_is_taken_as_it_is() {
        let endpoint = at("https://s3.example.fr:8443/").unwrap();
        assert_eq!(endpoint.url, "https://s3.example.fr:8443");
        assert_eq!(endpoint.region, "us-east-1");
        assert!(endpoint.path_style);
        assert_eq!(endpoint.clear_text_host, None);
    }

    #[test]
    fn an_endpoint_that_is_not_a_host_is_refused() {
        for bad in [
            "",
            "s3.example.fr",
            "ftp://s3.example.fr",
            "https://",
            "https://s3.example.fr/bucket",
            "https://s3.example.fr/?a=b",
            "https://me:hunter2@s3.example.fr",
        ] {
            let error = at(bad).unwrap_err();
            assert!(
                matches!(error, StoreError::Endpoint { .. }),
                "{bad}: {error}"
            );
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn clear_text_stays_on_this_machine() {
        for good in [
            "http://127.0.0.1:9000",
            "http://127.8.9.10",
            "http://[::1]:9000",
            "http://localhost:9000",
        ] {
            assert!(at(good).unwrap().clear_text_host.is_some(), "{good}");
        }
        for bad in [
            "http://s3.example.fr",
            "http://10.0.0.1",
            "http://localhost.example.fr",
            "http://0.0.0.0",
            "http://[::ffff:10.0.0.1]",
            "http://127.0.0.1.example.fr",
        ] {
            assert!(matches!(at(bad), Err(StoreError::Http { .. })), "{bad}");
            let allowed = with(|config| {
                config.endpoint = Some(bad.into());
                config.allow_http = Some(true);
            });
            assert!(matches!(allowed, Err(StoreError::Http { .. })), "{bad}");
        }
        let forbidden = with(|config| {
            config.endpoint = Some("http://localhost:9000".into());
            config.allow_http = Some(false);
        });
        assert!(matches!(forbidden, Err(StoreError::Http { .. })));
    }

    #[test]
    fn an_endpoint_elsewhere_needs_a_declaration() {
        let declare = |endpoint: &str, sovereign| {
            with(|config| {
                config.endpoint = Some(endpoint.into());
                config.sovereign = sovereign;
            })
        };
        assert!(declare("http://127.0.0.1:9000", None).is_ok());
        assert!(declare("https://s3.example.fr", Some(declared("FR"))).is_ok());
        for bad in [None, Some(declared("France"))] {
            let error = declare("https://s3.example.fr", bad).unwrap_err();
            assert_eq!(error.key(), "sovereign");
        }
    }
}
