//! KMS: how a key stands.

use crate::answers::moment;
use crate::connections::{Connection, Connections};
use crate::error::found;
use async_trait::async_trait;
use domain::names::{ConnectionId, Region};
use services::ports::gateway::{GatewayResult, KeyState, KeysGateway};
use std::sync::Arc;

/// The adapter.
#[derive(Debug)]
pub(crate) struct AwsKeys(pub(crate) Arc<Connections>);

#[async_trait]
impl KeysGateway for AwsKeys {
    async fn key_state(
        &self,
        connection: &ConnectionId,
        region: &Region,
        key: &str,
    ) -> GatewayResult<Option<KeyState>> {
        let kms = self.0.service(connection, region, "KMS", Connection::keys).await?;
        let call = kms.call("DescribeKey");
        let answer = kms.client.describe_key().key_id(key).send().await;
        let Some(answer) = found(answer.map_err(|e| call.failed(e)))? else { return Ok(None) };
        let metadata = answer.key_metadata.ok_or_else(|| call.unexpected("no description of the key"))?;
        let state = metadata.key_state.ok_or_else(|| call.unexpected("no state of the key"))?;
        let deletion = metadata.deletion_date.as_ref().and_then(moment);
        Ok(Some(KeyState { state: state.as_str().to_owned(), deletion }))
    }
}
