//! The drawing: boxes, nodes and lines where the domain has put them. Nodes are links; lines are told by their nodes.

use super::Asked;
use domain::share::Side;
use domain::share::map::{MapAccount, MapEdge, MapNode, MapView, NodeKind};
use domain::share::view::ShareState;
use leptos::prelude::*;

/// How many characters of a node's label fit into it.
const FITS: usize = 27;

/// How many of a node's lines are told in its name.
const TOLD: usize = 4;

/// The drawing; it scrolls in itself.
#[component]
pub(super) fn Drawing(map: MapView, asked: Asked, chosen: Option<MapNode>) -> impl IntoView {
    let MapView { width, height, accounts, nodes, edges, .. } = map;
    let on = |edge: &MapEdge| match &chosen {
        None => "",
        Some(node) if edge.from == node.id || edge.to == node.id => " is-on",
        Some(node) if leads_on(edge, node, &edges) => " is-on",
        Some(_) => " is-dim",
    };
    let lines = edges.iter().map(|edge| line(edge, on(edge))).collect_view();
    let boxes = accounts.into_iter().map(account_box).collect_view();
    let nodes = nodes
        .iter()
        .map(|node| {
            let is_chosen = chosen.as_ref().is_some_and(|chosen| chosen.id == node.id);
            // Choosing it again lets it go.
            let href = asked.href((!is_chosen).then_some(node.id.as_str()));
            node_link(node, href, is_chosen, described(node, &edges))
        })
        .collect_view();
    view! {
        <div class="card map-card">
            <div class="map-scroll" role="region" aria-label="Drawing" tabindex="0">
                <svg
                    class="map"
                    width=width + 2
                    height=height + 2
                    viewBox=format!("-1 -1 {} {}", width + 2, height + 2)
                    role="group"
                    aria-label="Accounts, roles and endpoints"
                >
                    {boxes}
                    <g>{lines}</g>
                    {nodes}
                </svg>
            </div>
            <ul class="map-legend" aria-label="Lines">
                <li><span class="map-key is-verified" aria-hidden="true"></span>"Verified"</li>
                <li><span class="map-key" aria-hidden="true"></span>"Not verified"</li>
                <li><span class="map-key is-broken" aria-hidden="true"></span>"Not working, incomplete or drifted"</li>
            </ul>
        </div>
    }
}

/// Whether a line belongs to a way through the chosen node: it shares an end with a line of the node, and a share.
fn leads_on(edge: &MapEdge, node: &MapNode, edges: &[MapEdge]) -> bool {
    if node.kind == NodeKind::Role {
        return false;
    }
    let own = edges.iter().filter(|other| other.from == node.id || other.to == node.id);
    let mut next = own.filter(|other| other.to == edge.from || other.from == edge.to);
    next.any(|other| other.shares.iter().any(|share| edge.shares.contains(share)))
}

fn line(edge: &MapEdge, on: &'static str) -> impl IntoView + use<> {
    let ((x1, y1), (x2, y2)) = (edge.start, edge.end);
    let middle = x1 + x2.saturating_sub(x1) / 2;
    let broken = edge.drifted || matches!(edge.state, ShareState::NotWorking | ShareState::Incomplete);
    let state = match edge.state {
        _ if broken => " is-broken",
        ShareState::Verified => " is-verified",
        _ => "",
    };
    let said = edge.label.clone();
    view! {
        <g class=format!("map-line{state}{on}")>
            <title>{said}</title>
            <path d=format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}")></path>
            <path class="map-head" d=format!("M{} {}l-7 -4v8z", x2, y2)></path>
        </g>
    }
}

fn account_box(account: MapAccount) -> impl IntoView {
    let class = match account.side {
        Side::Child => "map-account is-child",
        Side::Parent => "map-account is-parent",
    };
    let side = match account.side {
        Side::Child => "Child",
        Side::Parent => "Parent",
    };
    let label = account.label.map(|label| format!(" · {label}")).unwrap_or_default();
    let at = account.at;
    view! {
        <g class=class>
            <rect x=at.x y=at.y width=at.width height=at.height rx="10"></rect>
            <text x=at.x + 16 y=at.y + 23>{format!("{side} {}{}", account.account, short(&label, 16))}</text>
        </g>
    }
}

fn node_link(node: &MapNode, href: String, chosen: bool, said: String) -> impl IntoView + use<> {
    let kind = match node.kind {
        NodeKind::Caller | NodeKind::WholeAccount => "is-caller",
        NodeKind::Role => "is-role",
        NodeKind::Endpoint | NodeKind::AllEndpoints => "is-endpoint",
    };
    let chosen_class = if chosen { " is-chosen" } else { "" };
    let (at, label) = (node.at, short(&node.label, FITS));
    let hover = node.members.join("\n");
    view! {
        <g class=format!("map-node {kind}{chosen_class}")>
            <a href=href aria-label=said aria-current=chosen.then_some("true")>
                <title>{hover}</title>
                <rect x=at.x y=at.y width=at.width height=at.height rx="8"></rect>
                <text x=at.x + 14 y=at.y + at.height / 2 + 5>{label}</text>
            </a>
        </g>
    }
}

/// A node in words: what it is, where, and what its lines say.
fn described(node: &MapNode, edges: &[MapEdge]) -> String {
    let kind = match (node.kind, node.members.len()) {
        (NodeKind::Caller, 1) => "Caller ",
        (NodeKind::Role, 1) => "Role ",
        (NodeKind::Endpoint, 1) => "Endpoint ",
        // Labels of several, and of all, say what they are.
        _ => "",
    };
    let account = node.account.rsplit('/').next().unwrap_or_default();
    let lines = edges.iter().filter(|edge| edge.from == node.id || edge.to == node.id);
    let lines: Vec<&str> = lines.map(|edge| edge.label.as_str()).collect();
    let more = lines.len().saturating_sub(TOLD);
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{kind}{} in account {account}: {}{rest}", node.label, lines[..lines.len() - more].join("; "))
}

/// Cut in the middle to `most` characters.
fn short(text: &str, most: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= most {
        return text.to_owned();
    }
    let (head, tail) = ((most - 1).div_ceil(2), (most - 1) / 2);
    all[..head].iter().chain(['…'].iter()).chain(&all[all.len() - tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_long_label_is_cut_in_the_middle() {
        assert_eq!(short("churn", 7), "churn");
        assert_eq!(short("churn-classifier", 7), "chu…ier");
        assert_eq!(short("churn-classifier", 8), "chur…ier");
    }
}
