//! How many decisions a second one core makes for the first seed's handshake: the AssumeRole across accounts and the
//! invocation of the endpoint, by turns. Prints `decisions_per_second N`; `cargo xtask bench` reads it.

use domain::evaluate::{Decision, Scenario, decide};
use serde_json::json;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenarios: Vec<Scenario> = [assume(), invoke()].iter().map(Scenario::parse).collect::<Result<_, _>>()?;
    let mut decisions = 0_u64;
    let mut allowed = 0_u64;
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1500) {
        for _ in 0..10_000 {
            for scenario in &scenarios {
                let decision = decide(black_box(&scenario.request), black_box(&scenario.policies()));
                allowed += u64::from(decision == Decision::Allowed);
                decisions += 1;
            }
        }
    }
    if allowed != decisions {
        return Err("the seed's handshake is not allowed".into());
    }
    let rate = decisions as f64 / started.elapsed().as_secs_f64();
    writeln!(std::io::stdout().lock(), "decisions_per_second {rate:.0}")?;
    Ok(())
}

/// The caller's identity policy and the role's trust policy with an external ID.
fn assume() -> serde_json::Value {
    json!({
        "principal": "arn:aws:sts::222222222222:assumed-role/scoring-lambda/run",
        "action": "sts:AssumeRole",
        "resource": "arn:aws:iam::111111111111:role/SageMakerExternal",
        "resource_account": "111111111111",
        "context": {
            "sts:ExternalId": "sb-7f3c1d2e", "sts:RoleSessionName": "SageMakerInvokeSession",
            "aws:SecureTransport": "true", "aws:SourceIp": "203.0.113.9"
        },
        "identity_policies": [
            { "name": "logs", "document": { "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                  "Resource": "arn:aws:logs:*:*:*" } ] } },
            { "name": "AllowAssumeSageMakerExternalRole", "document": { "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": "sts:AssumeRole",
                  "Resource": "arn:aws:iam::111111111111:role/SageMakerExternal" } ] } }
        ],
        "resource_policy": { "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::222222222222:role/scoring-lambda" },
              "Action": "sts:AssumeRole", "Condition": { "StringEquals": { "sts:ExternalId": "sb-7f3c1d2e" } } } ] }
    })
}

/// The role's permission for its endpoints.
fn invoke() -> serde_json::Value {
    json!({
        "principal": "arn:aws:sts::111111111111:assumed-role/SageMakerExternal/SageMakerInvokeSession",
        "action": "sagemaker:InvokeEndpoint",
        "resource": "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier",
        "resource_account": "111111111111",
        "context": { "aws:SecureTransport": "true", "aws:RequestedRegion": "eu-west-1" },
        "identity_policies": [
            { "name": "SageMakerExternalInvokeEndpoint", "document": { "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow",
                  "Action": ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync",
                             "sagemaker:InvokeEndpointWithResponseStream"],
                  "Resource": ["arn:aws:sagemaker:eu-west-1:111111111111:endpoint/fraud-detector",
                               "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier"] } ] } }
        ],
        "service_control_policies": [
            [{ "name": "FullAWSAccess", "document": { "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": "*", "Resource": "*" } ] } }],
            [{ "name": "FullAWSAccess", "document": { "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": "*", "Resource": "*" },
                { "Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*",
                  "Condition": { "StringNotEquals": { "aws:RequestedRegion": ["eu-west-1", "eu-central-1"] } } } ] } }]
        ]
    })
}
