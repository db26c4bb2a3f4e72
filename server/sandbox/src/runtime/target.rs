//! Which container a request is for: one of the endpoint's variants, a model of a multi-model endpoint, or an inference
//! component.
//!
//! Texts of refusals: as users of SageMaker have reported them. Those that nobody has are marked with `[U]`, and listed
//! in `docs/sandbox.md`.

use super::{BODY_LIMIT, SERVERLESS_BODY_LIMIT, Way, header};
use crate::call::{Call, Target};
use crate::error::Failure;
use crate::models::{self, Container};
use crate::sagemaker::input::check_name;
use crate::sagemaker::model::{Endpoint, SageMaker, Serverless, Variant, arn};
use domain::endpoint::EndpointStatus;
use http::HeaderMap;

const TARGET_MODEL: &str = "x-amzn-sagemaker-target-model";
const COMPONENT: &str = "x-amzn-sagemaker-inference-component";

/// The container to run.
#[derive(Debug)]
pub(super) struct Chosen {
    /// The variant that it stands in.
    pub(super) variant: String,
    /// What runs in it.
    pub(super) container: Container,
    /// What a serverless variant has.
    pub(super) serverless: Option<Serverless>,
}

impl Chosen {
    /// The most bytes that a body may have.
    pub(super) fn body_limit(&self) -> usize {
        if self.serverless.is_some() { SERVERLESS_BODY_LIMIT } else { BODY_LIMIT }
    }
}

/// What a request needs permission on: the endpoint, and the inference component if it names one.
pub(super) fn needed(call: &Call<'_>, way: Way, name: &str, headers: &HeaderMap) -> Result<Vec<Target>, Failure> {
    let tagged = |kind: &str, name: &str| {
        let arn = arn(&call.region, call.account(), kind, name);
        let tags = call.read_sagemaker(|sagemaker| sagemaker.tags.get(&arn).cloned().unwrap_or_default());
        Target::new(arn).tagged(&tags)
    };
    let mut endpoint = tagged("endpoint", name);
    if let (Way::Whole, Some(model)) = (way, header(headers, TARGET_MODEL)) {
        endpoint = endpoint.with("sagemaker:TargetModel", model);
    }
    let mut targets = vec![endpoint];
    if let Some(component) = header(headers, COMPONENT) {
        check_name("inferenceComponentName", component)?;
        targets.push(tagged("inference-component", component));
    }
    Ok(targets)
}

/// The container that a request is for.
pub(super) fn choose(call: &Call<'_>, way: Way, name: &str, headers: &HeaderMap) -> Result<Chosen, Failure> {
    let wanted = header(headers, "x-amzn-sagemaker-target-variant");
    call.read_sagemaker(|sagemaker| {
        let variants = in_service(call, sagemaker, name)?;
        if headers.contains_key("x-amzn-sagemaker-target-container-hostname") {
            // [U]
            return Err(Failure::validation(format!(
                "Endpoint {name} is not a multi-container endpoint with direct invocation and does not support target \
                 container hostname header."
            )));
        }
        let named = wanted.map(|wanted| {
            let found = variants.iter().find(|variant| variant.name == wanted);
            // [U]
            found.ok_or_else(|| Failure::validation(format!("Could not find variant {wanted} for endpoint {name}.")))
        });
        let named = named.transpose()?;
        if let Some(chosen) = component(call, sagemaker, name, variants, header(headers, COMPONENT))? {
            return Ok(chosen);
        }
        let variant = match (named, variants) {
            (Some(variant), _) | (None, [variant]) => variant,
            (None, several) => call.app.traffic.next(&arn(&call.region, call.account(), "endpoint", name), several),
        };
        let container = container(call, way, name, variant, header(headers, TARGET_MODEL))?;
        Ok(Chosen { variant: variant.name.clone(), container, serverless: variant.serverless_config })
    })
}

