//! The map: who reaches what over all shares, laid out for a drawing and listed for the table beside it.
//!
//! Callers on the left, boxed by child account; roles and endpoints on the right, boxed by parent account. An account that
//! is both appears on both sides. Positions are whole units of a plane that begins at (0, 0), to be scaled as the page
//! likes; the same shares in any order give the same map. What would be too tall to read is folded: first callers and
//! endpoints that are reached the same way, then everything between two accounts.

use crate::names::{AccountId, ShareId};
use crate::share::Side;
use crate::share::intent::ShareIntent;
use crate::share::view::ShareState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod layout;
mod links;
mod rows;

/// A share, as far as the map is concerned.
#[derive(Debug, Clone, Copy)]
pub struct MapShare<'a> {
    /// What it asks for.
    pub intent: &'a ShareIntent,
    /// Where it is. Undone shares are left out.
    pub state: ShareState,
    /// Its endpoints' names in the case they were created with.
    pub endpoint_names: &'a [String],
    /// Whether drift was found when it was last looked for.
    pub drifted: bool,
}

/// How much is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Nothing.
    Full,
    /// Callers that reach the same roles, and endpoints that are reached through the same roles.
    Folded,
    /// Callers of an account, roles between two accounts, endpoints of a region.
    Accounts,
}

impl Detail {
    /// All of them, the most detailed first.
    pub const ALL: [Self; 3] = [Self::Full, Self::Folded, Self::Accounts];
    /// The value in addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Folded => "folded",
            Self::Accounts => "accounts",
        }
    }
    /// Parses [`Detail::key`].
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|detail| detail.key() == key)
    }
}

/// A rectangle, from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Rect {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl Rect {
    /// Whether the two have a point in common.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }
    /// Whether `other` lies within.
    pub fn holds(&self, other: &Rect) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.x + other.width <= self.x + self.width
            && other.y + other.height <= self.y + self.height
    }
    fn middle(&self) -> u32 {
        self.y + self.height / 2
    }
}

/// An account's box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapAccount {
    /// Unique on the map: `child/222222222222`.
    pub id: String,
    /// The account.
    pub account: AccountId,
    /// What people call it, when it has a name.
    pub label: Option<String>,
    /// As which side it is here.
    pub side: Side,
    /// Where.
    pub at: Rect,
}

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A role or user that calls, or several.
    Caller,
    /// Whoever the child's administrators allow.
    WholeAccount,
    /// A share's role, or several.
    Role,
    /// An endpoint, or several.
    Endpoint,
    /// Every endpoint in a region.
    AllEndpoints,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapNode {
    /// Unique on the map: `caller/222222222222/role/scoring-lambda`.
    pub id: String,
    /// What it stands for.
    pub kind: NodeKind,
    /// Its name, or how many: `scoring-lambda`, `5 callers`.
    pub label: String,
    /// The names of those it stands for, one when it is not folded.
    pub members: Vec<String>,
    /// The box it is in: [`MapAccount::id`].
    pub account: String,
    /// The shares it is part of.
    pub shares: Vec<ShareId>,
    /// Where.
    pub at: Rect,
}

/// A way from a node to another: from a caller to a role, or from a role to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapEdge {
    /// [`MapNode::id`] on the left.
    pub from: String,
    /// [`MapNode::id`] on the right.
    pub to: String,
    /// Where it begins: the middle of the left node's right side.
    pub start: (u32, u32),
    /// Where it ends: the middle of the right node's left side.
    pub end: (u32, u32),
    /// In words: `scoring-lambda may assume SageMakerExternal, external ID required`.
    pub label: String,
    /// The shares that open it.
    pub shares: Vec<ShareId>,
    /// The state of the share among them that most wants looking at.
    pub state: ShareState,
    /// Whether one of them has drifted.
    pub drifted: bool,
}

/// A line of the table: one caller, one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapRow {
    /// The child account.
    pub child: AccountId,
    /// Who calls: `role/scoring-lambda`, or `every role and user`.
    pub caller: String,
    /// The parent account.
    pub parent: AccountId,
    /// Through which role.
    pub role: String,
    /// What is called, or `every endpoint`.
    pub endpoint: String,
    /// Where it is.
    pub region: String,
    /// In which ways: `InvokeEndpoint`, …
    pub actions: Vec<String>,
    /// The share.
    pub share: ShareId,
    /// Where the share is.
    pub state: ShareState,
    /// Whether it has drifted.
    pub drifted: bool,
}

/// The map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapView {
    /// How much is folded.
    pub detail: Detail,
    /// The plane's width.
    pub width: u32,
    /// The plane's height.
    pub height: u32,
    /// The boxes, the children's first, from the top.
    pub accounts: Vec<MapAccount>,
    /// The nodes, in the order they are to be gone through by keyboard: callers, roles, endpoints, each from the top.
    pub nodes: Vec<MapNode>,
    /// The edges, from the top left.
    pub edges: Vec<MapEdge>,
    /// The table, never folded.
    pub rows: Vec<MapRow>,
}

/// Lays the shares out. `labels` are the names people have for accounts; without `detail` as little is folded as keeps
/// every column readable.
pub fn map(shares: &[MapShare<'_>], labels: &BTreeMap<AccountId, String>, detail: Option<Detail>) -> MapView {
    let mut shares: Vec<MapShare<'_>> =
        shares.iter().filter(|share| share.state != ShareState::Undone).copied().collect();
    shares.sort_by(|a, b| a.intent.id.cmp(&b.intent.id));
    let graph = links::graph(&shares, detail);
    layout::lay_out(graph, rows::rows(&shares), labels)
}

/// How much a state wants to be looked at.
fn urgency(state: ShareState) -> u8 {
    match state {
        ShareState::Undone => 0,
        ShareState::Verified => 1,
        ShareState::Applied => 2,
        ShareState::Applying => 3,
        ShareState::Incomplete => 4,
        ShareState::NotWorking => 5,
    }
}
