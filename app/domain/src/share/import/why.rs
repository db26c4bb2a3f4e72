//! Why something in AWS can't become a share.

use crate::arn::Arn;
use crate::names::AccountId;

/// Why a role is of another shape, or a tagged share can't be rebuilt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// It is a share's already.
    #[error("the role carries the tag of share `{0}`")]
    Tagged(String),
    /// The share's role is in none of the accounts.
    #[error("no role carries the tag of share `{0}`")]
    NoRole(String),
    /// Two roles say that they are the share's.
    #[error("several roles carry the tag of share `{0}`")]
    SeveralRoles(String),
    /// Shares name their role and policy by plain ARNs.
    #[error("`{0}` has a path; a share's role and policy have none")]
    Path(Arn),
    /// A document is broken.
    #[error("{what} can't be read: {message}")]
    Unreadable {
        /// `the trust policy`, or a policy's name in backticks.
        what: String,
        /// What is wrong with it.
        message: String,
    },
    /// More than letting somebody assume the role.
    #[error("the trust policy has a Deny, a Not… element or another action than `sts:AssumeRole`")]
    TrustShape,
    /// Who may assume it depends on something that a share does not express.
    #[error("the trust policy asks for `{0}`; a share asks for an external ID at most")]
    TrustCondition(String),
    /// More than one external ID, and nothing says which of them is the new one; or one that not all are asked for.
    #[error("the trust policy accepts several external IDs, or asks only some callers for one")]
    SeveralIds,
    /// What it asks for is no external ID.
    #[error("`{0}` is not an external ID that STS would take")]
    BadId(String),
    /// A service or an identity provider.
    #[error("the trust policy names `{0}`, which is no role, user or account")]
    NotACaller(String),
    /// `*`.
    #[error("everyone may assume the role")]
    Everyone,
    /// Nobody is left that could call.
    #[error("the trust policy names nobody who still exists")]
    Nobody,
    /// The account's own.
    #[error("the trust policy names account {0}, which the role itself is in")]
    SameAccount(AccountId),
    /// A share is between two accounts.
    #[error("the trust policy names several accounts: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    SeveralAccounts(Vec<AccountId>),
    /// Its permissions are where a share has none.
    #[error("the role's permissions are inline: {}", quoted(.0))]
    Inline(Vec<String>),
    /// No permission to invoke anything.
    #[error("no policy of the role's own account that is attached to it allows invoking endpoints")]
    NoPolicy,
    /// A share has one.
    #[error("several of the role's policies allow invoking endpoints: {}", quoted(.0))]
    SeveralPolicies(Vec<String>),
    /// It belongs to a share.
    #[error("policy `{policy}` carries the tag of share `{share}`")]
    PolicyTagged {
        /// The policy's name.
        policy: String,
        /// The share's id.
        share: String,
    },
    /// More than invoking.
    #[error("policy `{policy}` allows `{action}`; a share allows invoking endpoints and nothing else")]
    OtherAction {
        /// The policy's name.
        policy: String,
        /// The action, as written.
        action: String,
    },
    /// A Deny, a Not… element or a condition.
    #[error("policy `{0}` has a Deny, a Not… element or a condition")]
    PolicyShape(String),
    /// Not one endpoint, and not all of a region.
    #[error("policy `{policy}` speaks of `{resource}`; a share speaks of endpoints by name, or of all in one region")]
    OtherResource {
        /// The policy's name.
        policy: String,
        /// The resource, as written.
        resource: String,
    },
    /// A share is in one region.
    #[error("policy `{0}` speaks of endpoints in several regions")]
    SeveralRegions(String),
    /// Endpoints differ in how they may be invoked.
    #[error("policy `{0}` allows different actions on different endpoints")]
    Uneven(String),
}

impl WhyNot {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Tagged(_) => "import that share instead",
            Self::NoRole(_) => "connect the parent account, or delete what is left of the share in IAM",
            Self::SeveralRoles(_) | Self::PolicyTagged { .. } => "take the tag off what does not belong to the share",
            Self::Path(_) => "make a new share for these callers and endpoints, then delete the role",
            Self::Unreadable { .. } => "mend the document in IAM",
            Self::Everyone | Self::Nobody => "name the callers in the trust policy",
            Self::SeveralIds => "leave one external ID in the trust policy, for all callers",
            Self::Inline(_) => "move the permission into a managed policy, or make a new share",
            Self::SeveralAccounts(_) | Self::SeveralRegions(_) | Self::SeveralPolicies(_) => {
                "make a new share for each"
            }
            _ => "make a new share for these callers and endpoints",
        }
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
