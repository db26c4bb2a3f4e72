//! Authored cases: a file a rule, in `tests/cases`. Each file has elements that all its cases share, and cases that
//! override them.

use crate::naive;
use domain::evaluate::{Scenario, decide, explain};
use domain::policy::PolicyDocument;
use serde_json::{Map, Value};
use std::path::Path;

fn files() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_stem().unwrap().to_string_lossy().into_owned(), value)
        })
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

/// Puts names in the place of the long texts that many cases repeat.
fn expand(value: &mut Value, shared: &Map<String, Value>) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix('@') {
                *value = shared.get(name).unwrap_or_else(|| panic!("no `{name}` in `let`")).clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| expand(item, shared)),
        Value::Object(map) => map.values_mut().for_each(|item| expand(item, shared)),
        _ => {}
    }
}

/// Every case as (name, scenario, what is expected).
pub fn all() -> Vec<(String, Value, Value)> {
    let mut cases = Vec::new();
    for (file, content) in files() {
        let shared = content["let"].as_object().cloned().unwrap_or_default();
        for case in content["cases"].as_array().unwrap() {
            let mut scenario = content["base"].as_object().cloned().unwrap_or_default();
            let mut case = case.as_object().unwrap().clone();
            let expected = case.remove("expect").unwrap();
            let name = format!("{file}: {}", case.remove("name").unwrap().as_str().unwrap());
            scenario.extend(case);
            let mut scenario = Value::Object(scenario);
            expand(&mut scenario, &shared);
            cases.push((name, scenario, expected));
        }
    }
    cases
}

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
