//! How pipelines are declared, read, listed and deleted.

use super::bench::{SHARED, approval, bench, declaration, invoke, source, trusts_pipelines};
use crate::client::allowing;
use crate::support::CHILD;
use serde_json::{Value, json};

#[tokio::test]
async fn a_role_is_passed_to_who_trusts_pipelines_by_who_may() {
    let bench = bench().await;
    let stages = [source(), approval("Approve")];
    let user = bench.shared.new_user("maker", &[&allowing("codepipeline:*", "*")]).await;
    let body = json!({ "pipeline": declaration(&bench.role, &stages) });
    let denied = user.json("codepipeline", "CreatePipeline", body).await;
    denied.refused(400, "AccessDeniedException", &format!("iam:PassRole on resource: {}", bench.role));
    let other = bench.shared.new_role("other", &trusts_pipelines("q"), &[]).await;
    let distrusted = bench.answer("CreatePipeline", json!({ "pipeline": declaration(&other, &stages) })).await;
    let message = format!("CodePipeline is not authorized to perform AssumeRole on role {other}");
    distrusted.refused(400, "InvalidStructureException", &message);
    let foreign = format!("arn:aws:iam::{CHILD}:role/scoring-lambda");
    let foreign = bench.answer("CreatePipeline", json!({ "pipeline": declaration(&foreign, &stages) })).await;
    foreign.refused(400, "AccessDeniedException", "Cross-account pass role is not allowed.");
}

#[tokio::test]
async fn a_declaration_that_is_no_pipeline_is_refused() {
    let bench = bench().await;
    let whole = declaration(&bench.role, &[source(), approval("Approve")]);
    let with = |path: &str, value: Value| {
        let mut changed = whole.clone();
        match changed.pointer_mut(path) {
            Some(place) => *place = value,
            None => {
                let (parent, member) = path.rsplit_once('/').unwrap();
                changed.pointer_mut(parent).unwrap()[member] = value;
            }
        }
        changed
    };
    let second = "/stages/1/actions/0";
    let cases = [
        (with("/stages", json!([source()])), "InvalidStructureException", "only 1 stage(s)"),
        (
            with("/stages", json!([approval("A"), approval("B")])),
            "InvalidStructureException",
            "only contains source actions",
        ),
        (
            with("/stages/1", json!({ "name": "S", "actions": source()["actions"] })),
            "InvalidStructureException",
            "Only the first stage",
        ),
        (with("/stages/1/name", json!("Source")), "InvalidStageDeclarationException", "Stage names must be unique"),
        (with("/stages/1/actions", json!([])), "InvalidStageDeclarationException", "at least one action"),
        (
            with(&format!("{second}/actionTypeId/provider"), json!("Odd")),
            "InvalidActionDeclarationException",
            "ActionType (Category: 'Approval', Provider: 'Odd', Owner: 'AWS', Version: '1') in action 'Ask' is not available in region 'EU_WEST_1'",
        ),
        (
            with(&format!("{second}/configuration/Odd"), json!("x")),
            "InvalidActionDeclarationException",
            "unknown configuration 'Odd'",
        ),
        (
            with("/stages/0/actions/0/configuration", json!({ "S3Bucket": "b" })),
            "InvalidActionDeclarationException",
            "missing required configuration 'S3ObjectKey'",
        ),
        (
            with("/stages/0/actions/0/outputArtifacts", json!([])),
            "InvalidActionDeclarationException",
            "declares 0 output artifacts which is less than the minimum count (1)",
        ),
        (
            with(&format!("{second}/inputArtifacts"), json!([{ "name": "x" }])),
            "InvalidActionDeclarationException",
            "declares 1 input artifacts which is more than the maximum count (0)",
        ),
        (
            with(&format!("{second}/namespace"), json!("Code")),
            "InvalidActionDeclarationException",
            "Namespaces must be unique",
        ),
        (
            with(&format!("{second}/configuration/CustomData"), json!("#{x}")),
            "InvalidActionDeclarationException",
            "Valid format for a pipeline execution variable",
        ),
        (with("/executionMode", json!("PARALLEL")), "InvalidStructureException", "not PARALLEL"),
        (
            with("/pipelineType", json!("V3")),
            "ValidationException",
            "at 'pipeline.pipelineType' failed to satisfy constraint: Member must satisfy enum value set: [V1, V2]",
        ),
        (with("/name", json!("a b")), "ValidationException", "[A-Za-z0-9.@\\-_]+"),
        (with("/roleArn", Value::Null), "ValidationException", "Value null at 'pipeline.roleArn' failed"),
        (with("/artifactStore", Value::Null), "InvalidStructureException", "artifactStore"),
        (
            with(&format!("{second}/configuration/CustomData"), json!("x".repeat(1001))),
            "ValidationException",
            "Map value must satisfy constraint",
        ),
    ];
    for (declared, code, message) in cases {
        bench.answer("CreatePipeline", json!({ "pipeline": declared })).await.refused(400, code, message);
    }
    let mut lost = invoke(None, "f");
    lost["actions"][0]["inputArtifacts"] = json!([{ "name": "Lost" }]);
    let declared = declaration(&bench.role, &[source(), lost]);
    let lost = bench.answer("CreatePipeline", json!({ "pipeline": declared })).await;
    lost.refused(400, "InvalidActionDeclarationException", "Input Artifact Bundle Lost in action Call");
    assert_eq!(bench.call("ListPipelines", json!({})).await["pipelines"], json!([]));
}

