//! The part of JSON Schema that `docs/explain.schema.json` uses. A keyword that is not known here is a failure: nothing
//! in the schema is left unchecked.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

pub struct Schema(Value);

type Checked = Result<(), String>;

/// Keywords that describe, and decide nothing.
const WORDS: &[&str] = &["$schema", "$defs", "title", "description"];

impl Schema {
    pub fn new(text: &str) -> Self {
        let schema = Self(serde_json::from_str(text).unwrap());
        schema.known(&schema.0);
        schema
    }

    pub fn root(&self) -> &Value {
        &self.0
    }

    /// Whether a value is what a definition says.
    pub fn check(&self, definition: &str, value: &Value) -> Checked {
        self.value(&self.0["$defs"][definition], value).map_err(|fault| format!("{definition}{fault}"))
    }

    /// The names of all properties.
    pub fn property_names(&self) -> BTreeSet<String> {
        fn collect(value: &Value, names: &mut BTreeSet<String>) {
            if let Value::Object(properties) = &value["properties"] {
                names.extend(properties.keys().cloned());
            }
            match value {
                Value::Object(map) => map.values().for_each(|inner| collect(inner, names)),
                Value::Array(items) => items.iter().for_each(|inner| collect(inner, names)),
                _ => {}
            }
        }
        let mut names = BTreeSet::new();
        collect(&self.0, &mut names);
        names
    }

    /// Walks through all schemas once, so that an unknown keyword is found even where no value reaches.
    fn known(&self, schema: &Value) {
        let Value::Object(map) = schema else {
            assert!(schema.is_boolean(), "{schema} is no schema");
            return;
        };
        for (keyword, given) in map {
            match keyword.as_str() {
                "$defs" | "properties" => given.as_object().unwrap().values().for_each(|inner| self.known(inner)),
                "anyOf" => given.as_array().unwrap().iter().for_each(|inner| self.known(inner)),
                "items" | "additionalProperties" => self.known(given),
                "$ref" => {
                    self.target(given);
                }
                "type" | "const" | "enum" | "required" | "minItems" | "maxItems" | "maxLength" | "minimum" => {}
                word => assert!(WORDS.contains(&word), "the keyword `{word}` is not checked"),
            }
        }
    }

    fn target(&self, reference: &Value) -> &Value {
        let reference = reference.as_str().unwrap();
        let path = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        self.0.pointer(path).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    fn value(&self, schema: &Value, value: &Value) -> Checked {
        let Value::Object(map) = schema else {
            return if *schema == Value::Bool(true) { Ok(()) } else { Err(": is not foreseen".into()) };
        };
        map.iter().try_for_each(|(keyword, given)| self.keyword(map, keyword, given, value))
    }

    fn keyword(&self, schema: &Map<String, Value>, keyword: &str, given: &Value, value: &Value) -> Checked {
        let count = || given.as_u64().unwrap() as usize;
        let holds = match keyword {
            "$ref" => return self.value(self.target(given), value),
            "anyOf" => return self.any_of(given, value),
            "properties" | "additionalProperties" => return self.member(schema, value),
            "items" => return self.items(given, value),
            "type" => types(given).iter().any(|name| is(name, value)),
            "const" => given == value,
            "enum" => given.as_array().unwrap().contains(value),
            "required" => {
                value.as_object().is_none_or(|object| types(given).iter().all(|key| object.contains_key(*key)))
            }
            "minItems" => value.as_array().is_none_or(|items| items.len() >= count()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() <= count()),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= count()),
            "minimum" => value.as_f64().is_none_or(|number| number >= given.as_f64().unwrap()),
            _ => true,
        };
        if holds { Ok(()) } else { Err(format!(": `{value:.120}` against {keyword} {given}")) }
    }

    fn any_of(&self, choices: &Value, value: &Value) -> Checked {
        let mut faults = Vec::new();
        for choice in choices.as_array().unwrap() {
            match self.value(choice, value) {
                Ok(()) => return Ok(()),
                Err(fault) => faults.push(fault),
            }
        }
        Err(format!(": none of\n  {}", faults.join("\n  ")))
    }

    fn items(&self, schema: &Value, value: &Value) -> Checked {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let item = |(index, item)| self.value(schema, item).map_err(|fault| format!("[{index}]{fault}"));
        items.iter().enumerate().try_for_each(item)
    }

    fn member(&self, schema: &Map<String, Value>, value: &Value) -> Checked {
        let Value::Object(object) = value else { return Ok(()) };
        let other = schema.get("additionalProperties").unwrap_or(&Value::Bool(true));
        object.iter().try_for_each(|(key, inner)| {
            let known = schema.get("properties").and_then(|properties| properties.get(key));
            self.value(known.unwrap_or(other), inner).map_err(|fault| format!(".{key}{fault}"))
        })
    }
}

/// One word or a list of them.
fn types(given: &Value) -> Vec<&str> {
    match given {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().map(|one| one.as_str().unwrap()).collect(),
        other => panic!("{other} is no word"),
    }
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("`{other}` is no type"),
    }
}
