//! Lambda without running anything: functions are made, described, changed, listed and deleted, and who may.

use crate::support::{
    Answer, CHILD, Client, Lab, PARENT, TRUSTS_LAMBDA, a_function, allowing, denying, trusting, zipped,
};
use http::Method;
use serde_json::{Value, json};

const FUNCTIONS: &str = "/2015-03-31/functions";
const CODE: &str = "def handler(event, context): return event";

async fn create(client: &Client, input: Value) -> Answer {
    client.lambda(Method::POST, FUNCTIONS, &[], input).await
}

async fn get(client: &Client, path: &str) -> Answer {
    client.lambda(Method::GET, &format!("{FUNCTIONS}/{path}"), &[], Value::Null).await
}

async fn put(client: &Client, path: &str, input: Value) -> Answer {
    client.lambda(Method::PUT, &format!("{FUNCTIONS}/{path}"), &[], input).await
}

/// A sandbox whose functions are active at once.
async fn lab() -> Lab {
    let lab = Lab::start().await;
    lab.settings(json!({ "function_activation_ms": 0 })).await;
    lab
}

fn with(input: Value, member: &str, value: Value) -> Value {
    let mut input = input;
    input[member] = value;
    input
}

#[tokio::test]
async fn a_function_is_made_described_and_deleted() {
    let lab = lab().await;
    let child = lab.client("child");
    let made =
        create(&child, with(a_function("score", CODE), "Environment", json!({ "Variables": { "MODE": "x" } }))).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let arn = format!("arn:aws:lambda:eu-west-1:{CHILD}:function:score");
    for path in ["score", &arn, &format!("{arn}:$LATEST").replace('$', "%24"), &format!("{CHILD}:function:score")] {
        let described = get(&child, &format!("{}/configuration", path.replace(':', "%3A"))).await;
        assert_eq!(described.status, 200, "{path}: {}", described.text());
        let described = described.json();
        assert_eq!(described["FunctionArn"], arn);
        assert_eq!(described["State"], "Active");
        assert_eq!(described["LastUpdateStatus"], "Successful");
        assert_eq!((&described["Timeout"], &described["MemorySize"]), (&json!(3), &json!(128)));
        assert_eq!(described["Environment"]["Variables"]["MODE"], "x");
        assert_eq!(described["CodeSha256"], made.json()["CodeSha256"]);
    }
    assert_eq!(get(&child, "score").await.json()["Configuration"]["Handler"], "app.handler");
    let missing = get(&child, "nope").await;
    missing.refused(
        404,
        "ResourceNotFoundException",
        &format!("Function not found: arn:aws:lambda:eu-west-1:{CHILD}:function:nope"),
    );
    get(&child, "score?Qualifier=7").await.refused(404, "ResourceNotFoundException", "function:score:7");
    let again = create(&child, a_function("score", CODE)).await;
    again.refused(409, "ResourceConflictException", "Function already exist: score");
    let deleted = child.lambda(Method::DELETE, &format!("{FUNCTIONS}/score"), &[], Value::Null).await;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    get(&child, "score").await.refused(404, "ResourceNotFoundException", "Function not found");
}

