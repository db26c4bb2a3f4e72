//! Small policies and requests at random, over few names, so that they often nearly match.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = Value> {
    proptest::sample::select(texts).prop_map(|text| json!(text))
}

/// A text, or a list of one to three.
fn texts(texts: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop_oneof![one_of(texts), proptest::collection::vec(one_of(texts), 1..4).prop_map(Value::Array),].boxed()
}

const ACTIONS: &[&str] =
    &["s3:GetObject", "S3:getobject", "s3:Get*", "s3:???Object", "*", "s3:PutObject", "sts:Assume*"];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::data/a",
    "arn:aws:s3:::data/*",
    "arn:aws:s3:::DATA/a",
    "arn:aws:s3",
    "arn:aws:s3:*",
    "arn:aws:s3:::data/${aws:username}",
    "arn:aws:s3:::data/${aws:PrincipalTag/team, 'a'}",
    "arn:aws:s3:::data/${*}",
    "arn:*:iam::?11111111111:role/*",
    "arn:aws:iam::111111111111:role/target",
];
const PRINCIPALS: &[&str] = &[
    "*",
    "111111111111",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::222222222222:root",
    "arn:aws:iam::111111111111:user/ana",
    "arn:aws:iam::111111111111:role/r",
    "arn:aws:sts::111111111111:assumed-role/r/s",
    "arn:aws:sts::111111111111:federated-user/ana",
    "AROAEXAMPLEEXAMPLE01",
    "AIDAEXAMPLEEXAMPLE01",
];
const CALLERS: &[&str] = &[
    "arn:aws:iam::111111111111:user/ana",
    "arn:aws:iam::222222222222:user/ana",
    "arn:aws:sts::111111111111:assumed-role/r/s",
    "arn:aws:sts::222222222222:assumed-role/r/s",
    "arn:aws:iam::111111111111:role/r",
    "arn:aws:sts::111111111111:federated-user/ana",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::222222222222:root",
    "lambda.amazonaws.com",
    "accounts.google.com",
    "*",
];
const STRING_OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
];
const STRING_VALUES: &[&str] =
    &["red", "RED", "r*", "blue", "", "${aws:username}", "${aws:PrincipalTag/team}x", "a${*}", "${aws:x, 'red'}"];
const NUMBERS: &[&str] = &["1", "2", "10", "-1", "1.5", "word"];
const NUMERIC_OPERATORS: &[&str] = &[
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
];
const DATES: &[&str] = &["2020-01-01T00:00:00Z", "2021-06-30T12:00:00Z", "never"];
const DATE_OPERATORS: &[&str] =
    &["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"];
const ADDRESSES: &[&str] = &["10.0.0.1", "10.0.0.0/8", "10.0.0.0/31", "203.0.113.7", "0.0.0.0/0", "x"];
const ARNS: &[&str] =
    &["arn:aws:s3:::data", "arn:aws:s3:::d*", "arn:*:s3", "*", "data", "arn:aws:iam::${aws:PrincipalAccount}:user/*"];

fn condition() -> impl Strategy<Value = (String, String, Value)> {
    let kinds = prop_oneof![
        4 => (proptest::sample::select(STRING_OPERATORS), Just("aws:x"), texts(STRING_VALUES)),
        1 => (proptest::sample::select(NUMERIC_OPERATORS), Just("aws:n"), texts(NUMBERS)),
        1 => (proptest::sample::select(DATE_OPERATORS), Just("aws:CurrentTime"), texts(DATES)),
        1 => (proptest::sample::select(&["IpAddress", "NotIpAddress"][..]), Just("aws:SourceIp"), texts(ADDRESSES)),
        1 => (proptest::sample::select(&["ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"][..]), Just("aws:SourceArn"), texts(ARNS)),
        1 => (Just("Bool"), Just("aws:SecureTransport"), texts(&["true", "False", "maybe"])),
        1 => (Just("ArnLike"), Just("aws:PrincipalArn"), texts(ARNS)),
    ];
    let quantifier = proptest::sample::select(&["", "", "ForAnyValue:", "ForAllValues:"][..]);
    let plain = (quantifier, kinds, proptest::sample::select(&["", "", "IfExists"][..])).prop_map(
        |(quantifier, (operator, key, values), suffix)| {
            (format!("{quantifier}{operator}{suffix}"), key.to_owned(), values)
        },
    );
    let null = (proptest::sample::select(&["aws:x", "AWS:N", "aws:username"][..]), texts(&["true", "false"]))
        .prop_map(|(key, values)| ("Null".to_owned(), key.to_owned(), values));
    prop_oneof![6 => plain, 1 => null]
}

fn conditions() -> impl Strategy<Value = Value> {
    proptest::collection::vec(condition(), 0..3).prop_map(|list| {
        let mut map = Map::new();
        for (operator, key, values) in list {
            let block = map.entry(operator).or_insert_with(|| json!({}));
            block[key] = values;
        }
        Value::Object(map)
    })
}

fn principals() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("*")),
        texts(PRINCIPALS).prop_map(|list| json!({ "AWS": list })),
        texts(PRINCIPALS).prop_map(|list| json!({ "AWS": list })),
        Just(json!({ "Service": ["lambda.amazonaws.com", "sns.amazonaws.com"] })),
        Just(json!({ "Federated": "accounts.google.com", "AWS": "222222222222" })),
    ]
}

