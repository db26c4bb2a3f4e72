//! The main navigation: at the left, or behind a menu at phone width.

use crate::ui::{Icon, IconName};
use leptos::html;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;

/// The pages one can go to, in order: address, name, icon.
pub(super) const PAGES: [(&str, &str, IconName); 7] = [
    ("/", "Overview", IconName::Overview),
    ("/shares", "Shares", IconName::Shares),
    ("/map", "Map", IconName::Map),
    ("/playground", "Playground", IconName::Playground),
    ("/doctor", "Doctor", IconName::Doctor),
    ("/accounts", "Accounts", IconName::Accounts),
    ("/activity", "Activity", IconName::Activity),
];

/// The name and the sign: a bridge of two pylons and a cable.
#[component]
pub(super) fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/">
            <svg class="brand-sign" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
                <path d="M2 18h20M5 18V6M19 18V6M2 12c2-1 3-3 3-6 1.500 5 4 7 7 7s5.500-2 7-7c0 3 1 5 3 6M9.500 12.700V18M14.500 12.700V18" />
            </svg>
            "Sagebridge"
        </a>
    }
}

/// The links.
#[component]
pub(super) fn Navigation() -> impl IntoView {
    view! {
        <ul class="nav">
            {PAGES
                .into_iter()
                .map(|(href, name, icon)| {
                    view! {
                        <li>
                            <A href=href exact=href == "/" attr:class="nav-item">
                                <Icon name=icon />
                                {name}
                            </A>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

/// At phone width: the brand and a menu that opens without a script.
#[component]
pub(super) fn TopBar(hidden: Memo<bool>, children: Children) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    let path = use_location().pathname;
    Effect::new(move |_| {
        path.track();
        if let Some(menu) = menu.get() {
            menu.set_open(false);
        }
    });
    view! {
        <header class="topbar" hidden=hidden>
            <Brand />
            <details class="menu" node_ref=menu>
                <summary>
                    <Icon name=IconName::Menu />
                    "Menu"
                </summary>
                <div class="menu-panel">
                    <nav aria-label="Main">
                        <Navigation />
                    </nav>
                    {children()}
                </div>
            </details>
        </header>
    }
}
