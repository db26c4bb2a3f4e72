//! SageMaker's control plane, reading only.

use crate::answers::{moment, said};
use crate::connections::{Connection, Connections};
use crate::error::{Call, found};
use async_trait::async_trait;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::operation::describe_model::DescribeModelOutput;
use aws_sdk_sagemaker::types::{
    AsyncInferenceConfig, ContainerDefinition, ContainerMode, EndpointSortKey, EndpointSummary,
    InferenceComponentStatus, InferenceComponentSummary, InferenceExecutionMode, OrderKey, ProductionVariant,
};
use domain::endpoint::{
    AsyncResults, EndpointArn, EndpointDetail, EndpointKind, EndpointShape, EndpointStatus, EndpointView, Page, Sample,
    Variant, samples,
};
use domain::names::{ConnectionId, EndpointName, Region};
use domain::s3::Location;
use futures::StreamExt;
use services::ports::gateway::{GatewayResult, SagemakerGateway};
use std::sync::Arc;

/// Endpoints in a page, and how many are described at a time: SageMaker throttles describing early.
const PAGE: i32 = 50;
const AT_ONCE: usize = 8;
/// Inference components that are offered by name.
const COMPONENTS: i32 = 100;

#[derive(Debug)]
pub(crate) struct AwsSagemaker(pub(crate) Arc<Connections>);

#[async_trait]
impl SagemakerGateway for AwsSagemaker {
    async fn endpoints(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name_contains: Option<&str>,
        after: Option<&str>,
    ) -> GatewayResult<Page<EndpointView>> {
        let connection = self.0.get(connection).await?;
        let reader = Reader::new(&connection, region);
        let call = reader.call("ListEndpoints");
        let answer = reader
            .client
            .list_endpoints()
            .sort_by(EndpointSortKey::CreationTime)
            .sort_order(OrderKey::Descending)
            .max_results(PAGE)
            .set_name_contains(name_contains.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned))
            .set_next_token(after.map(str::to_owned))
            .send()
            .await
            .map_err(|e| call.failed(e))?;
        let next = answer.next_token().map(str::to_owned);
        let reading = answer.endpoints.unwrap_or_default().into_iter().map(|summary| reader.listed(summary));
        let views: Vec<_> = futures::stream::iter(reading).buffered(AT_ONCE).collect().await;
        let items = views.into_iter().filter_map(Result::transpose).collect::<GatewayResult<_>>()?;
        Ok(Page { items, next })
    }

    async fn endpoint(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Option<EndpointView>> {
        let connection = self.0.get(connection).await?;
        Reader::new(&connection, region).endpoint(name.as_str()).await
    }

    async fn endpoint_detail(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Option<EndpointDetail>> {
        let connection = self.0.get(connection).await?;
        Reader::new(&connection, region).endpoint_detail(name.as_str()).await
    }
}

/// One connection in one region.
struct Reader<'a> {
    connection: &'a Connection,
    region: &'a Region,
    client: Client,
}

impl<'a> Reader<'a> {
    fn new(connection: &'a Connection, region: &'a Region) -> Self {
        Self { connection, region, client: connection.sagemaker(region) }
    }

