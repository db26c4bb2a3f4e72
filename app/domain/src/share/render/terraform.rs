//! A side of a share as a Terraform configuration.
//!
//! Source: the AWS provider's documentation of `aws_iam_policy`, `aws_iam_role`, `aws_iam_role_policy_attachment` and
//! `aws_iam_user_policy_attachment`.

use super::hcl::{Attribute, attribute, block, expression, quoted, texts};
use super::program::{Child, Parent, Policy, Setting, tree};
use crate::share::TAG_SHARE;

pub(super) fn parent(parent: &Parent<'_>) -> String {
    let role = &parent.role;
    let blocks = [
        provider(&parent.setting),
        policy("invoke", &parent.policy, &parent.setting),
        block(
            r#"resource "aws_iam_role" "shared""#,
            &[
                attribute("name", quoted(role.name.as_str())),
                attribute("description", quoted(&role.description)),
                attribute("max_session_duration", role.session_seconds.to_string()),
                attribute("assume_role_policy", encoded(&role.trust)),
                tags(&parent.setting),
            ],
        ),
        block(
            r#"resource "aws_iam_role_policy_attachment" "invoke""#,
            &[attribute("role", "aws_iam_role.shared.name"), attribute("policy_arn", "aws_iam_policy.invoke.arn")],
        ),
        output("role_arn", "What the callers assume", "aws_iam_role.shared.arn"),
    ];
    header(&parent.setting, &parent.purpose()) + &blocks.join("\n")
}

pub(super) fn child(child: &Child<'_>) -> String {
    let mut blocks = vec![provider(&child.setting)];
    if child.asks() {
        blocks.extend(["role", "user"].map(variable));
    }
    blocks.push(policy("grant", &child.grant, &child.setting));
    for (kind, names) in [("role", &child.roles), ("user", &child.users)] {
        if child.asks() {
            blocks.push(attachment(kind, &format!("var.caller_{kind}s")));
        } else if !names.is_empty() {
            blocks.push(attachment(kind, &format!("toset({})", texts(names))));
        }
    }
    blocks.push(output("policy_arn", "Lets its holders assume the role", "aws_iam_policy.grant.arn"));
    header(&child.setting, &child.purpose()) + &blocks.join("\n")
}

fn header(setting: &Setting<'_>, purpose: &str) -> String {
    format!(
        "# Sagebridge share {}, the {}'s side: for account {}.\n# {purpose}.\n\n",
        setting.share,
        setting.side_word(),
        setting.account
    )
}

/// Pins the account, so that the configuration refuses the credentials of another.
fn provider(setting: &Setting<'_>) -> String {
    let aws = "{\n  source  = \"hashicorp/aws\"\n  version = \">= 5.0\"\n}";
    let required = block("required_providers", &[attribute("aws", aws)]);
    let required: String = required.lines().map(|line| format!("  {line}\n")).collect();
    let provider = block(
        r#"provider "aws""#,
        &[
            attribute("region", quoted(setting.region.as_str())),
            attribute("allowed_account_ids", texts(&[setting.account.as_str()])),
        ],
    );
    format!("terraform {{\n{required}}}\n\n{provider}")
}

fn policy(label: &str, policy: &Policy<'_>, setting: &Setting<'_>) -> String {
    block(
        &format!("resource \"aws_iam_policy\" \"{label}\""),
        &[
            attribute("name", quoted(policy.name.as_str())),
            attribute("description", quoted(&policy.description)),
            attribute("policy", encoded(&policy.document)),
            tags(setting),
        ],
    )
}

fn encoded(document: &str) -> String {
    format!("jsonencode({})", expression(&tree(document)))
}

fn tags(setting: &Setting<'_>) -> Attribute {
    attribute("tags", format!("{{\n  {} = {}\n}}", quoted(TAG_SHARE), quoted(setting.share.as_str())))
}

fn variable(kind: &str) -> String {
    let description = format!("Names of the {kind}s that are to call, without paths");
    block(
        &format!("variable \"caller_{kind}s\""),
        &[attribute("description", quoted(&description)), attribute("type", "set(string)"), attribute("default", "[]")],
    )
}

fn attachment(kind: &str, names: &str) -> String {
    block(
        &format!("resource \"aws_iam_{kind}_policy_attachment\" \"grant\""),
        &[
            attribute("for_each", names),
            attribute(kind, "each.value"),
            attribute("policy_arn", "aws_iam_policy.grant.arn"),
        ],
    )
}

fn output(name: &str, description: &str, value: &str) -> String {
    block(&format!("output \"{name}\""), &[attribute("description", quoted(description)), attribute("value", value)])
}
