//! The authored cases, decided and explained.

use crate::authored::all;
use crate::naive;
use domain::evaluate::{Scenario, decide, explain};
use domain::policy::PolicyDocument;
use serde_json::Value;

fn documents(scenario: &Value) -> Vec<Value> {
    let mut found = vec![scenario["resource_policy"].clone()];
    for key in ["identity_policies", "permissions_boundaries", "session_policies"] {
        found.extend(naive::as_list(&scenario[key]).iter().map(|policy| policy["document"].clone()));
    }
    for key in ["service_control_policies", "resource_control_policies"] {
        for level in naive::as_list(&scenario[key]) {
            found.extend(naive::as_list(&level).iter().map(|policy| policy["document"].clone()));
        }
    }
    found.retain(|document| !document.is_null());
    found
}

#[test]
fn every_authored_case_is_decided_and_explained_as_expected() {
    let mut wrong = Vec::new();
    let cases = all();
    assert!(cases.len() >= 100, "only {} cases were found", cases.len());
    for (name, scenario, expected) in &cases {
        let read = Scenario::parse(scenario).unwrap_or_else(|error| panic!("{name}: {error}"));
        let explanation = explain(&read.request, &read.policies());
        let told = format!("{}\n{}", explanation.sentence(), explanation.details().join("\n"));
        let mut note = |what: &str| wrong.push(format!("{name}: {what}\n{told}\nfix: {:?}\n", explanation.fix()));
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if format!("{:?}", explanation.decision) != word(&expected["decision"]) {
            note(&format!("the decision is {:?}", explanation.decision));
        }
        if let Some(layer) = expected["decided_by"].as_str()
            && serde_json::to_value(explanation.decided_by).unwrap() != layer
        {
            note(&format!("decided by {:?}", explanation.decided_by));
        }
        for says in naive::as_list(&expected["says"]) {
            if !told.contains(&word(&says)) {
                note(&format!("nothing says {says}"));
            }
        }
        for fix in naive::as_list(&expected["fix"]) {
            if !explanation.fix().unwrap_or_default().contains(&word(&fix)) {
                note(&format!("the fix does not say {fix}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_second_evaluator_agrees_on_every_authored_case() {
    for (name, scenario, _) in all() {
        let read = Scenario::parse(&scenario).unwrap();
        let decision = decide(&read.request, &read.policies());
        assert_eq!(format!("{decision:?}"), naive::decide(&scenario), "{name}");
        assert_eq!(decision, explain(&read.request, &read.policies()).decision, "{name}");
    }
}

#[test]
fn every_authored_document_survives_printing_and_parsing() {
    for (name, scenario, _) in all() {
        for document in documents(&scenario) {
            let parsed = match PolicyDocument::parse_value(&document) {
                Ok(parsed) => parsed,
                // It is evaluated, but not saved.
                Err(error) if error.message.starts_with("Invalid principal in policy") => continue,
                Err(error) => panic!("{name}: {error}"),
            };
            let printed = parsed.pretty();
            assert_eq!(PolicyDocument::parse(&printed).unwrap(), parsed, "{name}");
            assert_eq!(PolicyDocument::parse(&printed).unwrap().pretty(), printed, "{name}");
            let serialised = serde_json::to_string_pretty(&parsed).unwrap();
            assert_eq!(serialised, printed, "{name}: shown and serialised differ");
        }
    }
}
