//! CodePipeline, by the real boto3: functions that do jobs in another account, and the client's own ways.

use crate::{run, sandbox_with};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_runs_pipelines_whose_functions_tell_of_their_jobs() {
    let (sandbox, _dir) = sandbox_with(0).await;
    let settings = json!({ "pipeline_poll_ms": 20, "pipeline_continuation_ms": 50, "function_activation_ms": 0 });
    let url = format!("{}/_sandbox/settings", sandbox.url());
    let request = http::Request::put(url).header("content-type", "application/json");
    let body = http_body_util::Full::new(bytes::Bytes::from(settings.to_string()));
    assert_eq!(crate::client::exchange(&crate::client::http(), request.body(body).unwrap()).await.status, 200);
    let result = run(&sandbox, "pipelines.py").await;
    assert_eq!(
        result,
        json!({
            "done": {
                "status": "Succeeded",
                "calls": [null, "1", "2"],
                "event": ["accountId", "data", "id"],
                "data": ["actionConfiguration", "artifactCredentials", "inputArtifacts", "outputArtifacts"],
                "configuration": { "FunctionName": "deploy", "UserParameters": "{\"mode\": \"work\", \"from\": \"source/code.zip\"}" },
                "read": "hello",
                "variables": { "Calls": "3" },
                "summary": "all done",
                "approved": "3 calls",
                "output": "made",
                "order": ["Approve", "Deploy", "Source"],
            },
            "failed": { "code": "JobFailed", "message": "on purpose" },
            "raised": { "code": "JobFailed", "message": "The AWS Lambda function deploy failed: ValueError: no mode" },
            "details": { "id": true, "provider": "Lambda", "pipeline": "p", "late": "InvalidJobStateException" },
            "silent": { "code": "JobFailed", "told": true },
            "paged": { "executions": 4, "actions": true, "pipelines": ["p"], "types": 6 },
        })
    );
}
