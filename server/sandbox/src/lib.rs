//! The embedded AWS: an HTTP server on loopback that speaks AWS's wire protocols, keeps several accounts apart,
//! verifies signatures and enforces policies.
//!
//! It stands below the SDKs: boto3, the AWS CLI and the console's own gateways are its clients, and nothing but the
//! endpoint's address and the credentials tells it from AWS. What differs is listed in `docs/sandbox.md`.

mod acting;
mod app;
mod authorize;
mod background;
mod call;
mod caller;
mod check;
mod clock;
mod cloudformation;
mod cloudwatch;
mod codecommit;
mod codepipeline;
mod config;
mod control;
mod counters;
mod dispatch;
mod error;
mod events;
mod faults;
mod files;
mod iam;
mod ids;
mod kms;
mod lambda;
mod logs;
mod models;
mod organizations;
mod passrole;
mod persist;
mod protocol;
mod quotas;
mod runtime;
mod s3;
mod sagemaker;
mod seed;
mod server;
mod service;
mod session;
mod sigv4;
mod state;
mod stepfunctions;
mod sts;

pub use config::{SandboxConfig, SandboxError};
pub use lambda::Python;
pub use models::CHURN;
pub use seed::PROFILES;

use app::App;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running sandbox. Dropping it stops it without waiting for requests under way.
#[derive(Debug)]
pub struct Sandbox {
    addr: SocketAddr,
    credentials_file: PathBuf,
    config_file: PathBuf,
    stop: watch::Sender<bool>,
    // Apart from `stop`: requests under way at a shutdown still need their changes written.
    stop_writing: watch::Sender<bool>,
    server: Option<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    // Held for as long as the sandbox runs: a second one on the same folder would overwrite the state.
    _lock: std::fs::File,
}

impl Sandbox {
    /// The address it listens on, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
    /// The URL to use as `endpoint_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
    /// The shared credentials file it wrote.
    pub fn credentials_file(&self) -> &Path {
        &self.credentials_file
    }
    /// The shared config file it wrote.
    pub fn config_file(&self) -> &Path {
        &self.config_file
    }
    /// Stops accepting, finishes the requests under way, ends the functions that run, and frees the folder.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(server) = self.server.take()
            && let Err(e) = server.await
        {
            tracing::error!(error = %e, "the sandbox's server ended badly");
        }
        self.stop_writing.send_replace(true);
        // A write under way would meet that of the next sandbox in this folder.
        if let Some(writer) = self.writer.take()
            && let Err(e) = writer.await
        {
            tracing::error!(error = %e, "the sandbox's writer ended badly");
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.stop_writing.send_replace(true);
        if let Some(server) = self.server.take() {
            server.abort();
        }
    }
}

/// Starts a sandbox: reads or seeds its state, binds, and writes the shared files with the address it has.
pub async fn start(config: SandboxConfig) -> Result<Sandbox, SandboxError> {
    start_with(config, Python::from_environment()).await
}

/// The same, running functions with this Python.
pub async fn start_with(config: SandboxConfig, python: Python) -> Result<Sandbox, SandboxError> {
    let SandboxConfig { listen, dir, fresh, seed_many, region } = config;
    if !listen.ip().is_loopback() {
        return Err(SandboxError::NotLoopback(listen));
    }
    let bind = |source| SandboxError::Bind { addr: listen, source };
    // Bound first: an address that is taken should change nothing on disk.
    let listener = TcpListener::bind(listen).await.map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    persist::create_dir(&dir)?;
    let lock = persist::lock(&dir)?;
    let known = if fresh { None } else { persist::load(&dir)? };
    let mut state = known.unwrap_or_else(state::State::empty);
    seed::seed(&mut state, &region, seed_many);
    let state_file = dir.join(persist::STATE_FILE);
    let bytes = serde_json::to_vec(&state).unwrap_or_else(|e| unreachable!("the state is plain data: {e}"));
    persist::replace(&state_file, &bytes).map_err(SandboxError::file("write", &state_file))?;
    let (credentials_file, config_file) = files::write(&dir, &state, &format!("http://{addr}"), &region)?;

    let (stop, stopped) = watch::channel(false);
    let lambda = lambda::Lambda::open(&dir, format!("http://{addr}"), python, &state, stopped.clone());
    let lambda = lambda.map_err(SandboxError::file("prepare", &dir))?;
    let objects = s3::objects::Objects::open(&dir, state.buckets.values());
    let objects = objects.map_err(SandboxError::file("prepare", &dir))?;
    let repositories = codecommit::objects::Objects::open(&dir, &state);
    let repositories = repositories.map_err(SandboxError::file("prepare", &dir))?;
    let streams = logs::streams::Streams::open(&dir, &state).map_err(SandboxError::file("prepare", &dir))?;
    let executions = stepfunctions::live::Executions::open(&dir, &state);
    let executions = executions.map_err(SandboxError::file("prepare", &dir))?;

    let (asynchronous, waiting) = runtime::asynchronous::queue();
    let (durable, written) = watch::channel(0);
    let app = Arc::new_cyclic(|this| App {
        background: background::Background::new(this.clone(), stopped.clone()),
        store: state::Store::new(state, written),
        signing_keys: sigv4::KeyCache::default(),
        tokens: caller::TokenCache::default(),
        policies: authorize::PolicyCache::default(),
        limits: organizations::limits::LimitCache::default(),
        faults: faults::Faults::default(),
        counters: counters::Counters::default(),
        models: models::Models::load(&dir),
        traffic: runtime::Traffic::default(),
        lambda,
        objects,
        repositories,
        streams,
        executions,
        metrics: cloudwatch::metrics::Metrics::default(),
        training: sagemaker::training::Running::default(),
        asynchronous,
    });
    service::resume(&app);
    tokio::spawn(runtime::asynchronous::work(Arc::clone(&app), waiting, stopped.clone()));
    let (stop_writing, writing_stopped) = watch::channel(false);
    let writer = persist::spawn(Arc::clone(&app), &dir, durable, writing_stopped);
    let server = tokio::spawn(server::serve(listener, app, stopped));
    tracing::info!(%addr, dir = %dir.display(), "the sandbox is up");
    Ok(Sandbox {
        addr,
        credentials_file,
        config_file,
        stop,
        stop_writing,
        server: Some(server),
        writer: Some(writer),
        _lock: lock,
    })
}
