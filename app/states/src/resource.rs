//! What a Task state's `Resource` names: a function, an activity, or an action of a service and how long to wait for it.

use serde::{Deserialize, Serialize};

/// How a service is called.
///
/// Source: Step Functions developer guide, "Discover service integration patterns".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// The task is done when the call is answered.
    RequestResponse,
    /// `.sync`: the task is done when the job is.
    Sync,
    /// `.sync:2`: the same, and the output is JSON rather than a text of it.
    Sync2,
    /// `.waitForTaskToken`: the task is done when somebody sends its token.
    WaitForTaskToken,
}

/// A resource of a Task state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resource {
    /// The ARN of a Lambda function: its input is the state's.
    Lambda {
        /// `arn:aws:lambda:…:function:…`.
        arn: String,
    },
    /// The ARN of an activity, whose workers ask for tasks.
    Activity {
        /// `arn:aws:states:…:activity:…`.
        arn: String,
    },
    /// `arn:aws:states:::sagemaker:createTrainingJob.sync`.
    Integration {
        /// `sagemaker`, or `aws-sdk:s3`: what the history calls the resource's type.
        service: String,
        /// `createTrainingJob.sync`: the action with its pattern, as the history has it.
        resource: String,
        /// How long to wait.
        pattern: Pattern,
    },
}

impl Resource {
    /// `None` for what is no resource of a task.
    pub fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [scheme, partition, service, region, account, rest] = parts.as_slice() else { return None };
        if *scheme != "arn" || !matches!(*partition, "aws" | "aws-cn" | "aws-us-gov") {
            return None;
        }
        match *service {
            "lambda" if rest.strip_prefix("function:").is_some_and(|name| !name.is_empty()) => {
                Some(Self::Lambda { arn: arn.to_owned() })
            }
            "states" if rest.strip_prefix("activity:").is_some_and(|name| !name.is_empty()) => {
                Some(Self::Activity { arn: arn.to_owned() })
            }
            "states" if region.is_empty() && account.is_empty() => Self::integration(rest),
            _ => None,
        }
    }

    fn integration(text: &str) -> Option<Self> {
        let (body, pattern) = if let Some(body) = text.strip_suffix(".sync") {
            (body, Pattern::Sync)
        } else if let Some(body) = text.strip_suffix(".sync:2") {
            (body, Pattern::Sync2)
        } else if let Some(body) = text.strip_suffix(".waitForTaskToken") {
            (body, Pattern::WaitForTaskToken)
        } else {
            (text, Pattern::RequestResponse)
        };
        let (service, action) = body.rsplit_once(':')?;
        let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let known = match service.strip_prefix("aws-sdk:") {
            Some(service) => word(service),
            None => word(service),
        };
        (known && word(action)).then(|| Self::Integration {
            service: service.to_owned(),
            resource: text[service.len() + 1..].to_owned(),
            pattern,
        })
    }

    /// Whether the task is done only when something else than the call is: then the call's answer is a submission.
    pub fn is_submitted(&self) -> bool {
        matches!(self, Self::Integration { pattern, .. } if *pattern != Pattern::RequestResponse)
    }

    /// Whether the state's context has a token for somebody else to send.
    pub(crate) fn has_token(&self) -> bool {
        matches!(self, Self::Activity { .. } | Self::Integration { pattern: Pattern::WaitForTaskToken, .. })
    }

    /// What a message about too much data names.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Lambda { arn } | Self::Activity { arn } => arn,
            Self::Integration { service, .. } => service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_told_apart() {
        let integration = |service: &str, resource: &str, pattern| {
            Some(Resource::Integration { service: service.into(), resource: resource.into(), pattern })
        };
        for (arn, resource) in [
            (
                "arn:aws:states:::sagemaker:createTrainingJob.sync",
                integration("sagemaker", "createTrainingJob.sync", Pattern::Sync),
            ),
            (
                "arn:aws:states:::states:startExecution.sync:2",
                integration("states", "startExecution.sync:2", Pattern::Sync2),
            ),
            (
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                integration("sqs", "sendMessage.waitForTaskToken", Pattern::WaitForTaskToken),
            ),
            ("arn:aws:states:::aws-sdk:s3:getObject", integration("aws-sdk:s3", "getObject", Pattern::RequestResponse)),
            ("arn:aws:states:::lambda:invoke", integration("lambda", "invoke", Pattern::RequestResponse)),
            ("arn:aws:states:::lambda", None),
            ("arn:aws:states:::a:b:c", None),
            ("arn:aws:states:us-east-1::lambda:invoke", None),
            ("arn:aws:s3:::bucket", None),
            ("arn:aws:lambda:us-east-1:1:function:", None),
            ("createTrainingJob", None),
            ("", None),
        ] {
            assert_eq!(Resource::parse(arn), resource, "{arn}");
        }
        let function = "arn:aws:lambda:us-east-1:111122223333:function:deploy:1";
        assert_eq!(Resource::parse(function), Some(Resource::Lambda { arn: function.into() }));
        let activity = "arn:aws:states:us-east-1:111122223333:activity:approve";
        assert_eq!(Resource::parse(activity), Some(Resource::Activity { arn: activity.into() }));
    }
}
