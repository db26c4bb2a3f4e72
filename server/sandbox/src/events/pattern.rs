//! Event patterns: read, checked, and held against events.
//!
//! Source: EventBridge user guide, "Creating Amazon EventBridge event patterns", "Comparison operators".

use super::comparison::{Matcher, matcher};
use serde_json::{Map, Value};

/// A pattern.
#[derive(Debug)]
pub struct Pattern(Node);

/// What an object must be like: every field, and one alternative of each choice.
#[derive(Debug, Default)]
struct Node {
    fields: Vec<(String, Field)>,
    choices: Vec<Vec<Node>>,
}

#[derive(Debug)]
enum Field {
    /// What is in it must fit.
    Inside(Node),
    /// One of these must fit.
    OneOf(Vec<Matcher>),
}

/// How deep a pattern may be: deeper than its 4,096 characters have any use for.
const DEPTH: usize = 64;

impl Pattern {
    /// Reads a pattern; what is wrong with it otherwise.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let Value::Object(fields) = value else { return Err("Filter is not an object".to_owned()) };
        node(&fields, DEPTH).map(Self)
    }

    /// The values that a field at the top must have, where they are told exactly.
    pub fn exact(&self, field: &str) -> Vec<String> {
        let found = self.0.fields.iter().find(|(name, _)| name == field);
        let Some((_, Field::OneOf(matchers))) = found else { return Vec::new() };
        matchers.iter().filter_map(|matcher| matcher.exact_text().map(str::to_owned)).collect()
    }

    /// Whether an event fits.
    pub fn matches(&self, event: &Value) -> bool {
        self.0.fits(Some(event))
    }
}

fn node(fields: &Map<String, Value>, depth: usize) -> Result<Node, String> {
    if fields.is_empty() {
        return Err("Empty objects are not allowed".to_owned());
    }
    if depth == 0 {
        return Err("It is nested too deeply".to_owned());
    }
    let mut node = Node::default();
    for (name, value) in fields {
        match value {
            Value::Object(inside) => node.fields.push((name.clone(), Field::Inside(self::node(inside, depth - 1)?))),
            Value::Array(values) => match alternatives(name, values) {
                Some(alternatives) => {
                    let read = alternatives.into_iter().map(|fields| self::node(fields, depth - 1));
                    node.choices.push(read.collect::<Result<_, _>>()?);
                }
                None if values.is_empty() => return Err("Empty arrays are not allowed".to_owned()),
                None => {
                    let matchers = values.iter().map(matcher).collect::<Result<_, _>>()?;
                    node.fields.push((name.clone(), Field::OneOf(matchers)));
                }
            },
            _ => return Err(format!("\"{name}\" must be an object or an array")),
        }
    }
    Ok(node)
}

/// The alternatives of `$or`: two objects or more that are no comparisons. Else it is a field of that name.
fn alternatives<'a>(name: &str, values: &'a [Value]) -> Option<Vec<&'a Map<String, Value>>> {
    let all: Option<Vec<&Map<String, Value>>> = values.iter().map(Value::as_object).collect();
    all.filter(|all| {
        let words = |fields: &&&Map<String, Value>| fields.keys().any(|key| Matcher::WORDS.contains(&key.as_str()));
        name == "$or" && all.len() > 1 && all.iter().find(words).is_none()
    })
}

impl Node {
    /// Whether a value fits. In an array one element must fit with all of its fields.
    fn fits(&self, value: Option<&Value>) -> bool {
        match value {
            Some(Value::Array(elements)) if elements.iter().any(|e| e.is_object() || e.is_array()) => {
                elements.iter().any(|element| self.fits(Some(element)))
            }
            Some(Value::Object(object)) => self.fits_object(object),
            _ => self.fits_object(&Map::new()),
        }
    }

