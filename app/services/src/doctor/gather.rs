//! Gathering evidence: every piece for itself, so that one that can't be read hides no other.

use super::Ways;
use crate::ports::gateway::{ControlKind, Organization};
use crate::{Operator, ServiceResult, Services};
use domain::arn::Arn;
use domain::doctor::{CallerEvidence, ControlLevel, Document, Evidence, Origin, Piece, Question, RoleEvidence, Target};
use domain::endpoint::EndpointView;
use domain::names::{AccountId, ConnectionId, EndpointName, RoleName};
use domain::share::intent::ShareIntent;
use std::collections::BTreeSet;
use std::fmt::Display;

/// In how many other regions an endpoint that is missing is looked for.
const ELSEWHERE: usize = 4;
/// How many pages of roles are looked through for one that is spelt in another case.
const PAGES: usize = 20;

impl Services {
    /// Reads both sides of a handshake. Changes nothing.
    pub(super) async fn evidence(
        &self,
        operator: &Operator,
        question: &Question,
        ways: &Ways,
    ) -> ServiceResult<Evidence> {
        let (child, parent) = (question.child(), question.parent());
        let Ways { share, child: via_child, parent: via_parent } = ways;
        let (caller, role, endpoint, of_child, of_parent) = tokio::join!(
            self.caller_evidence(question, via_child.as_ref(), share.as_ref()),
            self.role_evidence(question, via_parent.as_ref(), share.as_ref()),
            self.endpoint_evidence(&question.endpoint, via_parent.as_ref()),
            self.organization_evidence(operator, &child, via_child.as_ref(), &[ControlKind::Service]),
            self.organization_evidence(
                operator,
                &parent,
                via_parent.as_ref(),
                &[ControlKind::Service, ControlKind::Resource]
            ),
        );
        let elsewhere = match (&endpoint, via_parent) {
            (Piece::Missing, Some(connection)) => self.elsewhere(operator, &question.endpoint, connection).await?,
            _ => Vec::new(),
        };
        let mut parent_levels = of_parent.levels.into_iter();
        Ok(Evidence {
            caller,
            caller_service_controls: of_child.levels.into_iter().next().unwrap_or_default(),
            caller_organization: of_child.organization,
            role,
            role_service_controls: parent_levels.next().unwrap_or_default(),
            role_resource_controls: parent_levels.next().unwrap_or_default(),
            role_organization: of_parent.organization,
            endpoint,
            elsewhere,
            ..Evidence::default()
        })
    }

    async fn caller_evidence(
        &self,
        question: &Question,
        connection: Option<&ConnectionId>,
        share: Option<&ShareIntent>,
    ) -> Piece<CallerEvidence> {
        let Some(connection) = connection else { return not_connected(&question.child()) };
        let Some(caller) = question.caller_arn() else {
            return Piece::unreadable("root and federated users have no policies of their own");
        };
        let grant = share.map(ShareIntent::grant_arn);
        let (documents, grant) = tokio::join!(
            self.inner.gateways.iam.caller_documents(connection, &caller),
            self.attachable(connection, grant),
        );
        told(documents.map(|found| {
            found.map(|found| CallerEvidence {
                attachable: grant.into_iter().filter(|grant| !is_among(grant, &found.policies.documents)).collect(),
                arn: found.arn,
                unique_id: found.unique_id,
                policies: found.policies,
                boundary: found.boundary,
            })
        }))
    }

    async fn role_evidence(
        &self,
        question: &Question,
        connection: Option<&ConnectionId>,
        share: Option<&ShareIntent>,
    ) -> Piece<RoleEvidence> {
        let Some(connection) = connection else { return not_connected(&question.parent()) };
        let Ok(name) = RoleName::parse(question.role_name()) else {
            return Piece::unreadable(format!("`{}` is not a role's name", question.role_name()));
        };
        let policy = share.map(ShareIntent::policy_arn);
        let (mut documents, policy) = tokio::join!(
            self.inner.gateways.iam.role_documents(connection, &name),
            self.attachable(connection, policy),
        );
        if let Ok(None) = documents
            && let Some(meant) = self.role_in_another_case(connection, &name).await
        {
            documents = self.inner.gateways.iam.role_documents(connection, &meant).await;
        }
        told(documents.map(|found| {
            found.map(|found| RoleEvidence {
                attachable: policy.into_iter().filter(|policy| !is_among(policy, &found.policies.documents)).collect(),
                arn: found.arn,
                unique_id: Some(found.unique_id),
                trust: found.trust,
                max_session_seconds: found.max_session_seconds,
                policies: found.policies,
                boundary: found.boundary,
            })
        }))
    }

    /// The role whose name differs from `name` in case alone: names are unique whatever their case, so there is one at
    /// most (IAM user guide, "IAM and AWS STS quotas").
    async fn role_in_another_case(&self, connection: &ConnectionId, name: &RoleName) -> Option<RoleName> {
        let mut after = None;
        for _ in 0..PAGES {
            let page = self.inner.gateways.iam.roles(connection, after.as_deref()).await.ok()?;
            let names = page.items.iter().map(|role| role.arn.name());
            if let Some(found) = names.clone().find(|other| other.eq_ignore_ascii_case(name.as_str())) {
                return RoleName::parse(found).ok();
            }
            after = Some(page.next?);
        }
        None
    }

