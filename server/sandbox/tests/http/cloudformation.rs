//! CloudFormation: what is deployed, who may, and what is left when something fails.

mod changes;
mod failures;
mod pipeline;

use crate::support::{Answer, CHILD, Client, Lab, allowing};
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
