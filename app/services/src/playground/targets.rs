//! What can be called.

use super::{blocked, endpoint_name, in_scope};
use crate::ports::store::ShareRecord;
use crate::{Operator, ServiceResult, Services};
use domain::endpoint::{EndpointDetail, EndpointView};
use domain::invoke::{TargetView, Through};
use domain::names::{AccountId, ConnectionId, EndpointName, Region};
use domain::share::intent::{EndpointScope, InvokeAction, ShareIntent};
use domain::share::view::ShareState;

/// So many connections are asked for their endpoints at once.
const ASKED: usize = 8;

impl Services {
    /// Every known endpoint of every share, then every connection by itself, without asking AWS: status and sample are left
    /// out. What is of all endpoints, none of which is known, is there without one.
    pub async fn targets(&self, _operator: &Operator) -> ServiceResult<Vec<TargetView>> {
        let shares = self.inner.stores.shares.list().await?;
        let standing = shares.into_iter().map(|s| s.value).filter(|s| s.state != ShareState::Undone);
        let mut targets: Vec<_> = standing.flat_map(|record| record_targets(&record)).collect();
        for profile in self.inner.gateways.connections.profiles().await? {
            let region = profile.region.unwrap_or_else(|| self.default_region().clone());
            targets.push(self.direct_target(&profile.id, &region, None));
        }
        Ok(targets)
    }

    /// The same with the endpoints that connections see in their own regions, of the first few that can list any.
    pub async fn listed_targets(&self, operator: &Operator) -> ServiceResult<Vec<TargetView>> {
        let mut asked = 0;
        let listed = self.targets(operator).await?.into_iter().map(|target| {
            let direct = match &target.through {
                Through::Direct { connection, region } if asked < ASKED => {
                    asked += 1;
                    Some((connection.clone(), region.clone()))
                }
                _ => None,
            };
            async move {
                let Some((connection, region)) = direct else { return vec![target] };
                // Whoever may list nothing may still call what someone knows the name of.
                self.direct_targets(operator, &connection, &region).await.unwrap_or_else(|_| vec![target])
            }
        });
        let listed: Vec<_> = listed.collect();
        Ok(futures::future::join_all(listed).await.concat())
    }

    /// The newest endpoints that a connection sees in a region, with their status; one without a name where there are none.
    pub async fn direct_targets(
        &self,
        operator: &Operator,
        connection: &ConnectionId,
        region: &Region,
    ) -> ServiceResult<Vec<TargetView>> {
        // For the label; whoever may list endpoints but not ask who it is may still call them.
        let (page, _) =
            futures::join!(self.endpoints(operator, connection, region, None, None), self.identity(connection));
        let seen = page?.items.into_iter().map(|view| self.direct_target(connection, region, Some(view)));
        let mut targets: Vec<_> = seen.collect();
        if targets.is_empty() {
            targets.push(self.direct_target(connection, region, None));
        }
        Ok(targets)
    }

    /// One endpoint by its name, with its status and something to send.
    pub async fn target(&self, _operator: &Operator, through: &Through, endpoint: &str) -> ServiceResult<TargetView> {
        let endpoint = &endpoint_name(endpoint)?;
        let (bare, reader) = match through {
            Through::Share(share) => {
                let record = self.share_record(share).await?.value;
                in_scope(&record, endpoint)?;
                let reader = record.intent.parent_connection().cloned();
                (bare_target(&record, Some(endpoint.clone())), reader.map(|reader| (reader, record.intent.region)))
            }
            Through::Direct { connection, region } => {
                let bare = self.direct_target(connection, region, None);
                (TargetView { endpoint: Some(endpoint.clone()), ..bare }, Some((connection.clone(), region.clone())))
            }
        };
        // None of it is needed to call: what can't be read is left out.
        let found = match reader {
            Some((connection, region)) => self.look_at(&connection, &region, endpoint).await,
            None => None,
        };
        Ok(match found {
            Some(EndpointDetail { view, shape, sample }) => {
                TargetView { status: Some(view.status), sample, shape, ..bare }
            }
            None => bare,
        })
    }

    async fn look_at(
        &self,
        connection: &ConnectionId,
        region: &Region,
        endpoint: &EndpointName,
    ) -> Option<EndpointDetail> {
        let found = self.inner.gateways.sagemaker.endpoint_detail(connection, region, endpoint).await;
        found.inspect_err(|error| tracing::info!(%error, "an endpoint's status can't be read")).ok().flatten()
    }

    fn direct_target(&self, connection: &ConnectionId, region: &Region, view: Option<EndpointView>) -> TargetView {
        let (endpoint, status) = view.map(|view| (view.name, view.status)).unzip();
        TargetView {
            through: Through::Direct { connection: connection.clone(), region: region.clone() },
            label: direct_label(connection, region, self.known_account(connection).as_ref()),
            endpoint,
            any_endpoint: true,
            ways: InvokeAction::ALL.into(),
            status,
            blocked: None,
            sample: None,
            shape: None,
        }
    }
}

fn record_targets(record: &ShareRecord) -> Vec<TargetView> {
    let names = record.endpoint_names.iter().filter_map(|name| EndpointName::parse(name).ok());
    let known: Vec<_> = names.map(|name| bare_target(record, Some(name))).collect();
    let all = record.intent.endpoints == EndpointScope::All;
    if known.is_empty() && all { vec![bare_target(record, None)] } else { known }
}

fn bare_target(record: &ShareRecord, endpoint: Option<EndpointName>) -> TargetView {
    let intent = &record.intent;
    TargetView {
        through: intent.id.clone().into(),
        label: share_label(intent),
        endpoint,
        any_endpoint: intent.endpoints == EndpointScope::All,
        ways: intent.actions.clone(),
        status: None,
        blocked: blocked(intent, record.state),
        sample: None,
        shape: None,
    }
}

/// A connection by itself, in words: `prod 111111111111 · eu-west-1, directly`.
pub(super) fn direct_label(connection: &ConnectionId, region: &Region, account: Option<&AccountId>) -> String {
    let account = account.map(|account| format!(" {account}")).unwrap_or_default();
    format!("{connection}{account} · {region}, directly")
}

/// A share in words.
pub(super) fn share_label(intent: &ShareIntent) -> String {
    format!("{} → {} · {}", intent.child, intent.parent, intent.role_name)
}
