//! KMS: the key that a pipeline encrypts with.

use super::GatewayResult;
use async_trait::async_trait;
use domain::names::{ConnectionId, Region};
use domain::time::Timestamp;

/// How a key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// AWS's word: `Enabled`, `Disabled`, `PendingDeletion`, …
    pub state: String,
    /// When it is deleted for good, where that is scheduled.
    pub deletion: Option<Timestamp>,
}

/// KMS.
#[async_trait]
pub trait KeysGateway: Send + Sync {
    /// DescribeKey, by ID or ARN; `None` if there is no such key.
    async fn key_state(&self, connection: &ConnectionId, region: &Region, key: &str)
    -> GatewayResult<Option<KeyState>>;
}
