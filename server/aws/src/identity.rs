//! Connections, and who they are.

use crate::connections::{Connection, Connections};
use async_trait::async_trait;
use domain::arn::{Arn, CallerArn};
use domain::connection::Identity;
use domain::names::{AccountId, ConnectionId};
use services::ports::gateway::{ConnectionGateway, ConnectionProfile, GatewayResult};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct AwsConnections(pub(crate) Arc<Connections>);

#[async_trait]
impl ConnectionGateway for AwsConnections {
    async fn profiles(&self) -> GatewayResult<Vec<ConnectionProfile>> {
        self.0.list().await
    }

    async fn identity(&self, connection: &ConnectionId) -> GatewayResult<Identity> {
        let connection = self.0.get(connection).await?;
        let (account, arn) = connection.whoami().await?;
        let caller = caller(&connection, &arn).await;
        Ok(Identity { account, arn, caller })
    }
}

impl Connection {
    /// Its account: as STS told it, which is asked only once.
    pub(crate) async fn account(&self) -> GatewayResult<AccountId> {
        match self.origin.account() {
            Some(account) => Ok(account.clone()),
            None => Ok(self.whoami().await?.0),
        }
    }

    /// Its account and its ARN, from STS.
    async fn whoami(&self) -> GatewayResult<(AccountId, Arn)> {
        let call = self.origin.call("STS", self.region(), "GetCallerIdentity");
        let answer = self.sts(self.region()).get_caller_identity().send().await.map_err(|e| call.failed(e))?;
        let arn = answer.arn().and_then(|arn| Arn::parse(arn).ok());
        // For the root user and for sessions alike the account is a field of its own.
        let account = answer.account().and_then(|account| AccountId::parse(account).ok());
        let (account, arn) = account.zip(arn).ok_or_else(|| call.unexpected("no account and ARN"))?;
        self.origin.learn(&account);
        Ok((account, arn))
    }
}

/// The role or user behind the credentials. A session's ARN has the role's name without its path, which a trust policy
/// needs: IAM is asked for it. See
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns>.
async fn caller(connection: &Connection, arn: &Arn) -> Option<CallerArn> {
    if let Some(session) = arn.resource().strip_prefix("assumed-role/").filter(|_| arn.service() == "sts") {
        let role = session.split('/').next().filter(|name| !name.is_empty())?;
        let known = connection.iam.get_role().role_name(role).send().await;
        let known = known.ok().and_then(|answer| CallerArn::parse(answer.role()?.arn()).ok());
        return known.or_else(|| {
            let plain = Arn::build(arn.partition(), "iam", "", arn.account(), &format!("role/{role}")).ok()?;
            CallerArn::parse(plain.as_str()).ok()
        });
    }
    CallerArn::parse(arn.as_str()).ok()
}
