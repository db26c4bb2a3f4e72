//! Whether a declaration keeps the limits and patterns of the service's model.

use super::declaration::{Action, ArtifactStore, Declaration, Stage};
use super::input::{name_checks, null, refuse};
use crate::check::{Checks, word};
use crate::error::Failure;
use serde_json::Value;

/// Reads a declaration.
pub fn read(input: &Value) -> Result<Declaration, Failure> {
    let given = match input.get("pipeline") {
        None | Some(Value::Null) => return Err(null("pipeline")),
        Some(given) => given,
    };
    demand(given)?;
    let declaration: Declaration = serde_json::from_value(given.clone())
        .map_err(|e| refuse("SerializationException", format!("the pipeline can't be read: {e}")))?;
    whole(&declaration)?;
    Ok(declaration)
}

fn members(value: &Value, path: &str, names: &[&str]) -> Result<(), Failure> {
    match names.iter().find(|name| value.get(**name).is_none_or(Value::is_null)) {
        Some(missing) => Err(null(&format!("{path}.{missing}"))),
        None => Ok(()),
    }
}

fn rows<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    value.get(name).and_then(Value::as_array).into_iter().flatten().enumerate().map(|(n, row)| (n + 1, row))
}

/// Asks for the members that must be there.
fn demand(pipeline: &Value) -> Result<(), Failure> {
    members(pipeline, "pipeline", &["name", "roleArn", "stages"])?;
    if let Some(store) = pipeline.get("artifactStore").filter(|store| !store.is_null()) {
        members(store, "pipeline.artifactStore", &["type", "location"])?;
        if let Some(key) = store.get("encryptionKey").filter(|key| !key.is_null()) {
            members(key, "pipeline.artifactStore.encryptionKey", &["id", "type"])?;
        }
    }
    for (n, variable) in rows(pipeline, "variables") {
        members(variable, &format!("pipeline.variables.{n}.member"), &["name"])?;
    }
    for (n, stage) in rows(pipeline, "stages") {
        let path = format!("pipeline.stages.{n}.member");
        members(stage, &path, &["name", "actions"])?;
        for (m, action) in rows(stage, "actions") {
            let path = format!("{path}.actions.{m}.member");
            members(action, &path, &["name", "actionTypeId"])?;
            let id = action.get("actionTypeId").unwrap_or(&Value::Null);
            members(id, &format!("{path}.actionTypeId"), &["category", "owner", "provider", "version"])?;
            for list in ["inputArtifacts", "outputArtifacts"] {
                for (k, artifact) in rows(action, list) {
                    members(artifact, &format!("{path}.{list}.{k}.member"), &["name"])?;
                }
            }
        }
    }
    Ok(())
}

/// Whether a text is a role's ARN by the pattern of the model.
fn is_role(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (arn, partition, service, region, account, resource) = (next(), next(), next(), next(), next(), next());
    let ours = partition == "aws" || partition.strip_prefix("aws-").is_some_and(|more| word(more, "-"));
    arn == "arn"
        && ours
        && (service, region) == ("iam", "")
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && resource.starts_with("role/")
}

fn role(checks: Checks, member: &str, value: &str) -> Checks {
    let pattern = "arn:aws(-[\\w]+)*:iam::[0-9]{12}:role/.*";
    checks.length(member, value, 0, 1024).pattern(member, value, pattern, is_role(value))
}

fn whole(pipeline: &Declaration) -> Result<(), Failure> {
    let mut checks = name_checks(Checks::new(), "pipeline.name", &pipeline.name);
    checks = role(checks, "pipeline.roleArn", &pipeline.role_arn);
    if let Some(mode) = &pipeline.execution_mode {
        checks = checks.one_of("pipeline.executionMode", mode, &["QUEUED", "SUPERSEDED", "PARALLEL"]);
    }
    if let Some(kind) = &pipeline.pipeline_type {
        checks = checks.one_of("pipeline.pipelineType", kind, &["V1", "V2"]);
    }
    if let Some(one) = &pipeline.artifact_store {
        checks = store(checks, "pipeline.artifactStore", one);
    }
    for (region, one) in pipeline.artifact_stores.iter().flatten() {
        checks = checks.length("pipeline.artifactStores.key", region, 4, 30);
        checks = store(checks, &format!("pipeline.artifactStores.{region}.member"), one);
    }
    for (n, variable) in pipeline.variables.iter().enumerate() {
        let path = format!("pipeline.variables.{}.member", n + 1);
        let member = format!("{path}.name");
        checks = checks.length(&member, &variable.name, 1, 128);
        checks = checks.pattern(&member, &variable.name, "[A-Za-z0-9@\\-_]+", word(&variable.name, "@-"));
        if let Some(value) = &variable.default_value {
            checks = checks.length(&format!("{path}.defaultValue"), value, 1, 1000);
        }
        if let Some(text) = &variable.description {
            checks = checks.length(&format!("{path}.description"), text, 0, 200);
        }
    }
    for (n, one) in pipeline.stages.iter().enumerate() {
        checks = stage(checks, &format!("pipeline.stages.{}.member", n + 1), one)?;
    }
    checks.finish()
}

