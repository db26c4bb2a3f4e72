//! What is sent to CloudFormation, and made of its answers.

use crate::canned::{Canned, Received, Reply, ireland, parent, xml, xml_error};
use domain::time::Timestamp;
use services::ports::gateway::{GatewayErrorKind, StackRequest, StackState};

const ID: &str = "arn:aws:cloudformation:eu-west-1:111111111111:stack/churn/0f8f";

fn request() -> StackRequest {
    StackRequest {
        name: "churn".into(),
        template: "Resources: {}".into(),
        parameters: [("Prefix".to_owned(), "churn".to_owned())].into(),
        tags: [("sagebridge:pipeline".to_owned(), "p-1".to_owned())].into(),
    }
}

fn missing() -> Reply {
    xml_error(400, "ValidationError", "Stack with id churn does not exist")
}

#[tokio::test]
async fn a_stack_is_created_with_its_parameters_tags_and_capability() {
    let canned = Canned::start(|_| xml("CreateStack", &format!("<StackId>{ID}</StackId>"))).await;
    let made = canned.pipeline().await.stacks.create_stack(&parent(), &ireland(), &request()).await.unwrap();
    assert_eq!(made.request_id.as_deref(), Some("req-1"));
    let sent = &canned.requests()[0];
    for (name, value) in [
        ("Action", "CreateStack"),
        ("StackName", "churn"),
        ("TemplateBody", "Resources%3A%20%7B%7D"),
        ("Parameters.member.1.ParameterKey", "Prefix"),
        ("Parameters.member.1.ParameterValue", "churn"),
        ("Tags.member.1.Key", "sagebridge%3Apipeline"),
        ("Tags.member.1.Value", "p-1"),
        ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
        ("OnFailure", "ROLLBACK"),
    ] {
        assert_eq!(sent.parameter(name).as_deref(), Some(value), "{name}");
    }
    assert!(sent.header("authorization").unwrap().contains("/cloudformation/aws4_request"));
}

#[tokio::test]
async fn every_asking_has_a_token_of_its_own_and_a_second_try_the_same() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let canned = Canned::start(move |_| match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => xml_error(500, "InternalFailure", "later"),
        _ => xml("CreateStack", &format!("<StackId>{ID}</StackId>")),
    })
    .await;
    let stacks = canned.pipeline().await.stacks;
    stacks.create_stack(&parent(), &ireland(), &request()).await.unwrap();
    stacks.create_stack(&parent(), &ireland(), &request()).await.unwrap();
    let sent = canned.requests();
    let tokens: Vec<_> = sent.iter().map(|one| one.parameter("ClientRequestToken").unwrap()).collect();
    assert!(tokens.len() == 3 && tokens[0] == tokens[1] && tokens[1] != tokens[2], "{tokens:?}");
}

#[tokio::test]
async fn a_stack_that_is_there_already_is_a_conflict_and_one_that_is_as_asked_is_not_updated() {
    let canned = Canned::start(|request| match request.operation().as_str() {
        "CreateStack" => xml_error(400, "AlreadyExistsException", "Stack [churn] already exists"),
        _ => xml_error(400, "ValidationError", "No updates are to be performed."),
    })
    .await;
    let stacks = canned.pipeline().await.stacks;
    let there = stacks.create_stack(&parent(), &ireland(), &request()).await.unwrap_err();
    assert_eq!((there.kind, there.retryable), (GatewayErrorKind::Conflict, false));
    assert_eq!(
        (there.to_string().as_str(), there.action().as_str()),
        ("Stack [churn] already exists", "cloudformation:CreateStack")
    );
    let same = stacks.update_stack(&parent(), &ireland(), &request()).await.unwrap();
    assert_eq!((same.value, same.request_id.as_deref()), (false, Some("req-2")));
}

