//! Models: a container image with its environment, and the role it runs as.

use super::input::{self, Entry, exists, missing};
use super::model::{Model, arn};
use crate::call::{Call, Needs};
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
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

/// Permission on the model that the call names.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(input::target_with_tags(&arn_of(call, input::name(&call.body, "ModelName")?), &call.body)?.into())
}

/// CreateModel.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, "ModelName")?;
    let arn = arn_of(call, name);
    if image(&call.body).is_none() {
        return Err(Failure::validation("A model needs a PrimaryContainer or Containers with an Image."));
    }
    if let Some(role) = input::optional(&call.body, "ExecutionRoleArn")? {
        pass_role(call, role)?;
    }
    let tags = super::tags::for_new(call, &arn)?;
    let model = Model { name: name.to_owned(), created: call.now, request: input::keep(&call.body, &KEPT) };
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

/// The image of the container that answers.
pub fn image(request: &Value) -> Option<&str> {
    let container = request.get("PrimaryContainer").or_else(|| request.get("Containers")?.get(0))?;
    container.get("Image")?.as_str()
}

/// The role that the model runs as: the caller must be allowed to pass it, and it must trust SageMaker.
fn pass_role(call: &Call<'_>, role: &str) -> Result<(), Failure> {
    Checks::new().length("executionRoleArn", role, 20, 2048).finish()?;
    let parsed = Arn::parse(role).map_err(|_| Failure::validation(format!("{role} is not a role ARN")))?;
    if !passrole::is_own(call, &parsed) {
        return Err(Failure::validation("Cross-account pass role is not allowed."));
    }
    passrole::permitted(call, role, SERVICE)?;
    if passrole::trusting(call.app, call.account(), role, SERVICE).is_some() {
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
