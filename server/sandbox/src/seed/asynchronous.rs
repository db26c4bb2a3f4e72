//! An asynchronous endpoint of the parent, with the bucket that it reads from and writes to and the role that does so.

use crate::iam::model::{Grants, Role};
use crate::ids;
use crate::models::{CHURN_SAMPLE, image};
use crate::s3::model::Bucket;
use crate::sagemaker::model::{Endpoint, EndpointConfig, Model, Variant};
use crate::state::State;
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

const NAME: &str = "churn-async";
const ROLE: &str = "sagemaker-async-execution";
const TRUSTS_SAGEMAKER: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const AGE_MS: i64 = 9 * 86_400_000;

/// The bucket that it writes to.
pub fn bucket(account: &AccountId) -> String {
    format!("sagebridge-async-{account}")
}

/// Adds bucket, role and endpoint.
pub fn seed(state: &mut State, account: &AccountId, region: &Region, now: Timestamp) {
    let created = now.plus_ms(-AGE_MS);
    let bucket = bucket(account);
    state.buckets.insert(bucket.clone(), Bucket::new(account.clone(), region.as_str(), created));
    let place = state.accounts.entry(account.clone()).or_default();
    let iam = place.iam.change(std::time::Duration::ZERO);
    iam.revision += 1;
    iam.roles.insert(ROLE.into(), role(&bucket, created));

    let sagemaker = place.sagemaker.entry(region.to_string()).or_default();
    let (image, (kind, sample)) = (image(account, region, "churn"), CHURN_SAMPLE);
    let (model_name, config_name) = (format!("{NAME}-model"), format!("{NAME}-config"));
    let model = json!({
        "PrimaryContainer": {
            "Image": image,
            "Mode": "SingleModel",
            "Environment": { "SAGEBRIDGE_SAMPLE_CONTENT_TYPE": kind, "SAGEBRIDGE_SAMPLE_BODY": sample },
        },
        "ExecutionRoleArn": format!("arn:aws:iam::{account}:role/{ROLE}"),
        "EnableNetworkIsolation": false,
    });
    let config = json!({
        "ProductionVariants": [{
            "VariantName": "AllTraffic",
            "ModelName": model_name,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "InitialVariantWeight": 1.0,
        }],
        "AsyncInferenceConfig": {
            "OutputConfig": {
                "S3OutputPath": format!("s3://{bucket}/outputs"),
                "S3FailurePath": format!("s3://{bucket}/failures"),
            },
            "ClientConfig": { "MaxConcurrentInvocationsPerInstance": 4 },
        },
    });
    sagemaker.models.insert(model_name.clone(), Model { name: model_name, created, request: model });
    let stored = EndpointConfig { name: config_name.clone(), created, request: config };
    sagemaker.configs.insert(config_name.clone(), stored);
    let variant = Variant {
        name: "AllTraffic".into(),
        image: Some(image),
        models: None,
        weight: 1.0,
        instances: 1,
        serverless_config: None,
        artifact: None,
    };
    let endpoint = Endpoint {
        name: NAME.to_owned(),
        created,
        modified: created.plus_ms(5 * 60_000),
        config: config_name,
        pending: None,
        failure: None,
        variants: vec![variant],
        last_deployment: None,
    };
    sagemaker.endpoints.insert(NAME.to_owned(), endpoint);
}

/// Reads inputs and writes outputs and failures, and nothing else.
fn role(bucket: &str, created: Timestamp) -> Role {
    let objects = |folder: &str| format!("arn:aws:s3:::{bucket}/{folder}/*");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": objects("*inputs") },
            { "Effect": "Allow", "Action": "s3:PutObject", "Resource": [objects("outputs"), objects("failures")] },
        ],
    });
    Role {
        name: ROLE.into(),
        path: "/".into(),
        id: ids::role(),
        created,
        grants: Grants { inline: BTreeMap::from([("objects".to_owned(), policy.to_string())]), ..Grants::default() },
        description: Some("Runs the asynchronous model".into()),
        trust: TRUSTS_SAGEMAKER.into(),
        max_session: 3600,
        tags: BTreeMap::new(),
    }
}
