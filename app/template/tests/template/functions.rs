//! What each function gives, alone and inside of others.

use crate::fake::{Fake, deploy};
use serde_json::{Value, json};
use template::{Template, TemplateError};

const HEAD: &str = r"
Parameters:
  Env: {Type: String, Default: dev}
  Zones: {Type: CommaDelimitedList, Default: 'one, two,three'}
  Ports: {Type: List<Number>, Default: '80,443'}
  Count: {Type: Number, Default: 3}
  Attribute: {Type: String, Default: Arn}
Mappings:
  Regions:
    eu-central-1: {Ami: ami-1, Size: 2, Zones: [x, y]}
    dev: {Name: development}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsDev: !Not [!Condition IsProd]
  Either: !Or [!Condition IsProd, !Equals [!FindInMap [Regions, !Ref AWS::Region, Ami], ami-1]]
  Both: !And [!Condition Either, !Condition IsProd, !Equals [a, a]]
Resources:
  Other: {Type: AWS::S3::Bucket}
  R:
    Type: AWS::S3::Bucket
    Properties:
      P: ";

fn host() -> Fake {
    let mut host =
        Fake::default().resource("Other", "bucket-1", &[("Arn", "arn:aws:s3:::bucket-1"), ("A.B", "dotted")]);
    host.exports.insert("net-Vpc".to_owned(), "vpc-1".to_owned());
    host
}

fn value(expression: &str) -> Result<Option<Value>, TemplateError> {
    let template = Template::parse(&format!("{HEAD}{expression}\n"))?;
    let deployment = deploy(&template, &[])?;
    deployment.properties("R", &host()).map(|mut properties| properties.remove("P"))
}

#[test]
fn functions_give_what_cloudformation_gives() {
    let cases = [
        ("!Ref Env", json!("dev")),
        ("!Ref Count", json!("3")),
        ("!Ref Zones", json!(["one", "two", "three"])),
        ("!Ref Ports", json!(["80", "443"])),
        ("!Ref Other", json!("bucket-1")),
        ("!Ref AWS::AccountId", json!("111122223333")),
        ("!Ref AWS::Partition", json!("aws")),
        ("!Ref AWS::URLSuffix", json!("amazonaws.com")),
        ("!Ref AWS::StackName", json!("demo")),
        ("!Ref AWS::NotificationARNs", json!([])),
        ("!GetAtt Other.Arn", json!("arn:aws:s3:::bucket-1")),
        ("!GetAtt Other.A.B", json!("dotted")),
        ("!GetAtt [Other, Arn]", json!("arn:aws:s3:::bucket-1")),
        ("!GetAtt [Other, !Ref Attribute]", json!("arn:aws:s3:::bucket-1")),
        ("{'Fn::GetAtt': Other.Arn}", json!("arn:aws:s3:::bucket-1")),
        (
            "!Sub '${Env}-${AWS::Region}-${Other}-${Other.Arn}-${!Kept}'",
            json!("dev-eu-central-1-bucket-1-arn:aws:s3:::bucket-1-${Kept}"),
        ),
        ("!Sub ['${A}/${Env}', {A: !Join ['-', !Ref Zones]}]", json!("one-two-three/dev")),
        ("!Sub ['${Env}', {Env: mine}]", json!("mine")),
        ("!Join ['', [a, 1, true, !Ref Env]]", json!("a1truedev")),
        ("!Join [', ', !Split [',', 'a,b,,c']]", json!("a, b, , c")),
        ("!Join ['|', !GetAZs '']", json!("eu-central-1a|eu-central-1b|eu-central-1c")),
        ("!Join ['-', [a, !Ref AWS::NoValue, b]]", json!("a-b")),
        ("!Split ['|', 'a|b']", json!(["a", "b"])),
        ("!Split ['', 'ab']", json!(["ab"])),
        ("!Select [1, [a, b, c]]", json!("b")),
        ("!Select ['2', !Ref Zones]", json!("three")),
        ("!Select [0, !Split [':', !GetAtt Other.Arn]]", json!("arn")),
        ("!Select [0, !GetAZs {Ref: AWS::Region}]", json!("eu-central-1a")),
        ("!If [IsProd, big, small]", json!("small")),
        ("!If [IsDev, {A: 1}, {B: 2}]", json!({"A": 1})),
        ("!If [Either, !If [Both, one, two], three]", json!("two")),
        ("!FindInMap [Regions, !Ref AWS::Region, Ami]", json!("ami-1")),
        ("!FindInMap [Regions, eu-central-1, Size]", json!(2)),
        ("!FindInMap [Regions, !Ref Env, Name]", json!("development")),
        ("!Select [1, !FindInMap [Regions, eu-central-1, Zones]]", json!("y")),
        ("{'Fn::Base64': !Sub 'hello ${Env}'}", json!("aGVsbG8gZGV2")),
        ("!Base64 {'Fn::Join': ['', [a]]}", json!("YQ==")),
        ("!Cidr ['10.0.0.0/16', 2, 8]", json!(["10.0.0.0/24", "10.0.1.0/24"])),
        ("!Select [1, !Cidr ['10.0.0.0/16', !Ref Count, 8]]", json!("10.0.1.0/24")),
        ("!GetAZs us-east-1", json!(["us-east-1a", "us-east-1b", "us-east-1c"])),
        ("{Ref: Env, Other: 1}", json!({"Ref": "Env", "Other": 1})),
        ("{Condition: IsProd}", json!({"Condition": "IsProd"})),
    ];
    for (expression, expected) in cases {
        let found = value(expression).map_err(|error| format!("{expression}: {error}"));
        assert_eq!(found, Ok(Some(expected)), "{expression}");
    }
}

