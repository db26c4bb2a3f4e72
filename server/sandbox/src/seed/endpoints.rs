//! The parent's endpoints.

use super::plans::{Hosted, NUMBERED, PLANS, Plan, Planned, PlannedComponent, RunsOn};
use crate::iam::model::{Grants, Role};
use crate::ids;
use crate::models::{SHELF, image};
use crate::sagemaker::model::{Component, Endpoint, EndpointConfig, Model, SageMaker};
use crate::sagemaker::variants;
use crate::state::State;
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const EXECUTION_ROLE: &str = "sagemaker-execution";
const TRUSTS_SAGEMAKER: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const DAY_MS: i64 = 86_400_000;

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
        let plan = Plan { name: &name, variants: NUMBERED, components: &[], failure: None, age_days: 1 };
        add(sagemaker, account, region, &plan, now);
    }
}

fn add(sagemaker: &mut SageMaker, account: &AccountId, region: &Region, plan: &Plan<'_>, now: Timestamp) {
    let place = Place { account, region, created: now.plus_ms(-plan.age_days * DAY_MS) };
    let (name, key) = (plan.name, plan.name.to_ascii_lowercase());
    for (variant, model) in plan.variants.iter().filter_map(|v| Some((v, v.model.as_ref()?))) {
        add_model(sagemaker, &place, &model_name(plan, variant), model);
    }
    let mut config = json!({
        "ProductionVariants": plan.variants.iter().map(|variant| production_variant(plan, variant)).collect::<Vec<_>>(),
    });
    if plan.variants.iter().any(|variant| variant.model.is_none()) {
        // Without models that bring theirs the endpoint needs a role of its own.
        config["ExecutionRoleArn"] = place.role().into();
        config["EnableNetworkIsolation"] = false.into();
    }
    let variants = variants::of(sagemaker, &config).unwrap_or_default();
    let config_name = format!("{name}-config");
    let stored = EndpointConfig { name: config_name.clone(), created: place.created, request: config };
    sagemaker.configs.insert(format!("{key}-config"), stored);
    let endpoint = Endpoint {
        name: name.to_owned(),
        created: place.created,
        modified: place.created.plus_ms(4 * 60_000),
        config: config_name,
        pending: None,
        failure: plan.failure.map(str::to_owned),
        variants: if plan.failure.is_some() { Vec::new() } else { variants },
        last_deployment: None,
    };
    sagemaker.endpoints.insert(key, endpoint);
    for component in plan.components {
        add_component(sagemaker, &place, plan, component);
    }
}

/// Where and when something is seeded.
struct Place<'a> {
    account: &'a AccountId,
    region: &'a Region,
    created: Timestamp,
}

impl Place<'_> {
    fn role(&self) -> String {
        format!("arn:aws:iam::{}:role/{EXECUTION_ROLE}", self.account)
    }
}

/// `NAME-model`; with the variant's name where there are several.
fn model_name(plan: &Plan<'_>, variant: &Planned<'_>) -> String {
    if let [_] = plan.variants {
        return format!("{}-model", plan.name);
    }
    format!("{}-{}-model", plan.name, variant.name.to_ascii_lowercase())
}

fn add_model(sagemaker: &mut SageMaker, place: &Place<'_>, name: &str, model: &Hosted<'_>) {
    let samples = model.sample.into_iter().flat_map(|(kind, body)| {
        let sample = [("SAGEBRIDGE_SAMPLE_CONTENT_TYPE", kind), ("SAGEBRIDGE_SAMPLE_BODY", body)];
        let of_many = (model.image == SHELF).then_some(("SAGEBRIDGE_SAMPLE_TARGET_MODEL", "churn.tar.gz"));
        sample.into_iter().chain(of_many)
    });
    let mut container = json!({
        "Image": image(place.account, place.region, model.image),
        "Mode": "SingleModel",
        "Environment": samples.collect::<BTreeMap<_, _>>(),
    });
    if model.image == SHELF {
        container["Mode"] = "MultiModel".into();
        container["ModelDataUrl"] = format!("s3://sagebridge-models-{}/tenants/", place.account).into();
    }
    let request = json!({
        "PrimaryContainer": container,
        "ExecutionRoleArn": place.role(),
        "EnableNetworkIsolation": false,
    });
    let stored = Model { name: name.to_owned(), created: place.created, request };
    sagemaker.models.insert(name.to_ascii_lowercase(), stored);
}

fn production_variant(plan: &Plan<'_>, variant: &Planned<'_>) -> Value {
    let mut shown = json!({ "VariantName": variant.name, "InitialVariantWeight": variant.weight });
    if variant.model.is_some() {
        shown["ModelName"] = model_name(plan, variant).into();
    }
    match variant.runs_on {
        RunsOn::Machines(kind, count) => {
            shown["InstanceType"] = kind.into();
            shown["InitialInstanceCount"] = count.into();
        }
        RunsOn::Serverless(memory_mb, most) => {
            shown["ServerlessConfig"] = json!({ "MemorySizeInMB": memory_mb, "MaxConcurrency": most });
        }
    }
    shown
}

fn add_component(sagemaker: &mut SageMaker, place: &Place<'_>, plan: &Plan<'_>, component: &PlannedComponent<'_>) {
    let model = format!("{}-model", component.name);
    add_model(sagemaker, place, &model, &component.model);
    let made = Component {
        name: component.name.to_owned(),
        created: place.created,
        endpoint: plan.name.to_owned(),
        variant: plan.variants.first().map(|variant| variant.name.to_owned()).unwrap_or_default(),
        image: image(place.account, place.region, component.model.image),
        copies: component.copies,
        specification: json!({
            "ModelName": model,
            "ComputeResourceRequirements": { "NumberOfAcceleratorDevicesRequired": 1, "MinMemoryRequiredInMb": 1024 },
        }),
        until: place.created.plus_ms(4 * 60_000),
        failure: None,
    };
    sagemaker.components.insert(component.name.to_ascii_lowercase(), made);
}
