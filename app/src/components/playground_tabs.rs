//! What belongs to the playground, on a page each.

use leptos::prelude::*;
use leptos_router::components::A;

/// Links between the request, the history and what was saved.
#[component]
pub fn PlaygroundTabs() -> impl IntoView {
    let pages = [("/playground", "Request"), ("/history", "History"), ("/saved", "Saved")];
    view! {
        <nav class="page-tabs" aria-label="Playground">
            {pages
                .into_iter()
                .map(|(href, name)| view! { <A href=href attr:class="tab">{name}</A> })
                .collect_view()}
        </nav>
    }
}