#[tokio::test]
async fn an_update_is_begun_or_waits_for_the_one_under_way() {
    let canned = Canned::start(|_| xml("UpdateStack", &format!("<StackId>{ID}</StackId>"))).await;
    assert!(canned.pipeline().await.stacks.update_stack(&parent(), &ireland(), &request()).await.unwrap().value);
    assert_eq!(canned.requests()[0].parameter("Capabilities.member.1").as_deref(), Some("CAPABILITY_NAMED_IAM"));

    let message = format!("Stack:{ID} is in UPDATE_IN_PROGRESS state and can not be updated.");
    let canned = Canned::start(move |_| xml_error(400, "ValidationError", &message)).await;
    let busy = canned.pipeline().await.stacks.update_stack(&parent(), &ireland(), &request()).await.unwrap_err();
    assert_eq!((busy.kind, busy.retryable), (GatewayErrorKind::Conflict, true));
}

#[tokio::test]
async fn a_stack_is_described_with_its_state_outputs_and_tags() {
    let stack = format!(
        "<Stacks><member><StackId>{ID}</StackId><StackName>churn</StackName>\
         <CreationTime>2026-11-22T10:00:00.500Z</CreationTime><LastUpdatedTime>2026-11-22T11:00:00Z</LastUpdatedTime>\
         <StackStatus>UPDATE_ROLLBACK_COMPLETE</StackStatus><StackStatusReason>User Initiated</StackStatusReason>\
         <DisableRollback>false</DisableRollback>\
         <Parameters><member><ParameterKey>Prefix</ParameterKey><ParameterValue>churn</ParameterValue></member></Parameters>\
         <Outputs><member><OutputKey>KeyArn</OutputKey><OutputValue>arn:aws:kms:…</OutputValue></member></Outputs>\
         <Tags><member><Key>sagebridge:pipeline</Key><Value>p-1</Value></member></Tags></member></Stacks>"
    );
    let canned = Canned::start(move |_| xml("DescribeStacks", &stack)).await;
    let found = canned.pipeline().await.stacks.stack(&parent(), &ireland(), "churn").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.name.as_str()), (ID, "churn"));
    assert_eq!((found.state, found.reason.as_deref()), (StackState::UpdateRollbackComplete, Some("User Initiated")));
    assert_eq!((found.parameters["Prefix"].as_str(), found.outputs["KeyArn"].as_str()), ("churn", "arn:aws:kms:…"));
    assert_eq!(found.tags["sagebridge:pipeline"], "p-1");
    let hour = 3_600_000;
    assert_eq!(found.updated.unwrap().since(found.created), hour - 500);
}

#[tokio::test]
async fn a_stack_that_is_missing_is_no_error_to_look_for() {
    let canned = Canned::start(|_| missing()).await;
    let stacks = canned.pipeline().await.stacks;
    assert_eq!(stacks.stack(&parent(), &ireland(), "churn").await.unwrap(), None);
    assert_eq!(stacks.stack_template(&parent(), &ireland(), "churn").await.unwrap(), None);
    assert_eq!(stacks.stack_resources(&parent(), &ireland(), "churn").await.unwrap(), []);
    let update = stacks.update_stack(&parent(), &ireland(), &request()).await.unwrap_err();
    assert_eq!(update.kind, GatewayErrorKind::NotFound);
}

#[tokio::test]
async fn a_denial_is_told_with_the_action() {
    let message = "User: arn:aws:iam::111111111111:user/a is not authorized to perform: cloudformation:DescribeStacks";
    let canned = Canned::start(move |_| xml_error(403, "AccessDenied", message)).await;
    let denied = canned.pipeline().await.stacks.stack(&parent(), &ireland(), "churn").await.unwrap_err();
    assert_eq!(
        (denied.kind, denied.action().as_str()),
        (GatewayErrorKind::AccessDenied, "cloudformation:DescribeStacks")
    );
}

fn event(id: &str, logical_id: &str, status: &str) -> String {
    format!(
        "<member><StackId>{ID}</StackId><EventId>{id}</EventId><StackName>churn</StackName>\
         <LogicalResourceId>{logical_id}</LogicalResourceId><PhysicalResourceId></PhysicalResourceId>\
         <ResourceType>AWS::S3::Bucket</ResourceType><Timestamp>2026-11-22T10:00:00Z</Timestamp>\
         <ResourceStatus>{status}</ResourceStatus><ResourceStatusReason>why</ResourceStatusReason></member>"
    )
}

