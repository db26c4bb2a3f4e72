//! The map: all accounts, roles and endpoints and who reaches what, drawn and as a table.
//!
//! Choosing a node is a link, so that it works by keyboard and without a script: what goes through the node stands out in
//! the drawing, and the table shows that alone.

mod drawing;

use super::parts::{ShareStateBadge, StartShareButton};
use crate::api::map::get_map;
use crate::ui::{
    Badge, Button, ButtonKind, Column, EmptyState, IconName, PageHeader, Resolve, Rows, Skeleton, Table, Tone,
};
use domain::share::map::{Detail, MapNode, MapRow, MapView};
use drawing::Drawing;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// How many lines the table shows; what goes through one node is fewer.
const ROWS: usize = 300;

const COLUMNS: [Column; 6] = [
    Column::new("Caller"),
    Column::new("Role"),
    Column::new("Endpoint"),
    Column::new("Region"),
    Column::new("Allowed"),
    Column::new("State"),
];

/// What the address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked {
    fold: Option<Detail>,
    at: Option<String>,
}

impl Asked {
    /// The address of the same view with another node chosen.
    fn href(&self, at: Option<&str>) -> String {
        let fold = self.fold.map(|fold| format!("fold={}", fold.key()));
        let at = at.map(|at| format!("at={}", encoded(at)));
        let query: Vec<String> = fold.into_iter().chain(at).collect();
        if query.is_empty() { "/map".into() } else { format!("/map?{}", query.join("&")) }
    }
}

/// A node's id for an address: IAM's names may hold `+`, `=` and `@`.
fn encoded(id: &str) -> String {
    id.bytes().fold(String::with_capacity(id.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// The map of all shares.
#[component]
pub fn MapPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let query = query.read();
        Asked { fold: query.get("fold").and_then(|fold| Detail::parse(&fold)), at: query.get("at") }
    });
    let fold = Memo::new(move |_| asked.with(|asked| asked.fold));
    let map = Resource::new(move || fold.get(), get_map);
    view! {
        <PageHeader title="Map" sub="Who reaches which endpoint, through which role, over all shares."/>
        <Resolve
            resource=map
            failed="The map could not be drawn"
            skeleton=|| view! { <div class="card"><Skeleton lines=10/></div> }
            children=Callback::new(move |map: MapView| view! { <Map map asked/> })
        />
    }
}

#[component]
fn Map(map: MapView, asked: Memo<Asked>) -> impl IntoView {
    if map.nodes.is_empty() {
        return view! {
            <div class="card">
                <EmptyState
                    title="Nothing is shared yet"
                    body="Once endpoints are shared, this page draws every caller, role and endpoint, and who reaches what."
                >
                    <StartShareButton kind=ButtonKind::Primary/>
                    <Button icon=IconName::Search href="/shares/import">"Find shares"</Button>
                </EmptyState>
            </div>
        }
        .into_any();
    }
    let folded = map.detail;
    let map = StoredValue::new(map);
    let shown = move || {
        let asked = asked.get();
        map.with_value(|map| view! { <Shown map=map.clone() asked/> })
    };
    view! {
        <div class="stack">
            <Folds folded asked/>
            {shown}
        </div>
    }
    .into_any()
}

/// How much is folded, as links.
#[component]
fn Folds(folded: Detail, asked: Memo<Asked>) -> impl IntoView {
    let item = move |detail: Detail| {
        let words = match detail {
            Detail::Full => "Everything",
            Detail::Folded => "Alike together",
            Detail::Accounts => "By account",
        };
        let href = Asked { fold: Some(detail), at: None }.href(None);
        view! {
            <li>
                <a href=href aria-current=move || (asked.with(|a| a.fold).unwrap_or(folded) == detail).then_some("true")>
                    {words}
                </a>
            </li>
        }
    };
    view! {
        <nav class="folds" aria-label="How much is folded">
            <ul>{Detail::ALL.map(item)}</ul>
        </nav>
    }
}

