//! Connections, and what can be chosen through them.

use crate::{Operator, ServiceResult, Services};
use domain::arn::CallerKind;
use domain::connection::{CallerView, ConnectionView};
use domain::endpoint::{EndpointView, Page};
use domain::names::{ConnectionId, Region};

impl Services {
    /// The region to offer first.
    pub fn default_region(&self) -> &Region {
        &self.inner.settings.default_region
    }

    /// All connections with who they are, in the order of their names. Looked up at the same time and remembered;
    /// `refresh` asks again.
    pub async fn connections(&self, operator: &Operator, refresh: bool) -> ServiceResult<Vec<ConnectionView>> {
        let _ = (operator, refresh);
        self.not_yet()
    }

    /// A page of a connection's endpoints in a region, newest first, with names that contain `contains`.
    pub async fn endpoints(
        &self,
        operator: &Operator,
        connection: &ConnectionId,
        region: &Region,
        contains: Option<&str>,
        after: Option<&str>,
    ) -> ServiceResult<Page<EndpointView>> {
        let _ = (operator, connection, region, contains, after);
        self.not_yet()
    }

    /// A page of a connection's roles or users.
    pub async fn callers(
        &self,
        operator: &Operator,
        connection: &ConnectionId,
        kind: CallerKind,
        after: Option<&str>,
    ) -> ServiceResult<Page<CallerView>> {
        let _ = (operator, connection, kind, after);
        self.not_yet()
    }
}
