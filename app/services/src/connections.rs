//! Connections, and what can be chosen through them.

use crate::ports::gateway::{ConnectionProfile, GatewayError, GatewayErrorKind, GatewayResult};
use crate::services::lock;
use crate::{Operator, ServiceError, ServiceResult, Services, words};
use domain::arn::CallerKind;
use domain::connection::{CallerView, ConnectionState, ConnectionView, Identity};
use domain::endpoint::{EndpointArn, EndpointView, Page};
use domain::names::{AccountId, ConnectionId, EndpointName, Region};
use domain::time::Timestamp;
use futures::future::join_all;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// How long one account may take to say who the console is.
const PATIENCE: Duration = Duration::from_secs(10);
/// For how long an identity is believed; a profile's account hardly ever changes.
const BELIEVED_MS: i64 = 15 * 60 * 1000;
/// For how long a failure is believed: someone is probably mending it.
const FAILED_MS: i64 = 20_000;

/// Who the console is in each account, as looked up before, and the case of endpoint names seen in lists.
#[derive(Default)]
pub(crate) struct Identities {
    known: Mutex<HashMap<ConnectionId, (ConnectionState, Timestamp)>>,
    /// Held while looking up, so that ten pages opened at once ask once.
    asking: tokio::sync::Mutex<()>,
    names: Mutex<HashMap<EndpointArn, EndpointName>>,
}

impl Services {
    /// The region to offer first.
    pub fn default_region(&self) -> &Region {
        &self.inner.settings.default_region
    }

    /// All connections with who they are, in the order of their names. Looked up at the same time and remembered;
    /// `refresh` asks again.
    pub async fn connections(&self, _operator: &Operator, refresh: bool) -> ServiceResult<Vec<ConnectionView>> {
        self.all_connections(refresh).await
    }

    pub(crate) async fn all_connections(&self, refresh: bool) -> ServiceResult<Vec<ConnectionView>> {
        let profiles = self.inner.gateways.connections.profiles().await?;
        if refresh {
            lock(&self.inner.identities.known).clear();
        }
        if profiles.iter().any(|p| self.remembered(&p.id).is_none()) {
            let _asking = self.inner.identities.asking.lock().await;
            let unknown = profiles.iter().filter(|p| self.remembered(&p.id).is_none());
            join_all(unknown.map(|p| self.look_up(&p.id))).await;
        }
        Ok(profiles.into_iter().map(|profile| self.connection_view(profile)).collect())
    }

    /// One connection, by the name a form gave.
    pub(crate) async fn connection(&self, id: &ConnectionId) -> ServiceResult<ConnectionView> {
        let profiles = self.inner.gateways.connections.profiles().await?;
        let profile = profiles.into_iter().find(|p| p.id == *id);
        let profile = profile.ok_or_else(|| ServiceError::NotFound { what: "connection", id: id.to_string() })?;
        if self.remembered(id).is_none() {
            let _asking = self.inner.identities.asking.lock().await;
            if self.remembered(id).is_none() {
                self.look_up(id).await;
            }
        }
        Ok(self.connection_view(profile))
    }

    /// Who the console is behind a connection; `None` when it does not work.
    pub(crate) async fn identity(&self, id: &ConnectionId) -> ServiceResult<Option<Identity>> {
        match self.connection(id).await?.state {
            ConnectionState::Ready { identity } => Ok(Some(identity)),
            ConnectionState::Failed { .. } => Ok(None),
        }
    }

    /// A page of a connection's endpoints in a region, newest first, with names that contain `contains`.
    pub async fn endpoints(
        &self,
        _operator: &Operator,
        connection: &ConnectionId,
        region: &Region,
        contains: Option<&str>,
        after: Option<&str>,
    ) -> ServiceResult<Page<EndpointView>> {
        self.known_profile(connection).await?;
        let contains = contains.map(str::trim).filter(|text| !text.is_empty());
        let page = self.inner.gateways.sagemaker.endpoints(connection, region, contains, after).await?;
        self.remember_names(&page.items);
        Ok(page)
    }

