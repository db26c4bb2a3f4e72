//! A table for each function.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::context::Context;
use crate::path::Scope;
use crate::random::Randomness;
use serde_json::json;

fn evaluate(text: &str, input: &Value) -> Result<Value, Failure> {
    let context = Context::of_value(json!({"Execution": {"Name": "run-1"}}));
    let mut random = Randomness::new([1; 32]);
    let scope = Scope { input, context: &context };
    Call::parse(text).unwrap().evaluate(&mut Evaluation::new(scope, &mut random, "S"))
}

fn table(cases: &[(&str, Value)]) {
    let input = json!({
        "list": [1, 2, 3, 4, 5, 6, 7, 8, 9], "doubled": [1, 1, "a", "a", {"x": 1}, {"x": 1}, 1.5],
        "name": "Arnav", "template": "Hello, {}.", "json": "{\"a\": [1, null]}", "object": {"b": 2, "a": {"x": 1}},
        "other": {"a": {"y": 2}}, "index": 5, "big": "x".repeat(10_001), "blank": " ", "deep": {"a,b": [{"c)": "found"}]}
    });
    for (text, expected) in cases {
        match (evaluate(text, &input), expected) {
            (Ok(value), expected) => assert_eq!(&value, expected, "{text}"),
            (Err(failure), Value::String(error)) => {
                assert_eq!(failure.error.as_deref(), Some(error.as_str()), "{text}: {failure:?}");
            }
            (Err(failure), _) => panic!("{text}: {failure:?}"),
        }
    }
}

const FAILS: &str = "States.IntrinsicFailure";

#[test]
fn texts_are_formatted() {
    table(&[
        ("States.Format('Hello, {}.', $.name)", json!("Hello, Arnav.")),
        ("States.Format($.template, $.name)", json!("Hello, Arnav.")),
        ("States.Format('{}{} {}', 1, true, null)", json!("1true null")),
        ("States.Format('{}', $.other)", json!("{\"a\":{\"y\":2}}")),
        (r"States.Format('\{\} \'{}\' \\', 1.5)", json!("{} '1.5' \\")),
        ("States.Format('no holes')", json!("no holes")),
        ("States.Format('{}', $$.Execution.Name)", json!("run-1")),
        ("States.Format('{}')", json!(FAILS)),
        ("States.Format('x', 1)", json!(FAILS)),
        ("States.Format(1, 1)", json!(FAILS)),
        ("States.Format('{}', $.missing)", json!("States.Runtime")),
    ]);
}

