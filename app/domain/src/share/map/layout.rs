//! Places: boxes below each other, nodes below each other in their boxes, each as near as may be to what it is linked
//! with.

use super::links::{Column, Graph, Link, Node};
use super::{MapAccount, MapEdge, MapNode, MapRow, MapView, NodeKind, Rect};
use crate::names::AccountId;
use crate::share::Side;
use std::collections::BTreeMap;

const NODE_WIDTH: u32 = 220;
const NODE_HEIGHT: u32 = 40;
/// Between nodes of a column.
const GAP: u32 = 12;
/// Within a box, around its nodes.
const PADDING: u32 = 16;
/// A box's heading.
const HEADING: u32 = 36;
/// Between boxes of a side.
const BOX_GAP: u32 = 24;
/// Between the sides, and between roles and endpoints: room for the lines.
const LANE: u32 = 160;

const CHILD_WIDTH: u32 = NODE_WIDTH + 2 * PADDING;
const PARENT_X: u32 = CHILD_WIDTH + LANE;
const PARENT_WIDTH: u32 = 2 * NODE_WIDTH + LANE + 2 * PADDING;

type Places = BTreeMap<String, Rect>;

pub(super) fn lay_out(graph: Graph, rows: Vec<MapRow>, labels: &BTreeMap<AccountId, String>) -> MapView {
    let mut stage = Stage { graph: &graph, places: Places::new(), accounts: Vec::new(), labels };
    let right = stage.parents();
    let left = stage.children();
    let height = right.max(left);
    stage.centre(Side::Parent, (height - right) / 2);
    stage.centre(Side::Child, (height - left) / 2);
    let Stage { places, mut accounts, .. } = stage;
    accounts.sort_by_key(|account| (account.at.x, account.at.y));
    let nodes = nodes(&graph, &places);
    let edges = edges(&graph, &places);
    let width = if nodes.is_empty() { 0 } else { PARENT_X + PARENT_WIDTH };
    MapView { detail: graph.detail, width, height, accounts, nodes, edges, rows }
}

struct Stage<'a> {
    graph: &'a Graph,
    places: Places,
    accounts: Vec<MapAccount>,
    labels: &'a BTreeMap<AccountId, String>,
}

impl<'a> Stage<'a> {
    fn of(&self, column: Column, account: &AccountId) -> Vec<(&'a String, &'a Node)> {
        let nodes = self.graph.nodes.iter();
        nodes.filter(|(_, node)| node.column == column && node.account == *account).collect()
    }

    fn accounts(&self, column: Column) -> Vec<&'a AccountId> {
        let mut all: Vec<&AccountId> =
            self.graph.nodes.values().filter(|node| node.column == column).map(|node| &node.account).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Boxes of roles and endpoints; gives the height they take.
    fn parents(&mut self) -> u32 {
        let mut y = 0;
        for account in self.accounts(Column::Roles) {
            let roles = self.of(Column::Roles, account);
            let endpoints = self.of(Column::Endpoints, account);
            let tall = column_height(roles.len().max(endpoints.len()));
            let top = y + HEADING;
            let x = PARENT_X + PADDING;
            self.stack(&roles, x, top + (tall - column_height(roles.len())) / 2);
            let endpoints = self.near(endpoints);
            self.stack(&endpoints, x + NODE_WIDTH + LANE, top + (tall - column_height(endpoints.len())) / 2);
            let height = HEADING + tall + PADDING;
            self.account(Side::Parent, account, Rect { x: PARENT_X, y, width: PARENT_WIDTH, height });
            y += height + BOX_GAP;
        }
        y.saturating_sub(BOX_GAP)
    }

    /// Boxes of callers, in the order of what they reach; gives the height they take.
    fn children(&mut self) -> u32 {
        let mut accounts: Vec<_> = self
            .accounts(Column::Callers)
            .into_iter()
            .map(|account| {
                let callers = self.near(self.of(Column::Callers, account));
                let middles: Vec<u32> = callers.iter().filter_map(|(id, _)| self.pull(id)).collect();
                (average(&middles), account, callers)
            })
            .collect();
        accounts.sort_by_key(|(pull, account, _)| (*pull, (*account).clone()));
        let mut y = 0;
        for (_, account, callers) in accounts {
            self.stack(&callers, PADDING, y + HEADING);
            let height = HEADING + column_height(callers.len()) + PADDING;
            self.account(Side::Child, account, Rect { x: 0, y, width: CHILD_WIDTH, height });
            y += height + BOX_GAP;
        }
        y.saturating_sub(BOX_GAP)
    }

