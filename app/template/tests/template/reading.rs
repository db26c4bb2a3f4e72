//! How texts are read: JSON, YAML, short tags, and what YAML 1.1 does to unquoted values.

use crate::fake::refused;
use serde_json::{Value, json};
use template::{Aliases, Expression, Place, Template};

fn property(text: &str) -> Value {
    let template =
        Template::parse(&format!("Resources:\n  R:\n    Type: T\n    Properties:\n      P: {text}\n")).unwrap();
    template.resources.get("R").unwrap().properties["P"].to_json()
}

#[test]
fn short_tags_are_the_long_forms() {
    let head = "Parameters: {A: {Type: String}}\nConditions: {C: !Equals [a, b]}\nMappings: {M: {t: {s: v}}}\nResources:\n  B: {Type: T}\n  R:\n    Type: T\n    Properties:\n      P: ";
    for (short, long) in [
        ("!Ref A", json!({"Ref": "A"})),
        ("!GetAtt B.Arn", json!({"Fn::GetAtt": ["B", "Arn"]})),
        ("!GetAtt B.Outputs.X", json!({"Fn::GetAtt": ["B", "Outputs.X"]})),
        ("!GetAtt [B, Arn]", json!({"Fn::GetAtt": ["B", "Arn"]})),
        ("!Sub 'x${A}'", json!({"Fn::Sub": "x${A}"})),
        ("!Sub ['${v}', {v: !Ref A}]", json!({"Fn::Sub": ["${v}", {"v": {"Ref": "A"}}]})),
        ("!Join [',', [a, !Ref A]]", json!({"Fn::Join": [",", ["a", {"Ref": "A"}]]})),
        ("!Select [0, [a]]", json!({"Fn::Select": [0, ["a"]]})),
        ("!Split [',', a]", json!({"Fn::Split": [",", "a"]})),
        ("!If [C, a, b]", json!({"Fn::If": ["C", "a", "b"]})),
        ("!FindInMap [M, t, s]", json!({"Fn::FindInMap": ["M", "t", "s"]})),
        ("!Base64 text", json!({"Fn::Base64": "text"})),
        ("!Cidr ['10.0.0.0/16', 1, 8]", json!({"Fn::Cidr": ["10.0.0.0/16", 1, 8]})),
        ("!GetAZs ''", json!({"Fn::GetAZs": ""})),
        ("!ImportValue name", json!({"Fn::ImportValue": "name"})),
        ("!Base64\n        Fn::Sub: '${A}'", json!({"Fn::Base64": {"Fn::Sub": "${A}"}})),
    ] {
        let template = Template::parse(&format!("{head}{short}\n")).unwrap();
        assert_eq!(template.resources.get("R").unwrap().properties["P"].to_json(), long, "{short}");
    }
    let template = Template::parse("Conditions: {A: !Or [!Condition B, !Not [!Condition B], !And [!Condition B, !Condition B]], B: !Equals [a, b]}\nResources: {R: {Type: T}}\n").unwrap();
    let expected = json!({"Fn::Or": [
        {"Condition": "B"},
        {"Fn::Not": [{"Condition": "B"}]},
        {"Fn::And": [{"Condition": "B"}, {"Condition": "B"}]},
    ]});
    assert_eq!(template.conditions.get("A").map(Expression::to_json), Some(expected));
}

#[test]
fn unquoted_values_are_those_of_yaml_1_1() {
    for (text, expected) in [
        ("yes", json!(true)),
        ("'yes'", json!("yes")),
        ("off", json!(false)),
        ("012345670123", json!(1_402_433_619)),
        ("'012345670123'", json!("012345670123")),
        ("012345678901", json!("012345678901")),
        ("\"012345670123\"", json!("012345670123")),
        ("2012-10-17", json!("2012-10-17")),
        ("3.10", json!(3.1)),
        ("'3.10'", json!("3.10")),
        ("!!str 012", json!("012")),
        ("!!int '12'", json!(12)),
        ("|\n        a\n        yes", json!("a\nyes\n")),
        ("[]", json!([])),
        ("{}", json!({})),
    ] {
        assert_eq!(property(text), expected, "{text}");
    }
}

#[test]
fn the_version_may_be_unquoted() {
    let template = Template::parse("AWSTemplateFormatVersion: 2010-09-09\nResources: {R: {Type: T}}\n").unwrap();
    assert_eq!(template.format_version.as_deref(), Some("2010-09-09"));
}

