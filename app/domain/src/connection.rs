//! Connections: how the console gets credentials for an account.

use crate::arn::{Arn, CallerArn};
use crate::names::{AccountId, ConnectionId, Region};
use serde::{Deserialize, Serialize};

/// Who a connection's credentials belong to, as STS tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The account of the credentials.
    pub account: AccountId,
    /// `GetCallerIdentity`'s ARN: a user, an assumed-role session, a federated user or the root user.
    pub arn: Arn,
    /// The role or user behind the credentials, with its path; `None` for root and federated users. This is what a
    /// trust policy can name.
    pub caller: Option<CallerArn>,
}

/// Whether a connection's credentials work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ConnectionState {
    /// STS answered.
    Ready {
        /// Who the console is there.
        identity: Identity,
    },
    /// The credentials could not be had or were refused.
    Failed {
        /// What happened.
        message: String,
        /// What to do next.
        hint: String,
    },
}

/// A connection as the console shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionView {
    /// The profile's name.
    pub id: ConnectionId,
    /// The region its profile names, if any.
    pub region: Option<Region>,
    /// Whether it works.
    pub state: ConnectionState,
}

impl ConnectionView {
    /// The account, when the connection is ready.
    pub fn account(&self) -> Option<&AccountId> {
        match &self.state {
            ConnectionState::Ready { identity } => Some(&identity.account),
            ConnectionState::Failed { .. } => None,
        }
    }
}

/// A role or user of an account, offered as a caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerView {
    /// Its ARN with path.
    pub arn: CallerArn,
    /// For roles: the services and accounts its trust policy names, in a few words (`lambda.amazonaws.com`).
    pub used_by: Option<String>,
    /// The description, where there is one.
    pub description: Option<String>,
}
