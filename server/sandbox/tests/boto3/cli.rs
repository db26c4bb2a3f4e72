//! The AWS CLI, as people use it who follow AWS's guides.

use crate::{run, sandbox_with, support};
use http::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_the_aws_cli_finds_what_it_finds_with_aws() {
    let (sandbox, dir) = sandbox_with(0).await;
    let lab = support::Lab { sandbox, dir };
    let settings = json!({ "function_activation_ms": 0, "pipeline_poll_ms": 20 });
    assert_eq!(lab.control(Method::PUT, "/settings", settings).await.status, 200);
    let mut found = run(&lab.sandbox, "cli.py").await;
    let mut of = |service: &str| found[service].take();
    assert_eq!(of("account"), "333333333333");
    assert_eq!(
        of("kms"),
        json!({
            "same": true, "alias": true, "policy": 1,
            "wrong": "(InvalidCiphertextException) when calling the Decrypt operation:",
        })
    );
    assert_eq!(
        of("s3"),
        json!({
            "encrypted": true, "parts": "2", "same": true, "unchanged": "", "bucket": true, "none": "1",
            "listed": [["5", "tree/deep/a b+ü.txt"], ["9437184", "tree/large.bin"]],
            "folders": ["tree/"], "left": ["large", "moved", "small"], "paged": [5, 3],
            "refused": "(NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist",
            "stretches": {
                "read": "mal",
                "beyond": "(InvalidArgument) when calling the UploadPartCopy operation: Range specified is not valid \
                           for source object of size: 5",
                "open": "(InvalidArgument) when calling the UploadPartCopy operation: The x-amz-copy-source-range value \
                         must be of the form bytes=first-last where first and last are the zero-based offsets of the \
                         first and last bytes to copy",
                "changed": "(PreconditionFailed) when calling the UploadPartCopy operation: At least one of the \
                            pre-conditions you specified did not hold",
                "denied": "(AccessDenied) when calling the UploadPartCopy operation: Access Denied",
            },
        })
    );
    assert_eq!(
        of("cloudformation"),
        json!({
            "one": "/cli/plain/one", "two": "/cli/plain/two", "uploaded": 1, "later": true, "body": true,
            "unchanged": "No changes to deploy. Stack plain is up to date",
            "fine": "No changes to deploy. Stack plain is up to date",
            "waiting": ["EXECUTE_COMPLETE", "UNAVAILABLE", "UNAVAILABLE", "AVAILABLE"],
            "failed": "aws cloudformation describe-stack-events --stack-name broken",
            "broken": "Waiter StackCreateComplete failed: Waiter encountered a terminal failure state: For expression \
                       \"Stacks[].StackStatus\" we matched expected path: \"ROLLBACK_COMPLETE\" at least once",
            "missing": "(ValidationError) when calling the DescribeStacks operation: Stack with id nothing does not exist",
            "valid": ["CAPABILITY_IAM"],
        })
    );
    assert_eq!(of("events"), json!({ "several": true, "same": true, "resources": 40, "listed": true }));
    assert_eq!(of("package"), 2);
    assert_eq!(
        of("codecommit"),
        json!({
            "clone": true, "same": true, "branch": true, "differences": [3, 2], "repositories": "cli\n",
            "stale": "(ParentCommitIdOutdatedException) when calling the PutFile operation: The file could not be added \
                      because the provided parent commit ID is not the current tip of the specified branch. To view the \
                      full commit ID of the current head of the branch, use GetBranch.",
            "missing": "(FileDoesNotExistException) when calling the GetFile operation: The specified file does not \
                        exist. Verify that you have used the correct file name, full path, and extension.",
        })
    );
    assert_eq!(
        of("stepfunctions"),
        json!({
            "status": "SUCCEEDED", "output": { "n": 2 }, "executions": [["run-2", "run-1", "run-0"], 2],
            "history": ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"],
            "again": "(ExecutionAlreadyExists) when calling the StartExecution operation: Execution Already Exists: \
                      'arn:aws:states:eu-west-1:333333333333:execution:cli:run-0'",
            "invalid": "(InvalidDefinition) when calling the CreateStateMachine operation: Invalid State Machine \
                        Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /'",
        })
    );
    assert_eq!(
        of("codepipeline"),
        json!({
            "versions": [1, 2, 3], "executions": [3, 3, true], "actions": ["Approve", "Source"],
            "stale": "(ApprovalAlreadyCompletedException) when calling the PutApprovalResult operation: The approval \
                      action has already been completed",
            "missing": "(PipelineNotFoundException) when calling the GetPipelineState operation: Account \
                        '333333333333' does not have a pipeline with name 'nothing'",
        })
    );
}
