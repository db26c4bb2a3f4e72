//! Models: a container image with its environment, and the role it runs as. A container is of one model, or of as many
//! as are below a prefix in S3 (`Mode: MultiModel`).

use super::input::{self, Entry, exists, missing};
use super::model::{Artifact, Model, arn};
use crate::call::{Call, Needs};
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::models as images;
use crate::passrole;
use crate::protocol::Reply;
use domain::arn::Arn;
use serde_json::{Value, json};

const SERVICE: &str = "sagemaker.amazonaws.com";
const KEPT: [&str; 6] = [
    "PrimaryContainer",
    "Containers",
    "InferenceExecutionConfig",
    "ExecutionRoleArn",
    "VpcConfig",
    "EnableNetworkIsolation",
];

fn arn_of(call: &Call<'_>, name: &str) -> String {
    arn(&call.region, call.account(), "model", name)
}

/// The refusal of a model that is not there.
pub fn missing_model(call: &Call<'_>, name: &str) -> Failure {
    missing("model", &arn_of(call, name))
}

/// Permission on the model that the call names.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(input::target_with_tags(&arn_of(call, input::name(&call.body, "ModelName")?), &call.body)?.into())
}

/// CreateModel.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "ModelName")?;
    let arn = arn_of(call, name);
    let mut request = input::keep(&call.body, &KEPT);
    check_containers(&mut request)?;
    if let Some(role) = input::optional(&call.body, "ExecutionRoleArn")? {
        pass_role(call, role)?;
    }
    let tags = super::tags::for_new(call, &arn)?;
    let model = Model { name: name.to_owned(), created: call.now, request };
    call.change_sagemaker(|sagemaker| {
        let key = name.to_ascii_lowercase();
        if sagemaker.models.contains_key(&key) {
            return Err(exists("model", &arn));
        }
        sagemaker.models.insert(key, model);
        sagemaker.tags.insert(arn.clone(), tags);
        Ok(())
    })?;
    Ok(Reply::Json(json!({ "ModelArn": arn })))
}

fn check_containers(request: &mut Value) -> Result<(), Failure> {
    let several = request.get_mut("Containers").and_then(Value::as_array_mut).map(|list| list.iter_mut().collect());
    let containers: Vec<&mut Value> = match several {
        Some(list) => list,
        None => request.get_mut("PrimaryContainer").into_iter().collect(),
    };
    if containers.is_empty() || containers.iter().any(|container| container.get("Image").is_none()) {
        return Err(Failure::validation("A model needs a PrimaryContainer or Containers with an Image."));
    }
    for container in containers {
        let mode = input::optional(container, "Mode")?.unwrap_or("SingleModel").to_owned();
        Checks::new().one_of("mode", &mode, &["SingleModel", "MultiModel"]).finish()?;
        if mode == "MultiModel" {
            let image = input::required(container, "Image")?;
            if !images::holds_many(image) {
                return Err(Failure::validation(format!(
                    "Your Ecr Image {image} does not contain required \
                     com.amazonaws.sagemaker.capabilities.multi-models=true Docker label(s)."
                )));
            }
            input::required(container, "ModelDataUrl")?;
        }
        container["Mode"] = mode.into();
    }
    Ok(())
}

fn container(request: &Value) -> Option<&Value> {
    request.get("PrimaryContainer").or_else(|| request.get("Containers")?.get(0))
}

/// The image of the container that answers.
pub fn image(request: &Value) -> Option<&str> {
    container(request)?.get("Image")?.as_str()
}

/// The prefix that the models of a multi-model container are below.
pub fn many(request: &Value) -> Option<&str> {
    let container = container(request)?;
    container.get("ModelDataUrl")?.as_str().filter(|_| container["Mode"] == "MultiModel")
}

/// The trained model that a container of SageMaker's XGBoost serves.
pub fn artifact(request: &Value) -> Option<Artifact> {
    let container = container(request)?;
    let trained = images::trained::is_container(container.get("Image")?.as_str()?) && container["Mode"] != "MultiModel";
    let url = container.get("ModelDataUrl")?.as_str().filter(|_| trained)?.to_owned();
    let role = request.get("ExecutionRoleArn").and_then(Value::as_str).map(str::to_owned);
    Some(Artifact { url, role, kept: None })
}

/// The role that a model runs as: the caller must be allowed to pass it, and it must trust SageMaker.
pub fn pass_role(call: &Call<'_>, role: &str) -> Result<(), Failure> {
    pass_role_for(call, role, "executionRoleArn", None)
}

/// The same for a role by another member's name, which works for a resource: `aws:SourceArn` to its trust policy.
pub fn pass_role_for(call: &Call<'_>, role: &str, member: &str, source: Option<&str>) -> Result<(), Failure> {
    Checks::new().length(member, role, 20, 2048).finish()?;
    let parsed = Arn::parse(role).map_err(|_| Failure::validation(format!("{role} is not a role ARN")))?;
    if !passrole::is_own(call, &parsed) {
        return Err(Failure::validation("Cross-account pass role is not allowed."));
    }
    passrole::permitted(call, role, SERVICE)?;
    if passrole::trusting_for(call.app, call.account(), role, SERVICE, source).is_some() {
        return Ok(());
    }
    Err(Failure::validation(format!(
        "Could not assume role {role}. Please ensure that the role exists and allows principal '{SERVICE}' to assume \
         the role."
    )))
}

/// DescribeModel.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "ModelName")?;
    let arn = arn_of(call, name);
    call.read_sagemaker(|sagemaker| {
        let model = sagemaker.models.get(&name.to_ascii_lowercase()).ok_or_else(|| missing("model", &arn))?;
        let mut output = model.request.clone();
        output["ModelName"] = model.name.as_str().into();
        output["ModelArn"] = arn.into();
        output["CreationTime"] = epoch_seconds(model.created);
        Ok(Reply::Json(output))
    })
}

fn entry<'a>(call: &Call<'_>, model: &'a Model) -> Entry<'a> {
    let Model { name, created, .. } = model;
    let summary = json!({
        "ModelName": name, "ModelArn": arn_of(call, name), "CreationTime": epoch_seconds(*created),
    });
    Entry { name, created: *created, modified: *created, status: "", summary }
}

/// ListModels.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    call.read_sagemaker(|sagemaker| {
        input::page(call, "Models", sagemaker.models.values().map(|model| entry(call, model)).collect())
            .map(Reply::Json)
    })
}

/// DeleteModel.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "ModelName")?;
    let arn = arn_of(call, name);
    call.change_sagemaker(|sagemaker| {
        sagemaker.models.remove(&name.to_ascii_lowercase()).ok_or_else(|| missing("model", &arn))?;
        sagemaker.tags.remove(&arn);
        Ok(Reply::Json(json!({})))
    })
}
