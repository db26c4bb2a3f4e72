//! The console put together: sandbox (if wanted) → gateways → store → use cases → what requests reach. The one place
//! that knows all rooms.

use crate::assets::Assets;
use crate::config::{SandboxConfig, ServeConfig};
use crate::data_dir::{self, DataDirLock, Part};
use crate::failure::{StartError, in_one_line};
use crate::security::LAUNCH;
use crate::security::host::AllowedHosts;
use crate::security::session::SessionCookie;
use crate::state::{AnnounceToken, ConsoleState, Shared};
use crate::upkeep;
use aws_gateway::AwsSettings;
use axum::Router;
use sandbox::Sandbox;
use secrecy::{ExposeSecret, SecretString};
use services::pipeline::Sample;
use services::{PipelineSettings, Pipelines, Services, Settings, SystemClock};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running console, but for the socket.
pub struct Console {
    state: ConsoleState,
    sandbox: Option<Sandbox>,
    stopping: watch::Sender<bool>,
    upkeep: JoinHandle<()>,
    _lock: DataDirLock,
}

/// Where to print a new launch address.
pub type Announce = Box<dyn Fn(&str) + Send + Sync>;

impl Console {
    /// Puts it together, to be reached on `addr` (with its real port). `announce` is told of a new launch address each time
    /// the last one was used or came too late; without it there is no new one until someone asks for it.
    pub async fn open(config: &ServeConfig, addr: SocketAddr, announce: Option<Announce>) -> Result<Self, StartError> {
        let is_sandbox = config.sandbox.is_some();
        let lock = data_dir::take(&config.data, if is_sandbox { Part::Sandbox } else { Part::Console })?;
        let sandbox = match &config.sandbox {
            Some(wanted) => {
                if wanted.fresh {
                    data_dir::forget_sandbox_console(&config.data)?;
                }
                Some(start_sandbox(wanted, &config.data.sandbox_dir(), &config.default_region).await?)
            }
            None => None,
        };
        let (services, pipelines) = services(config, sandbox.as_ref()).await?;
        if let Err(error) = services.resume_runs().await {
            tracing::error!(error = in_one_line(&error), "interrupted runs could not be resumed");
        }
        if let Err(error) = pipelines.resume_runs().await {
            tracing::error!(error = in_one_line(&error), "interrupted runs over pipelines could not be resumed");
        }
        if let Err(error) = pipelines.drop_broken_uploads().await {
            tracing::warn!(error = in_one_line(&error), "uploads that were broken off could not be removed");
        }
        if let Err(error) = services.resume_batches().await {
            tracing::error!(error = in_one_line(&error), "interrupted batches could not be resumed");
        }
        if let Err(error) = services.end_loads().await {
            tracing::error!(error = in_one_line(&error), "interrupted load checks could not be ended");
        }
        let (stopping, stopped) = watch::channel(false);
        let upkeep = upkeep::start(services.clone(), stopped.clone(), upkeep::TICK);
        let hosts = AllowedHosts::new(addr, &config.network);
        let origin = hosts.url().to_owned();
        let state = ConsoleState::new(Shared {
            services,
            pipelines,
            hosts,
            session: SessionCookie::new(addr.port(), config.network.secure()),
            assets: Assets::new(&config.site),
            leptos: config.site.leptos_options(addr),
            reload_port: config.site.reload_port,
            stopping: stopped,
            announce: announce.map(|announce| {
                Box::new(move |token: &SecretString| announce(&launch_address(&origin, token))) as AnnounceToken
            }),
        });
        Ok(Self { state, sandbox, stopping, upkeep, _lock: lock })
    }

    /// All routes under all layers.
    pub fn router(&self) -> Router {
        crate::router::router(self.state.clone())
    }

    /// What the router works with.
    pub fn state(&self) -> &ConsoleState {
        &self.state
    }

    /// The embedded AWS, if there is one.
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref()
    }

    /// A fresh address to sign in by; earlier ones stop working.
    pub fn launch_address(&self) -> String {
        launch_address(self.state.hosts.url(), &self.state.services.issue_launch_token())
    }

    /// Ends the streams, so that open connections can end too.
    pub fn stop_streams(&self) {
        self.stopping.send_replace(true);
    }

    /// Writes out what is still to be written and ends the sandbox.
    pub async fn close(self) {
        self.stop_streams();
        // It ends at once; a panic in it was logged where it happened.
        let _ = self.upkeep.await;
        self.state.pipelines.shutdown().await;
        self.state.services.shutdown().await;
        if let Some(sandbox) = self.sandbox {
            sandbox.shutdown().await;
        }
    }
}

fn launch_address(origin: &str, token: &SecretString) -> String {
    format!("{origin}{LAUNCH}?token={}", token.expose_secret())
}

/// Starts the embedded AWS in `dir`.
pub async fn start_sandbox(
    wanted: &SandboxConfig,
    dir: &Path,
    region: &domain::names::Region,
) -> Result<Sandbox, StartError> {
    let settings = sandbox::SandboxConfig {
        listen: wanted.listen,
        dir: dir.to_owned(),
        fresh: wanted.fresh,
        seed_many: wanted.seed_many,
        region: region.clone(),
    };
    sandbox::start(settings).await.map_err(|error| match error {
        sandbox::SandboxError::Bind { addr, source } => crate::process::cannot_listen(addr, source),
        other => StartError::Sandbox(in_one_line(&other)),
    })
}

/// The table that is shipped, for whoever has none at hand.
const SAMPLE: Sample = Sample { name: "churn.csv", text: sandbox::CHURN };
/// How often a stack or an endpoint of the sandbox is looked at: there it takes moments, not minutes.
const SANDBOX_POLL: Duration = Duration::from_millis(200);

async fn services(config: &ServeConfig, sandbox: Option<&Sandbox>) -> Result<(Services, Pipelines), StartError> {
    // The sandbox is reached by the very files that it writes for any other client: no special path.
    let aws = AwsSettings {
        credentials_file: sandbox.map(|s| s.credentials_file().to_owned()),
        config_file: sandbox.map(|s| s.config_file().to_owned()),
    };
    let connected = aws_gateway::connect_all(aws).await;
    let (gateways, of_pipelines) = connected.map_err(|error| StartError::Profiles(in_one_line(&error)))?;
    let path = config.data.database(sandbox.is_some());
    let opened = store::open_all(&path).await.map_err(|error| StartError::Store(in_one_line(&error)))?;
    let mut settings = Settings::new(sandbox.is_some(), config.default_region.clone());
    settings.launch_token = config.launch_token.clone();
    settings.launch = config.launch;
    settings.check_shares = config.check_shares;
    settings.batch.folder = Some(config.data.batches(sandbox.is_some()));
    settings.batch.limits = config.batch.batch.clone();
    settings.load.limits = config.batch.load.clone();
    let services = Services::new(gateways, opened.stores, settings, Arc::new(SystemClock));
    let mut settings = PipelineSettings::new(Some(config.data.pipelines(sandbox.is_some())), SAMPLE);
    settings.most_bytes = config.table_bytes;
    if sandbox.is_some() {
        settings.poll = SANDBOX_POLL;
    }
    let pipelines = Pipelines::new(services.clone(), of_pipelines, opened.pipelines, settings);
    Ok((services, pipelines))
}
