//! The first seed's story with a real function, told by boto3.

use crate::{run, sandbox_with};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_denied_then_granted_then_predicts() {
    let (sandbox, _dir) = sandbox_with(0).await;
    let result = run(&sandbox, "lambda_story.py").await;
    assert_eq!(result["state"], "Pending");

    let denied = "An error occurred (AccessDenied) when calling the AssumeRole operation: User: \
                  arn:aws:sts::222222222222:assumed-role/scoring-lambda/call-the-endpoint is not authorized to \
                  perform: sts:AssumeRole on resource: arn:aws:iam::111111111111:role/SageMakerExternal";
    let before = &result["before"];
    assert_eq!(
        (&before["status"], &before["error"], &before["version"]),
        (&json!(200), &json!("Unhandled"), &json!("$LATEST"))
    );
    assert_eq!(
        (&before["payload"]["errorType"], &before["payload"]["errorMessage"]),
        (&json!("ClientError"), &json!(denied))
    );
    let stack = before["payload"]["stackTrace"].to_string();
    assert!(stack.contains("/var/task/lambda_function.py") && stack.contains("/var/lang/lib/python3.13/"), "{stack}");
    let log = before["log"].as_str().unwrap();
    assert!(log.contains(&format!("[ERROR] ClientError: {denied}")) && log.contains("REPORT RequestId: "), "{log}");

    let after = &result["after"];
    assert_eq!((&after["error"], &after["payload"]["statusCode"]), (&Value::Null, &json!(200)), "{after}");
    let prediction: Value = serde_json::from_str(after["payload"]["body"].as_str().unwrap()).unwrap();
    assert!((0.5..1.0).contains(&prediction["predictions"][0].as_f64().unwrap()), "{prediction}");

    let organisation = &result["organisation"];
    assert_eq!(organisation["names"], json!(["FullAWSAccess", "no-roles"]));
    let refusal = json!(["AccessDeniedException", "You don't have permissions to access this resource."]);
    assert_eq!((&organisation["member"], &organisation["known"]), (&refusal, &json!("333333333333")));
    assert_eq!(organisation["accounts"], json!(["parent", "child", "shared", "training", "production"]));
    assert_eq!(organisation["invoked"]["payload"]["errorMessage"], denied);

    assert_eq!(
        (&result["listed"], &result["tags"]),
        (&json!(["call-the-endpoint"]), &json!({ "sagebridge:share": "s-1" }))
    );
    assert_eq!(result["again"], 200);
    assert_eq!(result["gone"][0], "ResourceNotFoundException");
}