#[test]
fn arrays_are_made_and_taken_apart() {
    table(&[
        ("States.Array()", json!([])),
        ("States.Array(1, 'a', $.name, null)", json!([1, "a", "Arnav", null])),
        ("States.ArrayPartition($.list, 4)", json!([[1, 2, 3, 4], [5, 6, 7, 8], [9]])),
        ("States.ArrayPartition($.list, 0)", json!(FAILS)),
        ("States.ArrayPartition($.name, 1)", json!(FAILS)),
        ("States.ArrayContains($.list, 5)", json!(true)),
        ("States.ArrayContains($.list, '5')", json!(false)),
        ("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9])),
        ("States.ArrayRange(3, 1, -1)", json!([3, 2, 1])),
        ("States.ArrayRange(1, 3, -1)", json!([])),
        ("States.ArrayRange(1, 1, 5)", json!([1])),
        ("States.ArrayRange(1, 1001, 1)", json!(FAILS)),
        ("States.ArrayRange(1, 2, 0)", json!(FAILS)),
        ("States.ArrayRange(-9007199254740991, 9007199254740991, 1)", json!(FAILS)),
        ("States.ArrayGetItem($.list, $.index)", json!(6)),
        ("States.ArrayGetItem($.list, 9)", json!(FAILS)),
        ("States.ArrayGetItem($.list, -1)", json!(FAILS)),
        ("States.ArrayLength($.list)", json!(9)),
        ("States.ArrayLength($.list[1:3])", json!(2)),
        ("States.ArrayUnique($.doubled)", json!([1, "a", {"x": 1}, 1.5])),
    ]);
}

#[test]
fn texts_are_encoded_hashed_split_and_parsed() {
    table(&[
        ("States.Base64Encode('Data to encode')", json!("RGF0YSB0byBlbmNvZGU=")),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", json!("Data to encode")),
        ("States.Base64Decode('%')", json!(FAILS)),
        ("States.Base64Encode($.big)", json!(FAILS)),
        ("States.Hash('', 'MD5')", json!("d41d8cd98f00b204e9800998ecf8427e")),
        ("States.Hash('input data', 'SHA-1')", json!("aaff4a450a104cd177d28d18d74485e8cae074b7")),
        ("States.Hash('a', 'SHA-256')", json!("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")),
        ("States.Hash('a', 'sha-256')", json!(FAILS)),
        ("States.Hash($.big, 'MD5')", json!(FAILS)),
        ("States.StringSplit('1,2,3', ',')", json!(["1", "2", "3"])),
        ("States.StringSplit('This.is+a,test=string', '.+,=')", json!(["This", "is", "a", "test", "string"])),
        ("States.StringSplit(',,a,', ',')", json!(["a"])),
        ("States.StringSplit(1, ',')", json!(FAILS)),
        ("States.StringToJson($.json)", json!({"a": [1, null]})),
        ("States.StringToJson($.blank)", json!(null)),
        ("States.StringToJson('{')", json!(FAILS)),
        ("States.JsonToString($.other)", json!("{\"a\":{\"y\":2}}")),
        ("States.JsonMerge($.object, $.other, false)", json!({"a": {"y": 2}, "b": 2})),
        ("States.JsonMerge($.object, $.other, true)", json!(FAILS)),
        ("States.JsonMerge($.object, $.list, false)", json!(FAILS)),
    ]);
}

#[test]
fn numbers_are_added_and_drawn() {
    table(&[
        ("States.MathAdd(111, -1)", json!(110)),
        ("States.MathAdd(1.5, 1)", json!(3)),
        ("States.MathAdd(2147483648, 1)", json!(FAILS)),
        ("States.MathAdd('1', 1)", json!(FAILS)),
        ("States.MathRandom(5, 6)", json!(5)),
        ("States.MathRandom(5, 5)", json!(FAILS)),
    ]);
    let seeded = |text: &str| evaluate(text, &json!({})).unwrap();
    assert_eq!(seeded("States.MathRandom(1, 1000000, 7)"), seeded("States.MathRandom(1, 1000000, 7)"));
    assert_ne!(seeded("States.MathRandom(1, 1000000, 7)"), seeded("States.MathRandom(1, 1000000, 8)"));
    let drawn = seeded("States.MathRandom(-3, 3)").as_i64().unwrap();
    assert!((-3..3).contains(&drawn));
    assert_eq!(seeded("States.UUID()").as_str().unwrap().len(), 36);
}

#[test]
fn calls_are_nested_up_to_ten() {
    table(&[
        ("States.ArrayGetItem(States.StringSplit('a/b/c', '/'), 1)", json!("b")),
        (" States.Format( '{}' , States.MathAdd( 1 , 2 ) ) ", json!("3")),
        ("States.Format('{}', $.deep['a,b'][?(@['c)'])]['c)'])", json!("[\"found\"]")),
    ]);
    let nested = |depth: usize| format!("{}{}", "States.Array(".repeat(depth), ")".repeat(depth));
    assert!(Call::parse(&nested(10)).is_some());
    assert!(Call::parse(&nested(11)).is_none());
    assert!(Call::parse(&nested(100_000)).is_none());
}

#[test]
fn what_is_no_call_is_none() {
    for text in [
        "",
        "States.Format",
        "States.Format(",
        "States.Format('a'",
        "States.Format('a') x",
        "States.Format('a\\n')",
        "States.Format(a)",
        "States.Format('a',)",
        "States.Unknown(1)",
        "states.format('a')",
        "States.UUID(1)",
        "States.ArrayLength()",
        "States.Hash('a')",
        "States.JsonToString($.)",
    ] {
        assert!(Call::parse(text).is_none(), "{text}");
    }
}

#[test]
fn growing_without_end_is_stopped() {
    let quotes = json!({"q": "\"".repeat(100_000)});
    let text = format!("{}$.q{}", "States.JsonToString(".repeat(10), ")".repeat(10));
    assert_eq!(evaluate(&text, &quotes).unwrap_err().error.as_deref(), Some("States.DataLimitExceeded"));
}
