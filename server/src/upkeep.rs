//! What the process does without being asked: it looks for drift when that is due, and drops what is over its time from
//! the history and of batches. What is due is decided by the use cases; here is only the timer.

use services::Services;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How often it is looked whether anything is due.
pub const TICK: Duration = Duration::from_secs(60);

/// Looks every `tick` until `stopped` says so, or whoever would say it is gone. A look under way is left where it is: it
/// only reads, and what it has not written is due again at the next start.
pub fn start(services: Services, mut stopped: watch::Receiver<bool>, tick: Duration) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = interval(tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let forever = async {
            loop {
                ticks.tick().await;
                match services.check_due_shares(services.now()).await {
                    Ok(0) => {}
                    Ok(shares) => tracing::info!(shares, "compared shares with their accounts"),
                    Err(error) => tracing::warn!(%error, "shares could not be compared with their accounts"),
                }
                match services.prune_history(services.now()).await {
                    Ok(0) => {}
                    Ok(gone) => tracing::info!(gone, "dropped calls and bodies that were over their time"),
                    Err(error) => tracing::warn!(%error, "the history could not be pruned"),
                }
                match services.expire_batches(services.now()).await {
                    Ok(0) => {}
                    Ok(batches) => tracing::info!(batches, "deleted batches that were over their time"),
                    Err(error) => tracing::warn!(%error, "batches that are over their time could not be deleted"),
                }
            }
        };
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => {}
            () = forever => {}
        }
    })
}
