//! Scenarios as large as a hostile reader makes them, with what comes of them.

use serde_json::{Value, json};

/// What comes of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is decided.
    Decided,
    /// It is refused, with an error.
    Refused,
}

/// Name, fate and text of each.
pub fn scenarios() -> Vec<(&'static str, Fate, String)> {
    let mut all = documents();
    all.extend(values());
    all.extend(texts());
    all
}

fn scenario(resource: &str, statements: Vec<Value>, context: Value) -> String {
    json!({
        "id": "large",
        "principal": "arn:aws:iam::111111111111:user/ana",
        "action": "s3:GetObject",
        "resource": resource,
        "resource_account": "111111111111",
        "context": context,
        "identity_policies": [{ "name": "p", "document": { "Version": "2012-10-17", "Statement": statements } }]
    })
    .to_string()
}

fn statement(effect: &str, resource: impl Into<Value>, condition: Value) -> Value {
    json!({ "Effect": effect, "Action": "s3:*", "Resource": resource.into(), "Condition": condition })
}

/// Many statements, many policies, long patterns, against one name.
fn documents() -> Vec<(&'static str, Fate, String)> {
    let name = format!("arn:aws:s3:::{}", "a".repeat(2000));
    let stars: Vec<String> = (0..30).map(|i| format!("arn:aws:s3:::{}{i}", "*a".repeat(1000))).collect();
    let questions: Vec<String> = (0..6).map(|i| format!("arn:aws:s3:::{}{i}", "*?a".repeat(660))).collect();
    let middles: Vec<String> = (0..5_000).map(|_| format!("arn:aws:s3:::*{}b*", "a".repeat(190))).collect();
    let one = |resource: &str, statements| scenario(resource, statements, json!({}));
    let numbered = |i: usize| format!("arn:aws:s3:::bucket-{i}/*");
    let external = |i: usize| statement("Deny", "*", json!({ "StringNotEquals": { "sts:ExternalId": i.to_string() } }));
    let policies: Vec<Value> = (0..5_000)
        .map(|i| json!({ "name": format!("p{i:05}"), "document": { "Statement": statement("Deny", "*", json!({})) } }))
        .collect();
    let mut many: Value =
        serde_json::from_str(&one("arn:aws:s3:::a", vec![statement("Allow", "*", json!({}))])).unwrap();
    many["identity_policies"] = json!(policies);
    vec![
        ("stars that nearly match", Fate::Decided, one(&name, vec![statement("Allow", json!(stars), json!({}))])),
        (
            "questions that nearly match",
            Fate::Decided,
            one(&name, vec![statement("Allow", json!(questions), json!({}))]),
        ),
        ("a megabyte of runs", Fate::Refused, one(&name, vec![statement("Allow", json!(middles), json!({}))])),
        (
            "runs that nearly match",
            Fate::Decided,
            one(&name, vec![statement("Allow", json!(middles[..10]), json!({}))]),
        ),
        (
            "a megabyte of statements",
            Fate::Decided,
            one(&name, (0..8_000).map(|i| statement("Allow", numbered(i), json!({}))).collect()),
        ),
        ("denials that each ask for another value", Fate::Decided, one(&name, (0..4_000).map(external).collect())),
        ("policies that all deny", Fate::Decided, many.to_string()),
        (
            "openings of variables",
            Fate::Decided,
            one(&name, vec![statement("Allow", format!("arn:aws:s3:::{}", "${a".repeat(300_000)), json!({}))]),
        ),
    ]
}

/// Long values, many values, many keys, many variables.
fn values() -> Vec<(&'static str, Fate, String)> {
    let with = |condition: Value, context: Value| scenario("*", vec![statement("Allow", "*", condition)], context);
    let long = json!({ "k": "a".repeat(1 << 20) });
    let keys: serde_json::Map<String, Value> =
        (0..20_000).map(|i| (format!("aws:RequestTag/{i}"), json!("v"))).collect();
    let tests: serde_json::Map<String, Value> =
        (0..20_000).map(|i| (format!("aws:RequestTag/{i}"), json!("w"))).collect();
    let repeated: Vec<Value> =
        (0..80).map(|i| statement("Allow", "*", json!({ "StringEquals": { "k": i.to_string() } }))).collect();
    vec![
        (
            "stars against a megabyte",
            Fate::Decided,
            with(json!({ "StringLike": { "k": format!("{}b", "*a".repeat(1 << 17)) } }), long.clone()),
        ),
        ("statements that each compare a megabyte", Fate::Decided, scenario("*", repeated, long.clone())),
        (
            "a search that would not end",
            Fate::Refused,
            with(json!({ "StringLike": { "k": format!("*?{}b*", "a".repeat(1 << 18)) } }), long),
        ),
        (
            "many patterns against many values",
            Fate::Refused,
            with(
                json!({ "ForAnyValue:StringLike": { "k": vec![format!("{}b", "*a?".repeat(10)); 5_000] } }),
                json!({ "k": vec!["a".repeat(100); 2_000] }),
            ),
        ),
        (
            "many texts against many values",
            Fate::Refused,
            with(json!({ "ForAllValues:StringEquals": { "k": vec!["a"; 40_000] } }), json!({ "k": vec!["a"; 40_000] })),
        ),
        (
            "many keys that are looked for",
            Fate::Refused,
            with(json!({ "StringEquals": tests }), Value::Object(keys.clone())),
        ),
        (
            "many variables that are looked for",
            Fate::Refused,
            with(json!({ "StringEquals": { "k": "${aws:x}".repeat(20_000) } }), {
                let mut keys = keys;
                keys.insert("k".to_owned(), json!("v"));
                Value::Object(keys)
            }),
        ),
        (
            "variables whose values make the pattern long",
            Fate::Refused,
            with(
                json!({ "StringLike": { "k": format!("*{}b*", "${aws:RequestTag/x}".repeat(100)) } }),
                json!({ "k": "a".repeat(100_000), "aws:RequestTag/x": "a".repeat(1_000) }),
            ),
        ),
    ]
}

/// What is too deep, or too long in one place.
fn texts() -> Vec<(&'static str, Fate, String)> {
    let key = "k".repeat(100_000);
    let condition = json!({ "StringEquals": { key: vec!["v"; 50_000] } });
    let mut levels: Value =
        serde_json::from_str(&scenario("*", vec![statement("Allow", "*", json!({}))], json!({}))).unwrap();
    let mut name = levels.clone();
    levels["service_control_policies"] = json!(vec![json!([]); 100_000]);
    name["identity_policies"][0]["name"] = json!("n".repeat(100_000));
    vec![
        ("lists in lists", Fate::Refused, format!("{{\"id\":{}", "[".repeat(200_000))),
        ("objects in objects", Fate::Refused, format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000))),
        ("a key without end", Fate::Refused, scenario("*", vec![statement("Allow", "*", condition)], json!({}))),
        ("levels without end", Fate::Refused, levels.to_string()),
        ("a policy's name without end", Fate::Refused, name.to_string()),
    ]
}
