//! The smallest change is not only told: made, it turns the decision.

use crate::authored;
use crate::generate;
use domain::evaluate::{Change, Decision, Fix, Layer, NamedPolicy, Scenario, explain};
use domain::policy::{PolicyDocument, Statement};
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn making_the_offered_changes_allows_what_was_denied(scenario in generate::scenario()) {
        if let Err(wrong) = turns(&Scenario::parse(&scenario).unwrap()) {
            return Err(TestCaseError::fail(wrong));
        }
    }
}
