//! Who makes a request.

use crate::arn::Arn;
use crate::names::{AccountId, NameError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The caller of a request, with everything a policy may name it by.
///
/// Source: IAM user guide, "AWS JSON policy elements: Principal" and "IAM identifiers".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Principal {
    /// An account's root user.
    Root {
        /// The root ARN.
        arn: Arn,
        /// The account.
        account: AccountId,
    },
    /// An IAM user.
    User {
        /// Its ARN, with its path.
        arn: Arn,
        /// The account.
        account: AccountId,
        /// `AIDA…`, where known.
        unique_id: Option<String>,
    },
    /// A session of a role.
    RoleSession {
        /// `arn:aws:sts::A:assumed-role/R/S`; absent when only the role is known.
        session: Option<Arn>,
        /// The role's ARN, with its path.
        role: Arn,
        /// The account.
        account: AccountId,
        /// Whether the role's path is known. If not, roles are compared by account and name.
        path_known: bool,
        /// `AROA…`, where known.
        unique_id: Option<String>,
        /// `AROA…:session`, where both are known: the value of `aws:userid`.
        user_id: Option<String>,
    },
    /// A session of GetFederationToken.
    FederatedUser {
        /// `arn:aws:sts::A:federated-user/N`.
        arn: Arn,
        /// The account.
        account: AccountId,
    },
    /// Somebody known to an identity provider only, who asks for a role.
    Federated {
        /// The provider's name or ARN.
        provider: String,
    },
    /// An AWS service.
    Service {
        /// `lambda.amazonaws.com`.
        name: String,
    },
    /// An account by S3's canonical user ID.
    Canonical {
        /// The ID.
        id: String,
    },
    /// Nobody: an unsigned request.
    Anonymous,
}

impl Principal {
    /// What a caller has to be, as a noun phrase for messages.
    pub const EXPECTED: &'static str =
        "the ARN of a user, role, role session, federated user or root user, a service's name or `*`";

    /// A user by its ARN.
    pub fn user(arn: Arn, unique_id: Option<String>) -> Result<Self, NameError> {
        let account = account(&arn)?;
        Ok(Self::User { arn, account, unique_id })
    }

    /// A session of a role. `role` carries the path.
    pub fn role_session(session: Arn, role: Arn, role_unique_id: Option<String>) -> Result<Self, NameError> {
        let account = account(&role)?;
        let user_id = role_unique_id.as_ref().map(|id| format!("{id}:{}", session.resource_name()));
        Ok(Self::RoleSession {
            session: Some(session),
            role,
            account,
            path_known: true,
            unique_id: role_unique_id,
            user_id,
        })
    }

    /// Any session of a role: for questions asked before there is one.
    pub fn role(role: Arn, role_unique_id: Option<String>) -> Result<Self, NameError> {
        let account = account(&role)?;
        Ok(Self::RoleSession {
            session: None,
            role,
            account,
            path_known: true,
            unique_id: role_unique_id,
            user_id: None,
        })
    }

    /// Says whether a session's role was given with its path.
    pub(super) fn with_path_known(mut self, known: bool) -> Self {
        if let Self::RoleSession { path_known, .. } = &mut self {
            *path_known = known;
        }
        self
    }

    /// An account's root user.
    pub fn root(account: AccountId) -> Self {
        let arn = Arn::build("aws", "iam", "", account.as_str(), "root")
            .unwrap_or_else(|_| unreachable!("an account ID makes a root ARN"));
        Self::Root { arn, account }
    }

    /// A service.
    pub fn service(name: impl Into<String>) -> Self {
        Self::Service { name: name.into() }
    }

    /// Somebody an identity provider vouches for.
    pub fn federated(provider: impl Into<String>) -> Self {
        Self::Federated { provider: provider.into() }
    }

