//! Every gateway method over the sandbox: the SDK, the wire and the sandbox's rules together.
//! Modules are called `boto3_…` where functions of the sandbox are run, which takes a Python.
#![allow(clippy::unwrap_used, missing_docs)]

mod boto3_functions;
mod buckets;
#[allow(dead_code, reason = "it is the sandbox's tests' client, and these make fewer calls")]
#[path = "../../sandbox/tests/http/client.rs"]
mod client;
#[path = "../support/control.rs"]
mod control;
mod documents;
mod functions;
mod keys;
mod organizations;
mod s3;
mod sources;
mod stacks;
mod versions;

use aws_gateway::{AwsSettings, connect, connect_all};
use bytes::Bytes;
use domain::arn::{Arn, CallerArn};
use domain::endpoint::{EndpointDetail, EndpointKind, Variant};
use domain::invoke::InvokeHeaders;
use domain::names::{ConnectionId, EndpointName, PolicyName, Region, RoleName, UserName};
use sandbox::{Sandbox, SandboxConfig};
use secrecy::ExposeSecret as _;
use services::ports::gateway::{
    AssumeRoleParams, GatewayErrorKind, Gateways, IdentityPolicies, NewRole, PipelineGateways, RoleCredentials,
    RuntimeCaller, RuntimeRequest, Tags,
};
use std::collections::BTreeSet;
use std::sync::Arc;

const ALLOW_INVOKE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:InvokeEndpoint","Resource":"arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo"}]}"#;
const DENY_STORAGE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}"#;
const TRUST_CHILD: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:user/admin"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"the-id"}}}]}"#;
const TRUST_ACCOUNT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole"}]}"#;

struct World {
    gateways: Gateways,
    pipeline: PipelineGateways,
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

async fn world(seed_many: usize) -> World {
    let folder = tempfile::tempdir().unwrap();
    let config = SandboxConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        dir: folder.path().join("sandbox"),
        fresh: true,
        seed_many,
        region: ireland(),
    };
    let sandbox = sandbox::start(config).await.unwrap();
    let (gateways, pipeline) = connect_all(settings(&sandbox)).await.unwrap();
    World { gateways, pipeline, sandbox, folder }
}

fn settings(sandbox: &Sandbox) -> AwsSettings {
    AwsSettings {
        credentials_file: Some(sandbox.credentials_file().to_owned()),
        config_file: Some(sandbox.config_file().to_owned()),
    }
}

fn ireland() -> Region {
    "eu-west-1".parse().unwrap()
}
fn connection(name: &str) -> ConnectionId {
    name.parse().unwrap()
}
fn parent() -> ConnectionId {
    connection("parent")
}
fn child() -> ConnectionId {
    connection("child")
}
fn arn(text: &str) -> Arn {
    Arn::parse(text).unwrap()
}
fn endpoint(name: &str) -> EndpointName {
    name.parse().unwrap()
}
fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

impl World {
    async fn policy(&self, name: &str, document: &str) -> Arn {
        let name = PolicyName::parse(name).unwrap();
        let made = self.gateways.iam.create_policy(&parent(), &name, document, "", &tags(&[])).await.unwrap();
        assert!(made.request_id.is_some());
        made.value
    }

    async fn role(&self, name: &str, trust: &str) -> RoleName {
        let role = NewRole {
            name: name.parse().unwrap(),
            trust: trust.into(),
            description: "Lets the child invoke".into(),
            max_session_seconds: 7200,
            tags: tags(&[("sagebridge:share", "s1")]),
        };
        let made = self.gateways.iam.create_role(&parent(), &role).await.unwrap();
        assert_eq!(made.value.as_str(), format!("arn:aws:iam::111111111111:role/{name}"));
        role.name
    }

