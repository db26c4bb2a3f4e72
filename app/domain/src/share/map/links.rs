//! What is linked with what, before and after folding.

use super::rows::{EVERYBODY, EVERYTHING, caller_name, endpoint_name};
use super::{Detail, MapShare, NodeKind, urgency};
use crate::names::{AccountId, ShareId};
use crate::share::intent::{CallerScope, EndpointScope};
use crate::share::sentence::arrow;
use crate::share::view::ShareState;
use std::collections::{BTreeMap, BTreeSet};

/// How many nodes in a column are still read.
const TALLEST: usize = 40;

/// Which column; also the order of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Callers,
    Roles,
    Endpoints,
}

/// A node without a place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) column: Column,
    pub(super) account: AccountId,
    /// Names of those it stands for.
    pub(super) members: BTreeSet<String>,
    /// Where the endpoints are, or nothing.
    pub(super) region: String,
    pub(super) shares: BTreeSet<ShareId>,
}

/// A link without a place.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) shares: BTreeSet<ShareId>,
    pub(super) state: ShareState,
    pub(super) drifted: bool,
    /// Conditions or actions, as words.
    pub(super) notes: BTreeSet<String>,
}

/// Nodes by id, links by the ids of their ends.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    pub(super) detail: Detail,
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) links: BTreeMap<(String, String), Link>,
}