#[test]
fn a_text_that_is_not_well_formed_is_refused_with_its_place() {
    assert_eq!(
        refused("{\n  \"Resources\": {,}\n}"),
        "Template format error: JSON not well-formed. (line 2, column 17)"
    );
    let error = Template::parse("Resources:\n  A: [\n  B: }\n").unwrap_err();
    assert!(error.message.starts_with("Template format error: YAML not well-formed. (line "), "{error}");
    assert!(error.place.is_some());
    for text in ["", "text", "- a\n- b", "5", "[]"] {
        assert_eq!(refused(text), "Template format error: unsupported structure.", "{text}");
    }
    assert!(refused("Resources: {R: {Type: T}}\n---\nResources: {}\n").contains("not well-formed"));
}

#[test]
fn a_key_twice_is_refused() {
    for text in
        ["{\"Resources\": {\"R\": {\"Type\": \"T\", \"Type\": \"U\"}}}", "Resources:\n  R:\n    Type: T\n    Type: U\n"]
    {
        assert!(refused(text).contains("duplicate key [Type]"), "{text}");
    }
}

#[test]
fn a_key_must_be_a_string() {
    assert_eq!(
        refused("Resources:\n  123: {Type: T}\n"),
        "Template format error: [/Resources] map keys must be strings; received numeric [123] instead"
    );
    assert_eq!(
        refused("Resources:\n  ? {a: b}\n  : {Type: T}\n"),
        "Template format error: [/Resources] map keys must be strings; received a map instead"
    );
    assert_eq!(
        refused("Resources:\n  {Type: T}: x\n"),
        "Template format error: [/Resources] map keys must be strings; received a map instead"
    );
}

#[test]
fn null_is_refused() {
    assert_eq!(
        refused("Resources: {R: {Type: T}}\nOutputs: {O: {Value: }}\n"),
        "[/Outputs/O/Value] 'null' values are not allowed in templates"
    );
    assert_eq!(
        refused("{\"Resources\": {\"R\": {\"Type\": \"T\", \"Properties\": {\"P\": [null]}}}}"),
        "[/Resources/R/Properties/P/0] 'null' values are not allowed in templates"
    );
}

#[test]
fn aliases_are_refused_unless_they_are_asked_for() {
    let text =
        "Resources:\n  A: &a {Type: T, Properties: {P: &p [1, 2]}}\n  B: *a\n  C: {Type: U, Properties: {P: *p}}\n";
    assert_eq!(refused(text), "Template error: YAML aliases are not allowed in CloudFormation templates.");
    let template = Template::parse_with(text, Aliases::Expanded).unwrap();
    assert_eq!(template.resources.get("A"), template.resources.get("B"));
    assert_eq!(template.resources.get("C").unwrap().properties["P"].to_json(), json!([1, 2]));
}

#[test]
fn merge_keys_and_strange_tags_are_refused() {
    let merge = "Resources:\n  A: &a {Type: T}\n  B:\n    <<: *a\n";
    assert!(Template::parse_with(merge, Aliases::Expanded).unwrap_err().message.contains("merge keys"));
    for tag in ["!!binary YQ==", "!!timestamp 2001-01-01", "!Nothing x", "!!set {a}", "!!omap [a: b]", "!Length [a]"] {
        let text = format!("Resources:\n  R: {{Type: T, Properties: {{P: {tag}}}}}\n");
        assert!(refused(&text).contains("YAML tag"), "{tag}: {}", refused(&text));
    }
}

#[test]
fn a_fault_has_its_place_in_the_text() {
    let yaml = "Resources:\n  R:\n    Type: T\n    Properties:\n      Name: !Ref Nothing\n";
    let error = Template::parse(yaml).unwrap_err();
    assert_eq!(error.path, "/Resources/R/Properties/Name/Ref");
    assert_eq!(error.place.map(|place| place.line), Some(5));
    let json = "{\n  \"Resources\": {\n    \"R\": {\n      \"Kind\": \"T\"\n    }\n  }\n}";
    let error = Template::parse(json).unwrap_err();
    assert_eq!((error.path.as_str(), error.place), ("/Resources/R/Kind", Some(Place { line: 4, column: 7 })));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    assert!(Template::parse("\u{feff}{\"Resources\": {\"R\": {\"Type\": \"T\"}}}").is_ok());
    assert!(Template::parse("\u{feff}Resources: {R: {Type: T}}").is_ok());
}