    async fn assume(&self, role: &str, external_id: Option<&str>) -> Result<RoleCredentials, GatewayErrorKind> {
        let params = AssumeRoleParams {
            role: arn(&format!("arn:aws:iam::111111111111:role/{role}")),
            session_name: "tests".parse().unwrap(),
            external_id: external_id.map(|id| id.parse().unwrap()),
            duration: None,
        };
        let answer = self.gateways.sts.assume_role(&child(), &ireland(), &params).await;
        answer.map(|answer| answer.value).map_err(|error| error.kind)
    }
}

fn role_name(name: &str) -> RoleName {
    name.parse().unwrap()
}

fn policy_name(name: &str) -> PolicyName {
    name.parse().unwrap()
}

fn request(name: &str, attributes: Option<&str>) -> RuntimeRequest {
    RuntimeRequest {
        endpoint: endpoint(name),
        headers: InvokeHeaders {
            custom_attributes: attributes.unwrap_or_default().into(),
            ..InvokeHeaders::of_type("text/plain")
        },
        body: Bytes::from_static(b"hello"),
    }
}

#[tokio::test]
async fn every_profile_of_the_sandbox_is_its_accounts_administrator() {
    let world = world(0).await;
    let profiles = world.gateways.connections.profiles().await.unwrap();
    let names: Vec<_> = profiles.iter().map(|profile| profile.id.as_str()).collect();
    assert_eq!(names, ["child", "parent", "production", "shared", "training"]);
    for profile in &profiles {
        assert_eq!(profile.region, Some(ireland()));
        let account = sandbox::PROFILES.iter().find(|(name, _)| *name == profile.id.as_str()).unwrap().1;
        let identity = world.gateways.connections.identity(&profile.id).await.unwrap();
        assert_eq!(identity.account.as_str(), account);
        assert_eq!(identity.caller.unwrap().as_str(), format!("arn:aws:iam::{account}:user/admin"));
    }
}

#[tokio::test]
async fn a_role_session_as_a_connection_is_traced_to_its_role() {
    let world = world(0).await;
    world.role("Anyone", TRUST_ACCOUNT).await;
    let session = world.assume("Anyone", None).await.unwrap();
    let file = world.folder.path().join("credentials");
    let text = format!(
        "[session]\naws_access_key_id={}\naws_secret_access_key={}\naws_session_token={}\n",
        session.access_key_id,
        session.secret_access_key.expose_secret(),
        session.session_token.expose_secret()
    );
    std::fs::write(&file, text).unwrap();
    let config = world.folder.path().join("config");
    let url = world.sandbox.url();
    std::fs::write(&config, format!("[profile session]\nregion=eu-west-1\nendpoint_url={url}\n")).unwrap();
    let settings = AwsSettings { credentials_file: Some(file), config_file: Some(config) };
    let gateways = connect(settings).await.unwrap();
    let identity = gateways.connections.identity(&connection("session")).await.unwrap();
    assert_eq!(identity.arn.as_str(), "arn:aws:sts::111111111111:assumed-role/Anyone/tests");
    assert_eq!(identity.caller.unwrap().as_str(), "arn:aws:iam::111111111111:role/Anyone");
}

