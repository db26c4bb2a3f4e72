//! Authored cases: a file a rule, in `tests/cases`. Each file has elements that all its cases share, and cases that
//! override them.

use serde_json::{Map, Value};
use std::path::Path;

fn files() -> Vec<(String, Value)> {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/cases");
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