pub fn statement(with_principal: bool) -> impl Strategy<Value = Value> {
    let not = proptest::sample::select(&[false, false, false, true][..]);
    let parts = (texts(ACTIONS), texts(RESOURCES), principals(), conditions());
    (prop_oneof![2 => Just("Allow"), 1 => Just("Deny")], (not.clone(), not.clone(), not), parts).prop_map(
        move |(effect, (not_action, not_resource, not_principal), (actions, resources, principals, conditions))| {
            let mut map = Map::new();
            map.insert("Effect".into(), json!(effect));
            map.insert(if not_action { "NotAction" } else { "Action" }.into(), actions);
            map.insert(if not_resource { "NotResource" } else { "Resource" }.into(), resources);
            if with_principal {
                map.insert(if not_principal { "NotPrincipal" } else { "Principal" }.into(), principals);
            }
            if conditions.as_object().is_some_and(|map| !map.is_empty()) {
                map.insert("Condition".into(), conditions);
            }
            Value::Object(map)
        },
    )
}

pub fn document(with_principal: bool) -> impl Strategy<Value = Value> {
    let version = proptest::sample::select(&["2012-10-17", "2012-10-17", "2008-10-17"][..]);
    (version, proptest::collection::vec(statement(with_principal), 1..4))
        .prop_map(|(version, statements)| json!({ "Version": version, "Statement": statements }))
}

fn policies(count: std::ops::Range<usize>) -> impl Strategy<Value = Value> {
    proptest::collection::vec(document(false), count).prop_map(|documents| {
        let named = |(index, document)| json!({ "name": format!("p{index}"), "document": document });
        Value::Array(documents.into_iter().enumerate().map(named).collect())
    })
}

fn levels() -> impl Strategy<Value = Value> {
    let full = json!({ "name": "full", "document": { "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } } });
    proptest::collection::vec((policies(0..2), proptest::bool::weighted(0.8)), 0..3).prop_map(move |levels| {
        let level = |(mut list, open): (Value, bool)| {
            if open {
                list.as_array_mut().expect("a list").push(full.clone());
            }
            list
        };
        Value::Array(levels.into_iter().map(level).collect())
    })
}

fn maybe(strategy: impl Strategy<Value = Value> + 'static, weight: f64) -> impl Strategy<Value = Value> {
    proptest::option::weighted(weight, strategy).prop_map(|value| value.unwrap_or(Value::Null))
}

fn context() -> impl Strategy<Value = Value> {
    let entry = |key: &'static str, values: &'static [&'static str]| {
        maybe(texts(values), 0.6).prop_map(move |value| (key, value))
    };
    let entries = (
        entry("aws:X", &["red", "RED", "blue", "", "a*", "ana"]),
        entry("aws:n", &["1", "2", "1.5", "word"]),
        entry("aws:CurrentTime", &["2020-01-01T00:00:00Z", "2021-06-30T12:00:00Z"]),
        entry("aws:SourceIp", &["10.0.0.1", "203.0.113.7"]),
        entry("aws:SourceArn", &["arn:aws:s3:::data", "arn:aws:s3:::data-2", "data"]),
        entry("aws:SecureTransport", &["true", "false"]),
        entry("aws:PrincipalTag/team", &["a", "red"]),
    );
    entries.prop_map(|(a, b, c, d, e, f, g)| {
        [a, b, c, d, e, f, g]
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.to_owned(), value))
            .collect::<Map<_, _>>()
            .into()
    })
}

/// A whole scenario.
pub fn scenario() -> impl Strategy<Value = Value> {
    let target = proptest::sample::select(
        &[
            ("s3:GetObject", "arn:aws:s3:::data/a"),
            ("s3:GetObject", "arn:aws:s3:::data/ana"),
            ("sts:AssumeRole", "arn:aws:iam::111111111111:role/target"),
            ("s3:ListAllMyBuckets", "*"),
            ("kms:Decrypt", "arn:aws:kms:eu-west-1:111111111111:key/k"),
        ][..],
    );
    let request = (
        proptest::sample::select(CALLERS),
        proptest::sample::select(&[None, Some("AROAEXAMPLEEXAMPLE01"), Some("AIDAEXAMPLEEXAMPLE01")][..]),
        target,
        context(),
    );
    let layers = (
        policies(0..3),
        maybe(document(true), 0.7),
        maybe(policies(1..2), 0.3),
        maybe(policies(1..2), 0.3),
        maybe(levels(), 0.3),
        maybe(levels(), 0.2),
    );
    (request, layers).prop_map(
        |((principal, id, (action, resource), context), (identity, policy, boundaries, session, scps, rcps))| {
            json!({
                "id": "generated",
                "principal": principal,
                "principal_id": id,
                "action": action,
                "resource": resource,
                "resource_account": "111111111111",
                "context": context,
                "identity_policies": identity,
                "resource_policy": policy,
                "permissions_boundaries": boundaries,
                "session_policies": session,
                "service_control_policies": scps,
                "resource_control_policies": rcps,
            })
        },
    )
}