    /// Where a node's placed neighbours are, on average.
    fn pull(&self, id: &str) -> Option<u32> {
        let ends = self.graph.links.keys().filter_map(|(from, to)| match (from == id, to == id) {
            (true, _) => self.places.get(to),
            (_, true) => self.places.get(from),
            _ => None,
        });
        let middles: Vec<u32> = ends.map(Rect::middle).collect();
        (!middles.is_empty()).then(|| average(&middles))
    }

    fn near(&self, mut nodes: Vec<(&'a String, &'a Node)>) -> Vec<(&'a String, &'a Node)> {
        nodes.sort_by_cached_key(|(id, node)| (self.pull(id), node.members.first().cloned(), (*id).clone()));
        nodes
    }

    fn stack(&mut self, nodes: &[(&'a String, &'a Node)], x: u32, top: u32) {
        let mut y = top;
        for (id, _) in nodes {
            self.places.insert((*id).clone(), Rect { x, y, width: NODE_WIDTH, height: NODE_HEIGHT });
            y += NODE_HEIGHT + GAP;
        }
    }

    fn account(&mut self, side: Side, account: &AccountId, at: Rect) {
        let label = self.labels.get(account).cloned();
        self.accounts.push(MapAccount { id: box_id(side, account), account: account.clone(), label, side, at });
    }

    fn centre(&mut self, side: Side, by: u32) {
        for account in self.accounts.iter_mut().filter(|account| account.side == side) {
            account.at.y += by;
        }
        for (id, place) in &mut self.places {
            if side_of(&self.graph.nodes[id]) == side {
                place.y += by;
            }
        }
    }
}

fn side_of(node: &Node) -> Side {
    if node.column == Column::Callers { Side::Child } else { Side::Parent }
}

fn box_id(side: Side, account: &AccountId) -> String {
    let side = if side == Side::Child { "child" } else { "parent" };
    format!("{side}/{account}")
}

fn column_height(nodes: usize) -> u32 {
    let nodes = u32::try_from(nodes).unwrap_or(u32::MAX / (2 * (NODE_HEIGHT + GAP)));
    (nodes * (NODE_HEIGHT + GAP)).saturating_sub(GAP)
}

fn average(values: &[u32]) -> u32 {
    let sum: u64 = values.iter().map(|value| u64::from(*value)).sum();
    sum.checked_div(values.len() as u64).and_then(|mean| u32::try_from(mean).ok()).unwrap_or_default()
}

fn nodes(graph: &Graph, places: &Places) -> Vec<MapNode> {
    let placed = graph.nodes.iter().filter_map(|(id, node)| Some((id, node, *places.get(id)?)));
    let mut nodes: Vec<MapNode> = placed
        .map(|(id, node, at)| MapNode {
            id: id.clone(),
            kind: node.kind,
            label: label(node),
            members: node.members.iter().cloned().collect(),
            account: box_id(side_of(node), &node.account),
            shares: node.shares.iter().cloned().collect(),
            at,
        })
        .collect();
    nodes.sort_by_key(|node| (node.at.x, node.at.y));
    nodes
}

fn label(node: &Node) -> String {
    let (count, first) = (node.members.len(), node.members.first().map_or("", String::as_str));
    match node.kind {
        NodeKind::WholeAccount => "Every role and user".into(),
        NodeKind::AllEndpoints => format!("Every endpoint in {}", node.region),
        _ if count == 1 => first.rsplit('/').next().unwrap_or(first).to_owned(),
        NodeKind::Caller => format!("{count} callers"),
        NodeKind::Role => format!("{count} roles"),
        NodeKind::Endpoint => format!("{count} endpoints in {}", node.region),
    }
}

fn edges(graph: &Graph, places: &Places) -> Vec<MapEdge> {
    let placed = graph.links.iter().filter_map(|((from, to), link)| {
        let (left, right) = (places.get(from)?, places.get(to)?);
        Some(MapEdge {
            from: from.clone(),
            to: to.clone(),
            start: (left.x + left.width, left.middle()),
            end: (right.x, right.middle()),
            label: words(&graph.nodes[from], &graph.nodes[to], link),
            shares: link.shares.iter().cloned().collect(),
            state: link.state,
            drifted: link.drifted,
        })
    });
    let mut edges: Vec<MapEdge> = placed.collect();
    edges.sort_by(|a, b| (a.start, a.end, &a.from, &a.to).cmp(&(b.start, b.end, &b.from, &b.to)));
    edges
}

fn words(from: &Node, to: &Node, link: &Link) -> String {
    let notes = link.notes.iter().cloned().collect::<Vec<_>>().join("; ");
    let to = match to.kind {
        NodeKind::AllEndpoints => format!("every endpoint in {}", to.region),
        _ => label(to),
    };
    if from.column == Column::Callers {
        format!("{} may assume {to}, {notes}", label(from))
    } else {
        format!("{} may call {to}: {notes}", label(from))
    }
}
