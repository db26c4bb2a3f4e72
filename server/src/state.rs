//! What every request can reach. Cheap to clone.

use crate::assets::Assets;
use crate::security::host::AllowedHosts;
use crate::security::session::SessionCookie;
use axum::extract::FromRef;
use leptos::prelude::LeptosOptions;
use secrecy::SecretString;
use services::{Pipelines, Services};
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::watch;

/// What every request can reach.
#[derive(Clone)]
pub struct ConsoleState(Arc<Shared>);

/// The parts of [`ConsoleState`].
pub struct Shared {
    /// The use cases.
    pub services: Services,
    /// The use cases of pipelines.
    pub pipelines: Pipelines,
    /// The names the console answers to.
    pub hosts: AllowedHosts,
    /// How the session cookie is named and marked.
    pub session: SessionCookie,
    /// The browser's files.
    pub assets: Assets,
    /// Leptos' own options.
    pub leptos: LeptosOptions,
    /// cargo-leptos' reload socket, while it watches.
    pub reload_port: Option<u16>,
    /// Turns true when the process is asked to end; streams end then, so that it can.
    pub stopping: watch::Receiver<bool>,
    /// Told of a new launch token once the last one was used or came too late, so that its owner can print the address.
    pub announce: Option<AnnounceToken>,
}

/// What prints a new launch token's address.
pub type AnnounceToken = Box<dyn Fn(&SecretString) + Send + Sync>;

impl ConsoleState {
    /// Shares the parts.
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Makes the next launch token, if there is someone to announce it to.
    pub fn announce_next(&self) {
        if let Some(announce) = &self.announce {
            announce(&self.services.issue_launch_token());
        }
    }
}

impl Deref for ConsoleState {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<ConsoleState> for LeptosOptions {
    fn from_ref(state: &ConsoleState) -> Self {
        state.leptos.clone()
    }
}