#[test]
fn an_import_is_what_another_stack_exports() {
    assert_eq!(value("!ImportValue net-Vpc").unwrap(), Some(json!("vpc-1")));
    assert_eq!(value("!ImportValue {'Fn::Sub': '${Env}-Vpc'}").unwrap_err().message, "No export named dev-Vpc found.");
}

#[test]
fn what_has_no_value_is_left_out() {
    assert_eq!(value("!Ref AWS::NoValue").unwrap(), None);
    assert_eq!(value("!If [IsProd, x, !Ref AWS::NoValue]").unwrap(), None);
    assert_eq!(value("[a, !If [IsProd, b, !Ref AWS::NoValue], c]").unwrap(), Some(json!(["a", "c"])));
    assert_eq!(value("{Keep: 1, Drop: !Ref AWS::NoValue}").unwrap(), Some(json!({"Keep": 1})));
}

#[test]
fn a_function_that_cannot_be_resolved_says_where() {
    let cases = [
        ("!Select [3, [a, b]]", "Template error: Fn::Select cannot select nonexistent value at index 3", "Fn::Select"),
        ("!Select [-1, [a]]", "Template error: Fn::Select cannot select nonexistent value at index -1", "Fn::Select"),
        (
            "!Select [x, [a, b]]",
            "Template error: Fn::Select requires a list argument with a valid index value as its first element",
            "Fn::Select",
        ),
        (
            "!Select [0, abc]",
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
            "Fn::Select",
        ),
        (
            "!FindInMap [Regions, !Ref Env, Ami]",
            "Template error: Unable to get mapping for Regions::dev::Ami",
            "Fn::FindInMap",
        ),
        (
            "!FindInMap [!Ref Env, a, b]",
            "Template error: Mapping named 'dev' is not present in the 'Mappings' section of template.",
            "Fn::FindInMap",
        ),
        (
            "!GetAtt Other.Nothing",
            "Requested attribute Nothing does not exist in schema for AWS::S3::Bucket",
            "Fn::GetAtt",
        ),
        ("!Base64 [a]", "Template error: every Fn::Base64 object must have a String-typed value.", "Fn::Base64"),
        (
            "!Cidr ['10.0.0.0/24', 9, 5]",
            "Template error: Fn::Cidr cannot fit 9 blocks with 5 CIDR bits in 10.0.0.0/24",
            "Fn::Cidr",
        ),
    ];
    for (expression, message, function) in cases {
        let error = value(expression).unwrap_err();
        assert_eq!(error.message, message, "{expression}");
        assert_eq!(error.path, format!("/Resources/R/Properties/P/{function}"), "{expression}");
        assert_eq!(error.resource(), Some("R"));
    }
    let nested = value("[{A: !Join ['', [!Select [9, [a]]]]}]").unwrap_err();
    assert_eq!(nested.path, "/Resources/R/Properties/P/0/A/Fn::Join/1/0/Fn::Select");
}

#[test]
fn a_resource_that_is_not_there_yet_is_named() {
    let template = Template::parse(&format!("{HEAD}!Ref Other\n")).unwrap();
    let error = deploy(&template, &[]).unwrap().properties("R", &Fake::default()).unwrap_err();
    assert_eq!(error.path, "/Resources/R/Properties/P/Ref");
    assert!(error.message.contains("[Other]"), "{}", error.message);
}

#[test]
fn a_branch_that_is_not_taken_is_not_resolved() {
    assert_eq!(value("!If [IsProd, !Select [9, [a]], fine]").unwrap(), Some(json!("fine")));
}

#[test]
fn conditions_are_decided() {
    let template = Template::parse(&format!("{HEAD}1\n")).unwrap();
    for (env, expected) in [("prod", [true, false, true, true]), ("dev", [false, true, true, false])] {
        let deployment = deploy(&template, &[("Env", env)]).unwrap();
        let decided = ["IsProd", "IsDev", "Either", "Both"].map(|name| deployment.condition(name).unwrap());
        assert_eq!(decided, expected, "{env}");
    }
}

#[test]
fn a_number_and_its_text_are_equal_in_a_condition() {
    let text = "Parameters: {N: {Type: Number, Default: 5}}\nConditions: {C: !Equals [!Ref N, 5], D: !Equals [true, 'true'], E: !Equals [A, a]}\nResources: {R: {Type: T}}\n";
    let template = Template::parse(text).unwrap();
    let deployment = deploy(&template, &[]).unwrap();
    assert_eq!(["C", "D", "E"].map(|name| deployment.condition(name)), [Some(true), Some(true), Some(false)]);
}