#[tokio::test]
async fn a_policy_is_made_versioned_tagged_attached_and_unmade() {
    let world = world(0).await;
    let iam = &world.gateways.iam;
    let made = world.policy("Invoke", ALLOW_INVOKE).await;
    assert_eq!(made.as_str(), "arn:aws:iam::111111111111:policy/Invoke");

    let second = iam.create_policy_version(&parent(), &made, DENY_STORAGE).await.unwrap().value;
    iam.tag_policy(&parent(), &made, &tags(&[("a", "1"), ("b", "é 2")])).await.unwrap();
    iam.untag_policy(&parent(), &made, &["a".into()]).await.unwrap();
    let role = world.role("Role", TRUST_ACCOUNT).await;
    let user = UserName::parse("admin").unwrap();
    iam.attach_role_policy(&parent(), &role, &made).await.unwrap();
    iam.attach_user_policy(&parent(), &user, &made).await.unwrap();

    let seen = iam.policy(&parent(), &made).await.unwrap().unwrap();
    assert!(domain::policy::same_meaning(&seen.document, DENY_STORAGE), "{}", seen.document);
    let versions: BTreeSet<_> = seen.versions.iter().map(|v| (v.id.as_str(), v.is_default)).collect();
    assert_eq!(versions, BTreeSet::from([("v1", false), (second.as_str(), true)]));
    assert_eq!(seen.tags, tags(&[("b", "é 2")]));
    assert_eq!((seen.attached_roles, seen.attached_users), (vec!["Role".to_owned()], vec!["admin".to_owned()]));

    let in_use = iam.delete_policy(&parent(), &made).await.unwrap_err();
    assert_eq!((in_use.kind, in_use.code.as_str()), (GatewayErrorKind::Conflict, "DeleteConflict"));
    iam.detach_role_policy(&parent(), &role, &made).await.unwrap();
    iam.detach_user_policy(&parent(), &user, &made).await.unwrap();
    iam.set_default_policy_version(&parent(), &made, "v1").await.unwrap();
    iam.delete_policy_version(&parent(), &made, &second).await.unwrap();
    iam.delete_policy(&parent(), &made).await.unwrap();
    assert_eq!(iam.policy(&parent(), &made).await.unwrap(), None);
}

#[tokio::test]
async fn a_role_is_made_changed_tagged_and_unmade() {
    let world = world(0).await;
    let iam = &world.gateways.iam;
    let role = world.role("Role", TRUST_CHILD).await;
    let made = world.policy("Invoke", ALLOW_INVOKE).await;
    iam.attach_role_policy(&parent(), &role, &made).await.unwrap();
    iam.update_trust(&parent(), &role, TRUST_ACCOUNT).await.unwrap();
    iam.update_max_session(&parent(), &role, 3600).await.unwrap();
    iam.tag_role(&parent(), &role, &tags(&[("more", "1")])).await.unwrap();
    iam.untag_role(&parent(), &role, &["sagebridge:share".into()]).await.unwrap();

    let seen = iam.role(&parent(), &role).await.unwrap().unwrap();
    assert_eq!(seen.arn.as_str(), "arn:aws:iam::111111111111:role/Role");
    assert!(seen.unique_id.starts_with("AROA"), "{}", seen.unique_id);
    assert!(domain::policy::same_meaning(&seen.trust, TRUST_ACCOUNT), "{}", seen.trust);
    assert_eq!((seen.max_session_seconds, seen.description.as_str()), (3600, "Lets the child invoke"));
    assert_eq!((seen.attached, seen.tags), (vec![made.clone()], tags(&[("more", "1")])));
    assert_eq!((seen.inline, seen.boundary), (vec![], None));

    let again = NewRole {
        name: role.clone(),
        trust: TRUST_ACCOUNT.into(),
        description: String::new(),
        max_session_seconds: 3600,
        tags: tags(&[]),
    };
    let exists = iam.create_role(&parent(), &again).await.unwrap_err();
    assert_eq!((exists.kind, exists.code.as_str()), (GatewayErrorKind::Conflict, "EntityAlreadyExists"));
    iam.detach_role_policy(&parent(), &role, &made).await.unwrap();
    iam.delete_role(&parent(), &role).await.unwrap();
    assert_eq!(iam.role(&parent(), &role).await.unwrap(), None);
    let gone = iam.delete_role(&parent(), &role).await.unwrap_err();
    assert_eq!(gone.kind, GatewayErrorKind::NotFound);
}

#[tokio::test]
async fn callers_are_listed_in_pages_without_gaps_or_repeats() {
    let world = world(130).await;
    let iam = &world.gateways.iam;
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = iam.roles(&child(), after.as_deref()).await.unwrap();
        assert!(page.items.len() <= 100);
        names.extend(page.items.iter().map(|role| role.arn.name().to_owned()));
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(names.len(), 131);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 131);
    let first = iam.roles(&child(), None).await.unwrap();
    let lambda = first.items.iter().find(|role| role.arn.name() == "scoring-lambda").unwrap();
    assert_eq!(lambda.used_by.as_deref(), Some("lambda.amazonaws.com"));
    assert_eq!(lambda.description.as_deref(), Some("Runs the nightly scoring function"));
    let users = iam.users(&child(), None).await.unwrap();
    let users: Vec<_> = users.items.iter().map(|user| user.arn.name()).collect();
    assert_eq!(users, ["admin", "analyst"]);
}