#[tokio::test]
async fn pipelines_are_read_changed_tagged_and_deleted() {
    let bench = bench().await;
    let declared = declaration(&bench.role, &[source(), approval("Approve")]);
    let tags = json!([{ "key": "team", "value": "a" }]);
    let made = bench.call("CreatePipeline", json!({ "pipeline": declared, "tags": tags })).await;
    assert_eq!(
        (&made["pipeline"]["version"], &made["pipeline"]["executionMode"], &made["tags"]),
        (&json!(1), &json!("SUPERSEDED"), &tags)
    );
    let twice = bench.answer("CreatePipeline", json!({ "pipeline": declared })).await;
    twice.refused(400, "PipelineNameInUseException", "'p' already exists");
    let mut changed = declared.clone();
    changed["stages"][1]["name"] = "Later".into();
    bench.call("UpdatePipeline", json!({ "pipeline": changed })).await;
    let now = bench.call("GetPipeline", json!({ "name": "p" })).await;
    assert_eq!((&now["pipeline"]["version"], &now["pipeline"]["stages"][1]["name"]), (&json!(2), &json!("Later")));
    assert_eq!(now["metadata"]["pipelineArn"], format!("arn:aws:codepipeline:eu-west-1:{SHARED}:p"));
    let old = bench.call("GetPipeline", json!({ "name": "p", "version": 1 })).await;
    assert_eq!(old["pipeline"]["stages"][1]["name"], "Approve");
    let none = bench.answer("GetPipeline", json!({ "name": "p", "version": 9 })).await;
    none.refused(400, "PipelineVersionNotFoundException", "version '9'");
    let listed = bench.call("ListPipelines", json!({})).await;
    assert_eq!((&listed["pipelines"][0]["name"], &listed["pipelines"][0]["pipelineType"]), (&json!("p"), &json!("V2")));

    let arn = &now["metadata"]["pipelineArn"];
    bench.call("TagResource", json!({ "resourceArn": arn, "tags": [{ "key": "b", "value": "" }] })).await;
    bench.call("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["team"] })).await;
    let left = bench.call("ListTagsForResource", json!({ "resourceArn": arn })).await;
    assert_eq!(left["tags"], json!([{ "key": "b", "value": "" }]));
    let bad = bench.answer("ListTagsForResource", json!({ "resourceArn": "arn:aws:s3:::x" })).await;
    bad.refused(400, "InvalidArnException", "arn:aws:s3:::x");

    bench.call("DeletePipeline", json!({ "name": "p" })).await;
    bench.call("DeletePipeline", json!({ "name": "p" })).await;
    let gone = bench.answer("GetPipelineState", json!({ "name": "p" })).await;
    gone.refused(400, "PipelineNotFoundException", "does not have a pipeline with name 'p'");
    let types = bench.call("ListActionTypes", json!({})).await;
    let providers: Vec<&Value> =
        types["actionTypes"].as_array().unwrap().iter().map(|kind| &kind["id"]["provider"]).collect();
    assert_eq!(providers, ["CodeCommit", "S3", "CloudFormation", "Lambda", "StepFunctions", "Manual"]);
}

#[tokio::test]
async fn the_same_token_starts_the_same_execution() {
    let bench = bench().await;
    bench.create(&[source(), approval("Approve")]).await;
    let start = json!({ "name": "p", "clientRequestToken": "once-1" });
    let first = bench.call("StartPipelineExecution", start.clone()).await;
    assert_eq!(bench.call("StartPipelineExecution", start).await, first);
    let bad = bench.answer("StartPipelineExecution", json!({ "name": "p", "clientRequestToken": "a b" })).await;
    bad.refused(400, "ValidationException", "clientRequestToken");
    let mut pages = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut body = json!({ "pipelineName": "p", "maxResults": 1 });
        if token.is_string() {
            body["nextToken"] = token;
        }
        let page = bench.call("ListPipelineExecutions", body).await;
        pages.extend(page["pipelineExecutionSummaries"].as_array().unwrap().clone());
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[0]["pipelineExecutionId"], first["pipelineExecutionId"]);
    let lost = bench.answer("ListPipelineExecutions", json!({ "pipelineName": "p", "nextToken": "x" })).await;
    lost.refused(400, "InvalidNextTokenException", "invalid");
}

#[tokio::test]
async fn a_job_that_nobody_has_can_not_be_told_of() {
    let bench = bench().await;
    let job = "00000000-0000-0000-0000-000000000000";
    let told = bench.answer("PutJobSuccessResult", json!({ "jobId": job })).await;
    told.refused(400, "JobNotFoundException", job);
    let details = json!({ "type": "Odd", "message": "x" });
    let told = bench.answer("PutJobFailureResult", json!({ "jobId": job, "failureDetails": details })).await;
    told.refused(400, "ValidationException", "failureDetails.type");
    bench.answer("PollForJobs", json!({})).await.refused(400, "ActionTypeNotFoundException", "no custom actions");
}
