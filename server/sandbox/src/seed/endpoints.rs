//! The parent's endpoints.

use crate::iam::model::{Grants, Role};
use crate::ids;
use crate::models::{CHURN_SAMPLE, ECHO_SAMPLE, image};
use crate::sagemaker::model::{Endpoint, EndpointConfig, Model, SageMaker, Variant};
use crate::state::State;
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

const EXECUTION_ROLE: &str = "sagemaker-execution";
const TRUSTS_SAGEMAKER: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const DAY_MS: i64 = 86_400_000;

/// What an endpoint is seeded from.
struct Plan<'a> {
    name: &'a str,
    model: &'a str,
    sample: Option<(&'a str, &'a str)>,
    instance_type: &'a str,
    instances: u32,
    failure: Option<&'a str>,
    age_days: i64,
}

/// The seeded endpoints: two that answer, one with capitals in its name, one that failed.
const PLANS: &[Plan<'static>] = &[
    Plan {
        name: "churn-classifier",
        model: "churn",
        sample: Some(CHURN_SAMPLE),
        instance_type: "ml.m5.large",
        instances: 2,
        failure: None,
        age_days: 92,
    },
    Plan {
        name: "echo",
        model: "echo",
        sample: Some(ECHO_SAMPLE),
        instance_type: "ml.t2.medium",
        instances: 1,
        failure: None,
        age_days: 41,
    },
    Plan {
        name: "Fraud-Detector-EU",
        model: "churn",
        sample: Some(CHURN_SAMPLE),
        instance_type: "ml.c5.xlarge",
        instances: 1,
        failure: None,
        age_days: 17,
    },
    Plan {
        name: "demand-forecast",
        model: "forecast",
        sample: None,
        instance_type: "ml.m5.xlarge",
        instances: 1,
        failure: Some(
            "The primary container for production variant AllTraffic did not pass the ping health check. Please \
                 check CloudWatch logs for this endpoint.",
        ),
        age_days: 3,
    },
];

/// Adds the execution role and the endpoints.
pub fn seed(state: &mut State, account: &AccountId, region: &Region, now: Timestamp) {
    let iam = state.accounts.entry(account.clone()).or_default().iam.change(std::time::Duration::ZERO);
    iam.revision += 1;
    let role = Role {
        name: EXECUTION_ROLE.into(),
        path: "/".into(),
        id: ids::role(),
        created: now,
        grants: Grants {
            attached: vec!["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess".into()],
            ..Grants::default()
        },
        description: Some("Runs the models".into()),
        trust: TRUSTS_SAGEMAKER.into(),
        max_session: 3600,
        tags: BTreeMap::new(),
    };
    iam.roles.insert(EXECUTION_ROLE.into(), role);
    let sagemaker = state.accounts.entry(account.clone()).or_default().sagemaker.entry(region.to_string()).or_default();
    for plan in PLANS {
        add(sagemaker, account, region, plan, now);
    }
}

/// Adds the `n`th of many endpoints, if it is not there.
pub fn add_numbered(state: &mut State, account: &AccountId, region: &Region, n: usize, now: Timestamp) {
    let sagemaker = state.accounts.entry(account.clone()).or_default().sagemaker.entry(region.to_string()).or_default();
    let name = format!("scoring-{n:05}");
    if !sagemaker.endpoints.contains_key(&name) {
        let plan = Plan {
            name: &name,
            model: "echo",
            sample: None,
            instance_type: "ml.t2.medium",
            instances: 1,
            failure: None,
            age_days: 1,
        };
        add(sagemaker, account, region, &plan, now);
    }
}

fn add(sagemaker: &mut SageMaker, account: &AccountId, region: &Region, plan: &Plan<'_>, now: Timestamp) {
    let created = now.plus_ms(-plan.age_days * DAY_MS);
    let image = image(account, region, plan.model);
    let environment: BTreeMap<&str, &str> = plan
        .sample
        .into_iter()
        .flat_map(|(kind, body)| [("SAGEBRIDGE_SAMPLE_CONTENT_TYPE", kind), ("SAGEBRIDGE_SAMPLE_BODY", body)])
        .collect();
    let name = plan.name;
    let (model_name, config_name, key) = (format!("{name}-model"), format!("{name}-config"), name.to_ascii_lowercase());
    let model = json!({
        "PrimaryContainer": { "Image": image, "Mode": "SingleModel", "Environment": environment },
        "ExecutionRoleArn": format!("arn:aws:iam::{account}:role/{EXECUTION_ROLE}"),
        "EnableNetworkIsolation": false,
    });
    let config = json!({
        "ProductionVariants": [{
            "VariantName": "AllTraffic",
            "ModelName": model_name,
            "InitialInstanceCount": plan.instances,
            "InstanceType": plan.instance_type,
            "InitialVariantWeight": 1.0,
        }],
    });
    sagemaker.models.insert(format!("{key}-model"), Model { name: model_name, created, request: model });
    let stored = EndpointConfig { name: config_name.clone(), created, request: config };
    sagemaker.configs.insert(format!("{key}-config"), stored);
    let variant =
        Variant { name: "AllTraffic".into(), image, weight: 1.0, instances: plan.instances, serverless: false };
    let endpoint = Endpoint {
        name: name.to_owned(),
        created,
        modified: created.plus_ms(4 * 60_000),
        config: config_name,
        pending: None,
        failure: plan.failure.map(str::to_owned),
        variants: if plan.failure.is_some() { Vec::new() } else { vec![variant] },
    };
    sagemaker.endpoints.insert(key, endpoint);
}
