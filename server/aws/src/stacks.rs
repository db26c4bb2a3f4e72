//! CloudFormation: stacks made, updated, deleted, and looked at.

use crate::answers::{moment, said};
use crate::connections::{Connection, Connections, Open};
use crate::error::found;
use async_trait::async_trait;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{
    Capability, OnFailure, Output, Parameter, ResourceStatus, Stack, StackEvent as SdkEvent, StackResourceSummary, Tag,
    TemplateStage,
};
use aws_types::request_id::RequestId;
use domain::names::{ConnectionId, Region};
use services::ports::gateway::{
    Answered, GatewayResult, ObservedStack, StackEvent, StackRequest, StackResource, StackState, StacksGateway, Tags,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// What CloudFormation says when a stack is as it is asked to be. It has no code for that.
const UNCHANGED: &str = "No updates are to be performed";

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsStacks(pub(crate) Arc<Connections>);

impl AwsStacks {
    async fn open<'a>(&self, connection: &ConnectionId, region: &'a Region) -> GatewayResult<Open<'a, Client>> {
        self.0.service(connection, region, "CloudFormation", Connection::stacks).await
    }
}

#[async_trait]
impl StacksGateway for AwsStacks {
    async fn create_stack(
        &self,
        connection: &ConnectionId,
        region: &Region,
        stack: &StackRequest,
    ) -> GatewayResult<Answered<()>> {
        let cloudformation = self.open(connection, region).await?;
        let call = cloudformation.call("CreateStack");
        let answer = cloudformation
            .client
            .create_stack()
            .stack_name(&stack.name)
            .template_body(&stack.template)
            .set_parameters(Some(parameters(&stack.parameters)))
            .set_tags(Some(tags(&stack.tags)))
            .capabilities(Capability::CapabilityNamedIam)
            .on_failure(OnFailure::Rollback)
            .client_request_token(token())
            .send()
            .await
            .map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn update_stack(
        &self,
        connection: &ConnectionId,
        region: &Region,
        stack: &StackRequest,
    ) -> GatewayResult<Answered<bool>> {
        let cloudformation = self.open(connection, region).await?;
        let call = cloudformation.call("UpdateStack");
        let answer = cloudformation
            .client
            .update_stack()
            .stack_name(&stack.name)
            .template_body(&stack.template)
            .set_parameters(Some(parameters(&stack.parameters)))
            .set_tags(Some(tags(&stack.tags)))
            .capabilities(Capability::CapabilityNamedIam)
            .client_request_token(token())
            .send()
            .await;
        match answer.map_err(|e| call.failed(e)) {
            Ok(answer) => Ok(Answered { value: true, request_id: answer.request_id().map(str::to_owned) }),
            Err(error) if error.message.contains(UNCHANGED) => {
                Ok(Answered { value: false, request_id: error.request_id })
            }
            Err(error) => Err(error),
        }
    }

    async fn delete_stack(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Answered<()>> {
        let cloudformation = self.open(connection, region).await?;
        let call = cloudformation.call("DeleteStack");
        let request = cloudformation.client.delete_stack().stack_name(name).client_request_token(token());
        let answer = request.send().await.map_err(|e| call.failed(e))?;
        Ok(Answered { value: (), request_id: answer.request_id().map(str::to_owned) })
    }

    async fn stack(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Option<ObservedStack>> {
        let cloudformation = self.open(connection, region).await?;
        let call = cloudformation.call("DescribeStacks");
        let answer = cloudformation.client.describe_stacks().stack_name(name).send().await;
        let Some(answer) = found(answer.map_err(|e| call.failed(e)))? else { return Ok(None) };
        let Some(stack) = answer.stacks.unwrap_or_default().into_iter().next() else { return Ok(None) };
        observed(stack).map(Some).ok_or_else(|| call.unexpected("no id, name, time and known state of a stack"))
    }

    async fn stack_events(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
        after: Option<&str>,
    ) -> GatewayResult<Vec<StackEvent>> {
        let cloudformation = self.open(connection, region).await?;
        let call = cloudformation.call("DescribeStackEvents");
        let mut pages = cloudformation.client.describe_stack_events().stack_name(name).into_paginator().send();
        let mut events = Vec::new();
        // CloudFormation gives the newest first: what is known already needs no further page.
        'pages: while let Some(page) = pages.next().await {
            for event in page.map_err(|e| call.failed(e))?.stack_events.unwrap_or_default() {
                if after.is_some() && event.event_id() == after {
                    break 'pages;
                }
                events.extend(happened(event));
            }
        }
        events.reverse();
        Ok(events)
    }

    async fn stack_resources(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Vec<StackResource>> {
        let cloudformation = self.open(connection, region).await?;
        let call = cloudformation.call("ListStackResources");
        let mut pages = cloudformation.client.list_stack_resources().stack_name(name).into_paginator().send();
        let mut resources = Vec::new();
        while let Some(page) = pages.next().await {
            let Some(page) = found(page.map_err(|e| call.failed(e)))? else { break };
            resources.extend(page.stack_resource_summaries.unwrap_or_default().into_iter().filter_map(resource));
        }
        Ok(resources)
    }

    async fn stack_template(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &str,
    ) -> GatewayResult<Option<String>> {
        let cloudformation = self.open(connection, region).await?;
        let call = cloudformation.call("GetTemplate");
        let request = cloudformation.client.get_template().stack_name(name).template_stage(TemplateStage::Original);
        let Some(answer) = found(request.send().await.map_err(|e| call.failed(e)))? else { return Ok(None) };
        answer.template_body.map(Some).ok_or_else(|| call.unexpected("no template"))
    }
}

/// Names one asking, so that a try whose answer was lost is not taken for another asking by the next try.
fn token() -> String {
    Uuid::new_v4().to_string()
}

fn parameters(of: &BTreeMap<String, String>) -> Vec<Parameter> {
    of.iter().map(|(key, value)| Parameter::builder().parameter_key(key).parameter_value(value).build()).collect()
}

fn tags(of: &Tags) -> Vec<Tag> {
    of.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn observed(stack: Stack) -> Option<ObservedStack> {
    let parameter = |parameter: Parameter| parameter.parameter_key.zip(parameter.parameter_value);
    let output = |output: Output| output.output_key.zip(output.output_value);
    let tag = |tag: Tag| tag.key.zip(tag.value);
    Some(ObservedStack {
        state: StackState::parse(stack.stack_status()?.as_str())?,
        created: stack.creation_time().and_then(moment)?,
        updated: stack.last_updated_time().and_then(moment),
        id: stack.stack_id?,
        name: stack.stack_name?,
        reason: said(stack.stack_status_reason),
        parameters: stack.parameters.unwrap_or_default().into_iter().filter_map(parameter).collect(),
        outputs: stack.outputs.unwrap_or_default().into_iter().filter_map(output).collect(),
        tags: stack.tags.unwrap_or_default().into_iter().filter_map(tag).collect(),
    })
}

fn happened(event: SdkEvent) -> Option<StackEvent> {
    Some(StackEvent {
        at: event.timestamp().and_then(moment)?,
        status: event.resource_status()?.as_str().to_owned(),
        id: event.event_id?,
        logical_id: event.logical_resource_id?,
        physical_id: said(event.physical_resource_id),
        resource_type: event.resource_type.unwrap_or_default(),
        reason: said(event.resource_status_reason),
    })
}

/// A resource of a stack, unless it was deleted.
fn resource(resource: StackResourceSummary) -> Option<StackResource> {
    let status = resource.resource_status.filter(|status| *status != ResourceStatus::DeleteComplete)?;
    Some(StackResource {
        logical_id: resource.logical_resource_id?,
        physical_id: said(resource.physical_resource_id),
        resource_type: resource.resource_type.unwrap_or_default(),
        status: status.as_str().to_owned(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::StackStatus;
    use aws_smithy_types::DateTime;
    use domain::time::Timestamp;

    const ID: &str = "arn:aws:cloudformation:eu-west-1:111111111111:stack/churn/1";

    fn stack() -> aws_sdk_cloudformation::types::builders::StackBuilder {
        let created = DateTime::from_millis(1500);
        Stack::builder()
            .stack_id(ID)
            .stack_name("churn")
            .creation_time(created)
            .stack_status(StackStatus::CreateComplete)
    }

    #[test]
    fn a_stack_is_read_with_all_that_it_was_given_and_puts_out() {
        let given = stack()
            .parameters(Parameter::builder().parameter_key("Prefix").parameter_value("churn").build())
            .outputs(Output::builder().output_key("Bucket").output_value("churn-111111111111").build())
            .tags(Tag::builder().key("sagebridge:pipeline").value("p-1").build())
            .stack_status_reason("")
            .build();
        let read = observed(given).unwrap();
        assert_eq!((read.id.as_str(), read.name.as_str(), read.state), (ID, "churn", StackState::CreateComplete));
        assert_eq!((read.created, read.updated, read.reason), (Timestamp(1500), None, None));
        assert_eq!(read.parameters["Prefix"], "churn");
        assert_eq!(read.outputs["Bucket"], "churn-111111111111");
        assert_eq!(read.tags["sagebridge:pipeline"], "p-1");
    }

    #[test]
    fn a_state_that_nobody_knows_is_not_made_up() {
        assert_eq!(observed(stack().stack_status(StackStatus::from("WAITING")).build()), None);
    }

    #[test]
    fn every_state_of_the_sdk_is_known() {
        for state in StackStatus::values() {
            assert!(StackState::parse(state).is_some(), "{state}");
        }
    }

    #[test]
    fn a_resource_that_was_deleted_is_none_any_more() {
        let summary = |status| {
            let summary = StackResourceSummary::builder().logical_resource_id("Key").resource_type("AWS::KMS::Key");
            summary.physical_resource_id("").resource_status(status).build()
        };
        assert_eq!(resource(summary(ResourceStatus::DeleteComplete)), None);
        let made = resource(summary(ResourceStatus::CreateInProgress)).unwrap();
        assert_eq!((made.physical_id, made.status.as_str()), (None, "CREATE_IN_PROGRESS"));
    }
}