fn store(checks: Checks, path: &str, store: &ArtifactStore) -> Checks {
    let member = format!("{path}.location");
    let fits = store.location.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let mut checks = checks.one_of(&format!("{path}.type"), &store.kind, &["S3"]);
    checks = checks.length(&member, &store.location, 3, 63);
    checks = checks.pattern(&member, &store.location, "[a-zA-Z0-9\\-\\.]+", fits);
    if let Some(key) = &store.encryption_key {
        checks = checks.length(&format!("{path}.encryptionKey.id"), &key.id, 1, 400);
        checks = checks.one_of(&format!("{path}.encryptionKey.type"), &key.kind, &["KMS"]);
    }
    checks
}

fn stage(mut checks: Checks, path: &str, stage: &Stage) -> Result<Checks, Failure> {
    checks = name_checks(checks, &format!("{path}.name"), &stage.name);
    for (n, one) in stage.actions.iter().enumerate() {
        checks = action(checks, &format!("{path}.actions.{}.member", n + 1), one)?;
    }
    Ok(checks)
}

fn action(mut checks: Checks, path: &str, action: &Action) -> Result<Checks, Failure> {
    checks = name_checks(checks, &format!("{path}.name"), &action.name);
    let id = &action.action_type_id;
    let categories = ["Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute"];
    checks = checks.one_of(&format!("{path}.actionTypeId.category"), &id.category, &categories);
    checks = checks.one_of(&format!("{path}.actionTypeId.owner"), &id.owner, &["AWS", "ThirdParty", "Custom"]);
    for (name, value, most) in [("provider", &id.provider, 35), ("version", &id.version, 9)] {
        let member = format!("{path}.actionTypeId.{name}");
        checks = checks.length(&member, value, 1, most).pattern(&member, value, "[0-9A-Za-z_-]+", word(value, "-"));
    }
    if let Some(order) = action.run_order {
        checks = checks.range(&format!("{path}.runOrder"), order, 1, 999);
    }
    if let Some(minutes) = action.timeout_in_minutes {
        checks = checks.range(&format!("{path}.timeoutInMinutes"), minutes, 5, 86_400);
    }
    if let Some(arn) = &action.role_arn {
        checks = role(checks, &format!("{path}.roleArn"), arn);
    }
    if let Some(region) = &action.region {
        checks = checks.length(&format!("{path}.region"), region, 4, 30);
    }
    if let Some(namespace) = &action.namespace {
        let member = format!("{path}.namespace");
        checks = checks.length(&member, namespace, 1, 100);
        checks = checks.pattern(&member, namespace, "[A-Za-z0-9@\\-_]+", word(namespace, "@-"));
    }
    for (list, artifacts) in
        [("inputArtifacts", &action.input_artifacts), ("outputArtifacts", &action.output_artifacts)]
    {
        for (n, artifact) in artifacts.iter().enumerate() {
            let member = format!("{path}.{list}.{}.member.name", n + 1);
            checks = checks.length(&member, &artifact.name, 1, 100);
            checks = checks.pattern(&member, &artifact.name, "[a-zA-Z0-9_\\-]+", word(&artifact.name, "-"));
        }
    }
    configuration(path, action)?;
    Ok(checks)
}

fn configuration(path: &str, action: &Action) -> Result<(), Failure> {
    let told = |part: &str, most: usize| {
        Failure::validation(format!(
            "1 validation error detected: Value at '{path}.configuration' failed to satisfy constraint: Map {part} must \
             satisfy constraint: [Member must have length less than or equal to {most}, Member must have length greater \
             than or equal to 1]"
        ))
    };
    let fits = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
    for (key, value) in &action.configuration {
        if !fits(key, 50) {
            return Err(told("keys", 50));
        }
        if !fits(value, 1000) {
            return Err(told("value", 1000));
        }
    }
    Ok(())
}
