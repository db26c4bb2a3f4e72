//! SageMaker's control plane as a pipeline needs it: an endpoint's configurations and models, old ones too.

use crate::answers::{moment, said};
use crate::connections::{Connection, Connections, Open};
use crate::error::{found, gone};
use async_trait::async_trait;
use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::types::{EndpointConfigSortKey, ModelSortKey, OrderKey};
use aws_smithy_types::DateTime;
use aws_types::request_id::RequestId;
use domain::names::{ConnectionId, EndpointName, Region};
use services::ports::gateway::{Answered, EndpointState, GatewayResult, Named, VersionsGateway};
use std::sync::Arc;

/// The most that SageMaker lists at a time.
const PAGE: i32 = 100;

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsVersions(pub(crate) Arc<Connections>);

impl AwsVersions {
    async fn open<'a>(&self, connection: &ConnectionId, region: &'a Region) -> GatewayResult<Open<'a, Client>> {
        self.0.service(connection, region, "SageMaker", Connection::sagemaker).await
    }
}

#[async_trait]
impl VersionsGateway for AwsVersions {
    async fn endpoint_state(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Option<EndpointState>> {
        let sagemaker = self.open(connection, region).await?;
        let call = sagemaker.call("DescribeEndpoint");
        let answer = sagemaker.client.describe_endpoint().endpoint_name(name.as_str()).send().await;
        let Some(answer) = found(answer.map_err(|e| call.failed(e)))? else { return Ok(None) };
        let known = answer.endpoint_status.zip(answer.endpoint_config_name);
        let (status, configuration) = known.ok_or_else(|| call.unexpected("no state and configuration"))?;
        Ok(Some(EndpointState {
            status: status.as_str().to_owned(),
            configuration,
            failure: said(answer.failure_reason),
            changed: answer.last_modified_time.as_ref().and_then(moment),
        }))
    }

    async fn configurations(
        &self,
        connection: &ConnectionId,
        region: &Region,
        prefix: &str,
    ) -> GatewayResult<Vec<Named>> {
        let sagemaker = self.open(connection, region).await?;
        let call = sagemaker.call("ListEndpointConfigs");
        let request = sagemaker.client.list_endpoint_configs().name_contains(prefix).max_results(PAGE);
        let request = request.sort_by(EndpointConfigSortKey::CreationTime).sort_order(OrderKey::Descending);
        let mut pages = request.into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| call.failed(e))?.endpoint_configs.unwrap_or_default();
            all.extend(page.into_iter().filter_map(|one| named(one.endpoint_config_name, one.creation_time, prefix)));
        }
        Ok(all)
    }

    async fn models(&self, connection: &ConnectionId, region: &Region, prefix: &str) -> GatewayResult<Vec<Named>> {
        let sagemaker = self.open(connection, region).await?;
        let call = sagemaker.call("ListModels");
        let request = sagemaker.client.list_models().name_contains(prefix).max_results(PAGE);
        let request = request.sort_by(ModelSortKey::CreationTime).sort_order(OrderKey::Descending);
        let mut pages = request.into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| call.failed(e))?.models.unwrap_or_default();
            all.extend(page.into_iter().filter_map(|one| named(one.model_name, one.creation_time, prefix)));
        }
        Ok(all)
    }

    async fn update_endpoint(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
        configuration: &str,
    ) -> GatewayResult<Answered<()>> {
        let sagemaker = self.open(connection, region).await?;
        let call = sagemaker.call("UpdateEndpoint");
        // Without a deployment configuration all traffic goes over at once.
        let request = sagemaker.client.update_endpoint().endpoint_name(name.as_str());
        let answer = request.endpoint_config_name(configuration).send().await.map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn delete_endpoint(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Answered<()>> {
        let sagemaker = self.open(connection, region).await?;
        let call = sagemaker.call("DeleteEndpoint");
        let answer = sagemaker.client.delete_endpoint().endpoint_name(name.as_str()).send().await;
        gone(answer.map(|answer| answer.request_id().map(str::to_owned)).map_err(|e| call.failed(e)))
    }

    async fn delete_configuration(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Answered<()>> {
        let sagemaker = self.open(connection, region).await?;
        let call = sagemaker.call("DeleteEndpointConfig");
        let answer = sagemaker.client.delete_endpoint_config().endpoint_config_name(name).send().await;
        gone(answer.map(|answer| answer.request_id().map(str::to_owned)).map_err(|e| call.failed(e)))
    }

    async fn delete_model(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Answered<()>> {
        let sagemaker = self.open(connection, region).await?;
        let call = sagemaker.call("DeleteModel");
        let answer = sagemaker.client.delete_model().model_name(name).send().await;
        gone(answer.map(|answer| answer.request_id().map(str::to_owned)).map_err(|e| call.failed(e)))
    }
}

/// One of a list, if its name begins so: SageMaker finds the text anywhere in a name, and without regard to case.
fn named(name: Option<String>, created: Option<DateTime>, prefix: &str) -> Option<Named> {
    let name = name.filter(|name| name.starts_with(prefix))?;
    Some(Named { name, created: created.as_ref().and_then(moment)? })
}
