//! What is true of a pipeline now, in a sentence, and the one thing to do about it.

use super::super::words::{APPROVE, DEPLOY, DEPLOY_TRAINING, SOURCE, TRAIN, stage_label};
use domain::pipeline::cause::cause;
use domain::pipeline::execution::{ActionState, ActionStatus, Execution, ExecutionStatus, StageState};
use domain::pipeline::intent::{PipelineIntent, Source};
use domain::pipeline::view::{EndpointState, PipelineStatus, PipelineView};
use domain::time::Timestamp;

/// The longest cause that fits into a sentence; all of it is told with its stage.
const CAUSE: usize = 240;

/// How the sentence stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Plain,
    Good,
    Bad,
}

/// A moment that belongs to the sentence; it goes on by the second, and so is no part of what is read aloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// It goes on since.
    Since(Timestamp),
    /// It was then.
    At(Timestamp),
}

/// The sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub text: String,
    pub when: Option<When>,
    pub mood: Mood,
}

/// The one thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing but to wait.
    Wait,
    /// A model waits for a verdict.
    Approve { execution: String },
    /// A stage failed.
    Retry { execution: String, stage: String },
    /// Nothing goes on.
    Start,
    /// There is no pipeline to do anything with.
    Nothing,
}

impl Said {
    fn new(text: impl Into<String>, mood: Mood) -> Self {
        Self { text: text.into(), when: None, mood }
    }

    fn when(mut self, when: Option<When>) -> Self {
        self.when = when;
        self
    }
}

/// Where the training template comes from, as a noun phrase.
pub(in super::super) fn source_words(intent: &PipelineIntent) -> String {
    match &intent.source {
        Source::Repository { name, branch } => format!("{branch} of {name}"),
        Source::Bucket => "the bucket".into(),
    }
}

/// What is true now, and what to do about it.
pub(super) fn now(view: &PipelineView, newest: Option<&Execution>, endpoint: Option<&EndpointState>) -> (Said, Next) {
    let prefix = &view.intent.prefix;
    match view.status {
        PipelineStatus::Removed => {
            return (Said::new(format!("The pipeline {prefix} was taken away."), Mood::Plain), Next::Nothing);
        }
        PipelineStatus::Removing => {
            return (Said::new(format!("The pipeline {prefix} is being taken away."), Mood::Plain), Next::Nothing);
        }
        _ => {}
    }
    let Some(state) = &view.state else {
        let account = &view.intent.shared_services.account;
        let said = match view.status {
            PipelineStatus::Applying => format!("The pipeline {prefix} is being made."),
            PipelineStatus::Incomplete => format!("The pipeline {prefix} is half made."),
            _ => format!("Account {account} has no pipeline {prefix} any more: it was deleted past this console."),
        };
        let bad = view.status != PipelineStatus::Applying;
        return (Said::new(said, if bad { Mood::Bad } else { Mood::Plain }), Next::Nothing);
    };
    if let Some(waiting) = &view.waiting {
        let stopping =
            |newest: &&Execution| newest.id == waiting.execution && newest.status == ExecutionStatus::Stopping;
        if newest.filter(stopping).is_some() {
            let said = "The execution stops as soon as its model is approved or rejected";
            return (Said::new(said, Mood::Plain), Next::Approve { execution: waiting.execution.clone() });
        }
        let action =
            state.stages.iter().find(|stage| stage.name == waiting.stage).and_then(|stage| stage.actions.first());
        let since = action.and_then(|action| action.at).map(When::Since);
        let said = Said::new("A model is trained and waits for approval", Mood::Plain).when(since);
        return (said, Next::Approve { execution: waiting.execution.clone() });
    }
    if let Some(stage) = state.stages.iter().rev().find(|stage| stage.status.is_some_and(ExecutionStatus::is_going)) {
        return (going(stage, &view.intent), Next::Wait);
    }
    let Some(newest) = newest else {
        return (Said::new(format!("The pipeline {prefix} has not run yet."), Mood::Plain), Next::Start);
    };
    if newest.status.is_going() {
        return (Said::new("An execution begins", Mood::Plain).when(Some(When::Since(newest.started))), Next::Wait);
    }
    let at = state.stages.iter().find(|stage| {
        let failed = matches!(stage.status, Some(ExecutionStatus::Failed | ExecutionStatus::Stopped));
        failed && stage.execution.as_deref() == Some(newest.id.as_str())
    });
    match (newest.status, at) {
        (ExecutionStatus::Failed, Some(stage)) => failed(stage),
        (ExecutionStatus::Failed, None) => {
            (Said::new("The last execution failed.", Mood::Bad).when(Some(When::At(newest.updated))), Next::Start)
        }
        (ExecutionStatus::Stopped | ExecutionStatus::Cancelled, at) => (stopped(newest, at), Next::Start),
        _ => (serves(view, newest, endpoint), Next::Start),
    }
}

