//! CodePipeline's answers in the domain's terms.

use crate::answers::{moment, said};
use aws_sdk_codepipeline::operation::get_pipeline_state::GetPipelineStateOutput;
use aws_sdk_codepipeline::types::{
    ActionExecutionDetail, ActionExecutionStatus, ActionState as SdkAction, ErrorDetails, ExecutionTrigger,
    PipelineExecutionSummary, StageState as SdkStage,
};
use services::ports::gateway::{
    ActionError, ActionExecution, ActionState, ActionStatus, Execution, ExecutionStatus, PipelineState, StageState,
    Trigger,
};

/// A pipeline as it stands.
pub(super) fn state(answer: GetPipelineStateOutput) -> PipelineState {
    PipelineState { stages: answer.stage_states.unwrap_or_default().into_iter().map(stage).collect() }
}

fn stage(stage: SdkStage) -> StageState {
    let latest = stage.latest_execution;
    StageState {
        name: stage.stage_name.unwrap_or_default(),
        status: latest.as_ref().and_then(|latest| execution_status(latest.status.as_str())),
        execution: latest.map(|latest| latest.pipeline_execution_id),
        actions: stage.action_states.unwrap_or_default().into_iter().map(action).collect(),
    }
}

fn action(action: SdkAction) -> ActionState {
    let named = ActionState {
        name: action.action_name.unwrap_or_default(),
        revision: action.current_revision.map(|revision| revision.revision_id),
        ..ActionState::default()
    };
    let Some(latest) = action.latest_execution else { return named };
    ActionState {
        status: latest.status().and_then(action_status),
        at: latest.last_status_change().and_then(moment),
        percent: latest.percent_complete.and_then(|percent| u8::try_from(percent).ok()),
        summary: said(latest.summary),
        external_id: said(latest.external_execution_id),
        token: latest.token,
        error: latest.error_details.map(error),
        ..named
    }
}

/// An execution of a list. One in a state that is not known here is left out: a list should not fail because of one of its
/// lines.
pub(super) fn execution(summary: PipelineExecutionSummary) -> Option<Execution> {
    let status = summary.status.as_ref().and_then(|status| execution_status(status.as_str()));
    if status.is_none() {
        tracing::warn!(state = ?summary.status, "an execution of a pipeline is in a state that is not known");
    }
    let started = summary.start_time.as_ref().and_then(moment)?;
    Some(Execution {
        status: status?,
        started,
        updated: summary.last_update_time.as_ref().and_then(moment).unwrap_or(started),
        id: summary.pipeline_execution_id?,
        trigger: summary.trigger.and_then(trigger),
        revision: summary.source_revisions.unwrap_or_default().into_iter().find_map(|source| source.revision_id),
        stopped_because: summary.stop_trigger.and_then(|stop| said(stop.reason)),
    })
}

/// One running of an action, likewise.
pub(super) fn action_execution(detail: ActionExecutionDetail) -> Option<ActionExecution> {
    let started = detail.start_time.as_ref().and_then(moment)?;
    let output = detail.output;
    let variables = output.as_ref().and_then(|output| output.output_variables.clone()).unwrap_or_default();
    let result = output.and_then(|output| output.execution_result);
    let (external_id, summary, failure) = result.map_or((None, None, None), |result| {
        (result.external_execution_id, result.external_execution_summary, result.error_details)
    });
    Some(ActionExecution {
        status: detail.status.as_ref().and_then(action_status)?,
        started,
        updated: detail.last_update_time.as_ref().and_then(moment).unwrap_or(started),
        id: detail.action_execution_id?,
        stage: detail.stage_name?,
        action: detail.action_name?,
        external_id: said(external_id),
        summary: said(summary),
        error: failure.map(error),
        variables: variables.into_iter().collect(),
    })
}

fn trigger(trigger: ExecutionTrigger) -> Option<Trigger> {
    let kind = trigger.trigger_type?.as_str().to_owned();
    Some(Trigger { kind, detail: trigger.trigger_detail.unwrap_or_default() })
}

fn error(details: ErrorDetails) -> ActionError {
    ActionError { code: details.code.unwrap_or_default(), message: details.message.unwrap_or_default() }
}

fn execution_status(text: &str) -> Option<ExecutionStatus> {
    Some(match text {
        "Cancelled" => ExecutionStatus::Cancelled,
        "InProgress" => ExecutionStatus::InProgress,
        "Stopped" => ExecutionStatus::Stopped,
        "Stopping" => ExecutionStatus::Stopping,
        "Succeeded" => ExecutionStatus::Succeeded,
        "Superseded" => ExecutionStatus::Superseded,
        "Skipped" => ExecutionStatus::Skipped,
        "Failed" => ExecutionStatus::Failed,
        _ => return None,
    })
}

fn action_status(status: &ActionExecutionStatus) -> Option<ActionStatus> {
    Some(match status {
        ActionExecutionStatus::InProgress => ActionStatus::InProgress,
        ActionExecutionStatus::Abandoned => ActionStatus::Abandoned,
        ActionExecutionStatus::Succeeded => ActionStatus::Succeeded,
        ActionExecutionStatus::Failed => ActionStatus::Failed,
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use aws_sdk_codepipeline::types::{PipelineExecutionStatus, SourceRevision, StageExecutionStatus, TriggerType};
    use aws_smithy_types::DateTime;
    use domain::time::Timestamp;

    #[test]
    fn every_state_of_the_sdk_is_known() {
        for state in PipelineExecutionStatus::values().iter().chain(StageExecutionStatus::values()) {
            assert!(execution_status(state).is_some(), "{state}");
        }
        for state in ActionExecutionStatus::values() {
            assert!(action_status(&ActionExecutionStatus::from(*state)).is_some(), "{state}");
        }
    }

    #[test]
    fn an_action_that_never_ran_has_a_name_only() {
        let read = action(SdkAction::builder().action_name("Approve").build());
        assert_eq!(read, ActionState { name: "Approve".into(), ..ActionState::default() });
    }

    #[test]
    fn an_execution_is_read_with_what_started_it_and_its_source() {
        let summary = || {
            let summary = PipelineExecutionSummary::builder().pipeline_execution_id("e-1");
            summary.start_time(DateTime::from_millis(1500))
        };
        let trigger = ExecutionTrigger::builder().trigger_type(TriggerType::CloudWatchEvent).trigger_detail("rule");
        let source = SourceRevision::builder().action_name("Source").revision_id("c0ffee").build().unwrap();
        let given = summary().status(PipelineExecutionStatus::Succeeded).trigger(trigger.build());
        let read = execution(given.source_revisions(source).build()).unwrap();
        assert_eq!((read.started, read.updated), (Timestamp(1500), Timestamp(1500)));
        assert_eq!(read.trigger, Some(Trigger { kind: "CloudWatchEvent".into(), detail: "rule".into() }));
        assert_eq!((read.revision.as_deref(), read.stopped_because), (Some("c0ffee"), None));
        assert_eq!(execution(summary().status(PipelineExecutionStatus::from("Paused")).build()), None);
    }
}
