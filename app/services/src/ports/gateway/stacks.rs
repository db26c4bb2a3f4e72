//! CloudFormation: stacks from their making to their end.

use super::{Answered, GatewayResult, Tags};
use async_trait::async_trait;
use domain::names::{ConnectionId, Region};
use std::collections::BTreeMap;

pub use domain::pipeline::observed::{ObservedStack, StackEvent, StackState};

/// A stack that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackRequest {
    /// Its name.
    pub name: String,
    /// The template's text: at most 51,200 bytes.
    pub template: String,
    /// All of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its tags, which CloudFormation passes on to what the stack makes.
    pub tags: Tags,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// Its name in the template.
    pub logical_id: String,
    /// What it is called in AWS; none while it is being made.
    pub physical_id: Option<String>,
    /// `AWS::S3::Bucket`
    pub resource_type: String,
    /// `CREATE_COMPLETE`
    pub status: String,
}

/// CloudFormation. What is asked for is begun, not done: [`StacksGateway::stack`] tells how far it is.
#[async_trait]
pub trait StacksGateway: Send + Sync {
    /// CreateStack, with `CAPABILITY_NAMED_IAM` and rollback on failure. `AlreadyExistsException` is a
    /// [`Conflict`](super::GatewayErrorKind::Conflict).
    async fn create_stack(
        &self,
        connection: &ConnectionId,
        region: &Region,
        stack: &StackRequest,
    ) -> GatewayResult<Answered<()>>;
    /// UpdateStack, with the same capability. False: `No updates are to be performed.`
    async fn update_stack(
        &self,
        connection: &ConnectionId,
        region: &Region,
        stack: &StackRequest,
    ) -> GatewayResult<Answered<bool>>;
    /// DeleteStack. No error if there is none of that name.
    async fn delete_stack(&self, connection: &ConnectionId, region: &Region, name: &str)
    -> GatewayResult<Answered<()>>;
    /// DescribeStacks; `None` if there is none of that name. One that was deleted is found by its ID only.
    async fn stack(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Option<ObservedStack>>;
    /// DescribeStackEvents, the oldest first; those after the event `after`, where that is given. A deleted stack's are
    /// found by its ID only.
    async fn stack_events(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
        after: Option<&str>,
    ) -> GatewayResult<Vec<StackEvent>>;
    /// ListStackResources, all pages; those that were deleted are left out. Empty if there is no such stack.
    async fn stack_resources(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Vec<StackResource>>;
    /// GetTemplate, as it was given; `None` if there is no such stack.
    async fn stack_template(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Option<String>>;
}