/// The variants of an endpoint that answers.
fn in_service<'s>(call: &Call<'_>, sagemaker: &'s SageMaker, name: &str) -> Result<&'s [Variant], Failure> {
    let known = sagemaker.endpoints.get(&name.to_ascii_lowercase()).filter(|endpoint| endpoint.name == name);
    // "The name is case-insensitive in CreateEndpoint, but the case is preserved and must be matched in
    // InvokeEndpoint."
    let now = known.map(|endpoint| endpoint.at(call.now));
    let answers = now.filter(|now| EndpointStatus::parse(now.status).answers() && !now.variants.is_empty());
    let missing = || Failure::validation(format!("Endpoint {name} of account {} not found.", call.account()));
    let variants = answers.ok_or_else(missing)?.variants;
    // An update gives requests to the new variants step by step.
    match known.and_then(Endpoint::driven).filter(|pending| pending.share > 0.0) {
        Some(pending)
            if call.app.traffic.next_is_new(&arn(&call.region, call.account(), "endpoint", name), pending.share) =>
        {
            Ok(&pending.variants)
        }
        _ => Ok(variants),
    }
}

/// The inference component that is named, where the endpoint is one for inference components; `None` where it is not.
fn component(
    call: &Call<'_>,
    sagemaker: &SageMaker,
    endpoint: &str,
    variants: &[Variant],
    wanted: Option<&str>,
) -> Result<Option<Chosen>, Failure> {
    let hosts = variants.iter().any(|variant| variant.image.is_none());
    let wanted = match (hosts, wanted) {
        (false, None) => return Ok(None),
        // [U]
        (false, Some(_)) => {
            return Err(Failure::validation(
                "Inference Component Name header is not allowed for endpoints to which you don't plan to deploy \
                 inference components. Please remove Inference Component Name header or consider using inference \
                 components.",
            ));
        }
        (true, None) => {
            return Err(Failure::validation(
                "Inference Component Name header is required for endpoints to which you plan to deploy inference \
                 components. Please include Inference Component Name header or consider using SageMaker models.",
            )
            .with("ErrorCode", "INFERENCE_COMPONENT_NAME_MISSING".into()));
        }
        (true, Some(wanted)) => wanted,
    };
    let found = sagemaker.components.get(&wanted.to_ascii_lowercase());
    let found = found.filter(|component| component.endpoint == endpoint && component.status(call.now) == "InService");
    let Some(component) = found else {
        // [U]
        return Err(Failure::validation(format!("Inference Component {wanted} of endpoint {endpoint} not found.")));
    };
    if component.copies == 0 {
        return Err(Failure::validation(
            "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress \
             (if configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API.",
        ));
    }
    Ok(Some(Chosen {
        variant: component.variant.clone(),
        container: Container::Image(component.image.clone()),
        serverless: None,
    }))
}

/// The container of a variant's only model, or that of the one which is named.
fn container(
    call: &Call<'_>,
    way: Way,
    endpoint: &str,
    variant: &Variant,
    wanted: Option<&str>,
) -> Result<Container, Failure> {
    let own = || variant.container().unwrap_or_else(|| Container::Image(String::new()));
    match (&variant.models, wanted) {
        (None, None) => Ok(own()),
        (None, Some(_)) => Err(Failure::validation(format!(
            "Endpoint {endpoint} is not a multi-model endpoint and does not support target model header."
        ))
        .with("ErrorCode", "TARGET_MODEL_HEADER_NOT_SUPPORTED".into())),
        // [U]: the operation has no such header, and what a multi-model endpoint then answers nobody tells.
        (Some(_), _) if way == Way::Stream => Err(Failure::validation(format!(
            "Endpoint {endpoint} is a multi-model endpoint and does not support response streaming."
        ))),
        (Some(_), None) => {
            Err(Failure::validation(format!("Request {} is missing a target model header.", call.request_id)))
        }
        (Some(prefix), Some(wanted)) => {
            let image = variant.image.as_deref().unwrap_or_default();
            models::on_shelf(image, wanted).map(Container::Image).ok_or_else(|| not_there(prefix, wanted))
        }
    }
}

/// [U] in part.
fn not_there(prefix: &str, model: &str) -> Failure {
    let (bucket, key) = prefix.trim_start_matches("s3://").split_once('/').unwrap_or((prefix, ""));
    let key = format!("{}/{}", key.trim_end_matches('/'), model.trim_start_matches('/'));
    Failure::validation(format!(
        "Failed to download model data(bucket: {bucket}, key: {}). Please ensure that there is an object located at the \
         URL and that the role passed to CreateModel has permissions to download the model.",
        key.trim_start_matches('/')
    ))
}