    /// The share's own policy, when it is there: attaching it again may be all that is missing.
    async fn attachable(&self, connection: &ConnectionId, policy: Option<Arn>) -> Option<Document> {
        let arn = policy?;
        let found = self.inner.gateways.iam.policy(connection, &arn).await.ok()??;
        let version = found.versions.iter().find(|version| version.is_default)?.id.clone();
        Some(Document {
            name: arn.resource_name().to_owned(),
            text: found.document,
            origin: Origin::Managed { arn, version, others: Vec::new(), group: None },
        })
    }

    async fn endpoint_evidence(&self, target: &Target, connection: Option<&ConnectionId>) -> Piece<EndpointView> {
        let Some(connection) = connection else { return not_connected(&target.account()) };
        told(self.find_endpoint(connection, target).await)
    }

    /// By the name as it is called; where only the ARN is known, by whatever name has it.
    async fn find_endpoint(&self, connection: &ConnectionId, target: &Target) -> ServiceResult<Option<EndpointView>> {
        let region = target.region();
        if let Some(name) = &target.name
            && let Some(found) = self.inner.gateways.sagemaker.endpoint(connection, &region, name).await?
        {
            return Ok(Some(found));
        }
        self.endpoint_by_arn(connection, &region, &target.arn).await
    }

    /// The same name in the regions that the connections name: the usual mistake.
    async fn elsewhere(
        &self,
        operator: &Operator,
        target: &Target,
        connection: &ConnectionId,
    ) -> ServiceResult<Vec<EndpointView>> {
        let Ok(name) = EndpointName::parse(target.called()) else { return Ok(Vec::new()) };
        let connections = self.connections(operator, false).await?;
        let mut regions: BTreeSet<_> = connections.into_iter().filter_map(|connection| connection.region).collect();
        regions.insert(self.default_region().clone());
        regions.remove(&target.region());
        let mut found = Vec::new();
        for region in regions.into_iter().take(ELSEWHERE) {
            let there = Target::new(name.clone(), &region, &target.account());
            found.extend(self.find_endpoint(connection, &there).await.ok().flatten());
        }
        Ok(found)
    }

    /// Which organisation an account is in, and its control policies, a list of levels for each of `kinds`.
    async fn organization_evidence(
        &self,
        operator: &Operator,
        account: &AccountId,
        connection: Option<&ConnectionId>,
        kinds: &[ControlKind],
    ) -> OrganizationEvidence {
        let Some(connection) = connection else {
            return OrganizationEvidence::all(kinds, &not_connected::<()>(account));
        };
        let organization = match self.inner.gateways.organizations.organization(connection).await {
            Ok(Some(organization)) => organization,
            Ok(None) => return OrganizationEvidence::all(kinds, &Piece::<()>::Missing),
            // The very policies that are looked for may keep the account from asking.
            Err(error) => match self.organization_with(operator, account).await {
                Some(organization) => organization,
                None => return OrganizationEvidence::all(kinds, &Piece::<()>::unreadable(error.to_string())),
            },
        };
        // The management account may read them; the account itself only where it administers the organisation.
        let manager = self.connection_to(operator, &organization.management_account, None).await.ok().flatten();
        let via = manager.as_ref().unwrap_or(connection);
        let mut levels = Vec::new();
        for kind in kinds {
            let read = self.inner.gateways.organizations.control_policies(via, account, *kind).await;
            levels.push(match read {
                Ok(policies) => policies.levels().into(),
                Err(error) => Piece::unreadable(error.to_string()),
            });
        }
        OrganizationEvidence { organization: Piece::Read(organization.id), levels }
    }
}

impl Services {
    /// The organisation of one of the other connections, if the account is in it.
    async fn organization_with(&self, operator: &Operator, account: &AccountId) -> Option<Organization> {
        let organizations = &self.inner.gateways.organizations;
        for connection in self.connections(operator, false).await.ok()? {
            let Ok(Some(found)) = organizations.organization(&connection.id).await else { continue };
            let Ok(Some(manager)) = self.connection_to(operator, &found.management_account, None).await else {
                continue;
            };
            // Only an account of the organisation has policies there.
            if organizations.control_policies(&manager, account, ControlKind::Service).await.is_ok() {
                return Some(found);
            }
        }
        None
    }
}

struct OrganizationEvidence {
    organization: Piece<String>,
    levels: Vec<Piece<Vec<ControlLevel>>>,
}

impl OrganizationEvidence {
    /// The same for everything.
    fn all(kinds: &[ControlKind], piece: &Piece<()>) -> Self {
        fn same<T>(piece: &Piece<()>) -> Piece<T> {
            piece.why().map_or(Piece::Missing, Piece::unreadable)
        }
        Self { organization: same(piece), levels: kinds.iter().map(|_| same(piece)).collect() }
    }
}

fn not_connected<T>(account: &AccountId) -> Piece<T> {
    Piece::unreadable(format!("account {account} is not connected"))
}

fn told<T>(read: Result<Option<T>, impl Display>) -> Piece<T> {
    match read {
        Ok(found) => found.into(),
        Err(error) => Piece::unreadable(error.to_string()),
    }
}

fn is_among(policy: &Document, documents: &[Document]) -> bool {
    let arn = |document: &Document| match &document.origin {
        Origin::Managed { arn, .. } => Some(arn.clone()),
        _ => None,
    };
    documents.iter().any(|document| arn(document).is_some() && arn(document) == arn(policy))
}
