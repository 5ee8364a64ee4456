use std::fs;
use std::path::Path;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::prefix::PrefixStore;

use super::location::Location;
use super::{StoreConfig, StoreError, s3};

/// Opens a store. Its paths start at the store's URL: `dcir/a.parquet` in the store `s3://snds/prod/` is the object
/// `prod/dcir/a.parquet` of the bucket `snds`.
///
/// `base` is the folder of the platform file, against which `credentials_file` is resolved. Nothing is asked of a remote
/// store yet; `memory:///` is a new and empty one each time.
///
/// # Errors
///
/// A [`StoreError`] says which key of the configuration is wrong.
///
/// ```
/// use object_store::ObjectStoreExt;
/// use sceau_core::storage::{StoreConfig, open};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let config = StoreConfig::new(format!("file://{}/", folder.display()));
/// let store = open(&config, folder)?;
///
/// store.put(&"dcir/a.parquet".into(), "PAR1".into()).await?;
///
/// assert!(folder.join("dcir/a.parquet").exists());
/// # Ok(())
/// # }
/// ```
pub fn open(config: &StoreConfig, base: &Path) -> Result<Arc<dyn ObjectStore>, StoreError> {
    match Location::parse(&config.url)? {
        Location::File { folder } => {
            only_url(config)?;
            open_folder(&folder)
        }
        Location::Memory => {
            only_url(config)?;
            Ok(Arc::new(InMemory::new()))
        }
        Location::S3 { bucket, prefix } => {
            let store = s3::open(config, &bucket, base)?;
            if prefix.as_ref().is_empty() {
                return Ok(Arc::new(store));
            }
            Ok(Arc::new(PrefixStore::new(store, prefix)))
        }
    }
}

fn open_folder(folder: &Path) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let wrong = |found: String| StoreError::Folder {
        path: folder.to_owned(),
        found,
    };
    let metadata = fs::metadata(folder).map_err(|error| wrong(error.to_string()))?;
    if !metadata.is_dir() {
        return Err(wrong("a file".into()));
    }
    let store =
        LocalFileSystem::new_with_prefix(folder).map_err(|error| wrong(error.to_string()))?;
    Ok(Arc::new(store))
}

/// A key without effect is a mistake in the file, and one about an endpoint is worth being told.
fn only_url(config: &StoreConfig) -> Result<(), StoreError> {
    let said = [
        ("profile", config.profile.is_some()),
        ("namespace", config.namespace.is_some()),
        ("endpoint", config.endpoint.is_some()),
        ("sovereign", config.sovereign.is_some()),
        ("region", config.region.is_some()),
        ("path_style", config.path_style.is_some()),
        ("allow_http", config.allow_http.is_some()),
        ("credentials_file", config.credentials_file.is_some()),
        ("timeout_seconds", config.timeout_seconds.is_some()),
        ("retry_seconds", config.retry_seconds.is_some()),
    ];
    match said.into_iter().find(|(_, said)| *said) {
        None => Ok(()),
        Some((key, _)) => Err(StoreError::NoUse {
            key,
            reason: "the store is not at s3://",
            found: "a value".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;
    use object_store::ObjectStoreExt;

    use super::*;

    fn open_url(url: &str) -> Result<Arc<dyn ObjectStore>, StoreError> {
        open(&StoreConfig::new(url), Path::new(""))
    }

    #[tokio::test]
    async fn a_folder_is_the_root_of_its_store() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("snds prod")).unwrap();
        fs::write(folder.path().join("above"), "").unwrap();
        let store = open_url(&format!("file://{}/snds%20prod/", folder.path().display())).unwrap();

        store.put(&"dcir/a".into(), "1".into()).await.unwrap();

        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].location.as_ref(), "dcir/a");
        assert!(folder.path().join("snds prod/dcir/a").exists());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [folder.path().join("none"), file] {
            let error = open_url(&format!("file://{}", path.display())).unwrap_err();
            assert!(matches!(error, StoreError::Folder { .. }));
            assert!(error.to_string().contains(&path.display().to_string()));
        }
    }

    #[tokio::test]
    async fn each_memory_is_a_new_one() {
        let first = open_url("memory:///").unwrap();
        first.put(&"a".into(), "1".into()).await.unwrap();
        let second = open_url("memory:///").unwrap();
        assert!(first.head(&"a".into()).await.is_ok());
        assert!(second.head(&"a".into()).await.is_err());
    }

    #[test]
    fn a_key_without_effect_is_an_error() {
        let mut config = StoreConfig::new("memory:///");
        config.endpoint = Some("https://s3.example.fr".into());
        let error = open(&config, Path::new("")).unwrap_err();
        assert_eq!(error.key(), "endpoint");
        assert!(matches!(error, StoreError::NoUse { .. }));
    }
}
