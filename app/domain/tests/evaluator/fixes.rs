//! The smallest change is not only told: made, it turns the decision.

use crate::authored;
use crate::generate;
use domain::evaluate::{Change, Decision, Fix, Layer, NamedPolicy, Policies, Request, Scenario, decide, explain};
use domain::policy::{Effect, PolicyDocument, Statement};
use proptest::prelude::*;

/// Makes the changes in a copy. Later ones are made from behind, so that places stay right.
fn applied(scenario: &Scenario, fixes: &[Fix]) -> Scenario {
    let mut changed = scenario.clone();
    let mut fixes: Vec<&Fix> = fixes.iter().collect();
    fixes.sort_by_key(|fix| match &fix.what {
        Change::RemoveStatement { index, .. } => (1, usize::MAX - index),
        _ => (0, 0),
    });
    for fix in fixes {
        apply(&mut changed, fix);
    }
    changed
}

fn apply(scenario: &mut Scenario, fix: &Fix) {
    match &fix.what {
        Change::AddStatement { policy, statement } => match policy {
            Some(name) => document(scenario, fix, name).statements.push(statement.clone()),
            None => add_policy(scenario, fix, statement.clone()),
        },
        Change::ReplaceStatement { policy, index, statement } => {
            document(scenario, fix, policy).statements[*index] = statement.clone();
        }
        Change::RemoveStatement { policy, index } => {
            document(scenario, fix, policy).statements.remove(*index);
        }
        Change::ChangeRequest { key, value } => {
            scenario.request.context.set(key, value.clone().into_iter().collect());
        }
        Change::ChangeCaller => panic!("the caller can't be changed here"),
        other => panic!("a change the tests don't know: {other:?}"),
    }
}

fn list<'a>(scenario: &'a mut Scenario, fix: &Fix) -> &'a mut Vec<NamedPolicy> {
    let level = fix.level.unwrap_or_default();
    match fix.layer {
        Layer::Identity => &mut scenario.identity,
        Layer::Boundary => scenario.boundaries.get_or_insert_default(),
        Layer::Session => scenario.session.get_or_insert_default(),
        Layer::ServiceControl => &mut scenario.service_control.as_mut().unwrap()[level],
        Layer::ResourceControl => &mut scenario.resource_control.as_mut().unwrap()[level],
        Layer::Resource | Layer::Caller => panic!("no list of policies"),
    }
}

fn document<'a>(scenario: &'a mut Scenario, fix: &Fix, name: &str) -> &'a mut PolicyDocument {
    if fix.layer == Layer::Resource {
        return &mut scenario.resource.as_mut().unwrap().document;
    }
    &mut list(scenario, fix).iter_mut().find(|policy| policy.name == name).unwrap().document
}

fn add_policy(scenario: &mut Scenario, fix: &Fix, statement: Statement) {
    let policy = NamedPolicy::new("added", PolicyDocument::new([statement]));
    if fix.layer == Layer::Resource {
        scenario.resource = Some(policy);
    } else {
        list(scenario, fix).push(policy);
    }
}

fn turns(scenario: &Scenario) -> Result<(), String> {
    let explanation = explain(&scenario.request, &scenario.policies());
    let told = || format!("{}\nfix: {:#?}", explanation.details().join("\n"), explanation.fixes);
    if explanation.decision == Decision::Allowed {
        return if explanation.fixes.is_empty() { Ok(()) } else { Err(format!("nothing is to be fixed\n{}", told())) };
    }
    if explanation.fixes.is_empty() {
        return Err(format!("no fix is offered\n{}", told()));
    }
    if explanation.fixes.iter().any(|fix| fix.what == Change::ChangeCaller) {
        return Ok(());
    }
    let changed = applied(scenario, &explanation.fixes);
    let after = explain(&changed.request, &changed.policies());
    if after.decision == Decision::Allowed {
        Ok(())
    } else {
        Err(format!(
            "the fix does not turn it: {}\nbefore:\n{}\nafter:\n{}",
            after.sentence(),
            told(),
            after.details().join("\n")
        ))
    }
}

