//! What an update would change, as DescribeChangeSet says it.

use crate::fake::{Fake, deploy};
use serde_json::{Value, json};
use template::{Difference, RequiresRecreation, ResourceTypes, Template, TemplateError, difference};

struct Types;

impl ResourceTypes for Types {
    fn requires_recreation(&self, _resource_type: &str, property: &str) -> RequiresRecreation {
        match property {
            "TopicName" | "BucketName" => RequiresRecreation::Always,
            "Engine" => RequiresRecreation::Conditionally,
            _ => RequiresRecreation::Never,
        }
    }
}

type Given<'a> = &'a [(&'a str, &'a str)];

fn compare(before: (&str, Given<'_>), after: (&str, Given<'_>)) -> Result<Difference, TemplateError> {
    let old = Template::parse(before.0).unwrap();
    let new = Template::parse(after.0).unwrap();
    let host = Fake::default()
        .resource("Topic1", "arn:topic-1", &[("DisplayName", "one"), ("TopicName", "topic-1")])
        .resource("Topic2", "arn:topic-2", &[("DisplayName", "two")])
        .resource("Gone", "gone-id", &[]);
    difference(Some(&deploy(&old, before.1).unwrap()), &deploy(&new, after.1).unwrap(), &Types, &host)
}

fn changes(before: (&str, Given<'_>), after: (&str, Given<'_>)) -> Vec<Value> {
    let found = compare(before, after).unwrap().changes;
    found.into_iter().map(|change| serde_json::to_value(change.without_values()).unwrap()).collect()
}

fn detail(source: &str, evaluation: &str, name: &str, recreation: &str, entity: Option<&str>) -> Value {
    let mut detail = json!({
        "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation},
        "ChangeSource": source,
        "Evaluation": evaluation,
    });
    if let Some(entity) = entity {
        detail["CausingEntity"] = json!(entity);
    }
    detail
}

const TOPICS: &str = "
Parameters: {Name: {Type: String, Default: topic-1}, Secret: {Type: String, NoEcho: true, Default: s1}}
Resources:
  Topic1: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name, DisplayName: one}}
  Topic2: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt Topic1.DisplayName}}
";

#[test]
fn the_same_is_no_change() {
    let found = compare((TOPICS, &[]), (TOPICS, &[("Name", "topic-1")])).unwrap();
    assert!(found.is_empty());
    // Another way to write the same.
    let json = Template::parse(TOPICS).unwrap().to_json().to_string();
    assert!(compare((TOPICS, &[]), (&json, &[])).unwrap().is_empty());
    assert!(
        compare((TOPICS, &[]), (&TOPICS.replace("DisplayName: one", "DisplayName: !Join ['', [o, ne]]"), &[]))
            .unwrap()
            .is_empty()
    );
}

/// Both recorded from AWS: a change in place, and what refers to an attribute of what changes.
#[test]
fn a_property_that_is_written_differently_is_a_direct_modification() {
    let after = TOPICS.replace("DisplayName: one", "DisplayName: uno");
    let expected = [
        json!({
            "Action": "Modify", "LogicalResourceId": "Topic1", "PhysicalResourceId": "arn:topic-1",
            "ResourceType": "AWS::SNS::Topic", "Replacement": "False", "Scope": ["Properties"],
            "Details": [detail("DirectModification", "Static", "DisplayName", "Never", None)],
        }),
        json!({
            "Action": "Modify", "LogicalResourceId": "Topic2", "PhysicalResourceId": "arn:topic-2",
            "ResourceType": "AWS::SNS::Topic", "Replacement": "False", "Scope": ["Properties"],
            "Details": [detail("ResourceAttribute", "Dynamic", "DisplayName", "Never", Some("Topic1.DisplayName"))],
        }),
    ];
    assert_eq!(changes((TOPICS, &[]), (&after, &[])), expected);
}

/// Recorded from AWS.
#[test]
fn a_parameter_with_another_value_is_named() {
    let found = changes((TOPICS, &[]), (TOPICS, &[("Name", "topic-2")]));
    let expected = json!({
        "Action": "Modify", "LogicalResourceId": "Topic1", "PhysicalResourceId": "arn:topic-1",
        "PolicyAction": "ReplaceAndDelete", "ResourceType": "AWS::SNS::Topic", "Replacement": "True",
        "Scope": ["Properties"],
        "Details": [
            detail("ParameterReference", "Static", "TopicName", "Always", Some("Name")),
            detail("DirectModification", "Dynamic", "TopicName", "Always", None),
        ],
    });
    assert_eq!(found[0], expected);
}

#[test]
fn what_refers_to_a_resource_made_anew_changes_perhaps() {
    let text = "
Parameters: {Name: {Type: String, Default: topic-1}}
Resources:
  Topic1: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
  Topic2: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Topic1}}
  Topic3: {Type: AWS::SNS::Topic, UpdateReplacePolicy: Retain, Properties: {Other: !Sub 'x-${Topic2}'}}
";
    let found = changes((text, &[]), (text, &[("Name", "new")]));
    assert_eq!(found[1]["Replacement"], json!("Conditional"));
    assert_eq!(found[1]["PolicyAction"], json!("ReplaceAndDelete"));
    assert_eq!(
        found[1]["Details"],
        json!([detail("ResourceReference", "Dynamic", "TopicName", "Always", Some("Topic1"))])
    );
    assert_eq!(found[2]["Replacement"], json!("False"));
    assert_eq!(found[2]["PolicyAction"], json!(null));
    assert_eq!(found[2]["Details"], json!([detail("ResourceReference", "Dynamic", "Other", "Never", Some("Topic2"))]));
}

