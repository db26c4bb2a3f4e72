//! What failures of AWS mean, in words for people.

use crate::ports::gateway::{GatewayError, GatewayErrorKind};
use domain::names::{AccountId, ConnectionId};

/// What to do next about a failed call.
pub(crate) fn hint(error: &GatewayError) -> String {
    let connection =
        error.connection.as_ref().map_or_else(|| "this account".to_owned(), |c| format!("connection `{c}`"));
    match error.kind {
        GatewayErrorKind::AccessDenied => {
            format!("give the identity of {connection} the permission `{}`, then try again", error.action())
        }
        GatewayErrorKind::NotFound => "it may have been deleted meanwhile; reload to see what is there".into(),
        GatewayErrorKind::Conflict => "look at what is there in IAM, then try again".into(),
        GatewayErrorKind::Throttled => "AWS asks for fewer calls; try again in a moment".into(),
        GatewayErrorKind::Invalid => "AWS would not take it as it is; change what it names".into(),
        GatewayErrorKind::Expired => {
            format!("renew the credentials of {connection} (for SSO: `aws sso login`), then try again")
        }
        GatewayErrorKind::Unavailable => "AWS could not be reached or failed on its side; try again in a moment".into(),
        GatewayErrorKind::NoCredentials => {
            format!("look at the profile of {connection} in the AWS config and credentials files")
        }
        GatewayErrorKind::Model => "the model behind the endpoint failed; its log says more".into(),
    }
}

/// AWS's code, or a word of our own when AWS was not reached.
pub(crate) fn code(error: &GatewayError) -> String {
    if error.code.is_empty() { format!("{:?}", error.kind) } else { error.code.clone() }
}

/// A connection that has come to lead to another account than the share's.
pub(crate) fn leads_elsewhere(connection: &ConnectionId, now: &AccountId, share: &AccountId) -> String {
    format!("connection `{connection}` now leads to account {now}, and the share is of account {share}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_denied_is_named_as_policies_name_it() {
        let denied = |operation| GatewayError {
            operation,
            account: None,
            connection: "child".parse().ok(),
            kind: GatewayErrorKind::AccessDenied,
            code: "AccessDenied".into(),
            message: String::new(),
            status: Some(403),
            retryable: false,
            request_id: None,
            model: None,
        };
        for (operation, action) in [
            ("AttachRolePolicy", "iam:AttachRolePolicy"),
            ("UpdateAssumeRolePolicy", "iam:UpdateAssumeRolePolicy"),
            ("AssumeRole", "sts:AssumeRole"),
            ("ListEndpoints", "sagemaker:ListEndpoints"),
            ("UpdateStack", "cloudformation:UpdateStack"),
            ("CreateMultipartUpload", "s3:PutObject"),
            ("DeleteObjects", "s3:DeleteObjectVersion"),
            ("PutApprovalResult", "codepipeline:PutApprovalResult"),
            ("SomethingNew", "SomethingNew"),
        ] {
            let hint = hint(&denied(operation));
            assert_eq!(
                hint,
                format!("give the identity of connection `child` the permission `{action}`, then try again")
            );
        }
    }
}
