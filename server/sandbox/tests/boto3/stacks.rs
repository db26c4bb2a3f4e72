//! CloudFormation as boto3 uses it.

use crate::{run, sandbox_with, support};
use http::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_deploys_changes_waits_and_pages_as_with_aws() {
    let (sandbox, dir) = sandbox_with(0).await;
    let lab = support::Lab { sandbox, dir };
    let settings = json!({ "function_activation_ms": 0, "endpoint_creation_ms": 100 });
    assert_eq!(lab.control(Method::PUT, "/settings", settings).await.status, 200);
    assert_eq!(
        run(&lab.sandbox, "stacks.py").await,
        json!({
            "created": {
                "status": "CREATE_COMPLETE", "outputs": ["Bucket", "Function"], "role": true, "parameters": ["one"],
            },
            "answers": { "hello": "one" },
            "changed": { "actions": { "Function": ["Modify", "False"] }, "answers": { "hello": "two" } },
            "unchanged": ["ValidationError", 400, "No updates are to be performed."],
            "empty": "FAILED",
            "paged": { "events": true, "resources": 3, "stacks": ["hello"], "exports": ["hello-bucket"] },
            "summary": { "capabilities": ["CAPABILITY_IAM"], "parameters": ["Word"], "types": 3 },
            "template": true,
            "deleted": ["ValidationError", 400, "Stack with id hello does not exist"],
            "gone": "DELETE_COMPLETE",
        })
    );
}