#[tokio::test]
async fn what_a_caller_is_allowed_is_read_and_a_missing_caller_is_no_error() {
    let world = world(0).await;
    let iam = &world.gateways.iam;
    let caller = |text: &str| CallerArn::parse(text).unwrap();
    let lambda = caller("arn:aws:iam::222222222222:role/scoring-lambda");
    let basics = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    assert_eq!(iam.attached(&child(), &lambda).await.unwrap(), Some(vec![arn(basics)]));
    let analyst = caller("arn:aws:iam::222222222222:user/analyst");
    assert_eq!(iam.attached(&child(), &analyst).await.unwrap(), Some(vec![]));
    let policies = iam.identity_policies(&child(), &lambda).await.unwrap().unwrap();
    assert_eq!(policies.attached, [arn(basics)]);
    assert_eq!(policies.documents.len(), 1);
    assert_eq!(policies.documents[0].0, "AWSLambdaBasicExecutionRole");
    domain::policy::PolicyDocument::parse(&policies.documents[0].1).unwrap();
    assert_eq!(iam.identity_policies(&child(), &analyst).await.unwrap(), Some(IdentityPolicies::default()));
    for missing in ["role/nobody", "user/nobody"] {
        let missing = caller(&format!("arn:aws:iam::222222222222:{missing}"));
        assert_eq!(iam.attached(&child(), &missing).await.unwrap(), None);
        assert_eq!(iam.identity_policies(&child(), &missing).await.unwrap(), None);
    }
}