    fn fits_object(&self, object: &Map<String, Value>) -> bool {
        let field = |(name, field): &(String, Field)| match field {
            Field::Inside(node) => node.fits(object.get(name)),
            Field::OneOf(matchers) => {
                let mut leaves = Vec::new();
                collect(object.get(name), &mut leaves);
                if leaves.is_empty() {
                    return matchers.iter().any(|matcher| matches!(matcher, Matcher::Exists(false)));
                }
                leaves.iter().any(|leaf| matchers.iter().any(|matcher| matcher.matches(leaf)))
            }
        };
        self.fields.iter().all(field)
            && self.choices.iter().all(|choice| choice.iter().any(|node| node.fits_object(object)))
    }
}

/// The values that comparisons see: elements of arrays one by one, objects not at all.
fn collect<'a>(value: Option<&'a Value>, leaves: &mut Vec<&'a Value>) {
    match value {
        Some(Value::Array(elements)) => elements.iter().for_each(|element| collect(Some(element), leaves)),
        None | Some(Value::Object(_)) => {}
        Some(leaf) => leaves.push(leaf),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matches(pattern: Value, event: Value) -> bool {
        Pattern::parse(&pattern.to_string()).unwrap().matches(&event)
    }

    #[test]
    fn exact_values_are_of_their_kind() {
        for (pattern, value, fits) in [
            (json!("a"), json!("a"), true),
            (json!("a"), json!("A"), false),
            (json!(5), json!(5.0), true),
            (json!(5), json!("5"), false),
            (json!(true), json!(true), true),
            (json!(null), json!(null), true),
            (json!(null), json!("null"), false),
            (json!("b"), json!(["a", "b"]), true),
            (json!("b"), json!([]), false),
            (json!("b"), json!([["a"], ["b"]]), true),
        ] {
            assert_eq!(matches(json!({ "x": [pattern] }), json!({ "x": value })), fits, "{pattern} {value}");
        }
        assert!(!matches(json!({ "x": [null] }), json!({})));
    }

    #[test]
    fn every_comparison_is_known() {
        let yes = [
            (json!({ "prefix": "ab" }), json!("abc")),
            (json!({ "prefix": { "equals-ignore-case": "AB" } }), json!("abc")),
            (json!({ "suffix": ".png" }), json!("x.png")),
            (json!({ "suffix": { "equals-ignore-case": ".PNG" } }), json!("x.png")),
            (json!({ "equals-ignore-case": "ABC" }), json!("abc")),
            (json!({ "wildcard": "dir/*.png" }), json!("dir/a/b.png")),
            (json!({ "wildcard": "a\\*b*" }), json!("a*bc")),
            (json!({ "anything-but": "x" }), json!("y")),
            (json!({ "anything-but": ["x", "z"] }), json!("y")),
            (json!({ "anything-but": [1, 2] }), json!(3)),
            (json!({ "anything-but": { "prefix": "a" } }), json!("b")),
            (json!({ "anything-but": { "prefix": ["a", "b"] } }), json!("c")),
            (json!({ "anything-but": { "suffix": ".txt" } }), json!("b")),
            (json!({ "anything-but": { "equals-ignore-case": ["A", "B"] } }), json!("c")),
            (json!({ "anything-but": { "wildcard": "*/x" } }), json!("c")),
            (json!({ "numeric": ["=", 3.018e2] }), json!(301.8)),
            (json!({ "numeric": [">", 0, "<=", 5] }), json!(5)),
            (json!({ "exists": true }), json!(null)),
            (json!({ "exists": false }), json!({ "not": "a leaf" })),
            (json!({ "cidr": "10.0.0.0/24" }), json!("10.0.0.255")),
            (json!({ "cidr": "2001:db8::/32" }), json!("2001:db8::1")),
        ];
        for (matcher, value) in yes {
            assert!(matches(json!({ "x": [matcher] }), json!({ "x": value })), "{matcher} {value}");
        }
        let no = [
            (json!({ "prefix": "ab" }), json!("cab")),
            (json!({ "suffix": ".png" }), json!("x.PNG")),
            (json!({ "wildcard": "dir/*.png" }), json!("dir/a.jpg")),
            (json!({ "wildcard": "ab*ab" }), json!("ab")),
            (json!({ "anything-but": ["x", "z"] }), json!("z")),
            (json!({ "anything-but": { "suffix": [".txt", ".md"] } }), json!("a.md")),
            (json!({ "numeric": [">", 0, "<", 5] }), json!(5)),
            (json!({ "numeric": ["=", 5] }), json!("5")),
            (json!({ "exists": false }), json!(1)),
            (json!({ "exists": true }), json!([])),
            (json!({ "cidr": "10.0.0.0/24" }), json!("10.0.1.0")),
            (json!({ "cidr": "10.0.0.0/24" }), json!("::1")),
        ];
        for (matcher, value) in no {
            assert!(!matches(json!({ "x": [matcher] }), json!({ "x": value })), "{matcher} {value}");
        }
        assert!(!matches(json!({ "x": [{ "anything-but": "a" }] }), json!({})));
        assert!(matches(json!({ "x": { "y": [{ "exists": false }] } }), json!({})));
    }

    #[test]
    fn fields_must_all_fit_and_choices_one() {
        let pattern = json!({
            "source": ["s"],
            "$or": [{ "detail": { "n": [{ "numeric": [">", 5] }] } }, { "detail": { "m": ["x", "y"] } }],
        });
        assert!(matches(pattern.clone(), json!({ "source": "s", "detail": { "n": 6 } })));
        assert!(matches(pattern.clone(), json!({ "source": "s", "detail": { "m": "y" } })));
        assert!(!matches(pattern.clone(), json!({ "source": "s", "detail": { "m": "z", "n": 5 } })));
        assert!(!matches(pattern, json!({ "source": "t", "detail": { "n": 6 } })));
        // In a list of objects one of them fits as a whole.
        let both = json!({ "l": { "a": [1], "b": [2] } });
        assert!(matches(both.clone(), json!({ "l": [{ "a": 0 }, { "a": 1, "b": 2 }] })));
        assert!(!matches(both, json!({ "l": [{ "a": 1, "b": 0 }, { "a": 0, "b": 2 }] })));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (text, reason) in [
            ("[]", "Filter is not an object"),
            ("{}", "Empty objects are not allowed"),
            ("{\"a\":", "EOF"),
            ("{\"a\":\"b\"}", "\"a\" must be an object or an array"),
            ("{\"a\":[]}", "Empty arrays are not allowed"),
            ("{\"a\":{}}", "Empty objects are not allowed"),
            ("{\"a\":[[1]]}", "Match value must be String, number, true, false, or null"),
            ("{\"a\":[{\"like\":\"x\"}]}", "Unrecognized match type like"),
            ("{\"a\":[{\"prefix\":\"x\",\"suffix\":\"y\"}]}", "Only one key allowed in match expression"),
            ("{\"a\":[{\"prefix\":1}]}", "prefix match pattern must be a string"),
            ("{\"a\":[{\"exists\":1}]}", "exists match pattern must be either true or false."),
            ("{\"a\":[{\"numeric\":[\"~\",1]}]}", "Unrecognized numeric range operator: ~"),
            ("{\"a\":[{\"numeric\":[\">\"]}]}", "Value of > must be numeric"),
            ("{\"a\":[{\"numeric\":[\"<\",1,\">\",2]}]}", "Bad numeric range operator: >"),
            ("{\"a\":[{\"numeric\":[\">\",2,\"<\",1]}]}", "Bottom must be less than top"),
            ("{\"a\":[{\"wildcard\":\"a**\"}]}", "Consecutive wildcard characters at pos 1"),
            ("{\"a\":[{\"wildcard\":\"a\\\\b\"}]}", "Invalid escape character at pos 1"),
            ("{\"a\":[{\"cidr\":\"10.0.0.0/99\"}]}", "Malformed CIDR"),
            ("{\"a\":[{\"anything-but\":[]}]}", "Empty arrays are not allowed"),
            ("{\"a\":[{\"anything-but\":[1,\"x\"]}]}", "Inside anything but list"),
        ] {
            let refused = Pattern::parse(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
