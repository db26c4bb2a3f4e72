//! What a function gets, and how what it does comes back.

use crate::support::{PARENT, allowing, trusting};
use crate::{call, log, with_function};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_function_gets_lambdas_environment_and_nothing_else_of_this_machines() {
    let code = r#"
import os, sys
def handler(event, context):
    home = os.environ["HOME"]
    open(os.path.join(home, "x"), "w").close()
    return {
        "environment": dict(os.environ),
        "event": event,
        "here": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"] == sys.path[0],
        "files": os.listdir(home),
        "name": context.function_name,
        "arn": context.invoked_function_arn,
        "left": context.get_remaining_time_in_millis(),
        "id": context.aws_request_id,
    }
"#;
    let (lab, child) = with_function(code, json!({ "Environment": { "Variables": { "MODE": "quiet" } } })).await;
    let answer = call(&child, json!({ "a": ["é", 1] })).await;
    assert_eq!((answer.status, answer.header("x-amz-function-error")), (200, ""), "{}", answer.text());
    let told = answer.json();
    let environment = told["environment"].as_object().unwrap();
    // Python itself adds the last one where the system has no locale.
    let expected: BTreeSet<&str> = "AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_EC2_METADATA_DISABLED AWS_ENDPOINT_URL \
        AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION \
        AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_REGION \
        AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN HOME LAMBDA_TASK_ROOT LANG MODE PATH TMPDIR TZ _HANDLER"
        .split_whitespace()
        .collect();
    let found: BTreeSet<&str> = environment.keys().map(String::as_str).filter(|key| *key != "LC_CTYPE").collect();
    assert_eq!(found, expected);
    let is = |key: &str| environment[key].as_str().unwrap();
    assert_eq!((is("AWS_REGION"), is("MODE"), is("_HANDLER")), ("eu-west-1", "quiet", "app.handler"));
    assert_eq!((is("AWS_ENDPOINT_URL"), is("PATH")), (lab.sandbox.url().as_str(), "/usr/local/bin:/usr/bin:/bin"));
    assert_eq!((is("AWS_LAMBDA_LOG_GROUP_NAME"), is("AWS_EXECUTION_ENV")), ("/aws/lambda/f", "AWS_Lambda_python3.13"));
    assert_eq!(
        (&told["event"], &told["here"], &told["files"]),
        (&json!({ "a": ["é", 1] }), &json!(true), &json!(["x"]))
    );
    assert_eq!(
        (&told["name"], &told["arn"]),
        (&json!("f"), &json!("arn:aws:lambda:eu-west-1:222222222222:function:f"))
    );
    assert!((1..=3000).contains(&told["left"].as_i64().unwrap()));
    assert!(log(&answer).starts_with(&format!("START RequestId: {} Version: $LATEST\n", told["id"].as_str().unwrap())));
    // Its folder is gone with it.
    assert_eq!(std::fs::read_dir(lab.dir.path().join("running")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_function_is_a_session_of_its_execution_role_and_chains() {
    let code = r#"
import boto3
def handler(event, context):
    sts = boto3.client("sts")
    told = {"who": sts.get_caller_identity()["Arn"]}
    for seconds in [3600, 3601]:
        try:
            role = sts.assume_role(RoleArn=event["role"], RoleSessionName="test", DurationSeconds=seconds)
            told[str(seconds)] = role["AssumedRoleUser"]["Arn"]
        except sts.exceptions.ClientError as error:
            told[str(seconds)] = str(error)
    return told
"#;
    let (lab, child) = with_function(code, json!({ "Timeout": 60 })).await;
    let parent = lab.client("parent");
    let trust = trusting(&["arn:aws:iam::222222222222:role/scoring-lambda"]);
    let role = parent.new_role("Shared", &trust, &[]).await;
    parent.iam_ok("UpdateRole", &[("RoleName", "Shared"), ("MaxSessionDuration", "43200")]).await;
    let policy = allowing("sts:AssumeRole", &role);
    let params = [("RoleName", "scoring-lambda"), ("PolicyName", "assume"), ("PolicyDocument", policy.as_str())];
    child.iam_ok("PutRolePolicy", &params).await;
    let told = call(&child, json!({ "role": role })).await.json();
    assert_eq!(told["who"], "arn:aws:sts::222222222222:assumed-role/scoring-lambda/f");
    assert_eq!(told["3600"], format!("arn:aws:sts::{PARENT}:assumed-role/Shared/test"));
    let refused = told["3601"].as_str().unwrap();
    assert!(refused.contains("exceeds the 1 hour session limit for roles assumed by role chaining"), "{refused}");
}

#[tokio::test]
async fn an_exception_comes_back_with_its_stack_and_in_the_log() {
    let code = "import logging\ndef inner():\n    raise ValueError('bad é')\ndef handler(event, context):\n    print('before')\n    logging.getLogger().warning('careful')\n    inner()\n";
    let (lab, child) = with_function(code, json!({})).await;
    let answer = call(&child, json!({})).await;
    assert_eq!((answer.status, answer.header("x-amz-function-error")), (200, "Unhandled"));
    let told = answer.json();
    assert_eq!((&told["errorType"], &told["errorMessage"]), (&json!("ValueError"), &json!("bad é")));
    assert_eq!(
        told["stackTrace"],
        json!([
            "  File \"/var/task/app.py\", line 7, in handler\n    inner()\n",
            "  File \"/var/task/app.py\", line 3, in inner\n    raise ValueError('bad é')\n",
        ])
    );
    let (log, id) = (log(&answer), told["requestId"].as_str().unwrap().to_owned());
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[..2], [format!("START RequestId: {id} Version: $LATEST"), "before".into()]);
    assert!(lines[2].starts_with("[WARNING]\t2") && lines[2].ends_with(&format!("Z\t{id}\tcareful")), "{log}");
    assert_eq!(lines[3..5], ["[ERROR] ValueError: bad é", "Traceback (most recent call last):"]);
    let end = lines.iter().position(|line| *line == format!("END RequestId: {id}")).unwrap();
    let report = lines[end + 1];
    assert!(report.starts_with(&format!("REPORT RequestId: {id}\tDuration: ")), "{report}");
    assert!(
        report.contains("\tMemory Size: 128 MB\tMax Memory Used: ") && report.contains("\tInit Duration: "),
        "{report}"
    );
    assert!(!log.contains(&*lab.dir.path().to_string_lossy()), "{log}");
    // Without asking there is no log.
    let path = "/2015-03-31/functions/f/invocations";
    let quiet = child.lambda(http::Method::POST, path, &[], json!({})).await;
    assert_eq!((quiet.header("x-amz-log-result"), quiet.header("x-amz-executed-version")), ("", "$LATEST"));
}

#[tokio::test]
async fn what_can_not_be_loaded_or_answered_is_named_as_lambda_names_it() {
    for (code, handler, kind, message) in [
        (
            "import nowhere",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'nowhere'",
        ),
        ("", "lost.handler", "Runtime.ImportModuleError", "Unable to import module 'lost': No module named 'lost'"),
        ("x = 1", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("x = 1", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler'"),
        ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
        ("1 / 0", "app.handler", "ZeroDivisionError", "division by zero"),
        ("def handler(e, c): return {1, 2}", "app.handler", "Runtime.MarshalError", "Unable to marshal response: "),
        (
            "def handler(e, c): raise SystemExit(3)",
            "app.handler",
            "Runtime.ExitError",
            "Runtime exited with error: exit status 3",
        ),
        (
            "import os\ndef handler(e, c): os._exit(0)",
            "app.handler",
            "Runtime.ExitError",
            "Runtime exited without providing a reason",
        ),
        (
            "import os\ndef handler(e, c): os.kill(os.getpid(), 9)",
            "app.handler",
            "Runtime.ExitError",
            "Runtime exited with error: signal: killed",
        ),
    ] {
        let (_lab, child) = with_function(code, json!({ "Handler": handler })).await;
        let answer = call(&child, json!({})).await;
        assert_eq!((answer.status, answer.header("x-amz-function-error")), (200, "Unhandled"), "{code}");
        let told = answer.json();
        assert_eq!(told["errorType"], kind, "{code}: {told}");
        assert!(told["errorMessage"].as_str().unwrap().contains(message), "{code}: {told}");
        assert!(log(&answer).contains(message), "{code}: {}", log(&answer));
    }
}

#[tokio::test]
async fn code_in_folders_and_packages_is_found() {
    let zip = crate::support::zipped(&[
        ("src/app.py", "from lib import table\ndef handler(event, context): return table.ROWS"),
        ("lib/__init__.py", ""),
        ("lib/table.py", "ROWS = [1, 2]"),
    ]);
    let settings = json!({ "Handler": "src/app.handler", "Code": { "ZipFile": zip } });
    let (_lab, child) = with_function("", settings).await;
    assert_eq!(call(&child, Value::Null).await.json(), json!([1, 2]));
}
