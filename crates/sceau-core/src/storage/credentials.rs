use std::ffi::OsString;
use std::fs;
use std::path::Path;

use object_store::aws::AwsCredential;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{StoreConfig, StoreError};

/// The credentials of an S3 store: from the file if one is named, else from the environment, and from nowhere else. A
/// file that cannot be used is an error, never a reason to try the environment.
pub(super) fn load(config: &StoreConfig, base: &Path) -> Result<AwsCredential, StoreError> {
    match &config.credentials_file {
        Some(file) => from_file(&base.join(file)),
        None => from_env(|variable| std::env::var_os(variable)),
    }
}

// No Debug: it holds secrets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialsFile {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

fn from_file(path: &Path) -> Result<AwsCredential, StoreError> {
    let wrong = |found: String| StoreError::CredentialsFile {
        path: path.to_owned(),
        found,
    };
    let content = fs::read(path)
        .map(Zeroizing::new)
        .map_err(|error| wrong(error.to_string()))?;
    let text = std::str::from_utf8(&content).map_err(|_| wrong("not a text".into()))?;
    let file: CredentialsFile = toml::from_str(text).map_err(|error| {
        // The parser's own message quotes the line, and the line may be a secret.
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|b| *b == b'\n').count() + 1;
        wrong(format!("something else, at line {line}"))
    })?;
    if file.access_key_id.is_empty() || file.secret_access_key.is_empty() {
        return Err(wrong("an empty text".into()));
    }
    Ok(AwsCredential {
        key_id: file.access_key_id,
        secret_key: file.secret_access_key,
        token: file.token,
    })
}

fn from_env(lookup: impl Fn(&str) -> Option<OsString>) -> Result<AwsCredential, StoreError> {
    let text = |variable| {
        lookup(variable)
            .and_then(|value| value.into_string().ok())
            .filter(|value| !value.is_empty())
    };
    let needed = |variable| text(variable).ok_or(StoreError::NoCredentials { variable });
    Ok(AwsCredential {
        key_id: needed("AWS_ACCESS_KEY_ID")?,
        secret_key: needed("AWS_SECRET_ACCESS_KEY")?,
        token: text("AWS_SESSION_TOKEN"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> Result<AwsCredential, StoreError> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("s3.toml"), content).unwrap();
        let mut config = StoreConfig::new("s3://bucket/");
        config.credentials_file = Some("s3.toml".into());
        load(&config, folder.path())
    }

    #[test]
    fn a_file_is_found_from_the_folder_of_the_platform_file() {
        let read = file("access_key_id = 'me'\nsecret_access_key = 'hunter2'\n").unwrap();
        assert_eq!(
            (read.key_id.as_str(), read.secret_key.as_str()),
            ("me", "hunter2")
        );
        assert_eq!(read.token, None);
        let read = file("access_key_id = 'a'\nsecret_access_key = 'b'\ntoken = 'c'").unwrap();
        assert_eq!(read.token.as_deref(), Some("c"));
    }

    #[test]
    fn a_wrong_file_is_named_and_not_quoted() {
        for (content, said) in [
            ("", "line 1"),
            (
                "access_key_id = 'me'\nsecret_access_key = hunter2",
                "line 2",
            ),
            (
                "access_key_id = 'me'\nsecret_access_key = ['hunter2']",
                "line 2",
            ),
            (
                "access_key_id = 'me'\nsecret_access_key = 'b'\nhunter2 = 'c'",
                "line 3",
            ),
            ("access_key_id = 'me'\nsecret_access_key = ''", "empty"),
        ] {
            let error = file(content).unwrap_err();
            assert!(matches!(error, StoreError::CredentialsFile { .. }));
            let message = format!("{error} {error:?}");
            assert!(
                message.contains("s3.toml") && message.contains(said),
                "{message}"
            );
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_missing_file_is_an_error_and_not_a_reason_to_look_elsewhere() {
        let mut config = StoreConfig::new("s3://bucket/");
        config.credentials_file = Some("none.toml".into());
        let error = load(&config, Path::new("somewhere")).unwrap_err();
        assert!(error.to_string().contains("none.toml"));
    }

    #[test]
    fn the_environment_must_hold_both() {
        let of = |held: &'static [(&str, &str)]| {
            from_env(|variable| {
                let (_, value) = held.iter().find(|(name, _)| *name == variable)?;
                Some((*value).into())
            })
        };
        let read = of(&[
            ("AWS_ACCESS_KEY_ID", "me"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_SESSION_TOKEN", "t"),
        ])
        .unwrap();
        assert_eq!(
            (read.key_id.as_str(), read.secret_key.as_str()),
            ("me", "hunter2")
        );
        assert_eq!(read.token.as_deref(), Some("t"));

        for (held, missing) in [
            (&[] as &'static [_], "AWS_ACCESS_KEY_ID"),
            (&[("AWS_ACCESS_KEY_ID", "me")], "AWS_SECRET_ACCESS_KEY"),
            (
                &[
                    ("AWS_ACCESS_KEY_ID", ""),
                    ("AWS_SECRET_ACCESS_KEY", "hunter2"),
                ],
                "AWS_ACCESS_KEY_ID",
            ),
        ] {
            let error = of(held).unwrap_err();
            assert!(error.found().contains(missing), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