    fn call(&self, operation: &'static str) -> Call<'a> {
        self.connection.origin.call("SageMaker", self.region.as_str(), operation)
    }

    /// An endpoint of a list in full. One that is gone by now is left out; of one that can't be described, the list's
    /// own words are shown: a list should not fail because of one of its lines.
    async fn listed(&self, summary: EndpointSummary) -> GatewayResult<Option<EndpointView>> {
        match self.endpoint(summary.endpoint_name().unwrap_or_default()).await {
            Ok(found) => Ok(found),
            Err(error) => {
                tracing::debug!(endpoint = summary.endpoint_name(), %error, "an endpoint could not be described");
                let (Some(name), Some(arn)) = (
                    summary.endpoint_name().and_then(|name| EndpointName::parse(name).ok()),
                    summary.endpoint_arn().and_then(|arn| EndpointArn::parse(arn).ok()),
                ) else {
                    return Err(error);
                };
                Ok(Some(EndpointView {
                    name,
                    arn,
                    status: summary
                        .endpoint_status()
                        .map_or(EndpointStatus::Unknown, |s| EndpointStatus::parse(s.as_str())),
                    created: summary.creation_time().and_then(moment),
                    runs_on: None,
                    failure_reason: None,
                    results: None,
                }))
            }
        }
    }

    async fn endpoint(&self, name: &str) -> GatewayResult<Option<EndpointView>> {
        let Some(endpoint) = self.describe(name).await? else { return Ok(None) };
        let config = self.config(&endpoint).await.ok().flatten();
        Ok(Some(self.view(&endpoint, config.as_ref())?))
    }

    async fn endpoint_detail(&self, name: &str) -> GatewayResult<Option<EndpointDetail>> {
        let Some(endpoint) = self.describe(name).await? else { return Ok(None) };
        let config = self.config(&endpoint).await;
        let config = config.inspect_err(|error| tracing::info!(%error, "an endpoint's configuration can't be read"));
        let config = config.ok().flatten();
        let view = self.view(&endpoint, config.as_ref())?;
        let Some(config) = config else { return Ok(Some(EndpointDetail { view, shape: None, sample: None })) };
        let model = self.model(&config).await;
        let model = model.inspect_err(|error| tracing::info!(%error, "an endpoint's model can't be read"));
        let model = model.ok().flatten();
        let mut shape = shape(&endpoint, &config, model.as_ref());
        if shape.components {
            let names = self.components(name).await;
            let names = names.inspect_err(|error| tracing::info!(%error, "inference components can't be listed"));
            shape.component_names = names.unwrap_or_default();
        }
        Ok(Some(EndpointDetail { view, shape: Some(shape), sample: model.as_ref().and_then(sample) }))
    }

    /// The names of the inference components that an endpoint has in service.
    async fn components(&self, endpoint: &str) -> GatewayResult<Vec<String>> {
        let call = self.call("ListInferenceComponents");
        let request = self.client.list_inference_components().endpoint_name_equals(endpoint).max_results(COMPONENTS);
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        let runs = |component: &&InferenceComponentSummary| {
            component.inference_component_status() == Some(&InferenceComponentStatus::InService)
        };
        let names = answer.inference_components().iter().filter(runs).filter_map(|one| one.inference_component_name());
        Ok(names.map(str::to_owned).collect())
    }

    fn view(
        &self,
        endpoint: &DescribeEndpointOutput,
        config: Option<&DescribeEndpointConfigOutput>,
    ) -> GatewayResult<EndpointView> {
        let call = self.call("DescribeEndpoint");
        let name = endpoint.endpoint_name().and_then(|name| EndpointName::parse(name).ok());
        let arn = endpoint.endpoint_arn().and_then(|arn| EndpointArn::parse(arn).ok());
        let Some((name, arn)) = name.zip(arn) else { return Err(call.unexpected("no endpoint name and ARN")) };
        Ok(EndpointView {
            name,
            arn,
            status: endpoint.endpoint_status().map_or(EndpointStatus::Unknown, |s| EndpointStatus::parse(s.as_str())),
            created: endpoint.creation_time().and_then(moment),
            runs_on: config.and_then(|config| runs_on(endpoint, config)),
            failure_reason: said(endpoint.failure_reason.clone()),
            results: endpoint.async_inference_config().and_then(results),
        })
    }

    /// The model of the first variant; none where its models are inference components.
    async fn model(&self, config: &DescribeEndpointConfigOutput) -> GatewayResult<Option<DescribeModelOutput>> {
        let Some(name) = config.production_variants().first().and_then(ProductionVariant::model_name) else {
            return Ok(None);
        };
        let call = self.call("DescribeModel");
        found(self.client.describe_model().model_name(name).send().await.map_err(|e| call.failed(e)))
    }

    async fn describe(&self, name: &str) -> GatewayResult<Option<DescribeEndpointOutput>> {
        let call = self.call("DescribeEndpoint");
        found(self.client.describe_endpoint().endpoint_name(name).send().await.map_err(|e| call.failed(e)))
    }

    async fn config(&self, endpoint: &DescribeEndpointOutput) -> GatewayResult<Option<DescribeEndpointConfigOutput>> {
        let Some(name) = endpoint.endpoint_config_name() else { return Ok(None) };
        let call = self.call("DescribeEndpointConfig");
        let request = self.client.describe_endpoint_config().endpoint_config_name(name);
        found(request.send().await.map_err(|e| call.failed(e)))
    }
}

/// Where an asynchronous endpoint leaves its answers. Without a path SageMaker makes a bucket of its own, which it does
/// not name.
fn results(config: &AsyncInferenceConfig) -> Option<AsyncResults> {
    let paths = config.output_config()?;
    let place = |path: Option<&str>| path.and_then(Location::parse);
    Some(AsyncResults { output: place(paths.s3_output_path())?, failure: place(paths.s3_failure_path()) })
}

fn first_container(model: &DescribeModelOutput) -> Option<&ContainerDefinition> {
    model.primary_container().or(model.containers().first())
}

/// What the model's environment says that it takes, else what containers of its image do.
fn sample(model: &DescribeModelOutput) -> Option<Sample> {
    let container = first_container(model)?;
    let value = |key: &str| container.environment().and_then(|environment| environment.get(key)).cloned();
    let told = value("SAGEBRIDGE_SAMPLE_CONTENT_TYPE").zip(value("SAGEBRIDGE_SAMPLE_BODY"));
    let target_model = value("SAGEBRIDGE_SAMPLE_TARGET_MODEL").filter(|model| !model.is_empty());
    let told = told.map(|(content_type, body)| Sample { content_type, body, target_model });
    told.or_else(|| samples::for_image(container.image()?))
}

fn shape(
    endpoint: &DescribeEndpointOutput,
    config: &DescribeEndpointConfigOutput,
    model: Option<&DescribeModelOutput>,
) -> EndpointShape {
    let variants = config.production_variants();
    let kind = if config.async_inference_config().is_some() {
        EndpointKind::Asynchronous
    } else if variants.iter().any(|variant| variant.serverless_config().is_some()) {
        EndpointKind::Serverless
    } else {
        EndpointKind::RealTime
    };
    let weights = variants.iter().map(|variant| {
        let name = variant.variant_name().unwrap_or_default();
        // Weights may have been changed since the configuration was written.
        let running = endpoint.production_variants().iter().find(|running| running.variant_name() == Some(name));
        let weight = running.and_then(|running| running.current_weight()).or(variant.initial_variant_weight());
        (name.to_owned(), weight.unwrap_or(1.0))
    });
    let container = model.and_then(first_container);
    let direct = model.and_then(|model| model.inference_execution_config()).and_then(|config| config.mode())
        == Some(&InferenceExecutionMode::Direct);
    let hosts = model.map(|model| model.containers()).unwrap_or_default().iter();
    EndpointShape {
        kind,
        variants: Variant::of_weights(weights.collect()),
        multi_model: container.and_then(|container| container.mode()) == Some(&ContainerMode::MultiModel),
        components: variants.iter().all(|variant| variant.model_name().is_none()),
        component_names: Vec::new(),
        containers: hosts.filter(|_| direct).filter_map(|host| host.container_hostname().map(str::to_owned)).collect(),
        image: container.and_then(|container| container.image()).map(str::to_owned),
    }
}

/// What its first variant runs on: `ml.m5.large`, `ml.m5.large × 2`, `serverless`.
fn runs_on(endpoint: &DescribeEndpointOutput, config: &DescribeEndpointConfigOutput) -> Option<String> {
    let variant = config.production_variants().first()?;
    if variant.serverless_config().is_some() {
        return Some("serverless".into());
    }
    let kind = variant.instance_type()?.as_str();
    let running = endpoint.production_variants().first().and_then(|variant| variant.current_instance_count());
    match running.or(variant.initial_instance_count()) {
        Some(count) if count > 1 => Some(format!("{kind} × {count}")),
        _ => Some(kind.to_owned()),
    }
}
