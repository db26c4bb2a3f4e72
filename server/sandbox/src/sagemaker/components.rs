//! Inference components: models that stand on an endpoint without one, each with its own copies.
//!
//! Source: SageMaker's API reference, `CreateInferenceComponent` and its neighbours; actions and resources from the
//! service authorization reference. Texts of refusals that nobody has reported are listed in `docs/sandbox.md`.

use super::input::{self, Entry, exists, missing};
use super::model::{Component, SageMaker, arn};
use super::models;
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::models as images;
use crate::protocol::Reply;
use serde_json::{Value, json};

const NAME: &str = "InferenceComponentName";

fn arn_of(call: &Call<'_>, name: &str) -> String {
    arn(&call.region, call.account(), "inference-component", name)
}

fn endpoint_arn(call: &Call<'_>, name: &str) -> String {
    arn(&call.region, call.account(), "endpoint", name)
}

/// Whether any stands on an endpoint.
pub fn stand_on(sagemaker: &SageMaker, endpoint: &str) -> bool {
    sagemaker.components.values().any(|component| component.endpoint == endpoint)
}

fn tagged(call: &Call<'_>, arn: &str) -> Target {
    let tags = call.read_sagemaker(|sagemaker| sagemaker.tags.get(arn).cloned().unwrap_or_default());
    Target::new(arn).tagged(&tags)
}

/// Permission on the component that the call names.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(tagged(call, &arn_of(call, input::name(&call.body, NAME)?)).into())
}

/// Permission on the component to make and on the endpoint it shall stand on.
pub fn target_with_endpoint(call: &Call<'_>) -> Result<Needs, Failure> {
    let component = input::target_with_tags(&arn_of(call, input::name(&call.body, NAME)?), &call.body)?;
    let endpoint = endpoint_arn(call, input::name(&call.body, "EndpointName")?);
    Ok(Needs::All(vec![component, tagged(call, &endpoint)]))
}

/// CreateInferenceComponent: on an endpoint in service whose variants have no models.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, NAME)?;
    let endpoint = input::name(&call.body, "EndpointName")?;
    let variant = input::optional(&call.body, "VariantName")?;
    let arn = arn_of(call, name);
    let specification = specification(&call.body)?;
    let copies = copies(&call.body)?;
    let tags = super::tags::for_new(call, &arn)?;
    let ms = i64::try_from(call.app.faults.settings().endpoint_creation_ms).unwrap_or(i64::MAX);
    call.change_sagemaker(|sagemaker| {
        let key = name.to_ascii_lowercase();
        if sagemaker.components.contains_key(&key) {
            return Err(exists("inference component", &arn));
        }
        let (endpoint, variant) = place(call, sagemaker, endpoint, variant)?;
        let image = image(call, sagemaker, specification)?;
        let failure = (!images::is_known(&image)).then(|| {
            "The container of the inference component did not pass the ping health check. Please check CloudWatch logs \
             for this inference component."
                .to_owned()
        });
        let component = Component {
            name: name.to_owned(),
            created: call.now,
            endpoint,
            variant,
            image,
            copies,
            specification: specification.clone(),
            until: call.now.plus_ms(ms),
            failure,
        };
        sagemaker.components.insert(key, component);
        sagemaker.tags.insert(arn.clone(), tags);
        Ok(())
    })?;
    Ok(Reply::Json(json!({ "InferenceComponentArn": arn })))
}

fn specification(body: &Value) -> Result<&Value, Failure> {
    let found = body.get("Specification").filter(|specification| specification.is_object());
    let found = found.ok_or_else(|| {
        Failure::validation("The sandbox takes inference components with one Specification that is not an adapter's.")
    })?;
    if input::optional(found, "BaseInferenceComponentName")?.is_some() {
        return Err(Failure::validation("The sandbox has no adapter inference components."));
    }
    let memory = found.get("ComputeResourceRequirements").and_then(|needs| needs.get("MinMemoryRequiredInMb"));
    let Some(memory) = memory.and_then(Value::as_i64) else {
        return Err(Failure::validation(
            "1 validation error detected: Value null at \
             'specification.computeResourceRequirements.minMemoryRequiredInMb' failed to satisfy constraint: Member \
             must not be null",
        ));
    };
    let member = "specification.computeResourceRequirements.minMemoryRequiredInMb";
    Checks::new().range(member, memory, 128, i64::MAX).finish()?;
    Ok(found)
}

