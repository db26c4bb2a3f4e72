//! CloudFormation: what is deployed, who may, and what is left when something fails.

use crate::support::{Answer, CHILD, Client, Lab, allowing, config, denying};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

const TRUSTS_CLOUDFORMATION: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudformation.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:cloudformation:*:*:stack/served/*"}}}]}"#;

/// A role, a policy of it, a function that runs as it, and a bucket: what a template of somebody else has.
const APP: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Description: A function with its role and its data
Parameters:
  Stage: {Type: String, AllowedPattern: "[a-z]{2,8}", ConstraintDescription: two to eight letters, Default: dev}
  Memory: {Type: Number, Default: 128}
  Secret: {Type: String, NoEcho: true, Default: hidden}
Conditions:
  Big: !Equals [!Ref Stage, prod]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub app-${Stage}
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
      Policies:
        - PolicyName: data
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: !Sub "${Data.Arn}/*"}]
  More:
    Type: AWS::IAM::RolePolicy
    Properties:
      RoleName: !Ref Role
      PolicyName: more
      PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:ListBucket", Resource: !GetAtt Data.Arn}]}
  Data:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: !If [Big, {Status: Enabled}, !Ref "AWS::NoValue"]
      Tags: [{Key: own, Value: "1"}]
  DataPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: "s3:GetObject", Resource: !Sub "${Data.Arn}/*"}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub app-${Stage}
      Runtime: python3.13
      Handler: index.handler
      MemorySize: !Ref Memory
      Timeout: "7"
      Role: !GetAtt Role.Arn
      Environment: {Variables: {BUCKET: !Ref Data, LEVEL: 5, SECRET: !Ref Secret}}
      Code:
        ZipFile: |
          def handler(event, context):
              return event
Outputs:
  Bucket: {Value: !Ref Data, Export: {Name: !Sub "${AWS::StackName}-bucket"}}
  Function: {Value: !GetAtt Function.Arn, Description: what runs}
"#;

async fn lab() -> Lab {
    let lab = Lab::start().await;
    lab.settings(json!({ "function_activation_ms": 0, "endpoint_creation_ms": 0, "endpoint_update_ms": 0 })).await;
    lab
}

async fn ask(client: &Client, action: &str, params: &[(&str, &str)]) -> Answer {
    client.query("cloudformation", action, params).await
}

async fn ok(client: &Client, action: &str, params: &[(&str, &str)]) -> Answer {
    let answer = ask(client, action, params).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    answer
}

/// Parameters of a request as it has them.
fn with<'a>(stack: &'a str, template: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let named = ("Capabilities.member.1", "CAPABILITY_NAMED_IAM");
    [&[("StackName", stack), ("TemplateBody", template), named][..], more].concat()
}

/// Waits until nothing is done to a stack any more, and gives its status. A stack is found by its ID when it is gone.
async fn settled(client: &Client, stack: &str) -> String {
    for _ in 0..1200 {
        let status = ok(client, "DescribeStacks", &[("StackName", stack)]).await.tag("StackStatus");
        if !status.ends_with("_IN_PROGRESS") {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{stack} does not settle: {}", events(client, stack).await.join("\n"));
}

/// The events of a stack, oldest first: what it is about, its status and why.
async fn events(client: &Client, stack: &str) -> Vec<String> {
    let answer = ok(client, "DescribeStackEvents", &[("StackName", stack)]).await;
    let part = |event: &str, name: &str| {
        let rest = event.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
        let text = rest.and_then(|rest| rest.split_once(&format!("</{name}>"))).map(|(text, _)| text.to_owned());
        text.unwrap_or_default().replace("&quot;", "\"")
    };
    let mut events: Vec<String> = answer
        .tags("member")
        .iter()
        .map(|event| {
            let parts = ["LogicalResourceId", "ResourceStatus", "ResourceStatusReason"].map(|name| part(event, name));
            parts.join(" ").trim_end().to_owned()
        })
        .collect();
    events.reverse();
    events
}

async fn create(client: &Client, stack: &str, template: &str, more: &[(&str, &str)]) -> String {
    ok(client, "CreateStack", &with(stack, template, more)).await.tag("StackId")
}

fn parameter<'a>(key: &'a str, value: &'a str) -> [(&'a str, &'a str); 2] {
    [("Parameters.member.1.ParameterKey", key), ("Parameters.member.1.ParameterValue", value)]
}

async fn function(client: &Client, name: &str) -> Answer {
    client.lambda(Method::GET, &format!("/2015-03-31/functions/{name}"), &[], Value::Null).await
}

async fn has_bucket(client: &Client, name: &str) -> bool {
    let request = client.signed("s3", Method::GET, &format!("/{name}?location"), &[], "".into());
    client.send(request).await.status == 200
}

#[tokio::test]
async fn a_stack_is_made_described_and_deleted() {
    let lab = lab().await;
    let child = lab.client("child");
    let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "blue")];
    let id = create(&child, "app", APP, &tags).await;
    assert_eq!(settled(&child, "app").await, "CREATE_COMPLETE", "{:#?}", events(&child, "app").await);

    let shown = ok(&child, "DescribeStacks", &[("StackName", "app")]).await;
    assert_eq!(shown.tag("StackId"), id);
    assert_eq!(shown.tags("ParameterValue"), ["dev", "128", "****"]);
    let bucket = shown.tags("OutputValue")[0].clone();
    assert!(bucket.starts_with("app-data-"), "{bucket}");
    assert_eq!(shown.tags("ExportName"), ["app-bucket"]);
    let made = function(&child, "app-dev").await.json();
    let variables = json!({ "BUCKET": bucket, "LEVEL": "5", "SECRET": "hidden" });
    assert_eq!(made["Configuration"]["Environment"]["Variables"], variables);
    assert_eq!((&made["Configuration"]["Timeout"], &made["Tags"]["team"]), (&json!(7), &json!("blue")));
    let called = child.lambda(Method::POST, "/2015-03-31/functions/app-dev/invocations", &[], json!({ "a": 1 })).await;
    assert_eq!((called.status, called.json()), (200, json!({ "a": 1 })));
    let role = child.iam_ok("GetRole", &[("RoleName", "app-dev")]).await;
    assert_eq!(role.tag("Value"), "blue");
    let attached = child.iam_ok("ListAttachedRolePolicies", &[("RoleName", "app-dev")]).await;
    assert_eq!(attached.tag("PolicyName"), "AWSLambdaBasicExecutionRole");
    let inline = child.iam_ok("ListRolePolicies", &[("RoleName", "app-dev")]).await;
    assert!(inline.text().contains("<member>data</member><member>more</member>"), "{}", inline.text());
    assert!(has_bucket(&child, &bucket).await);

    let seen = events(&child, "app").await;
    assert_eq!(seen[0], "app CREATE_IN_PROGRESS User Initiated");
    assert_eq!(seen.last().unwrap(), "app CREATE_COMPLETE");
    let at = |event: &str| seen.iter().position(|seen| seen == event).unwrap_or_else(|| panic!("{event}: {seen:#?}"));
    assert!(at("Data CREATE_COMPLETE") < at("Role CREATE_IN_PROGRESS"));
    assert!(at("Role CREATE_IN_PROGRESS Resource creation Initiated") < at("Role CREATE_COMPLETE"));
    assert!(at("Role CREATE_COMPLETE") < at("Function CREATE_IN_PROGRESS"));
    let resources = ok(&child, "DescribeStackResources", &[("PhysicalResourceId", &bucket)]).await;
    assert_eq!(resources.tags("LogicalResourceId"), ["Data", "DataPolicy", "Function", "More", "Role"]);
    let one = [("StackName", "app"), ("LogicalResourceId", "More")];
    assert_eq!(ok(&child, "DescribeStackResource", &one).await.tag("PhysicalResourceId"), "more|app-dev");
    assert_eq!(ok(&child, "ListStackResources", &[("StackName", &id)]).await.tags("ResourceStatus").len(), 5);
    assert_eq!(ok(&child, "ListExports", &[]).await.tag("Value"), bucket);
    assert!(ok(&child, "GetTemplate", &[("StackName", "app")]).await.tag("TemplateBody").contains("what runs"));

    ok(&child, "DeleteStack", &[("StackName", "app")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE", "{:#?}", events(&child, &id).await);
    ask(&child, "DescribeStacks", &[("StackName", "app")]).await.refused(
        400,
        "ValidationError",
        "Stack with id app does not exist",
    );
    assert_eq!(child.iam("GetRole", &[("RoleName", "app-dev")]).await.status, 404);
    assert_eq!(function(&child, "app-dev").await.status, 404);
    assert!(!has_bucket(&child, &bucket).await);
    let filter = [("StackStatusFilter.member.1", "DELETE_COMPLETE")];
    assert_eq!(ok(&child, "ListStacks", &filter).await.tags("StackName"), ["app"]);
    ok(&child, "DeleteStack", &[("StackName", "app")]).await;
}

#[tokio::test]
async fn what_can_not_be_deployed_is_refused_before_anything_is_made() {
    let lab = lab().await;
    let child = lab.client("child");
    let refused = async |template: &str, more: &[(&str, &str)], code: &str, message: &str| {
        ask(&child, "CreateStack", &with("app", template, more)).await.refused(400, code, message);
    };
    let stage = parameter("Stage", "UPPER");
    refused(APP, &stage, "ValidationError", "Parameter Stage failed to satisfy constraint: two to eight letters").await;
    refused(APP, &parameter("Nope", "x"), "ValidationError", "Parameters: [Nope] do not exist in the template").await;
    let unnamed = [("StackName", "app"), ("TemplateBody", APP), ("Capabilities.member.1", "CAPABILITY_IAM")];
    let missing = ask(&child, "CreateStack", &unnamed).await;
    missing.refused(400, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]");
    let unknown = "Resources: {A: {Type: 'AWS::Foo::Bar'}}";
    refused(unknown, &[], "ValidationError", "Template format error: Unrecognized resource types: [AWS::Foo::Bar]")
        .await;
    let attribute = APP.replace("!GetAtt Function.Arn", "!GetAtt Function.Nope");
    refused(&attribute, &[], "ValidationError", "resource Function does not support attribute type Nope").await;
    refused("Resources: [", &[], "ValidationError", "Template format error: YAML not well-formed.").await;
    let name = [("StackName", "a_b"), ("TemplateBody", APP)];
    ask(&child, "CreateStack", &name).await.refused(400, "ValidationError", "'stackName'");
    ask(&child, "CreateStack", &[("StackName", "app")]).await.refused(400, "ValidationError", "Template Body must be");
    ask(&child, "UpdateStack", &with("app", APP, &[])).await.refused(
        400,
        "ValidationError",
        "Stack [app] does not exist",
    );
    assert!(ok(&child, "ListStacks", &[]).await.tags("StackName").is_empty());

    let summary = ok(&child, "GetTemplateSummary", &[("TemplateBody", APP)]).await;
    assert_eq!(summary.tags("ParameterKey"), ["Stage", "Memory", "Secret"]);
    assert_eq!(summary.tag("CapabilitiesReason"), "The following resource(s) require capabilities: [AWS::IAM::Role]");
    assert_eq!(
        ok(&child, "ValidateTemplate", &[("TemplateBody", APP)]).await.tag("Description"),
        "A function with its role and its data"
    );
}

#[tokio::test]
async fn a_denial_fails_its_resource_and_everything_is_taken_back() {
    let lab = lab().await;
    let child = lab.client("child");
    let user = child.new_user("deployer", &[&allowing("*", "*"), &denying("lambda:CreateFunction", "*")]).await;
    let id = create(&user, "app", APP, &[]).await;
    assert_eq!(settled(&child, "app").await, "ROLLBACK_COMPLETE");
    let seen = events(&child, "app").await;
    let why = seen.iter().find(|event| event.starts_with("Function CREATE_FAILED")).unwrap();
    let denied = format!(
        "Resource handler returned message: \"User: arn:aws:iam::{CHILD}:user/deployer is not authorized to perform: \
         lambda:CreateFunction on resource: arn:aws:lambda:eu-west-1:{CHILD}:function:app-dev with an explicit deny in \
         an identity-based policy (Service: Lambda, Status Code: 403, Request ID: "
    );
    assert!(why.contains(&denied) && why.ends_with("HandlerErrorCode: AccessDenied)"), "{why}");
    let rolled = "app ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Function";
    assert!(
        seen.iter().any(|event| event.starts_with(rolled) && event.ends_with("Rollback requested by user.")),
        "{seen:#?}"
    );
    assert_eq!(child.iam("GetRole", &[("RoleName", "app-dev")]).await.status, 404);
    let resources = ok(&child, "DescribeStackResources", &[("StackName", "app")]).await;
    assert!(resources.tags("ResourceStatus").iter().all(|status| status == "DELETE_COMPLETE"));

    // It can only be deleted.
    let again = ask(&child, "UpdateStack", &with("app", APP, &[])).await;
    again.refused(400, "ValidationError", &format!("Stack:{id} is in ROLLBACK_COMPLETE state and can not be updated."));
    let again = ask(&child, "CreateStack", &with("app", APP, &[])).await;
    again.refused(400, "AlreadyExistsException", "Stack [app] already exists");
    ok(&child, "DeleteStack", &[("StackName", "app")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE");

    // Whoever may not call CloudFormation gets nowhere.
    let nobody = child.new_user("nobody", &[]).await;
    let denied = ask(&nobody, "CreateStack", &with("app", APP, &[])).await;
    let on = format!("cloudformation:CreateStack on resource: arn:aws:cloudformation:eu-west-1:{CHILD}:stack/app/*");
    denied.refused(403, "AccessDenied", &on);
}

#[tokio::test]
async fn a_failure_may_leave_what_was_made_or_delete_the_stack() {
    let lab = lab().await;
    let child = lab.client("child");
    lab.fault(json!({ "service": "lambda", "operation": "CreateFunction", "effect": { "kind": "error" }, "times": 2 }))
        .await;
    create(&child, "kept", APP, &[("DisableRollback", "true")]).await;
    assert_eq!(settled(&child, "kept").await, "CREATE_FAILED");
    assert_eq!(child.iam("GetRole", &[("RoleName", "app-dev")]).await.status, 200);
    let other = APP.replace("app-${Stage}", "other-${Stage}");
    let id = create(&child, "gone", &other, &[("OnFailure", "DELETE")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE");
    assert_eq!(child.iam("GetRole", &[("RoleName", "other-dev")]).await.status, 404);
    // What failed is tried again by an update.
    ok(&child, "UpdateStack", &with("kept", APP, &[])).await;
    assert_eq!(settled(&child, "kept").await, "UPDATE_COMPLETE", "{:#?}", events(&child, "kept").await);
    assert_eq!(function(&child, "app-dev").await.status, 200);
}

#[tokio::test]
async fn updates_change_in_place_replace_and_clean_up() {
    let lab = lab().await;
    let child = lab.client("child");
    create(&child, "app", APP, &[]).await;
    assert_eq!(settled(&child, "app").await, "CREATE_COMPLETE");
    let same = ask(&child, "UpdateStack", &with("app", APP, &[])).await;
    same.refused(400, "ValidationError", "No updates are to be performed.");

    let before = function(&child, "app-dev").await.json()["Configuration"]["CodeSha256"].clone();
    let changed = APP.replace("return event", "return 'new'");
    ok(&child, "UpdateStack", &with("app", &changed, &parameter("Memory", "256"))).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_COMPLETE", "{:#?}", events(&child, "app").await);
    let after = function(&child, "app-dev").await.json()["Configuration"].clone();
    assert_eq!(after["MemorySize"], 256);
    assert_ne!(after["CodeSha256"], before);

    // Other names: everything that has one is made anew, and the old ones go. What is not named stays.
    let bucket = ok(&child, "DescribeStacks", &[("StackName", "app")]).await.tags("OutputValue")[0].clone();
    let previous = [
        ("UsePreviousTemplate", "true"),
        ("StackName", "app"),
        ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
        ("Parameters.member.1.ParameterKey", "Stage"),
        ("Parameters.member.1.ParameterValue", "prod"),
        ("Parameters.member.2.ParameterKey", "Memory"),
        ("Parameters.member.2.UsePreviousValue", "true"),
    ];
    ok(&child, "UpdateStack", &previous).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_COMPLETE", "{:#?}", events(&child, "app").await);
    let seen = events(&child, "app").await;
    let new = "Requested update requires the creation of a new physical resource; hence creating one.";
    assert!(seen.contains(&format!("Role UPDATE_IN_PROGRESS {new}")), "{seen:#?}");
    let cleaning = seen.iter().rposition(|event| event.contains("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")).unwrap();
    let deleted = seen.iter().rposition(|event| event == "Role DELETE_COMPLETE").unwrap();
    assert!(cleaning < deleted);
    assert_eq!(function(&child, "app-prod").await.json()["Configuration"]["MemorySize"], 256);
    assert_eq!(function(&child, "app-dev").await.status, 404);
    assert_eq!(child.iam("GetRole", &[("RoleName", "app-dev")]).await.status, 404);
    let shown = ok(&child, "DescribeStacks", &[("StackName", "app")]).await;
    assert_eq!((&shown.tags("OutputValue")[0], &shown.tags("ParameterValue")[1]), (&bucket, &"256".to_owned()));

    // The same name can't be had twice at once.
    let fixed = APP.replace("RoleName: !Sub app-${Stage}", "RoleName: app-prod\n      Path: /other/");
    ok(&child, "UpdateStack", &with("app", &fixed, &parameter("Stage", "prod"))).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_ROLLBACK_COMPLETE");
    let named = "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename app-prod";
    assert!(events(&child, "app").await.iter().any(|event| event.contains(named)));
}

#[tokio::test]
async fn a_failed_update_is_taken_back() {
    let lab = lab().await;
    let child = lab.client("child");
    create(&child, "app", APP, &[]).await;
    assert_eq!(settled(&child, "app").await, "CREATE_COMPLETE");
    // The function changes, then the new bucket is refused.
    let second = "
  Second: {Type: AWS::S3::Bucket, DependsOn: Function, Properties: {BucketName: Not_A_Name}}
  Third: {Type: AWS::S3::Bucket, Properties: {BucketName: third-bucket}}
Outputs:";
    let changed = APP.replace("\nOutputs:", second).replace("Timeout: \"7\"", "Timeout: 9");
    ok(&child, "UpdateStack", &with("app", &changed, &[])).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_ROLLBACK_COMPLETE");
    let seen = events(&child, "app").await;
    let failed = "app UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Second].";
    assert!(seen.iter().any(|event| event == failed), "{seen:#?}");
    assert_eq!(function(&child, "app-dev").await.json()["Configuration"]["Timeout"], 7);
    assert!(!has_bucket(&child, "third-bucket").await);
    let left = ok(&child, "ListStackResources", &[("StackName", "app")]).await;
    assert_eq!(left.tags("LogicalResourceId").len(), 5);
    assert!(!ok(&child, "GetTemplate", &[("StackName", "app")]).await.text().contains("Third"));
    // From there it can be updated again.
    let good = changed.replace("Not_A_Name", "second-bucket");
    ok(&child, "UpdateStack", &with("app", &good, &[])).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_COMPLETE");
    assert!(has_bucket(&child, "third-bucket").await && has_bucket(&child, "second-bucket").await);
}

#[tokio::test]
async fn a_bucket_with_objects_stays_until_it_is_retained() {
    let lab = lab().await;
    let child = lab.client("child");
    let template = "
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: full-bucket}}
  Kept: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {BucketName: kept-bucket}}
  Group: {Type: AWS::IAM::Group, DependsOn: Bucket}
";
    let id = create(&child, "full", template, &[("EnableTerminationProtection", "true")]).await;
    assert_eq!(settled(&child, "full").await, "CREATE_COMPLETE", "{:#?}", events(&child, "full").await);
    let put = child.signed("s3", Method::PUT, "/full-bucket/key", &[("content-type", "text/plain")], "x".into());
    assert_eq!(child.send(put).await.status, 200);
    let protected = ask(&child, "DeleteStack", &[("StackName", "full")]).await;
    protected.refused(400, "ValidationError", "Stack [full] cannot be deleted while TerminationProtection is enabled");
    ok(&child, "UpdateTerminationProtection", &[("StackName", "full"), ("EnableTerminationProtection", "false")]).await;
    ok(&child, "DeleteStack", &[("StackName", "full")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_FAILED");
    let seen = events(&child, &id).await;
    assert!(
        seen.contains(&"full DELETE_FAILED The following resource(s) failed to delete: [Bucket].".to_owned()),
        "{seen:#?}"
    );
    assert!(seen.iter().any(|event| event.contains("The bucket you tried to delete is not empty")));
    ok(&child, "DeleteStack", &[("StackName", "full"), ("RetainResources.member.1", "Bucket")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE");
    assert!(has_bucket(&child, "full-bucket").await && has_bucket(&child, "kept-bucket").await);
    assert!(events(&child, &id).await.contains(&"Kept DELETE_SKIPPED".to_owned()));
}

#[tokio::test]
async fn a_service_role_is_passed_trusted_kept_and_all_that_counts() {
    let lab = lab().await;
    let child = lab.client("child");
    let template = "Resources: {Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: served-bucket}}}";
    let role = child.new_role("stacks", TRUSTS_CLOUDFORMATION, &[]).await;
    let user = child.new_user("operator", &[&allowing("cloudformation:*", "*")]).await;
    let asked = with("served", template, &[("RoleARN", role.as_str())]);
    let denied = ask(&user, "CreateStack", &asked).await;
    denied.refused(403, "AccessDenied", &format!("is not authorized to perform: iam:PassRole on resource: {role}"));
    let pass = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"iam:PassRole","Resource":"{role}","Condition":{{"StringEquals":{{"iam:PassedToService":"cloudformation.amazonaws.com"}}}}}}]}}"#
    );
    child.iam_ok("PutUserPolicy", &[("UserName", "operator"), ("PolicyName", "pass"), ("PolicyDocument", &pass)]).await;
    // The role's trust is for another stack's ARN.
    let other = ask(&user, "CreateStack", &with("other", template, &[("RoleARN", role.as_str())])).await;
    other.refused(400, "ValidationError", &format!("Role {role} is invalid or cannot be assumed"));

    let id = ok(&user, "CreateStack", &asked).await.tag("StackId");
    assert_eq!(settled(&child, "served").await, "ROLLBACK_COMPLETE");
    let session = format!("arn:aws:sts::{CHILD}:assumed-role/stacks/AWSCloudFormation");
    let why = format!(
        "User: {session} is not authorized to perform: s3:CreateBucket on resource: \"arn:aws:s3:::served-bucket\""
    );
    assert!(
        events(&child, "served").await.iter().any(|event| event.contains(&why)),
        "{:#?}",
        events(&child, "served").await
    );
    ok(&user, "DeleteStack", &[("StackName", "served")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE");

    let may = allowing("s3:*", "arn:aws:s3:::served-bucket");
    child.iam_ok("PutRolePolicy", &[("RoleName", "stacks"), ("PolicyName", "s3"), ("PolicyDocument", &may)]).await;
    let id = ok(&user, "CreateStack", &asked).await.tag("StackId");
    assert_eq!(settled(&child, "served").await, "CREATE_COMPLETE");
    assert_eq!(ok(&child, "DescribeStacks", &[("StackName", "served")]).await.tag("RoleARN"), role);
    // The role is used again without being named.
    ok(&user, "DeleteStack", &[("StackName", "served")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE");
    assert!(!has_bucket(&child, "served-bucket").await);
}

#[tokio::test]
async fn change_sets_tell_what_they_do_and_do_it() {
    let lab = lab().await;
    let child = lab.client("child");
    let set = |name: &'static str, kind: &'static str| [("ChangeSetName", name), ("ChangeSetType", kind)];
    let made = ok(&child, "CreateChangeSet", &with("app", APP, &set("first", "CREATE"))).await;
    let (id, stack) = (made.tag("Id"), made.tag("StackId"));
    assert_eq!(settled_review(&child, "app").await, "REVIEW_IN_PROGRESS");
    let shown = ok(&child, "DescribeChangeSet", &[("ChangeSetName", &id)]).await;
    assert_eq!((shown.tag("Status"), shown.tag("ExecutionStatus")), ("CREATE_COMPLETE".into(), "AVAILABLE".into()));
    assert_eq!(shown.tags("Action"), ["Add"; 5]);
    ok(&child, "ExecuteChangeSet", &[("StackName", "app"), ("ChangeSetName", "first")]).await;
    assert_eq!(settled(&child, "app").await, "CREATE_COMPLETE", "{:#?}", events(&child, "app").await);
    assert_eq!(ok(&child, "DescribeStacks", &[("StackName", "app")]).await.tag("ChangeSetId"), id);
    let exists = ask(&child, "CreateChangeSet", &with("app", APP, &set("again", "CREATE"))).await;
    exists.refused(400, "ValidationError", "already exists and cannot be created again");

    ok(&child, "CreateChangeSet", &with("app", APP, &set("none", "UPDATE"))).await;
    let none = ok(&child, "DescribeChangeSet", &[("StackName", "app"), ("ChangeSetName", "none")]).await;
    assert_eq!(none.tag("Status"), "FAILED");
    assert!(none.tag("StatusReason").starts_with("The submitted information didn't contain changes."));
    let never = ask(&child, "ExecuteChangeSet", &[("StackName", "app"), ("ChangeSetName", "none")]).await;
    never.refused(400, "InvalidChangeSetStatus", "cannot be executed in its current status of [FAILED]");

    let more = [&set("stage", "UPDATE")[..], &parameter("Stage", "prod")].concat();
    ok(&child, "CreateChangeSet", &with("app", APP, &more)).await;
    let shown = ok(&child, "DescribeChangeSet", &[("StackName", "app"), ("ChangeSetName", "stage")]).await;
    let role =
        shown.tags("ResourceChange").into_iter().find(|change| change.contains("<LogicalResourceId>Role<")).unwrap();
    assert!(role.contains("<Action>Modify</Action>") && role.contains("<Replacement>True</Replacement>"), "{role}");
    assert!(!role.contains("BeforeValue"));
    let values = [("StackName", "app"), ("ChangeSetName", "stage"), ("IncludePropertyValues", "true")];
    assert!(ok(&child, "DescribeChangeSet", &values).await.text().contains("<BeforeValue>app-dev</BeforeValue>"));
    assert_eq!(ok(&child, "ListChangeSets", &[("StackName", "app")]).await.tags("ChangeSetName").len(), 3);
    ok(&child, "ExecuteChangeSet", &[("StackName", "app"), ("ChangeSetName", "stage")]).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_COMPLETE", "{:#?}", events(&child, "app").await);
    assert_eq!(function(&child, "app-prod").await.status, 200);
    let gone = ask(&child, "DescribeChangeSet", &[("StackName", &stack), ("ChangeSetName", "none")]).await;
    gone.refused(404, "ChangeSetNotFound", "ChangeSet [none] does not exist");
}

async fn settled_review(client: &Client, stack: &str) -> String {
    ok(client, "DescribeStacks", &[("StackName", stack)]).await.tag("StackStatus")
}

#[tokio::test]
async fn exports_are_imported_and_kept_while_in_use() {
    let lab = lab().await;
    let child = lab.client("child");
    let exporter = |name: &str| {
        format!(
            "Resources: {{B: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: {name}}}}}}}\nOutputs: {{O: {{Value: !Ref B, Export: {{Name: shared}}}}}}\n"
        )
    };
    let importer = "Resources: {G: {Type: 'AWS::IAM::Policy', Properties: {PolicyName: p, Groups: [!Ref H], PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:*', Resource: !Sub ['arn:aws:s3:::${b}', {b: !ImportValue shared}]}]}}}, H: {Type: 'AWS::IAM::Group'}}\n";
    let id = create(&child, "user", importer, &[]).await;
    assert_eq!(settled(&child, "user").await, "ROLLBACK_COMPLETE");
    let missing = "user ROLLBACK_IN_PROGRESS No export named shared found. Rollback requested by user.";
    assert!(events(&child, "user").await.contains(&missing.to_owned()));
    ok(&child, "DeleteStack", &[("StackName", "user")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE");

    create(&child, "owner", &exporter("shared-one"), &[]).await;
    assert_eq!(settled(&child, "owner").await, "CREATE_COMPLETE");
    create(&child, "user", importer, &[]).await;
    assert_eq!(settled(&child, "user").await, "CREATE_COMPLETE", "{:#?}", events(&child, "user").await);
    assert!(ok(&child, "ListImports", &[("ExportName", "shared")]).await.text().contains("<member>user</member>"));
    ok(&child, "DeleteStack", &[("StackName", "owner")]).await;
    assert_eq!(settled(&child, "owner").await, "CREATE_COMPLETE");
    let why = "Delete canceled. Cannot delete export shared as it is in use by user.";
    assert_eq!(ok(&child, "DescribeStacks", &[("StackName", "owner")]).await.tag("StackStatusReason"), why);
    ok(&child, "UpdateStack", &with("owner", &exporter("shared-two"), &[])).await;
    assert_eq!(settled(&child, "owner").await, "UPDATE_ROLLBACK_COMPLETE");
    let why = "Export shared cannot be updated as it is in use by user.";
    assert!(events(&child, "owner").await.iter().any(|event| event.contains(why)));
    assert!(has_bucket(&child, "shared-one").await && !has_bucket(&child, "shared-two").await);
}

#[tokio::test]
async fn templates_are_read_from_s3_as_the_caller() {
    let lab = lab().await;
    let child = lab.client("child");
    let template = "Resources: {Templates: {Type: 'AWS::S3::Bucket', Properties: {BucketName: the-templates}}}";
    create(&child, "first", template, &[]).await;
    assert_eq!(settled(&child, "first").await, "CREATE_COMPLETE");
    let put = child.signed("s3", Method::PUT, "/the-templates/a/app.yaml", &[], APP.into());
    assert_eq!(child.send(put).await.status, 200);
    let url = "https://the-templates.s3.eu-west-1.amazonaws.com/a/app.yaml";
    assert_eq!(ok(&child, "ValidateTemplate", &[("TemplateURL", url)]).await.tags("ParameterKey").len(), 3);
    let missing = ask(&child, "ValidateTemplate", &[("TemplateURL", "https://s3.amazonaws.com/the-templates/b")]).await;
    missing.refused(400, "ValidationError", "S3 error: The specified key does not exist.");
    let user = child.new_user("reader", &[&allowing("cloudformation:*", "*")]).await;
    let denied = ask(&user, "ValidateTemplate", &[("TemplateURL", url)]).await;
    denied.refused(400, "ValidationError", "S3 error: User: arn:aws:iam::222222222222:user/reader is not authorized");
    let bad = ask(&child, "ValidateTemplate", &[("TemplateURL", "https://example.com/a")]).await;
    bad.refused(400, "ValidationError", "TemplateURL must be a supported URL.");
}

const SERVED: &str = "
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: sagemaker.amazonaws.com}, Action: 'sts:AssumeRole'}]
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      PrimaryContainer: {Image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagebridge-echo:1', Environment: {N: 1}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: AllTraffic, ModelName: !GetAtt Model.ModelName, InitialInstanceCount: '1', InstanceType: ml.t2.medium, InitialVariantWeight: '1'}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: served, EndpointConfigName: !GetAtt Config.EndpointConfigName}
Outputs: {Endpoint: {Value: !Ref Endpoint}}
";

#[tokio::test]
async fn what_was_under_way_goes_on_after_a_restart() {
    let lab = Lab::start().await;
    lab.settings(json!({ "endpoint_creation_ms": 60_000 })).await;
    let child = lab.client("child");
    let id = create(&child, "served", SERVED, &[]).await;
    for _ in 0..400 {
        if events(&child, "served").await.iter().any(|event| event.starts_with("Endpoint CREATE_IN_PROGRESS Resource"))
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    // The endpoint's time passes while nobody looks.
    let file = dir.path().join("state.json");
    let mut state: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let endpoint = &mut state["accounts"][CHILD]["sagemaker"]["eu-west-1"]["endpoints"]["served"];
    assert_eq!(endpoint["pending"]["status"], "Creating");
    endpoint["pending"]["until"] = json!(0);
    std::fs::write(&file, state.to_string()).unwrap();

    let again = sandbox::start(config(dir.path())).await.unwrap();
    let child = Client::of_profile(&again.url(), again.credentials_file(), "child");
    assert_eq!(settled(&child, "served").await, "CREATE_COMPLETE", "{:#?}", events(&child, "served").await);
    let shown = ok(&child, "DescribeStacks", &[("StackName", "served")]).await;
    assert_eq!(shown.tag("OutputValue"), format!("arn:aws:sagemaker:eu-west-1:{CHILD}:endpoint/served"));
    let seen = events(&child, "served").await;
    assert_eq!(seen.iter().filter(|event| *event == "Endpoint CREATE_COMPLETE").count(), 1, "{seen:#?}");
    ok(&child, "DeleteStack", &[("StackName", "served")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE", "{:#?}", events(&child, &id).await);
    let gone = child.sagemaker("DescribeEndpoint", json!({ "EndpointName": "served" })).await;
    gone.refused(400, "ValidationException", "Could not find endpoint");
}

#[tokio::test]
async fn a_stack_that_is_being_made_can_be_deleted_and_an_update_cancelled() {
    let lab = Lab::start().await;
    lab.settings(json!({ "endpoint_creation_ms": 1000, "endpoint_update_ms": 1500 })).await;
    let child = lab.client("child");
    let id = create(&child, "served", SERVED, &[]).await;
    ok(&child, "DeleteStack", &[("StackName", "served")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE", "{:#?}", events(&child, &id).await);

    create(&child, "served", SERVED, &[]).await;
    assert_eq!(settled(&child, "served").await, "CREATE_COMPLETE", "{:#?}", events(&child, "served").await);
    let early = ask(&child, "CancelUpdateStack", &[("StackName", "served")]).await;
    early.refused(400, "ValidationError", "CancelUpdateStack cannot be called from current stack status");
    let changed = SERVED.replace("'1', InstanceType", "'2', InstanceType");
    ok(&child, "UpdateStack", &with("served", &changed, &[])).await;
    let busy = ask(&child, "DeleteStack", &[("StackName", "served")]).await;
    busy.refused(400, "ValidationError", "cannot be deleted while in status UPDATE_IN_PROGRESS");
    ok(&child, "CancelUpdateStack", &[("StackName", "served")]).await;
    assert_eq!(settled(&child, "served").await, "UPDATE_ROLLBACK_COMPLETE", "{:#?}", events(&child, "served").await);
    let endpoint = child.sagemaker("DescribeEndpoint", json!({ "EndpointName": "served" })).await.json();
    assert_eq!(endpoint["ProductionVariants"][0]["CurrentInstanceCount"], 1);
    let configs = child.sagemaker("ListEndpointConfigs", json!({})).await.json();
    assert_eq!(configs["EndpointConfigs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn properties_that_a_type_has_not_are_refused_and_bad_references_fail() {
    let lab = lab().await;
    let child = lab.client("child");
    for (resource, reason) in [
        ("{Type: 'AWS::S3::Bucket', Properties: {Nope: 1}}", "Encountered unsupported property Nope"),
        ("{Type: 'AWS::IAM::Role'}", "Property AssumeRolePolicyDocument cannot be empty."),
        (
            "{Type: 'AWS::CodeCommit::Repository', Properties: {RepositoryName: r, Code: {}}}",
            "the sandbox has no `Code`",
        ),
        (
            "{Type: 'AWS::IAM::Policy', Properties: {PolicyName: p, PolicyDocument: {}}}",
            "At least one of [Groups,Roles,Users]",
        ),
    ] {
        let id = create(&child, "bad", &format!("Resources: {{R: {resource}}}\n"), &[]).await;
        assert_eq!(settled(&child, &id).await, "ROLLBACK_COMPLETE", "{resource}");
        let seen = events(&child, &id).await;
        assert!(seen.iter().any(|event| event.starts_with(&format!("R CREATE_FAILED {reason}"))), "{seen:#?}");
        ok(&child, "DeleteStack", &[("StackName", &id)]).await;
        assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE");
    }
}

#[tokio::test]
async fn managed_policies_are_attached_changed_and_detached() {
    let lab = lab().await;
    let child = lab.client("child");
    let template = "
Resources:
  User: {Type: AWS::IAM::User, Properties: {UserName: reader, Groups: [!Ref Group]}}
  Group: {Type: AWS::IAM::Group, Properties: {GroupName: readers}}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: reading
      Groups: [!Ref Group]
      PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]}
Outputs: {Policy: {Value: !Ref Policy}, Version: {Value: !GetAtt Policy.DefaultVersionId}}
";
    let id = create(&child, "people", template, &[]).await;
    assert_eq!(settled(&child, "people").await, "CREATE_COMPLETE", "{:#?}", events(&child, "people").await);
    let outputs = ok(&child, "DescribeStacks", &[("StackName", "people")]).await.tags("OutputValue");
    let arn = format!("arn:aws:iam::{CHILD}:policy/reading");
    assert_eq!(outputs, [arn.as_str(), "v1"]);
    assert_eq!(child.iam_ok("ListGroupsForUser", &[("UserName", "reader")]).await.tag("GroupName"), "readers");
    let attached = child.iam_ok("ListEntitiesForPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!(attached.tags("GroupName"), ["readers"]);
    let changed =
        template.replace("Groups: [!Ref Group]\n      PolicyDocument", "Users: [!Ref User]\n      PolicyDocument");
    let changed = changed.replace("s3:GetObject", "s3:ListBucket");
    ok(&child, "UpdateStack", &with("people", &changed, &[])).await;
    assert_eq!(settled(&child, "people").await, "UPDATE_COMPLETE", "{:#?}", events(&child, "people").await);
    let attached = child.iam_ok("ListEntitiesForPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!((attached.tags("GroupName").len(), attached.tags("UserName")), (0, vec!["reader".to_owned()]));
    assert_eq!(child.iam_ok("ListPolicyVersions", &[("PolicyArn", &arn)]).await.tags("VersionId"), ["v2"]);
    ok(&child, "DeleteStack", &[("StackName", "people")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE", "{:#?}", events(&child, &id).await);
    assert_eq!(child.iam("GetPolicy", &[("PolicyArn", &arn)]).await.status, 404);
}

/// What the pipeline is made of, as far as it goes without the services that it names.
mod pipeline {
    use super::{Answer, ask, lab, ok, settled};
    use crate::support::{Client, a_pipeline};
    use domain::pipeline::intent::Source;
    use domain::pipeline::stacks::{self, Outputs, Pass, Peers, Stack};

    /// What the stacks would put out.
    fn outputs(account: &str, more: &[(&str, &str)]) -> Outputs {
        let role = |name: &str| (name.to_owned(), format!("arn:aws:iam::{account}:role/{name}"));
        let roles = ["PipelineRoleArn", "ReportRoleArn", "StageRoleArn", "DeployRoleArn", "TrainingRoleArn"];
        let mut outputs: Outputs = roles.into_iter().map(role).collect();
        outputs.extend(["ModelRoleArn", "WorkflowRoleArn"].into_iter().map(role));
        outputs.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        outputs
    }

    async fn prepare(client: &Client, stack: &Stack) -> Answer {
        let template = &*stack.template;
        assert_eq!(ok(client, "ValidateTemplate", &[("TemplateBody", template)]).await.status, 200);
        let summary = ok(client, "GetTemplateSummary", &[("TemplateBody", template)]).await;
        assert_eq!(summary.tags("ParameterKey").len(), stack.parameters.len());
        let names: Vec<String> =
            (1..=stack.parameters.len()).map(|n| format!("Parameters.member.{n}.Parameter")).collect();
        let names: Vec<[String; 2]> = names.iter().map(|name| [format!("{name}Key"), format!("{name}Value")]).collect();
        let mut params = vec![
            ("StackName", stack.name.as_str()),
            ("ChangeSetName", "first"),
            ("ChangeSetType", "CREATE"),
            ("TemplateBody", template),
            ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
        ];
        for ([key, value], (name, given)) in names.iter().zip(&stack.parameters) {
            params.extend([(key.as_str(), *name), (value.as_str(), given.as_str())]);
        }
        let id = ok(client, "CreateChangeSet", &params).await.tag("StackId");
        let asked = [("StackName", stack.name.as_str()), ("ChangeSetName", "first")];
        let shown = ok(client, "DescribeChangeSet", &asked).await;
        assert_eq!(shown.tag("ExecutionStatus"), "AVAILABLE", "{}", stack.name);
        ok(client, "DeleteChangeSet", &asked).await;
        ok(client, "DeleteStack", &asked[..1]).await;
        assert_eq!(settled(client, &id).await, "DELETE_COMPLETE");
        shown
    }

    #[tokio::test]
    async fn every_stack_of_a_pipeline_can_be_prepared() {
        let lab = lab().await;
        let shared = outputs(
            "333333333333",
            &[
                ("BucketName", "churn-333333333333-eu-west-1"),
                ("KeyArn", "arn:aws:kms:eu-west-1:333333333333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            ],
        );
        let training = outputs("444444444444", &[]);
        let production = outputs("555555555555", &[("DeployFunctionName", "churn-deploy")]);
        let peers = Peers { training: &training, production: &production };
        let repository = Source::Repository { name: "churn".into(), branch: "main".into() };
        for (source, expected) in [(repository, 12), (Source::Bucket, 11)] {
            let intent = a_pipeline(source);
            for (profile, stack) in [
                ("shared", stacks::shared_services(&intent, Pass::First).unwrap()),
                ("training", stacks::training(&intent, &shared).unwrap()),
                ("production", stacks::production(&intent, &shared).unwrap()),
                ("shared", stacks::shared_services(&intent, Pass::Wired(peers)).unwrap()),
                ("training", stacks::workflow(&intent, &shared, &training).unwrap()),
            ] {
                assert!(!prepare(&lab.client(profile), &stack).await.tags("ResourceChange").is_empty());
            }
            let whole = stacks::shared_services(&intent, Pass::WithPipeline(peers)).unwrap();
            let shown = prepare(&lab.client("shared"), &whole).await;
            assert_eq!(shown.tags("ResourceChange").len(), expected, "{:?}", shown.tags("LogicalResourceId"));
        }
        // Stages that lack a capability are told before anything is kept.
        let stack = stacks::training(&a_pipeline(Source::Bucket), &shared).unwrap();
        let bare = [("StackName", stack.name.as_str()), ("TemplateBody", &*stack.template)];
        let refused = ask(&lab.client("training"), "CreateStack", &bare).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
    }
}
