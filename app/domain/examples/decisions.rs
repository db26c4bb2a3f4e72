//! How many decisions a second one core makes, by turns: for a shared endpoint the AssumeRole across accounts and the
//! invocation; for a training pipeline over three accounts an upload to its bucket, the use of its key, and the role
//! that its deployment assumes. Prints `decisions_per_second N`; `cargo xtask bench` reads it.

use domain::evaluate::{Decision, Scenario, decide};
use serde_json::json;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let all = [assume(), invoke(), upload(), encrypt(), deploy()];
    let scenarios: Vec<Scenario> = all.iter().map(Scenario::parse).collect::<Result<_, _>>()?;
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
        return Err("not everything is allowed".into());
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

const KEY: &str = "arn:aws:kms:eu-west-1:333333333333:key/1b2c3d4e-1111-2222-3333-444455556666";
const TRAINING: &str = "arn:aws:iam::444444444444:role/pipeline-training";

/// An upload from the training account to the shared bucket, which takes nothing that is not encrypted with the key.
fn upload() -> serde_json::Value {
    let bucket = "arn:aws:s3:::pipeline-artifacts";
    json!({
        "principal": "arn:aws:sts::444444444444:assumed-role/pipeline-training/SageMaker",
        "action": "s3:PutObject",
        "resource": "arn:aws:s3:::pipeline-artifacts/models/churn/model.tar.gz",
        "resource_account": "333333333333",
        "context": {
            "aws:SecureTransport": "true", "s3:x-amz-server-side-encryption": "aws:kms",
            "s3:x-amz-server-side-encryption-aws-kms-key-id": KEY
        },
        "identity_policies": [
            { "name": "artifacts", "document": { "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": format!("{bucket}/*") },
                { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket },
                { "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": KEY } ] } }
        ],
        "resource_policy": { "Version": "2012-10-17", "Statement": [
            { "Sid": "OnlyEncrypted", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
              "Resource": format!("{bucket}/*"),
              "Condition": { "StringNotEquals": { "s3:x-amz-server-side-encryption": "aws:kms" } } },
            { "Sid": "OnlyThisKey", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
              "Resource": format!("{bucket}/*"),
              "Condition": { "StringNotEqualsIfExists": { "s3:x-amz-server-side-encryption-aws-kms-key-id": KEY } } },
            { "Sid": "OnlyTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
              "Resource": [bucket, format!("{bucket}/*")], "Condition": { "Bool": { "aws:SecureTransport": "false" } } },
            { "Effect": "Allow", "Principal": { "AWS": [TRAINING, "arn:aws:iam::555555555555:role/pipeline-deploy"] },
              "Action": ["s3:GetObject", "s3:PutObject"], "Resource": format!("{bucket}/*") } ] }
    })
}

/// The key that the upload asks for, in the shared account.
fn encrypt() -> serde_json::Value {
    json!({
        "principal": "arn:aws:sts::444444444444:assumed-role/pipeline-training/SageMaker",
        "action": "kms:GenerateDataKey",
        "resource": KEY,
        "resource_account": "333333333333",
        "context": { "kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": "444444444444" },
        "identity_policies": [
            { "name": "artifacts", "document": { "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": KEY } ] } }
        ],
        "resource_policy": { "Version": "2012-10-17", "Statement": [
            { "Sid": "Administration", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::333333333333:root" },
              "Action": "kms:*", "Resource": "*" },
            { "Sid": "Use", "Effect": "Allow",
              "Principal": { "AWS": [TRAINING, "arn:aws:iam::555555555555:role/pipeline-deploy"] },
              "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
              "Resource": "*", "Condition": { "StringLike": { "kms:ViaService": "s3.*.amazonaws.com" } } } ] }
    })
}

/// The role in production that the pipeline assumes.
fn deploy() -> serde_json::Value {
    json!({
        "principal": "arn:aws:sts::333333333333:assumed-role/pipeline-service/1700000000000",
        "action": "sts:AssumeRole",
        "resource": "arn:aws:iam::555555555555:role/pipeline-deploy",
        "resource_account": "555555555555",
        "context": { "sts:RoleSessionName": "deploy", "aws:PrincipalOrgID": "o-exampleorg1" },
        "identity_policies": [
            { "name": "pipeline", "document": { "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": ["codecommit:GetBranch", "codecommit:UploadArchive"],
                  "Resource": "arn:aws:codecommit:eu-west-1:333333333333:pipeline" },
                { "Effect": "Allow", "Action": "sts:AssumeRole",
                  "Resource": [TRAINING, "arn:aws:iam::555555555555:role/pipeline-deploy"] } ] } }
        ],
        "resource_policy": { "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::333333333333:role/pipeline-service" },
              "Action": "sts:AssumeRole",
              "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-exampleorg1" } } } ] }
    })
}
