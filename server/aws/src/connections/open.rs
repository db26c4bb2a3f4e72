//! One service's clients, kept by region, and such a client with what is said when a call of its fails.

use super::{Connection, Connections, REGIONS, aws_region};
use crate::cache::Lru;
use crate::error::Call;
use aws_config::SdkConfig;
use domain::names::{ConnectionId, Region};
use services::ports::gateway::GatewayResult;
use std::sync::Arc;

/// Clients of one service, one a region.
pub(crate) struct Regional<C>(Lru<Region, C>);

impl<C: Clone> Regional<C> {
    /// None yet.
    pub(super) fn new() -> Self {
        Self(Lru::new(REGIONS))
    }

    /// The one for `region`, made when it is first asked for.
    pub(super) fn get(&self, sdk: &SdkConfig, region: &Region, make: impl FnOnce(&SdkConfig) -> C) -> C {
        self.0.get(region).unwrap_or_else(|| {
            let sdk = sdk.to_builder().region(aws_region(region)).build();
            self.0.insert(region.clone(), make(&sdk))
        })
    }
}

/// One service, through one connection, in one region.
pub(crate) struct Open<'a, C> {
    /// Through which connection.
    pub(crate) connection: Arc<Connection>,
    /// What makes the calls.
    pub(crate) client: C,
    service: &'static str,
    region: &'a Region,
}

impl<C> Open<'_, C> {
    /// A call that is about to be made.
    pub(crate) fn call(&self, operation: &'static str) -> Call<'_> {
        self.connection.origin.call(self.service, self.region.as_str(), operation)
    }
}

impl Connections {
    /// Opens a service, which is called `service` in messages.
    pub(crate) async fn service<'a, C>(
        &self,
        id: &ConnectionId,
        region: &'a Region,
        service: &'static str,
        client: impl FnOnce(&Connection, &Region) -> C,
    ) -> GatewayResult<Open<'a, C>> {
        let connection = self.get(id).await?;
        Ok(Open { client: client(&connection, region), connection, service, region })
    }
}