#[tokio::test]
async fn endpoints_are_listed_newest_first_filtered_and_in_pages() {
    let world = world(60).await;
    let sagemaker = &world.gateways.sagemaker;
    let found = sagemaker.endpoints(&parent(), &ireland(), Some("Fraud"), None).await.unwrap();
    assert_eq!((found.items.len(), found.next), (1, None));
    let fraud = &found.items[0];
    assert_eq!(fraud.name.as_str(), "Fraud-Detector-EU");
    assert_eq!(fraud.arn.as_str(), "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/fraud-detector-eu");
    assert_eq!((fraud.status.as_str(), fraud.runs_on.as_deref()), ("InService", Some("ml.c5.xlarge")));

    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = sagemaker.endpoints(&parent(), &ireland(), None, after.as_deref()).await.unwrap();
        assert!(page.items.len() <= 50);
        all.extend(page.items);
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(all.iter().filter(|endpoint| endpoint.name.as_str().starts_with("scoring-")).count(), 60);
    assert!(all.iter().any(|endpoint| endpoint.name.as_str() == "churn-classifier"));
    assert!(all.is_sorted_by(|a, b| a.created >= b.created));
    let failed = all.iter().find(|endpoint| endpoint.name.as_str() == "demand-forecast").unwrap();
    assert!(failed.failure_reason.as_deref().unwrap().contains("ping health check"));
    assert!(sagemaker.endpoints(&child(), &ireland(), None, None).await.unwrap().items.is_empty());
    assert!(sagemaker.endpoints(&parent(), &"us-east-1".parse().unwrap(), None, None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn one_endpoint_is_described_with_something_to_send() {
    let world = world(0).await;
    let sagemaker = &world.gateways.sagemaker;
    let churn = sagemaker.endpoint(&parent(), &ireland(), &endpoint("churn-classifier")).await.unwrap().unwrap();
    assert_eq!(churn.runs_on.as_deref(), Some("ml.m5.large × 2"));
    let full = |name: &'static str| async move {
        sagemaker.endpoint_detail(&parent(), &ireland(), &endpoint(name)).await.unwrap()
    };
    let EndpointDetail { view, shape, sample } = full("churn-classifier").await.unwrap();
    assert_eq!(view, churn);
    let shape = shape.unwrap();
    assert_eq!((shape.kind, shape.multi_model, shape.components), (EndpointKind::RealTime, false, false));
    assert_eq!(shape.variants, [Variant { name: "AllTraffic".into(), share: 1000 }]);
    let sample = sample.unwrap();
    assert_eq!(sample.content_type, "text/csv");
    assert!(!sample.body.is_empty());
    assert_eq!(sagemaker.endpoint(&parent(), &ireland(), &endpoint("nothing")).await.unwrap(), None);
    assert_eq!(full("nothing").await, None);
    assert_eq!(full("demand-forecast").await.unwrap().sample, None);
    let of_many = full("tenant-models").await.unwrap().sample.unwrap();
    assert_eq!(of_many.target_model.as_deref(), Some("churn.tar.gz"));
    let mut components = full("shared-gpu").await.unwrap().shape.unwrap().component_names;
    components.sort();
    assert_eq!(components, ["echo-component", "writer-component"]);
}

#[tokio::test]
async fn a_role_is_assumed_with_its_external_id_only_and_opens_its_endpoint_only() {
    let world = world(0).await;
    let role = world.role("SageMakerExternal", TRUST_CHILD).await;
    let made = world.policy("Invoke", ALLOW_INVOKE).await;
    world.gateways.iam.attach_role_policy(&parent(), &role, &made).await.unwrap();
    assert_eq!(world.assume("SageMakerExternal", None).await.unwrap_err(), GatewayErrorKind::AccessDenied);
    assert_eq!(world.assume("SageMakerExternal", Some("another")).await.unwrap_err(), GatewayErrorKind::AccessDenied);
    let session = Arc::new(world.assume("SageMakerExternal", Some("the-id")).await.unwrap());
    assert_eq!(session.session_arn.as_str(), "arn:aws:sts::111111111111:assumed-role/SageMakerExternal/tests");
    assert!(!format!("{session:?}").contains(session.secret_access_key.expose_secret()));

    let caller = RuntimeCaller::Role(session.clone());
    let runtime = &world.gateways.runtime;
    let answer = runtime.invoke(&caller, &ireland(), request("echo", Some("type=text/html"))).await.unwrap();
    assert_eq!(answer.value.body.as_ref(), b"hello");
    assert_eq!(answer.value.content_type.as_deref(), Some("text/html"));
    assert!(answer.value.variant.is_some() && answer.request_id.is_some());

    let denied = runtime.invoke(&caller, &ireland(), request("churn-classifier", None)).await.unwrap_err();
    assert_eq!((denied.kind, denied.status), (GatewayErrorKind::AccessDenied, Some(403)));
    assert!(denied.message.contains("is not authorized to perform: sagemaker:InvokeEndpoint"), "{denied}");
    let failed = runtime.invoke(&caller, &ireland(), request("echo", Some("status=415"))).await.unwrap_err();
    assert_eq!((failed.kind, failed.code.as_str()), (GatewayErrorKind::Model, "ModelError"));
    let model = failed.model.unwrap();
    assert_eq!((model.status, model.message.as_str()), (Some(415), "hello"));
    let busy = request("echo", Some("error=ServiceUnavailable"));
    let busy = runtime.invoke(&caller, &ireland(), busy).await.unwrap_err();
    assert_eq!((busy.kind, busy.retryable, busy.status), (GatewayErrorKind::Unavailable, true, Some(503)));
}

#[tokio::test]
async fn a_sandbox_that_has_gone_is_named_by_its_address() {
    let world = world(0).await;
    let url = world.sandbox.url();
    world.gateways.connections.identity(&parent()).await.unwrap();
    world.sandbox.shutdown().await;
    let error = world.gateways.connections.identity(&parent()).await.unwrap_err();
    assert_eq!(error.kind, GatewayErrorKind::Unavailable);
    assert!(error.message.starts_with(&format!("STS at `{url}` could not be reached")), "{error}");
}