#[tokio::test]
async fn what_can_not_be_made_is_refused() {
    let lab = lab().await;
    let child = lab.client("child");
    let bad = |member: &str, value: Value| with(a_function("f", CODE), member, value);
    let invalid = "InvalidParameterValueException";
    let variables = |key: &str, value: String| json!({ "Variables": { key: value } });
    for (input, code, message) in [
        (bad("Runtime", json!("python3.6")), invalid, "The runtime parameter of python3.6 is no longer supported"),
        (bad("Runtime", json!("cobol1")), invalid, "Value cobol1 at 'runtime' failed to satisfy constraint"),
        (bad("Runtime", Value::Null), invalid, "Runtime is mandatory"),
        (bad("Handler", json!("a b")), "ValidationException", "'handler'"),
        (bad("Timeout", json!(901)), "ValidationException", "less than or equal to 900"),
        (bad("MemorySize", json!(64)), "ValidationException", "greater than or equal to 128"),
        (bad("FunctionName", json!("a.b")), "ValidationException", "'functionName'"),
        (
            bad("Environment", variables("AWS_REGION", "x".into())),
            invalid,
            "Reserved keys used in this request: AWS_REGION",
        ),
        (bad("Environment", variables("BIG", "x".repeat(4094))), invalid, "exceeded the 4KB limit"),
        (bad("Code", json!({ "ZipFile": "bm90IGEgemlw" })), invalid, "Could not unzip uploaded file."),
        (bad("Code", json!({ "ZipFile": zipped(&[("../app.py", CODE)]) })), invalid, "Could not unzip uploaded file."),
        (bad("Code", json!({ "S3Bucket": "b", "S3Key": "k" })), invalid, "the sandbox has no `S3Bucket`"),
        (bad("Layers", json!(["arn:aws:lambda:eu-west-1:1:layer:x:1"])), invalid, "the sandbox has no `Layers`"),
        (bad("Role", json!("scoring-lambda")), "ValidationException", "'role'"),
        (
            bad("Role", json!(format!("arn:aws:iam::{PARENT}:role/x"))),
            "AccessDeniedException",
            "Cross-account pass role",
        ),
    ] {
        let answer = create(&child, input).await;
        let status = if code == "AccessDeniedException" { 403 } else { 400 };
        answer.refused(status, code, message);
    }
    // What is empty is not asked for.
    let empty = json!({ "SubnetIds": [], "SecurityGroupIds": [] });
    assert_eq!(create(&child, bad("VpcConfig", empty)).await.status, 201);
    let large = json!({ "ZipFile": "x".repeat(17 << 20) });
    create(&child, bad("Code", large)).await.refused(413, "RequestEntityTooLargeException", "");
}

#[tokio::test]
async fn the_execution_role_must_trust_lambda_and_be_passed_by_who_may() {
    let lab = lab().await;
    let child = lab.client("child");
    let cannot = "The role defined for the function cannot be assumed by Lambda.";
    let as_role = |name: &str, role: &str| with(a_function(name, CODE), "Role", json!(role));
    let gone = format!("arn:aws:iam::{CHILD}:role/gone");
    create(&child, as_role("f", &gone)).await.refused(400, "InvalidParameterValueException", cannot);
    let other = child.new_role("other", &trusting(&[CHILD]), &[]).await;
    create(&child, as_role("f", &other)).await.refused(400, "InvalidParameterValueException", cannot);

    let user = child.new_user("builder", &[&allowing("lambda:*", "*")]).await;
    let role = format!("arn:aws:iam::{CHILD}:role/scoring-lambda");
    create(&user, a_function("f", CODE)).await.refused(
        403,
        "AccessDeniedException",
        &format!("is not authorized to perform: iam:PassRole on resource: {role} because no identity-based policy"),
    );
    let pass = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"iam:PassRole","Resource":"{role}","Condition":{{"StringEquals":{{"iam:PassedToService":"lambda.amazonaws.com"}}}}}}]}}"#
    );
    let policy = [("UserName", "builder"), ("PolicyName", "pass"), ("PolicyDocument", pass.as_str())];
    child.iam_ok("PutUserPolicy", &policy).await;
    assert_eq!(create(&user, a_function("f", CODE)).await.status, 201);
    // Another role for the function is passed again.
    child.new_role("second", TRUSTS_LAMBDA, &[]).await;
    let second = json!({ "Role": format!("arn:aws:iam::{CHILD}:role/second") });
    put(&user, "f/configuration", second.clone()).await.refused(403, "AccessDeniedException", "iam:PassRole");
    assert_eq!(
        put(&child, "f/configuration", second).await.json()["Role"],
        format!("arn:aws:iam::{CHILD}:role/second")
    );
}

