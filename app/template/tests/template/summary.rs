//! What a template is summed up as.

use serde_json::json;
use template::{ErrorKind, Template};

#[test]
fn a_summary_serialises_as_aws_answers() {
    let template = Template::parse(
        "AWSTemplateFormatVersion: 2010-09-09
Description: d
Metadata: {K: v}
Parameters: {B: {Type: Number, Default: 5}, A: {Type: String, NoEcho: true, Description: secret}}
Resources:
  Role: {Type: AWS::IAM::Role}
  Bucket: {Type: AWS::S3::Bucket}
  Other: {Type: AWS::IAM::Role}
",
    )
    .unwrap();
    let expected = json!({
        "Parameters": [
            {"ParameterKey": "B", "DefaultValue": "5", "ParameterType": "Number", "NoEcho": false},
            {"ParameterKey": "A", "ParameterType": "String", "NoEcho": true, "Description": "secret"},
        ],
        "Description": "d",
        "Capabilities": ["CAPABILITY_IAM"],
        "CapabilitiesReason": "The following resource(s) require capabilities: [AWS::IAM::Role]",
        "ResourceTypes": ["AWS::IAM::Role", "AWS::S3::Bucket"],
        "Version": "2010-09-09",
        "Metadata": "{\"K\":\"v\"}",
    });
    assert_eq!(serde_json::to_value(template.summary()).unwrap(), expected);
}

#[test]
fn capabilities_must_be_acknowledged() {
    let cases: [(&str, &[&str], Option<&str>); 8] = [
        ("{Type: AWS::S3::Bucket}", &[], None),
        ("{Type: AWS::IAM::Role}", &[], Some("Requires capabilities : [CAPABILITY_IAM]")),
        ("{Type: AWS::IAM::Role}", &["CAPABILITY_IAM"], None),
        ("{Type: AWS::IAM::Role}", &["CAPABILITY_NAMED_IAM"], None),
        (
            "{Type: AWS::IAM::Role, Properties: {RoleName: r}}",
            &["CAPABILITY_IAM"],
            Some("Requires capabilities : [CAPABILITY_NAMED_IAM]"),
        ),
        ("{Type: AWS::IAM::Role, Properties: {RoleName: !Ref AWS::NoValue}}", &["CAPABILITY_IAM"], None),
        ("{Type: AWS::IAM::Policy, Properties: {PolicyName: p}}", &["CAPABILITY_IAM"], None),
        ("{Type: AWS::CloudFormation::Stack}", &[], Some("Requires capabilities : [CAPABILITY_AUTO_EXPAND]")),
    ];
    for (resource, acknowledged, expected) in cases {
        let template = Template::parse(&format!("Resources:\n  R: {resource}\n")).unwrap();
        let error = template.check_capabilities(acknowledged.iter().copied()).err();
        assert_eq!(error.as_ref().map(|error| error.message.as_str()), expected, "{resource} {acknowledged:?}");
        assert!(error.is_none_or(|error| error.kind == ErrorKind::InsufficientCapabilities));
    }
}