/// The graph folded as asked for, or as little as keeps every column readable.
pub(super) fn graph(shares: &[MapShare<'_>], detail: Option<Detail>) -> Graph {
    let full = build(shares);
    match detail {
        Some(Detail::Full) => return full,
        Some(Detail::Folded) => return full.folded(),
        Some(Detail::Accounts) => return full.by_account(shares),
        None => {}
    }
    if full.tallest() <= TALLEST {
        return full;
    }
    let folded = full.folded();
    if folded.tallest() <= TALLEST { folded } else { full.by_account(shares) }
}

fn build(shares: &[MapShare<'_>]) -> Graph {
    let mut graph = Graph { detail: Detail::Full, nodes: BTreeMap::new(), links: BTreeMap::new() };
    for share in shares {
        let intent = share.intent;
        let role = format!("role/{}/{}", intent.parent, intent.role_name);
        graph.node(&role, share, NodeKind::Role, intent.role_name.as_str(), "");
        for (kind, name) in callers(share) {
            let id = format!("caller/{}/{}", intent.child, name.replace(' ', "-"));
            graph.node(&id, share, kind, &name, "");
            graph.link(&id, &role, share, arrow(intent));
        }
        let actions = super::rows::rows(std::slice::from_ref(share));
        let actions = actions.first().map(|row| row.actions.join(", ")).unwrap_or_default();
        for (kind, name) in endpoints(share) {
            let id = format!("endpoint/{}/{}/{}", intent.parent, intent.region, name.to_lowercase().replace(' ', "-"));
            graph.node(&id, share, kind, &name, intent.region.as_str());
            graph.link(&role, &id, share, &actions);
        }
    }
    graph
}

fn callers(share: &MapShare<'_>) -> Vec<(NodeKind, String)> {
    match &share.intent.callers {
        CallerScope::WholeAccount => vec![(NodeKind::WholeAccount, EVERYBODY.into())],
        CallerScope::Named(named) => named.iter().map(|c| (NodeKind::Caller, caller_name(c))).collect(),
    }
}

fn endpoints(share: &MapShare<'_>) -> Vec<(NodeKind, String)> {
    match &share.intent.endpoints {
        EndpointScope::All => vec![(NodeKind::AllEndpoints, EVERYTHING.into())],
        EndpointScope::Named(arns) => arns.iter().map(|arn| (NodeKind::Endpoint, endpoint_name(share, arn))).collect(),
    }
}

impl Graph {
    fn node(&mut self, id: &str, share: &MapShare<'_>, kind: NodeKind, name: &str, region: &str) {
        let column = match kind {
            NodeKind::Caller | NodeKind::WholeAccount => Column::Callers,
            NodeKind::Role => Column::Roles,
            NodeKind::Endpoint | NodeKind::AllEndpoints => Column::Endpoints,
        };
        let account = if column == Column::Callers { &share.intent.child } else { &share.intent.parent };
        let node = self.nodes.entry(id.to_owned()).or_insert_with(|| Node {
            kind,
            column,
            account: account.clone(),
            members: [name.to_owned()].into(),
            region: region.to_owned(),
            shares: BTreeSet::new(),
        });
        node.shares.insert(share.intent.id.clone());
    }

    fn link(&mut self, from: &str, to: &str, share: &MapShare<'_>, note: &str) {
        let link = Link {
            shares: [share.intent.id.clone()].into(),
            state: share.state,
            drifted: share.drifted,
            notes: [note.to_owned()].into(),
        };
        self.add_link((from.to_owned(), to.to_owned()), link);
    }

    fn add_link(&mut self, ends: (String, String), link: Link) {
        match self.links.get_mut(&ends) {
            None => drop(self.links.insert(ends, link)),
            Some(known) => {
                known.shares.extend(link.shares);
                known.notes.extend(link.notes);
                known.drifted |= link.drifted;
                if urgency(link.state) > urgency(known.state) {
                    known.state = link.state;
                }
            }
        }
    }

    fn tallest(&self) -> usize {
        let count = |column| self.nodes.values().filter(|node| node.column == column).count();
        [Column::Callers, Column::Roles, Column::Endpoints].into_iter().map(count).max().unwrap_or_default()
    }

    /// Callers and endpoints of one account that are linked with the same roles become one.
    fn folded(&self) -> Graph {
        let mut roles: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (from, to) in self.links.keys() {
            let (end, role) = if self.nodes[from].column == Column::Callers { (from, to) } else { (to, from) };
            roles.entry(end).or_default().insert(role);
        }
        let mut first = BTreeMap::new();
        let mut renamed: BTreeMap<&str, String> = BTreeMap::new();
        for (id, node) in self.nodes.iter().filter(|(_, node)| node.column != Column::Roles) {
            let same = (node.column, &node.account, node.region.as_str(), node.kind, roles.get(id.as_str()));
            let first = *first.entry(same).or_insert(id);
            renamed.insert(id, first.to_owned());
        }
        self.renamed(Detail::Folded, |id| renamed.get(id).cloned().unwrap_or_else(|| id.to_owned()))
    }

    /// One node each for the callers of an account, the roles between two accounts, and the endpoints of a region.
    fn by_account(&self, shares: &[MapShare<'_>]) -> Graph {
        let mut children: BTreeMap<String, &AccountId> = BTreeMap::new();
        for share in shares {
            let role = format!("role/{}/{}", share.intent.parent, share.intent.role_name);
            children.insert(role, &share.intent.child);
        }
        self.renamed(Detail::Accounts, |id| {
            let node = &self.nodes[id];
            match (node.column, children.get(id)) {
                (Column::Callers, _) => format!("callers/{}", node.account),
                (Column::Roles, Some(child)) => format!("roles/{}/{child}", node.account),
                (Column::Roles, None) => format!("roles/{}", node.account),
                (Column::Endpoints, _) => format!("endpoints/{}/{}", node.account, node.region),
            }
        })
    }

    fn renamed(&self, detail: Detail, name: impl Fn(&str) -> String) -> Graph {
        let mut graph = Graph { detail, nodes: BTreeMap::new(), links: BTreeMap::new() };
        for (id, node) in &self.nodes {
            match graph.nodes.get_mut(&name(id)) {
                None => drop(graph.nodes.insert(name(id), node.clone())),
                Some(known) => {
                    known.members.extend(node.members.iter().cloned());
                    known.shares.extend(node.shares.iter().cloned());
                    // What stands for everybody, or everything, covers the rest.
                    known.kind = known.kind.max(node.kind);
                }
            }
        }
        for ((from, to), link) in &self.links {
            graph.add_link((name(from), name(to)), link.clone());
        }
        graph
    }
}