#[tokio::test]
async fn a_new_role_can_not_be_assumed_by_lambda_before_it_is_seen() {
    let lab = lab().await;
    let child = lab.client("child");
    lab.settings(json!({ "iam_propagation_ms": 3_600_000, "function_activation_ms": 0 })).await;
    let role = child.new_role("new", TRUSTS_LAMBDA, &[]).await;
    let input = with(a_function("f", CODE), "Role", json!(role));
    create(&child, input.clone()).await.refused(400, "InvalidParameterValueException", "cannot be assumed by Lambda");
    lab.control(Method::POST, "/propagate", Value::Null).await;
    assert_eq!(create(&child, input).await.status, 201);
}

#[tokio::test]
async fn a_function_is_pending_then_active_and_updates_one_after_the_other() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    lab.settings(json!({ "function_activation_ms": 3_600_000 })).await;
    assert_eq!(create(&child, a_function("slow", CODE)).await.json()["State"], "Pending");
    let code = || json!({ "ZipFile": zipped(&[("app.py", "x = 1")]) });
    let pending =
        "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    put(&child, "slow/code", code()).await.refused(409, "ResourceConflictException", pending);
    let invoked = child.lambda(Method::POST, &format!("{FUNCTIONS}/slow/invocations"), &[], json!({})).await;
    invoked.refused(409, "ResourceConflictException", pending);

    lab.settings(json!({ "function_activation_ms": 0 })).await;
    let before = create(&child, a_function("quick", CODE)).await.json();
    lab.settings(json!({ "function_activation_ms": 3_600_000 })).await;
    let updated = put(&child, "quick/code", code()).await.json();
    assert_eq!(updated["LastUpdateStatus"], "InProgress");
    assert_ne!(updated["CodeSha256"], before["CodeSha256"]);
    let second = put(&child, "quick/configuration", json!({ "Timeout": 10 })).await;
    second.refused(409, "ResourceConflictException", "An update is in progress for resource: arn:aws:lambda:");
}

#[tokio::test]
async fn what_an_update_leaves_out_stays() {
    let lab = lab().await;
    let child = lab.client("child");
    let made = create(&child, with(a_function("f", CODE), "Description", json!("old"))).await.json();
    let changes = json!({ "Timeout": 10, "MemorySize": 256, "RevisionId": made["RevisionId"] });
    let changed = put(&child, "f/configuration", changes).await.json();
    assert_eq!((&changed["Timeout"], &changed["MemorySize"]), (&json!(10), &json!(256)));
    assert_eq!((&changed["Description"], &changed["Handler"]), (&json!("old"), &json!("app.handler")));
    let stale = json!({ "Timeout": 11, "RevisionId": made["RevisionId"] });
    put(&child, "f/configuration", stale).await.refused(412, "PreconditionFailedException", "Revision Id");
    put(&child, "f/configuration", json!({ "Runtime": "python3.6" })).await.refused(
        400,
        "InvalidParameterValueException",
        "",
    );
    let dry = json!({ "ZipFile": zipped(&[("app.py", "x = 1")]), "DryRun": true });
    assert_eq!(put(&child, "f/code", dry).await.json()["CodeSha256"], made["CodeSha256"]);
}

#[tokio::test]
async fn functions_are_listed_by_page_in_their_own_account_and_region() {
    let lab = lab().await;
    let child = lab.client("child");
    for name in ["c", "a", "B"] {
        assert_eq!(create(&child, a_function(name, CODE)).await.status, 201);
    }
    let list = async |client: &Client, query: &str| {
        client.lambda(Method::GET, &format!("{FUNCTIONS}/?{query}"), &[], Value::Null).await.json()
    };
    let names = |page: &Value| -> Vec<String> {
        page["Functions"].as_array().unwrap().iter().map(|f| f["FunctionName"].as_str().unwrap().to_owned()).collect()
    };
    let first = list(&child, "MaxItems=2").await;
    assert_eq!(names(&first), ["B", "a"]);
    // States are told by describing only.
    assert!(first["Functions"][0].get("State").is_none());
    let second = list(&child, &format!("Marker={}", first["NextMarker"].as_str().unwrap())).await;
    assert_eq!((names(&second), second.get("NextMarker")), (vec!["c".to_owned()], None));
    assert!(names(&list(&lab.client("parent"), "").await).is_empty());
    let mut elsewhere = child.clone();
    elsewhere.region = "us-west-2".into();
    assert!(names(&list(&elsewhere, "").await).is_empty());
    let arn = format!("arn%3Aaws%3Alambda%3Aeu-west-1%3A{CHILD}%3Afunction%3Aa");
    get(&elsewhere, &arn).await.refused(404, "ResourceNotFoundException", "not reachable in this region ('us-west-2')");
    get(&lab.client("parent"), &arn).await.refused(
        403,
        "AccessDeniedException",
        "because no resource-based policy allows",
    );
}

