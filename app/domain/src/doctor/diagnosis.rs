//! What the doctor says: the handshake, link by link.

use super::evidence::Unread;
use super::question::Question;
use super::repair::Repair;
use crate::evaluate::Explanation;
use crate::names::AccountId;
use crate::share::Side;
use serde::{Deserialize, Serialize};

/// A link of the handshake, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// The caller is there, and of a kind that can assume roles.
    Caller,
    /// The caller's side lets it assume the role.
    Permission,
    /// The role's side lets the caller in.
    Trust,
    /// The session is one that STS gives.
    Session,
    /// The role's session may invoke the endpoint.
    RolePermission,
    /// The endpoint is there and answers.
    Endpoint,
}

impl LinkKind {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Caller, Self::Permission, Self::Trust, Self::Session, Self::RolePermission, Self::Endpoint];

    /// The value in anchors and tests: `role_permission`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Permission => "permission",
            Self::Trust => "trust",
            Self::Session => "session",
            Self::RolePermission => "role_permission",
            Self::Endpoint => "endpoint",
        }
    }
    /// The label in the drawing.
    pub fn label(self) -> &'static str {
        match self {
            Self::Caller => "Caller",
            Self::Permission => "Permission to assume",
            Self::Trust => "Trust policy",
            Self::Session => "Session",
            Self::RolePermission => "Role's permission",
            Self::Endpoint => "Endpoint",
        }
    }
    /// On which side it is decided.
    pub fn side(self) -> Side {
        match self {
            Self::Caller | Self::Permission | Self::Session => Side::Child,
            Self::Trust | Self::RolePermission | Self::Endpoint => Side::Parent,
        }
    }
}

/// How a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// A live call has gone through it.
    Proven,
    /// Everything that decides was read, and allows.
    Allowed,
    /// Everything that was read allows, and AWS denies.
    Disputed,
    /// Something that was read denies, or AWS itself says so.
    Denied,
    /// What decides can't be read.
    Unknown,
}

impl LinkState {
    /// In a word or two.
    pub fn label(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Allowed => "allowed on paper",
            Self::Disputed => "allowed on paper, denied by AWS",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
    /// What it means, for people: a whole sentence about a link that stands so.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Proven => "A real call went through it.",
            Self::Allowed => "The documents allow it. No call has shown yet that AWS does, too.",
            Self::Disputed => "The documents allow it, and AWS denied a call all the same.",
            Self::Denied => "A document stands in the way, or AWS itself said no.",
            Self::Unknown => "What decides it can't be read from here.",
        }
    }
    /// Whether the handshake breaks here.
    pub fn is_broken(self) -> bool {
        matches!(self, Self::Denied | Self::Disputed)
    }
}

/// What could make AWS deny what the documents allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspect {
    /// AWS has not caught up with a change.
    Propagation,
    /// A service control policy that can't be read.
    ServiceControl,
    /// A resource control policy that can't be read.
    ResourceControl,
    /// The caller's own session was narrowed, or another session policy was passed.
    SessionPolicy,
    /// An identity policy that AWS names and that was read otherwise.
    IdentityPolicy,
    /// A resource policy, the trust policy among them, that AWS names and that was read otherwise.
    ResourcePolicy,
    /// A permissions boundary that AWS names and that was read otherwise.
    Boundary,
    /// The call goes through a VPC endpoint whose policy denies.
    VpcEndpoint,
    /// The caller sent another external ID than it is taken to send, or none.
    ExternalId,
    /// The call was made as somebody else, or asked for something else.
    OtherRequest,
}

/// One possible reason, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspicion {
    /// Which.
    pub suspect: Suspect,
    /// In a sentence.
    pub sentence: String,
}

/// A link of the handshake as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Which.
    pub kind: LinkKind,
    /// The side that decides it.
    pub side: Side,
    /// The account that decides it.
    pub account: AccountId,
    /// How it stands.
    pub state: LinkState,
    /// The same in one sentence.
    pub sentence: String,
    /// What was compared, for each action that was asked; only the layers of this link.
    pub explanations: Vec<Explanation>,
    /// What keeps an unknown link from being told; empty otherwise.
    pub unread: Vec<Unread>,
    /// What could not be read and could still deny; a link is allowed on paper all the same.
    pub caveats: Vec<Unread>,
    /// What AWS said, where a live call broke here.
    pub aws_says: Option<String>,
    /// What could explain a dispute.
    pub suspicions: Vec<Suspicion>,
    /// The smallest changes that let the call through; all of them are needed.
    pub repairs: Vec<Repair>,
    /// Other changes, each of which would do instead.
    pub alternatives: Vec<Repair>,
}

/// The handshake as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Live calls went through it.
    Works,
    /// It should work: everything that decides was read, and allows.
    Allowed,
    /// The documents allow it, and AWS denies it.
    Disputed,
    /// A link is broken.
    Broken,
    /// A link can't be told, and none is known to be broken.
    Unknown,
}

/// What the doctor says about a handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// What was asked.
    pub question: Question,
    /// All in all.
    pub verdict: Verdict,
    /// The same in one sentence.
    pub sentence: String,
    /// Where the handshake breaks first.
    pub first_broken: Option<LinkKind>,
    /// The links, in order.
    pub links: Vec<Link>,
    /// Why waiting and trying again may help, where it may.
    pub wait: Option<String>,
}

impl Diagnosis {
    /// One of the links.
    pub fn link(&self, kind: LinkKind) -> &Link {
        self.links.iter().find(|link| link.kind == kind).unwrap_or_else(|| unreachable!("a diagnosis has every link"))
    }
    /// Every change that is needed, in the order of the links.
    pub fn repairs(&self) -> impl Iterator<Item = &Repair> {
        self.links.iter().flat_map(|link| &link.repairs)
    }
    /// What to read to know more: everything that keeps a link unknown.
    pub fn unread(&self) -> impl Iterator<Item = &Unread> {
        self.links.iter().flat_map(|link| &link.unread)
    }
}