    /// Tells from an ARN, a service's name or `*` who calls. Of a role session's role, the path can't be told.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let fail = || NameError::new(text, Self::EXPECTED);
        if text == "*" || text.eq_ignore_ascii_case("anonymous") {
            return Ok(Self::Anonymous);
        }
        if let Ok(account) = AccountId::parse(text) {
            return Ok(Self::root(account));
        }
        if !text.starts_with("arn:") {
            return Self::parse_name(text).ok_or_else(fail);
        }
        Self::from_arn(&Arn::parse(text).map_err(|_| fail())?)
    }

    fn parse_name(text: &str) -> Option<Self> {
        let hex = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let host = text.contains('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-/_:".contains(&b));
        if hex {
            Some(Self::Canonical { id: text.to_owned() })
        } else if text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") {
            Some(if text.starts_with("cognito-identity.") { Self::federated(text) } else { Self::service(text) })
        } else {
            host.then(|| Self::federated(text))
        }
    }

    /// Tells from an ARN who calls.
    pub fn from_arn(arn: &Arn) -> Result<Self, NameError> {
        let fail = || NameError::new(arn.as_str(), Self::EXPECTED);
        let account = account(arn)?;
        let parts: Vec<&str> = arn.resource().split('/').collect();
        match (arn.service(), parts.as_slice()) {
            _ if parts.iter().any(|part| part.is_empty()) || arn.resource().contains(['*', '?']) => Err(fail()),
            ("iam", ["root"]) => Ok(Self::Root { arn: arn.clone(), account }),
            ("iam", ["user", .., _]) => Self::user(arn.clone(), None),
            ("iam", ["role", .., _]) => Self::role(arn.clone(), None),
            ("iam", ["saml-provider" | "oidc-provider", ..]) => Ok(Self::federated(arn.as_str())),
            ("sts", ["federated-user", _]) => Ok(Self::FederatedUser { arn: arn.clone(), account }),
            ("sts", ["assumed-role", role, _]) => {
                let role = Arn::build(arn.partition(), "iam", "", account.as_str(), &format!("role/{role}"))?;
                Ok(Self::RoleSession {
                    session: Some(arn.clone()),
                    role,
                    account,
                    path_known: false,
                    unique_id: None,
                    user_id: None,
                })
            }
            _ => Err(fail()),
        }
    }

    /// The account the caller belongs to; services and strangers have none.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Root { account, .. }
            | Self::User { account, .. }
            | Self::RoleSession { account, .. }
            | Self::FederatedUser { account, .. } => Some(account),
            Self::Federated { .. } | Self::Service { .. } | Self::Canonical { .. } | Self::Anonymous => None,
        }
    }

    /// Whether it is a role that a service made for itself, on a path and under a name that are reserved for these.
    ///
    /// Source: IAM user guide, "Create a service-linked role".
    pub(super) fn is_service_linked(&self) -> bool {
        match self {
            Self::RoleSession { role, path_known, .. } => {
                role.resource().starts_with("role/aws-service-role/")
                    || (!path_known && role.resource_name().starts_with("AWSServiceRoleFor"))
            }
            _ => false,
        }
    }

    /// The caller as AWS's messages name it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Root { arn, .. } | Self::User { arn, .. } | Self::FederatedUser { arn, .. } => arn.as_str(),
            Self::RoleSession { session, role, .. } => session.as_ref().unwrap_or(role).as_str(),
            Self::Federated { provider } => provider,
            Self::Service { name } => name,
            Self::Canonical { id } => id,
            Self::Anonymous => "anonymous",
        }
    }

    /// What the caller has to be called in a policy that grants to it: a session by its role.
    pub fn grantee(&self) -> &str {
        match self {
            Self::RoleSession { role, .. } => role.as_str(),
            Self::Anonymous => "*",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn account(arn: &Arn) -> Result<AccountId, NameError> {
    arn.account_id().ok_or_else(|| NameError::new(arn.as_str(), Principal::EXPECTED))
}