#[component]
fn Shown(map: MapView, asked: Asked) -> impl IntoView {
    let chosen = asked.at.as_ref().and_then(|at| map.nodes.iter().find(|node| node.id == *at)).cloned();
    let MapView { rows, .. } = map.clone();
    let rows: Vec<MapRow> = match &chosen {
        Some(node) => rows.into_iter().filter(|row| concerns(node, row)).collect(),
        None => rows,
    };
    let said = match &chosen {
        Some(node) => format!("{}: {}", node.label, ways(rows.len())),
        None => sentence(&map, rows.len()),
    };
    let all = chosen.as_ref().map(|_| {
        let href = asked.href(None);
        view! { " " <a href=href>"Show everything"</a> }
    });
    view! {
        <p class="say" role="status">{said} "." {all}</p>
        <Drawing map asked chosen/>
        <Ways rows/>
    }
}

/// Whether a line of the table goes through a node.
fn concerns(node: &MapNode, row: &MapRow) -> bool {
    use domain::share::map::NodeKind;
    let account = node.account.rsplit('/').next().unwrap_or_default();
    node.shares.contains(&row.share)
        && match node.kind {
            NodeKind::Caller | NodeKind::WholeAccount => {
                row.child.as_str() == account && node.members.contains(&row.caller)
            }
            NodeKind::Role => row.parent.as_str() == account && node.members.contains(&row.role),
            NodeKind::Endpoint | NodeKind::AllEndpoints => {
                row.parent.as_str() == account && node.members.contains(&row.endpoint)
            }
        }
}

fn ways(count: usize) -> String {
    if count == 1 {
        "one way from a caller to an endpoint".into()
    } else {
        format!("{count} ways from callers to endpoints")
    }
}

fn sentence(map: &MapView, rows: usize) -> String {
    let shares: std::collections::BTreeSet<_> = map.rows.iter().map(|row| &row.share).collect();
    let shares = if shares.len() == 1 { "One share".to_owned() } else { format!("{} shares", shares.len()) };
    format!("{shares}, {}", ways(rows))
}

#[component]
fn Ways(rows: Vec<MapRow>) -> impl IntoView {
    let more = rows.len().saturating_sub(ROWS);
    let shown: Vec<MapRow> = rows.into_iter().take(ROWS).collect();
    let row = Callback::new(|row: MapRow| {
        view! {
            <td>
                <span class="cell-main">{row.caller}</span>
                <p class="cell-sub"><code class="hue-child">{row.child.to_string()}</code></p>
            </td>
            <td>
                <a class="cell-main" href=format!("/shares/{}", row.share)>{row.role}</a>
                <p class="cell-sub"><code class="hue-parent">{row.parent.to_string()}</code></p>
            </td>
            <td>{row.endpoint}</td>
            <td class="nowrap">{row.region}</td>
            <td>{row.actions.join(", ")}</td>
            <td>
                <ShareStateBadge state=row.state/>
                {row.drifted.then(|| view! { " " <Badge tone=Tone::Bad>"Drifted"</Badge> })}
            </td>
        }
    });
    view! {
        <div class="card">
            <Table
                label="Who reaches what"
                columns=COLUMNS.to_vec()
                rows=Rows::Ready(shown)
                failed="The table could not be shown"
                empty=|| view! { <EmptyState title="Nothing goes this way" body="Choose another node, or show everything."/> }
                children=row
            />
        </div>
        {(more > 0).then(|| view! { <p class="muted">{format!("{more} more. Choose a node to see what goes through it.")}</p> })}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_the_fold_when_a_node_is_chosen() {
        assert_eq!(Asked::default().href(None), "/map");
        let asked = Asked { fold: Some(Detail::Folded), at: Some("role/1/a".into()) };
        assert_eq!(asked.href(None), "/map?fold=folded");
        assert_eq!(asked.href(Some("role/1/b")), "/map?fold=folded&at=role/1/b");
        assert_eq!(asked.href(Some("role/1/a+b@c")), "/map?fold=folded&at=role/1/a%2Bb%40c");
    }
}
