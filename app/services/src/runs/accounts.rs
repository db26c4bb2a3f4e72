//! Which accounts a run's connections lead to. A plan is of certain accounts, and a profile can be edited between the
//! review and the run, or before a run is resumed: each connection is asked once before its first step.

use crate::Services;
use crate::ports::gateway::GatewayResult;
use crate::services::lock;
use domain::names::{AccountId, ConnectionId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

/// The accounts that were asked for so far.
#[derive(Default)]
pub(super) struct Accounts(Mutex<HashMap<ConnectionId, Arc<OnceCell<AccountId>>>>);

impl Accounts {
    /// The account a connection leads to. Steps that begin together ask together; a failure is not remembered.
    pub(super) async fn of(&self, services: &Services, connection: &ConnectionId) -> GatewayResult<AccountId> {
        let cell = lock(&self.0).entry(connection.clone()).or_default().clone();
        let ask = || async { Ok(services.identity_now(connection).await?.account) };
        cell.get_or_try_init(ask).await.cloned()
    }
}
