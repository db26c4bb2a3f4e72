//! Least privilege: a repair allows what the question asks, and nothing beside it.

use crate::handshakes::{Handshake, patched};
use domain::doctor::{Evidence, LinkKind, LinkState, Live, diagnose};
use domain::evaluate::{Context, Decision, NamedPolicy, Policies, Principal, Request, decide};
use domain::policy::{Effect, PolicyDocument};
use proptest::prelude::*;
use serde_json::{Value, json};

const CHURN: &str = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier";
const ROLE: &str = "arn:aws:iam::111111111111:role/SageMakerExternal";

const ACTIONS: &[&str] = &[
    "sts:AssumeRole",
    "sts:TagSession",
    "sts:GetCallerIdentity",
    "sagemaker:InvokeEndpoint",
    "sagemaker:InvokeEndpointWithResponseStream",
    "sagemaker:InvokeEndpointAsync",
    "sagemaker:DescribeEndpoint",
    "sagemaker:DeleteEndpoint",
    "sagemaker:ListEndpoints",
    "iam:CreateUser",
    "s3:GetObject",
];
const RESOURCES: &[&str] = &[
    "*",
    CHURN,
    "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/fraud-classifier",
    "arn:aws:sagemaker:us-east-1:111111111111:endpoint/churn-classifier",
    ROLE,
    "arn:aws:iam::111111111111:role/Other",
    "arn:aws:s3:::data/a",
];

/// What the Allow statements of some policies allow on resources of their own account.
fn allowed<'a>(who: &str, known: &Context, texts: impl Iterator<Item = &'a str>) -> Vec<(&'static str, &'static str)> {
    let mut documents: Vec<_> = texts.filter_map(|text| PolicyDocument::parse(text).ok()).collect();
    documents.iter_mut().for_each(|one| one.statements.retain(|statement| statement.effect == Effect::Allow));
    let identity: Vec<_> = documents.into_iter().map(|document| NamedPolicy::new("policy", document)).collect();
    let policies = Policies { identity: &identity, ..Policies::default() };
    let principal = Principal::parse(who).unwrap();
    let resource_account = principal.account().unwrap().clone();
    let allows = |action: &str, resource: &str| {
        let (principal, resource_account) = (principal.clone(), resource_account.clone());
        let (action, resource) = (action.to_owned(), resource.to_owned());
        let request = Request { principal, action, resource, resource_account, context: known.clone() };
        decide(&request, &policies) == Decision::Allowed
    };
    let all = ACTIONS.iter().flat_map(|action| RESOURCES.iter().map(move |resource| (*action, *resource)));
    all.filter(|(action, resource)| allows(action, resource)).collect()
}

/// What the caller and the role may do by their identity policies.
fn both(evidence: &Evidence) -> Vec<(&'static str, &'static str)> {
    let (mut found, known) = (Vec::new(), evidence.known.clone().with("aws:SecureTransport", "true"));
    if let Some(caller) = evidence.caller.read() {
        let texts = caller.policies.documents.iter().map(|one| one.text.as_str());
        found.extend(allowed(&caller.arn.to_string(), &known, texts));
    }
    if let Some(role) = evidence.role.read() {
        let texts = role.policies.documents.iter().map(|one| one.text.as_str());
        found.extend(allowed(role.arn.as_str(), &known, texts));
    }
    found
}

/// Whether all repairs together let the caller and the role do more than the question asks.
pub fn opens_no_more(handshake: &Handshake) -> Result<(), String> {
    let before = both(&handshake.evidence);
    let mut after = handshake.clone();
    for repair in handshake.diagnose().repairs() {
        repair.apply(&mut after.question, &mut after.evidence);
    }
    let needed = |action: &str, resource: &str| match action {
        "sts:AssumeRole" => resource.eq_ignore_ascii_case(after.question.role.as_str()),
        action => after.question.actions().contains(&action) && resource == after.question.endpoint.arn.to_string(),
    };
    for (action, resource) in both(&after.evidence) {
        if !needed(action, resource) && !before.contains(&(action, resource)) {
            return Err(format!("`{action}` on `{resource}` is allowed too"));
        }
    }
    Ok(())
}

/// One or two statements that often nearly allow what is asked.
fn document(actions: &'static [&'static str], resources: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let some = |texts: &'static [&'static str]| {
        proptest::collection::vec(proptest::sample::select(texts), 1..3).prop_map(|list| json!(list))
    };
    let condition = proptest::sample::select(vec![
        json!({}),
        json!({}),
        json!({"StringEquals": {"aws:PrincipalTag/team": "ml"}}),
        json!({"Bool": {"aws:SecureTransport": "false"}}),
    ]);
    let statement = (some(actions), some(resources), condition).prop_map(|(action, resource, condition)| {
        json!({"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition})
    });
    proptest::collection::vec(statement, 1..3)
        .prop_map(|statements| json!({"Version": "2012-10-17", "Statement": statements}))
}

fn child() -> impl Strategy<Value = Value> {
    document(
        &["sts:AssumeRole", "sts:TagSession", "sts:GetCallerIdentity", "sts:*", "iam:*"],
        &["*", ROLE, "arn:aws:iam::111111111111:role/Other", "arn:aws:iam::333333333333:role/SageMakerExternal"],
    )
}

fn parent() -> impl Strategy<Value = Value> {
    document(
        &[
            "sagemaker:InvokeEndpoint",
            "sagemaker:InvokeEndpointWithResponseStream",
            "sagemaker:InvokeEndpointAsync",
            "sagemaker:ListEndpoints",
            "sagemaker:*",
            "sagemaker:Describe*",
        ],
        &[
            "*",
            CHURN,
            "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/fraud-classifier",
            "arn:aws:sagemaker:us-east-1:111111111111:endpoint/*",
            "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/${aws:PrincipalTag/team}",
        ],
    )
}

/// The healthy handshake with these policies, of which newer versions were rolled back.
fn with(action: &str, tags: &Value, [own, newer]: [Value; 2], [role, newer_role]: [Value; 2]) -> Handshake {
    let policy = |account: &str, text: Value, newer: Value| {
        let arn = format!("arn:aws:iam::{account}:policy/own");
        let origin = json!({"kind": "managed", "arn": arn, "version": "v1", "others": [{"id": "v2", "text": newer}]});
        json!({"documents": [{"name": "own", "origin": origin, "text": text}]})
    };
    patched(&json!({
        "question": {"action": action},
        "evidence": {
            "known": {"aws:PrincipalTag/team": tags},
            "caller": {"read": {"policies": policy("222222222222", own, newer)}},
            "role": {"read": {"policies": policy("111111111111", role, newer_role)}}
        }
    }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_repair_allows_more_than_the_question_asks(
        action in proptest::sample::select(&["invoke", "stream", "async"][..]),
        tags in proptest::sample::select(vec![json!("ml"), json!("ops"), json!([])]),
        own in [child(), child()],
        role in [parent(), parent()],
    ) {
        let handshake = with(action, &tags, own, role);
        if let Err(wrong) = opens_no_more(&handshake) {
            return Err(TestCaseError::fail(format!("{wrong}: {:#?}", handshake.diagnose().repairs().collect::<Vec<_>>())));
        }
        let mut after = handshake.clone();
        for repair in handshake.diagnose().repairs() {
            repair.apply(&mut after.question, &mut after.evidence);
        }
        let again = diagnose(&after.question, &after.evidence, &Live::default());
        for kind in [LinkKind::Permission, LinkKind::RolePermission] {
            prop_assert_ne!(again.link(kind).state, LinkState::Denied);
        }
    }
}