#[test]
fn resources_come_and_go() {
    let before = "Resources:\n  Topic1: {Type: T}\n  Gone: {Type: T, DeletionPolicy: Retain}\n  Snapped: {Type: T, DeletionPolicy: Snapshot}\n";
    let after = "Resources:\n  Topic1: {Type: T}\n  New: {Type: U}\n";
    let expected = [
        json!({"Action": "Remove", "PolicyAction": "Retain", "LogicalResourceId": "Gone", "PhysicalResourceId": "gone-id", "ResourceType": "T", "Scope": [], "Details": []}),
        json!({"Action": "Add", "LogicalResourceId": "New", "ResourceType": "U", "Scope": [], "Details": []}),
        json!({"Action": "Remove", "PolicyAction": "Snapshot", "LogicalResourceId": "Snapped", "ResourceType": "T", "Scope": [], "Details": []}),
    ];
    assert_eq!(changes((before, &[]), (after, &[])), expected);
}

#[test]
fn a_condition_makes_resources_come_and_go() {
    let text = "
Parameters: {Env: {Type: String, Default: dev}}
Conditions: {Prod: !Equals [!Ref Env, prod]}
Resources:
  Topic1: {Type: T, Properties: {Size: !If [Prod, big, small], Same: !If [Prod, x, x]}}
  Alarm: {Type: T, Condition: Prod}
";
    let found = changes((text, &[]), (text, &[("Env", "prod")]));
    assert_eq!(found.len(), 2);
    assert_eq!((&found[0]["Action"], &found[0]["LogicalResourceId"]), (&json!("Add"), &json!("Alarm")));
    assert_eq!(found[1]["Details"], json!([detail("DirectModification", "Static", "Size", "Never", None)]));
}

#[test]
fn a_new_stack_is_all_additions() {
    let template = Template::parse(TOPICS).unwrap();
    let found = difference(None, &deploy(&template, &[]).unwrap(), &Types, &Fake::default()).unwrap();
    assert_eq!(found.changes.len(), 2);
    assert!(found.changes.iter().all(|change| change.physical_resource_id.is_none() && change.replacement.is_none()));
}

#[test]
fn tags_metadata_and_policies_change_without_replacement() {
    let before = "Resources:\n  Topic1: {Type: T, Properties: {Tags: [{Key: a, Value: b}]}}\n";
    let after = "Resources:\n  Topic1: {Type: T, DeletionPolicy: Retain, Metadata: {v: 1}, Properties: {Tags: [{Key: a, Value: c}]}}\n";
    let found = changes((before, &[]), (after, &[]));
    assert_eq!(found[0]["Scope"], json!(["Tags", "Metadata", "DeletionPolicy"]));
    assert_eq!(found[0]["Replacement"], json!("False"));
    assert_eq!(found[0]["Details"][0]["Target"], json!({"Attribute": "Tags", "RequiresRecreation": "Never"}));
}

#[test]
fn a_conditional_replacement_is_conditional() {
    let text = |engine: &str| format!("Resources:\n  Topic1: {{Type: T, Properties: {{Engine: {engine}}}}}\n");
    assert_eq!(changes((&text("a"), &[]), (&text("b"), &[]))[0]["Replacement"], json!("Conditional"));
}

#[test]
fn values_are_told_and_secrets_masked() {
    let text = "
Parameters: {Secret: {Type: String, NoEcho: true, Default: s1}}
Resources:
  New: {Type: T}
  Topic1: {Type: T, Properties: {Password: !Sub 'p-${Secret}', Link: !Sub 'l-${New}'}}
";
    let before = text.replace("  New: {Type: T}\n", "").replace("!Sub 'l-${New}'", "none");
    let found = compare((&before, &[]), (text, &[("Secret", "s2")])).unwrap();
    let shown = serde_json::to_value(&found.changes[1].details).unwrap();
    let link = json!({
        "Attribute": "Properties", "Name": "Link", "RequiresRecreation": "Never", "Path": "/Properties/Link",
        "BeforeValue": "none", "AfterValue": "l-{{changeSet:KNOWN_AFTER_APPLY}}", "AttributeChangeType": "Modify",
    });
    assert_eq!(shown[0]["Target"], link);
    assert_eq!(shown[1]["Target"]["BeforeValue"], json!("p-****"));
    assert_eq!(shown[1]["Target"]["AfterValue"], json!("p-****"));
    assert!(!shown.to_string().contains("s2"));
}

#[test]
fn a_type_cannot_change() {
    let error =
        compare(("Resources: {A: {Type: T}, B: {Type: T}}", &[]), ("Resources: {A: {Type: U}, B: {Type: T}}", &[]));
    assert_eq!(
        error.unwrap_err().message,
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [A]"
    );
}

#[test]
fn outputs_alone_are_a_change() {
    let before = "Resources: {Topic1: {Type: T}}\n";
    let found = compare((before, &[]), (&format!("{before}Outputs: {{O: {{Value: !Ref Topic1}}}}\n"), &[])).unwrap();
    assert!(found.changes.is_empty() && found.outputs && !found.is_empty());
}

#[test]
fn a_nested_stack_may_have_changed_by_itself() {
    let text = "Resources:\n  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: u}}\n";
    let found = changes((text, &[]), (text, &[]));
    assert_eq!(
        (&found[0]["Details"][0]["ChangeSource"], &found[0]["Replacement"]),
        (&json!("Automatic"), &json!("False"))
    );
}