#[tokio::test]
async fn every_operation_needs_its_permission() {
    let lab = lab().await;
    let child = lab.client("child");
    assert_eq!(create(&child, a_function("f", CODE)).await.status, 201);
    let user = child.new_user("u", &[&allowing("lambda:*", "*"), &denying("lambda:InvokeFunction", "*")]).await;
    assert_eq!(get(&user, "f").await.status, 200);
    let dry = [("x-amz-invocation-type", "DryRun")];
    let path = format!("{FUNCTIONS}/f/invocations");
    let arn = format!("arn:aws:lambda:eu-west-1:{CHILD}:function:f");
    user.lambda(Method::POST, &path, &dry, json!({})).await.refused(
        403,
        "AccessDeniedException",
        &format!("lambda:InvokeFunction on resource: {arn} with an explicit deny in an identity-based policy"),
    );
    assert_eq!(child.lambda(Method::POST, &path, &dry, json!({})).await.status, 204);
    let nobody = child.new_user("nobody", &[]).await;
    for (method, path, action) in [
        (Method::GET, "f", "lambda:GetFunction"),
        (Method::GET, "f/configuration", "lambda:GetFunctionConfiguration"),
        (Method::PUT, "f/code", "lambda:UpdateFunctionCode"),
        (Method::PUT, "f/configuration", "lambda:UpdateFunctionConfiguration"),
        (Method::DELETE, "f", "lambda:DeleteFunction"),
        (Method::GET, "", "lambda:ListFunctions"),
    ] {
        let answer = nobody.lambda(method, &format!("{FUNCTIONS}/{path}"), &[], json!({})).await;
        answer.refused(403, "AccessDeniedException", &format!("is not authorized to perform: {action} on resource"));
    }
}

#[tokio::test]
async fn what_is_no_invocation_is_refused() {
    let lab = lab().await;
    let child = lab.client("child");
    assert_eq!(create(&child, a_function("f", CODE)).await.status, 201);
    let path = format!("{FUNCTIONS}/f/invocations");
    let invoke = async |headers: &[(&str, &str)], body: &'static str| {
        child.send(child.signed("lambda", Method::POST, &path, headers, body.into())).await
    };
    invoke(&[], "{not json").await.refused(
        400,
        "InvalidRequestContentException",
        "Could not parse request body into json",
    );
    invoke(&[("x-amz-invocation-type", "Event")], "{}").await.refused(
        400,
        "InvalidParameterValueException",
        "RequestResponse only",
    );
    invoke(&[("x-amz-invocation-type", "Later")], "{}").await.refused(400, "ValidationException", "'invocationType'");
    let large: bytes::Bytes = vec![b' '; 6_291_457].into();
    let answer = child.send(child.signed("lambda", Method::POST, &path, &[], large)).await;
    answer.refused(
        413,
        "RequestTooLargeException",
        "6291457 byte payload is too large for the RequestResponse invocation type",
    );
    let nope = child.lambda(Method::POST, &format!("{FUNCTIONS}/nope/invocations"), &[], json!({})).await;
    nope.refused(404, "ResourceNotFoundException", "function:nope");
    let lost = child.lambda(Method::PATCH, FUNCTIONS, &[], json!({})).await;
    lost.refused(404, "UnknownOperationException", "PATCH /2015-03-31/functions");
}