    /// A page of a connection's roles or users.
    pub async fn callers(
        &self,
        _operator: &Operator,
        connection: &ConnectionId,
        kind: CallerKind,
        after: Option<&str>,
    ) -> ServiceResult<Page<CallerView>> {
        self.known_profile(connection).await?;
        Ok(match kind {
            CallerKind::Role => self.inner.gateways.iam.roles(connection, after).await?,
            CallerKind::User => self.inner.gateways.iam.users(connection, after).await?,
        })
    }

    pub(crate) fn remember_names(&self, endpoints: &[EndpointView]) {
        let mut names = lock(&self.inner.identities.names);
        // Enough for any list a person looks through; starting over costs a few calls at worst.
        if names.len() > 10_000 {
            names.clear();
        }
        names.extend(endpoints.iter().map(|e| (e.arn.clone(), e.name.clone())));
    }

    /// The name in the case it was created with, when it was in a list before.
    pub(crate) fn remembered_name(&self, arn: &EndpointArn) -> Option<EndpointName> {
        lock(&self.inner.identities.names).get(arn).cloned()
    }

    pub(crate) async fn known_profile(&self, id: &ConnectionId) -> ServiceResult<()> {
        let profiles = self.inner.gateways.connections.profiles().await?;
        if profiles.iter().any(|p| p.id == *id) {
            return Ok(());
        }
        Err(ServiceError::NotFound { what: "connection", id: id.to_string() })
    }

    /// The account that a connection leads to, where it was asked not long ago.
    pub(crate) fn known_account(&self, id: &ConnectionId) -> Option<AccountId> {
        match self.remembered(id)? {
            ConnectionState::Ready { identity } => Some(identity.account),
            ConnectionState::Failed { .. } => None,
        }
    }

    fn remembered(&self, id: &ConnectionId) -> Option<ConnectionState> {
        let now = self.now();
        lock(&self.inner.identities.known).get(id).filter(|(_, until)| now < *until).map(|(state, _)| state.clone())
    }

    fn connection_view(&self, profile: ConnectionProfile) -> ConnectionView {
        let state = lock(&self.inner.identities.known).get(&profile.id).map(|(state, _)| state.clone());
        let state = state.unwrap_or_else(|| ConnectionState::Failed {
            message: "the account has not been asked yet".into(),
            hint: "reload the page".into(),
        });
        ConnectionView { id: profile.id, region: profile.region, state }
    }

    async fn look_up(&self, id: &ConnectionId) {
        let _ = self.identity_now(id).await;
    }

    /// Who the console is behind a connection at this moment, whatever was remembered; remembered from here on.
    pub(crate) async fn identity_now(&self, id: &ConnectionId) -> GatewayResult<Identity> {
        let answer = tokio::time::timeout(PATIENCE, self.inner.gateways.connections.identity(id)).await;
        let answer = answer.unwrap_or_else(|_| Err(too_slow(id)));
        let (state, lasts) = match &answer {
            Ok(identity) => (ConnectionState::Ready { identity: identity.clone() }, BELIEVED_MS),
            Err(error) => (ConnectionState::Failed { message: error.to_string(), hint: words::hint(error) }, FAILED_MS),
        };
        lock(&self.inner.identities.known).insert(id.clone(), (state, self.now().plus_ms(lasts)));
        answer
    }

    /// Refused as `Conflict` when the connection no longer leads to the account it was chosen for: someone has edited
    /// the profile, and what is about to be read or made belongs somewhere else.
    pub(crate) async fn still_leads_to(&self, id: &ConnectionId, account: &AccountId) -> ServiceResult<()> {
        let now = self.identity_now(id).await?.account;
        if now == *account {
            return Ok(());
        }
        Err(ServiceError::Conflict {
            message: words::leads_elsewhere(id, &now, account),
            hint: format!("point the profile `{id}` at account {account} again, or choose another connection"),
        })
    }
}

fn too_slow(id: &ConnectionId) -> GatewayError {
    GatewayError {
        operation: "GetCallerIdentity",
        account: None,
        connection: Some(id.clone()),
        kind: GatewayErrorKind::Unavailable,
        code: String::new(),
        message: format!("AWS did not answer for connection `{id}` within {} s", PATIENCE.as_secs()),
        status: None,
        retryable: true,
        request_id: None,
        model: None,
    }
}