fn copies(body: &Value) -> Result<u32, Failure> {
    let count = body.get("RuntimeConfig").and_then(|config| config.get("CopyCount")).and_then(Value::as_i64);
    let count = count.unwrap_or(1);
    Checks::new().range("runtimeConfig.copyCount", count, 0, i64::from(u32::MAX)).finish()?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The endpoint and the variant that a component shall stand on.
fn place(
    call: &Call<'_>,
    sagemaker: &SageMaker,
    endpoint: &str,
    variant: Option<&str>,
) -> Result<(String, String), Failure> {
    let arn = endpoint_arn(call, endpoint);
    let found = sagemaker.endpoints.get(&endpoint.to_ascii_lowercase());
    let found = found.ok_or_else(|| missing("endpoint", &arn))?;
    let now = found.at(call.now);
    if now.status != "InService" {
        return Err(Failure::validation(format!(
            "Cannot create an inference component on endpoint \"{arn}\" in status {}.",
            now.status
        )));
    }
    let fits = |name: &str| variant.is_none_or(|wanted| wanted == name);
    let known = now.variants.iter().find(|v| fits(&v.name)).ok_or_else(|| {
        Failure::validation(format!("Could not find variant {} for endpoint {}.", variant.unwrap_or(""), found.name))
    })?;
    if known.image.is_some() {
        return Err(Failure::validation(
            "Inference Components are not supported in this Endpoint. Please make sure this endpoint can deploy \
             inference components.",
        ));
    }
    Ok((found.name.clone(), known.name.clone()))
}

/// The image of a component's model or container.
fn image(call: &Call<'_>, sagemaker: &SageMaker, specification: &Value) -> Result<String, Failure> {
    if let Some(model) = input::optional(specification, "ModelName")? {
        let found = sagemaker.models.get(&model.to_ascii_lowercase());
        let found = found.ok_or_else(|| models::missing_model(call, model))?;
        return Ok(models::image(&found.request).unwrap_or_default().to_owned());
    }
    let image = specification.get("Container").and_then(|container| container.get("Image")).and_then(Value::as_str);
    let none = || Failure::validation("An inference component needs a ModelName or a Container with an Image.");
    image.map(str::to_owned).ok_or_else(none)
}

/// DescribeInferenceComponent.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, NAME)?;
    let arn = arn_of(call, name);
    call.read_sagemaker(|sagemaker| {
        let found = sagemaker.components.get(&name.to_ascii_lowercase());
        let component = found.ok_or_else(|| missing("inference component", &arn))?;
        let mut output = summary(call, component);
        let status = component.status(call.now);
        output["Specification"] = shown(component);
        output["RuntimeConfig"] = json!({
            "DesiredCopyCount": component.copies,
            "CurrentCopyCount": if status == "InService" { component.copies } else { 0 },
        });
        if let Some(reason) = component.failure.as_ref().filter(|_| status == "Failed") {
            output["FailureReason"] = reason.as_str().into();
        }
        Ok(Reply::Json(output))
    })
}

/// The specification as it is described: a container's image becomes the one that is deployed.
fn shown(component: &Component) -> Value {
    let mut shown = component.specification.clone();
    if let Some(container) = shown.get_mut("Container").and_then(Value::as_object_mut)
        && let Some(image) = container.remove("Image")
    {
        let deployed = json!({
            "SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": epoch_seconds(component.created),
        });
        container.insert("DeployedImage".into(), deployed);
    }
    shown
}

fn summary(call: &Call<'_>, component: &Component) -> Value {
    let changed = if call.now < component.until { component.created } else { component.until };
    json!({
        "InferenceComponentName": component.name,
        "InferenceComponentArn": arn_of(call, &component.name),
        "EndpointName": component.endpoint,
        "EndpointArn": endpoint_arn(call, &component.endpoint),
        "VariantName": component.variant,
        "InferenceComponentStatus": component.status(call.now),
        "CreationTime": epoch_seconds(component.created),
        "LastModifiedTime": epoch_seconds(changed),
    })
}

/// ListInferenceComponents.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let endpoint = input::optional(&call.body, "EndpointNameEquals")?;
    let variant = input::optional(&call.body, "VariantNameEquals")?;
    call.read_sagemaker(|sagemaker| {
        let entries = sagemaker
            .components
            .values()
            .filter(|component| endpoint.is_none_or(|name| name.eq_ignore_ascii_case(&component.endpoint)))
            .filter(|component| variant.is_none_or(|name| name == component.variant))
            .map(|component| Entry {
                name: &component.name,
                created: component.created,
                modified: component.created.max(component.until.min(call.now)),
                status: component.status(call.now),
                summary: summary(call, component),
            });
        input::page(call, "InferenceComponents", entries.collect()).map(Reply::Json)
    })
}

/// DeleteInferenceComponent.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(&call.body, NAME)?;
    let arn = arn_of(call, name);
    call.change_sagemaker(|sagemaker| {
        sagemaker.components.remove(&name.to_ascii_lowercase()).ok_or_else(|| missing("inference component", &arn))?;
        sagemaker.tags.remove(&arn);
        Ok(Reply::Json(json!({})))
    })
}
