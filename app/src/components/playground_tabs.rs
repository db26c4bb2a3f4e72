//! What belongs to the playground, on a page each.

use leptos::prelude::*;
use leptos_router::components::A;

/// Links between a request, what is made of many, the history and what was saved.
#[component]
pub fn PlaygroundTabs() -> impl IntoView {
    let pages = [
        ("/playground", "Request"),
        ("/playground/compare", "Compare"),
        ("/playground/batch", "Batch"),
        ("/playground/load", "Load check"),
        ("/history", "History"),
        ("/saved", "Saved"),
    ];
    view! {
        <nav class="page-tabs" aria-label="Playground">
            {pages
                .into_iter()
                .map(|(href, name)| view! { <A href=href exact=href == "/playground" attr:class="tab">{name}</A> })
                .collect_view()}
        </nav>
    }
}
