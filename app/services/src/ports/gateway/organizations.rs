//! AWS Organizations: which organisation an account is in, and the control policies above it.

use super::GatewayResult;
use async_trait::async_trait;
pub use domain::doctor::ControlLevel;
use domain::names::{AccountId, ConnectionId};

/// Which control policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ControlKind {
    /// Service control policies: they limit what the account's principals may do.
    Service,
    /// Resource control policies: they limit what may be done with the account's resources.
    Resource,
}

/// An organisation, as any of its accounts may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// `o-exampleorgid`: the value of `aws:PrincipalOrgID`.
    pub id: String,
    /// The account that no control policy binds.
    pub management_account: AccountId,
    /// Whether it can have control policies at all: feature set `ALL` rather than `CONSOLIDATED_BILLING`.
    pub all_features: bool,
}

/// The control policies that bear on an account. All but the last say that there are none, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlPolicies {
    /// The account is in no organisation.
    NoOrganization,
    /// It is the organisation's management account, which none bind.
    ManagementAccount,
    /// The organisation has only consolidated billing, or has not enabled policies of this kind.
    NotEnabled,
    /// From the organisation's root through its units down to the account.
    Levels(Vec<ControlLevel>),
}

impl ControlPolicies {
    /// The levels, or `None` where no policy bears on the account.
    pub fn levels(self) -> Option<Vec<ControlLevel>> {
        match self {
            Self::Levels(levels) => Some(levels),
            Self::NoOrganization | Self::ManagementAccount | Self::NotEnabled => None,
        }
    }
}

/// Organizations, reading only.
#[async_trait]
pub trait OrganizationsGateway: Send + Sync {
    /// DescribeOrganization, which any account of an organisation may call; `None`: the connection's account is in none.
    async fn organization(&self, connection: &ConnectionId) -> GatewayResult<Option<Organization>>;
    /// The control policies of one kind above `account`: DescribeOrganization, ListParents, ListPoliciesForTarget,
    /// DescribePolicy. All but the first are for the organisation's management account and delegated administrators
    /// only; other accounts' connections get AccessDenied, and an account of another organisation is NotFound.
    async fn control_policies(
        &self,
        connection: &ConnectionId,
        account: &AccountId,
        kind: ControlKind,
    ) -> GatewayResult<ControlPolicies>;
}
