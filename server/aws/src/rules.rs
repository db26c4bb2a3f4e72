//! EventBridge: whether a rule is enabled.

use crate::connections::{Connection, Connections};
use crate::error::found;
use async_trait::async_trait;
use aws_sdk_eventbridge::types::RuleState;
use domain::names::{ConnectionId, Region};
use services::ports::gateway::{GatewayResult, RulesGateway};
use std::sync::Arc;

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsRules(pub(crate) Arc<Connections>);

#[async_trait]
impl RulesGateway for AwsRules {
    async fn rule_enabled(
        &self,
        connection: &ConnectionId,
        region: &Region,
        rule: &str,
    ) -> GatewayResult<Option<bool>> {
        let events = self.0.service(connection, region, "EventBridge", Connection::rules).await?;
        let call = events.call("DescribeRule");
        let answer = events.client.describe_rule().name(rule).send().await;
        let Some(answer) = found(answer.map_err(|e| call.failed(e)))? else { return Ok(None) };
        let state = answer.state.ok_or_else(|| call.unexpected("no state of the rule"))?;
        Ok(Some(state != RuleState::Disabled))
    }
}
