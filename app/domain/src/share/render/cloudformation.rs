//! A side of a share as a CloudFormation template.
//!
//! Source: CloudFormation user guide, "AWS::IAM::ManagedPolicy" and "AWS::IAM::Role". CloudFormation can't tag managed
//! policies, so the template says how to; the share is found by its role in any case.

use super::program::{Child, Parent, Policy, Setting, tree};
use super::yaml::{self, list, map, number, text};
use crate::policy::json::{Kind, Node};
use crate::share::TAG_SHARE;

const FORMAT: &str = "2010-09-09";

pub(super) fn parent(parent: &Parent<'_>) -> String {
    let policy = map([("Type", text("AWS::IAM::ManagedPolicy")), ("Properties", properties(&parent.policy))]);
    let role = &parent.role;
    let role = map([
        ("Type", text("AWS::IAM::Role")),
        (
            "Properties",
            map([
                ("RoleName", text(role.name.as_str())),
                ("Description", text(&role.description)),
                ("MaxSessionDuration", number(role.session_seconds)),
                ("AssumeRolePolicyDocument", tree(&role.trust)),
                ("ManagedPolicyArns", list([map([("Ref", text("InvokePolicy"))])])),
                ("Tags", list([map([("Key", text(TAG_SHARE)), ("Value", text(parent.setting.share.as_str()))])])),
            ]),
        ),
    ]);
    let arn = map([("Fn::GetAtt", list([text("SharedRole"), text("Arn")]))]);
    let template = map([
        ("AWSTemplateFormatVersion", text(FORMAT)),
        ("Description", text(parent.purpose())),
        ("Resources", map([("InvokePolicy", policy), ("SharedRole", role)])),
        ("Outputs", map([("RoleArn", output("What the callers assume", arn))])),
    ]);
    header(&parent.setting, &parent.policy, &[]) + &yaml::document(&template)
}

pub(super) fn child(child: &Child<'_>) -> String {
    let (format, purpose) = (text(FORMAT), text(child.purpose()));
    let outputs = map([("PolicyArn", output("Lets its holders assume the role", map([("Ref", text("Grant"))])))]);
    let mut properties = properties(&child.grant);
    let grant =
        |properties| map([("Grant", map([("Type", text("AWS::IAM::ManagedPolicy")), ("Properties", properties)]))]);
    if child.asks() {
        push(&mut properties, "Roles", given("CallerRoles"));
        push(&mut properties, "Users", given("CallerUsers"));
        let template = map([
            ("AWSTemplateFormatVersion", format),
            ("Description", purpose),
            ("Parameters", map([("CallerRoles", parameter("roles")), ("CallerUsers", parameter("users"))])),
            (
                "Conditions",
                map([("HasCallerRoles", is_given("CallerRoles")), ("HasCallerUsers", is_given("CallerUsers"))]),
            ),
            ("Resources", grant(properties)),
            ("Outputs", outputs),
        ]);
        let parameters = ["--parameter-overrides CallerRoles=NAME,NAME CallerUsers=NAME,NAME"];
        return header(&child.setting, &child.grant, &parameters) + &yaml::document(&template);
    }
    for (key, names) in [("Roles", &child.roles), ("Users", &child.users)] {
        if !names.is_empty() {
            push(&mut properties, key, list(names.iter().map(|name| text(*name))));
        }
    }
    let template = map([
        ("AWSTemplateFormatVersion", format),
        ("Description", purpose),
        ("Resources", grant(properties)),
        ("Outputs", outputs),
    ]);
    header(&child.setting, &child.grant, &[]) + &yaml::document(&template)
}

fn properties(policy: &Policy<'_>) -> Node {
    map([
        ("ManagedPolicyName", text(policy.name.as_str())),
        ("Description", text(&policy.description)),
        ("PolicyDocument", tree(&policy.document)),
    ])
}

fn output(description: &str, value: Node) -> Node {
    map([("Description", text(description)), ("Value", value)])
}

fn parameter(what: &str) -> Node {
    let description = format!("Names of the {what} that are to call, without paths, separated by commas; may be empty");
    map([("Type", text("CommaDelimitedList")), ("Default", text("")), ("Description", text(description))])
}

/// Whether a list was given: an empty parameter is a list of one empty text.
fn is_given(parameter: &str) -> Node {
    let joined = map([("Fn::Join", list([text(""), map([("Ref", text(parameter))])]))]);
    map([("Fn::Not", list([map([("Fn::Equals", list([joined, text("")]))])]))])
}

fn given(parameter: &str) -> Node {
    let [value, nothing] = [parameter, "AWS::NoValue"].map(|name| map([("Ref", text(name))]));
    map([("Fn::If", list([text(format!("Has{parameter}")), value, nothing]))])
}

fn push(node: &mut Node, key: &str, value: Node) {
    if let (Kind::Object(members), Kind::Object(more)) = (&mut node.kind, map([(key, value)]).kind) {
        members.extend(more);
    }
}

fn header(setting: &Setting<'_>, policy: &Policy<'_>, further: &[&str]) -> String {
    let (account, share, side) = (setting.account, setting.share, setting.side_word());
    let mut options = vec![
        format!("--stack-name share-{share}-{side}"),
        format!("--template-file {}", setting.file_name()),
        "--capabilities CAPABILITY_NAMED_IAM".to_owned(),
    ];
    options.extend(further.iter().map(|option| (*option).to_owned()));
    let options = options.join(" \\\n#     ");
    format!(
        "# Sagebridge share {share}, the {side}'s side: for account {account}.\n\
         #\n\
         #   aws cloudformation deploy --region {} \\\n\
         #     {options}\n\
         #\n\
         # CloudFormation can't tag managed policies. Tagged, Sagebridge finds this one by itself:\n\
         #\n\
         #   aws iam tag-policy --policy-arn {} \\\n\
         #     --tags Key={TAG_SHARE},Value={share}\n\
         \n",
        setting.region, policy.arn
    )
}
