//! Calls that are answered later, through the role a share made: started, asked for, and what stands in the way.

use crate::invoke::params;
use crate::world::{PARENT, POLICY, World, endpoint_arn, settings, signed_in};
use domain::activity::ActivityOutcome;
use domain::history::{CallClass, HistoryForm};
use domain::invoke::{AsyncAnswer, AsyncState, AsyncTicket, InvokeFailure, InvokeParams};
use domain::names::ShareId;
use domain::share::intent::InvokeAction;
use domain::share::plan::Holder;
use serde_json::Value;
use services::{Operator, ServiceError, Services, Settings, SystemClock};
use std::sync::Arc;
use std::time::Duration;

const ROW: &str = "5,0,0,268.4,121,74.9,201.3,4,13.2";
const BUCKET: &str = "sagebridge-async-111111111111";

/// A share of the asynchronous endpoint.
async fn shared(actions: &[&str]) -> (World, ShareId) {
    let world = World::new().await;
    let actions: Vec<String> = actions.iter().map(|&action| action.to_owned()).collect();
    let draft = world
        .draft(|answers| {
            answers.endpoints.arns = vec![endpoint_arn("churn-async")];
            let actions = actions.clone();
            answers.role = Box::new(move |role| domain::wizard::RoleForm {
                actions: actions.clone(),
                external_id: "sagebridge-fixed".into(),
                ..role
            });
        })
        .await;
    let share = world.applied(&draft).await;
    (world, share)
}

fn rows(share: &ShareId, body: &str) -> InvokeParams {
    let mut call = params(share, "churn-async", "text/csv", body);
    call.headers.accept = "application/json".into();
    call
}

async fn try_start(world: &World, call: InvokeParams) -> Result<AsyncTicket, InvokeFailure> {
    world.services.start_async(&world.operator, call).await.unwrap().result
}

async fn start(world: &World, call: InvokeParams) -> AsyncTicket {
    try_start(world, call).await.unwrap()
}

