//! The map: who reaches what over all shares. Made from the store; AWS is asked for nothing but the accounts' identities.

use crate::{Operator, ServiceResult, Services};
use domain::names::AccountId;
use domain::share::drift::DriftState;
use domain::share::map::{Detail, MapShare, MapView, map};
use std::collections::BTreeMap;

impl Services {
    /// All standing shares, laid out. Accounts are called as the first connection that leads to each.
    pub async fn map(&self, operator: &Operator, detail: Option<Detail>) -> ServiceResult<MapView> {
        let mut labels: BTreeMap<AccountId, String> = BTreeMap::new();
        for connection in self.connections(operator, false).await? {
            if let Some(account) = connection.account() {
                labels.entry(account.clone()).or_insert_with(|| connection.id.to_string());
            }
        }
        let shares = self.inner.stores.shares.list().await?;
        let shares: Vec<MapShare<'_>> = shares
            .iter()
            .map(|share| MapShare {
                intent: &share.value.intent,
                state: share.value.state,
                endpoint_names: &share.value.endpoint_names,
                drifted: share.value.checked.as_ref().is_some_and(|check| check.state == DriftState::Drifted),
            })
            .collect();
        Ok(map(&shares, &labels, detail))
    }
}
