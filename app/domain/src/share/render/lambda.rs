//! The function that tries a share from the child account: its Python handler, its execution role's documents, its
//! names. It is made in AWS, or not, elsewhere.
//!
//! Source: Lambda developer guide, "Lambda runtimes", "Defining Lambda function permissions with an execution role",
//! "Working with Lambda environment variables".

mod python;

use super::pretty;
use crate::endpoint::Sample;
use crate::handoff::ShareOffer;
use crate::names::{AccountId, EndpointName, FunctionName, PolicyName, Region, RoleName, ShareId};
use serde_json::json;
use std::collections::BTreeMap;

/// The runtime of generated functions: the newest that is everywhere.
pub const RUNTIME: &str = "python3.13";
/// The file that holds the handler.
pub const FILE_NAME: &str = "handler.py";
/// What Lambda calls: file and function.
pub const HANDLER: &str = "handler.lambda_handler";
/// How long the function may take: the model has 60 seconds, the rest is for starting and assuming the role.
pub const TIMEOUT_SECONDS: u32 = 90;
/// The function's memory. boto3 alone takes most of the smallest size, and starts slowly in it.
pub const MEMORY_MB: u32 = 256;
/// What the execution role's own policy is called: one inline policy for its logs.
pub const LOGS_POLICY: &str = "WriteOwnLogs";

/// Names of environment variables, read by the handler before the values it was made with.
pub mod variables {
    /// Where the endpoint is.
    pub const REGION: &str = "SAGEBRIDGE_REGION";
    /// The role to assume.
    pub const ROLE_ARN: &str = "SAGEBRIDGE_ROLE_ARN";
    /// What to present when assuming it; empty for nothing.
    pub const EXTERNAL_ID: &str = "SAGEBRIDGE_EXTERNAL_ID";
    /// The endpoint to call when the event names none.
    pub const ENDPOINT: &str = "SAGEBRIDGE_ENDPOINT";
}

/// The handler for a share: assumes the role once and calls `endpoint`, sending `sample` unless its event says otherwise.
pub fn handler(offer: &ShareOffer, endpoint: &EndpointName, sample: Option<&Sample>) -> String {
    python::handler(offer, endpoint, sample)
}

/// The function's environment. The handler works without, too; in the environment the values can be seen and changed.
pub fn environment(offer: &ShareOffer, endpoint: &EndpointName) -> BTreeMap<String, String> {
    let external_id = offer.external_id.as_ref().map(|id| id.as_str()).unwrap_or_default();
    [
        (variables::REGION, offer.region.as_str()),
        (variables::ROLE_ARN, offer.role.as_str()),
        (variables::EXTERNAL_ID, external_id),
        (variables::ENDPOINT, endpoint.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The function's name: the same for the same share, and another for another one.
pub fn function_name(share: &ShareId) -> FunctionName {
    FunctionName::parse(&fitted("sagebridge-test-", share)).unwrap_or_else(|_| unreachable!("a share's id fits"))
}

/// The execution role's name: the same for the same share, and another for another one.
pub fn execution_role_name(share: &ShareId) -> RoleName {
    RoleName::parse(&fitted("sagebridge-test-role-", share)).unwrap_or_else(|_| unreachable!("a share's id fits"))
}

/// The name of [`logs_policy`].
pub fn logs_policy_name() -> PolicyName {
    PolicyName::parse(LOGS_POLICY).unwrap_or_else(|_| unreachable!("the constant is a name"))
}

/// Where Lambda writes a function's logs, unless it is told otherwise.
pub fn log_group(function: &FunctionName) -> String {
    format!("/aws/lambda/{function}")
}

/// The execution role's trust policy: Lambda, and nobody else.
pub fn execution_trust() -> String {
    pretty(&json!({
        "Version": super::VERSION,
        "Statement": [{
            "Sid": "LambdaMayAssume",
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    }))
}

/// The execution role's own permission: to write the log of `function` in `account`, and nothing else. That it may
/// assume the shared role is the share's grant, attached when the story has come to it.
pub fn logs_policy(region: &Region, account: &AccountId, function: &FunctionName) -> String {
    let group = format!("arn:{}:logs:{region}:{account}:log-group:{}", region.partition(), log_group(function));
    pretty(&json!({
        "Version": super::VERSION,
        "Statement": [{
            "Sid": LOGS_POLICY,
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            // The group itself, and the streams in it.
            "Resource": [group, format!("{group}:*")],
        }],
    }))
}

/// `prefix` and the share's id within 64 characters, which is what Lambda and IAM take. An id that is cut gets a
/// checksum of the whole behind it, so that two shares never meet in one name.
fn fitted(prefix: &str, share: &ShareId) -> String {
    let name = format!("{prefix}{share}");
    if name.len() <= 64 {
        return name;
    }
    format!("{}-{:08x}", &name[..55], crate::checksum::crc32(share.as_str().as_bytes()))
}