/// Asks until there is more to say than that nothing is there yet.
async fn ended(services: &Services, operator: &Operator, ticket: &AsyncTicket) -> AsyncState {
    let ask = async {
        loop {
            let state = services.poll_async(operator, &ticket.id).await.unwrap();
            if !matches!(state, AsyncState::Pending { .. }) {
                return state;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ask).await.expect("it ends")
}

async fn answer(world: &World, ticket: &AsyncTicket) -> AsyncAnswer {
    match ended(&world.services, &world.operator, ticket).await {
        AsyncState::Answered { answer } => answer,
        other => panic!("{other:?}"),
    }
}

async fn unreadable(world: &World, ticket: &AsyncTicket) -> InvokeFailure {
    match ended(&world.services, &world.operator, ticket).await {
        AsyncState::Unreadable { failure } => *failure,
        other => panic!("{other:?}"),
    }
}

/// Leaves statements out of the parent's policy by the beginning of their names.
async fn without(world: &World, sids: &[&str]) {
    let iam = &world.gateways.iam;
    let (parent, arn) = ("parent".parse().unwrap(), POLICY.parse().unwrap());
    let policy = iam.policy(&parent, &arn).await.unwrap().unwrap();
    let mut document: Value = serde_json::from_str(&policy.document).unwrap();
    let statements = document["Statement"].as_array_mut().unwrap();
    let before = statements.len();
    statements.retain(|statement| !sids.iter().any(|sid| statement["Sid"].as_str().unwrap().starts_with(sid)));
    assert_eq!(statements.len(), before - sids.len());
    iam.create_policy_version(&parent, &arn, &document.to_string()).await.unwrap();
}

#[tokio::test]
async fn an_answer_comes_later_and_both_ends_are_in_the_audit_trail() {
    let (world, share) = shared(&["invoke", "async"]).await;
    let ticket = start(&world, rows(&share, ROW)).await;
    assert!(ticket.output.starts_with(&format!("s3://{BUCKET}/outputs/")), "{}", ticket.output);
    assert_eq!(ticket.input, None);
    let answer = answer(&world, &ticket).await;
    assert_eq!(answer.content_type, "application/json");
    assert!(answer.text.as_ref().unwrap().starts_with("{\"predictions\":["), "{answer:?}");
    assert_eq!((answer.bytes, answer.cut), (answer.text.unwrap().len() as u64, false));
    let page = world.services.history(&world.operator, HistoryForm::default()).await.unwrap().page;
    let call = &page.items[0].call;
    assert_eq!((call.class, call.way, call.status), (CallClass::Taken, InvokeAction::Async, Some(202)));
    assert_eq!((call.message.as_str(), call.sent), (ticket.output.as_str(), ROW.len()));
    // Asking once more gives it again, and is not told again.
    ended(&world.services, &world.operator, &ticket).await;
    let trail = world.services.activity(&world.operator, None, 3).await.unwrap().items;
    let told: Vec<_> = trail.iter().map(|entry| (entry.what.as_str(), entry.outcome)).collect();
    assert_eq!(
        told[..2],
        [
            ("got the asynchronous answer of churn-async", ActivityOutcome::Done),
            ("invoked churn-async asynchronously", ActivityOutcome::Done),
        ]
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_for_the_request_goes_to_s3_first() {
    let (world, share) = shared(&["async"]).await;
    let body = format!("{ROW}\n").repeat(5000);
    let ticket = start(&world, rows(&share, &body)).await;
    let input = ticket.input.clone().unwrap();
    assert!(input.starts_with(&format!("s3://{BUCKET}/sagebridge-inputs/{share}/")), "{input}");
    let answer = answer(&world, &ticket).await;
    let predictions: Value = serde_json::from_str(&answer.text.unwrap()).unwrap();
    assert_eq!(predictions["predictions"].as_array().unwrap().len(), 5000);

    without(&world, &["SendAsyncInputs"]).await;
    let failure = try_start(&world, rows(&share, &body)).await.unwrap_err();
    assert_eq!((failure.operation.as_str(), failure.code.as_str()), ("PutObject", "AccessDenied"));
    let why = failure.explanation.unwrap();
    assert!(why.sentence.contains("s3:PutObject") || why.details.iter().any(|d| d.contains("s3:PutObject")), "{why:?}");
}

#[tokio::test]
async fn a_models_failure_is_read_in_its_own_words() {
    let (world, share) = shared(&["async"]).await;
    let ticket = start(&world, rows(&share, "not,a,row")).await;
    let AsyncState::Failed { message } = ended(&world.services, &world.operator, &ticket).await else {
        panic!("it failed")
    };
    assert!(message.starts_with("Received client error ("), "{message}");
    let last = world.services.activity(&world.operator, None, 1).await.unwrap().items.remove(0);
    assert_eq!(last.outcome, ActivityOutcome::Failed);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let (world, share) = shared(&["async"]).await;
    let ticket = start(&world, rows(&share, ROW)).await;
    answer(&world, &ticket).await;
    // Where it may be read and not looked for, what is there is read all the same.
    without(&world, &["FindAsyncResults"]).await;
    answer(&world, &ticket).await;
    without(&world, &["ReadAsyncResults"]).await;
    let failure = unreadable(&world, &ticket).await;
    assert_eq!((failure.operation.as_str(), failure.status), ("ListObjectsV2", Some(403)));
    let why = failure.explanation.unwrap();
    let told = format!("{} {:?} {:?}", why.sentence, why.details, why.fix);
    assert!(told.contains("s3:ListBucket"), "{told}");
}

#[tokio::test]
async fn without_the_permission_to_start_nothing_is_started_and_it_is_explained() {
    let (world, share) = shared(&["invoke", "async"]).await;
    without(&world, &["InvokeSharedEndpoints"]).await;
    let failure = try_start(&world, rows(&share, ROW)).await.unwrap_err();
    assert_eq!((failure.operation.as_str(), failure.status), ("InvokeEndpointAsync", Some(403)));
    let why = failure.explanation.unwrap();
    let told = format!("{} {:?} {:?}", why.sentence, why.details, why.fix);
    assert!(told.contains("sagemaker:InvokeEndpointAsync"), "{told}");
}

#[tokio::test]
async fn an_answer_that_never_comes_is_said_to_be_overdue() {
    let (world, share) = shared(&["async"]).await;
    let role = Holder::Role("sagemaker-async-execution".parse().unwrap());
    let policy = "objects".parse().unwrap();
    world.gateways.iam.delete_inline_policy(&"parent".parse().unwrap(), &role, &policy).await.unwrap();
    let impatient = Settings { answers_within: Duration::ZERO, ..settings() };
    let stores = store::open(&world.store()).await.unwrap();
    let services = Services::new(world.gateways.clone(), stores, impatient, Arc::new(SystemClock));
    let operator = signed_in(&services).await;
    let ticket = services.start_async(&operator, rows(&share, ROW)).await.unwrap().result.unwrap();
    let state = services.poll_async(&operator, &ticket.id).await.unwrap();
    let AsyncState::Overdue { hint, .. } = &state else { panic!("{state:?}") };
    assert!(state.is_open() && hint.contains("s3:PutObject"), "{hint}");
    // With patience it is only not there yet.
    let ticket = start(&world, rows(&share, ROW)).await;
    let state = world.services.poll_async(&world.operator, &ticket.id).await.unwrap();
    assert!(matches!(state, AsyncState::Pending { .. }), "{state:?}");
}

#[tokio::test]
async fn a_ticket_is_good_for_its_own_session_only() {
    let (world, share) = shared(&["async"]).await;
    let ticket = start(&world, rows(&share, ROW)).await;
    let other = signed_in(&world.services).await;
    let refused = world.services.poll_async(&other, &ticket.id).await;
    assert!(matches!(refused, Err(ServiceError::NotFound { .. })), "{refused:?}");
    let place = world.services.poll_async(&world.operator, &ticket.output).await;
    assert!(matches!(place, Err(ServiceError::NotFound { .. })), "a place is no ticket: {place:?}");
    let (services, operator) = world.restarted().await;
    let gone = services.poll_async(&operator, &ticket.id).await;
    assert!(matches!(gone, Err(ServiceError::NotFound { .. })), "{gone:?}");
}

#[tokio::test]
async fn a_share_without_asynchronous_calls_refuses_one() {
    let (world, share) = shared(&["invoke"]).await;
    let refused = world.services.start_async(&world.operator, rows(&share, ROW)).await;
    assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_connection_by_itself_starts_and_reads_one() {
    let world = World::new().await;
    let mut call = rows(&ShareId::parse("s1").unwrap(), &format!("{ROW}\n").repeat(5000));
    call.through = domain::invoke::Through::parse("direct/eu-west-1/parent").unwrap();
    let ticket = start(&world, call).await;
    assert!(ticket.input.as_ref().unwrap().contains("/sagebridge-inputs/direct/"), "{ticket:?}");
    assert!(answer(&world, &ticket).await.text.is_some());
}

#[tokio::test]
async fn the_review_tells_what_is_opened_in_s3_and_drift_finds_it_as_it_is() {
    let world = World::new().await;
    let draft = world
        .draft(|answers| {
            answers.endpoints.arns = vec![endpoint_arn("churn-async"), endpoint_arn("echo")];
            answers.role = Box::new(|role| domain::wizard::RoleForm {
                actions: vec!["invoke".into(), "async".into()],
                external_id: "sagebridge-fixed".into(),
                ..role
            });
        })
        .await;
    let review = world.services.review(&world.operator, &draft).await.unwrap();
    let sentence: String = review.sentence.iter().map(|span| span.text.as_str()).collect();
    let places = format!("s3://{BUCKET}/failures and s3://{BUCKET}/outputs");
    assert!(sentence.contains(&format!("Asynchronous answers will be readable below {places}.")), "{sentence}");
    let check = review.checks.iter().find(|check| check.id == "async-results").unwrap();
    assert!(check.reason.contains("may read and list"), "{}", check.reason);
    let share = world.applied(&draft).await;
    let parent = "parent".parse().unwrap();
    let policy = world.gateways.iam.policy(&parent, &POLICY.parse().unwrap()).await.unwrap().unwrap();
    let document: Value = serde_json::from_str(&policy.document).unwrap();
    let statements = document["Statement"].as_array().unwrap();
    let read = statements.iter().find(|statement| statement["Sid"] == "ReadAsyncResults").unwrap();
    assert_eq!(
        read["Resource"],
        serde_json::json!([format!("arn:aws:s3:::{BUCKET}/failures/*"), format!("arn:aws:s3:::{BUCKET}/outputs/*")])
    );
    let drift = world.services.drift(&world.operator, &share, Vec::new()).await.unwrap();
    assert!(drift.drift.is_clean(), "{:?}", drift.drift);
    let proved = world.verified(&share).await;
    let invoked = format!("{proved:?}");
    assert!(invoked.contains("`churn-async` took an asynchronous call"), "{invoked}");
    assert!(!invoked.contains(PARENT) || !invoked.contains("AccessDenied"), "{invoked}");
}