/// Four events on two pages, the newest first.
fn events(request: &Received) -> Reply {
    let page = if request.parameter("NextToken").is_some() {
        [event("2", "Bucket", "CREATE_IN_PROGRESS"), event("1", "churn", "CREATE_IN_PROGRESS")].concat()
    } else {
        [event("4", "churn", "CREATE_FAILED"), event("3", "Bucket", "CREATE_FAILED")].concat()
    };
    let next = if request.parameter("NextToken").is_some() { "" } else { "<NextToken>more</NextToken>" };
    xml("DescribeStackEvents", &format!("<StackEvents>{page}</StackEvents>{next}"))
}

#[tokio::test]
async fn events_come_oldest_first_and_only_as_many_pages_are_read_as_are_new() {
    let canned = Canned::start(events).await;
    let stacks = canned.pipeline().await.stacks;
    let all = stacks.stack_events(&parent(), &ireland(), ID, None).await.unwrap();
    assert_eq!(all.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
    let bucket = &all[2];
    assert_eq!((bucket.logical_id.as_str(), bucket.status.as_str()), ("Bucket", "CREATE_FAILED"));
    assert_eq!((bucket.reason.as_deref(), &bucket.physical_id), (Some("why"), &None));
    assert_eq!(bucket.at, Timestamp::of_day("2026-11-22").unwrap().plus_ms(36_000_000));
    assert_eq!(canned.requests().len(), 2);

    let new = stacks.stack_events(&parent(), &ireland(), ID, Some("3")).await.unwrap();
    assert_eq!(new.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["4"]);
    assert_eq!(canned.requests().len(), 3, "the second page has nothing new");
}

fn resources(request: &Received) -> Reply {
    let resource = |name: &str, status: &str| {
        format!(
            "<member><LogicalResourceId>{name}</LogicalResourceId><PhysicalResourceId>{name}-1</PhysicalResourceId>\
             <ResourceType>AWS::S3::Bucket</ResourceType><LastUpdatedTimestamp>2026-11-22T10:00:00Z</LastUpdatedTimestamp>\
             <ResourceStatus>{status}</ResourceStatus></member>"
        )
    };
    let (page, next) = match request.parameter("NextToken") {
        None => (resource("Bucket", "CREATE_COMPLETE"), "<NextToken>more</NextToken>"),
        Some(_) => (resource("Old", "DELETE_COMPLETE") + &resource("Key", "UPDATE_COMPLETE"), ""),
    };
    xml("ListStackResources", &format!("<StackResourceSummaries>{page}</StackResourceSummaries>{next}"))
}

#[tokio::test]
async fn all_pages_of_resources_are_read_without_the_deleted() {
    let canned = Canned::start(resources).await;
    let all = canned.pipeline().await.stacks.stack_resources(&parent(), &ireland(), "churn").await.unwrap();
    let names: Vec<_> = all.iter().map(|one| (one.logical_id.as_str(), one.physical_id.as_deref())).collect();
    assert_eq!(names, [("Bucket", Some("Bucket-1")), ("Key", Some("Key-1"))]);
}

#[tokio::test]
async fn a_template_comes_back_as_it_was_given_and_a_stack_is_deleted() {
    let canned = Canned::start(|request| match request.operation().as_str() {
        "GetTemplate" => xml("GetTemplate", "<TemplateBody>Resources: {a: &lt;b&gt;}\n</TemplateBody>"),
        _ => xml("DeleteStack", ""),
    })
    .await;
    let stacks = canned.pipeline().await.stacks;
    let template = stacks.stack_template(&parent(), &ireland(), "churn").await.unwrap();
    assert_eq!(template.as_deref(), Some("Resources: {a: <b>}\n"));
    stacks.delete_stack(&parent(), &ireland(), "churn").await.unwrap();
    let sent = canned.requests();
    assert_eq!(sent[0].parameter("TemplateStage").as_deref(), Some("Original"));
    assert_eq!(sent[1].parameter("StackName").as_deref(), Some("churn"));
}
