//! A store is where its configuration says, and nowhere else.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use futures::TryStreamExt;
use object_store::{Error, MultipartUpload as _, ObjectStore, ObjectStoreExt as _};
use sceau::storage::{StoreConfig, open};

use crate::support::s3::{ACCESS_KEY_ID, S3Server, SECRET_ACCESS_KEY};

async fn names(store: &dyn ObjectStore) -> Vec<String> {
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let mut names: Vec<_> = listed.iter().map(|o| o.location.to_string()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_is_put_is_listed_and_read_back() {
    let server = S3Server::start();
    let bucket = server.bucket("snds-prod");
    let store = open(&server.store("s3://snds-prod/"), server.folder()).unwrap();

    store
        .put(&"dcir/a.parquet".into(), "0123456789".into())
        .await
        .unwrap();
    fs::write(bucket.join("dcir/b.parquet"), "by hand").unwrap();

    assert_eq!(names(&store).await, ["dcir/a.parquet", "dcir/b.parquet"]);
    let all = store.get(&"dcir/b.parquet".into()).await.unwrap();
    assert_eq!(all.bytes().await.unwrap(), "by hand");
    let ranges = store
        .get_ranges(&"dcir/a.parquet".into(), &[0..2, 8..10])
        .await
        .unwrap();
    assert_eq!(ranges, ["01", "89"]);
}

#[tokio::test]
async fn a_large_object_goes_in_parts() {
    let server = S3Server::start();
    server.bucket("snds-prod");
    let store = open(&server.store("s3://snds-prod/"), server.folder()).unwrap();

    let mut upload = store.put_multipart(&"large".into()).await.unwrap();
    let part = vec![7; 5 << 20];
    upload.put_part(part.clone().into()).await.unwrap();
    upload.put_part("end".into()).await.unwrap();
    upload.complete().await.unwrap();

    let size = store.head(&"large".into()).await.unwrap().size;
    assert_eq!(size, part.len() as u64 + 3);
}

#[tokio::test]
async fn the_paths_of_a_store_start_at_its_url() {
    let server = S3Server::start();
    let bucket = server.bucket("snds-prod");
    fs::create_dir_all(bucket.join("2024/dcir")).unwrap();
    fs::write(bucket.join("2024/dcir/a"), "in").unwrap();
    fs::write(bucket.join("secret"), "out").unwrap();

    let store = open(&server.store("s3://snds-prod/2024/"), server.folder()).unwrap();

    assert_eq!(names(&store).await, ["dcir/a"]);
    for above in ["secret", "../secret", "2024/dcir/a"] {
        let error = store.get(&above.into()).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{above}: {error}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_not_shown() {
    let server = S3Server::start();
    server.bucket("snds-prod");
    let file = format!("access_key_id = '{ACCESS_KEY_ID}'\nsecret_access_key = 'hunter2'\n");
    fs::write(server.folder().join("wrong.toml"), file).unwrap();
    let mut config = server.store("s3://snds-prod/");
    config.credentials_file = Some("wrong.toml".into());

    let store = open(&config, server.folder()).unwrap();
    let error = store.get(&"a".into()).await.unwrap_err();

    assert!(matches!(error, Error::PermissionDenied { .. }), "{error}");
    for text in [format!("{error} {error:?}"), format!("{store} {store:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error() {
    let server = S3Server::start();
    server.bucket("snds-prod");
    let store = open(&server.store("s3://snds-prod/"), server.folder()).unwrap();
    drop(server);
    assert!(store.get(&"a".into()).await.is_err());
}

/// Runs itself again in an environment where every variable points to a port that nobody listens on.
#[tokio::test]
async fn the_environment_names_no_endpoint_and_no_proxy() {
    const ENDPOINT: &str = "SCEAU_TEST_ENDPOINT";
    if let Ok(endpoint) = env::var(ENDPOINT) {
        let mut config = StoreConfig::new("s3://snds-prod/");
        config.retry_seconds = Some(0);
        let nowhere = open(&config, Path::new("")).unwrap_err();
        assert_eq!(nowhere.key(), "endpoint");

        config.endpoint = Some(endpoint);
        let store = open(&config, Path::new("")).unwrap();
        store
            .put(&"from-the-environment".into(), "1".into())
            .await
            .unwrap();
        return;
    }

    let server = S3Server::start();
    let bucket = server.bucket("snds-prod");
    let (_, module) = module_path!().split_once("::").unwrap();
    let nobody = "http://127.0.0.1:9";
    let mut again = Command::new(env::current_exe().unwrap());
    again
        .args([
            "--exact",
            &format!("{module}::the_environment_names_no_endpoint_and_no_proxy"),
        ])
        .env(ENDPOINT, server.endpoint())
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
    for variable in [
        "AWS_ENDPOINT",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_METADATA_ENDPOINT",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
    ] {
        again.env(variable, nobody);
    }
    again.env_remove("NO_PROXY").env_remove("no_proxy");

    let output = again.output().unwrap();

    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    // What shows that the test did run again: a filter that matches nothing succeeds too.
    assert!(bucket.join("from-the-environment").exists());
}
