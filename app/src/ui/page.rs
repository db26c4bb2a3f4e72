//! The frame of a page: its header and, in wizards, the bar at the bottom.

use leptos::prelude::*;
use leptos_meta::Title;

/// The page's heading; also its title in the browser. The heading takes the focus after a navigation.
#[component]
pub fn PageHeader(
    /// The heading: sentence case.
    #[prop(into)]
    title: Signal<String>,
    /// One line below it: what the page is for, or where things stand.
    #[prop(optional, into)]
    sub: Signal<String>,
    /// At the right: the page's actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=move || title.get() />
        <header class="page-head">
            <div class="page-head-text">
                <h1 tabindex="-1">{move || title.get()}</h1>
                {move || Some(sub.get()).filter(|sub| !sub.is_empty()).map(|sub| view! { <p class="page-sub">{sub}</p> })}
            </div>
            {children.map(|children| view! { <div class="page-actions">{children()}</div> })}
        </header>
    }
}

/// The bar at the bottom of a wizard: says what will happen, and holds the buttons.
#[component]
pub fn BottomBar(
    /// What will happen, in numbers: `2 to create · 2 to change · 1 unchanged`.
    #[prop(optional, into)]
    says: Signal<String>,
    /// The buttons; the primary one last.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="bottom-bar" role="group" aria-label="Actions">
            <p class="bottom-bar-says">{move || says.get()}</p>
            {children()}
        </div>
    }
}
