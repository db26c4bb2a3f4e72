//! What EventBridge is told of pipelines.
//!
//! Source: CodePipeline user guide, "Monitoring CodePipeline events".

use super::declaration::Declaration;
use super::flow::Turn;
use super::input::arn;
use super::model::{Artifact, Execution};
use crate::events::Event;
use serde_json::{Value, json};

fn publish(turn: &mut Turn<'_>, detail_type: &'static str, detail: Value) {
    let place = turn.place;
    turn.events.push(Event {
        source: "aws.codepipeline",
        detail_type,
        account: place.account.clone(),
        region: place.region.clone(),
        resources: vec![arn(&place.region, &place.account, &place.pipeline)],
        detail,
    });
}

fn common(turn: &Turn<'_>, execution: &Execution, state: &str) -> Value {
    json!({
        "pipeline": turn.place.pipeline,
        "execution-id": execution.id,
        "start-time": execution.started.rfc3339(),
        "state": state,
        "version": execution.version as f64,
        "pipeline-execution-attempt": execution.attempt as f64,
    })
}

/// An execution has come to a state.
pub fn pipeline(turn: &mut Turn<'_>, execution: &Execution, state: &str) {
    let mut detail = common(turn, execution, state);
    detail["execution-trigger"] =
        json!({ "trigger-type": execution.trigger.kind, "trigger-detail": execution.trigger.detail });
    if let Some(reason) = execution.stop.as_ref().and_then(|stop| stop.reason.as_deref()) {
        detail["stop-execution-comments"] = reason.into();
    }
    publish(turn, "CodePipeline Pipeline Execution State Change", detail);
}

/// A stage has.
pub fn stage(turn: &mut Turn<'_>, execution: &Execution, stage: &str, state: &str) {
    let mut detail = common(turn, execution, state);
    detail["stage"] = stage.into();
    publish(turn, "CodePipeline Stage Execution State Change", detail);
}

fn artifacts(list: &[Artifact]) -> Value {
    let one = |artifact: &Artifact| json!({ "name": artifact.name, "s3location": { "bucket": artifact.bucket, "key": artifact.key } });
    list.iter().map(one).collect()
}

/// An action has.
pub fn action(turn: &mut Turn<'_>, execution: &Execution, declaration: &Declaration, id: &str, state: &str) {
    let Some(run) = execution.action(id) else { return };
    let mut detail = common(turn, execution, state);
    detail["stage"] = run.stage.as_str().into();
    detail["action"] = run.action.as_str().into();
    detail["action-execution-id"] = id.into();
    detail["region"] = turn.place.region.as_str().into();
    detail["input-artifacts"] = artifacts(&run.inputs);
    if let Some(declared) = declaration.action(&run.stage, &run.action) {
        detail["type"] = json!(declared.action_type_id);
    }
    if state != "STARTED" {
        detail["output-artifacts"] = artifacts(&run.outputs);
        let mut result = json!({});
        let error = run.error.as_ref();
        let members = [
            ("external-execution-id", run.external.as_deref()),
            ("external-execution-url", run.url.as_deref()),
            ("external-execution-summary", error.map(|error| error.message.as_str()).or(run.summary.as_deref())),
            ("error-code", error.map(|error| error.code.as_str())),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                result[name] = value.into();
            }
        }
        detail["execution-result"] = result;
    }
    publish(turn, "CodePipeline Action Execution State Change", detail);
}
