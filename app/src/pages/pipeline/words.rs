//! A pipeline's stages and states in words, as its pages have them.

use crate::ui::Tone;
use domain::pipeline::apply::Lane;
use domain::pipeline::execution::{Doing, Execution, ExecutionStatus, Trigger};
use domain::pipeline::view::PipelineStatus;

/// The stages of the pipeline's template.
pub(super) const SOURCE: &str = "Source";
pub(super) const DEPLOY_TRAINING: &str = "DeployTraining";
pub(super) const TRAIN: &str = "Train";
pub(super) const APPROVE: &str = "Approve";
pub(super) const DEPLOY: &str = "Deploy";

/// A stage as a heading; one that somebody added past the console has its own name.
pub(super) fn stage_label(name: &str) -> &str {
    match name {
        DEPLOY_TRAINING => "Deploy training stack",
        APPROVE => "Approval",
        name => name,
    }
}

/// What retrying a stage is called.
pub(super) fn retry_label(name: &str) -> String {
    if name == APPROVE { "Ask for approval again".into() } else { format!("Retry {}", stage_label(name)) }
}

/// The account that a stage works in.
pub(super) fn stage_lane(name: &str) -> Lane {
    match name {
        DEPLOY_TRAINING | TRAIN => Lane::Training,
        DEPLOY => Lane::Production,
        _ => Lane::SharedServices,
    }
}

/// The class that has a lane's hue.
pub(super) fn lane_class(lane: Lane) -> &'static str {
    match lane {
        Lane::SharedServices => "is-shared",
        Lane::Training => "is-training",
        Lane::Production => "is-production",
    }
}

/// How an execution or a stage stands, as a badge has it.
pub(super) fn status_words(status: ExecutionStatus) -> (Tone, &'static str) {
    match status {
        ExecutionStatus::InProgress => (Tone::Accent, "Under way"),
        ExecutionStatus::Stopping => (Tone::Warn, "Stopping"),
        ExecutionStatus::Stopped => (Tone::Neutral, "Stopped"),
        ExecutionStatus::Succeeded => (Tone::Ok, "Succeeded"),
        ExecutionStatus::Superseded => (Tone::Neutral, "Superseded"),
        ExecutionStatus::Cancelled => (Tone::Neutral, "Cancelled"),
        ExecutionStatus::Skipped => (Tone::Neutral, "Skipped"),
        ExecutionStatus::Failed => (Tone::Bad, "Failed"),
    }
}

/// Where a pipeline is, as a badge has it; with what it is at, where that is known.
pub(in crate::pages) fn pipeline_words(status: PipelineStatus, doing: Option<&Doing>) -> (Tone, String) {
    let (tone, words) = match status {
        PipelineStatus::Applying => (Tone::Accent, "Being made"),
        PipelineStatus::Incomplete => (Tone::Bad, "Half made"),
        PipelineStatus::Ready => match doing {
            Some(Doing::NotRun) => (Tone::Neutral, "Not run yet"),
            Some(Doing::Waits) => (Tone::Accent, "Waits for approval"),
            Some(Doing::Runs(stage)) => return (Tone::Accent, format!("At {}", stage_label(stage))),
            Some(Doing::Failed(stage)) if stage == APPROVE => (Tone::Neutral, "Model rejected"),
            Some(Doing::Failed(stage)) => return (Tone::Bad, format!("Failed at {}", stage_label(stage))),
            Some(Doing::Missing) => (Tone::Bad, "Deleted in AWS"),
            Some(Doing::Nothing) | None => (Tone::Ok, "Ready"),
        },
        PipelineStatus::Removing => (Tone::Warn, "Being taken away"),
        PipelineStatus::Removed => (Tone::Neutral, "Gone"),
    };
    (tone, words.to_owned())
}

/// What started an execution; `by` is the console's own person.
pub(super) fn started_by(execution: &Execution, by: Option<&str>, source: &str) -> String {
    if let Some(by) = by {
        return format!("by {by}, from this console");
    }
    let Some(Trigger { kind, detail }) = &execution.trigger else { return "by what, CodePipeline does not say".into() };
    let name = detail.rsplit(['/', ':']).next().unwrap_or(detail);
    match kind.as_str() {
        "CreatePipeline" => "as the pipeline was made".into(),
        "StartPipelineExecution" => format!("by {name}, past this console"),
        "CloudWatchEvent" | "Webhook" | "WebhookV2" if name.ends_with("-data") => "by new training data".into(),
        "CloudWatchEvent" | "Webhook" | "WebhookV2" if name.ends_with("-template") => {
            format!("by a change in {source}")
        }
        "CloudWatchEvent" => format!("by the rule {name}"),
        "PutActionRevision" | "PollForSourceChanges" => format!("by a change in {source}"),
        kind => format!("by {kind}"),
    }
}

/// An execution's ID, as short as people say it.
pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::Timestamp;

    #[test]
    fn an_execution_says_what_started_it() {
        let told = |kind: &str, detail: &str, by: Option<&str>| {
            let execution = Execution {
                id: "e".into(),
                status: ExecutionStatus::Succeeded,
                started: Timestamp(0),
                updated: Timestamp(0),
                trigger: Some(Trigger { kind: kind.into(), detail: detail.into() }),
                revision: None,
                stopped_because: None,
            };
            started_by(&execution, by, "main of churn")
        };
        let rule = "arn:aws:events:eu-west-1:111111111111:rule/churn";
        assert_eq!(told("CloudWatchEvent", &format!("{rule}-data"), None), "by new training data");
        assert_eq!(told("CloudWatchEvent", &format!("{rule}-template"), None), "by a change in main of churn");
        assert_eq!(told("CreatePipeline", "arn:aws:iam::111111111111:user/ann", None), "as the pipeline was made");
        let user = "arn:aws:iam::111111111111:user/ann";
        assert_eq!(told("StartPipelineExecution", user, Some("session a")), "by session a, from this console");
        assert_eq!(told("StartPipelineExecution", user, None), "by ann, past this console");
    }

    #[test]
    fn a_pipeline_that_stands_says_what_it_is_at() {
        let words = |doing: Doing| pipeline_words(PipelineStatus::Ready, Some(&doing)).1;
        assert_eq!(words(Doing::Waits), "Waits for approval");
        assert_eq!(words(Doing::Runs(DEPLOY_TRAINING.into())), "At Deploy training stack");
        assert_eq!(words(Doing::Failed(TRAIN.into())), "Failed at Train");
        assert_eq!(words(Doing::Failed(APPROVE.into())), "Model rejected");
        assert_eq!(pipeline_words(PipelineStatus::Ready, None).1, "Ready");
        assert_eq!(pipeline_words(PipelineStatus::Removed, Some(&Doing::Missing)).1, "Gone");
    }
}
