//! Organizations, reading only: the control policies above an account.

use crate::connections::{Connection, Connections};
use crate::error::Call;
use async_trait::async_trait;
use aws_sdk_organizations::types::{OrganizationFeatureSet, ParentType, PolicyType};
use domain::names::{AccountId, ConnectionId};
use futures::{StreamExt, TryStreamExt};
use services::ports::gateway::{
    ControlKind, ControlLevel, ControlPolicies, Document, GatewayError, GatewayResult, Organization,
    OrganizationsGateway, Origin,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Calls made at a time: Organizations throttles earlier than others.
const AT_ONCE: usize = 4;
/// Units are nested five deep at most, see "Quotas and service limits for AWS Organizations"; this is where a wrong
/// answer stops.
const DEEPEST: usize = 10;

#[derive(Debug)]
pub(crate) struct AwsOrganizations(pub(crate) Arc<Connections>);

#[async_trait]
impl OrganizationsGateway for AwsOrganizations {
    async fn organization(&self, connection: &ConnectionId) -> GatewayResult<Option<Organization>> {
        organization(&*self.0.get(connection).await?).await
    }

    async fn control_policies(
        &self,
        connection: &ConnectionId,
        account: &AccountId,
        kind: ControlKind,
    ) -> GatewayResult<ControlPolicies> {
        let c = self.0.get(connection).await?;
        let Some(organization) = organization(&c).await? else { return Ok(ControlPolicies::NoOrganization) };
        if organization.management_account == *account {
            return Ok(ControlPolicies::ManagementAccount);
        }
        if !organization.all_features {
            return Ok(ControlPolicies::NotEnabled);
        }
        let reader = Reader { c: &c, kind };
        let targets = reader.targets(account).await?;
        let reading = targets.into_iter().map(|target| reader.attached(target));
        let levels: Vec<_> = futures::stream::iter(reading).buffered(AT_ONCE).try_collect().await?;
        // Where a kind is enabled every level has at least one, as AWS refuses to detach the last. See "Attaching and
        // detaching organization policies".
        if levels.iter().all(|(_, policies)| policies.is_empty()) {
            return Ok(ControlPolicies::NotEnabled);
        }
        let documents = reader.documents(&levels).await?;
        let levels = levels.into_iter().map(|attached| level(attached, &documents)).collect();
        Ok(ControlPolicies::Levels(levels))
    }
}

async fn organization(c: &Connection) -> GatewayResult<Option<Organization>> {
    let call = c.organizations_call("DescribeOrganization");
    let answer = match c.organizations.describe_organization().send().await.map_err(|e| call.failed(e)) {
        Ok(answer) => answer,
        Err(error) if is_in_none(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(described) = answer.organization else { return Err(call.unexpected("no organisation")) };
    let management = described.master_account_id.and_then(|id| AccountId::parse(&id).ok());
    let Some((id, management_account)) = described.id.zip(management) else {
        return Err(call.unexpected("no id and management account"));
    };
    let all_features = described.feature_set == Some(OrganizationFeatureSet::All);
    Ok(Some(Organization { id, management_account, all_features }))
}

/// Whether the account is in no organisation, rather than something in it not found.
fn is_in_none(error: &GatewayError) -> bool {
    error.code == "AWSOrganizationsNotInUseException"
}

/// A level before its documents are known: what it is, and the ids and names of its policies.
type Attached = (String, Vec<(String, String)>);

/// One kind of policy through one connection.
struct Reader<'a> {
    c: &'a Connection,
    kind: ControlKind,
}

impl Reader<'_> {
    /// The organisation's root, its units down to the account, and the account.
    async fn targets(&self, account: &AccountId) -> GatewayResult<Vec<String>> {
        let call = self.c.organizations_call("ListParents");
        let mut targets = vec![account.to_string()];
        for _ in 0..DEEPEST {
            let child = targets.last().cloned().unwrap_or_default();
            let answer =
                self.c.organizations.list_parents().child_id(child).send().await.map_err(|e| call.failed(e))?;
            // An account or unit has exactly one parent.
            let parent = answer.parents.unwrap_or_default().into_iter().next();
            let Some((id, kind)) = parent.and_then(|parent| parent.id.zip(parent.r#type)) else {
                return Err(call.unexpected("no parent"));
            };
            targets.push(id);
            if kind == ParentType::Root {
                targets.reverse();
                return Ok(targets);
            }
        }
        Err(call.unexpected("units that are nested without end"))
    }

    async fn attached(&self, target: String) -> GatewayResult<Attached> {
        let call = self.c.organizations_call("ListPoliciesForTarget");
        let filter = match self.kind {
            ControlKind::Service => PolicyType::ServiceControlPolicy,
            ControlKind::Resource => PolicyType::ResourceControlPolicy,
        };
        let request = self.c.organizations.list_policies_for_target().target_id(&target).filter(filter);
        let mut pages = request.into_paginator().send();
        let mut policies = Vec::new();
        while let Some(page) = pages.next().await {
            for policy in page.map_err(|e| call.failed(e))?.policies.unwrap_or_default() {
                let named = policy.id.zip(policy.name);
                policies.push(named.ok_or_else(|| call.unexpected("no id and name of a policy"))?);
            }
        }
        Ok((target, policies))
    }

    /// Every policy's document, read once however many levels it is attached at: `FullAWSAccess` is at all of them.
    async fn documents(&self, levels: &[Attached]) -> GatewayResult<HashMap<String, String>> {
        let ids: BTreeSet<_> = levels.iter().flat_map(|(_, policies)| policies).map(|(id, _)| id.clone()).collect();
        let reading = ids.into_iter().map(|id| self.document(id));
        futures::stream::iter(reading).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn document(&self, id: String) -> GatewayResult<(String, String)> {
        let call = self.c.organizations_call("DescribePolicy");
        let answer = self.c.organizations.describe_policy().policy_id(&id).send().await.map_err(|e| call.failed(e))?;
        let text = answer.policy.and_then(|policy| policy.content).ok_or_else(|| call.unexpected("no document"))?;
        Ok((id, text))
    }
}

fn level((target, policies): Attached, documents: &HashMap<String, String>) -> ControlLevel {
    let policies = policies.into_iter().map(|(id, name)| {
        let text = documents.get(&id).cloned().unwrap_or_default();
        Document { name, origin: Origin::Control { id, target: target.clone() }, text }
    });
    ControlLevel { policies: policies.collect(), target }
}

impl Connection {
    /// A call to Organizations that is about to be made.
    fn organizations_call(&self, operation: &'static str) -> Call<'_> {
        self.origin.call("Organizations", self.region(), operation)
    }
}