#[test]
fn making_the_offered_changes_allows_every_denied_case() {
    for (name, scenario, _) in authored::all() {
        if let Err(wrong) = turns(&Scenario::parse(&scenario).unwrap()) {
            panic!("{name}: {wrong}");
        }
    }
}

const ACTIONS: &[&str] = &[
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListAllMyBuckets",
    "kms:Decrypt",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "sagemaker:InvokeEndpoint",
    "sagemaker:InvokeEndpointWithResponseStream",
    "sagemaker:InvokeEndpointAsync",
    "sagemaker:DeleteEndpoint",
    "sagemaker:ListEndpoints",
    "iam:CreateUser",
];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::data/a",
    "arn:aws:s3:::data/ana",
    "arn:aws:s3:::DATA/a",
    "arn:aws:iam::111111111111:role/target",
    "arn:aws:iam::111111111111:role/SageMakerExternal",
    "arn:aws:iam::111111111111:role/other",
    "arn:aws:kms:eu-west-1:111111111111:key/k",
    "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier",
    "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/fraud",
];

/// What the Allow statements of the identity policies allow the caller, on resources of its own account.
fn allowed(scenario: &Scenario) -> Vec<(&'static str, &'static str)> {
    let mut identity = scenario.identity.clone();
    for policy in &mut identity {
        policy.document.statements.retain(|statement| statement.effect == Effect::Allow);
    }
    let policies = Policies { identity: &identity, ..Policies::default() };
    let principal = &scenario.request.principal;
    let own = principal.account().unwrap_or(&scenario.request.resource_account);
    let mut found = Vec::new();
    for action in ACTIONS {
        for resource in RESOURCES {
            let request = Request {
                action: (*action).into(),
                resource: (*resource).into(),
                resource_account: own.clone(),
                ..scenario.request.clone()
            };
            if decide(&request, &policies) == Decision::Allowed {
                found.push((*action, *resource));
            }
        }
    }
    found
}

/// A change of identity policies allows what was asked and nothing else. One that only mends the case of a resource's
/// name says what was meant all along.
fn opens_no_more(scenario: &Scenario) -> Result<(), String> {
    let fixes: Vec<Fix> = explain(&scenario.request, &scenario.policies())
        .fixes
        .into_iter()
        .filter(|fix| fix.layer == Layer::Identity && !fix.sentence.contains(" write `"))
        .collect();
    let before = allowed(scenario);
    let asked = &scenario.request;
    for (action, resource) in allowed(&applied(scenario, &fixes)) {
        // An action without a resource can be allowed on `*` only.
        let here = asked.resource == "*" || resource == asked.resource;
        let own = action.eq_ignore_ascii_case(&asked.action) && here;
        if !own && !before.contains(&(action, resource)) {
            return Err(format!("`{action}` on `{resource}` is allowed too: {fixes:#?}"));
        }
    }
    Ok(())
}

#[test]
fn making_the_offered_changes_of_identity_policies_allows_nothing_else_in_any_authored_case() {
    for (name, scenario, _) in authored::all() {
        if let Err(wrong) = opens_no_more(&Scenario::parse(&scenario).unwrap()) {
            panic!("{name}: {wrong}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn making_the_offered_changes_allows_what_was_denied(scenario in generate::scenario()) {
        if let Err(wrong) = turns(&Scenario::parse(&scenario).unwrap()) {
            return Err(TestCaseError::fail(wrong));
        }
    }

    #[test]
    fn making_the_offered_changes_of_identity_policies_allows_nothing_else(scenario in generate::scenario()) {
        if let Err(wrong) = opens_no_more(&Scenario::parse(&scenario).unwrap()) {
            return Err(TestCaseError::fail(wrong));
        }
    }
}