fn going(stage: &StageState, intent: &PipelineIntent) -> Said {
    let since = stage.actions.first().and_then(|action| action.at).map(When::Since);
    if stage.status == Some(ExecutionStatus::Stopping) {
        return Said::new(format!("Stopping at {}", stage_label(&stage.name)), Mood::Plain).when(since);
    }
    let text = match stage.name.as_str() {
        SOURCE => format!("Reading the training template from {}", source_words(intent)),
        DEPLOY_TRAINING => "Deploying the training stack".into(),
        TRAIN => "Training a model".into(),
        DEPLOY => format!("Deploying the model to {}", intent.deployment.endpoint),
        name => format!("At stage {name}"),
    };
    Said::new(text, Mood::Plain).when(since)
}

fn failed(stage: &StageState) -> (Said, Next) {
    let action = stage.actions.iter().find(|action| action.status == Some(ActionStatus::Failed));
    let at = action.and_then(|action| action.at).map(When::At);
    let cause = action.and_then(cause_of);
    let retry = Next::Retry { execution: stage.execution.clone().unwrap_or_default(), stage: stage.name.clone() };
    if stage.name == APPROVE {
        // A verdict is no failure: a rejected model is not asked about again by the page's first button.
        let timed_out =
            action.and_then(|action| action.error.as_ref()).is_some_and(|error| error.code == "TimeoutError");
        if timed_out {
            return (Said::new("Nobody approved or rejected the model in time.", Mood::Bad).when(at), retry);
        }
        let why = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
        return (Said::new(format!("The last model was rejected{why}"), Mood::Plain).when(at), Next::Start);
    }
    let why = cause.map(|cause| format!(": {cause}")).unwrap_or_else(|| ".".into());
    (Said::new(format!("Failed at {}{why}", stage_label(&stage.name)), Mood::Bad).when(at), retry)
}

/// Why an action failed, in the service's words, as far as they fit.
pub(super) fn cause_of(action: &ActionState) -> Option<String> {
    let told = action.error.as_ref().map(|error| error.message.as_str()).or(action.summary.as_deref())?;
    let said = cause(told).said;
    if said.is_empty() {
        return None;
    }
    Some(match said.char_indices().nth(CAUSE) {
        Some((at, _)) => format!("{}…", said[..at].trim_end()),
        None => said,
    })
}

fn stopped(newest: &Execution, at: Option<&StageState>) -> Said {
    let place = at.map(|stage| format!(" at {}", stage_label(&stage.name))).unwrap_or_default();
    let why = newest.stopped_because.as_deref().map(str::trim).filter(|why| !why.is_empty());
    let why = why.map(|why| format!(": {why}")).unwrap_or_else(|| ".".into());
    Said::new(format!("The last execution was stopped{place}{why}"), Mood::Plain).when(Some(When::At(newest.updated)))
}

/// The newest execution went through, or another took its place.
fn serves(view: &PipelineView, newest: &Execution, endpoint: Option<&EndpointState>) -> Said {
    let name = &view.intent.deployment.endpoint;
    let at = Some(When::At(newest.updated));
    match endpoint {
        Some(there) if there.status == "InService" => {
            let since = there.changed.map(When::At);
            Said::new(format!("The endpoint {name} serves version {}", there.configuration), Mood::Good).when(since)
        }
        Some(there) if there.status == "Failed" => Said::new(format!("The endpoint {name} failed."), Mood::Bad),
        Some(there) => Said::new(format!("The endpoint {name} is in {}.", there.status), Mood::Plain),
        None => Said::new("The last execution succeeded", Mood::Good).when(at),
    }
}

#[cfg(test)]
#[path = "said_tests.rs"]
mod tests;
