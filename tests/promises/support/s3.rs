//! A real S3 server in the process of the tests: it checks signatures and keeps objects as files.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use sceau::storage::StoreConfig;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The only credentials that the server takes.
pub const ACCESS_KEY_ID: &str = "test-access-key";
/// Their secret.
pub const SECRET_ACCESS_KEY: &str = "test-secret-of-the-store";

/// The name of the file of credentials in [`S3Server::folder`].
pub const CREDENTIALS_FILE: &str = "s3.toml";

/// A server on a port of its own, which stops when dropped.
///
/// ```text
/// folder/
///     s3.toml           credentials, for `credentials_file`
///     buckets/
///         snds-prod/    what s3://snds-prod/ holds: files put here are objects, and objects are files
/// ```
pub struct S3Server {
    address: SocketAddr,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl S3Server {
    /// Starts a server without buckets.
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let credentials = format!(
            "access_key_id = '{ACCESS_KEY_ID}'\nsecret_access_key = '{SECRET_ACCESS_KEY}'\n"
        );
        fs::write(folder.path().join(CREDENTIALS_FILE), credentials).expect("credentials");
        let buckets = folder.path().join("buckets");
        fs::create_dir(&buckets).expect("a folder of buckets");

        let (stop, stopped) = oneshot::channel();
        let (started, address) = mpsc::channel();
        // A runtime of its own: a test that blocks its own one does not block the server.
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                    .await
                    .expect("a free port");
                started
                    .send(listener.local_addr().expect("a port"))
                    .expect("a test that waits");
                tokio::select! {
                    () = serve(listener, service(&buckets)) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address: address.recv().expect("a server that started"),
            folder,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// What `endpoint` says in a platform file.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder with the file of credentials: a place for a platform file too.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of a bucket, made if need be.
    pub fn bucket(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join("buckets").join(name);
        fs::create_dir_all(&folder).expect("a folder for the bucket");
        folder
    }

    /// The configuration of a store here; its base is [`Self::folder`].
    pub fn store(&self, url: &str) -> StoreConfig {
        let mut config = StoreConfig::new(url);
        config.endpoint = Some(self.endpoint());
        config.credentials_file = Some(CREDENTIALS_FILE.into());
        config.retry_seconds = Some(0);
        config
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A server that panicked has failed the test that spoke to it.
            let _ = thread.join();
        }
    }
}

fn service(buckets: &Path) -> S3Service {
    let files = FileSystem::new(buckets).expect("a folder that can be served");
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
    builder.build()
}

async fn serve(listener: TcpListener, service: S3Service) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            continue;
        };
        // Without it a small answer waits for the acknowledgement of its header: 28 ms in place of 2.
        let _ = socket.set_nodelay(true);
        let service = service.clone();
        tokio::spawn(async move {
            let http = auto::Builder::new(TokioExecutor::new());
            let _ = http.serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
