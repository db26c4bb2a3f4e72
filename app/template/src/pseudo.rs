//! Pseudo parameters: what a stack knows of itself.
//!
//! Source: CloudFormation template reference, "Pseudo parameters reference".

use serde_json::Value;

/// The names of all pseudo parameters.
pub(crate) const NAMES: &[&str] = &[
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// What a stack knows of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PseudoParameters {
    /// `AWS::AccountId`.
    pub account_id: String,
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::Partition`: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// `AWS::URLSuffix`: `amazonaws.com`.
    pub url_suffix: String,
    /// `AWS::StackId`: the stack's ARN.
    pub stack_id: String,
    /// `AWS::StackName`.
    pub stack_name: String,
    /// `AWS::NotificationARNs`.
    pub notification_arns: Vec<String>,
}

impl PseudoParameters {
    /// Those of a stack in a commercial region, without notifications.
    pub fn new(account_id: &str, region: &str, stack_name: &str, stack_id: &str) -> Self {
        Self {
            account_id: account_id.to_owned(),
            region: region.to_owned(),
            partition: "aws".to_owned(),
            url_suffix: "amazonaws.com".to_owned(),
            stack_id: stack_id.to_owned(),
            stack_name: stack_name.to_owned(),
            notification_arns: Vec::new(),
        }
    }

    /// A value by its name; `None` for what is none, and for `AWS::NoValue`.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        let text = match name {
            "AWS::AccountId" => &self.account_id,
            "AWS::Region" => &self.region,
            "AWS::Partition" => &self.partition,
            "AWS::URLSuffix" => &self.url_suffix,
            "AWS::StackId" => &self.stack_id,
            "AWS::StackName" => &self.stack_name,
            "AWS::NotificationARNs" => {
                return Some(Value::Array(self.notification_arns.iter().cloned().map(Value::String).collect()));
            }
            _ => return None,
        };
        Some(Value::String(text.clone()))
    }
}
