//! AssumeRole.

use crate::connections::Connections;
use async_trait::async_trait;
use aws_types::request_id::RequestId;
use domain::arn::Arn;
use domain::names::{ConnectionId, ExternalId, Region};
use domain::time::Timestamp;
use secrecy::SecretString;
use services::ports::gateway::{Answered, AssumeRoleParams, GatewayResult, RoleCredentials, StsGateway};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct AwsSts(pub(crate) Arc<Connections>);

#[async_trait]
impl StsGateway for AwsSts {
    async fn assume_role(
        &self,
        connection: &ConnectionId,
        region: &Region,
        params: &AssumeRoleParams,
    ) -> GatewayResult<Answered<RoleCredentials>> {
        let connection = self.0.get(connection).await?;
        let call = connection.origin.call("STS", region.as_str(), "AssumeRole");
        let answer = connection
            .sts(region.as_str())
            .assume_role()
            .role_arn(params.role.as_str())
            .role_session_name(params.session_name.as_str())
            .set_external_id(params.external_id.as_ref().map(ExternalId::to_string))
            .set_duration_seconds(params.duration.map(|d| i32::try_from(d.as_secs()).unwrap_or(i32::MAX)))
            .send()
            .await
            .map_err(|e| call.failed(e))?;
        let request_id = answer.request_id().map(str::to_owned);
        let session = answer.assumed_role_user.and_then(|user| Arn::parse(&user.arn).ok());
        let Some((given, session_arn)) = answer.credentials.zip(session) else {
            return Err(call.unexpected("no credentials"));
        };
        let expires = given.expiration.to_millis().map_err(|_| call.unexpected("no expiry"))?;
        // The runtime is called where this connection's own calls go.
        self.0.remember_session(&given.access_key_id, &connection);
        let value = RoleCredentials {
            access_key_id: given.access_key_id,
            secret_access_key: SecretString::from(given.secret_access_key),
            session_token: SecretString::from(given.session_token),
            expires: Timestamp(expires),
            session_arn,
        };
        Ok(Answered { value, request_id })
    }
}
