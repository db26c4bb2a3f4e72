//! Work that outlives the request it began with: executions, training jobs, stacks, pipelines.
//!
//! It ends when the sandbox stops; what must go on after a restart is taken up by each service's `resume`.

use crate::app::App;
use std::future::Future;
use std::sync::{Arc, Weak};
use tokio::sync::watch;

/// The way to begin such work.
pub struct Background {
    app: Weak<App>,
    stopped: watch::Receiver<bool>,
}

impl Background {
    /// For a sandbox that is being made, until it stops.
    pub fn new(app: Weak<App>, stopped: watch::Receiver<bool>) -> Self {
        Self { app, stopped }
    }
    /// Begins work. It is dropped at its next await when the sandbox stops.
    pub fn begin<F>(&self, work: impl FnOnce(Arc<App>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(app) = self.app.upgrade() else { return };
        let work = work(app);
        let mut stopped = self.stopped.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                _ = stopped.wait_for(|stopped| *stopped) => {}
            }
        });
    }
}
