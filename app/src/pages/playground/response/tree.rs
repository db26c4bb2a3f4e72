//! JSON as a tree that opens and closes. What is closed is not drawn, and long lists come a hundred at a time, so that the
//! size of an answer does not matter.

use super::body::Body;
use crate::ui::{heard_early, pressed_early, thousands};
use domain::invoke::body::json::{self, Member, Members, Node, Shape};
use domain::invoke::body::visible;
use leptos::prelude::*;
use std::sync::Arc;

/// Items that are drawn at once.
const AT_ONCE: usize = 100;
/// Containers with so many items or fewer are open from the start, near the root.
const FEW: usize = 10;
/// The longest value that is drawn, in characters. Raw has all of it.
const LONGEST: usize = 2_000;
/// How much of a closed container is shown beside it, in characters.
const PREVIEW: usize = 80;

/// The tree of an answer.
#[component]
pub(super) fn Tree(body: Arc<Body>) -> impl IntoView {
    let root = json::root(body.as_text());
    let open = items(root.shape) <= FEW;
    view! {
        <div class="tree" role="region" aria-label="Tree of the answer" tabindex="0">
            <p class="tree-count">{in_words(root.shape)}</p>
            <ul>{branches(&body, &root, None, 0, open)}</ul>
        </div>
    }
}

/// A hundred members of a container, and the way to the next.
fn branches(body: &Arc<Body>, node: &Node, from: Option<usize>, index: usize, open: bool) -> AnyView {
    let Members { list, next } = json::members(body.as_text(), node, from, AT_ONCE);
    let behind = index + list.len();
    let drawn: Vec<_> = list.iter().enumerate().map(|(at, member)| branch(body, member, index + at, open)).collect();
    let rest = next.map(|next| {
        let more = RwSignal::new(false);
        let (body, node) = (body.clone(), node.clone());
        let left = items(node.shape).saturating_sub(behind);
        move || {
            if more.get() {
                return branches(&body, &node, Some(next), behind, false);
            }
            let words = format!("Show {} more of {}", thousands(left.min(AT_ONCE)), thousands(left));
            view! {
                <li class="tree-more">
                    <button
                        type="button"
                        node_ref=pressed_early()
                        data-early=""
                        class="btn btn-small with-script"
                        on:click=move |_| more.set(true)
                    >
                        {words}
                    </button>
                    <span class="without-script muted">{format!("… and {} more, in Raw", thousands(left))}</span>
                </li>
            }
            .into_any()
        }
    });
    view! { {drawn} {rest} }.into_any()
}

/// A member with its name or number. `open`: whether a small container in it may be open from the start, and one in that.
pub(super) fn branch(body: &Arc<Body>, member: &Member, index: usize, open: bool) -> AnyView {
    let name = match &member.key {
        Some(key) => view! { <span class="tree-key">{visible(key).into_owned()}</span> }.into_any(),
        None => view! { <span class="tree-index">{index}</span> }.into_any(),
    };
    let node = member.value.clone();
    let inner = items(node.shape);
    if inner == 0 {
        return view! { <li class="tree-leaf">{name} {leaf(body.as_text(), &node)}</li> }.into_any();
    }
    let open = open && inner <= FEW;
    let seen = RwSignal::new(open);
    let (counted, preview) = (in_words(node.shape), preview(body.as_text(), &node));
    let body = body.clone();
    let inside = move || seen.get().then(|| view! { <ul>{branches(&body, &node, None, 0, false)}</ul> });
    view! {
        <li>
            <details class="tree-node" node_ref=heard_early() open=open on:toggle=move |_| seen.set(true)>
                <summary>
                    {name}
                    <span class="tree-count">{counted}</span>
                    <span class="tree-preview" aria-hidden="true">{preview}</span>
                </summary>
                {inside}
            </details>
        </li>
    }
    .into_any()
}

fn leaf(text: &str, node: &Node) -> AnyView {
    let written = &text[node.at.clone()];
    let (class, words) = match node.shape {
        Shape::Text => {
            let read = json::unquoted(written);
            let cut = read.char_indices().nth(LONGEST).map(|(at, _)| at);
            let shown = visible(&read[..cut.unwrap_or(read.len())]).into_owned();
            ("tok-text", if cut.is_some() { format!("\"{shown}…") } else { format!("\"{shown}\"") })
        }
        // A number may have a million digits.
        _ => ("tok-literal", shortened(written, LONGEST)),
    };
    view! { <code class=class>{words}</code> }.into_any()
}

fn preview(text: &str, node: &Node) -> String {
    let written = shortened(&text[node.at.clone()], PREVIEW);
    visible(&written.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn items(shape: Shape) -> usize {
    match shape {
        Shape::Object(count) | Shape::Array(count) => count,
        Shape::Text | Shape::Literal => 0,
    }
}

fn in_words(shape: Shape) -> String {
    match shape {
        Shape::Object(1) => "1 member".into(),
        Shape::Object(n) => format!("{} members", thousands(n)),
        Shape::Array(1) => "1 item".into(),
        Shape::Array(n) => format!("{} items", thousands(n)),
        Shape::Text | Shape::Literal => String::new(),
    }
}
