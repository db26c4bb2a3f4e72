//! Approval: waits for somebody to answer, with the token, or until nobody did for too long.

use super::Task;
use crate::app::App;
use crate::clock;
use crate::codepipeline::flow::Failed;
use crate::codepipeline::model::{ActionRun, Fault};
use std::time::Duration;

/// Waits until the action is over, or fails it when its time is.
pub async fn wait(app: &App, task: &Task, run: &ActionRun, minutes: Option<i64>) -> Option<Failed> {
    loop {
        let settings = app.faults.settings();
        let most = minutes.and_then(|minutes| u64::try_from(minutes).ok()).map(|minutes| minutes * 60_000);
        if clock::now().since(run.started) >= most.unwrap_or(settings.pipeline_approval_ms) {
            let message = "The approval action was not answered in time.".to_owned();
            return Some(Failed { fault: Some(Fault { code: "TimeoutError".into(), message }), ..Failed::default() });
        }
        tokio::time::sleep(Duration::from_millis(settings.pipeline_poll_ms)).await;
        task.now(app)?;
    }
}