#[tokio::test]
async fn a_role_that_no_longer_trusts_lambda_runs_nothing() {
    let lab = lab().await;
    let child = lab.client("child");
    assert_eq!(create(&child, a_function("f", CODE)).await.status, 201);
    let update = [("RoleName", "scoring-lambda"), ("PolicyDocument", &trusting(&[CHILD]))];
    child.iam_ok("UpdateAssumeRolePolicy", &update).await;
    let answer = child.lambda(Method::POST, &format!("{FUNCTIONS}/f/invocations"), &[], json!({})).await;
    answer.refused(403, "AccessDeniedException", "The role defined for the function cannot be assumed by Lambda.");
}

#[tokio::test]
async fn without_python_an_invocation_says_what_is_missing() {
    let dir = tempfile::TempDir::new().unwrap();
    let python = sandbox::Python::at(dir.path().join("python9"));
    let sandbox = sandbox::start_with(crate::support::config(dir.path()), python).await.unwrap();
    let lab = Lab { sandbox, dir };
    lab.settings(json!({ "function_activation_ms": 0 })).await;
    let child = lab.client("child");
    assert_eq!(create(&child, a_function("f", CODE)).await.status, 201);
    let answer = child.lambda(Method::POST, &format!("{FUNCTIONS}/f/invocations"), &[], json!({})).await;
    answer.refused(400, "InvalidRuntimeException", "does not exist; install Python 3, or name another");
}

#[tokio::test]
async fn functions_have_tags() {
    let lab = lab().await;
    let child = lab.client("child");
    let input = with(a_function("f", CODE), "Tags", json!({ "sagebridge:share": "s-1" }));
    let limited = child.new_user("limited", &[&allowing("*", "*"), &denying("lambda:TagResource", "*")]).await;
    create(&limited, input.clone()).await.refused(403, "AccessDeniedException", "lambda:TagResource");
    assert_eq!(create(&child, input).await.status, 201);
    assert_eq!(get(&child, "f").await.json()["Tags"], json!({ "sagebridge:share": "s-1" }));
    let path = format!("/2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A{CHILD}%3Afunction%3Af");
    let tag = child.lambda(Method::POST, &path, &[], json!({ "Tags": { "team": "risk" } })).await;
    assert_eq!(tag.status, 204, "{}", tag.text());
    let untag = child.lambda(Method::DELETE, &format!("{path}?tagKeys=sagebridge%3Ashare"), &[], Value::Null).await;
    assert_eq!(untag.status, 204, "{}", untag.text());
    let listed = child.lambda(Method::GET, &path, &[], Value::Null).await.json();
    assert_eq!(listed["Tags"], json!({ "team": "risk" }));
}

#[tokio::test]
async fn packages_are_kept_as_long_as_a_function_has_them() {
    let lab = lab().await;
    let child = lab.client("child");
    let folder = lab.dir.path().join("functions");
    let kept = || std::fs::read_dir(&folder).unwrap().count();
    for name in ["a", "b"] {
        assert_eq!(create(&child, a_function(name, CODE)).await.status, 201);
    }
    assert_eq!(kept(), 1);
    let code = json!({ "ZipFile": zipped(&[("app.py", "x = 1")]) });
    assert_eq!(put(&child, "a/code", code).await.status, 200);
    assert_eq!(kept(), 2);
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    std::fs::write(dir.path().join("functions/left-over.zip"), "").unwrap();
    let sandbox = sandbox::start(crate::support::config(dir.path())).await.unwrap();
    assert_eq!(std::fs::read_dir(dir.path().join("functions")).unwrap().count(), 2);
    let child = Client::of_profile(&sandbox.url(), sandbox.credentials_file(), "child");
    for name in ["a", "b"] {
        assert_eq!(child.lambda(Method::DELETE, &format!("{FUNCTIONS}/{name}"), &[], Value::Null).await.status, 204);
    }
    assert_eq!(std::fs::read_dir(dir.path().join("functions")).unwrap().count(), 0);
}
