//! SageMaker's control plane as a pipeline needs it: the versions of its endpoint.

use super::{Answered, GatewayResult, Tags};
use async_trait::async_trait;
use domain::names::{ConnectionId, EndpointName, Region};
use domain::time::Timestamp;

pub use domain::pipeline::view::EndpointState;

/// A thing of SageMaker's in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
}

/// A model that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewModel {
    /// Its name.
    pub name: String,
    /// The ARN of what it becomes.
    pub role: String,
    /// Its container.
    pub image: String,
    /// Where its file is.
    pub artifact: String,
    /// Its tags.
    pub tags: Tags,
}

/// An endpoint configuration that is asked for: one model on one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConfiguration {
    /// Its name.
    pub name: String,
    /// The model.
    pub model: String,
    /// What it runs on.
    pub instance_type: String,
    /// Its tags.
    pub tags: Tags,
}

/// The versions of an endpoint.
#[async_trait]
pub trait VersionsGateway: Send + Sync {
    /// DescribeEndpoint: its state and the configuration that it serves; `None` if there is none of that name.
    async fn endpoint_state(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Option<EndpointState>>;
    /// ListEndpointConfigs whose names begin with `prefix`, all pages, the newest first.
    async fn configurations(
        &self,
        connection: &ConnectionId,
        region: &Region,
        prefix: &str,
    ) -> GatewayResult<Vec<Named>>;
    /// ListModels whose names begin with `prefix`, all pages, the newest first.
    async fn models(&self, connection: &ConnectionId, region: &Region, prefix: &str) -> GatewayResult<Vec<Named>>;
    /// ListEndpoints whose names begin with `prefix`, all pages, the newest first.
    async fn endpoints(&self, connection: &ConnectionId, region: &Region, prefix: &str) -> GatewayResult<Vec<Named>>;
    /// CreateModel.
    async fn create_model(
        &self,
        connection: &ConnectionId,
        region: &Region,
        model: &NewModel,
    ) -> GatewayResult<Answered<()>>;
    /// CreateEndpointConfig.
    async fn create_configuration(
        &self,
        connection: &ConnectionId,
        region: &Region,
        configuration: &NewConfiguration,
    ) -> GatewayResult<Answered<()>>;
    /// CreateEndpoint. It is begun, not done.
    async fn create_endpoint(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
        configuration: &str,
        tags: &Tags,
    ) -> GatewayResult<Answered<()>>;
    /// UpdateEndpoint to another configuration, all traffic at once. An endpoint that is being changed is a
    /// [`Conflict`](super::GatewayErrorKind::Conflict).
    async fn update_endpoint(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
        configuration: &str,
    ) -> GatewayResult<Answered<()>>;
    /// DeleteEndpoint. It takes a while; no error if there is none.
    async fn delete_endpoint(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Answered<()>>;
    /// DeleteEndpointConfig; no error if there is none.
    async fn delete_configuration(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Answered<()>>;
    /// DeleteModel; no error if there is none.
    async fn delete_model(&self, connection: &ConnectionId, region: &Region, name: &str)
    -> GatewayResult<Answered<()>>;
}
