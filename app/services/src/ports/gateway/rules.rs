//! EventBridge: the rules that start a pipeline.

use super::GatewayResult;
use async_trait::async_trait;
use domain::names::{ConnectionId, Region};

/// EventBridge.
#[async_trait]
pub trait RulesGateway: Send + Sync {
    /// DescribeRule on the default bus: whether it is enabled; `None` if there is no such rule.
    async fn rule_enabled(&self, connection: &ConnectionId, region: &Region, rule: &str)
    -> GatewayResult<Option<bool>>;
}
