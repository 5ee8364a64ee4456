use std::path::PathBuf;

use object_store::path::Path;
use url::Url;

use super::StoreError;
use super::redact::Redacted;

/// What a store's URL says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location {
    File { folder: PathBuf },
    Memory,
    S3 { bucket: String, prefix: Path },
}

impl Location {
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let found = || Redacted(text).to_string();
        let expect = |expected| StoreError::Url {
            expected,
            found: found(),
        };
        let url = Url::parse(text).map_err(|_| StoreError::Scheme { found: found() })?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(expect("a URL without `?` and `#`"));
        }
        match url.scheme() {
            // The parser makes an absolute path of whatever follows `file:`.
            "file" if text.to_ascii_lowercase().starts_with("file:///") => match url.to_file_path()
            {
                Ok(folder) => Ok(Self::File { folder }),
                Err(()) => Err(expect("file:///folder/")),
            },
            "file" => Err(expect("file:///folder/, with the whole path")),
            "memory" if matches!(url.path(), "" | "/") && !url.has_host() => Ok(Self::Memory),
            "memory" => Err(expect("memory:///")),
            "s3" => {
                let host = url.host_str().unwrap_or_default();
                let plain =
                    url.username().is_empty() && url.password().is_none() && url.port().is_none();
                if !plain || !is_bucket(host) {
                    return Err(expect(
                        "s3://bucket/prefix/, the bucket of 3 to 63 lower-case letters, digits, `.` and `-`",
                    ));
                }
                let prefix = Path::from_url_path(url.path())
                    .map_err(|_| expect("s3://bucket/prefix/ without empty folders"))?;
                Ok(Self::S3 {
                    bucket: host.to_owned(),
                    prefix,
                })
            }
            _ => Err(StoreError::Scheme { found: found() }),
        }
    }
}

fn is_bucket(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
    let outer = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().copied().all(inner)
        && outer(bytes.first())
        && outer(bytes.last())
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(bucket: &str, prefix: &str) -> Location {
        Location::S3 {
            bucket: bucket.into(),
            prefix: prefix.into(),
        }
    }

    #[test]
    fn the_three_kinds_of_url_are_read() {
        let parse = |text| Location::parse(text).unwrap();
        assert_eq!(
            parse("file:///srv/snds%20prod/"),
            Location::File {
                folder: "/srv/snds prod/".into()
            }
        );
        assert_eq!(parse("memory:///"), Location::Memory);
        assert_eq!(parse("s3://snds-prod"), s3("snds-prod", ""));
        assert_eq!(
            parse("s3://snds-prod/dcir/2024/"),
            s3("snds-prod", "dcir/2024")
        );
        assert_eq!(parse("s3://snds-prod/dcir"), s3("snds-prod", "dcir"));
    }

    #[test]
    fn an_unknown_scheme_lists_the_three() {
        for text in [
            "gs://b/",
            "https://host/",
            "/srv/snds",
            "snds",
            "",
            "az://me:hunter2@b/",
        ] {
            let error = Location::parse(text).unwrap_err();
            assert!(matches!(error, StoreError::Scheme { .. }), "{text}");
            let message = error.to_string();
            for scheme in ["file:///", "memory:///", "s3://"] {
                assert!(message.contains(scheme), "{message}");
            }
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_url_that_says_too_much_or_too_little_is_refused() {
        for text in [
            "file://server/share/",
            "file:data",
            "memory://host/",
            "memory:///folder/",
            "s3://",
            "s3:///key",
            "s3://ab/",
            "s3://Upper/",
            "s3://under_score/",
            "s3://a..b/",
            "s3://-abc/",
            "s3://bucket:9000/",
            "s3://me:hunter2@bucket/",
            "s3://bucket/a//b",
            "s3://bucket/?endpoint=x",
            "s3://bucket/#a",
        ] {
            let error = Location::parse(text).unwrap_err();
            assert!(matches!(error, StoreError::Url { .. }), "{text}: {error}");
            assert_eq!(error.key(), "url");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_url_cannot_climb_out_of_its_bucket() {
        assert_eq!(
            Location::parse("s3://bucket/a/../../b").unwrap(),
            s3("bucket", "b")
        );
        assert!(Location::parse("s3://bucket/a/%2e%2e%2f%2e%2e/b").is_err());
    }
}
