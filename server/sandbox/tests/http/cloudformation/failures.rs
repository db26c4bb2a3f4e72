//! What is left when something fails, is stopped or goes on after a restart.

use super::{APP, ask, create, events, function, has_bucket, lab, ok, settled, with};
use crate::support::{CHILD, Client, Lab, allowing, config, denying};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

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
