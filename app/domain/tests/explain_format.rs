//! The format of `sagebridge explain` is what `docs/explain.schema.json` and `docs/explain.md` say it is: every authored
//! case and its result are held against them.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "evaluator/authored.rs"]
mod authored;
#[path = "explain_format/schema.rs"]
mod schema;

use domain::evaluate::answer::Answer;
use schema::Schema;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

fn docs(file: &str) -> String {
    std::fs::read_to_string(Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../docs").join(file))
        .unwrap()
}

fn result(scenario: &Value) -> Value {
    let json = Answer::to_text(&scenario.to_string(), 1, 1).json();
    assert!(!json.contains('\n'), "a result is one line");
    serde_json::from_str(&json).unwrap()
}

#[test]
fn every_authored_case_and_its_result_are_as_the_schema_says() {
    let schema = Schema::new(&docs("explain.schema.json"));
    for (name, mut scenario, _) in authored::all() {
        scenario["id"] = json!(name);
        let result = result(&scenario);
        for (what, value) in [("scenario", &scenario), ("result", &result)] {
            if let Err(fault) = schema.check(what, value) {
                panic!("{name}: the {what}: {fault}");
            }
        }
        assert_eq!(result["id"], name.as_str());
        assert!(result["explanation"]["sentence"].is_string(), "{result}");
    }
}

#[test]
fn the_schema_names_nothing_that_never_comes() {
    let schema = Schema::new(&docs("explain.schema.json"));
    let (mut causes, mut changes, mut layers) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    for (_, scenario, _) in authored::all() {
        let result = result(&scenario);
        layers.insert(word(&result["decided_by"]));
        for statement in result["explanation"]["statements"].as_array().unwrap() {
            causes.extend(statement["elements"].as_array().unwrap().iter().map(|one| word(&one["cause"])));
        }
        changes.extend(result["explanation"]["fixes"].as_array().unwrap().iter().map(|one| word(&one["change"])));
    }
    let all = |values: &Value| values.as_array().unwrap().iter().map(word).collect::<BTreeSet<_>>();
    assert_eq!(causes, all(&schema.root()["$defs"]["cause"]["enum"]));
    assert_eq!(layers, all(&schema.root()["$defs"]["layer"]["enum"]));
    let fixes = schema.root()["$defs"]["fix"]["anyOf"].as_array().unwrap();
    assert_eq!(changes, fixes.iter().map(|one| word(&one["properties"]["change"]["const"])).collect());
}

#[test]
fn errors_are_as_the_schema_says() {
    let schema = Schema::new(&docs("explain.schema.json"));
    let scenario =
        json!({ "id": 1, "principal": "*", "action": "s3:GetObject", "resource": "*", "resource_account": "1" });
    let mut kinds = BTreeSet::new();
    let levels = json!({ "id": "x", "principal": "111111111111", "action": "s3:GetObject", "resource": "*",
        "resource_policy": { "Statement": [] } });
    let endless = format!("\"{}\"", "*a".repeat(1 << 19));
    let condition =
        format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringLike":{{"a":{endless}}}}}}}"#);
    let large = format!(
        r#"{{"id":null,"principal":"111111111111","action":"s3:GetObject","resource":"*","context":{{"a":{}}},
        "identity_policies":[{{"document":{{"Statement":{condition}}}}}]}}"#,
        json!(vec!["a".repeat(1000); 1000])
    );
    for text in [scenario.to_string(), levels.to_string(), "{".to_owned(), large] {
        let answer = Answer::to_text(&text, 1, 1);
        let result: Value = serde_json::from_str(&answer.json()).unwrap();
        schema.check("result", &result).unwrap_or_else(|fault| panic!("{fault}: {result}"));
        kinds.insert(result["error"]["kind"].as_str().unwrap_or_default().to_owned());
    }
    let all: Vec<&str> = schema.root()["$defs"]["error"]["properties"]["kind"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind.as_str().unwrap())
        .collect();
    assert_eq!(kinds, all.into_iter().map(str::to_owned).collect());
}

#[test]
fn what_the_schema_refuses_is_refused() {
    let schema = Schema::new(&docs("explain.schema.json"));
    let scenario = json!({
        "principal": "arn:aws:iam::111111111111:user/ana", "action": "s3:GetObject", "resource": "arn:aws:s3:::a",
        "resource_account": "111111111111", "context": { "a": "b" },
        "identity_policies": [{ "name": "p", "document": { "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } } }]
    });
    schema.check("scenario", &scenario).unwrap();
    assert_eq!(result(&scenario)["decision"], "Allowed");
    for (pointer, value) in [
        ("/principal", json!(null)),
        ("/action", json!(["s3:GetObject"])),
        ("/resource", json!("a".repeat(3000))),
        ("/id", json!({})),
        ("/identity_policy", json!([])),
        ("/context/a", json!({})),
        ("/context/a", json!([["b"]])),
        ("/identity_policies", json!({})),
        ("/identity_policies/0/name", json!("n".repeat(300))),
        ("/identity_policies/0/document", json!(null)),
        ("/identity_policies/0/document/Version", json!("2012")),
        ("/identity_policies/0/document/Statement", json!([])),
        ("/identity_policies/0/document/Statement/Effect", json!("allow")),
        ("/identity_policies/0/document/Statement/Action", json!([])),
        ("/identity_policies/0/document/Statement/Actions", json!("*")),
        ("/identity_policies/0/document/Statement/Principal", json!("me")),
        ("/identity_policies/0/document/Statement/Condition", json!({ "Bool": { "a": null } })),
        ("/service_control_policies", json!([{ "name": "p" }])),
        ("/service_control_policies", json!(vec![json!([]); 17])),
    ] {
        let mut faulty = scenario.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        faulty.pointer_mut(parent).unwrap()[key] = value.clone();
        assert!(schema.check("scenario", &faulty).is_err(), "the schema takes {pointer} = {value}");
        assert!(result(&faulty)["error"].is_object(), "the reader takes {pointer} = {value}");
    }
}

/// The blocks of a language in a Markdown text.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let open = format!("```{language}\n");
    text.split(open.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_documented_example_is_answered_as_documented() {
    let text = docs("explain.md");
    let [scenario, expected] = blocks(&text, "json")[..] else { panic!("a scenario and its result are documented") };
    let answer = Answer::to_text(scenario, 1, 1);
    let told: Value = serde_json::from_str(&answer.json()).unwrap();
    assert_eq!(told, serde_json::from_str::<Value>(expected).unwrap(), "it is:\n{told:#}");
    assert!(text.contains(&answer.text()), "the text form is: {}", answer.text());
}

#[test]
fn every_name_of_the_schema_is_in_the_documentation() {
    let schema = Schema::new(&docs("explain.schema.json"));
    let text = docs("explain.md");
    let mut names = schema.property_names();
    // These are IAM's own.
    names.retain(|name| name.starts_with(char::is_lowercase));
    for name in names {
        assert!(text.contains(&format!("`{name}`")), "docs/explain.md does not mention `{name}`");
    }
}
